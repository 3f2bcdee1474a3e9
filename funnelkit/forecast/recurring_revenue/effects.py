"""What hazards vary by: sets of effects, and how the effects of each set go together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
YEAR = 12
UNKNOWN = 0
"""Age of accounts that paid before the table begins: its level comes first."""
_LEAST = 1e-6
_ALONE, _DOUBLING, _RENEWAL = 0.3, 0.3, 1.5
_SEGMENT, _SIZE = 0.5, 0.5
_MONTH, _SEASON, _DRIFT = 0.3, 0.2, 0.04
_ENOUGH = 18


@dataclass(frozen=True, eq=False, kw_only=True)
class Effects:
    """One set of effects on the logit of a hazard.

    Parameters
    ----------
    name
        What they are of: ``"level"``, ``"age"``, ``"segment"``, ``"size"`` or ``"month"``.
    scales
        Of the half-normal priors of their standard deviations; none where these are fixed.
    seen
        How many of them the data tell of; these come first.
    total
        How many there are, those to come included.
    covariance
        Standard deviations -> covariance of all, shape ``(total, total)``.
    """

    name: str
    scales: tuple[float, ...]
    seen: int
    total: int
    covariance: Callable[[FloatArray], FloatArray]

    def root(self, sds: FloatArray) -> FloatArray:
        """Return the lower triangle whose square is the covariance."""
        covariance = self.covariance(sds) + _LEAST * np.eye(self.total)
        return np.asarray(linalg.cholesky(covariance, lower=True, check_finite=False))


def level(spread: float) -> Effects:
    """Return the one effect that all have, with a standard deviation that is fixed."""
    return Effects(
        name="level", scales=(), seen=1, total=1, covariance=lambda _: np.array([[spread**2]])
    )


def alike(name: str, number: int, scale: float) -> Effects:
    """Return effects drawn from one normal distribution."""
    return Effects(
        name=name,
        scales=(scale,),
        seen=number,
        total=number,
        covariance=lambda sds: sds[0] ** 2 * np.eye(number),
    )


def by_segment(number: int) -> Effects:
    """Return the effects of segments."""
    return alike("segment", number, _SEGMENT)


def by_size(number: int) -> Effects:
    """Return the effects of how much an account pays."""
    return alike("size", number, _SIZE)


def by_age(seen: int, to_come: int, *, renewals: bool) -> Effects:
    """Return the effects of ages in months: an unknown one, then 1, 2, … .

    Parameters
    ----------
    seen
        Highest age that was at risk.
    to_come
        Highest age that is wanted; at least ``seen``.
    renewals
        Whether whole years have an effect of their own, one for all.

    Notes
    -----
    A random walk in the logarithm of age, which is slow where accounts are old; whole years; and
    what each age has alone. Accounts of unknown age are taken as older than all that are known.
    """
    ages = np.arange(1, max(to_come, seen, 1) + 1, dtype=float)
    oldest = 2.0 * max(seen, 1)
    clock = np.log2(np.concatenate([[oldest], ages]))
    walk = np.minimum(clock[:, None], clock[None, :])
    whole = np.concatenate([[False], ages % YEAR == 0])
    yearly = np.outer(whole, whole).astype(float)
    alone = np.eye(len(clock))

    def covariance(sds: FloatArray) -> FloatArray:
        found = sds[0] ** 2 * alone + sds[1] ** 2 * walk
        return np.asarray(found + sds[2] ** 2 * yearly if renewals else found)

    scales = (_ALONE, _DOUBLING, _RENEWAL) if renewals else (_ALONE, _DOUBLING)
    return Effects(
        name="age",
        scales=scales,
        seen=max(seen, 1) + 1,
        total=len(clock),
        covariance=covariance,
    )


def by_month(seen: int, horizon: int, *, season: bool = True) -> Effects:
    """Return the effects of calendar months, which all accounts share.

    Parameters
    ----------
    seen
        Months in which something could be seen.
    horizon
        Months to come.
    season
        Whether the same months of different years go together, where there are enough months.

    Notes
    -----
    What each month has alone; what it has each year; and a random walk that stands at 0 in the
    last month seen, so that the level is that of today and doubt grows on both sides.
    """
    ahead = np.arange(seen + horizon) - (seen - 1)
    same_side = np.sign(ahead)[:, None] * np.sign(ahead)[None, :] > 0
    walk = np.where(same_side, np.minimum(np.abs(ahead)[:, None], np.abs(ahead)[None, :]), 0.0)
    alone = np.eye(len(ahead))
    yearly = (ahead[:, None] % YEAR == ahead[None, :] % YEAR).astype(float)
    seasonal = season and seen >= _ENOUGH

    def covariance(sds: FloatArray) -> FloatArray:
        found = sds[0] ** 2 * alone + sds[1] ** 2 * walk
        return np.asarray(found + sds[2] ** 2 * yearly if seasonal else found)

    return Effects(
        name="month",
        scales=(_MONTH, _DRIFT, _SEASON) if seasonal else (_MONTH, _DRIFT),
        seen=seen,
        total=len(ahead),
        covariance=covariance,
    )
