"""A forecast is its draws: sums, intervals and chances are read off them."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError


def forecast(draws, *, unit="count", segments=(("a",), ("b",)), **more):
    draws = np.asarray(draws, float)
    given = {
        "what": "won deals",
        "unit": unit,
        "by": ("source",),
        "segments": segments,
        "periods": pd.period_range("2026-11", periods=draws.shape[2], freq="M"),
        "draws": draws,
        "expected": draws.mean(axis=0),
        "gone": pd.period_range("2026-08", periods=3, freq="M"),
        "observed": np.ones((draws.shape[1], 3)),
        "so_far": np.zeros(draws.shape[1]),
        "as_of": dt.date(2026, 10, 31),
        "method": "counting",
        "reason": "it is a test",
        "n": 10,
    }
    return fk.forecast.Forecast(**(given | more))


@pytest.fixture
def two():
    rng = np.random.default_rng(0)
    return forecast(rng.poisson(8, (500, 2, 3)))


def test_parts_add_up_to_the_total_in_every_draw(two):
    assert (two.drawn(per="all") == two.drawn().sum(axis=1)).all()
    assert two.total == pytest.approx(two.draws.sum(axis=1).mean(axis=0))
    frame = two.to_frame()
    whole = frame[frame["source"].isna()]
    parts = frame[frame["source"].notna()].groupby("period", sort=False)["expected"].sum()
    assert whole["expected"].tolist() == pytest.approx(parts.tolist())
    assert whole["cumulative"].tolist() == pytest.approx(np.cumsum(parts).tolist())


def test_the_interval_of_a_sum_is_that_of_the_sum(two):
    low, high = two.confidence_interval(0.8, per="all", cumulative=True)
    slow = np.sort(two.draws.sum(axis=(1, 2)))
    assert low[-1] == slow[int(np.ceil(0.1 * 500)) - 1]
    assert high[-1] == slow[int(np.ceil(0.9 * 500)) - 1]
    width = np.asarray(high)[-1] - np.asarray(low)[-1]
    monthly = two.confidence_interval(0.8, per="all")
    assert width < (np.asarray(monthly.high) - np.asarray(monthly.low)).sum()


def test_money_ends_in_value_and_counts_are_whole():
    money = forecast(
        np.random.default_rng(0).gamma(3, 10, (300, 1, 2)), unit="value", segments=(("a",),)
    )
    names = money.to_frame().columns
    assert {"expected_value", "cumulative_low_value"} <= set(names)
    count = forecast([[[1], [2]], [[3], [4]]])
    assert count.confidence_interval(0.5).low.tolist() == [[1.0], [2.0]]


def test_the_chance_of_a_target_is_the_share_of_draws(two):
    sums = two.draws.sum(axis=1).cumsum(axis=1)
    assert two.probability(40, until="2026-12") == (sums[:, 1] >= 40).mean()
    assert two.probability(0) == 1.0
    assert two.probability(10_000) == 0.0


def test_series_are_picked_by_their_labels(two):
    assert (two.select({"source": "b"})[:, 0] == two.draws[:, 1]).all()
    with pytest.raises(ArgumentError, match="no series"):
        two.select({"source": "c"})
    with pytest.raises(ArgumentError, match="label"):
        two.select({"sorce": "a"})


def test_nothing_can_be_changed(two):
    with pytest.raises(ValueError, match="read-only"):
        two.draws[0, 0, 0] = 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda one: one.probability(float("nan")), "`target`"),
        (lambda one: one.probability(True), "`target`"),
        (lambda one: one.probability(5, until="2027-05"), "2026-11 to 2027-01"),
        (lambda one: one.probability(5, until="soon"), "`until`"),
        (lambda one: one.confidence_interval(95), "0.95"),
        (lambda one: one.drawn(per="each"), "`per`"),
    ],
)
def test_wrong_arguments_are_refused(two, call, message):
    with pytest.raises(ArgumentError, match=message):
        call(two)


def test_arrays_that_do_not_fit_are_named():
    with pytest.raises(ArgumentError, match=r"`so_far` must be of shape \(2,\)"):
        forecast(np.zeros((5, 2, 3)), so_far=np.zeros(3))


def test_it_says_what_it_is(two):
    assert two.summary().startswith("About ")
    assert "won deals from November 2026 to January 2027, by counting." in two.summary()
    assert "<Forecast>" in repr(two)
    assert "<table" in two._repr_html_()
