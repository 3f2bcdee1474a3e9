"""Segments that a figure must name even where no record has them: a roster of reps, say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.clusters import ClusterSums
from funnelkit._core.errors import ArgumentError
from funnelkit.counts.pipeline import By
from funnelkit.counts.reshape import sort_segments
from funnelkit.counts.triangle import Segment

Among = Mapping[str, Sequence[str]] | None
_SHOWN = 6


def split(by: By, among: Among) -> By:
    """Return the segments to split by: those asked for, or the one of the roster.

    Raises
    ------
    ArgumentError
        If the roster is no mapping of one segment to names, or not of the segment split by.
    """
    if among is None:
        return by
    if not isinstance(among, Mapping) or len(among) != 1:
        raise ArgumentError(
            '`among` must map one segment to its names, such as {"rep": ["Ada", "Bo"]}; '
            f"got {among!r}."
        )
    [(name, values)] = among.items()
    if isinstance(values, str) or not all(isinstance(one, str) for one in values):
        raise ArgumentError(f"`among`: the names of `{name}` must be a list of texts.")
    names = (by,) if isinstance(by, str) else tuple(by or (name,))
    if names != (name,):
        raise ArgumentError(f"`among` names `{name}`; then `by` must be just that; got {by!r}.")
    return names


class Roster:
    """The segments of counts, with those of a roster that no record has.

    Parameters
    ----------
    by, segments
        Segment columns, and the segments that have records.
    among
        Segment -> names that must be there.
    """

    def __init__(self, by: Sequence[str], segments: Sequence[Segment], among: Among) -> None:
        self.note = ""
        self.segments = tuple(segments)
        if among:
            [(name, values)] = among.items()
            place = list(by).index(name)
            others = dict.fromkeys(
                (*one[:place], None, *one[place + 1 :]) for one in segments or [(None,) * len(by)]
            )
            wanted = {
                (*one[:place], value, *one[place + 1 :])
                for one in others
                for value in dict.fromkeys(values)
            }
            self.segments = sort_segments({*segments, *wanted})
            idle = sorted(set(values) - {str(one[place]) for one in segments})
            if idle:
                shown = display.listed([display.one_line(one) for one in idle[:_SHOWN]])
                more = f" and {len(idle) - _SHOWN} more" if len(idle) > _SHOWN else ""
                self.note = (
                    f"{display.count(len(idle))} of {display.count(len(set(values)))} on the list "
                    f"of `{name}` {'has' if len(idle) == 1 else 'have'} none: {shown}{more}."
                )
        self._rows = [self.segments.index(one) for one in segments]

    def over(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return an array by segment over all of them, 0 where nothing was counted."""
        out = np.zeros((len(self.segments), *values.shape[1:]), dtype=values.dtype)
        out[self._rows] = values
        return out

    def clusters(self, sums: ClusterSums | None) -> ClusterSums | None:
        """Return sums over accounts over all segments."""
        if sums is None:
            return None
        nn, xn, xx = (self.over(values) for values in (sums.nn, sums.xn, sums.xx))
        return ClusterSums(accounts=self.over(sums.accounts), nn=nn, xn=xn, xx=xx)


def told_by_business(
    by: Sequence[str],
    segments: Sequence[Segment],
    apart: Sequence[str],
    counted: NDArray[Any],
) -> str:
    """Return a number of records as text: one number, or that of each business kept apart.

    Examples
    --------
    >>> told_by_business(("kind",), [("New",), ("Old",)], ["kind"], np.array([[3], [1]]))
    '3 (New) and 1 (Old)'
    >>> told_by_business(("source",), [("a",), ("b",)], [], np.array([[3], [1]]))
    '4'
    """
    places = [list(by).index(name) for name in apart if name in by]
    sums: dict[Segment, int] = {}
    for segment, row in zip(segments, counted, strict=True):
        key = tuple(segment[place] for place in places)
        sums[key] = sums.get(key, 0) + int(row.sum())
    if len(sums) < 2:
        return display.count(sum(sums.values()))
    some = sorted(((n, display.segment_name(key)) for key, n in sums.items() if n), reverse=True)
    parts = [f"{display.count(n)} ({name})" for n, name in some[:_SHOWN]]
    if len(some) > _SHOWN:
        parts.append(f"{len(some) - _SHOWN} more businesses")
    return display.listed(parts)
