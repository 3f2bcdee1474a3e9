"""The product limit in minutes against SciPy, lifelines and a slow second version."""

import warnings

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times
from scipy import stats

from funnelkit.metrics.response.waiting import Waiting


def sample(seed, n=80):
    rng = np.random.default_rng(seed)
    waited = np.round(rng.exponential(60, n))
    followed = np.round(rng.uniform(10, 300, n))
    return np.minimum(waited, followed), waited <= followed


@pytest.mark.parametrize("seed", range(5))
def test_curve_is_that_of_scipy(seed):
    minutes, answered = sample(seed)
    wait = Waiting(minutes=minutes, answered=answered)
    data = stats.CensoredData.right_censored(minutes, ~answered)
    curve = stats.ecdf(data).cdf
    inside = wait.times <= minutes.max()
    assert np.allclose(wait.share_by(wait.times[inside]), curve.evaluate(wait.times[inside]))


@pytest.mark.parametrize("seed", range(5))
def test_median_and_interval_are_those_of_lifelines(seed):
    minutes, answered = sample(seed)
    wait = Waiting(minutes=minutes, answered=answered)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter = KaplanMeierFitter().fit(minutes, answered)
        ends = median_survival_times(fitter.confidence_interval_).to_numpy()[0]
    assert wait.quantile(0.5) == fitter.median_survival_time_
    assert tuple(wait.quantile_interval(0.5)) == pytest.approx(tuple(sorted(ends)))
    moment = wait.times[len(wait.times) // 2]
    band = fitter.confidence_interval_survival_function_.loc[[moment]].to_numpy()[0]
    low, high = wait.share_interval(moment)
    assert (float(low), float(high)) == pytest.approx((1 - band[1], 1 - band[0]))


@pytest.mark.parametrize("seed", range(5))
def test_slow_second_version(seed):
    minutes, answered = sample(seed, n=25)
    share = 1.0
    for moment in sorted(set(minutes[answered])):
        share *= 1 - sum((minutes == moment) & answered) / sum(minutes >= moment)
        assert Waiting(minutes=minutes, answered=answered).share_by(moment) == pytest.approx(
            1 - share
        )


def test_few_and_none():
    nobody = Waiting(minutes=[], answered=[])
    assert np.isnan(nobody.quantile(0.5))
    assert np.isnan(nobody.share_by(5.0))
    never = Waiting(minutes=[10.0, 20.0], answered=[False, False])
    assert np.isnan(never.quantile(0.5))
    assert never.share_by(15.0) == 0
    low, high = never.share_interval(15.0)
    assert low == 0
    assert 0 < high < 1
    one = Waiting(minutes=[10.0], answered=[True])
    assert one.quantile(0.5) == 10
    assert one.share_by(50.0) == 1
    low, high = one.share_interval(50.0)
    assert float(low) == pytest.approx(0.025)  # the exact bound of 1 of 1
    assert float(high) == 1
