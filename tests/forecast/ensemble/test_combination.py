import numpy as np
import pytest

from funnelkit.forecast.ensemble.combination import combined, trimmed


def test_the_lowest_and_the_highest_are_left_out():
    found = np.array([[1.0, 100], [2, 20], [3, 30], [-50, 40]])
    assert trimmed(found, np.array([60.0, 1])).tolist() == [1.5, 35.0]
    assert trimmed(found[:3], np.array([60.0, 1])).tolist() == [2.0, 30.0]


def test_no_number_is_far_beyond_what_was_seen():
    wild = np.array([[1e12], [2e12], [1e13], [-1e9]])
    # Three times the largest value is 30, and (30 + 30) / 2 is the mean of the two that stay.
    assert trimmed(wild, np.array([10.0, 5])).tolist() == [30.0]
    assert trimmed(-wild, np.array([10.0, 5])).tolist() == [0.0]
    assert trimmed(-wild, np.array([10.0, -5])).tolist() == [-30.0]


@pytest.mark.parametrize(
    ("values", "ahead", "method"),
    [
        ([], 0, "nothing seen so far: zero"),
        ([0.0, 0, 0], 0, "nothing seen so far: zero"),
        ([4.0] * 30, 4, "the one value that was ever seen"),
        ([2.0], 2, "mean of fewer than six points"),
        ([2.0, 4, 6], 4, "mean of fewer than six points"),
    ],
)
def test_fallbacks_have_their_name(values, ahead, method):
    found = combined(np.array(values), 3, 12)
    assert found.expected.tolist() == [ahead] * 3
    assert found.method == method


def test_fewer_than_two_seasons_are_said():
    found = combined(100.0 + np.arange(20) % 3, 3, 12)
    assert found.method.endswith("no seasons (fewer than two of them)")


def test_strong_seasons_of_two_years_and_a_half_are_followed():
    year = np.where(np.arange(12) == 11, 300.0, 100.0)
    rng = np.random.default_rng(1)
    values = np.tile(year, 3)[:30] * np.exp(rng.normal(0, 0.03, 30))
    ahead = combined(values, 12, 12).expected
    assert ahead.argmax() == 5
    assert ahead[5] == pytest.approx(300, rel=0.15)
    assert np.delete(ahead, 5) == pytest.approx(np.full(11, 100), rel=0.12)
