"""What is still to come, and how earlier months were foretold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit.report.page.changes import Estimate

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.forecast import BookingsForecast
    from funnelkit.model import FunnelModel


@dataclass(frozen=True, eq=False, kw_only=True)
class Said:
    """One month as it was expected at its start, and what came.

    Parameters
    ----------
    month
        The month.
    expected
        Wins expected from what was known on its eve, with the interval.
    came
        Wins that came.
    """

    month: pd.Period
    expected: Estimate
    came: int

    @property
    def held(self) -> bool:
        """Whether the interval held what came."""
        return self.expected.low <= self.came <= self.expected.high


@dataclass(frozen=True, eq=False, kw_only=True)
class Coming:
    """Wins and money still to come.

    Parameters
    ----------
    forecast
        From the month after that of the report on.
    open
        Records that are open.
    past
        Earlier months, each as it was foretold.
    model
        The model that it was read from.
    """

    forecast: BookingsForecast
    open: int
    past: tuple[Said, ...]
    model: FunnelModel | None = None
