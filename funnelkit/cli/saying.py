"""How commands say what they have done: in words, or as JSON for machines."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import sys
import warnings
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from funnelkit._core.errors import FunnelError, FunnelWarning


def fail(told: argparse.Namespace, error: FunnelError, code: int) -> int:
    """Say an error, and return the exit code."""
    if told.json:
        problems = getattr(error, "problems", (str(error),))
        print_json({"error": type(error).__name__, "problems": list(problems)})
    else:
        print(f"funnelkit: {error}", file=sys.stderr)
    return code


@contextlib.contextmanager
def said_aloud() -> Iterator[list[warnings.WarningMessage]]:
    """Collect funnelkit's own warnings; those of libraries are not for the user of a command."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", FunnelWarning)
        yield said


def print_json(content: dict[str, Any]) -> None:
    """Print what a command found as JSON; dates and paths as text."""
    print(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False, default=str))


def plain(value: Any) -> Any:
    """Return an exact number as JSON has it."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == int(value) else float(value)


def finite(value: Any) -> Any:
    """Return a value as JSON can hold it; a share that is not known is null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def say_notes(notes: Sequence[str]) -> None:
    """Say on stderr what was decided on the way."""
    for words in notes:
        print(f"note: {words}", file=sys.stderr)


def lined_up(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    r"""Return a table as lines, the first column to the left and the others to the right.

    Examples
    --------
    >>> print("\n".join(lined_up(["Month", "Wins"], [["2026-11", "12"], ["2026-12", "9"]])))
      Month    Wins
      2026-11    12
      2026-12     9
    """
    every = [list(heads), *(list(row) for row in rows)]
    widths = [max(len(row[k]) for row in every) for k in range(len(heads))]
    return [
        "  "
        + "  ".join(
            cell.rjust(size) if k else cell.ljust(size)
            for k, (cell, size) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in every
    ]
