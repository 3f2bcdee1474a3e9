"""When the leads of a plan are won, and come to the stages before, as a model has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit.model.onward import one_after_another
from funnelkit.plan.basis.estimate import Origin
from funnelkit.plan.basis.lag import DayLag, Lag, PacedLag

if TYPE_CHECKING:
    from funnelkit.model import FunnelModel

FloatArray = NDArray[np.float64]
_DIRECT = 50
"""Wins from which on the model tells days from entry to the win directly."""
_MONTH = 30.4375


def lag_of(model: FunnelModel) -> tuple[Lag, float, Origin]:
    """Return when those who are won are, the relative doubt of all times, and where it is from.

    Notes
    -----
    A mean of W times with coefficient of variation c is in doubt by c / √W; stage after stage,
    where there are few wins, the squares of the steps' doubts in days add up. Beside it the pace
    of months, which all that is open shares: the logs differ by s from month to month, and a time
    of T months passes through as many, which leaves s / √max(T, 1). The pace
    of a quarter's months by their place is in the lag itself.
    """
    first, last = model.stages[0], model.stages[-1]
    shape = model.shape(first)
    wins = int(model.curves.triangles[first, last].converted.sum())
    mean, sd = moments(shape)
    if wins >= _DIRECT:
        variance, n = sd**2 / wins, float(wins)
    else:
        behind = [int(step.levels.converted.sum()) for step in model.steps]
        parts = [
            moments(step.passed)[1] ** 2 / n for step, n in zip(model.steps, behind, strict=True)
        ]
        variance, n = sum(parts), float(min(behind))
    said = f"days from {first} to {last} of {int(n):,} conversions"
    relative = variance / max(mean, 0.5) ** 2
    lag: Lag = DayLag(shape)
    if model.rhythm is not None:
        said += ", and how months differ in pace"
        relative += model.rhythm.sd**2 / max(mean / _MONTH, 1.0)
        lag = PacedLag(lag, model.rhythm.factor, model.rhythm.first)
    return lag, float(np.sqrt(relative)), Origin(source=said, n=n, date=model.as_of)


def reach_of(model: FunnelModel) -> dict[str, DayLag]:
    """Return when those who ever come to each stage between the first and the win come there.

    Notes
    -----
    Directly, as the model's curves from the first stage have it; where there is none, one step
    after the other.
    """
    first = model.stages[0]
    curves = model.lags.whole or model.lags
    found = {}
    for step, chain in zip(model.steps[:-1], chained(model, first), strict=False):
        fit = curves.fits.get((first, step.target))
        found[step.target] = DayLag(chain)
        if fit is not None and fit.horizon is not None and fit.horizon > 0:
            days = np.arange(fit.horizon + 1)
            shares = np.asarray(fit.maturity(days)).reshape(-1, len(days))[0]
            if np.isfinite(shares).all() and shares[-1] > 0:
                found[step.target] = DayLag(np.minimum(shares / shares[-1], 1.0))
    return found


def chained(model: FunnelModel, point: str) -> Iterator[FloatArray]:
    """Yield the share that has come to each stage after one by each day, one step after another."""
    chain: FloatArray | None = None
    for stage in model.after(point):
        passed = model.step(stage).passed
        if chain is None:
            chain = passed
        else:
            length = len(chain) + len(passed)
            chain = one_after_another(_padded(chain, length), _padded(passed, length))
        yield chain


def moments(shape: FloatArray) -> tuple[float, float]:
    """Return mean and standard deviation of the days behind a curve that ends at 1."""
    daily = np.diff(shape, prepend=0.0)
    days = np.arange(len(shape))
    total = max(float(daily.sum()), 1e-12)
    mean = float(daily @ days) / total
    return mean, float(np.sqrt(max(float(daily @ days**2) / total - mean**2, 0.0)))


def _padded(curve: FloatArray, length: int) -> FloatArray:
    """Return a curve that stays at 1 after its end."""
    return np.concatenate([curve, np.ones(length - len(curve))])
