"""`Targets` and `targets_of`: what they refuse, and how they meet a plan's months."""

import numpy as np
import pandas as pd
import pytest

from funnelkit._core.errors import ArgumentError
from funnelkit.plan import Targets, targets_of

YEAR = pd.period_range("2027-01", periods=12, freq="M")


def test_a_number_is_for_all_months_together() -> None:
    found = targets_of(1_200_000, periods=YEAR)
    assert found.amount.tolist() == [100_000.0] * 12
    assert "spread over 12 months evenly" in found.notes[0]
    assert targets_of(1_000_000, periods=YEAR[:1]).notes == ()


def test_numbers_mappings_and_series_by_month() -> None:
    assert targets_of([1, 2, 3], periods=YEAR[:3]).amount.tolist() == [1, 2, 3]
    assert targets_of({"2027-01": 1, "2027-02": 2}).amount.tolist() == [1, 2]
    series = pd.Series([1.0, 2.0], YEAR[:2])
    assert targets_of(series).periods.equals(YEAR[:2])
    dated = pd.Series([1.0, 2.0], pd.to_datetime(["2027-01-01", "2027-02-01"]))
    assert targets_of(dated).labels == ("2027-01", "2027-02")
    fiscal = pd.Series([3.0], pd.PeriodIndex(["2027Q1"], freq="Q-JAN"))
    assert targets_of(fiscal, fiscal_year_start=2).labels == ("2026-02", "2026-03", "2026-04")
    assert targets_of({"FY27": 12}, fiscal_year_start=2).labels[0] == "2026-02"


def test_what_is_counted_is_kept() -> None:
    assert targets_of(40, periods=YEAR, unit="count").unit == "count"
    assert targets_of({"2027-01": 40}, unit="count").what == "deals"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (0, "0 in all of 12 months"),
        (-5, "above 0; got -5"),
        (float("nan"), "above 0; got nan"),
        (True, "got bool"),
        (None, "got NoneType"),
        ([1, 2], "12 in all; got an array of shape"),
        (["a"] * 12, "must be Targets"),
        ({}, "must hold a target"),
        (pd.Series([1.0, 2.0]), "index is no period"),
    ],
)
def test_what_is_no_target_is_refused(given: object, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        targets_of(given, periods=YEAR)


def test_plain_numbers_need_months() -> None:
    with pytest.raises(ArgumentError, match="`periods` are needed"):
        targets_of(5)


@pytest.mark.parametrize(
    ("periods", "message"),
    [
        (pd.period_range("2027", periods=2, freq="Q"), "got periods of freq Q-DEC"),
        ([], "at least one month"),
        (["2027-01", "2027-03"], "got 2027-03 after 2027-01"),
        (["soon"], "must be months"),
    ],
)
def test_months_that_are_none_are_refused(periods: object, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        targets_of(5, periods=periods)


def test_months_before_the_plan_are_left_out_and_said() -> None:
    targets = Targets(periods=YEAR, amount=np.arange(1.0, 13.0))
    rest = targets_of(targets, periods=YEAR[3:])
    assert rest.amount.tolist() == list(range(4, 13))
    assert "3 months (2027-01 to 2027-03, 6.0 together)" in rest.notes[0]
    with pytest.raises(ArgumentError, match="before the plan"):
        targets.over(YEAR[3:], outside="refuse")


def test_months_after_the_plan_are_refused_with_the_horizon_that_holds_them() -> None:
    targets = Targets(periods=YEAR, amount=np.ones(12))
    with pytest.raises(ArgumentError, match=r"6 months \(2027-07 to 2027-12.*horizon=12"):
        targets_of(targets, periods=YEAR[:6])
    assert targets.over(YEAR[:6], outside="leave_out").total == 6


def test_months_of_the_plan_without_a_target_are_0_and_said() -> None:
    targets = Targets(periods=YEAR[3:6], amount=np.ones(3), segments={"EMEA": np.ones(3)})
    found = targets.over(YEAR)
    assert found.amount.tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    assert found.segments["EMEA"].tolist() == found.amount.tolist()
    assert "Without a target, which is taken as 0: 9 months" in found.notes[0]


def test_targets_of_other_years_are_refused() -> None:
    targets = Targets(periods=YEAR, amount=np.ones(12))
    with pytest.raises(ArgumentError, match="no month of these is in the plan"):
        targets.over(pd.period_range("2028-01", periods=12, freq="M"))


def test_numbers_are_frozen_copies() -> None:
    amount = np.ones(12)
    targets = Targets(periods=YEAR, amount=amount)
    amount[0] = 9
    assert targets.total == 12
    with pytest.raises(ValueError, match="read-only"):
        targets.amount[0] = 9


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"amount": np.ones(3)}, r"shape \(12,\)"),
        ({"amount": np.full(12, -1.0)}, "at least 0 in every month"),
        ({"segments": {"a": np.zeros(12)}}, "Segments do not add up"),
        ({"other": {"renewls": np.ones(12)}}, "Did you mean `renewal`"),
        ({"unit": "euros"}, "`unit`"),
        ({"fiscal_year_start": 13}, "`fiscal_year_start`"),
        ({"amount": np.zeros(12), "other": {"renewal": np.ones(12)}}, "one of renewal only"),
    ],
)
def test_fields_that_do_not_fit_are_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Targets(**{"periods": YEAR, "amount": np.ones(12), **fields})


def test_quarters_and_years_are_of_the_users_calendar() -> None:
    targets = Targets(periods=YEAR, amount=np.arange(1.0, 13.0), fiscal_year_start=2)
    # January 2027 is the end of FY2027's fourth quarter.
    assert targets.by("quarter").tolist() == [1.0, 9.0, 18.0, 27.0, 23.0]
    assert targets.by("year").tolist() == [1.0, 77.0]
    assert targets.cumulative[-1] == 78
    assert len(targets.by("month")) == 12
