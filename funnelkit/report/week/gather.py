"""From a source to the facts of a week: each question asked once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit.data.control.tying import tie_out
from funnelkit.metrics.stage_roles import opportunity_of, roles
from funnelkit.report.page.facts import Missing, Quality, Setting
from funnelkit.report.page.gather import of_one_business
from funnelkit.report.page.terms import Terms
from funnelkit.report.page.views.records import findings_of, quality_view, with_tables
from funnelkit.report.periods import reported_period
from funnelkit.report.week.acting import activities_view
from funnelkit.report.week.aiming import Outlook, ahead_view, outlook_of
from funnelkit.report.week.entering import entries_view
from funnelkit.report.week.facts import Activities, Ahead, Span, WeekFacts
from funnelkit.report.week.moving import Archived, ends_of, movement_view, with_names
from funnelkit.report.week.talking import Ground, deals_to_talk_about

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.metrics import PipelineAgeing
    from funnelkit.plan import Targets
    from funnelkit.report.page.source import Source

_BEYOND = 0.99


@dataclass(frozen=True, eq=False, kw_only=True)
class Beside:
    """What a page of days may be made from besides its source.

    Parameters
    ----------
    archive
        Exports kept on earlier days.
    before
        An earlier export, in place of the archive.
    targets
        What is to be won, or its file.
    whole
        Whether the leads are all that funnel.yml speaks of; activities and targets are.
    """

    archive: Archived | None = None
    before: Leads | None = None
    targets: Path | Targets | None = None
    whole: bool = True


def span_of(
    leads: Leads,
    source: Source,
    unit: Literal["week", "day"],
    *,
    named: str | None = None,
    month: str | None = None,
    confidence_level: float = 0.95,
) -> Span:
    """Return what the page is about.

    Parameters
    ----------
    leads
        The data.
    source
        Where they come from.
    unit
        Of the page.
    named
        A day of the period; default: the last one that the data hold in full.
    month
        Month at whose end the world is looked at; default: the end of the data.
    confidence_level
        Level of every interval.

    Raises
    ------
    ArgumentError
        If the period lies after the data.
    """
    funnel = leads.funnel
    as_of = leads.as_of
    found = reported_period(unit, named=named, month=month, as_of=as_of, calendar=funnel.calendar)
    stage = opportunity_of(funnel, roles(funnel))
    return Span(
        period=found.period,
        until=found.until,
        terms=Terms(funnel.stages[0], funnel.won, funnel.stages, funnel.exits),
        stage=stage,
        calendar=funnel.calendar,
        title=source.title,
        confidence_level=confidence_level,
        simulated=source.simulated,
    )


def gather(
    source: Source,
    beside: Beside,
    *,
    week: str | None = None,
    month: str | None = None,
    segment: str | None = None,
    confidence_level: float = 0.95,
) -> WeekFacts:
    """Return everything that the page of a week says, as known at the week's end.

    Parameters
    ----------
    source
        The data and what stands beside them.
    beside
        Earlier exports, and targets.
    week
        A day of the week; default: the last one that the data hold in full.
    month
        Month at whose end the world is looked at.
    segment
        Column to split new leads by; default: the first of the funnel.
    confidence_level
        Level of every interval.

    Raises
    ------
    ArgumentError
        If the week lies after the data, or the data hold businesses that are kept apart.
    """
    leads = of_one_business(source.leads)
    span = span_of(
        leads, source, "week", named=week, month=month, confidence_level=confidence_level
    )
    known = leads if leads.as_of == span.until else leads.at(span.until)
    rewound = known is not leads
    ends = ends_of(known, span, beside.archive, before=beside.before, rewound=rewound)
    movement = with_names(movement_view(ends, span))
    activities = activities_view(source.tables, span, whole=beside.whole)
    ageing = ageing_view(known)
    outlook = cache(partial(outlook_of, known, span))
    talk = deals_to_talk_about(movement, ground_of(span, ageing, activities, outlook()))
    return WeekFacts(
        span=span,
        movement=movement,
        talk=talk,
        ahead=cache(partial(_ahead, outlook, span, beside)),
        ageing=ageing,
        entries=entries_view(known, span, "week", segment=segment),
        activities=activities,
        quality=quality_of(known, span, source),
        tied=tie_out(leads, source.expected) if source.expected else None,
    )


def _ahead(outlook: Callable[[], Outlook], span: Span, beside: Beside) -> Ahead | Missing:
    """Return the quarter beside its target, or why there is no target of some of the leads."""
    view = ahead_view(outlook(), span, beside.targets)
    if isinstance(view, Missing) or beside.whole:
        return view
    return replace(view, lacking="Targets are of all leads, and this page is of some of them.")


def ageing_view(leads: Leads) -> PipelineAgeing | Missing:
    """Return the open deals by stage and age."""
    from funnelkit.metrics import pipeline_ageing

    try:
        return pipeline_ageing(leads, beyond=_BEYOND)
    except (ArgumentError, DataError, EvidenceError) as error:
        return Missing(f"It needs more: {error}")


def ground_of(
    span: Span,
    ageing: PipelineAgeing | Missing,
    activities: Activities | Missing,
    outlook: Outlook,
) -> Ground:
    """Return what reasons to talk about a deal are read from."""
    limits: Mapping[str, float] = {}
    if not isinstance(ageing, Missing):
        limits = {one.stage: one.days for one in ageing.limits if one.days == one.days}
    return Ground(
        span=span,
        limits=limits,
        chances=outlook.chances(),
        activities=None if isinstance(activities, Missing) else activities,
    )


def quality_of(leads: Leads, span: Span, source: Source) -> Quality:
    """Return what the audit found, and where every row went."""
    import pandas as pd

    setting = Setting(
        month=pd.Period(span.until, "M"), as_of=span.until, terms=span.terms, calendar=span.calendar
    )
    findings = findings_of(leads, source.known)
    found = quality_view(leads, setting, in_rates=0, rates_from=None, findings=findings)
    return with_tables(found, source.tables)
