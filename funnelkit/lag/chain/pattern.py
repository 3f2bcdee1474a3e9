"""The development pattern of one outcome, and what each cohort comes to by it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit.lag.chain.ratios import ChainLadder, developed
from funnelkit.lag.chain.tails import Tail, exponential

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class Pattern:
    """A chain ladder of counts with the leads behind them, for cells that share their timing.

    Cells are segments and cohorts in a row, shape ``(n_cells,)``.

    Parameters
    ----------
    ladder
        Link ratios, and what is known of each cell.
    tail
        What comes after the last bin.
    entered
        Leads of each cell.
    incidence
        Share of the leads by the end of each bin, from what comes in a bin over the leads that
        are through it.
    """

    ladder: ChainLadder
    tail: Tail
    entered: IntArray
    incidence: FloatArray

    @cached_property
    def shares(self) -> FloatArray:
        """Share of the eventual conversions by the end of each bin, shape ``(n_bins,)``."""
        return self._shares(self.ladder.factors)

    @cached_property
    def mature(self) -> FloatArray:
        """Share of the eventual conversions by each cell's latest complete bin; 0 before one."""
        return self._at(self.shares)

    @property
    def own(self) -> BoolArray:
        """Whether a cell has conversions of its own in its complete bins."""
        return np.asarray(self.ladder.latest > 0)

    @cached_property
    def pooled(self) -> float:
        """Eventual rate of all cells together: Σ latest / Σ leads x maturity, at most 1."""
        leads = float((self.entered * self.mature).sum())
        return min(float(self.ladder.latest.sum()) / leads, 1.0) if leads > 0 else 0.0

    @cached_property
    def prior(self) -> tuple[FloatArray, FloatArray]:
        """Beta distribution of the eventual rate of a cell without conversions, both parameters.

        The pooled rate, as spread as the rates of the cells with conversions of their own are
        (widened as in a t interval for one more cell), but worth at least one conversion; then
        the leads that have shown none so far.
        """
        mean = min(max(self.pooled, 1e-12), 1 - 1e-9)
        worth = max(min(self._alike, float((self.entered * self.mature).sum())), 1 / mean)
        one = np.full(len(self.entered), mean * worth)
        return one, (1 - mean) * worth + self.entered * self.mature

    @property
    def _alike(self) -> float:
        """Leads that the pooled rate is worth as a forecast of one more cell's rate."""
        leads = np.where(self.own, self.entered * self.mature, 0.0)
        cells = int((leads > 0).sum())
        if cells < 3:
            return 0.0
        found = np.where(leads > 0, self.ladder.latest / np.where(leads > 0, leads, 1.0), 0.0)
        mean = float((leads * found).sum() / leads.sum())
        spread = float((leads * (found - mean) ** 2).sum() / leads.sum()) * cells / (cells - 1)
        wide = (special.stdtrit(cells - 1, 0.975) / special.ndtri(0.975)) ** 2 * (1 + 1 / cells)
        return max(mean * (1 - mean) / max(spread * float(wide), 1e-12) - 1, 0.0)

    @property
    def rates(self) -> FloatArray:
        """Eventual rate of each cell, at most 1."""
        one, none = self.prior
        mine = self.ladder.ultimate / np.maximum(self.entered, 1)
        pooled = one / (one + none) if self.pooled > 0 else np.zeros_like(none)
        return np.minimum(np.where(self.own, mine, pooled), 1.0)

    @property
    def standard_error(self) -> FloatArray:
        """Standard error of the conversions to come of each cell.

        Mack's where it has conversions of its own; else Poisson noise and that of the pooled
        rate.
        """
        one, none = self.prior
        to_come = self.entered * (1 - self.mature)
        total = one + none
        spread = one * none / (total**2 * (total + 1))
        pooled = np.sqrt(to_come * self.rates + to_come**2 * spread) if self.pooled > 0 else 0.0
        return np.where(self.own, self.ladder.standard_error, pooled)

    @property
    def total_variance(self) -> float:
        """Variance of the conversions to come of all cells: Mack's total, and the others'."""
        others = np.where(self.own, 0.0, self.standard_error**2).sum()
        return float(self.ladder.total_standard_error**2 + others)

    @cached_property
    def relative_variance(self) -> FloatArray:
        """Squared relative error of each cell's count by bin, and in the end.

        Shape ``(n_cells, n_bins + 1)``: of what is projected, Mack's; of what lies behind the
        latest bin, that of the link ratios with which the pattern goes back.
        """
        ladder = self.ladder
        bins = np.arange(len(ladder.parameter_variance))
        behind = (bins < ladder.position[:, None]) * ladder.parameter_variance
        back = np.cumsum(behind[:, ::-1], axis=1)[:, ::-1]
        none = np.zeros((len(back), 1))
        return np.asarray(ladder.relative_variance + np.concatenate([back, none], axis=1))

    @property
    def excess(self) -> FloatArray:
        """How many times as noisy as independent leads the counts of each cell are, at least 1."""
        rate = np.where(self.own, self.rates, 0.5)
        share = np.where(self.own, self.mature, 1.0)
        leads = np.maximum(self.entered, 1)
        process = self.ladder.process_relative_variance[:, -1]
        plain = rate * (1 / share - rate) / leads
        noisy = rate * (1 - rate) / leads + rate**2 * process
        ratio = np.where(plain > 0, noisy / np.where(plain > 0, plain, 1.0), 1.0)
        return np.maximum(np.where(self.own, ratio, 1.0), 1.0)

    def beta(self, levels: tuple[float, float]) -> FloatArray:
        """Return quantiles of the rate of cells without conversions, ``(n_cells, 2)``."""
        one, none = self.prior
        return np.asarray(special.betaincinv(one[:, None], none[:, None], np.array(levels)))

    def draw_shares(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return draws of ``shares``, shape ``(n, n_bins)``: f - 1 from gamma distributions."""
        gain = self.ladder.factors - 1
        variance = self.ladder.parameter_variance * self.ladder.factors**2
        moves = (gain > 0) & (variance > 0)
        shape = np.where(moves, gain**2 / np.where(moves, variance, 1.0), 1.0)
        drawn = rng.standard_gamma(shape, (n, len(gain))) / shape
        return self._shares(1 + gain * np.where(moves, drawn, 1.0))

    def draw_pooled(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return draws of the rate of cells without conversions, shape ``(n, n_cells)``."""
        if self.pooled <= 0:
            return np.zeros((n, len(self.entered)))
        return rng.beta(*self.prior, (n, len(self.entered)))

    def _shares(self, factors: FloatArray) -> FloatArray:
        """Return 1 / product of the factors ahead; 0 up to the first bin with conversions."""
        ahead = np.cumprod(factors[..., ::-1], axis=-1)[..., ::-1]
        return np.where(self.incidence > 0, 1 / ahead, 0.0)

    def _at(self, by_bin: FloatArray) -> FloatArray:
        position = self.ladder.position
        return np.where(position >= 0, by_bin[..., np.maximum(position, 0)], 0.0)


def pattern(
    cumulative: FloatArray, entered: IntArray, *, tail: float | str | None, days: int
) -> Pattern:
    """Return the development pattern of cells, shape of ``cumulative`` ``(n_cells, n_bins)``."""
    known = ~np.isnan(cumulative)
    filled = np.where(known, cumulative, 0.0)
    incidence = _incidence(filled, known, entered)
    before, after = incidence[:-1], incidence[1:]
    instead = np.where(before > 0, after / np.where(before > 0, before, 1.0), 1.0)
    ladder = developed(cumulative, tail=1.0, instead=instead, counts=True)
    end = Tail()
    if tail == "exponential":
        end = exponential(ladder.link_ratios, ladder.volume, days=days)
    elif isinstance(tail, float):
        end = Tail(factor=tail)
    if end.factor > 1:
        ladder = developed(cumulative, tail=end.factor, instead=instead, counts=True)
    return Pattern(ladder=ladder, tail=end, entered=entered, incidence=incidence)


def _incidence(filled: FloatArray, known: BoolArray, entered: IntArray) -> FloatArray:
    """Return the share of the leads by each bin: in each bin, over the leads through it."""
    steps = np.where(known, np.diff(filled, axis=1, prepend=0.0), 0.0)
    leads = np.where(known, entered[:, None], 0).sum(axis=0)
    return np.asarray(np.cumsum(steps.sum(axis=0) / np.maximum(leads, 1)))
