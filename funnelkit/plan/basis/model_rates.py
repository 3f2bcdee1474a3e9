"""Rates of a plan's channels from a model: each step with its doubt, and joint draws of the win."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.result import frozen
from funnelkit.plan.basis.estimate import Estimate

if TYPE_CHECKING:
    from funnelkit.model import FunnelModel, ModelDraws

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class ChannelRates:
    """Rates of one channel.

    Parameters
    ----------
    steps
        Of each step, for those who enter now.
    ratio
        Expected share won over the product of the steps.
    joint
        Joint draws of the share won over its expectation, shape ``(n_draws, H)``.
    """

    steps: tuple[Estimate, ...]
    ratio: float
    joint: FloatArray


def rates_of(
    model: FunnelModel, draws: ModelDraws, groups: list[IntArray], weights: FloatArray, horizon: int
) -> list[ChannelRates]:
    """Return the rates of channels.

    Parameters
    ----------
    model
        The model.
    draws
        Its joint draws.
    groups
        Positions of the segments of each channel.
    weights
        Leads of each segment of late, shape ``(S,)``: by what segments of a channel count.
    horizon
        Months.

    Notes
    -----
    The rate of a channel of several segments is that of all their leads: of those who came to the
    stage, by the rates before it.
    """
    moving = [draws.moving_on(stage) for stage in model.stages[:-1]]
    won = draws.won_of_entrants(model.stages[0], horizon)
    found = []
    for group in groups:
        worth = weights[group] if weights[group].sum() else np.ones(len(group))
        there = np.broadcast_to(worth / worth.sum(), (draws.n, len(group)))
        steps = []
        for k, stage in enumerate(model.stages[:-1]):
            onward = there * moving[k][:, group]
            drawn = onward.sum(axis=1) / there.sum(axis=1)
            steps.append(
                Estimate(
                    value=float(drawn.mean()),
                    sd=float(drawn.std()),
                    source="rates of the model, for those who enter now",
                    n=float(_entered(model, stage, group)),
                    date=model.as_of,
                )
            )
            there = onward
        wins = np.einsum("nsh,s->nh", won[:, group], worth / worth.sum())
        expected = np.maximum(wins.mean(axis=0), 1e-300)
        product = float(np.prod([step.value for step in steps]))
        found.append(
            ChannelRates(
                steps=tuple(steps),
                ratio=float(expected[0]) / product if product > 0 else 1.0,
                joint=frozen(wins / expected, np.float64),
            )
        )
    return found


def _entered(model: FunnelModel, stage: str, group: IntArray) -> int:
    """Return the records behind the rate of a step."""
    step = model.step(stage)
    rows = step.rows(model.segments)[group]
    return int(step.levels.entered[rows[rows >= 0]].sum())
