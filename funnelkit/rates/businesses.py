"""Businesses that are kept apart: which segments belong to each, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit.counts.flows import Stays
from funnelkit.counts.triangle import Segment

IntArray = NDArray[np.int64]
ENTERED_AT = "entered_at"
_SHOWN = 6


def businesses(
    by: Sequence[str], segments: Sequence[Segment], apart: Sequence[str]
) -> list[tuple[Segment, list[int]]]:
    """Return the values of the columns that are kept apart, and the positions of their segments.

    Examples
    --------
    >>> businesses(("pipeline", "source"), [("New", "a"), ("Old", "a"), ("New", "b")], ["pipeline"])
    [(('New',), [0, 2]), (('Old',), [1])]
    """
    columns = [by.index(name) for name in apart if name in by]
    found: dict[Segment, list[int]] = {}
    for position, segment in enumerate(segments):
        found.setdefault(tuple(segment[k] for k in columns), []).append(position)
    return list(found.items())


def stays_by_business(
    stays: Stays, origins: Stays | None, apart: Sequence[str]
) -> list[tuple[Segment, Stays, Stays | None]]:
    """Return the values of each business that is kept apart, and its stays."""
    first = {} if origins is None else dict(businesses(origins.by, origins.segments, apart))
    return [
        (values, _part(stays, rows), None if origins is None else _part(origins, first[values]))
        for values, rows in businesses(stays.by, stays.segments, apart)
    ]


def appearing_by(stays: Stays, origins: Stays, cube: IntArray, upto: int) -> IntArray:
    """Return counts over the records that first appear at a stage or before it.

    Parameters
    ----------
    stays, origins
        The stays, and the same split by the stage at which a record first appears.
    cube
        Counts of ``origins``, shape ``(n_segments of origins, n_stages)``.
    upto
        Position of the stage.
    """
    wanted = set(stays.stages[: upto + 1])
    rows = {segment: i for i, segment in enumerate(stays.segments)}
    at = origins.by.index(ENTERED_AT)
    kept = [origins.by.index(name) for name in stays.by]
    found = np.zeros_like(stays.entered)
    for row, segment in enumerate(origins.segments):
        if segment[at] in wanted:
            found[rows[tuple(segment[k] for k in kept)]] += cube[row]
    return found


def told_apart(said: Sequence[tuple[Segment, int, str]]) -> str:
    """Return what is said of each business, the largest first.

    Parameters
    ----------
    said
        Its values, the size by which it is ranked, and the sentence.
    """
    ranked = sorted(said, key=lambda one: -one[1])
    lines = [
        f"{display.segment_name(values)}: {text[:1].lower()}{text[1:]}"
        for values, _, text in ranked[:_SHOWN]
    ]
    more = len(ranked) - _SHOWN
    if more > 0:
        lines.append(f"{display.plural(more, 'more business', 'more businesses')} in the table.")
    return " ".join(lines)


def _part(stays: Stays, rows: list[int]) -> Stays:
    """Return the stays of some segments."""
    return replace(
        stays,
        segments=tuple(stays.segments[row] for row in rows),
        entered=stays.entered[rows],
        filled=stays.filled[rows],
        moved_on=stays.moved_on[rows],
        left={name: counts[rows] for name, counts in stays.left.items()},
        still_there=stays.still_there[rows],
        days=stays.days[rows],
        accounts=None if stays.accounts is None else stays.accounts[:, rows],
    )
