"""Records by day of entry, by the names of segments and owners, and by account: one statement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import ibis

from funnelkit.data.measures import Measures

if TYPE_CHECKING:
    import ibis.expr.types as ir

_MOST_VALUES = 5000
_ENTRIES, _ACCOUNTS = -1, -2


class Group(NamedTuple):
    """Records of one name: how many, how they ended, the last entry, and the money won."""

    records: int
    won: int
    left: int
    last: dt.date | None
    money: Decimal = Decimal(0)


NO_RECORDS = Group(0, 0, 0, None)


def together(groups: Mapping[str | None, Group], names: list[str | None]) -> Group:
    """Return the records of several names."""
    chosen = [groups[name] for name in names]
    days = [group.last for group in chosen if group.last is not None]
    return Group(
        sum(group.records for group in chosen),
        sum(group.won for group in chosen),
        sum(group.left for group in chosen),
        max(days, default=None),
        sum((group.money for group in chosen), Decimal(0)),
    )


class Tallies:
    """Counts of records by what they have in common.

    Parameters
    ----------
    measures
        The expressions over journeys.
    """

    def __init__(self, measures: Measures) -> None:
        self.measures = measures
        self.funnel = measures.funnel

    @property
    def entries(self) -> dict[dt.date, int]:
        """Day -> records in rates that entered the first dated stage on it, in order."""
        found = {
            dt.date.fromisoformat(day[:10]): group.records
            for day, group in self._groups[_ENTRIES].items()
            if day is not None
        }
        return dict(sorted(found.items()))

    @property
    def segments(self) -> dict[str, dict[str | None, Group]]:
        """Segment -> name -> records, the most frequent names first."""
        return {name: self._groups[number] for number, name in enumerate(self.funnel.segments)}

    @property
    def owners(self) -> dict[str | None, int]:
        """Owner -> records."""
        found = self._groups.get(len(self.funnel.segments), {})
        return {name: group.records for name, group in found.items()}

    @property
    def accounts(self) -> tuple[int, int, int]:
        """Accounts; those of them with several records; records of these."""
        found = self._groups[_ACCOUNTS].get(None, NO_RECORDS)
        return found.left, found.won, found.records

    @cached_property
    def _groups(self) -> dict[int, dict[str | None, Group]]:
        measures, table = self.measures, self.measures.table
        columns: dict[int, Any] = {_ENTRIES: measures.entered.cast("string")}
        columns |= {k: table[f"segment_{k}"] for k in range(len(self.funnel.segments))}
        if self.funnel.owner is not None:
            columns[len(self.funnel.segments)] = table.owner
        parts = [self._by(number, value) for number, value in columns.items()]
        if self.funnel.account is not None:
            parts.append(self._per_account())
        every = reduce(lambda one, other: one.union(other), parts).execute()
        found: dict[int, dict[str | None, Group]] = {kind: {} for kind in (*columns, _ACCOUNTS)}
        rows = every.itertuples(index=False)
        for row in sorted(rows, key=lambda row: (row.kind, -whole(row.n), str(row.value))):
            name = row.value if isinstance(row.value, str) else None
            last = None if is_blank(row.last) else date(row.last)
            found[int(row.kind)][name] = Group(
                whole(row.n), whole(row.won), whole(row.left), last, decimal(row.money)
            )
        return found

    def _by(self, number: int, value: Any) -> ir.Table:
        """Return one row per value of a column."""
        measures = self.measures
        none = ibis.null("decimal(38, 4)")
        inside = measures.counted if number == _ENTRIES else measures.kept
        picked = measures.table.filter(inside).select(
            value=value,
            day=ibis.ifelse(measures.counted, measures.entered, ibis.null("date")),
            won=ibis.ifelse(measures.won, 1, 0),
            left=ibis.ifelse(measures.left & ~measures.won, 1, 0),
            money=none
            if self.funnel.value is None
            else ibis.ifelse(measures.won, measures.table["value"], none),
        )
        counted = picked.group_by("value").aggregate(
            n=picked.count(),
            won=picked.won.sum(),
            left=picked.left.sum(),
            last=picked.day.max(),
            money=picked.money.sum(),
        )
        if number != _ENTRIES:
            counted = counted.order_by(ibis.desc("n"), "value").limit(_MOST_VALUES)
        return counted.mutate(kind=ibis.literal(number, "int32"))

    def _per_account(self) -> ir.Table:
        """Return one row: records of accounts with several, these accounts, all accounts."""
        table = self.measures.table
        known = table.filter(self.measures.kept & table.account.notnull())
        counted = known.group_by("account").aggregate(n=known.count())
        several = counted["n"] > 1
        summed = counted.aggregate(
            n=counted["n"].sum(where=several),
            won=ibis.ifelse(several, 1, 0).sum(),
            left=counted.count(),
        )
        return summed.select(
            value=ibis.null("string"),
            n=summed["n"],
            won=summed["won"],
            left=summed["left"],
            last=ibis.null("date"),
            money=ibis.null("decimal(38, 4)"),
            kind=ibis.literal(_ACCOUNTS, "int32"),
        )


def sums(table: ir.Table, tests: Mapping[str, Any]) -> dict[str, Any]:
    """Return the number of rows that pass each test, as aggregates."""
    is_row = table.id.notnull()  # always; it makes a column of a test that is no column
    columns = {
        name: test if isinstance(test, ibis.Column) else is_row & test
        for name, test in tests.items()
    }
    return {name: ibis.ifelse(test, 1, 0).sum() for name, test in columns.items()}


def row_of(table: ir.Table, named: Mapping[str, Any]) -> dict[str, Any]:
    """Return aggregates, in one scan."""
    if not named:
        return {}
    columns = {f"c{i}": expression for i, expression in enumerate(named.values())}
    row = table.aggregate(**columns).execute().iloc[0]
    return {name: row[f"c{i}"] for i, name in enumerate(named)}


def whole(value: Any) -> int:
    """Return a whole number, 0 where there is none."""
    return 0 if is_blank(value) else int(value)


def decimal(value: Any) -> Decimal:
    """Return an exact amount, 0 where there is none."""
    return Decimal(0) if is_blank(value) else Decimal(str(value))


def is_blank(value: Any) -> bool:
    """Return whether a value is none, or not a number."""
    import pandas as pd

    return value is None or bool(pd.isna(value))


def date(value: Any) -> dt.date:
    """Return a day, whatever an engine gives for one."""
    return value.date() if isinstance(value, dt.datetime) else value
