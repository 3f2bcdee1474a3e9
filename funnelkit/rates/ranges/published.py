"""The packaged table of published B2B ranges, and what may be read off it."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, unknown
from funnelkit._core.result import Result

if TYPE_CHECKING:
    import pandas as pd

STAGE_CONVERSION = "stage conversion"
OWN = "own range"
DAYS_PER_MONTH = 365.25 / 12
Place = Literal["below", "not clearly below", "within", "not clearly above", "above"]
_NUMBERS = ("low", "high", "typical")


class Span(NamedTuple):
    """The lowest low and the highest high of several ranges, in one unit."""

    low: float
    high: float
    unit: str

    def said(self) -> str:
        """Return the two ends in words, one number where they are the same."""
        return in_words(self.low, self.high, self.unit)


@dataclass(frozen=True, kw_only=True)
class Range:
    """What one source says of one thing.

    Parameters
    ----------
    metric
        What it is of, such as ``"stage conversion"`` or ``"sales cycle"``.
    start, target
        Stages, for a stage conversion; else "".
    segment
        Market, industry or kind of page that it is for; "" for all.
    low, high, typical
        The ends, or one figure; NaN where the source does not say. A ``low`` alone is "or more".
    unit
        ``"share"``, ``"days"``, ``"months"``, ``"money"``, a currency or what is counted.
    denominator
        What the figure is a share or a mean of; ``"not stated"`` where the source leaves it open.
    source, note
        Who says so, and what to keep in mind.
    """

    metric: str
    start: str = ""
    target: str = ""
    segment: str = ""
    low: float = math.nan
    high: float = math.nan
    typical: float = math.nan
    unit: str = "share"
    denominator: str = "not stated"
    source: str = OWN
    note: str = ""

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest figure that the source names."""
        named = [one for one in (self.low, self.high, self.typical) if not math.isnan(one)]
        return min(named), max(named)

    @property
    def own(self) -> bool:
        """Whether it is the user's."""
        return self.source == OWN or self.source.startswith(f"{OWN}: ")

    def said(self) -> str:
        """Return figure, segment and source in words."""
        words = in_words(*self.ends, self.unit)
        if not math.isnan(self.low) and math.isnan(self.high):
            words += " or more"
        of = f" in {display.one_line(self.segment)}" if self.segment else ""
        return f"{words}{of} ({display.one_line(self.source)})"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Ranges(Result):
    """Ranges of one or more metrics, with who says what; see :func:`published_ranges`.

    Parameters
    ----------
    rows
        One for each source and segment.
    segment
        Market or industry that was asked for; "" for none.
    """

    rows: tuple[Range, ...]
    segment: str = ""

    @property
    def metrics(self) -> tuple[str, ...]:
        """What the ranges are of, in order."""
        return tuple(dict.fromkeys(row.metric for row in self.rows))

    @property
    def span(self) -> Span:
        """The lowest low and the highest high over all sources; months are taken as days.

        Raises
        ------
        ArgumentError
            If the ranges are of several metrics, transitions or units.
        """
        kinds = {(row.metric, row.start, row.target) for row in self.rows}
        if len(kinds) != 1:
            names = display.listed([f"`{name}`" for name in self.metrics])
            raise ArgumentError(
                f"`metric` must name one thing to have one span; these ranges are of {names}."
            )
        return span_of(self.rows)

    def place(self, value: float, *, low: float | None = None, high: float | None = None) -> Place:
        """Return where a figure stands against the span of all sources.

        Parameters
        ----------
        value
            In the unit of ``span``.
        low, high
            Its interval, if there is one: a figure whose interval reaches the span is not clearly
            outside.

        Raises
        ------
        ArgumentError
            If the ranges are of several things, or the figure is no number.

        Examples
        --------
        >>> cycle = published_ranges("sales cycle", segment="software")
        >>> cycle.span.low, cycle.span.high, cycle.place(120.0), cycle.place(120.0, low=85.0)
        (63.91875, 90.0, 'above', 'not clearly above')
        """
        span = self.span
        if not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ArgumentError(f"`value` must be a number; got {value!r}.")
        return placed(value, value if low is None else low, value if high is None else high, span)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per source and segment, with the fields of :class:`Range`."""
        import pandas as pd

        names = [field.name for field in fields(Range)]
        rows = [{name: getattr(row, name) for name in names} for row in self.rows]
        return pd.DataFrame(rows, columns=names)

    def summary(self) -> str:
        """Return each metric's span, and who says what where it is one metric."""
        if not self.rows:
            return "There is no such range."
        kinds = dict.fromkeys((row.metric, row.start, row.target) for row in self.rows)
        if len(kinds) == 1:
            name = _named(self.rows[0])
            said = display.listed([row.said() for row in self.rows])
            return f"{name}: {self.span.said()} over all sources: {said}."
        sources = len({row.source for row in self.rows})
        return (
            f"{display.plural(len(self.rows), 'figure')} of {display.plural(len(kinds), 'thing')} "
            f"from {display.plural(sources, 'source')}. Sources disagree: `span` runs from the "
            "lowest to the highest."
        )


def published_ranges(
    metric: str | None = None, *, segment: str | None = None, own: object = None
) -> Ranges:
    """Return published B2B ranges, and the user's own, with who says what.

    Parameters
    ----------
    metric
        Such as ``"stage conversion"``, ``"close rate"``, ``"sales cycle"``, ``"reps at quota"``
        or ``"customer acquisition cost"``; default: all.
    segment
        Market or industry, such as ``"enterprise"`` or ``"software"``: its own figures and those
        that hold for all; default: every figure.
    own
        The user's ranges, which come first: see :func:`benchmark`.

    Returns
    -------
    Ranges
        One row per source and segment. Shares lie between 0 and 1.

    Raises
    ------
    ArgumentError
        For an unknown metric or segment, with the closest match; for own ranges that cannot be.

    Notes
    -----
    These are rules of the trade, gathered from pages that seldom say how they counted: where
    the denominator is not stated, that is said. The letters after a source's name tell the sources
    of one thing apart, and mean nothing across metrics. A deal's size, market and industry move a
    rate more than the quality of the work does: a funnel's own history is the better yardstick.

    Examples
    --------
    >>> found = published_ranges("reps at quota")
    >>> found.span.low, found.span.high, len(found.rows)
    (0.31, 0.7, 3)
    """
    from funnelkit.rates.ranges.own import own_ranges

    rows = (*own_ranges(own), *packaged())
    if metric is not None:
        names = tuple(dict.fromkeys(row.metric for row in rows))
        wanted = checks.member("metric", "metric", metric, names)
        rows = tuple(row for row in rows if row.metric == wanted)
    name = known_segment(segment, rows)
    if name:
        rows = tuple(row for row in rows if row.segment.casefold() in ("", name.casefold()))
    return Ranges(rows=rows, segment=name)


@lru_cache(maxsize=1)
def packaged() -> tuple[Range, ...]:
    """Return the table that comes with the package."""
    file = resources.files("funnelkit.rates.ranges") / "published.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    return tuple(_row(record) for record in csv.DictReader(lines))


def applying(rows: Sequence[Range], segment: str) -> tuple[Range, ...]:
    """Return the ranges of one thing that a rate is compared with.

    The user's own stand in place of published ones. With a segment, its ranges and the general
    ones; without, the general ones, or all where no general one has two ends.

    Examples
    --------
    >>> rows = [row for row in packaged() if (row.start, row.target) == ("opportunity", "won")]
    >>> [row.segment for row in applying(rows, "enterprise")]
    ['enterprise', '']
    >>> span_of(applying(rows, "")).low, span_of(applying(rows, "")).high
    (0.1, 0.3)
    """
    mine = [row for row in rows if row.own]
    rows = mine or rows
    general = tuple(row for row in rows if not row.segment)
    if segment:
        return tuple(row for row in rows if row.segment.casefold() in ("", segment.casefold()))
    wide = any(row.ends[0] < row.ends[1] for row in general)
    return general if wide or (mine and general) else tuple(rows)


def span_of(rows: Sequence[Range]) -> Span:
    """Return the lowest low and the highest high of ranges of one thing.

    Raises
    ------
    ArgumentError
        If their units cannot be brought together.
    """
    units = tuple(dict.fromkeys(row.unit for row in rows))
    unit = "days" if set(units) == {"days", "months"} else units[0]
    if len(units) > 1 and unit != "days":
        raise ArgumentError(f"`own` mixes units of one thing: {display.listed(list(units))}.")
    factors = [DAYS_PER_MONTH if (row.unit, unit) == ("months", "days") else 1.0 for row in rows]
    pairs = [(row.ends, factor) for row, factor in zip(rows, factors, strict=True)]
    low = min(ends[0] * factor for ends, factor in pairs)
    return Span(low, max(ends[1] * factor for ends, factor in pairs), unit)


def placed(value: float, low: float, high: float, span: Span) -> Place:
    """Return where a figure with its interval stands against a span."""
    if value < span.low:
        return "below" if high < span.low else "not clearly below"
    if value > span.high:
        return "above" if low > span.high else "not clearly above"
    return "within"


def known_segment(segment: str | None, rows: Sequence[Range]) -> str:
    """Return a segment as the ranges write it, or "" for none.

    Raises
    ------
    ArgumentError
        If no range is of it.
    """
    if segment is None:
        return ""
    names = {row.segment.casefold(): row.segment for row in rows if row.segment}
    if not isinstance(segment, str) or segment.casefold() not in names:
        raise ArgumentError(f"`segment`: {unknown('segment', str(segment), names.values())}")
    return names[segment.casefold()]


def in_words(low: float, high: float, unit: str) -> str:
    """Return two ends in words, one number where they are the same.

    Examples
    --------
    >>> in_words(2.1, 2.5, "months"), in_words(50, 50, "calls")
    ('2.1 to 2.5 months', '50 calls')
    """
    if unit == "share":
        if low == high:
            return display.percent(low)
        return display.percent_range(low, high, words=True)
    numbers = [f"{end:,.1f}".removesuffix(".0") for end in dict.fromkeys((low, high))]
    return f"{' to '.join(numbers)}{'' if unit == 'money' else f' {display.one_line(unit)}'}"


def _row(record: dict[str, Any]) -> Range:
    numbers = {name: float(record[name]) if record[name] else math.nan for name in _NUMBERS}
    return Range(**(record | numbers))


def _named(row: Range) -> str:
    if row.start or row.target:
        return f"{display.one_line(row.start)} to {display.one_line(row.target)}"
    return display.one_line(row.metric[:1].upper() + row.metric[1:])
