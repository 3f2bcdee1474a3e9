"""The comparisons that make up the answer about two arms, each with interval and p-value."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from funnelkit._core import display
from funnelkit.counts.triangle import Triangle
from funnelkit.experiment.comparison import Alternative, Arm, Comparison
from funnelkit.experiment.lagged.curves_of_arms import ArmCurves
from funnelkit.experiment.lagged.daily_odds import DailyOdds
from funnelkit.experiment.lagged.more_or_faster import Mixture, Ratio, exp_of
from funnelkit.experiment.proportions.methods import METHODS
from funnelkit.experiment.proportions.scores import Pair

_OPPOSITE: dict[Alternative, Alternative] = {
    "two-sided": "two-sided",
    "greater": "less",
    "less": "greater",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Question:
    """What is asked of two arms, and how.

    Parameters
    ----------
    curves
        Of the arms.
    names, units
        What arms and units are called.
    horizon
        Days within which rates are compared.
    alternative
        Of the treatment: that more convert, and sooner, or fewer and later.
    level
        Of the intervals.
    randomised
        Whether chance chose the arm.
    """

    curves: ArmCurves
    names: tuple[str, str]
    units: str
    horizon: int
    alternative: Alternative
    level: float
    randomised: bool

    @property
    def step(self) -> str:
        """The transition in words."""
        return f"{display.one_line(self.curves.counts.start)} to {self.target}"

    @property
    def target(self) -> str:
        """Stage that is to be reached."""
        return display.one_line(self.curves.counts.target)

    @property
    def days(self) -> str:
        """The horizon in words."""
        return display.plural(self.horizon, "day")

    def arms(self, means: tuple[float, float]) -> tuple[Arm, Arm]:
        """Return control and treatment with what is compared."""
        entered = self.curves.counts.entered[:, 0].tolist()
        control, treatment = (
            Arm(name=name, n=int(n), mean=float(mean))
            for name, n, mean in zip(self.names, entered, means, strict=True)
        )
        return control, treatment

    def rate_within(self) -> Comparison:
        """Return the rate within the horizon, by the score test on effective numbers."""
        (x1, x2), (n1, n2) = (
            each.tolist() for each in self.curves.effective(self.horizon, self.level)
        )
        pair, test = Pair(x1=x1, n1=n1, x2=x2, n2=n2), METHODS["score"]
        found = test.find(pair, "difference", self.alternative)
        ratio = test.find(pair, "ratio", self.alternative)
        rates = self.curves.rates(self.horizon).tolist()
        control, treatment = self.arms((rates[0], rates[1]))
        exits = self.curves.counts.exits
        return Comparison(
            metric=f"{self.step} within {self.days}",
            unit="share",
            control=control,
            treatment=treatment,
            scale="difference",
            effect=rates[1] - rates[0],
            pvalue=found.pvalue,
            bounds=found.bounds,
            method=f"score test on {'Aalen-Johansen' if exits else 'Kaplan-Meier'} rates",
            statistic=found.statistic,
            alternative=self.alternative,
            relative=rates[1] / rates[0] - 1 if rates[0] else math.nan,
            relative_bounds=lambda level: _less_one(ratio.bounds(level)),
            units=self.units,
            randomised=self.randomised,
            confidence_level=self.level,
        )

    def hazard(self, design: float) -> Comparison:
        """Return the daily odds ratio of converting among open leads, by the log-rank test."""
        counts = self.curves.counts
        if not counts.exits:
            return self._daily(
                counts,
                design,
                metric=f"odds of {self.target} on any one day",
                method="log-rank test",
            )
        return self._daily(
            counts,
            design,
            metric=f"odds of {self.target} on any one day, for an open lead",
            method="log-rank test of the cause-specific hazard",
            note=(
                f"Leads that left are taken out: this is how fast open leads reach {self.target}, "
                "not what share does."
            ),
        )

    def incidence(self, stayed: Triangle, design: float) -> Comparison:
        """Return the daily odds ratio among all that have not converted, by Gray's test.

        Parameters
        ----------
        stayed
            Counts in which a lead that left stays at risk up to the age that it has today.
        design
            Design effect of accounts.

        Notes
        -----
        As every lead's follow-up is known, also of those that left, Gray's test is the log-rank
        test in which these stay at risk, never to convert.

        References
        ----------
        Gray (1988), Annals of Statistics 16, 1141-1154; Fine and Gray (1999), JASA 94, 496-509,
        section 3.1 (censoring complete data).
        """
        return self._daily(
            stayed,
            design,
            metric=f"odds of {self.target} on any one day, whoever left",
            method="Gray's test",
        )

    def _daily(
        self, counts: Triangle, design: float, *, metric: str, method: str, note: str = ""
    ) -> Comparison:
        odds = DailyOdds(
            events=counts.by_age(counts.target)[:, 0].astype(float),
            at_risk=np.maximum(counts.at_risk[:, 0], 0).astype(float),
            design=design,
        )
        alternative = self.alternative
        rates = self.curves.rates(self.horizon).tolist()
        control, treatment = self.arms((rates[0], rates[1]))
        statistic = odds.statistic() if odds.informative else math.nan
        return Comparison(
            metric=metric,
            unit="share",
            control=control,
            treatment=treatment,
            scale="odds ratio",
            effect=exp_of(odds.estimate),
            pvalue=_pvalue(statistic, alternative),
            bounds=lambda level: _score_ends(odds, level, alternative),
            method=method,
            statistic=statistic,
            alternative=alternative,
            units=self.units,
            randomised=self.randomised,
            notes=(note,) if note else (),
            confidence_level=self.level,
        )

    def waiting(self) -> Comparison:
        """Return the mean days without conversion within the horizon, by Welch's t."""
        from scipy import stats

        means, variances = self.curves.waiting(self.horizon)
        design = self.curves.design(self.horizon, self.level)
        followed = self.curves.followed_share[:, self.horizon] * self.curves.counts.entered[:, 0]
        leads = np.maximum(followed / design, 2.0)
        # The variance of a mean has n - 1 below it; n are those followed for the whole horizon.
        variances = variances * design * leads / (leads - 1)
        effect, total = float(means[1] - means[0]), float(variances.sum())
        error = math.sqrt(total)
        parts = variances**2 / (leads - 1)
        df = max(total**2 / float(parts.sum()), 1.0) if total > 0 else 1.0
        alternative = _OPPOSITE[self.alternative]
        still = 0.0 if effect == 0 else math.nan
        statistic = effect / error if error > 0 else still
        tails = {
            "two-sided": 2 * float(stats.t.sf(abs(statistic), df)),
            "greater": float(stats.t.sf(statistic, df)),
            "less": float(stats.t.cdf(statistic, df)),
        }

        def bounds(level: float) -> tuple[float, float]:
            tail = (1 - level) / (2 if alternative == "two-sided" else 1)
            half = float(stats.t.isf(tail, df)) * error
            low = -self.horizon if alternative == "less" else effect - half
            high = self.horizon if alternative == "greater" else effect + half
            return (low, high) if error > 0 else (-self.horizon, self.horizon)

        control, treatment = self.arms((float(means[0]), float(means[1])))
        return Comparison(
            metric=f"days not yet {self.target}, of the first {self.horizon}",
            unit="days",
            control=control,
            treatment=treatment,
            scale="difference",
            effect=effect,
            pvalue=tails[alternative],
            bounds=bounds,
            method="restricted mean time, Welch's t",
            statistic=statistic,
            alternative=alternative,
            units=self.units,
            randomised=self.randomised,
            notes=(
                ("No spread in either arm, so that nothing can be tested.",)
                if math.isnan(statistic)
                else ()
            ),
            confidence_level=self.level,
        )

    def eventual(self, found: Mixture) -> Comparison:
        """Return the odds ratio of the eventual rate, by the likelihood ratio."""
        control, treatment = self.arms(found.rates)
        alternative = self.alternative
        return Comparison(
            metric=f"{self.step} in the end",
            unit="share",
            control=control,
            treatment=treatment,
            scale="odds ratio",
            effect=exp_of(found.rate.log),
            pvalue=found.rate.pvalue(alternative),
            bounds=lambda level: found.rate.ends(level, alternative),
            method=f"likelihood ratio, {found.family} mixture-cure model",
            statistic=_root(found.rate),
            alternative=alternative,
            relative=found.rates[1] / found.rates[0] - 1 if found.rates[0] > 0 else math.nan,
            units=self.units,
            randomised=self.randomised,
            confidence_level=self.level,
        )

    def pace(self, found: Mixture) -> Comparison:
        """Return the ratio of the times to conversion, by the likelihood ratio."""
        known = not math.isnan(found.pace.log)
        control, treatment = self.arms(found.medians if known else (math.nan, math.nan))
        alternative = _OPPOSITE[self.alternative]
        return Comparison(
            metric=f"median days to {self.target} of those who get there",
            unit="days",
            control=control,
            treatment=treatment,
            scale="ratio",
            effect=exp_of(found.pace.log),
            pvalue=found.pace.pvalue(alternative),
            bounds=lambda level: found.pace.ends(level, alternative),
            method=f"likelihood ratio, {found.family} mixture-cure model",
            statistic=_root(found.pace),
            alternative=alternative,
            relative=exp_of(found.pace.log) - 1,
            units=self.units,
            randomised=self.randomised,
            confidence_level=self.level,
        )


def _less_one(ends: tuple[float, float]) -> tuple[float, float]:
    return ends[0] - 1, ends[1] - 1


def _pvalue(statistic: float, alternative: Alternative) -> float:
    from scipy import special

    if math.isnan(statistic):
        return math.nan
    if alternative == "two-sided":
        return float(2 * special.ndtr(-abs(statistic)))
    return float(special.ndtr(-statistic if alternative == "greater" else statistic))


def _score_ends(odds: DailyOdds, level: float, alternative: Alternative) -> tuple[float, float]:
    from scipy import special

    tail = (1 - level) / (2 if alternative == "two-sided" else 1)
    z = -float(special.ndtri(tail))
    low = 0.0 if alternative == "less" else exp_of(odds.end(z))
    high = math.inf if alternative == "greater" else exp_of(odds.end(-z))
    return low, high


def _root(found: Ratio) -> float:
    return math.nan if math.isnan(found.log) else found.deviance
