"""Ids that stand in several rows: within a file, across files of one kind, in joined files."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import ibis

from funnelkit.data.records import Leads

if TYPE_CHECKING:
    import ibis.expr.types as ir

PART = "part"
"""Column of typed rows: which of several files of one kind a row came from."""


class Repeats(NamedTuple):
    """Ids that stand in several rows of one kind.

    ``same`` and ``differing``: ids whose rows are all alike, or differ; ``across`` and
    ``across_differing``: those of them that stand in several of the files.
    """

    same: int
    differing: int
    across: int
    across_differing: int


class Repeated:
    """Counts over the rows of ids that stand in several of them; others are not looked at.

    Parameters
    ----------
    leads
        The data.
    """

    def __init__(self, leads: Leads) -> None:
        ids = leads.derived.filter(leads.derived.copies > 1).select("id")
        self.rows: ir.Table = leads.rows.table.semi_join(ids, "id")
        self.history = leads.rows.history if leads.rows.form == "wide" else range(1)
        self.files = range(len(leads.rows.names))

    @cached_property
    def per_id(self) -> ir.Table:
        """One row per id and kind: rows, whether they differ, and whether in several files."""
        table = self.rows
        n = table.count()
        differs = ibis.literal(False)
        for name in table.columns:
            if name not in ("id", "source", PART):
                column = table[name]
                some = (column.count() > 0) & (column.count() < n)
                differs = differs | some | (column.min() != column.max()).fill_null(False)
        part = table[PART if PART in table.columns else "source"]
        return table.group_by("id", "source").aggregate(
            n=n, differing=differs, across=part.min() != part.max()
        )

    @cached_property
    def by_file(self) -> dict[int, Repeats]:
        """File -> ids that stand in several of its rows."""
        table = self.per_id
        table = table.filter(table["n"] > 1)
        tests = (
            ~table.across & ~table.differing,
            ~table.across & table.differing,
            table.across & ~table.differing,
            table.across & table.differing,
        )
        counted = table.group_by("source").aggregate(
            **{f"c{i}": ibis.ifelse(test, 1, 0).sum() for i, test in enumerate(tests)}
        )
        return {
            int(file): Repeats(*(int(number or 0) for number in numbers))
            for file, *numbers in counted.execute().itertuples(index=False)
            if int(file) not in self.history
        }

    @cached_property
    def partners(self) -> dict[tuple[bool, ...], int]:
        """For each file, whether an id stands in it -> ids."""
        table, rows = self._files_of_ids, self.files
        counted = table.group_by([f"in_{i}" for i in rows]).aggregate(n=table.count()).execute()
        return {
            tuple(bool(inside) for inside in row[:-1]): int(row[-1])
            for row in counted.itertuples(index=False)
        }

    @property
    def _files_of_ids(self) -> ir.Table:
        table = self.rows
        flags = {f"in_{i}": ibis.ifelse(table["source"] == i, 1, 0).max() for i in self.files}
        return table.group_by("id").aggregate(**flags)

    def examples(self) -> dict[str, ir.Table]:
        """Return the ids behind each count, by its name and file."""
        table = self.per_id
        found: dict[str, ir.Table] = {}
        several = table.filter(table["n"] > 1)
        for file, counts in self.by_file.items():
            tests = {
                "same": (counts.same, ~several.across & ~several.differing),
                "differing": (counts.differing, ~several.across & several.differing),
                "across": (counts.across + counts.across_differing, several.across),
            }
            found |= {
                f"{name}_{file}": several.filter((several["source"] == file) & test)
                for name, (n, test) in tests.items()
                if n
            }
        return found
