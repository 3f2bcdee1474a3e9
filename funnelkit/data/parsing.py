"""From text to days: ISO only unless told, each value read or reported, none guessed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import ibis

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.data import engines
from funnelkit.data.iso import CLOCK, DAY, MIDNIGHT, ZONE, iso_counts, iso_day

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from funnelkit.data.sources import Source

K = TypeVar("K", bound=Hashable)

_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_DAY_FIRST = ("%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%y", "%d/%m/%y", "%d.%m.%y")
_MONTH_FIRST = ("%m-%d-%Y", "%m/%d/%Y", "%m.%d.%Y", "%m/%d/%y", "%m-%d-%y")
_YEAR_FIRST = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d")
_BY_NAME = ("%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y")
_LAST = dt.date.max
_DIRECTIVES = r"%([aAbBYpf%]|-?[dmyHIMSj])"


# DuckDB's own function: annotated by `signature`, which Ibis reads when the module loads.
@ibis.udf.scalar.builtin(name="try_strptime", signature=(("string", "string"), "timestamp"))
def _clock_read(text, pattern):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return the time that a pattern reads in a text, or null."""


@dataclass(frozen=True, kw_only=True)
class DateRules:
    """How dates are to be read.

    Parameters
    ----------
    timezone
        Zone in which a day begins and ends; UTC where a time carries an offset and none is given.
    formats
        Column -> pattern of ``strptime``; the key ``"*"`` stands for every column.
    dayfirst
        Whether the day stands before the month in numbers such as 03/04/2026; ``None``: unsaid.
    """

    timezone: str | None
    formats: Mapping[str, str]
    dayfirst: bool | None

    @classmethod
    def of(
        cls,
        timezone: str | None,
        date_format: str | Mapping[str, str] | None,
        *,
        dayfirst: bool | None,
    ) -> DateRules:
        """Return the rules from a reader's arguments.

        Raises
        ------
        ArgumentError
            If a pattern is none of ``strptime``, or holds an offset.
        """
        given = {} if date_format is None else date_format
        formats = dict(given) if isinstance(given, Mapping) else {"*": given}
        for column, pattern in formats.items():
            odd = re.sub(_DIRECTIVES, "", pattern) if isinstance(pattern, str) else "%"
            if "%" in odd or "%" not in pattern or "\0" in pattern:
                place = "" if column == "*" else f" for `{column}`"
                raise ArgumentError(
                    f"`date_format`{place} must be a pattern such as %d-%m-%Y or "
                    f"%d/%m/%Y %H:%M, without an offset; got {pattern!r}."
                )
        if dayfirst not in (None, True, False):
            raise ArgumentError(f"`dayfirst` must be True, False or None; got {dayfirst!r}.")
        return cls(timezone=timezone, formats=formats, dayfirst=dayfirst)

    def pattern_of(self, column: str) -> str | None:
        """Return the pattern given for a column."""
        return self.formats.get(column, self.formats.get("*"))


@dataclass(frozen=True, kw_only=True)
class DayColumn:
    """A column of dates that can be read.

    Parameters
    ----------
    source, column
        Where it stands.
    days
        The calendar day of each row, null where blank.
    has_clock
        Whether at least one value tells a time of day.
    zoned, unzoned
        Number of values with an offset, and with a time of day but no offset.
    pattern
        The pattern that it was read by, where its values are not ISO.
    utc
        The day of each row in UTC, where times carry an offset and days are those of a zone.
    """

    source: str
    column: str
    days: ir.DateColumn
    has_clock: bool
    zoned: int
    unzoned: int
    pattern: str | None = None
    utc: ir.DateColumn | None = None


def cleaned(column: ir.Column) -> ir.StringColumn:
    """Return a column as text without surrounding space, null where nothing is left."""
    return engines.strip(column.cast("string")).nullif("")


@dataclass(frozen=True, kw_only=True)
class Unread:
    """A column of dates that cannot be read.

    Parameters
    ----------
    problem
        What is wrong, and what to do.
    pattern
        The one order that reads every value, if there is just one.
    """

    problem: str
    pattern: str | None = None


def read_days(
    source: Source, columns: Sequence[str], rules: DateRules
) -> tuple[dict[str, DayColumn], dict[str, Unread]]:
    """Return the readable date columns of a source, and what is wrong with each of the others."""
    facts = _at_first(source, columns)
    others = [name for name in columns if name not in facts]
    facts |= counted(source.table, {name: _iso_checks(source.table[name]) for name in others})
    odd = [name for name in columns if facts[name].get("iso", 0) < facts[name].get("text", 0)]
    for name, found in counted(
        source.table,
        {name: _order_checks(source.table[name], rules.pattern_of(name)) for name in odd}
        if engines.engine_of(source.table).patterns
        else {},
    ).items():
        facts[name] |= found
    readable: dict[str, DayColumn] = {}
    unread: dict[str, Unread] = {}
    for name in columns:
        outcome = _day_column(source, name, facts[name], rules)
        if isinstance(outcome, Unread):
            unread[name] = outcome
        else:
            readable[name] = outcome
    return readable, unread


def all_at_once(unread: Mapping[str, Unread]) -> list[str]:
    """Return the line that reads several columns, where each has one order that fits."""
    if len(unread) < 2 or any(column.pattern is None for column in unread.values()):
        return []
    pairs = ", ".join(f'"{name}": "{column.pattern}"' for name, column in unread.items())
    return [f"All of them at once: date_format={{{pairs}}}."]


def mixed_zones(columns: Sequence[DayColumn]) -> list[str]:
    """Return the problem of times with an offset beside times without one."""
    zoned = [column for column in columns if column.zoned]
    unzoned = [column for column in columns if column.unzoned]
    if not zoned or not unzoned:
        return []
    problem = (
        f"times with an offset ({_places(zoned)}) stand beside times without one "
        f"({_places(unzoned)}); a day would begin at two different moments. Export all of them "
        "in one zone, or without the time of day."
    )
    return [problem]


def counted(table: ir.Table, checks: Mapping[K, Mapping[str, Any]]) -> dict[K, dict[str, int]]:
    """Return the named counts of each column, all in one scan."""
    flat = {
        f"{number}_{what}": expression
        for number, named in enumerate(checks.values())
        for what, expression in named.items()
    }
    row = table.aggregate(**flat).execute().iloc[0] if flat else {}
    return {
        name: {what: engines.whole(row[f"{number}_{what}"]) for what in named}
        for number, (name, named) in enumerate(checks.items())
    }


def first_counts(column: ir.Column) -> dict[str, Any]:
    """Return the counts that settle a column of days, unless its texts are more than plain days."""
    return iso_counts(column) if column.type().is_string() else _iso_checks(column)


def _at_first(source: Source, columns: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return the counts of those columns that are settled by their first counts."""
    seen = {name: source.seen.get(("day", name)) for name in columns}
    facts = {name: dict(found) for name, found in seen.items() if found is not None}
    if engines.engine_of(source.table).quick_looks:
        new = [source.table[name] for name in columns if name not in facts]
        facts |= counted(source.table, {column.get_name(): first_counts(column) for column in new})
    return {name: found for name, found in facts.items() if found.get("iso") == found.get("text")}


def _iso_checks(column: ir.Column) -> dict[str, Any]:
    kind = column.type()
    filled = {"filled": column.count()}
    clock = column
    if kind.is_timestamp() and kind.timezone is not None:
        clock = engines.on_the_wall(column, "UTC")
        if clock is None:
            return filled
    if kind.is_date() or kind.is_timestamp():
        day = clock if kind.is_date() else clock.date()
        filled["outside"] = ((day < ibis.literal(dt.date.min)) | (day > ibis.literal(_LAST))).sum()
    if kind.is_timestamp():
        return filled | {"clock": (clock != clock.truncate("D")).sum()}
    if not kind.is_string():
        return filled
    text = cleaned(column)
    return {
        "text": text.notnull().sum(),
        "clock": (
            text.re_search(f"^{DAY}{CLOCK}{ZONE}?$")
            & ~text.re_search(f"^{DAY}{MIDNIGHT}$").fill_null(False)
        ).sum(),
        "zoned": text.re_search(f"^{DAY}{CLOCK}{ZONE}$").sum(),
        "iso": iso_day(text, None).notnull().sum(),
    }


def _order_checks(column: ir.Column, pattern: str | None) -> dict[str, Any]:
    text = cleaned(column)
    iso = iso_day(text, None)
    orders = {order: order for order in _all_patterns()}
    if pattern is not None:
        orders = {"given": pattern}
    return {
        name: (iso.notnull() | _read(text, order).notnull()).sum() for name, order in orders.items()
    }


def _day_column(
    source: Source, name: str, count: Mapping[str, int], rules: DateRules
) -> DayColumn | Unread:
    column = source.table[name]
    kind = column.type()
    if kind.is_string():
        return _from_text(source, name, count, rules)
    if kind.is_null() or not count["filled"]:
        return _found(source, name, ibis.null("date"))
    if problem := _unusable(source, name, count, rules):
        return Unread(problem=problem)
    if kind.is_date():
        return _found(source, name, column)
    clock = count["clock"]
    if kind.timezone is None:
        return _found(source, name, column.date(), clock=clock, unzoned=clock)
    local: Any = engines.on_the_wall(column, rules.timezone or "UTC")
    found = _found(source, name, local.date(), clock=clock, zoned=count["filled"])
    moved: Any = None if rules.timezone in (None, "UTC") else engines.on_the_wall(column, "UTC")
    return replace(found, utc=None if moved is None else moved.date())


def _unusable(source: Source, name: str, count: Mapping[str, int], rules: DateRules) -> str | None:
    """Return why a column that holds no texts cannot be read as days, if so."""
    kind = source.table[name].type()
    if not (kind.is_date() or kind.is_timestamp()):
        return (
            f"`{name}` in `{source.name}` holds {kind}, not dates. Serial numbers and epochs are "
            "not read; export ISO dates such as 2026-10-31."
        )
    if "outside" not in count:
        title = engines.engine_of(source.table).title
        return (
            f"`{name}` in `{source.name}` holds times with a zone, and how {title} tells the day "
            f"of these in {rules.timezone or 'UTC'} is not known here. Convert the column there, "
            "to dates or to times without a zone."
        )
    if outside := count["outside"]:
        return (
            f"`{name}` in `{source.name}`: {_of(outside, count['filled'])} infinite or outside "
            "the years 1 to 9999. Correct them, or leave them blank."
        )
    return None


def _from_text(
    source: Source, name: str, count: Mapping[str, int], rules: DateRules
) -> DayColumn | Unread:
    if "clock" not in count:  # days and nothing else
        return _found(source, name, source.table[name].try_cast("date"))
    text = cleaned(source.table[name])
    days = iso_day(text, rules.timezone or "UTC")
    clock, zoned, pattern = count["clock"], count["zoned"], None
    engine = engines.engine_of(text)
    if count["iso"] < count["text"] and not engine.patterns:
        return _unreadable_there(source, name, count, engine)
    if count["iso"] < count["text"]:
        pattern = _pattern_for(name, count, rules)
        if pattern is None:
            return _unreadable(source, name, count, rules)
        read = _read(text, pattern)
        told = days.isnull() & (read.hour() + read.minute() + read.second() > 0)
        clock += engines.whole(source.table.aggregate(n=told.sum()).execute()["n"].iloc[0])
        days = ibis.coalesce(days, read.date())
    found = _found(source, name, days, clock=clock, zoned=zoned, unzoned=clock - zoned)
    utc = iso_day(text, "UTC") if zoned and rules.timezone not in (None, "UTC") else None
    return replace(found, pattern=pattern, utc=utc)


def _pattern_for(name: str, count: Mapping[str, int], rules: DateRules) -> str | None:
    """Return the pattern that the user named, if it reads every value."""
    given = rules.pattern_of(name)
    if given is not None:
        return given if count["given"] == count["text"] else None
    if rules.dayfirst is None:
        return None
    days = _DAY_FIRST if rules.dayfirst else _MONTH_FIRST
    fitting = (day + time for day in days for time in _TIMES)
    return next((order for order in fitting if count[order] == count["text"]), None)


def _found(
    source: Source, name: str, days: Any, *, clock: int = 0, zoned: int = 0, unzoned: int = 0
) -> DayColumn:
    return DayColumn(
        source=source.name,
        column=name,
        days=days,
        has_clock=clock > 0,
        zoned=zoned,
        unzoned=unzoned,
    )


def _unreadable(source: Source, name: str, count: Mapping[str, int], rules: DateRules) -> Unread:
    filled, given = count["text"], rules.pattern_of(name)
    text = cleaned(source.table[name])
    iso = iso_day(text, None)
    head = f"`{name}` in `{source.name}`:"

    def bad(order: str) -> str:
        return examples(source, text, iso.isnull() & _read(text, order).isnull())

    if given is not None:
        problem = (
            f"{head} {_of(filled - count['given'], filled)} not written as `date_format` says "
            f"({given}), such as {bad(given)}."
        )
        return Unread(problem=problem)
    head += (
        f" {_of(filled - count['iso'], filled)} not ISO (year-month-day), such as "
        f"{examples(source, text, iso.isnull())}."
    )
    reads_all = [order for order in _all_patterns() if count[order] == filled]
    if not reads_all:
        best = max(_all_patterns(), key=lambda order: count[order])
        tail = (
            "No usual order reads any of these; correct them, or leave them blank."
            if count[best] == count["iso"]
            else f"No order reads all of them; {best} reads {display.count(count[best])} and "
            f"leaves {display.count(filled - count[best])}, such as {bad(best)}. Correct these, or "
            "leave them blank."
        )
        return Unread(problem=f"{head} {tail}")
    line = f'date_format={{"{name}": "{reads_all[0]}"}}{_or_dayfirst(reads_all[0])}'
    if len(reads_all) == 1:
        problem = f"{head} One order reads every value: {reads_all[0]}. To use it, write {line}."
        return Unread(problem=problem, pattern=reads_all[0])
    problem = (
        f"{head} {len(reads_all)} orders read every value: {', '.join(reads_all)}. Say which is "
        f"right, for instance {line}."
    )
    return Unread(problem=problem)


def _unreadable_there(
    source: Source, name: str, count: Mapping[str, int], engine: engines.Engine
) -> Unread:
    """Return what is wrong with texts on an engine that reads ISO dates only."""
    filled = count["text"]
    text = cleaned(source.table[name])
    head, kinds = f"`{name}` in `{source.name}`:", "year-month-day, with a time or without"
    if engine.offsets or not count["zoned"]:
        bad = examples(source, text, iso_day(text, None).isnull())
        head += f" {_of(filled - count['iso'], filled)} not ISO, such as {bad}."
    else:
        head += f" {display.plural(count['zoned'], 'date')} of {display.count(filled)} with an "
        head += "offset."
    problem = (
        f"{head} On {engine.title} only texts that are ISO ({kinds}"
        f"{' and offset' if engine.offsets else ''}) are read. Cast the column there, to dates or "
        "timestamps."
    )
    return Unread(problem=problem)


def _of(part: int, whole: int) -> str:
    verb = "is" if part == 1 else "are"
    return f"{display.count(part)} of {display.plural(whole, 'date')} {verb}"


def _or_dayfirst(order: str) -> str:
    day = re.split(" %[HI]", order, maxsplit=1)[0]
    if day in _DAY_FIRST:
        return " or dayfirst=True"
    return " or dayfirst=False" if day in _MONTH_FIRST else ""


def _all_patterns() -> list[str]:
    days = (*_DAY_FIRST, *_MONTH_FIRST, *_YEAR_FIRST, *_BY_NAME)
    return [day + time for day in days for time in _TIMES]


def _read(text: ir.StringColumn, pattern: str) -> ir.TimestampColumn:
    """Return the times that a pattern reads; a year of four digits needs four digits."""
    read = _clock_read(text, pattern)
    if "%Y" not in pattern:
        return read
    return ibis.ifelse(text.re_search(r"\d{4}"), read, ibis.null("timestamp"))


def examples(source: Source, text: ir.StringColumn, chosen: ir.BooleanColumn) -> str:
    """Return the three most frequent texts, the same ones every time."""
    table = source.table.select(text=text, chosen=chosen & text.notnull())
    table = table.filter(table.chosen)
    counted = table.group_by("text").aggregate(n=table.count())
    found = counted.order_by(ibis.desc("n"), "text").limit(3).execute()
    return ", ".join(repr(str(value)[:60]) for value in found["text"])


def _places(columns: Sequence[DayColumn]) -> str:
    return ", ".join(f"`{column.column}` in `{column.source}`" for column in columns)
