"""Reports side by side: as many processes as there are cores, and memory, for."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from funnelkit._core.cores import CORES, MEMORY_LIMIT, cores
from funnelkit.report import kernel
from funnelkit.report.batch import memory
from funnelkit.report.batch.jobs import Job

Answer = Mapping[str, Any]
KEPT: Answer = {"kept": True}
"""The answer where a report had been done by then, by another run."""
_TICK, _PATIENCE = 0.25, 30.0
_LEAST_ENGINE = 500e6


class Pool:
    """Processes that write reports.

    Parameters
    ----------
    most
        How many at once.
    budget
        Memory in bytes that all together may take; one report runs in any case.
    need
        Memory in bytes that one is expected to take, until it is seen what they take.
    """

    def __init__(self, *, most: int, budget: float, need: float) -> None:
        self._most, self._budget, self._need = most, budget, need
        self._peak, self._known = 0.0, False
        self._idle: list[_Worker] = []
        self._busy: dict[Job, _Worker] = {}

    @property
    def need(self) -> float:
        """Memory in bytes that one report takes: as seen once one has ended, else as expected."""
        return self._peak if self._known and self._peak else max(self._need, self._peak)

    def answers(
        self, jobs: Iterable[Job], *, again: bool = False, tick: Callable[[int], None]
    ) -> Iterator[tuple[Job, Answer]]:
        """Yield each report as it ends, with how it went.

        Parameters
        ----------
        jobs
            The reports, in the order in which they are begun.
        again
            Whether to write them also where another run has done so meanwhile.
        tick
            Called several times a second with how many are being written.
        """
        waiting = deque(jobs)
        ended: queue.SimpleQueue[tuple[Job, Answer]] = queue.SimpleQueue()
        try:
            while waiting or self._busy:
                while waiting and self._has_room():
                    job = waiting.popleft()
                    if not again and job.is_done():
                        yield job, KEPT
                    else:
                        self._begin(job, ended)
                tick(len(self._busy))
                for worker in self._busy.values():
                    self._peak = max(self._peak, memory.taken_by(worker.process))
                with contextlib.suppress(queue.Empty):
                    job, answer = ended.get(timeout=_TICK)
                    worker = self._busy.pop(job)
                    self._known = True
                    if worker.alive:
                        self._idle.append(worker)
                    else:
                        worker.leave()
                        worker.end()
                    yield job, answer
        finally:
            self._stop()

    def _has_room(self) -> bool:
        running = len(self._busy)
        fits = (running + 1) * self.need <= self._budget
        return running == 0 or (running < self._most and fits)

    def _begin(self, job: Job, ended: queue.SimpleQueue[tuple[Job, Answer]]) -> None:
        worker = self._idle.pop() if self._idle else _Worker(self._environment())
        self._busy[job] = worker
        asked = {"report": job.settings.report, "given": job.given()}
        line = json.dumps(asked, default=str) + "\n"
        work = threading.Thread(target=lambda: ended.put((job, worker.ask(line))), daemon=True)
        work.start()

    def _environment(self) -> dict[str, str]:
        """Return the environment of a process: it takes no more than its share."""
        share = self._budget / self._most - memory.NEED
        told = {"PYTHONPATH": kernel.search_path(), "PYTHONUTF8": "1"}
        told[CORES] = str(max(cores() // self._most, 1))
        if MEMORY_LIMIT not in os.environ:
            told[MEMORY_LIMIT] = f"{max(share, _LEAST_ENGINE) / 1e6:.0f}MB"
        return {**os.environ, **told}

    def _stop(self) -> None:
        """End all processes, each once it has cleaned up."""
        workers = [*self._idle, *self._busy.values()]
        for worker in workers:
            worker.leave()
        for worker in workers:
            worker.end()
        self._idle, self._busy = [], {}


class _Worker:
    """One process; see :mod:`funnelkit.report.batch.worker`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed by `end`
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "funnelkit.report.batch.worker"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="utf-8",
        )

    @property
    def process(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def ask(self, line: str) -> Answer:
        """Return the answer; where the process has ended, that it did."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is not None and stdout is not None:
            with contextlib.suppress(OSError, ValueError):
                stdin.write(line)
                stdin.flush()
                if said := stdout.readline():
                    answer: Answer = json.loads(said)
                    return answer
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE)
        return {"error": "ReportError", "words": self._last_words()}

    def leave(self) -> None:
        """Tell it that nothing more is asked; what it is writing it gives up."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def end(self) -> None:
        """Wait until it has ended; where it does not, end it."""
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        finally:
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._errors.close()

    def _last_words(self) -> str:
        """Return why the process ended, as far as that is known."""
        lines: list[str] = []
        with contextlib.suppress(ValueError):  # closed meanwhile: nobody waits for these words
            self._errors.seek(0)
            lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        why = f" ({lines[-1]})" if lines else ""
        return (
            f"its process ended with {self._process.poll()}{why}. Often memory ran out: try again "
            "with fewer at once (`jobs`), or on a larger machine."
        )
