"""Profile likelihood of the shares of competing outcomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from funnelkit.lag.competing.likelihood import CompetingLikelihood
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

    def far(self, rate: int) -> float:
        """Return the deviance of a share of 1, at a slower pace, as far as it is found.

        It is infinite where another outcome of the group has events: these have a share too.
        """
        likelihood, estimate = self.likelihood, float(self.rates[rate])
        counts = likelihood.counts
        if estimate >= 1:
            return 0.0
        if rate < counts.size:
            group, outcome = divmod(rate, likelihood.n_outcomes)
            if np.delete(counts[group], outcome).any():
                return np.inf
        paces = likelihood.spread(self.top.theta)
        shapes = np.exp(paces[:, 1]) if paces.shape[1] > 1 else np.ones(len(paces))
        paces[:, 0] -= np.log(max(estimate, 1e-9)) / shapes
        found = climb(
            lambda theta: likelihood.value(theta, fixed=(rate, 1.0), guess=self.rates),
            paces[likelihood.used],
            self.box,
            self.top.inverse,
            close=1e-3,
        )
        return max(2 * (self.top.value - found.value), 0.0)
