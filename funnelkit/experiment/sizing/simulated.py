"""`Simulated`: what became of many simulated tests, with and without the effect."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.interval import Interval, share_interval
from funnelkit._core.result import Result, frozen

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_WORLDS = ("with the effect", "without an effect")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Simulated(Result):
    """Simulated tests; see :func:`funnelkit.experiment.simulate`.

    Arrays of shape ``(2, n_simulations)`` hold the tests with the effect, then those without.

    Parameters
    ----------
    rates
        Of control and treatment, where there is the effect.
    n
        Leads of control and treatment that are planned.
    found
        Whether the test found something, by look or at the end.
    look
        At which look it stopped, from 1.
    day
        Day on which it stopped, from 1; NaN without an inflow.
    entered
        Leads that had entered by then.
    looks
        Looks that are planned: the day of each, from 1, or NaN without an inflow.
    alpha
        Of the test.
    analysis
        Name of the analysis.
    notes
        Sentences that belong with the result.
    """

    rates: tuple[float, float]
    n: tuple[int, int]
    found: NDArray[np.bool_]
    look: IntArray
    day: FloatArray
    entered: FloatArray
    looks: FloatArray
    alpha: float
    analysis: str
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        object.__setattr__(self, "found", frozen(self.found, np.bool_))
        object.__setattr__(self, "look", frozen(self.look, np.int64))
        for name in ("day", "entered", "looks"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def n_simulations(self) -> int:
        """Tests with the effect; as many were simulated without."""
        return int(self.found.shape[1])

    @property
    def power(self) -> float:
        """Share of the tests with the effect that found something."""
        return float(self.found[0].mean())

    @property
    def type_1_error(self) -> float:
        """Share of the tests without an effect that found something."""
        return float(self.found[1].mean())

    @property
    def monte_carlo_error(self) -> tuple[float, float]:
        """Standard errors of ``power`` and ``type_1_error`` by the number of simulations."""
        first, second = (
            math.sqrt(share * (1 - share) / self.n_simulations)
            for share in (self.power, self.type_1_error)
        )
        return first, second

    @property
    def expected_days(self) -> tuple[float, float]:
        """Mean days from the start to the stop, with the effect and without."""
        first, second = (float(one) for one in self.day.mean(axis=1))
        return first, second

    @property
    def expected_entered(self) -> tuple[float, float]:
        """Mean leads that had entered by the stop, with the effect and without."""
        first, second = (float(one) for one in self.entered.mean(axis=1))
        return first, second

    def confidence_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return the interval of the power, by the number of simulations.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        return self._interval(0, confidence_level)

    def type_1_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return the interval of the type-I error, by the number of simulations.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        return self._interval(1, confidence_level)

    def to_frame(self) -> pd.DataFrame:
        """Return one row for tests with the effect, and one for tests without.

        Returns
        -------
        DataFrame
            ``world``, ``n_simulations``, ``found_rate`` with its interval and standard error by
            the number of simulations, ``stopped_early_rate``, ``mean_days`` and
            ``mean_entered`` with their standard errors.
        """
        import pandas as pd

        rows = []
        for k, name in enumerate(_WORLDS):
            low, high = self._interval(k, 0.95)
            rows.append(
                {
                    "world": name,
                    "n_simulations": self.n_simulations,
                    "found_rate": self.found[k].mean(),
                    "found_rate_low": low,
                    "found_rate_high": high,
                    "found_rate_se": self.monte_carlo_error[k],
                    "stopped_early_rate": (self.look[k] < len(self.looks)).mean(),
                    "mean_days": self.day[k].mean(),
                    "mean_days_se": _se(self.day[k]),
                    "mean_entered": self.entered[k].mean(),
                    "mean_entered_se": _se(self.entered[k]),
                }
            )
        return pd.DataFrame(rows)

    def by_look(self) -> pd.DataFrame:
        """Return how many tests had found something by each look.

        Returns
        -------
        DataFrame
            ``look``, ``day``, ``found_with_effect``, ``found_without``: shares of all tests.
        """
        import pandas as pd

        number = np.arange(1, len(self.looks) + 1)
        shares = [
            [(self.found[k] & (self.look[k] <= look)).mean() for look in number] for k in (0, 1)
        ]
        return pd.DataFrame(
            {
                "look": number,
                "day": self.looks,
                "found_with_effect": shares[0],
                "found_without": shares[1],
            }
        )

    def summary(self) -> str:
        """Return power, type-I error and duration, each with its Monte-Carlo error."""
        control, treatment = (display.percent(rate) for rate in self.rates)
        parts = []
        for k, name in enumerate((f"{control} against {treatment}", "no effect")):
            share = display.percent(float(self.found[k].mean()))
            error = f"{100 * self.monte_carlo_error[k]:.1f}"
            parts.append(f"{name}: {share} found something (Monte-Carlo error {error} points)")
        text = (
            f"{display.count(self.n_simulations)} simulated tests each of "
            f"{display.count(sum(self.n))} leads ({self.analysis}); {'; '.join(parts)}."
        )
        if np.isfinite(self.day).all():
            text += (
                f" They stop after {display.count(self.expected_days[0])} days on average, "
                f"{display.count(self.expected_days[1])} where there is no effect, of "
                f"{display.count(self.looks[-1])} planned."
            )
        return " ".join([text, *self.notes])

    def _interval(self, world: int, level: float) -> Interval:
        return share_interval(
            int(self.found[world].sum()), self.n_simulations, confidence_level=level
        )


def _se(values: FloatArray) -> float:
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan
