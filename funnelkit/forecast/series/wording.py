"""What a reader is told of a forecast: what was done, what is short, what has no effect."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_name
from funnelkit.forecast.series.completing import Partial
from funnelkit.forecast.series.cutting import History
from funnelkit.forecast.series.effects import Effects
from funnelkit.forecast.series.series_table import SeriesTable


def method_of(methods: Sequence[str], size: int, how: str) -> str:
    """Return what was done, for one series or many."""
    names = list(dict.fromkeys(methods))
    if len(names) == 1:
        text = names[0]
    else:
        parts = [f"{name} ({methods.count(name)} of {size} series)" for name in names[:5]]
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        text = "; ".join(parts) + more
    if size > 1 and how != "none":
        text = f"{text}; segments reconciled with a forecast of their total"
    return text


def notes_of(
    table: SeriesTable,
    known: History,
    season: int,
    partial: Partial,
    methods: Sequence[str],
) -> list[str]:
    """Return what a reader must know of the running period and of short series."""
    notes = []
    if known.running:
        name, day = period_name(known.periods[0]), day_name(known.as_of)
        share = display.percent(known.elapsed, decimals=0)
        so_far = f"{known.so_far.sum():,.0f}"
        how = (
            "what it holds so far does not enter the history, and no forecast of it is lower"
            if partial == "drop"
            else "it was completed by the forecast for the days that are left, and periods after "
            "it were moved by what it told"
        )
        notes.append(
            f"{name} is not over on {day}: {so_far} so far in {share} of its working days; {how}."
        )
    lengths = np.isfinite(known.values).sum(axis=1)
    size = len(lengths)
    few, short = int((lengths < 6).sum()), int((lengths < 2 * season).sum())
    if few:
        of = _have(few, size)
        notes.append(f"{of} fewer than six points: {display.listed(_names(methods, lengths < 6))}.")
    if short > few and season > 1:
        notes.append(
            f"{_have(short, size)} fewer than two seasons ({2 * season} periods), too few to tell "
            "a season from chance."
        )
    if not np.nan_to_num(known.values).any():
        notes.append("Nothing but zeros so far.")
    if table.periods is None and season == 1:
        notes.append("No season: the series have no dates; say `season=` where there is one.")
    return notes


def _have(some: int, size: int) -> str:
    """Return how a sentence on some of the series begins."""
    if size == 1:
        return "The series has"
    return f"{display.count(some)} of {size} series {'has' if some == 1 else 'have'}"


def untold(effects: Effects | None) -> list[str]:
    """Return which regressors have no effect of their own, and why."""
    if effects is None:
        return []
    notes = []
    for one, told in zip(effects.regressors, effects.told, strict=True):
        if told:
            continue
        why = (
            "did not take place in the periods gone by"
            if not one.seen
            else "cannot be told from trend and season here"
        )
        what = "is taken as proportional" if one.centre else "has no effect of its own"
        notes.append(f"{one.name} {why}, and {what}.")
    return notes


def _names(methods: Sequence[str], some: NDArray[np.bool_]) -> list[str]:
    return list(dict.fromkeys(np.array(methods, object)[some].tolist()))[:3]
