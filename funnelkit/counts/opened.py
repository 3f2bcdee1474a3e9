"""Expressions over open records: how many stand at each stage and age, and which are old.

No lead row travels to Python but those that are listed by name.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError
from funnelkit.counts.arrange import run, segments_of
from funnelkit.counts.build import known_by_status_alone
from funnelkit.counts.cells import exact_sum
from funnelkit.counts.currencies import Told, code_column, in_one
from funnelkit.counts.open_book import AgeSince, OpenBook
from funnelkit.counts.pipeline import By, one_if, split_by
from funnelkit.counts.reshape import sort_segments
from funnelkit.counts.triangle import Segment
from funnelkit.data import engines
from funnelkit.data import journeys as journey
from funnelkit.data.records import Leads

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from funnelkit.data.definition import Funnel


def open_book(
    leads: Leads,
    *,
    by: By = None,
    since: AgeSince = "stage",
    money: bool = True,
    exchange: Mapping[str, float] | None = None,
    currency: str | None = None,
) -> OpenBook:
    """Return the open records by stage and age.

    Parameters
    ----------
    leads
        The data; records that entered before ``recorded_from`` are open all the same.
    by
        Segment column or columns; segments kept apart are always among them.
    since
        ``"stage"``: age since entry to the stage that a record stands at; ``"entry"``: since its
        first day.
    money
        Whether amounts are wanted, too.
    exchange, currency
        What one unit of each currency is worth in the one.

    Raises
    ------
    ArgumentError
        For an unknown segment.
    DataError
        If amounts stand in several currencies and there is no rate for one of them.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {"id": ["a", "b"], "deal": ["2026-01-05", "2026-02-09"], "won": None, "amount": [9, 4]}
    ... )
    >>> funnel = fk.Funnel(["deal", "won"], id="id", value="amount")
    >>> open_book(fk.from_frame(export, funnel, as_of="2026-02-28")).to_frame()
      stage  age_days  n  known total_value
    0  deal        19  1      1      4.0000
    1  deal        54  1      1      9.0000
    """
    checks.one_of("since", since, ("stage", "entry"))
    table, funnel, undated = _open(leads)
    names = split_by(funnel, by)
    keys = [f"by_{i}" for i in range(len(names))]
    stage_age, entry_age = _ages(table, funnel, leads.as_of)
    code = code_column(table, funnel) if money else None
    groups = [*keys, "stage", "age", *(["currency"] if code is not None else [])]
    picked = table.select(
        **journey.group_columns(table, funnel, names),
        **({} if code is None else {"currency": code}),
        stage=table.furthest.cast("int32"),
        age=(stage_age if since == "stage" else entry_age).fill_null(-1).cast("int32"),
        amount=table["value"] if funnel.value and money else ibis.null("decimal(38, 4)"),
    )
    known = (picked.amount != 0).fill_null(False)
    counted = run(
        picked.group_by(*groups).aggregate(
            n=picked.count(),
            known=one_if(known).sum(),
            negative=one_if(picked.amount < 0).sum(),
            total=picked.amount.sum(where=known),
            credit=picked.amount.sum(where=(picked.amount < 0).fill_null(False)),
        )
    )
    told = Told(None, ())
    if money:
        told = in_one(
            counted,
            ["total", "credit"],
            funnel=funnel,
            n="known",
            exchange=exchange,
            currency=currency,
        )
    segments = sort_segments(set(segments_of(counted, names)) or {()})
    n_ages = int(counted["age"].max()) + 1 if len(counted) and counted["age"].max() >= 0 else 0
    shape = (len(segments), len(funnel.stages) - 1, n_ages + 1)
    numbers = {name: np.zeros(shape, np.int64) for name in ("n", "known", "negative")}
    total, credit = (np.full(shape, Decimal(0), dtype=object) for _ in range(2))
    where = {segment: i for i, segment in enumerate(segments)}
    for row, segment in enumerate(segments_of(counted, names)):
        line = counted.iloc[row]
        cell = (where[segment], int(line["stage"]), int(line["age"]))  # an unknown age is the last
        for name, values in numbers.items():
            values[cell] += engines.whole(line[name])
        total[cell] += exact_sum(line["total"])
        credit[cell] += exact_sum(line["credit"])
    return OpenBook(
        stages=funnel.stages[:-1],
        by=names,
        segments=segments,
        as_of=leads.as_of,
        since=since,
        total=total,
        credit=credit,
        undated=undated,
        currency=told.currency,
        notes=told.notes,
        **numbers,
    )


def open_beyond(leads: Leads, limits: pd.DataFrame) -> pd.DataFrame:
    """Return the open records that are older, at their stage, than a limit.

    Parameters
    ----------
    leads
        The data.
    limits
        ``stage`` (its position), the columns of ``apart`` as ``by_<i>`` (an empty text is blank),
        and ``limit`` in days.

    Returns
    -------
    DataFrame
        The id, the segments, ``stage``, ``stage_age_days``, ``age_days``, ``limit_days``, owner,
        account and value, under the funnel's own names, the oldest first. A personal column is
        never among them.
    """
    table, funnel, _ = _open(leads)
    stage_age, entry_age = _ages(table, funnel, leads.as_of)
    keys = {"stage_number": table.furthest.cast("int32")}
    keys |= journey.group_columns(table, funnel, funnel.apart)
    shown: dict[str, Any] = {funnel.id: table.id}
    for name in funnel.segments:
        shown[name] = journey.segment(table, funnel, name)
    for role in ("owner", "account", "value"):
        column = getattr(funnel, role)
        if column is not None and column not in funnel.personal:
            shown.setdefault(column, table[role])
    ours = {"stage_age_days": stage_age.cast("int64"), "age_days": entry_age.cast("int64")}
    if clash := sorted({*ours, "stage", "limit_days"} & set(shown)):
        raise ArgumentError(f"`leads`: the list has a column `{clash[0]}` of its own; rename it.")
    picked = table.select(**shown, **ours, **keys)
    schema = {"stage_number": "int32", "limit_days": "float64"}
    schema |= dict.fromkeys((f"by_{i}" for i in range(len(funnel.apart))), "string")
    given = limits.rename(columns={"stage": "stage_number", "limit": "limit_days"})[list(schema)]
    told = ibis.memtable(given, schema=schema)
    joined = picked.inner_join(told, [name for name in schema if name != "limit_days"])
    older = joined.filter((joined.stage_age_days > joined.limit_days).fill_null(False))
    found = run(older.select(*shown, *ours, "limit_days", "stage_number"))
    found.insert(1, "stage", [funnel.stages[k] for k in found.pop("stage_number")])
    ordered: pd.DataFrame = found.sort_values(
        ["stage_age_days", funnel.id], ascending=[False, True], ignore_index=True
    )
    return ordered


def open_deals(leads: Leads, *, by: By = None, most: int) -> pd.DataFrame:
    """Return open records one by one: those with an amount, or beyond the first stage.

    Parameters
    ----------
    leads
        The data.
    by
        Segment column or columns; segments kept apart are always among them.
    most
        The most to return: those with the largest amounts, then those furthest on.

    Returns
    -------
    DataFrame
        ``id``, ``stage`` (its position), ``stage_age_days`` and ``age_days`` (since its first day;
        both blank where not known), ``amount`` (above 0, else blank), ``currency`` (where the
        records tell it), ``by_<i>`` (segments asked for; an empty text is blank), ``segment_<i>``
        (every segment of the funnel), ``owner`` and ``account`` where the funnel has them,
        ``keep_<i>`` for each column that is kept. A personal column is never among them.
    """
    table, funnel, _ = _open(leads)
    names = split_by(funnel, by)
    stage_age, entry_age = _ages(table, funnel, leads.as_of)
    none = ibis.null("decimal(38, 4)")
    amount = ibis.ifelse(table["value"] > 0, table["value"], none) if funnel.value else none
    columns: dict[str, Any] = {
        "id": table.id,
        "stage": table.furthest.cast("int32"),
        "stage_age_days": stage_age.cast("int64"),
        "age_days": entry_age.cast("int64"),
        "amount": amount.cast("float64"),
        **journey.group_columns(table, funnel, names),
        **{f"segment_{i}": table[f"segment_{i}"] for i in range(len(funnel.segments))},
        **{f"keep_{i}": table[f"keep_{i}"] for i in range(len(funnel.keep))},
    }
    for role in ("owner", "account"):
        column = getattr(funnel, role)
        if column is not None and column not in funnel.personal:
            columns[role] = table[role]
    code = code_column(table, funnel)
    columns["currency"] = ibis.null("string") if code is None else code
    picked = table.select(**columns)
    picked = picked.filter(picked.amount.notnull() | (picked.stage > 0))
    ordered = picked.mutate(rank=picked.amount.fill_null(-1.0)).order_by(
        [ibis.desc("rank"), ibis.desc("stage"), "id"]
    )
    return run(ordered.limit(most).drop("rank"))


def stood_beyond(
    leads: Leads, limits: pd.DataFrame, since: dt.date, *, by: By = None
) -> pd.DataFrame:
    """Return what became of the records that have ever stood at a stage for longer than a limit.

    Parameters
    ----------
    leads
        The data.
    limits
        As in :func:`open_beyond`.
    since
        Day from which on they are followed, or from the day on which they came to be older than
        the limit, where that is later.
    by
        Segment column or columns; segments kept apart are always among them.

    Returns
    -------
    DataFrame
        ``by_<i>`` (an empty text is blank), ``stage`` (its position), ``stage_age_days`` (on the
        first day that they are followed), ``days`` (from there to ``as_of``), ``n`` and ``won``
        (since).
    """
    funnel, table = leads.funnel, leads.journeys
    gone = known_by_status_alone(table, funnel)
    if gone:
        table, funnel = journey.without(table, funnel, gone)
    names = split_by(funnel, by)
    last = len(funnel.stages) - 1
    keys = [f"by_{i}" for i in range(len(names))]
    schema = {"stage": "int32", "limit_days": "float64"}
    schema |= dict.fromkeys((f"apart_{i}" for i in range(len(funnel.apart))), "string")
    given = limits.rename(columns={"limit": "limit_days"})
    given = given.rename(columns=lambda name: name.replace("by_", "apart_"))[list(schema)]
    told = ibis.memtable(given, schema=schema)
    end, start = ibis.literal(leads.as_of), ibis.literal(since)
    own = {
        f"apart_{i}": one
        for i, one in enumerate(journey.group_columns(table, funnel, funnel.apart).values())
    }
    parts = []
    for k in range(last):
        own_limit = told.filter(told.stage == k)
        later = [table[f"date_{j}"] for j in range(k + 1, last + 1)]
        gone_on = ibis.least(*(day.fill_null(end) for day in later), table.exit_date.fill_null(end))
        moved = ibis.coalesce(*later, table.exit_date).notnull() | table.exit.notnull()
        still = ~moved | (gone_on > start)
        picked = table.filter(table[f"dated_{k}"] & ~table[f"filled_{k}"] & still).mutate(
            **own,
            entered=table[f"date_{k}"],
            moved_on=ibis.ifelse(moved, gone_on, ibis.null("date")),
            ever=one_if(table[f"reached_{last}"]),
        )
        picked = picked.select(
            **journey.group_columns(picked, funnel, names),
            **{name: picked[name] for name in own},
            entered=picked.entered,
            moved_on=picked.moved_on,
            ever=picked.ever,
        )
        joined = picked.inner_join(own_limit, list(own)) if own else picked.cross_join(own_limit)
        parts.append(joined.drop(*own) if own else joined)
    every = ibis.union(*parts)
    age = start.delta(every.entered, unit="day").cast("float64")
    first = ibis.greatest(every.limit_days + 1, age).cast("int64")
    stayed = ibis.coalesce(every.moved_on, end).delta(every.entered, unit="day").cast("int64")
    known = end.delta(every.entered, unit="day").cast("int64")
    every = every.mutate(stage_age_days=first, days=known - first, stayed=stayed)
    still = every.moved_on.isnull() | (every.stayed > every.stage_age_days)
    inside = every.filter((every.days > 0) & still)
    groups = [*keys, "stage", "stage_age_days", "days"]
    return run(inside.group_by(*groups).aggregate(n=inside.count(), won=inside.ever.sum()))


def accounts_by_stage(
    leads: Leads,
    names: Sequence[str] | None,
    *,
    segment: tuple[str, str] | None,
    stages: Sequence[str],
) -> tuple[pd.DataFrame, tuple[str, ...], tuple[Segment, ...]]:
    """Return which accounts of a list, or of a segment, have reached some stages.

    Parameters
    ----------
    leads
        The data, of a funnel with ``account``.
    names
        Accounts; or ``None`` for those of the segment.
    segment
        A segment and its value.
    stages
        Stages.

    Returns
    -------
    DataFrame, tuple of str, tuple of tuple
        One row per account and business: ``account``, ``group`` (position of the business),
        ``stage_<i>`` (1 where it has reached the stage); the columns kept apart; their values.

    Raises
    ------
    ArgumentError
        If there is no such segment.
    """
    funnel, table = leads.funnel, leads.journeys
    by = funnel.apart
    columns: dict[str, Any] = {**journey.group_columns(table, funnel, by), "account": table.account}
    for i, name in enumerate(stages):
        reached = table[f"reached_{funnel.stage('stages', name)}"]
        columns[f"stage_{i}"] = one_if(reached)
    if segment is not None:
        name, value = segment
        here = engines.is_one_of(journey.segment(table, funnel, name), [value])
        table = table.filter(here.fill_null(False))
    picked = table.filter(table.account.notnull()).select(**columns)
    keys = [f"by_{i}" for i in range(len(by))]
    businesses: tuple[Segment, ...] = ((),)
    if keys:
        seen = run(picked.select(*keys).distinct())
        businesses = sort_segments(set(segments_of(seen, by)))
    if names is not None:
        told = ibis.memtable({"account": list(names)}, schema={"account": "string"})
        picked = picked.semi_join(told, "account")
    reached = {f"stage_{i}": picked[f"stage_{i}"].max() for i in range(len(stages))}
    found = run(picked.group_by(*keys, "account").aggregate(**reached))
    place = {one: i for i, one in enumerate(businesses)}
    found["group"] = [place[one] for one in segments_of(found, by)]
    return found, by, businesses


def _open(leads: Leads) -> tuple[ir.Table, Funnel, tuple[str, ...]]:
    """Return the journeys that are open, with their funnel; see :class:`OpenBook`, `undated`."""
    funnel, table = leads.funnel, leads.journeys
    gone = known_by_status_alone(table, funnel)
    names = tuple(funnel.stages[k] for k in gone)
    if gone:
        table, funnel = journey.without(table, funnel, gone)
    last = len(funnel.stages) - 1
    return table.filter(~table[f"reached_{last}"] & table.exit.isnull()), funnel, names


def _ages(table: ir.Table, funnel: Funnel, as_of: dt.date) -> tuple[Any, Any]:
    """Return the days since entry to the stage that a record stands at, and since its first day."""
    none, end = ibis.null("date"), ibis.literal(as_of)
    stages = range(len(funnel.stages))
    own = [ibis.ifelse(table[f"dated_{k}"], table[f"date_{k}"], none) for k in stages]
    here = ibis.cases(*[(table.furthest == k, own[k]) for k in stages], else_=none)
    return end.delta(here, unit="day"), end.delta(ibis.coalesce(*own), unit="day")
