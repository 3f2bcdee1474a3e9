"""Sums over accounts, grouped by the engine: what honest intervals need and nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit.counts.arrange import Grid, union
from funnelkit.counts.triangle import AccountSums

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from funnelkit.data.definition import Funnel


ALONE = "\x01"
"""What the account of a record without one begins with; no engine takes a zero in a text."""


def account(table: ir.Table, column: str = "account") -> Any:
    """Return the account, or owner, of each record; one without is an account of its own."""
    return ibis.coalesce(table[column], ibis.literal(ALONE) + table.id)


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Grouped sums over accounts, as they came from the engine; see :class:`AccountSums`."""

    sizes: pd.DataFrame
    xn: pd.DataFrame | None
    xx: pd.DataFrame | None

    def on(self, grid: Grid) -> AccountSums:
        """Return the sums on the axes of a triangle."""
        return AccountSums(
            accounts=grid.square(self.sizes, "m"),
            nn=grid.square(self.sizes, "nn"),
            xn=grid.cube(self.sizes.iloc[:0] if self.xn is None else self.xn),
            xx=grid.cube(self.sizes.iloc[:0] if self.xx is None else self.xx),
        )


def of_cohorts(picked: ir.Table, keys: list[str]) -> tuple[ir.Table, ir.Table, ir.Table]:
    """Return the sums over the accounts of each segment and cohort: sizes, Σ X·N and Σ X².

    Parameters
    ----------
    picked
        Records by the keys, ``account``, ``outcome`` (0 the target) and ``age``; ``n`` of each.
    keys
        Columns that tell cells apart.
    """
    cells = picked.group_by(*keys, "account").aggregate(size=picked.n.sum().cast("int64"))
    sizes = cells.group_by(*keys).aggregate(
        m=cells.count(), nn=(cells["size"] * cells["size"]).sum()
    )
    won = picked.filter(picked.outcome == 0)
    events = won.group_by(*keys, "account", "age").aggregate(hits=won.n.sum().cast("int64"))
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
    return sizes, xn, xx


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
