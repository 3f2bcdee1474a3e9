"""What the audit counts of each record: tests and amounts over journeys, for one scan of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit.data import engines, journeys
from funnelkit.data.records import Leads

if TYPE_CHECKING:
    import ibis.expr.types as ir

LONG_DAYS = 300
"""Durations from here on can be a whole number of years."""

REASONS = (journeys.LATER, journeys.NO_STAGE, journeys.OUT_OF_ORDER)


class Measures:
    """Expressions over the journeys of leads.

    Parameters
    ----------
    leads
        The data.
    start
        Position of the first stage of which any day is known.
    """

    def __init__(self, leads: Leads, start: int) -> None:
        self.leads = leads
        self.funnel = leads.funnel
        self.table: ir.Table = leads.derived
        self.start = start
        self.stages = range(len(leads.funnel.stages))
        self.exits = range(len(leads.funnel.stages), len(leads.funnel.steps))
        self.last = self.stages[-1]

    @cached_property
    def kept(self) -> Any:
        """Whether a record is kept."""
        return self.table.kept

    @cached_property
    def won(self) -> Any:
        """Whether a record is won."""
        return self.table[f"reached_{self.last}"]

    @cached_property
    def left(self) -> Any:
        """Whether a record has left."""
        return self.table.exit.notnull()

    @cached_property
    def entered(self) -> Any:
        """The day of entry to the first dated stage."""
        return self.table[f"date_{self.start}"]

    @cached_property
    def counted(self) -> Any:
        """Whether a record entered the first dated stage on a day of its own, and is in rates."""
        since = self.leads.left_out_before
        inside = self.kept & self.table[f"dated_{self.start}"]
        return inside if since is None else inside & (self.entered >= ibis.literal(since))

    @cached_property
    def tests(self) -> dict[str, Any]:
        """The test of a record behind each total."""
        table, kept, won, left = self.table, self.kept, self.won, self.left
        entry_day = ibis.coalesce(*[table[f"first_{k}"] for k in self.stages])
        early_exit = any_of(table[f"first_{e}"] < entry_day for e in self.exits)
        won_undated = kept & won & ~table[f"dated_{self.last}"]
        left_undated = kept & left & table.exit_date.isnull() & ~early_exit
        tests = {
            "records": table.id.notnull(),
            "kept": kept,
            "won": kept & won,
            "left": kept & left,
            "open": kept & ~won & ~left,
            "counted": self.counted,
            "several_rows": table.copies > 1,
            "out_of_order": table.out_of_order,
            "reopened": table.reopened & ~early_exit,
            "early_exit": early_exit,
            "reversed": table.reversed,
            "won_undated": won_undated,
            "left_undated": left_undated,
            "closed_undated": won_undated | left_undated,
            "no_day": kept & ~any_of(table[f"dated_{k}"] for k in self.stages),
            "late_entry": kept & (table.entered_at > 0),
            "filled": kept & any_of(table[f"filled_{k}"] for k in self.stages),
            "long": kept & any_of(self.is_long(k) for k in self.later),
        }
        if self.leads.rows.form == "log" or self.leads.rows.history:
            again = {k: kept & (table[f"last_{k}"] > table[f"first_{k}"]) for k in self.stages}
            tests |= {f"again_{k}": test for k, test in again.items()}
            tests["again"] = any_of(again.values())
        since = self.leads.recorded_from
        if since is not None:
            before = self.entered < ibis.literal(since)
            tests["before_recording"] = kept & table[f"dated_{self.start}"] & before
        if self.funnel.value is not None:
            tests["negative"] = kept & (table["value"] < 0)
        if self.funnel.account is not None:
            tests["no_account"] = kept & table.account.isnull()
        tests |= {f"aside: {reason}": table.aside == reason for reason in REASONS}
        tests |= {
            f"exit_{e}": kept & (table.exit == e - len(self.stages)).fill_null(False)
            for e in self.exits
        }
        tests |= {
            f"lone_{i}": (table.copies == 1) & (table.source == i)
            for i in range(len(self.leads.rows.names))
        }
        return tests | self._stage_tests()

    def _stage_tests(self) -> dict[str, Any]:
        """Return the tests of each stage, and of each two of them."""
        table, kept = self.table, self.kept
        tests: dict[str, Any] = {}
        for k in self.stages:
            tests[f"dated_{k}"] = kept & table[f"dated_{k}"]
            tests[f"reached_{k}"] = kept & table[f"reached_{k}"]
            tests[f"filled_{k}"] = kept & table[f"filled_{k}"]
            tests[f"entered_{k}"] = kept & (table.entered_at == k)
            for j in range(k):
                both = table[f"first_{k}"].notnull() & table[f"first_{j}"].notnull()
                tests[f"both_{j}_{k}"] = both
                tests[f"swapped_{j}_{k}"] = both & (table[f"first_{k}"] < table[f"first_{j}"])
            if k:
                tests[f"same_{k - 1}_{k}"] = table[f"first_{k}"] == table[f"first_{k - 1}"]
        return tests

    def firsts(self) -> dict[str, Any]:
        """Return the first and last day of each later step, the longest time to close, money."""
        table, counted = self.table, self.counted
        found: dict[str, Any] = {}
        for step in self.later:
            known, day = self.reached(step)
            day = chosen(day, counted & known)
            found[f"begin_{step}"], found[f"end_{step}"] = day.min(), day.max()
        dated, took = self.closing()
        found["closed"] = ibis.ifelse(counted & dated, 1, 0).sum()
        found["longest"] = chosen(took, counted & dated).max()
        found["any_mail"] = ibis.ifelse(table.id.contains("@"), 1, 0).max()
        if self.funnel.value is not None:
            for name, inside in (("won", self.kept & self.won), ("else", self.kept & ~self.won)):
                value = chosen(table["value"], inside)
                found |= {
                    f"{name}_known": value.count(),
                    f"{name}_zero": ibis.ifelse(value == 0, 1, 0).sum(),
                    f"{name}_total": value.sum(),
                }
            aside = ~self.kept & table[f"first_{self.last}"].notnull()
            found["aside_total"] = chosen(table["value"], aside).sum()
            found["reversed_total"] = chosen(table["value"], self.kept & table.reversed).sum()
            positive = self.kept & self.won & (table["value"] > 0)
            found["won_median"] = engines.median(table["value"], positive.fill_null(False))
        return found

    @property
    def later(self) -> list[int]:
        """Positions of the steps after the first dated stage."""
        return [*self.stages[self.start + 1 :], *self.exits]

    def reached(self, step: int) -> tuple[Any, Any]:
        """Return whether a step was reached on a day of its own, and the day."""
        table = self.table
        if step in self.stages:
            return table[f"dated_{step}"], table[f"date_{step}"]
        left = (table.exit == step - len(self.stages)).fill_null(False)
        return left & table.exit_date.notnull(), table.exit_date

    def closing(self) -> tuple[Any, Any]:
        """Return whether a record is closed on a day that is known, and how many days it took."""
        table, won = self.table, self.won
        end = ibis.ifelse(won, table[f"date_{self.last}"], table.exit_date)
        dated = ibis.ifelse(won, table[f"observed_{self.last}"], table.exit_date.notnull())
        return dated.fill_null(False), end.delta(self.entered, unit="day")

    def days_from_entry(self, step: int) -> Any:
        """Return days from the first dated stage to a step, as recorded."""
        return self.table[f"first_{step}"].delta(self.table[f"first_{self.start}"], unit="day")

    def is_long(self, step: int) -> Any:
        """Return whether a step came most of a year or more after the entry, or before it."""
        days = self.days_from_entry(step)
        return (days >= LONG_DAYS) | (days <= -LONG_DAYS)

    def anniversary(self, step: int) -> Any:
        """Return whether a step bears the entry's day and month, and another year."""
        day, entry = self.table[f"first_{step}"], self.table[f"first_{self.start}"]
        alike = (day.month() == entry.month()) & (day.day() == entry.day())
        return ibis.ifelse(self.is_long(step), alike, ibis.literal(False))  # few have to be told

    def within(self, step: int, window: int, first: dt.date, last: dt.date) -> Any:
        """Return whether a record that entered from one day to another had a step in a window."""
        known, day = self.reached(step)
        since = day.delta(self.entered, unit="day")
        return (
            self.counted
            & (self.entered >= ibis.literal(first))
            & (self.entered <= ibis.literal(last))
            & known
            & (since >= 0)
            & (since <= window)
        )

    @property
    def whole_years(self) -> Any:
        """Whether a record has a later step on the entry's day and month, in another year."""
        return self.kept & any_of(self.anniversary(k) for k in self.later)

    def swap_days(self, pairs: Iterable[tuple[int, int]]) -> dict[str, Any]:
        """Return the fewest and most days by which pairs of stages are swapped."""
        ends: dict[str, Any] = {}
        for j, k in pairs:
            first, second = self.table[f"first_{j}"], self.table[f"first_{k}"]
            days = first.delta(second, unit="day")
            days = chosen(days, second < first)
            ends[f"low_{j}_{k}"], ends[f"high_{j}_{k}"] = days.min(), days.max()
        return ends


def chosen(column: Any, test: Any) -> Any:
    """Return a column where a test holds; quicker than a condition of each aggregate."""
    return ibis.ifelse(test, column, ibis.null(column.type()))


def any_of(tests: Iterable[Any]) -> Any:
    """Return whether any of several tests holds."""
    found: Any = ibis.literal(False)
    for test in tests:
        found = found | test.fill_null(False)
    return found
