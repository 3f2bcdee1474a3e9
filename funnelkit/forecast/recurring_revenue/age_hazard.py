"""`AgeHazard`: the chance to leave at each age of an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.interval import Interval
from funnelkit._core.result import Result, frozen

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class AgeHazard(Result):
    """Chance of an account to leave in the month in which it reaches an age.

    Parameters
    ----------
    ages
        Months since the account began to pay, shape ``(n_ages,)``.
    exposed, churned
        Accounts seen to reach the age or to leave at it, and those that left, same shape.
    draws
        Draws of the chance, shape ``(n_draws, n_ages)``: of an account like those seen, at
        today's level.
    """

    ages: NDArray[np.int64]
    exposed: FloatArray
    churned: FloatArray
    draws: FloatArray

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        object.__setattr__(self, "ages", frozen(self.ages, np.int64))
        for name in ("exposed", "churned", "draws"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def expected(self) -> FloatArray:
        """Mean chance at each age, shape ``(n_ages,)``."""
        return np.asarray(self.draws.mean(axis=0))

    @property
    def staying(self) -> FloatArray:
        """Draws of the share of accounts that is still there after each age, ``(n_draws, n)``."""
        return np.asarray(np.cumprod(1 - self.draws, axis=1))

    def confidence_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return the interval of the chance at each age.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        tail = (1 - checks.confidence(confidence_level)) / 2
        low, high = np.quantile(self.draws, [tail, 1 - tail], axis=0)
        return Interval(low, high)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per age.

        Returns
        -------
        DataFrame
            ``age_months``, ``exposed``, ``churned``, ``rate``, ``rate_low``, ``rate_high`` (95 %)
            and ``staying``, the share still there after it.
        """
        import pandas as pd

        low, high = self.confidence_interval()
        return pd.DataFrame(
            {
                "age_months": self.ages,
                "exposed": self.exposed.astype(np.int64),
                "churned": self.churned.astype(np.int64),
                "rate": self.expected,
                "rate_low": low,
                "rate_high": high,
                "staying": self.staying.mean(axis=0),
            }
        )

    def summary(self) -> str:
        """Return how many accounts of known age left, and how many stay for a year."""
        year = min(12, len(self.ages)) - 1
        low, high = np.quantile(self.staying[:, year], [0.025, 0.975])
        return (
            f"{display.count(self.churned.sum())} accounts of known age left in "
            f"{display.count(self.exposed.sum())} months of accounts. Of 100 that begin, about "
            f"{100 * self.staying[:, year].mean():.0f} ({100 * low:.0f} to {100 * high:.0f}) "
            f"still pay after {display.plural(year + 1, 'month')}."
        )
