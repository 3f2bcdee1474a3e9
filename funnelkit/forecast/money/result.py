"""`BookingsForecast`: wins and money to come, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import period_name
from funnelkit._core.result import frozen
from funnelkit.forecast.result import Forecast

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
PARTS = ("won", "in flight", "not yet created", "without a lead")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BookingsForecast(Forecast):
    """Money of the deals to be won by month; won deals where no amount is known.

    A :class:`~funnelkit.forecast.Forecast`, and beside it:

    Parameters
    ----------
    deals
        The won deals, of the same draws; itself where there is no money.
    parts
        Where it comes from, ``"won"`` (already, in the period that runs), ``"in flight"`` (open
        today), ``"not yet created"`` (records that enter at the first stage yet) and
        ``"without a lead"`` (those that enter later on): draws over all segments, shape
        ``(n_draws, H)``; they add up to the forecast.
    deal_parts
        The same in won deals.
    before
        Won in the periods before the first one to come, that count towards the same year or
        quarter, in the unit of the forecast and in deals; 0 where none was asked for.
    """

    deals: Forecast | None = None
    parts: Mapping[str, FloatArray]
    deal_parts: Mapping[str, FloatArray]

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        super().__post_init__()
        for name in ("parts", "deal_parts"):
            arrays = {key: frozen(one, np.float64) for key, one in getattr(self, name).items()}
            object.__setattr__(self, name, MappingProxyType(arrays))

    def waterfall(
        self, *, until: str | pd.Period | None = None, confidence_level: float = 0.95
    ) -> pd.DataFrame:
        """Return what is won already, in flight, and not yet created, adding up to the total.

        Parameters
        ----------
        until
            Last period that counts. Default: the last one.
        confidence_level
            Level of the intervals.

        Returns
        -------
        DataFrame
            One row per part (without ``"won"`` where the first period has brought nothing yet):
            ``part``, ``expected``, ``low``, ``high`` (won deals) and, with money, the same with
            ``_value``. Expected numbers add up to the row ``"total"``; intervals do not, since
            parts are in doubt together and by chance apart.

        Raises
        ------
        ArgumentError
            If the period is not forecast.
        """
        import pandas as pd

        last = self._position(until)
        tail = (1 - checks.confidence(confidence_level)) / 2
        rows: list[dict[str, Any]] = []
        whole: dict[str, FloatArray] = {
            "": np.asarray(sum(self.deal_parts.values())),
            "_value": np.asarray(sum(self.parts.values())),
        }
        begun = bool(self.deal_parts[PARTS[0]].any())
        for name in (*self.parts, "total"):
            if name == PARTS[0] and not begun:
                continue
            row: dict[str, Any] = {"part": name}
            for end, of in (("", self.deal_parts), ("_value", self.parts)):
                if end and self.unit == "count":
                    continue
                drawn = whole[end] if name == "total" else of[name]
                sums = drawn[:, : last + 1].sum(axis=1)
                low, high = np.quantile(sums, [tail, 1 - tail])
                row |= {
                    f"expected{end}": float(sums.mean()),
                    f"low{end}": float(low),
                    f"high{end}": float(high),
                }
            rows.append(row)
        return pd.DataFrame(rows)

    def summary(self) -> str:
        """Return the deals and money expected, and how much of it is not created yet."""
        deals = self if self.deals is None else self.deals
        low, high = (
            float(np.asarray(end)[-1])
            for end in deals.confidence_interval(per="all", cumulative=True)
        )
        span = f"{period_name(self.periods[0])} to {period_name(self.periods[-1])}"
        if len(self.periods) == 1:
            span = period_name(self.periods[0])
        text = f"{span}: about {deals.shown(deals.total.sum(), low, high)} won deals"
        if self.unit == "value":
            low, high = (
                float(np.asarray(end)[-1])
                for end in self.confidence_interval(per="all", cumulative=True)
            )
            text += f", worth {self.shown(self.total.sum(), low, high)}"
        made = {name: float(one.sum(axis=1).mean()) for name, one in self.deal_parts.items()}
        whole = max(sum(made.values()), 1e-12)
        text += f"; {display.percent(made['in flight'] / whole, decimals=0)} of the deals are open"
        text += f" today, {display.percent(made['not yet created'] / whole, decimals=0)} are leads "
        text += "still to come."
        return " ".join([text, *self.notes])
