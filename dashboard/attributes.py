"""Attributes of elements whose names are no Python names: `aria-label`, `data-state`."""

from collections.abc import Mapping
from typing import Any


def named(values: Mapping[str, object]) -> dict[str, Any]:
    """Pass them on to a component: its generated signature knows no such names, and mypy would hold them against others."""
    return dict(values)
