"""An exact bound on the difference of two rates that holds at every look: bets against each value.

Whoever doubts that the difference is at most d bets a share of a capital of 1 on each lead. With
n0 leads of control and n1 of the treatment since the last look, r = n1 / (n0 + n1) and any centre
m, a lead that converted (y = 1) or did not (y = 0) multiplies the capital

    by 1 - b (y - m) / (1 - r) in control, by 1 + b (y - m - d) / r in the treatment.

If the difference is at most d, the weighted mean of the expected factors is 1 + b (p1 - p0 - d),
at most 1, and by the inequality of the means so is the expected product over all leads of the
look. The capital is a supermartingale, an average over several b and m is one too, and it ever
reaches 1 / alpha with probability alpha at most (Ville). Nothing here is asymptotic, and the number
of leads in each arm may be anything that does not depend on who converted.

Waudby-Smith and Ramdas (2024), JRSS B 86, 1-27; Turner, Ly and Grunwald (2024), Journal of
Statistical Planning and Inference 230, 106116.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
_SCORE = 3.3
"""Standard errors at which the capital is meant to reach 1 / alpha."""
_TIMES = 2.0 ** (np.arange(-8, 9) / 2)
"""Bets, in multiples of that which is best where the bound is to be tightest."""
_MOST = 0.95
_CENTRES = np.sin((np.arange(12) + 0.5) * math.pi / 24) ** 2
"""Of the first batch, closer together near 0 and 1; later ones take the rate so far."""


@dataclass(frozen=True, eq=False)
class Batches:
    """What came between the looks at which both arms had grown.

    Parameters
    ----------
    control, control_n, treatment, treatment_n
        Conversions and leads of each batch, shape ``(n_batches,)``.
    done
        Number of batches that are complete at each look, shape ``(n_looks,)``.
    tightest
        Leads in both arms at which the bound is to be tightest.
    """

    control: FloatArray
    control_n: FloatArray
    treatment: FloatArray
    treatment_n: FloatArray
    done: NDArray[np.int64]
    tightest: float

    def swapped(self) -> Batches:
        """Return the batches with the arms in each other's place."""
        return Batches(
            self.treatment,
            self.treatment_n,
            self.control,
            self.control_n,
            self.done,
            self.tightest,
        )

    def log_capital(self, difference: float) -> FloatArray:
        """Return the log of the capital at each look, against treatment less control <= d.

        It falls with the difference: the bets do not depend on it, and the centres move apart.
        """
        if not len(self.control):
            return np.zeros(len(self.done))
        first, others = self._growth(difference)
        weights = 1 / (1 + np.log2(_TIMES) ** 2)
        began = special.logsumexp(first, axis=0) + np.log(weights / weights.sum() / len(_CENTRES))
        paths = np.vstack([began, began + others.cumsum(axis=0)])
        top = paths.max(axis=1)
        found = top + np.log(np.exp(paths - top[:, None]).sum(axis=1))
        return np.append(0.0, found)[self.done]

    def _growth(self, difference: float) -> tuple[FloatArray, FloatArray]:
        """Return the log growth of each bet: in the first batch about each centre, then in others.

        Shapes ``(n_centres, n_bets)`` and ``(n_batches - 1, n_bets)``.
        """
        counts = np.stack([self.control, self.control_n, self.treatment, self.treatment_n])
        share = counts[3] / (counts[1] + counts[3])
        rates = (counts[[0, 2]].cumsum(axis=1) + 0.5) / (counts[[1, 3]].cumsum(axis=1) + 1)
        # the rate between both arms that is best bet about; of later batches from those before
        middle = share[1:] * rates[0, :-1] + (1 - share[1:]) * rates[1, :-1]
        rows = np.repeat(counts[:, :1], len(_CENTRES), axis=1)
        return (
            _log_growth(rows, _CENTRES, difference, self.tightest),
            _log_growth(counts[:, 1:], middle, difference, self.tightest),
        )

    def low(self, alpha: float) -> FloatArray:
        """Return the highest lower bound of the difference so far at each look; -1 where none is.

        Bounds of earlier looks go on to hold.
        """
        from scipy import optimize

        wanted = -math.log(alpha)
        found = np.full(len(self.done), -1.0)
        best = -1.0
        for k in range(len(found)):
            part = self.upto(k)

            def beyond(difference: float, part: Batches = part) -> float:
                return float(part.log_capital(difference)[-1]) - wanted

            if beyond(best) > 0:
                best = float(optimize.brentq(beyond, best, 1.0, xtol=1e-9))
            found[k] = best
        return found

    def upto(self, look: int) -> Batches:
        """Return what was there at one look."""
        last = int(self.done[look])
        return Batches(
            self.control[:last],
            self.control_n[:last],
            self.treatment[:last],
            self.treatment_n[:last],
            self.done[: look + 1],
            self.tightest,
        )


def _log_growth(
    counts: FloatArray, middle: FloatArray, difference: float, tightest: float
) -> FloatArray:
    """Return the log growth of each bet by each batch, shape ``(n_batches, n_bets)``."""
    won0, n0, won1, n1 = (row[:, None] for row in counts)
    share, rate = n1 / (n0 + n1), middle[:, None]
    spread = rate * (1 - rate) / (share * (1 - share))
    bet = np.minimum(
        _SCORE / np.sqrt(tightest * spread) * _TIMES[None, :], _MOST * np.minimum(share, 1 - share)
    )
    low, high = max(-difference, 0.0), min(1 - difference, 1.0)
    centre = np.clip(rate - (1 - share) * difference, low, high)
    other = np.clip(centre + difference, 0.0, 1.0)
    own, its = bet / (1 - share), bet / share
    control = won0 * np.log1p(-own * (1 - centre)) + (n0 - won0) * np.log1p(own * centre)
    treatment = won1 * np.log1p(its * (1 - other)) + (n1 - won1) * np.log1p(-its * other)
    return np.asarray(control + treatment)


def batches(control: FloatArray, treatment: FloatArray, tightest: float) -> Batches:
    """Return what came between looks; looks at which one arm has not grown join the next.

    Parameters
    ----------
    control, treatment
        Converted and entered so far, shape ``(n_looks, 2)``.
    tightest
        Leads in both arms at which the bound is to be tightest.
    """
    cuts, done = [], []
    before = np.zeros(4)
    for now in np.hstack([control, treatment]):
        if now[1] > before[1] and now[3] > before[3]:
            cuts.append(now - before)
            before = now
        done.append(len(cuts))
    rows = np.array(cuts).reshape(-1, 4)
    first, first_n, second, second_n = rows.T
    return Batches(first, first_n, second, second_n, np.array(done, np.int64), tightest)
