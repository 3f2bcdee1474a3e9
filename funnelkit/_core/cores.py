"""What is used of a machine: all its processors, unless told; linear algebra takes one."""

from __future__ import annotations

import os

from funnelkit._core.errors import ArgumentError

CORES = "FUNNELKIT_CORES"
MEMORY_LIMIT = "FUNNELKIT_MEMORY_LIMIT"
_NAMES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Read by the libraries of NumPy's and SciPy's wheels and of conda's builds, as they load."""


def cores() -> int:
    """Return how many processors may be used: all of this process, or ``FUNNELKIT_CORES``.

    Raises
    ------
    ArgumentError
        If the variable is no whole number of at least one.

    Examples
    --------
    >>> cores() >= 1
    True
    """
    given = os.environ.get(CORES, "").strip()
    if given and not (given.isdecimal() and int(given)):
        raise ArgumentError(
            f"the environment variable `{CORES}` must be a number of processors such as 2; got "
            f"{given!r}."
        )
    if given:
        return int(given)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def one_thread() -> dict[str, str]:
    """Return the variables that hold linear algebra to one thread, but for those that are set.

    Matrices here are small, and two threads would only wait for each other.

    Examples
    --------
    >>> set(one_thread().values()) <= {"1"}
    True
    """
    return {name: "1" for name in _NAMES if name not in os.environ}
