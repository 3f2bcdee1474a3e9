"""From a file or frame to a `Ledger`: what every reader of such a table does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.dates import Calendar
from funnelkit._core.errors import ArgumentError, DataError, did_you_mean, unknown
from funnelkit.data import refusals, sources
from funnelkit.data.columns import shown
from funnelkit.data.finding import Finding
from funnelkit.data.ledgers import checking
from funnelkit.data.ledgers.exchange import checked_rates, into_one
from funnelkit.data.ledgers.ledger import Ledger
from funnelkit.data.ledgers.opening import Opening, open_table
from funnelkit.data.ledgers.schemas import Field, Schema
from funnelkit.data.ledgers.typed import Typing, read_columns
from funnelkit.data.parsing import DateRules
from funnelkit.data.preparing import check_marks
from funnelkit.data.setting_aside import HEADER_AGAIN, UNREADABLE_ROW, while_opening
from funnelkit.data.sources import Source
from funnelkit.data.spreadsheets.words import serials_of

if TYPE_CHECKING:
    import pandas as pd

BACKWARDS = "ends before it starts"


@dataclass(frozen=True, kw_only=True)
class Request:
    """Everything that a reader of a table was told.

    Parameters
    ----------
    columns
        Name here -> name in the source.
    keep
        Further columns to keep, as text.
    personal
        Columns whose values are in no example, note or error.
    currency, exchange
        What the amounts are in, or come into, and what one unit of others is worth.
    timezone, date_format, dayfirst
        How dates are read.
    decimal, thousands
        Marks in amounts.
    delimiter, encoding, sheet, header_row
        How files are written.
    calendar
        Where fiscal years start.
    every
        What a day in a column of periods stands for.
    """

    columns: Mapping[str, str] | None = None
    keep: Sequence[str] = ()
    personal: Sequence[str] = ()
    currency: str | None = None
    exchange: Mapping[str, float] | None = None
    timezone: str | None = None
    date_format: str | Mapping[str, str] | None = None
    dayfirst: bool | None = None
    decimal: str | None = None
    thousands: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | int | None = None
    header_row: int | None = None
    calendar: Calendar = field(default_factory=Calendar)
    every: str | None = None


def read_table(source: object, schema: Schema, request: Request) -> Ledger:
    """Return a table of one kind, every row accounted for.

    Raises
    ------
    ArgumentError
        For an argument that cannot be used.
    DataError
        With every problem at once.
    """
    schema = schema.more([_kept(name, schema) for name in _listed("keep", request.keep)])
    places = _places(schema, request.columns)
    hidden = _hidden(schema, request.personal)
    check_marks(request.decimal, request.thousands)
    rates = checked_rates(request.exchange, request.currency)
    serials, patterns = serials_of(request.date_format)
    dates = {places[name] for name in schema.of_kind("day", "moment", "month")}
    given = [*serials, *(patterns if isinstance(patterns, Mapping) else ())]
    if problems := refusals.of_formats(given, dates):
        raise DataError(problems)
    typing = Typing(
        dates=DateRules.of(request.timezone, patterns, dayfirst=request.dayfirst),
        decimal=request.decimal,
        thousands=request.thousands,
        calendar=request.calendar,
        every=request.every,
    )
    engine = sources.connect()
    try:
        opened = open_table(
            engine,
            source,
            needed=set(places.values()),
            dates=dates,
            opening=Opening(
                delimiter=request.delimiter,
                encoding=request.encoding,
                sheet=request.sheet,
                header_row=request.header_row,
                serials=serials,
            ),
        )
        own = _found(schema, opened, places, asked=(*(request.columns or ()), *request.keep))
        typed = read_columns(opened, own, places, typing)
    finally:
        sources.release(engine)
    frame, aside = _sifted(typed.frame, own, opened) if not typed.problems else (typed.frame, {})
    problems = list(dict.fromkeys(typed.problems))
    currency, notes = None, list(opened.notes)
    if not problems:
        currency, more, problems = into_one(
            frame, own.of_kind("amount"), rates=rates, currency=request.currency, name=opened.name
        )
        notes += more
        problems += _repeats(frame, own, opened.name)
    if problems:
        raise DataError(problems)
    return Ledger(
        schema=own,
        table=frame,
        source=opened.name,
        rows=opened.rows,
        aside=aside,
        currency=currency,
        days_only=typed.days_only,
        notes=tuple(notes),
        findings=(*opened.findings, *_aside(aside, opened), *checking.findings(frame, own, hidden)),
    )


def _kept(name: str, schema: Schema) -> Field:
    if name in schema.names:
        raise ArgumentError(f"`keep`: `{name}` is a column of the table already.")
    return Field(name=name, kind="text", what="kept as it is", category=True)


def _listed(argument: str, names: Sequence[str]) -> tuple[str, ...]:
    given = (names,) if isinstance(names, str) else tuple(names)
    if odd := [name for name in given if not isinstance(name, str)]:
        raise ArgumentError(f"`{argument}` must name columns; got {odd[0]!r}.")
    return given


def _places(schema: Schema, columns: Mapping[str, str] | None) -> dict[str, str]:
    """Return where each column stands: by its own name, unless told."""
    given = {} if columns is None else columns
    if not isinstance(given, Mapping) or not all(isinstance(one, str) for one in given.values()):
        raise ArgumentError(
            '`columns` must map names here to names in the source, such as {"amount": "Cost"}; '
            f"got {columns!r}."
        )
    for name in given:
        if name not in schema.names:
            raise ArgumentError(f"`columns`: {unknown('column', str(name), schema.names)}")
    places = {name: given.get(name, name) for name in schema.names}
    twice = [name for name in given if list(given.values()).count(given[name]) > 1]
    if twice:
        raise ArgumentError(
            f"`columns`: {display.listed([f'`{name}`' for name in twice])} stand in one column, "
            f"`{given[twice[0]]}`; each needs its own."
        )
    taken = set(given.values())
    return {name: place for name, place in places.items() if name in given or place not in taken}


def _hidden(schema: Schema, personal: Sequence[str]) -> frozenset[str]:
    hidden = {field.name for field in schema.fields if field.person}
    for name in _listed("personal", personal):
        if name not in schema.names:
            raise ArgumentError(f"`personal`: {unknown('column', name, schema.names)}")
        if schema[name].kind != "text":
            raise ArgumentError(
                f"`personal` names texts, such as people and mail addresses; `{name}` is "
                f"{schema[name].what}."
            )
        hidden.add(name)
    return frozenset(hidden)


def _found(
    schema: Schema, source: Source, places: Mapping[str, str], *, asked: Sequence[str]
) -> Schema:
    """Return the schema of the columns that the source has.

    Raises
    ------
    DataError
        If it lacks one that is needed or was asked for.
    """
    has = [name for name, place in places.items() if place in source.columns]
    needed = [name for name in schema.names if schema[name].needed or name in asked]
    if schema.forms:
        form = next((form for form in schema.forms if form[0] in has), None)
        if form is None:
            options = " or ".join(
                display.listed([f"`{places.get(name, name)}`" for name in form])
                for form in schema.forms
            )
            raise DataError(
                f"`{source.name}` needs {options}; it has {shown(source.columns)}. Where the names "
                f'differ, write columns={{"{schema.forms[0][0]}": "its name"}}.'
            )
        others = {name for other in schema.forms for name in other} - set(form)
        has = [name for name in has if name not in others]
        needed += [name for name in form if name not in needed]
    problems = [
        f"column `{places.get(name, name)}` ({schema[name].what}) is missing in `{source.name}`; "
        f"it has {shown(source.columns)}.{did_you_mean(places.get(name, name), source.columns)}"
        + ("" if name in asked else f' Where it bears another name, write columns={{"{name}": …}}.')
        for name in needed
        if name not in has
    ]
    if problems:
        raise DataError(problems)
    return schema.kept(has)


def _sifted(
    frame: pd.DataFrame, schema: Schema, source: Source
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the rows that can be used, and why the others cannot."""
    aside = while_opening(source)
    for field_ in schema.fields:
        if field_.filled and field_.name in frame.columns:
            blank = frame[field_.name].isna()
            aside[f"no `{field_.name}`"] = int(blank.sum())
            frame = frame[~blank]
    if {"start", "end"} <= set(frame.columns):
        backwards = (frame["end"] < frame["start"]).fillna(value=False)
        aside[BACKWARDS] = int(backwards.sum())
        frame = frame[~backwards]
    return frame.reset_index(drop=True), {reason: n for reason, n in aside.items() if n}


def _repeats(frame: pd.DataFrame, schema: Schema, name: str) -> list[str]:
    """Return what is wrong with rows of one key, where these cannot be."""
    if schema.again != "refused":
        return []
    key = [one for one in schema.key if one in frame.columns]
    number = int(frame.duplicated(key, keep=False).sum())
    if not number:
        return []
    columns = display.listed([f"`{one}`" for one in key])
    problem = (
        f"{display.plural(number, 'row')} of `{name}` share {columns} with another one: which of "
        "them holds, or whether they add up, is not said. Keep one, or add them up before."
    )
    return [problem]


def _aside(aside: Mapping[str, int], source: Source) -> list[Finding]:
    """Return a finding for each reason for which rows were set aside."""
    return [
        Finding(
            rule="rows_set_aside",
            severity="warning",
            count=number,
            share=number / source.rows,
            examples=source.misfits[1] if reason == UNREADABLE_ROW else (),
            what=f"{display.plural(number, 'row')} of {display.count(source.rows)} "
            f"{'was' if number == 1 else 'were'} set aside: {reason}.",
            remedy="They are in no figure. Complete them in the source.",
        )
        for reason, number in aside.items()
        if reason not in source.aside and reason != HEADER_AGAIN
    ]
