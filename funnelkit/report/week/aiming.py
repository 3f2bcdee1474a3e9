"""What the quarter that runs will bring, deal by deal and in all, beside its target."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit.report.page.facts import Missing
from funnelkit.report.week.facts import Ahead, Span

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads
    from funnelkit.forecast import BookingsForecast
    from funnelkit.model import FunnelModel
    from funnelkit.plan import Targets

_FEWEST_WINS = 20
_DRAWS = 2000
_ODD = (ArgumentError, DataError, EvidenceError)
NO_TARGET = (
    "No target is named: give one by month or quarter in a file and name it as "
    "`targets: targets.csv` in funnel.yml (columns period, segment, kind, amount)."
)
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Outlook:
    """The model of the funnel as known on the last day, or why there is none."""

    leads: Leads
    model: FunnelModel | Missing

    def chances(self) -> Mapping[str, float]:
        """Return the chance of each open deal that it is ever won; empty without a model."""
        from funnelkit.forecast import pipeline

        if isinstance(self.model, Missing):
            return {}
        try:
            table = pipeline(self.leads, self.model, 1, n_draws=200).deals()
        except _ODD:
            return {}
        ids = table[self.leads.funnel.id].astype(str)
        return dict(zip(ids, table["p_win"].astype(float), strict=True))


def outlook_of(leads: Leads, span: Span) -> Outlook:
    """Return the model of the funnel; nothing is said of what is to come with few wins."""
    from funnelkit.model import fit_funnel

    wins = int(np.asarray(leads.count(leads.funnel.won)).sum())
    if wins < _FEWEST_WINS:
        words = f"It needs at least {_FEWEST_WINS} {span.terms.wins}; there are {wins}."
        return Outlook(leads=leads, model=Missing(words))
    try:
        return Outlook(leads=leads, model=fit_funnel(leads))
    except EvidenceError as error:
        return Outlook(leads=leads, model=Missing(f"It needs more: {error}"))


def ahead_view(outlook: Outlook, span: Span, targets: Path | Targets | None) -> Ahead | Missing:
    """Return what the quarter that runs brings, and the chance of its target.

    Parameters
    ----------
    outlook
        The model of the funnel.
    span
        The period of the page.
    targets
        File of what is to be won, or the targets themselves.

    Notes
    -----
    The quarter is the fiscal one that holds the day after the last known one: what is won in it
    already is counted, what is still to come is drawn.
    """
    from funnelkit.forecast import bookings

    if isinstance(outlook.model, Missing):
        return outlook.model
    leads = outlook.leads
    quarter = span.calendar.period(leads.as_of + dt.timedelta(days=1), "quarter")
    last_day = quarter.end_time.date()
    try:
        forecast = bookings(
            leads, outlook.model, horizon=_months(leads.as_of, last_day), n_draws=_DRAWS
        )
        goal, lacking = _goal(targets, quarter, forecast, span)
    except _ODD as error:
        return Missing(f"It needs more: {error}")
    unit: Literal["value", "count"] = forecast.unit if goal is None else goal[0]
    target = None if goal is None else goal[1]
    return _ahead(forecast, quarter, unit, span, target=target, lacking=lacking)


def _months(as_of: dt.date, last: dt.date) -> int:
    day = as_of + dt.timedelta(days=1)
    return 12 * (last.year - day.year) + last.month - day.month + 1


def _ahead(
    forecast: BookingsForecast,
    quarter: pd.Period,
    unit: Literal["value", "count"],
    span: Span,
    *,
    target: float | None,
    lacking: str,
) -> Ahead:
    """Return the whole quarter: what came in its months before, and what is drawn."""
    money = unit == "value"
    of: Any = forecast if money or forecast.deals is None else forecast.deals
    parts = forecast.parts if money else forecast.deal_parts
    first = quarter.start_time.date()
    gone = [k for k, month in enumerate(of.gone) if month.start_time.date() >= first]
    before = float(np.nansum(np.asarray(of.observed)[:, gone])) if gone else 0.0
    draws = before + of.drawn(per="all").sum(axis=1)
    tail = (1 - span.confidence_level) / 2
    low, high = (float(end) for end in np.quantile(draws, [tail, 1 - tail]))
    won = before + float(parts["won"].sum(axis=1).mean())
    return Ahead(
        name=period_label(quarter),
        last_day=quarter.end_time.date(),
        unit=unit,
        won=won,
        parts={name: float(one.sum(axis=1).mean()) for name, one in parts.items() if name != "won"},
        expected=float(draws.mean()),
        low=max(low, won),
        high=high,
        target=target,
        chance=None if target is None else float((draws >= target).mean()),
        lacking=lacking,
        notes=tuple(of.notes),
    )


def _goal(
    targets: Path | Targets | None, quarter: pd.Period, forecast: BookingsForecast, span: Span
) -> tuple[tuple[Literal["value", "count"], float] | None, str]:
    """Return unit and target of the quarter, or why there is none."""
    import pandas as pd

    from funnelkit.plan import read_targets

    if targets is None:
        return None, NO_TARGET
    goals = targets
    if isinstance(goals, Path):
        goals = read_targets(goals, fiscal_year_start=span.calendar.fiscal_year_start)
    months = pd.period_range(quarter.start_time, quarter.end_time, freq="M")
    inside = [k for k, month in enumerate(goals.periods) if month in months]
    name = period_label(quarter)
    if len(inside) < len(months):
        return None, (
            f"The targets hold {len(inside)} of the {len(months)} months of {name}: name them all "
            "in the file of `targets`, or the quarter itself."
        )
    amount = float(goals.amount[inside].sum())
    if not amount:
        return None, f"The target of {name} is 0."
    if goals.unit == "value" and forecast.unit != "value":
        return None, "The target is in money, and no amount of a win is known."
    return (goals.unit, amount), ""
