"""The board: every metric of every segment as a series of months beside its own usual level."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import EvidenceError
from funnelkit.counts.build import triangles
from funnelkit.counts.daily import Daily, Split, daily
from funnelkit.counts.triangle import Triangle
from funnelkit.monitor.board import timing as timed
from funnelkit.monitor.board.panels import Maker, Metric, Panel, place_of
from funnelkit.monitor.board.timing import Timing

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.definition import Funnel
    from funnelkit.data.records import Leads

FloatArray = NDArray[np.float64]
MOST_VALUES = 400
"""Most values of a segment that are watched one by one."""
_SILENT = 7.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Board:
    """All series, and what was counted for them.

    Parameters
    ----------
    months
        Months, shape ``(n_months,)``.
    panels
        Series by metric and split.
    whole
        Entries by day over all leads.
    recorded
        Step -> day from which it is recorded, where leads entered long before.
    onward
        Stage -> share of its entries that are won in the end, for what a shortfall is worth.
    timings
        Start and target -> timing, with that of all leads together.
    missed
        What cannot be watched, and why.
    """

    months: pd.PeriodIndex
    panels: tuple[Panel, ...]
    whole: Daily
    recorded: Mapping[str, dt.date]
    onward: Mapping[str, float]
    timings: Mapping[tuple[str, str], Timing]
    missed: tuple[str, ...]

    @property
    def rates(self) -> tuple[str, ...]:
        """Names of the metrics that are shares."""
        return self._names("rate", "closed")

    @property
    def speeds(self) -> tuple[str, ...]:
        """Names of the metrics that are speeds."""
        return self._names("speed")

    def _names(self, *kinds: str) -> tuple[str, ...]:
        names = [one.metric.name for one in self.panels if one.metric.kind in kinds]
        return tuple(dict.fromkeys(names))


def board_of(leads: Leads, by: Sequence[str], changes: Sequence[dt.date]) -> Board:
    """Return every series of the leads.

    Parameters
    ----------
    leads
        The data.
    by
        Columns whose values are watched one by one.
    changes
        Days on which the world changed: levels may have a step there.

    Raises
    ------
    EvidenceError
        If nobody entered the funnel.
    """
    import pandas as pd

    counted = daily(leads, [(), *((name,) for name in by)])
    whole = counted[()].total()
    if not whole.entries.any():
        raise EvidenceError("`leads` holds no dated entries, so there is nothing to watch.")
    splits, missed = _few_enough(counted, by)
    stages = leads.funnel.stages
    pairs = list(pairwise(stages))
    if len(stages) > 2:
        pairs.append((stages[0], stages[-1]))
    found = triangles(leads, pairs, by=[None, *splits])
    months = pd.period_range(whole.days[0], whole.days[-1], freq="M")
    steps = tuple(sorted({place_of(months, day) for day in changes} - {0, len(months)}))
    maker = Maker(leads, months, steps, counted)
    panels, timings = [], {}
    recorded: dict[str, dt.date] = {}
    for start, target in pairs:
        triangle = found.get((start, target, None))
        if triangle is None:
            missed.append(f"{start} to {target}: {found.missing[start, target, None]}")
            continue
        since = recorded_since(triangle.collapse(segments=True), whole)
        if since is not None:
            recorded[target] = max(since, recorded.get(target, since))
        together = _from(triangle.collapse(segments=True), since)
        timings[start, target] = timed.timing_of(together, together)
        for split in [None, *splits]:
            mine = _from(found[start, target, split], since)
            panels += maker.of_cohorts(mine, timed.timing_of(mine, together), split)
    maker.recorded = recorded
    for split in [None, *splits]:
        panels += maker.of_months(split, timings)
    return Board(
        months=months,
        panels=tuple(panels),
        whole=whole,
        recorded=recorded,
        onward=_onward(stages, timings),
        timings=timings,
        missed=tuple(missed),
    )


def share_names(funnel: Funnel) -> list[str]:
    """Return the names of the metrics that are shares."""
    stages = funnel.stages
    pairs = list(pairwise(stages)) + ([(stages[0], stages[-1])] if len(stages) > 2 else [])
    closed = [Metric("closed", *stages[-2:])] if funnel.exits else []
    return [one.name for one in [*(Metric("rate", *pair) for pair in pairs), *closed]]


def _few_enough(counted: Mapping[Split, Daily], by: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the columns that can be split by, and what is said of the others."""
    splits, missed = [], []
    for name in by:
        number = len(counted[name,].segments)
        if number <= MOST_VALUES:
            splits.append(name)
            continue
        missed.append(
            f"`{name}` has {display.count(number)} values, too many to watch one by one "
            f"(at most {MOST_VALUES})."
        )
    return splits, missed


def recorded_since(together: Triangle, whole: Daily) -> dt.date | None:
    """Return the day from which conversions are recorded, where leads entered long before.

    Notes
    -----
    By the rate and timing of the cohorts that entered after the first conversion, at least 7
    conversions should have come before it, where there was none: chance gives that to fewer than 1
    in 1,000. What :func:`funnelkit.audit` says from whole records, from counts.
    """
    days = whole.of(together.target)[0]
    if not days.any():
        return None
    first = whole.days[int(np.flatnonzero(days)[0])].date()
    later = np.array([month.start_time.date() >= first for month in together.cohorts])
    if not later.any() or later.all():
        return None
    place = int(np.flatnonzero(later)[0])
    shape, rate = timed.known_shape(together, place)
    shift = (together.as_of - first).days + 1
    followed = together.followed[0, :place].sum(axis=0).astype(float)
    if shift >= len(followed):
        return None
    passed = np.cumsum(shape)[: len(followed) - shift]
    due = rate * float(followed[shift : shift + len(passed)] @ passed)
    return first if due >= _SILENT else None


def _from(triangle: Triangle, since: dt.date | None) -> Triangle:
    """Return the cohorts that began when conversions were recorded."""
    if since is None:
        return triangle
    later = [month for month in triangle.cohorts if month.start_time.date() >= since]
    return triangle.select(first=later[0]) if later else triangle


def _onward(stages: tuple[str, ...], timings: Mapping[tuple[str, str], Timing]) -> dict[str, float]:
    """Return the share of each stage's entries that is won in the end."""
    found = {stages[-1]: 1.0}
    for start, target in reversed(list(pairwise(stages))):
        timing = timings.get((start, target))
        rate = 0.0
        if timing is not None:
            rate = float(timing.converted.sum() / max(float(timing.mature.sum()), 1e-9))
        found[start] = min(rate, 1.0) * found[target]
    return found
