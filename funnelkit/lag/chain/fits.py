"""`fit_chain_ladder`: what cohorts come to by the link ratios of older ones."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import EvidenceError
from funnelkit.counts.triangle import Triangle
from funnelkit.lag.chain import tails
from funnelkit.lag.chain.bins import Bins, Every, bins_of
from funnelkit.lag.chain.pattern import Pattern, pattern
from funnelkit.lag.chain.result import ChainLadderFit

IntArray = NDArray[np.int64]


def fit_chain_ladder(
    triangle: Triangle,
    *,
    every: Every | int | None = None,
    tail: float | Literal["exponential"] | None = None,
    horizon: int | None = None,
    latency: Literal["shared", "segments"] = "shared",
) -> ChainLadderFit:
    """Return what each cohort comes to by the link ratios of older ones, with Mack's error.

    Parameters
    ----------
    triangle
        Counts of one transition and its exits.
    every
        Bins of age: ``"day"``, ``"week"``, ``"month"`` (30 days) or a number of days. Default:
        the longest of the three of which the oldest cohort has at least four behind it.
    tail
        What comes after the last bin. ``None``: nothing is said of it, rates are those within the
        horizon; a factor of at least 1; ``"exponential"``: link ratios less 1 go on falling as
        they did over the later half of the bins, which is an assumption.
    horizon
        Age in days at which the last bin ends. Default: the last whole bin that some cohort has
        behind it.
    latency
        Whether segments share the link ratios, or each has its own.

    Returns
    -------
    ChainLadderFit
        Rates by age, shape ``(n_segments, n_cohorts, n_ages)``, with ``expected_more`` and its
        ``standard_error``; the denominator is the leads that entered ``start``.

    Raises
    ------
    EvidenceError
        If nobody entered; if there is no conversion in complete bins, or in those of a segment
        that is to have ratios of its own; if no cohort is through a bin or as old as the horizon;
        if leads came under observation late; or if the tail cannot be fitted.
    ArgumentError
        If an argument cannot be used.

    Notes
    -----
    A cohort's count by the end of a bin is used once the youngest of its leads is past that bin,
    so that it is complete; what came later is in ``converted``, but in no link ratio. See
    :func:`chain_ladder` for the ratios and their error. Each outcome has ratios of its own; where
    the outcomes together would need more leads than are still open, what is to come is shortened
    in proportion. What a cohort has by now is never projected away.

    Zeros: where no cohort has conversions by a bin, the ratio comes from the share of leads that
    convert in each bin. A cohort without conversions in complete bins would stay at 0 for ever
    under the chain ladder: it takes the pooled rate p, worth one conversion, less its n leads of
    maturity m that have shown none, 1 / (1 / p + n m).

    The model holds the pattern fixed over cohorts and the calendar; rates differ by cohort.

    References
    ----------
    Mack (1993), ASTIN Bulletin 23, 213-225; Mack (1999), ASTIN Bulletin 29, 361-366.

    Examples
    --------
    Two daily cohorts of 40 leads. Of the first, 8 convert on day 0 and 8 on day 1; the second is
    0 days old, and 4 have converted: the ratio is 2.

    >>> import datetime as dt
    >>> import pandas as pd
    >>> counts = Triangle(
    ...     start="lead",
    ...     target="won",
    ...     cohorts=pd.period_range("2026-01-01", periods=2, freq="D"),
    ...     as_of=dt.date(2026, 1, 2),
    ...     entered=[[40, 40]],
    ...     events={"won": [[[8, 8], [4, 0]]]},
    ...     censored=[[[0, 24], [36, 0]]],
    ...     followed=[[[0, 40], [40, 0]]],
    ... )
    >>> fit = fit_chain_ladder(counts)
    >>> fit.ultimate.tolist(), fit.expected_more.tolist()
    ([[0.4, 0.2]], [[0.0, 4.0]])
    """
    end = tails.wanted(tail)
    checks.one_of("latency", latency, ("shared", "segments"))
    _check(triangle)
    bins = bins_of(triangle, every=every, horizon=horizon)
    groups = [slice(None)]
    if latency == "segments":
        groups = [slice(i, i + 1) for i in range(triangle.n_segments)]
    patterns = tuple(_patterns(triangle, bins, group, tail=end) for group in groups)
    last = triangle.n_ages if end is not None else bins.horizon + 1
    open_until = triangle.n_ages if end is not None else bins.horizon
    return ChainLadderFit(
        start=triangle.start,
        outcomes=triangle.outcomes,
        by=triangle.by,
        segments=triangle.segments,
        cohorts=triangle.cohorts,
        as_of=triangle.as_of,
        tail=end,
        bins=bins,
        entered=triangle.entered,
        reached=np.stack(
            [triangle.by_age(name)[..., :last].sum(axis=-1) for name in triangle.outcomes]
        ),
        undecided=triangle.censored[..., :open_until].sum(axis=-1),
        patterns=patterns,
        spreads=tuple(
            bins.spread(
                np.stack([_total(triangle.by_age(name)[group]) for name in triangle.outcomes]),
                _total(triangle.at_risk[group]),
            )
            for group in groups
        ),
        accounts=None if triangle.accounts is None else triangle.accounts.up_to(last - 1),
    )


def _check(triangle: Triangle) -> None:
    """Refuse counts without leads, and such that lack the first ages of some leads."""
    if not triangle.n:
        raise EvidenceError(
            f"`triangle` holds no leads that entered {triangle.start}; there is nothing to fit."
        )
    if triangle.late is not None and (late := int(triangle.late.sum())):
        raise EvidenceError(
            f"`triangle`: {display.plural(late, 'lead')} came under observation late, so that "
            "the first ages of their cohorts are not complete. Leave these cohorts out "
            '(`before_recording="left_out"`).'
        )


def _patterns(
    triangle: Triangle, bins: Bins, group: slice, *, tail: float | str | None
) -> tuple[Pattern, ...]:
    """Return the development pattern of each outcome for the segments of a group."""
    entered = triangle.entered[group].ravel()
    found = []
    for name in triangle.outcomes:
        cumulative = bins.cumulative(triangle.by_age(name))[group].reshape(len(entered), -1)
        target = name == triangle.target
        if target and not np.nansum(cumulative):
            own = triangle.segments[group]
            where = f" of {display.segment_name(own[0])}" if len(own) == 1 and own[0] else ""
            raise EvidenceError(
                f"`triangle`: no lead{where} has reached {triangle.target} within days that all "
                "leads of its cohort have behind them, so that there is no link ratio. "
                "`fit_kaplan_meier` gives the bound within the days that are followed."
            )
        try:
            found.append(pattern(cumulative, entered, tail=tail, days=bins.days))
        except EvidenceError:
            if target:
                raise
            found.append(pattern(cumulative, entered, tail=None, days=bins.days))
    return tuple(found)


def _total(values: IntArray) -> IntArray:
    return np.asarray(values.sum(axis=(0, 1)))
