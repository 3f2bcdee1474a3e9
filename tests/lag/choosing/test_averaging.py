"""Ends of an interval over several fits, against SciPy on the same normal curves."""

import numpy as np
import pytest
from scipy import optimize, special, stats

from funnelkit.lag.choosing.averaging import SignedRoots

SCORES = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])


def on_log_scale(centres, errors, weights):
    """Roots that are straight in the log of the share: what SciPy solves is the same curve."""
    points = np.exp([np.log(m) + s * SCORES for m, s in zip(centres, errors, strict=True)])
    assert points.max() < 1
    return SignedRoots(np.array(weights), points, np.tile(SCORES, (len(centres), 1)))


def test_tail_areas_are_averaged():
    centres, errors, weights = [0.1, 0.15], [0.1, 0.3], np.array([0.7, 0.3])
    low, high = on_log_scale(centres, errors, weights).averaged(0.025, 0.025)

    def above(x):
        return float(weights @ stats.norm.sf((np.log(x) - np.log(centres)) / errors))

    assert high == pytest.approx(optimize.brentq(lambda x: above(x) - 0.025, 0.05, 0.9), rel=1e-9)
    assert low == pytest.approx(optimize.brentq(lambda x: above(x) - 0.975, 0.01, 0.2), rel=1e-9)


def test_a_share_of_1_with_more_than_the_tail_has_no_upper_end():
    scores = np.array([[-2.0, -1.0, 0.0, 1.0, 1.0]])
    points = np.array([[0.1, 0.2, 0.3, 0.9, 1.0]])
    roots = SignedRoots(np.ones(1), points, scores)
    assert roots.averaged(0.025, 0.025)[1] == 1.0
    assert roots.upper_end(np.array(1.96)) == 1.0
    assert roots.upper_end(np.array(0.99)) < 1.0


@pytest.mark.parametrize(
    ("centres", "errors", "weights"),
    [
        ([0.1, 0.15], [0.1, 0.3], [0.7, 0.3]),
        ([0.05, 0.3], [0.02, 0.2], [0.5, 0.5]),  # two tops, far apart
        ([0.05, 0.3], [0.02, 0.2], [0.97, 0.03]),
        ([0.001, 0.0011, 0.0012], [0.001, 0.01, 0.1], [0.2, 0.3, 0.5]),
    ],
)
def test_the_end_of_the_averaged_likelihood(centres, errors, weights):
    def deviance(x):
        z = (np.log(np.asarray(x)[..., None]) - np.log(centres)) / errors
        return -2 * special.logsumexp(-(z**2) / 2, b=np.array(weights), axis=-1)

    fine = np.exp(np.linspace(np.log(5e-4), 0, 2_000_001))
    found = deviance(fine)
    least = found.min()
    end = fine[np.flatnonzero(found - least <= 1.96**2)[-1]]
    roots = on_log_scale(centres, errors, weights)
    assert roots.upper_end(np.array(1.96)) == pytest.approx(end, rel=1e-3)
    # a share of 1 is as far away as the sum of the weighted likelihoods says
    z = -np.log(centres) / np.array(errors)
    if z.max() < 30:
        assert roots.reach(z) == pytest.approx(np.sqrt(deviance(1.0) - least), rel=1e-3)


def test_a_share_of_1_is_far_where_each_fit_puts_it_so():
    roots = on_log_scale([0.1, 0.2], [0.1, 0.1], [0.5, 0.5])
    assert roots.reach(np.array([np.inf, np.inf])) == np.inf
    assert roots.reach(np.array([np.inf, 2.0])) == pytest.approx(
        np.sqrt(4 + 2 * np.log(2) - roots._least), rel=1e-9
    )


def test_many_cells_at_once_are_each_on_their_own():
    rng = np.random.default_rng(3)
    centres, errors = rng.uniform(0.01, 0.2, (2, 3, 4)), rng.uniform(0.05, 0.3, (2, 3, 4))
    points = np.exp(np.log(centres)[..., None] + errors[..., None] * SCORES)
    weights, scores = np.array([0.6, 0.4]), np.broadcast_to(SCORES, points.shape)
    together = SignedRoots(weights, points, scores)
    roots = np.full((3, 4), 1.7)
    ends, (low, high) = together.upper_end(roots), together.averaged(0.05, 0.01)
    assert ends.shape == low.shape == high.shape == (3, 4)
    for cell in np.ndindex(3, 4):
        alone = SignedRoots(weights, points[(slice(None), *cell)], scores[(slice(None), *cell)])
        assert ends[cell] == pytest.approx(float(alone.upper_end(np.array(1.7))), rel=1e-9)
        assert [low[cell], high[cell]] == pytest.approx(
            [float(e) for e in alone.averaged(0.05, 0.01)]
        )
