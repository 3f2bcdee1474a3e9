"""Effects of working days, quarter ends and events, against what was put in."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from funnelkit._core.dates import Calendar
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.forecast.series.effects import estimate
from funnelkit.forecast.series.regressors import regressors_of

PERIODS = pd.period_range("2020-01", periods=66, freq="M")
GONE = 60
FAIRS = ["2020-09-10", "2022-03-10", "2023-06-11", "2024-11-12", "2025-03-04"]


def test_effects_that_were_put_in_are_found_and_covered() -> None:
    """Working days in proportion, fairs exp(0.4) times as much, in 12 series with a season."""
    asked = regressors_of(
        ["working_days", "quarter_end"], {"fair": FAIRS}, PERIODS, GONE, Calendar()
    )
    x = np.stack([one.values for one in asked], axis=1)[:GONE]
    inside, found = [], []
    for seed in range(60):
        chance = np.random.default_rng(seed)
        level = 5 + np.cumsum(chance.normal(0, 0.03, (12, GONE)), axis=1)
        level += 0.2 * np.sin(np.arange(GONE) * np.pi / 6) + x[:, 0] + 0.4 * x[:, 2]
        values = chance.poisson(np.exp(level + chance.normal(0, 0.08, level.shape))).astype(float)
        effects = estimate(values, 12, asked)
        low, high = effects.confidence_interval(0.8)
        truth = np.expm1([asked[0].step, 0.4])
        columns = [0, 2]
        inside.append((low[:, columns] <= truth) & (truth <= high[:, columns]))
        found.append(effects.size.mean(axis=0))
    mean = np.mean(found, axis=0)
    assert abs(mean[2] - 0.4) < 0.02
    assert abs(mean[0] - 1) < 0.08
    assert mean[1] == 0  # every quarter ends in the same month of the season
    # 720 intervals each, of which those of a seed go together
    assert 0.7 < np.mean(inside) < 0.95


def test_quarter_ends_are_found_where_there_is_no_season() -> None:
    asked = regressors_of("quarter_end", None, PERIODS[:24], 18, Calendar(fiscal_year_start=2))
    assert [k for k in range(4) if asked[0].values[k]] == [0, 3]  # January, April
    chance = np.random.default_rng(3)
    values = chance.poisson(200 * np.exp(0.3 * asked[0].values[:18]), (1, 18)).astype(float)
    size = estimate(values, 12, asked).size[0, 0]
    assert abs(size - 0.3) < 0.1


def test_weeks_count_the_last_days_of_a_quarter() -> None:
    weeks = pd.period_range("2026-03-16", periods=4, freq="W-SUN")  # 16, 23, 30 March, 6 April
    asked = regressors_of("quarter_end", None, weeks, 2, Calendar())
    # last ten days of March: 22 to 31
    np.testing.assert_allclose(asked[0].values, [1 / 7, 1, 2 / 7, 0])


def test_working_days_are_those_without_holidays() -> None:
    calendar = Calendar(holidays=(dt.date(2026, 1, 1), dt.date(2026, 1, 6)))
    months = pd.period_range("2026-01", periods=2, freq="M")
    asked = regressors_of("working_days", None, months, 2, calendar)
    # 22 from Monday to Friday less 2, and 20: the same
    np.testing.assert_allclose(asked[0].values, [0, 0])


@pytest.mark.parametrize(
    "events",
    [
        {"fair": ["2026-01-05", "2026-03"]},
        {"fair": [dt.date(2026, 1, 5), pd.Period("2026-03", "M")]},
        {"fair": [("2026-01-05", "2026-01-07"), ("2026-03-01", "2026-03-31")]},
        pd.DataFrame({"event": ["fair", "fair"], "day": ["2026-01-05", "2026-03-02"]}),
        pd.DataFrame(
            {
                "name": ["fair", "fair"],
                "start": pd.to_datetime(["2026-01-05", "2026-03-02"]),
                "end": [None, "2026-03-03"],
            }
        ),
    ],
)
def test_events_are_read_in_any_form(events: object) -> None:
    months = pd.period_range("2026-01", periods=4, freq="M")
    (asked,) = regressors_of(None, events, months, 3, Calendar())
    assert (asked.name, asked.values.tolist(), asked.seen) == ("fair", [1, 0, 1, 0], 2)


def test_numbers_of_the_users_own_must_be_known_for_all_periods() -> None:
    months = pd.period_range("2026-01", periods=4, freq="M")
    spend = pd.Series([1.0, 2, 3, 4], index=[str(one) for one in months], name="spend")
    (asked,) = regressors_of(spend, None, months, 3, Calendar())
    # mean 2 and standard deviation .816497 (numpy std) of the three gone by
    np.testing.assert_allclose(asked.values, [-1.224745, 0, 1.224745, 2.449490], atol=1e-6)
    both = regressors_of({"spend": spend, "again": spend}, None, months, 3, Calendar())
    assert [one.name for one in both] == ["spend", "again"]
    frame = pd.DataFrame({"period": spend.index, "spend": [1, 2, 3, 4]})
    assert regressors_of(frame, None, months, 3, Calendar())[0].name == "spend"
    with pytest.raises(DataError, match=r"spend lacks 1 period: 2026-04"):
        regressors_of(spend.iloc[:3], None, months, 3, Calendar())
    with pytest.raises(DataError, match="must hold numbers by period"):
        regressors_of(spend.astype(str) + "x", None, months, 3, Calendar())


@pytest.mark.parametrize(
    ("wanted", "events", "told"),
    [
        ("workdays", None, "`regressors` must be one of"),
        (5, None, "got int"),
        (None, ["2026-01-01"], "`events` must map names to days"),
        (None, {"fair": "10.3.2026"}, "1 event without a day or period in ISO"),
        (None, {"fair": [("2026-03-02", "2026-03-01")]}, "end before they begin"),
        (None, pd.DataFrame({"x": [1]}), "must have a column `event`"),
        (["working_days", "working_days"], None, "'working_days' is there twice"),
    ],
)
def test_what_cannot_be_read_is_told(wanted: object, events: object, told: str) -> None:
    with pytest.raises(ArgumentError, match=told):
        regressors_of(wanted, events, PERIODS, GONE, Calendar())


def test_series_too_short_for_estimates_keep_the_prior() -> None:
    asked = regressors_of(["working_days"], {"fair": ["2020-02-01"]}, PERIODS[:6], 4, Calendar())
    effects = estimate(np.array([[3.0, 4, 5, 4]]), 12, asked)
    assert effects.size.tolist() == [[1, 0]]
    assert effects.told.tolist() == [False, False]
    assert effects.shared.tolist() == [0.5, 0]
