"""Columns of a table as what they hold: each value read or reported, none guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit._core import display
from funnelkit._core.dates import Calendar
from funnelkit.data import amounts, engines, parsing, refusals
from funnelkit.data.iso import CLOCK, DAY, ZONE
from funnelkit.data.ledgers.schemas import Field, Schema
from funnelkit.data.sources import Source

if TYPE_CHECKING:
    import pandas as pd

_MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"
_YES = ("1", "true", "yes", "y", "t", "x", "ja", "wahr", "oui", "si", "sim")
_NO = ("0", "false", "no", "n", "f", "nein", "falsch", "non", "nao")
_KEYS = ("account", "record", "contract")
_QUARTER = re.compile(r"(FY)?(\d{4})[ -]?Q([1-4])|Q([1-4])[ -](FY)?(\d{4})")
_YEAR = re.compile(r"(FY)?(\d{4})")


# DuckDB's own function: annotated by `signature`, which Ibis reads when the module loads.
@ibis.udf.scalar.builtin(name="try_strptime", signature=(("string", "string"), "timestamp"))
def _clock_read(text, pattern):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return the time that a pattern reads in a text, or null."""


@dataclass(frozen=True, kw_only=True)
class Typing:
    """How values are to be read.

    Parameters
    ----------
    dates
        Rules for dates.
    decimal, thousands
        Marks in amounts.
    calendar
        Where fiscal years start.
    every
        What a day in a column of periods stands for: its month, quarter or year.
    """

    dates: parsing.DateRules
    decimal: str | None = None
    thousands: str | None = None
    calendar: Calendar = field(default_factory=Calendar)
    every: str | None = None


@dataclass(kw_only=True)
class Typed:
    """The rows of a table with each column as what it holds, and what is wrong with them."""

    frame: pd.DataFrame
    problems: list[str] = field(default_factory=list)
    days_only: frozenset[str] = frozenset()


def read_columns(
    source: Source, schema: Schema, columns: Mapping[str, str], typing: Typing
) -> Typed:
    """Return the rows of a source with each column of the schema as what it holds.

    Parameters
    ----------
    source
        The raw relation.
    schema
        Its columns.
    columns
        Name here -> name in the source, for those that the source has.
    typing
        How values are to be read.
    """
    problems: list[str] = []
    found: dict[str, Any] = {}
    months = [columns[name] for name in schema.of_kind("month")]
    dated = source
    if months:
        whole = {name: _first_days(source.table[name]) for name in months}
        dated = replace(source, table=source.table.mutate(**whole))
    names = {columns[name]: name for name in schema.of_kind("month", "day", "moment")}
    days, unread = parsing.read_days(dated, list(names), typing.dates)
    problems += [column.problem for column in unread.values()] + parsing.all_at_once(unread)
    moments = [days[columns[name]] for name in schema.of_kind("moment") if columns[name] in days]
    problems += parsing.mixed_zones(moments)
    for place, name in names.items():
        if place in days:
            is_moment = schema[name].kind == "moment"
            found[name] = _moment(dated, days[place]) if is_moment else days[place].days
    for name in schema.of_kind("amount", "number", "whole"):
        found[name], more = amounts.read_amounts(
            source, columns[name], decimal=typing.decimal, thousands=typing.thousands
        )
        problems += more
    for name in schema.of_kind("text", "period", "flag"):
        if name in _KEYS and (more := refusals.of_ids(source, columns[name])):
            problems += more
        found[name] = parsing.cleaned(source.table[columns[name]])
    frame = dated.table.select(**found).execute()
    frame = frame[[name for name in schema.names if name in found]].copy()
    zoned = {names[one.column] for one in moments if one.zoned}
    for name in frame.columns:
        place = f"`{columns[name]}` in `{source.name}`"
        frame[name], more = _finished(frame[name], schema[name], place, typing, zoned=name in zoned)
        problems += more
    return Typed(
        frame=frame,
        problems=problems,
        days_only=frozenset(names[one.column] for one in moments if not one.has_clock),
    )


def _first_days(column: Any) -> Any:
    """Return texts that name a month as its first day, and the others as they are."""
    if not column.type().is_string():
        return column
    text = parsing.cleaned(column)
    return ibis.ifelse(text.re_search(_MONTH), text.concat("-01"), text)


def _moment(source: Source, day: parsing.DayColumn) -> Any:
    """Return the times of a column of dates: in UTC where they carry an offset."""
    column = source.table[day.column]
    kind = column.type()
    if kind.is_null():
        return ibis.null("timestamp")
    if not kind.is_string():
        return engines.on_the_wall(column, "UTC") if day.zoned else column.cast("timestamp")
    text = parsing.cleaned(column)
    plain = ibis.ifelse(text.re_search(f"^{DAY}({CLOCK})?$"), text, ibis.null("string"))
    moment = plain.replace(",", ".").try_cast("timestamp")
    if day.zoned:
        offset = ibis.ifelse(text.re_search(f"^{DAY}{CLOCK}{ZONE}$"), text, ibis.null("string"))
        zulu = offset.re_replace(" ?(UTC|Z)$", "Z").re_replace(r" ([+-][\d:]+)$", r"\1")
        zulu = zulu.re_replace(r"^(.{11}\d\d:\d\d)(Z|[+-][\d:]+)$", r"\1:00\2")
        instant = zulu.replace(",", ".").try_cast("timestamp('UTC')")
        moment = ibis.coalesce(engines.on_the_wall(instant, "UTC"), moment)
    if day.pattern is not None:
        moment = ibis.coalesce(moment, _clock_read(text, day.pattern))
    return moment


def _finished(
    values: pd.Series[Any], field_: Field, place: str, typing: Typing, *, zoned: bool
) -> tuple[pd.Series[Any], list[str]]:
    """Return a column with its declared type, and what it cannot be."""
    import pandas as pd

    kind = field_.kind
    if kind == "text":
        return _texts(values), []
    if kind == "period":
        return _periods(values, place, typing)
    if kind == "flag":
        return _flags(values, place)
    if kind in ("amount", "number", "whole"):
        return _numbers(values, field_, place)
    moments = pd.to_datetime(values).astype("datetime64[us]")
    if kind == "month":
        return moments.dt.to_period("M"), []
    if zoned:
        moments = moments.dt.tz_localize("UTC").dt.tz_convert(typing.dates.timezone or "UTC")
    return moments, []


def _texts(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return values as they are, ``None`` where blank."""
    whole = values.astype(object)
    return whole.where(values.notna(), None)


def _numbers(values: pd.Series[Any], field_: Field, place: str) -> tuple[pd.Series[Any], list[str]]:
    """Return amounts as they are, numbers as floats, counts as whole; and what they cannot be."""
    import pandas as pd

    known = values.dropna()
    problems = []
    below = known[known < 0]
    if len(below) and field_.below == "refused":
        problems.append(
            f"{place}: {display.plural(len(below), 'value')} below 0, such as "
            f"{_shown(below)}; {field_.what} cannot be negative. Correct them, or leave them "
            "blank."
        )
    if field_.kind == "amount":
        return _texts(values), problems
    if field_.kind == "number":
        return values.astype(float), problems
    odd = known[[one != one.to_integral_value() for one in known]]
    if len(odd):
        problems.append(
            f"{place}: {display.plural(len(odd), 'value')} {_are(len(odd))} no whole "
            f"{'number' if len(odd) == 1 else 'numbers'}, such as {_shown(odd)}."
        )
        return values, problems
    whole = [pd.NA if pd.isna(one) else int(one) for one in values]
    return pd.Series(whole, index=values.index, dtype="Int64"), problems


def _flags(values: pd.Series[Any], place: str) -> tuple[pd.Series[Any], list[str]]:
    """Return flags; a count of at least 1 is a yes."""
    texts = values.astype(object).dropna()
    plain = {text: re.sub(r"\.0+$", "", str(text).casefold()) for text in texts.unique()}
    yes = {text for text, own in plain.items() if own in _YES or _counted(own) > 0}
    no = {text for text, own in plain.items() if own in _NO or _counted(own) == 0}
    odd = [str(text) for text in texts[~texts.isin([*yes, *no])]]
    problem = (
        f"{place}: {display.plural(len(odd), 'value')} {_are(len(odd))} neither yes nor no, such "
        f"as {_quoted(odd)}; it must be true or false, yes or no, 1 or 0, a count, or blank."
    )
    flags = values.isin(list(yes)).astype("boolean").mask(values.isna())
    return flags, [problem] if odd else []


def _counted(text: str) -> int:
    """Return the count that a text is, -1 where it is none."""
    return int(text) if text.isdecimal() else -1


def _periods(
    values: pd.Series[Any], place: str, typing: Typing
) -> tuple[pd.Series[Any], list[str]]:
    """Return periods of one unit: of labels that name one, or of days where the unit was said."""
    import pandas as pd

    texts = _texts(values)
    read = {text: _period(text, typing) for text in dict.fromkeys(texts.dropna())}
    problems = []
    days = [text for text, one in read.items() if one == "day"]
    odd = [text for text, one in read.items() if one is None]
    if odd:
        fiscal = " (with FY, since the fiscal year is not the calendar year)"
        fiscal = fiscal if typing.calendar.fiscal_year_start != 1 else ""
        problems.append(
            f"{place}: {display.plural(int(texts.isin(odd).sum()), 'value')} "
            f"{_are(int(texts.isin(odd).sum()))} no period, such as {_quoted(odd)}; write a month "
            f"as 2026-01, a quarter as 2026 Q1, a year as 2026{fiscal}."
        )
    if days:
        problems.append(
            f"{place}: {display.plural(int(texts.isin(days).sum()), 'value')} "
            f"{_are(int(texts.isin(days).sum()))} a day, such as {_quoted(days)}; say what it "
            'stands for: every="month", "quarter" or "year".'
        )
    known = {text: one for text, one in read.items() if isinstance(one, pd.Period)}
    units = sorted({one.freqstr for one in known.values()})
    if len(units) > 1:
        examples = [next(t for t, one in known.items() if one.freqstr == unit) for unit in units]
        problems.append(
            f"{place} mixes periods of several lengths, such as {_quoted(examples)}; quotas would "
            "count twice. Read each length by itself."
        )
    if problems or not units:
        return texts, problems
    index = pd.PeriodIndex(
        [known[text] if text is not None else pd.NaT for text in texts], freq=units[0]
    )
    return pd.Series(index, index=values.index), []


def _period(text: str, typing: Typing) -> Any:
    """Return the period that a label names: ``"day"`` for a day unless told, or ``None``."""
    import pandas as pd

    label = " ".join(text.upper().split())
    month = re.fullmatch(_MONTH, label)
    if month and typing.every in (None, "month"):
        return pd.Period(label, freq="M")
    if month or re.fullmatch(rf"{DAY}(T.*| .*)?", label):
        return _around(f"{label}-01"[:10] if month else label[:10], typing)
    return _named(label, typing.calendar)


def _around(day: str, typing: Typing) -> Any:
    """Return the period of the unit that was said in which a day lies."""
    if typing.every is None:
        return "day"
    try:
        return typing.calendar.period(day, typing.every)  # type: ignore[arg-type]
    except ValueError:
        return None


def _named(label: str, calendar: Calendar) -> Any:
    """Return the quarter or year that a label names; a fiscal one must say so."""
    import pandas as pd

    quarter, year = _QUARTER.fullmatch(label), _YEAR.fullmatch(label)
    said = "FY" in label
    if not (quarter or year) or (calendar.fiscal_year_start != 1 and not said):
        return None
    if quarter:
        number, of = quarter[3] or quarter[4], quarter[2] or quarter[6]
        return pd.Period(freq=calendar.freq("quarter"), year=int(of), quarter=int(number))
    last = (calendar.fiscal_year_start - 2) % 12 + 1
    return pd.Period(freq=calendar.freq("year"), year=int(label[-4:]), month=last)


def _shown(values: pd.Series[Any]) -> str:
    return ", ".join(f"{one.normalize():f}" for one in list(dict.fromkeys(values))[:3])


def _quoted(values: Sequence[str]) -> str:
    return ", ".join(repr(display.one_line(one)[:60]) for one in list(dict.fromkeys(values))[:3])


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
