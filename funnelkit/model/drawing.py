"""`ModelDraws`: joint draws of the model's rates, and what they make of open and new records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from funnelkit._core import checks
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.model.result import FunnelModel
    from funnelkit.model.steps import Step

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_RECENT, _LINE = 6, 36
"""Cohorts whose mean is the level of those who enter now, and those that tell its slope."""
_LEAST = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelDraws:
    """Joint draws of the rates of all steps, so that all that is read off shares their doubt.

    Shapes: ``n`` draws, ``S = len(model.segments)``.

    Parameters
    ----------
    model
        The model.
    levels
        Stage -> rate of moving on from it, by cohort of entry, shape ``(n, S, C)``.
    noise
        Stage -> standard normal numbers of how rates go on, shape ``(n, 1 + n_months)``: to the
        end of the walk so far, and then month by month. Without any, rates stay where they are.
    pace
        Factor on the hazard of winning in each month to come, the running one first where it is
        not over, shape ``(n, n_months)``.
    bursts
        Rate of moving on from the first stage of the records of each burst, ``(n, n_bursts)``.
    """

    model: FunnelModel
    levels: Mapping[str, FloatArray]
    noise: Mapping[str, FloatArray]
    pace: FloatArray
    bursts: FloatArray

    @property
    def n(self) -> int:
        """Number of draws."""
        return len(next(iter(self.levels.values())))

    def moving_on(self, stage: str, month: int = 0) -> FloatArray:
        """Return the rate of moving on for those who enter a stage some months from ``as_of``.

        Parameters
        ----------
        stage
            A stage but the last.
        month
            0 for those who enter now; rates wander on as they have wandered so far.

        Returns
        -------
        ndarray
            Shape ``(n, S)``.

        Notes
        -----
        The mean of the last six cohorts' logits, moved on to the last of them by the slope of the
        last three years, from where the walk goes on: the youngest cohorts are known by their
        first conversions only, which a quick month brings early. The slope itself does not go on.
        """
        logits = special.logit(np.clip(self.levels[stage], _LEAST, 1 - _LEAST))
        latest = logits[..., -_RECENT:]
        now = latest.mean(axis=-1) + _slope(logits[..., -_LINE:]) * (latest.shape[-1] - 1) / 2
        walked = self.noise[stage]
        if walked.shape[1]:
            # how far the end of a walk lies from the mean of its last points, and what follows
            k = latest.shape[-1]
            ahead = np.sqrt((k - 1) * (2 * k - 1) / (6 * k)) * walked[:, 0]
            moved = ahead + walked[:, 1 : month + 1].sum(axis=1)
            now = now + self.model.walk(stage) * moved[:, None]
        return np.asarray(special.expit(now))

    def won_from(self, stage: str, month: int = 0) -> FloatArray:
        """Return the share ever won of those who enter a stage some months from ``as_of``.

        Returns
        -------
        ndarray
            Shape ``(n, S)``; 1 for the last stage.
        """
        found = np.full(next(iter(self.levels.values())).shape[:2], self.model.ratio(stage))
        for name in self.model.after(stage):
            found = found * self.moving_on(name, month)
        return np.asarray(np.minimum(found, 1.0))

    def still_moving(self, stage: str, ages: ArrayLike) -> FloatArray:
        """Return the share that ever moves on, of the records that stand at a stage for some days.

        Returns
        -------
        ndarray
            Shape ``(n, S, n_ages)``.

        Notes
        -----
        p (1 - M(a)) / (1 - p M(a) - X(a) (1 - p) / (1 - P)), with p the rate of the records'
        cohort, M the timing, X what has left by an exit, and P the rate behind X.
        """
        step = self.model.step(stage)
        days = self.model.whole_days(ages)
        at = np.minimum(days, len(step.passed) - 1)
        rate = self.levels[stage][..., self._cohorts(step, days)]
        for k, age in enumerate(self.model.burst_ages(stage)):
            rate[..., days == age] = self.bursts[:, k, None, None]
        passed, gone = step.passed[at], step.gone[at]
        left = (1 - rate) / max(1 - step.usual, 1e-12)
        still = np.maximum(1 - rate * passed - gone * left, 1e-9)
        return np.asarray(np.clip(rate * (1 - passed) / still, 0.0, 1.0))

    def paces(self, periods: pd.PeriodIndex) -> FloatArray:
        """Return the pace of some months to come, shape ``(n, H)``.

        Raises
        ------
        ArgumentError
            If one of them was not drawn.
        """
        first = self.model.first_month.ordinal
        places = np.array([one.ordinal - first for one in periods], np.int64)
        if len(places) and (places.min() < 0 or places.max() >= self.pace.shape[1]):
            raise ArgumentError(
                f"`draws` must hold the months {period_label(periods[0])} to "
                f"{period_label(periods[-1])}: they are of {self.pace.shape[1]} from "
                f"{period_label(self.model.first_month)} on; draw with a larger `months`."
            )
        return np.asarray(self.pace[:, places])

    def ever(self, stage: str, ages: ArrayLike) -> FloatArray:
        """Return the share ever won of the records that stand at a stage for some days.

        Returns
        -------
        ndarray
            Shape ``(n, S, n_ages)``.

        Raises
        ------
        ArgumentError
            If the stage is unknown or the last, or an age cannot be used.
        """
        return np.asarray(self.still_moving(stage, ages) * self._onward(stage)[..., None])

    def chances(self, stage: str, ages: ArrayLike, days: ArrayLike) -> FloatArray:
        """Return the share won within some days, of the records that stand at a stage.

        Parameters
        ----------
        stage
            Where they stand, a stage but the last.
        ages
            Days since they entered it, at the end of ``as_of``.
        days
            Days from there; infinity: ever.

        Returns
        -------
        ndarray
            Shape ``(n, S, n_ages, n_days)``.

        Raises
        ------
        ArgumentError
            If the stage is unknown or the last, or an age or a day cannot be used.
        """
        when = self.model.timing(stage, ages, days)
        return np.asarray(self.ever(stage, ages)[..., None] * when)

    def won_of_entrants(self, point: str, months: int) -> FloatArray:
        """Return the share ever won of those who enter the funnel in each month to come.

        Parameters
        ----------
        point
            Stage at which they enter.
        months
            Number of months, from that of ``as_of`` or the next one.

        Returns
        -------
        ndarray
            Shape ``(n, S, months)``.
        """
        ratio = self.model.ratio_at(point)
        ever = [self.won_from(point, month) * ratio for month in range(months)]
        return np.asarray(np.minimum(np.stack(ever, axis=-1), 1.0))

    def _onward(self, stage: str) -> FloatArray:
        """Return the share ever won of those who move on from a stage, shape ``(n, S)``."""
        following = self.model.stages[self.model.stages.index(stage) + 1]
        return self.won_from(following)

    def _cohorts(self, step: Step, days: IntArray) -> IntArray:
        """Return the position of the cohort in which records of each age entered."""
        import pandas as pd

        cohorts = step.levels.cohorts
        entered = pd.Timestamp(self.model.as_of) - pd.to_timedelta(days, unit="D")
        place = cohorts.get_indexer(pd.DatetimeIndex(entered).to_period(cohorts.freqstr))
        return np.asarray(np.where(place >= 0, place, 0), np.int64)


def drawn(model: FunnelModel, n: int, *, months: int, rng: np.random.Generator | int) -> ModelDraws:
    """Return joint draws of the rates of a model, and of how they go on.

    Parameters
    ----------
    model
        The model.
    n
        Number of draws.
    months
        Months to come in which rates may wander on, and of which the pace is drawn.
    rng
        Generator or seed.

    Raises
    ------
    ArgumentError
        If a number cannot be used.
    """
    import pandas as pd

    checks.positive_whole("n", n)
    if months < 0:
        raise ArgumentError(f"`months` must be at least 0; got {months!r}.")
    generator = np.random.default_rng(rng)
    levels, noise = {}, {}
    for stage in model.stages[:-1]:
        step = model.step(stage)
        rates = step.levels.sample(n, rng=generator, ages=[step.timing.horizon])[..., 0]
        rates = step.ever(rates, step.tail.sample(n, generator)[:, None, None])
        levels[stage] = _spread(rates, step.rows(model.segments), step.levels.entered)
        noise[stage] = generator.standard_normal((n, 1 + months))
    pace = np.ones((n, months))
    if model.rhythm is not None and months:
        ahead = pd.period_range(model.first_month, periods=months, freq="M")
        pace = model.rhythm.sample_factors(n, ahead, rng=generator)
    bursts = [one.sample(n, generator) for one in model.bursts]
    return ModelDraws(
        model=model, levels=levels, noise=noise, pace=pace, bursts=_side_by_side(bursts, n)
    )


def usual(model: FunnelModel) -> ModelDraws:
    """Return the rates in the middle of what is likely, as a single draw."""
    levels, noise = {}, {}
    for stage in model.stages[:-1]:
        step = model.step(stage)
        rates = step.ever(np.asarray(step.levels.ultimate)[None], step.tail.seen)
        levels[stage] = _spread(rates, step.rows(model.segments), step.levels.entered)
        noise[stage] = np.zeros((1, 0))
    bursts = _side_by_side([np.array([one.rate]) for one in model.bursts], 1)
    return ModelDraws(model=model, levels=levels, noise=noise, pace=np.ones((1, 0)), bursts=bursts)


def _slope(logits: FloatArray) -> FloatArray:
    """Return the slope of straight lines through values by cohort; 0 where there are few."""
    k = logits.shape[-1]
    if k < _RECENT:
        return np.zeros(logits.shape[:-1])
    time = np.arange(k) - (k - 1) / 2
    return np.asarray(logits @ time / (time @ time))


def _side_by_side(columns: list[FloatArray], n: int) -> FloatArray:
    return np.stack(columns, axis=1) if columns else np.zeros((n, 0))


def _spread(rates: FloatArray, rows: IntArray, entered: IntArray) -> FloatArray:
    """Return rates of the model's segments; where a segment has none, the mean of the others."""
    found = rates[:, np.maximum(rows, 0)]
    if (rows < 0).any():
        worth = entered.sum(axis=1) / max(int(entered.sum()), 1)
        found = np.where(
            (rows >= 0)[None, :, None], found, (rates * worth[:, None]).sum(1)[:, None]
        )
    return np.asarray(found)
