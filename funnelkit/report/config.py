"""`funnel.yml`: the funnel, its data and its calendar, checked whole before anything runs."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit._core.dates import WEEKDAYS, Calendar
from funnelkit._core.errors import DefinitionError, did_you_mean
from funnelkit.data.control.totals import ControlTotal
from funnelkit.data.definition import Funnel
from funnelkit.data.document import Section, read
from funnelkit.report.dated_changes import DatedChange, dated_changes
from funnelkit.report.expected import expected
from funnelkit.report.experiments import experiments, named
from funnelkit.report.exports import DataFiles, data_files, given_files, matching
from funnelkit.report.headline import headlines
from funnelkit.report.known_names import known_names
from funnelkit.report.last_plans import plan_files
from funnelkit.report.ledgers import Tables, tables
from funnelkit.report.playbook import Playbook, playbook
from funnelkit.report.ranges import own_ranges

if TYPE_CHECKING:
    from funnelkit.data.archive import Archive
    from funnelkit.data.records import Leads
    from funnelkit.experiment import Design
    from funnelkit.metrics import Headline

FILE_NAME = "funnel.yml"
_TEXTS = ("exits", "segments", "apart", "keep", "personal")
_TEXT = ("id", "status", "status_date", "value", "owner", "account", "timezone")
_CHOICES = {
    "status_date_means": ("close", "change"),
    "skipped": ("fill", "strict"),
    "out_of_order": ("clip", "drop", "error"),
    "reopened": ("last", "first"),
}
_TYPED = ("date_format", "dayfirst", "decimal", "thousands")  # what Parquet may need to be told
_OPTIONS = {
    "read_csv": (*_TYPED, "delimiter", "encoding"),
    "read_excel": (*_TYPED, "sheet", "header_row"),
    "read_parquet": _TYPED,
    "from_table": _TYPED,
}
_BY_ENDING = {
    **dict.fromkeys((".parquet", ".pq"), "read_parquet"),
    **dict.fromkeys((".xlsx", ".xlsm", ".xls"), "read_excel"),
}
_ELSEWHERE = {
    **dict.fromkeys(("fiscal_year_start", "week_start", "holidays"), "calendar"),
    **dict.fromkeys(
        ("files", "join", "events", "delimiter", "encoding", "date_format", "dayfirst", "decimal",
         "thousands", "dialect", "sheet", "header_row", "connection", "table", "query"),
        "data",
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Config:
    """What funnel.yml says, checked.

    Parameters
    ----------
    path
        The file.
    funnel
        The funnel's definition.
    data
        The exports.
    where, exclude
        Column -> values: only these records, or all but these.
    changes
        Dated events, in order.
    expected
        Control totals from the CRM's own report.
    known
        Segment -> the names it may have, which the audit holds the data against.
    ranges
        Step such as ``"lead -> mql"`` -> lowest and highest share that are usual in this business.
    headlines
        The metrics that matter, each with its target, owner and date.
    tables
        What is not a lead: spend, visitors, activities, subscriptions, quotas, contracts.
    experiments
        Tests that run, as they were declared.
    targets, team
        Files of what is to be won by month, and of the people, for plans; ``None``: not named.
    plans
        Files of earlier plans, to be held against what came.
    playbook
        What to check about what a report finds; ``None``: the one that comes with the package.
    earlier_reports
        Folder of earlier reports, whose figures are held beside today's; ``None``: not named.
    as_of
        Last day on which the data is complete; ``None``: found in the data.
    recorded_from
        First day on which conversions were recorded.
    before_recording
        ``"left_out"`` or ``"delayed_entry"``: what becomes of leads that entered before.
    title
        Name of the business, for the head of a report.
    """

    path: Path
    funnel: Funnel
    data: DataFiles
    where: Mapping[str, tuple[str, ...]]
    exclude: Mapping[str, tuple[str, ...]]
    changes: tuple[DatedChange, ...]
    expected: tuple[ControlTotal, ...]
    known: Mapping[str, tuple[str, ...]]
    ranges: Mapping[str, tuple[float, float]]
    headlines: tuple[Headline, ...]
    tables: Tables
    experiments: tuple[Design, ...]
    targets: Path | None
    team: Path | None
    plans: tuple[Path, ...]
    playbook: Playbook | None
    earlier_reports: Path | None
    as_of: dt.date | None
    recorded_from: dt.date | None
    before_recording: str | None
    title: str | None

    def read(
        self,
        *,
        data: str | Path | Sequence[str | Path] | None = None,
        join: str | Path | Sequence[str | Path] | None = None,
        as_of: dt.date | str | None = None,
    ) -> Leads:
        """Return the leads.

        Parameters
        ----------
        data, join
            Files to read in place of those that funnel.yml names; relative to the working folder.
        as_of
            Last day on which the data is complete, in place of the one that funnel.yml names.

        Raises
        ------
        DefinitionError
            If no file is named, or one is missing.
        DataError
            If the data cannot be read as the funnel says.
        """
        import funnelkit as fk

        reader, source, told = self._reading(*self.inputs(data=data, join=join), as_of)
        leads: Leads = getattr(fk, reader)(source, self.funnel, **told)
        return leads

    def experiment(self, name: str | None = None) -> Design:
        """Return the experiment of a name, or the first.

        Parameters
        ----------
        name
            As funnel.yml has it under ``experiments``.

        Raises
        ------
        DefinitionError
            If none is declared; with what to write.
        ArgumentError
            If there is none of that name; with the closest match.
        """
        return named(self.experiments, [] if name is None else [name])[0]

    def archive(
        self,
        *,
        folder: str | Path | None = None,
        data: str | Path | Sequence[str | Path] | None = None,
        join: str | Path | Sequence[str | Path] | None = None,
        as_of: dt.date | str | None = None,
        overwrite: bool = False,
    ) -> Archive:
        """Return the archive after the exports were kept in it; see :func:`funnelkit.archive`.

        Parameters
        ----------
        folder
            The archive; by default ``archive`` beside funnel.yml.
        data, join, as_of
            As in :meth:`read`.
        overwrite
            Whether another export may take the place of the one that is there for its day.

        Raises
        ------
        DefinitionError
            If no file is named, or one is missing, or the funnel needs a personal column.
        DataError
            If the data cannot be read, or another export is kept for its day.
        """
        import funnelkit as fk

        if data is None and self.data.warehouse is not None:
            raise DefinitionError(
                f"`data.connection` in {self.path.name} names a warehouse, and the archive keeps "
                "files: export the table, and name the export as `data`."
            )
        reader, source, told = self._reading(*self.inputs(data=data, join=join), as_of)
        home = self.archive_folder if folder is None else folder
        day = told.pop("as_of", None)
        return fk.archive(
            source, self.funnel, folder=home, as_of=day, reader=reader, overwrite=overwrite, **told
        )

    @property
    def archive_folder(self) -> Path:
        """The folder of snapshots, beside funnel.yml."""
        return self.path.parent / "archive"

    def _reading(
        self, files: Sequence[Path], others: Sequence[Path], as_of: dt.date | str | None
    ) -> tuple[str, Any, dict[str, Any]]:
        """Return the name of the reader, its source, and what it is told."""
        given: dict[str, Any] = {
            "as_of": as_of or self.as_of,
            "recorded_from": self.recorded_from,
            "before_recording": self.before_recording,
            "where": dict(self.where) or None,
            "exclude": dict(self.exclude) or None,
        }
        told = {name: value for name, value in given.items() if value is not None}
        if self.data.dialect is not None:
            told |= {**self.data.options, **self.data.dialect.told}
            return f"read_{self.data.dialect.name}", list(files), told
        source: Any = files[0] if len(files) == 1 else list(files)
        tables: list[Any] = list(others)
        if not files and self.data.warehouse is not None:
            source, tables = self.data.warehouse.tables()
        if self.data.events is not None:
            log = self.data.events
            told |= {"id": log.id, "stage": log.stage, "time": log.time, **self.data.options}
            return "from_events", source, told
        told["join"] = tables
        ending = files[0].suffix.lower() if files else ""
        reader = _BY_ENDING.get(ending, "read_csv") if files else "from_table"
        options = {
            key: value for key, value in self.data.options.items() if key in _OPTIONS[reader]
        }
        return reader, source, {**told, **options}

    def inputs(
        self,
        *,
        data: str | Path | Sequence[str | Path] | None = None,
        join: str | Path | Sequence[str | Path] | None = None,
    ) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
        """Return the data files and the joined files that `read` would read.

        None where it would read a warehouse.

        Raises
        ------
        DefinitionError
            If no file is named, or one is missing.
        """
        problems: list[str] = []
        files = self.data.files if data is None else given_files("data", data, problems)
        others = self.data.join if join is None else given_files("join", join, problems)
        if not files and not problems and self.data.warehouse is None:
            problems.append(
                f"`data` is missing: name the exports in {self.path.name} or as `data`."
            )
        if problems:
            raise DefinitionError(problems)
        return files, others


def load_config(path: str | os.PathLike[str], *, check_files: bool = True) -> Config:
    r"""Return what a funnel.yml says, once nothing is wrong with it.

    Parameters
    ----------
    path
        The file; a folder stands for the funnel.yml in it. Paths in it are relative to it.
    check_files
        Whether the data files it names must exist.

    Returns
    -------
    Config

    Raises
    ------
    DefinitionError
        With every mistake at once, each with its line and its place: YAML syntax, unknown keys
        (with the closest match), wrong types, impossible dates, missing files, and a funnel that
        contradicts itself.

    Notes
    -----
    The keys are the arguments of :class:`funnelkit.Funnel`, and ``data`` (``files``, ``join``,
    ``events`` and how they are written), ``where``, ``exclude``, ``calendar``, ``changes``,
    ``expected``, ``known``, ``headline``, ``tables``, ``experiments``, ``targets``, ``team``,
    ``plans``, ``ranges``, ``playbook``, ``earlier_reports``, ``as_of``, ``recorded_from``,
    ``before_recording``, ``title``. Values are read as they are written: a stage may be called
    ``no`` or ``1``, and a date needs no quotes.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "funnel.yml").write_text("stages: [lead, won]\nid: lead_id\n")
    >>> load_config(folder).funnel.stages
    ('lead', 'won')
    """
    file = Path(path)
    if file.is_dir():
        file = file / FILE_NAME
    source = _text_of(file)
    try:
        return read(
            source,
            lambda root: _config(root, file, check_files=check_files),
            needs="a funnel needs at least `stages` and `id`",
        )
    except DefinitionError as error:
        raise DefinitionError([f"{file.name}, {words}" for words in error.problems]) from None


def _text_of(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        there = [one.name for one in file.parent.glob("*.y*ml")] if file.parent.is_dir() else []
        hint = did_you_mean(file.name, there)
        raise DefinitionError(f"`config`: there is no file {file.name!r}.{hint}") from None
    except UnicodeDecodeError as error:
        raise DefinitionError(
            f"{file.name} is not UTF-8 (byte {error.start + 1}); save it as UTF-8."
        ) from None
    except OSError as error:
        raise DefinitionError(
            f"`config`: {file.name!r} cannot be read: {error.strerror}."
        ) from None


def _config(root: Section, file: Path, *, check_files: bool) -> Config | None:
    funnel = _funnel(root)
    data = data_files(root, file.parent, check_files=check_files)
    as_of, recorded_from = root.day("as_of"), root.day("recorded_from")
    if as_of and recorded_from and recorded_from > as_of:
        root.note("recorded_from", f"must not be after `as_of`, {as_of}; got {recorded_from}.")
    values = {
        "where": _values(root, "where"),
        "exclude": _values(root, "exclude"),
        "changes": dated_changes(root),
        "expected": expected(root, funnel),
        "known": known_names(root, funnel),
        "ranges": own_ranges(root, funnel),
        "headlines": headlines(root),
        "tables": tables(root, funnel, file.parent),
        "experiments": experiments(root, funnel, file.parent),
        "targets": _file(root, "targets", file.parent),
        "team": _file(root, "team", file.parent),
        "plans": plan_files(root, file.parent),
        "playbook": playbook(root, _file(root, "playbook", file.parent)),
        "earlier_reports": _folder(root, "earlier_reports", file.parent),
        "before_recording": root.choice("before_recording", ("left_out", "delayed_entry")),
        "title": root.text("title"),
    }
    root.close(_ELSEWHERE)
    if funnel is None:  # something was noted
        return None
    return Config(
        path=file, funnel=funnel, data=data, as_of=as_of, recorded_from=recorded_from,
        **values,  # type: ignore[arg-type]
    )  # fmt: skip


def _funnel(root: Section) -> Funnel | None:
    stages = root.texts("stages")
    if "stages" not in root:
        root.note("stages", "is missing: the stages in order, such as [lead, mql, won].")
    given: dict[str, Any] = {key: root.texts(key) for key in _TEXTS}
    given |= {key: root.text(key) for key in _TEXT}
    given |= {key: root.choice(key, allowed) for key, allowed in _CHOICES.items()}
    given["columns"] = {
        step: columns if columns is None or len(columns) > 1 else columns[0]
        for step, columns in root.mapping("columns").items()
    }
    given["status_values"] = _values(root, "status_values")
    given["calendar"] = _calendar(root)
    if not stages:
        return None
    try:
        return Funnel(stages, **{key: value for key, value in given.items() if value is not None})
    except DefinitionError as error:
        for words in error.problems:
            named = re.match(r"`(\w+)`", words)
            line = root.line_at(named[1]) if named else root.line
            root.problems.add(line, words)
        return None


def _calendar(root: Section) -> Calendar | None:
    section = root.section("calendar")
    if section is None:
        return None
    start = section.whole("fiscal_year_start", 1, 12, "a month from 1 to 12")
    week = section.choice("week_start", WEEKDAYS)
    holidays = section.days("holidays")
    section.close()
    return Calendar(fiscal_year_start=start or 1, week_start=week or "monday", holidays=holidays)


def _values(root: Section, key: str) -> dict[str, tuple[str, ...]]:
    found = root.mapping(key)
    for name in [name for name, values in found.items() if values is None]:
        root.note(key, f'needs a value for `{name}` ("" for blank).')
    return {name: values for name, values in found.items() if values is not None}


def _file(root: Section, key: str, folder: Path) -> Path | None:
    """Return the one file that a key names, relative to funnel.yml."""
    given = root.text(key)
    if given is None:
        return None
    files, problem = matching(given, folder)
    if problem or len(files) != 1:
        root.note(key, problem or f"must name one file; {given!r} names {len(files)}.")
        return None
    return files[0]


def _folder(root: Section, key: str, folder: Path) -> Path | None:
    """Return the folder that a key names, relative to funnel.yml; it need not be there yet."""
    given = root.text(key)
    if given is None:
        return None
    found = folder / given
    if not given.strip() or "\0" in given or found.is_file():
        root.note(key, f"must be a folder such as reports; got {given!r}.")
        return None
    return found
