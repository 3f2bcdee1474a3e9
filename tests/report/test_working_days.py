"""A month in progress beside the same working day of another month."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit.report.page.cards import cards_of
from funnelkit.report.page.facts import Tally
from funnelkit.report.page.markup import plain
from funnelkit.report.page.monthly_page import monthly
from funnelkit.report.page.working_days import same_working_day, working_days
from tests.report import literal_facts as literal


@pytest.mark.parametrize(
    ("day", "month", "last"),
    [
        ("2026-05-15", "2026-04", "2026-04-15"),  # a Friday, the 11th working day
        ("2026-05-17", "2026-04", "2026-04-15"),  # the Sunday after; 16 April is a working day
        ("2026-05-17", "2026-03", "2026-03-16"),  # a Monday, and the 17th works
        ("2026-05-17", "2025-08", "2025-08-17"),  # Friday the 15th and the weekend after
        ("2026-03-31", "2026-02", "2026-02-28"),  # 22 working days, February has 20
        ("2026-03-01", "2026-02", "2026-02-01"),  # a Sunday before any working day
        ("2026-01-02", "2025-12", "2025-12-02"),
    ],
)
def test_days_counted_on_a_calendar(day: str, month: str, last: str) -> None:
    _, found = same_working_day(dt.date.fromisoformat(day), pd.Period(month, "M"))
    assert found == dt.date.fromisoformat(last)


def test_holidays_are_no_working_days() -> None:
    """1 January is a holiday: 2 January is the first working day, as 1 December was."""
    holidays = [dt.date(2026, 1, 1)]
    _, found = same_working_day(dt.date(2026, 1, 2), pd.Period("2025-12", "M"), holidays)
    assert found == dt.date(2025, 12, 1)


@given(st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)), st.integers(1, 24))
def test_as_many_working_days_wherever_the_month_has_them(day: dt.date, back: int) -> None:
    """Against a walk over the days one by one."""
    month = pd.Period(day, "M") - back
    first, last = same_working_day(day, month)
    number = sum(day.replace(day=k).weekday() < 5 for k in range(1, day.day + 1))
    days = [one.date() for one in pd.date_range(first, month.end_time.normalize())]
    walked = sum(one.weekday() < 5 for one in days if one <= last)
    whole = sum(one.weekday() < 5 for one in days)
    assert walked == working_days(first, last)
    if number:
        assert walked == min(number, whole)
    assert month.start_time.date() == first <= last <= month.end_time.date()


def test_a_month_in_progress_is_held_against_last_month_and_last_year() -> None:
    """One lead on every day from January 2025 on; 20 March 2026 is the 15th working day.

    In March 2025 that is Friday the 21st: 21 leads against 20 of February 2026.
    """
    days = pd.date_range("2025-01-01", "2026-03-20").strftime("%Y-%m-%d")
    frame = pd.DataFrame({"id": np.arange(len(days)).astype(str), "lead": days})
    frame["won"] = [day if number % 7 == 0 else None for number, day in enumerate(days)]
    data = fk.from_frame(frame, fk.Funnel(["lead", "won"], id="id"), as_of="2026-03-20")
    page = monthly(leads=data, month="2026-03")
    months = page.facts.months
    assert (months.before_name, months.before.entered) == (
        "the first 15 working days of February",
        20,
    )
    assert (months.last_year_name, months.last_year.entered) == (
        "the first 15 working days of March 2025",
        21,
    )
    words = " ".join(dict(page.opening.story)["What happened"])
    assert "the first 15 working days of March 2025 had brought" in words


def test_a_card_shows_both_comparisons() -> None:
    months = replace(
        literal.facts().months,
        before_name="the first 15 working days of April",
        last_year=Tally(entered=900, won=80),
        last_year_name="the first 15 working days of May 2017",
    )
    wins, entered = cards_of(literal.facts(months=months))[:2]
    assert wins.last_year is not None
    assert entered.last_year is not None
    assert wins.last_year[0] == "+42 (+52\u202f%)"
    assert "on the first 15 working days of May 2017" in plain(entered.last_year[1])


def test_a_month_in_progress_ends_its_sparkline_in_a_hollow_dot() -> None:
    whole, part = literal.facts(), literal.setting(as_of=dt.date(2018, 5, 20))
    for facts, dot in ((whole, "estimate"), (literal.facts(setting=part), "hollow")):
        wins = cards_of(facts)[0]
        assert f'r="4.5" class="{dot}"' in str(wins.picture)
