"""Bands of a score side by side, and whether the score predicts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from funnelkit._core import checks, display
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval, share_difference_interval, share_interval
from funnelkit._core.measure import FloatArray, Segment
from funnelkit._core.result import Result, frozen

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ScoreBands(Result):
    """Bands of a score against what they closed; see :func:`funnelkit.metrics.score_bands`.

    Parameters
    ----------
    score
        Name of the score.
    by, segments
        Segment columns, and the values of each segment.
    bands
        From the least to the most promising; leads without a score are in a last one.
    entered, won
        Leads followed long enough, and those won within the days; shape
        ``(n_segments, n_bands)``.
    mean_score
        Mean score of each band; of named bands their place in the order.
    area, area_variance
        Area under the ROC curve and its variance, shape ``(n_segments,)``; NaN where nobody or
        everybody was won.
    smaller
        Number of the won, or of the others where these are fewer, shape ``(n_segments,)``.
    brier
        Mean squared error of a probability, shape ``(n_segments,)``; ``None`` where it is none.
    within
        Days of follow-up.
    left_out, unscored
        Leads too young; leads old enough without a score.
    apart
        Columns whose values are businesses of their own.
    as_of
        Last complete day.
    notes
        What belongs with the figures.
    confidence_level
        Of the intervals in the frame and the summary.
    """

    score: str
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    bands: tuple[str, ...]
    entered: NDArray[np.int64]
    won: NDArray[np.int64]
    mean_score: FloatArray
    area: FloatArray
    area_variance: FloatArray
    smaller: FloatArray
    brier: FloatArray | None
    within: int
    left_out: int
    unscored: int
    apart: tuple[str, ...]
    as_of: dt.date
    notes: tuple[str, ...] = ()
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("entered", "won"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))
        for name in ("mean_score", "area", "area_variance", "smaller", "brier"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def rates(self) -> FloatArray:
        """Won over entered, shape ``(n_segments, n_bands)``; NaN where nobody entered."""
        some = self.entered > 0
        return np.where(some, self.won / np.maximum(self.entered, 1), np.nan)

    def confidence_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return the interval of each area, inside [0, 1], shape ``(n_segments,)``.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        tail = (1 - checks.confidence(confidence_level)) / 2
        known = np.isfinite(self.area)
        inside = known & (self.area > 0) & (self.area < 1) & (self.area_variance > 0)
        area = np.where(inside, self.area, 0.5)
        odds = np.log(area / (1 - area))
        reach = stats.norm.isf(tail) * np.sqrt(self.area_variance) / (area * (1 - area))
        reach = np.where(inside, reach, 0.0)
        low, high = (1 / (1 + np.exp(-(odds + sign * reach))) for sign in (-1, 1))
        bound = tail ** (1 / np.maximum(self.smaller, 1))
        low = np.where(inside, low, np.where(self.area >= 1, bound, 0.0))
        high = np.where(inside, high, np.where(self.area <= 0, 1 - bound, 1.0))
        return Interval(np.where(known, low, np.nan), np.where(known, high, np.nan))

    def rising(self) -> NDArray[np.bool_]:
        """Return whether rates never fall from a band to the next, shape ``(n_segments,)``."""
        found = []
        for i in range(len(self.segments)):
            rates = [
                r
                for r, name in zip(self.rates[i], self.bands, strict=True)
                if name != display.BLANK and np.isfinite(r)
            ]
            found.append(bool((np.diff(rates) >= 0).all()))
        return np.array(found, dtype=bool)

    def falls(self, segment: int = 0) -> tuple[tuple[str, str], ...]:
        """Return neighbouring bands of which the higher one closes less, beyond chance."""
        found = []
        some = [
            k
            for k, name in enumerate(self.bands)
            if name != display.BLANK and self.entered[segment, k]
        ]
        for a, b in pairwise(some):
            lower, upper = (
                (float(self.won[segment, k]), float(self.entered[segment, k])) for k in (a, b)
            )
            ends = share_difference_interval(lower, upper, confidence_level=self.confidence_level)
            if ends.high < 0:
                found.append((self.bands[a], self.bands[b]))
        return tuple(found)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment and band.

        Returns
        -------
        DataFrame
            ``band``, the segment columns, ``entered``, ``won``, ``rate`` with its interval,
            ``mean_score``, and of the whole segment ``area`` with its interval.
        """
        low, high = share_interval(self.won, self.entered, confidence_level=self.confidence_level)
        some = self.entered > 0
        ends = self.confidence_interval(self.confidence_level)
        return long_frame(
            {
                "entered": self.entered,
                "won": self.won,
                "rate": self.rates,
                "rate_low": np.where(some, low, np.nan),
                "rate_high": np.where(some, high, np.nan),
                "mean_score": self.mean_score,
                "area": self.area[:, None],
                "area_low": np.asarray(ends.low)[:, None],
                "area_high": np.asarray(ends.high)[:, None],
            },
            shape=self.entered.shape,
            by=self.by,
            segments=self.segments,
            periods=self.bands,
            period="band",
        )

    def summary(self) -> str:
        """Return whether the score predicts, in each segment, and what to beware of."""
        told = []
        for i in range(min(len(self.segments), 6)):
            lead = f"{display.segment_name(self.segments[i])}: " if self.by else ""
            told.append(lead + self._told(i))
        if self.left_out:
            told.append(
                f"{display.plural(self.left_out, 'lead')} younger than {self.within} days left out."
            )
        if self.unscored:
            told.append(f"{display.plural(self.unscored, 'lead')} without a score.")
        return " ".join([*told, *self.notes])

    def _told(self, i: int) -> str:
        entered, won = int(self.entered[i].sum()), int(self.won[i].sum())
        base = (
            f"{display.count(won)} of {display.plural(entered, 'lead')} won in {self.within} days"
        )
        if not np.isfinite(self.area[i]):
            return f"{base}: nobody or everybody was won, so nothing tells whether it predicts."
        low, high = (
            float(np.asarray(end)[i]) for end in self.confidence_interval(self.confidence_level)
        )
        area = f"{self.area[i]:.2f} ({low:.2f} to {high:.2f})"
        name = f"`{display.one_line(self.score)}`"
        if low > 0.5:
            text = f"{name} predicts: a won lead outscores another in {area} of pairs"
        elif high < 0.5:
            text = f"{name} points the wrong way: a won lead outscores another in {area} of pairs"
        else:
            text = (
                f"nothing shows that {name} predicts: a won lead outscores another in {area} of "
                "pairs, and .5 is a coin"
            )
        text = f"{text}; {base}."
        falls = self.falls(i)
        if (
            sum(
                bool(n)
                for n, b in zip(self.entered[i], self.bands, strict=True)
                if b != display.BLANK
            )
            < 2
        ):
            text += " There is one band only."
        elif self.rising()[i]:
            text += " Rates rise from band to band."
        elif falls:
            pairs = display.listed(
                [f"{display.one_line(a)} to {display.one_line(b)}" for a, b in falls]
            )
            text += f" Rates fall from {pairs}, by more than chance."
        else:
            text += " Rates do not rise throughout, within chance."
        if self.brier is not None:
            text += self._calibrated(i)
        return text

    def _calibrated(self, i: int) -> str:
        known = [k for k, name in enumerate(self.bands) if name != display.BLANK]
        n, won = self.entered[i, known].sum(), self.won[i, known].sum()
        expected = float(np.nansum(self.mean_score[i, known] * self.entered[i, known]))
        low, high = share_interval(won, n, confidence_level=self.confidence_level)
        fits = float(low) * n <= expected <= float(high) * n
        verdict = "which fits" if fits else "too many" if expected > won else "too few"
        error = 0.0 if self.brier is None else float(self.brier[i])
        return (
            f" As a probability it foretold {expected:,.0f} wins and {display.count(won)} came, "
            f"{verdict} (Brier score {error:.3f})."
        )
