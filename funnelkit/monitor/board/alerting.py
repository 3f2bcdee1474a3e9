"""`Alert` and `Alerts`: what slipped, in sentences, ranked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_label, period_name
from funnelkit._core.errors import ArgumentError, unknown
from funnelkit._core.result import Result, frozen
from funnelkit.monitor.board.data_or_world import Sign
from funnelkit.monitor.board.panels import Metric

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Direction = Literal["fell", "rose", "below"]
_FOLDED = 3


@dataclass(frozen=True, eq=False, kw_only=True)
class Path:
    """A series as it was watched, for a picture.

    Parameters
    ----------
    months
        Months, shape ``(n_months,)``.
    values
        The figure in each month, adjusted for lag, in units of ``usual``; NaN where unknown.
    errors
        Its standard deviation by chance and by what months have in common.
    usual
        The level before the change.
    since
        Position of the first month after the change.
    """

    months: pd.PeriodIndex
    values: FloatArray
    errors: FloatArray
    usual: float
    since: int

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("values", "errors"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))


@dataclass(frozen=True, eq=False, kw_only=True)
class Alert:
    """One figure that left its usual level.

    Parameters
    ----------
    metric
        What is watched.
    by, segment
        Segment columns and values; empty for all leads.
    direction
        ``"fell"``, ``"rose"``, or ``"below"`` a threshold.
    change, low, high
        Relative change against what its history makes expect, and its 95 % interval; for a speed,
        of the speed. (Of the threshold, for ``"below"``.)
    usual, level
        The figure before and since; ``nan`` for a speed.
    since, since_low, since_high
        Month in which it changed, and the earliest and latest it may be.
    n
        Leads, closed deals or entries behind what came since.
    chance
        Probability that a board on which nothing changed shows anything so clear.
    worth
        Wins lost (or gained) by it so far, in the end; 0 for a speed.
    also
        Other figures that this one explains.
    check
        What in the data may explain it; empty where nothing does.
    cause
        The dated change that it goes with; empty where there is none.
    threshold
        For ``"below"``: where the threshold comes from.
    path
        The series.
    """

    metric: Metric
    by: tuple[str, ...]
    segment: tuple[str | None, ...]
    direction: Direction
    change: float
    low: float
    high: float
    usual: float
    level: float
    since: pd.Period
    since_low: pd.Period
    since_high: pd.Period
    n: int
    chance: float
    worth: float
    also: tuple[str, ...] = ()
    check: str = ""
    cause: str = ""
    threshold: str = ""
    path: Path

    @property
    def where(self) -> str:
        """The segment in words."""
        if not self.by:
            return "all leads"
        pairs = zip(self.by, self.segment, strict=True)
        return ", ".join(f"{display.one_line(k)} {display.segment_name([v])}" for k, v in pairs)

    @property
    def label(self) -> str:
        """Metric and segment."""
        return f"{display.one_line(self.metric.name)} ({self.where})"

    def sentence(self) -> str:
        """Return what happened, by how much, since when, in which segment and how sure it is."""
        text = f"{self._opening()} {self._time()} {self._sure()}"
        if self.cause:
            text += f" Likely cause: {self.cause}."
        if self.also:
            shown = list(self.also[:_FOLDED])
            more = len(self.also) - _FOLDED
            if more > 0:
                shown.append(f"{display.plural(more, 'more figure')}")
            text += f" It explains {display.listed(shown)} as well."
        return f"Check the data first: {self.check} {text}" if self.check else text

    def _opening(self) -> str:
        start, target = (display.one_line(name) for name in (self.metric.start, self.metric.target))
        where = "" if not self.by else f" in {self.where}"
        size = f"by {display.percent(abs(self.change), decimals=0)}"
        ends = sorted((abs(self.low), abs(self.high)))
        if self.low * self.high <= 0:
            ends = [0.0, max(ends)]
        width = display.percent_range(*ends, words=True)
        if self.change > 1:
            size = f"to {1 + self.change:.1f} times"
            width = f"{1 + self.low:.1f} to {1 + self.high:.1f} times"
        if self.direction == "below":
            return (
                f"{start} to {target}{where} is {display.percent(self.level)}, below the threshold "
                f"of {display.percent(self.usual)} ({self.threshold})."
            )
        kind = self.metric.kind
        if kind == "speed":
            days = -self.change / (1 + self.change)
            turn = "longer" if self.direction == "fell" else "less"
            both = sorted(abs(-x / (1 + x)) for x in (self.low, self.high))
            return (
                f"{start} to {target}{where} takes {display.percent(abs(days), decimals=0)} {turn} "
                f"than usual ({display.percent_range(both[0], both[1], words=True)})."
            )
        name = {
            "rate": f"Conversion of {start} to {target}",
            "volume": f"Entries to {target}",
            "closed": "Opportunity-to-win (won of what closed)",
        }[kind]
        if kind == "volume":
            levels = f"about {display.count(self.level)} a month for {display.count(self.usual)}"
        else:
            levels = f"{display.percent(self.level)} for {display.percent(self.usual)}"
        lags = ", lags allowed for" if kind == "rate" else ""
        return f"{name}{where} {self.direction} {size} ({width}): {levels}{lags}."

    def _time(self) -> str:
        kind = self.metric.kind
        of = "months of entry from" if kind in ("rate", "speed") else "since"
        if self.direction == "below":
            return f"Leads that entered from {period_name(self.since)} on."
        text = f"{of} {period_name(self.since)}"
        if self.since_low != self.since_high:
            text += f" (from {period_name(self.since_low)} to {period_name(self.since_high)})"
        return f"{text[:1].upper()}{text[1:]}{' on' if of != 'since' else ''}."

    def _sure(self) -> str:
        counted = {
            "rate": display.plural(self.n, "lead"),
            "speed": display.plural(self.n, "conversion"),
            "volume": display.plural(self.n, "entry", "entries"),
            "closed": display.plural(self.n, "closed deal"),
        }[self.metric.kind]
        odds = "fewer than 1 in 1,000" if self.chance < 0.001 else f"1 in {1 / self.chance:,.0f}"
        worth = ""
        if self.metric.kind != "speed" and abs(self.worth) >= 0.5 and self.direction != "below":
            word = "lost" if self.worth > 0 else "gained"
            wins = display.plural(abs(self.worth), "win")
            worth = f" About {wins} {word} so far."
        return (
            f"{counted}; were nothing changed, {odds} reports would show anything so clear.{worth}"
        )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Alerts(Result):
    """What left its usual level, ranked; and first of all, what the data may have to do with it.

    Parameters
    ----------
    alerts
        What to check in the data first, then falls, by what they are worth, then rises.
    data
        Signs in the records that could look like a change of the business.
    watched
        Series that are watched.
    missed
        What could not be watched, and why.
    smallest
        Metric and segment in words -> smallest relative drop that two months would have shown
        with 80 %; above 1 where none would, NaN where it is not watched.
    seasons
        Metric -> what is allowed for season, in words.
    budget
        Largest chance that a report on which nothing changed holds any alert.
    as_of
        Last complete day.
    n
        Leads that entered the funnel.
    rates, speeds
        Metrics that are shares, and speeds.
    whole
        Segment in words for which :meth:`power` tells drops.
    """

    alerts: tuple[Alert, ...]
    data: tuple[Sign, ...]
    watched: int
    missed: tuple[str, ...]
    smallest: Mapping[tuple[str, str], float] = field(default_factory=dict)
    seasons: Mapping[str, str] = field(default_factory=dict)
    budget: float = 0.05
    as_of: dt.date
    n: int
    rates: tuple[str, ...] = ()
    speeds: tuple[str, ...] = ()
    whole: str = "all leads"

    def __len__(self) -> int:
        """Return the number of alerts."""
        return len(self.alerts)

    def of(self, metric: str) -> tuple[Alert, ...]:
        """Return the alerts of one metric.

        Raises
        ------
        ArgumentError
            If no such metric is watched; with the closest match.
        """
        known = dict.fromkeys(name for name, _ in self.smallest)
        if metric not in known:
            raise ArgumentError(f"`metric`: {unknown('metric', metric, known)}")
        return tuple(one for one in self.alerts if one.metric.name == metric)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per alert, in their order.

        Returns
        -------
        DataFrame
            ``metric``, ``segment``, ``direction``, ``change``, ``change_low``, ``change_high``
            (relative), ``usual``, ``level``, ``since``, ``since_low``, ``since_high``, ``n``,
            ``chance``, ``worth_wins``, ``check``, ``cause``, ``also`` (as one text),
            ``sentence``.
        """
        import pandas as pd

        columns = [
            "metric", "segment", "direction", "change", "change_low", "change_high", "usual",
            "level", "since", "since_low", "since_high", "n", "chance", "worth_wins", "check",
            "cause", "also", "sentence",
        ]  # fmt: skip
        rows = [
            (
                one.metric.name, one.where, one.direction, one.change, one.low, one.high,
                one.usual, one.level, *(
                    period_label(at) for at in (one.since, one.since_low, one.since_high)
                ),
                one.n, one.chance, one.worth, one.check, one.cause, "; ".join(one.also),
                one.sentence(),
            )
            for one in self.alerts
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def summary(self) -> str:
        """Return the data's part first, then the first alert, or how small a drop would show."""
        harm = [sign for sign in self.data if sign.harm]
        opening = ""
        if harm:
            more = len(harm) - 1
            rest = f" ({display.plural(more, 'more sign')} in the data)" if more else ""
            opening = f"Data or world? {harm[0].sentence}{rest} "
        charts = (
            f"{display.plural(self.watched, 'series', 'series')} of "
            f"{display.plural(self.n, 'lead')}, as of {day_name(self.as_of)}"
        )
        if not self.watched:
            return f"{opening}Nothing can be watched yet: {' '.join(self.missed)}".strip()
        if self.alerts:
            first = self.alerts[0].sentence()
            number = display.plural(len(self.alerts), "alert")
            return f"{opening}{number} from {charts}. First: {first}"
        return f"{opening}No alert from {charts}. {self.power()}".strip()

    def power(self) -> str:
        """Return how small a drop would have been found by now."""
        found = {
            name: drop
            for (name, where), drop in self.smallest.items()
            if where == self.whole and drop < 1 and name not in self.speeds
        }
        if not found:
            return (
                "No drop over all leads would be found within 2 months with a chance of "
                f"80{display.NARROW_SPACE}%: there is too little, or it varies too much."
            )
        least = sorted(found, key=lambda name: (name not in self.rates, found[name]))
        drops = [
            f"{display.one_line(name)} by {display.percent(found[name], decimals=0)}"
            for name in least[:_FOLDED]
        ]
        return (
            f"A drop of {display.listed(drops, last='or')} over all leads would have been found "
            f"within 2 months with a chance of 80{display.NARROW_SPACE}%."
        )
