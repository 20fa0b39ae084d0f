"""Times as the contract writes them, `2026-01-02T03:04:05.678Z`, read by the thousand; others are left to the reference."""

import datetime as dt
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from domain.wire import fixes

_LENGTH = len("2026-01-02T03:04:05.678Z")
_TEMPLATE = np.frombuffer(b"0000-00-00T00:00:00.000Z", np.uint8)
_DIGITS = ord("0") == _TEMPLATE
_DAYS_IN_MONTH = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0])
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_LAST_DIGIT, _FEBRUARY, _LAST_HOUR, _LAST_MINUTE, _LAST_SECOND = 9, 2, 23, 59, 59


def unix_us(time: dt.datetime) -> int:
    """Microseconds since 1970-01-01 UTC, exactly.

    >>> unix_us(dt.datetime(1970, 1, 1, 0, 0, 1, 5, dt.UTC))
    1000005
    """
    return (time - _EPOCH) // _MICROSECOND


def datetime_of(time_us: int) -> dt.datetime:
    """The inverse of `unix_us`."""
    return _EPOCH + dt.timedelta(microseconds=time_us)


EARLIEST_US = unix_us(fixes.EARLIEST)
LATEST_US = unix_us(fixes.LATEST)


def parse(texts: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Microseconds since 1970, and which of the texts are in the usual form and a date that the contract allows."""
    count = len(texts)
    if set(map(len, texts)) == {_LENGTH}:
        joined = "".join(texts)
        if joined.isascii():
            return _parse_block(np.frombuffer(joined.encode(), np.uint8).reshape(count, _LENGTH))
    usual = np.array([len(text) == _LENGTH and text.isascii() for text in texts], np.bool_)
    time_us = np.zeros(count, np.int64)
    if usual.any():
        joined = "".join(text for text, is_usual in zip(texts, usual, strict=True) if is_usual)
        block = np.frombuffer(joined.encode(), np.uint8).reshape(-1, _LENGTH)
        time_us[usual], usual[usual] = _parse_block(block)
    return time_us, usual


def _parse_block(characters: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    digits = characters - _TEMPLATE  # wraps below zero, and then is over 9
    form = (digits <= np.where(_DIGITS, _LAST_DIGIT, 0)).all(axis=1)
    digits = digits.T.astype(np.int64)
    year = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3]
    month, day = digits[5] * 10 + digits[6], digits[8] * 10 + digits[9]
    hour, minute, second = (digits[i] * 10 + digits[i + 1] for i in (11, 14, 17))
    millisecond = digits[20] * 100 + digits[21] * 10 + digits[22]
    month_days = _DAYS_IN_MONTH[np.clip(month, 0, 15)]
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    month_days = month_days - ((month == _FEBRUARY) & ~leap)
    real = (day >= 1) & (day <= month_days)
    real &= (hour <= _LAST_HOUR) & (minute <= _LAST_MINUTE) & (second <= _LAST_SECOND)
    time_us = (
        _unix_days(year, month, day) * 86_400_000_000
        + ((hour * 3600 + minute * 60 + second) * 1000 + millisecond) * 1000
    )
    return time_us, form & real & (time_us >= EARLIEST_US) & (time_us < LATEST_US)


def _unix_days(
    year: npt.NDArray[np.int64], month: npt.NDArray[np.int64], day: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    # H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil: years begin in March.
    march_year = year - (month <= _FEBRUARY)
    era = march_year // 400
    year_of_era = march_year - era * 400
    day_of_year = (153 * (month + np.where(month > _FEBRUARY, -3, 9)) + 2) // 5 + day - 1
    days: npt.NDArray[np.int64] = (
        era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468
    )
    return days
