"""From leads to `Facts`: each question asked once of the counts, the fit and the audit."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.data import journeys
from funnelkit.data.control.tying import tie_out
from funnelkit.report.page.beside.asking import part_of
from funnelkit.report.page.facts import Facts, Missing, Quality, Setting
from funnelkit.report.page.terms import Terms
from funnelkit.report.page.views import (
    channels,
    coming,
    method,
    months,
    moved,
    planned,
    rates,
    records,
    restated,
    scores,
    trials,
    watched,
)

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.counts.triangle import Triangle
    from funnelkit.data.finding import Finding
    from funnelkit.data.records import Leads
    from funnelkit.monitor import Alerts
    from funnelkit.report.page.beside.asking import Elsewhere
    from funnelkit.report.page.source import Source

_SHOWN = 6


def gather(
    source: Source,
    *,
    month: str | None = None,
    start: str | None = None,
    target: str | None = None,
    segment: str | None = None,
    confidence_level: float = 0.95,
    horizon: int | None = None,
    elsewhere: Elsewhere | None = None,
) -> Facts:
    """Return everything that the page of a month says, as known at the month's end.

    Control totals are compared with all of the data, not only with what was known at that day.

    Parameters
    ----------
    source
        What the page is made from.
    month
        Month such as ``"2026-10"``; default: the last one that the data hold in full.
    start, target
        Stages between which rates are taken; default: the first and the last.
    segment
        Column to split by; default: the first of the funnel.
    confidence_level
        Level of every interval.
    horizon
        Age in days up to which rates are told; default: see
        :func:`funnelkit.report.page.horizon.longest`.
    elsewhere
        A process that was asked for parts of the page.

    Raises
    ------
    ArgumentError
        If a stage or the segment is unknown, or the data hold businesses that are kept apart.
    EvidenceError
        If the data end before the month begins.
    """
    leads, known, setting = world_of(
        source, month=month, start=start, target=target, confidence_level=confidence_level
    )
    facts = _facts(known, setting, segment, horizon, source=source, elsewhere=elsewhere)
    held, channel, targets = source.tables, source.channel, source.targets
    column = segment or channel or next(iter(leads.funnel.segments), None)
    goals = None
    if targets is not None:
        spend = held.get("spend") if column else None
        goals = partial(planned.planned_view, known, targets=targets, team=source.team, spend=spend)
    return replace(
        facts,
        tied=tie_out(leads, source.expected) if source.expected else None,
        card=scores.card_of(
            known, setting, facts.cohorts, source.headlines, tables=held, channel=channel
        ),
        channels=channels.channels_view(known, setting, held, channel),
        experiments=trials.trials_view(known, source.experiments),
        ahead=partial(
            coming.coming_view,
            known,
            setting,
            by=None if targets is None else column,
            elsewhere=elsewhere,
        ),
        goals=goals,
        quality=records.with_tables(facts.quality, held),
        playbook=source.playbook,
        restated=None
        if source.issued is None
        else restated.restated_view(known, setting, facts.cohorts, source.issued),
    )


def world_of(
    source: Source,
    *,
    month: str | None,
    start: str | None,
    target: str | None,
    confidence_level: float,
) -> tuple[Leads, Leads, Setting]:
    """Return the leads of one business, those known at the month's end, and what the page is of.

    Raises
    ------
    ArgumentError, EvidenceError
        As :func:`gather`.
    """
    leads = of_one_business(source.leads)
    funnel = leads.funnel
    period = month_of(leads, month)
    known = known_at(leads, period)
    terms = Terms(start or funnel.stages[0], target or funnel.won, funnel.stages, funnel.exits)
    setting = Setting(
        month=period,
        as_of=known.as_of,
        terms=terms,
        calendar=funnel.calendar,
        title=source.title,
        confidence_level=confidence_level,
        recorded_from=leads.recorded_from,
        files=tuple(known.rows.names),
        simulated=source.simulated,
        changes=source.changes,
        restricted=source.restricted,
    )
    return leads, known, setting


def of_one_business(leads: Leads) -> Leads:
    """Return the leads once nothing in them is kept apart; a page that pools would mislead."""
    told, largest = [], {}
    for name in leads.funnel.apart:
        column = journeys.segment(leads.records, leads.funnel, name)
        found = leads.records.select(value=column).value_counts(name="n").execute()
        found = found.sort_values(["n", "value"], ascending=[False, True])
        if len(found) > 1:
            shown = [
                f"{display.segment_name((_text(value),))} {display.count(n)}"
                for value, n in found.head(_SHOWN).itertuples(index=False)
            ]
            more = [f"{len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
            told.append(
                f"`{name}` keeps {len(found)} businesses apart ({', '.join([*shown, *more])})"
            )
            largest[name] = _text(found.iloc[0, 0]) or '""'
    if told:
        where = ", ".join(f"{name}: {value}" for name, value in largest.items())
        names = display.listed([f"`{name}`" for name in largest])
        raise ArgumentError(
            f"{display.listed(told)}, and a report is of one: say which in funnel.yml, such as "
            f"`where: {{{where}}}`, or take {names} out of `apart` to have them as one."
        )
    return leads.pooled(*leads.funnel.apart) if leads.funnel.apart else leads


def _text(value: object) -> str | None:
    """Return a value of a column; ``None`` where it is blank."""
    return value if isinstance(value, str) else None


def month_of(leads: Leads, month: str | None) -> pd.Period:
    """Return the month of the report: the one named, or the last whole one of the data."""
    import pandas as pd

    if month is not None:
        return pd.Period(month, freq="M")
    last = pd.Period(leads.as_of, freq="M")
    return last if leads.as_of == last.end_time.date() else last - 1


def known_at(leads: Leads, month: pd.Period) -> Leads:
    """Return the leads as known at the end of the month, or of the data if that is earlier."""
    as_of = min(leads.as_of, month.end_time.date())
    if as_of < month.start_time.date():
        raise EvidenceError(
            f"`month` must lie in the data, which end on {leads.as_of.isoformat()}; "
            f"got {period_label(month)}."
        )
    return leads if as_of == leads.as_of else leads.at(as_of)


def _facts(
    leads: Leads,
    setting: Setting,
    segment: str | None,
    horizon: int | None,
    *,
    source: Source,
    elsewhere: Elsewhere | None,
) -> Facts:
    span = months.span_of(leads, setting)
    now = _triangle(leads, setting)
    before = None if span.before is None else _triangle(leads, setting, as_of=span.before[1])
    base = rates.basis(now, setting, horizon=horizon)
    told = months.months_view(leads, setting, span, now=now, before=before)
    rates_from = None if isinstance(base, Missing) else rates.first_cohort(base)
    flow = records.flow_view(leads, setting, rates_from)

    @cache
    def today() -> tuple[tuple[Finding, ...], Alerts | Missing]:
        return part_of(
            elsewhere,
            "today",
            lambda: (
                records.findings_of(leads, source.known),
                base if isinstance(base, Missing) else watched.alerts_view(leads, setting, segment),
            ),
        )

    def quality(in_rates: int) -> Quality:
        return records.quality_view(
            leads, setting, in_rates=in_rates, rates_from=rates_from, findings=today()[0]
        )

    if isinstance(base, Missing):
        return Facts(
            setting=setting,
            months=told,
            cohorts=base,
            window=base,
            heat=base,
            curve=base,
            tested=base,
            flow=flow,
            segments=base,
            moved=base,
            alerts=base,
            diagnosis=base,
            quality=quality(0),
        )
    ever = method.ever_of(base.triangle, confidence_level=base.level)
    chosen, tested = method.tested_view(leads, setting, ever)
    base = replace(base, method=chosen)
    split = _split(leads, setting, segment)
    return Facts(
        setting=setting,
        months=told,
        cohorts=rates.cohorts_view(base, setting, before),
        window=rates.window_view(base, setting),
        heat=rates.heat_view(base),
        curve=rates.curve_view(base, ever),
        tested=tested,
        flow=flow,
        segments=split if isinstance(split, Missing) else rates.segments_view(base, split),
        moved=split if isinstance(split, Missing) else moved.moved_view(base, split, setting),
        diagnosis=watched.diagnosis_view(leads, setting, source.ranges),
        quality=quality(base.triangle.n),
        alerts=today()[1],
    )


def _split(leads: Leads, setting: Setting, segment: str | None) -> Triangle | Missing:
    """Return the counts by segment, or what they would need."""
    column = segment or next(iter(leads.funnel.segments), None)
    if column is None:
        return Missing("It needs a column to split by: name one under `segments`.")
    triangle = _triangle(leads, setting, by=column)
    if triangle is None:
        return Missing(f"It needs {setting.terms.leads} with a {column}.")
    return triangle


def _triangle(
    leads: Leads, setting: Setting, *, by: str | None = None, as_of: dt.date | None = None
) -> Triangle | None:
    """Return the counts, or nothing where nobody has entered."""
    from funnelkit.counts.build import triangle

    terms = setting.terms
    try:
        return triangle(leads, terms.start, terms.target, by=by, as_of=as_of)
    except EvidenceError:
        return None
