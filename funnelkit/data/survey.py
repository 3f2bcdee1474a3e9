"""What the audit counts: a handful of scans on the engine, each done once and only when asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import ibis

from funnelkit.data.dating import days_by_step
from funnelkit.data.records import Leads

if TYPE_CHECKING:
    import ibis.expr.types as ir

WINDOWS = (30, 90, 180)
_MOST_VALUES = 5000
_EXAMPLES = 5


class Start(NamedTuple):
    """How the recording of a step began.

    ``day`` is the first day it is recorded on; ``early`` the records that had entered at least
    ``window`` days before; of ``later`` records that entered from then on and are old enough,
    ``hits`` reached the step within the window.
    """

    step: int
    day: dt.date
    window: int
    early: int
    later: int
    hits: int

    @property
    def expected(self) -> float:
        """Early records that should have reached the step within the window."""
        return self.early * self.hits / self.later if self.later else 0.0


class Amounts(NamedTuple):
    """Amounts of the records that are won, or of the others."""

    records: int
    known: int
    zero: int
    negative: int
    median: Decimal | None
    total: Decimal


class Repeats(NamedTuple):
    """Ids that stand in several rows of one file: rows beyond the first, and ids."""

    rows: int
    ids: int
    differing_ids: int


class Survey:
    """Counts over leads, each taken from the engine when first asked for."""

    def __init__(self, leads: Leads) -> None:
        self.leads = leads
        self.funnel = leads.funnel
        self.rows = leads.rows
        self.as_of = leads.as_of
        self.stages = range(len(leads.funnel.stages))
        self.exits = range(len(leads.funnel.stages), len(leads.funnel.steps))

    @property
    def may_show_ids(self) -> bool:
        """Whether ids are no personal data."""
        return self.funnel.id not in self.funnel.personal

    def ids(self, chosen: Any, *, table: ir.Table | None = None) -> tuple[str, ...]:
        """Return up to five ids of the records that pass a test."""
        if not self.may_show_ids:
            return ()
        table = self.leads.derived if table is None else table
        found = table.filter(chosen).select("id").distinct().order_by("id").limit(_EXAMPLES)
        return tuple(str(value) for value in found.execute()["id"])

    @cached_property
    def days(self) -> list[tuple[dt.date, int, int]]:
        """(day, step, events) over all rows, those after `as_of` too."""
        return days_by_step(self.rows, self.funnel)

    @cached_property
    def totals(self) -> Mapping[str, int]:
        """Counts of records, by a name; see the tests in :meth:`tests`."""
        return _row(self.leads.derived, self.tests())

    def tests(self) -> dict[str, Any]:
        """Return the test of a record behind each total."""
        table = self.leads.derived
        kept, last = table.aside.isnull(), self.stages[-1]
        won = table[f"reached_{last}"]
        left = table.exit.notnull()
        entry_day = ibis.coalesce(*[table[f"first_{k}"] for k in self.stages])
        early_exit = ibis.literal(False)
        for e in self.exits:
            early_exit = early_exit | (table[f"first_{e}"] < entry_day).fill_null(False)
        tests = {
            "records": ibis.literal(True),
            "kept": kept,
            "won": kept & won,
            "left": kept & left,
            "open": kept & ~won & ~left,
            "out_of_order": table.out_of_order,
            "reopened": table.reopened & ~early_exit,
            "early_exit": early_exit,
            "reversed": table.reversed,
            "won_undated": kept & won & ~table[f"dated_{last}"],
            "left_undated": kept & left & table.exit_date.isnull(),
            "no_day": kept & ~_any(table[f"dated_{k}"] for k in self.stages),
            "late_entry": kept & (table.entered_at > 0),
            "filled": kept & _any(table[f"filled_{k}"] for k in self.stages),
        }
        tests |= {f"aside: {reason}": table.aside == reason for reason in self.reasons}
        for k in self.stages:
            tests[f"dated_{k}"] = kept & table[f"dated_{k}"]
            tests[f"filled_{k}"] = kept & table[f"filled_{k}"]
            tests[f"entered_{k}"] = kept & (table.entered_at == k)
            for j in range(k):
                both = table[f"first_{k}"].notnull() & table[f"first_{j}"].notnull()
                tests[f"both_{j}_{k}"] = both
                tests[f"swapped_{j}_{k}"] = both & (table[f"first_{k}"] < table[f"first_{j}"])
        return tests

    @cached_property
    def reasons(self) -> dict[str, int]:
        """Reason -> records set aside after reading."""
        table = self.leads.derived
        counted = table.group_by("aside").aggregate(n=table.count()).execute()
        return {str(why): int(n) for why, n in counted.itertuples(index=False) if why is not None}

    @cached_property
    def swaps(self) -> dict[tuple[int, int], tuple[int, int]]:
        """(earlier stage, later stage) -> fewest and most days by which they are swapped."""
        table = self.leads.derived
        pairs = [(j, k) for k in self.stages for j in range(k) if self.totals[f"swapped_{j}_{k}"]]
        ends: dict[str, Any] = {}
        for j, k in pairs:
            days = table[f"first_{j}"].delta(table[f"first_{k}"], unit="day")
            swapped = table[f"first_{k}"] < table[f"first_{j}"]
            ends |= {
                f"low_{j}_{k}": days.min(where=swapped),
                f"high_{j}_{k}": days.max(where=swapped),
            }
        found = _row(table, ends, summed=False)
        return {(j, k): (found[f"low_{j}_{k}"], found[f"high_{j}_{k}"]) for j, k in pairs}

    @cached_property
    def start(self) -> int:
        """The first stage of which any day is known."""
        return next((k for k in self.stages if self.totals[f"dated_{k}"]), 0)

    @cached_property
    def entries(self) -> dict[dt.date, int]:
        """Day -> records in rates that entered the first dated stage on it."""
        table = self.leads.derived
        table = table.filter(self.counted(table))
        day = f"date_{self.start}"
        counted = table.group_by(day).aggregate(n=table.count()).order_by(day).execute()
        return {_date(day): int(n) for day, n in counted.itertuples(index=False)}

    def counted(self, table: ir.Table) -> Any:
        """Return whether a record entered the first dated stage on a day of its own, in rates."""
        inside = table.aside.isnull() & table[f"dated_{self.start}"]
        since = self.leads.recorded_from
        if since is not None and self.leads.before_recording == "left_out":
            inside &= self.entered(table) >= ibis.literal(since)
        return inside

    def entered(self, table: ir.Table) -> Any:
        """Return the day of entry to the first dated stage."""
        return table[f"date_{self.start}"]

    @cached_property
    def left_out(self) -> int:
        """Records that entered before `recorded_from`."""
        table, since = self.leads.derived, self.leads.recorded_from
        if since is None:
            return 0
        early = table.aside.isnull() & table[f"dated_{self.start}"]
        early &= self.entered(table) < ibis.literal(since)
        return _row(table, {"n": early})["n"]

    @cached_property
    def starts(self) -> list[Start]:
        """How the recording of each later stage and exit began, for each window."""
        table = self.leads.derived
        table = table.filter(self.counted(table))
        steps = [*self.stages[self.start + 1 :], *self.exits]
        first = table.aggregate(
            **{f"d{step}": table[f"first_{step}"].min() for step in steps}
        ).execute()
        began = {
            step: _date(day) for step in steps if not _is_blank(day := first[f"d{step}"].iloc[0])
        }
        tests: dict[str, Any] = {}
        entered = self.entered(table)
        for step, day in began.items():
            reached, when = self._reached(table, step)
            for window in WINDOWS:
                days = dt.timedelta(days=window)
                later = (entered >= _day(day)) & (entered <= _day(self.as_of - days))
                soon = reached & (when.delta(entered, unit="day") <= window)
                tests[f"early_{step}_{window}"] = entered <= _day(day - days)
                tests[f"later_{step}_{window}"] = later
                tests[f"hits_{step}_{window}"] = later & soon
        found = _row(table, tests)
        return [
            Start(
                step,
                day,
                window,
                *(found[f"{kind}_{step}_{window}"] for kind in ("early", "later", "hits")),
            )
            for step, day in began.items()
            for window in WINDOWS
        ]

    @property
    def begun(self) -> list[int]:
        """Later stages and exits that are recorded at all."""
        return sorted({start.step for start in self.starts})

    def _reached(self, table: ir.Table, step: int) -> tuple[Any, Any]:
        if step in self.stages:
            return table[f"dated_{step}"], table[f"date_{step}"]
        left = (table.exit == step - len(self.stages)).fill_null(False)
        return left & table.exit_date.notnull(), table.exit_date

    @cached_property
    def longest(self) -> tuple[int, int, int]:
        """Closed records with both days, most days any of them took, open ones older than that."""
        table = self.leads.derived
        table = table.filter(self.counted(table))
        last = self.stages[-1]
        won = table[f"reached_{last}"]
        end = ibis.ifelse(won, table[f"date_{last}"], table.exit_date)
        dated = ibis.ifelse(won, table[f"observed_{last}"], table.exit_date.notnull())
        took = end.delta(self.entered(table), unit="day")
        found = _row(
            table, {"n": dated.fill_null(False).sum(), "most": took.max(where=dated)}, summed=False
        )
        since = _day(self.as_of - dt.timedelta(days=found["most"]))
        older = ~won & table.exit.isnull() & (self.entered(table) < since)
        return found["n"], found["most"], _row(table, {"n": older})["n"]

    @cached_property
    def segments(self) -> dict[str, dict[str | None, int]]:
        """Segment -> value -> records, the most frequent values first."""
        table = self.leads.journeys
        found: dict[str, dict[str | None, int]] = {}
        for number, name in enumerate(self.funnel.segments):
            picked = table.select(value=table[f"segment_{number}"])
            counted = picked.group_by("value").aggregate(n=picked.count())
            counted = counted.order_by(ibis.desc("n"), "value").limit(_MOST_VALUES).execute()
            found[name] = {
                value if isinstance(value, str) else None: int(n)
                for value, n in counted.itertuples(index=False)
            }
        return found

    @cached_property
    def amounts(self) -> dict[bool, Amounts]:
        """Whether won -> the amounts of these records, as known on `as_of`."""
        table = self.leads.journeys
        value = table["value"]
        picked = table.select(won=table[f"reached_{self.stages[-1]}"], value=value)
        value = picked["value"]
        counted = picked.group_by("won").aggregate(
            records=picked.count(),
            known=value.count(),
            zero=(value == 0).sum(),
            negative=(value < 0).sum(),
            median=value.median(where=value > 0),
            total=value.sum(),
        )
        return {
            bool(row.won): Amounts(
                records=int(row.records),
                known=int(row.known),
                zero=0 if _is_blank(row.zero) else int(row.zero),
                negative=0 if _is_blank(row.negative) else int(row.negative),
                median=None if _is_blank(row.median) else Decimal(str(row.median)),
                total=Decimal(0) if _is_blank(row.total) else Decimal(str(row.total)),
            )
            for row in counted.execute().itertuples(index=False)
        }

    def large_amounts(self, above: Decimal) -> list[tuple[str, Decimal]]:
        """Return the won records whose amount is larger, the largest first."""
        table = self.leads.journeys
        large = table.filter(table[f"reached_{self.stages[-1]}"] & (table["value"] > above))
        found = large.order_by(ibis.desc("value"), "id").select("id", "value").limit(1000).execute()
        return [(str(name), Decimal(str(value))) for name, value in found.itertuples(index=False)]

    @cached_property
    def repeats(self) -> dict[int, Repeats]:
        """File -> ids that stand in several of its rows."""
        per_id = self._ids_by_file
        counted = per_id.group_by("source").aggregate(
            rows=(per_id["n"] - 1).sum(),
            ids=(per_id["n"] > 1).sum(),
            differing=((per_id["n"] > 1) & per_id.differing).sum(),
        )
        return {
            int(file): Repeats(*(int(number or 0) for number in numbers))
            for file, *numbers in counted.execute().itertuples(index=False)
        }

    def repeated_ids(self, file: int, *, differing: bool) -> tuple[str, ...]:
        """Return up to five ids that stand in several rows of a file."""
        table = self._ids_by_file
        several = (table["source"] == file) & (table["n"] > 1)
        return self.ids(several & (table.differing == differing), table=table)

    @cached_property
    def partners(self) -> dict[tuple[bool, ...], int]:
        """For each file, whether an id stands in it -> ids."""
        table = self._files_of_ids
        files = range(len(self.rows.names))
        counted = table.group_by([f"in_{i}" for i in files]).aggregate(n=table.count()).execute()
        return {
            tuple(bool(inside) for inside in row[:-1]): int(row[-1])
            for row in counted.itertuples(index=False)
        }

    def partnerless_ids(self, file: int) -> tuple[str, ...]:
        """Return up to five ids that stand in a later file and not in the first."""
        table = self._files_of_ids
        return self.ids(table[f"in_{file}"] & ~table.in_0, table=table)

    @cached_property
    def _ids_by_file(self) -> ir.Table:
        """One row per id and file: number of rows, and whether they differ."""
        table = self.rows.table
        compared = [name for name in table.columns if name not in ("id", "source")]
        n = table.count()
        differs = ibis.literal(False)
        for name in compared:
            column = table[name]
            some = (column.count() > 0) & (column.count() < n)
            differs = differs | some | (column.min() != column.max()).fill_null(False)
        return table.group_by("id", "source").aggregate(n=n, differing=differs)

    @cached_property
    def _files_of_ids(self) -> ir.Table:
        table = self.rows.table
        return table.group_by("id").aggregate(
            **{f"in_{i}": (table["source"] == i).any() for i in range(len(self.rows.names))}
        )


def _row(table: ir.Table, named: Mapping[str, Any], *, summed: bool = True) -> dict[str, int]:
    """Return a whole number per name, in one scan: rows that pass a test, or an aggregate."""
    if not named:
        return {}
    if summed:
        tests = {f"c{i}": test.fill_null(False) for i, test in enumerate(named.values())}
        table = table.select(**tests)
        columns = {name: table[name].sum() for name in tests}
    else:
        columns = {f"c{i}": expression for i, expression in enumerate(named.values())}
    row = table.aggregate(**columns).execute().iloc[0]
    return {
        name: 0 if _is_blank(row[f"c{i}"]) else int(row[f"c{i}"]) for i, name in enumerate(named)
    }


def _is_blank(value: Any) -> bool:
    import pandas as pd

    return bool(pd.isna(value))


def _any(tests: Any) -> Any:
    found: Any = ibis.literal(False)
    for test in tests:
        found = found | test
    return found


def _day(day: dt.date) -> Any:
    return ibis.literal(day)


def _date(value: Any) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value
