"""`Outcomes`: what the leads of a plan bring by month, as joint draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import period_name
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Result, frozen

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.basis.channel import Stream

FloatArray = NDArray[np.float64]
Unit = Literal["value", "count"]
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Outcomes(Result):
    """What some leads bring by month, beside what comes without them, as joint draws.

    Shapes: ``N`` draws, ``C = len(channels)``, ``H = len(periods)`` months.

    Parameters
    ----------
    periods
        Civil months of the wins.
    channels
        Names.
    leads
        Leads by channel and month of entry, shape ``(C, H)``.
    deals, value
        Deals won by channel and month of the win, and their money, shape ``(N, C, H)`` each.
    in_flight, direct
        What comes without these leads.
    unit
        ``"value"`` (money) or ``"count"`` (deals): what targets are compared to.
    currency
        Of money, where it is known.
    """

    periods: pd.PeriodIndex
    channels: tuple[str, ...]
    leads: FloatArray
    deals: FloatArray
    value: FloatArray
    in_flight: Stream
    direct: Stream
    unit: Unit
    currency: str | None = None

    def __post_init__(self) -> None:
        """Copy and freeze the arrays, and refuse those that do not fit each other."""
        for name in ("leads", "deals", "value"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        cells = (len(self.channels), len(self.periods))
        draws = (len(self.deals), *cells)
        wrong = [
            f"`{name}` must be of shape {shape}; got {getattr(self, name).shape}"
            for name, shape in (("leads", cells), ("deals", draws), ("value", draws))
            if getattr(self, name).shape != shape
        ]
        if wrong:
            raise ArgumentError(f"Outcomes do not fit each other: {'; '.join(wrong)}.")

    @property
    def n_draws(self) -> int:
        """Number of joint draws."""
        return len(self.deals)

    @property
    def parts(self) -> dict[str, FloatArray]:
        """What each source brings in the unit, shape ``(N, H)``: new leads, in flight, direct."""
        value = self.unit == "value"
        new = (self.value if value else self.deals).sum(axis=1)
        return {"new leads": np.asarray(new)} | {
            one.name: one.value if value else one.deals for one in (self.in_flight, self.direct)
        }

    @property
    def total(self) -> FloatArray:
        """All parts together in the unit, shape ``(N, H)``."""
        return np.asarray(sum(self.parts.values()))

    @property
    def expected(self) -> FloatArray:
        """Mean of the total of each month, shape ``(H,)``."""
        return np.asarray(self.total.mean(axis=0))

    def probability(self, target: float, *, until: int | None = None, since: int = 0) -> float:
        """Return the share of draws in which the months together bring a target.

        Parameters
        ----------
        target
            In the unit.
        until
            Months that count, from the first. Default: all of them.
        since
            Months at the start that do not count.
        """
        sums = self.total[:, since:until].sum(axis=1)
        return float(np.mean(sums >= target * (1 - _ROUNDING)))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per month.

        Columns: ``period``, expected ``new_leads``, ``in_flight``, ``direct`` and ``total`` in
        the unit, and ``total_p10``, ``total_p90`` of that month.
        """
        import pandas as pd

        low, high = np.quantile(self.total, [0.1, 0.9], axis=0)
        names = ("new_leads", "in_flight", "direct")
        means = zip(names, self.parts.values(), strict=True)
        return pd.DataFrame(
            {"period": self.periods}
            | {name: one.mean(axis=0) for name, one in means}
            | {"total": self.expected, "total_p10": low, "total_p90": high}
        )

    def summary(self) -> str:
        """Return what the leads bring in all, with its interval."""
        sums = self.total.sum(axis=1)
        low, high = np.quantile(sums, [0.1, 0.9])
        noun = (self.currency or "in value") if self.unit == "value" else "deals"
        span = period_name(self.periods[0])
        if len(self.periods) > 1:
            span += f" to {period_name(self.periods[-1])}"
        return (
            f"{span}: {display.plural(self.leads.sum(), 'lead')} and what is there already bring "
            f"about {display.expected_between(sums.mean(), low, high)} {noun} (80 % interval)."
        )
