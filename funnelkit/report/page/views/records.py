"""The stages, the audit and the rows: what became of every record."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from funnelkit.report.page.changes import UNKNOWN, Estimate
from funnelkit.report.page.facts import Flow, Missing, Quality, Setting, Stage

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.finding import Finding
    from funnelkit.data.ledgers import Ledger
    from funnelkit.data.records import Leads
    from funnelkit.rates import StageRates


def flow_view(leads: Leads, setting: Setting, rates_from: pd.Period | None) -> Flow | Missing:
    """Return what became of those who entered each stage, of the cohorts that are in rates."""
    from funnelkit.rates import flow

    level, terms = setting.confidence_level, setting.terms
    used = _rated(leads, rates_from)
    table = flow(used, confidence_level=level)
    if not table.stays.entered.any():
        return Missing(f"It needs {terms.leads} with a date of {terms.label(terms.start)}.")
    rows: list[Any] = list(table.to_frame().itertuples(index=False))
    exits = table.stays.exits
    stages = tuple(_stage(row, exits) for row in rows)
    last = rows[-1]
    known = math.isfinite(last.cumulative_rate)
    return Flow(
        stages=stages,
        exits=exits,
        reached=round(last.cumulative_rate * stages[0].entered) if known else 0,
        whole=Estimate(last.cumulative_rate, last.cumulative_low, last.cumulative_high)
        if known
        else UNKNOWN,
        decided=_decided(table, level) if exits else None,
        since=used.recorded_from,
    )


def _rated(leads: Leads, rates_from: pd.Period | None) -> Leads:
    """Return the leads without those of a first month that is left out of rates."""
    if rates_from is None or leads.recorded_from is None:
        return leads
    first = rates_from.start_time.date()
    if leads.before_recording != "left_out" or first <= leads.recorded_from:
        return leads
    later = copy.copy(leads)
    later.recorded_from = first
    return later


def _stage(row: Any, exits: tuple[str, ...]) -> Stage:
    entered = int(row.entered)
    values = dict(zip(row._fields, row, strict=True)) if row._fields else {}
    return Stage(
        name=str(row.stage),
        entered=entered,
        filled=int(row.filled),
        moved_on=int(row.moved_on),
        still_there=int(row.still_there),
        left={name: int(values.get(name, 0)) for name in exits},
        rate=Estimate(row.rate, row.rate_low, row.rate_high)
        if math.isfinite(row.rate)
        else UNKNOWN,
        median_days=None if math.isnan(row.median_days) else float(row.median_days),
    )


def _decided(table: StageRates, level: float) -> tuple[str, int, Estimate] | None:
    """Return the share won among those that are decided, with its own label."""
    found = table.opportunity_to_win
    if not found.denominator:
        return None
    low, high = (float(end) for end in found.confidence_interval(level))
    return found.label, found.denominator, Estimate(found.rate, low, high)


def findings_of(leads: Leads, known: Mapping[str, Sequence[str]]) -> tuple[Finding, ...]:
    """Return what the audit finds; ``known`` lists the names that segments may have."""
    from funnelkit.data.quality import audit

    return tuple(audit(leads, known=known).findings)


def quality_view(
    leads: Leads,
    setting: Setting,
    *,
    in_rates: int,
    rates_from: pd.Period | None,
    findings: tuple[Finding, ...],
) -> Quality:
    """Return what the audit found, and where every row went."""
    from funnelkit.data.accounting import EVENT, JOINED, KEPT
    from funnelkit.data.journeys import LATER

    entered: Any = leads.count(setting.terms.start)
    accounting = [
        (str(file), str(reason), int(rows))
        for file, reason, rows in leads.accounting().itertuples(index=False)
    ]
    return Quality(
        findings=findings,
        accounting=tuple(accounting),
        aside=sum(
            rows for _, reason, rows in accounting if reason not in (KEPT, JOINED, EVENT, LATER)
        ),
        left_out=max(int(entered.sum()) - in_rates, 0) if rates_from is not None else 0,
        rates_from=rates_from,
        in_rates=in_rates,
    )


def with_tables(quality: Quality, tables: Mapping[str, Ledger]) -> Quality:
    """Return what the audit found together with what was found in the tables beside the leads."""
    from funnelkit.data.accounting import KEPT

    findings, beside = list(quality.findings), list(quality.beside)
    aside = quality.aside
    for kind, table in tables.items():
        name = f"{kind.capitalize()} ({table.source})"
        findings += [replace(one, what=f"{name}: {one.what}") for one in table.findings]
        rows = [
            (name, "kept" if reason == KEPT else str(reason), int(number))
            for _, reason, number in table.accounting().itertuples(index=False)
        ]
        beside += rows
        aside += sum(number for _, reason, number in rows if reason != "kept")
    return replace(quality, findings=tuple(findings), beside=tuple(beside), aside=aside)
