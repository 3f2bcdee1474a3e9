"""A process that writes one report after another, as it is told on stdin, and says how it went.

Each line on stdin is ``{"report": …, "given": {…}}``, each line on stdout its answer:
``{"folder": …, "warnings": […]}`` or ``{"error": …, "words": …}``. Where stdin ends, because
whoever asks has ended in whatever way, the report that is being written is given up.
"""

from __future__ import annotations

import _thread
import contextlib
import json
import os
import queue
import signal
import sys
import threading
import warnings
from types import FrameType
from typing import Any, NoReturn

from funnelkit._core.errors import FunnelError


def answer_to(line: str) -> dict[str, Any]:
    """Write one report, and return how it went."""
    from funnelkit.report.runner import run

    asked = json.loads(line)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            made = run(asked["report"], progress=False, **asked["given"])
        except FunnelError as error:
            return {"error": type(error).__name__, "words": str(error)}
        except Exception as error:  # noqa: BLE001  whatever it is, the other reports go on
            return {"error": type(error).__name__, "words": f"{type(error).__name__}: {error}"}
    return {"folder": made.folder.as_posix(), "warnings": list(made.warnings)}


def main() -> int:
    """Answer until stdin ends."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background jobs ignore the first
        signal.signal(number, _stop)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    busy = threading.Event()
    threading.Thread(target=_read, args=(lines, busy), daemon=True).start()
    try:
        while line := lines.get():
            busy.set()
            said = answer_to(line)
            busy.clear()
            answers.write(json.dumps(said) + "\n")
            answers.flush()
    except (KeyboardInterrupt, BrokenPipeError):
        return 130
    return 0


def _read(lines: queue.SimpleQueue[str], busy: threading.Event) -> None:
    for line in sys.stdin:
        lines.put(line)
    lines.put("")
    if not busy.is_set():
        return
    main_thread = threading.main_thread().ident
    with contextlib.suppress(AttributeError, ProcessLookupError):
        if main_thread is not None:
            signal.pthread_kill(main_thread, signal.SIGINT)  # wakes it from whatever it waits for
            return
    _thread.interrupt_main()


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
