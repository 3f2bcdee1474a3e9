"""The label columns of long frames: periods and segments beside arrays of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd


def long_frame(
    columns: dict[str, object],
    *,
    shape: tuple[int, ...],
    by: Sequence[str] = (),
    segments: Sequence[Sequence[str | None]] = ((),),
    periods: pd.PeriodIndex | Sequence[str] | None = None,
    period: str = "cohort",
) -> pd.DataFrame:
    """Return a frame of one row per cell: period, segment columns, then the numbers.

    Parameters
    ----------
    columns
        Name -> array of ``shape``, or of a shape that broadcasts to it.
    shape
        Segments first, periods second where there are any.
    by, segments
        Names of the segment columns, and the values of each segment.
    periods
        Labels along the second axis; ``None`` where there is no column for them.
    period
        Name of their column.

    Raises
    ------
    ArgumentError
        If a segment column bears the name of another column.

    Examples
    --------
    >>> frame = long_frame({"n": [[1, 2]]}, shape=(1, 2), periods=["2026-01", "2026-02"])
    >>> frame.to_dict("list")
    {'cohort': ['2026-01', '2026-02'], 'n': [1, 2]}
    """
    import pandas as pd

    taken = {*columns, *([] if periods is None else [period])}
    if clash := [name for name in by if name in taken]:
        raise ArgumentError(
            f"`by`: the table has a column `{clash[0]}` of its own; rename that segment."
        )
    where = np.indices(shape).reshape(len(shape), -1)
    labels: dict[str, object] = {}
    if periods is not None:
        names = [name if isinstance(name, str) else period_label(name) for name in periods]
        labels[period] = [names[j] for j in where[1]]
    for k, name in enumerate(by):
        labels[name] = [segments[i][k] for i in where[0]]
    flat = {
        name: np.broadcast_to(np.asarray(values), shape).ravel() for name, values in columns.items()
    }
    return pd.DataFrame(labels | flat)
