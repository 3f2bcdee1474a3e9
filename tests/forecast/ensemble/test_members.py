import numpy as np
import pytest
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from funnelkit.forecast.ensemble import members

LINE = 50 + 2.0 * np.arange(36)


@pytest.mark.parametrize("values", [LINE, np.r_[0.0, LINE], -LINE])
def test_seasons_are_put_back(values):
    given = members.adjust(values, 5, 12)
    season = np.resize(given.seasons, 5)
    again = given.back(np.full(5, 10.0))
    assert again == pytest.approx(10 * season if values.min() >= 0 else 10 + season)


def test_simple_smoothing_agrees_with_another_package():
    rng = np.random.default_rng(1)
    level = 100 + np.cumsum(rng.normal(0, 2, 80)) + rng.normal(0, 4, 80)
    other = SimpleExpSmoothing(level, initialization_method="estimated").fit()
    assert members.simple(level, 3) == pytest.approx(other.forecast(3), rel=0.01)


def test_theta_of_a_line_follows_it():
    # The long-run trend of Theta is half the slope of the line and catches up by smoothing.
    ahead = members.theta(LINE, 4)
    assert ahead == pytest.approx(LINE[-1] + 2 * np.arange(1, 5), rel=0.02)


def test_what_cannot_be_fitted_is_left_out():
    found = members.run(members.adjust(np.array([3.0, 4, 3, 5, 4, 6]), 2, 12), 2)
    assert "Theta" in found
    assert "damped trend" not in found


def test_zeros_leave_out_the_logarithms():
    found = members.run(members.adjust(np.r_[0.0, LINE], 2, 12), 2)
    assert set(found) == set(members.MEMBERS)
    assert set(members.run(members.adjust(LINE, 2, 12), 2)) == {
        *members.MEMBERS,
        *members.OF_LOGS,
    }
