"""Scores of forecasts of counts and numbers: log score, CRPS, coverage, bias."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import frozen

FloatArray = NDArray[np.float64]
_REACH = 40.0
"""Standard deviations from the mean beyond which a count has no probability worth listing."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CountDistribution:
    """Forecast of a count: a probability for each whole number in a row.

    Parameters
    ----------
    first
        The smallest count that is listed.
    probabilities
        Probability of ``first``, ``first + 1`` and so on; they sum to 1.

    Examples
    --------
    Three that are certain, and two more of which each comes with probability one half:

    >>> forecast = CountDistribution.of_trials(2, 0.5, certain=3)
    >>> forecast.first, forecast.probabilities.round(6).tolist()
    (3, [0.25, 0.5, 0.25])
    """

    first: int
    probabilities: FloatArray

    def __post_init__(self) -> None:
        """Copy and freeze the probabilities."""
        object.__setattr__(self, "probabilities", frozen(self.probabilities, np.float64))

    @classmethod
    def of_trials(
        cls, trials: int, share: float, *, variance: float = 0.0, certain: int = 0
    ) -> Self:
        """Return the forecast of successes among trials whose common share is in doubt.

        Parameters
        ----------
        trials
            Number of trials.
        share
            Mean of the share, from 0 to 1.
        variance
            Variance of the share: how much it is in doubt. 0 gives the binomial distribution.
        certain
            Successes that come on top.

        Returns
        -------
        CountDistribution
            Beta-binomial, with a beta distribution of this mean and variance.

        Raises
        ------
        ArgumentError
            If the share is outside [0, 1], or a number is negative.

        References
        ----------
        Johnson, Kemp and Kotz (2005), Univariate Discrete Distributions, 3rd ed., section 6.2.2.
        """
        if not 0 <= share <= 1 or not variance >= 0 or trials < 0:
            raise ArgumentError(
                "`share` must lie between 0 and 1, and `variance` and `trials` must be at least "
                f"0; got {share!r}, {variance!r} and {trials!r}."
            )
        spread = share * (1 - share)
        if trials == 0 or spread <= 1e-15:
            return cls(first=certain + (trials if share > 0.5 else 0), probabilities=np.ones(1))
        doubt = min(variance, 0.99 * spread)
        sd = np.sqrt(trials * spread + trials * max(trials - 1, 0) * doubt)
        low = int(max(np.floor(trials * share - _REACH * sd), 0))
        high = int(min(np.ceil(trials * share + _REACH * sd), trials))
        counts = np.arange(low, high + 1, dtype=float)
        logs = _log_choose(trials, counts)
        if doubt <= 1e-9 * spread / trials:
            logs += special.xlogy(counts, share) + special.xlog1py(trials - counts, -share)
        else:
            worth = spread / doubt - 1
            a, b = worth * share, worth * (1 - share)
            logs += special.betaln(counts + a, trials - counts + b) - special.betaln(a, b)
        found = np.exp(logs - logs.max())
        return cls(first=certain + low, probabilities=found / found.sum())

    @property
    def counts(self) -> FloatArray:
        """The counts that are listed."""
        return self.first + np.arange(len(self.probabilities), dtype=float)

    @property
    def mean(self) -> float:
        """Expected count."""
        return float(self.counts @ self.probabilities)

    def quantile(self, share: float) -> int:
        """Return the smallest count that is not exceeded with at least this probability."""
        reached = np.cumsum(self.probabilities) >= share * (1 - 1e-12)
        return self.first + (int(np.argmax(reached)) if reached.any() else len(reached) - 1)

    def interval(self, confidence_level: float = 0.95) -> tuple[int, int]:
        """Return the central interval of the count, both ends included.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        tail = (1 - checks.confidence(confidence_level)) / 2
        return self.quantile(tail), self.quantile(1 - tail)

    def log_score(self, observed: int, *, spare: float = 0.0, among: int = 0) -> float:
        """Return the logarithm of the probability given to what came; larger is better.

        Parameters
        ----------
        observed
            The count that came.
        spare
            Probability that is kept back and spread evenly over 0 to ``among``, so that a single
            count held to be impossible does not outweigh everything else. With 0, such a count
            scores minus infinity.
        among
            The largest count there can be.

        References
        ----------
        Good (1952), JRSS B 14, 107-114. Gneiting and Raftery (2007), JASA 102, 359-378,
        section 3.
        """
        position = observed - self.first
        inside = 0 <= position < len(self.probabilities)
        given = float(self.probabilities[position]) if inside else 0.0
        chance = (1 - spare) * given + spare / (among + 1)
        return float(np.log(chance)) if chance > 0 else float("-inf")

    def crps(self, observed: int) -> float:
        """Return the continuous ranked probability score, in counts; smaller is better.

        Notes
        -----
        Σ (F(y) - 1{y >= observed})² over all whole numbers y. For a forecast without doubt it is
        the absolute error.

        References
        ----------
        Gneiting and Raftery (2007), JASA 102, 359-378, section 4.2. Epstein (1969), Journal of
        Applied Meteorology 8, 985-987, for the discrete form.
        """
        last = self.first + len(self.probabilities) - 1
        reached = np.cumsum(self.probabilities)
        beyond = max(observed - last, 0) + max(self.first - observed, 0)
        come = self.counts[:-1] >= observed
        return float(((reached[:-1] - come) ** 2).sum() + beyond)


def crps_samples(draws: ArrayLike, observed: ArrayLike) -> FloatArray:
    """Return the continuous ranked probability score of draws; smaller is better.

    Parameters
    ----------
    draws
        Draws from each forecast along the last axis, shape ``(..., n_draws)``.
    observed
        What came, shape ``(...)``.

    Returns
    -------
    ndarray
        In the units of the draws, shape ``(...)``.

    Notes
    -----
    mean |X - y| - mean |X - X'| / 2 over all pairs of draws: the score of the empirical
    distribution.

    References
    ----------
    Gneiting and Raftery (2007), JASA 102, 359-378, eq. 21.

    Examples
    --------
    >>> float(crps_samples([1.0, 3.0], 2.0))
    0.5
    """
    x = np.sort(np.asarray(draws, float), axis=-1)
    n = x.shape[-1]
    distance = np.abs(x - np.asarray(observed, float)[..., None]).mean(axis=-1)
    weights = 2 * np.arange(1, n + 1) - n - 1  # Σ |x_i - x_j| over pairs, from the sorted draws
    return np.asarray(distance - (weights * x).sum(axis=-1) / n**2)


def coverage(low: ArrayLike, high: ArrayLike, observed: ArrayLike) -> float:
    """Return the share of what came that lies in its interval, ends included.

    Examples
    --------
    >>> coverage([0, 0], [2, 2], [2, 3])
    0.5
    """
    came = np.asarray(observed, float)
    return float(((came >= np.asarray(low)) & (came <= np.asarray(high))).mean())


def bias(predicted: ArrayLike, observed: ArrayLike) -> float:
    """Return the mean of predicted less observed: above 0 where forecasts are too high.

    Examples
    --------
    >>> bias([3.0, 5.0], [1.0, 5.0])
    1.0
    """
    return float((np.asarray(predicted, float) - np.asarray(observed, float)).mean())


def skill(score: float, reference: float) -> float:
    """Return by what share a loss is smaller than that of a reference: 1 is perfect, 0 no better.

    0 where the reference has no loss either, and at least -99, where it has hardly any.

    Examples
    --------
    >>> skill(1.0, 4.0)
    0.75
    """
    if reference <= 0:
        return 0.0 if score <= 0 else -99.0
    return float(max(1 - score / reference, -99.0))


def _log_choose(trials: int, counts: FloatArray) -> FloatArray:
    return np.asarray(
        special.gammaln(trials + 1)
        - special.gammaln(counts + 1)
        - special.gammaln(trials - counts + 1)
    )
