"""Numbers as a cell shows them: days where the format says so, ids without a stray exponent."""

from __future__ import annotations

import datetime as dt
import functools
import re
from decimal import Decimal
from typing import Literal

Style = Literal["number", "day", "time", "duration", "percent"] | int
"""What a number format makes of a number; a whole number: padded with zeros to that width."""

_DAYS = {1900: dt.date(1899, 12, 30).toordinal(), 1904: dt.date(1904, 1, 1).toordinal()}
_BUILT_IN: dict[int, Style] = {
    **dict.fromkeys((*range(14, 18), 22, *range(27, 37), *range(50, 59)), "day"),
    **dict.fromkeys((18, 19, 20, 21, 45, 47), "time"),
    **dict.fromkeys((9, 10), "percent"),
    46: "duration",
}
_NO_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|AM/PM|A/P|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_WHOLE = re.compile(r"-?\d+")


def style_of(number: int, code: str | None) -> Style:
    """Return what a number format does, by its number and, where it is not built in, its code.

    Examples
    --------
    >>> style_of(14, None), style_of(0, None), style_of(9, None)
    ('day', 'number', 'percent')
    >>> style_of(164, "dd.mm.yyyy"), style_of(165, '#,##0.00 "days"'), style_of(166, "00000")
    ('day', 'number', 5)
    >>> style_of(167, "[h]:mm"), style_of(168, "hh:mm AM/PM")
    ('duration', 'time')
    """
    if code is None:
        return _BUILT_IN.get(number, "number")
    bare = _NO_CODE.sub("", code.split(";")[0]).lower()
    letters = set() if "general" in bare else set(bare)
    found: Style = "number"
    if "[" in letters:
        found = "duration"
    elif letters & {"y", "d"} or ("m" in letters and not letters & {"h", "s"}):
        found = "day"
    elif letters & {"h", "s"}:
        found = "time"
    elif "%" in letters:
        found = "percent"
    elif letters == {"0"} and len(bare) > 1:
        found = len(bare)
    return found


def shown(raw: str, style: Style, system: int) -> tuple[str, bool]:
    """Return a number as text, and whether it is a day or time.

    Parameters
    ----------
    raw
        The number as it is stored.
    style
        What its format does.
    system
        1900 or 1904: the year from which the workbook counts days.

    Raises
    ------
    ValueError
        If it is no number.

    Examples
    --------
    >>> shown("45678", "day", 1900), shown("45678.59375", "day", 1900)
    (('2025-01-21', True), ('2025-01-21T14:15:00', True))
    >>> shown("1.2345E+5", "number", 1900), shown("42", 5, 1900), shown("0.075", "percent", 1900)
    (('123450', False), ('00042', False), ('7.5%', False))
    """
    if style == "number":
        return (raw if _WHOLE.fullmatch(raw) else plain(float(raw))), False
    value = float(raw)
    if style == "percent":
        return f"{plain(value * 100)}%", False
    if isinstance(style, int):
        padded = value >= 0 and value == int(value)
        return (f"{int(value):0{style}d}" if padded else plain(value)), False
    if style != "duration" and (value >= 1 or style == "day"):
        day = day_of(value, system)
        return (plain(value), False) if day is None else (day, True)
    return _clock(round(value * 86_400)), True


def day_of(serial: float, system: int) -> str | None:
    """Return the day (and time) of a serial number, ISO; None where it is none.

    A workbook that counts from 1900 takes that year for a leap year: 60 is the 29th of February
    that never was, and is written so.

    Examples
    --------
    >>> day_of(1, 1900), day_of(59, 1900), day_of(60, 1900), day_of(61, 1900)
    ('1900-01-01', '1900-02-28', '1900-02-29', '1900-03-01')
    >>> day_of(0, 1904), day_of(45678, 1904)
    ('1904-01-01', '2029-01-22')
    """
    thousandths = round(serial * 86_400_000)
    days, rest = divmod(thousandths, 86_400_000)
    day = _day(days, system)
    if day is None or not rest:
        return day
    seconds, fraction = divmod(rest, 1000)
    return f"{day}T{_clock(seconds)}{f'.{fraction:03d}' if fraction else ''}"


@functools.lru_cache(maxsize=1 << 15)
def _day(days: int, system: int) -> str | None:
    if system == 1900 and days in (0, 60):
        return "1900-02-29" if days else "1900-01-00"
    ordinal = _DAYS[system] + days + (1 if system == 1900 and days < 60 else 0)
    if days < 0 or ordinal > dt.date.max.toordinal():
        return None
    return dt.date.fromordinal(ordinal).isoformat()


def plain(value: float) -> str:
    """Return a number in digits: no exponent, no trailing ``.0``, fifteen digits as Excel has.

    Raises
    ------
    ValueError
        If it is not finite.
    """
    text = f"{value:.15g}"
    if "n" in text:
        raise ValueError(text)
    if "e" not in text:
        return "0" if text == "-0" else text
    digits = f"{Decimal(text):f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _clock(seconds: int) -> str:
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
