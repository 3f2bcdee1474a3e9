"""From leads to `QuarterlyFacts`: one model for the plan, and for the plan that was."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import checks
from funnelkit._core.errors import EvidenceError
from funnelkit.report import kinds
from funnelkit.report.page.facts import Coming, Missing, Setting
from funnelkit.report.page.gather import of_one_business
from funnelkit.report.page.terms import Terms
from funnelkit.report.page.views.coming import coming_view
from funnelkit.report.periods import reported_period
from funnelkit.report.planning.making import Source as PlanSource
from funnelkit.report.planning.making import targets_in
from funnelkit.report.quarter.against import Looked, against_plan, last_record
from funnelkit.report.quarter.ahead import example_team, planned_ahead
from funnelkit.report.quarter.facts import Ahead, QuarterlyFacts
from funnelkit.report.quarter.trends import quarters_of, trends_of

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.model import FunnelModel
    from funnelkit.report.page.source import Source

_FEWEST_WINS = 20
_NO_TARGETS = (
    "It needs targets: name a CSV of period and amount as `targets` in funnel.yml, and the people "
    "as `team`."
)


def gathered(
    source: Source,
    *,
    quarter: str | None = None,
    month: str | None = None,
    segment: str | None = None,
    confidence_level: float = 0.95,
) -> QuarterlyFacts:
    """Return everything that the quarterly review says.

    Parameters
    ----------
    source
        What the page is made from.
    quarter
        Fiscal quarter such as ``"2026-Q3"``; default: the last one that the data hold in full.
    month
        Month at whose end the world is looked at; default: all data.
    segment
        Column of the channels; default: that of the table of spend, or the funnel's first.
    confidence_level
        Level of every interval.

    Raises
    ------
    ArgumentError
        If the segment is unknown, the quarter begins after the data end, or the data hold
        businesses that are kept apart.
    DataError, DefinitionError
        If targets, a team or a kept plan cannot be read, with every problem.
    EvidenceError
        If the data end before the month does.
    """
    leads = of_one_business(source.leads)
    known = _known(leads, None if month is None else kinds.month("month", month))
    calendar = leads.funnel.calendar
    named = None if quarter is None else kinds.quarter("quarter", quarter)
    told = reported_period("quarter", named=named, as_of=known.as_of, calendar=calendar)
    setting = _setting(known, source, told.until, confidence_level)
    plans = _plan_source(known, source, segment)
    demo = source.simulated and source.targets is None
    goals = None if source.targets is None else targets_in(source.targets, known)
    kept = last_record(source.plans, told.period, known.as_of)
    trends, missing = trends_of(known, setting, quarters_of(known, setting, told.period))
    ahead: Ahead | Missing
    coming = None
    model: FunnelModel | None
    if demo or goals is not None:
        model, why_not = _fitted(known, plans.column, setting)
        ahead = Missing(why_not) if model is None else planned_ahead(plans, goals, model)
    else:
        ahead = Missing(_NO_TARGETS)
        coming = coming_view(known, setting, by=plans.column)
        model = coming.model if isinstance(coming, Coming) else None
    basis = ahead.plan.plan.assumptions if isinstance(ahead, Ahead) else None
    seen = Looked(source=plans, quarter=told.period, model=model, assumptions=basis)
    return QuarterlyFacts(
        setting=setting,
        quarter=told.period,
        until=told.until,
        trends=trends,
        missing=missing,
        against=against_plan(seen, kept, goals, demo=demo),
        ahead=ahead,
        coming=coming,
        playbook=source.playbook,
    )


def _known(leads: Leads, month: str | None) -> Leads:
    """Return the leads as known at the end of a month."""
    if month is None:
        return leads
    import pandas as pd

    end = pd.Period(month, freq="M").end_time.date()
    if end > leads.as_of:
        raise EvidenceError(
            f"`month` must have ended in the data, which end on {leads.as_of.isoformat()}; got "
            f"{month}."
        )
    return leads if end == leads.as_of else leads.at(end)


def _setting(leads: Leads, source: Source, until: dt.date, confidence_level: float) -> Setting:
    funnel = leads.funnel
    return Setting(
        month=funnel.calendar.period(until, "month"),
        as_of=leads.as_of,
        terms=Terms(funnel.stages[0], funnel.won, funnel.stages, funnel.exits),
        calendar=funnel.calendar,
        title=source.title,
        confidence_level=checks.confidence(confidence_level),
        recorded_from=leads.recorded_from,
        files=tuple(leads.rows.names),
        simulated=source.simulated,
        changes=source.changes,
        restricted=source.restricted,
    )


def _plan_source(leads: Leads, source: Source, segment: str | None) -> PlanSource:
    from funnelkit.plan import read_team

    column = segment or source.channel or next(iter(leads.funnel.segments), None)
    if column is not None:
        checks.member("segment", "column", column, leads.funnel.groups)
    team = None if source.team is None else read_team(source.team)
    if source.simulated and source.targets is None:
        team = team or example_team()
    return PlanSource(
        leads=leads,
        column=column,
        spend=source.tables.get("spend"),
        title=source.title,
        simulated=source.simulated,
        team=team,
    )


def _fitted(leads: Leads, column: str | None, setting: Setting) -> tuple[FunnelModel | None, str]:
    """Return the model, or why there is none."""
    from funnelkit.model import fit_funnel

    wins = int(np.asarray(leads.count(leads.funnel.won)).sum())
    if wins < _FEWEST_WINS:
        need = f"It needs at least {_FEWEST_WINS} {setting.terms.wins}; there are {wins}."
        return None, need
    try:
        return fit_funnel(leads, by=column), ""
    except EvidenceError as error:
        return None, f"It needs more: {error}"
