"""Rates by age of two arms, and what each is worth in leads followed for the whole time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit.counts.triangle import Triangle

if TYPE_CHECKING:
    from funnelkit.lag.nonparametric.product_limit import Curves

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class ArmCurves:
    """Aalen-Johansen curves of two arms; without exits, Kaplan-Meier.

    Parameters
    ----------
    counts
        Two segments with a single cohort each.
    """

    counts: Triangle

    @cached_property
    def curves(self) -> Curves:
        """The curves, cells being the two arms; the target comes first."""
        from funnelkit.lag.nonparametric.product_limit import Curves

        events = np.stack([self.counts.by_age(name)[:, 0] for name in self.counts.outcomes])
        return Curves(events=events, at_risk=self.counts.at_risk[:, 0])

    @cached_property
    def reach(self) -> tuple[int, int]:
        """Last age at which a lead of each arm is followed; -1 where none ever is."""
        first, second = self.curves.followed_to.tolist()
        return int(first), int(second)

    @cached_property
    def followed_share(self) -> FloatArray:
        """Share of each arm's leads that are at least so old, by age; shape ``(2, n_ages)``."""
        followed = self.counts.followed[:, 0]
        older = np.cumsum(followed[:, ::-1], axis=1)[:, ::-1]
        return np.asarray(older / np.maximum(self.counts.entered, 1))

    @cached_property
    def pooled(self) -> Curves:
        """The curves of both arms as one."""
        from funnelkit.lag.nonparametric.product_limit import Curves

        return Curves(
            events=self.curves.events.sum(axis=1, keepdims=True),
            at_risk=self.curves.at_risk.sum(axis=0, keepdims=True),
        )

    def rates(self, horizon: int) -> FloatArray:
        """Return the rate of the target by a horizon, shape ``(2,)``."""
        return np.asarray(self.curves.rates[0, :, horizon])

    def design(self, horizon: int, level: float) -> FloatArray:
        """Return the design effect of accounts in each arm, shape ``(2,)``; 1 without accounts."""
        if self.counts.accounts is None:
            return np.ones(2)
        entered = self.counts.entered[:, 0].astype(float)
        converted = self.counts.by_age(self.counts.target)[..., : horizon + 1].sum(axis=2)
        sums = self.counts.accounts.up_to(horizon)
        worth = sums.effective(converted, self.counts.entered, confidence_level=level)[:, 0]
        return np.maximum(entered / np.maximum(worth, 1e-9), 1.0)

    def effective(self, horizon: int, level: float) -> tuple[FloatArray, FloatArray]:
        """Return conversions and leads, all followed to a horizon, that tell as much.

        Returns
        -------
        tuple
            Effective conversions and effective leads, shape ``(2,)`` each: with rate F and
            Greenwood's variance V, n = F (1 - F) / V and x = n F. Where F is 0 or 1, the leads at
            risk over the share still open. Without censoring before the horizon they are the
            counts themselves. Divided by the design effect of accounts.

        References
        ----------
        Cutler and Ederer (1958), Journal of Chronic Diseases 8, 699-712 (effective sample size).
        """
        rate = self.rates(horizon)
        variance = self.curves.variances[0, :, horizon]
        spread = rate * (1 - rate)
        known = (spread > 0) & (variance > 0)
        leads = np.where(
            known,
            spread / np.where(variance > 0, variance, 1.0),
            self.curves.worth[:, horizon],
        )
        leads = np.minimum(leads, self.counts.entered[:, 0])
        leads = np.maximum(leads / self.design(horizon, level), 1e-9)
        return leads * rate, leads

    def waiting(self, horizon: int) -> tuple[FloatArray, FloatArray]:
        """Return the mean days without conversion among the first ones, and its variance.

        Returns
        -------
        tuple
            Σ over a < horizon of 1 - F(a), and its variance; shape ``(2,)`` each.

        Notes
        -----
        The delta method on the daily multinomial counts, carried forward as the covariance of
        (S, F, Σ F); without exits it is the variance of the restricted mean of Irwin (1949).

        References
        ----------
        Irwin (1949), Journal of Hygiene 47, 188-189. Andersen (2013), Statistics in Medicine 32,
        5278-5285 (with exits).
        """
        curves, found = self.curves, np.zeros(2)
        before, mine = curves.before, curves.hazards[0]
        total = curves.hazards.sum(axis=0)
        at_risk = np.maximum(curves.at_risk, 1)
        cover = np.zeros((2, 3, 3))
        lost = np.zeros(2)
        for age in range(horizon):
            s, h, any_h = before[:, age], mine[:, age], total[:, age]
            move = np.zeros((2, 3, 3))
            move[:, 0, 0] = 1 - any_h
            move[:, 1, 0], move[:, 1, 1] = h, 1.0
            move[:, 2, 0], move[:, 2, 1], move[:, 2, 2] = h, 1.0, 1.0
            scale = s**2 / at_risk[:, age]
            noise = np.zeros((2, 3, 3))
            noise[:, 0, 0] = scale * any_h * (1 - any_h)
            noise[:, 1, 1] = scale * h * (1 - h)
            noise[:, 0, 1] = noise[:, 1, 0] = -scale * h * (1 - any_h)
            noise[:, 2, :2], noise[:, :2, 2] = noise[:, 1, :2], noise[:, :2, 1]
            noise[:, 2, 2] = noise[:, 1, 1]
            cover = move @ cover @ move.transpose(0, 2, 1) + noise
            lost = lost + curves.rates[0, :, age]
        found = horizon - lost
        return found, np.maximum(cover[:, 2, 2], 0.0)
