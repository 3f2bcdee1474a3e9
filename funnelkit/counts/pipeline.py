"""Expressions over records behind the metrics: what entered a stage, and what closed.

No lead row travels to Python.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit._core import checks
from funnelkit._core.clusters import ClusterSums
from funnelkit._core.dates import Unit
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.counts.accounts import account, of_several
from funnelkit.counts.arrange import run
from funnelkit.counts.build import known_by_status_alone
from funnelkit.counts.cells import Cells
from funnelkit.counts.closings import Closings
from funnelkit.counts.currencies import Told, code_column, in_one
from funnelkit.counts.passages import Level, Passages
from funnelkit.data import journeys as journey
from funnelkit.data.engines import whole
from funnelkit.data.records import Leads

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from funnelkit.data.definition import Funnel

By = str | Sequence[str] | None
_NO_DAY = "9999"


def passages(
    leads: Leads,
    start: str,
    target: str,
    *,
    by: By = None,
    every: Unit | None = None,
    level: Level = "record",
) -> Passages:
    """Return what became of the records, or accounts, that entered a stage.

    Parameters
    ----------
    leads
        The data.
    start, target
        Stages, the target after the start.
    by
        Segment column or columns; segments kept apart are always among them.
    every
        Unit of the period of entry; ``None``: of all time.
    level
        ``"record"`` or ``"account"``.

    Returns
    -------
    Passages
        Records with an entry to ``start`` of their own, not before ``recorded_from``; those that
        first appear at a later stage are in no denominator of an earlier one.

    Raises
    ------
    ArgumentError
        For unknown stages, segments, units or levels, or accounts of a funnel without ``account``.
    EvidenceError
        If nothing but the current status tells who has passed one of the stages.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {"id": ["a", "b"], "lead": ["2026-01-05", "2026-02-09"], "won": ["2026-02-01", None]}
    ... )
    >>> leads = fk.from_frame(export, fk.Funnel(["lead", "won"], id="id"), as_of="2026-02-28")
    >>> passages(leads, "lead", "won", every="month").to_frame()
        period  entered  converted  left  open
    0  2026-01        1          1     0     0
    1  2026-02        1          0     0     1
    """
    checks.one_of("level", level, ("record", "account"))
    funnel = leads.funnel
    k, t = funnel.way(start, target)
    if level == "account" and funnel.account is None:
        raise ArgumentError("`level`: the funnel has no `account` column, so there is no account.")
    names, table = split_by(funnel, by), leads.journeys
    _refuse_status_only(table, funnel, (k, t))
    inside, day = _entered(leads, table, k)
    won = table[f"reached_{t}"]
    left = table.exit.notnull() & ~won
    columns: dict[str, Any] = {
        **journey.group_columns(table, funnel, names),
        "day": day,
        "n": inside,
    }
    columns |= {"won": inside & won, "left": inside & left, "id": table.id}
    columns["filled"] = table[f"filled_{k}"] & table[f"reached_{k}"]
    if funnel.account is not None:
        own = account(table) if level == "account" else of_several(table)
        columns |= {"account": own, "blank": inside & table.account.isnull()}
    numbers = [name for name in ("n", "won", "left", "filled", "blank") if name in columns]
    picked = table.select(**columns)
    picked = picked.mutate(**{name: one_if(picked[name]) for name in numbers})
    filled = whole(run(picked.aggregate(filled=picked.filled.sum()))["filled"].iloc[0])
    picked = picked.filter(picked.n == 1)
    blank = 0
    if level == "account":
        blank = whole(run(picked.aggregate(blank=picked.blank.sum()))["blank"].iloc[0])
        picked = _by_account(picked, names, funnel.apart)
    keys = [f"by_{i}" for i in range(len(names))]
    picked, periods = _in_periods(leads, picked, every)
    sums = {name: picked[name].sum().cast("int64") for name in ("n", "won", "left")}
    counted = run(picked.group_by(*keys, "period").aggregate(**sums))
    cells = Cells(counted, names, periods)
    clusters = None
    if level == "record" and funnel.account is not None:
        clusters = _cluster_sums(picked, keys, cells)
    return Passages(
        start=start,
        target=target,
        level=level,
        by=names,
        segments=cells.segments,
        periods=periods,
        as_of=leads.as_of,
        entered=cells.square(counted, "n"),
        converted=cells.square(counted, "won"),
        left=cells.square(counted, "left"),
        undated=cells.undated(counted, "n"),
        filled=filled,
        blank_accounts=blank,
        accounts=clusters,
        partial=_partial(leads, periods),
    )


def closings(
    leads: Leads,
    start: str,
    *,
    by: By = None,
    every: Unit | None = None,
    money: bool = False,
    exchange: Mapping[str, float] | None = None,
    currency: str | None = None,
) -> Closings:
    """Return the closed records of a stage by outcome and period of the close.

    Parameters
    ----------
    leads
        The data.
    start
        Stage that the records entered, by an entry of their own, not before ``recorded_from``.
    by
        Segment column or columns; segments kept apart are always among them.
    every
        Unit of the period of the close; ``None``: of all time.
    money
        Whether amounts are wanted, too.
    exchange, currency
        What one unit of each currency is worth in the one.

    Raises
    ------
    ArgumentError
        For an unknown stage, segment or unit, or the last stage.
    DataError
        If amounts stand in several currencies and there is no rate for one of them.
    EvidenceError
        If nothing but the current status tells who has passed the stage.
    """
    funnel, table = leads.funnel, leads.journeys
    k, last = funnel.stage("start", start), len(funnel.stages) - 1
    if k == last:
        raise ArgumentError(f"`start` must come before `{start}`, which ends the funnel.")
    _refuse_status_only(table, funnel, (k,))
    names = split_by(funnel, by)
    keys = [f"by_{i}" for i in range(len(names))]
    inside, entered = _entered(leads, table, k)
    won = table[f"reached_{last}"]
    ended = ibis.ifelse(won, table[f"date_{last}"], table.exit_date)
    seen = table[f"observed_{k}"] & ibis.ifelse(won, table[f"observed_{last}"], ended.notnull())
    days = ended.delta(entered, unit="day")
    has_days = (seen & (days >= 0)).fill_null(False)
    columns: dict[str, Any] = {
        **journey.group_columns(table, funnel, names),
        "outcome": ibis.ifelse(won, 0, table.exit.cast("int32") + 1).cast("int32"),
        "day": ended,
        "dated": one_if(has_days),
        "days": ibis.ifelse(has_days, days, 0).cast("int64"),
        "amount": table["value"] if funnel.value and money else ibis.null("decimal(38, 4)"),
        "inside": inside & (won | table.exit.notnull()),
    }
    if funnel.account is not None:
        columns["account"] = of_several(table)
    code = code_column(table, funnel) if money else None
    if code is not None:
        columns["currency"] = code
    picked = table.select(**columns)
    picked = picked.filter(picked.inside.fill_null(False))
    picked, periods = _in_periods(leads, picked, every)
    groups = [*keys, "outcome", "period", "amount", *(["currency"] if code is not None else [])]
    counted = run(
        picked.group_by(*groups).aggregate(
            n=picked.count(),
            known=picked.amount.count(),
            dated=picked.dated.sum(),
            days=picked.days.sum(),
            days_squared=(picked.days * picked.days).sum(),
        )
    )
    told = Told(None, ())
    if money:
        told = in_one(
            counted, ["amount"], funnel=funnel, n="known", exchange=exchange, currency=currency
        )
    outcomes = (funnel.stages[last], *funnel.exits)
    cells = Cells(counted, names, periods, layers=len(outcomes))
    clusters = None
    if funnel.account is not None:
        of = picked.mutate(n=ibis.literal(1, "int64"), won=one_if(picked.outcome == 0))
        clusters = _cluster_sums(of, keys, cells)
    return Closings(
        start=start,
        outcomes=outcomes,
        by=names,
        segments=cells.segments,
        periods=periods,
        as_of=leads.as_of,
        n=cells.cube(counted, "n"),
        undated=cells.undated(counted, "n"),
        dated=cells.cube(counted, "dated"),
        days=cells.cube(counted, "days"),
        days_squared=cells.cube(counted, "days_squared"),
        **cells.money(counted),
        currency=told.currency,
        notes=told.notes,
        accounts=clusters,
        partial=_partial(leads, periods),
    )


def split_by(funnel: Funnel, by: By) -> tuple[str, ...]:
    """Return the segments to split by, those that are kept apart first, asked or not."""
    names = () if by is None else (by,) if isinstance(by, str) else tuple(by)
    return journey.group_names(funnel, tuple(dict.fromkeys(names)))


def one_if(test: Any) -> Any:
    """Return 1 where a test passes, and else 0; engines disagree on casts of truth values."""
    return ibis.ifelse(test.fill_null(False), 1, 0).cast("int64")


def _entered(leads: Leads, table: ir.Table, k: int) -> tuple[Any, Any]:
    """Return whether a record entered a stage by itself, and its day where that is known."""
    day = ibis.ifelse(table[f"dated_{k}"], table[f"date_{k}"], ibis.null("date"))
    inside = table[f"reached_{k}"] & ~table[f"filled_{k}"]
    if leads.left_out_before is not None:
        inside &= (day >= ibis.literal(leads.left_out_before)).fill_null(True)
    return inside, day


def _refuse_status_only(table: ir.Table, funnel: Funnel, stages: Sequence[int]) -> None:
    inner = [k for k in stages if 0 < k < len(funnel.stages) - 1]
    if not inner or funnel.status is None:
        return
    for k in known_by_status_alone(table, funnel):
        if k in inner:
            raise EvidenceError(
                f"`{funnel.stages[k]}` is known from the current status only: who has passed "
                "through it is not known, so there is no rate to or from it. Give its date, or "
                "read the history of stages."
            )


def _by_account(picked: ir.Table, names: Sequence[str], apart: Sequence[str]) -> ir.Table:
    """Return one row per account and business, in the segment and on the day of its first lead."""
    fixed = [f"by_{i}" for i, name in enumerate(names) if name in apart]
    others = [f"by_{i}" for i, name in enumerate(names) if name not in apart]
    first = picked.day.cast("string").fill_null(_NO_DAY) + picked.id
    picked = picked.mutate(first=first)
    columns: dict[str, Any] = {name: picked[name].argmin(picked["first"]) for name in others}
    columns |= {"day": picked.day.min(), "won": picked.won.max(), "left": picked.left.min()}
    table = picked.group_by(*fixed, "account").aggregate(**columns)
    return table.mutate(
        n=ibis.literal(1, "int64"), left=ibis.ifelse(table.won == 1, 0, table.left).cast("int64")
    )


def _in_periods(
    leads: Leads, table: ir.Table, every: Unit | None
) -> tuple[ir.Table, pd.PeriodIndex | None]:
    """Return a table with the number of each row's period, -1 without a day, and the periods."""
    import pandas as pd

    if every is None:
        return table.mutate(period=ibis.literal(0, "int32")), None
    calendar = leads.funnel.calendar
    freq = calendar.freq(every)
    days = pd.to_datetime(run(table.select("day").distinct())["day"].dropna())
    seen, last = calendar.periods(days, every), calendar.period(leads.as_of, every)
    index = pd.period_range(seen.min() if len(seen) else last, last, freq=freq)
    numbered = {"day": [day.date() for day in days], "period": index.get_indexer(seen).tolist()}
    schema = {"day": "date", "period": "int32"}
    if not len(days):
        return table.mutate(period=ibis.literal(-1, "int32")), index
    joined = table.left_join(ibis.memtable(numbered, schema=schema), "day")
    return joined.mutate(period=joined.period.fill_null(-1)), index


def _partial(leads: Leads, periods: pd.PeriodIndex | None) -> frozenset[pd.Period]:
    since = leads.recorded_from
    return frozenset(
        period
        for period in (() if periods is None else periods)
        if period.end_time.date() > leads.as_of
        or (since is not None and period.start_time.date() < since)
    )


def _cluster_sums(picked: ir.Table, keys: Sequence[str], cells: Cells) -> ClusterSums:
    """Return the sums over the accounts of each segment and period."""
    known = picked.filter(picked.account.notnull())
    several = known.group_by(*keys, "period", "account").aggregate(
        n=known.n.sum().cast("int64"), x=known.won.sum().cast("int64")
    )
    lone = picked.filter(picked.account.isnull())
    lone = lone.select(*keys, "period", n=lone.n.cast("int64"), x=lone.won.cast("int64"))
    own = several.drop("account").union(lone)
    sums = run(
        own.group_by(*keys, "period").aggregate(
            m=own.count(),
            nn=(own.n * own.n).sum().cast("int64"),
            xn=(own.x * own.n).sum().cast("int64"),
            xx=(own.x * own.x).sum().cast("int64"),
        )
    )
    nn, xn, xx = (cells.square(sums, name) for name in ("nn", "xn", "xx"))
    return ClusterSums(accounts=cells.square(sums, "m"), nn=nn, xn=xn, xx=xx)
