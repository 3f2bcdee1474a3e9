"""Which period a report is about: by hand, on calendars that start where the user says."""

import datetime as dt

import pytest

from funnelkit import FunnelError
from funnelkit._core.dates import Calendar
from funnelkit.report.parameters import (
    DailyParameters,
    QuarterlyParameters,
    ReadoutParameters,
    WeeklyParameters,
    checked,
)
from funnelkit.report.periods import reported_period, written

FRIDAY = dt.date(2026, 11, 20)


@pytest.mark.parametrize(
    ("unit", "period", "until"),
    [
        ("day", "2026-11-20", "2026-11-20"),
        ("week", "2026-11-09", "2026-11-15"),
        ("month", "2026-10", "2026-10-31"),
        ("quarter", "2026-Q3", "2026-09-30"),
    ],
)
def test_the_last_period_that_is_over(unit, period, until):
    found = reported_period(unit, as_of=FRIDAY)
    assert (written(found.period), str(found.until), found.partial) == (period, until, False)


def test_a_sunday_ends_its_week():
    found = reported_period("week", as_of=dt.date(2026, 11, 22))
    assert written(found.period) == "2026-11-16"
    sunday_first = Calendar(week_start="sunday")
    found = reported_period("week", as_of=dt.date(2026, 11, 22), calendar=sunday_first)
    assert written(found.period) == "2026-11-15"


def test_a_named_period_that_runs_is_partial():
    found = reported_period("week", named="2026-11-18", as_of=FRIDAY)
    assert (written(found.period), found.until, found.partial) == ("2026-11-16", FRIDAY, True)


def test_fiscal_quarters_bear_the_year_in_which_they_end():
    february = Calendar(fiscal_year_start=2)
    found = reported_period("quarter", named="2027-Q1", calendar=february)
    assert found.period.start_time.date() == dt.date(2026, 2, 1)
    assert found.until == dt.date(2026, 4, 30)


def test_a_month_is_the_day_on_which_the_world_is_looked_at():
    found = reported_period("quarter", named="2026-Q4", month="2026-10", as_of=FRIDAY)
    assert (found.until, found.partial) == (dt.date(2026, 10, 31), True)
    assert written(reported_period("week", month="2026-10").period) == "2026-10-19"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"unit": "week", "named": "2026-12-01", "as_of": FRIDAY}, "begins after 2026-11-20"),
        ({"unit": "week"}, "`week` is missing"),
    ],
)
def test_what_cannot_be_reported(given, words):
    with pytest.raises(FunnelError, match=words):
        reported_period(given.pop("unit"), **given)


@pytest.mark.parametrize(
    ("model", "given", "words"),
    [
        (WeeklyParameters, {"week": "2026-W54"}, "must be a week such as 2026-W47"),
        (WeeklyParameters, {"week": "next"}, "must be a week such as 2026-W47"),
        (DailyParameters, {"day": "2026-02-30"}, "must be a day such as 2026-11-20"),
        (QuarterlyParameters, {"quarter": "Q3 2026"}, "must be a quarter such as 2026-Q3"),
        (QuarterlyParameters, {"quarter": "FY2026 Q3"}, "Did you mean 2026-Q3?"),
    ],
)
def test_impossible_periods_are_refused(model, given, words):
    with pytest.raises(FunnelError) as caught:
        checked(model, given)
    assert words in str(caught.value)


def test_any_day_of_a_week_is_one_folder():
    folders = {
        checked(WeeklyParameters, {"week": day}).completed(None).folder
        for day in ("2026-W47", "2026-11-16", "2026-11-22")
    }
    assert folders == {"week-2026-11-16"}


def test_experiments_that_differ_in_signs_alone_keep_apart():
    names = ("A/B", "a-b", "A B", "Тест", "Опыт", "..")
    folders = [checked(ReadoutParameters, {"experiment": name}).folder for name in names]
    assert len({*folders}) == len(names)
    assert all(set(one) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for one in folders)
