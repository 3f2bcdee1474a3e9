"""Volumes to come: segments that add up, running periods, fallbacks with their names."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit.forecast.result import Forecast
from funnelkit.forecast.series.forecasting import volume
from funnelkit.forecast.series.reading import read_series


def monthly(values: Any, start: str = "2024-01", name: str = "leads") -> pd.Series[Any]:
    return pd.Series(values, index=pd.period_range(start, periods=len(values), freq="M"), name=name)


def segmented(levels: dict[tuple[str, str], float], months: int = 30) -> pd.DataFrame:
    chance = np.random.default_rng(1)
    rows = [
        (*labels, str(month), int(chance.poisson(level)))
        for labels, level in levels.items()
        for month in pd.period_range("2023-01", periods=months, freq="M")
    ]
    return pd.DataFrame(rows, columns=["source", "region", "month", "leads"])


LEVELS = {("web", "eu"): 60, ("web", "us"): 30, ("fair", "eu"): 2, ("fair", "us"): 0.2}


def test_segments_add_up_in_every_draw() -> None:
    found = volume(read_series(segmented(LEVELS), series=["source", "region"]), 4, n_draws=300)
    assert isinstance(found, Forecast)
    assert found.by == ("source", "region")
    assert found.draws.shape == (300, 4, 4)
    assert (found.draws == np.round(found.draws)).all()
    assert (found.draws >= 0).all()
    parts = found.select({"source": "web"}).sum(axis=1) + found.select({"source": "fair"}).sum(1)
    np.testing.assert_array_equal(parts, found.drawn(per="all"))
    rows = found.to_frame()
    total = rows[rows["source"].isna()]["expected"]
    sums = rows[rows["source"].notna()].groupby("period")["expected"].sum()
    np.testing.assert_allclose(total, sums)
    # the means of draws are those that are stated, up to chance: four standard errors
    noise = found.draws.sum(axis=2).std(axis=0) / np.sqrt(300)
    away = np.abs(found.draws.sum(axis=2).mean(axis=0) - found.expected.sum(axis=1))
    assert (away < 4 * noise + 0.06 * found.expected.sum(axis=1)).all()


def test_the_same_seed_gives_the_same_draws() -> None:
    series = monthly([20, 24, 19, 22, 25, 21, 23, 26, 22, 24])
    first, again = volume(series, 3, rng=5), volume(series, 3, rng=5)
    np.testing.assert_array_equal(first.draws, again.draws)
    other = volume(series, 3, rng=np.random.default_rng(6))
    assert not np.array_equal(first.draws, other.draws)


def test_what_leads_count_is_forecast_from_its_last_day() -> None:
    leads = fk.make_leads(n=900, rng=2)
    day = leads.as_of.replace(day=10)
    counted = leads.at(day).count("lead", every="month")
    found = volume(counted, 2, n_draws=200)
    assert (found.what, found.unit, found.as_of) == ("entries to lead", "count", day)
    assert found.periods[0] == pd.Period(day, freq="M")
    assert found.so_far.tolist() == [counted.iloc[-1]]
    assert (found.draws[:, 0, 0] >= counted.iloc[-1]).all()
    assert found.gone[-1] == found.periods[0] - 1
    assert f"is not over on {day.day} " in found.summary()


def test_a_running_period_is_dropped_or_completed() -> None:
    past = [100.0, 104, 98, 101, 103, 97, 102, 99, 100, 101, 98, 103, 100, 99]
    series = monthly([*past, 80.0], start="2025-04")  # April 2025 to June 2026
    half = "2026-06-15"  # 11 of 22 working days
    dropped = volume(series, 3, as_of=half)
    whole = volume(monthly(past, start="2025-04"), 3)
    assert str(dropped.periods[0]) == "2026-06"
    np.testing.assert_allclose(dropped.expected, whole.expected)
    completed = volume(series, 3, as_of=half, partial="complete")
    # 80 so far, and half of the forecast for the 11 working days that are left
    np.testing.assert_allclose(completed.expected[0, 0], 80 + whole.expected[0, 0] / 2)
    assert completed.draws[:, 0, 0].min() >= 80
    spread = completed.draws[:, 0, 0].std() / whole.draws[:, 0, 0].std()
    assert abs(spread - np.sqrt(0.5)) < 0.08
    assert completed.expected[0, 1] >= whole.expected[0, 1]  # what it told goes up
    assert "50" in completed.summary()
    assert "completed by the forecast for the days that are left" in completed.summary()
    assert "does not enter the history" in dropped.summary()


def test_periods_after_the_day_are_not_known() -> None:
    series = monthly([20, 22, 21, 24, 23, 25, 22, 900, 900])
    found = volume(series, 2, as_of="2024-07-31")
    np.testing.assert_array_equal(found.draws, volume(series.iloc[:7], 2).draws)
    assert "Left out: 2 periods after 31 July 2024" in found.summary()
    inside = volume(series, 2, as_of="2024-07-10")
    assert inside.so_far.tolist() == [0.0]
    assert str(inside.periods[0]) == "2024-07"
    assert "July 2024 holds what came after 10 July 2024, and was not used" in inside.summary()
    told = read_series(series.iloc[:7], as_of="2024-07-31")  # known to its end
    assert volume(told, 2, as_of="2024-07-10").so_far.tolist() == [0.0]
    assert volume(series.iloc[:7], 2, as_of="2024-07-10").so_far.tolist() == [22.0]


def test_a_day_after_the_series_needs_a_word_on_what_is_missing() -> None:
    series = monthly([20, 22, 21, 24, 23, 25, 22])
    with pytest.raises(DataError, match=r"3 periods without a number.*missing="):
        volume(series, 2, as_of="2024-10-31")
    found = volume(series, 2, as_of="2024-10-31", missing="zero")
    assert found.observed[0, -3:].tolist() == [0, 0, 0]
    assert "3 periods up to 31 October 2024 taken as 0" in found.summary()
    assert str(volume(series, 2, as_of="2024-08-20").periods[0]) == "2024-08"


def test_segments_that_end_early_are_refused_unless_none_means_zero() -> None:
    frame = segmented(LEVELS).query("not (source == 'fair' and month > '2025-01')")
    table = read_series(frame, series=["source", "region"])
    with pytest.raises(DataError, match=r"2 of 4 series end before 2025-06: fair, eu \(2025-01\)"):
        volume(table, 2)
    found = volume(table, 2, missing="zero", n_draws=200)
    assert found.observed[2, -5:].tolist() == [0, 0, 0, 0, 0]


def test_segments_that_begin_late_are_forecast() -> None:
    frame = segmented(LEVELS).query("source == 'web' or month > '2024-10'")
    found = volume(frame, 2, by=["source", "region"], n_draws=200)
    assert np.isnan(found.observed[2, 0])
    assert np.isfinite(found.draws).all()


@pytest.mark.parametrize("values", [[7], [7, 9], [7, 9, 8, 10, 9], [0, 0, 0, 0], [0] * 40])
def test_short_and_empty_series_name_their_fallback(values: list[int]) -> None:
    found = volume(monthly(values), 3, n_draws=400)
    assert np.isfinite(found.draws).all()
    assert found.draws.min() >= 0
    assert found.draws.max() <= 100
    assert "median" not in found.method
    assert found.method in found.summary()
    if len(values) < 6:
        assert "fewer than six points" in found.summary()
    if not any(values):
        assert found.total.tolist() == [0, 0, 0]
        assert "Nothing but zeros so far." in found.notes


def test_less_than_two_seasons_is_said() -> None:
    found = volume(monthly([20, 22, 21, 24, 23, 25, 22, 24, 26, 25, 27, 26, 28, 27, 29, 28]), 3)
    assert "The series has fewer than two seasons (24 periods)" in found.summary()


def test_all_zero_segments_stay_zero_and_add_up() -> None:
    frame = segmented({("web", "eu"): 30, ("web", "us"): 0, ("fair", "eu"): 12})
    found = volume(frame, 3, by=["source", "region"], n_draws=200)
    assert found.expected[1].tolist() == [0, 0, 0]
    assert not found.draws[:, 1].any()


def test_series_without_dates_have_positions() -> None:
    found = volume([5.5, 6, 7, 6.5, 7, 8, 7.5, 8], 2, n_draws=200)
    assert (found.unit, found.dated) == ("value", False)
    assert found.to_frame()["period"].tolist() == ["9", "10"]
    assert "in the next 2 periods, by" in found.summary()
    assert "say `season=`" in found.summary()
    lengths = volume({"a": [1, 2, 3, 4, 3, 2, 3], "b": [3, 4, 3]}, 1, hierarchy="none")
    assert "taken to end together" in lengths.summary()
    with pytest.raises(ArgumentError, match="`as_of` needs series with dates"):
        volume([1, 2, 3], as_of="2026-01-01")
    with pytest.raises(ArgumentError, match="need series with dates"):
        volume([1, 2, 3], regressors="working_days")


def test_series_that_have_no_sum_are_not_reconciled() -> None:
    frame = segmented({("web", "eu"): 40, ("web", "us"): 30})
    apart = volume(frame, 2, by=["source", "region"], hierarchy="none", n_draws=200)
    alone = volume(frame.query("region == 'eu'"), 2, by=["source", "region"], n_draws=200)
    np.testing.assert_allclose(apart.expected[0], alone.expected[0])
    assert "reconciled" not in apart.method


def test_a_total_among_the_segments_would_count_twice() -> None:
    frame = segmented({("web", "eu"): 40, ("web", "us"): 30}).pivot_table(
        index="month", columns="region", values="leads"
    )
    frame["Total"] = frame.sum(axis=1)
    with pytest.raises(DataError, match="The series Total is the sum of all the others"):
        volume(frame, 2)
    assert len(volume(frame, 2, hierarchy="none", n_draws=50).segments) == 3
    assert len(volume(frame.drop(columns="Total"), 2, n_draws=50).segments) == 2


def test_money_keeps_its_decimals_and_currency() -> None:
    frame = pd.DataFrame(
        {
            "month": [str(one) for one in pd.period_range("2025-01", periods=8, freq="M")],
            "amount": [f"{100.5 + k} EUR" for k in range(8)],
        }
    )
    found = volume(frame, 2, n_draws=200)
    assert (found.unit, found.currency) == ("value", "EUR")
    assert found.to_frame().columns[1] == "expected_value"
    assert "EUR " in found.summary()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"horizon": 0}, "`horizon` must be a whole number"),
        ({"partial": "complet"}, "Did you mean `complete`"),
        ({"hierarchy": "all"}, "`hierarchy` must be one of"),
        ({"season": -1}, "`season` must be a whole number"),
        ({"n_draws": 0}, "`n_draws` must be a whole number"),
        ({"as_of": "31.12.2025"}, "`as_of` must be a calendar day"),
        ({"as_of": "2020-12-31"}, "before the first period"),
        ({"regressors": "workingdays"}, "Did you mean `working_days`"),
        ({"holidays": "2026-01-01"}, "`holidays` must be a list"),
        ({"calendar": "german"}, "`calendar` must be a Calendar"),
    ],
)
def test_arguments_are_checked(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ArgumentError, match=told):
        volume(monthly([1, 2, 3]), **wrong)


def test_what_is_read_takes_no_words_on_reading() -> None:
    with pytest.raises(ArgumentError, match="`by` and `every` are for what is not read yet"):
        volume(read_series([1, 2, 3]), every="month")


def test_no_whole_period_is_no_evidence() -> None:
    with pytest.raises(EvidenceError, match="no whole period up to 15 January 2024"):
        volume(monthly([5]), as_of="2024-01-15")


def test_labels_that_are_hostile_stay_labels() -> None:
    evil = "<img src=x onerror=alert(1)>"
    frame = pd.DataFrame({"month": ["2026-01", "2026-02"] * 2, "who": [evil] * 2 + ["b"] * 2})
    found = volume(frame.assign(value=[1, 2, 3, 4]), 1, n_draws=50)
    assert found.segments[0] == (evil,)
    assert "<img" not in found._repr_html_()


def test_effects_of_events_come_back_when_they_do() -> None:
    chance = np.random.default_rng(4)
    index = pd.period_range("2021-01", periods=48, freq="M")
    fairs = ["2021-03-10", "2022-09-12", "2023-06-05", "2024-02-20"]
    level = np.where(index.isin(pd.PeriodIndex(fairs, freq="M")), 300, 200)
    series = pd.Series(chance.poisson(level), index=index)
    found = volume(series, 6, events={"fair": [*fairs, "2025-04-08"], "launch": "2025-05"})
    effect = found.effects_frame().set_index("effect")
    assert effect.loc["fair", "change_low"] < 0.5 < effect.loc["fair", "change_high"]
    assert effect.loc["fair", "seen"] == 4
    around = found.expected[0, [2, 4]].mean()
    assert 1.3 < found.expected[0, 3] / around < 1.6
    assert effect.loc["launch", "change_rate"] == 0
    assert "launch did not take place in the periods gone by" in found.summary()


def test_holidays_ask_for_working_days() -> None:
    # ten on each day from Monday to Friday, January 2024 to February 2025 (a wall calendar)
    days = [23, 21, 21, 22, 23, 20, 23, 22, 21, 23, 21, 22, 23, 20]
    off = [dt.date(2025, 3, day) for day in range(3, 15)]  # 10 of the 21 of March 2025
    found = volume(monthly([10 * one for one in days]), 2, holidays=off)
    assert found.effects_frame()["effect"].tolist() == ["working_days"]
    assert 100 < found.expected[0, 0] < 125  # 110 on the 11 that are left
    assert 205 < found.expected[0, 1] < 235  # 22 in April
    listed = volume(
        monthly([10 * one for one in days]), 2, calendar=fk.Calendar(holidays=tuple(off))
    )
    assert listed.effects is None
