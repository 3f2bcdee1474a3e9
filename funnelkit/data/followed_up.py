"""What became of the records that were open on an earlier day, and of those that entered since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit.data import journeys as journey

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

OPEN, NEW, LATER, OTHER = "in flight", "not yet created", "without a lead", "otherwise"
"""Open on the day; entered since at the first stage; at a later one; other wins since."""


def followed_up(
    leads: Leads, since: dt.date, until: dt.date, *, by: Sequence[str] = ()
) -> pd.DataFrame:
    """Return counts of the records that were open at the end of a day, entered or won after it.

    Parameters
    ----------
    leads
        As they are now.
    since
        The day, not after ``leads.as_of``.
    until
        Last day on which a record may enter, or be won, to be counted as such.
    by
        Segment columns.

    Returns
    -------
    DataFrame
        ``by_<i>`` (an empty text is blank), ``origin`` (:data:`OPEN`, :data:`NEW`,
        :data:`LATER`, or :data:`OTHER` for wins of records that were lost on the day, or that
        are known as won and nothing else), ``stage`` (position of the stage at which it stands,
        -1 where it is closed by now), ``age`` (days at that stage by ``leads.as_of``, -1 where
        not known), ``won`` (whether it was ever won by now), ``in_time`` (whether after the day
        and by ``until``), ``n`` and ``total`` (exact, of known amounts).
    """
    funnel, table = leads.funnel, leads.journeys
    last = len(funnel.stages) - 1
    then = leads.at(since).journeys
    before = then.select(then_id=then.id, was_open=~then[f"reached_{last}"] & then.exit.isnull())
    joined = table.left_join(before, table.id == before.then_id)
    first = ibis.coalesce(*[joined[f"date_{k}"] for k in range(last + 1)])
    since_day, until_day = ibis.literal(since), ibis.literal(until)
    new = joined.then_id.isnull() & (first > since_day) & (first <= until_day)
    entered = (new & (joined.entered_at < last)).fill_null(False)
    was_open = joined.then_id.notnull() & joined.was_open.fill_null(False)
    won, day = joined[f"reached_{last}"], joined[f"date_{last}"]
    in_time = won & ((day > since_day) & (day <= until_day)).fill_null(False)
    origin = ibis.cases(
        (was_open, ibis.literal(OPEN)),
        (entered & (joined.entered_at == 0), ibis.literal(NEW)),
        (entered, ibis.literal(LATER)),
        else_=ibis.literal(OTHER),
    )
    closed = won | joined.exit.notnull()
    stands = [(joined.furthest == k, joined[f"date_{k}"]) for k in range(last)]
    stood = ibis.literal(leads.as_of).delta(
        ibis.cases(*stands, else_=ibis.null("date")), unit="day"
    )
    nothing = ibis.literal(-1, "int32")
    columns: dict[str, Any] = {
        **journey.group_columns(joined, funnel, by),
        "origin": origin,
        "counted": was_open | entered | in_time,
        "stage": ibis.ifelse(closed, nothing, joined.furthest.cast("int32")),
        "age": ibis.ifelse(closed, nothing, stood.cast("int32").fill_null(-1)),
        "won": won,
        "in_time": in_time,
        "amount": joined.value if funnel.value else ibis.null("decimal(38, 4)"),
    }
    picked = joined.select(**columns)
    picked = picked.filter(picked.counted)
    keys = [*(f"by_{i}" for i in range(len(by))), "origin", "stage", "age", "won", "in_time"]
    found: pd.DataFrame = (
        picked.group_by(*keys)
        .aggregate(n=picked.count(), total=picked.amount.sum())
        .order_by(*keys)
        .execute()
    )
    return found
