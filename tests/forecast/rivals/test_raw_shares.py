"""Forecasts from raw shares, against what comes out by hand."""

import datetime as dt
import functools

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.forecast.rivals import immature_rates, stage_weighted
from funnelkit.forecast.rivals.known import DealSizes

MONTHS = pd.period_range("2024-01", periods=24, freq="M")


@functools.cache
def steady(*, per_month=400, direct=0, stage_days=10, cycle=30):
    """Leads of two years, a quarter of which become deals, and half of the deals are won.

    They enter on the first days of a month; ``direct`` deals more come without a lead.
    """
    last = MONTHS[-1].end_time
    parts = []
    for month in MONTHS:
        day = month.start_time + pd.to_timedelta(np.arange(per_month) % 20, "D")
        part = pd.DataFrame({"lead": day})
        part["deal"] = part["lead"] + pd.Timedelta(days=stage_days)
        part["won"] = part["lead"] + pd.Timedelta(days=stage_days + cycle)
        part.loc[np.arange(per_month) % 4 > 0, ["deal", "won"]] = pd.NaT
        part.loc[np.arange(per_month) % 8 > 0, "won"] = pd.NaT
        parts.append(part)
        if direct:
            more = pd.DataFrame({"deal": np.repeat(month.start_time, direct)})
            more["won"] = more["deal"] + pd.Timedelta(days=cycle)
            parts.append(more.assign(lead=pd.Series(pd.NaT, more.index, part["lead"].dtype)))
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.where(frame <= last)
    frame["id"], frame["amount"] = [f"r{i}" for i in range(len(frame))], 100.0
    funnel = fk.Funnel(["lead", "deal", "won"], id="id", value="amount")
    return fk.from_frame(frame, funnel, as_of=last.date())


def ahead(leads, n):
    return pd.period_range(leads.as_of + dt.timedelta(days=1), periods=n, freq="M")


def test_raw_rates_are_too_low_by_what_is_immature():
    leads = steady()
    found = immature_rates(leads, ahead(leads, 4))
    # Of 6 months' 2,400 leads an eighth are ever won, 50 a month. 40 days later, by 31 December:
    # July to October all; of November's those of the 1st to the 20th (by 30 December) all; of
    # December's none. So 250 of 2,400, and 400 leads a month come: 41.7 where 50 will.
    assert found.expected[0] == pytest.approx(400 * 250 / 2400, rel=0.03)
    low, high = found.confidence_interval(0.95, per="all", cumulative=True)
    # Rate: binomial of 2,400, sd 6 %; wins: Poisson of 167, sd 13 (8 %). Together about 10 %.
    assert (high[-1] - low[-1]) / (2 * 1.96) == pytest.approx(0.1 * 167, rel=0.2)
    by_year = immature_rates(leads, ahead(leads, 4), recent=12)
    assert by_year.expected[0] == pytest.approx(400 * 550 / 4800, rel=0.03)


def test_deals_without_a_lead_come_on_top():
    leads = steady(direct=30)
    found = immature_rates(leads, ahead(leads, 3))
    # All direct deals are won 30 days later: those of 1 July to 1 December by 31 December.
    assert found.expected[0] == pytest.approx(400 * 250 / 2400 + 30, rel=0.05)


def test_money_is_wins_times_their_mean():
    leads = steady()
    wins, money = (
        immature_rates(leads, ahead(leads, 3), what=what, rng=2)
        for what in ("won deals", "bookings")
    )
    assert money.unit == "value"
    assert money.expected == pytest.approx(100 * wins.expected)  # every deal is worth 100


def test_open_records_are_weighted_and_spread_over_the_cycle():
    leads = steady()
    found = stage_weighted(leads, ahead(leads, 4), n_draws=4000)
    assert found.draws.shape == (4000, 1, 4)
    # By 31 December all 100 leads of a month that become deals are deals, and those of 23 months
    # that are won are won. Dead are deals older than 30 days and leads older than 40, what every
    # winner took: alive are December's 100 deals and its 300 leads that are none.
    reached = 24 * 100
    won = 23 * 50
    deals, people = 100 * won / reached, 300 * won / (24 * 400)
    inside = deals + people * 31 / 40
    later = people * 9 / 40
    new = 400 * 250 / 2400
    # New leads of January are won 40 days later, so from 10 February to 12 March.
    january = inside
    february = later + new * 19 / 31
    assert found.expected[0, 0] == pytest.approx(january, rel=0.05)
    assert found.expected[0, 1] == pytest.approx(february, rel=0.12)


def test_the_sum_of_deals_has_their_mean_and_spread():
    sizes = DealSizes(n=400, mean=50.0, sd=100.0, currency=None)
    wins = np.full((20_000, 2), 25.0)
    found = sizes.worth(wins, np.random.default_rng(1))
    assert found.mean() == pytest.approx(25 * 50, rel=0.02)
    # Chance: 25 deals of sd 100 -> 500; the mean's doubt: 25 x 100 / sqrt(400) = 125.
    assert found.std(axis=0) == pytest.approx(np.hypot(500, 125), rel=0.03)
    # The doubt alone is common to both months: correlation 125² / (500² + 125²) = .0588.
    assert np.corrcoef(found.T)[0, 1] == pytest.approx(0.0588, abs=0.02)
    assert (found >= 0).all()


@pytest.mark.parametrize("method", [immature_rates, stage_weighted])
def test_few_rows(method):
    frame = pd.DataFrame({"id": ["a"], "lead": ["2025-01-05"], "won": None})
    leads = fk.from_frame(frame, fk.Funnel(["lead", "won"], id="id"), as_of="2025-03-31")
    found = method(leads, ahead(leads, 3), n_draws=50)
    assert found.draws.shape == (50, 1, 3)
    assert np.isfinite(found.draws).all()
    with pytest.raises(ArgumentError, match="`recent`"):
        method(leads, ahead(leads, 3), recent=0)


@pytest.mark.parametrize("method", [immature_rates, stage_weighted])
def test_records_that_were_nothing_but_won(method):
    frame = pd.DataFrame({"id": ["a", "b"], "lead": None, "won": ["2025-01-05", "2025-02-06"]})
    leads = fk.from_frame(frame, fk.Funnel(["lead", "won"], id="id"), as_of="2025-03-31")
    found = method(leads, ahead(leads, 2), n_draws=50)
    assert found.observed.tolist() == [[1, 1, 0]]
    assert found.draws.max() == 0  # there is no stage from which a share could be taken


@pytest.mark.parametrize("method", [immature_rates, stage_weighted])
def test_asking_twice_gives_the_same_and_the_running_month_counts(method):
    leads = steady().at("2025-10-11")
    once, again = (method(leads, ahead(leads, 3), rng=4) for _ in range(2))
    assert np.array_equal(once.draws, again.draws)
    assert once.so_far[0] == leads.count("won").iloc[-1]
    assert once.draws[:, 0, 0].min() >= once.so_far[0]
