"""Sums over accounts, grouped by the engine: what honest intervals need and nothing more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit.counts.arrange import Grid, union
from funnelkit.counts.triangle import AccountSums
from funnelkit.data import engines
from funnelkit.data.entries import ACCOUNT_NO

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


def of_several(table: ir.Table) -> Any:
    """Return what tells accounts of several records apart.

    That is a number where the rows have one (null for an account of one record), else its name.
    """
    return table[ACCOUNT_NO] if ACCOUNT_NO in table.columns else account(table)


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Grouped sums over accounts, as they came from the engine; see :class:`AccountSums`.

    Parameters
    ----------
    sizes
        Of the accounts with several records in a cell: how many (``m``), Σ N (``n``), Σ N²
        (``nn``). What else is in the cell are accounts of one record.
    xn, xx
        Increments by age of what accounts with several records add: Σ X·(N - 1) and Σ X² - X.
    """

    sizes: pd.DataFrame
    xn: pd.DataFrame | None
    xx: pd.DataFrame | None

    def on(self, grid: Grid) -> AccountSums:
        """Return the sums on the axes of a triangle."""
        alone = grid.followed.sum(axis=2) - grid.square(self.sizes, "n")
        won = grid.cube(grid.having(outcome=0))
        return AccountSums(
            accounts=alone + grid.square(self.sizes, "m"),
            nn=alone + grid.square(self.sizes, "nn"),
            xn=won if self.xn is None else won + grid.cube(self.xn),
            xx=won if self.xx is None else won + grid.cube(self.xx),
        )


def of_cohorts(
    engine: BaseBackend, said: ir.Table, keys: list[str], *, alike: Sequence[int]
) -> tuple[ir.Table, ir.Table]:
    """Return the sums over the accounts of each segment and cohort.

    These are sizes (``m``, ``n`` and ``nn``), and by ``age`` Σ X·(N - 1) (``kind`` 0) and
    Σ X² - X (1): see :class:`Sums`.

    Parameters
    ----------
    engine
        Where they are.
    said
        Records by the keys, ``shared`` (the number of the first question with the same
        denominators), ``account`` (see :func:`of_several`), ``outcome`` (0 the target) and
        ``age``. Sizes are those of first questions alone.
    keys
        Columns that tell cells apart, ``ask`` (the number of the question) among them.
    alike
        For each question the number of the first one about the same records, split or not; empty
        where no two are.
    """
    known = said.filter((said.ask == said.shared) & said.account.notnull())
    if alike:
        known = _crowded(engine, known, keys, alike)
    cells = known.group_by(*keys, "account").aggregate(size=_number)
    cells = engines.once(engine, cells.filter(cells["size"] > 1), "fk_cells")
    size = cells["size"]
    sizes = cells.group_by(keys).aggregate(m=_number, n=size.sum(), nn=(size * size).sum())
    won = said.filter(said.outcome == 0)
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
    parts = [one.select(*keys, "age", "n", kind=_small(kind)) for kind, one in enumerate((xn, xx))]
    table = union(parts)
    return sizes, table.group_by(*keys, "age", "kind").aggregate(n=table.n.sum())


def _crowded(
    engine: BaseBackend, known: ir.Table, keys: list[str], alike: Sequence[int]
) -> ir.Table:
    """Return the records that share a cell with others of their account before it is split."""
    where = [name for name in keys if name != "ask" and not name.startswith("by_")]
    asks = {first: [ask for ask, one in enumerate(alike) if one == first] for first in set(alike)}
    first = ibis.cases(*[(known.ask.isin(own), _small(one)) for one, own in asks.items()])
    known = known.mutate(first=first)
    whole = known.filter(known.ask == known["first"])
    whole = whole.group_by(*where, "first", "account").aggregate(size=_number)
    crowded = engines.once(engine, whole.filter(whole["size"] > 1), "fk_crowded")
    return known.semi_join(crowded, [*where, "first", "account"])


def _number(table: ir.Table) -> Any:
    return table.count().cast("int64")


def _small(number: int) -> Any:
    return ibis.literal(number, "int32")


def of_stages(table: ir.Table, funnel: Funnel, segments: dict[str, Any]) -> ir.Table:
    """Return the sums over accounts of each segment, filled entries left out; one row for each.

    Columns, for each stage ``k``: ``m_<k>`` (accounts), ``nn_<k>``, ``xn_<k>`` and ``xx_<k>``.
    """
    stages = range(len(funnel.stages))
    columns: dict[str, Any] = {**segments, "account": of_several(table)}
    for k in stages:
        own = table[f"reached_{k}"] & ~table[f"filled_{k}"]
        columns[f"n_{k}"] = _one_if(own)
        columns[f"x_{k}"] = _one_if(own & (table.furthest > k))
    picked = table.select(**columns)
    counts = [name for name in columns if name.startswith(("n_", "x_"))]
    known = picked.filter(picked.account.notnull())
    cells = known.group_by(*segments, "account").aggregate(
        **{name: known[name].sum().cast("int64") for name in counts}
    )
    alone = picked.filter(picked.account.isnull())
    every = cells.drop("account").union(alone.drop("account")).mutate(all_=ibis.literal(0))
    sums: dict[str, Any] = {}
    for k in stages:
        n, x = every[f"n_{k}"], every[f"x_{k}"]
        sums[f"m_{k}"] = (n > 0).sum()
        sums |= {f"nn_{k}": (n * n).sum(), f"xn_{k}": (x * n).sum(), f"xx_{k}": (x * x).sum()}
    return every.group_by("all_", *segments).aggregate(**sums)


def _one_if(test: Any) -> Any:
    return ibis.ifelse(test, 1, 0).cast("int64")
