"""The records of an export, typed: ids, stages, pipelines, every day, whatever else is needed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit._core.errors import DataError, did_you_mean
from funnelkit.data import amounts, filters, parsing, refusals, sources
from funnelkit.data.columns import ReadingRules, shown
from funnelkit.data.exports import Export, open_export
from funnelkit.data.hubspot import headers, merging
from funnelkit.data.hubspot.grains import Grain
from funnelkit.data.hubspot.headers import StageHeader
from funnelkit.data.setting_aside import FILTERED, NO_ID, while_opening
from funnelkit.data.sources import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd
    from ibis.backends.duckdb import Backend

MERGED = "merged into another record"
DELETED = "deleted"
_YES = ("true", "1", "yes", "t")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be read, and how.

    Parameters
    ----------
    grain
        Deals or contacts.
    names
        Id or localised name -> the name to use, of columns, stages and pipelines.
    rules
        How dates and amounts are read, which rows are kept.
    columns
        Headers that the user's funnel names; role -> headers in it.
    encoding, delimiter
        Of the files.
    """

    grain: Grain
    names: Mapping[str, str]
    rules: ReadingRules
    columns: Mapping[str, tuple[str, ...]]
    encoding: str | None
    delimiter: str | None


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Which header plays which part.

    Parameters
    ----------
    columns
        The whole header.
    parts
        Part -> header.
    dated
        Columns of stages; their days are ``entered_<k>``.
    plain
        Further columns that a funnel names as dates; their days are ``plain_<k>``.
    """

    columns: tuple[str, ...]
    parts: Mapping[str, str]
    dated: tuple[StageHeader, ...]
    plain: tuple[str, ...]

    def days(self) -> dict[str, str]:
        """Return column of days in the typed relation -> header."""
        found = {part: self.parts[part] for part in ("created", "closed") if part in self.parts}
        found |= {f"entered_{k}": one.column for k, one in enumerate(self.dated)}
        return found | {f"plain_{k}": column for k, column in enumerate(self.plain)}


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """The rows of deals or contacts, typed and computed once.

    Parameters
    ----------
    source
        Where they come from.
    layout
        Its header.
    texts
        Header -> column in ``table`` with its text.
    table
        ``id``, ``reason`` (why a row is set aside, or null), ``stage``, ``pipeline``, ``created``,
        ``closed``, ``entered_<k>`` …, ``value``, ``contact``, ``is_won``, ``is_closed``,
        ``probability``, and texts.
    into
        Merged id -> the id in which it lives on.
    clocked
        Columns of ``table`` that tell a time of day.
    days
        Every column of days that was read.
    """

    source: Source
    layout: Layout
    texts: Mapping[str, str]
    table: ir.Table
    into: Mapping[str, str]
    clocked: frozenset[str]
    days: tuple[parsing.DayColumn, ...]

    @property
    def parts(self) -> Mapping[str, str]:
        """Part -> header."""
        return self.layout.parts

    @property
    def usable(self) -> ir.Table:
        """The rows that are not set aside."""
        return self.table.filter(self.table.reason.isnull())

    @cached_property
    def records(self) -> int:
        """Records that are not set aside."""
        return self._rows_and_records[1]

    @cached_property
    def repeats(self) -> int:
        """Rows beyond the first of each record."""
        rows, records = self._rows_and_records
        return rows - records

    @cached_property
    def _rows_and_records(self) -> tuple[int, int]:
        table = self.usable
        row = table.aggregate(rows=table.count(), records=table.id.nunique()).execute().iloc[0]
        return int(row["rows"]), int(row["records"])

    @cached_property
    def types(self) -> int:
        """Values of the deal type, blank being one."""
        if "type" not in self.parts:
            return 0
        values = self.usable.select(value=self.usable[self.texts[self.parts["type"]]])
        return int(values.distinct().count().execute())

    @cached_property
    def profile(self) -> pd.DataFrame:
        """Return rows, outcomes and probabilities by ``pipeline`` and ``stage``."""
        table = self.usable
        found: pd.DataFrame = (
            table.group_by("pipeline", "stage")
            .aggregate(
                n=table.id.nunique(),
                won=table.is_won.sum(),
                closed=table.is_closed.sum(),
                flagged=table.is_won.count(),
                low=table.probability.min(),
                high=table.probability.max(),
            )
            .order_by("pipeline", "stage")
            .execute()
        )
        return found

    def tally(self) -> dict[str, int]:
        """Return the rows set aside, by reason."""
        table = self.table
        counted = table.group_by("reason").aggregate(n=table.count()).order_by("reason").execute()
        found = {
            str(reason): int(n)
            for reason, n in counted.itertuples(index=False)
            if isinstance(reason, str)
        }
        return found | while_opening(self.source)


def gather(engine: Backend, exports: Sequence[Export], wanted: Wanted) -> Gathered:
    """Return the records of the exports of one kind.

    Raises
    ------
    DataError
        With every problem at once.
    """
    columns = tuple(dict.fromkeys(column for export in exports for column in export.columns))
    parts = headers.parts_of(columns, wanted.grain.parts, wanted.names)
    dated = tuple(
        found
        for column in columns
        if (found := headers.stage_header(column, wanted.names.get(column)))
    )
    _refuse_missing(columns, parts, dated, wanted, exports[0].name)
    needed = [*parts.values(), *(one.column for one in dated)]
    needed += [column for given in wanted.columns.values() for column in given]
    needed += [*wanted.rules.where, *wanted.rules.exclude]
    opened = open_export(
        engine, exports, needed, encoding=wanted.encoding, delimiter=wanted.delimiter
    )
    if not opened.rows:
        raise DataError(f"`{opened.name}` holds no rows.")
    plain = tuple(column for column in wanted.columns.get("dates", ()) if column in columns)
    layout = Layout(columns=columns, parts=parts, dated=dated, plain=plain)
    return _typed(engine, opened, layout, wanted)


def _typed(engine: Backend, opened: Source, layout: Layout, wanted: Wanted) -> Gathered:
    headers_of_days = layout.days()
    dates = list(dict.fromkeys(headers_of_days.values()))
    source = with_plain_times(opened, dates)
    days, unread = parsing.read_days(source, dates, wanted.rules.dates)
    value, problems = _value(source, layout.parts, wanted)
    problems += [column.problem for column in unread.values()] + parsing.all_at_once(unread)
    formats = [name for name in wanted.rules.dates.formats if name in layout.columns]
    problems += refusals.of_formats(formats, dates)
    problems += parsing.mixed_zones(list(days.values()))
    problems += refusals.of_ids(source, layout.parts["id"])
    hidden = set(headers.personal_columns(layout.columns, wanted.names))
    unused, more = filters.unused([source], wanted.rules, hidden)
    problems += more
    if problems:
        raise DataError(problems)

    hidden -= set(wanted.columns.get("texts", ()))
    texts = {
        column: f"text_{k}" for k, column in enumerate(source.table.columns) if column not in hidden
    }
    typed = _parts(source, layout, wanted) | {"value": value}
    typed |= {name: days[column].days.cast("date") for name, column in headers_of_days.items()}
    typed |= {name: parsing.cleaned(source.table[column]) for column, name in texts.items()}
    for part in ("created", "closed"):
        typed.setdefault(part, ibis.null("date"))
    kept = filters.kept_by(source, wanted.rules)
    table = sources.kept(engine, source.table.select(**typed, _kept=kept))
    into = merging.survivors(_merged(source, layout.parts))
    gone = merging.as_table(engine, into) if into else None
    table = table.mutate(reason=_reason(table, gone)).drop("_kept", "deleted")
    return Gathered(
        source=replace(source, notes=(*source.notes, *unused)),
        layout=layout,
        texts=texts,
        table=sources.kept(engine, table),
        into=into,
        clocked=frozenset(n for n, column in headers_of_days.items() if days[column].has_clock),
        days=tuple(days.values()),
    )


def _parts(source: Source, layout: Layout, wanted: Wanted) -> dict[str, Any]:
    """Return the typed columns of the parts that are no days."""

    def text(part: str) -> Any:
        column = layout.parts.get(part)
        return ibis.null("string") if column is None else parsing.cleaned(source.table[column])

    def named(part: str) -> Any:
        return relabelled(text(part), wanted.names) if part in layout.parts else text(part)

    def flag(part: str) -> Any:
        here = text(part).lower()
        return ibis.ifelse(here.notnull(), here.isin(_YES), None).cast("int32")

    percent = text("probability").re_replace(r"\s*%$", "").try_cast("float64")
    hundred = text("probability").endswith("%").fill_null(False) | (percent > 1).fill_null(False)
    contact = text("contact")
    return {
        "id": text("id"),
        "stage": named("stage"),
        "pipeline": named("pipeline"),
        "is_won": flag("is_won"),
        "is_closed": flag("is_closed"),
        "probability": ibis.ifelse(hundred, percent / 100, percent),
        "contact": ibis.ifelse(contact.contains("@"), contact.lower().hexdigest("md5"), contact),
        "deleted": flag("deleted"),
    }


def relabelled(text: Any, names: Mapping[str, str]) -> Any:
    """Return a text under the name that was given for it."""
    if not names:
        return text
    return ibis.cases(*[(text == old, new) for old, new in names.items()], else_=text)


def with_plain_times(source: Source, columns: Collection[str]) -> Source:
    """Return a source whose epochs in milliseconds, as HubSpot's interface has them, are ISO."""
    changed = {}
    for column in columns:
        text = parsing.cleaned(source.table[column])
        epoch = text.re_search(r"^\d{12,13}$")
        number = ibis.ifelse(epoch, text, None).try_cast("int64")
        iso = number.as_timestamp("ms").strftime("%Y-%m-%dT%H:%M:%SZ")
        changed[column] = ibis.coalesce(iso, text)
    return replace(source, table=source.table.mutate(**changed)) if changed else source


def _value(source: Source, parts: Mapping[str, str], wanted: Wanted) -> tuple[Any, list[str]]:
    """Return the amount in the company's currency; a problem where currencies would be mixed."""
    given = wanted.columns.get("value", ())
    column = given[0] if given else parts.get("home_amount", parts.get("amount"))
    if column is None:
        return ibis.null("decimal(38, 4)"), []
    value, problems = amounts.read_amounts(
        source, column, decimal=wanted.rules.decimal, thousands=wanted.rules.thousands
    )
    if column == parts.get("amount") and "currency" in parts:
        kept = source.table.filter(filters.kept_by(source, wanted.rules))
        text = parsing.cleaned(kept[parts["currency"]])
        found = kept.filter(text.notnull()).select(text=text).distinct().order_by("text")
        several = list(found.execute()["text"])
        if len(several) > 1:
            problems.append(
                f"`{column}` in `{source.name}` is in {len(several)} currencies "
                f"({shown(several)}), which cannot be added. Export `Amount in company currency` "
                "as well, or read one currency with "
                f'where={{"{parts["currency"]}": "{several[0]}"}}.'
            )
    return value, problems


def _merged(source: Source, parts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return (id, the ids merged into it) of the rows that name any."""
    found: list[tuple[str, str]] = []
    for part in ("merged", "merged_vids"):
        if part in parts:
            text = parsing.cleaned(source.table[parts[part]])
            rows = source.table.select(id=parsing.cleaned(source.table[parts["id"]]), text=text)
            rows = rows.filter(rows.id.notnull() & rows.text.notnull()).distinct()
            found += [(str(a), str(b)) for a, b in rows.execute().itertuples(index=False)]
    return found


def _reason(table: ir.Table, gone: ir.Table | None) -> Any:
    merged = ibis.literal(False) if gone is None else table.id.isin(gone.merged)
    return ibis.cases(
        (~table["_kept"], FILTERED),
        (table.id.isnull(), NO_ID),
        (merged.fill_null(False), MERGED),
        ((table.deleted == 1).fill_null(False), DELETED),
        else_=ibis.null("string"),
    )


def _refuse_missing(
    columns: Sequence[str],
    parts: Mapping[str, str],
    dated: Sequence[StageHeader],
    wanted: Wanted,
    name: str,
) -> None:
    """Refuse an export without an id, without any stage, or without a column that was named."""
    grain = wanted.grain
    problems = []
    if "id" not in parts:
        label = "`Record ID`"
        problems.append(
            f"`{name}` has no {label}; it has {shown(columns)}. Export it, or say which column it "
            'is with labels={"its name": "Record ID"}.'
        )
    if "stage" not in parts and not dated:
        label = "`Deal Stage`" if grain.name == "deal" else "`Lifecycle Stage`"
        problems.append(
            f"`{name}` has neither {label} nor a date of a stage; export one of them, or say which "
            f"column it is with labels={{…: {label.replace('`', chr(34))}}}."
        )
    named = {column: role for role, given in wanted.columns.items() for column in given}
    named |= dict.fromkeys(wanted.rules.where, "where") | dict.fromkeys(
        wanted.rules.exclude, "exclude"
    )
    problems += [
        f"column `{column}` ({role}) is missing in `{name}`.{did_you_mean(column, columns)}"
        for column, role in named.items()
        if column not in columns
    ]
    if problems:
        raise DataError(problems)


def contacts_of_several(gathered: Gathered) -> tuple[int, int, int]:
    """Return contacts with several records, the records they hold, and all records with one."""
    table = gathered.usable
    table = table.filter(table.contact.notnull()).select("id", "contact")
    each = table.select("id", contact=table.contact.split(";").unnest())
    each = each.select("id", contact=each.contact.strip()).distinct()
    per = each.group_by("contact").aggregate(n=each.id.nunique())
    held = each.join(per, "contact")
    several = held.n > 1
    row = held.aggregate(
        contacts=held.contact.nunique(where=several),
        held=held.id.nunique(where=several),
        total=held.id.nunique(),
    )
    contacts, records, total = row.execute().iloc[0]
    return int(contacts), int(records), int(total)


__all__ = [
    "DELETED",
    "MERGED",
    "Gathered",
    "Wanted",
    "contacts_of_several",
    "gather",
    "relabelled",
    "with_plain_times",
]
