from collections.abc import Iterator

import pytest

from stack import engine, scratch
from tests.integration.stack import checkout as checkouts


@pytest.fixture
def checkout(server_programs: engine.Engine) -> Iterator[checkouts.Checkout]:
    """A stack of this test's own, down; the engine is there."""
    with scratch.folder("checkout") as folder:
        yield from checkouts.checkout(folder)
