"""What a deal is worth, by channel, from the sizes that forecasts of bookings draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.result import frozen
from funnelkit.forecast.open_pipeline.sizes_to_come import SizesToCome, sizes_to_come
from funnelkit.plan.basis.estimate import Estimate, Origin

if TYPE_CHECKING:
    from funnelkit.model import FunnelModel

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Worth(NamedTuple):
    """What a deal of a channel is worth.

    ``cv`` is the standard deviation of single deals over the mean, ``joint`` holds draws of the
    mean over its expectation, shape ``(n_draws,)``; ``None`` where deals are counted.
    """

    mean: Estimate | None = None
    cv: float = 0.0
    joint: FloatArray | None = None
    origin: Origin = Origin()


def amounts_to_come(model: FunnelModel, rng: np.random.Generator) -> SizesToCome:
    """Return the sizes of deals to come by segment of the model."""
    own = {}
    if model.sizes is not None:
        own = dict(zip(model.sizes.segments, model.sizes.amounts, strict=True))
    return sizes_to_come([np.asarray(own.get(one, np.zeros(0))) for one in model.segments], rng)


def sizes_of(
    model: FunnelModel,
    sizes: SizesToCome,
    groups: list[IntArray],
    wins: FloatArray,
    n_draws: int,
) -> list[Worth]:
    """Return what a deal of each channel is worth.

    Parameters
    ----------
    model
        The model.
    sizes
        Joint draws of the sizes of deals to come, by segment.
    groups
        Positions of the segments of each channel.
    wins
        Wins of late by segment, by which segments of a channel count, shape ``(S,)``.
    n_draws
        Draws of the plan; each takes a set of the sizes in turn.

    Notes
    -----
    Known amounts above 0. A deal is one of the segment's own n with weight n / (n + k), else one of
    all, with Bühlmann's k; the doubt of the mean is that of the Bayesian bootstrap, which channels
    share as far as they borrow from all
    (:func:`~funnelkit.forecast.open_pipeline.sizes_to_come.sizes_to_come`). Single deals vary
    about the mean of their set.
    """
    every = int(sizes.n.sum())
    if model.sizes is None or not every:
        return [Worth()] * len(groups)
    pairs = list(zip(sizes.values, sizes.weights, strict=True))
    means = np.stack([weights @ values for values, weights in pairs])
    squares = np.stack([weights @ values**2 for values, weights in pairs])
    found = []
    for group in groups:
        worth = wins[group] if wins[group].sum() > 0 else np.ones(len(group))
        worth = worth / worth.sum()
        of_set, square = worth @ means[group], worth @ squares[group]
        mean = float(of_set.mean())
        single = float(np.maximum(square - of_set**2, 0.0).mean())
        n, own = int(sizes.n[group].sum()), float(worth @ sizes.own[group])
        said = f"{n:,} won deals"
        if not n:
            said = f"all {every:,} won deals, none of its own"
        elif own < 1:
            said += f", which count {100 * own:.0f} %, and all {every:,}"
        origin = Origin(source=said, n=float(n), date=model.as_of)
        found.append(
            Worth(
                mean=Estimate(
                    value=mean, sd=float(of_set.std()), source=said, n=float(n), date=model.as_of
                ),
                cv=float(np.sqrt(single)) / mean,
                joint=frozen(np.resize(of_set / mean, n_draws), np.float64),
                origin=origin,
            )
        )
    return found
