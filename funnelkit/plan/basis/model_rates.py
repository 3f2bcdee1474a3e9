"""Rates of a plan's channels from a model: each step with its doubt, and joint draws of the win."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.result import frozen
from funnelkit.plan.basis.estimate import Estimate, Origin

if TYPE_CHECKING:
    from funnelkit.model import FunnelModel, ModelDraws

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_MONTHS = 6
_MOST = 0.5
"""Largest correlation that is believed."""


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


def correlations_of(
    model: FunnelModel, steps: list[tuple[Estimate, ...]], recent: FloatArray
) -> tuple[list[float], Origin]:
    """Return the correlation of the outcomes of two leads of one month, and where it is from.

    Parameters
    ----------
    model
        The model.
    steps
        Rates of each channel.
    recent
        Leads of each channel in the last six months, shape ``(C,)``.

    Notes
    -----
    Two parts. Cohorts of a segment differ, beside the walk that all share, by normal effects on the
    logits of the steps, with standard deviations s that the model estimates: the log of the share
    won r varies by v = Σ (1 - p)² s², which is a correlation of v r / (1 - r). And records of one
    account go together: the number won varies D times as much as by chance, which in a month of L
    leads is (D - 1) / (L - 1). The walk itself is drawn with the rates.
    """
    spread = model.spreads[model.stages[0]]
    found = []
    for rates, leads in zip(steps, recent, strict=True):
        rate = float(np.prod([one.value for one in rates]))
        log_variance = sum(
            (1 - one.value) ** 2 * _apart(model, stage)
            for one, stage in zip(rates, model.stages[:-1], strict=True)
        )
        cohort = leads / _MONTHS
        together = (spread - 1) / (cohort - 1) if cohort > 2 else 0.0
        of_cohorts = log_variance * rate / (1 - rate) if rate < 1 else 0.0
        found.append(float(min(of_cohorts + together, _MOST)))
    said = (
        "cohorts of a channel beside the others, and records of one account, which vary "
        f"{spread:.2f} times as much as by chance"
    )
    return found, Origin(source=said, n=float(model.n), date=model.as_of)


def _apart(model: FunnelModel, stage: str) -> float:
    """Return the variance of a step's logits among the cohorts of a segment, beside the walk."""
    levels = model.step(stage).levels
    if "interaction" not in levels.amounts:
        return 0.0
    sds = levels.sds[:, levels.amounts.index("interaction")]
    return float(levels.weights @ sds**2)
