"""Cells that several tables share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit.table.grid import Column

Cells = tuple[str, ...]


def segment_columns(by: Sequence[str]) -> tuple[Column, ...]:
    """Return the headings of the segment columns."""
    return tuple(Column(display.one_line(name), "left") for name in by)


def segment_cells(row: Mapping[Any, Any], by: Sequence[str]) -> tuple[str, ...]:
    """Return the values of the segment columns; blank ones (NaN in a frame) are named so."""
    values = (row[name] for name in by)
    return tuple(
        display.segment_name([value if isinstance(value, str) else None]) for value in values
    )


def largest_first(rows: Sequence[Cells], entered: NDArray[np.int64]) -> tuple[Cells, ...]:
    """Return rows with the largest segment first, the order within each as it was.

    Parameters
    ----------
    rows
        Of a frame with one block per segment.
    entered
        Leads that each segment is sorted by, shape ``(n_segments,)``.

    Examples
    --------
    >>> largest_first([("a", "1"), ("a", "2"), ("b", "1"), ("b", "2")], np.array([5, 9]))
    (('b', '1'), ('b', '2'), ('a', '1'), ('a', '2'))
    """
    size = len(rows) // max(len(entered), 1)
    order = np.argsort(-entered, kind="stable")
    return tuple(row for k in order for row in rows[k * size : (k + 1) * size])


def enough(row: Mapping[Any, Any]) -> bool:
    """Return whether a percentage of the leads that entered may be shown."""
    return bool(row["entered"] >= display.FEWEST)
