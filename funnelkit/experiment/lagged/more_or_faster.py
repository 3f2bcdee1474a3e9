"""What share comes to the target in the end and how long that takes, in two arms."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from scipy import special, stats

from funnelkit._core.errors import EvidenceError
from funnelkit.counts.triangle import Triangle
from funnelkit.experiment.comparison import Alternative

if TYPE_CHECKING:
    from funnelkit.lag.cure.families import FamilyName
    from funnelkit.lag.regression.fits import CureRegression
    from funnelkit.lag.regression.solution import Coefficient, RegressionSolution

FAMILIES: tuple[FamilyName, ...] = ("weibull", "log-normal", "log-logistic")
"""Among which the pace is chosen, by the likelihood of both arms as one."""


class Ratio(NamedTuple):
    """A ratio of treatment over control, tested by the likelihood.

    Parameters
    ----------
    log
        The log of the estimate; NaN where there is none.
    deviance
        Likelihood ratio of no difference, over the design effect of accounts.
    bounds
        From a two-sided level to both ends of the log ratio.
    """

    log: float
    deviance: float
    bounds: Callable[[float], tuple[float, float]]

    def pvalue(self, alternative: Alternative) -> float:
        """Return the p-value by the signed root of the likelihood ratio."""
        if math.isnan(self.log):
            return math.nan
        root = math.copysign(math.sqrt(max(self.deviance, 0.0)), self.log)
        if alternative == "two-sided":
            return float(2 * special.ndtr(-abs(root)))
        return float(special.ndtr(-root if alternative == "greater" else root))

    def ends(self, level: float, alternative: Alternative) -> tuple[float, float]:
        """Return the ends of the ratio; one-sided with a one-sided alternative."""
        if alternative == "two-sided":
            low, high = self.bounds(level)
            return exp_of(low), exp_of(high)
        low, high = self.bounds(max(2 * level - 1, 0.0))
        return (exp_of(low), math.inf) if alternative == "greater" else (0.0, exp_of(high))


UNKNOWN = Ratio(math.nan, 0.0, lambda _: (-math.inf, math.inf))


@dataclass(frozen=True, eq=False, kw_only=True)
class Mixture:
    """A mixture-cure model of two arms: eventual rates and paces of their own, one shape.

    Parameters
    ----------
    rate
        Odds ratio of the eventual rate.
    pace
        Ratio of the times to conversion; :data:`UNKNOWN` where an arm has no conversion.
    joint
        p-value of neither: the likelihood ratio against one rate and one pace for both arms.
    rates
        Eventual rate of each arm.
    medians
        Days by which half of what converts has done so, in each arm.
    family
        Of the times.
    verdicts
        Of the fit, on each arm: ``"measured"``, ``"extrapolated"``, ``"bound only"``.
    note
        Why there is no fit, or what it lacks; "" where it lacks nothing.
    """

    rate: Ratio = UNKNOWN
    pace: Ratio = UNKNOWN
    joint: float = math.nan
    rates: tuple[float, float] = (math.nan, math.nan)
    medians: tuple[float, float] = (math.nan, math.nan)
    family: FamilyName = "weibull"
    verdicts: tuple[str, str] = ("", "")
    note: str = ""


def mixture(counts: Triangle, *, family: FamilyName | None, design: float) -> Mixture:
    """Return the mixture-cure model of two arms.

    Parameters
    ----------
    counts
        Segments control and treatment of one column ``arm``, without exits.
    family
        Of the times; ``None``: the one of :data:`FAMILIES` under which both arms as one are most
        likely.
    design
        Design effect of accounts, by which deviances are divided.

    References
    ----------
    Farewell (1982), Biometrics 38, 1041-1046.
    """
    from funnelkit.lag.cure.grouped import fit_cure
    from funnelkit.lag.regression.fits import fit_cure_regression

    converted = counts.converted[:, 0]
    if not converted.any():
        return Mixture(note="Nobody has converted, so that nothing is known of eventual rates.")
    try:
        chosen = family or _most_likely(counts)
        own = bool((converted > 0).all())
        found = fit_cure_regression(
            counts, rate="arm", scale="arm" if own else "1", family=chosen, starts=2
        )
        alike = fit_cure(counts, family=chosen, rates=(), starts=2).solution.top.value
    except EvidenceError:
        return Mixture(
            note="Follow-up is too short to tell eventual rates: all leads are of one day or less, "
            "or came under observation late."
        )
    return _read(found, alike, design=design, own=own)


def _most_likely(counts: Triangle) -> FamilyName:
    from funnelkit.lag.cure.grouped import fit_cure

    tops = {
        name: fit_cure(counts, family=name, rates=(), starts=2).solution.top.value
        for name in FAMILIES
    }
    return max(FAMILIES, key=lambda name: tops[name])


def _read(found: CureRegression, alike: float, *, design: float, own: bool) -> Mixture:
    solution = found.solution
    flip = not found.converted[0, 0]  # then control is not the reference of the levels
    of_rates, of_scales = (
        [each for each in part if each.term == "arm"] for part in solution.coefficients
    )
    rate = _ratio(solution, of_rates[0], design, flip=flip) if of_rates else UNKNOWN
    pace = _ratio(solution, of_scales[0], design, flip=flip) if of_scales else UNKNOWN
    gain = max(2 * (solution.top.value - alike), 0.0) / design
    days = found.median_days()[:, 0]
    return Mixture(
        rate=rate,
        pace=pace,
        joint=float(stats.chi2.sf(gain, 1 + bool(of_scales))),
        rates=(float(found.ultimate[0, 0]), float(found.ultimate[1, 0])),
        medians=(float(days[0]), float(days[1])),
        family=found.family,
        verdicts=(str(found.verdicts[0, 0]), str(found.verdicts[1, 0])),
        note=""
        if own
        else "An arm has no conversion, so that its pace is taken to be that of the other.",
    )


def _ratio(solution: RegressionSolution, each: Coefficient, design: float, *, flip: bool) -> Ratio:
    sign = -1.0 if flip else 1.0
    if math.isnan(each.estimate):
        return UNKNOWN

    def bounds(level: float) -> tuple[float, float]:
        cut = design * float(stats.chi2.isf(1 - level, 1))
        if cut <= 0:
            return each.estimate * sign, each.estimate * sign
        low, high = (
            float(solution.end(each.along, each.estimate, cut, upper=upper))
            for upper in (False, True)
        )
        return (-high, -low) if flip else (low, high)

    deviance = float(solution.deviance(each.along, 0.0)) / design
    return Ratio(float(each.estimate) * sign, deviance, bounds)


def exp_of(value: float) -> float:
    """Return e to a log ratio: 0 or infinity at its ends, NaN where there is none."""
    if math.isnan(value):
        return math.nan
    if math.isinf(value):
        return math.inf if value > 0 else 0.0
    return math.exp(min(max(value, -700.0), 700.0))
