"""`residual_rate`: the share of open records that is still won."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core.errors import ArgumentError

FloatArray = NDArray[np.float64]


def residual_rate(rate: ArrayLike, matured: ArrayLike, *, left: ArrayLike = 0.0) -> FloatArray:
    """Return the share still won of the records that are open at some age.

    Parameters
    ----------
    rate
        Share ever won of all that entered.
    matured
        Share of those ever won that is won by that age: the lag's distribution function, F.
    left
        Share of all that entered that has left by an exit by that age.

    Returns
    -------
    ndarray
        Of the shape that the three broadcast to; denominator: records that are open at that age.
        0 where none can be open any more.

    Raises
    ------
    ArgumentError
        If one of them is no share, or more have been won and left than entered.

    Notes
    -----
    p (1 - F) / (1 - p F - X), with X what has left: of those that entered, p (1 - F) are still
    won, and 1 - p F - X are still open. Without exits on record, the lost ones are among the
    open, and X is 0.

    References
    ----------
    Maller and Zhou (1996), *Survival Analysis with Long-Term Survivors*, section 1.3.

    Examples
    --------
    Of 1,000 leads of which 5 % are won in the end, 20 have been won at F = .4, and 980 are open:

    >>> share = residual_rate(0.05, 0.4)
    >>> round(float(share), 7), round(980 * float(share), 1)
    (0.0306122, 30.0)
    """
    given = {"rate": rate, "matured": matured, "left": left}
    p, f, x = (np.asarray(one, dtype=float) for one in given.values())
    wrong = [
        name
        for name, one in zip(given, (p, f, x), strict=True)
        if not (np.isfinite(one).all() and (one >= 0).all() and (one <= 1).all())
    ]
    if wrong:
        shown = ", ".join(f"`{name}`" for name in wrong)
        raise ArgumentError(f"{shown} must be from 0 to 1; got {given[wrong[0]]!r:.60}.")
    still_open = 1 - p * f - x
    if (still_open < -1e-9).any():
        raise ArgumentError(
            "`left` and what is won by that age (`rate` times `matured`) are together more than 1, "
            "and so more than entered."
        )
    some = still_open > 1e-12
    share = np.where(some, p * (1 - f) / np.where(some, still_open, 1.0), 0.0)
    return np.asarray(np.clip(share, 0.0, 1.0))
