"""The distinct curves of a fit, each with its band and how far it is followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError
from funnelkit.lag import LagFit

if TYPE_CHECKING:
    from funnelkit.counts.triangle import Segment

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
SPARSE = 0.1
"""Below this share of leads still followed a curve is dashed."""

MOST = 6
_TAIL_SHOWN = 0.99
_LONGEST = 3650


@runtime_checkable
class Followed(Protocol):
    """A fit that knows how many leads are behind each age of its curves."""

    @property
    def followed(self) -> IntArray:
        """Leads still open and followed at each age, shape ``(S, C, horizon + 1)``."""

    @property
    def followed_to(self) -> IntArray:
        """Last age at which a lead is followed, shape ``(S, C)``."""


@runtime_checkable
class Pooled(Protocol):
    """A fit that also has one curve for all its leads."""

    @property
    def pooled(self) -> Any:
        """The same fit with one curve."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Track:
    """One curve by age, from day 0 on.

    Parameters
    ----------
    name
        Segment or cohort; "" for the only or the pooled curve.
    rate, low, high
        Share converted by each age, and its band, shape ``(n_ages,)``.
    followed
        Leads still open and followed at each age; ``None`` where the fit does not know.
    end
        Last age that is drawn: where the last lead is followed.
    """

    name: str
    rate: FloatArray
    low: FloatArray
    high: FloatArray
    followed: IntArray | None
    end: int

    @property
    def sparse_from(self) -> int | None:
        """First age at which fewer than one lead in ten is still followed."""
        if self.followed is None:
            return None
        few = np.flatnonzero(self.followed[: self.end + 1] < SPARSE * self.followed[0])
        return int(few[0]) if len(few) and self.leads else None

    @property
    def said(self) -> str:
        """The rate at its end with its interval."""
        if self.few:
            return f"{display.plural(self.leads or 0, 'lead')} only"
        at = self.end
        return display.estimate(self.rate[at], self.low[at], self.high[at])

    @property
    def leads(self) -> int | None:
        """Leads followed from the first day on; ``None`` where the fit does not know."""
        return None if self.followed is None else int(self.followed[0])

    @property
    def few(self) -> bool:
        """Whether there are too few leads for a percentage."""
        return self.leads is not None and self.leads < display.FEWEST

    def first_at(self, share: float) -> int | None:
        """Return the first age with a share of the final rate; ``None`` where that is 0."""
        final = self.rate[self.end]
        if not final > 0:
            return None
        return int(np.argmax(self.rate >= share * final - 1e-12))


@dataclass(frozen=True, eq=False, kw_only=True)
class Tracks:
    """What a lag chart shows.

    Parameters
    ----------
    main
        The curve of all leads; ``None`` where the fit has none.
    others
        Curves of segments or cohorts, the largest first.
    start, target
        Stages; ``start`` is "" where the fit does not name it.
    days
        Last age of the chart.
    tail
        Whether the fit goes on beyond its data.
    left_out
        Curves that are not shown.
    verdict
        Of the fit.
    """

    main: Track | None
    others: tuple[Track, ...]
    start: str
    target: str
    days: int
    tail: bool
    left_out: int
    verdict: str

    @property
    def all(self) -> list[Track]:
        """Every curve, the main one first."""
        return [*([self.main] if self.main else []), *self.others]


def tracks_of(fit: LagFit) -> Tracks:
    """Return the distinct curves of a fit.

    Raises
    ------
    ArgumentError
        If it is no fit of timing.
    """
    if not isinstance(fit, LagFit):
        raise ArgumentError(
            "`fit` must be what a function such as fk.lag.fit_kaplan_meier returns; "
            f"got {type(fit).__name__}."
        )
    days = _days(fit)
    cells = _distinct(fit, np.arange(days + 1))
    found = [track for cell in cells if (track := _track(fit, cell, cells, days)) is not None]
    whole = _whole(fit, len(cells), days)
    others = [] if len(cells) == 1 else _chosen(found, len(fit.segments))
    main = whole if whole is not None else found[0] if len(cells) == 1 and found else None
    return Tracks(
        main=main,
        others=tuple(others),
        start=display.one_line(str(getattr(fit, "start", ""))) if hasattr(fit, "start") else "",
        target=display.one_line(fit.outcomes[0]),
        days=days,
        tail=fit.horizon is None,
        left_out=len(found) - len(others) if len(cells) > 1 else 0,
        verdict=fit.verdict,
    )


def _days(fit: LagFit) -> int:
    """Return the horizon, or with a tail the age by which nearly all has come."""
    if fit.horizon is not None:
        return int(fit.horizon)
    days = 30
    while days < _LONGEST and float(np.min(fit.maturity([days]))) < _TAIL_SHOWN:
        days *= 2
    return min(days, _LONGEST)


def _distinct(fit: LagFit, ages: IntArray) -> list[tuple[int, int | None]]:
    """Return (segment, cohort) of each distinct curve; cohort ``None`` where they share one."""
    rates = fit.rate_at(ages)
    if (rates == rates[:1, :1]).all() and rates.size:
        return [(0, None)]
    if (rates == rates[:, :1]).all():
        return [(i, None) for i in range(len(fit.segments))]
    return [(i, j) for i in range(len(fit.segments)) for j in range(len(fit.cohorts))]


def _track(
    fit: LagFit, cell: tuple[int, int | None], cells: Sequence[tuple[int, int | None]], days: int
) -> Track | None:
    i, j = cell[0], cell[1] or 0
    ages = np.arange(days + 1)
    end, followed = days, None
    if isinstance(fit, Followed):
        followed = np.asarray(fit.followed[i, j])
        end = min(int(fit.followed_to[i, j]), days)
        if end < 0:
            return None
    low, high = (np.asarray(side)[i, j] for side in fit.confidence_interval(ages))
    return Track(
        name=_name(fit, cell) if len(cells) > 1 else "",
        rate=np.asarray(fit.rate_at(ages)[i, j], float),
        low=np.asarray(low, float),
        high=np.asarray(high, float),
        followed=followed,
        end=end,
    )


def _whole(fit: LagFit, distinct: int, days: int) -> Track | None:
    if distinct == 1 or not isinstance(fit, Pooled):
        return None
    return _track(fit.pooled, (0, None), [(0, None)], days)


def _name(fit: LagFit, cell: tuple[int, int | None]) -> str:
    segment: Segment = fit.segments[cell[0]]
    parts = [display.segment_name(segment)] if segment else []
    if cell[1] is not None:
        parts.append(period_label(fit.cohorts[cell[1]]))
    return ", ".join(parts)


def _chosen(tracks: list[Track], n_segments: int) -> list[Track]:
    """Return the latest cohorts, or the largest of the segments."""
    if n_segments == 1:
        return tracks[-MOST:]

    def leads(track: Track) -> int:
        return -(track.leads or 0)

    return sorted(tracks, key=leads)[:MOST]
