"""A fitted mixture-cure model: estimates, their covariance and intervals, and how it was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit.lag.cure.likelihood import Information, Likelihood
from funnelkit.lag.cure.profile import IntervalMethod, Profile, cutoffs, known_limits
from funnelkit.lag.cure.search import ACCURATE, Box, Top, best, climb, polished, starts_from
from funnelkit.lag.cure.unified import upper_root

FloatArray = NDArray[np.float64]
_REACH = 18.0
"""The log scale may exceed that of the longest time by this, e^18 = 6.6e7."""
_SHIFTS = (0.0, 1.0, -1.0)
"""From where the latency of one segment is looked for, about the pooled log scale."""


@dataclass(frozen=True, eq=False)
class Solution:
    """The top of a likelihood.

    Parameters
    ----------
    likelihood, box
        What was maximised, and where.
    top
        Latency parameters at the top, and how the search went.
    """

    likelihood: Likelihood
    box: Box
    top: Top
    _ends: dict[tuple[object, ...], float] = field(default_factory=dict)

    @property
    def theta(self) -> FloatArray:
        """Working parameters, shape ``(n_latencies, k)``."""
        return self.top.theta.reshape(self.likelihood.shape)

    @cached_property
    def rates(self) -> FloatArray:
        """Eventual rates, shape ``(n_rates,)``."""
        return self.likelihood.rates(self.likelihood.seen(self.top.theta))

    @cached_property
    def information(self) -> Information:
        """Observed information on the working scale."""
        return self.likelihood.information(self.top.theta, self.rates)

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Latency parameters that are not at the edge of the box, shape ``(n_latencies * k,)``."""
        return self.box.inside(self.top.theta)

    @cached_property
    def covariance(self) -> FloatArray:
        """Covariance of the logits of the rates, then of the latency parameters."""
        return self.information.covariance(self.inside)

    @property
    def n_parameters(self) -> int:
        """Rates and latency parameters."""
        return len(self.rates) + self.top.theta.size

    @property
    def gradient_norm(self) -> float:
        """Gradient at the top in units of log-likelihood per standard error."""
        return self.top.slope(self.box)

    @property
    def converged(self) -> bool:
        """Whether the gradient at the top is nil, but for parameters at the edge of the box."""
        return bool(self.gradient_norm < ACCURATE and np.isfinite(self.top.value))

    @cached_property
    def profile(self) -> Profile:
        """The likelihood about its top."""
        n = len(self.rates)
        variance = np.maximum(np.diag(self.covariance)[:n], 0.0)
        across = self.covariance[:n, n:]
        return Profile(
            likelihood=self.likelihood,
            box=self.box,
            top=self.top,
            rates=self.rates,
            spread=np.sqrt(variance),
            lean=across / np.where(variance > 0, variance, np.inf)[:, None],
        )

    def interval(
        self, level: float, *, method: IntervalMethod, inflation: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the profile-likelihood interval of each rate.

        Parameters
        ----------
        level
            Two-sided confidence level.
        method
            Of the cut-offs.
        inflation
            Design effects, shape ``(n_rates,)``.
        """
        ends = np.array(
            [self._both(r, level, method, inflation[r]) for r in range(len(self.rates))]
        )
        return ends[:, 0], ends[:, 1]

    def unified(self, level: float, *, inflation: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the interval of each rate, with the upper end that 1 allows.

        Parameters
        ----------
        level, inflation
            As :meth:`interval` takes them. See :func:`~funnelkit.lag.cure.unified.upper_root`.
        """
        low, high = self.interval(level, method="calibrated", inflation=inflation)
        two_sided = float(special.ndtri((1 + level) / 2))
        for r in np.flatnonzero((self.rates > 0) & (self.rates < 1)).tolist():
            design = float(inflation[r])
            root = float(upper_root(self.reach(r, level, inflation=design), level))
            if root < two_sided:
                cut = self.cuts(r, level, method="calibrated", inflation=design)[1]
                high[r] = self.upper_end(r, cut * (root / two_sided) ** 2)
        return low, high

    def reach(self, rate: int, level: float, *, inflation: float) -> float:
        """Return how far a rate of 1 is from the data, in normal quantiles.

        Infinite where it is so far that it need not be known, and where nothing converted.
        """
        estimate = float(self.rates[rate])
        if not 0 < estimate < 1:
            return 0.0 if estimate >= 1 else np.inf
        cut = self.cuts(rate, level, method="calibrated", inflation=inflation)[1]
        return self.root_at_one(rate, level, cut) if self.is_loose(rate, cut) else np.inf

    def root_at_one(self, rate: int, level: float, cut: float) -> float:
        """Return the signed root of a rate of 1, scaled to be the quantile of a level at a cut."""
        return float(np.sqrt(self.far(rate) / cut) * special.ndtri((1 + level) / 2))

    def is_loose(self, rate: int, cut: float) -> bool:
        """Whether a deviance of 1 may be near a cut-off."""
        return self.profile.is_loose(rate, cut)

    def upper_end(self, rate: int, cut: float) -> float:
        """Return where the deviance of a rate reaches a cut-off, above the estimate."""
        key = (rate, cut, "upper")
        if key not in self._ends:
            self._ends[key] = self.profile.end(rate, cut, upper=True, far=self.far)
        return self._ends[key]

    def far(self, rate: int) -> float:
        """Return the deviance of a rate of 1: how far the data are from setting no upper end."""
        key = (rate, "far")
        if key not in self._ends:
            self._ends[key] = self.profile.far(rate)
        return self._ends[key]

    def cuts(
        self, rate: int, level: float, *, method: IntervalMethod, inflation: float
    ) -> tuple[float, float]:
        """Return the cut-offs of the deviance of one rate."""
        estimate = float(self.rates[rate])
        trials = float(self.information.trials[rate]) / inflation
        low, high = cutoffs(estimate, trials, confidence_level=level, method=method)
        return low * inflation, high * inflation

    def known(self, level: float) -> tuple[FloatArray, FloatArray]:
        """Return the ends that the intervals would have if the pace were known."""
        ends = np.array(
            [
                known_limits(float(p), float(n), confidence_level=level)
                for p, n in zip(self.rates, self.information.trials, strict=True)
            ]
        )
        return ends[:, 0], ends[:, 1]

    def _both(
        self, rate: int, level: float, method: IntervalMethod, inflation: float
    ) -> tuple[float, float]:
        if self.information.trials[rate] <= 0 and self.rates[rate] <= 0:
            return 0.0, 1.0
        key = (rate, level, method, inflation)
        if key not in self._ends:
            cuts = self.cuts(rate, level, method=method, inflation=inflation)
            for upper, cut in enumerate(cuts):
                self._ends[(*key, upper)] = self.profile.end(
                    rate, cut, upper=bool(upper), far=self.far
                )
            self._ends[key] = 1.0
        return self._ends[(*key, 0)], self._ends[(*key, 1)]

    def draws(self, n: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Return joint draws of rates, ``(n, n_rates)``, and latencies, ``(n, n_latencies, k)``.

        Notes
        -----
        Latencies from the normal approximation on the working scale, kept in the box; given them,
        each rate from a beta distribution about its profiled value, worth as many leads as the
        information on it, with half a conversion added to either side.
        """
        told = self.information
        spread = told.of_latencies(self.inside)
        values, vectors = np.linalg.eigh(spread)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        moved = rng.standard_normal((n, len(root))) @ root.T
        theta = self.box.clip(self.top.theta + moved)
        logits = special.logit(np.clip(self.rates, 1e-12, 1 - 1e-12))
        shift = np.clip((theta - self.top.theta) @ told.pull.T, -30.0, 30.0)
        p = np.where(told.free, special.expit(logits + shift), self.rates)
        trials = np.maximum(told.trials, 0.0)
        drawn = rng.beta(p * trials + 0.5, (1 - p) * trials + 0.5)
        return drawn, theta.reshape(n, *self.likelihood.shape)


def solved(
    likelihood: Likelihood,
    *,
    days: FloatArray,
    climbs: int,
    points: Sequence[FloatArray] | None = None,
) -> Solution:
    """Return the top of a likelihood.

    Parameters
    ----------
    likelihood
        What to maximise.
    days
        Time at the middle of each column, in days.
    climbs
        From how many starts to climb.
    points
        Where to start, for one latency; default: about the times of the conversions.

    Notes
    -----
    First one latency for all; then, where there are several, each in turn from there, and at
    last all together.
    """
    family, (n_latencies, size) = likelihood.family, likelihood.shape
    low = np.array([np.log(max(float(days.min()), 1e-300)) - 8.0, *family.lower])
    high = np.array([np.log(float(days.max())) + _REACH, *family.upper])
    box = Box(low, high)
    cells = likelihood.cells
    whole = replace(
        likelihood,
        dated=likelihood.dated.sum(axis=0, keepdims=True),
        undated=likelihood.undated.sum(axis=0, keepdims=True),
        cells=cells._replace(latency=np.zeros_like(cells.latency)),
    )
    if points is None:
        came = (whole.dated + whole.undated)[0]
        points = starts_from(whole, days[came > 0], came[came > 0])
    top = best(whole, points, box, climbs=climbs)
    if n_latencies == 1:
        return Solution(whole, box, top)
    joint = Box(np.tile(low, n_latencies), np.tile(high, n_latencies))
    theta = np.tile(top.theta, (n_latencies, 1))
    metric = np.zeros((theta.size, theta.size))
    fewest = len(_SHIFTS)
    for k in range(n_latencies):
        mine = slice(k * size, (k + 1) * size)
        tops = [_one(likelihood, theta, k, box, _shifted(top.theta, by)) for by in _SHIFTS]
        found = tops[int(np.argmax([one.value for one in tops]))]
        fewest = min(fewest, sum(one.value > found.value - 0.01 for one in tops))
        theta[k] = found.theta
        metric[mine, mine] = found.inverse
    together = climb(likelihood.value, theta.ravel(), joint, metric)
    together = polished(likelihood, together, joint)
    return Solution(likelihood, joint, replace(together, n_starts=len(_SHIFTS), n_agreeing=fewest))


def _shifted(theta: FloatArray, by: float) -> FloatArray:
    """Return latency parameters with another log scale."""
    return np.concatenate([theta[:1] + by, theta[1:]])


def _one(likelihood: Likelihood, theta: FloatArray, k: int, box: Box, start: FloatArray) -> Top:
    """Return the top over one of several latencies, the others held."""
    size = likelihood.family.size

    def objective(block: FloatArray) -> tuple[float, FloatArray]:
        full = theta.copy()
        full[k] = block
        value, gradient = likelihood.value(full.ravel())
        return value, gradient[k * size : (k + 1) * size]

    guess = np.eye(size) / max(float((likelihood.dated + likelihood.undated)[k].sum()), 1.0)
    return climb(objective, start, box, guess)
