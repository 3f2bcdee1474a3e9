"""Forecasts from the months of wins alone: each against what its rule says by hand."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.forecast.rivals import ensemble_on_wins, naive, seasonal_naive
from funnelkit.forecast.rivals.known import Known

FUNNEL = fk.Funnel(["lead", "won"], id="id", value="amount")


def won_by_month(counts, *, start="2025-01", as_of=None, amount=10.0, **given):
    """Leads that are won on the day they enter, so many in each month."""
    months = pd.period_range(start, periods=len(counts), freq="M")
    days = np.repeat(months.start_time, counts)
    frame = pd.DataFrame({"id": [f"r{i}" for i in range(len(days))], "lead": days, "won": days})
    frame["amount"] = amount
    last = months[-1].end_time.date() if as_of is None else as_of
    return fk.from_frame(frame, FUNNEL, as_of=last, **given)


def ahead(leads, n):
    return pd.period_range(leads.as_of + dt.timedelta(days=1), periods=n, freq="M")


def test_naive_says_the_last_month_again():
    leads = won_by_month([3, 5, 4, 8])
    found = naive(leads, ahead(leads, 3))
    assert found.expected.tolist() == [[8, 8, 8]]
    assert found.observed.tolist() == [[3, 5, 4, 8]]
    # Changes 2, 1 and 4 with either sign: after one month 8 ± those, none other.
    assert set(np.unique(found.draws[:, 0, 0])) == {4, 6, 7, 9, 10, 12}
    assert set(np.unique(found.draws[:, 0, 1])) <= set(range(17))
    assert found.draws.std(axis=0)[0, 2] > 1.5 * found.draws.std(axis=0)[0, 0]


def test_naive_from_one_month_knows_its_chance_only():
    leads = won_by_month([9])
    found = naive(leads, ahead(leads, 1))
    # Two months of a mean of 9 differ by a standard deviation of sqrt(18) = 4.24.
    assert set(np.unique(found.draws)) == {5, 13}
    money = naive(leads, ahead(leads, 1), what="bookings")
    assert set(np.unique(money.draws)) == {0, 180}  # of one month's 90 nothing can be said


def test_seasonal_naive_says_the_year_before():
    year = [4, 8, 1, 9, 3, 7, 2, 6, 5, 10, 11, 12]
    leads = won_by_month([*year, *(n + 2 for n in year[:3])])
    found = seasonal_naive(leads, ahead(leads, 13))
    # April to March of the year before, then April again.
    assert found.expected.tolist() == [[*year[3:], 6, 10, 3, 9]]
    # It was 2 more in every month of the second year, and may be 2 less.
    assert set(np.unique(found.draws[:, 0, 0] - 9)) == {-2, 2}
    gap = found.draws[:, 0, :9] - found.expected[0, :9]
    runs = gap[(np.abs(gap) == 2).all(axis=1)]
    assert len(runs) > 400
    assert (runs == runs[:, :1]).all()  # a run of errors keeps its sign
    assert set(np.unique(found.draws[:, 0, 12] - 9)) == {-4, 4}


def test_seasonal_naive_falls_back_and_says_so():
    leads = won_by_month([5] * 12)
    found = seasonal_naive(leads, ahead(leads, 2))
    assert found.method == "the last month again, for want of a year"
    assert found.expected.tolist() == [[5, 5]]


def test_the_running_month_holds_what_it_has():
    leads = won_by_month([4, 6, 6, 2], as_of=dt.date(2025, 4, 15))
    for method in (naive, seasonal_naive):
        found = method(leads, ahead(leads, 2))
        assert [str(one) for one in found.periods] == ["2025-04", "2025-05"]
        assert found.so_far.tolist() == [2]
        assert found.expected.tolist() == [[2 + 6 / 2, 6]]  # half of April is to come
        assert found.draws[:, 0, 0].min() >= 2


def test_money_is_that_of_the_months():
    leads = won_by_month([2, 3], amount=[100.0, 50.0, 10.0, 0.0, 20.0])
    found = naive(leads, ahead(leads, 2), what="bookings")
    # 0 is unknown, and counts as the mean of the four others, 45.
    assert found.unit == "value"
    assert found.observed.tolist() == [[150, 75]]
    assert found.expected.tolist() == [[75, 75]]


def test_months_before_recording_are_no_zeros():
    leads = won_by_month([0, 0, 5, 7], recorded_from="2025-02-15")
    found = naive(leads, ahead(leads, 1))
    assert found.observed.tolist() == [[5, 7]]
    assert "2025-02-15" in found.notes[0]


def test_the_run_up_is_no_growth():
    entered = pd.date_range("2024-01-15", periods=18, freq="MS") + pd.Timedelta(days=14)
    frame = pd.DataFrame({"id": [f"r{i}" for i in range(18)], "lead": entered})
    frame["won"] = frame["lead"] + pd.Timedelta(days=80)
    leads = fk.from_frame(frame, fk.Funnel(["lead", "won"], id="id"), as_of="2025-07-31")
    found = naive(leads, ahead(leads, 1))
    # 80 days are 2.6 months, so that three are left out of 18: from May 2024 on.
    assert found.notes == ("The run-up is left out: the first 3 months.",)
    assert str(found.gone[0]) == "2024-05"


def test_the_ensemble_is_that_of_the_package():
    from funnelkit.forecast.ensemble.forecasting import ahead as coming

    counts = [20 + month % 5 for month in range(30)]
    leads = won_by_month(counts)
    found = ensemble_on_wins(leads, ahead(leads, 6), rng=3, n_draws=200)
    own = coming(np.array([counts], float), horizon=6, season=12, n_draws=200, rng=3, lower=0.0)
    assert found.expected == pytest.approx(own.expected)
    assert np.abs(found.draws - own.draws).max() <= 0.5  # whole deals
    assert own.methods[0] in found.method


@pytest.mark.parametrize("method", [naive, seasonal_naive, ensemble_on_wins])
def test_asking_twice_and_asking_of_what_is_counted_give_the_same(method):
    leads = won_by_month([5, 8, 2, 4, 6, 3, 9, 4, 7, 6, 5, 8, 4, 6])
    once, again = (method(given, ahead(leads, 4), rng=1) for given in (leads, Known(leads)))
    assert np.array_equal(once.draws, again.draws)
    assert (once.draws >= 0).all()
    assert once.draws.shape == (1000, 1, 4)


@pytest.mark.parametrize("method", [naive, seasonal_naive, ensemble_on_wins])
def test_all_zeros(method):
    leads = fk.from_frame(
        pd.DataFrame({"id": ["a"], "lead": ["2024-01-05"], "won": None, "amount": None}),
        FUNNEL,
        as_of="2025-06-30",
    )
    assert method(leads, ahead(leads, 3)).expected.max() == pytest.approx(0, abs=0.05)
    with pytest.raises(EvidenceError, match="no won deal has an amount"):
        method(leads, ahead(leads, 3), what="bookings")


def test_wrong_arguments():
    leads = won_by_month([5, 6])
    with pytest.raises(ArgumentError, match="`periods` must be months in a row from 2025-03 on"):
        naive(leads, pd.period_range("2025-04", periods=2, freq="M"))
    with pytest.raises(ArgumentError, match="`periods` must be months, as a PeriodIndex"):
        naive(leads, pd.period_range("2025-03-01", periods=2, freq="D"))
    with pytest.raises(ArgumentError, match="`what` must be"):
        naive(leads, ahead(leads, 2), what="money")
    with pytest.raises(ArgumentError, match="`n_draws`"):
        naive(leads, ahead(leads, 2), n_draws=0)
    bare = fk.from_frame(
        pd.DataFrame({"id": ["a"], "lead": ["2025-01-05"], "won": ["2025-01-06"]}),
        fk.Funnel(["lead", "won"], id="id"),
        as_of="2025-02-28",
    )
    with pytest.raises(ArgumentError, match="no `value` column"):
        naive(bare, ahead(bare, 2), what="bookings")
    young = won_by_month([5], as_of=dt.date(2025, 1, 20))
    with pytest.raises(EvidenceError, match="not one whole month is known up to 2025-01-20"):
        naive(young, ahead(young, 2))
