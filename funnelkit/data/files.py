"""Files that are scanned where they lie: they must stay as they were when they were opened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from funnelkit._core import display
from funnelkit._core.errors import DataError


class Stamp(NamedTuple):
    """A file as it was when it was opened."""

    path: Path
    size: int
    changed: int

    @classmethod
    def of(cls, path: Path) -> Stamp:
        """Return the stamp of a file."""
        found = path.stat()
        return cls(path.absolute(), found.st_size, found.st_mtime_ns)


def refuse_changed(stamps: Sequence[Stamp]) -> None:
    """Refuse to go on where files are no longer what was read.

    Raises
    ------
    DataError
        With the names of the files.
    """
    changed = []
    for stamp in stamps:
        try:
            same = Stamp.of(stamp.path) == stamp
        except OSError:
            same = False
        if not same:
            changed.append(f"`{stamp.path.name}`")
    if changed:
        have = "has" if len(changed) == 1 else "have"
        raise DataError(
            f"{display.listed(changed)} {have} changed since being read, or gone; large Parquet "
            "files are scanned where they lie. Read them again."
        )
