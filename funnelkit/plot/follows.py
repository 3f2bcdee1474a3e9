"""Whether each cohort, or segment, follows a fit: its own curve beside the fitted one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_label, period_name
from funnelkit._core.errors import ArgumentError
from funnelkit.counts.triangle import Triangle
from funnelkit.lag import LagFit, NonparametricFit, fit_competing
from funnelkit.lag.adjusting.cells import positions
from funnelkit.plot.ages import in_sentence
from funnelkit.plot.tracks import SPARSE

if TYPE_CHECKING:
    from funnelkit.counts.triangle import Segment

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Place = Literal["above", "below", "on", ""]
MOST = 12
_SHOWN = 0.99
_SHORTEST = 30


@dataclass(frozen=True, eq=False, kw_only=True)
class Own:
    """One panel.

    Parameters
    ----------
    label, name
        On the panel, and within a sentence.
    entered
        Leads.
    rate, low, high
        Its own curve by age with its 95 % interval, shape ``(end + 1,)``.
    fitted
        Rate of the fit by age, shape ``(days + 1,)``.
    end
        Last age at which one of its leads is followed; -1 where it has fewer than 20.
    solid
        Last age at which at least 20 of them and one in ten are; -1 for none.
    """

    label: str
    name: str
    entered: int
    rate: FloatArray
    low: FloatArray
    high: FloatArray
    fitted: FloatArray
    end: int
    solid: int

    @property
    def place(self) -> Place:
        """Where its own interval at the last solid age lies against the fit; "" for unknown."""
        if self.solid < 0:
            return ""
        fitted = self.fitted[self.solid]
        if self.low[self.solid] > fitted:
            return "above"
        return "below" if self.high[self.solid] < fitted else "on"

    @property
    def said(self) -> str:
        """All of it in words."""
        words = f"{self.label}: {display.plural(self.entered, 'lead')}"
        if self.solid < 0:
            return f"{words}; too few to hold against the fit."
        at = self.solid
        off = "" if self.place == "on" else f" [{self.place} the fit]"
        return (
            f"{words}; by day {at} {display.percent(self.rate[at])} "
            f"({display.percent_range(self.low[at], self.high[at], words=True)}), fitted "
            f"{display.percent(self.fitted[at])}{off}."
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Follows:
    """Everything that the panels show.

    Parameters
    ----------
    panels
        The latest cohorts, or the largest segments.
    kind
        What they are.
    days
        Last age that is shown.
    left_out
        How many are not shown.
    """

    panels: tuple[Own, ...]
    kind: Literal["cohort", "segment"]
    start: str
    target: str
    as_of: dt.date
    days: int
    segments: int
    left_out: int

    @property
    def top(self) -> float:
        """Largest rate that is drawn, intervals as far as they are solid."""
        tops = [float(panel.fitted.max()) for panel in self.panels]
        for panel in self.panels:
            if panel.end >= 0:
                tops.append(float(panel.rate.max()))
                tops.append(float(panel.high[: max(panel.solid, 0) + 1].max()))
        return min(max(tops, default=0.0), 1.0)


def follows_of(triangle: Triangle, fit: LagFit, *, most: int = MOST) -> Follows:
    """Return each cohort of a triangle beside a fit; segments, where there is but one cohort.

    At most ``most`` of them: the latest cohorts, or the largest segments.

    Raises
    ------
    ArgumentError
        If it is no triangle or no fit, or they do not go together.
    """
    if not isinstance(triangle, Triangle):
        raise ArgumentError(
            f"`triangle` must be what fk.triangle returns; got {type(triangle).__name__}."
        )
    if not isinstance(fit, LagFit):
        raise ArgumentError(
            "`fit` must be what a function such as fk.lag.fit_kaplan_meier returns; "
            f"got {type(fit).__name__}."
        )
    cells = np.ix_(*positions(triangle, fit))
    days = _days(triangle, fit)
    rates = np.asarray(fit.rate_at(np.arange(days + 1)))[cells]
    by_segment = triangle.n_cohorts == 1 and triangle.n_segments > 1
    counts = triangle if by_segment else triangle.collapse(segments=True)
    own = fit_competing(counts, pool=()) if counts.n else None
    fitted = rates if by_segment else _weighted(rates, triangle.entered)
    order = _order(counts, by_segment=by_segment)
    panels = tuple(_own(counts, own, fitted[cell], cell, days) for cell in order[-most:])
    return Follows(
        panels=panels[::-1] if by_segment else panels,
        kind="segment" if by_segment else "cohort",
        start=display.one_line(triangle.start),
        target=display.one_line(triangle.target),
        as_of=triangle.as_of,
        days=days,
        segments=triangle.n_segments,
        left_out=max(0, len(order) - most),
    )


def _days(triangle: Triangle, fit: LagFit) -> int:
    """Return the age by which nearly all has come, as far as leads are followed."""
    last = triangle.n_ages - 1 if fit.horizon is None else min(fit.horizon, triangle.n_ages - 1)
    maturity = np.asarray(fit.maturity(np.arange(last + 1))).reshape(-1, last + 1).min(axis=0)
    enough = np.flatnonzero(maturity >= _SHOWN)
    return max(min(int(enough[0]) if len(enough) else last, last), min(_SHORTEST, last))


def _weighted(rates: FloatArray, entered: IntArray) -> FloatArray:
    """Return the fitted rates of all segments together, weighted by their leads."""
    weights = np.where(entered.sum(axis=0) > 0, entered, 1)
    shares = weights / np.maximum(weights.sum(axis=0), 1)
    return np.asarray((rates * shares[..., None]).sum(axis=0, keepdims=True))


def _order(counts: Triangle, *, by_segment: bool) -> list[tuple[int, int]]:
    """Return the cells with leads, the latest cohort or the largest segment last."""
    if not by_segment:
        return [(0, int(j)) for j in np.flatnonzero(counts.entered[0])]
    largest = np.argsort(counts.entered[:, 0], kind="stable")
    return [(int(i), 0) for i in largest if counts.entered[i, 0]]


def _own(
    counts: Triangle,
    own: NonparametricFit | None,
    fitted: FloatArray,
    cell: tuple[int, int],
    days: int,
) -> Own:
    cohort = counts.cohorts[cell[1]]
    segment: Segment = counts.segments[cell[0]]
    entered = int(counts.entered[cell])
    end, solid = -1, -1
    rate: FloatArray = np.zeros(0)
    low, high = rate, rate
    if own is not None and entered >= display.FEWEST:
        end = min(int(own.followed_to[cell]), days)
        ages = np.arange(end + 1)
        rate = np.asarray(own.rate_at(ages)[cell], np.float64)
        low, high = (np.asarray(side)[cell] for side in own.confidence_interval(ages))
        behind = own.followed[cell][: end + 1]
        enough = np.flatnonzero(behind >= max(display.FEWEST, SPARSE * entered))
        solid = int(enough[-1]) if len(enough) else -1
    label = period_label(cohort) if not segment else display.segment_name(segment)
    return Own(
        label=f"{label} (part)" if not segment and cohort in counts.partial else label,
        name=label if segment else in_sentence(period_name(cohort)),
        entered=entered,
        rate=rate,
        low=low,
        high=high,
        fitted=np.asarray(fitted, np.float64),
        end=end,
        solid=solid,
    )


def title(shown: Follows) -> str:
    """Return which cohorts lie off the fit."""
    found = _finding(shown)
    return found[0].upper() + found[1:] if shown.kind == "cohort" else found


def _finding(shown: Follows) -> str:
    judged = [panel for panel in shown.panels if panel.place]
    if not shown.panels:
        return f"No lead has entered {shown.start} yet"
    if not judged:
        return f"No {shown.kind} is large enough to be held against the fit"
    above, below = (
        [panel.name for panel in judged if panel.place == where] for where in ("above", "below")
    )
    if not above and not below:
        if len(judged) == 1:
            return f"{judged[0].name} follows the fit as far as it is seen"
        return f"All {len(judged)} {shown.kind}s follow the fit as far as they are seen"
    if len(above) + len(below) > 3:
        off = len(above) + len(below)
        return (
            f"{off} of {len(judged)} {shown.kind}s lie off the fit: {len(above)} above, "
            f"{len(below)} below"
        )
    parts = [
        f"{display.listed(names)} {'lies' if len(names) == 1 else 'lie'} {where}"
        for names, where in ((above, "above"), (below, "below"))
        if names
    ]
    rest = "" if len(judged) == len(above) + len(below) else "; the others follow it"
    return f"{', '.join(parts)} the fit{rest}"


def caption(shown: Follows) -> str:
    """Return what the panels are, and what is not shown."""
    text = (
        f"Share (%) of those who entered {shown.start} that reached {shown.target}, by days since; "
        f"data through {day_name(shown.as_of)}. Dot: the last age with 20 leads and one in ten of "
        f"the {shown.kind} still followed; above or below the fit where the 95\u202f% interval "
        "there leaves the fit out."
    )
    judged = sum(bool(panel.place) for panel in shown.panels)
    if judged > 5:
        missing = max(1, round(0.05 * judged))
        text += f" Of {judged} such intervals, about {missing} will miss by chance alone."
    if shown.kind == "cohort" and shown.segments > 1:
        text += f" All {shown.segments} segments together."
    if any(panel.label.endswith("(part)") for panel in shown.panels):
        text += " (part): only a part of the cohort is counted."
    if shown.left_out:
        what = f"earlier {shown.kind}" if shown.kind == "cohort" else f"smaller {shown.kind}"
        text += f" {display.plural(shown.left_out, what)} not shown."
    return text


def words(shown: Follows) -> list[str]:
    """Return the view in words, a line for each panel."""
    return [title(shown), caption(shown), *(panel.said for panel in shown.panels)]
