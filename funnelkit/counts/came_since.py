"""What came since a day, by month: entries, and wins of what was open, new or never a lead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import ibis

from funnelkit.counts.arrange import run
from funnelkit.counts.currencies import Told, code_column, in_one
from funnelkit.counts.pipeline import one_if
from funnelkit.data import journeys as journey

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

ALREADY = "already won"
OPEN = "in flight"
NEW = "new leads"
LATER = "without a lead"
OTHER = "otherwise"
"""Won before the day; open on it; entered since at the first stage; at a later one; other wins."""


class Came(NamedTuple):
    """Grouped counts, and the currency of their money."""

    counts: pd.DataFrame
    told: Told


def came_since(
    leads: Leads,
    since: dt.date,
    *,
    begin: dt.date,
    until: dt.date,
    by: Sequence[str] = (),
    exchange: Mapping[str, float] | None = None,
    currency: str | None = None,
) -> Came:
    """Return counts of the records that were open at the end of a day, entered or won since.

    Parameters
    ----------
    leads
        As they are now.
    since
        The day, not after ``leads.as_of``.
    begin, until
        First and last day on which wins count by month.
    by
        Segment columns.
    exchange, currency
        What one unit of each currency is worth in the one.

    Returns
    -------
    Came
        ``counts``: ``by_<i>`` (an empty text is blank), ``origin`` (:data:`ALREADY` for wins from
        ``begin`` to ``since``; :data:`OPEN`; :data:`NEW` and :data:`LATER` by ``until``, the latter
        with records first known as won; :data:`OTHER` for wins since of records that were lost on
        the day, or have no day of entry), ``entered`` and ``won_in`` (first days of the months of
        entry and of the win from ``begin`` to ``until``, blank where there is none), ``won``
        (ever, by now), ``stage`` and ``age`` (where it stands, and for how many days, by
        ``leads.as_of``; -1 where it is closed, or not known), ``n``, ``known`` (with an amount) and
        ``total`` (exact, of these).

    Raises
    ------
    DataError
        If amounts stand in several currencies and there is no rate for one of them.
    """
    funnel, table = leads.funnel, leads.journeys
    last = len(funnel.stages) - 1
    then = leads.at(since).journeys
    before = then.select(then_id=then.id, was_open=~then[f"reached_{last}"] & then.exit.isnull())
    joined = table.left_join(before, table.id == before.then_id)
    first = ibis.coalesce(*[joined[f"date_{k}"] for k in range(last + 1)])
    begin_day, since_day, until_day = (ibis.literal(day) for day in (begin, since, until))
    won, day = joined[f"reached_{last}"], joined[f"date_{last}"]
    new = (joined.then_id.isnull() & (first > since_day) & (first <= until_day)).fill_null(False)
    was_open = joined.then_id.notnull() & joined.was_open.fill_null(False)
    after = won & (day > since_day).fill_null(False)
    already = won & ((day >= begin_day) & (day <= since_day)).fill_null(False)
    in_months = won & ((day >= begin_day) & (day <= until_day)).fill_null(False)
    origin = ibis.cases(
        (already, ibis.literal(ALREADY)),
        (was_open, ibis.literal(OPEN)),
        (new & (joined.entered_at == 0), ibis.literal(NEW)),
        (new, ibis.literal(LATER)),
        else_=ibis.literal(OTHER),
    )
    closed = won | joined.exit.notnull()
    stands = [(joined.furthest == k, joined[f"date_{k}"]) for k in range(last)]
    stood = ibis.literal(leads.as_of).delta(
        ibis.cases(*stands, else_=ibis.null("date")), unit="day"
    )
    nothing, no_day = ibis.literal(-1, "int32"), ibis.null("date")
    code = code_column(joined, funnel) if funnel.value else None
    columns: dict[str, Any] = {
        **journey.group_columns(joined, funnel, by),
        **({} if code is None else {"currency": code}),
        "origin": origin,
        "counted": already | was_open | new | (after & in_months),
        "entered": ibis.ifelse(new, first.truncate("M").cast("date"), no_day),
        "won_in": ibis.ifelse(in_months, day.truncate("M").cast("date"), no_day),
        "won": won,
        "stage": ibis.ifelse(closed, nothing, joined.furthest.cast("int32")),
        "age": ibis.ifelse(closed, nothing, stood.cast("int32").fill_null(-1)),
        "amount": joined.value if funnel.value else ibis.null("decimal(38, 4)"),
    }
    picked = joined.select(**columns)
    picked = picked.filter(picked.counted)
    keys = [*(f"by_{i}" for i in range(len(by))), *(["currency"] if code is not None else [])]
    keys += ["origin", "entered", "won_in", "won", "stage", "age"]
    known = (picked.amount != 0).fill_null(False) & picked.won
    counts = run(
        picked.group_by(*keys).aggregate(
            n=picked.count(), known=one_if(known).sum(), total=picked.amount.sum(where=known)
        )
    )
    told = Told(None, ())
    if funnel.value:
        told = in_one(
            counts, ["total"], funnel=funnel, n="known", exchange=exchange, currency=currency
        )
    return Came(counts, told)
