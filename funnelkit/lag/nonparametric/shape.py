"""The shape of a curve, and what it takes from the pooled one where it ends too early."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelkit.lag.nonparametric.product_limit import Curves
from funnelkit.lag.verdicts import MATURE

FloatArray = NDArray[np.float64]


def maturities(curves: Curves, whole: Curves) -> FloatArray:
    """Return the maturity of each curve by age, shape ``(*cells, n_ages)``, 1 at the last age.

    Parameters
    ----------
    curves
        The curves, the target first.
    whole
        The curve of all of them together, with cells of shape ``(1, 1)``.

    Notes
    -----
    Up to the age f at which a curve ends: F(a) / F(f) x M(f), with M the maturity of ``whole``;
    from there on, M(a). A curve without conversions is M throughout; where nothing has converted
    at all, M is 0 before the last age.
    """
    pooled = whole.rates[0, 0, 0]
    ages = np.arange(len(pooled))
    shape = pooled / pooled[-1] if pooled[-1] > 0 else (ages == ages[-1]).astype(float)
    last = curves.followed_to[..., None]
    rates = curves.rates[0]
    final = rates[..., -1:]
    own = rates / np.where(final > 0, final, 1.0) * shape[np.maximum(last, 0)]
    return np.asarray(np.where((final > 0) & (ages <= last), own, shape))


def reaches(curves: Curves, whole: Curves) -> NDArray[np.bool_]:
    """Return whether each curve goes on until nine in ten of the pooled conversions have come."""
    pooled = whole.rates[0, 0, 0]
    last = curves.followed_to
    if not pooled[-1] > 0:
        return np.asarray(last >= len(pooled) - 1)
    return np.asarray((last >= 0) & (pooled[np.maximum(last, 0)] >= MATURE * pooled[-1]))
