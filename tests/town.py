"""The real town for tests, from the cache that `make setup` fills (built on first use where it is empty)."""

import functools
import os
from pathlib import Path

from stack import settings, town_build
from stack.town import streets


def folder() -> Path:
    own = settings.Settings.from_env(os.environ, is_root=os.geteuid() == 0)
    return town_build.ensure(own.cache_dir, print)


@functools.cache
def load() -> streets.Streets:
    return streets.load(folder() / town_build.STREETS)
