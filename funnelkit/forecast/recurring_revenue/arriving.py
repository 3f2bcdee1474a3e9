"""New accounts of the months to come: from the past, from bookings, or from a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError
from funnelkit.forecast.result import Forecast

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.metrics.recurring.subscribed import Book

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_RECENT = 24
_FEW = 10
_MOST = 500


class Sampled:
    """Amounts of new accounts, drawn from those of the last two years.

    Parameters
    ----------
    new
        Amounts, segments and months of past new accounts, shape ``(3, n_new)``.
    n_segments, n_months
        Numbers of segments, and of months of the table.
    n_draws, rng
        Number of draws, and their generator; weights are those of the Bayesian bootstrap.
    instead
        Amounts where there is no new account to draw from.
    """

    def __init__(
        self,
        new: IntArray,
        *,
        n_segments: int,
        n_months: int,
        n_draws: int,
        rng: np.random.Generator,
        instead: IntArray,
    ) -> None:
        recent = new[:, new[2] > n_months - 1 - _RECENT]
        recent = recent if recent.shape[1] >= _FEW else new
        self.amounts: list[FloatArray] = []
        self.means: list[FloatArray] = []
        self._ends: list[FloatArray] = []
        for segment in range(n_segments):
            own = recent[0, recent[1] == segment]
            pool = own if len(own) >= _FEW else recent[0]
            pool = (pool if len(pool) else instead).astype(float)
            weights = rng.standard_exponential((n_draws, len(pool)))
            shares = np.cumsum(weights, axis=1)
            shares /= shares[:, -1:]
            self.amounts.append(pool)
            self.means.append((weights @ pool) / weights.sum(axis=1))
            self._ends.append((shares + np.arange(n_draws)[:, None]).ravel())

    def drawn(self, segment: int, draw: IntArray, rng: np.random.Generator) -> FloatArray:
        """Return one amount for each of the draws named."""
        pool = self.amounts[segment]
        found = np.searchsorted(self._ends[segment], draw + rng.random(len(draw)), side="right")
        return np.asarray(pool[np.minimum(found - draw * len(pool), len(pool) - 1)])


class ByNumber:
    """New accounts of which the numbers are drawn, shape ``(n_draws, S, H)``."""

    def __init__(self, numbers: IntArray, sampled: Sampled) -> None:
        self.numbers, self.sampled = numbers, sampled
        self.coming = int(numbers.sum(axis=(1, 2)).max(initial=0))

    def __call__(
        self, draws: slice, month: int, rng: np.random.Generator
    ) -> tuple[IntArray, IntArray, IntArray]:
        """Return draw, segment and amount of each new account of a month."""
        parts = []
        for segment in range(self.numbers.shape[1]):
            numbers = self.numbers[draws, segment, month]
            draw = np.repeat(np.arange(len(numbers)), numbers)
            amount = self.sampled.drawn(segment, draw + draws.start, rng)
            parts.append(np.stack([draw, np.full(len(draw), segment), amount.astype(np.int64)]))
        found = np.concatenate(parts, axis=1)
        return found[0], found[1], found[2]


class ByMoney:
    """New accounts of which the revenue is given, ``(n_draws, S, H)``; amounts add up to it."""

    def __init__(self, revenue: IntArray, sampled: Sampled) -> None:
        self.revenue, self.sampled = revenue, sampled
        usual = np.array([mean.mean() for mean in sampled.means])[:, None]
        numbers = np.minimum(revenue / np.maximum(usual, 1.0), _MOST)
        self.coming = int(numbers.sum(axis=(1, 2)).max(initial=0))

    def __call__(
        self, draws: slice, month: int, rng: np.random.Generator
    ) -> tuple[IntArray, IntArray, IntArray]:
        """Return draw, segment and amount of each new account of a month."""
        parts = []
        for segment in range(self.revenue.shape[1]):
            revenue = self.revenue[draws, segment, month]
            wanted = revenue / self.sampled.means[segment][draws]
            numbers = np.floor(wanted + rng.random(len(wanted))).astype(np.int64)
            numbers = np.where(revenue > 0, np.clip(numbers, 1, _MOST), 0)
            numbers = np.minimum(numbers, revenue)
            draw = np.repeat(np.arange(len(numbers)), numbers)
            raw = self.sampled.drawn(segment, draw + draws.start, rng)
            amount = _adding_up(raw, draw, numbers, revenue)
            parts.append(np.stack([draw, np.full(len(draw), segment), amount])[:, amount > 0])
        found = np.concatenate(parts, axis=1)
        return found[0], found[1], found[2]


def _adding_up(raw: FloatArray, draw: IntArray, numbers: IntArray, revenue: IntArray) -> IntArray:
    """Return whole amounts in proportion to raw ones that add up to the revenue of each draw."""
    ends = np.cumsum(numbers)
    up_to = np.cumsum(raw)
    begin = np.where(ends > numbers, np.concatenate([[0.0], up_to])[ends - numbers], 0.0)
    within = (up_to - begin[draw]) / np.bincount(draw, raw, len(numbers))[draw]
    whole = np.floor(within * revenue[draw]).astype(np.int64)
    some = numbers > 0
    whole[ends[some] - 1] = revenue[some]
    amount = whole.copy()
    follows = np.flatnonzero(draw[1:] == draw[:-1]) + 1
    amount[follows] -= whole[follows - 1]
    return amount


def past_numbers(
    new: IntArray,
    *,
    n_segments: int,
    n_months: int,
    horizon: int,
    n_draws: int,
    rng: np.random.Generator,
) -> tuple[IntArray, str]:
    """Return draws of the numbers of new accounts, ``(n_draws, S, H)``, and how they were made."""
    from funnelkit.forecast.ensemble.forecasting import ahead

    counts = np.zeros((n_segments, n_months - 1))
    np.add.at(counts, (new[1], new[2] - 1), 1)
    found = ahead(counts, horizon=horizon, season=12, n_draws=n_draws, rng=rng, lower=0.0)
    numbers = np.floor(found.draws + rng.random(found.draws.shape)).astype(np.int64)
    methods = sorted(set(found.methods))
    return numbers, display.listed(methods)


def of_forecast(
    new: Forecast,
    book: Book,
    months: pd.PeriodIndex,
    *,
    contract_months: float | None,
    n_draws: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Return draws of new recurring revenue from a forecast of bookings, ``(n_draws, S, H)``.

    Raises
    ------
    ArgumentError
        If it is no money, lacks a month or the segments, is of another currency, or it is not
        said how long contracts are.
    """
    problems = _unfit(new, book, months, contract_months)
    if problems or contract_months is None:
        raise ArgumentError(" ".join(problems))
    at = [list(new.periods).index(month) for month in months]
    draws = new.draws[:, :, at]
    chosen = rng.permutation(np.arange(n_draws) % len(draws))
    found = np.zeros((n_draws, len(book.segments), len(months)))
    if not book.by:
        found[:, 0] = draws.sum(axis=1)[chosen]
        return found / contract_months
    place = new.by.index(book.by[0])
    known = {segment[0]: row for row, segment in enumerate(book.segments)}
    strange = sorted({str(one[place]) for one in new.segments if one[place] not in known})
    if strange:
        shown = display.listed([repr(name) for name in strange[:5]])
        raise ArgumentError(
            f"`new` has {display.plural(len(strange), 'value')} of `{book.by[0]}` that no account "
            f"has: {shown}{' and more' if strange[5:] else ''}. Name them alike, or leave out `by`."
        )
    for row, segment in enumerate(new.segments):
        found[:, known[segment[place]]] += draws[chosen, row]
    return found / contract_months


def _unfit(
    new: Forecast, book: Book, months: pd.PeriodIndex, contract_months: float | None
) -> list[str]:
    """Return all reasons why a forecast cannot be taken."""
    problems = []
    if new.unit != "value":
        problems.append(
            f"`new` must be a forecast of money; this one counts {new.what}. Give bookings."
        )
    if contract_months is None:
        problems.append(
            "`contract_months` must say over how many months the bookings of `new` are paid: 12 "
            "for values of a year, 1 where they are a month's revenue."
        )
    if new.periods.freqstr.partition("-")[0] not in {"M", "ME"}:
        problems.append(f"`new` must be by month; got periods of {new.periods.freqstr}.")
    elif lacking := [period_label(month) for month in months if month not in new.periods]:
        problems.append(
            f"`new` lacks {display.listed(lacking[:5])}{' and more' if lacking[5:] else ''}: "
            f"forecast bookings from {period_label(months[0])} to {period_label(months[-1])}."
        )
    if book.currency and new.currency and book.currency != new.currency:
        problems.append(f"`new` is in {new.currency}, and the subscriptions in {book.currency}.")
    if book.by and book.by[0] not in new.by:
        problems.append(f"`new` is not split by `{book.by[0]}`; forecast bookings by it.")
    return problems


def of_plan(new: Any, book: Book, months: pd.PeriodIndex) -> FloatArray:
    """Return planned new recurring revenue by segment and month, shape ``(S, H)``.

    Raises
    ------
    ArgumentError
        If numbers lack, are too many, or are no amounts.
    """
    if isinstance(new, Mapping) and book.by:
        names = {segment[0]: row for row, segment in enumerate(book.segments)}
        strange = [str(name) for name in new if name not in names]
        if strange:
            raise ArgumentError(
                f"`new` names {display.listed([repr(one) for one in strange[:5]])}, which no "
                f"account has as `{book.by[0]}`; known: "
                f"{display.listed([repr(one) for one in names][:20])}."
            )
        found = np.zeros((len(names), len(months)))
        for name, row in names.items():
            if name in new:
                found[row] = _by_month(new[name], months)
        return found
    if len(book.segments) > 1:
        raise ArgumentError(
            f"`new` must name the plan of each `{book.by[0]}`: "
            "a mapping from its values to numbers by month."
        )
    return _by_month(new, months)[None]


def _by_month(plan: Any, months: pd.PeriodIndex) -> FloatArray:
    """Return one amount for each month, from a number, a row of them, or months with theirs."""
    import pandas as pd

    labels = [period_label(month) for month in months]
    if isinstance(plan, pd.Series):
        named = isinstance(plan.index, (pd.PeriodIndex, pd.DatetimeIndex)) or not isinstance(
            plan.index, pd.RangeIndex
        )
        plan = dict(zip(plan.index, plan, strict=True)) if named else plan.tolist()
    if isinstance(plan, Mapping):
        given = {_month(name): value for name, value in plan.items()}
        lacking = [label for label in labels if label not in given]
        strange = [label for label in given if label not in labels]
        if lacking or strange:
            what = [f"lacks {display.listed(lacking[:5])}"] if lacking else []
            what += [f"has {display.listed(strange[:5])}, not to come"] if strange else []
            raise ArgumentError(
                f"`new` must have each month from {labels[0]} to {labels[-1]}, and no other; it "
                f"{display.listed(what)}."
            )
        plan = [given[label] for label in labels]
    one = isinstance(plan, (int, float, np.number)) and not isinstance(plan, bool)
    values = [plan] * len(labels) if one else plan
    if isinstance(values, str) or not isinstance(values, (Sequence, np.ndarray)):
        raise ArgumentError(
            f"`new` must be a forecast of bookings, or numbers by month; got {type(plan).__name__}."
        )
    try:
        found = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ArgumentError("`new` must be numbers by month; some are none.") from None
    if found.shape != (len(labels),):
        raise ArgumentError(
            f"`new` must have one number for each of {display.plural(len(labels), 'month')}; got "
            f"{len(values)}."
        )
    if not np.isfinite(found).all() or (found < 0).any():
        wrong = [f"{found[i]:g} in {labels[i]}" for i in np.flatnonzero(~(found >= 0))[:5]]
        wrong = wrong or ["an infinite one"]
        raise ArgumentError(f"`new` must be amounts from 0 upwards; got {display.listed(wrong)}.")
    return found


def _month(name: Any) -> str:
    import pandas as pd

    try:
        return period_label(pd.Period(name, freq="M"))
    except (ValueError, TypeError):
        raise ArgumentError(
            f"`new`: months are written 2026-01; got {display.one_line(str(name))!r}."
        ) from None
