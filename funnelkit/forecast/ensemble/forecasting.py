"""Series ahead: a mean of several methods, with joint draws calibrated by rolling origins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import frozen
from funnelkit.forecast.ensemble import error_paths
from funnelkit.forecast.ensemble.combination import FEWEST, combined
from funnelkit.forecast.ensemble.error_scale import error_scale, few_points

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Ahead:
    """Numbers ahead of several series, with what was done for each.

    Parameters
    ----------
    expected
        Means, shape ``(S, H)``.
    draws
        Joint draws, shape ``(n_draws, S, H)``.
    methods
        What was done for each series; a fallback has its name here.
    reason
        Why that.
    """

    expected: FloatArray
    draws: FloatArray
    methods: tuple[str, ...]
    reason: str

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("expected", "draws"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))


REASON = (
    "over monthly series of many kinds, Theta and exponential smoothing on seasonally adjusted "
    "values and on their logarithms had the smallest error together, and no single method that "
    "fails can carry the mean away; the width of the intervals comes from refits at earlier points "
    "of each series and from the errors of smoothing at all of them"
)


def ahead(
    values: ArrayLike,
    *,
    horizon: int,
    season: int,
    n_draws: int = 1000,
    rng: int | np.random.Generator = 0,
    lower: float | None = 0.0,
) -> Ahead:
    """Return the numbers ahead of each series, with joint draws.

    Parameters
    ----------
    values
        One series per row, shape ``(S, T)``; NaN only before a series begins.
    horizon
        Steps ahead.
    season
        Periods to a cycle: 12 for months; 1 for none.
    n_draws
        Number of joint draws.
    rng
        Seed, or a NumPy generator.
    lower
        No draw and no mean is below it; None for series that may be negative.

    Returns
    -------
    Ahead
        Means and draws in the unit of the values.

    Raises
    ------
    ArgumentError
        If the values are no table of numbers, or an option is out of range.

    Notes
    -----
    Draws of one series hang together over its steps; those of different series are independent.
    Seasons are taken out first (`seasonality.seasonal_terms`), each method is fitted to what is
    left, and the mean is taken without the lowest and the highest (Petropoulos and Svetunkov
    2020, A simple combination of univariate models, Int. J. Forecasting 36, on such means).

    Examples
    --------
    >>> months = np.arange(48)
    >>> leads = 100 + months + 20 * np.sin(months * np.pi / 6)
    >>> found = ahead([leads], horizon=3, season=12)
    >>> found.expected.round(-1)
    array([[150., 160., 170.]])
    >>> found.methods
    ('trimmed mean of Theta and exponential smoothing, also of logarithms, with seasons',)
    """
    table = _table(values)
    checks.positive_whole("horizon", horizon)
    checks.positive_whole("season", season)
    checks.positive_whole("n_draws", n_draws)
    generator = np.random.default_rng(rng)
    means, draws, methods = [], [], []
    for row in table:
        series, late = since(row[np.isfinite(row)], season)
        found = combined(series, horizon, season)
        drawn = _drawn(series, found.expected, season, n_draws, generator)
        bound = -np.inf if lower is None else lower
        means.append(np.maximum(found.expected, bound))
        draws.append(np.maximum(drawn, bound))
        methods.append(f"{found.method}{', since the first value above 0' if late else ''}")
    return Ahead(
        expected=np.reshape(means, (len(table), horizon)),
        draws=np.stack(draws, axis=1) if draws else np.zeros((n_draws, 0, horizon)),
        methods=tuple(methods),
        reason=REASON,
    )


def since(values: FloatArray, season: int) -> tuple[FloatArray, bool]:
    """Return the part of a series that tells of what is to come, and whether zeros were left out.

    A run of zeros at the start is left out where it is no habit of the series: six or more of
    them, longer than three times any later run, with six or more values after it. Of very long
    series the latest 25 cycles are taken (at least 300 values, at most 1,500).

    Examples
    --------
    >>> since(np.array([0.0] * 9 + [3, 4, 5, 6, 7, 8]), 12)
    (array([3., 4., 5., 6., 7., 8.]), True)
    """
    latest = values[-min(max(25 * season, 300), 1500) :]
    above = np.flatnonzero(latest)
    if not above.size or above[0] < FEWEST or latest.size - above[0] < FEWEST:
        return latest, False
    runs = np.diff(np.r_[above, latest.size]) - 1
    if above[0] <= 3 * runs.max():
        return latest, False
    return latest[above[0] :], True


def _drawn(
    series: FloatArray,
    expected: FloatArray,
    season: int,
    n_draws: int,
    generator: np.random.Generator,
) -> FloatArray:
    """Return joint draws of one series ahead, shape ``(n_draws, H)``."""
    horizon = len(expected)
    if not series.any():
        return np.zeros((n_draws, horizon))
    if series.size >= FEWEST and error_paths.is_lumpy(series):
        return error_paths.lumpy_paths(expected, series, n_draws, generator)
    few = series.size < FEWEST
    size = few_points(series, horizon) if few else error_scale(series, horizon, season)
    top = float(np.abs(series).max())
    return error_paths.paths(expected, size, top, n_draws, generator)


def _table(values: ArrayLike) -> FloatArray:
    """Return the values as a table of numbers, or say what is wrong with them."""
    try:
        table = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as reason:
        raise ArgumentError(f"`values` must be numbers; got {values!r:.80}.") from reason
    if table.ndim != 2:
        raise ArgumentError(
            f"`values` must have one series per row, shape (S, T); got shape {table.shape}."
        )
    if np.isinf(table).any():
        raise ArgumentError("`values` must be finite; got an infinite number.")
    known = np.isfinite(table)
    gaps = np.flatnonzero((known[:, :-1] & ~known[:, 1:]).any(axis=1))
    if gaps.size:
        rows = ", ".join(str(i) for i in gaps[:5])
        raise ArgumentError(
            f"`values` may be NaN only before a series begins; {gaps.size} rows have a gap or an "
            f"early end (rows {rows}). Fill them first, for instance with 0."
        )
    return table
