"""Normal mixtures: a bound that holds at every look, for what is normal in large samples.

The mean of m observations with standard deviation s lies within

    s sqrt((m + r) log((m + r) / (r alpha^2))) / m

of the truth at every m together, with probability 1 - alpha; r is chosen for the m at which the
bound is tightest. One-sided, the mixture is over half a normal.

Robbins (1970), Annals of Mathematical Statistics 41, 1397-1409; Howard et al. (2021), Annals of
Statistics 49, 1055-1080, eq. 14; for estimated s Waudby-Smith et al. (2024), Annals of Statistics
52, 2613-2640.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
_TUNED_ALPHA = 0.05


def mixing(tightest: float) -> float:
    """Return r of the mixture that is tightest at a number of observations, at alpha = .05.

    It depends on no other alpha, so that intervals of all levels belong to one p-value. Howard et
    al. (2021), section 3.5.
    """
    lower = float(np.real(special.lambertw(-(_TUNED_ALPHA**2) / math.e, k=-1)))
    return tightest / (-lower - 1)


def reach(number: FloatArray, mix: float, alpha: float, *, two_sided: bool) -> FloatArray:
    """Return the bound in standard deviations of one observation, at each number of them."""
    total = number + mix
    rise = 0.5 * np.log(total / mix) - math.log(alpha)
    if two_sided:
        return np.asarray(np.sqrt(2 * rise * total) / number)
    score = np.sqrt(2 * np.maximum(rise - math.log(2), 0.0))
    for _ in range(50):  # Newton, from the side on which it cannot overshoot
        value = score**2 / 2 + math.log(2) + special.log_ndtr(score) - rise
        slope = score + np.exp(-(score**2) / 2 - special.log_ndtr(score)) / math.sqrt(2 * math.pi)
        score = score - value / slope
    return np.asarray(score * np.sqrt(total) / number)


def log_evidence(
    mean: FloatArray, number: FloatArray, mix: float, *, two_sided: bool
) -> FloatArray:
    """Return the log of the capital against a mean of 0 (one-sided: at most 0).

    Parameters
    ----------
    mean
        In standard deviations of one observation.
    number
        Of observations.
    mix
        From :func:`mixing`.
    two_sided
        Whether to both sides.
    """
    total = number + mix
    score = mean * number / np.sqrt(total)
    found = 0.5 * np.log(mix / total) + score**2 / 2
    if two_sided:
        return np.asarray(found)
    return np.asarray(found + math.log(2) + special.log_ndtr(score))
