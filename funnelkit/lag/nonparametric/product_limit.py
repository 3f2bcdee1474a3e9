"""The product-limit engine: curves, variances and draws from counts of events and leads at risk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import stats

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Curves:
    """Aalen-Johansen curves on whole days; with one outcome, Kaplan-Meier.

    Parameters
    ----------
    events
        Leads with each outcome by age, shape ``(n_outcomes, *cells, n_ages)``.
    at_risk
        Leads undecided and under observation at the start of each age, shape
        ``(*cells, n_ages)``; events come before censoring on a day.

    Notes
    -----
    With d_k(j) events of outcome k among n(j) at risk on day j, S(a) is the product over j <= a
    of 1 - Σ_k d_k(j)/n(j), and F_k(a) the sum over j <= a of S(j-1) d_k(j)/n(j). On a day with
    nobody at risk the curves stay where they are.

    References
    ----------
    Aalen and Johansen (1978), Scandinavian Journal of Statistics 5, 141-150. Kalbfleisch and
    Prentice (2002), The Statistical Analysis of Failure Time Data, 2nd ed., chapter 8.
    """

    events: IntArray
    at_risk: IntArray

    @cached_property
    def hazards(self) -> FloatArray:
        """Daily hazards d_k / n, shape ``(n_outcomes, *cells, n_ages)``."""
        return np.asarray(self.events / np.maximum(self.at_risk, 1), float)

    @cached_property
    def undecided(self) -> FloatArray:
        """Share still without any outcome after each age, shape ``(*cells, n_ages)``."""
        # The complement as one division: exactly 0 where everybody at risk had an outcome.
        left = self.at_risk - self.events.sum(axis=0)
        stay = np.where(self.at_risk > 0, left / np.maximum(self.at_risk, 1), 1.0)
        return np.asarray(np.cumprod(stay, axis=-1))

    @cached_property
    def before(self) -> FloatArray:
        """Share still without any outcome at the start of each age."""
        first = np.ones_like(self.undecided[..., :1])
        return np.concatenate([first, self.undecided[..., :-1]], axis=-1)

    @cached_property
    def rates(self) -> FloatArray:
        """Share with each outcome by each age, shape ``(n_outcomes, *cells, n_ages)``."""
        found = np.cumsum(self.before * self.hazards, axis=-1)
        return np.where(found > 1 - 1e-12, 1.0, found)  # everybody, but for rounding

    @cached_property
    def variances(self) -> FloatArray:
        """Variance of each rate, shape ``(n_outcomes, *cells, n_ages)``.

        Notes
        -----
        The delta method on the daily multinomial counts, carried forward day by day as the
        covariance of (S, F_k). It is the variance of Marubini and Valsecchi (1995), Analysing
        Survival Data from Clinical Trials and Observational Studies, p. 341, with ties;
        with a single outcome, Greenwood's (1926).
        """
        n_ages = self.at_risk.shape[-1]
        found = np.zeros(self.events.shape, float)
        var_s = np.zeros(self.at_risk.shape[:-1])
        cov, var_f = np.zeros(self.events.shape[:-1]), np.zeros(self.events.shape[:-1])
        weight = self.before**2 / np.maximum(self.at_risk, 1)
        total = self.hazards.sum(axis=0)
        for age in range(n_ages):
            h, any_h, w = self.hazards[..., age], total[..., age], weight[..., age]
            stay = 1.0 - any_h
            var_f = var_f + 2 * h * cov + h**2 * var_s + w * h * (1 - h)
            cov = stay * (cov + h * var_s) - w * h * stay
            var_s = stay**2 * var_s + w * any_h * stay
            found[..., age] = var_f
        return np.maximum(found, 0.0)

    @cached_property
    def followed_to(self) -> IntArray:
        """Last age with anybody at risk, shape ``cells``; -1 where nobody ever is.

        The last age of all where everybody was decided: then nothing is left to follow.
        """
        n_ages = self.at_risk.shape[-1]
        last = n_ages - 1 - np.argmax(self.at_risk[..., ::-1] > 0, axis=-1)
        last = np.where((self.at_risk > 0).any(axis=-1), last, -1)
        return np.where(self.undecided[..., -1] <= 0, n_ages - 1, last)

    @cached_property
    def broken(self) -> NDArray[np.bool_]:
        """Whether leads come under observation after the curve had nobody left, shape ``cells``.

        It happens only with delayed entry; what came in between is unknown.
        """
        nobody = (self.at_risk <= 0) | (self.before <= 0)
        return np.asarray((np.maximum.accumulate(nobody, axis=-1) & (self.at_risk > 0)).any(-1))

    @cached_property
    def worth(self) -> FloatArray:
        """Leads that each age of the curve is worth, shape ``(*cells, n_ages)``.

        At risk over the share undecided: without censoring the number that entered, with it
        about the number followed so far. Carried on past the last age with anybody at risk.
        """
        known = self.at_risk > 0
        found = np.where(known, self.at_risk / np.where(self.before > 0, self.before, 1.0), 0.0)
        ages = np.where(known, np.arange(self.at_risk.shape[-1]), 0)
        return np.take_along_axis(found, np.maximum.accumulate(ages, axis=-1), axis=-1)

    def interval(
        self, ages: IntArray, *, outcome: int, tail: float, design: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return both ends of the interval of one outcome's rate, shape ``(*cells, len(ages))``.

        Parameters
        ----------
        ages
            Positions among the ages.
        outcome
            Position of the outcome.
        tail
            Share left out on each side.
        design
            Design effect by which variances are multiplied, shape ``cells``.

        Notes
        -----
        1 - (1 - F)^exp(±z s), with s = se(F) / ((1 - F) |log(1 - F)|); where F is 0 or 1, the
        exact bound for :attr:`worth` leads of which none, or all, had the outcome.
        """
        rates = np.take(self.rates[outcome], ages, axis=-1)
        variances = np.take(self.variances[outcome], ages, axis=-1) * design[..., None]
        worth = np.take(self.worth, ages, axis=-1) / design[..., None]
        inside = (rates > 0) & (rates < 1)
        share = np.where(inside, rates, 0.5)
        log = np.log1p(-share)
        spread = stats.norm.isf(tail) * np.sqrt(variances) / ((share - 1) * log)
        spread = np.minimum(spread, 500.0)  # its exponential stays a number
        bound = tail ** (1 / np.maximum(worth, 1e-9))
        low = np.where(inside, -np.expm1(log * np.exp(-spread)), np.where(rates > 0, bound, 0))
        high = np.where(inside, -np.expm1(log * np.exp(spread)), np.where(rates > 0, 1, 1 - bound))
        return low, high

    def sample(
        self, n: int, *, outcome: int, divisor: FloatArray, rng: np.random.Generator
    ) -> FloatArray:
        """Return draws of one outcome's curve, shape ``(n, *cells, n_ages)``.

        Parameters
        ----------
        n
            Number of draws.
        outcome
            Position of the outcome.
        divisor
            Design effect by which the counts are divided, shape ``cells``.
        rng
            Source of the draws.

        Notes
        -----
        Daily hazards are drawn independently from their Dirichlet posterior under a beta
        process of weight one whose cumulative hazard is 1 / (n_outcomes + 1) for each outcome,
        laid over the days as that outcome's events are (evenly where there are none). With all
        events on one day and no exits that is the posterior of Jeffreys' prior,
        Beta(x + 1/2, n - x + 1/2).

        References
        ----------
        Hjort (1990), Annals of Statistics 18, 1259-1294. Lo (1993), Annals of
        Statistics 21, 100-123.
        """
        n_outcomes, n_ages = self.events.shape[0], self.events.shape[-1]
        by_day = self.events.reshape(n_outcomes, -1, n_ages).sum(axis=1)
        totals = by_day.sum(axis=1, keepdims=True)
        laid = np.where(totals > 0, by_day / np.maximum(totals, 1), 1 / n_ages) / (n_outcomes + 1)
        cells = (1,) * (self.at_risk.ndim - 1)
        prior = laid.reshape(n_outcomes, *cells, n_ages)
        size = (n, *self.at_risk.shape)
        left = self.at_risk - self.events.sum(axis=0)
        stayed = rng.standard_gamma(left / divisor[..., None] + 1 - prior.sum(axis=0), size)
        total, wanted = stayed.copy(), stayed
        for k in range(n_outcomes):
            drawn = rng.standard_gamma(self.events[k] / divisor[..., None] + prior[k], size)
            total += drawn
            if k == outcome:
                wanted = drawn
        followed = self.at_risk > 0
        stay = np.where(followed, stayed / total, 1.0)
        undecided = np.cumprod(stay, axis=-1)
        undecided = np.concatenate([np.ones_like(stay[..., :1]), undecided[..., :-1]], axis=-1)
        return np.minimum(np.cumsum(undecided * np.where(followed, wanted / total, 0.0), -1), 1.0)
