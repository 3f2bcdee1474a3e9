"""Salesforce tables opened: fields by API names, ids in one form, times read, flags told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit._core import display
from funnelkit._core.errors import DataError
from funnelkit.data import amounts, parsing, refusals, sources
from funnelkit.data.columns import ReadingRules
from funnelkit.data.exports import Export, open_export
from funnelkit.data.finding import Finding, share_of
from funnelkit.data.salesforce import dialect, ids
from funnelkit.data.sources import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

_IDS = ("Id", "RecordId", "ConvertedOpportunityId", "ConvertedAccountId", "MasterRecordId")
_FLAGS = ("IsWon", "IsClosed", "IsConverted", "IsDeleted")
_YES, _NO = ("1", "true", "yes", "y", "t"), ("0", "false", "no", "n", "f")
_ENCODING = "iso-8859-1"  # what the documentation of the export service names beside UTF-8
_ISO = r"^\d{4}-\d{2}-\d{2}"
_BARE = rf"{_ISO}[T ]\d{{2}}:\d{{2}}(:\d{{2}}([.,]\d+)?)?$"
_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,3}))?)?\s*([AaPp])?"


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """All exports of one kind, stacked, in one form.

    Parameters
    ----------
    table
        ``_source`` (position of the file), the fields by their API names as cleaned text, flags
        as booleans, ``Amount`` exact; for each time and date ``<field>_day``; for ``CreatedDate``
        also ``at`` (UTC, null without a zone) and ``moment`` (for sorting); ``x_<n>`` for the
        further columns that were asked for.
    fields
        Fields that at least one file has.
    extra
        Name of a further column -> its place ``x_<n>``.
    labels
        Whether a report's labels were found.
    numbers
        Positions of its files.
    """

    kind: str
    table: ir.Table
    fields: frozenset[str]
    extra: Mapping[str, str]
    labels: bool
    numbers: tuple[int, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Every column by which it can be asked."""
        return self.fields | set(self.extra)

    def named(self, name: str) -> Any:
        """Return a column by the name it was asked by."""
        return self.table[self.extra.get(name, name)]

    def of(self, table: ir.Table, name: str) -> Any:
        """Return a column of rows made from this sheet, ``None`` where there is none."""
        place = self.extra.get(name, name)
        known = name in self.fields or name in self.extra
        return table[place] if known and place in table.columns else None

    def has(self, *names: str) -> bool:
        """Return whether every one of the fields is there."""
        return set(names) <= self.fields

    def get(self, name: str, kind: str = "string") -> Any:
        """Return a field, null where the export does not have it."""
        return self.table[name] if name in self.table.columns else ibis.null(kind)


@dataclass(kw_only=True)
class Desk:
    """What is gathered while the exports of a folder are opened."""

    engine: Backend
    rules: ReadingRules
    encoding: str | None
    delimiter: str | None
    amount: str | None = None
    sources: list[Source] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    days: list[parsing.DayColumn] = field(default_factory=list)
    unread: dict[str, parsing.Unread] = field(default_factory=dict)

    def sheet(self, kind: str, exports: Sequence[Export], extra: Collection[str] = ()) -> Sheet:
        """Return all exports of a kind as one sheet; problems are gathered, not raised."""
        parts: list[ir.Table] = []
        fields: set[str] = set()
        places = {name: f"x_{number}" for number, name in enumerate(sorted(extra))}
        found: set[str] = set()
        labels, numbers = False, []
        for found_layout, group in _alike(kind, exports):
            layout = self._with_amount(found_layout, group[0].columns)
            own = {
                name: column
                for name in places
                if (column := dialect.column_named(name, layout, group[0].columns)) is not None
            }
            source = self._opened(layout, group, own.values())
            if source is None:
                continue
            number = len(self.sources)
            self.sources.append(source)
            numbers.append(number)
            columns = self._fields(layout, source)
            columns |= {
                places[name]: parsing.cleaned(source.table[column])
                if column in source.table.columns
                else ibis.null("string")
                for name, column in own.items()
            }
            parts.append(source.table.select(_source=ibis.literal(number, "int32"), **columns))
            fields |= set(layout.columns)
            found |= set(own)
            labels |= layout.labels
        table = _stacked(parts)
        return Sheet(
            kind=kind,
            table=table if self.problems or not parts else sources.kept(self.engine, table),
            fields=frozenset(fields),
            extra={name: places[name] for name in found},
            labels=labels,
            numbers=tuple(numbers),
        )

    def _with_amount(self, layout: dialect.Layout, columns: Sequence[str]) -> dialect.Layout:
        """Return the layout with the column that was named as the amount, if one was."""
        if self.amount is None or layout.kind != dialect.OPPORTUNITY:
            return layout
        column = dialect.column_named(self.amount, layout, columns)
        if column is None:
            return layout
        return replace(layout, columns={**layout.columns, "Amount": column})

    def finish(self) -> None:
        """Raise every problem that was gathered.

        Raises
        ------
        DataError
            If there is one.
        """
        problems = self.problems + parsing.all_at_once(self.unread)
        problems += parsing.mixed_zones(self.days)
        if problems:
            raise DataError(list(dict.fromkeys(problems)))

    def _opened(
        self, layout: dialect.Layout, group: Sequence[Export], extra: Collection[str]
    ) -> Source | None:
        try:
            source = open_export(
                self.engine,
                group,
                [*layout.columns.values(), *extra],
                encoding=self.encoding,
                delimiter=self.delimiter,
                fallback=_ENCODING,
            )
        except DataError as error:
            self.problems += error.problems
            return None
        self.notes += source.notes
        return self._prepared(layout, source)

    def _fields(self, layout: dialect.Layout, source: Source) -> dict[str, Any]:
        """Return every field of a source as it is to be used."""
        raw = {
            name: parsing.cleaned(source.table[column]) for name, column in layout.columns.items()
        }
        columns: dict[str, Any] = dict(raw)
        found = {name: ids.examined(raw[name]) for name in _IDS if name in raw}
        flags = {name: _low(raw[name]) for name in _FLAGS if name in raw}
        checks = {name: _id_checks(one) for name, one in found.items()}
        checks |= {name: _flag_checks(low) for name, low in flags.items()}
        counted = _counted(source, checks)
        for name, one in found.items():
            if name in ("Id", "RecordId"):
                self.problems += refusals.of_ids(source, layout.columns[name])
            columns[name] = self._ids(source, layout.columns[name], one, counted[name])
        for name, low in flags.items():
            self._check_flag(source, layout.columns[name], low, counted[name])
            columns[name] = low.isin(_YES).fill_null(False)
        columns |= self._times(layout, source, raw)
        if layout.kind in (dialect.OPPORTUNITY, dialect.OPPORTUNITY_HISTORY):
            for name in ("Amount", "PrevAmount"):
                if name in raw:
                    columns[name], more = amounts.read_amounts(
                        source,
                        layout.columns[name],
                        decimal=self.rules.decimal,
                        thousands=self.rules.thousands,
                    )
                    self.problems += more
        return columns

    def _ids(self, source: Source, column: str, found: ids.Ids, counts: Mapping[str, int]) -> Any:
        """Return ids in one form, and say what had to be done to them."""
        lost = counts["whole"] - counts["fits"]
        damaged = counts["n"] - counts["short"] - counts["whole"]
        where = f"`{column}` in `{source.name}`"
        whole = ids.canonical(found, short=counts["short"] > 0)
        if lost:
            again, able = ids.restored(found)
            can = found.whole & ~found.fits & able
            repaired = _counted(source, {"": {"n": can}})[""]["n"]
            damaged += lost - repaired
            whole = ibis.cases((can, again), (found.whole & ~found.fits, found.text), else_=whole)
            if repaired:
                self.notes.append(
                    f"{where}: {display.plural(repaired, 'id')} had lost upper and lower case, "
                    "which the last three characters gave back."
                )
        if damaged:
            self.findings.append(
                Finding(
                    rule="ids_odd",
                    severity="warning",
                    count=damaged,
                    share=share_of(damaged, counts["n"]),
                    what=f"{where}: {display.plural(damaged, 'value')} of "
                    f"{display.count(counts['n'])} "
                    f"{'is no Salesforce id' if damaged == 1 else 'are no Salesforce ids'} of 15 "
                    "or 18 characters.",
                    remedy="They were joined as they stand; export the id column again as text.",
                )
            )
        return whole

    def _check_flag(self, source: Source, column: str, low: Any, counts: Mapping[str, int]) -> None:
        """Note what a flag looks like, and refuse one that says neither yes nor no."""
        strange, filled = counts["odd"], counts["filled"]
        if strange:
            odd = ~low.isin([*_YES, *_NO])
            self.problems.append(
                f"`{column}` in `{source.name}` holds {display.plural(strange, 'value')} that "
                f"{'is' if strange == 1 else 'are'} neither yes nor no, such as "
                f"{parsing.examples(source, low, odd)}; it must be 1 or 0, true or false, or "
                "blank for no."
            )
        if 0 < filled < source.rows and not counts["no"]:
            self.notes.append(f"`{column}` in `{source.name}` is 1 or blank; blank is no.")

    def _prepared(self, layout: dialect.Layout, source: Source) -> Source:
        """Return the source with dates cut to their day, and times without a zone in GMT."""
        ready: dict[str, Any] = {}
        for name in (name for name in dialect.DATES if name in layout.columns):
            text = parsing.cleaned(source.table[layout.columns[name]])
            ready[layout.columns[name]] = ibis.ifelse(
                text.re_search(_ISO), text.substr(0, 10), text
            )
        for name in (name for name in dialect.TIMES if name in layout.columns):
            column = layout.columns[name]
            text = parsing.cleaned(source.table[column])
            bare = text.re_search(_BARE)
            if layout.labels or not (gmt := _counted(source, {"": {"n": bare}})[""]["n"]):
                continue
            ready[column] = ibis.ifelse(bare, text.concat("Z"), text)
            self.notes.append(
                f"{display.plural(gmt, 'time')} in `{column}` of `{source.name}` "
                f"{'carries' if gmt == 1 else 'carry'} no zone; an export by API names means GMT."
            )
        return replace(source, table=source.table.mutate(**ready)) if ready else source

    def _times(
        self, layout: dialect.Layout, source: Source, raw: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the days of times and dates, and the moments of times."""
        names = {
            layout.columns[name]: name
            for name in (*dialect.TIMES, *dialect.DATES)
            if name in layout.columns
        }
        days, bad = parsing.read_days(source, list(names), self.rules.dates)
        self.problems += [column.problem for column in bad.values()]
        self.unread |= bad
        self.days += [day for column, day in days.items() if names[column] in dialect.TIMES]
        columns = {f"{names[column]}_day": day.days for column, day in days.items()}
        if "CreatedDate_day" in columns:
            columns["at"] = _instant(raw["CreatedDate"])
            columns["moment"] = ibis.coalesce(
                columns["at"].cast("timestamp"),
                _with_clock(columns["CreatedDate_day"], raw["CreatedDate"]),
            )
        return columns


def _low(text: Any) -> Any:
    return text.lower().re_replace(r"\.0$", "")


def _id_checks(found: ids.Ids) -> dict[str, Any]:
    return {
        "n": found.text.notnull(),
        "short": found.short,
        "whole": found.whole,
        "fits": found.whole & found.fits,
    }


def _flag_checks(low: Any) -> dict[str, Any]:
    filled = low.notnull()
    return {"filled": filled, "odd": filled & ~low.isin([*_YES, *_NO]), "no": low.isin(_NO)}


def _counted(source: Source, checks: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Return how many rows pass each test of each field, in one scan."""
    flat = {
        f"{number}_{what}": test.sum()
        for number, tests in enumerate(checks.values())
        for what, test in tests.items()
    }
    if not flat:
        return {}
    row = source.table.aggregate(**flat).execute().iloc[0]
    return {
        name: {what: _whole(row[f"{number}_{what}"]) for what in tests}
        for number, (name, tests) in enumerate(checks.items())
    }


def _whole(number: Any) -> int:
    return 0 if number is None or number != number else int(number)  # noqa: PLR0124  a NaN


def _alike(kind: str, exports: Sequence[Export]) -> list[tuple[dialect.Layout, list[Export]]]:
    """Return exports whose fields bear the same names, together."""
    groups: dict[tuple[tuple[str, str], ...], tuple[dialect.Layout, list[Export]]] = {}
    for export in exports:
        layout = dialect.layout_of(kind, export.columns)
        key = tuple(sorted(layout.columns.items()))
        groups.setdefault(key, (layout, []))[1].append(export)
    return list(groups.values())


def _stacked(parts: Sequence[ir.Table]) -> ir.Table:
    """Return tables one below the other, null in columns that some of them lack."""
    if not parts:
        return ibis.memtable({"_source": [0]}, schema={"_source": "int32"}).limit(0)
    kinds = {name: part[name].type() for part in parts for name in part.columns}
    whole = [
        part.select(
            **{
                name: part[name] if name in part.columns else ibis.null(kind)
                for name, kind in kinds.items()
            }
        )
        for part in parts
    ]
    return whole[0].union(*whole[1:]) if len(whole) > 1 else whole[0]


def _instant(text: Any) -> Any:
    """Return the moment of an ISO text with an offset; null for others."""
    offset = text.re_search(rf"{_ISO}[T ].*(Z|UTC|GMT|[+-]\d{{2}}(:?\d{{2}})?)$")
    plain = text.re_replace(" ?(UTC|GMT|Z)$", "Z").re_replace(r" ([+-][\d:]+)$", r"\1")
    moment = plain.replace(",", ".").try_cast("timestamp('UTC')")
    return ibis.ifelse(offset, moment, ibis.null("timestamp('UTC')"))


def _with_clock(day: Any, text: Any) -> Any:
    """Return a day with the time of day that stands in a text, for sorting only."""
    hour = text.re_extract(_CLOCK, 1).try_cast("int32").fill_null(0)
    half = text.re_extract(_CLOCK, 5).upper()
    hour = ibis.cases(
        ((half == "P") & (hour < 12), hour + 12), ((half == "A") & (hour == 12), 0), else_=hour
    )
    clock = hour.cast("string").lpad(2, "0")
    for group in (2, 3):
        part = text.re_extract(_CLOCK, group)
        clock = clock.concat(":", ibis.ifelse(part == "", "00", part))
    return day.cast("string").concat(" ", clock).try_cast("timestamp")
