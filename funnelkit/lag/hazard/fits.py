"""`fit_hazard`: daily hazards by age, segment and cohort, as a generalised linear model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import EvidenceError
from funnelkit.counts.triangle import Triangle
from funnelkit.lag.hazard.model import (
    Factor,
    HazardModel,
    Link,
    fitted,
    starts_of,
)
from funnelkit.lag.hazard.result import CohortEffects, HazardFit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def fit_hazard(
    triangle: Triangle,
    *,
    ages: Literal["day"] | Sequence[int] | None = None,
    cohorts: bool | CohortEffects = "factor",
    link: Link = "cloglog",
    horizon: int | None = None,
) -> HazardFit:
    """Return rates by age from daily hazards that differ by age, segment and cohort.

    Parameters
    ----------
    triangle
        Counts of one transition and its exits.
    ages
        Bins of age in which the daily hazard is the same: their first ages, such as
        ``[0, 1, 7, 30]``; ``"day"``, each day by itself; by default up to thirty bins with like
        numbers of events, for each outcome its own.
    cohorts
        ``"factor"`` (or ``True``): each cohort's hazard differs by a factor of its own;
        ``"trend"``: by the same factor from each cohort to the next; ``"none"`` (or ``False``).
    link
        ``"cloglog"``: factors act on the hazard, as in a proportional-hazards model; ``"logit"``:
        on its odds.
    horizon
        Age in days up to which rates are wanted. Default: the largest age at which a lead is at
        risk.

    Returns
    -------
    HazardFit
        Rates by age, shape ``(n_segments, n_cohorts, n_ages)``; the denominator is the leads
        that entered ``start``. Over the target and all exits they sum to at most 1.

    Raises
    ------
    EvidenceError
        If nobody entered or converted by the horizon; if nobody is followed to it; or if the fit
        does not settle.
    ArgumentError
        If an argument cannot be used.

    Notes
    -----
    Of n(j) leads at risk on day j, d(j) have the outcome: binomial, with
    log(-log(1 - h)) = bin of age + segment + cohort. Each outcome has a model of its own (given
    the leads at risk, their likelihoods part), and rates follow as in Aalen and Johansen's
    estimate: Σ_{j<=a} S(j-1) h(j). With ``ages="day"`` and without cohort effects that estimate
    comes out.

    Age, cohort and calendar effects are not jointly identified: here the calendar is held fixed,
    and what is a change over time is put down to cohorts.

    A bin without any event has hazard 0, one in which everybody had the outcome 1. A segment or
    cohort without a conversion has no finite effect: it is given half an event, at the pooled
    hazards. So is every level where effects cannot be told apart otherwise.

    References
    ----------
    Prentice and Gloeckler (1978), Biometrics 34, 57-67 (grouped proportional hazards); Allison
    (1982), Sociological Methodology 13, 61-98 (discrete-time models).

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
    >>> fit_hazard(triangle, ages="day").rate_at([0, 1, 2]).round(9).tolist()
    [[[0.0, 0.25, 0.25]]]
    """
    effects = _effects(cohorts)
    checks.one_of("link", link, ("cloglog", "logit"))
    last = _horizon(triangle, horizon)
    shape = (triangle.entered.size, last + 1)
    at_risk = triangle.at_risk[..., : last + 1].reshape(shape)
    events = {
        name: triangle.by_age(name)[..., : last + 1].reshape(shape) for name in triangle.outcomes
    }
    if not events[triangle.target].any():
        raise EvidenceError(
            f"`triangle`: none of {display.plural(triangle.n, 'lead')} has reached "
            f"{triangle.target} by day {last}, so that there is no hazard to model. "
            "`fit_competing` gives the bound within the days that are followed."
        )
    factors = _factors(triangle, effects)
    followed = np.where(at_risk > 0, np.arange(last + 1), -1).max(axis=1)
    return HazardFit(
        start=triangle.start,
        outcomes=triangle.outcomes,
        by=triangle.by,
        segments=triangle.segments,
        cohorts=triangle.cohorts,
        as_of=triangle.as_of,
        effects=effects,
        link=link,
        horizon=last,
        entered=triangle.entered,
        converted=events[triangle.target].sum(axis=1).reshape(triangle.entered.shape),
        followed_to=followed.reshape(triangle.entered.shape),
        worth=float(at_risk[:, -1].sum()),
        models={
            name: _model(counts, at_risk, ages=ages, factors=factors, link=link)
            for name, counts in events.items()
        },
        design=design_effect(triangle, last),
    )


def _effects(cohorts: bool | CohortEffects) -> CohortEffects:  # noqa: FBT001
    """Return how hazards differ by cohort."""
    if cohorts is True:
        return "factor"
    if cohorts is False:
        return "none"
    return checks.one_of("cohorts", cohorts, ("factor", "trend", "none"))


def _model(
    events: IntArray,
    at_risk: IntArray,
    *,
    ages: Literal["day"] | Sequence[int] | None,
    factors: tuple[Factor, Factor],
    link: Link,
) -> HazardModel:
    """Return the model of one outcome."""
    starts = starts_of(ages, events.sum(axis=0), horizon=events.shape[1] - 1)
    return fitted(
        np.add.reduceat(events, starts, axis=1).astype(float),
        np.add.reduceat(at_risk, starts, axis=1).astype(float),
        starts=starts,
        factors=factors,
        link=link,
    )


def _factors(triangle: Triangle, effects: CohortEffects) -> tuple[Factor, Factor]:
    """Return the effects of segments and of cohorts, for cells in a row."""
    rows, columns = (each.ravel() for each in np.indices(triangle.entered.shape))
    segments = Factor(np.eye(triangle.n_segments)[rows][:, 1:], rows, triangle.n_segments)
    none = np.zeros((len(columns), 0))
    if effects == "none" or triangle.n_cohorts == 1:
        return segments, Factor(none, columns, 1)
    if effects == "trend":
        steps = np.asarray(columns[:, None] - (triangle.n_cohorts - 1) / 2, np.float64)
        return segments, Factor(steps, 0 * columns, 1)
    return segments, Factor(np.eye(triangle.n_cohorts)[columns][:, 1:], columns, triangle.n_cohorts)


def design_effect(triangle: Triangle, last: int) -> float:
    """Return how many times as large as for independent leads the variance is."""
    if triangle.accounts is None:
        return 1.0
    sums = triangle.accounts.up_to(last).summed((0, 1))
    converted = triangle.by_age(triangle.target)[..., : last + 1].sum()
    worth = float(sums.effective([[converted]], [[triangle.n]])[0, 0])
    return triangle.n / worth if worth > 0 else 1.0


def _horizon(triangle: Triangle, wanted: int | None) -> int:
    """Return the horizon asked for, or the last age with anybody at risk."""
    at_risk = triangle.at_risk.sum(axis=(0, 1))
    if not (at_risk > 0).any():
        raise EvidenceError(
            f"`triangle` holds no leads that entered {triangle.start}; there is nothing to fit."
        )
    last = int(np.flatnonzero(at_risk > 0)[-1])
    if wanted is None:
        return last
    if checks.positive_whole("horizon", wanted) > last:
        raise EvidenceError(
            f"`horizon` must be at most {last}, the last day on which a lead is still followed; "
            f"got {wanted}."
        )
    return wanted
