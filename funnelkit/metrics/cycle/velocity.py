"""Velocity: what deals, or the pipeline, bring in a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import Interval
from funnelkit._core.measure import Measure
from funnelkit.counts.closings import Closings
from funnelkit.counts.opened import open_book
from funnelkit.counts.pipeline import By, closings, passages
from funnelkit.counts.triangle import Segment
from funnelkit.data.records import Leads
from funnelkit.metrics import given
from funnelkit.metrics.roster import told_by_business
from funnelkit.metrics.stage_roles import opportunity_of, roles

FloatArray = NDArray[np.float64]
Base = Literal["entered", "closed"]


def deal_velocity(
    deals: Leads | ArrayLike,
    value: ArrayLike | None = None,
    *,
    cycle: ArrayLike | None = None,
    opportunity: str | None = None,
    by: By = None,
    currency: str | None = None,
    exchange: Mapping[str, float] | None = None,
    confidence_level: float = 0.95,
) -> Measure:
    """Return deals times mean value over the days of the sales cycle: money a day.

    Parameters
    ----------
    deals
        The data, or the number of deals.
    value, cycle
        With a number of deals: their mean amount, and the mean days of the sales cycle.
    opportunity
        Stage from whose entry days are counted; default: the first whose name says opportunity or
        deal, or else the first.
    by
        Segment column or columns; segments kept apart are always among them.
    currency, exchange
        Of the amounts; and, for leads in several, what one unit of each other is worth in it.
    confidence_level
        Of the interval.

    Returns
    -------
    Measure
        Money a day. From leads: won deals times their mean amount, over the mean days from
        opportunity to the win; the numerator is the money, the denominator the days. NaN without
        a won deal of known amount and days.

    Raises
    ------
    ArgumentError
        If a number is missing or negative, or the funnel has no ``value``.
    DataError
        If amounts stand in several currencies and there is no rate for one of them.

    Notes
    -----
    It is a speed of deals that were won, each deal as if it was worked on alone, and no forecast.
    The interval is for the two means on the log scale (delta method), with their covariance, as
    the same deals tell both; the number of deals is taken as it is.

    Examples
    --------
    >>> round(deal_velocity(100, 10_000, cycle=30).value)
    33333
    """
    checks.confidence(confidence_level)
    if not isinstance(deals, Leads):
        sizes = {"deals": deals, "value": value, "cycle": cycle}
        return _plain("deal velocity", sizes, currency, confidence_level)
    _refuse(value=value, cycle=cycle)
    start, counted = _won(deals, opportunity, by, exchange=exchange, currency=currency)
    parts = _Means.of(counted)
    money = counted.won[:, :1] * parts.value
    ends = _around(money / parts.days, parts.log_variance, confidence_level)
    return Measure(
        name="deal velocity",
        definition=f"won deals x mean amount / mean days from {start} to {deals.funnel.won}",
        unit="per_day",
        numerator=np.nan_to_num(money),
        denominator=np.where(np.isfinite(money), np.nan_to_num(parts.days), 0.0),
        numerator_name="amount",
        denominator_name="days",
        by=counted.by,
        segments=counted.segments,
        low=np.asarray(ends.low),
        high=np.asarray(ends.high),
        currency=counted.currency,
        notes=_notes(deals, counted),
        as_of=deals.as_of,
        confidence_level=confidence_level,
    )


def pipeline_velocity(
    deals: Leads | ArrayLike,
    value: ArrayLike | None = None,
    *,
    win_rate: ArrayLike | None = None,
    cycle: ArrayLike | None = None,
    base: Base = "entered",
    opportunity: str | None = None,
    by: By = None,
    currency: str | None = None,
    exchange: Mapping[str, float] | None = None,
    confidence_level: float = 0.95,
) -> Measure:
    """Return open deals times win rate times mean value over the days of the sales cycle.

    Parameters
    ----------
    deals
        The data, or the number of open deals.
    value, win_rate, cycle
        With a number of deals: the mean amount of won deals, the share that is won, and the mean
        days of the sales cycle.
    base
        From leads, what the win rate divides by: the opportunities that ``"entered"``, open ones
        among them, or those that ``"closed"``.
    opportunity
        Stage from which on deals are in the pipeline; default: the first whose name says
        opportunity or deal, or else the first.
    by
        Segment column or columns; segments kept apart are always among them.
    currency, exchange
        Of the amounts; and, for leads in several, what one unit of each other is worth in it.
    confidence_level
        Of the interval.

    Returns
    -------
    Measure
        Money a day; the numerator is open deals x win rate x mean amount of won deals, the
        denominator the mean days from opportunity to the win.

    Raises
    ------
    ArgumentError
        If a number is missing or negative, the win rate is no share, or the funnel has no
        ``value``.
    DataError
        If amounts stand in several currencies and there is no rate for one of them.

    Notes
    -----
    The win rate over entered opportunities is immature while deals are open, and so is this; the
    cycle of won deals flatters. What each open deal comes to, at its age, is told by
    :func:`funnelkit.lag.in_flight`. The interval is for win rate, mean amount and mean days on the
    log scale (delta method); the number of open deals is a count, and exact.

    Examples
    --------
    >>> pipeline_velocity(100, 10_000, win_rate=0.3, cycle=30).value
    10000.0
    """
    checks.confidence(confidence_level)
    checks.one_of("base", base, ("entered", "closed"))
    if not isinstance(deals, Leads):
        sizes = {"deals": deals, "value": value, "win_rate": win_rate, "cycle": cycle}
        return _plain("pipeline velocity", sizes, currency, confidence_level)
    _refuse(value=value, cycle=cycle, win_rate=win_rate)
    start, counted = _won(deals, opportunity, by, exchange=exchange, currency=currency)
    names = tuple(counted.by)
    passed = passages(deals, start, deals.funnel.won, by=names)
    book = open_book(deals, by=names, money=False)
    segments = passed.segments
    parts = _Means.of(counted).over(counted.segments, segments)
    place = {one: i for i, one in enumerate(book.segments)}
    first = next((k for k, name in enumerate(book.stages) if name == start), 0)
    at_hand = book.n[:, first:].sum(axis=(1, 2))
    still = np.array([[at_hand[place[one]] if one in place else 0.0] for one in segments], float)
    won = passed.converted.astype(float)
    whole = (passed.entered if base == "entered" else passed.converted + passed.left).astype(float)
    rate = np.where(whole > 0, won / np.maximum(whole, 1), np.nan)
    worth = whole
    if passed.accounts is not None and base == "entered":
        worth = passed.accounts.effective(won, whole, confidence_level=confidence_level)
    with np.errstate(divide="ignore", invalid="ignore"):
        doubt = parts.log_variance + (1 - rate) / (rate * worth)
    money = still * rate * parts.value
    ends = _around(money / parts.days, doubt, confidence_level)
    notes = [*_notes(deals, counted)]
    if base == "entered" and passed.still_open.any():
        told = told_by_business(passed.by, segments, deals.funnel.apart, passed.still_open)
        notes.append(f"Immature: {told} of the opportunities are open, so the win rate may rise.")
    below = "entered" if base == "entered" else "closed"
    return Measure(
        name="pipeline velocity",
        definition=f"open deals x {deals.funnel.won} / {below} {start} x mean amount / mean days "
        f"from {start} to {deals.funnel.won}",
        unit="per_day",
        numerator=np.nan_to_num(money),
        denominator=np.where(np.isfinite(money), np.nan_to_num(parts.days), 0.0),
        numerator_name="amount",
        denominator_name="days",
        by=counted.by,
        segments=segments,
        low=np.asarray(ends.low),
        high=np.asarray(ends.high),
        currency=counted.currency,
        notes=tuple(notes),
        as_of=deals.as_of,
        confidence_level=confidence_level,
    )


@dataclass(frozen=True, kw_only=True)
class _Means:
    """Mean amount and mean days of won deals, and the variance of the log of their ratio.

    Shapes ``(n_segments, 1)``; NaN where there is none.
    """

    value: FloatArray
    days: FloatArray
    log_variance: FloatArray

    @classmethod
    def of(cls, counted: Closings) -> _Means:
        """Return the means of won deals."""
        known, dated, both = (
            a[:, 0].astype(float) for a in (counted.known, counted.dated, counted.both)
        )
        total = counted.total[:, 0].astype(float)
        sums = counted.days[:, 0].astype(float)
        value = np.where(known > 0, total / np.maximum(known, 1), np.nan)
        days = np.where(sums > 0, sums / np.maximum(dated, 1), np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = (counted.squares[:, 0] - known * value**2) / (known - 1) / known
            waits = (counted.days_squared[:, 0] - dated * days**2) / (dated - 1) / dated
            together = (counted.cross[:, 0] / both - value * days) * both / (known * dated)
            log_variance = spread / value**2 + waits / days**2 - 2 * together / (value * days)
        sound = (known > 1) & (dated > 1) & (value > 0)
        return cls(
            value=value,
            days=days,
            log_variance=np.where(sound, np.maximum(log_variance, 0.0), np.nan),
        )

    def over(self, own: tuple[Segment, ...], segments: tuple[Segment, ...]) -> _Means:
        """Return the means of other segments; NaN for those that have none."""
        place = {one: i for i, one in enumerate(own)}
        rows = [place.get(one, -1) for one in segments]

        def picked(values: FloatArray) -> FloatArray:
            return np.concatenate([values, [[np.nan]]])[rows]

        return _Means(
            value=picked(self.value),
            days=picked(self.days),
            log_variance=picked(self.log_variance),
        )


def _refuse(**numbers: ArrayLike | None) -> None:
    if unasked := [name for name, number in numbers.items() if number is not None]:
        raise ArgumentError(f"`{unasked[0]}` goes with a number of deals; leads bring their own.")


def _won(
    leads: Leads,
    opportunity: str | None,
    by: By,
    *,
    exchange: Mapping[str, float] | None,
    currency: str | None,
) -> tuple[str, Closings]:
    """Return the stage of opportunities, and the closed ones."""
    if leads.funnel.value is None:
        raise ArgumentError("`deals`: the funnel has no `value` column, so there is no money.")
    start = opportunity_of(leads.funnel, roles(leads.funnel, opportunity=opportunity))
    return start, closings(leads, start, by=by, money=True, exchange=exchange, currency=currency)


def _plain(
    name: str,
    sizes: dict[str, ArrayLike | None],
    currency: str | None,
    confidence_level: float,
) -> Measure:
    missing = [f"`{part}`" for part, number in sizes.items() if number is None]
    if missing:
        raise ArgumentError(
            f"{name} needs {display.listed(missing)}; or give leads in first place."
        )
    found = {
        part: given.numbers(part, number if number is not None else 0, negative=part == "value")
        for part, number in sizes.items()
    }
    share = found.get("win_rate", np.ones((1, 1)))
    if (share > 1).any():
        raise ArgumentError(
            f"`win_rate` must be a share between 0 and 1; got {sizes['win_rate']!r}."
        )
    shape = given.alike(**found)
    words = {"deals": "deals", "win_rate": "win rate", "value": "mean amount"}
    top = [text for part, text in words.items() if part in found]
    return Measure(
        name=name,
        definition=f"{' x '.join(top)} / days of the sales cycle",
        unit="per_day",
        numerator=np.broadcast_to(found["deals"] * share * found["value"], shape),
        denominator=found["cycle"],
        numerator_name="amount",
        denominator_name="days",
        periods=given.labels(None, shape[1]),
        currency=currency,
        confidence_level=confidence_level,
    )


def _around(value: FloatArray, log_variance: FloatArray, confidence_level: float) -> Interval:
    """Return the interval of a positive figure on the log scale; NaN where it is not known."""
    z = stats.norm.isf((1 - confidence_level) / 2)
    usable = np.isfinite(log_variance) & np.isfinite(value) & (value > 0)
    factor = np.exp(z * np.sqrt(np.where(usable, log_variance, 0.0)))
    return Interval(
        np.where(usable, value / factor, np.nan), np.where(usable, value * factor, np.nan)
    )


def _notes(leads: Leads, counted: Closings) -> tuple[str, ...]:
    """Return what is left out of the means."""
    apart, by, segments = leads.funnel.apart, counted.by, counted.segments
    notes = [*counted.notes]
    if (lacking := counted.won - counted.known[:, 0]).any():
        told = told_by_business(by, segments, apart, lacking)
        notes.append(f"Won without an amount, left out of its mean: {told}.")
    if counted.negative[:, 0].any():
        told = told_by_business(by, segments, apart, counted.negative[:, 0])
        notes.append(f"Won with an amount below 0, taken as credits: {told}.")
    if (undated := counted.won - counted.dated[:, 0]).any():
        told = told_by_business(by, segments, apart, undated)
        notes.append(f"Won without known days, left out of their mean: {told}.")
    return tuple(notes)
