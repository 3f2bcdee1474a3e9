import subprocess
import sys

import numpy as np
import pytest

from funnelkit._core.errors import ArgumentError
from funnelkit.forecast.ensemble.forecasting import ahead, since


def test_short_and_empty_series_have_a_fallback_by_name():
    values = np.array([[np.nan, np.nan, 3.0, 5.0], [0.0, 0, 0, 0], [np.nan, np.nan, np.nan, 7]])
    found = ahead(values, horizon=3, season=12, n_draws=50)
    assert found.expected.tolist() == [[4, 4, 4], [0, 0, 0], [7, 7, 7]]
    assert found.methods[0] == found.methods[2] == "mean of fewer than six points"
    assert found.methods[1] == "nothing seen so far: zero"
    assert found.draws.shape == (50, 3, 3)
    assert found.draws.min() >= 0
    assert found.draws[:, 2].std() > 0


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([["<b>", "=1+1"]], "`values` must be numbers"),
        ([1.0, 2.0], "one series per row"),
        ([[1.0, np.inf]], "must be finite"),
        ([[1.0, np.nan, 2.0]], "only before a series begins; 1 rows"),
        ([[1.0, np.nan]], "only before a series begins; 1 rows"),
    ],
)
def test_what_is_no_table_of_series_is_refused(values, words):
    with pytest.raises(ArgumentError, match=words):
        ahead(values, horizon=3, season=12)


@pytest.mark.parametrize("name", ["horizon", "season", "n_draws"])
def test_options_must_be_positive_whole_numbers(name):
    options = {"horizon": 3, "season": 12, "n_draws": 10} | {name: 0}
    with pytest.raises(ArgumentError, match=f"`{name}`"):
        ahead([[1.0, 2.0]], **options)


def test_no_series_and_a_series_that_never_began():
    assert ahead(np.zeros((0, 8)), horizon=2, season=12, n_draws=5).draws.shape == (5, 0, 2)
    found = ahead([[np.nan, np.nan]], horizon=2, season=12, n_draws=5)
    assert found.methods == ("nothing seen so far: zero",)


@pytest.fixture(scope="module")
def many() -> np.ndarray:
    """Series of many kinds, 40 long."""
    rng = np.random.default_rng(1)
    months = np.arange(40)
    rows = [
        rng.poisson(0.3, 40),
        rng.poisson(5, 40),
        np.exp(0.15 * months),
        100 * np.exp(rng.normal(0, 1.5, 40)),
        np.where(months > 30, 0, 50 + rng.normal(0, 5, 40)),
        np.where(months == 25, 1e7, 10.0),
        np.r_[np.zeros(30), 20 + rng.poisson(3, 10)],
        np.full(40, 3.0),
        np.full(40, 1e-300),
        1e12 * (1 + rng.random(40)),
        np.cumsum(rng.normal(0, 1, 40)).clip(0),
    ]
    return np.array(rows, dtype=float)


def test_odd_series_neither_explode_nor_fall_below_zero(many):
    found = ahead(many, horizon=24, season=12, n_draws=200)
    assert np.isfinite(found.draws).all()
    assert found.draws.min() >= 0
    assert found.expected.min() >= 0
    assert (found.expected.max(axis=1) <= 3 * many.max(axis=1)).all()
    assert (found.draws.max(axis=(0, 2)) <= 9 * many.max(axis=1)).all()
    means = found.draws.mean(axis=0)
    # The draws are about the means: a lumpy series has the widest spread beside its mean.
    spread = found.draws.std(axis=0) / np.sqrt(200)
    assert (np.abs(means - found.expected) <= 5 * spread + 1e-6 * many.max(axis=1)[:, None]).all()


def test_the_same_seed_gives_the_same_and_rows_do_not_touch_each_other(many):
    once = ahead(many[:2], horizon=2, season=12, n_draws=20, rng=7)
    again = ahead(many[:2], horizon=2, season=12, n_draws=20, rng=np.random.default_rng(7))
    alone = ahead(many[:1], horizon=2, season=12, n_draws=20, rng=7)
    assert np.array_equal(once.draws, again.draws)
    assert np.array_equal(once.draws[:, 0], alone.draws[:, 0])


def test_values_below_zero_only_without_a_lower_bound():
    rng = np.random.default_rng(2)
    around = rng.normal(0, 1, (1, 40))
    free = ahead(around, horizon=6, season=1, lower=None)
    assert free.draws.min() < -1
    assert ahead(around, horizon=6, season=1).draws.min() == 0


def test_zeros_before_a_series_begins_are_left_out_and_said():
    late = np.r_[np.zeros(30), 20.0, 22, 19, 21, 20, 23, 18, 20, 21, 19]
    found = ahead([late], horizon=3, season=12)
    assert found.expected == pytest.approx(np.full((1, 3), 20), rel=0.1)
    assert found.methods[0].endswith("since the first value above 0")
    seldom = np.r_[np.zeros(6), np.tile([0.0, 0, 0, 0, 3], 6)]
    assert since(seldom, 12)[1] is False


def test_coverage_on_random_walks_and_noise():
    rng = np.random.default_rng(3)
    noise = 100 + rng.normal(0, 8, (8, 54))
    walks = 300 + np.cumsum(rng.normal(0, 8, (8, 54)), axis=1)
    values = np.vstack([noise, walks])
    found = ahead(values[:, :48], horizon=6, season=1, n_draws=400)
    low, high = np.quantile(found.draws, [0.1, 0.9], axis=0)
    inside = ((low <= values[:, 48:]) & (values[:, 48:] <= high)).mean()
    total = values[:, 48:].sum(axis=1)
    low, high = np.quantile(found.draws.sum(axis=2), [0.1, 0.9], axis=0)
    # 80 % stated; 16 series of 6 steps that go together give a standard error of some 6 points.
    assert 0.6 < inside < 0.96
    assert 0.5 < ((low <= total) & (total <= high)).mean() <= 1


def test_nothing_heavy_is_loaded_before_a_series_is_forecast():
    code = (
        "import sys, funnelkit.forecast.ensemble.forecasting as f; "
        "f.ahead([[1.0, 2.0]], horizon=1, season=12); "
        "print(sorted({'statsforecast', 'numba', 'pandas', 'statsmodels'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, encoding="utf-8"
    )
    assert done.stdout.strip() == "[]"
