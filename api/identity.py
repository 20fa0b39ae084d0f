"""Who the running request comes from; set by the guard, read by routes, sockets and the callbacks of pages."""

from contextvars import ContextVar

from domain import accounts

current_or_none: ContextVar[accounts.Identity | None] = ContextVar("identity", default=None)


def current() -> accounts.Identity:
    """The signed-in account of this request.

    Raises:
        NotPermittedError: nobody is signed in (the guard lets no such request through to what needs one).
    """
    found = current_or_none.get()
    if found is None:
        raise accounts.NotPermittedError("sign in first")
    return found
