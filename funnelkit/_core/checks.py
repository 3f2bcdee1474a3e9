"""Checks of arguments, each with a message that names the argument, the need and what came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import TypeVar

from funnelkit._core.errors import ArgumentError, did_you_mean, unknown

T = TypeVar("T", bound=str)


def confidence(level: float) -> float:
    """Return the confidence level, a number strictly between 0 and 1.

    Raises
    ------
    ArgumentError
        For anything else; a level between 1 and 100 gets the share it probably meant.

    Examples
    --------
    >>> confidence(0.95)
    0.95
    """
    if isinstance(level, (int, float)) and not isinstance(level, bool) and 0 < level < 1:
        return float(level)
    hint = ""
    if isinstance(level, (int, float)) and 1 < level < 100:
        hint = f" Did you mean {level / 100:g}?"
    raise ArgumentError(f"`confidence_level` must be between 0 and 1; got {level!r}.{hint}")


def one_of(argument: str, value: T, allowed: Sequence[T]) -> T:
    """Return the value if it is one of the allowed words.

    Raises
    ------
    ArgumentError
        If it is not; with the closest allowed word.
    """
    if value in allowed:
        return value
    words = ", ".join(f'"{word}"' for word in allowed)
    hint = did_you_mean(value, allowed) if isinstance(value, str) else ""
    raise ArgumentError(f"`{argument}` must be one of {words}; got {value!r}.{hint}")


def member(argument: str, kind: str, name: str, known: Collection[str]) -> str:
    """Return a name if it is known.

    Raises
    ------
    ArgumentError
        If it is not; the message lists what is known and the closest match.
    """
    if name in known:
        return name
    raise ArgumentError(f"`{argument}`: {unknown(kind, str(name), known)}")


def day(argument: str, value: dt.date | str) -> dt.date:
    """Return a calendar day from a date or an ISO string.

    Raises
    ------
    ArgumentError
        If the value is no ISO date.

    Examples
    --------
    >>> day("as_of", "2026-10-31")
    datetime.date(2026, 10, 31)
    """
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ArgumentError(
            f"`{argument}` must be a calendar day such as 2026-10-31; got {value!r}."
        ) from None


def positive_whole(argument: str, value: int) -> int:
    """Return a whole number of at least 1.

    Raises
    ------
    ArgumentError
        For anything else.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise ArgumentError(f"`{argument}` must be a whole number of at least 1; got {value!r}.")
