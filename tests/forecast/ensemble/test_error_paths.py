import numpy as np
import pytest
from scipy.stats import t

from funnelkit.forecast.ensemble import error_paths, error_scale, scales


def scale(kind="plain", steps=(1.0, 2.0, 3.0), weight=0.5):
    return error_scale.ErrorScale(scale=kind, steps=np.array(steps), weight=weight)


def test_correlation_is_that_of_smoothing_paths():
    # The slow version: errors of simple smoothing with weight 0.4, simulated.
    rng = np.random.default_rng(1)
    shocks = rng.normal(size=(200_000, 5))
    lasting = 0.4 * np.cumsum(shocks, axis=1)
    paths = shocks + np.c_[np.zeros(len(shocks)), lasting[:, :-1]]
    simulated = np.corrcoef(paths, rowvar=False)
    assert error_paths.correlation(0.4, 5) == pytest.approx(simulated, abs=0.01)


def test_each_step_has_the_quantiles_of_its_t_distribution():
    draws = error_paths.paths(np.full(3, 100.0), scale(), 500.0, 100_000, np.random.default_rng(2))
    wanted = t.ppf([0.1, 0.975], 4.5)  # 4.5 degrees of freedom
    for step, size in enumerate((1, 2, 3)):
        found = (np.quantile(draws[:, step], [0.1, 0.975]) - 100) / size
        assert found == pytest.approx(wanted, abs=0.06)


@pytest.mark.parametrize("kind", ["log", "root", "plain"])
def test_draws_have_the_expected_mean_and_do_not_explode(kind):
    expected = np.array([4.0, 9.0, 0.0])
    draws = error_paths.paths(
        expected, scale(kind, (0.5, 5.0, 50.0)), 10.0, 4000, np.random.default_rng(3)
    )
    assert np.isfinite(draws).all()
    assert np.abs(draws).max() <= 3 * 10
    assert draws[:, 0].mean() == pytest.approx(4.0, rel=0.01)
    if kind != "plain":
        assert draws.min() >= 0


def test_a_lumpy_series_draws_its_own_values():
    values = np.array([0.0, 0, 5, 0, 0, 0, 5, 0] * 5)
    draws = error_paths.lumpy_paths(np.full(6, 1.25), values, 20_000, np.random.default_rng(4))
    recent = values[-36:]
    # As many zeros as the latest 36 values have, and their mean.
    assert (draws == 0).mean() == pytest.approx((recent == 0).mean(), abs=0.02)
    assert draws.mean() == pytest.approx(1.25, rel=0.05)
    assert draws.max() <= 15


def test_zeros_long_ago_make_no_series_lumpy():
    assert not error_paths.is_lumpy(np.r_[np.zeros(20), np.full(40, 3.0)])
    assert not error_paths.is_lumpy(np.array([-1.0, 0, 0, 0]))


def test_scales_by_sign():
    values = np.array([0.0, 4.0])
    assert scales.scale_of(values) == "root"
    assert scales.onto("plain", values) is values
