"""The interval of a total holds where segments move together, by simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from funnelkit.forecast.ensemble.forecasting import Ahead
from funnelkit.forecast.series import forecasting
from funnelkit.forecast.series.forecasting import volume

GAIN = 0.3
SEGMENTS, PERIODS, HORIZON, WORLDS = 8, 48, 4, 100


def smoothed(values: Any, *, horizon: int, n_draws: int, rng: Any, **_: Any) -> Ahead:
    """Forecast by the very model that made the numbers: a level that takes 0.3 of each error."""
    level, errors = values[:, :6].mean(axis=1), []
    for column in values.T:
        errors.append(column - level)
        level = level + GAIN * errors[-1]
    spread = np.std(errors[6:], axis=0, ddof=1)
    chance = rng.standard_normal((n_draws, len(values), horizon)) * spread[:, None]
    paths = level[:, None] + GAIN * (chance.cumsum(axis=2) - chance) + chance
    return Ahead(
        expected=np.repeat(level[:, None], horizon, axis=1),
        draws=np.maximum(paths, 0),
        methods=("exponential smoothing",) * len(values),
        reason="it made them",
    )


def inside(draws: np.ndarray, came: np.ndarray) -> np.ndarray:
    low, high = np.quantile(draws, [0.1, 0.9], axis=0)
    return (low <= came) & (came <= high)


def test_totals_of_segments_that_move_together_are_covered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecasting, "ahead", smoothed)
    root = np.linalg.cholesky(0.5 + 0.5 * np.eye(SEGMENTS))
    months = pd.period_range("2020-01", periods=PERIODS, freq="M")
    joint, apart, summed, single = [], [], [], []
    for world in range(WORLDS):
        chance = np.random.default_rng(world)
        size = 10 * np.exp(chance.normal(0, 0.8, SEGMENTS))
        error = chance.standard_normal((PERIODS + HORIZON, SEGMENTS)) @ root.T * size
        numbers = 10 * size + GAIN * (error.cumsum(axis=0) - error) + error
        numbers = np.maximum(numbers, 0)
        frame = pd.DataFrame(numbers[:PERIODS], index=months).rename(columns="part {}".format)
        found = volume(frame, HORIZON, season=1, n_draws=400, rng=world)
        came = numbers[PERIODS:].T
        joint.append(inside(found.drawn(per="all"), came.sum(axis=0)))
        summed.append(inside(found.drawn(per="all", cumulative=True)[:, -1:], came.sum()))
        single.append(inside(found.draws, came))
        mixed = np.stack([chance.permutation(found.draws[:, i]) for i in range(SEGMENTS)], axis=1)
        apart.append(inside(mixed.sum(axis=1), came.sum(axis=0)))
    # 400 totals in 100 worlds that share their steps: a standard error of about 3 points
    assert 0.7 < np.mean(joint) < 0.9
    assert 0.68 < np.mean(summed) < 0.92
    assert 0.74 < np.mean(single) < 0.88
    assert np.mean(apart) < 0.65  # as if segments did not move together
