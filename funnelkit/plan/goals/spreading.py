"""What a quarter or year holds, spread over its months: evenly, or by season."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Season = ArrayLike | Mapping[Any, float] | None
_NEEDED = (
    "`season` must be a weight for each of 12 months, January first; a mapping of months (1 to 12) "
    "to weights; or a Series by month"
)


@dataclass(frozen=True)
class Shape:
    """Weights of civil months, January first; NaN where a month has none.

    Parameters
    ----------
    weights
        Shape ``(12,)``; ``None``: evenly.
    """

    weights: FloatArray | None = None

    @property
    def words(self) -> str:
        """How amounts are spread."""
        return "evenly" if self.weights is None else "by the season given"

    def over(self, months: Sequence[int]) -> FloatArray:
        """Return the share of each of some months, as pandas counts them; they sum to 1.

        Raises
        ------
        ArgumentError
            If a month has no weight, or all have weight 0.
        """
        size = len(months)
        if self.weights is None:
            return np.full(size, 1 / size)
        found = self.weights[np.asarray(months) % 12]
        if np.isnan(found).any():
            lacking = sorted(
                {int(m) % 12 + 1 for m, w in zip(months, found, strict=True) if np.isnan(w)}
            )
            raise ArgumentError(
                f"`season` has no weight for {'month' if len(lacking) == 1 else 'months'} "
                f"{display.listed([str(one) for one in lacking])} of the year; add "
                f"{'it' if len(lacking) == 1 else 'them'}."
            )
        if not found.sum() > 0:
            raise ArgumentError(
                "`season` gives all months of a quarter or year the weight 0, so that its target "
                "cannot be spread; give at least one of them more."
            )
        return np.asarray(found / found.sum())


def shape_of(season: Season | pd.Series[Any]) -> Shape:
    """Return the weights of months.

    Parameters
    ----------
    season
        ``None``: evenly. 12 weights, January first; a mapping of months of the year to weights; or
        a Series by month, such as bookings of earlier years, of which the mean of each month of
        the year is the weight.

    Raises
    ------
    ArgumentError
        If it is none of these, or a weight is below 0.

    Examples
    --------
    >>> shape_of(None).over([0, 1, 2]).round(3).tolist()
    [0.333, 0.333, 0.333]
    >>> shape_of([1] * 11 + [5]).over([9, 10, 11]).round(3).tolist()
    [0.143, 0.143, 0.714]
    """
    import pandas as pd

    if season is None:
        return Shape()
    if isinstance(season, pd.Series):
        weights = _of_series(season)
    elif isinstance(season, Mapping):
        weights = _of_mapping(season)
    else:
        try:
            weights = np.array(season, dtype=float)
        except (TypeError, ValueError):
            raise ArgumentError(f"{_NEEDED}; got {season!r:.60}.") from None
        if weights.shape != (12,):
            raise ArgumentError(f"{_NEEDED}; got an array of shape {weights.shape}.")
        if np.isnan(weights).any():
            raise ArgumentError(f"{_NEEDED}; got {season!r:.120}.")
    if np.isinf(weights).any() or (weights < 0).any():
        odd = weights[np.isinf(weights) | (weights < 0)]
        raise ArgumentError(f"{_NEEDED}, at least 0; got {', '.join(f'{w:g}' for w in odd[:5])}.")
    return Shape(weights)


def _of_series(season: pd.Series[Any]) -> FloatArray:
    import pandas as pd

    index: Any = season.index
    if isinstance(index, pd.DatetimeIndex):
        index = index.to_period("M")
    if not isinstance(index, pd.PeriodIndex):
        return _of_mapping(dict(zip(season.index, season.to_numpy(), strict=True)))
    if index.freqstr not in ("M", "ME"):
        raise ArgumentError(f"{_NEEDED}; got one by periods of freq {index.freqstr}.")
    means = season.astype(float).groupby(np.asarray(index.month)).mean()
    found = np.full(12, np.nan)
    found[means.index.to_numpy() - 1] = means.to_numpy()
    return found


def _of_mapping(season: Mapping[Any, Any]) -> FloatArray:
    found = np.full(12, np.nan)
    for month, weight in season.items():
        try:
            place, value = int(month), float(weight)
        except (TypeError, ValueError):
            raise ArgumentError(f"{_NEEDED}; got {month!r:.30}: {weight!r:.30}.") from None
        if not 1 <= place <= 12 or np.isnan(value):
            raise ArgumentError(f"{_NEEDED}; got {month!r:.30}: {weight!r:.30}.")
        found[place - 1] = value
    return found
