"""What came in each period: won deals or their money, by segment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, dates
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import frozen
from funnelkit.counts.triangle import Segment
from funnelkit.forecast.result import Unit

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

FloatArray = NDArray[np.float64]
What = Literal["won deals", "bookings"]
Step = dates.Unit
WHATS: tuple[What, ...] = get_args(What)


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcomes:
    """What came, by segment and whole period.

    Parameters
    ----------
    what, unit
        What is counted, and whether it is a count or money.
    step
        Unit of the periods.
    by, segments
        Segment columns, and one tuple of values for each segment.
    periods
        Whole periods without gaps, from the first in which anything came, shape ``(T,)``.
    values
        What came, shape ``(S, T)``.
    as_of
        Last day that is known.
    currency
        Of money, where it is known.
    blank
        For money: wins in these periods without an amount, which bring nothing.
    """

    what: What
    unit: Unit
    step: Step
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    periods: pd.PeriodIndex
    values: FloatArray
    as_of: dt.date
    currency: str | None = None
    blank: int = 0

    def __post_init__(self) -> None:
        """Copy and freeze the array."""
        object.__setattr__(self, "values", frozen(self.values, np.float64))


def outcomes(
    leads: Leads,
    *,
    what: What = "won deals",
    step: Step = "month",
    by: str | Sequence[str] | None = None,
) -> Outcomes:
    """Return what came in each whole period up to the leads' ``as_of``.

    Parameters
    ----------
    leads
        The data.
    what
        ``"won deals"``: records by the day of their win; ``"bookings"``: their amounts, where they
        are known.
    step
        Unit of the periods.
    by
        Segment column or columns.

    Raises
    ------
    ArgumentError
        For an unknown word, unit or segment, or money of a funnel without ``value``.
    DataError
        If amounts stand in several currencies.
    """
    import pandas as pd

    from funnelkit.counts.build import flows, moments
    from funnelkit.metrics.people.deals import deals

    checks.one_of("what", what, WHATS)
    checks.one_of("step", step, dates.UNITS)
    funnel, currency = leads.funnel, None
    without: FloatArray | None = None
    if what == "bookings":
        if funnel.value is None:
            raise ArgumentError(
                '`what`: "bookings" needs amounts, and the funnel has no `value`; name its column, '
                'or ask for "won deals".'
            )
        money = moments(leads, every=step, by=by)
        names, segments, periods = money.by, money.segments, money.periods
        values = money.total.astype(float)
        without = (money.n - money.known).sum(axis=0).astype(float)
        currency = deals(leads, funnel.stages[-1], ()).currency
    else:
        counted = flows(leads, every=step, by=by)
        names, segments, periods = counted.by, counted.segments, counted.periods
        values = counted.entries[:, len(funnel.stages) - 1].astype(float)
    whole = np.array([period.end_time.date() <= leads.as_of for period in periods], dtype=bool)
    whole &= np.cumsum(np.abs(values).sum(axis=0)) > 0
    return Outcomes(
        what=what,
        unit="value" if what == "bookings" else "count",
        step=step,
        by=names,
        segments=segments,
        periods=pd.PeriodIndex(periods[whole]),
        values=values[:, whole],
        as_of=leads.as_of,
        currency=currency,
        blank=0 if without is None else int(without[whole].sum()),
    )


def named(segments: Sequence[Segment], values: FloatArray) -> Mapping[Segment, Any]:
    """Return segment -> its row."""
    return dict(zip(segments, values, strict=True))
