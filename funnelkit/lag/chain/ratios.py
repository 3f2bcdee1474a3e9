"""`chain_ladder`: what cohorts come to by the link ratios of older ones, with Mack's error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit._core.result import Result, frozen

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def chain_ladder(cumulative: ArrayLike, *, tail: float = 1.0) -> ChainLadder:
    """Return what each cohort comes to, with Mack's standard error.

    Parameters
    ----------
    cumulative
        Conversions (or money) so far by cohort and development period, shape
        ``(n_cohorts, n_periods)``; NaN where a cohort has not come to a period yet. A row of
        NaN is a cohort without any complete period.
    tail
        Factor from the last period to the end, at least 1.

    Returns
    -------
    ChainLadder
        Link ratios, and for each cohort the ultimate, the reserve (what is still to come) and
        the standard error of both.

    Raises
    ------
    DataError
        If values are negative or infinite, or a cohort has a value after one that is missing.
    ArgumentError
        If ``cumulative`` is no table, or ``tail`` is no number of at least 1.
    EvidenceError
        If no cohort has come to the last period, or there is no cohort at all.

    Notes
    -----
    With C(i, k) what cohort i has come to by period k, the link ratio is weighted by volume,
    f(k) = Σ C(i, k+1) / Σ C(i, k) over the cohorts known at k + 1, and

        σ²(k) = Σ C(i, k) (C(i, k+1) / C(i, k) - f(k))² / (cohorts - 1).

    Where that rests on one cohort, min(σ⁴(k-1) / σ²(k-2), σ²(k-1), σ²(k-2)) as Mack has it (with
    fewer than two periods before, σ² of the first, or 0). The
    squared error of an ultimate U(i) is U(i)² Σ σ²(k) / f(k)² · (1 / Ĉ(i, k) + 1 / Σ C(j, k))
    over the periods to come; in the total, cohorts share the error of the ratios.

    Zeros: a cohort at 0 counts in f(k), not in σ²(k), and stays at 0. Where every cohort is at 0,
    f(k) is undefined: 1 is taken, and ``undefined`` says so. A tail has the σ² and the error of
    the ratios that are next to it in size.

    References
    ----------
    Mack (1993), ASTIN Bulletin 23, 213-225; Mack (1999), ASTIN Bulletin 29, 361-366 (tail).

    Examples
    --------
    >>> found = chain_ladder([[10, 15, 18], [20, 32, np.nan], [16, np.nan, np.nan]])
    >>> found.link_ratios.round(4).tolist(), found.ultimate.round(2).tolist()
    ([1.5667, 1.2], [18.0, 38.4, 30.08])
    """
    values = _table(cumulative)
    if not isinstance(tail, (int, float)) or isinstance(tail, bool) or not 1 <= tail < np.inf:
        raise ArgumentError(f"`tail` must be a factor of at least 1; got {tail!r}.")
    return developed(values, tail=float(tail))


def developed(
    values: FloatArray,
    *,
    tail: float,
    instead: FloatArray | None = None,
    counts: bool = False,
) -> ChainLadder:
    """Return the chain ladder of a table that is known to be sound.

    Parameters
    ----------
    values, tail
        As in :func:`chain_ladder`.
    instead
        Ratios to take where the link ratio is undefined, shape ``(n_periods - 1,)``.
    counts
        Whether the values are counts of leads that act for themselves: σ² is then at least
        Poisson's, f - 1, as a few cohorts often seem less noisy than that by chance.
    """
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    pairs = known[:, 1:]
    before, after = np.where(pairs, filled[:, :-1], 0.0), np.where(pairs, filled[:, 1:], 0.0)
    volume = before.sum(axis=0)
    undefined = volume <= 0
    other = np.ones_like(volume) if instead is None else instead
    ratios = np.where(undefined, other, after.sum(axis=0) / np.where(undefined, 1.0, volume))
    sigma2 = _sigma2(before, after, ratios)
    if counts:
        sigma2 = np.maximum(sigma2, ratios - 1)
    return ChainLadder(
        cumulative=values,
        position=known.sum(axis=1) - 1,
        link_ratios=ratios,
        sigma2=sigma2,
        volume=volume,
        undefined=undefined,
        tail=tail,
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ChainLadder(Result):
    """Link ratios, and what each cohort comes to by them.

    Parameters
    ----------
    cumulative
        As given, shape ``(n_cohorts, n_periods)``.
    position
        Last period that is known of each cohort, shape ``(n_cohorts,)``; -1: none.
    link_ratios, sigma2
        Ratio of a period to the one before, and Mack's σ², shape ``(n_periods - 1,)``.
    volume
        Σ C(i, k) behind each ratio.
    undefined
        Ratios without volume.
    tail
        Factor from the last period to the end.
    """

    cumulative: FloatArray
    position: IntArray
    link_ratios: FloatArray
    sigma2: FloatArray
    volume: FloatArray
    undefined: BoolArray
    tail: float

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("cumulative", "link_ratios", "sigma2", "volume"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        object.__setattr__(self, "position", frozen(self.position, np.int64))
        object.__setattr__(self, "undefined", frozen(self.undefined, np.bool_))

    @property
    def factors(self) -> FloatArray:
        """Link ratios, then the tail, shape ``(n_periods,)``."""
        return np.append(self.link_ratios, self.tail)

    @property
    def latest(self) -> FloatArray:
        """What each cohort has come to so far; 0 for one without any complete period."""
        rows = np.arange(len(self.position))
        known = self.position >= 0
        found = self.cumulative[rows, np.maximum(self.position, 0)]
        return np.where(known, found, 0.0)

    @property
    def ultimate(self) -> FloatArray:
        """What each cohort comes to, shape ``(n_cohorts,)``."""
        return self.projected[:, -1]

    @property
    def reserve(self) -> FloatArray:
        """What is still to come of each cohort: ultimate - latest."""
        return self.ultimate - self.latest

    @property
    def total_reserve(self) -> float:
        """What is still to come of all cohorts."""
        return float(self.reserve.sum())

    @property
    def projected(self) -> FloatArray:
        """Latest value carried forward, shape ``(n_cohorts, n_periods + 1)``, the end last.

        Before a cohort's latest period: that value.
        """
        steps = np.where(self._ahead, self.factors, 1.0)
        carried = self.latest[:, None] * np.cumprod(steps, axis=1)
        return np.column_stack([self.latest, carried])

    @property
    def standard_error(self) -> FloatArray:
        """Mack's standard error of each ultimate and reserve, shape ``(n_cohorts,)``."""
        return self.ultimate * np.sqrt(self.relative_variance[:, -1])

    @property
    def total_standard_error(self) -> float:
        """Mack's standard error of the total: cohorts share the error of the ratios."""
        own = (self.ultimate**2 * self.process_relative_variance[:, -1]).sum()
        # The error of ratio k moves every cohort that still has it ahead.
        moved = (self.ultimate[:, None] * self._ahead).sum(axis=0)
        return float(np.sqrt(own + (moved**2 * self.parameter_variance).sum()))

    @property
    def relative_variance(self) -> FloatArray:
        """Squared relative error of ``projected``, shape ``(n_cohorts, n_periods + 1)``."""
        ratios = np.cumsum(np.where(self._ahead, self.parameter_variance, 0.0), axis=1)
        none = np.zeros((len(self.position), 1))
        return np.asarray(self.process_relative_variance + np.concatenate([none, ratios], axis=1))

    @property
    def parameter_variance(self) -> FloatArray:
        """Squared relative error of each factor, the tail last: σ² / (f² Σ C).

        0 where a ratio is undefined: it was not estimated, and nothing is known of its error.
        """
        _, error = self._tail_noise
        volume = np.where(self.undefined, np.inf, self.volume)
        return np.append(self.sigma2 / self.link_ratios**2 / volume, error / self.tail**2)

    @property
    def process_variance(self) -> FloatArray:
        """σ² / f² of each factor, the tail last: over C, the squared relative noise to come."""
        sigma2, _ = self._tail_noise
        return np.append(self.sigma2, sigma2) / self.factors**2

    @property
    def process_relative_variance(self) -> FloatArray:
        """The part of ``relative_variance`` that is noise to come, not error of the ratios."""
        at = np.where(self.projected[:, :-1] > 0, self.projected[:, :-1], np.inf)
        steps = np.where(self._ahead, self.process_variance / at, 0.0)
        none = np.zeros((len(self.position), 1))
        return np.concatenate([none, np.cumsum(steps, axis=1)], axis=1)

    @property
    def _ahead(self) -> BoolArray:
        """Which factors each cohort still has before it, shape ``(n_cohorts, n_periods)``."""
        periods = np.arange(self.cumulative.shape[1])
        return np.asarray((periods >= self.position[:, None]) & (self.position >= 0)[:, None])

    @property
    def _tail_noise(self) -> tuple[float, float]:
        """σ² and squared error of the tail, from the ratios between which it lies."""
        usable = ~self.undefined
        if self.tail <= 1 or not usable.any():
            return 0.0, 0.0
        ratios, sigma2 = self.link_ratios[usable], self.sigma2[usable]
        errors = sigma2 / self.volume[usable]
        order = np.argsort(ratios, kind="stable")
        return (
            float(np.interp(self.tail, ratios[order], sigma2[order])),
            float(np.interp(self.tail, ratios[order], errors[order])),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cohort.

        Returns
        -------
        DataFrame
            ``cohort`` (its number from 0), ``period`` (last one that is known, from 0; -1:
            none), ``latest``, ``ultimate``, ``reserve`` and ``standard_error``.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "cohort": np.arange(len(self.position)),
                "period": self.position,
                "latest": self.latest,
                "ultimate": self.ultimate,
                "reserve": self.reserve,
                "standard_error": self.standard_error,
            }
        )

    def summary(self) -> str:
        """Return what is still to come in all, with its standard error."""
        return (
            f"{display.plural(len(self.position), 'cohort')} stand at "
            f"{display.count(self.latest.sum())} and come to {display.count(self.ultimate.sum())}: "
            f"{display.count(self.total_reserve)} still to come, with a standard error of "
            f"{display.count(self.total_standard_error)}."
        )


def _sigma2(before: FloatArray, after: FloatArray, ratios: FloatArray) -> FloatArray:
    """Return Mack's σ² of each period."""
    positive = before > 0
    base = np.where(positive, before, 1.0)
    squares = np.where(positive, (after - ratios * before) ** 2 / base, 0.0).sum(axis=0)
    free = positive.sum(axis=0) - 1
    found = squares / np.maximum(free, 1)
    for k in np.flatnonzero(free < 1):
        if k >= 2:
            first, second = found[k - 2], found[k - 1]
            steps = second**2 / first if first > 0 else 0.0
            found[k] = min(steps, first, second)
        else:
            found[k] = found[0] if k else 0.0
    return np.asarray(found)


def _table(cumulative: ArrayLike) -> FloatArray:
    """Return the values as a table in which what is missing stands at the end of each row."""
    try:
        values = np.array(cumulative, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.empty(0)
    if values.ndim != 2:
        raise ArgumentError(
            "`cumulative` must be a table of numbers, cohorts by development periods, with NaN "
            "where a cohort has not come to a period yet."
        )
    known = ~np.isnan(values)
    if np.isinf(values).any() or (values[known] < 0).any():
        wrong = int(np.isinf(values).sum() + (values[known] < 0).sum())
        raise DataError(
            f"`cumulative` holds {display.plural(wrong, 'value')} below 0 or infinite; what a "
            "cohort has come to is a finite number of at least 0."
        )
    if (known[:, 1:] & ~known[:, :-1]).any():
        row = int(np.flatnonzero((known[:, 1:] & ~known[:, :-1]).any(axis=1))[0])
        raise DataError(
            f"`cumulative`: row {row} has a value after one that is missing. Fill the gap, or "
            "leave the cohort out."
        )
    if not known.size or not known[:, -1].any():
        raise EvidenceError(
            "`cumulative`: no cohort has come to the last development period, so that nothing is "
            "known of it. Leave out periods without a value."
        )
    return values
