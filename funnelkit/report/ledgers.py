"""The `tables` key of `funnel.yml`: what is not a lead, such as spend, visitors and quotas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from funnelkit._core.errors import DataError, FunnelError, did_you_mean
from funnelkit.data.document import Section
from funnelkit.data.ledgers.schemas import SCHEMAS, Schema
from funnelkit.data.spreadsheets.words import ENDINGS
from funnelkit.report.exports import matching, table_options

if TYPE_CHECKING:
    from funnelkit.data.definition import Funnel
    from funnelkit.data.ledgers import Ledger

_PERIODS = ("month", "quarter", "year")
_DATED = ("date_format", "dayfirst")


@dataclass(frozen=True, kw_only=True)
class TableFiles:
    """One table beside the leads, as funnel.yml names it.

    Parameters
    ----------
    kind
        ``"spend"``, ``"visitors"`` …
    files
        Its file or files.
    options
        What its reader is told.
    """

    kind: str
    files: tuple[Path, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Tables:
    """The tables beside the leads.

    Parameters
    ----------
    named
        Each as funnel.yml names it.
    channel
        Segment of the leads whose values are the channels of spend and visitors.
    """

    named: tuple[TableFiles, ...] = ()
    channel: str | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """All files of all tables."""
        return tuple(file for one in self.named for file in one.files)

    def read(self) -> dict[str, Ledger]:
        """Return the tables by kind, every row accounted for.

        Raises
        ------
        DataError
            With every problem of every table at once, each with the table's name.
        """
        from funnelkit.data import ledgers

        found: dict[str, Ledger] = {}
        problems: list[str] = []
        for one in self.named:
            source: Any = one.files[0] if len(one.files) == 1 else list(one.files)
            try:
                found[one.kind] = getattr(ledgers, f"read_{one.kind}")(source, **one.options)
            except FunnelError as error:
                own = getattr(error, "problems", (str(error),))
                problems += [f"`tables.{one.kind}` in funnel.yml: {words}" for words in own]
        if problems:
            raise DataError(problems)
        return found


def tables(root: Section, funnel: Funnel | None, folder: Path) -> Tables:
    """Return the tables that the key names, and note every mistake with its line."""
    section = root.section("tables")
    if section is None:
        return Tables()
    channel = section.text("channel")
    if channel is not None and funnel is not None and channel not in funnel.groups:
        known = ", ".join(funnel.groups) or "none"
        section.note("channel", f"must be a segment of the funnel; got {channel!r}. Known: {known}")
    named = [
        _table(section, kind, schema, funnel, folder)
        for kind, schema in SCHEMAS.items()
        if section.node(kind) is not None
    ]
    section.close()
    return Tables(named=tuple(named), channel=channel)


def _table(
    section: Section, kind: str, schema: Schema, funnel: Funnel | None, folder: Path
) -> TableFiles:
    if not section.is_mapping(kind):  # the short form: `spend: spend.csv`
        options = _of_funnel(kind, funnel)
        return TableFiles(kind=kind, files=_files(section, kind, folder), options=options)
    own = section.section(kind)
    if own is None:
        return TableFiles(kind=kind, files=())
    if "path" not in own:
        own.note("path", "is missing: the path of the table, relative to this file.")
    files = _files(own, "path", folder)
    options = {**table_options(own), "columns": _columns(own, schema), "keep": own.texts("keep")}
    options |= _of_kind(own, schema, options)
    _check(own, files, options, funnel)
    own.close()
    told = {name: value for name, value in options.items() if value not in (None, (), {})}
    return TableFiles(
        kind=kind, files=files, options=MappingProxyType({**told, **_of_funnel(kind, funnel)})
    )


def _of_kind(own: Section, schema: Schema, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what only some kinds of tables can be told."""
    found: dict[str, Any] = {}
    if schema.of_kind("amount"):
        found |= {"currency": own.text("currency"), "exchange": _rates(own)}
    if schema.name == "contracts":
        found["years"] = own.texts("years")
    if schema.name == "quotas":
        found["every"] = own.choice("every", _PERIODS)
        for key in [key for key in _DATED if key in options]:
            own.note(key, "is not for quotas: a period is 2026-01, 2026 Q1 or 2026.")
    return found


def _check(
    own: Section, files: tuple[Path, ...], options: Mapping[str, Any], funnel: Funnel | None
) -> None:
    """Note what cannot be together."""
    odd = [file.name for file in files if file.suffix.lower() not in ENDINGS]
    for key in ("sheet", "header_row"):
        if odd and key in options:
            own.note(key, f"is for Excel workbooks; {odd[0]} is none.")
    hidden = () if funnel is None else funnel.personal
    for key, names in (("columns", options["columns"].values()), ("keep", options["keep"])):
        for name in [name for name in names if name in hidden]:
            own.note(key, f"names {name!r}, which is `personal` and never read.")


def _of_funnel(kind: str, funnel: Funnel | None) -> dict[str, Any]:
    """Return what the funnel itself tells a reader."""
    if funnel is None:
        return {}
    if kind == "quotas":
        return {"fiscal_year_start": funnel.calendar.fiscal_year_start}
    return {"timezone": funnel.timezone} if kind == "activities" and funnel.timezone else {}


def _files(section: Section, key: str, folder: Path) -> tuple[Path, ...]:
    found: list[Path] = []
    for given in section.texts(key):
        files, problem = matching(given, folder)
        found += files
        if problem:
            section.note(key, problem)
    return tuple(dict.fromkeys(found))


def _columns(section: Section, schema: Schema) -> dict[str, str]:
    """Return name here -> name in the source."""
    found: dict[str, str] = {}
    for name, columns in section.mapping("columns").items():
        if name not in schema.names:
            hint = did_you_mean(name, schema.names)
            known = ", ".join(schema.names)
            section.note("columns", f"knows no {name!r}.{hint} Known: {known}.")
        elif columns is None or len(columns) != 1:
            section.note("columns", f"needs one column of the source for `{name}`.")
        else:
            found[name] = columns[0]
    return found


def _rates(section: Section) -> dict[str, float]:
    """Return what one unit of each other currency is worth."""
    found: dict[str, float] = {}
    for code, texts in section.mapping("exchange").items():
        try:
            found[code] = float(texts[0]) if texts and len(texts) == 1 else float("nan")
        except ValueError:
            found[code] = float("nan")
        if not found[code] > 0:
            section.note("exchange", f"must be a rate such as `USD: 0.92`; got {code}: {texts!r}.")
    return found
