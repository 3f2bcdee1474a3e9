"""What a timing has taken of the pace of months: against differences, and where none is taken."""

import numpy as np
import pytest

from funnelkit import lag
from funnelkit.lag.adjusting import exposure, pace
from funnelkit.lag.adjusting.cells import curves_of, positions
from funnelkit.lag.adjusting.freedom import freed, taken
from tests.reference.paced import expected_by_month, paced, weibull_by_day


@pytest.fixture(scope="module")
def counts():
    share = weibull_by_day(400, 30.0, 1.0)
    return paced(np.random.default_rng(3), rates=[[0.3, 0.2, 0.25]], per_cohort=2000, share=share)


def parts(counts, fit):
    cells = positions(counts, fit)
    maturity = curves_of(counts, fit, cells)
    entries = exposure.entries(counts, maturity)
    came = exposure.came(counts, entries.months, fit.horizon)
    shares = exposure.Shares(entries, entries.hazards(maturity))
    return shares, came, taken(fit, cells, maturity.shape[1], shares, came.sum(axis=1))


def test_of_one_parameter_by_differences(counts):
    """C'I⁻¹C, with the months of each cell multinomial, C by differences and I⁻¹ from draws."""
    fit = lag.fit_cure(counts, family="exponential")
    _, came, found = parts(counts, fit)
    # the exponential's log scale, read off the share that has come by age 30
    day = np.array([30.0])
    ratio = fit.sample(4000, rng=5, ages=[*day, np.inf])[:, 0, 0]
    log_scale = np.log(-30.5 / np.log1p(-ratio[:, 0] / ratio[:, 1]))
    curve = fit.maturity(np.arange(counts.n_ages))[0, 0]
    scale = -30.5 / np.log1p(-float(fit.maturity(day)[0, 0, 0]))

    def logs(change, log_factors):
        u = np.arange(counts.n_ages)[:, None] + (np.arange(8) + 0.5) / 8
        moved = 1 - np.exp(-u / (scale * np.exp(change))).mean(axis=1)
        usual = 1 - np.exp(-u / scale).mean(axis=1)
        at = expected_by_month(counts, curve + moved - usual, log_factors).reshape(came.shape)
        at = np.maximum(at, 1e-7 * at.sum(axis=1, keepdims=True))
        return np.log(at / at.sum(axis=1, keepdims=True))

    n_months = came.shape[1]
    step = 1e-4
    weight = np.exp(logs(0, np.zeros(n_months))) * came.sum(axis=1, keepdims=True)
    of_scale = (logs(step, np.zeros(n_months)) - logs(-step, np.zeros(n_months))) / (2 * step)
    cross = [
        (weight * of_scale * (logs(0, unit) - logs(0, -unit)) / (2 * step)).sum()
        for unit in np.eye(n_months) * step
    ]
    slow = log_scale.var() * np.outer(cross, cross)
    np.testing.assert_allclose(found, slow, atol=0.15 * np.abs(slow).max())


def test_never_more_than_the_counts_tell(counts):
    for fit in (lag.fit_cure(counts), lag.fit_kaplan_meier(counts)):
        shares, came, found = parts(counts, fit)
        split = pace._Split(shares, came, np.asarray(counts.entered, float).ravel())
        told = split(np.zeros(came.shape[1])).expected()
        assert np.linalg.eigvalsh(told - found).min() > -1e-8 * np.abs(told).max()
        assert np.linalg.eigvalsh(found).min() > -1e-8 * np.abs(told).max()


def test_nothing_taken_adds_nothing(counts):
    fit = lag.fit_cure(counts)
    shares, came, found = parts(counts, fit)
    at = pace._Split(shares, came, np.asarray(counts.entered, float).ravel())(np.zeros(len(found)))
    nothing = freed(at, np.zeros_like(found), 0.2)
    assert np.abs(nothing.covariance).max() == 0
    assert nothing.log_integral == 0
    some = freed(at, found, 0.2)
    assert np.linalg.eigvalsh(some.covariance).min() > -1e-12
    assert np.trace(some.covariance) > 0


def test_pace_that_the_timing_took_is_not_mistaken_for_none():
    """Of 24 sets with months that differ by .2, the interval of τ holds it in about 23."""
    held, sds = 0, []
    share = weibull_by_day(400, 30.0, 0.8)
    for seed in range(24):
        rng = np.random.default_rng(seed)
        factors = np.exp(rng.normal(0, 0.2, 6))
        counts = paced(rng, rates=[[0.25] * 6], per_cohort=1500, share=share, factors=factors)
        found = lag.fit_pace(counts, lag.fit_cure(counts))
        low, high = found.sd_interval()
        held += low <= 0.2 <= high
        sds.append(found.sd)
    assert held >= 20
    assert 0.16 < np.median(sds) < 0.24
