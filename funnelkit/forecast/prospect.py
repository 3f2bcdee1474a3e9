"""`Prospect`: what a view of a forecast shows, and the sentences that charts and tables share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.dates import period_label, period_name
from funnelkit._core.errors import ArgumentError
from funnelkit.forecast.result import FloatArray, Forecast

Labels = str | Sequence[str | None] | Mapping[str, str | None]
_MOST_LEVELS = 3


@dataclass(frozen=True, kw_only=True)
class Band:
    """Ends of the intervals of one level, each of shape ``(H,)``."""

    level: float
    low: FloatArray
    high: FloatArray

    @property
    def percent(self) -> str:
        """Its level as a percentage, never rounded: ``97.5 %``."""
        return f"{round(100 * self.level, 6):g}{display.NARROW_SPACE}%"


@dataclass(frozen=True, eq=False, kw_only=True)
class Prospect:
    """One series to come with its bands, what came before, and how both are said.

    Parameters
    ----------
    forecast
        Of the one series that is shown.
    name
        Of its segment; "" where it is all of them together.
    cumulative
        Whether periods are summed up.
    gone
        Labels of the periods gone by, the last ``T`` of them.
    places
        Where they stand: the first period to come stands at 0, the one before it at -1.
    seen
        What came in them, shape ``(T,)``; summed up where it is cumulative.
    base
        What is counted before the first period to come, where it is cumulative.
    expected
        Shape ``(H,)``.
    bands
        The narrowest first.
    so_far
        What the first period holds already; ``None`` where it has not begun.
    known_to
        Where the last known day stands.
    """

    forecast: Forecast
    name: str
    cumulative: bool
    gone: tuple[str, ...]
    places: tuple[int, ...]
    seen: FloatArray
    base: float
    expected: FloatArray
    bands: tuple[Band, ...]
    so_far: float | None
    known_to: float

    @property
    def labels(self) -> list[str]:
        """Labels of the periods to come."""
        return [period_label(period) for period in self.forecast.periods]

    @property
    def widest(self) -> Band:
        """The band that sentences quote."""
        return self.bands[-1]

    @property
    def what(self) -> str:
        """What is forecast, on one line, with the segment where there is one."""
        what = display.one_line(self.forecast.what)
        return f"{what} of {self.name}" if self.name else what

    @property
    def top(self) -> float:
        """Largest number that is shown."""
        ends = [self.widest.high, self.expected, self.seen]
        return max((float(np.nanmax(one)) for one in ends if np.isfinite(one).any()), default=0.0)

    def when(self, k: int) -> str:
        """Return the name of a period to come, as a sentence has it."""
        return period_name(self.forecast.periods[k])

    def number(self, value: float) -> str:
        """Return a number, with its currency where it is money."""
        return f"{self._of}{self.bare(value)}" if np.isfinite(value) else display.EN_DASH

    def bare(self, value: float) -> str:
        """Return a number without its currency."""
        if not np.isfinite(value):
            return display.EN_DASH
        whole = self.forecast.unit == "value" or float(value).is_integer()
        return display.count(value) if whole else display.expected(value)

    def goal(self, value: float) -> str:
        """Return a target as it was given, with its currency where it is money."""
        return f"{self._of}{self.plain_goal(value)}"

    def plain_goal(self, value: float) -> str:
        """Return a target as it was given."""
        whole = float(value).is_integer() or abs(value) >= 1000
        return display.count(value) if whole else f"{value:,g}"

    def between(self, k: int, band: Band) -> str:
        """Return the ends of a band in a period to come: ``43 to 116``."""
        return f"{self.bare(float(band.low[k]))} to {self.bare(float(band.high[k]))}"

    def phrase(self, k: int, *, first: bool = True) -> str:
        """Return ``About 75 leads in June 2026 (43 to 116)``, or the same without its noun."""
        value, words = self.number(self.expected[k]), self.between(k, self.widest)
        link = " of " if self.forecast.unit == "value" else " "
        noun = f"{link}{self.what}" if first else ""
        return f"{value}{noun} {self.way} {self.when(k)} ({words})"

    @property
    def way(self) -> str:
        """The word before a period: by it, or in it."""
        return "by" if self.cumulative else "in"

    def chance(self, target: float, k: int) -> float:
        """Return the share of the draws that reach a target: in a period, or by it."""
        drawn = self.forecast.drawn(per="all", cumulative=self.cumulative)[:, k] + self.base
        return float((drawn >= target).mean())

    def finding(self, target: float | None = None) -> str:
        """Return what is expected first and last, and the chance of a target, as a headline."""
        last = len(self.expected) - 1
        k = last if self.cumulative else 0
        text = f"About {self.phrase(k)}"
        if last and not self.cumulative:
            text += f", {self.phrase(last, first=False)}"
        if target is None:
            return text
        when = "" if self.cumulative or not last else f" in {self.when(0)}"
        chance = display.a_chance(self.chance(target, k))
        return f"{text}: {self.goal(target)} has {chance}{when}"

    def noted(self, most: int) -> str:
        """Return the notes up to a number of letters, a space before each; more are pointed to."""
        text = ""
        for k, note in enumerate(self.forecast.notes):
            said = f" {display.one_line(note)}"
            if len(text) + len(said) > most:
                rest = display.plural(len(self.forecast.notes) - k, "further note")
                return f"{text} {rest} in its summary()."
            text += said
        return text

    @property
    def told(self) -> list[str]:
        """A line for the periods gone by, and one for each that is to come."""
        lines = []
        if self.gone:
            pairs = zip(self.gone, self.seen, strict=True)
            came = ", ".join(f"{label} {self.number(value)}" for label, value in pairs)
            lines.append(f"Came: {came}.")
        for k, label in enumerate(self.labels):
            ends = "; ".join(f"{band.percent} {self.between(k, band)}" for band in self.bands)
            part = ""
            if k == 0 and self.so_far is not None:
                part = f", {self.number(self.so_far)} so far"
            lines.append(f"{label}: {self.number(self.expected[k])} expected{part} ({ends}).")
        return lines

    @property
    def _of(self) -> str:
        named = self.forecast.unit == "value" and self.forecast.currency
        return f"{display.one_line(str(self.forecast.currency))} " if named else ""


def prospect_of(
    forecast: Forecast,
    *,
    segment: Labels | None = None,
    levels: float | Sequence[float] = (0.8, 0.95),
    cumulative: bool = False,
    history: int | None = 24,
    since: str | None = None,
) -> Prospect:
    """Return what a view of a forecast shows.

    Parameters
    ----------
    forecast
        Any forecast.
    segment
        Labels of the series that are shown, summed: one label, one for each column, or a mapping
        from column to label. Default: all series together.
    levels
        One to three two-sided levels of bands.
    cumulative
        Whether periods are summed up, from the first one to come or from ``since`` on.
    history
        Periods gone by that are shown; ``None``: all.
    since
        First period gone by that a cumulative view counts in; without it, it starts at 0 with the
        first period to come.

    Raises
    ------
    ArgumentError
        If an argument cannot be used, or the forecast has no period or no draw.
    """
    if not isinstance(forecast, Forecast):
        raise ArgumentError(
            "`forecast` must be what a function of fk.forecast returns; got "
            f"{type(forecast).__name__}."
        )
    if not len(forecast.periods) or not forecast.n_draws:
        raise ArgumentError("`forecast` holds no period to come, so there is nothing to show.")
    if history is not None and (
        isinstance(history, bool) or history != int(history) or history < 0
    ):
        raise ArgumentError(f"`history` must be a whole number of at least 0; got {history!r}.")
    asked = _levels(levels)
    part, name = part_of(forecast, segment)
    base, first = 0.0, len(part.gone)
    seen = part.observed[0]
    if cumulative:
        first = _first(part, since)
        seen = np.nancumsum(seen[first:]) if first < len(seen) else np.zeros(0)
        base = float(seen[-1]) if len(seen) else 0.0
    kept = len(seen) if history is None or cumulative else min(history, len(seen))
    gone = part.gone[len(part.gone) - kept :]
    ends = [part.confidence_interval(each, per="all", cumulative=cumulative) for each in asked]
    total = np.cumsum(part.total) if cumulative else part.total
    start = part.periods[0].ordinal
    return Prospect(
        forecast=part,
        name=name,
        cumulative=cumulative,
        gone=tuple(period_label(period) for period in gone),
        places=tuple(period.ordinal - start for period in gone),
        seen=np.asarray(seen[len(seen) - kept :]),
        base=base,
        expected=total + base,
        bands=tuple(
            Band(level=each, low=np.asarray(low) + base, high=np.asarray(high) + base)
            for each, (low, high) in zip(asked, ends, strict=True)
        ),
        so_far=float(part.so_far[0]) + base if _running(part) else None,
        known_to=_place(part),
    )


def part_of(forecast: Forecast, segment: Labels | None = None) -> tuple[Forecast, str]:
    """Return the chosen series of a forecast as one series, and how they are called.

    Raises
    ------
    ArgumentError
        If a label is unknown, or no series has them.
    """
    chosen = _labels(forecast, segment)
    kept = [
        i
        for i, labels in enumerate(forecast.segments)
        if all(labels[forecast.by.index(name)] == value for name, value in chosen.items())
    ]
    name = display.segment_name(tuple(chosen.values())) if chosen else ""
    observed = forecast.observed[kept]
    known = np.isfinite(observed)
    came = np.where(known.any(axis=0), np.where(known, observed, 0.0).sum(axis=0), np.nan)
    part = Forecast(
        what=forecast.what,
        unit=forecast.unit,
        by=(),
        segments=((),),
        periods=forecast.periods,
        draws=forecast.draws[:, kept].sum(axis=1, keepdims=True),
        expected=forecast.expected[kept].sum(axis=0, keepdims=True),
        gone=forecast.gone,
        observed=came[None],
        so_far=forecast.so_far[kept].sum(keepdims=True),
        as_of=forecast.as_of,
        method=forecast.method,
        reason=forecast.reason,
        n=forecast.n,
        currency=forecast.currency,
        notes=forecast.notes,
    )
    return part, name


def _labels(forecast: Forecast, segment: Labels | None) -> dict[str, str | None]:
    """Return the asked labels by column, all of them known."""
    if segment is None:
        return {}
    if isinstance(segment, Mapping):
        chosen = dict(segment)
    else:
        row = (segment,) if isinstance(segment, str) else tuple(segment)
        if len(row) != len(forecast.by):
            by = ", ".join(f"`{name}`" for name in forecast.by) or "no column"
            raise ArgumentError(
                f"`segment` must hold a label for each column of the forecast ({by}); "
                f"got {segment!r}."
            )
        chosen = dict(zip(forecast.by, row, strict=True))
    for name, value in chosen.items():
        checks.member("segment", "column", name, forecast.by)
        known = {labels[forecast.by.index(name)] for labels in forecast.segments}
        if value not in known:
            names = [each for each in known if each is not None]
            checks.member("segment", name, str(value), sorted(names))
    if chosen:
        forecast.select(chosen)  # refuses labels that no series has together
    return chosen


def _levels(given: float | Sequence[float]) -> list[float]:
    row = [given] if isinstance(given, (int, float, str)) else list(given)
    if not 1 <= len(row) <= _MOST_LEVELS:
        raise ArgumentError(f"`levels` must be one to three levels; got {given!r}.")
    for each in row:
        if not isinstance(each, (int, float)) or isinstance(each, bool) or not 0 < each < 1:
            raise ArgumentError(f"`levels` must lie between 0 and 1, such as 0.8; got {each!r}.")
    return sorted({float(each) for each in row})


def _first(part: Forecast, since: str | None) -> int:
    """Return the place of the first period gone by that is counted in."""
    import pandas as pd

    if since is None:
        return len(part.gone)
    try:
        period = pd.Period(since, freq=part.periods.freqstr)
    except (ValueError, TypeError) as reason:
        raise ArgumentError(f"`since` must be a period; got {since!r}.") from reason
    if period == part.periods[0]:
        return len(part.gone)
    found = np.flatnonzero(part.gone == period)
    if not len(found) or np.isnan(part.observed[0, found[0] :]).any():
        told = "none" if not len(part.gone) else " to ".join(map(period_label, part.gone[[0, -1]]))
        raise ArgumentError(
            f"`since` must be a period from which on all is known (gone by: {told}); got {since!r}."
        )
    return int(found[0])


def _running(part: Forecast) -> bool:
    """Whether the first period to come has begun."""
    return _day(part, "start") <= part.as_of


def _place(part: Forecast) -> float:
    """Return where the last known day stands; a period reaches from -0.5 to 0.5 of its place."""
    if not _running(part):
        return -0.5
    start, end = _day(part, "start"), _day(part, "end")
    share = ((part.as_of - start).days + 1) / ((end - start).days + 1)
    return min(share, 1.0) - 0.5


def _day(part: Forecast, side: str) -> dt.date:
    period = part.periods[0]
    day: dt.date = (period.start_time if side == "start" else period.end_time).date()
    return day
