"""Another process asked for the eves, if there is a core and memory for it; and its answer."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from funnelkit._core.cores import cores, one_thread
from funnelkit._core.errors import FunnelError
from funnelkit.data.embedded import MEMORY_LIMIT
from funnelkit.report.page.changes import Estimate

EVES = 3
"""How many months are looked back on."""


class Elsewhere:
    """What another process foretells meanwhile; it ends with this object.

    Parameters
    ----------
    asked
        How the page opens its leads (``source``), its ``month`` and ``confidence_level``.
    """

    def __init__(self, asked: Mapping[str, Any]) -> None:
        from funnelkit.report.kernel import search_path

        told = {"PYTHONPATH": search_path(), "PYTHONUTF8": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "funnelkit.report.page.eves"],
            env={**os.environ, **one_thread(), **told},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        weakref.finalize(self, _end, self._process)
        question, self._process.stdin = self._process.stdin, None
        if question is not None:
            with contextlib.suppress(OSError), question:  # where it has ended, it answers nothing
                question.write(json.dumps(asked, default=os.fspath))

    def estimates(self) -> dict[str, Estimate | None]:
        """Return what was expected of each month, such as ``"2026-10"``; wait for it if need be.

        A month of which nothing could be said is ``None``. Empty if the process failed, for
        whatever reason: who asks can do the same work.
        """
        said, _ = self._process.communicate()
        if self._process.returncode:
            return {}
        return {
            month: None if found is None else Estimate(*found)
            for month, found in json.loads(said).items()
        }


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


def _end(process: subprocess.Popen[str]) -> None:
    """End a process that nobody waits for any more."""
    if process.poll() is None:
        process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
