"""First-response time in minutes, the unanswered counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import Unit, day_name
from funnelkit._core.errors import ArgumentError
from funnelkit._core.frames import long_frame
from funnelkit._core.measure import Segment
from funnelkit._core.result import Result, frozen
from funnelkit.metrics.response.arrivals import clock_of, contacts
from funnelkit.metrics.response.waiting import Waiting
from funnelkit.metrics.response.working_hours import WorkingHours

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.ledgers import Ledger
    from funnelkit.data.records import Leads

FloatArray = NDArray[np.float64]
BANDS = (5.0, 30.0, 60.0, 1440.0, 2880.0)
"""Minutes: 5 min, 30 min, 1 h, 24 h, 48 h."""
LONGEST = 10 * 366 * 1440
_QUANTILES = (0.25, 0.5, 0.75, 0.9)


def first_response(
    records: Leads | pd.DataFrame,
    activities: Ledger | pd.DataFrame | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    by: str | Sequence[str] | None = None,
    every: Unit | None = None,
    hours: WorkingHours | None = None,
    kinds: Sequence[str] | None = None,
    bands: Sequence[float] = BANDS,
    timezone: str | None = None,
    as_of: dt.date | str | None = None,
    confidence_level: float = 0.95,
) -> ResponseTimes:
    """Return how long leads waited for their first answer, in minutes, the unanswered counted.

    Parameters
    ----------
    records
        Leads that keep the time of creation (``keep=["created_at"]``), or a frame of one row per
        lead with ``created`` and, where there are no activities, ``responded``.
    activities
        Ledger or frame with ``at``, ``kind`` and ``record``: the first outbound one of each lead is
        its answer.
    columns
        Our name -> theirs: ``created``, ``responded``, ``won``, ``lost``, and ``record`` of frames.
    by
        Segments, or columns of the frame.
    every
        Split by the period of creation: ``"month"`` …
    hours
        Count business minutes only; default: minutes of the clock.
    kinds
        Kinds of activities that are an answer; default: calls, emails, meetings, messages, chats.
    bands
        Minutes by which the share answered is told.
    timezone
        Of a frame's times without an offset; default: that of ``hours``, or UTC.
    as_of
        Last complete day of a frame; default: up to the latest time in it and in activities.
    confidence_level
        Of the intervals.

    Returns
    -------
    ResponseTimes
        Median, quartiles and 90th percentile, and the share answered within each band.

    Raises
    ------
    ArgumentError
        If columns are missing, or nothing says when leads were answered.
    DataError
        If times cannot be read, or some have an offset and others none.
    EvidenceError
        If times tell days only.

    Notes
    -----
    Kaplan-Meier: a lead without an answer has waited until the last moment known, and counts as
    waiting until then. A lead that was closed without an answer goes on waiting, so that giving up
    on leads does not shorten the median. Leads that were answered before they came (they were
    called first, or the clock is wrong) are set aside and counted.

    References
    ----------
    Kaplan and Meier (1958), Journal of the American Statistical Association 53, 457-481.

    Examples
    --------
    >>> import pandas as pd
    >>> leads = pd.DataFrame(
    ...     {
    ...         "created": ["2026-03-02T09:00", "2026-03-02T10:00", "2026-03-02T11:00"],
    ...         "responded": ["2026-03-02T09:20", "2026-03-02T12:00", None],
    ...     }
    ... )
    >>> times = first_response(leads, as_of="2026-03-31")
    >>> float(times.median[0, 0]), float(times.median_of_answered[0, 0])
    (120.0, 70.0)
    """
    checks.confidence(confidence_level)
    ends = checked_bands(bands)
    zone = clock_of(records, timezone, hours)
    found = contacts(
        records, activities, columns=columns, by=by, kinds=kinds, timezone=zone, as_of=as_of
    )
    cells = found.cells(every)
    answered = found.answered
    until = np.where(answered, found.responded, found.end)
    waited = found.minutes(found.created, until, hours)
    shape = cells.shape
    blank = {name: np.full(shape, np.nan) for name in ("low", "high", "naive")}
    quantiles = np.full((*shape, len(_QUANTILES)), np.nan)
    shares = np.full((3, *shape, len(ends)), np.nan)
    for (i, j), inside in cells.groups():
        wait = Waiting(minutes=waited[inside], answered=answered[inside])
        quantiles[i, j] = [wait.quantile(share) for share in _QUANTILES]
        blank["low"][i, j], blank["high"][i, j] = wait.quantile_interval(0.5, confidence_level)
        if answered[inside].any():
            blank["naive"][i, j] = np.median(waited[inside][answered[inside]])
        shares[0, i, j] = wait.share_by(ends)
        shares[1, i, j], shares[2, i, j] = wait.share_interval(ends, confidence_level)
    closed = ~np.isnat(found.won) | ~np.isnat(found.lost)
    return ResponseTimes(
        by=cells.by,
        segments=cells.segments,
        periods=cells.periods,
        leads=cells.count(),
        answered=cells.count(answered),
        closed_unanswered=cells.count(closed & ~answered),
        quantiles=quantiles,
        median_low=blank["low"],
        median_high=blank["high"],
        median_of_answered=blank["naive"],
        bands=tuple(float(end) for end in ends),
        shares=shares[0],
        shares_low=shares[1],
        shares_high=shares[2],
        clock="minutes of the clock" if hours is None else f"minutes of {hours.told()}",
        as_of=found.as_of,
        aside=found.aside,
        notes=(*found.told_aside(), *found.notes),
        confidence_level=confidence_level,
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ResponseTimes(Result):
    """First-response times by segment and period; see :func:`first_response`.

    Parameters
    ----------
    by, segments
        Segment columns, and the values of each segment.
    periods
        Labels of the periods of creation, or ``None``.
    leads, answered, closed_unanswered
        Leads, those answered so far, and those won or lost without an answer; shape
        ``(n_segments, n_periods)``, one period where there are none.
    quantiles
        Minutes by which a quarter, half, three quarters and nine tenths of the leads are answered,
        shape ``(n_segments, n_periods, 4)``; NaN where so many are not.
    median_low, median_high
        Interval of the median; an end that is not reached is NaN.
    median_of_answered
        Median of the answered alone, which flatters.
    bands
        Minutes of ``shares``.
    shares, shares_low, shares_high
        Share answered within each band and its interval, shape
        ``(n_segments, n_periods, n_bands)``; NaN past the end of follow-up.
    clock
        What the minutes are.
    as_of
        Last day of which anything is known.
    aside
        Reason -> leads set aside.
    notes
        What was found and decided.
    confidence_level
        Of the intervals.
    """

    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    periods: tuple[str, ...] | None
    leads: FloatArray
    answered: FloatArray
    closed_unanswered: FloatArray
    quantiles: FloatArray
    median_low: FloatArray
    median_high: FloatArray
    median_of_answered: FloatArray
    bands: tuple[float, ...]
    shares: FloatArray
    shares_low: FloatArray
    shares_high: FloatArray
    clock: str
    as_of: dt.date
    aside: Mapping[str, int]
    notes: tuple[str, ...] = ()
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name, value in vars(self).copy().items():
            if isinstance(value, np.ndarray):
                object.__setattr__(self, name, frozen(value, np.float64))

    @property
    def median(self) -> FloatArray:
        """Minutes by which half of the leads are answered, shape ``(n_segments, n_periods)``."""
        return self.quantiles[..., 1]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment and period.

        Returns
        -------
        DataFrame
            ``cohort`` (period of creation, where there are periods), the segment columns,
            ``leads``, ``answered``, ``unanswered``, ``closed_unanswered``, ``median_minutes`` with
            ``_low`` and ``_high``, ``p25_minutes``, ``p75_minutes``, ``p90_minutes``,
            ``median_of_answered_minutes``, and for each band ``within_5_min_rate`` with its
            interval.
        """
        columns: dict[str, object] = {
            "leads": self.leads.astype(int),
            "answered": self.answered.astype(int),
            "unanswered": (self.leads - self.answered).astype(int),
            "closed_unanswered": self.closed_unanswered.astype(int),
            "median_minutes": self.median,
            "median_minutes_low": self.median_low,
            "median_minutes_high": self.median_high,
            **{f"p{100 * q:.0f}_minutes": self.quantiles[..., k] for k, q in _others()},
            "median_of_answered_minutes": self.median_of_answered,
        }
        for k, band in enumerate(self.bands):
            name = f"within_{band_name(band).replace(' ', '_')}_rate"
            columns[name] = self.shares[..., k]
            columns[f"{name}_low"] = self.shares_low[..., k]
            columns[f"{name}_high"] = self.shares_high[..., k]
        return long_frame(
            columns,
            shape=self.leads.shape,
            by=self.by,
            segments=self.segments,
            periods=self.periods,
        )

    def summary(self) -> str:
        """Return the median with its interval, and how many have not been answered."""
        filled = [tuple(place) for place in np.argwhere(self.leads > 0)]
        if not filled:
            text = "First response: no leads, so there is no time."
        elif self.leads.size == 1:
            text = f"First response: {self._told(0, 0)}"
        else:
            parts = [f"{self._label(i, j)}: {self._told(i, j)}" for i, j in filled[:6]]
            text = "First response. " + " ".join(parts)
            if more := len(filled) - 6:
                text += f" {display.plural(more, 'more')} in the table." if more > 0 else ""
        text += f" Counted in {self.clock}, up to {day_name(self.as_of)}."
        return " ".join([text, *self.notes])

    def _told(self, i: int, j: int) -> str:
        leads, answered = self.leads[i, j], self.answered[i, j]
        open_ = f"{display.count(leads - answered)} of {display.plural(leads, 'lead')} not answered"
        median = self.median[i, j]
        if not np.isfinite(median):
            return f"half of the leads are not answered yet, so there is no median ({open_})."
        low, high = self.median_low[i, j], self.median_high[i, j]
        ends = [minutes_told(end) if np.isfinite(end) else "no end yet" for end in (low, high)]
        text = (
            f"half are answered within {minutes_told(median)} ({ends[0]} to {ends[1]}), the "
            f"unanswered counted ({open_})."
        )
        naive = self.median_of_answered[i, j]
        if minutes_told(naive) != minutes_told(median):
            text += f" The answered alone would show {minutes_told(naive)}, which flatters."
        return text

    def _label(self, i: int, j: int) -> str:
        names = [display.segment_name(self.segments[i])] if self.by else []
        return ", ".join(names if self.periods is None else [*names, self.periods[j]])


def checked_bands(bands: Sequence[float]) -> FloatArray:
    """Return the ends of bands in minutes.

    Raises
    ------
    ArgumentError
        If they are no numbers above 0 in rising order.
    """
    try:
        ends = np.array(list(bands), dtype=float)
    except (TypeError, ValueError):
        ends = np.array([])
    rising = len(ends) > 0 and np.isfinite(ends).all() and (np.diff(ends) > 0).all()
    if not rising or ends[0] <= 0 or ends[-1] > LONGEST:
        raise ArgumentError(
            "`bands` must be minutes above 0 in rising order, up to ten years, such as "
            "(5, 30, 60, 1440, 2880); "
            f"got {bands!r}."
        )
    return ends


def band_name(minutes: float) -> str:
    """Return how a band's end is written.

    Examples
    --------
    >>> [band_name(minutes) for minutes in (5, 60, 2880, 90)]
    ['5 min', '1 h', '48 h', '90 min']
    """
    hours = minutes >= 60 and minutes % 60 == 0
    return f"{minutes / 60:g} h" if hours else f"{minutes:g} min"


def minutes_told(minutes: float) -> str:
    """Return minutes as one says them.

    Examples
    --------
    >>> [minutes_told(minutes) for minutes in (0.4, 20, 150, 4320)]
    ['0.4 minutes', '20 minutes', '2.5 hours', '3.0 days']
    """
    if minutes < 120:
        return f"{minutes:.2g} minutes" if minutes < 10 else f"{minutes:.0f} minutes"
    return f"{minutes / 60:.1f} hours" if minutes < 2880 else f"{minutes / 1440:.1f} days"


def _others() -> list[tuple[int, float]]:
    return [(k, share) for k, share in enumerate(_QUANTILES) if share != 0.5]
