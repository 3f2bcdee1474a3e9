"""The process beside a page; it may start ahead of its question, while the page still imports.

Where a run starts a kernel for the page, it starts this process first and hands it to the kernel
(:func:`handed_over`), which takes it (:func:`ready`); on Windows the kernel starts its own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from funnelkit._core.cores import CORES, MEMORY_LIMIT, cores, one_thread
from funnelkit._core.errors import ArgumentError

_HANDED = "_FUNNELKIT_BESIDE"
"""The variable that tells a kernel of a process that is handed over to it."""


@dataclass(eq=False)
class Process:
    """The process, whoever started it.

    Parameters
    ----------
    pid
        Its number.
    question, answers
        Its stdin and stdout.
    own
        The process itself, where this one has started it.
    """

    pid: int
    question: IO[bytes]
    answers: IO[bytes]
    own: subprocess.Popen[bytes] | None = None

    def end(self) -> None:
        """End it: nobody waits for it any more."""
        if self.own is None:  # whoever started it waits for it, so that its number is no other's
            with contextlib.suppress(OSError):
                os.kill(self.pid, signal.SIGTERM)
        else:
            self.own.kill()
            self.own.wait()
        for stream in (self.question, self.answers):
            with contextlib.suppress(OSError):  # what it was not told any more
                stream.close()


def may_start() -> bool:
    """Whether there is a core for it, and no limit to the memory of one process.

    Raises
    ------
    ArgumentError
        If ``FUNNELKIT_CORES`` is no number.
    """
    return cores() > 1 and MEMORY_LIMIT not in os.environ


@contextlib.contextmanager
def handed_over(environment: Mapping[str, str]) -> Iterator[dict[str, object]]:
    """Start the process for a kernel of an environment, and end it at the end.

    Yields
    ------
    dict
        What the kernel is to be started with: ``env``, and ``pass_fds`` where there is a process.
    """
    told: dict[str, object] = {"env": dict(environment)}
    process = None
    with contextlib.suppress(ArgumentError, OSError):  # the page will say so, where it matters
        if os.name != "nt" and may_start():
            process = _new(environment)
    if process is None:
        yield told
        return
    try:
        ends = (process.question.fileno(), process.answers.fileno())
        told["env"] = {**environment, _HANDED: " ".join(map(str, (process.pid, *ends)))}
        yield {**told, "pass_fds": ends}
    finally:
        process.end()


def ready() -> None:
    """Take the process that was handed over, or start it before it is known what to ask it."""
    with contextlib.suppress(ArgumentError, OSError):  # the page will say so, where it matters
        handed = os.environ.pop(_HANDED, "")
        if handed:
            pid, question, answers = map(int, handed.split())
            taken = Process(pid, os.fdopen(question, "wb"), os.fdopen(answers, "rb"))
            _waiting.append((taken, _surroundings()))
        elif may_start() and not _waiting:
            _waiting.append((_new(os.environ), _surroundings()))


def dismiss() -> None:
    """End the process that waits, if there is one: it will not be asked."""
    while _waiting:
        _waiting.pop()[0].end()


def started() -> Process:
    """Return the process: the one that waits, unless what it would go by has changed since."""
    if _waiting and _waiting[0][1] == _surroundings():
        return _waiting.pop()[0]
    dismiss()
    return _new(os.environ)


_waiting: list[tuple[Process, tuple[Path, dict[str, str]]]] = []
"""The process that has not been asked yet, and its surroundings."""


def _new(environment: Mapping[str, str]) -> Process:
    from funnelkit.report.kernel import search_path

    # One thread of its own: with more it would slow the page, which is waited for.
    told = {"PYTHONPATH": search_path(), "PYTHONUTF8": "1", CORES: "1"}
    own = subprocess.Popen(
        [sys.executable, "-P", "-m", "funnelkit.report.page.beside"],
        env={**environment, **one_thread(), **told},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    return Process(own.pid, cast("IO[bytes]", own.stdin), cast("IO[bytes]", own.stdout), own)


def _surroundings() -> tuple[Path, dict[str, str]]:
    """Return the folder and the settings that a process takes over when it starts."""
    own = {name: value for name, value in os.environ.items() if name.startswith("FUNNELKIT_")}
    return Path.cwd(), own
