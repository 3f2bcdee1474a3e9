"""How many threads linear algebra takes: matrices here are small, and two of them only wait."""

from __future__ import annotations

import os

_NAMES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Read by the libraries of NumPy's and SciPy's wheels and of conda's builds, as they load."""


def one_thread() -> dict[str, str]:
    """Return the variables that hold linear algebra to one thread, but for those that are set.

    Examples
    --------
    >>> set(one_thread().values()) <= {"1"}
    True
    """
    return {name: "1" for name in _NAMES if name not in os.environ}
