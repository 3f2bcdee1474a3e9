"""Forecasts of wins from shares as they stand today, with no thought of how far they have come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks
from funnelkit.counts.triangle import IntArray
from funnelkit.forecast.result import Forecast
from funnelkit.forecast.rivals.known import Known, Passage
from funnelkit.forecast.rivals.past import Past, What, past_of

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

FloatArray = NDArray[np.float64]
_YEAR = 12
_WINNERS = 0.95
"""Share of the winners of a stage that took no longer than an open record may stand there."""


@dataclass(frozen=True, eq=False, kw_only=True)
class _Entries:
    """Records by their point of entry: ``E`` stages at which records first appear.

    Parameters
    ----------
    monthly
        Records that entered in each whole month gone by, shape ``(E, T)``.
    recent, won
        Records of the recent months, up to today, and those of them that are won by now, ``(E,)``.
    days
        Mean days from entry to the win, of all that are won by now, shape ``(E,)``.
    """

    monthly: FloatArray
    recent: FloatArray
    won: FloatArray
    days: FloatArray

    def ahead(self, past: Past, n_draws: int, rng: np.random.Generator) -> FloatArray:
        """Return draws of the records of each month to come, shape ``(n_draws, E, H)``."""
        from funnelkit.forecast.ensemble.forecasting import ahead

        found = ahead(
            self.monthly,
            horizon=past.horizon,
            season=_YEAR,
            n_draws=n_draws,
            rng=rng,
            lower=0.0,
        )
        return past.rest(found.draws)

    def rates(self, n_draws: int, rng: np.random.Generator) -> FloatArray:
        """Return draws of the raw rates, shape ``(n_draws, E, 1)``."""
        return _shares(self.won, self.recent, n_draws, rng)[..., None]


def immature_rates(
    leads: Leads | Known,
    periods: pd.PeriodIndex,
    *,
    what: What = "won deals",
    recent: int = 6,
    rng: int | np.random.Generator = 0,
    n_draws: int = 1000,
) -> Forecast:
    """Return what follows from the raw rate of recent leads: leads to come times that rate.

    Parameters
    ----------
    leads
        The data, standing on their ``as_of``; as :class:`~funnelkit.forecast.rivals.known.Known`
        they are counted once for several forecasts.
    periods
        Months to come in a row, the first one that of the day after ``as_of``.
    what
        ``"won deals"`` or ``"bookings"``.
    recent
        Months of entry, the running one among them, whose raw rate is taken.
    rng
        Seed or generator of the draws.
    n_draws
        Number of joint draws.

    Returns
    -------
    Forecast
        One series.

    Raises
    ------
    ArgumentError
        If the periods are no such months, or money is asked of a funnel without.
    EvidenceError
        If not one whole month is known.

    Notes
    -----
    The raw rate is won so far / entered, by the stage at which records first appear. Young leads
    stand in the denominator, and hardly in the numerator: it is too low by as much as the leads
    are immature. A month's leads are won in that month, and open leads bring nothing. Their
    number comes from the ensemble of time-series methods. The rate's doubt (a beta distribution)
    is shared by all months of a draw, and wins are binomial.
    """
    known = Known.of(leads)
    past, entries = _prepared(known, periods, what, recent)
    size, drawing = checks.positive_whole("n_draws", n_draws), np.random.default_rng(rng)
    volume = entries.ahead(past, size, drawing)
    wins = drawing.binomial(_whole(volume, drawing), entries.rates(size, drawing)).sum(axis=1)
    return past.forecast(
        _worth(known, past, wins.astype(float), drawing),
        method=f"leads to come times the raw rate of the last {recent} months",
        reason="What is reckoned where nobody asks how far the rates have come.",
    )


def stage_weighted(
    leads: Leads | Known,
    periods: pd.PeriodIndex,
    *,
    what: What = "won deals",
    recent: int = 6,
    rng: int | np.random.Generator = 0,
    n_draws: int = 1000,
) -> Forecast:
    """Return the weighted pipeline: open records times the share won from their stage.

    Parameters
    ----------
    leads, periods, what, recent, rng, n_draws
        As in :func:`immature_rates`.

    Returns
    -------
    Forecast
        One series.

    Raises
    ------
    ArgumentError, EvidenceError
        As :func:`immature_rates`.

    Notes
    -----
    The share of a stage is that of all records that ever reached it which are won by now. Its
    wins are spread evenly over the mean days from that stage to the win, however long a record
    has stood there; records that have stood there longer than 19 of 20 winners took count as
    dead. Leads to come are won at their raw rate, the mean days of a win after they entered.
    Doubt about a share (a beta distribution) is common to all months of a draw.
    """
    known = Known.of(leads)
    past, entries = _prepared(known, periods, what, recent)
    size, drawing = checks.positive_whole("n_draws", n_draws), np.random.default_rng(rng)
    ends = _month_ends(past)
    wins = np.zeros((size, past.horizon))
    for name, passage in known.reached.items():
        share = _shares(passage.won.sum(keepdims=True), passage.entered.sum(), size, drawing)
        by_month = np.diff(np.clip(ends / max(passage.mean_days, 1.0), 0.0, 1.0))
        coming = np.append(by_month, 1 - by_month.sum())
        chosen = drawing.binomial(_alive(known.standing.get(name), passage), share[:, 0])
        wins += drawing.multinomial(chosen, coming)[:, :-1]
    new = drawing.binomial(
        _whole(entries.ahead(past, size, drawing), drawing), entries.rates(size, drawing)
    )
    for point, days in enumerate(entries.days):
        wins += new[:, point] @ _landing(ends, days)
    return past.forecast(
        _worth(known, past, np.rint(wins), drawing),
        method="open records weighted by stage, and leads to come at their raw rate",
        reason="The weighted pipeline of a CRM, carried forward.",
    )


def _prepared(
    known: Known, periods: pd.PeriodIndex, what: What, recent: int
) -> tuple[Past, _Entries]:
    past = past_of(known, periods, what)
    return past, _entries(known, past, checks.positive_whole("recent", recent))


def _entries(known: Known, past: Past, recent: int) -> _Entries:
    """Return the records by point of entry, with what became of the recent ones."""
    import pandas as pd

    today = pd.Period(past.as_of, freq="M")
    points = list(known.entered.values())
    monthly = [
        pd.Series(one.entered, index=one.months).reindex(past.gone, fill_value=0) for one in points
    ]
    late = [one.months > today - recent for one in points]
    return _Entries(
        monthly=np.array(monthly, np.float64).reshape(len(points), len(past.gone)),
        recent=np.array([one.entered[new].sum() for one, new in zip(points, late, strict=True)]),
        won=np.array([one.won[new].sum() for one, new in zip(points, late, strict=True)]),
        days=np.array([one.mean_days for one in points]),
    )


def _alive(ages: IntArray | None, passage: Passage) -> int:
    """Return the open records at a stage without those that have stood there for too long.

    ``ages`` are records by age, those of unknown age last; without a win all are alive.
    """
    if ages is None:
        return 0
    won = np.cumsum(passage.ages)
    oldest = int(np.searchsorted(won, _WINNERS * won[-1])) if won[-1] else len(ages)
    return int(ages[:-1][: oldest + 1].sum() + ages[-1])


def _shares(won: Any, of: Any, n_draws: int, rng: np.random.Generator) -> FloatArray:
    """Return draws of shares, shape ``(n_draws, n)``: Jeffreys' posterior of each."""
    return np.asarray(rng.beta(won + 0.5, of - won + 0.5, size=(n_draws, len(won))))


def _whole(expected: FloatArray, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return whole numbers that are as large in the mean."""
    return np.floor(expected + rng.random(expected.shape)).astype(np.int64)


def _month_ends(past: Past) -> FloatArray:
    """Return days from ``as_of`` to the ends of the months to come, 0 first, shape ``(H + 1,)``."""
    ends = [(one.end_time.date() - past.as_of).days for one in past.periods]
    return np.array([0.0, *ends])


def _landing(ends: FloatArray, days: float) -> FloatArray:
    """Return the share of each month's entries won in each month, so many days after, ``(H, H)``.

    Entries are spread evenly over their month.
    """
    low, high = ends[:-1, None] + days, ends[1:, None] + days
    inside = np.minimum(high, ends[None, 1:]) - np.maximum(low, ends[None, :-1])
    return np.asarray(np.maximum(inside, 0.0) / (high - low))


def _worth(known: Known, past: Past, wins: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return wins, or their money, as it was asked for."""
    return wins if past.what == "won deals" else known.sizes.worth(wins, rng)
