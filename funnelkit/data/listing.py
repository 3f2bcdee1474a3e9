"""The records behind a count, under the funnel's own names."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit._core import checks
from funnelkit._core.dates import Unit
from funnelkit._core.errors import ArgumentError
from funnelkit.data import engines, journeys
from funnelkit.data.definition import ENTERED_AT, Funnel

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from funnelkit.data.records import Leads

_WRITTEN: dict[Unit, str] = {
    "day": r"\d{4}-\d{2}-\d{2}",
    "week": r"\d{4}-\d{2}-\d{2}",
    "month": r"\d{4}-\d{2}",
    "quarter": r"\d{4}-?Q[1-4]",
    "year": r"\d{4}",
}


def listed(
    leads: Leads,
    stage: str,
    *,
    start: str | None,
    cohort: str | pd.Period | None,
    period: str | pd.Period | None,
    every: Unit,
    segments: Mapping[str, str | None],
) -> pd.DataFrame:
    """Return the records behind a count; see :meth:`Leads.list`."""
    step = leads.funnel.step("stage", stage)
    table = leads.journeys
    when, _, reached = journeys.entry(table, leads.funnel, leads.funnel.steps.index(step))
    keep = reached
    if cohort is not None or start is not None:
        keep &= _in_cohort(leads, start or leads.funnel.stages[0], cohort, every)
    if period is not None:
        keep &= _within(when, _span(leads, "period", period, every))
    for name, value in segments.items():
        checks.member("segments", "segment", name, leads.funnel.groups)
        column = journeys.segment(table, leads.funnel, name)
        keep &= column.isnull() if value is None else engines.is_one_of(column, [value])
    shown = _own_names(leads.funnel, table)
    found: pd.DataFrame = (
        table.filter(keep.fill_null(False)).order_by("id").select(**shown).execute()
    )
    return found


def _in_cohort(leads: Leads, start: str, cohort: str | pd.Period | None, every: Unit) -> Any:
    k = leads.funnel.stage("start", start)
    inside = journeys.in_rates(leads.journeys, k, leads.left_out_before)
    if cohort is not None:
        inside &= _within(leads.journeys[f"date_{k}"], _span(leads, "cohort", cohort, every))
    return inside


def _span(
    leads: Leads, argument: str, given: str | pd.Period, every: Unit
) -> tuple[dt.date, dt.date]:
    """Return first and last day of a period, written as tables write it or as pandas does."""
    import pandas as pd

    freq = leads.funnel.calendar.freq(every)
    text = re.sub(r"^FY|\s|/.*$", "", str(given))
    written = isinstance(given, (str, pd.Period)) and re.fullmatch(_WRITTEN[every], text)
    try:
        period = pd.Period(text, freq=freq) if written else None
    except ValueError:
        period = None
    if period is None:
        calendar = leads.funnel.calendar
        raise ArgumentError(
            f"`{argument}` must be a {every} such as "
            f"{calendar.label(calendar.period(leads.as_of, every))}; got {given!r}."
        )
    return period.start_time.date(), period.end_time.date()


def _own_names(funnel: Funnel, table: ir.Table) -> dict[str, Any]:
    """Return the public columns of the journeys under the funnel's own names."""
    shown: dict[str, Any] = {funnel.id: table.id}
    shown |= {stage: table[f"date_{k}"] for k, stage in enumerate(funnel.stages)}
    shown |= {
        name: ibis.ifelse(table.exit == e, table.exit_date, ibis.null("date"))
        for e, name in enumerate(funnel.exits)
    }
    shown |= {name: table[f"segment_{i}"] for i, name in enumerate(funnel.segments)}
    for i, name in enumerate(funnel.keep):
        shown.setdefault(name, table[f"keep_{i}"])
    shown[ENTERED_AT] = journeys.segment(table, funnel, ENTERED_AT)
    for role in ("owner", "account", "value"):
        column = getattr(funnel, role)
        if column is not None:
            shown.setdefault(column, table[role])
    return shown


def _within(day: Any, span: tuple[dt.date, dt.date]) -> Any:
    return (day >= ibis.literal(span[0])) & (day <= ibis.literal(span[1]))
