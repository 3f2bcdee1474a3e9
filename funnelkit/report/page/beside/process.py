"""The process beside a page; it may start ahead of its question, while the page still imports."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from funnelkit._core.cores import CORES, MEMORY_LIMIT, cores, one_thread
from funnelkit._core.errors import ArgumentError


def may_start() -> bool:
    """Whether there is a core for it, and no limit to the memory of one process.

    Raises
    ------
    ArgumentError
        If ``FUNNELKIT_CORES`` is no number.
    """
    return cores() > 1 and MEMORY_LIMIT not in os.environ


def ready() -> None:
    """Start the process before it is known what it will be asked, if it may start."""
    with contextlib.suppress(ArgumentError, OSError):  # the page will say so, where it matters
        if may_start() and not _waiting:
            _waiting.append(_Waiting())


def dismiss() -> None:
    """End the process that waits, if there is one: it will not be asked."""
    while _waiting:
        end(_waiting.pop().process)


def started() -> subprocess.Popen[bytes]:
    """Return the process: the one that waits, unless what it would go by has changed since."""
    if _waiting and _waiting[0].surroundings == _surroundings():
        return _waiting.pop().process
    dismiss()
    return _new()


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that nobody waits for any more."""
    if process.poll() is None:
        process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def _new() -> subprocess.Popen[bytes]:
    from funnelkit.report.kernel import search_path

    # One thread of its own: with more it would slow the page, which is waited for.
    told = {"PYTHONPATH": search_path(), "PYTHONUTF8": "1", CORES: "1"}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "funnelkit.report.page.beside"],
        env={**os.environ, **one_thread(), **told},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _surroundings() -> tuple[Path, dict[str, str]]:
    """Return the folder and the settings that a process takes over when it starts."""
    own = {name: value for name, value in os.environ.items() if name.startswith("FUNNELKIT_")}
    return Path.cwd(), own


@dataclass(eq=False)
class _Waiting:
    """A process that has not been asked yet; it ends with this one."""

    process: subprocess.Popen[bytes] = field(default_factory=_new)
    surroundings: tuple[Path, dict[str, str]] = field(default_factory=_surroundings)


_waiting: list[_Waiting] = []
