"""Which language a reader gets."""

LANGUAGES = ("en", "fr")
COOKIE = "language"  #: what the reader chose; written by dashboard/assets/frame.js


def choose(cookie: str | None, accept_language: str | None) -> str:
    """The language to answer in: what the reader chose, else the first of the browser's that there is.

    >>> choose(None, "de-CH, fr;q=0.8, en;q=0.7"), choose("en", "fr"), choose("xx", None)
    ('fr', 'en', 'en')
    """
    if cookie in LANGUAGES:
        return cookie
    for wanted in (accept_language or "").split(","):
        tag = wanted.split(";")[0].strip().lower().split("-")[0]
        if tag in LANGUAGES:
            return tag
    return LANGUAGES[0]
