"""The `data` key of `funnel.yml`: which exports there are, and how they are written."""

from __future__ import annotations

import codecs
import glob
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from funnelkit._core.errors import ArgumentError, did_you_mean
from funnelkit.data.document import Section
from funnelkit.data.spreadsheets.words import ENDINGS, SERIALS
from funnelkit.report.dialects import Dialect, dialect_of
from funnelkit.report.warehouse import warehouse_of

if TYPE_CHECKING:
    from funnelkit.data.warehouse import Warehouse

_TEXT_ONLY = ("delimiter", "encoding", "decimal", "thousands")
_SPOKEN_FORMATS = (("yyyy", "%Y"), ("yy", "%y"), ("dd", "%d"), ("mm", "%m"))


@dataclass(frozen=True, kw_only=True)
class Events:
    """Columns of a long event log."""

    id: str
    stage: str
    time: str


@dataclass(frozen=True, kw_only=True)
class DataFiles:
    """The exports and how they are written.

    Parameters
    ----------
    files
        Rows of one kind, in one or several files.
    join
        Files of further kinds that share the id.
    events
        Columns of the log, where the files are one.
    options
        What the readers are told: delimiter, encoding, date_format, dayfirst, decimal, thousands,
        and of workbooks sheet and header_row.
    dialect
        The CRM whose exports they are, where it is one that is known.
    warehouse
        The tables that are read in place of files.
    """

    files: tuple[Path, ...] = ()
    join: tuple[Path, ...] = ()
    events: Events | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    dialect: Dialect | None = None
    warehouse: Warehouse | None = None


def data_files(root: Section, folder: Path, *, check_files: bool) -> DataFiles:
    """Return what the `data` key says."""
    if root.is_mapping("data"):
        section = root.section("data")
    else:  # the short form: `data: leads.csv`
        files = _files(root, "data", folder, check_files=check_files)
        return DataFiles(files=files)
    if section is None:
        return DataFiles()
    warehouse = warehouse_of(section, folder)
    if warehouse is None and "files" not in section:
        section.note("files", "is missing: the path of an export, or a list of them.")
    check_files &= warehouse is None
    found = DataFiles(
        files=_files(section, "files", folder, check_files=check_files),
        join=() if warehouse else _files(section, "join", folder, check_files=check_files),
        events=_events(section),
        options=MappingProxyType(table_options(section)),
        dialect=dialect_of(section),
        warehouse=warehouse,
    )
    for key in ("sheet", "header_row"):
        odd = [file.name for file in found.files if file.suffix.lower() not in ENDINGS]
        if key in found.options and odd:
            section.note(key, f"is for Excel workbooks; {odd[0]} is none.")
        elif key in found.options and found.dialect is not None:
            section.note(
                key, "and `dialect` exclude each other: sheets are known by their headers."
            )
    section.close()
    return found


def _events(section: Section) -> Events | None:
    log = section.section("events")
    if log is None:
        return None
    names = {key: log.text(key) for key in ("id", "stage", "time")}
    for key, name in names.items():
        if name is None and key not in log:
            log.note(key, "is missing: a column of the log.")
    log.close()
    if "join" in section:
        section.note("join", "and `events` exclude each other: a log is one kind of rows.")
    return Events(**{key: name or "" for key, name in names.items()})


def table_options(section: Section) -> dict[str, Any]:
    """Return how files are written, as a section says, and note every mistake."""
    found: dict[str, Any] = {key: section.text(key) for key in _TEXT_ONLY}
    found["dayfirst"] = section.flag("dayfirst")
    found["sheet"] = section.text("sheet")
    found["header_row"] = section.whole("header_row", 1, 1 << 20, "a row, counted from 1")
    found["date_format"] = _date_format(section)
    if found["delimiter"] in ("tab", "\\t"):
        found["delimiter"] = "\t"
    for key in ("delimiter", "decimal", "thousands"):
        if found[key] is not None and len(found[key]) != 1:
            section.note(key, f"must be one character; got {found[key]!r}.")
    if found["decimal"] is not None and found["decimal"] == found["thousands"]:
        section.note("thousands", f"and `decimal` are the same: {found['decimal']!r}.")
    if found["encoding"] is not None and not _is_codec(found["encoding"]):
        words = f"must be a codec such as utf-8 or cp1252; got {found['encoding']!r}."
        section.note("encoding", words)
    return {key: value for key, value in found.items() if value is not None}


def _date_format(section: Section) -> str | dict[str, str] | None:
    if section.is_mapping("date_format"):
        given = {
            column: patterns[0]
            for column, patterns in section.mapping("date_format").items()
            if patterns
        }
        for pattern in given.values():
            _check_pattern(section, pattern)
        return given
    single = section.text("date_format")
    if single is not None:
        _check_pattern(section, single)
    return single


def _check_pattern(section: Section, pattern: str) -> None:
    if "%" in pattern or pattern in SERIALS:
        return
    meant = pattern.lower()
    for spoken, directive in _SPOKEN_FORMATS:
        meant = meant.replace(spoken, directive)
    hint = f" Did you mean {meant}?" if meant.count("%") == 3 else ""
    section.note("date_format", f"must be a pattern such as %d-%m-%Y; got {pattern!r}.{hint}")


def _is_codec(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def _files(section: Section, key: str, folder: Path, *, check_files: bool) -> tuple[Path, ...]:
    found: list[Path] = []
    for given in section.texts(key):
        files, problem = matching(given, folder)
        found += files
        if problem and check_files:
            section.note(key, problem)
    return tuple(dict.fromkeys(found))


def given_files(
    name: str, given: str | Path | Sequence[str | Path], problems: list[str]
) -> tuple[Path, ...]:
    """Return the files given in place of those in funnel.yml, and note what is wrong with them."""
    found: list[Path] = []
    if not isinstance(given, (str, Path, list, tuple)):
        raise ArgumentError(f"`{name}` must be a path or a list of paths; got {given!r}.")
    for one in [given] if isinstance(given, (str, Path)) else given:
        files, problem = matching(str(one), Path())
        found += files
        if problem:
            problems.append(f"`{name}` {problem}")
    return tuple(dict.fromkeys(found))


def matching(given: str, folder: Path) -> tuple[list[Path], str]:
    """Return the files that a path or glob names, and what is wrong where it names none."""
    name = Path(given).expanduser()
    path = folder / name
    if path.is_file():
        return [path], ""
    if path.is_dir():
        return [], f"names a folder, {given!r}; name its files, such as {given.rstrip('/')}/*.csv."
    pattern = Path(glob.escape(str(folder))) / name
    found = [Path(one) for one in sorted(glob.glob(str(pattern), recursive=True))]  # noqa: PTH207
    if files := [one for one in found if one.is_file()]:
        return files, ""
    there = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
    where = "" if path.parent.is_dir() else " (nor its folder)"
    return [], f"names no file: {given!r} does not exist{where}.{did_you_mean(path.name, there)}"
