"""Kinds of parameters: how a value is checked, and how the command line shows it."""

from __future__ import annotations

import datetime as dt
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError


@dataclass(frozen=True)
class Kind:
    """A type of parameter: how a value is checked, and how the command line shows it."""

    check: Callable[[str, object], Any]
    metavar: str = "TEXT"
    many: bool = False
    flag: bool = False
    number: type[float] | None = None


def month(name: str, value: object) -> str:
    """Return a month as ``YYYY-MM``.

    Raises
    ------
    ArgumentError
        If there is no such month; with the closest one where it can be told.

    Examples
    --------
    >>> month("month", "2026-10")
    '2026-10'
    >>> month("month", "2026-1")
    Traceback (most recent call last):
    ...
    funnelkit._core.errors.ArgumentError: `month` must be a month such as 2026-10; got '2026-1'. \
Did you mean 2026-01?
    """
    if isinstance(value, dt.date):
        return f"{value.year:04d}-{value.month:02d}"
    given = str(value) if getattr(value, "freqstr", "") == "M" else value
    if isinstance(given, str) and re.fullmatch(r"[12]\d{3}-(0[1-9]|1[0-2])", given):
        return given
    parts = re.fullmatch(r"([12]\d{3})\D?(0?[1-9]|1[0-2])(?:\D\d{1,2})?", str(given).strip())
    hint = f" Did you mean {parts[1]}-{int(parts[2]):02d}?" if parts else ""
    raise ArgumentError(f"`{name}` must be a month such as 2026-10; got {value!r}.{hint}")


def day(name: str, value: object) -> str:
    """Return a day as ``YYYY-MM-DD``.

    Raises
    ------
    ArgumentError
        If there is no such day.

    Examples
    --------
    >>> day("day", "2026-11-20")
    '2026-11-20'
    """
    if isinstance(value, dt.date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return dt.date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise ArgumentError(f"`{name}` must be a day such as 2026-11-20; got {value!r}.")


def week(name: str, value: object) -> str:
    """Return a day of a week as ``YYYY-MM-DD``, from such a day or from an ISO week.

    Raises
    ------
    ArgumentError
        If there is no such day or week.

    Examples
    --------
    >>> week("week", "2026-W47")
    '2026-11-16'
    >>> week("week", "2026-11-20")
    '2026-11-20'
    """
    number = re.fullmatch(r"(\d{4})-?W(\d{2})", str(value))
    try:
        if number:
            return dt.date.fromisocalendar(int(number[1]), int(number[2]), 1).isoformat()
        return day(name, value)
    except ValueError:
        raise ArgumentError(
            f"`{name}` must be a week such as 2026-W47, or a day in it; got {value!r}."
        ) from None


def quarter(name: str, value: object) -> str:
    """Return a quarter of the fiscal year as ``YYYY-QN``.

    Raises
    ------
    ArgumentError
        If there is no such quarter; with the closest one where it can be told.

    Examples
    --------
    >>> quarter("quarter", "2026-Q3")
    '2026-Q3'
    """
    given = value.strip() if isinstance(value, str) else value
    if isinstance(given, str) and re.fullmatch(r"[12]\d{3}-Q[1-4]", given):
        return given
    parts = re.fullmatch(r"(?:FY)?([12]\d{3})\D*([1-4])", str(given), re.IGNORECASE)
    hint = f" Did you mean {parts[1]}-Q{parts[2]}?" if parts else ""
    raise ArgumentError(f"`{name}` must be a quarter such as 2026-Q3; got {value!r}.{hint}")


def text(name: str, value: object) -> str:
    """Return a non-empty text."""
    if isinstance(value, str) and value.strip():
        return value
    raise ArgumentError(f"`{name}` must be a text; got {value!r}.")


def path(name: str, value: object) -> str:
    """Return the path of a file or folder, as given."""
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, str) and value.strip():
        return value
    raise ArgumentError(f"`{name}` must be a path; got {value!r}.")


def paths(name: str, value: object) -> list[str]:
    """Return a list of paths; one path stands for a list of one."""
    several = value if isinstance(value, (list, tuple)) else [value]
    if not several:
        raise ArgumentError(f"`{name}` must be a path or a list of paths; got an empty list.")
    return [path(name, one) for one in several]


def choices(name: str, value: object) -> list[str]:
    """Return values of segments as ``COLUMN=VALUE``, from such texts or from a mapping.

    Raises
    ------
    ArgumentError
        If a text names no column.

    Examples
    --------
    >>> choices("only", {"region": "EMEA"}), choices("only", "region=EMEA")
    (['region=EMEA'], ['region=EMEA'])
    """
    if isinstance(value, Mapping):
        value = [f"{column}={one or ''}" for column, one in value.items()]
    several = value if isinstance(value, (list, tuple)) else [value]
    for one in several:
        if not isinstance(one, str) or not re.match(r"[^=]*[^=\s][^=]*=", one):
            raise ArgumentError(
                f"`{name}` must be a column and its value, such as region=EMEA; got {one!r}."
            )
    if not several:
        raise ArgumentError(f"`{name}` must name a column and its value; got an empty list.")
    return list(several)


def flag(name: str, value: object) -> bool:
    """Return True or False."""
    if isinstance(value, bool):
        return value
    raise ArgumentError(f"`{name}` must be True or False; got {value!r}.")


def level(_name: str, value: object) -> float:
    """Return a confidence level, between 0 and 1."""
    return checks.confidence(value)  # type: ignore[arg-type]


def days(name: str, value: object) -> int:
    """Return a number of days, at least 1."""
    return checks.positive_whole(name, value)  # type: ignore[arg-type]


def share(name: str, value: object) -> float:
    """Return a share, above 0 and at most 1."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 1:
        return float(value)
    near = isinstance(value, (int, float)) and 1 < value <= 100
    hint = f" Did you mean {value / 100:g}?" if near else ""  # type: ignore[operator]
    raise ArgumentError(f"`{name}` must be a share above 0 and at most 1; got {value!r}.{hint}")


def amount(name: str, value: object) -> float:
    """Return a number above 0."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < math.inf:
        return float(value)
    raise ArgumentError(f"`{name}` must be a number above 0; got {value!r}.")


MONTH = Kind(month, "YYYY-MM")
DAY = Kind(day, "YYYY-MM-DD")
WEEK = Kind(week, "YYYY-Www")
QUARTER = Kind(quarter, "YYYY-Qn")
TEXT = Kind(text)
PATH = Kind(path, "PATH")
PATHS = Kind(paths, "PATH", many=True)
CHOICES = Kind(choices, "COLUMN=VALUE", many=True)
FLAG = Kind(flag, flag=True)
LEVEL = Kind(level, "SHARE", number=float)
DAYS = Kind(days, "DAYS", number=int)
SHARE = Kind(share, "SHARE", number=float)
AMOUNT = Kind(amount, "NUMBER", number=float)
