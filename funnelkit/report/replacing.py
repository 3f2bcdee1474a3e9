"""Files and folders that appear whole or not at all: written beside, then renamed into place.

A run writes into ``.2018-05.<unique>.partial`` and holds a lock on ``.2018-05.<unique>.lock``,
which the system lets go when the run ends in whatever way. So the next run can tell what a killed
one left behind from what another one is writing just now.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from funnelkit._core.errors import ReportError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_LEFT = re.compile(r"(?P<key>\.(?P<name>.+)\.[0-9a-f]{8})\.(?P<kind>partial|old|lock)")
_TRIES = 50


@dataclass(frozen=True, kw_only=True)
class Partial:
    """A folder that is being written.

    Parameters
    ----------
    folder
        Where to write.
    target
        What it is to become.
    is_ours
        Whether a file in the target, such as ``"data/rates.csv"``, is one of the report's own;
        others are kept.
    """

    folder: Path
    target: Path
    is_ours: Callable[[str], bool]

    @property
    def old(self) -> Path:
        """Where the folder that is replaced goes, for a moment."""
        return self.folder.with_suffix(".old")

    def publish(self) -> dict[str, str]:
        """Put the folder in place of the target, and return the name that each file got.

        A name differs from the file's own where that file is open in another program. Names are
        relative to the folder, with ``/``.
        """
        names = {name: name for name in files_in(self.folder)}
        for _ in range(_TRIES):
            if any(is_open(self.target / name) for name in names):
                return self._publish_each()
            with contextlib.suppress(FileNotFoundError):  # another run may have moved it
                try:
                    self.target.rename(self.old)
                except PermissionError:  # on Windows: something in it is open
                    return self._publish_each()
            try:
                self.folder.rename(self.target)
            except OSError:  # another run has put its own there, or a scanner holds a file
                _discard(self.old, self.target, self.is_ours)
                time.sleep(0.05)
                continue
            _discard(self.old, self.target, self.is_ours)
            return names
        raise ReportError(
            f"{self.target.name} cannot be replaced: other runs, or another program, hold it."
        )

    def _publish_each(self) -> dict[str, str]:
        placed = {}
        for name in files_in(self.folder):
            place = self.target / name
            place.parent.mkdir(parents=True, exist_ok=True)
            placed[name] = _move(self.folder / name, place).relative_to(self.target).as_posix()
        return placed


@contextlib.contextmanager
def beside(target: Path, is_ours: Callable[[str], bool]) -> Iterator[Partial]:
    """Open a folder beside the target, and remove what is left of it at the end.

    What runs before it left behind is removed first: a partial folder for good, and a replaced
    one once it is certain that its successor is there.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    clean(target.parent, is_ours)
    lock, stream = _locked(target)
    folder = lock.with_suffix(".partial")
    try:
        folder.mkdir()
        yield Partial(folder=folder, target=target, is_ours=is_ours)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        stream.close()
        lock.unlink(missing_ok=True)


def clean(parent: Path, is_ours: Callable[[str], bool]) -> None:
    """Remove what killed runs left in a folder; what a run is writing now stays."""
    left = [(path, match) for path in parent.iterdir() if (match := _LEFT.fullmatch(path.name))]
    for key in sorted({match["key"] for _, match in left}):
        lock = parent / f"{key}.lock"
        with lock.open("ab") as stream:
            if not _lock(stream):
                continue
            for path, match in left:
                if match["key"] == key and match["kind"] == "partial":
                    shutil.rmtree(path, ignore_errors=True)
                elif match["key"] == key and match["kind"] == "old":
                    _discard(path, parent / match["name"], is_ours)
        with contextlib.suppress(OSError):
            lock.unlink()


def files_in(folder: Path) -> list[str]:
    """Return the files below a folder, relative to it and with ``/``, in order."""
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())


def replace_file(path: Path, content: bytes) -> Path:
    """Write a file, whole or not at all, and return its path.

    Where the file is open in another program, the path is that of a second file, ``name (2)``.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        partial.write_bytes(content)
        return _move(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def is_open(path: Path) -> bool:
    """Whether another program keeps a file from being replaced (on Windows, Excel does)."""
    try:
        os.replace(path, path)  # noqa: PTH105  a rename onto itself changes nothing
    except FileNotFoundError:
        return False
    except PermissionError:
        return True
    return False


def _move(file: Path, path: Path) -> Path:
    for number in range(1, _TRIES):
        place = path if number == 1 else path.with_name(f"{path.stem} ({number}){path.suffix}")
        try:
            os.replace(file, place)  # noqa: PTH105  the one call that replaces on every system
        except PermissionError:
            if number == 1 or place.exists():
                continue
            shutil.copyfile(file, place)
        return place
    raise ReportError(f"{path.name} and its next {_TRIES} names are open in another program.")


def _discard(old: Path, target: Path, is_ours: Callable[[str], bool]) -> None:
    """Remove a replaced folder; put it back where nothing replaced it; keep what is not ours."""
    if not old.exists():
        return
    if not target.exists():
        with contextlib.suppress(OSError):
            old.rename(target)
            return
    if _keep_others(old, target, is_ours):
        shutil.rmtree(old, ignore_errors=True)


def _keep_others(old: Path, target: Path, is_ours: Callable[[str], bool], inside: str = "") -> bool:
    """Move what is not ours to the target, and return whether nothing that matters is left."""
    all_moved = True
    for entry in old.iterdir():
        name, place = f"{inside}{entry.name}", target / entry.name
        if entry.is_dir() and any(is_ours(f"{name}/{one}") for one in files_in(entry)):
            all_moved &= _keep_others(entry, place, is_ours, f"{name}/")
        elif not is_ours(name) and not place.exists():
            try:
                place.parent.mkdir(exist_ok=True)
                entry.rename(place)
            except OSError:
                all_moved = False
    return all_moved


def _locked(target: Path) -> tuple[Path, IO[bytes]]:
    for attempt in range(_TRIES):
        lock = target.with_name(f".{target.name}.{secrets.token_hex(4)}.lock")
        stream = lock.open("xb")
        if _lock(stream) and lock.exists():
            return lock, stream
        if attempt == _TRIES - 1:  # a file system without locks: nothing will be cleaned there
            break
        stream.close()  # a run that cleans up came in between
        lock.unlink(missing_ok=True)
    return lock, stream


def _lock(stream: IO[bytes]) -> bool:
    """Take the lock of an open file unless another process has it."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
