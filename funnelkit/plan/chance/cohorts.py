"""Wins within some months as sums over cohorts: their cumulants as polynomials of the leads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from funnelkit.plan.basis.assumptions import Assumptions

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cohorts:
    """What the leads of each channel and month win within some months, given each draw.

    Shapes: ``D`` draws that differ, ``C`` channels, ``H`` months of entry.

    Parameters
    ----------
    rates
        Share ever won, shape ``(D, C, H)``.
    within
        Share of those that is won within the months, shape ``(D, C, H)``.
    correlation
        Of two leads of a cohort, shape ``(C,)``.

    Notes
    -----
    W of L leads, each won with probability B f, B beta distributed with mean r and correlation
    rho. Its factorial moments are L(L - 1)…(L - k + 1) f^k E[B^k], with

    - E[B²] = r (r (1 - rho) + rho),
    - E[B³] = E[B²] (r (1 - rho) + 2 rho) / (1 + rho),

    and its factorial cumulants, by which independent cohorts add up, are polynomials of L.
    """

    rates: FloatArray
    within: FloatArray
    correlation: FloatArray

    @cached_property
    def _terms(self) -> tuple[FloatArray, ...]:
        """Coefficients: L of the first cumulant; L, L² of the second; L, L², L³ of the third."""
        rho = self.correlation[:, None]
        r, f = self.rates, self.within
        two = r * (r * (1 - rho) + rho)
        three = two * (r * (1 - rho) + 2 * rho) / (1 + rho)
        return (
            r * f,
            -two * f**2,
            rho * r * (1 - r) * f**2,
            2 * three * f**3,
            3 * (r * two - three) * f**3,
            2 * rho**2 / (1 + rho) * r * (1 - r) * (1 - 2 * r) * f**3,
        )

    def cumulants(self, leads: FloatArray) -> FloatArray:
        """Return the factorial cumulants of each channel's wins, shape ``(3, D, C)``."""
        a, b1, b2, c1, c2, c3 = self._terms
        powers = leads, leads**2, leads**3

        def summed(coefficients: FloatArray, of: FloatArray) -> FloatArray:
            return np.asarray(np.einsum("dch,ch->dc", coefficients, of))

        return np.stack(
            [
                summed(a, powers[0]),
                summed(b1, powers[0]) + summed(b2, powers[1]),
                summed(c1, powers[0]) + summed(c2, powers[1]) + summed(c3, powers[2]),
            ]
        )

    def back(self, leads: FloatArray, by_cumulant: FloatArray) -> FloatArray:
        """Return derivatives by the leads, shape ``(C, H)``.

        Parameters
        ----------
        leads
            Shape ``(C, H)``.
        by_cumulant
            Derivatives by the cumulants, shape ``(3, D, C)``, summed over draws.
        """
        a, b1, b2, c1, c2, c3 = self._terms
        first, second, third = by_cumulant

        def summed(weights: FloatArray, coefficients: FloatArray) -> FloatArray:
            return np.asarray(np.einsum("dc,dch->ch", weights, coefficients))

        return (
            summed(first, a)
            + summed(second, b1)
            + summed(third, c1)
            + 2 * leads * (summed(second, b2) + summed(third, c2))
            + 3 * leads**2 * summed(third, c3)
        )


def cohorts_of(
    assumptions: Assumptions, *, since: int, until: int, distinct: int
) -> tuple[Cohorts, FloatArray]:
    """Return the cohorts whose wins fall within some months, and the mean sizes of deals.

    Parameters
    ----------
    assumptions
        What a lead brings.
    since, until
        Months that count: from ``since`` to ``until - 1``.
    distinct
        Draws that differ: the first ones.

    Returns
    -------
    tuple
        Cohorts, and sizes of shape ``(D, C)``.
    """
    share = assumptions.within[..., since:until].sum(axis=-1)
    which = assumptions.stretch_of[:distinct]
    within = share[which, np.arange(which.shape[1])]
    correlation = np.array([one.correlation for one in assumptions.channels])
    cohorts = Cohorts(assumptions.rate_draws[:distinct], np.clip(within, 0.0, 1.0), correlation)
    return cohorts, assumptions.size_draws[:distinct]


def distinct_draws(assumptions: Assumptions) -> int:
    """Return how many of the joint draws must be looked at: 1 where all are the same."""
    arrays = [
        assumptions.rate_draws,
        assumptions.size_draws,
        *(
            one
            for stream in (assumptions.in_flight, assumptions.direct)
            for one in (stream.deals, stream.value)
        ),
    ]
    same = all((one == one[:1]).all() for one in arrays)
    still = all(one.lag_sd == 0 for one in assumptions.channels)
    return 1 if same and still else assumptions.n_draws
