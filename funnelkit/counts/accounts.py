"""Sums over accounts, grouped by the engine: what honest intervals need and nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from funnelkit.counts.arrange import Grid, run, union
from funnelkit.counts.triangle import AccountSums

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from funnelkit.data.definition import Funnel


def account(table: ir.Table) -> Any:
    """Return the account of each record; a record without one is an account of its own."""
    return ibis.coalesce(table.account, ibis.literal("\x01") + table.id)


def of_cohorts(entered: ir.Table, keys: list[str], grid: Grid, *, regroup: bool) -> AccountSums:
    """Return the sums over the accounts of each segment and cohort.

    Parameters
    ----------
    entered
        One row per record: the keys, ``account``, ``outcome`` (0 the target) and ``age``.
    keys
        Columns of segments and of the cohort's day.
    grid
        The axes.
    regroup
        Whether a cohort is longer than the day or month in ``cohort_day``, so that an account has
        to be gathered over all of it.
    """
    if regroup:
        starts = ibis.memtable(grid.starts())
        entered = entered.join(starts, "cohort_day").drop("cohort_day")
        entered = entered.rename(cohort_day="period_day")
    cells = entered.group_by(*keys, "account").aggregate(size=entered.count())
    sizes = cells.group_by(*keys).aggregate(
        m=cells.count(), nn=(cells["size"] * cells["size"]).sum()
    )
    won = entered.filter(entered.outcome == 0)
    events = won.group_by(*keys, "account", "age").aggregate(hits=won.count())
    both = events.join(cells, [*keys, "account"])
    xn = (
        both.mutate(n=both.hits * both["size"])
        .group_by(*keys, "age")
        .aggregate(n=lambda t: t.n.sum())
    )
    other = events.rename(other_age="age", other_hits="hits")
    pairs = events.join(other, [*keys, "account"])
    pairs = pairs.mutate(
        age=ibis.ifelse(pairs.other_age > pairs.age, pairs.other_age, pairs.age),
        n=pairs.hits * pairs.other_hits,
    )
    xx = pairs.group_by(*keys, "age").aggregate(n=lambda t: t.n.sum())
    found = run(sizes)
    return AccountSums(
        accounts=grid.square(found, "m"),
        nn=grid.square(found, "nn"),
        xn=grid.cube(run(xn)),
        xx=grid.cube(run(xx)),
    )


def of_stages(table: ir.Table, funnel: Funnel, segments: dict[str, Any]) -> ir.Table:
    """Return the sums over accounts of each segment and stage, filled entries left out."""
    parts = []
    for k in range(len(funnel.stages)):
        own = table[f"reached_{k}"] & ~table[f"filled_{k}"]
        picked = table.filter(own).select(
            **segments, account=account(table), moved=ibis.ifelse(table.furthest > k, 1, 0)
        )
        cells = picked.group_by(*segments, "account").aggregate(
            n=picked.count(), x=picked.moved.sum()
        )
        cells = cells.mutate(stage=ibis.literal(k))
        parts.append(
            cells.group_by(*segments, "stage").aggregate(
                m=cells.count(),
                nn=(cells.n * cells.n).sum(),
                xn=(cells.x * cells.n).sum(),
                xx=(cells.x * cells.x).sum(),
            )
        )
    return union(parts)
