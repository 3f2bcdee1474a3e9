"""`fit_cure`: what share converts ever, and how long it takes, from counts by age."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import EvidenceError
from funnelkit.counts.triangle import Triangle
from funnelkit.lag.cure.clocks import Days
from funnelkit.lag.cure.families import FamilyName, family_called
from funnelkit.lag.cure.latency import Family
from funnelkit.lag.cure.likelihood import Cells, Likelihood
from funnelkit.lag.cure.result import CureFit
from funnelkit.lag.cure.solution import solved

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Axis = Literal["segments", "cohorts"]


def fit_cure(
    triangle: Triangle,
    *,
    family: FamilyName = "weibull",
    rates: Axis | Sequence[Axis] = ("segments",),
    latency: Literal["shared", "segments"] = "shared",
    starts: int = 4,
) -> CureFit:
    """Return the share that converts ever and the pace of those who do, by maximum likelihood.

    Parameters
    ----------
    triangle
        Counts of one transition, without leads that left.
    family
        Of the time to conversion among those who convert: ``"exponential"``, ``"weibull"``,
        ``"gamma"``, ``"log-normal"``, ``"log-logistic"`` or ``"generalised gamma"``.
    rates
        What has an eventual rate of its own: ``("segments",)``, ``("segments", "cohorts")``,
        ``("cohorts",)`` or ``()``, one rate for all.
    latency
        Whether all leads share one pace, or each segment has its own. A shared one lends segments
        with few conversions the pace of the others.
    starts
        From how many points the top of the likelihood is climbed.

    Returns
    -------
    CureFit
        Rates by age and ever, shape ``(n_segments, n_cohorts, …)``; the denominator is the leads
        that entered ``start``.

    Raises
    ------
    EvidenceError
        If nobody entered or converted; if all leads are of age 0, so that rate and pace cannot be
        told apart; if leads have left by an exit (see :func:`fit_cure_competing`); if conversions
        of leads under delayed entry are undated; or if a pace of its own is wanted for a segment
        without conversions.
    ArgumentError
        If an argument is unknown.

    Notes
    -----
    With F the share of eventual conversions by a time, ages are differences of calendar dates,
    and G(a) = ∫₀¹ F(a + u) du is the share by age a. A conversion at age a contributes
    p (G(a) - G(a - 1)); one known only to have come by age a, p G(a); a lead open at age a,
    1 - p G(a). A lead that came under observation at age b is divided by 1 - p G(b - 1), the
    probability that it was still open then. Intervals are those of the profile likelihood.

    The model holds p and F fixed over cohorts (where they are not given rates of their own) and
    over the calendar.

    References
    ----------
    Boag (1949), JRSS B 11, 15-53; Maller and Zhou (1996), Survival Analysis with Long-Term
    Survivors.

    Examples
    --------
    1,000 leads, each followed for 30 days; 200 convert ever, after an exponential time of mean 5
    days: G(a) = 1 - 5 (1 - e^-0.2) e^(-a / 5).

    >>> import datetime as dt
    >>> import pandas as pd
    >>> by_age = 200 * (1 - 5 * (1 - np.exp(-0.2)) * np.exp(-np.arange(31) / 5))
    >>> won = np.diff(np.round(by_age), prepend=0)
    >>> last = np.arange(31) == 30
    >>> counts = Triangle(
    ...     start="lead",
    ...     target="won",
    ...     cohorts=pd.period_range("2026-01-01", periods=1, freq="D"),
    ...     as_of=dt.date(2026, 1, 31),
    ...     entered=[[1000]],
    ...     events={"won": [[won]]},
    ...     censored=[[(1000 - won.sum()) * last]],
    ...     followed=[[1000 * last]],
    ... )
    >>> fit = fit_cure(counts, family="exponential")
    >>> fit.ultimate.round(2).tolist(), fit.verdict
    ([[0.2]], 'measured')
    """
    wanted: tuple[Axis, ...] = (rates,) if isinstance(rates, str) else tuple(rates)
    axes = tuple(checks.one_of("rates", axis, get_args(Axis)) for axis in wanted)
    checks.one_of("latency", latency, ("shared", "segments"))
    checks.positive_whole("starts", starts)
    chosen = family_called(family)
    _check(triangle, apart=latency == "segments")
    rate_of, latency_of = _groups(triangle, axes, apart=latency == "segments")
    likelihood = _likelihood(triangle, chosen, rate_of, latency_of)
    days = np.arange(triangle.n_ages, dtype=np.float64) + 0.5
    solution = solved(likelihood, days=days, climbs=starts)
    return CureFit(
        start=triangle.start,
        target=triangle.target,
        by=triangle.by,
        segments=triangle.segments,
        cohorts=triangle.cohorts,
        as_of=triangle.as_of,
        family=family,
        rates=tuple(axis for axis in get_args(Axis) if axis in axes),
        latency=latency,
        entered=triangle.entered,
        converted=triangle.converted,
        followed=triangle.followed,
        rate_of=rate_of,
        latency_of=latency_of,
        accounts=None if triangle.accounts is None else triangle.accounts.up_to(),
        solution=solution,
    )


def _check(triangle: Triangle, *, apart: bool) -> None:
    """Refuse counts that cannot tell a rate or a pace."""
    gone = {name: int(triangle.reached(name).sum()) for name in triangle.exits}
    if any(gone.values()):
        words = [f"{display.count(number)} {name}" for name, number in gone.items() if number]
        raise EvidenceError(
            "`triangle`: a lead that left can no longer convert, and this fit has no exits that "
            f"compete; {display.listed(words)} here. Use `fit_cure_competing`, or "
            "`fit_competing` for the rate within the days that are followed."
        )
    if not triangle.n:
        raise EvidenceError(
            f"`triangle` holds no leads that entered {triangle.start}; there is nothing to fit."
        )
    if not triangle.converted.any():
        raise EvidenceError(
            f"`triangle`: none of {display.plural(triangle.n, 'lead')} has reached "
            f"{triangle.target} by day {triangle.n_ages - 1}, so nothing is known of the pace. "
            "`fit_kaplan_meier` gives the bound within the days that are followed."
        )
    if not triangle.followed[..., 1:].any():
        raise EvidenceError(
            "`triangle`: every lead is 0 days old, so that many slow conversions and few quick "
            "ones look the same. Fit leads of several ages."
        )
    undated = triangle.undated.get(triangle.target)
    late = triangle.late
    if undated is not None and late is not None and (undated.any(-1) & late.any(-1)).any():
        raise EvidenceError(
            "`triangle`: cohorts under delayed entry hold conversions without a date, and counts "
            "do not tell which of them were observed from the start. Leave these cohorts out "
            '(`before_recording="left_out"`).'
        )
    none = [
        display.segment_name(segment)
        for segment, number in zip(triangle.segments, triangle.converted.sum(1), strict=True)
        if not number
    ]
    if apart and none:
        raise EvidenceError(
            '`latency="segments"` needs conversions in each segment to know its pace; there are '
            f'none in {display.listed(none[:5])}. Use `latency="shared"`.'
        )


def _groups(
    triangle: Triangle, axes: tuple[Axis, ...], *, apart: bool
) -> tuple[IntArray, IntArray]:
    """Return which rate and which latency each segment and cohort has."""
    shape = triangle.entered.shape
    rows, columns = np.indices(shape)
    sizes = [size if axis in axes else 1 for axis, size in zip(get_args(Axis), shape, strict=True)]
    rate_of = np.minimum(rows, sizes[0] - 1) * sizes[1] + np.minimum(columns, sizes[1] - 1)
    return np.asarray(rate_of, np.int64), np.asarray(rows if apart else 0 * rows, np.int64)


def _likelihood(
    triangle: Triangle, family: Family, rate_of: IntArray, latency_of: IntArray
) -> Likelihood:
    """Return the counts as the likelihood takes them."""
    n_rates, n_latencies = int(rate_of.max()) + 1, int(latency_of.max()) + 1
    zero = np.zeros_like(triangle.censored)
    events = triangle.events[triangle.target]
    undated = triangle.undated.get(triangle.target, zero)
    # A lead that came under observation at age b had not converted by age b - 1.
    still = triangle.censored.astype(float)
    if triangle.late is not None:
        still[..., :-1] -= triangle.late[..., 1:]
    cube = np.zeros((n_rates, n_latencies, triangle.n_ages))
    np.add.at(cube, (rate_of, latency_of), still)
    rate, latency, column = np.nonzero(cube)
    return Likelihood(
        family=family,
        clock=Days(triangle.n_ages),
        converted=np.bincount(rate_of.ravel(), triangle.converted.ravel(), n_rates).astype(float),
        dated=_by_group(events, latency_of, n_latencies),
        undated=_by_group(undated, latency_of, n_latencies),
        cells=Cells(rate, latency, column, cube[rate, latency, column]),
    )


def _by_group(cube: IntArray, group: IntArray, size: int) -> FloatArray:
    """Return counts by age summed over the cells of each group."""
    found = np.zeros((size, cube.shape[-1]))
    np.add.at(found, group, cube)
    return found
