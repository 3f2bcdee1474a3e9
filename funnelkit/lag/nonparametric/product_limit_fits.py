"""Kaplan-Meier and Aalen-Johansen: rates by age as the counts show them, nothing assumed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.errors import EvidenceError
from funnelkit.counts.triangle import Triangle
from funnelkit.lag.nonparametric.product_limit import Curves
from funnelkit.lag.nonparametric.result import NonparametricFit, Pool


def fit_kaplan_meier(
    triangle: Triangle,
    *,
    pool: Pool | Sequence[Pool] = ("cohorts",),
    horizon: int | None = None,
) -> NonparametricFit:
    """Return the Kaplan-Meier curve of conversion by age.

    Parameters
    ----------
    triangle
        Counts of one transition, without leads that left.
    pool
        What shares one curve. ``("cohorts",)``: each segment has one curve for all its cohorts;
        ``()``: each segment and cohort has its own; ``("segments", "cohorts")``: one curve.
    horizon
        Age in days up to which rates are wanted. Default: the largest age at which at least one
        lead is still open and followed, or at which the last one was decided.

    Returns
    -------
    NonparametricFit
        Rates by age, shape ``(n_segments, n_cohorts, n_ages)``; the denominator is the leads
        that entered ``start``.

    Raises
    ------
    EvidenceError
        If leads have left by an exit (a lost lead is not "not yet": see
        :func:`fit_competing`), if nobody entered, or if nobody is followed to the horizon.
    ArgumentError
        If ``pool`` or ``horizon`` cannot be used.

    Notes
    -----
    Rate by age a: 1 - Π_{j<=a} (1 - d(j)/n(j)), with d(j) conversions at age j among n(j) leads
    open at its start. A lead censored at age j is at risk on that day. Conversions whose day was
    not observed stand at the age by which they must have come.

    References
    ----------
    Kaplan and Meier (1958), JASA 53, 457-481, eq. 2b.

    Examples
    --------
    Four leads, one converted at age 1, one open at age 1, two open at age 2: 1 - 3/4.

    >>> import datetime as dt
    >>> import pandas as pd
    >>> triangle = Triangle(
    ...     start="lead",
    ...     target="won",
    ...     cohorts=pd.period_range("2026-01", periods=1, freq="M"),
    ...     as_of=dt.date(2026, 1, 3),
    ...     entered=[[4]],
    ...     events={"won": [[[0, 1, 0]]]},
    ...     censored=[[[0, 1, 2]]],
    ...     followed=[[[0, 1, 3]]],
    ... )
    >>> fit_kaplan_meier(triangle).rate_at([0, 1, 2]).tolist()
    [[[0.0, 0.25, 0.25]]]
    """
    gone = {name: int(triangle.reached(name).sum()) for name in triangle.exits}
    if any(gone.values()):
        words = [f"{display.count(number)} {name}" for name, number in gone.items() if number]
        raise EvidenceError(
            "`triangle`: Kaplan-Meier takes leads that left for leads that may yet convert, and "
            f"overstates the rate; {display.listed(words)} here. Use `fit_competing` instead."
        )
    return _fitted(triangle, pool=pool, horizon=horizon, method="Kaplan-Meier")


def fit_competing(
    triangle: Triangle,
    *,
    pool: Pool | Sequence[Pool] = ("cohorts",),
    horizon: int | None = None,
) -> NonparametricFit:
    """Return the Aalen-Johansen curves: rates by age of the target and of each exit.

    Parameters
    ----------
    triangle
        Counts of one transition and its exits.
    pool
        What shares one curve, as in :func:`fit_kaplan_meier`.
    horizon
        Age in days up to which rates are wanted. Default: the largest age at which at least one
        lead is still open and followed, or at which the last one was decided.

    Returns
    -------
    NonparametricFit
        Rates by age, shape ``(n_segments, n_cohorts, n_ages)``; the denominator is the leads
        that entered ``start``. Over the target and all exits they sum to at most 1. Without
        exits the result is that of :func:`fit_kaplan_meier`, to the last bit.

    Raises
    ------
    EvidenceError
        If nobody entered, or if nobody is followed to the horizon.
    ArgumentError
        If ``pool`` or ``horizon`` cannot be used.

    Notes
    -----
    Rate of outcome k by age a: Σ_{j<=a} S(j-1) d_k(j)/n(j), with S the share still open.

    References
    ----------
    Aalen and Johansen (1978), Scandinavian Journal of Statistics 5, 141-150.

    Examples
    --------
    Four leads: one lost at age 0, one won at age 1, two open at age 1. Won: 3/4 x 1/3.

    >>> import datetime as dt
    >>> import pandas as pd
    >>> triangle = Triangle(
    ...     start="lead",
    ...     target="won",
    ...     exits=("lost",),
    ...     cohorts=pd.period_range("2026-01", periods=1, freq="M"),
    ...     as_of=dt.date(2026, 1, 2),
    ...     entered=[[4]],
    ...     events={"won": [[[0, 1]]], "lost": [[[1, 0]]]},
    ...     censored=[[[0, 2]]],
    ...     followed=[[[0, 4]]],
    ... )
    >>> fit_competing(triangle).rate_at([0, 1]).tolist()
    [[[0.0, 0.25]]]
    """
    return _fitted(triangle, pool=pool, horizon=horizon, method="Aalen-Johansen")


def _fitted(
    triangle: Triangle, *, pool: Pool | Sequence[Pool], horizon: int | None, method: str
) -> NonparametricFit:
    names: tuple[Pool, ...] = (pool,) if isinstance(pool, str) else tuple(pool)
    axes = tuple(checks.one_of("pool", name, get_args(Pool)) for name in names)
    last = _horizon(triangle, horizon)
    pooled = triangle.collapse(segments="segments" in axes, cohorts="cohorts" in axes)
    return NonparametricFit(
        start=triangle.start,
        outcomes=triangle.outcomes,
        by=triangle.by,
        segments=triangle.segments,
        cohorts=triangle.cohorts,
        as_of=triangle.as_of,
        method=method,
        pool=axes,
        horizon=last,
        entered=pooled.entered,
        events={name: pooled.by_age(name)[..., : last + 1] for name in triangle.outcomes},
        at_risk=pooled.at_risk[..., : last + 1],
        accounts=None if pooled.accounts is None else pooled.accounts.up_to(last),
    )


def _horizon(triangle: Triangle, wanted: int | None) -> int:
    """Return the horizon asked for, or the last age with anybody at risk."""
    whole = triangle.collapse(segments=True, cohorts=True)
    at_risk = whole.at_risk[0, 0]
    if not (at_risk > 0).any():
        raise EvidenceError(
            f"`triangle` holds no leads that entered {triangle.start}; there is nothing to fit."
        )
    last = int(np.flatnonzero(at_risk > 0)[-1])
    if wanted is None:
        return last
    wanted = checks.positive_whole("horizon", wanted)
    events = np.stack([whole.by_age(name)[0, 0] for name in whole.outcomes])
    limit = int(Curves(events=events, at_risk=at_risk).followed_to)
    if wanted > limit:
        raise EvidenceError(
            f"`horizon` must be at most {limit}, the last day on which a lead is still followed; "
            f"got {wanted}."
        )
    return wanted
