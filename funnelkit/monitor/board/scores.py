"""Scores of series against their own history: what the last months should have brought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit.monitor.board.chances import count_tails

FloatArray = NDArray[np.float64]
Kind = Literal["count", "number"]
_NOISE = np.array([0.0, 0.02, 0.04, 0.07, 0.11, 0.17, 0.27, 0.42])
_STEPS = np.array([0.0, 0.01, 0.025, 0.06, 0.14])
_SEASONS = np.array([0.0, 0.05, 0.1, 0.2, 0.35])
_NOISE_SCALE, _STEP_SCALE, _SEASON_SCALE = 0.15, 0.04, 0.15
_LEVEL_SD, _SLOPE_SD = 1.0, 0.015
_UNKNOWN = 1e4
_WORTH = 3.0
_ROUNDS = 12
YEARLY, QUARTERLY = 14, 6
"""Fewest months of history that tell months of the year, and of the quarter, apart."""
_CHUNK = 60


@dataclass(frozen=True, eq=False, kw_only=True)
class Counted:
    """Series of one metric as counts beside what a steady level would bring.

    Parameters
    ----------
    observed
        Counts (or sums of numbers), shape ``(n_series, n_months)``.
    base
        What the series' usual level brings, given lags and denominators; same shape. 0 where
        nothing is known of a month.
    chance
        Relative variance by chance alone at the usual level; same shape.
    share
        Expected share converted of each month's denominator, which takes from the variance of a
        binomial count; same shape, 0 for Poisson counts.
    shared
        Relative covariance of months by what they have in common (timing, pace), shape
        ``(n_series, n_months, n_months)``; ``None`` where there is none.
    kind
        ``"count"`` for counts, ``"number"`` for sums of numbers that may be negative.
    trend
        Whether the level may have a slope.
    steps
        First month of each known change of level, as positions.
    """

    observed: FloatArray
    base: FloatArray
    chance: FloatArray
    share: FloatArray
    shared: FloatArray | None = None
    kind: Kind = "count"
    trend: bool = False
    steps: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Season:
    """How far months of the year, and months of a quarter, differ: standard deviations."""

    year: float = 0.0
    quarter: float = 0.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Windows:
    """What the last k months brought beside what the months before them say.

    Shapes: ``(n_series, n_windows)`` unless said; window ``k`` at position ``k - 1``.

    Parameters
    ----------
    observed, expected
        Sums over the window.
    spread
        Standard deviation of ``observed`` about ``expected``, all doubts included.
    low, high
        Probability of so low, and of so high, a sum.
    scores
        Standardised score of each month against the months before it, shape
        ``(n_series, n_months)``; NaN where nothing is known of it.
    noise
        Standard deviation of a month beyond chance, relative, shape ``(n_series,)``.
    """

    observed: FloatArray
    expected: FloatArray
    spread: FloatArray
    low: FloatArray
    high: FloatArray
    scores: FloatArray
    noise: FloatArray


def season_of(
    series: Counted, places: tuple[FloatArray, FloatArray], before: int, history: int
) -> Season:
    """Return how far months of the year and of the quarter differ, as history shows it.

    Parameters
    ----------
    series
        The series whose history is looked at: the largest ones.
    places
        Month of the year and month of the quarter of each month, shape ``(n_months,)``.
    before
        Months before the first window.
    history
        How many of them are known.

    Returns
    -------
    Season
        The most likely pair, by the marginal likelihood times half-normal priors; 0 for what so
        short a history cannot show (see :data:`YEARLY` and :data:`QUARTERLY`).
    """
    years = _SEASONS if history >= YEARLY else _SEASONS[:1]
    quarters = _SEASONS if history >= QUARTERLY else _SEASONS[:1]
    best, found = -np.inf, Season()
    for year in years:
        for quarter in quarters:
            season = Season(year=float(year), quarter=float(quarter))
            logs = _whiten(series, season, places)[0][..., :before].sum(axis=-1)
            value = float(special.logsumexp(logs + _log_prior(), axis=1).sum())
            value -= 0.5 * float((year / _SEASON_SCALE) ** 2 + (quarter / _SEASON_SCALE) ** 2)
            if value > best + 1e-9:
                best, found = value, season
    return found


def windows(
    series: Counted,
    season: Season,
    places: tuple[FloatArray, FloatArray],
    *,
    longest: int,
) -> Windows:
    """Return how likely what the last months brought is, given the months before them.

    Parameters
    ----------
    series
        Series of one metric.
    season
        How far months of the year and of the quarter differ.
    places
        Month of the year and month of the quarter of each month, shape ``(n_months,)``.
    longest
        Longest window, in months.

    Notes
    -----
    Relative to its usual level, month t of a series lies at a + b t + w_t + u_t + v_m(t) + noise:
    a level and (for volumes) a slope, a random walk w with steps of standard deviation s, a
    month's own deviation u with standard deviation r, and effects of the month of the year and of
    the quarter. Noise is chance (binomial or Poisson) and what months have in common (doubt about
    timing, pace). Given r and s all is Gaussian: the factors of the covariance give the
    expectation and covariance of any last k months given those before, with the doubt about level,
    slope and season in it. Their sum is then taken for a negative binomial count (binomial where
    its variance is below its mean) of that mean and variance, so that small counts have the tails
    they have. Results are averaged over a grid of r and s, by their likelihood in the months
    before; the weights from which a series starts are learned from all series of the metric.

    References
    ----------
    Harvey (1989), Forecasting, Structural Time Series Models and the Kalman Filter, sections 2.3
    and 3.6 (level, slope, season). Dawid (1984), JRSS A 147, 278-292 (what was predicted against
    what came).
    """
    n_series, n_months = series.observed.shape
    before = n_months - longest
    parts = []
    for at in range(0, n_series, _CHUNK):
        found = _whiten(_rows(series, slice(at, at + _CHUNK)), season, places)
        parts.append((*found[:2], found[2][..., before:, before:].copy()))
    logs = np.concatenate([part[0] for part in parts])
    summed = np.cumsum(logs, axis=-1)
    prior = _learned(summed[..., before - 1])
    known = series.base > 0
    out = {
        name: np.zeros((n_series, longest))
        for name in ("observed", "expected", "spread", "low", "high")
    }
    scores = np.full((n_series, n_months), np.nan)
    noise = np.zeros(n_series)
    for number, (_, whitened, factor) in enumerate(parts):
        mine = slice(number * _CHUNK, number * _CHUNK + len(whitened))
        part = _rows(series, mine)
        relative = _relative(part)
        for k in range(1, longest + 1):
            cut = n_months - k
            weight = special.softmax(prior + summed[mine, :, cut - 1], axis=1)
            block = factor[:, :, longest - k :, longest - k :]
            mean = relative[:, None, cut:] - np.einsum("sgij,sgj->sgi", block, whitened[:, :, cut:])
            tails = _tails(part, mean, block, cut)
            out["observed"][mine, k - 1] = part.observed[:, cut:].sum(axis=1)
            middle = (weight * tails[0]).sum(axis=1)
            out["expected"][mine, k - 1] = middle
            second = (weight * (tails[1] + tails[0] ** 2)).sum(axis=1) - middle**2
            out["spread"][mine, k - 1] = np.sqrt(np.maximum(second, 0.0))
            out["low"][mine, k - 1] = (weight * tails[2]).sum(axis=1)
            out["high"][mine, k - 1] = (weight * tails[3]).sum(axis=1)
        for t in range(1, n_months):
            weight = special.softmax(prior + summed[mine, :, t - 1], axis=1)
            level = (weight * special.ndtr(whitened[:, :, t])).sum(axis=1)
            scores[mine, t] = special.ndtri(np.clip(level, 1e-12, 1 - 1e-12))
        weight = special.softmax(prior + summed[mine, :, before - 1], axis=1)
        noise[mine] = np.sqrt(weight @ (np.repeat(_NOISE, len(_STEPS)) ** 2))
    scores[~known] = np.nan
    return Windows(**out, scores=scores, noise=noise)


def _log_prior() -> FloatArray:
    """Return the log prior of each pair of noise and step, shape ``(n_grid,)``."""
    noise, step = np.repeat(_NOISE, len(_STEPS)), np.tile(_STEPS, len(_NOISE))
    logs = -0.5 * ((noise / _NOISE_SCALE) ** 2 + (step / _STEP_SCALE) ** 2)
    widths = np.repeat(np.gradient(_NOISE), len(_STEPS)) * np.tile(np.gradient(_STEPS), len(_NOISE))
    logs = logs + np.log(widths)
    return np.asarray(logs - special.logsumexp(logs))


def _learned(logs: FloatArray) -> FloatArray:
    """Return the log prior of the grid, learned from all series of a metric.

    The usual prior counts as much as a few series; each series adds its own weights.
    """
    usual = np.exp(_log_prior())
    found = usual
    for _ in range(_ROUNDS):
        weights = special.softmax(np.log(found) + logs, axis=1).sum(axis=0)
        found = (weights + _WORTH * usual) / (len(logs) + _WORTH)
    return np.asarray(np.log(found))


def _rows(series: Counted, rows: slice) -> Counted:
    return Counted(
        observed=series.observed[rows],
        base=series.base[rows],
        chance=series.chance[rows],
        share=series.share[rows],
        shared=None if series.shared is None else series.shared[rows],
        kind=series.kind,
        trend=series.trend,
        steps=series.steps,
    )


def _relative(series: Counted) -> FloatArray:
    """Return each month relative to its usual level, less 1 for counts."""
    base = np.where(series.base > 0, series.base, 1.0)
    usual = 1.0 if series.kind == "count" else 0.0
    return np.where(series.base > 0, series.observed / base - usual, 0.0)


def _whiten(
    series: Counted, season: Season, places: tuple[FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return log-likelihoods by month, whitened months, and the factor of the covariance.

    Shapes ``(n_series, n_grid, n_months)`` twice, and ``(n_series, n_grid, n_months, n_months)``.
    """
    n = series.observed.shape[1]
    t = np.arange(n, dtype=float)
    common = np.full((n, n), _LEVEL_SD**2)
    if series.trend:
        common = common + _SLOPE_SD**2 * np.outer(t - t[-1], t - t[-1])
    for first in series.steps:
        after = (t >= first).astype(float)
        common = common + _LEVEL_SD**2 * np.outer(after, after)
    for sd, place in zip((season.year, season.quarter), places, strict=True):
        common = common + sd**2 * (place[:, None] == place[None, :])
    known = series.base > 0
    own = np.where(known, series.chance, _UNKNOWN)
    walk = np.minimum(t[:, None], t[None, :])
    alone = np.eye(n)
    grid = np.stack([r**2 * alone + s**2 * walk for r in _NOISE for s in _STEPS])
    covariance = common + grid[None] + (own[:, None, :, None] * alone)
    if series.shared is not None:
        covariance = covariance + series.shared[:, None]
    factor = np.linalg.cholesky(covariance)
    relative = _relative(series)
    whitened = np.zeros((*covariance.shape[:2], n))
    for i in range(n):
        done = (factor[:, :, i, :i] * whitened[:, :, :i]).sum(axis=-1)
        whitened[:, :, i] = (relative[:, None, i] - done) / factor[:, :, i, i]
    diagonal = np.einsum("sgii->sgi", factor)
    logs = np.where(known[:, None], -0.5 * whitened**2 - np.log(diagonal), 0.0)
    return logs, whitened, factor


def _tails(
    series: Counted, mean: FloatArray, block: FloatArray, cut: int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return mean, variance and both tails of the sum of a window, for each point of the grid."""
    base, share = series.base[:, None, cut:], series.share[:, None, cut:]
    chance = series.chance[:, None, cut:]
    observed = series.observed[:, cut:].sum(axis=1)[:, None]
    moved = np.einsum("sgij,sgi->sgj", block, np.broadcast_to(base, mean.shape))
    whole = (moved**2).sum(axis=-1)
    if series.kind == "number":
        middle = (base * mean).sum(axis=-1)
        z = (observed - middle) / np.sqrt(np.maximum(whole, 1e-300))
        return middle, whole, special.ndtr(z), special.ndtr(-z)
    level = base * np.maximum(1 + mean, 0.02)
    middle = level.sum(axis=-1)
    own = np.where(base > 0, base**2 * chance, 0.0).sum(axis=-1)
    there = (level * (1 - np.minimum(share * np.maximum(1 + mean, 0.02), 0.98))).sum(axis=-1)
    variance = np.maximum(whole - own, 0.0) + np.maximum(there * _excess(series, cut), 1e-9)
    low, high = count_tails(np.broadcast_to(observed, middle.shape), middle, variance)
    return middle, variance, low, high


def _excess(series: Counted, cut: int) -> FloatArray:
    """Return by how much chance varies more than single conversions, by series."""
    base, share = series.base[:, cut:], series.share[:, cut:]
    plain = (base * (1 - np.minimum(share, 0.98))).sum(axis=1)
    given = (base**2 * series.chance[:, cut:]).sum(axis=1)
    return np.asarray(np.where(plain > 0, given / np.where(plain > 0, plain, 1.0), 1.0)[:, None])
