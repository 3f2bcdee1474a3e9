"""Two means with their variances: test, interval, and Fieller's interval of their ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import stats

from funnelkit.experiment.comparison import Alternative, Bounds


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """Two estimated means, and how sure each is.

    Parameters
    ----------
    control, treatment
        The means.
    control_variance, treatment_variance, covariance
        Of the two means as estimates; the variances are NaN where they cannot be told.
    df
        Degrees of freedom of the variance of the difference.
    floor
        Smallest value that the means can have, where one is known: 0 of amounts.

    Examples
    --------
    Welch (1947) on two samples given by their moments:

    >>> one = Contrast.welch((10, 2.0, 1.0), (15, 3.0, 2.0))
    >>> round(one.statistic, 4), round(one.df, 2), round(one.pvalue("two-sided"), 4)
    (1.6514, 21.72, 0.113)
    """

    control: float
    treatment: float
    control_variance: float
    treatment_variance: float
    df: float
    covariance: float = 0.0
    floor: float = -math.inf

    @classmethod
    def welch(
        cls,
        control: tuple[float, float, float],
        treatment: tuple[float, float, float],
        *,
        floor: float = -math.inf,
    ) -> Contrast:
        """Return the contrast of two samples, each of (n, mean, sd), of unlike variances.

        References
        ----------
        Welch (1947), Biometrika 34, 28-35; Satterthwaite (1946), Biometrics Bulletin 2, 110-114.
        """
        parts = [
            (sd**2 / n, n - 1) if n > 1 else (math.nan, 0.0) for n, _, sd in (control, treatment)
        ]
        return cls(
            control=control[1],
            treatment=treatment[1],
            control_variance=parts[0][0],
            treatment_variance=parts[1][0],
            df=satterthwaite(parts),
            floor=floor,
        )

    @property
    def difference(self) -> float:
        """Treatment less control."""
        return self.treatment - self.control

    @property
    def error(self) -> float:
        """Standard error of the difference; NaN where nothing can be told."""
        variance = self.control_variance + self.treatment_variance - 2 * self.covariance
        return math.sqrt(variance) if variance > 0 else math.nan

    @property
    def statistic(self) -> float:
        """The difference over its standard error."""
        return self.difference / self.error

    @property
    def relative(self) -> float:
        """Treatment over control, less 1; NaN where control is not above 0."""
        return self.treatment / self.control - 1 if self.control > 0 else math.nan

    @property
    def clear(self) -> bool:
        """Whether anything can be tested."""
        return not math.isnan(self.error)

    def pvalue(self, alternative: Alternative) -> float:
        """Return the p-value of no difference; NaN where nothing can be tested."""
        if not self.clear:
            return math.nan
        if alternative == "two-sided":
            return float(2 * stats.t.sf(abs(self.statistic), self.df))
        sign = 1 if alternative == "greater" else -1
        return float(stats.t.sf(sign * self.statistic, self.df))

    def bounds(self, alternative: Alternative) -> Bounds:
        """Return what gives the interval of the difference at a level."""

        def ends(level: float) -> tuple[float, float]:
            if not self.clear:
                return -math.inf, math.inf
            reach = self._quantile(level, alternative) * self.error
            low = -math.inf if alternative == "less" else self.difference - reach
            high = math.inf if alternative == "greater" else self.difference + reach
            return low, high

        return ends

    def relative_bounds(self, alternative: Alternative) -> Bounds | None:
        """Return what gives Fieller's interval of the relative difference; ``None`` without one."""
        if math.isnan(self.relative):
            return None

        def ends(level: float) -> tuple[float, float]:
            lowest = -1.0 if self.floor >= 0 else -math.inf
            if not self.clear:
                return lowest, math.inf
            low, high = self.fieller(self._quantile(level, alternative))
            low = lowest if alternative == "less" else max(low - 1, lowest)
            return low, math.inf if alternative == "greater" else high - 1

        return ends

    def fieller(self, quantile: float) -> tuple[float, float]:
        """Return the ratios of the means that the data do not exclude.

        Parameters
        ----------
        quantile
            Of Student's t, so many standard errors away is what is excluded.

        Returns
        -------
        tuple
            Infinite above where the control mean is not clearly above 0; then infinite below too,
            unless the means cannot be negative.

        Notes
        -----
        All ratios r for which (treatment - r control)² <= t² Var(treatment - r control). With the
        degrees of freedom of the difference, r = 1 is among them exactly when the test does not
        reject.

        References
        ----------
        Fieller (1954), Journal of the Royal Statistical Society B 16, 175-185.
        """
        squared = quantile**2
        a = self.control**2 - squared * self.control_variance
        b = self.control * self.treatment - squared * self.covariance
        c = self.treatment**2 - squared * self.treatment_variance
        root = math.copysign(math.sqrt(max(b * b - a * c, 0.0)), quantile)
        if a > 0:
            return (b - root) / a, (b + root) / a
        if self.floor < 0:
            return -math.inf, math.inf
        return (b - root) / a if a < 0 < c else 0.0, math.inf

    def notes(self, alternative: Alternative, level: float, units: str) -> tuple[str, ...]:
        """Return what has to be said about the test and the relative difference."""
        said = []
        if not self.clear:
            said.append(
                "Nothing tells how far chance reaches, so nothing is tested: an arm has one of the "
                f"{units} only, or they do not differ from each other."
            )
        if not self.control > 0:
            said.append("The mean of control is not above 0, so there is no relative difference.")
        elif self.clear and alternative != "greater":
            bounds = self.relative_bounds(alternative)
            if bounds is not None and math.isinf(bounds(level)[1]):
                said.append(
                    "The mean of control is not clearly above 0, so the relative difference has "
                    "no limit."
                )
        return tuple(said)

    def _quantile(self, level: float, alternative: Alternative) -> float:
        tail = (1 - level) / 2 if alternative == "two-sided" else 1 - level
        return float(stats.t.isf(tail, self.df))


def satterthwaite(parts: list[tuple[float, float]]) -> float:
    """Return the degrees of freedom of a sum of variances, each with its own.

    Parameters
    ----------
    parts
        Variance and degrees of freedom of each; infinite ones are of a variance that is known. A
        variance of 0 has no part in it.

    Examples
    --------
    >>> satterthwaite([(1.0, 9.0), (1.0, 9.0)])
    18.0
    """
    total = sum(variance for variance, _ in parts)
    below = sum(variance**2 / df for variance, df in parts if variance > 0 and df > 0)
    if below > 0:
        return total**2 / below
    return math.inf if total > 0 else math.nan
