"""`VolumeForecast`: counts or money by series to come, with how each series was forecast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.dates import period_name
from funnelkit.forecast.result import Forecast

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.forecast.series.effects import Effects


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class VolumeForecast(Forecast):
    """Counts or money by series to come; made by :func:`volume`.

    As :class:`funnelkit.forecast.Forecast`, and:

    Parameters
    ----------
    season
        Periods to a cycle that were allowed for.
    methods
        What was done for each series, a fallback by its name.
    dated
        Whether the series have dates. Where they have none, ``periods`` and ``gone`` are years 1,
        2, 3 and so on, which stand for positions.
    effects
        Effects of working days, quarter ends and events, where they were asked for.
    """

    season: int
    methods: tuple[str, ...]
    dated: bool = True
    effects: Effects | None = None

    def summary(self) -> str:
        """Return the expected sum over all periods and its interval, and what made it."""
        text = super().summary()
        if self.dated:
            return text
        span = period_name(self.periods[0])
        if len(self.periods) > 1:
            span = f"{span} to {period_name(self.periods[-1])}"
        ahead = display.plural(len(self.periods), "period")
        said = "next period" if len(self.periods) == 1 else f"next {ahead}"
        return text.replace(f"from {span}, by", f"in the {said}, by", 1)

    def effects_frame(self) -> pd.DataFrame:
        """Return one row per series and effect that was asked for.

        Returns
        -------
        DataFrame
            The labels, ``effect``, ``per`` (what it is stated for), ``change_rate`` (a share of the
            number without it), ``change_low``, ``change_high``, and ``seen``: the periods gone by
            in which it was there.
        """
        import pandas as pd

        if self.effects is None:
            names = [*self.by, "effect", "per", "change_rate", "change_low", "change_high", "seen"]
            return pd.DataFrame(columns=names)
        return self.effects.to_frame(self.by, self.segments)
