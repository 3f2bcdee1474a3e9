"""`Measure`: one figure with what it divides by what, by segment and period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, unknown
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval, share_interval
from funnelkit._core.result import Result, frozen

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Segment = tuple[str | None, ...]
Unit = Literal["share", "ratio", "money", "count", "days", "months", "minutes", "per_day"]
"""What a figure counts in. A share lies in [0, 1]; a ratio need not."""

UNITS: tuple[Unit, ...] = (
    "share",
    "ratio",
    "money",
    "count",
    "days",
    "months",
    "minutes",
    "per_day",
)
_COLUMN: dict[Unit, str] = {"share": "rate", "money": "value", "per_day": "value_per_day"}
_DECIMALS: dict[Unit, int] = {"ratio": 2, "money": 0, "per_day": 0, "count": 0}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Measure(Result):
    """One figure, for each segment and period: numerator over denominator, times a scale.

    Parameters
    ----------
    name
        What it is called, such as ``"win rate"``.
    definition
        What is divided by what, in words: ``"won / opportunities that entered"``.
    unit
        One of :data:`UNITS`.
    numerator, denominator
        Shape ``(n_segments, n_periods)``; without periods, ``(n_segments, 1)``. A numerator that
        is not known is NaN, and there is no figure.
    numerator_name, denominator_name
        What each counts: ``"won deals"``, ``"opportunities"``.
    by, segments
        Segment columns, and the values of each segment.
    periods
        Labels along the second axis; ``None`` where the figure is of all time.
    scale
        Factor on the ratio: 1 unless said.
    low, high
        Interval that was worked out with the figure, where there is one; same shape, NaN where
        not. Without it, that of a share is Wilson's.
    given
        The figures themselves where they are no quotient, such as medians; same shape. The
        numerator is then NaN, and the denominator what the figure is taken over.
    effective
        For shares: the number of independent records each denominator is worth, where records
        of one account go together.
    currency
        Of money.
    notes
        Sentences that belong with the figure: what is left out, what may yet change.
    as_of
        Last complete day.
    confidence_level
        Of the intervals in the frame and the summary.

    Raises
    ------
    ArgumentError
        If the shapes do not fit, the unit is unknown, or a share is not within [0, 1].

    Examples
    --------
    >>> cac = Measure(
    ...     name="CAC",
    ...     definition="cost of sales and marketing / new customers",
    ...     unit="money",
    ...     numerator=[[12_000]],
    ...     denominator=[[30]],
    ...     numerator_name="cost",
    ...     denominator_name="new customers",
    ... )
    >>> cac.value
    400.0
    >>> print(cac.summary())
    CAC (cost of sales and marketing / new customers): 400, 12,000 cost over 30 new customers.
    """

    name: str
    definition: str
    unit: Unit
    numerator: FloatArray
    denominator: FloatArray
    numerator_name: str
    denominator_name: str
    by: tuple[str, ...] = ()
    segments: tuple[Segment, ...] = ((),)
    periods: tuple[str, ...] | None = None
    scale: float = 1.0
    low: FloatArray | None = None
    high: FloatArray | None = None
    given: FloatArray | None = None
    effective: FloatArray | None = None
    currency: str | None = None
    notes: tuple[str, ...] = field(default=())
    as_of: dt.date | None = None
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        """Copy and freeze the arrays, and check that they fit."""
        checks.one_of("unit", self.unit, UNITS)
        checks.confidence(self.confidence_level)
        shape = (len(self.segments), 1 if self.periods is None else len(self.periods))
        for name in ("numerator", "denominator", "low", "high", "given", "effective"):
            values = getattr(self, name)
            if values is None:
                continue
            values = frozen(values, np.float64)
            if values.shape != shape:
                raise ArgumentError(
                    f"`{name}` must have shape {shape}, segments by periods; got {values.shape}."
                )
            object.__setattr__(self, name, values)
        if (self.denominator < 0).any():
            raise ArgumentError(f"`denominator` ({self.denominator_name}) must not be negative.")
        if self.unit == "share":
            share = self.values[np.isfinite(self.values)]
            if ((share < 0) | (share > 1 + 1e-12)).any():
                raise ArgumentError(
                    f"a share lies between 0 and 1; {self.name} is not: "
                    f"{self.numerator_name} are no part of {self.denominator_name}."
                )

    @property
    def values(self) -> FloatArray:
        """The figures, shape ``(n_segments, n_periods)``; NaN where the denominator is 0."""
        some = self.denominator > 0
        if self.given is not None:
            return np.where(some, self.given, np.nan)
        ratio = self.numerator / np.where(some, self.denominator, 1.0)
        return np.where(some, ratio * self.scale, np.nan)

    @property
    def value(self) -> float:
        """The one figure.

        Raises
        ------
        ArgumentError
            If there are several: take one with :meth:`only`, or look at :attr:`values`.
        """
        if self.values.size != 1:
            raise ArgumentError(
                f"{self.name} has {self.values.size} figures; take one with `.only(…)`, or use "
                "`.values` or `.to_frame()`."
            )
        return float(self.values[0, 0])

    def confidence_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return the interval of each figure, shape ``(n_segments, n_periods)``.

        The one that was worked out with the figures, at their own level; where there is none, of
        a share Wilson's at any level, and of others NaN.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1, or another one than the figure was made with.
        """
        checks.confidence(confidence_level)
        if self.unit == "share" and self.low is None and self.given is None:
            effective = self.denominator if self.effective is None else self.effective
            some = self.denominator > 0
            share = np.where(some, self.numerator / np.where(some, self.denominator, 1), 0.0)
            low, high = share_interval(
                np.clip(share, 0, 1) * effective, effective, confidence_level=confidence_level
            )
            return Interval(np.where(some, low, np.nan), np.where(some, high, np.nan))
        blank = np.full(self.values.shape, np.nan)
        if self.low is None or self.high is None:
            return Interval(blank, blank)
        if confidence_level != self.confidence_level:
            raise ArgumentError(
                f"`confidence_level` {confidence_level:g}: {self.name} was worked out at "
                f"{self.confidence_level:g}; give the level where it is made."
            )
        return Interval(self.low, self.high)

    def only(self, *, period: str | None = None, **segments: str | None) -> Measure:
        """Return the figures of one period, of one value of a segment column, or both.

        Raises
        ------
        ArgumentError
            If there is no such column, value or period.
        """
        rows = list(range(len(self.segments)))
        for column, value in segments.items():
            if column not in self.by:
                raise ArgumentError(unknown("segment", column, self.by))
            place = self.by.index(column)
            rows = [row for row in rows if self.segments[row][place] == value]
            if not rows:
                known = [str(s[place]) for s in self.segments if s[place] is not None]
                raise ArgumentError(unknown(column, str(value), known))
        columns = list(range(self.values.shape[1]))
        if period is not None:
            labels = self.periods or ()
            if period not in labels:
                raise ArgumentError(unknown("period", period, labels))
            columns = [labels.index(period)]

        def part(values: FloatArray | None) -> Any:
            return None if values is None else values[np.ix_(rows, columns)]

        return replace(
            self,
            segments=tuple(self.segments[row] for row in rows),
            periods=None if self.periods is None else tuple(self.periods[c] for c in columns),
            numerator=part(self.numerator),
            denominator=part(self.denominator),
            low=part(self.low),
            high=part(self.high),
            given=part(self.given),
            effective=part(self.effective),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment and period.

        Returns
        -------
        DataFrame
            ``metric``, the segment columns, ``period`` (where there are periods), ``numerator``,
            ``denominator``, the figure under the name of its unit (``rate``, ``value``,
            ``days`` …), the same with ``_low`` and ``_high``, and ``definition``.
        """
        column = _COLUMN.get(self.unit, self.unit)
        low, high = self.confidence_interval(self.confidence_level)
        frame = long_frame(
            {
                "numerator": self.numerator,
                "denominator": self.denominator,
                column: self.values,
                f"{column}_low": low,
                f"{column}_high": high,
            },
            shape=self.values.shape,
            by=self.by,
            segments=self.segments,
            periods=self.periods,
            period="period",
        )
        frame.insert(0, "metric", self.name)
        frame["definition"] = self.definition
        return frame

    def shown(self, value: float) -> str:
        """Return a figure in its unit, as sentences and tables write it."""
        if not np.isfinite(value):
            return "none"
        if self.unit == "share":
            return display.percent(value)
        text = f"{value:,.{_DECIMALS.get(self.unit, 1)}f}".replace("-", display.MINUS)
        if self.unit in ("money", "per_day"):
            text = text if self.currency is None else f"{self.currency} {text}"
            return f"{text} a day" if self.unit == "per_day" else text
        return text if self.unit in ("count", "ratio") else f"{text} {self.unit}"

    def summary(self) -> str:
        """Return the figure, what it divides by what, and what belongs with it.

        Of several: how many there are, and the lowest and the highest.
        """
        lead = f"{self.name[:1].upper()}{self.name[1:]} ({self.definition})"
        known = np.argwhere(np.isfinite(self.values))
        lacking = int((np.isnan(self.numerator) & (self.denominator > 0)).sum())
        lacking = 0 if self.given is not None else lacking
        if not known.size and lacking:
            text = f"{lead}: {self.numerator_name} not known, so there is no figure."
        elif not known.size and self.given is not None and (self.denominator > 0).any():
            behind = f"{self._amount(float(self.denominator.sum()))} {self.denominator_name}"
            text = f"{lead}: {behind} cannot tell it yet."
        elif not known.size:
            text = f"{lead}: no {self.denominator_name} yet, so there is no figure."
        elif self.values.size == 1:
            text = f"{lead}: {self._one(0, 0)}."
        else:
            ends = sorted((float(self.values[i, j]), self._label(i, j)) for i, j in known)
            (least, where), (most, there) = ends[0], ends[-1]
            text = (
                f"{lead}: {display.plural(len(ends), 'figure')}, from {self.shown(least)} "
                f"({where}) to {self.shown(most)} ({there})."
                if len(ends) > 1
                else f"{lead}: one figure, {self.shown(least)} ({where})."
            )
            if blank := self.values.size - len(ends) - lacking:
                text += f" {display.count(blank)} without {self.denominator_name}."
            if lacking:
                text += f" {display.count(lacking)} where {self.numerator_name} is not known."
        return " ".join([text, *self.notes])

    def _one(self, i: int, j: int) -> str:
        parts = f"{self._amount(self.numerator[i, j])} {self.numerator_name}"
        over = f"{self._amount(self.denominator[i, j])} {self.denominator_name}"
        word = "of" if self.unit == "share" else "over"
        ends = self.confidence_interval(self.confidence_level)
        low, high = (float(np.asarray(end)[i, j]) for end in ends)
        text = self.shown(float(self.values[i, j]))
        if np.isfinite(low) and np.isfinite(high):
            between = (
                display.percent_range(low, high, words=True)
                if self.unit == "share"
                else f"{self.shown(low)} to {self.shown(high)}"
            )
            text += f" ({between})"
        if self.given is not None:
            return f"{text}, of {over}"
        return f"{text}, {parts} {word} {over}"

    def _label(self, i: int, j: int) -> str:
        names = [display.segment_name(self.segments[i])] if self.by else []
        if self.periods is not None:
            names.append(self.periods[j])
        return ", ".join(names)

    @staticmethod
    def _amount(number: float) -> str:
        return display.count(number) if float(number).is_integer() else f"{number:,.1f}"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Measures(Result):
    """Several figures that belong together, by name.

    Parameters
    ----------
    measures
        The figures, no two of one name.
    """

    measures: tuple[Measure, ...]

    def __post_init__(self) -> None:
        """Check that each name stands once."""
        names = [one.name for one in self.measures]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ArgumentError(f"`measures`: each name may stand once; twice: {twice}.")

    def __getitem__(self, name: str) -> Measure:
        """Return the figure of a name.

        Raises
        ------
        ArgumentError
            If there is none.
        """
        for one in self.measures:
            if one.name == name:
                return one
        raise ArgumentError(unknown("metric", name, self.names))

    def __iter__(self) -> Iterator[Measure]:
        """Iterate over the figures, in their order."""
        return iter(self.measures)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.measures)

    @property
    def names(self) -> tuple[str, ...]:
        """Names, in order."""
        return tuple(one.name for one in self.measures)

    def to_frame(self) -> pd.DataFrame:
        """Return the frames of all figures below each other, with ``unit`` and one value column.

        Returns
        -------
        DataFrame
            ``metric``, segment columns, ``period`` where any figure has one, ``unit``,
            ``numerator``, ``denominator``, ``value``, ``value_low``, ``value_high``,
            ``definition``.
        """
        import pandas as pd

        parts = []
        for one in self.measures:
            column = _COLUMN.get(one.unit, one.unit)
            own = {column: "value", f"{column}_low": "value_low", f"{column}_high": "value_high"}
            part = one.to_frame().rename(columns=own)
            part.insert(list(part.columns).index("numerator"), "unit", one.unit)
            parts.append(part)
        if not parts:
            return pd.DataFrame(columns=["metric", "unit", "value", "definition"])
        return pd.concat(parts, ignore_index=True)

    def summary(self) -> str:
        """Return a sentence for each figure."""
        return " ".join(one.summary() for one in self.measures)


def single(values: ArrayLike) -> FloatArray:
    """Return numbers as the array of a measure without segments: shape ``(1, n)``.

    Examples
    --------
    >>> single(30).shape, single([1, 2]).shape
    ((1, 1), (1, 2))
    """
    return np.atleast_1d(np.asarray(values, dtype=np.float64))[None, :]
