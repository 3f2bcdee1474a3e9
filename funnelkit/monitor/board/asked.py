"""What `alerts` is asked for: columns, dated changes and thresholds, checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError, unknown
from funnelkit.data.definition import ENTERED_AT, Funnel

Threshold = float | tuple[float, str]


def columns(funnel: Funnel, by: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the columns whose values are watched one by one; default: all segments.

    Raises
    ------
    ArgumentError
        For an unknown column; with the closest match.
    """
    if by is None:
        return tuple(name for name in funnel.segments if name not in funnel.apart)
    names = (by,) if isinstance(by, str) else tuple(by)
    for name in names:
        checks.member("by", "segment", name, (*funnel.segments, ENTERED_AT))
    return tuple(dict.fromkeys(name for name in names if name not in funnel.apart))


def dated(given: Mapping[Any, str] | Iterable[Any]) -> list[tuple[dt.date, str]]:
    """Return dated changes in order of time: days and words.

    Raises
    ------
    ArgumentError
        If one is no pair of a day and words.

    Examples
    --------
    >>> dated({"2026-03-01": "new MQL definition"})
    [(datetime.date(2026, 3, 1), 'new MQL definition')]
    """
    if isinstance(given, str):
        raise ArgumentError("`changes` must map days to words; got a text.")
    pairs: list[Any] = list(given.items() if isinstance(given, Mapping) else given)
    found = []
    for one in pairs:
        if isinstance(one, (tuple, list)) and len(one) == 2:
            day, words = one
        elif hasattr(one, "date") and hasattr(one, "what"):
            day, words = one.date, one.what
        else:
            raise ArgumentError(f"`changes` must map days to words; got {one!r} among them.")
        found.append((checks.day("changes", day), str(words)))
    return sorted(found)


def limits(
    given: Mapping[str, Threshold] | None, known: Sequence[str]
) -> dict[str, tuple[float, str]]:
    """Return thresholds and where they come from, by metric.

    Parameters
    ----------
    given
        Metric -> least rate, or a pair of it and where it comes from.
    known
        Names of the rates that are watched.

    Raises
    ------
    ArgumentError
        For an unknown metric, or what is no rate between 0 and 1.
    """
    found = {}
    for name, limit in (given or {}).items():
        if name not in known:
            raise ArgumentError(f"`thresholds`: {unknown('rate', str(name), known)}")
        value: Any = limit
        words = "set by hand"
        if isinstance(limit, (tuple, list)) and len(limit) == 2:
            value, words = limit
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not 0 < value < 1:
            hint = f" Did you mean {value / 100:g}?" if number and 1 < value < 100 else ""
            raise ArgumentError(
                f"`thresholds`: `{name}` needs a rate between 0 and 1; got {value!r}.{hint}"
            )
        found[name] = (float(value), str(words))
    return found
