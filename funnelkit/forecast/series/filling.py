"""Gaps, duplicates and numbers below 0: refused with their places, or settled as asked and said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit.forecast.series.gathering import Cells

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def settle(cells: Cells, *, missing: str, duplicates: str, negative: str) -> None:
    """Settle what the numbers should not have, or write it down as a problem."""
    _duplicates(cells, duplicates)
    _negative(cells, negative)
    _gaps(cells, missing)
    if not len(cells.values) and not cells.problems:
        cells.problems.append("`source` holds no numbers.")
    empty = np.setdiff1d(np.arange(len(cells.segments)), cells.who)
    if len(empty) and len(cells.values):
        names = [display.segment_name(cells.segments[i]) for i in empty]
        kept = np.setdiff1d(np.arange(len(cells.segments)), empty)
        cells.notes.append(
            f"Left out: {display.plural(len(empty), 'series', 'series')} without a number "
            f"({_shown(names)})."
        )
        cells.who = np.searchsorted(kept, cells.who)
        cells.segments = tuple(cells.segments[i] for i in kept)


def table(cells: Cells, *, missing: str) -> tuple[int, FloatArray]:
    """Return the number of the first period, and numbers of shape ``(S, T)``, gaps filled."""
    first = int(cells.when.min())
    values = np.full((len(cells.segments), int(cells.when.max()) - first + 1), np.nan)
    values[cells.who, cells.when - first] = cells.values
    known = np.isfinite(values)
    begun = np.logical_or.accumulate(known, axis=1)
    open_ended = missing == "zero" and cells.freq is not None
    later = np.logical_or.accumulate(known[:, ::-1], axis=1)[:, ::-1] | open_ended
    holes = begun & later & ~known
    if not holes.any():
        return first, values
    if missing == "zero":
        values[holes] = 0.0
    else:
        for i in np.flatnonzero(holes.any(axis=1)):
            at = np.flatnonzero(known[i])
            gap = np.flatnonzero(holes[i])
            values[i, gap] = np.interp(gap, at, values[i, at])
    count = display.plural(int(holes.sum()), "missing period")
    several = display.plural(int(holes.any(axis=1).sum()), "series", "series")
    where = [f"{_name(cells, i)}{cells.period(first + j)}" for i, j in np.argwhere(holes)[:5]]
    how = "taken as 0" if missing == "zero" else "filled in a straight line"
    cells.notes.append(
        f"{count} of {several} {how} ({'; '.join(where)}{'; …' if holes.sum() > 5 else ''})."
    )
    return first, values


def _duplicates(cells: Cells, how: str) -> None:
    if not len(cells.values):
        return
    keys = np.stack([cells.who, cells.when])
    unique, place, count = np.unique(keys, axis=1, return_inverse=True, return_counts=True)
    if (count == 1).all():
        return
    again = np.flatnonzero(count > 1)
    shown = [
        f"{_name(cells, int(unique[0, k]))}{cells.period(int(unique[1, k]))} ({count[k]} times)"
        for k in again[:5]
    ]
    if how == "sum":
        sums = np.zeros(len(count))
        np.add.at(sums, place.ravel(), cells.values)
        firsts = np.zeros(len(count), np.int64)
        firsts[place.ravel()[::-1]] = np.arange(len(cells.who))[::-1]
        cells.who, cells.when, cells.values = unique[0], unique[1], sums
        cells.money = cells.money[firsts]
        cells.notes.append(
            f"Several numbers of one period were added up: {display.count(len(again))} times "
            f"({_shown(shown)})."
        )
        return
    remedy = 'Keep one of each, or add them up: duplicates="sum"'
    if cells.days is not None:
        remedy += f', or every="{cells.every}" for rows of days'
    cells.problems.append(
        f"{display.plural(len(again), 'period')} with several numbers of one series: "
        f"{_shown(shown)}. {remedy}. Where a further column tells them apart, name it: series=[…]."
    )


def _negative(cells: Cells, how: str) -> None:
    below = np.flatnonzero(cells.values < 0)
    if not len(below):
        return
    shown = _shown([f"{cells.place(k)} ({cells.values[k]:,.10g})" for k in below[:6]])
    count = f"{display.count(len(below))} of {display.plural(len(cells.values), 'number')} below 0"
    if how == "zero":
        cells.values = np.maximum(cells.values, 0.0)
        cells.notes.append(f"{count}, taken as 0: {shown}.")
        return
    cells.problems.append(
        f"{count}: {shown}. Set credits and refunds off against the periods that they belong to, "
        'or take them as 0: negative="zero".'
    )


def _gaps(cells: Cells, how: str) -> None:
    """Write down the periods between the first and the last number of a series that have none."""
    if how != "refuse" or not len(cells.values) or cells.problems:
        return
    first = int(cells.when.min())
    known = np.zeros((len(cells.segments), int(cells.when.max()) - first + 1), bool)
    known[cells.who, cells.when - first] = True
    begun = np.logical_or.accumulate(known, axis=1)
    later = np.logical_or.accumulate(known[:, ::-1], axis=1)[:, ::-1]
    holes = np.argwhere(begun & later & ~known)
    if not len(holes):
        return
    shown = [f"{_name(cells, i)}{cells.period(first + j)}" for i, j in holes[:6]]
    several = display.plural(len(np.unique(holes[:, 0])), "series", "series")
    cells.problems.append(
        f"{display.plural(len(holes), 'period')} without a number within {several}: "
        f'{_shown(shown)}. Say what they hold: missing="zero" where no row means none, or '
        'missing="interpolate".'
    )


def _name(cells: Cells, i: int) -> str:
    segment = cells.segments[int(i)]
    return f"{display.segment_name(segment)} in " if segment else ""


def _shown(names: Sequence[str]) -> str:
    shown = "; ".join(display.one_line(name)[:80] for name in names[:5])
    return shown + ("; …" if len(names) > 5 else "")
