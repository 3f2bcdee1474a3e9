"""Conversion by response band as a landmark analysis: who was still open then, and what came after.

Naive bands divide leads by how long their answer took, however it ended. A lead that was won on the
first day can have no answer on the second, so those answered late are the ones that had not
converted by then: the bands fall even where answers change nothing. A landmark asks instead, at
one moment of a lead's life, which leads are still open, and follows all of them equally long.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval, share_difference_interval, share_interval
from funnelkit._core.measure import Segment
from funnelkit._core.result import Result, frozen
from funnelkit.metrics.plain import local_day
from funnelkit.metrics.response.arrivals import clock_of, contacts
from funnelkit.metrics.response.contacts import Contacts
from funnelkit.metrics.response.first import BANDS, band_name, checked_bands
from funnelkit.metrics.response.working_hours import WorkingHours

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.ledgers import Ledger
    from funnelkit.data.records import Leads

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
ASSOCIATION = (
    "This is an association, not an effect: whoever is answered early may differ in other ways, "
    "and only an experiment tells what answering sooner would change."
)
_LONGEST = 100_000
_CLOSED_FIRST = "closed before they were created"


def response_bands(
    records: Leads | pd.DataFrame,
    activities: Ledger | pd.DataFrame | None = None,
    *,
    within: int = 90,
    bands: Sequence[float] = BANDS,
    columns: Mapping[str, str] | None = None,
    by: str | Sequence[str] | None = None,
    hours: WorkingHours | None = None,
    kinds: Sequence[str] | None = None,
    timezone: str | None = None,
    as_of: dt.date | str | None = None,
    confidence_level: float = 0.95,
) -> ResponseBands:
    """Return conversion after each band's end, of leads answered by then against those not.

    Parameters
    ----------
    records, activities, columns, by, hours, kinds, timezone, as_of
        As in :func:`funnelkit.metrics.first_response`; of frames also ``won``, and ``lost`` where
        it is known.
    within
        Days that every lead is followed after each landmark.
    bands
        Landmarks in minutes after a lead came; business minutes with ``hours``.
    confidence_level
        Of the intervals.

    Returns
    -------
    ResponseBands
        For each landmark: leads still open then, answered by then or not, those won within the
        days that follow, both rates and their difference, each with its interval.

    Raises
    ------
    ArgumentError
        If columns are missing, or an argument cannot be used.
    DataError
        If times cannot be read.
    EvidenceError
        If times tell days only, or no lead has been followed long enough.

    Notes
    -----
    All landmarks look at the same leads: those that came so early that even the last landmark is
    followed by ``within`` days. The others are left out and counted. A lead won or lost by the
    landmark is in neither group. Where only the day of a win or loss is known, it counts from the
    beginning of that day, so that a lead closed on the landmark's day is in neither group as well.

    References
    ----------
    Anderson, Cain and Gelber (1983), Journal of Clinical Oncology 1, 710-719, for landmarks against
    comparing responders with others. van Houwelingen (2007), Scandinavian Journal of Statistics 34,
    70-85. Interval of a rate: Wilson; of the difference: Newcombe (1998), method 10.

    Examples
    --------
    >>> import pandas as pd
    >>> leads = pd.DataFrame(
    ...     {
    ...         "created": ["2026-01-05T09:00"] * 4,
    ...         "responded": ["2026-01-05T09:03", "2026-01-05T09:50", None, "2026-01-06T09:00"],
    ...         "won": ["2026-01-20T12:00", None, "2026-01-05T09:30", "2026-02-03T12:00"],
    ...     }
    ... )
    >>> found = response_bands(leads, bands=[60], within=30, as_of="2026-03-31")
    >>> found.open_then.tolist(), found.won.tolist()  # answered by then, and not
    ([[[2, 1]]], [[[1, 1]]])
    """
    checks.confidence(confidence_level)
    checks.positive_whole("within", within)
    ends = checked_bands(bands)
    found = contacts(
        records,
        activities,
        columns=columns,
        by=by,
        kinds=kinds,
        timezone=clock_of(records, timezone, hours),
        as_of=as_of,
    )
    found = _orderly(found)
    horizon = np.timedelta64(min(within, _LONGEST), "D")
    last = found.later(float(ends[-1]), hours) + horizon
    mature = np.asarray(last <= found.end)
    if not mature.any():
        raise EvidenceError(
            f"no lead has been followed for {within} days after {band_name(float(ends[-1]))}: "
            f"{display.plural(len(mature), 'lead')} up to {day_name(found.as_of)}. Choose a "
            "smaller `within`, or fewer `bands`."
        )
    young = int((~mature).sum())
    found = found.kept(mature, {})
    cells = found.cells()
    shape = (len(cells.segments), len(ends), 2)
    open_then, won = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    decided = np.zeros(shape[:2], dtype=np.int64)
    for k, minutes in enumerate(ends):
        landmark = found.later(float(minutes), hours)
        closed = (found.won <= landmark) | (found.lost <= landmark)
        decided[:, k] = cells.count(closed)[:, 0]
        converted = ~closed & (found.won <= landmark + horizon)
        for group, told in enumerate((found.responded <= landmark, ~(found.responded <= landmark))):
            open_then[:, k, group] = cells.count(~closed & told)[:, 0]
            won[:, k, group] = cells.count(converted & told)[:, 0]
    days = tuple(sorted(found.by_day & {"won", "lost"}))
    notes = [ASSOCIATION, *found.told_aside(), *found.notes]
    if days:
        notes.append(
            f"Only the day of {display.listed(list(days))} is known: leads closed on the day of "
            "a landmark are in neither group."
        )
    return ResponseBands(
        by=cells.by,
        segments=cells.segments,
        bands=tuple(float(end) for end in ends),
        within=within,
        leads=cells.count()[:, 0].astype(np.int64),
        decided=decided,
        open_then=open_then,
        won=won,
        left_out=young,
        clock="of the clock" if hours is None else f"of {hours.told()}",
        as_of=found.as_of,
        aside=found.aside,
        notes=tuple(notes),
        confidence_level=confidence_level,
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ResponseBands(Result):
    """Conversion after landmarks, by whether a lead was answered by then.

    See :func:`response_bands`.

    Parameters
    ----------
    by, segments
        Segment columns, and the values of each segment.
    bands
        Landmarks in minutes, shape ``(n_bands,)``.
    within
        Days of follow-up after each landmark.
    leads
        Leads followed long enough, shape ``(n_segments,)``.
    decided
        Those already won or lost at each landmark, shape ``(n_segments, n_bands)``.
    open_then, won
        Leads open at each landmark and those of them won within the days that follow, shape
        ``(n_segments, n_bands, 2)``: answered by then, and not.
    left_out
        Leads too young to be followed.
    clock
        What the minutes are.
    as_of
        Last day of which anything is known.
    aside
        Reason -> leads set aside.
    notes
        What belongs with the figures.
    confidence_level
        Of the intervals in the frame and the summary.
    """

    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    bands: tuple[float, ...]
    within: int
    leads: IntArray
    decided: IntArray
    open_then: IntArray
    won: IntArray
    left_out: int
    clock: str
    as_of: dt.date
    aside: Mapping[str, int]
    notes: tuple[str, ...] = ()
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("leads", "decided", "open_then", "won"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))

    @property
    def rates(self) -> FloatArray:
        """Won over open then, shape ``(n_segments, n_bands, 2)``; NaN where nobody was open."""
        some = self.open_then > 0
        return np.where(some, self.won / np.maximum(self.open_then, 1), np.nan)

    @property
    def difference(self) -> FloatArray:
        """Rate of those answered less that of the others, shape ``(n_segments, n_bands)``."""
        return np.asarray(self.rates[..., 0] - self.rates[..., 1])

    def confidence_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return the interval of each difference, shape ``(n_segments, n_bands)``.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        checks.confidence(confidence_level)
        low, high = np.full(self.difference.shape, np.nan), np.full(self.difference.shape, np.nan)
        for i, k in np.argwhere(np.isfinite(self.difference)):
            answered, others = (
                (float(self.won[i, k, group]), float(self.open_then[i, k, group]))
                for group in (0, 1)
            )
            low[i, k], high[i, k] = share_difference_interval(
                others, answered, confidence_level=confidence_level
            )
        return Interval(low, high)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment and landmark.

        Returns
        -------
        DataFrame
            The segment columns, ``band`` and ``band_minutes``; ``decided`` by then;
            ``open_answered``, ``won_answered``, ``answered_rate`` with its interval, the same for
            ``unanswered``, ``difference`` with its interval, and ``reading`` (``association``).
        """
        some = self.open_then > 0
        low, high = share_interval(self.won, self.open_then, confidence_level=self.confidence_level)
        ends = self.confidence_interval(self.confidence_level)
        columns: dict[str, object] = {
            "band_minutes": np.asarray(self.bands)[None, :],
            "decided": self.decided,
        }
        for group, name in enumerate(("answered", "unanswered")):
            here = some[..., group]
            columns[f"open_{name}"] = self.open_then[..., group]
            columns[f"won_{name}"] = self.won[..., group]
            columns[f"{name}_rate"] = self.rates[..., group]
            columns[f"{name}_rate_low"] = np.where(here, np.asarray(low)[..., group], np.nan)
            columns[f"{name}_rate_high"] = np.where(here, np.asarray(high)[..., group], np.nan)
        columns |= {
            "difference": self.difference,
            "difference_low": ends.low,
            "difference_high": ends.high,
        }
        frame = long_frame(
            columns,
            shape=self.difference.shape,
            by=self.by,
            segments=self.segments,
            periods=[band_name(minutes) for minutes in self.bands],
            period="band",
        )
        frame["reading"] = "association"
        return frame

    def summary(self) -> str:
        """Return the difference at each landmark, its interval, and that it is no effect."""
        shown = range(min(len(self.segments), 6))
        told = [self._told(i) for i in shown]
        if self.by:
            told = [
                f"{display.segment_name(self.segments[i])}: {text}"
                for i, text in zip(shown, told, strict=True)
            ]
        more = len(self.segments) - len(told)
        rest = [f"{display.plural(more, 'more segment')} in the table."] if more > 0 else []
        text = (
            f"Leads still open at each moment after they came (minutes {self.clock}), won within "
            f"{self.within} days from there, answered by then against not. "
        )
        left = (
            [f"{display.plural(self.left_out, 'lead')} too young to be followed are left out."]
            if self.left_out
            else []
        )
        return text + " ".join([*told, *rest, *left, *self.notes])

    def _told(self, i: int) -> str:
        ends = self.confidence_interval(self.confidence_level)
        parts = []
        for k, minutes in enumerate(self.bands):
            if not np.isfinite(self.difference[i, k]):
                missing = "nobody answered" if not self.open_then[i, k, 0] else "nobody unanswered"
                parts.append(f"at {band_name(minutes)} {missing} and still open")
                continue
            rates = [display.percent(rate) for rate in self.rates[i, k]]
            low, high = (float(np.asarray(end)[i, k]) for end in ends)
            verdict = ", no difference told apart from chance" if low <= 0 <= high else ""
            parts.append(
                f"at {band_name(minutes)} {rates[0]} of {display.count(self.open_then[i, k, 0])} "
                f"against {rates[1]} of {display.count(self.open_then[i, k, 1])} "
                f"({display.signed(100 * self.difference[i, k])} points, "
                f"{display.signed(100 * low)} to {display.signed(100 * high)}{verdict})"
            )
        return "; ".join(parts) + "."


def _orderly(found: Contacts) -> Contacts:
    """Return the leads without those that were closed before they came.

    Raises
    ------
    ArgumentError
        If nothing says which leads were won.
    """
    if "won" not in found.told:
        raise ArgumentError(
            'nothing says when leads were won: give a column `won`, such as columns={"won": '
            '"closed_won_at"}.'
        )
    first_day = local_day(found.created, found.timezone).to_numpy()
    early = np.zeros(len(found.created), dtype=bool)
    for name in ("won", "lost"):
        moments = getattr(found, name)
        if name in found.by_day:
            early |= local_day(moments, found.timezone).to_numpy() < first_day
        else:
            early |= moments < found.created
    return found.kept(~early, {_CLOSED_FIRST: int(early.sum())})
