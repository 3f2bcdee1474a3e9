"""How many reports may run side by side, by the memory that there is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import psutil

from funnelkit._core.errors import ArgumentError

GIB = 2**30
NEED = 1.0 * GIB
"""Memory of one report (its kernel, and the process that renders it) until one was measured."""
_SHARE = 0.8
_PER_BYTE = 2.0
_UNITS = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
          "KIB": 2**10, "MIB": 2**20, "GIB": GIB, "TIB": 2**40}  # fmt: skip
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def budget_of(given: str | None) -> float:
    """Return the memory, in bytes, that all reports together may take.

    Parameters
    ----------
    given
        A size such as ``"4GB"``; ``None``: four fifths of what is free now.

    Raises
    ------
    ArgumentError
        If it is no size.

    Examples
    --------
    >>> budget_of("4GB"), budget_of("1.5 GiB")
    (4000000000.0, 1610612736.0)
    """
    if given is None:
        return _SHARE * _free()
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]i?B)", str(given).strip(), re.IGNORECASE)
    if match is None or float(match[1]) == 0:
        raise ArgumentError(f"`memory` must be a size such as 4GB or 500MB; got {given!r}.")
    return float(match[1]) * _UNITS[match[2].upper()]


def need_of(inputs: Iterable[Path]) -> float:
    """Return the memory, in bytes, that one report is expected to take."""
    return NEED + _PER_BYTE * sum(path.stat().st_size for path in inputs)


def taken_by(process: int) -> float:
    """Return the memory, in bytes, that a process and all its children take; 0 once it is gone."""
    try:
        first = psutil.Process(process)
        family = [first, *first.children(recursive=True)]
    except psutil.Error:
        return 0.0
    taken = 0.0
    for one in family:
        try:
            taken += one.memory_info().rss
        except psutil.Error:
            continue
    return taken


def _free() -> float:
    """Return the memory that is free, on the machine and within the limit of a container."""
    free = float(psutil.virtual_memory().available)
    for name in _LIMITS:
        try:
            limit = float(Path(name).read_text(encoding="utf-8"))
        except (OSError, ValueError):  # "max": no limit
            continue
        free = min(free, limit - psutil.Process().memory_info().rss)
    return free
