"""The way from the demo to its web pages: a link that signs in once, and a browser that opens it."""

import datetime as dt
import os
import webbrowser
from collections.abc import Mapping

from db import accounts, engine
from db.seed import demo, roster
from stack import addresses

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")


def link(at: addresses.Addresses, *, now: dt.datetime) -> str:
    """Make a new address that signs the demo's supervisor in, once.

    Raises:
        DatabaseError: the account is not there, as in a database that was not seeded.
    """
    login = demo.SUPERVISOR.format(slug=roster.DEMO)
    with engine.connect(at.database_url) as connection:
        path = accounts.make_link(connection, login, now=now, purpose=accounts.LinkPurpose.SIGN_IN)
        connection.commit()
    return at.web_url + path


def has_display(env: Mapping[str, str]) -> bool:
    """Tell whether a browser could show itself here.

    >>> has_display({"WAYLAND_DISPLAY": "wayland-0"}), has_display({})
    (True, False)
    """
    return any(env.get(name) for name in _DISPLAYS)


def open_in_browser(address: str) -> bool:
    """Open an address where there is a display; tells whether it did."""
    return has_display(os.environ) and webbrowser.open(address)
