"""A bar of steps on a terminal; nothing at all where stderr is none."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

_WIDTH = 20
_CLEAR = "\r\x1b[2K"


@contextlib.contextmanager
def steps(total: int, *, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Yield a function that is called with the name of each step as it begins.

    Parameters
    ----------
    total
        Number of steps.
    quiet
        Whether to draw nothing on a terminal either.
    """
    shown = sys.stderr.isatty() and not quiet
    done = 0

    def step(name: str) -> None:
        nonlocal done
        if shown:
            filled = _WIDTH * done // total
            bar = "#" * filled + "." * (_WIDTH - filled)
            print(f"{_CLEAR}[{bar}] {name} …", end="", file=sys.stderr, flush=True)
        done += 1

    try:
        yield step
    finally:
        if shown and done:
            print(_CLEAR, end="", file=sys.stderr, flush=True)
