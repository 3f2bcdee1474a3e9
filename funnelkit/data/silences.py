"""How the recording of steps began and ended: who was silent before and after, and who was not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from funnelkit._core.dates import earlier

WINDOWS = (30, 90, 180)
_FEWEST = 5

End = Literal["begin", "end"]


class Start(NamedTuple):
    """How the recording of a step began, or how it ended.

    ``day`` is the first (last) day it is recorded on; ``silent`` the records of which not one
    reached it although they had ``window`` days for it before (after) that day; of ``others``,
    who entered from ``first`` to ``last``, while it was recorded, and had as long, ``hits``
    reached it within the window.
    """

    step: int
    end: End
    day: dt.date
    window: int
    silent: int
    others: int
    first: dt.date
    last: dt.date
    hits: int = 0

    @property
    def expected(self) -> float:
        """Silent records that should have reached the step within the window."""
        return self.silent * self.hits / self.others if self.others else 0.0

    @property
    def name(self) -> str:
        """What its count of hits is called."""
        return f"{self.end}_{self.step}_{self.window}"


def silences(
    ends: Mapping[int, tuple[dt.date, dt.date]], entries: Mapping[dt.date, int], as_of: dt.date
) -> Iterator[Start]:
    """Yield what days of entry alone say of each step, its first and last day, and each window.

    Parameters
    ----------
    ends
        Step -> the first and the last day on which it is recorded.
    entries
        Day -> records that entered on it.
    as_of
        The last day that is known.
    """

    def entered(first: dt.date, last: dt.date) -> int:
        return sum(n for day, n in entries.items() if first <= day <= last)

    for step, (begin, end) in ends.items():
        for window in WINDOWS:
            last = earlier(as_of, window)
            before = entered(dt.date.min, earlier(begin, window))
            after = entered(earlier(end, -1), last)
            both: tuple[tuple[End, dt.date, int, dt.date, dt.date], ...] = (
                ("begin", begin, before, begin, last),
                ("end", end, after, min(entries, default=end), earlier(end, window)),
            )
            for name, day, silent, first, until in both:
                others = entered(first, until)
                if silent >= _FEWEST and others:
                    yield Start(step, name, day, window, silent, others, first, until)
