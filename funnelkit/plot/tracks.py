"""The distinct curves of a fit, each with its band and how far it is followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError
from funnelkit.lag import LagFit

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.counts.triangle import Segment

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
SPARSE = 0.1
"""Below this share of leads still followed a curve is dashed."""

MOST = 6
GIVEN = "given"
"""Verdict on a curve that is no estimate."""
_TAIL_SHOWN = 0.99
_TAIL_FACTOR = 2.0
_LONGEST = 3650
NO_BOUND = 0.999
"""An upper end above this bounds nothing."""


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
        Leads still open and followed at each age, or with a tail leads that are that old; ``None``
        where the fit does not know.
    end
        Last age that is drawn: where the last lead is followed, or where the tail is cut.
    ultimate
        Eventual rate with its interval, of a fit with a tail.
    seen_to
        Age of the oldest lead, of a fit with a tail; beyond it the curve is the fit's word.
    verdict
        On this curve.
    """

    name: str
    rate: FloatArray
    low: FloatArray
    high: FloatArray
    followed: IntArray | None
    end: int
    ultimate: tuple[float, float, float] | None = None
    seen_to: int | None = None
    verdict: str = ""

    @property
    def bound(self) -> bool:
        """Whether there is an upper bound only: nobody converted, or follow-up is too short."""
        return (self.ultimate is not None and self.verdict == "bound only") or (
            not self.rate[self.end] > 0
        )

    @property
    def final(self) -> tuple[float, float, float]:
        """The rate that the curve comes to, with its interval."""
        if self.ultimate is not None:
            return self.ultimate
        return float(self.rate[self.end]), float(self.low[self.end]), float(self.high[self.end])

    @property
    def line_end(self) -> int:
        """Last age at which there is a rate to draw: a bound has none beyond what is followed."""
        if self.ultimate is None or not self.bound or self.seen_to is None:
            return self.end
        return max(min(self.seen_to, self.end), 0)

    @property
    def sparse_from(self) -> int | None:
        """First age at which fewer than one lead in ten is still followed."""
        if self.followed is None:
            return None
        few = np.flatnonzero(self.followed[: self.line_end + 1] < SPARSE * self.followed[0])
        return int(few[0]) if len(few) and self.leads else None

    @property
    def said(self) -> str:
        """The rate at its end with its interval."""
        if self.verdict == GIVEN:
            return display.percent(self.rate[self.end])
        if self.few:
            return f"{display.plural(self.leads or 0, 'lead')} only"
        rate, low, high = self.final
        if self.bound:
            if high > NO_BOUND:
                return f"at least {display.percent(low)}" if low > 0 else "no bound yet"
            if low > 0:
                return f"between {100 * low:.1f} and {display.percent(high)}"
            return f"at most {display.percent(high)}"
        return display.estimate(rate, low, high)

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
        final = self.final[0]
        reached = np.flatnonzero(self.rate >= share * final - 1e-12)
        return int(reached[0]) if final > 0 and len(reached) else None


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
    against
        Curves of other fits, by their names.
    """

    main: Track | None
    others: tuple[Track, ...]
    start: str
    target: str
    days: int
    tail: bool
    left_out: int
    verdict: str
    against: tuple[Track, ...] = ()

    @property
    def all(self) -> list[Track]:
        """Every curve, the main one first."""
        return [*([self.main] if self.main else []), *self.others, *self.against]

    @property
    def seen_to(self) -> int | None:
        """Age of the oldest lead, where a curve goes on beyond it."""
        ends = [track.seen_to for track in self.all if track.seen_to is not None]
        return max(ends) if self.tail and ends and max(ends) < self.days else None


def tracks_of(fit: LagFit, *, days: int | None = None) -> Tracks:
    """Return the distinct curves of a fit, up to an age or as far as it has something to say.

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
    longest = _days(fit) if days is None else days
    days = longest if fit.horizon is None else min(longest, int(fit.horizon))
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


def compared(fit: LagFit, others: Mapping[str, LagFit | pd.Series[float]]) -> Tracks:
    """Return the only curve of a fit, and beside it those of other fits.

    Parameters
    ----------
    fit
        What the chart is about.
    others
        Name -> another fit of one curve (or with a pooled one), or a Series of rates by age.

    Raises
    ------
    ArgumentError
        If either has several curves, or something else is to be compared.
    """
    if not isinstance(others, Mapping):
        raise ArgumentError(
            "`against` must hold names and fits, such as {'Kaplan-Meier': fit}; "
            f"got {type(others).__name__}."
        )
    shown = tracks_of(fit)
    longest = max(
        [shown.days, *(int(getattr(one, "horizon", None) or 0) for one in others.values())]
    )
    if longest > shown.days and shown.tail:
        shown = tracks_of(fit, days=min(longest, 2 * shown.days))
    if shown.main is None or shown.others:
        raise ArgumentError(
            "`against` compares curves of all leads; `fit` has a curve for each segment or "
            "cohort. Collapse the triangle, or fit with `rates=()`."
        )
    found = []
    for name, other in list(others.items())[:MOST]:
        track = _other(other, shown.days)
        if track is None:
            raise ArgumentError(f"`against`: {name!r} has several curves; one is needed.")
        found.append(replace(track, name=display.one_line(name)))
    return replace(shown, against=tuple(found))


def _other(other: object, days: int) -> Track | None:
    """Return the only curve of what is compared; ``None`` where it has several."""
    import pandas as pd

    if isinstance(other, pd.Series):
        return _series(other, days)
    if not isinstance(other, LagFit):
        raise ArgumentError(
            f"`against` must hold fits, or Series of rates by age; got {type(other).__name__}."
        )
    return tracks_of(other, days=days).main


def _series(rates: pd.Series[Any], days: int) -> Track:
    """Return rates by age, such as the truth of a simulation, as a curve without a band."""
    ages, values = np.asarray(rates.index), np.asarray(rates, float)
    if not len(ages) or not np.issubdtype(ages.dtype, np.number) or ages.min() > 0:
        raise ArgumentError("`against`: a Series must hold rates by age in days, from day 0 on.")
    if not np.isfinite(values).all():
        raise ArgumentError("`against`: a Series must hold a rate at each of its ages.")
    end = int(min(ages.max(), days))
    rate = np.interp(np.arange(end + 1), ages, values)
    return Track(name="", rate=rate, low=rate, high=rate, followed=None, end=end, verdict=GIVEN)


def _days(fit: LagFit) -> int:
    """Return the horizon; with a tail the age by which nearly all has come.

    At least as far as leads are followed, and at most twice as far.
    """
    if fit.horizon is not None:
        return int(fit.horizon)
    ages = np.unique(np.geomspace(30, _LONGEST, 80).astype(int))
    maturity = np.asarray(fit.maturity(ages)).reshape(-1, len(ages)).min(axis=0)
    enough = np.flatnonzero(maturity >= _TAIL_SHOWN)
    days = int(ages[enough[0]]) if len(enough) else _LONGEST
    cube = getattr(fit, "followed", None)
    seen = -1 if cube is None else np.shape(cube)[-1] - 1
    seen = int(np.max(getattr(fit, "followed_to", seen)))
    return days if seen < 1 else max(seen, min(days, int(_TAIL_FACTOR * seen)))


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
    end, followed, seen_to, ultimate = days, None, None, None
    if fit.horizon is None:
        followed = _old_enough(fit, cell, days, alone=len(cells) == 1)
        seen_to = _oldest(fit, cell, known=followed is not None)
        ends = (np.asarray(side)[i, j] for side in fit.confidence_interval())
        low, high = (float(end) for end in ends)
        ultimate = (float(np.asarray(fit.ultimate)[i, j]), low, high)
        if followed is not None and not followed[0]:
            return None
    elif isinstance(fit, Followed):
        followed = np.asarray(fit.followed[i, j])
        end = min(int(fit.followed_to[i, j]), days)
        if end < 0:
            return None
    low_band, high_band = (np.asarray(side)[i, j] for side in fit.confidence_interval(ages))
    return Track(
        name=_name(fit, cell) if len(cells) > 1 else "",
        rate=np.asarray(fit.rate_at(ages)[i, j], float),
        low=np.asarray(low_band, float),
        high=np.asarray(high_band, float),
        followed=followed,
        end=end,
        ultimate=ultimate,
        seen_to=seen_to,
        verdict=str(np.asarray(fit.verdicts)[i, j]),
    )


def _oldest(fit: LagFit, cell: tuple[int, int | None], *, known: bool) -> int | None:
    """Return the age of the oldest lead that tells of a curve's pace; ``None`` if not known."""
    if hasattr(fit, "followed_to"):
        return int(np.asarray(fit.followed_to)[cell[0], cell[1] or 0])
    if not known:
        return None
    return int(np.flatnonzero(np.sum(getattr(fit, "followed", [[[1]]]), axis=(0, 1)))[-1])


def _old_enough(
    fit: LagFit, cell: tuple[int, int | None], days: int, *, alone: bool
) -> IntArray | None:
    """Return the leads behind a curve that are at least as old; ``None`` where it is not known.

    A fit with a tail holds its leads by age on the last day.
    """
    cube, entered = getattr(fit, "followed", None), getattr(fit, "entered", None)
    if cube is None or entered is None or np.ndim(cube) != 3:
        return None
    if np.shape(entered) != np.shape(cube)[:2] or (np.sum(cube, axis=-1) != entered).any():
        return None
    i, j = cell
    rows = cube if alone else cube[[i]] if j is None else cube[[i]][:, [j]]
    by_age = np.zeros(max(days + 1, cube.shape[-1]), np.int64)
    by_age[: cube.shape[-1]] = np.sum(rows, axis=(0, 1))
    return np.asarray(by_age[::-1].cumsum()[::-1])


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
