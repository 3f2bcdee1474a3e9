"""What is compared with a range: a conversion with its interval, and how far it can be trusted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.interval import share_interval
from funnelkit._core.result import frozen
from funnelkit.counts.triangle import Segment, Triangle
from funnelkit.lag import adjust, fit_competing
from funnelkit.lag.adjusting.noise import own_interval, widened
from funnelkit.rates.labelled import LabelledRate

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.lag import AdjustedRates
    from funnelkit.rates.cohorts import CohortRates
    from funnelkit.rates.stages import StageRates

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Pair = tuple[str, str]
SETTLED = 0.9
_FOLLOWED = 0.1
_BEYOND = 1.5
_NUMBERS = ("rate", "low", "high", "maturity", "most")


@dataclass(frozen=True, eq=False, kw_only=True)
class Conversion:
    """One conversion, for each segment; shapes ``(n_segments,)``.

    Parameters
    ----------
    start, target
        Stages of the funnel.
    segments
        Values of the segment columns.
    entered, converted
        Records that entered ``start``, and those of them that have reached ``target``.
    rate, low, high
        What is compared: corrected for the age of the records where that is known, with its
        interval; NaN where nobody entered.
    maturity
        Share of what is to come that is there to be seen; NaN where it is not known.
    most
        Rate if every record that is still open converts; NaN where that is not known.
    settled
        Whether the rate is known not to rise much any more.
    horizon
        Age in days up to which conversions count, where there is such an age.
    """

    start: str
    target: str
    segments: tuple[Segment, ...]
    entered: IntArray
    converted: IntArray
    rate: FloatArray
    low: FloatArray
    high: FloatArray
    maturity: FloatArray
    most: FloatArray
    settled: NDArray[np.bool_]
    horizon: int | None = None

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("entered", "converted"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))
        for name in _NUMBERS:
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        object.__setattr__(self, "settled", frozen(self.settled, np.bool_))

    def on(self, segments: Sequence[Segment]) -> Conversion:
        """Return the conversion in the order of other segments; nobody entered where one lacks."""
        rows = {segment: k for k, segment in enumerate(self.segments)}
        places = [rows.get(segment, -1) for segment in segments]

        def spread(values: NDArray[Any], blank: float) -> NDArray[Any]:
            return np.array([values[k] if k >= 0 else blank for k in places])

        return Conversion(
            start=self.start,
            target=self.target,
            segments=tuple(segments),
            entered=spread(self.entered, 0),
            converted=spread(self.converted, 0),
            **{name: spread(getattr(self, name), np.nan) for name in _NUMBERS},
            settled=spread(self.settled, 0),
            horizon=self.horizon,
        )


def of_triangle(triangle: Triangle, *, confidence_level: float) -> Conversion:
    """Return a conversion corrected for the age of the records, cohorts taken together.

    Notes
    -----
    Timing is that of each segment's own Aalen-Johansen curve, up to the age that at least a tenth
    of the records have been followed to. The rate is settled where maturity is at least nine
    tenths and nine tenths of what had come by the horizon had come in the first two thirds of
    it: a curve that still rises there says nothing of where it ends.
    """
    whole = triangle.collapse(cohorts=True)
    fit = fit_competing(whole, horizon=horizon_of(whole))
    horizon = fit.horizon
    adjusted = adjust(whole, fit, confidence_level=confidence_level)
    entered, converted = adjusted.entered[:, 0], adjusted.converted[:, 0]
    ends = adjusted.confidence_interval(confidence_level)
    low, high = (np.asarray(end)[:, 0] for end in ends)
    some = converted > 0
    none = share_interval(0, entered, confidence_level=confidence_level)
    late = adjusted.late[:, 0] > 0
    early = np.asarray(fit.maturity([2 * horizon // 3]))[:, 0, 0]
    maturity = np.where(some, adjusted.maturity[:, 0], np.nan)
    rate = np.where(some, adjusted.adjusted[:, 0], 0.0)
    known = (entered > 0) & ~late & (adjusted.own[:, 0] | ~some)
    return Conversion(
        start=triangle.start,
        target=triangle.target,
        segments=triangle.segments,
        entered=entered,
        converted=converted,
        rate=np.where(known, rate, np.nan),
        low=np.where(known, np.where(some, low, none.low), np.nan),
        high=np.where(known, np.where(some, high, none.high), np.nan),
        maturity=maturity,
        most=np.where(known, (whole.converted + whole.open)[:, 0] / np.maximum(entered, 1), np.nan),
        settled=some & (maturity >= SETTLED) & (early >= SETTLED),
        horizon=horizon,
    )


def of_stages(table: StageRates, start: str, target: str) -> Conversion:
    """Return a conversion of a stage table: the next stage, or the last.

    Raises
    ------
    EvidenceError
        If the counts do not tell it.
    """
    stages = table.stays.stages
    k = stages.index(start)
    if stages.index(target) == k + 1:
        ends = table.confidence_interval(table.confidence_level)
        low, high = (np.asarray(end)[:, k] for end in ends)
        entered = (table.stays.entered - table.stays.filled)[:, k]
        moved = (table.stays.moved_on - table.stays.filled)[:, k]
        return _seen(
            (start, target),
            table.stays.segments,
            counts=(entered, moved, table.stays.still_there[:, k]),
            ends=(low, high),
        )
    if target != stages[-1]:
        raise EvidenceError("a stage table does not tell it: give the leads")
    return _labelled((start, target), table.won_of(start))


def of_cohorts(rates: CohortRates) -> Conversion:
    """Return the conversion of the cohorts that have a rate, taken together.

    How many are still open is not in them, so that it is never settled.
    """
    whole = rates.overall
    low, high = (np.asarray(end)[:, 0] for end in whole.confidence_interval(rates.confidence_level))
    entered = whole.entered[:, 0]
    blank = np.full(len(entered), np.nan)
    return Conversion(
        start=rates.start,
        target=rates.target,
        segments=rates.segments,
        entered=entered,
        converted=whole.converted[:, 0],
        rate=whole.rate[:, 0],
        low=low,
        high=high,
        maturity=blank,
        most=blank,
        settled=np.zeros(len(entered), bool),
        horizon=rates.within,
    )


def of_adjusted(rates: AdjustedRates) -> Conversion:
    """Return the conversion of adjusted cohorts taken together, as their own fit has it.

    Notes
    -----
    Of the cohorts with a basis of their own: conversions by the horizon over mature leads, at
    most what it comes to if all that are undecided convert; of a shrunken fit, the mean of its
    rates by leads. Doubt about timing and pace is taken to be the same for all cohorts, so that
    it does not average out. The rate is settled where maturity is at least nine tenths, and
    conversions count at any age; or, with a horizon, where of the cohorts that have been followed
    half as long again nine tenths of what came had come by it, as in :func:`of_triangle`.
    """
    level = rates.confidence_level
    own = (rates.entered > 0) & ((rates.basis != "pooled") & (rates.late == 0))
    entered = np.where(own, rates.entered, 0).sum(axis=1)
    converted = np.where(own, rates.converted, 0).sum(axis=1)
    undecided = np.where(own, rates.undecided, 0).sum(axis=1)
    mature = np.where(own, rates.mature_leads, 0.0).sum(axis=1)
    some = entered > 0
    safe = np.maximum(entered, 1)
    maturity = np.where(some, mature / safe, np.nan)
    most = np.where(some, (converted + undecided) / safe, np.nan)
    if rates.shrunken is not None:
        share = np.where(own, rates.entered, 0) / safe[:, None]
        ends = rates.confidence_interval(level)
        rate, low, high = (
            (share * np.asarray(part)).sum(axis=1) for part in (rates.adjusted, *ends)
        )
    else:
        worth = np.where(own, rates.worth, 0.0).sum(axis=1)
        seen = converted * worth / safe
        mean = np.where(mature > 0, mature / safe, 1.0)
        rate = np.minimum(converted / np.maximum(mature, 1.0), np.where(some, most, 1.0))
        weight = np.where(own, rates.mature_leads, 0.0) / np.maximum(mature, 1e-12)[:, None]
        doubt = (weight * np.hypot(rates.timing_sd, rates.pace_sd)).sum(axis=1)
        centre = np.where(seen > 0, seen, 0.5) / np.maximum(worth, 1.0) / mean
        alone = own_interval(seen, worth, mean, confidence_level=level)
        low, high = (
            np.asarray(end) for end in widened(alone, centre, doubt, confidence_level=level)
        )
    return Conversion(
        start=rates.start,
        target=rates.target,
        segments=rates.segments,
        entered=entered,
        converted=converted,
        rate=np.where(some, rate, np.nan),
        low=np.where(some, low, np.nan),
        high=np.where(some, high, np.nan),
        maturity=np.where(converted > 0, maturity, np.nan),
        most=most if rates.horizon is None else np.full(len(entered), np.nan),
        settled=some & (converted > 0) & (np.nan_to_num(maturity) >= SETTLED) & _flat(rates, own),
        horizon=rates.horizon,
    )


def _flat(rates: AdjustedRates, own: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return for each segment whether hardly anything comes after the horizon."""
    if rates.horizon is None:
        return np.ones(len(rates.segments), bool)
    ages = np.array([_youngest(period, rates.as_of) for period in rates.cohorts])
    old = own & (ages >= _BEYOND * rates.horizon)[None, :]
    by_then = np.where(old, rates.converted, 0).sum(axis=1)
    later = np.where(old, rates.later, 0).sum(axis=1)
    enough = np.where(old, rates.entered, 0).sum(axis=1) >= display.FEWEST
    return np.asarray(enough & (by_then >= SETTLED * (by_then + later)))


def _youngest(period: pd.Period, as_of: dt.date) -> int:
    end: dt.date = period.end_time.date()
    return (as_of - end).days


def of_labelled(rate: LabelledRate) -> Conversion:
    """Return the conversion of a labelled rate, as it stands.

    Raises
    ------
    ArgumentError
        If it is no rate from one stage to another.
    """
    if not rate.start or not rate.target:
        raise ArgumentError(
            f"`rates`: {rate.name} ({rate.label}) is not from one stage to another, so there is no "
            "range for it; take it from fk.rates.flow(leads), or give a table."
        )
    return _labelled((rate.start, rate.target), rate)


def of_counts(
    pair: Pair,
    segments: tuple[Segment, ...],
    counts: tuple[IntArray, IntArray, IntArray],
    *,
    confidence_level: float,
) -> Conversion:
    """Return the conversion of plain counts: entered, converted, still open."""
    low, high = share_interval(counts[1], counts[0], confidence_level=confidence_level)
    return _seen(pair, segments, counts=counts, ends=(np.asarray(low), np.asarray(high)))


def reasons_in(missing: Mapping[Pair, str]) -> list[str]:
    """Return why some conversions are not known, as one says it."""
    return [
        f"{display.one_line(start)} to {display.one_line(target)}: {why.rstrip('.')}"
        for (start, target), why in missing.items()
    ]


def _labelled(pair: Pair, figure: LabelledRate) -> Conversion:
    low, high = share_interval(
        figure.counts / figure.design,
        figure.bases / figure.design,
        confidence_level=figure.confidence_level,
        method=figure.method,
    )
    return _seen(
        pair,
        figure.segments,
        counts=(figure.bases, figure.counts, figure.still_open),
        ends=(np.asarray(low), np.asarray(high)),
    )


def _seen(
    pair: Pair,
    segments: tuple[Segment, ...],
    *,
    counts: tuple[IntArray, IntArray, IntArray],
    ends: tuple[FloatArray, FloatArray],
) -> Conversion:
    """Return a conversion as seen so far: settled where hardly any record is still open."""
    entered, converted, still = counts
    some = entered > 0
    safe = np.maximum(entered, 1)
    return Conversion(
        start=pair[0],
        target=pair[1],
        segments=segments,
        entered=entered,
        converted=converted,
        rate=np.where(some, converted / safe, np.nan),
        low=np.where(some, ends[0], np.nan),
        high=np.where(some, ends[1], np.nan),
        maturity=np.full(len(entered), np.nan),
        most=np.where(some, (converted + still) / safe, np.nan),
        settled=some & (still == 0),
    )


def horizon_of(whole: Triangle) -> int | None:
    """Return the age that at least a tenth of the records have been followed to."""
    followed = whole.followed.sum(axis=(0, 1))
    total = int(followed.sum())
    enough = np.cumsum(followed[::-1])[::-1] >= max(_FOLLOWED * total, display.FEWEST)
    at_risk = whole.at_risk.sum(axis=(0, 1)) > 0
    if total < display.FEWEST or not at_risk.any():
        return None
    last = min(int(np.flatnonzero(enough)[-1]), int(np.flatnonzero(at_risk)[-1]))
    return last if last >= 1 else None
