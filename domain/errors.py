"""The root of every error that a rule of the business raises."""


class DomainError(Exception):
    """A rule was broken; `code` is stable and safe to show, the message is for people (R10)."""

    code = "domain_error"
