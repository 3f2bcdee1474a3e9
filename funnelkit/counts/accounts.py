"""Sums over accounts, grouped by the engine: what honest intervals need and nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit.counts.arrange import Grid, union
from funnelkit.counts.triangle import AccountSums
from funnelkit.data import engines

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd
    from ibis.backends import BaseBackend

    from funnelkit.data.definition import Funnel


ALONE = "\x01"
"""What the account of a record without one begins with; no engine takes a zero in a text."""


def account(table: ir.Table, column: str = "account") -> Any:
    """Return the account, or owner, of each record; one without is an account of its own."""
    return ibis.coalesce(table[column], ibis.literal(ALONE) + table.id)


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Grouped sums over accounts, as they came from the engine; see :class:`AccountSums`.

    Parameters
    ----------
    sizes
        Of the accounts with several records in a cell: how many (``m``), Σ N (``n``), Σ N²
        (``nn``). What else is in the cell are accounts of one record.
    xn, xx
        Increments by age, of all accounts.
    """

    sizes: pd.DataFrame
    xn: pd.DataFrame | None
    xx: pd.DataFrame | None

    def on(self, grid: Grid) -> AccountSums:
        """Return the sums on the axes of a triangle."""
        alone = grid.followed.sum(axis=2) - grid.square(self.sizes, "n")
        return AccountSums(
            accounts=alone + grid.square(self.sizes, "m"),
            nn=alone + grid.square(self.sizes, "nn"),
            xn=grid.cube(self.sizes.iloc[:0] if self.xn is None else self.xn),
            xx=grid.cube(self.sizes.iloc[:0] if self.xx is None else self.xx),
        )


def of_cohorts(engine: BaseBackend, said: ir.Table, keys: list[str]) -> tuple[ir.Table, ir.Table]:
    """Return the sums over the accounts of each segment and cohort.

    These are sizes (``m``, ``n`` and ``nn``: see :class:`Sums`), and by ``age`` Σ X·N (``kind`` 0)
    and Σ X² (1).

    Parameters
    ----------
    engine
        Where they are.
    said
        Records by the keys, ``shared`` (the number of the first question with the same
        denominators), ``account``, ``outcome`` (0 the target) and ``age``. Sizes are those of
        first questions alone.
    keys
        Columns that tell cells apart, ``ask`` (the number of the question) among them.
    """
    cells = said.filter(said.ask == said.shared).group_by(*keys, "account").aggregate(size=_number)
    cells = engines.once(engine, cells.filter(cells["size"] > 1), "fk_cells")
    size = cells["size"]
    sizes = cells.group_by(keys).aggregate(m=_number, n=size.sum(), nn=(size * size).sum())
    won = said.filter(said.outcome == 0)
    every = won.group_by(*keys, "age").aggregate(n=_number)  # with N = 1, X is X·N and X²
    others = cells.rename(shared="ask")
    same = [name for name in keys if name != "ask"]
    events = won.join(others, [*same, "shared", "account"])
    events = events.group_by(*keys, "account", "age", "size").aggregate(hits=_number)
    xn = events.mutate(n=events.hits * (events["size"] - 1))
    other = events.select(*keys, "account", other_age="age", other_hits="hits")
    pairs = events.join(other, [*keys, "account"])
    itself = pairs.other_age == pairs.age
    xx = pairs.mutate(
        age=ibis.ifelse(pairs.other_age > pairs.age, pairs.other_age, pairs.age),
        n=pairs.hits * pairs.other_hits - ibis.ifelse(itself, pairs.hits, 0),
    )
    parts = [(kind, one) for kind, found in enumerate((xn, xx)) for one in (every, found)]
    table = union([one.select(*keys, "age", "n", kind=_small(kind)) for kind, one in parts])
    return sizes, table.group_by(*keys, "age", "kind").aggregate(n=table.n.sum())


def _number(table: ir.Table) -> Any:
    return table.count().cast("int64")


def _small(number: int) -> Any:
    return ibis.literal(number, "int32")


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
