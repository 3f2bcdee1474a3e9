"""What pages of days are about, for tests."""

import datetime as dt

import pandas as pd

import funnelkit as fk
from funnelkit.report.page.terms import Terms
from funnelkit.report.week.facts import Span


def week_of(monday: str, funnel: fk.Funnel, *, until: str | None = None) -> Span:
    """Return the week that begins on a Monday."""
    period = pd.Period(monday, "W-SUN")
    return Span(
        period=period,
        until=dt.date.fromisoformat(until) if until else period.end_time.date(),
        terms=Terms(funnel.stages[0], funnel.won, funnel.stages, funnel.exits),
        stage=funnel.stages[0],
    )
