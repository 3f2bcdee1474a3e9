"""How large movements are: relative sizes resampled, with doubt about how often each occurs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelkit.forecast.recurring_revenue.exposure import Sizes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_MOST = 2000


class Resampled:
    """Relative sizes of movements, each drawn with the weights of its draw.

    Parameters
    ----------
    sizes
        What was seen.
    unseen
        Relative sizes from which to draw where nothing was seen.
    n_draws, rng
        Number of draws, and their generator.

    Notes
    -----
    In each draw the movements seen have weights from the Bayesian bootstrap, times what the
    account paid, so that movements of large accounts count as much as they move. The weights
    hold for all months of a draw: doubt about sizes does not average out over months.

    An account gains the same share of what it pays as the one whose movement is drawn; but to
    more than its double it goes only by as much money as that one gained. Else a trial for 1 that
    became a contract would make fortunes of large accounts.

    References
    ----------
    Rubin (1981), Annals of Statistics 9, 130-134.
    """

    def __init__(
        self, sizes: Sizes, *, unseen: FloatArray, n_draws: int, rng: np.random.Generator
    ) -> None:
        seen = len(sizes) > 0
        ratios = sizes.after / sizes.before if seen else unseen
        paid = sizes.before if seen else np.ones(len(unseen))
        if len(ratios) > _MOST:  # as many as tell enough, drawn evenly
            kept = np.sort(rng.choice(len(ratios), _MOST, replace=False))
            ratios, paid = ratios[kept], paid[kept]
        weights = rng.standard_exponential((n_draws, len(ratios))) if seen else np.ones((1, 1))
        weights = np.broadcast_to(weights, (n_draws, len(ratios))) * paid
        shares = np.cumsum(weights, axis=1)
        self.ratios, self.gains = ratios, (ratios - 1) * paid
        # Rows stand one after the other on one line, so that one search finds all.
        self._ends = (shares / shares[:, -1:] + np.arange(n_draws)[:, None]).ravel()

    def after(self, draw: IntArray, before: IntArray, rng: np.random.Generator) -> FloatArray:
        """Return what accounts of the draws named pay after a movement.

        Parameters
        ----------
        draw
            Of which draw each account is.
        before
            What it paid.
        rng
            Generator.
        """
        number = len(self.ratios)
        found = np.searchsorted(self._ends, draw + rng.random(len(draw)), side="right")
        which = np.minimum(found - draw * number, number - 1)
        gain = before * (self.ratios[which] - 1)
        return np.asarray(before + np.minimum(gain, np.maximum(before, self.gains[which])))
