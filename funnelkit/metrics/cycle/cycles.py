"""Sales cycle: the mean days of closed deals, beside the median time to win."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from funnelkit._core import checks
from funnelkit._core.dates import Unit, period_label
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import Interval
from funnelkit._core.measure import Measure, Measures, single
from funnelkit.counts.closings import Closings
from funnelkit.counts.pipeline import By, closings
from funnelkit.data.records import Leads
from funnelkit.metrics import given
from funnelkit.metrics.cycle.durations import median_time_to_win
from funnelkit.metrics.roster import told_by_business

FloatArray = NDArray[np.float64]
Outcome = Literal["won", "closed"]


def sales_cycle(
    leads: Leads,
    *,
    start: str | None = None,
    by: By = None,
    every: Unit | None = None,
    confidence_level: float = 0.95,
) -> Measures:
    """Return the mean days of won deals, and beside it the median time to win.

    Parameters
    ----------
    leads
        The data.
    start
        Stage from whose entry days are counted; default: the first.
    by
        Segment column or columns; segments kept apart are always among them.
    every
        Unit of the periods: of the close for the mean, of entry for the median.
    confidence_level
        Of the intervals.

    Returns
    -------
    Measures
        See :func:`mean_cycle`, which flatters, and :func:`median_time_to_win`.

    Raises
    ------
    ArgumentError
        If a stage, segment or unit cannot be used.

    Examples
    --------
    >>> import funnelkit as fk
    >>> [one.name for one in sales_cycle(fk.make_leads(1000, rng=1), start="opportunity")]
    ['mean sales cycle', 'median time to win']
    """
    mean = mean_cycle(leads, start=start, by=by, every=every, confidence_level=confidence_level)
    median = median_time_to_win(
        leads, start=start, by=by, every=every, confidence_level=confidence_level
    )
    return Measures(measures=(mean, median))


def mean_cycle(
    leads: Leads | ArrayLike,
    of: ArrayLike | None = None,
    *,
    start: str | None = None,
    outcome: Outcome = "won",
    by: By = None,
    every: Unit | None = None,
    periods: Sequence[str] | None = None,
    confidence_level: float = 0.95,
) -> Measure:
    """Return the mean days from entry to the close, of the deals that have closed.

    Parameters
    ----------
    leads
        The data, or the days of all closed deals together.
    of
        With days, the number of deals.
    start
        Stage from whose entry days are counted; default: the first.
    outcome
        ``"won"``, or ``"closed"`` for won and lost.
    by
        Segment column or columns; segments kept apart are always among them.
    every
        Unit of the period of the close; ``None``: of all time.
    periods
        Names of a row of numbers.
    confidence_level
        Of the interval.

    Returns
    -------
    Measure
        Days; the denominator is the deals whose days from start to close were observed.

    Raises
    ------
    ArgumentError
        If a stage, segment, unit or number cannot be used.

    Notes
    -----
    It flatters: the deals that take longest are the ones still open, and are not in it. The
    interval is Student's, on deals as if each was drawn on its own, and not below 0.

    Examples
    --------
    >>> mean_cycle(1020, 10).value
    102.0
    """
    if not isinstance(leads, Leads):
        return _plain_mean(leads, of, periods, confidence_level)
    checks.confidence(confidence_level)
    checks.one_of("outcome", outcome, ("won", "closed"))
    first = start or leads.funnel.stages[0]
    counted = closings(leads, first, by=by, every=every)
    ways = slice(0, 1) if outcome == "won" else slice(None)
    n = counted.dated[:, ways].sum(axis=1)
    total = counted.days[:, ways].sum(axis=1)
    ends = mean_interval(n, total, counted.days_squared[:, ways].sum(axis=1), confidence_level)
    which = leads.funnel.won if outcome == "won" else " or ".join(counted.outcomes)
    when = f", by {every} of the close" if every else ""
    return Measure(
        name="mean sales cycle",
        definition=f"days from {first} to {which} / {which} records{when}",
        unit="days",
        numerator=total,
        denominator=n,
        numerator_name="days",
        denominator_name=f"{which} records",
        by=counted.by,
        segments=counted.segments,
        periods=_labels(counted),
        low=np.asarray(ends.low),
        high=np.asarray(ends.high),
        notes=(*_left_out(leads, counted, ways), _FLATTERS),
        as_of=leads.as_of,
        confidence_level=confidence_level,
    )


def cycle_of_stages(days: Mapping[str, float] | Sequence[float]) -> Measure:
    """Return the days of one step after the other, added up.

    Parameters
    ----------
    days
        Days of each step, by name or in a row.

    Raises
    ------
    ArgumentError
        If days are no numbers, or negative.

    Notes
    -----
    Means add up; medians do not: the sum of medians is no median of the whole.

    Examples
    --------
    >>> cycle_of_stages({"lead to opportunity": 84, "opportunity to won": 18}).value
    102.0
    """
    if isinstance(days, Mapping):
        row = [float(value) for value in days.values()]
        parts = [f"{value:,.4g} {name}" for name, value in zip(days, row, strict=True)]
    else:
        row = list(days)
        parts = [f"{value:,.4g}" for value in row]
    values = given.numbers("days", row, negative=False)
    return Measure(
        name="sales cycle",
        definition=f"days: {' + '.join(parts)}",
        unit="days",
        numerator=single(np.nan),
        denominator=single(values.shape[1]),
        numerator_name="",
        denominator_name="steps",
        given=single(values.sum()),
    )


def mean_interval(
    n: ArrayLike, total: ArrayLike, squares: ArrayLike, confidence_level: float
) -> Interval:
    """Return Student's interval of a mean of numbers that cannot be negative; NaN below two."""
    size, sums = np.asarray(n, float), np.asarray(total, float)
    some = size > 1
    safe = np.where(some, size, 2.0)
    mean = sums / safe
    spread = np.maximum(np.asarray(squares, float) - sums**2 / safe, 0.0) / (safe - 1)
    half = stats.t.isf((1 - confidence_level) / 2, safe - 1) * np.sqrt(spread / safe)
    return Interval(
        np.where(some, np.maximum(mean - half, 0.0), np.nan), np.where(some, mean + half, np.nan)
    )


_FLATTERS = (
    "It flatters: deals still open are not in it, and they are the slow ones; see the median time "
    "to win."
)


def _plain_mean(
    days: ArrayLike, of: ArrayLike | None, periods: Sequence[str] | None, confidence_level: float
) -> Measure:
    if of is None:
        raise ArgumentError("`of` must say of how many deals; or give leads in first place.")
    total, n = given.numbers("days", days, negative=False), given.counts("of", of)
    shape = given.alike(days=total, of=n)
    return Measure(
        name="mean sales cycle",
        definition="days of closed deals / closed deals",
        unit="days",
        numerator=total,
        denominator=n,
        numerator_name="days",
        denominator_name="closed deals",
        periods=given.labels(periods, shape[1]),
        notes=(_FLATTERS,),
        confidence_level=confidence_level,
    )


def _labels(counted: Closings) -> tuple[str, ...] | None:
    if counted.periods is None:
        return None
    return tuple(period_label(period) for period in counted.periods)


def _left_out(leads: Leads, counted: Closings, ways: slice) -> tuple[str, ...]:
    lost = counted.n[:, ways].sum(axis=1) - counted.dated[:, ways].sum(axis=1)
    lost = lost + 0
    lost[:, :1] += counted.undated[:, ways].sum(axis=1)[:, None]
    if not lost.any():
        return ()
    told = told_by_business(counted.by, counted.segments, leads.funnel.apart, lost)
    return (f"Left out, for want of a day of entry or of the close: {told}.",)
