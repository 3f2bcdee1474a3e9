"""Whether a handful of values carries a mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display

FloatArray = NDArray[np.float64]
_HANDFUL = 5
_ONE_IN = 100
_FEWEST = 20


def carried_by(values: FloatArray) -> int:
    """Return the fewest values that make up half of the sum; 0 where the sum is not above 0.

    Parameters
    ----------
    values
        One for each unit.

    Examples
    --------
    >>> carried_by(np.array([1.0, 1.0, 1.0, 9.0]))
    1
    """
    total = float(values.sum())
    if not total > 0:
        return 0
    largest = np.sort(values)[::-1]
    return int(np.searchsorted(np.cumsum(largest), total / 2) + 1)


def tail_note(name: str, values: FloatArray, units: str) -> str | None:
    """Return a sentence where a handful of values makes up half of the sum or more.

    Parameters
    ----------
    name
        Of the arm.
    values
        One for each unit.
    units
        What they are counted in.

    Notes
    -----
    A handful is 5 or fewer, or one in a hundred of the values that are not 0, of at least 20 units.
    """
    few = carried_by(values)
    most = max(_HANDFUL, int(np.count_nonzero(values)) // _ONE_IN)
    if values.size < _FEWEST or not 0 < few <= most:
        return None
    share = float(np.sort(values)[-few:].sum() / values.sum())
    of = f"{display.count(few)} of {display.count(values.size)} {units}"
    return (
        f"{display.one_line(name)}: {of} make up {display.percent(share, decimals=0)} of the sum, "
        "so the mean hangs on them."
    )
