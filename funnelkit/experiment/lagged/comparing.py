"""`compare_lagged`: two arms at one maturity, and more told apart from faster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.errors import EvidenceError
from funnelkit.counts.triangle import Triangle
from funnelkit.experiment.comparison import ALTERNATIVES, Alternative
from funnelkit.experiment.lagged.curves_of_arms import ArmCurves
from funnelkit.experiment.lagged.five_answers import Question
from funnelkit.experiment.lagged.more_or_faster import Mixture, mixture
from funnelkit.experiment.lagged.result import LaggedComparison
from funnelkit.experiment.lagged.two_arms import TwoArms, two_arms

if TYPE_CHECKING:
    from funnelkit.lag.cure.families import FamilyName

SHARE = 0.25
"""The horizon is the last age to which this share of the leads of both arms is followed."""
FEW = 25
"""Or so many of them, where that is more."""
MOST = 0.5
"""But no larger share is asked for."""
TOGETHER = 0.9
"""Below this share of leads that came in the same cohorts, arms are said to lie apart in time."""
HIDDEN = (
    "Leads that left before recording began are missing, so that nothing is said of what comes in "
    "the end."
)


def compare_lagged(
    triangle: Triangle,
    other: Triangle | None = None,
    *,
    control: str | None = None,
    treatment: str | None = None,
    by: str | None = None,
    within: int | None = None,
    concurrent: bool = False,
    family: FamilyName | None = None,
    alternative: Alternative = "two-sided",
    confidence_level: float = 0.95,
    names: tuple[str, str] | None = None,
    units: str = "leads",
    randomised: bool = True,
) -> LaggedComparison:
    """Return two arms compared as if their leads had been followed for the same time.

    Parameters
    ----------
    triangle
        Counts by variant: ``fk.triangle(leads, "lead", "won", by="variant")``. Or, with ``other``,
        those of control.
    other
        Counts of the treatment, where each arm has a triangle of its own.
    control, treatment
        Variants to compare. Default: the one called ``"control"``, and the only other one.
    by
        Column of the triangle that holds the variant, where it has several; the others are summed
        over.
    within
        Days after entry within which rates are compared. Default: as long as a quarter of the
        leads of each arm have been followed, or 25 of them where that is more, up to half. That
        does not look at what became of them.
    concurrent
        Whether to compare only cohorts in which leads of both arms entered: a treatment that
        began later then meets the leads that came when it did.
    family
        Of the time to conversion in the model of eventual rates, as in
        :func:`funnelkit.lag.fit_cure`. Default: the most likely of Weibull, log-normal and
        log-logistic for both arms as one.
    alternative
        Of the treatment: that more of it convert, and sooner (``"greater"``), or fewer and later.
    confidence_level
        Of the intervals; 1 less it is the level of the verdict.
    names, units
        What the arms and the units are called.
    randomised
        Whether chance chose the arm.

    Returns
    -------
    LaggedComparison
        Each with its interval and p-value of one test: (a) ``matured``, (b) ``hazard``, with exits
        also ``incidence``, (c) ``waiting``, (d) ``eventual`` and ``pace``; and which of more and
        faster hold.

    Raises
    ------
    ArgumentError
        If a variant is not there, or an argument cannot be used.
    EvidenceError
        If an arm has no leads, or none that is followed to the horizon.

    Notes
    -----
    (a) Rate within the horizon by Kaplan-Meier, with exits by Aalen-Johansen; each arm is then
    worth F (1 - F) / V leads that are all followed, V being Greenwood's variance, and these
    effective numbers are compared by the score test and interval of Miettinen and Nurminen.
    Without censoring before the horizon that is the comparison of plain counts. (b) The log-rank
    test over all ages that both arms have leads at risk; where exits compete, of the
    cause-specific hazard, which answers whether open leads convert at another speed and not
    whether another share converts; Gray's test answers that. (c) Mean days without conversion
    within the horizon, by Welch's t on as many leads as are followed for all of it. (d)
    Mixture-cure model with a rate and a time scale for each arm and one shape, by likelihood
    ratio; leads that left count as open for good.

    Conversions whose day is not known stand, in (a) to (c), at the age by which they must have
    come. Leads of one account go together in all of these.

    References
    ----------
    Klein, Logan, Harhoff and Andersen (2007), Statistics in Medicine 26, 4505-4519 (rates at a
    fixed time); Cutler and Ederer (1958), Journal of Chronic Diseases 8, 699-712; Miettinen and
    Nurminen (1985), Statistics in Medicine 4, 213-226; Mantel (1966), Cancer Chemotherapy
    Reports 50, 163-170; Royston and Parmar (2013), BMC Medical Research Methodology 13, 152
    (restricted mean); Farewell (1982), Biometrics 38, 1041-1046.

    Examples
    --------
    100 leads of each arm, control's followed for 2 days and the treatment's for 1. Day by day the
    same share of them converts:

    >>> import datetime as dt
    >>> import pandas as pd
    >>> counts = Triangle(
    ...     start="lead",
    ...     target="won",
    ...     by=("variant",),
    ...     segments=(("control",), ("new",)),
    ...     cohorts=pd.period_range("2026-01-01", periods=2, freq="D"),
    ...     as_of=dt.date(2026, 1, 3),
    ...     entered=[[100, 0], [0, 100]],
    ...     events={"won": [[[10, 9, 9], [0, 0, 0]], [[0, 0, 0], [10, 9, 0]]]},
    ...     censored=[[[0, 0, 72], [0, 0, 0]], [[0, 0, 0], [0, 81, 0]]],
    ...     followed=[[[0, 0, 100], [0, 0, 0]], [[0, 0, 0], [0, 100, 0]]],
    ... )
    >>> found = compare_lagged(counts)
    >>> found.horizon, round(found.matured.effect, 6), round(found.matured.pvalue, 6)
    (1, 0.0, 1.0)
    """
    from funnelkit.lag.cure.families import family_called
    from funnelkit.lag.hazard.fits import design_effect

    checks.one_of("alternative", alternative, ALTERNATIVES)
    level = checks.confidence(confidence_level)
    if family is not None:
        family_called(family)
    arms = two_arms(
        triangle,
        other,
        control=control,
        treatment=treatment,
        by=by,
        names=names,
        concurrent=concurrent,
    )
    curves = ArmCurves(counts=arms.counts)
    horizon = horizon_of(curves, within, arms.names)
    design = design_effect(arms.counts, arms.counts.n_ages - 1)
    stayed = arms.for_good
    fitted = Mixture(note=HIDDEN)
    if stayed is not None:
        fitted = mixture(stayed, family=family, design=design)
    asked = Question(
        curves=curves,
        names=arms.names,
        units=units,
        horizon=horizon,
        alternative=alternative,
        level=level,
        randomised=randomised,
    )
    entered, converted = arms.counts.entered[:, 0], arms.counts.converted[:, 0]
    raw = (converted / entered).tolist()
    ages = [int(np.flatnonzero(curves.followed_share[k] >= 0.5)[-1]) for k in (0, 1)]
    return LaggedComparison(
        counts=arms.counts,
        names=arms.names,
        horizon=horizon,
        chosen=within is None,
        matured=asked.rate_within(),
        hazard=asked.hazard(design),
        incidence=None
        if stayed is None or not arms.counts.exits
        else asked.incidence(stayed, design),
        waiting=asked.waiting(),
        eventual=asked.eventual(fitted),
        pace=asked.pace(fitted),
        joint_pvalue=fitted.joint,
        raw_rates=(raw[0], raw[1]),
        maturity=_maturity(curves, horizon),
        median_days=(ages[0], ages[1]),
        together=arms.together,
        alpha=1 - level,
        notes=tuple(_notes(arms, curves, fitted, units=units, randomised=randomised)),
    )


def horizon_of(curves: ArmCurves, within: int | None, names: tuple[str, str]) -> int:
    """Return the horizon asked for, or the one that the follow-up of both arms carries."""
    reach = curves.reach
    shown = [display.one_line(name) for name in names]
    last = min(reach)
    if last < 1:
        short = shown[0] if reach[0] < 1 else shown[1]
        raise EvidenceError(
            f"no lead of {short} is followed for a day; wait until there is something to compare."
        )
    if within is not None:
        wanted = checks.positive_whole("within", within)
        if wanted > last:
            raise EvidenceError(
                f"`within` must be at most {last} days: leads of {shown[0]} are followed for up "
                f"to {reach[0]}, those of {shown[1]} for up to {reach[1]}; got {wanted}."
            )
        return wanted
    entered = curves.counts.entered
    wanted_share = np.clip(FEW / entered, SHARE, MOST)
    enough = (curves.followed_share >= wanted_share).all(axis=0)
    return max(min(int(np.flatnonzero(enough)[-1]), last), 1)


def _maturity(curves: ArmCurves, horizon: int) -> tuple[float, float]:
    """Return the share of what comes within the horizon that each arm has had time for."""
    rate = curves.pooled.rates[0, 0, : horizon + 1]
    share = rate / rate[-1] if rate[-1] > 0 else np.arange(horizon + 1) / horizon
    ages = np.minimum(np.arange(curves.counts.n_ages), horizon)
    followed = curves.counts.followed[:, 0]
    found = (followed * share[ages]).sum(axis=1) / np.maximum(followed.sum(axis=1), 1)
    return float(found[0]), float(found[1])


def _notes(
    arms: TwoArms,
    curves: ArmCurves,
    fitted: Mixture,
    *,
    units: str,
    randomised: bool,
) -> list[str]:
    """Return what a reader must know beside the numbers."""
    counts = arms.counts
    found = []
    if arms.together < TOGETHER:
        share = display.percent(1 - arms.together, decimals=0)
        found.append(
            f"{share} of {display.one_line(arms.names[1])}'s {units} came when none of "
            f"{display.one_line(arms.names[0])}'s did: a change over time is not told apart from "
            + ("the effect." if randomised else "the difference.")
        )
    undated = sum(int(cube.sum()) for cube in counts.undated.values())
    if undated:
        found.append(
            f"The day of {display.plural(undated, 'outcome')} is not known; they stand at the last "
            "day on which they can have come."
        )
    if fitted.note:
        found.append(fitted.note)
    elif "measured" not in fitted.verdicts or len({*fitted.verdicts}) > 1:
        found.append("What comes in the end goes beyond the days that are followed.")
    if curves.curves.broken.any():
        found.append(
            "For some ages nobody is followed, as recording began late: rates leave these out."
        )
    if arms.unassigned:
        found.append(f"{display.count(arms.unassigned)} {units} without a variant are left out.")
    return found
