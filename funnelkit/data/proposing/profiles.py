"""What stands in each column of a table: how full, how varied, and what its texts look like."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funnelkit.data import parsing
from funnelkit.data.sources import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir

FEW_VALUES = 40
_MOST_COLUMNS = 60
"""Columns asked for in one statement."""
_LOOKS = {
    "dates": r"^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"
    r"|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{2,4}|[A-Za-z]{3,9} \d{1,2}, \d{4})([T ].*)?$",
    "numbers": r"^[+-]?[$€£]? ?\d[\d.,' ]*$",
    "mails": r"^[^@ ]+@[^@ ]+\.[A-Za-z]{2,}$",
}
_DATED = 0.9


@dataclass(frozen=True, kw_only=True)
class Column:
    """What stands in one column.

    Parameters
    ----------
    name, table
        Its header, and the position of its table.
    filled, distinct
        Rows that are not blank, and different texts.
    numbers, mails
        Rows that look like a number or a mail address.
    longest
        Characters of the longest text.
    values
        The texts with their rows, most frequent first, where they are few.
    days
        For a column of dates, the day of each row.
    pattern
        The one order that reads every date, where they are not ISO.
    unread
        Why dates cannot be read unasked, and what would read them.
    first, last
        First and last day.
    """

    name: str
    table: int
    filled: int
    distinct: int
    numbers: int
    mails: int
    longest: int
    values: tuple[tuple[str, int], ...] = ()
    days: Any = None
    pattern: str | None = None
    unread: str | None = None
    first: dt.date | None = None
    last: dt.date | None = None

    @property
    def is_date(self) -> bool:
        """Whether it holds dates, readable unasked or not."""
        return self.days is not None or self.unread is not None

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return self.filled > 0 and self.numbers > _DATED * self.filled and not self.is_date


def profiled(source: Source, table: int) -> list[Column]:
    """Return what stands in each column of a table of texts."""
    names = [name for name in source.table.columns if name]
    facts: dict[str, dict[str, int]] = {}
    for begin in range(0, len(names), _MOST_COLUMNS):
        part = names[begin : begin + _MOST_COLUMNS]
        facts |= _counted(source, part)
    dated = [
        name for name in names if facts[name]["dates"] > _DATED * max(facts[name]["filled"], 1)
    ]
    readable, unread = parsing.read_days(
        source, dated, parsing.DateRules.of(None, None, dayfirst=None)
    )
    ends = _ends(source, {name: column.days for name, column in readable.items()})
    few = [name for name in names if facts[name]["distinct"] <= FEW_VALUES and name not in dated]
    return [
        Column(
            name=name,
            table=table,
            filled=facts[name]["filled"],
            distinct=facts[name]["distinct"],
            numbers=facts[name]["numbers"],
            mails=facts[name]["mails"],
            longest=facts[name]["longest"],
            values=_values(source, name) if name in few and facts[name]["filled"] else (),
            days=readable[name].days if name in readable else None,
            pattern=unread[name].pattern if name in unread else None,
            unread=unread[name].problem if name in unread else None,
            first=ends[name][0] if name in ends else None,
            last=ends[name][1] if name in ends else None,
        )
        for name in names
    ]


def _counted(source: Source, names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return the counts of some columns, in one scan."""
    asked = {name: _checks(source.table[name]) for name in names}
    flat = {
        f"{number}_{what}": count
        for number, counts in enumerate(asked.values())
        for what, count in counts.items()
    }
    row = source.table.aggregate(**flat).execute().iloc[0]
    return {
        name: {
            what: 0
            if row[f"{number}_{what}"] != row[f"{number}_{what}"]
            else int(row[f"{number}_{what}"] or 0)
            for what in counts
        }
        for number, (name, counts) in enumerate(asked.items())
    }


def _checks(column: ir.Column) -> dict[str, Any]:
    text = parsing.cleaned(column)
    looks = {what: text.re_search(pattern).sum() for what, pattern in _LOOKS.items()}
    length = text.length().max()
    return {
        "filled": text.notnull().sum(),
        "distinct": text.nunique(),
        "longest": length,
        **looks,
    }


def _ends(source: Source, days: dict[str, Any]) -> dict[str, tuple[dt.date, dt.date]]:
    if not days:
        return {}
    asked: dict[str, Any] = {}
    for number, day in enumerate(days.values()):
        asked |= {f"low_{number}": day.min(), f"high_{number}": day.max()}
    row = source.table.aggregate(**asked).execute().iloc[0]
    found = {}
    for number, name in enumerate(days):
        low, high = (str(row[f"{end}_{number}"])[:10] for end in ("low", "high"))
        if low[:1].isdigit():
            found[name] = (dt.date.fromisoformat(low), dt.date.fromisoformat(high))
    return found


def _values(source: Source, name: str) -> tuple[tuple[str, int], ...]:
    import ibis

    table = source.table.select(text=parsing.cleaned(source.table[name]))
    counted = table.filter(table.text.notnull()).group_by("text").aggregate(n=lambda t: t.count())
    found = counted.order_by(ibis.desc("n"), "text").limit(FEW_VALUES).execute()
    return tuple((str(text), int(n)) for text, n in found.itertuples(index=False))


def precedence(source: Source, columns: Sequence[Column]) -> dict[tuple[str, str], int]:
    """Return in how many rows each column's day lies before, or on, that of another."""
    asked: dict[str, Any] = {}
    pairs = [(one, other) for one in columns for other in columns if one is not other]
    for number, (one, other) in enumerate(pairs):
        asked[f"n_{number}"] = (one.days < other.days).fill_null(False).sum()
    if not asked:
        return {}
    row = source.table.aggregate(**asked).execute().iloc[0]
    return {
        (one.name, other.name): int(row[f"n_{number}"] or 0)
        for number, (one, other) in enumerate(pairs)
    }
