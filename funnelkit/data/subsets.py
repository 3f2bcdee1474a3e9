"""Some of the leads: those of chosen segments, and segments that may be pooled after all."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import ibis

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, did_you_mean
from funnelkit.data import engines, journeys
from funnelkit.data.accounting import NOT_CHOSEN
from funnelkit.data.definition import Funnel
from funnelkit.data.records import Leads

Values = str | None | Sequence[str | None]


def chosen(leads: Leads, segments: Mapping[str, Values]) -> Leads:
    """Return the leads whose records have one of the values of each segment.

    Raises
    ------
    ArgumentError
        For an unknown segment, or a value that no record has; with the closest match.
    """
    funnel, table = leads.funnel, leads.records
    if not segments:
        raise ArgumentError('`segments` must name one, such as only(source="webinar").')
    keep: Any = ibis.literal(True)
    single = set()
    for name, given in segments.items():
        checks.member("segments", "segment", name, funnel.groups)
        values = [given] if given is None or isinstance(given, str) else list(given)
        column = journeys.segment(table, funnel, name)
        _refuse_unknown(name, values, set(table.select(value=column).distinct().execute()["value"]))
        texts = [value for value in values if value is not None]
        here = engines.is_one_of(column, texts).fill_null(False) if texts else ibis.literal(False)
        keep &= here | column.isnull() if None in values else here
        single |= {name} if len(values) == 1 else set()
    ids = table.filter(keep).select("id")
    rows = leads.rows.table
    kept = engines.once(leads.engine, rows.semi_join(ids, "id"))
    changes = leads.rows.changes
    return over(
        leads,
        _without_apart(funnel, single),
        table=kept,
        set_aside=_tallied(leads, rows, kept),
        changes=None if changes is None else changes.semi_join(kept.select("id").distinct(), "id"),
    )


def pooled(leads: Leads, segments: Sequence[str]) -> Leads:
    """Return the leads with segments no longer kept apart; none named: all of them.

    Raises
    ------
    ArgumentError
        For a name that is not kept apart; with the closest match.
    """
    for name in segments:
        checks.member("segments", "segment kept apart", name, leads.funnel.apart)
    return over(leads, _without_apart(leads.funnel, set(segments or leads.funnel.apart)))


def entered_on(leads: Leads, days: Sequence[dt.date], *, others: bool = False) -> Leads:
    """Return the records that entered the first stage on one of some days, or all others.

    Parameters
    ----------
    leads
        The data.
    days
        The days.
    others
        Whether those are wanted that did not.
    """
    table = leads.journeys
    here: Any = ibis.literal(False)
    for day in days:
        here |= (table.date_0 == ibis.literal(day)).fill_null(False)
    here &= (table.entered_at == 0).fill_null(False)
    ids = table.filter(~here if others else here).select("id")
    rows = leads.rows.table
    return over(leads, leads.funnel, table=engines.once(leads.engine, rows.semi_join(ids, "id")))


def over(leads: Leads, funnel: Funnel, *, notes: Sequence[str] = (), **changed: Any) -> Leads:
    """Return the same leads by another funnel or over changed rows, with further notes."""
    return Leads(
        leads.engine,
        replace(leads.rows, **changed),
        funnel,
        as_of=leads.as_of,
        recorded_from=leads.recorded_from,
        before_recording=leads.before_recording,
        notes=(*leads.notes, *notes),
        truth=leads.truth,
    )


def _without_apart(funnel: Funnel, names: set[str]) -> Funnel:
    return funnel.replace(apart=[name for name in funnel.apart if name not in names])


def _refuse_unknown(name: str, values: Sequence[str | None], seen: set[Any]) -> None:
    known = {value for value in seen if isinstance(value, str)}
    for value in values:
        if value is None and len(known) == len(seen):
            raise ArgumentError(f"`{name}`: no record is blank.")
        if value is not None and value not in known:
            shown = display.listed([f"`{one}`" for one in sorted(known)[:8]])
            raise ArgumentError(
                f"`{name}`: no record has {value!r}; it holds {shown or 'nothing'}."
                f"{did_you_mean(str(value), sorted(known))}"
            )


def _tallied(leads: Leads, rows: Any, kept: Any) -> tuple[Mapping[str, int], ...]:
    """Return the rows set aside by source, with those that were not chosen."""

    def by_source(table: Any) -> Counter[int]:
        counted = table.group_by("source").aggregate(n=table.count()).execute()
        return Counter({int(s): int(n) for s, n in counted.itertuples(index=False)})

    left_out = by_source(rows)
    left_out.subtract(by_source(kept))
    return tuple(
        {**reasons, **({NOT_CHOSEN: reasons.get(NOT_CHOSEN, 0) + n} if (n := left_out[i]) else {})}
        for i, reasons in enumerate(leads.rows.set_aside)
    )
