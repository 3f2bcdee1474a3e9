"""Snapshots: the raw tables of one day in a folder of their own, whole or not there at all."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit._core.errors import DataError, FunnelError
from funnelkit.data.sources import Source

if TYPE_CHECKING:
    import pandas as pd

MANIFEST = "manifest.json"
_PARTIAL, _OLD = ".partial-", ".old-"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """A file or frame that was kept: its name, and the SHA-256 of its content."""

    name: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table of a snapshot.

    Parameters
    ----------
    file
        The Parquet file in the snapshot's folder.
    name
        What the table was called: its file's name.
    rows
        Rows that were read, those that do not fit the header and repeated headers included.
    columns
        Columns that were kept.
    misfits, headers
        Rows that do not fit the header, and rows that repeat it; they are not in the file.
    aside
        Reason -> rows that were set aside while opening; nor are they.
    """

    file: str
    name: str
    rows: int
    columns: tuple[str, ...]
    misfits: int = 0
    headers: int = 0
    aside: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What one folder of an archive holds.

    Parameters
    ----------
    as_of
        The day on which the data were complete.
    reader
        Name of the reader of the originals.
    options
        What the reader was told that still matters: how dates and amounts are written, filters,
        columns of a log.
    origins
        The files and frames that were kept.
    tables
        The tables, the first one the records, then those that were joined.
    version
        Version of funnelkit that wrote it.
    """

    as_of: dt.date
    reader: str
    options: Mapping[str, Any]
    origins: tuple[Origin, ...]
    tables: tuple[Table, ...]
    version: str

    @property
    def rows(self) -> int:
        """Rows in all tables."""
        return sum(table.rows for table in self.tables)

    def write(self, folder: Path) -> None:
        """Write the manifest."""
        content = asdict(self) | {"as_of": self.as_of.isoformat()}
        text = json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True)
        (folder / MANIFEST).write_text(text + "\n", encoding="utf-8", newline="\n")

    @classmethod
    def read(cls, folder: Path) -> Snapshot:
        """Return what a folder holds.

        Raises
        ------
        DataError
            If its manifest cannot be read, or a file of it is missing.
        """
        try:
            said = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            found = cls(
                as_of=dt.date.fromisoformat(said["as_of"]),
                reader=str(said["reader"]),
                options=dict(said["options"]),
                origins=tuple(Origin(**one) for one in said["origins"]),
                tables=tuple(
                    Table(**one | {"columns": tuple(one["columns"])}) for one in said["tables"]
                ),
                version=str(said["version"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"the snapshot `{folder.name}` cannot be read: its {MANIFEST} is missing or "
                f"damaged ({type(error).__name__}). Restore it, or archive the export again."
            ) from None
        lacking = [one.file for one in found.tables if not _inside(folder, one.file).is_file()]
        if lacking:
            raise DataError(
                f"the snapshot `{folder.name}` is not whole: {', '.join(lacking)} is missing."
            )
        return found

    def differences(self, other: Snapshot) -> list[str]:
        """Return in what another snapshot differs; the version that wrote it is not compared."""
        found = []
        ours, theirs = ({one.name: one.sha256 for one in s.origins} for s in (self, other))
        for name in [*ours, *(name for name in theirs if name not in ours)]:
            if name not in theirs:
                found.append(f"`{name}` is new")
            elif name not in ours:
                found.append(f"`{name}` is missing")
            elif ours[name] != theirs[name]:
                found.append(f"`{name}` has other content")
        kept, before = ([(t.name, t.columns) for t in s.tables] for s in (self, other))
        if kept != before and not found:
            found.append("the funnel needs other columns")
        if (self.reader, _plain(self.options)) != (other.reader, _plain(other.options)):
            found.append("it is read with other options")
        return found


def days_of(folder: Path) -> list[dt.date]:
    """Return the days of which an archive holds a snapshot, in order."""
    if not folder.is_dir():
        return []
    recover(folder)
    found = []
    for one in folder.iterdir():
        if one.is_dir() and _DAY.fullmatch(one.name) and (one / MANIFEST).is_file():
            with contextlib.suppress(ValueError):
                found.append(dt.date.fromisoformat(one.name))
    return sorted(found)


@contextlib.contextmanager
def partial(archive: Path) -> Iterator[Path]:
    """Yield a folder to write into, which is gone afterwards unless it was put in place."""
    archive.mkdir(parents=True, exist_ok=True)
    folder = archive / f"{_PARTIAL}{secrets.token_hex(4)}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put(folder: Path, target: Path) -> None:
    """Put a written folder in place; what stood there gives way only once it is there."""
    if not target.exists():
        folder.rename(target)
        return
    old = target.with_name(f"{_OLD}{target.name}-{secrets.token_hex(4)}")
    target.rename(old)
    try:
        folder.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def recover(archive: Path) -> None:
    """Put back a snapshot whose replacement was killed in the middle."""
    for old in archive.glob(f"{_OLD}*"):
        target = archive / old.name.removeprefix(_OLD)[:10]
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(target)


def keep(source: Source, folder: Path, *, columns: Sequence[str]) -> Table:
    """Write the columns of a raw table, and return what was written."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(source.name).stem).strip("-.") or "table"
    taken = {one.stem for one in folder.iterdir()}
    name, number = stem, 2
    while name in taken:
        name, number = f"{stem}-{number}", number + 1
    own = [column for column in source.table.columns if column in columns]
    table = source.table.select(*own) if own else source.table
    try:
        table.to_parquet(folder / f"{name}.parquet")
    except FunnelError:
        raise
    except OSError as error:
        raise DataError(f"`{source.name}` cannot be archived: {error.strerror}.") from None
    return Table(
        file=f"{name}.parquet",
        name=source.name,
        rows=source.rows,
        columns=tuple(own),
        misfits=source.misfits[0],
        headers=source.headers,
        aside=dict(source.aside),
    )


def file_origin(file: Path) -> Origin:
    """Return name and SHA-256 of a file."""
    with file.open("rb") as stream:
        return Origin(name=file.name, sha256=hashlib.file_digest(stream, "sha256").hexdigest())


def fingerprint(folder: Path, tables: Sequence[Table]) -> str:
    """Return the SHA-256 of all that a snapshot holds: its manifest, then its tables."""
    digest = hashlib.sha256()
    for file in (folder / MANIFEST, *(file_of(folder, one) for one in tables)):
        digest.update(file_origin(file).sha256.encode())
    return digest.hexdigest()


def frame_origin(name: str, frame: pd.DataFrame, columns: Sequence[str]) -> Origin:
    """Return the SHA-256 of the needed columns of a frame."""
    import pandas as pd

    digest = hashlib.sha256()
    for position, label in enumerate(frame.columns):
        if str(label) in columns:
            column = frame.iloc[:, position]
            digest.update(f"{label}\x00{column.dtype}\x00".encode())
            plain = column.astype("string") if column.dtype == object else column
            digest.update(pd.util.hash_pandas_object(plain, index=False).to_numpy().tobytes())
    return Origin(name=name, sha256=digest.hexdigest())


def file_of(folder: Path, table: Table) -> Path:
    """Return the Parquet file of a table."""
    return _inside(folder, table.file)


def _inside(folder: Path, name: str) -> Path:
    """Return a file of the folder itself, whatever a manifest may say."""
    return folder / Path(name).name


def _plain(options: Mapping[str, Any]) -> str:
    return json.dumps(dict(options), sort_keys=True, default=str)
