"""Answers after the stop, by the stage-wise ordering of outcomes.

An outcome is further up the earlier the upper boundary was crossed, then the larger z is at the
look of the stop; a lower boundary mirrors it. p-value, median-unbiased estimate and interval count
the outcomes at least as far up under a drift.

Armitage (1957), Biometrika 44, 9-26; Tsiatis, Rosner and Mehta (1984), Biometrics 40, 797-803;
Jennison and Turnbull (2000), Group Sequential Methods, sections 8.4 and 8.5.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelkit.experiment.sequential import limits
from funnelkit.experiment.sequential.walk import Running

FloatArray = NDArray[np.float64]
_WIDEST = 60.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcome:
    """Where an experiment came to its end, in terms of an upper boundary.

    Parameters
    ----------
    information
        At each look up to the stop, 1 in full.
    upper
        Boundaries of the looks before the stop, and any value for the last.
    z
        At the stop.
    two_sided
        Whether paths could end at the mirror image too.
    """

    information: FloatArray
    upper: FloatArray
    z: float
    two_sided: bool

    def above(self, drift: float) -> float:
        """Return the probability of outcomes that are as far up, or farther."""
        total = 0.0
        for k, (now, at) in enumerate(self._running(drift)):
            z = self.z if k + 1 == len(self.information) else float(self.upper[k])
            total += now.above(at, z, drift)
        return min(total, 1.0)

    def below(self, drift: float) -> float:
        """Return the probability of outcomes that are as far down, or farther."""
        total = 0.0
        for k, (now, at) in enumerate(self._running(drift)):
            if k + 1 == len(self.information):
                total += now.below(at, self.z, drift)
            elif self.two_sided:
                total += now.below(at, -float(self.upper[k]), drift)
        return min(total, 1.0)

    def pvalue(self) -> float:
        """Return the p-value of no effect."""
        if not self.two_sided:
            return self.above(0.0)
        return min(2 * min(self.above(0.0), self.below(0.0)), 1.0)

    def estimate(self) -> float:
        """Return the drift at which as much lies above as below: the median-unbiased one."""
        return self._drift(0.5)

    def interval(self, level: float) -> tuple[float, float]:
        """Return the two ends of the interval of the drift; one-sided where the test is."""
        if not self.two_sided:
            return self._drift(1 - level), math.inf
        return self._drift((1 - level) / 2), self._drift((1 - level) / 2, above=False)

    def _drift(self, share: float, *, above: bool = True) -> float:
        """Return the drift at which a share of outcomes is as far up, or as far down."""

        def apart(drift: float) -> float:
            found = self.above(drift) if above else self.below(drift)
            return (share - found) if above else (found - share)

        guess = self.z / math.sqrt(float(self.information[-1]))
        return limits.root(apart, guess, low=guess - _WIDEST, high=guess + _WIDEST)

    def _running(self, drift: float) -> Iterator[tuple[Running, float]]:
        return limits.running(self.information, self.upper, drift, two_sided=self.two_sided)
