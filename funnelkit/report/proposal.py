"""`funnelkit init`: a commented funnel.yml for exports, drafted, tried, and left to a person."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, DataError, FunnelError, FunnelWarning
from funnelkit.data.sources import paths_of
from funnelkit.report.config import FILE_NAME, load_config

if TYPE_CHECKING:
    from funnelkit.data.proposing.draft import Draft
    from funnelkit.data.records import Leads

_MOST_PROBLEMS = 8


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A drafted funnel.yml.

    Parameters
    ----------
    path
        Where it was written.
    text
        What it says.
    tried
        What came of reading the exports by it, as sentences.
    readable
        Whether they can be read by it as it stands.
    """

    path: Path
    text: str
    tried: tuple[str, ...]
    readable: bool


def propose(
    exports: Sequence[str | Path], *, out: str | Path = FILE_NAME, force: bool = False
) -> Proposal:
    """Write a commented funnel.yml for exports that nobody has described yet.

    Parameters
    ----------
    exports
        Files, patterns or folders.
    out
        Where to write it; a folder stands for the funnel.yml in it.
    force
        Whether to replace what stands there.

    Returns
    -------
    Proposal
        Every guess in it is a comment with its reason; what could not be decided is left open,
        and said.

    Raises
    ------
    ArgumentError
        If there is a file already, or no folder to write into.
    DataError
        If the exports are no tables, or nothing tells their records apart.
    """
    path = Path(out) / FILE_NAME if Path(out).is_dir() else Path(out)
    if path.exists() and not force:
        raise ArgumentError(
            f"`out`: there is a {path.name} already; name another place with --out, or replace it "
            "with --force."
        )
    if not path.parent.is_dir():
        raise ArgumentError(f"`out`: there is no folder `{path.parent}`.")
    made = Drafted.of(exports)
    tried, readable = made.tried()
    text = made.written(path.parent, tried)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    return Proposal(path=path, text=text, tried=tried, readable=readable)


def _files(exports: Sequence[str | Path]) -> list[Path]:
    if odd := [one for one in exports if not isinstance(one, (str, os.PathLike))]:
        raise ArgumentError(f"`exports` must be paths, one argument each; got {odd[0]!r}.")
    folders = [Path(one) for one in exports if Path(one).is_dir()]
    inside = [file for folder in folders for file in sorted(folder.iterdir()) if _is_table(file)]
    if folders and not inside:
        raise DataError(
            f"the folder {display.listed([f'`{folder}`' for folder in folders])} holds no export."
        )
    others = [one for one in exports if not Path(one).is_dir()]
    return [*(paths_of(others, "exports") if others or not folders else []), *inside]


def _is_table(file: Path) -> bool:
    endings = (".csv", ".tsv", ".txt", ".parquet", ".pq", ".xlsx", ".xlsm")
    return (
        file.is_file() and file.suffix.lower() in endings and not file.name.startswith((".", "~"))
    )


@dataclass(frozen=True, kw_only=True)
class Drafted:
    """A funnel.yml that is not written yet: by a CRM's reader, or from columns as they are.

    Parameters
    ----------
    files
        The exports.
    dialect
        The CRM whose exports they are by their headers; ``None``: none that is known.
    read
        What its reader makes of them.
    drafted
        For other tables: what each column seems to be for.
    """

    files: Sequence[Path]
    dialect: str | None
    read: Leads | None
    drafted: Draft | None

    @classmethod
    def of(cls, exports: Sequence[str | Path]) -> Drafted:
        """Return the draft for files, patterns or folders.

        Raises
        ------
        DataError
            If the exports are no tables, or nothing tells their records apart.
        """
        from funnelkit.data.proposing import crm
        from funnelkit.data.proposing.draft import draft

        files = _files(exports)
        dialect = crm.dialect_of(files)
        if dialect is None:
            return cls(files=files, dialect=None, read=None, drafted=draft(files))
        try:
            read = crm.read(files, dialect)
        except DataError as refused:  # headers like the CRM's, and yet no export of it
            try:
                return cls(files=files, dialect=None, read=None, drafted=draft(files))
            except DataError:
                raise refused from None
        return cls(files=files, dialect=dialect, read=read, drafted=None)

    def written(self, folder: Path, tried: Sequence[str]) -> str:
        """Return its text; paths are relative to a folder, ``tried`` stands at its head."""
        from funnelkit.data.proposing import crm, writing

        if self.read is not None and self.dialect is not None:
            return crm.written(self.read, self.files, self.dialect, folder=folder, tried=tried)
        return writing.written(self.drafted, folder=folder, tried=tried)  # type: ignore[arg-type]

    def leads(self) -> Leads:
        """Return what the exports hold when they are read by it.

        Raises
        ------
        FunnelError
            If they cannot be read as drafted.
        """
        with tempfile.TemporaryDirectory(prefix="funnelkit-") as place:
            draft = Path(place) / FILE_NAME
            draft.write_text(self.written(Path(place), ()), encoding="utf-8")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FunnelWarning)
                return load_config(draft).read()

    def tried(self) -> tuple[tuple[str, ...], bool]:
        """Return what comes of reading the exports by it, and whether they can be read."""
        try:
            return _told(self.leads()), True
        except FunnelError as error:
            return undecided(error), False


def undecided(error: FunnelError) -> tuple[str, ...]:
    """Return what keeps the exports from being read as drafted, as sentences."""
    problems = [str(one) for one in getattr(error, "problems", (str(error),))]
    more = len(problems) - _MOST_PROBLEMS
    cut = (f"And {more} more.",) if more > 0 else ()
    head = "It cannot be read as drafted yet; what is to be decided:"
    return (head, *problems[:_MOST_PROBLEMS], *cut)


def _told(leads: Leads) -> tuple[str, ...]:
    import funnelkit as fk

    funnel = leads.funnel
    reached = {step: len(leads.list(step)) for step in funnel.steps}
    counts = ", ".join(f"{step} {n:,}" for step, n in reached.items())
    found = fk.audit(leads)
    sentences = [f"Tried out: {leads.summary()}", f"Records that reached each: {counts}."]
    sentences += [
        f"{note} To hold it fixed, write: as_of: {leads.as_of}"
        for note in leads.notes
        if note.startswith("`as_of`")
    ]
    if found.errors or found.warnings:
        says = display.listed(
            [
                display.plural(len(part), word)
                for part, word in ((found.errors, "error"), (found.warnings, "warning"))
                if part
            ]
        )
        sentences.append(f"The audit has {says}: see them with `funnelkit audit`.")
    if funnel.apart:
        names = display.listed([f"`{name}`" for name in funnel.apart])
        sentences.append(
            f"{names} may tell several businesses apart, and a report is of one: say which under "
            "`where`."
        )
    month = last_full_month(leads.as_of)
    sentences.append(f"The last full month is {month}: `funnelkit report monthly --month {month}`.")
    return tuple(sentences)


def last_full_month(as_of: dt.date) -> str:
    """Return the last month that is over by the end of a day, as ``YYYY-MM``.

    Examples
    --------
    >>> last_full_month(dt.date(2025, 5, 2)), last_full_month(dt.date(2026, 12, 31))
    ('2025-04', '2026-12')
    """
    tomorrow = as_of + dt.timedelta(days=1)
    last = tomorrow.replace(day=1) - dt.timedelta(days=1)
    return f"{last:%Y-%m}"
