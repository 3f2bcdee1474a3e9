"""Profile likelihood of the shares of competing outcomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from funnelkit.lag.cure.competing_likelihood import CompetingLikelihood
from funnelkit.lag.cure.profile import Profile
from funnelkit.lag.cure.search import climb


@dataclass(frozen=True, eq=False, kw_only=True)
class CompetingProfile(Profile):
    """The likelihood of a fit with competing exits about its top, for the ends of intervals.

    Parameters
    ----------
    likelihood
        With the shares of all outcomes.
    """

    likelihood: CompetingLikelihood

    def _open_ended(self, rate: int, cut: float) -> bool:
        """Return whether a share of 1, at a slower pace, is seen to be within the cut-off.

        It is not where another outcome of the group has events: these must have a share too.
        """
        likelihood = self.likelihood
        counts = likelihood.counts
        if rate < counts.size:
            group, outcome = divmod(rate, likelihood.n_outcomes)
            if np.delete(counts[group], outcome).any():
                return False
        paces = likelihood.spread(self.top.theta)
        shapes = np.exp(paces[:, 1]) if paces.shape[1] > 1 else np.ones(len(paces))
        paces[:, 0] -= np.log(max(float(self.rates[rate]), 1e-9)) / shapes
        found = climb(
            lambda theta: likelihood.value(theta, fixed=(rate, 1.0), guess=self.rates),
            paces[likelihood.used],
            self.box,
            self.top.inverse,
            close=1e-3,
        )
        return bool(2 * (self.top.value - found.value) <= cut)
