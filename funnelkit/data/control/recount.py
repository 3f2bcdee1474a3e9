"""One figure counted again in other ways: other records, another day of each, rows for records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit.data import journeys
from funnelkit.data.control.totals import ControlTotal
from funnelkit.data.iso import iso_day

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from funnelkit.data.records import Leads

OWN = "own"
SKIPPED, LATE, RECORDED, FUTURE = "skipped", "late", "recorded_from", "future"
REVERSED, REOPENED = "reversed", "reopened"
UTC, LAST, FIRST, RAW = "utc", "last", "first", "raw"
ASIDE, BY = "aside: ", "by "


@dataclass(frozen=True)
class Recipe:
    """A way to count.

    Parameters
    ----------
    records
        Kinds of records that are taken in, or left out, beside the usual ones.
    day
        Which day of a record says in what period it counts.
    rows
        Whether each row counts, rather than each id.
    """

    records: frozenset[str] = field(default_factory=frozenset)
    day: str = OWN
    rows: bool = False

    def with_records(self, kind: str) -> Recipe:
        """Return the recipe with one more kind of records."""
        return replace(self, records=self.records | {kind})


class Recount:
    """Counts over leads by any recipe, several at once in one scan."""

    def __init__(self, leads: Leads, steps: Sequence[int]) -> None:
        self.leads, self.funnel, self.steps = leads, leads.funnel, tuple(dict.fromkeys(steps))
        self.n = len(leads.funnel.stages)

    @cached_property
    def reasons(self) -> tuple[str, ...]:
        """Why records were set aside after reading, but for those from after ``as_of``."""
        table = self.leads.derived
        found = table.filter(table.aside.notnull()).select("aside").distinct().execute()["aside"]
        return tuple(sorted(set(found) - {journeys.LATER}))

    @cached_property
    def has_utc(self) -> frozenset[int]:
        """Steps of which the day in UTC is known beside that of the funnel's zone."""
        columns = self.leads.rows.table.columns
        wide = {step for step in self.steps if f"utc_{step}" in columns}
        return frozenset(self.steps if "utc" in columns else wide)

    @cached_property
    def kept_days(self) -> tuple[str, ...]:
        """Kept columns that hold ISO days and nothing else."""
        table = self.leads.derived
        names = [name for name in self.funnel.keep if name not in self.funnel.stages]
        sums: dict[str, Any] = {}
        for i, name in enumerate(names):
            text = table[f"keep_{self.funnel.keep.index(name)}"]
            day = iso_day(text, self.funnel.timezone)
            sums |= {f"n{i}": text.count(), f"days{i}": day.count()}
        if not sums:
            return ()
        row = table.aggregate(**sums).to_pyarrow().to_pylist()[0]
        return tuple(
            name for i, name in enumerate(names) if row[f"n{i}"] and row[f"n{i}"] == row[f"days{i}"]
        )

    @cached_property
    def table(self) -> ir.Table:
        """Journeys, those set aside too, beside what the rows say of each step."""
        rows = self.leads.rows.table
        facts: dict[str, Any] = {}
        for step in self.steps:
            day, utc, here = self._of_rows(rows, step)
            known = here & (day <= ibis.literal(self.leads.as_of))
            facts[f"ever_{step}"] = day.min(where=here)
            if utc is not None:
                last = step >= self.n
                facts[f"utc_day_{step}"] = utc.max(where=known) if last else utc.min(where=known)
        per_id = rows.group_by("id").aggregate(**facts).rename(row_id="id")
        joined = self.leads.derived.join(per_id, self.leads.derived.id == per_id.row_id)
        return joined.drop("row_id")

    def _of_rows(self, rows: ir.Table, step: int) -> tuple[Any, Any, Any]:
        """Return day, day in UTC, and whether a row speaks of the step."""
        if self.leads.rows.form == "log":
            utc = rows.utc if "utc" in rows.columns else None
            return rows.day, utc, (rows.step == step).fill_null(False)
        utc = rows[f"utc_{step}"] if f"utc_{step}" in rows.columns else None
        return rows[f"day_{step}"], utc, ibis.literal(True)

    def figures(self, asked: Sequence[tuple[ControlTotal, Recipe]]) -> list[Decimal]:
        """Return the figure of each control total by its recipe."""
        if not asked:
            return []
        table = self.table
        sums = {
            f"n{i}": self._sum(table, total, self._test(table, total, recipe))
            for i, (total, recipe) in enumerate(asked)
        }
        row = table.aggregate(**sums).to_pyarrow().to_pylist()[0]
        found = [_exact(row[f"n{i}"]) for i in range(len(asked))]
        extra = {
            total: self._extra_rows(total)
            for total in dict.fromkeys(total for total, recipe in asked if recipe.rows)
        }
        return [
            n + (extra[total] if recipe.rows else 0)
            for n, (total, recipe) in zip(found, asked, strict=True)
        ]

    def _sum(self, table: ir.Table, total: ControlTotal, test: Any) -> Any:
        if total.measure == "count":
            return table.count(where=test)
        return table.value.sum(where=test)

    def _test(self, table: ir.Table, total: ControlTotal, recipe: Recipe) -> Any:
        """Return whether a record counts."""
        step = self.funnel.steps.index(total.step)
        when, has_day, reached = journeys.entry(table, self.funnel, step)
        kept = table.kept
        usual = kept & reached
        own = when
        if total.span is not None:
            usual &= has_day
        elif SKIPPED in recipe.records and step < self.n:
            usual &= ~table[f"filled_{step}"] | has_day
        day = self._day(table, step, own, recipe.day)
        inside = _false(usual & _within(day, total))
        for kind in sorted(recipe.records):
            test, its_day = self._more(table, step, kind, total)
            if test is not None:
                inside |= _false(test & ~usual & _within(its_day, total))
        since = self.leads.recorded_from
        if RECORDED in recipe.records and since is not None:
            first = ibis.coalesce(*[table[f"date_{k}"] for k in range(self.n)])
            inside &= ~_false(first < ibis.literal(since))
        return inside & self._where(table, total)

    def _day(self, table: ir.Table, step: int, own: Any, which: str) -> Any:
        """Return the day that says in what period a record counts."""
        if which == UTC and f"utc_day_{step}" in table.columns:
            return ibis.coalesce(table[f"utc_day_{step}"], own)
        if which == LAST and step < self.n:
            return ibis.coalesce(table[f"last_{step}"], own)
        if which in (RAW, FIRST):
            return ibis.coalesce(table[f"first_{step}"], own)
        if which.startswith(BY):
            name = which.removeprefix(BY)
            if name in self.funnel.stages:
                k = self.funnel.stages.index(name)
                return ibis.ifelse(table[f"dated_{k}"], table[f"date_{k}"], None)
            text = table[f"keep_{self.funnel.keep.index(name)}"]
            return iso_day(text, self.funnel.timezone)
        return own

    def _more(
        self, table: ir.Table, step: int, kind: str, total: ControlTotal
    ) -> tuple[Any | None, Any]:
        """Return whether a record is of a kind that is not counted otherwise, and its day."""
        first, ever = table[f"first_{step}"], table[f"ever_{step}"]
        kept, stage = table.kept, step < self.n
        found: tuple[Any | None, Any] = (None, None)
        if kind.startswith(ASIDE):
            found = (table.aside == kind.removeprefix(ASIDE)) & first.notnull(), first
        elif kind == SKIPPED and stage and total.span is not None:
            found = kept & table[f"filled_{step}"], table[f"date_{step}"]
        elif kind == LATE and step < self.n - 1:
            test = kept & (table.entered_at > step) & ~table[f"reached_{step}"]
            found = test, ibis.coalesce(*[table[f"date_{k}"] for k in range(step + 1, self.n)])
        elif kind == REVERSED and step == self.n - 1:
            found = kept & table.reversed, table[f"last_{step}"]
        elif kind == REOPENED and not stage:
            found = kept & first.notnull(), first
        elif kind == FUTURE:
            found = first.isnull() & (ever > ibis.literal(self.leads.as_of)), ever
        return found

    def _where(self, table: ir.Table, total: ControlTotal) -> Any:
        inside: Any = ibis.literal(True)
        for name, values in total.where:
            column = journeys.segment(table, self.funnel, name)
            inside &= column.fill_null("").isin(list(values))
        return inside

    def _extra_rows(self, total: ControlTotal) -> Decimal:
        """Return what rows of an id beyond the one that counts would add.

        A file's rows are counted by themselves: a record that stands in two joined files is not
        there twice.
        """
        step = self.funnel.steps.index(total.step)
        rows = self.leads.rows.table
        day, _, here = self._of_rows(rows, step)
        known = _false(here & (day <= ibis.literal(self.leads.as_of)))
        inside = _false(known & _within(day, total))
        amount = rows.value if total.measure == "value" else ibis.literal(1)
        per_id = rows.mutate(known_=known, inside_=inside, amount_=amount).filter(
            lambda t: t.known_
        )
        per_id = per_id.group_by("id", "source").aggregate(
            rows_=lambda t: t.count(), own=lambda t: t.amount_.sum(where=t.inside_)
        )
        per_id = per_id.filter(per_id.rows_ > 1)
        per_id = per_id.rename(row_id="id", file="source")
        table = self.table
        test = self._test(table, total, Recipe())
        counted = table.mutate(counts_=test, where_=self._where(table, total))
        counted = counted.filter(counted.kept & counted.where_)
        joined = per_id.join(counted, per_id.row_id == counted.id)
        usual = self._sum(joined, total, joined.counts_)
        more = joined.aggregate(n=joined.own.sum(), usual=usual)
        row = more.to_pyarrow().to_pylist()[0]
        return _exact(row["n"]) - _exact(row["usual"])


def _within(day: Any, total: ControlTotal) -> Any:
    if total.span is None:
        return ibis.literal(True)
    return (day >= ibis.literal(total.span.first)) & (day <= ibis.literal(total.span.last))


def _false(test: Any) -> Any:
    return test.fill_null(False)


def _exact(value: Any) -> Decimal:
    return Decimal(0) if value is None else Decimal(value)
