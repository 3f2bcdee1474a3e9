"""The score of a running experiment from look to look, by recursive numerical integration.

The score at information I is normal with mean (drift) I and variance I, and has independent
increments; at full information I = 1 it is the z statistic, so that the drift is the expected z.
A path ends where it leaves the region in which the experiment goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
Region = Sequence[tuple[float, float]]
"""Intervals of z in which the experiment goes on."""
_REACH = 8.0
_NODES = 8
_PANEL = 2.0
"""Width of a panel of nodes, in standard deviations of the next or the last increment."""
_MOST = 480


@dataclass(frozen=True)
class Running:
    """Paths that are still running after a look.

    Parameters
    ----------
    information
        At that look, 1 in full.
    score, mass
        Nodes of the score, and the probability that each stands for.
    """

    information: float
    score: FloatArray
    mass: FloatArray

    def above(self, information: float, z: float, drift: float = 0.0) -> float:
        """Return the probability to be running yet, and at or above z at the next look."""
        step = information - self.information
        gap = (z * np.sqrt(information) - self.score - drift * step) / np.sqrt(step)
        return float(self.mass @ special.ndtr(-gap))

    def below(self, information: float, z: float, drift: float = 0.0) -> float:
        """Return the probability to be running yet, and below z at the next look."""
        step = information - self.information
        gap = (z * np.sqrt(information) - self.score - drift * step) / np.sqrt(step)
        return float(self.mass @ special.ndtr(gap))

    def then(
        self, information: float, region: Region, drift: float = 0.0, *, following: float = 1.0
    ) -> Running:
        """Return the paths that are still running after the next look.

        Parameters
        ----------
        information
            Of the next look.
        region
            Intervals of z in which it goes on.
        drift
            Expected z at full information.
        following
            The increment of information after that, which sets how close the nodes must be.
        """
        step = information - self.information
        root = np.sqrt(information)
        middle = drift * information
        width = _PANEL * np.sqrt(min(step, following))
        nodes, weights = [], []
        for low, high in region:
            bottom = max(low * root, middle - _REACH * root)
            top = min(high * root, middle + _REACH * root)
            if top <= bottom:
                continue
            panels = int(np.clip(np.ceil((top - bottom) / width), 2, _MOST))
            at, parts = _panels(panels)
            nodes.append(bottom + (top - bottom) * at)
            weights.append((top - bottom) * parts)
        if not nodes:
            return Running(information, np.zeros(1), np.zeros(1))
        score = np.concatenate(nodes)
        gap = (score[:, None] - self.score[None, :] - drift * step) / np.sqrt(step)
        density = np.exp(-0.5 * gap**2) @ self.mass / np.sqrt(2 * np.pi * step)
        return Running(information, score, density * np.concatenate(weights))


def start() -> Running:
    """Return all paths before the first look."""
    return Running(0.0, np.zeros(1), np.ones(1))


@lru_cache(maxsize=256)
def _panels(number: int) -> tuple[FloatArray, FloatArray]:
    """Return nodes and weights of Gauss and Legendre in equal panels of [0, 1]."""
    at, parts = np.polynomial.legendre.leggauss(_NODES)
    edges = np.arange(number)[:, None]
    nodes = (edges + (at[None, :] + 1) / 2) / number
    return nodes.ravel(), np.tile(parts / 2 / number, number)
