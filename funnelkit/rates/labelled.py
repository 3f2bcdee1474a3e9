"""A rate that carries its denominator in its label."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval, ShareMethod, share_interval
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Segment
from funnelkit.rates.businesses import businesses, told_apart

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LabelledRate(Result):
    """One rate over all segments, and for each of them.

    Parameters
    ----------
    name
        What it is called, such as ``"win rate"``.
    label
        What is divided by what, such as ``"won / entered opportunity"``.
    by, segments, as_of
        Segment columns, the values of each segment, and the last complete day.
    counts, bases
        Numerators and denominators, shape ``(n_segments,)``.
    still_open
        How many of the denominators may yet convert, shape ``(n_segments,)``.
    apart
        Columns whose values are businesses of their own; :meth:`summary` never makes one of them.
    design
        Design effect of leads of one account that go together, shape ``(n_segments,)``.
    method, confidence_level
        Of the intervals in :meth:`to_frame`.
    start, target
        Stages from and to which it leads, where it is a rate of stages; else "".
    """

    name: str
    label: str
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    as_of: dt.date
    counts: IntArray
    bases: IntArray
    still_open: IntArray
    design: FloatArray
    method: ShareMethod = "wilson"
    confidence_level: float = 0.95
    apart: tuple[str, ...] = ()
    start: str = ""
    target: str = ""

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for field in ("counts", "bases", "still_open"):
            object.__setattr__(self, field, frozen(getattr(self, field), np.int64))
        object.__setattr__(self, "design", frozen(self.design, np.float64))

    @property
    def numerator(self) -> int:
        """Numerator over all segments."""
        return int(self.counts.sum())

    @property
    def denominator(self) -> int:
        """Denominator over all segments."""
        return int(self.bases.sum())

    @property
    def rate(self) -> float:
        """Rate over all segments; NaN where the denominator is 0."""
        return self.numerator / self.denominator if self.denominator else float("nan")

    def confidence_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return the interval of ``rate``, inside [0, 1].

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        design = float((self.design * self.bases).sum() / max(self.denominator, 1)) or 1.0
        low, high = share_interval(
            self.numerator / design,
            self.denominator / design,
            confidence_level=confidence_level,
            method=self.method,
        )
        return Interval(float(low), float(high))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment.

        Returns
        -------
        DataFrame
            ``figure``, ``label``, the segment columns, ``entered`` (the denominator),
            ``converted``, ``rate``, ``rate_low``, ``rate_high``; blank where the denominator
            is 0.
        """
        low, high = share_interval(
            self.counts / self.design,
            self.bases / self.design,
            confidence_level=self.confidence_level,
            method=self.method,
        )
        some = self.bases > 0
        frame = long_frame(
            {
                "entered": self.bases,
                "converted": self.counts,
                "rate": np.where(some, self.counts / np.maximum(self.bases, 1), np.nan),
                "rate_low": np.where(some, low, np.nan),
                "rate_high": np.where(some, high, np.nan),
            },
            shape=self.bases.shape,
            by=self.by,
            segments=self.segments,
        )
        frame.insert(0, "figure", self.name)
        frame.insert(1, "label", self.label)
        return frame

    def summary(self) -> str:
        """Return the rate with its label, its two counts and what is still open.

        Of businesses that are kept apart, that of each.
        """
        parts = businesses(self.by, self.segments, self.apart)
        if len(parts) > 1:
            own = [(values, self._of(rows)) for values, rows in parts]
            return told_apart([(values, one.denominator, one.summary()) for values, one in own])
        name = self.name[:1].upper() + self.name[1:]
        if not self.denominator:
            return f"{name} ({self.label}): nothing to divide by."
        low, high = (float(end) for end in self.confidence_interval(self.confidence_level))
        text = (
            f"{name} ({self.label}): {display.count(self.numerator)} of "
            f"{display.count(self.denominator)}, {display.percent(self.rate)} "
            f"({display.percent_range(low, high, words=True)})."
        )
        still = int(self.still_open.sum())
        if still:
            text += (
                f" {display.count(still)} of these {'is' if still == 1 else 'are'} still open, "
                "so it may rise."
            )
        return text

    def _of(self, rows: list[int]) -> LabelledRate:
        return replace(
            self,
            segments=tuple(self.segments[row] for row in rows),
            counts=self.counts[rows],
            bases=self.bases[rows],
            still_open=self.still_open[rows],
            design=self.design[rows],
            apart=(),
        )
