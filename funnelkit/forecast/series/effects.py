"""Effects of regressors: estimated beside trend and season, shared over series, taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks
from funnelkit._core.interval import Interval
from funnelkit.counts.triangle import Segment
from funnelkit.forecast.series.regressors import Regressor

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_SPARE = 3
"""Fewest periods beyond those that trend, season and effects use up."""
_LARGEST = 3.0
"""Largest effect on the logarithm: a factor of 20."""


@dataclass(frozen=True, kw_only=True)
class Effects:
    """Effects of K regressors on S series, on the logarithm.

    Parameters
    ----------
    regressors
        The K regressors.
    size
        Effect of a unit of each, shape ``(S, K)``.
    shared, own
        Standard deviations of the doubt that all series share, ``(K,)``, and of each, ``(S, K)``.
    told
        Whether the data say anything of each effect, shape ``(K,)``.
    """

    regressors: tuple[Regressor, ...]
    size: FloatArray
    shared: FloatArray
    own: FloatArray
    told: NDArray[np.bool_]

    @property
    def values(self) -> FloatArray:
        """Numbers of the regressors by period gone and to come, shape ``(T + H, K)``."""
        return np.stack([one.values for one in self.regressors], axis=1)

    @property
    def ends(self) -> tuple[FloatArray, FloatArray]:
        """Between which effects can lie, each of shape ``(K,)``."""
        return _ends(self.regressors)

    def factors(self) -> FloatArray:
        """Return by what each period differs from a usual one, shape ``(S, T + H)``."""
        return np.asarray(np.exp(np.clip(self.size @ self.values.T, -_LARGEST, _LARGEST)))

    def drawn(self, n: int, ahead: int, generator: np.random.Generator) -> FloatArray:
        """Return draws of the factors of the last periods, shape ``(n, S, ahead)``.

        An effect's doubt is the same in all periods of one draw.
        """
        shape = (n, *self.size.shape)
        size = self.size + self.own * generator.standard_normal(shape)
        size += self.shared * generator.standard_normal((n, 1, len(self.shared)))
        size = np.clip(size, *self.ends)
        return np.asarray(np.exp(np.clip(size @ self.values[-ahead:].T, -_LARGEST, _LARGEST)))

    def confidence_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return the interval of each effect as a share of change, shape ``(S, K)``."""
        from scipy import special

        z = float(special.ndtri((1 + checks.confidence(confidence_level)) / 2))
        sd = np.sqrt(self.shared**2 + self.own**2)
        step = np.array([one.step for one in self.regressors])
        low, high = (np.clip(self.size + side * z * sd, *self.ends) for side in (-1, 1))
        return Interval(np.expm1(low * step), np.expm1(high * step))

    def to_frame(
        self, by: Sequence[str], segments: Sequence[Segment], *, confidence_level: float = 0.95
    ) -> pd.DataFrame:
        """Return one row per series and effect."""
        import pandas as pd

        low, high = self.confidence_interval(confidence_level)
        rows = []
        for i, segment in enumerate(segments):
            for k, one in enumerate(self.regressors):
                labels = dict(zip(by, segment, strict=True))
                change = float(np.expm1(self.size[i, k] * one.step))
                ends = {"change_low": np.asarray(low)[i, k], "change_high": np.asarray(high)[i, k]}
                rows.append(
                    labels
                    | {"effect": one.name, "per": one.per, "change_rate": change}
                    | ends
                    | {"seen": one.seen}
                )
        return pd.DataFrame(rows)


def estimate(values: FloatArray, season: int, regressors: Sequence[Regressor]) -> Effects:
    """Return the effects of regressors on series.

    Parameters
    ----------
    values
        Shape ``(S, T)``, none below 0; NaN before a series begins.
    season
        Periods to a cycle.
    regressors
        With numbers of the T periods, and of those to come.

    Notes
    -----
    Least squares of the logarithm (of numbers with zeros, of the number and a half, or of it and a
    twentieth of the mean) on the regressors, a trend in straight pieces of a year, and, from two
    years on, the season. What season and trend explain as well is theirs. Each regressor's effect
    has a normal prior around a common mean; the spread of series about it is estimated by the
    method of moments (DerSimonian and Laird), and the common mean has the regressor's own prior: of
    working days 1 (twice the days, twice the number) with a standard deviation of a half, of others
    0 with a half; that of working days lies between 0 and 2. What was never seen, or cannot be told
    from the season, has no effect of its own.

    References
    ----------
    Frisch and Waugh (1933), Econometrica 1, 387-401, for what is left beside trend and season.
    DerSimonian and Laird (1986), Controlled Clinical Trials 7, 177-188, eq. 8.
    """
    size, long = values.shape
    x = np.stack([one.values for one in regressors], axis=1)[:long]
    found = np.zeros((size, len(regressors)))
    variance = np.full((size, len(regressors)), np.inf)
    centre = np.array([one.centre for one in regressors])
    for begin in np.unique(np.isfinite(values).argmax(axis=1)):
        mine = np.isfinite(values[:, begin:]).all(axis=1)
        mine &= (np.isfinite(values).argmax(axis=1) == begin) & values.any(axis=1)
        if mine.any():
            fitted = _fit(values[mine, begin:], x[begin:], season, centre)
            found[mine], variance[mine] = fitted
    doubt = np.array([one.doubt for one in regressors])
    return _shrunken(tuple(regressors), found, variance, centre, doubt)


def _fit(
    values: FloatArray, x: FloatArray, season: int, centre: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return effects and their variances for series that begin together, by least squares."""
    long, many = x.shape
    basis = _basis(long, season)
    free = long - basis.shape[1] - many
    nothing = np.tile(centre, (len(values), 1)), np.full((len(values), many), np.inf)
    if free < _SPARE:
        return nothing
    mean = values.mean(axis=1, keepdims=True)
    zero = (values <= 0).any(axis=1, keepdims=True)
    whole = (values == np.round(values)).all(axis=1, keepdims=True)
    z = np.log(values + np.where(zero, np.where(whole, 0.5, 0.05 * mean), 0.0)).T
    q, _ = np.linalg.qr(basis)
    left_x, left_z = x - q @ (q.T @ x), z - q @ (q.T @ z)
    told = (left_x**2).sum(axis=0) > 1e-6 * np.maximum((x**2).sum(axis=0), 1e-12)
    if not told.any():
        return nothing
    some = left_x[:, told]
    inverse = np.linalg.pinv(some.T @ some)
    size = inverse @ some.T @ left_z
    rest = left_z - some @ size
    scale = 1.4826 * np.median(np.abs(rest), axis=0)
    held = np.clip(rest, -3 * scale, 3 * scale) if (scale > 0).all() else rest
    size = size + inverse @ some.T @ (held - rest)
    noise = np.maximum((held**2).sum(axis=0) / (free - 2), 1e-8)
    found, variance = nothing
    found[:, told] = size.T
    variance[:, told] = noise[:, None] * np.diag(inverse)
    return found, variance


def _ends(regressors: Sequence[Regressor]) -> tuple[FloatArray, FloatArray]:
    least, most = [one.least for one in regressors], [one.most for one in regressors]
    return np.array(least, float), np.array(most, float)


def _basis(long: int, season: int) -> FloatArray:
    """Return trend in straight pieces and, from two cycles on, the season, shape ``(T, B)``."""
    t = np.arange(long)
    knots = np.arange(max(season, 12), long - 5, max(season, 12))
    columns = [np.ones(long), t / max(long, 1)]
    columns += [np.maximum(t - knot, 0) / max(long, 1) for knot in knots]
    if season > 1 and long >= 2 * season:
        columns += [(t % season == k).astype(float) for k in range(1, season)]
    return np.stack(columns, axis=1)


def _shrunken(
    regressors: tuple[Regressor, ...],
    found: FloatArray,
    variance: FloatArray,
    centre: FloatArray,
    doubt: FloatArray,
) -> Effects:
    """Return effects drawn to their common mean, and that to its prior."""
    weight = np.where(np.isfinite(variance), 1 / np.maximum(variance, 1e-12), 0.0)
    total = weight.sum(axis=0)
    safe = np.where(total > 0, total, 1.0)
    mean = np.where(total > 0, (weight * found).sum(axis=0) / safe, centre)
    several = (weight > 0).sum(axis=0)
    scatter = (weight * (found - mean) ** 2).sum(axis=0) - (several - 1)
    slack = total - (weight**2).sum(axis=0) / safe
    between = np.where((several > 1) & (slack > 0), scatter / np.where(slack > 0, slack, 1.0), 0.0)
    between = np.maximum(between, 0.0)
    wide = np.where(weight > 0, 1 / (1 / np.where(weight > 0, weight, 1.0) + between), 0.0)
    told = wide.sum(axis=0)
    common = ((wide * found).sum(axis=0) + centre / doubt**2) / (told + 1 / doubt**2)
    shared = np.sqrt(1 / (told + 1 / doubt**2))
    own = np.where(between > 0, between / (between + 1 / np.where(weight > 0, weight, 1e-12)), 0.0)
    size = common + own * (found - common)
    left = np.sqrt(np.maximum(own, 0.0) / np.where(weight > 0, weight, np.inf))
    left = np.where(weight > 0, left, np.sqrt(between))
    unknown = (told <= 0) & (centre == 0)
    size, shared, left = (np.where(unknown, 0.0, one) for one in (size, shared, left))
    return Effects(
        regressors=regressors,
        size=np.clip(size, *_ends(regressors)),
        told=told > 0,
        shared=shared * (1 - own.mean(axis=0)),
        own=left,
    )
