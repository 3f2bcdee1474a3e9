"""`Benchmarked`: conversions beside their ranges, with verdicts, gaps and ranks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval, share_interval
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Segment
from funnelkit.rates.businesses import businesses, told_apart
from funnelkit.rates.ranges.measured import Conversion
from funnelkit.rates.ranges.published import Range, Span, placed, span_of

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Way = tuple[FloatArray, FloatArray, FloatArray]
_SHOWN = 3


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Benchmarked(Result):
    """Conversions against their ranges; see :func:`funnelkit.rates.benchmark`.

    Shapes: ``(n_segments, n_conversions)``.

    Parameters
    ----------
    by, segments, apart, as_of
        As in the counts; ``as_of`` is ``None`` for a table.
    won
        The stage that counts as won; "" where none is known, so that no gap is counted in deals.
    conversions
        What is compared: steps first, in the funnel's order, then what holds others.
    sources
        The ranges that each is compared with.
    whole
        Whether each holds others that are compared too, so that it has no rank.
    onward
        Share of those who reach each target that is won, and its interval, shape
        ``(n_segments,)`` each; NaN where it is not known.
    mean_value
        Mean amount of a won deal, shape ``(n_segments,)``; NaN where it is not known.
    market
        The segment whose ranges were asked for; "" for none.
    left_out
        Sentences: which stages and steps have nothing to be compared with, and why.
    confidence_level
        Of the intervals.
    """

    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    apart: tuple[str, ...]
    as_of: dt.date | None
    won: str
    conversions: tuple[Conversion, ...]
    sources: tuple[tuple[Range, ...], ...]
    whole: tuple[bool, ...]
    onward: tuple[Way, ...]
    mean_value: FloatArray
    market: str = ""
    left_out: tuple[str, ...] = ()
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        object.__setattr__(self, "mean_value", frozen(self.mean_value, np.float64))

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Range of each conversion: the lowest low and the highest high of its sources."""
        return tuple(span_of(rows) for rows in self.sources)

    @property
    def entered(self) -> NDArray[np.int64]:
        """Records that entered the start of each conversion."""
        return np.column_stack([one.entered for one in self.conversions])

    @property
    def rate(self) -> FloatArray:
        """What is compared; NaN where there is no rate."""
        return np.column_stack([one.rate for one in self.conversions])

    @property
    def rate_interval(self) -> Interval:
        """Interval of ``rate``, at ``confidence_level``."""
        return Interval(
            np.column_stack([one.low for one in self.conversions]),
            np.column_stack([one.high for one in self.conversions]),
        )

    @cached_property
    def verdict(self) -> NDArray[np.str_]:
        """Where each rate stands.

        ``"below"``, ``"not clearly below"``, ``"within"``, ``"not clearly above"``, ``"above"``,
        ``"immature"`` (it may yet rise to another of these), ``"too few"`` (fewer than 20 records)
        or ``"no rate"``.
        """
        found = np.empty(self.entered.shape, dtype="<U17")
        for k, (one, span) in enumerate(zip(self.conversions, self.spans, strict=True)):
            for i in range(len(self.segments)):
                found[i, k] = _verdict(one, span, i, self.confidence_level)
        return found

    @property
    def gap(self) -> FloatArray:
        """Low end of the range less the rate, at least 0; NaN where there is no mature rate."""
        low = np.array([span.low for span in self.spans])
        known = ~np.isin(self.verdict, ("immature", "too few", "no rate"))
        return np.where(known, np.maximum(low - self.rate, 0.0), np.nan)

    @property
    def shortfall(self) -> FloatArray:
        """Share of the range's low end that is missing: 1 - rate / low, at least 0."""
        low = np.array([span.low for span in self.spans])
        return np.where(low > 0, self.gap / np.where(low > 0, low, 1.0), 0.0)

    @property
    def won_gap(self) -> FloatArray:
        """Won deals that closing the gap would have brought; NaN where that is not known."""
        return np.asarray(self.entered * self.gap * self._ways(0))

    def won_interval(self, confidence_level: float | None = None) -> Interval:
        """Return the interval of ``won_gap``: 0 and more; see :func:`funnelkit.rates.benchmark`.

        Raises
        ------
        ArgumentError
            If the level is not the one at which the rates were measured.
        """
        level = self.confidence_level if confidence_level is None else confidence_level
        if checks.confidence(level) != self.confidence_level:
            raise ArgumentError(
                f"`confidence_level`: these rates were measured at {self.confidence_level:g}; "
                "give the level to fk.rates.benchmark."
            )
        low = np.array([span.low for span in self.spans])
        gap, share = self.gap, self._ways(0)
        bottom, top = (np.asarray(end) for end in self.rate_interval)
        least, most = np.maximum(low - top, 0.0), np.maximum(low - bottom, 0.0)
        down = np.hypot((gap - least) * share, gap * (share - self._ways(1)))
        up = np.hypot((most - gap) * share, gap * (self._ways(2) - share))
        won = gap * share
        lower = np.where(least > 0, np.maximum(won - down, 0.0), 0.0)
        blank = np.isnan(won)
        return Interval(
            np.where(blank, np.nan, self.entered * lower),
            np.where(blank, np.nan, self.entered * (won + up)),
        )

    @property
    def value_gap(self) -> FloatArray:
        """Worth of ``won_gap`` at the mean amount of a won deal; NaN where that is not known."""
        return np.asarray(self.won_gap * self.mean_value[:, None])

    @property
    def rank_below(self) -> NDArray[np.int64]:
        """Rank by ``shortfall`` among the rates that are below, 1 the furthest; 0 for others."""
        return self._ranks(self.shortfall)

    @property
    def rank_worth(self) -> NDArray[np.int64]:
        """Rank by ``won_gap`` among the rates that are below, 1 the most; 0 for others."""
        return self._ranks(self.won_gap)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment and conversion.

        Returns
        -------
        DataFrame
            ``step``, the segment columns, ``start``, ``target``, ``entered``, ``converted``,
            ``rate``, ``rate_low``, ``rate_high``, ``maturity`` (NaN where not known),
            ``range_low``, ``range_high``, ``verdict``, ``gap_rate`` (points up to the range, as a
            share), ``shortfall`` (1 - rate / range_low), ``onward_rate`` (share of those who reach
            the target that is won), ``won_gap``, ``won_gap_low``, ``won_gap_high`` (won deals),
            ``gap_value`` (money), ``rank_below``, ``rank_worth`` (0: not ranked) and ``sources``
            (who says what).
        """
        low, high = self.rate_interval
        least, most = self.won_interval()
        shape = self.entered.shape
        columns: dict[str, object] = {
            "start": [one.start for one in self.conversions],
            "target": [one.target for one in self.conversions],
            "entered": self.entered,
            "converted": np.column_stack([one.converted for one in self.conversions]),
            "rate": self.rate,
            "rate_low": low,
            "rate_high": high,
            "maturity": np.column_stack([one.maturity for one in self.conversions]),
            "range_low": [span.low for span in self.spans],
            "range_high": [span.high for span in self.spans],
            "verdict": self.verdict,
            "gap_rate": self.gap,
            "shortfall": self.shortfall,
            "onward_rate": self._ways(0),
            "won_gap": self.won_gap,
            "won_gap_low": least,
            "won_gap_high": most,
            "gap_value": self.value_gap,
            "rank_below": self.rank_below,
            "rank_worth": self.rank_worth,
            "sources": [self.who_says(k) for k in range(shape[1])],
        }
        return long_frame(
            columns,
            shape=shape,
            by=self.by,
            segments=self.segments,
            periods=[f"{one.start} to {one.target}" for one in self.conversions],
            period="step",
        )

    def who_says(self, k: int) -> str:
        """Return what each source says of a conversion, in words."""
        return "; ".join(row.said() for row in self.sources[k])

    def summary(self) -> str:
        """Return what is below its range, which gap is worth most, and what cannot be said.

        Of businesses that are kept apart, that of each.
        """
        parts = businesses(self.by, self.segments, self.apart)
        rest = f" Not compared: {' '.join(self.left_out)}" if self.left_out else ""
        if len(parts) < 2:
            return self._said() + rest
        said = []
        for values, rows in parts:
            own = self.of(rows)
            said.append((values, int(own.entered.max(initial=0)), own._said()))
        return told_apart(said) + rest

    def of(self, rows: Sequence[int]) -> Benchmarked:
        """Return the comparison of some segments, by their positions."""
        chosen = tuple(self.segments[row] for row in rows)
        return replace(
            self,
            segments=chosen,
            conversions=tuple(one.on(chosen) for one in self.conversions),
            onward=tuple((a[rows], b[rows], c[rows]) for a, b, c in self.onward),
            mean_value=self.mean_value[list(rows)],
            apart=(),
        )

    def named(self, i: int, k: int) -> str:
        """Return the name of a conversion, with its segment where there are several."""
        one = self.conversions[k]
        name = f"{display.one_line(one.start)} to {display.one_line(one.target)}"
        if len(self.segments) == 1:
            return name
        return f"{name} of {display.segment_name(self.segments[i])}"

    def _said(self) -> str:
        rated = [tuple(cell) for cell in np.argwhere(~np.isin(self.verdict, ("no rate",)))]
        if not rated:
            return "No record has entered a stage that has a published range."
        steps = [cell for cell in rated if not self.whole[cell[1]]]
        below = [cell for cell in steps if self.verdict[cell] == "below"]
        text = (
            f"Of {display.plural(len(steps), 'conversion')} with a range, "
            f"{'none is' if not below else display.plural(len(below), 'is', 'are')} clearly "
            "below it"
        )
        if below:
            below.sort(key=lambda cell: int(self.rank_below[cell]))
            text += f": {display.listed([self._placed(cell) for cell in below[:_SHOWN]])}"
            text += " and more" if len(below) > _SHOWN else ""
        text += "."
        text += self._worth(below)
        for word, told in (
            ("not clearly below", "not clearly below: the interval reaches the range"),
            ("immature", "immature: more may still convert, so nothing is said of a gap"),
            ("too few", f"of fewer than {display.FEWEST} records: no rate is shown"),
        ):
            names = [self.named(*cell) for cell in steps if self.verdict[cell] == word]
            if names:
                more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
                said = ", ".join(names[:_SHOWN]) if more else display.listed(names)
                text += f" {said}{more} {'is' if len(names) == 1 else 'are'} {told}."
        return text

    def _worth(self, below: Sequence[tuple[int, ...]]) -> str:
        """Return the gap that is worth most."""
        ranked = sorted(
            (cell for cell in below if self.rank_worth[cell]),
            key=lambda cell: int(self.rank_worth[cell]),
        )
        if not ranked:
            return ""
        i, k = ranked[0]
        low, high = (float(np.asarray(end)[i, k]) for end in self.won_interval())
        won = display.expected_between(float(self.won_gap[i, k]), low, high)
        text = (
            f" {'Worth most' if len(ranked) > 1 else 'The gap'}: {self.named(i, k)} at "
            f"{display.percent(self.spans[k].low)} would have brought about {won} more won deals "
            f"from {display.plural(self.entered[i, k], 'record')}"
        )
        worth = float(self.value_gap[i, k])
        return f"{text}{f', {display.count(worth)} in money' if np.isfinite(worth) else ''}."

    def _placed(self, cell: tuple[int, ...]) -> str:
        i, k = cell
        low, high = (float(np.asarray(end)[i, k]) for end in self.rate_interval)
        return (
            f"{self.named(i, k)} {display.percent(self.rate[i, k])} "
            f"({display.percent_range(low, high, words=True)}; n "
            f"{display.count(self.entered[i, k])}) against {self.spans[k].said()}"
        )

    def _ways(self, part: int) -> FloatArray:
        return np.column_stack([way[part] for way in self.onward])

    def _ranks(self, sizes: FloatArray) -> NDArray[np.int64]:
        steps = ~np.array(self.whole)
        ranked = (self.verdict == "below") & steps & np.isfinite(sizes)
        order = np.argsort(np.where(ranked, -sizes, np.inf), axis=None, kind="stable")
        found = np.zeros(sizes.size, np.int64)
        found[order] = np.arange(1, sizes.size + 1)
        return np.where(ranked, found.reshape(sizes.shape), 0)


def _verdict(one: Conversion, span: Span, i: int, level: float) -> str:
    """Return where the rate of one segment stands, if that can be said."""
    if one.entered[i] < display.FEWEST:
        return "too few" if one.entered[i] else "no rate"
    rate, low, high, most = (float(part[i]) for part in (one.rate, one.low, one.high, one.most))
    if np.isnan(rate):
        return "no rate"
    place = placed(rate, low, high, span)
    if one.settled[i] or place == "above":
        return place
    if np.isnan(most):
        return "immature"
    entered = float(one.entered[i])
    ends: Any = share_interval(most * entered, entered, confidence_level=level)
    return place if placed(most, float(ends[0]), float(ends[1]), span) == place else "immature"
