"""Profile likelihood of eventual rates: what they may be, whatever the pace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from funnelkit.lag.cure.likelihood import Likelihood
from funnelkit.lag.cure.search import Box, Top, climb

FloatArray = NDArray[np.float64]
IntervalMethod = Literal["calibrated", "likelihood"]
FEW = 15
"""With fewer conversions the cut-offs are those of exact limits, from there on of mid-P ones."""
_CLOSE = 1e-4
"""Ends are found to this part of a standard unit of the signed root."""
LOOSE = 0.45
"""Where the Wald interval reaches this far on the logit scale, there may be no upper end."""
_STRIDE = 1.0
"""Moves of the pace by more, on the working scale, are looked at before they are made."""
EDGE = 20.0
"""Logit beyond which a rate counts as 0 or 1."""


@dataclass(frozen=True, eq=False)
class Profile:
    """The likelihood of a fit about its top, for the ends of intervals.

    Parameters
    ----------
    likelihood, box, top, rates
        The fit.
    spread
        Standard errors of the logits, shape ``(n_rates,)``; 0 where a rate is 0 or 1.
    lean
        How the latency moves with each logit near the top, shape ``(n_rates, n_theta)``.
    """

    likelihood: Likelihood
    box: Box
    top: Top
    rates: FloatArray
    spread: FloatArray
    lean: FloatArray

    def end(
        self, rate: int, cut: float, *, upper: bool, far: Callable[[int], float] | None = None
    ) -> float:
        """Return where 2 (l(top) - l(p)) reaches a cut-off, above or below the estimate.

        Parameters
        ----------
        rate
            Position of the rate.
        cut
            Cut-off of the deviance.
        upper
            Which end.
        far
            :meth:`far`, where its answers are kept.

        Returns
        -------
        float
            In [0, 1]; the edge where the deviance never reaches the cut-off.
        """
        sign = 1.0 if upper else -1.0
        estimate = float(self.rates[rate])
        if estimate >= 1 if upper else estimate <= 0:
            return estimate
        centre = float(np.clip(special.logit(estimate), -EDGE, EDGE))
        theta = self.top.theta
        if estimate <= 0:
            seen = self.likelihood.seen(theta)
            cells = self.likelihood.cells
            mine = cells.rate == rate
            worth = float((cells.weight * seen.by[cells.latency, cells.column])[mine].sum())
            centre = float(special.logit(min(cut / 2 / (worth + cut), 0.5)))
        wanted = float(np.sqrt(cut))
        if upper and self.is_loose(rate, cut) and (far or self.far)(rate) <= cut:
            return 1.0
        warm, slope = [(centre, theta)], self.lean[rate]

        known = 0 < estimate < 1

        @cache
        def root(logit: float) -> float:
            if known and logit == centre:  # the top itself: a climb from afar may miss it
                return -wanted
            held = (rate, float(special.expit(logit)))
            before, nearby = warm[0]

            def value(point: FloatArray) -> tuple[float, FloatArray]:
                return self.likelihood.value(point, fixed=held, guess=self.rates)

            leaned = self.box.clip(nearby + slope * (logit - before))
            # on a flat top the lean may point far away, where another top is near
            if np.abs(leaned - nearby).max() > _STRIDE and value(leaned)[0] < value(nearby)[0]:
                leaned = nearby
            found = climb(value, leaned, self.box, self.top.inverse, close=1e-6)
            warm[0] = (logit, found.theta)
            return float(np.sqrt(max(2 * (self.top.value - found.value), 0.0))) - wanted

        width = float(np.clip(self.spread[rate], 0.01, 1.0)) if self.spread[rate] > 0 else 0.5
        found = _crossing(
            root,
            start=centre + sign * width * wanted if known else centre,
            inside=centre if known else None,
            step=sign * width * wanted / 2,
            end=EDGE if upper else min(-EDGE, centre - 25.0),
        )
        if found is None:
            return 1.0 if upper else 0.0
        return float(special.expit(found))

    def is_loose(self, rate: int, cut: float) -> bool:
        """Whether a deviance of 1 may be near a cut-off, by how little the counts tell."""
        return bool(self.spread[rate] * np.sqrt(cut) > LOOSE)

    def far(self, rate: int) -> float:
        """Return the deviance of a rate of 1, at a slower pace, as far as it is found.

        Two paces to begin from: as many conversions early on as in the fit, where F rises like a
        power of the time; and as the fit leans.
        """
        estimate = float(self.rates[rate])
        if estimate >= 1:
            return 0.0
        family = self.likelihood.family
        paces = self.top.theta.reshape(self.likelihood.shape).copy()
        shapes = np.exp(paces[:, 1]) if family.size > 1 else 1.0
        paces[:, 0] -= np.log(max(estimate, 1e-9)) / shapes
        beyond = 2.0 - float(special.logit(np.clip(estimate, 1e-9, 0.8)))
        best = -np.inf
        for start in (paces.ravel(), self.top.theta + self.lean[rate] * beyond):
            found = climb(
                lambda t: self.likelihood.value(t, fixed=(rate, 1.0), guess=self.rates),
                start,
                self.box,
                self.top.inverse,
                close=1e-3,
            )
            best = max(best, found.value)
        return max(2 * (self.top.value - best), 0.0)


def _crossing(
    root: Callable[[float], float],
    *,
    start: float,
    inside: float | None,
    step: float,
    end: float,
) -> float | None:
    """Return where a function that rises from inside to outside is 0; nothing if not before end.

    Parameters
    ----------
    root
        The function, -1 x its cut-off at ``inside``.
    start
        First guess.
    inside
        A point where it is negative, if one is known.
    step
        How far to look next, with the sign of the direction.
    end
        Where to stop looking.
    """
    start = min(start, end) if step > 0 else max(start, end)
    found = root(start)
    while inside is None and found >= 0:
        start -= step
        found = root(start)
        if abs(start) > 60:
            return start
    outside = start
    while found < 0:
        if outside == end:
            return None
        inside, outside = outside, outside + step
        step *= 1.6
        if (outside - end) * step >= 0:
            outside = end
        found = root(outside)
    return float(optimize.brentq(root, float(inside or 0.0), outside, xtol=_CLOSE * abs(step)))


def cutoffs(
    estimate: float, trials: float, *, confidence_level: float, method: IntervalMethod
) -> tuple[float, float]:
    """Return the cut-offs of the deviance for the lower and the upper end.

    Parameters
    ----------
    estimate
        The rate.
    trials
        How many fully followed leads would tell as much.
    confidence_level
        Two-sided level; all of it on one side where the estimate is 0 or 1.
    method
        ``"likelihood"``: the quantile of χ² with one degree of freedom. ``"calibrated"``: the
        deviance, at the limits of an exact interval, of as many conversions among as many leads.

    Notes
    -----
    A likelihood-ratio interval of a binomial share is too short for few conversions: with none
    of n it ends at 1.35 / n (one-sided 95 %), where the exact bound is 3.00 / n. Its cut-off is
    therefore taken from what is known exactly, the share of leads that are fully followed, and
    is -2 log(1 - level) where nothing converted: with no conversion the likelihood is itself the
    probability of what was seen. Limits are those of Clopper and Pearson for fewer than 15
    conversions, and mid-P ones from there on. With many conversions both methods are the same.

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26, 404-413; Lancaster (1961), JASA 56, 223-234;
    Self and Liang (1987), JASA 82, 605-610 (the edge).

    Examples
    --------
    >>> [round(cut, 2) for cut in cutoffs(0.0, 200, confidence_level=0.95, method="calibrated")]
    [5.99, 5.99]
    >>> [round(cut, 2) for cut in cutoffs(0.2, 1e6, confidence_level=0.95, method="calibrated")]
    [3.84, 3.84]
    """
    edge = not 0 < estimate < 1
    alpha = 1 - confidence_level
    if method == "likelihood":
        plain = float(stats.norm.isf(alpha) ** 2 if edge else stats.chi2.isf(alpha, 1))
        return plain, plain
    if edge:
        return -2 * float(np.log(alpha)), -2 * float(np.log(alpha))
    x = estimate * trials
    found = []
    for limit in known_limits(estimate, trials, confidence_level=confidence_level):
        told = x * np.log(estimate / limit)
        told += (trials - x) * np.log((1 - estimate) / (1 - limit))
        found.append(float(2 * told))
    return found[0], found[1]


def known_limits(estimate: float, trials: float, *, confidence_level: float) -> tuple[float, float]:
    """Return the limits of a share of leads that are fully followed, as :func:`cutoffs` has them.

    Examples
    --------
    Three of a hundred, Clopper and Pearson:

    >>> [round(end, 4) for end in known_limits(0.03, 100, confidence_level=0.95)]
    [0.0062, 0.0852]
    """
    alpha = 1 - confidence_level
    if estimate <= 0 or estimate >= 1:
        far = 1 - alpha ** (1 / max(trials, 1e-9))
        return (0.0, far) if estimate <= 0 else (1 - far, 1.0)
    x = estimate * trials
    few = min(x, trials - x) < FEW
    low, high = (_limit(x, trials, alpha / 2, upper=end, exact=few) for end in (False, True))
    return low, high


def _limit(x: float, n: float, tail: float, *, upper: bool, exact: bool) -> float:
    """Return a limit of a share, x of n, exact or mid-P."""
    rest = max(n - x, 0.0)
    if upper:
        far = float(special.betaincinv(x + 1, rest, 1 - tail)) if rest > 0 else 1.0
    else:
        far = float(special.betaincinv(x, rest + 1, tail))
    far = min(max(far, 1e-300), 1 - 1e-15)
    if exact:
        return far

    def beyond(p: float) -> float:
        """Return the probability of what is at least as extreme, half of the same, less a tail."""
        below = special.betainc(max(rest, 1e-9), x + 1, 1 - p)
        above = special.betainc(x, rest + 1, p)
        same = (below + above - 1) / 2
        return float((below if upper else above) - same - tail)

    near = x / n
    if beyond(near) * beyond(far) > 0:
        return far
    return float(optimize.brentq(beyond, near, far, xtol=1e-12 * near))
