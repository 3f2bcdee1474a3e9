"""`fit_cure_competing`: what share comes to each outcome in the end, and how long it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, EvidenceError, unknown
from funnelkit.counts.triangle import Triangle
from funnelkit.lag.competing.likelihood import CompetingLikelihood
from funnelkit.lag.competing.result import CompetingCureFit
from funnelkit.lag.competing.search import pooled, solved
from funnelkit.lag.competing.solution import CompetingSolution
from funnelkit.lag.cure.clocks import Days
from funnelkit.lag.cure.families import FamilyName, family_called
from funnelkit.lag.cure.latency import Family
from funnelkit.lag.cure.likelihood import Cells

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Axis = Literal["segments", "cohorts"]


def fit_cure_competing(
    triangle: Triangle,
    *,
    family: FamilyName | Mapping[str, FamilyName] = "weibull",
    rates: Axis | Sequence[Axis] = ("segments",),
    latency: Literal["shared", "segments"] = "shared",
    starts: int = 4,
) -> CompetingCureFit:
    """Return the shares that come to each outcome in the end, and their pace, where exits compete.

    Parameters
    ----------
    triangle
        Counts of one transition with its exits.
    family
        Of the time to each outcome among those who come to it, as in :func:`fit_cure`; or a
        mapping from outcomes to families, in which those not named are ``"weibull"``.
    rates
        What has eventual shares of its own: ``("segments",)``, ``("segments", "cohorts")``,
        ``("cohorts",)`` or ``()``, the same for all.
    latency
        Whether all leads share one pace for each outcome, or each segment has its own.
    starts
        From how many points the top of the likelihood is climbed.

    Returns
    -------
    CompetingCureFit
        Shares of each outcome by age and ever, shape ``(n_segments, n_cohorts, …)``, and the
        share that stays undecided; the denominator is the leads that entered ``start``.

    Raises
    ------
    EvidenceError
        If nobody entered, or nobody has come to any outcome; if all leads are of age 0; if
        outcomes of leads under delayed entry are undated; or if a pace of its own is wanted for
        a segment without one of the outcomes.
    ArgumentError
        If an argument, or an outcome in ``family``, is unknown.

    Notes
    -----
    Of the leads, a share p_k comes to outcome k in the end, p_k ≥ 0 and Σ p_k ≤ 1, the rest to
    none. With G_k(a) the share of those whose dates differ by at most a days, as in
    :func:`fit_cure`, an outcome k at age a contributes p_k (G_k(a) - G_k(a - 1)); one known only
    to have come by age a, p_k G_k(a); a lead open at age a, 1 - Σ p_k G_k(a). A lead that came
    under observation at age b is divided by 1 - Σ p_k G_k(b - 1). For given pace the shares of
    each group are the top of a concave function. Where Σ p_k would exceed 1 everybody is
    decided in the end, which is the rule where lost deals are recorded well: the shares then
    sum to 1, and the interval of the undecided share is one-sided.

    An outcome without any event has share 0 and no pace; its upper bound takes it to be as slow
    as the slowest of the others. Without exits the answer is that of :func:`fit_cure`.

    References
    ----------
    Larson and Dinse (1985), Applied Statistics 34, 201-211; Maller and Zhou (2002), Statistica
    Sinica 12, 725-750 (with a share that comes to no outcome).

    Examples
    --------
    1,000 leads, each followed for 60 days: 300 are won after an exponential time of mean 5 days,
    500 lost after one of mean 10 days, 200 stay open.

    >>> import datetime as dt
    >>> import pandas as pd
    >>> def by_day(total, mean):
    ...     share = 1 - mean * (1 - np.exp(-1 / mean)) * np.exp(-np.arange(61) / mean)
    ...     return np.diff(np.round(total * share), prepend=0)
    >>> won, lost = by_day(300, 5), by_day(500, 10)
    >>> last = np.arange(61) == 60
    >>> counts = Triangle(
    ...     start="lead",
    ...     target="won",
    ...     exits=("lost",),
    ...     cohorts=pd.period_range("2026-01-01", periods=1, freq="D"),
    ...     as_of=dt.date(2026, 3, 2),
    ...     entered=[[1000]],
    ...     events={"won": [[won]], "lost": [[lost]]},
    ...     censored=[[(1000 - won.sum() - lost.sum()) * last]],
    ...     followed=[[1000 * last]],
    ... )
    >>> fit = fit_cure_competing(counts, family="exponential")
    >>> {name: share.round(2).tolist() for name, share in fit.ultimates.items()}
    {'won': [[0.3]], 'lost': [[0.5]]}
    >>> fit.undecided.round(2).tolist(), fit.verdict
    ([[0.2]], 'measured')
    """
    wanted: tuple[Axis, ...] = (rates,) if isinstance(rates, str) else tuple(rates)
    axes = tuple(checks.one_of("rates", axis, get_args(Axis)) for axis in wanted)
    checks.one_of("latency", latency, ("shared", "segments"))
    checks.positive_whole("starts", starts)
    names = _families(triangle, family)
    active = [name for name in triangle.outcomes if triangle.reached(name).any()]
    _check(triangle, active, apart=latency == "segments")
    families = {name: family_called(names[name]) for name in active}
    rate_of, latency_of = _groups(triangle, axes, apart=latency == "segments")
    likelihood = _likelihood(triangle, families, rate_of, latency_of)
    parts = [likelihood]
    if latency == "segments":
        each = [triangle.select(segment=segment) for segment in triangle.segments]
        parts = [_likelihood(part, families, *_groups(part, axes, apart=False)) for part in each]
    days = np.arange(triangle.n_ages, dtype=np.float64) + 0.5
    solution = solved(likelihood, parts, days=days, climbs=starts)
    paces = np.arange(len(active))[_paces(triangle, active, _slowest(solution))]
    return CompetingCureFit(
        start=triangle.start,
        outcomes=triangle.outcomes,
        by=triangle.by,
        segments=triangle.segments,
        cohorts=triangle.cohorts,
        as_of=triangle.as_of,
        families={
            name: names[active[pace]] for name, pace in zip(triangle.outcomes, paces, strict=True)
        },
        rates=tuple(axis for axis in get_args(Axis) if axis in axes),
        latency=latency,
        entered=triangle.entered,
        reached={name: triangle.reached(name) for name in triangle.outcomes},
        followed=triangle.followed,
        rate_of=rate_of,
        latency_of=latency_of,
        paces=paces,
        accounts=None if triangle.accounts is None else triangle.accounts.up_to(),
        solution=_lent(solution, paces),
    )


def _families(
    triangle: Triangle, family: FamilyName | Mapping[str, FamilyName]
) -> dict[str, FamilyName]:
    """Return the family of each outcome."""
    if isinstance(family, str):
        family_called(family)
        return dict.fromkeys(triangle.outcomes, family)
    for name, chosen in family.items():
        if name not in triangle.outcomes:
            raise ArgumentError(f"`family`: {unknown('outcome', str(name), triangle.outcomes)}")
        family_called(chosen)
    return {name: family.get(name, "weibull") for name in triangle.outcomes}


def _check(triangle: Triangle, active: Sequence[str], *, apart: bool) -> None:
    """Refuse counts that cannot tell a share or a pace."""
    if not triangle.n:
        raise EvidenceError(
            f"`triangle` holds no leads that entered {triangle.start}; there is nothing to fit."
        )
    if not active:
        raise EvidenceError(
            f"`triangle`: none of {display.plural(triangle.n, 'lead')} has come to "
            f"{display.listed(list(triangle.outcomes), last='or')} by day {triangle.n_ages - 1}, "
            "so nothing is known of the pace. `fit_competing` gives the bound within the days "
            "that are followed."
        )
    if not triangle.followed[..., 1:].any():
        raise EvidenceError(
            "`triangle`: every lead is 0 days old, so that many slow outcomes and few quick "
            "ones look the same. Fit leads of several ages."
        )
    late = triangle.late
    undated = [
        name
        for name, cube in triangle.undated.items()
        if late is not None and (cube.any(-1) & late.any(-1)).any()
    ]
    if undated:
        raise EvidenceError(
            "`triangle`: cohorts under delayed entry hold outcomes without a date "
            f"({display.listed(undated)}), and counts do not tell which of them were observed "
            'from the start. Leave these cohorts out (`before_recording="left_out"`).'
        )
    none = [
        f"no {name} in {display.segment_name(segment)}"
        for name in active
        for segment, number in zip(triangle.segments, triangle.reached(name).sum(1), strict=True)
        if not number
    ]
    if apart and none:
        raise EvidenceError(
            '`latency="segments"` needs events of each outcome in each segment to know its pace; '
            f'there is {display.listed(none[:5])}. Use `latency="shared"`.'
        )


def _groups(
    triangle: Triangle, axes: tuple[Axis, ...], *, apart: bool
) -> tuple[IntArray, IntArray]:
    """Return which shares and which latencies each segment and cohort has."""
    shape = triangle.entered.shape
    rows, columns = np.indices(shape)
    sizes = [size if axis in axes else 1 for axis, size in zip(get_args(Axis), shape, strict=True)]
    rate_of = np.minimum(rows, sizes[0] - 1) * sizes[1] + np.minimum(columns, sizes[1] - 1)
    return np.asarray(rate_of, np.int64), np.asarray(rows if apart else 0 * rows, np.int64)


def _likelihood(
    triangle: Triangle,
    families: Mapping[str, Family],
    rate_of: IntArray,
    latency_of: IntArray,
) -> CompetingLikelihood:
    """Return the counts as the likelihood takes them."""
    n_groups, each = int(rate_of.max()) + 1, int(latency_of.max()) + 1
    n_outcomes = len(triangle.outcomes)
    zero = np.zeros_like(triangle.censored)
    # A lead that came under observation at age b was undecided at age b - 1.
    undecided = triangle.censored.astype(float)
    if triangle.late is not None:
        undecided[..., :-1] -= triangle.late[..., 1:]
    cube = np.zeros((n_groups, each, triangle.n_ages))
    np.add.at(cube, (rate_of, latency_of), undecided)
    group, latency, column = np.nonzero(cube)
    rows = _paces(triangle, list(families), 0) * each
    counts = np.zeros((n_groups, n_outcomes))
    for k, name in enumerate(triangle.outcomes):
        np.add.at(counts[:, k], rate_of, triangle.reached(name))
    return CompetingLikelihood(
        family=next(iter(families.values())),
        families=tuple(families.values()),
        n_outcomes=n_outcomes,
        clock=Days(triangle.n_ages),
        converted=counts.ravel(),
        dated=_by_latency([triangle.events.get(name, zero) for name in families], latency_of),
        undated=_by_latency([triangle.undated.get(name, zero) for name in families], latency_of),
        cells=Cells(
            (group[:, None] * n_outcomes + np.arange(n_outcomes)).ravel(),
            (latency[:, None] + rows).ravel(),
            np.repeat(column, n_outcomes),
            np.repeat(cube[group, latency, column], n_outcomes),
        ),
    )


def _paces(triangle: Triangle, active: Sequence[str], lender: int) -> IntArray:
    """Return the position of each outcome's pace; a lender's where it has no events."""
    found = [active.index(name) if name in active else lender for name in triangle.outcomes]
    return np.array(found, np.int64)


def _by_latency(cubes: Sequence[IntArray], latency_of: IntArray) -> FloatArray:
    """Return counts by age of each outcome and latency."""
    each = int(latency_of.max()) + 1
    found = np.zeros((len(cubes), each, cubes[0].shape[-1]))
    for row, cube in zip(found, cubes, strict=True):
        np.add.at(row, latency_of, cube)
    return found.reshape(len(cubes) * each, -1)


def _slowest(solution: CompetingSolution) -> int:
    """Return the outcome with events of which the leads still undecided would show least."""
    likelihood = pooled(solution.likelihood)
    seen = solution.likelihood.seen(solution.top.theta)
    size, cells = likelihood.n_outcomes, likelihood.cells
    weight = np.bincount(cells.column[::size], cells.weight[::size], seen.by.shape[1])
    shown = (seen.by * weight).sum(axis=1).reshape(len(likelihood.families), -1).sum(axis=1)
    return int(np.argmin(shown))


def _lent(solution: CompetingSolution, paces: IntArray) -> CompetingSolution:
    """Return a solution in which outcomes without events have the pace of their lender."""
    likelihood = solution.likelihood
    cells, size = likelihood.cells, likelihood.n_outcomes
    each = len(likelihood.dated) // len(likelihood.families)
    latency = cells.latency.reshape(-1, size)[:, :1] % each + paces * each
    lent = replace(likelihood, cells=cells._replace(latency=latency.ravel()))
    return replace(solution, likelihood=lent)
