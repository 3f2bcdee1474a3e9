"""The user's calendar against days written out by hand and against obvious slow versions."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit._core.dates import WEEKDAYS, Calendar, day_name, period_label, period_name
from funnelkit._core.errors import ArgumentError

DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2060, 12, 31))
STARTS = st.integers(1, 12)


def slow_fiscal_year(day: dt.date, start: int) -> int:
    """The calendar year in which the fiscal year that holds the day ends."""
    last = day
    while (last + dt.timedelta(1)).month != start or (last + dt.timedelta(1)).day != 1:
        last += dt.timedelta(1)
    return last.year


@given(day=DAYS, start=STARTS)
def test_a_fiscal_year_bears_the_year_in_which_it_ends(day: dt.date, start: int) -> None:
    year = Calendar(fiscal_year_start=start).period(day, "year")
    assert year.year == slow_fiscal_year(day, start)
    assert year.start_time.month == start
    assert year.start_time.day == 1


@given(day=DAYS, start=STARTS)
def test_quarters_count_from_the_start_of_the_fiscal_year(day: dt.date, start: int) -> None:
    quarter = Calendar(fiscal_year_start=start).period(day, "quarter")
    assert quarter.quarter == (day.month - start) % 12 // 3 + 1
    assert quarter.qyear == slow_fiscal_year(day, start)
    assert quarter.start_time.date() <= day <= quarter.end_time.date()


@given(day=DAYS, first=st.sampled_from(WEEKDAYS))
def test_weeks_start_on_the_day_that_was_named(day: dt.date, first: str) -> None:
    week = Calendar(week_start=first).period(day, "week")
    start = week.start_time.date()
    assert WEEKDAYS[start.weekday()] == first
    assert 0 <= (day - start).days <= 6
    assert period_label(week) == start.isoformat()


@given(day=DAYS)
def test_months_and_days_are_those_of_the_wall(day: dt.date) -> None:
    calendar = Calendar(fiscal_year_start=7, week_start="sunday")
    assert period_label(calendar.period(day, "month")) == f"{day:%Y-%m}"
    assert period_label(calendar.period(day, "day")) == day.isoformat()


# A retailer's fiscal 2026 with a start in February: 1 February 2025 to 31 January 2026.
@pytest.mark.parametrize(
    ("day", "every", "label"),
    [
        ("2025-01-31", "year", "FY2025"),
        ("2025-02-01", "year", "FY2026"),
        ("2026-01-31", "year", "FY2026"),
        ("2025-02-01", "quarter", "FY2026 Q1"),
        ("2025-04-30", "quarter", "FY2026 Q1"),
        ("2025-05-01", "quarter", "FY2026 Q2"),
        ("2026-01-31", "quarter", "FY2026 Q4"),
        ("2026-01-31", "month", "2026-01"),
        ("2026-01-31", "week", "2026-01-26"),
    ],
)
def test_a_year_that_starts_in_february(day: str, every: str, label: str) -> None:
    calendar = Calendar(fiscal_year_start=2)
    assert calendar.label(calendar.period(day, every)) == label  # type: ignore[arg-type]


def test_a_calendar_year_is_not_called_fiscal() -> None:
    assert Calendar().label(Calendar().period("2026-12-31", "quarter")) == "2026 Q4"
    assert Calendar().label(Calendar().period("2026-12-31", "year")) == "2026"


def test_many_days_at_once_are_the_days_one_by_one() -> None:
    calendar = Calendar(fiscal_year_start=4, week_start="saturday")
    days = pd.date_range("2025-12-20", "2026-04-10")
    for every in ("day", "week", "month", "quarter", "year"):
        one_by_one = [calendar.period(day.date(), every) for day in days]
        assert list(calendar.periods(days, every)) == one_by_one


@pytest.mark.parametrize("start", [0, 13, 2.5, "february", True, None])
def test_a_month_that_does_not_exist_is_refused(start: object) -> None:
    with pytest.raises(ArgumentError) as raised:
        Calendar(fiscal_year_start=start)  # type: ignore[arg-type]
    assert str(raised.value) == f"`fiscal_year_start` must be a month from 1 to 12; got {start!r}."


def test_a_weekday_that_does_not_exist_is_refused_with_the_closest() -> None:
    with pytest.raises(ArgumentError, match=r"got 'sundy'\. Did you mean `sunday`\?$"):
        Calendar(week_start="sundy")


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"`every` must be one of .* got 'fortnight'"):
        Calendar().freq("fortnight")  # type: ignore[arg-type]


def test_a_calendar_is_a_value() -> None:
    assert Calendar(fiscal_year_start=2) == Calendar(fiscal_year_start=2) != Calendar()
    assert hash(Calendar()) == hash(Calendar())


@pytest.mark.parametrize(
    ("period", "words"),
    [
        (pd.Period("2018-05", "M"), "May 2018"),
        (pd.Period("2018-05-09", "W-SUN"), "week of 7 May 2018"),
        (pd.Period("2018-05-09", "W-SAT"), "week of 6 May 2018"),
        (pd.Period("2018-05-09", "D"), "9 May 2018"),
        (pd.Period("2018-05-09", "Q-DEC"), "2018 Q2"),
        (pd.Period("2018-05-09", "Q-JAN"), "FY2019 Q2"),
        (pd.Period("2018-05-09", "Y-DEC"), "2018"),
        (pd.Period("2018-05-09", "Y-MAR"), "FY2019"),
    ],
)
def test_periods_are_named_as_one_says_them(period: pd.Period, words: str) -> None:
    assert period_name(period) == words


@pytest.mark.parametrize("month", range(1, 13))
def test_month_names_are_english_in_every_locale(month: int) -> None:
    names = ["January", "February", "March", "April", "May", "June", "July", "August"]
    names += ["September", "October", "November", "December"]
    assert day_name(dt.date(2024, month, 29)) == f"29 {names[month - 1]} 2024"
