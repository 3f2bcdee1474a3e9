"""`followed`: records that were followed for a whole window, and those that converted within it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.frames import long_frame
from funnelkit._core.result import Result, frozen
from funnelkit.counts.arrange import run, segments_of
from funnelkit.counts.triangle import IntArray, Segment
from funnelkit.data import journeys as journey

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from funnelkit.data.records import Leads


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Followed(Result):
    """Conversions within a window, of records that could be followed for all of it.

    Parameters
    ----------
    start, target, within
        The transition, and the window in days.
    by, segments
        Segment columns, and one tuple of values for each segment.
    as_of
        Last complete day.
    entered, converted
        Records that entered ``start`` at least ``within`` days before ``as_of``, and those of
        them that reached ``target`` within the window; shape ``(n_segments,)``.
    young
        Records that entered later than that; same shape.
    """

    start: str
    target: str
    within: int
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    as_of: dt.date
    entered: IntArray
    converted: IntArray
    young: IntArray

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("entered", "converted", "young"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment: ``entered``, ``converted``, ``young``."""
        return long_frame(
            {"entered": self.entered, "converted": self.converted, "young": self.young},
            shape=self.entered.shape,
            by=self.by,
            segments=self.segments,
        )

    def summary(self) -> str:
        """Return the counts in one sentence."""
        return (
            f"Of {display.count(self.entered.sum())} records that entered {self.start} at least "
            f"{self.within} days before {self.as_of.isoformat()}, "
            f"{display.count(self.converted.sum())} reached {self.target} within these days; "
            f"{display.count(self.young.sum())} are younger."
        )


def followed(
    leads: Leads, start: str, target: str, *, within: int, by: str | Sequence[str] | None = None
) -> Followed:
    """Return entries followed for a whole window, and their conversions within it.

    Parameters
    ----------
    leads
        The data; records that entered ``start`` before ``recorded_from`` are left out.
    start, target
        Stages, the target after the start.
    within
        Days after entry up to which a conversion counts.
    by
        Segment column or columns, the funnel's owner column among them.

    Raises
    ------
    ArgumentError
        For unknown stages or segments, a target that is not after its start, or no whole window.

    Notes
    -----
    The followed leads of a triangle, counted without its ages: for tables of so many segments that
    a cube of ages would not fit. A filled start is left out, as in rates.
    """
    funnel = leads.funnel
    first, last = funnel.way(start, target)
    checks.positive_whole("within", within)
    names = journey.group_names(funnel, by)
    table = leads.journeys
    began, came = table[f"date_{first}"], table[f"date_{last}"]
    inside = journey.in_rates(table, first, leads.recorded_from).fill_null(False)
    old = began <= ibis.literal(leads.as_of - dt.timedelta(days=within))
    reached = table[f"reached_{last}"] & (came.delta(began, unit="day") <= within).fill_null(False)
    columns = journey.group_columns(table, funnel, names)
    picked = table.filter(inside).mutate(**columns, all_=ibis.literal(0), old_=old)
    picked = picked.mutate(within_=(picked.old_ & reached))
    counted = run(
        picked.group_by("all_", *columns).aggregate(
            n=picked.count(), entered=picked.old_.sum(), converted=picked.within_.sum()
        )
    )
    counted = counted.sort_values([*columns, "all_"], kind="stable")
    entered = counted["entered"].to_numpy(np.int64)
    return Followed(
        start=start,
        target=target,
        within=within,
        by=names,
        segments=tuple(segments_of(counted, names)),
        as_of=leads.as_of,
        entered=entered,
        converted=counted["converted"].to_numpy(np.int64),
        young=counted["n"].to_numpy(np.int64) - entered,
    )
