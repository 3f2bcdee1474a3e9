"""From text to days and amounts: ISO only unless told, each value read or reported, none guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit._core.errors import ArgumentError

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from funnelkit.data.sources import Source

_DAY = r"\d{4}-\d{2}-\d{2}"
_CLOCK = r"[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?"
_ZONE = r" ?(Z|UTC|[+-]\d{2}(:?\d{2})?)"
_TIMES = ("", " %H:%M", " %H:%M:%S")
_DAY_FIRST = ("%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%y", "%d/%m/%y", "%d.%m.%y")
_MONTH_FIRST = ("%m-%d-%Y", "%m/%d/%Y", "%m.%d.%Y", "%m/%d/%y", "%m-%d-%y")
_OTHER_ORDERS = ("%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%d %B %Y")
_PLAIN_AMOUNT = r"^[+-]?(\d+(\.\d*)?|\.\d+)$"
_AMOUNT_STYLES = (("", "."), (",", "."), (".", ","), ("", ","), (" ", ","), ("'", "."))


# DuckDB's own functions: annotated by `signature`, which Ibis reads when the module loads.
@ibis.udf.scalar.builtin(name="try_strptime", signature=(("string", "string"), "timestamp"))
def _clock_read(text, pattern):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return the time that a pattern reads in a text, or null."""


@ibis.udf.scalar.builtin(name="timezone", signature=(("string", "timestamp('UTC')"), "timestamp"))
def _wall_clock(zone, instant):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return the clock on the wall of a zone at an instant."""


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
        dayfirst: bool | None,
    ) -> DateRules:
        """Return the rules from a reader's arguments.

        Raises
        ------
        ArgumentError
            If a pattern has no ``%``.
        """
        formats = {"*": date_format} if isinstance(date_format, str) else dict(date_format or {})
        for column, pattern in formats.items():
            if "%" not in pattern:
                raise ArgumentError(
                    f"`date_format` for {column} must be a pattern such as %d-%m-%Y; "
                    f"got {pattern!r}."
                )
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
    """

    source: str
    column: str
    days: ir.DateColumn
    has_clock: bool
    zoned: int
    unzoned: int


def cleaned(column: ir.Column) -> ir.StringColumn:
    """Return a column as text without surrounding space, null where nothing is left."""
    return column.cast("string").strip().nullif("")


def read_days(
    source: Source, columns: Sequence[str], rules: DateRules
) -> tuple[dict[str, DayColumn], list[str]]:
    """Return the readable date columns of a source, and a problem for each of the others."""
    facts = _aggregate(source, {name: _iso_checks(source.table[name]) for name in columns})
    odd = [name for name in columns if facts[name].get("iso", 0) < facts[name].get("text", 0)]
    for name, found in _aggregate(
        source, {name: _order_checks(source.table[name], rules.pattern_of(name)) for name in odd}
    ).items():
        facts[name] |= found
    readable: dict[str, DayColumn] = {}
    problems: list[str] = []
    for name in columns:
        outcome = _day_column(source, name, facts[name], rules)
        if isinstance(outcome, str):
            problems.append(outcome)
        else:
            readable[name] = outcome
    return readable, problems


def mixed_zones(columns: Sequence[DayColumn]) -> list[str]:
    """Return the problem of times with an offset beside times without one."""
    zoned = [column for column in columns if column.zoned]
    unzoned = [column for column in columns if column.unzoned]
    if not zoned or not unzoned:
        return []
    return [
        f"times with an offset ({_places(zoned)}) stand beside times without one "
        f"({_places(unzoned)}); a day would begin at two different moments. Export all of them "
        "in one zone, or without the time of day."
    ]


def read_amounts(
    source: Source, name: str, *, decimal: str | None, thousands: str | None
) -> tuple[ir.DecimalColumn, list[str]]:
    """Return a column of exact amounts, and a problem if some cannot be read.

    Unasked, only digits with a decimal point are read.
    """
    column = source.table[name]
    if column.type().is_numeric():
        return _decimal(column), []
    text = cleaned(column)
    styles = [(thousands or "", decimal or ".")]
    if decimal is None and thousands is None:
        styles += [style for style in _AMOUNT_STYLES if style not in styles]
    readings = [_amount_text(text, *style) for style in styles]
    checks = {f"n{i}": reading.notnull().sum() for i, reading in enumerate(readings)}
    row = source.table.aggregate(n=text.notnull().sum(), **checks).execute().iloc[0]
    filled, read = int(row["n"] or 0), int(row["n0"] or 0)
    if filled == read:
        return _decimal(readings[0]), []
    examples = _examples(source, text, readings[0].isnull())
    fitting = [
        _amount_arguments(*style)
        for i, style in enumerate(styles[1:], 1)
        if int(row[f"n{i}"] or 0) == filled
    ]
    remedy = (
        f"Every value can be read with {' or '.join(fitting)}; say which is right."
        if fitting
        else "No usual style reads all of them; give `thousands=` and `decimal=`, or clean them."
    )
    return _decimal(readings[0]), [
        f"`{name}` in `{source.name}`: {filled - read:,} of {filled:,} amounts are not plain "
        f"numbers, such as {examples}. {remedy}"
    ]


def _aggregate(
    source: Source, checks: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, int]]:
    """Return the named counts of each column, all in one scan."""
    flat = {
        f"{number}_{what}": expression
        for number, named in enumerate(checks.values())
        for what, expression in named.items()
    }
    if not flat:
        return {name: {} for name in checks}
    row = source.table.aggregate(**flat).execute().iloc[0]
    return {
        name: {what: int(row[f"{number}_{what}"] or 0) for what in named}
        for number, (name, named) in enumerate(checks.items())
    }


def _iso_checks(column: ir.Column) -> dict[str, Any]:
    kind = column.type()
    filled = {"filled": column.notnull().sum()}
    if kind.is_timestamp():
        midnight = column.hour() + column.minute() + column.second() == 0
        return filled | {"clock": (column.notnull() & ~midnight).sum()}
    if not kind.is_string():
        return filled
    text = cleaned(column)
    return {
        "text": text.notnull().sum(),
        "clock": text.re_search(f"^{_DAY}{_CLOCK}{_ZONE}?$").sum(),
        "zoned": text.re_search(f"^{_DAY}{_CLOCK}{_ZONE}$").sum(),
        "iso": _iso_day(text, None).notnull().sum(),
    }


def _order_checks(column: ir.Column, pattern: str | None) -> dict[str, Any]:
    text = cleaned(column)
    orders = {order: order for order in _all_patterns()}
    if pattern is not None:
        orders = {"given": pattern}
    return {
        name: ibis.coalesce(_iso_day(text, None), _read(text, order)).notnull().sum()
        for name, order in orders.items()
    }


def _day_column(
    source: Source, name: str, count: Mapping[str, int], rules: DateRules
) -> DayColumn | str:
    column = source.table[name]
    kind = column.type()
    clock = count.get("clock", 0)
    if kind.is_null():
        return _found(source, name, column.cast("date"))
    if kind.is_date():
        return _found(source, name, column)
    if kind.is_timestamp():
        if getattr(kind, "timezone", None) is None:
            return _found(source, name, column.date(), clock=clock, unzoned=clock)
        local = _wall_clock(rules.timezone or "UTC", column)
        return _found(source, name, local.date(), clock=clock, zoned=count["filled"])
    if not kind.is_string():
        return (
            f"`{name}` in `{source.name}` holds {kind}, not dates. Serial numbers and epochs are "
            "not read; export ISO dates such as 2026-10-31."
        )
    text = cleaned(column)
    iso = _iso_day(text, rules.timezone or "UTC")
    filled = count["text"]
    if count["iso"] == filled:
        zoned = count["zoned"]
        return _found(source, name, iso, clock=clock, zoned=zoned, unzoned=clock - zoned)
    pattern = rules.pattern_of(name)
    if pattern is not None:
        if count["given"] == filled:
            days = ibis.coalesce(iso, _read(text, pattern))
            return _found(source, name, days, clock=clock + ("%H" in pattern), unzoned=clock)
        return _unreadable(source, name, count, [pattern], given=True)
    order = _fitting(count, filled, rules.dayfirst)
    if order is None:
        return _unreadable(source, name, count, _all_patterns(), given=False)
    days = ibis.coalesce(iso, *[_read(text, one) for one in order])
    return _found(source, name, days, clock=clock + ("%H" in order[0]), unzoned=clock)


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


def _fitting(
    count: Mapping[str, int], filled: int, dayfirst: bool | None
) -> tuple[str, ...] | None:
    """Return the one pattern that reads every value in the order the user named."""
    if dayfirst is None:
        return None
    for day in _DAY_FIRST if dayfirst else _MONTH_FIRST:
        for time in _TIMES:
            if count[day + time] == filled:
                return (day + time,)
    return None


def _unreadable(
    source: Source, name: str, count: Mapping[str, int], tried: Sequence[str], *, given: bool
) -> str:
    filled = count["text"]
    text = cleaned(source.table[name])
    if given:
        bad = ibis.coalesce(_iso_day(text, None), _read(text, tried[0])).isnull()
        return (
            f"`{name}` in `{source.name}`: {filled - count['given']:,} of {filled:,} dates do not "
            f"follow `date_format` {tried[0]}, such as {_examples(source, text, bad)}."
        )
    examples = _examples(source, text, _iso_day(text, None).isnull())
    head = (
        f"`{name}` in `{source.name}`: {filled - count['iso']:,} of {filled:,} dates are not ISO "
        f"(year-month-day), such as {examples}."
    )
    reads_all = [order for order in tried if count[order] == filled]
    if not reads_all:
        best = max(tried, key=lambda order: count[order])
        odd = ibis.coalesce(_iso_day(text, None), _read(text, best)).isnull()
        return (
            f"{head} No order reads all of them; {best} reads {count[best]:,} and leaves "
            f"{filled - count[best]:,}, such as {_examples(source, text, odd)}. Clean these, or "
            "give `date_format=`."
        )
    if len(reads_all) == 1:
        return (
            f"{head} One order reads every value: {reads_all[0]}. To use it, write "
            f'date_format={{"{name}": "{reads_all[0]}"}}{_or_dayfirst(reads_all[0])}.'
        )
    return (
        f"{head} {len(reads_all)} orders read every value: {', '.join(reads_all)}. Say which is "
        f'right, for instance date_format={{"{name}": "{reads_all[0]}"}}'
        f"{_or_dayfirst(reads_all[0])}."
    )


def _or_dayfirst(order: str) -> str:
    day = order.split(" %H")[0]
    if day in _DAY_FIRST:
        return " or dayfirst=True"
    return " or dayfirst=False" if day in _MONTH_FIRST else ""


def _all_patterns() -> list[str]:
    days = (*_DAY_FIRST, *_MONTH_FIRST, *_OTHER_ORDERS)
    return [day + time for day in days for time in _TIMES]


def _iso_day(text: ir.StringColumn, zone: str | None) -> ir.DateColumn:
    """Return the day of ISO texts, in a zone where they carry an offset; null for others."""
    local = ibis.ifelse(
        text.re_search(f"^{_DAY}({_CLOCK})?$"), text.substr(0, 10).try_cast("date"), ibis.null("date")
    )
    offset = text.re_search(f"^{_DAY}{_CLOCK}{_ZONE}$")
    instant = text.replace("UTC", "Z").replace(",", ".").try_cast("timestamp('UTC')")
    moved = _wall_clock(zone or "UTC", instant).date()
    return ibis.coalesce(local, ibis.ifelse(offset, moved, ibis.null("date")))


def _read(text: ir.StringColumn, pattern: str) -> ir.DateColumn:
    return _clock_read(text, pattern).date()


def _amount_text(text: ir.StringColumn, thousands: str, decimal: str) -> ir.StringColumn:
    """Return texts of one style as plain numbers; null for those that do not follow it."""
    if thousands:
        spaces = {" ": "[ \u00a0\u202f]", ".": "[.]", "'": "['\u2019]"}.get(thousands, thousands)
        point = "[.]" if decimal == "." else decimal
        style = rf"^[+-]?\d{{1,3}}({spaces}\d{{3}})*({point}\d*)?$|^[+-]?\d+({point}\d*)?$"
        grouped = text.re_replace(spaces, "")
        ok = text.re_search(style)
    else:
        grouped, ok = text, ibis.literal(True)
    plain = grouped if decimal == "." else grouped.replace(decimal, ".")
    fits = plain.re_search(_PLAIN_AMOUNT)
    if decimal != ".":
        fits &= ~text.contains(".") if thousands != "." else fits
    return ibis.ifelse(ok & fits, plain, ibis.null("string"))


def _amount_arguments(thousands: str, decimal: str) -> str:
    parts = [f'thousands="{thousands}"'] if thousands else []
    return ", ".join([*parts, f'decimal="{decimal}"'])


def _decimal(column: Any) -> Any:
    return column.try_cast("decimal(38, 4)")


def _examples(source: Source, text: ir.StringColumn, chosen: ir.BooleanColumn) -> str:
    table = source.table.select(text=text, chosen=chosen & text.notnull())
    found = table.filter(table.chosen).text.topk(5).execute()
    values = sorted(found["text"].tolist())[:3]
    return ", ".join(repr(value) for value in values)


def _places(columns: Sequence[DayColumn]) -> str:
    return ", ".join(f"`{column.column}` in `{column.source}`" for column in columns)
