"""Another process asked for parts of a page, if there is a core and memory for it."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import subprocess
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from funnelkit._core.cores import CORES, cores, one_thread
from funnelkit._core.errors import FunnelError
from funnelkit.data.embedded import MEMORY_LIMIT

EVES = 3
"""How many months are looked back on."""

Part = Literal["findings", "eves"]
T = TypeVar("T")


class Elsewhere:
    """What another process makes of a page meanwhile; it ends with this object.

    Parameters
    ----------
    asked
        How the page opens its leads (``source``), and its arguments; see
        :func:`funnelkit.report.page.beside.parts.world_of`.
    """

    def __init__(self, asked: Mapping[str, Any]) -> None:
        from funnelkit.report.kernel import search_path

        # One thread of its own: with more it would slow the page, which is waited for.
        told = {"PYTHONPATH": search_path(), "PYTHONUTF8": "1", CORES: "1"}
        self._made: dict[str, Any] = {}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "funnelkit.report.page.beside"],
            env={**os.environ, **one_thread(), **told},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        weakref.finalize(self, _end, self._process)
        question, self._process.stdin = self._process.stdin, None
        if question is not None:
            with contextlib.suppress(OSError), question:  # where it has ended, it answers nothing
                question.write(json.dumps(asked, default=os.fspath).encode())

    def part(self, name: Part, here: Callable[[], T]) -> T:
        """Return a part of the page; wait for it if need be.

        Parameters
        ----------
        name
            Of the part.
        here
            What makes it in this process: where the other one failed, for whatever reason, or was
            warned of something that is to be heard here.
        """
        while name not in self._made and self._process.stdout is not None:
            try:
                told, made, warned = pickle.load(self._process.stdout)  # noqa: S301  our own
            except (EOFError, pickle.UnpicklingError, OSError, ValueError):  # it has ended
                break
            self._made[told] = None if warned else (made,)
        found = self._made.get(name)
        return here() if found is None else found[0]


def part_of(elsewhere: Elsewhere | None, name: Part, here: Callable[[], T]) -> T:
    """Return a part of the page from the process that was asked, or made here if none was."""
    return here() if elsewhere is None else elsewhere.part(name, here)


def asked_elsewhere(
    *,
    month: str | None,
    confidence_level: float,
    config: str | os.PathLike[str] | None,
    data: str | Sequence[str] | None = None,
    join: str | Sequence[str] | None = None,
    only: str | Sequence[str] | Mapping[str, str] | None = None,
) -> Elsewhere | None:
    """Return the process that was asked, or nothing where the page had better do it itself.

    That is with one core, with little memory or a limit to it (a second copy of the data is read),
    for simulated leads and those of a warehouse (which would be asked twice), and for files that
    cannot be read: it is for the page to say so.

    Parameters
    ----------
    month, confidence_level
        Of the page.
    config, data, join, only
        As in :func:`funnelkit.report.page.source.opened`.
    """
    from funnelkit.report.batch import memory
    from funnelkit.report.config import load_config

    if config is None or cores() < 2 or MEMORY_LIMIT in os.environ:
        return None
    try:
        setup = load_config(config, check_files=data is None)
        inputs = [path for files in setup.inputs(data=data, join=join) for path in files]
        needed = 2 * memory.need_of(inputs)
    except (FunnelError, OSError):
        return None
    if not inputs or needed > memory.budget_of(None):
        return None
    source = {"config": os.fspath(config), "data": data, "join": join, "only": only}
    return Elsewhere({"source": source, "month": month, "confidence_level": confidence_level})


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that nobody waits for any more."""
    if process.poll() is None:
        process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
