"""The held-out score: how well a family foretells leads that its fit has not seen."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit.counts.triangle import Triangle
from funnelkit.lag.cure.likelihood import Likelihood
from funnelkit.lag.cure.result import CureFit
from funnelkit.lag.cure.search import climb

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
FEWEST = 10
"""With fewer conversions none is spared, and candidates go by AIC."""

CLOSE = 1e-2
"""Gain in log-likelihood, as foreseen by the slope, at which the fits of parts are close enough."""


class Part(NamedTuple):
    """Some of the leads, as a likelihood takes them.

    Parameters
    ----------
    converted
        By rate.
    dated, undated
        By latency and age.
    still
        Leads still open, in the order of the likelihood's cells.
    """

    converted: FloatArray
    dated: FloatArray
    undated: FloatArray
    still: FloatArray

    def within(self, likelihood: Likelihood) -> Likelihood:
        """Return the likelihood of these leads alone."""
        return replace(
            likelihood,
            converted=self.converted,
            dated=self.dated,
            undated=self.undated,
            cells=likelihood.cells._replace(weight=self.still),
        )

    def without(self, other: Part) -> Part:
        """Return the leads that are not in another part."""
        return Part(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))


def parts(triangle: Triangle, fit: CureFit, *, folds: int, seed: int) -> tuple[Part, list[Part]]:
    """Return all leads, and the same dealt at random into parts of equal size.

    Parameters
    ----------
    triangle
        Counts, without delayed entry.
    fit
        Any cure fit of them, for its groups.
    folds
        Number of parts.
    seed
        Of the generator: the same seed deals the same leads.

    Notes
    -----
    Leads of one group that converted at the same age, or that are open at the same age, are
    alike: to deal the counts, by draws without replacement, is to deal the leads.
    """
    likelihood = fit.solution.likelihood
    n_latencies, n_ages = likelihood.dated.shape
    shape = (len(likelihood.converted), n_latencies, n_ages)
    generator = np.random.default_rng(seed)
    none = np.zeros_like(triangle.censored)
    cubes = []
    for came in (triangle.events[triangle.target], triangle.undated.get(triangle.target, none)):
        cube = np.zeros(shape, dtype=np.int64)
        np.add.at(cube, (fit.rate_of, fit.latency_of), came)
        cubes.append(cube)
    weights = np.asarray(np.rint(likelihood.cells.weight), np.int64)
    dated, undated, still = (_dealt(cube, folds, generator) for cube in (*cubes, weights))
    dealt = [
        Part(
            converted=(came + somewhen).sum(axis=(1, 2)).astype(float),
            dated=came.sum(axis=0).astype(float),
            undated=somewhen.sum(axis=0).astype(float),
            still=remaining.astype(float),
        )
        for came, somewhen, remaining in zip(dated, undated, still, strict=True)
    ]
    whole = Part(likelihood.converted, likelihood.dated, likelihood.undated, weights.astype(float))
    return whole, dealt


def score(fit: CureFit, whole: Part, dealt: list[Part]) -> float:
    """Return the log probability of each part as foretold by the others, summed over the parts.

    Parameters
    ----------
    fit
        The family's fit of all leads, from where the search for the others' begins.
    whole, dealt
        As :func:`parts` has them.

    Notes
    -----
    A rate without a conversion among the others is taken as that of half a conversion.
    """
    found, total = fit.solution, 0.0
    for part in dealt:
        others = whole.without(part).within(found.likelihood)
        top = climb(others.value, found.top.theta, found.box, found.top.inverse, close=CLOSE)
        seen = others.seen(top.theta)
        rates = others.rates(seen)
        cells = others.cells
        told = cells.weight * seen.by[cells.latency, cells.column]
        worth = np.bincount(cells.rate, told, len(rates))
        rates = np.where(others.converted > 0, rates, 0.5 / (worth + 1.0))
        total += part.within(found.likelihood).at(seen, np.asarray(rates, np.float64))[0]
    return total


def _dealt(counts: IntArray, folds: int, generator: np.random.Generator) -> list[IntArray]:
    """Return counts dealt into parts whose sums differ by at most 1."""
    flat = counts.ravel()
    where = np.flatnonzero(flat)
    left, found = flat[where].copy(), []
    for k in range(folds, 0, -1):
        size = -(-int(left.sum()) // k)
        taken = generator.multivariate_hypergeometric(left, size, method="marginals")
        left -= taken
        part = np.zeros_like(flat)
        part[where] = taken
        found.append(part.reshape(counts.shape))
    return found
