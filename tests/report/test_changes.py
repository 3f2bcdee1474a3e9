"""Changes and their intervals, against published values and the statement that they make."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit._core.interval import share_difference_interval
from funnelkit.report.page import wording
from funnelkit.report.page.changes import (
    UNKNOWN,
    Change,
    Estimate,
    count_change,
    counted,
    share,
    share_change,
)


def test_deals_won_in_may_against_april() -> None:
    """../shared/mockup: 122 against 207, a fall of 41 % (26 to 53 %)."""
    change = count_change(207, 122, confidence_level=0.95)
    assert wording.change_of_count(change) == "a fall of 41\u202f% (26 to 53\u202f%)"


def test_new_leads_in_may_against_april() -> None:
    """../shared/mockup: 1,303 against 1,352, within noise, -11 to 4 %."""
    change = count_change(1352, 1303, confidence_level=0.95)
    assert wording.change_of_count(change) == "no clear change (\u221211 to +4\u202f%)"


def test_a_rise_from_none_has_no_percentage() -> None:
    for now, words in ((30, "a clear rise"), (1, "no clear change"), (0, "no clear change")):
        change = count_change(0, now, confidence_level=0.95)
        assert wording.change_of_count(change) == words


def test_small_counts_have_no_percentage() -> None:
    change = count_change(18, 2, confidence_level=0.95)
    assert wording.change_of_count(change, percent=False) == "a clear fall"


def test_a_fall_to_none_is_one() -> None:
    change = count_change(40, 0, confidence_level=0.95)
    assert (change.direction, change.value) == ("down", -1.0)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 60), st.integers(1, 60))
def test_a_difference_of_two_wilson_shares_is_newcombes(x: int, y: int, a: int, b: int) -> None:
    first, second = (x, x + a), (y, y + b)
    change = share_change(
        share(*first, confidence_level=0.95), share(*second, confidence_level=0.95)
    )
    low, high = share_difference_interval(first, second)
    assert change is not None
    assert (change.low, change.high) == pytest.approx((low, high))


def test_what_is_not_known_is_not_compared() -> None:
    assert share_change(UNKNOWN, Estimate(0.1, 0.05, 0.2)) is None
    assert share(0, 0, confidence_level=0.95) is UNKNOWN


@given(st.floats(-0.9, 3), st.floats(0, 2), st.floats(0, 2))
def test_words_of_direction_need_an_interval_clear_of_zero(
    value: float, down: float, up: float
) -> None:
    change = Change(value, value - down, value + up, "ratio")
    words = wording.change_of_count(change)
    assert ("rise" in words or "fall" in words) == (change.low > 0 or change.high < 0)
    shares = Change(value, value - down, value + up, "points")
    said = wording.change_of_share(shares, "April")
    assert ("above" in said or "below" in said) == shares.clear


def test_counts_have_the_interval_of_garwood() -> None:
    """Garwood (1936), table 1: 10 -> 4.80 to 18.39 (two-sided 95 %)."""
    found = counted(10, confidence_level=0.95)
    assert (round(found.low, 2), round(found.high, 2)) == (4.80, 18.39)
    assert not math.isnan(counted(0, confidence_level=0.95).high)


def test_small_differences_are_never_minus_nought() -> None:
    assert wording.points(-0.0001) == "0.0"
    assert wording.relative(-0.001) == "0\u202f%"
