import numpy as np
import pytest
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from funnelkit.forecast.ensemble.error_scale import error_scale, few_points, smoothed


def test_the_weight_is_close_to_the_one_of_another_package():
    rng = np.random.default_rng(1)
    level = 100 + np.cumsum(rng.normal(0, 2, 150)) + rng.normal(0, 4, 150)
    weight, errors, levels = smoothed(level)
    other = SimpleExpSmoothing(level, initialization_method="estimated").fit()
    assert weight == pytest.approx(other.params["smoothing_level"], abs=0.06)
    assert levels[10] == pytest.approx(levels[9] + weight * errors[10])


def test_errors_of_noise_stay_and_those_of_a_random_walk_grow():
    rng = np.random.default_rng(2)
    shocks = rng.normal(0, 5, (4, 80))
    noise = [error_scale(100 + one, 12, 1).steps for one in shocks]
    walk = [error_scale(300 + np.cumsum(one), 12, 1).steps for one in shocks]
    assert np.mean([one[11] / one[0] for one in noise]) < 1.5
    # A walk's error grows with the root of the steps: sqrt(12) = 3.5. Series that look like walks
    # turn back more often than walks do, which draws what real series taught below it.
    assert 2.0 < np.mean([one[11] / one[0] for one in walk]) < 4.7


def test_the_size_is_that_of_the_noise():
    # Relative noise of 5 percent, so logarithms have a standard deviation of 0.05, and a
    # t-distribution with 4.5 degrees of freedom has sqrt(4.5 / 2.5) = 1.34 times its scale.
    rng = np.random.default_rng(3)
    found = [error_scale(100 * np.exp(rng.normal(0, 0.05, 80)), 6, 1) for _ in range(4)]
    assert {one.scale for one in found} == {"log"}
    assert np.mean([one.steps[0] for one in found]) * 1.34 == pytest.approx(0.05, rel=0.35)


def test_a_series_that_never_changes_has_no_error():
    assert error_scale(np.full(20, 5.0), 3, 12).steps.tolist() == [0, 0, 0]


@pytest.mark.parametrize("values", [[7.0], [4.0, 4.0], [1.0, 2.0, 9.0], [0.0, 3.0], [-2.0, 2.0]])
def test_few_points_leave_wide_doubt(values):
    found = few_points(np.array(values), 4)
    assert (found.steps > 0.2).all()
    assert (np.diff(found.steps) > 0).all()
