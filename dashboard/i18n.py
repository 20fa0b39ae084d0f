"""The reader's language: texts from .po catalogues, numbers and dates by Babel.

English is the msgid. A catalogue is dashboard/locales/{language}/*.po, compiled in memory at the first use.
"""

import datetime as dt
import functools
import gettext
import io
from contextvars import ContextVar
from pathlib import Path
from zoneinfo import ZoneInfo

import babel
from babel import dates, numbers
from babel.messages import mofile, pofile

from api import languages

FOLDER = Path(__file__).parent / "locales"

language: ContextVar[str] = ContextVar("language", default=languages.LANGUAGES[0])


def text(msgid: str, **values: object) -> str:
    """A text in the reader's language, with its `{values}` filled in."""
    found = catalogue(language.get()).gettext(msgid)
    return found.format(**values) if values else found


def title(msgid: str) -> str:
    """The title of the browser's window at a page of this name."""
    return f"{text(msgid)} · DriveOps"


def plural(one: str, many: str, count: int, **values: object) -> str:
    """A text that depends on a count; `{count}` in it is the count as the language writes it."""
    found = catalogue(language.get()).ngettext(one, many, count)
    return found.format(count=number(count), **values)


def plural_forms(one: str, many: str) -> dict[str, str]:
    """The forms of a text that depends on a count, by the names that Intl.PluralRules has for them; for scripts."""
    found = catalogue(language.get())
    return {"one": found.ngettext(one, many, 1), "other": found.ngettext(one, many, 2)}


def number(value: float, *, digits: int = 0) -> str:
    """A number with so many digits after the comma."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return numbers.format_decimal(value, format=pattern, locale=_locale())


def clock(at: dt.datetime, *, zone: str) -> str:
    """The time of day in a time zone, to the second."""
    return dates.format_time(at, format="medium", tzinfo=ZoneInfo(zone), locale=_locale())


def day(at: dt.date) -> str:
    """A date."""
    return dates.format_date(at, format="full", locale=_locale())


def duration(seconds: float) -> str:
    """A length of time in its one or two largest units."""
    minutes, rest_s = divmod(round(seconds), 60)
    hours, rest_min = divmod(minutes, 60)
    if hours:
        return f"{number(hours)} h {rest_min:02d} min"
    return f"{minutes} min {rest_s:02d} s" if minutes else f"{rest_s} s"


@functools.cache
def catalogue(code: str) -> gettext.NullTranslations:
    """All texts of a language; English needs none."""
    merged = gettext.NullTranslations()
    for path in sorted((FOLDER / code).glob("*.po")):
        with path.open("rb") as file:
            messages = pofile.read_po(file, locale=code, abort_invalid=True)
        compiled = io.BytesIO()
        mofile.write_mo(compiled, messages)
        compiled.seek(0)
        found = gettext.GNUTranslations(compiled)
        found.add_fallback(merged)
        merged = found
    return merged


def _locale() -> babel.Locale:
    # English as a control room writes it: 24 hours, day before month.
    return babel.Locale("en", "GB") if language.get() == "en" else babel.Locale("fr", "FR")
