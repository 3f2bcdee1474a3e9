"""A fitted regression: coefficients, their profile likelihood and tests."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from funnelkit.lag.cure.profile import EDGE, LOOSE, IntervalMethod, cutoffs, known_limits
from funnelkit.lag.cure.search import Box, Top, climb
from funnelkit.lag.cure.solution import Solution
from funnelkit.lag.regression.formula import Design
from funnelkit.lag.regression.likelihood import (
    Point,
    Regression,
    climbed,
    evened,
    inverse_of,
)

FloatArray = NDArray[np.float64]
_REACH = 60.0
"""How far an end of an interval is looked for, on the log scale."""
_CLOSE = 1e-4
_SURE = 1e-9


class Coefficient(NamedTuple):
    """One coefficient as a function of the working ones.

    Parameters
    ----------
    name, term
        Of its column.
    estimate, error
        On the log scale; an estimate may be infinite, and its error is then missing.
    along
        Weights of the working coefficients, shape ``(n,)``.
    """

    name: str
    term: str
    estimate: float
    error: float
    along: FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class RegressionSolution(Solution):
    """The top of a likelihood with rates and scales linear in coefficients.

    Parameters
    ----------
    likelihood, box, top
        The counts; where coefficients were looked for; and the top, where rates that run to 0 or
        1 stand far out.
    problem
        The likelihood by working coefficients.
    rest, rest_top
        The same with the rates held that run to 0 or 1, and its top.
    direction
        Along which they run, in working coefficients of the rates.
    of_rates, of_scales
        The formulas' columns, at each rate and each latency, without those left out.
    blind
        Rates of groups without leads of which the others say nothing, shape ``(n_rates,)``.
    left_out
        Columns that are combinations of others.
    """

    problem: Regression
    rest: Regression
    rest_top: Top
    direction: FloatArray
    of_rates: Design
    of_scales: Design
    blind: NDArray[np.bool_]
    left_out: tuple[str, ...] = ()
    _levels: dict[tuple[object, ...], float] = field(default_factory=dict)

    @cached_property
    def point(self) -> Point:
        """Rates and latencies at the top."""
        return self.rest.point(self.rest_top.theta)

    @property
    def theta(self) -> FloatArray:
        """Working parameters of each latency, shape ``(n_latencies, k)``."""
        return self.point.theta

    @cached_property
    def rates(self) -> FloatArray:
        """Eventual rates, shape ``(n_rates,)``; next to 0 or 1 they are 0 or 1."""
        p = self.point.rates
        return np.where(p > 1 - _SURE, 1.0, np.where(p < _SURE, 0.0, p))

    @property
    def n_parameters(self) -> int:
        """Coefficients and shape parameters."""
        return len(self.top.theta)

    @property
    def gradient_norm(self) -> float:
        """Gradient at the top in units of log-likelihood per standard error."""
        return self.rest_top.slope(self.rest.box)

    @cached_property
    def spread(self) -> FloatArray:
        """Covariance of the working coefficients of ``rest``."""
        inside = self.rest.box.inside(self.rest_top.theta)
        return inverse_of(self.rest.information(self.rest_top.theta), inside)

    @cached_property
    def covariance(self) -> FloatArray:
        """Covariance of the logits of the rates, then of the latency parameters; 0 at an edge."""
        n_b, n_g, n_s = self.rest.sizes
        logits = np.where(np.isnan(self.rest.limit)[:, None], self.rest.x, 0.0)
        n_latencies = len(self.rest.z)
        lean = np.zeros((n_latencies, 1 + n_s, n_g + n_s))
        lean[:, 0, :n_g] = self.rest.z
        lean[:, 1:, n_g:] = np.eye(n_s)
        rows = np.zeros((len(logits) + n_latencies * (1 + n_s), n_b + n_g + n_s))
        rows[: len(logits), :n_b] = logits
        rows[len(logits) :, n_b:] = lean.reshape(-1, n_g + n_s)
        return np.asarray(rows @ self.spread @ rows.T)

    @cached_property
    def trials(self) -> FloatArray:
        """How many fully followed leads would tell as much of each rate, were the pace known."""
        n_b = self.rest.sizes[0]
        known = inverse_of(self.rest.information(self.rest_top.theta)[:n_b, :n_b])
        variance = np.einsum("ri,ij,rj->r", self.rest.x, known, self.rest.x)
        p = self.rates
        odds = np.maximum(p * (1 - p) * variance, 1e-300)
        counts = self.likelihood
        edge = np.where(p >= 1, counts.converted, self.rest.worth(self.point))
        return np.where((p > 0) & (p < 1), 1 / odds, edge)

    @cached_property
    def coefficients(self) -> tuple[tuple[Coefficient, ...], tuple[Coefficient, ...]]:
        """Coefficients of the rates, and of the scales."""
        n_b, n_g, n_s = self.problem.sizes
        m_b = self.rest.sizes[0]
        free = np.isnan(self.rest.limit)
        back = np.linalg.pinv(self.of_rates.matrix) @ self.problem.x
        found = []
        for j, name in enumerate(self.of_rates.names):
            along = np.concatenate([back[j], np.zeros(n_g + n_s)])
            unit = np.eye(len(self.of_rates.names))[j]
            rows = self.of_rates.matrix[free]
            mix = np.linalg.lstsq(rows.T, unit, rcond=None)[0] if len(rows) else np.zeros(0)
            if len(rows) == 0 or np.abs(rows.T @ mix - unit).max() > 1e-7:
                drift = float(back[j] @ self.direction)
                estimate = np.sign(drift) * np.inf if abs(drift) > 1e-9 else np.nan
                found.append(Coefficient(name, self.of_rates.terms[j], estimate, np.nan, along))
                continue
            weights = mix @ self.rest.x[free]
            error = float(np.sqrt(max(weights @ self.spread[:m_b, :m_b] @ weights, 0.0)))
            value = float(weights @ self.rest_top.theta[:m_b])
            found.append(Coefficient(name, self.of_rates.terms[j], value, error, along))
        back = np.linalg.pinv(self.of_scales.matrix) @ self.problem.z
        cover = self.spread[m_b : m_b + n_g, m_b : m_b + n_g]
        scales = [
            Coefficient(
                name,
                self.of_scales.terms[j],
                float(back[j] @ self.rest_top.theta[m_b : m_b + n_g]),
                float(np.sqrt(max(back[j] @ cover @ back[j], 0.0))),
                np.concatenate([np.zeros(n_b), back[j], np.zeros(n_s)]),
            )
            for j, name in enumerate(self.of_scales.names)
        ]
        return tuple(found), tuple(scales)

    def cuts(
        self, rate: int, level: float, *, method: IntervalMethod, inflation: float
    ) -> tuple[float, float]:
        """Return the cut-offs of the deviance of one rate."""
        p, trials = float(self.rates[rate]), float(self.trials[rate]) / inflation
        low, high = cutoffs(p, trials, confidence_level=level, method=method)
        return low * inflation, high * inflation

    def known(self, level: float) -> tuple[FloatArray, FloatArray]:
        """Return the ends that the intervals of the rates would have if the pace were known."""
        pairs = zip(self.rates, self.trials, strict=True)
        ends = [known_limits(float(p), float(n), confidence_level=level) for p, n in pairs]
        return np.array(ends)[:, 0], np.array(ends)[:, 1]

    def _both(
        self, rate: int, level: float, method: IntervalMethod, inflation: float
    ) -> tuple[float, float]:
        p = float(self.rates[rate])
        if self.blind[rate] or (self.trials[rate] <= 0 and p <= 0):
            return 0.0, 1.0
        key = (rate, level, method, inflation)
        if key not in self._ends:
            cuts = self.cuts(rate, level, method=method, inflation=inflation)
            along, estimate = self._along(rate), float(special.logit(p))
            for upper, cut in enumerate(cuts):
                end = self.end(along, estimate, cut, upper=bool(upper))
                self._ends[(*key, upper)] = float(special.expit(end))
            self._ends[key] = 1.0
        return self._ends[(*key, 0)], self._ends[(*key, 1)]

    def reach(self, rate: int, level: float, *, inflation: float) -> float:
        """Return how far a rate of 1 is from the data; infinite too where nothing is known."""
        return np.inf if self.blind[rate] else super().reach(rate, level, inflation=inflation)

    def is_loose(self, rate: int, cut: float) -> bool:
        """Whether a deviance of 1 may be near a cut-off."""
        along = self._along(rate)
        return bool(cut * float(along @ inverse_of(self._curve) @ along) > LOOSE**2)

    def upper_end(self, rate: int, cut: float) -> float:
        """Return where the deviance of a rate reaches a cut-off, above the estimate."""
        estimate = float(special.logit(self.rates[rate]))
        return float(special.expit(self.end(self._along(rate), estimate, cut, upper=True)))

    def far(self, rate: int) -> float:
        """Return the deviance of a rate of 1, all else fitted anew."""
        return self.deviance(self._along(rate), EDGE)

    def _along(self, rate: int) -> FloatArray:
        """Return the working coefficients that make up the logit of a rate."""
        along = np.zeros(len(self.top.theta))
        along[: self.problem.sizes[0]] = self.problem.x[rate]
        return along

    @cached_property
    def _curve(self) -> FloatArray:
        return self.problem.information(self.top.theta)

    def end(self, along: FloatArray, estimate: float, cut: float, *, upper: bool) -> float:
        """Return where the deviance of a combination of working coefficients reaches a cut-off.

        Parameters
        ----------
        along
            Weights of the combination.
        estimate
            Its value at the top; may be infinite.
        cut
            Of twice the loss of log-likelihood.
        upper
            Which end.

        Returns
        -------
        float
            Infinite where the deviance never reaches the cut-off.
        """
        key = ("end", along.tobytes(), cut, upper)
        if key not in self._levels:
            self._levels[key] = self._end(along, estimate, cut, upper=upper)
        return self._levels[key]

    def _end(self, along: FloatArray, estimate: float, cut: float, *, upper: bool) -> float:
        sign = 1.0 if upper else -1.0
        if np.isinf(estimate) and estimate * sign > 0:
            return estimate
        cover = inverse_of(self._curve)
        lean = cover @ along
        variance = float(along @ lean)
        lean = lean / variance
        centre = float(along @ self.top.theta)
        wanted = float(np.sqrt(cut))
        known = {centre: (self.top.theta, -wanted)}

        def root(value: float) -> float:
            if value not in known:
                # from the side of the top: beyond, rates may have run to 1 and not come back
                near = (
                    max(k for k in known if k <= value)
                    if upper
                    else min(k for k in known if k >= value)
                )
                before = known[near][0]
                found = self._held(along, value, before + lean * (value - near), before)
                lost = max(2 * (self.top.value - found.value), 0.0)
                known[value] = (found.theta, float(np.sqrt(lost)) - wanted)
            return known[value][1]

        bounded = self._furthest(along, upper=upper)
        furthest = sign * _REACH + (0.0 if np.isinf(estimate) else centre)
        furthest = furthest if bounded is None else bounded
        if sign * (furthest - centre) <= 1e-6:
            return sign * np.inf if bounded is None else bounded
        inside, step = centre, sign * float(np.clip(np.sqrt(variance), 1e-6, 2.0)) * wanted
        outside = centre
        while True:
            outside = min(outside + step, furthest) if upper else max(outside + step, furthest)
            if root(outside) >= 0:
                break
            if outside == furthest:
                return sign * np.inf if bounded is None else bounded
            inside, step = outside, step * 1.6
        close = _CLOSE * float(np.clip(np.sqrt(variance), 1e-8, 1.0))
        return float(optimize.brentq(root, inside, outside, xtol=close))

    def _furthest(self, along: FloatArray, *, upper: bool) -> float | None:
        """Return the edge within which a shape parameter is looked for; nothing for others."""
        pivot = int(np.argmax(np.abs(along)))
        if pivot < sum(self.problem.sizes[:2]):
            return None
        box = self.problem.box
        return float((box.upper if upper else box.lower)[pivot])

    def deviance(self, along: FloatArray, value: float) -> float:
        """Return twice what the log-likelihood loses where a combination is held at a value."""
        key = ("deviance", along.tobytes(), value)
        if key not in self._levels:
            lean = inverse_of(self._curve) @ along
            moved = lean / float(along @ lean) * (value - float(along @ self.top.theta))
            found = self._held(along, value, self.top.theta + moved, self.top.theta)
            self._levels[key] = float(max(2 * (self.top.value - found.value), 0.0))
        return self._levels[key]

    def _held(self, along: FloatArray, value: float, *starts: FloatArray) -> Top:
        """Return the top under a held combination, from the best start; in all coefficients."""
        pivot = int(np.argmax(np.abs(along)))
        others = np.delete(np.arange(len(along)), pivot)
        spread = np.zeros((len(along), len(others)))
        spread[others, np.arange(len(others))] = 1.0
        spread[pivot] = -along[others] / along[pivot]
        base = np.zeros(len(along))
        base[pivot] = value / along[pivot]
        box = self.problem.box

        def objective(u: FloatArray) -> tuple[float, FloatArray]:
            total, gradient = self.problem.value(base + spread @ u)
            return total, gradient @ spread

        metric = inverse_of(spread.T @ self._curve @ spread)
        within = Box(box.lower[others], box.upper[others])
        with np.errstate(over="ignore", invalid="ignore"):
            begins = [within.clip(start[others]) for start in starts]
            worth = [objective(begin)[0] for begin in begins]
            begin = begins[int(np.argmax(np.nan_to_num(worth, nan=-np.inf)))]
            found = climb(objective, begin, within, metric, close=1e-6)
        return replace(found, theta=base + spread @ found.theta)

    def without(self, argument: str, term: str) -> float:
        """Return the log-likelihood without a term of the ``rate`` or of the ``scale``."""
        key = (argument, term)
        if key not in self._levels:
            x, z = self.problem.x, self.problem.z
            design = self.of_rates if argument == "rate" else self.of_scales
            fewer = design.matrix[:, [name != term for name in design.terms]]
            fewer = evened(fewer, np.ones(len(fewer), bool))
            if argument == "rate":
                x = fewer
            else:
                z = fewer
            n_b, n_g, _ = self.problem.sizes
            phi = self.top.theta
            logits = np.clip(self.problem.x @ phi[:n_b], -8, 8)
            start = [
                np.linalg.lstsq(x, logits, rcond=None)[0],
                np.linalg.lstsq(z, self.problem.z @ phi[n_b : n_b + n_g], rcond=None)[0],
                phi[n_b + n_g :],
            ]
            less = replace(self.problem, x=x, z=z)
            self._levels[key] = climbed(less, np.concatenate(start)).value
        return self._levels[key]

    def draws(self, n: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Return joint draws of rates, ``(n, n_rates)``, and latencies, ``(n, n_latencies, k)``.

        Notes
        -----
        Coefficients from their normal approximation on the working scale, kept in the box; rates
        at 0 or 1 from a beta distribution with half a conversion added to either side.
        """
        values, vectors = np.linalg.eigh(self.spread)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        moved = rng.standard_normal((n, len(root))) @ root.T
        phi = self.rest.box.clip(self.rest_top.theta + moved)
        n_b, n_g, n_s = self.rest.sizes
        drawn = special.expit(phi[:, :n_b] @ self.rest.x.T)
        worth = np.maximum(self.trials, 0.0)
        p = self.rates
        beside = rng.beta(p * worth + 0.5, (1 - p) * worth + 0.5, (n, len(p)))
        scale = phi[:, n_b : n_b + n_g] @ self.rest.z.T
        shapes = np.broadcast_to(phi[:, None, n_b + n_g :], (*scale.shape, n_s))
        theta = np.concatenate([scale[..., None], shapes], axis=-1)
        return np.where(np.isnan(self.rest.limit), drawn, beside), theta
