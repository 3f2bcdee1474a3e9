"""The climb: where a surface is steep beyond what a number can hold squared."""

import numpy as np
import pytest

from funnelkit import lag
from funnelkit.lag.cure.search import Box, climb
from tests.lag.cure.test_verdict import mature


def test_a_cliff_far_out_is_climbed_without_a_warning() -> None:
    """The gradient at the start is 1e200, and its square no number; the top is at 2."""

    def objective(theta):
        x = float(theta[0]) - 2.0
        if x > 5.0:
            return -1e200 * x, np.array([-1e200])
        return -(x**2), np.array([-2.0 * x])

    box = Box(np.array([-10.0]), np.array([20.0]))
    found = climb(objective, np.array([12.0]), box, np.eye(1))
    assert found.theta == pytest.approx(2.0, abs=1e-3)


def test_a_pace_so_slow_that_nothing_can_be_seen_overflows_nothing() -> None:
    solution = lag.fit_cure(mature()).solution
    seen = solution.likelihood.seen(solution.top.theta)
    dim = seen._replace(by=seen.by * 0 + 1e-310, after=seen.after * 0 + 1.0)
    with np.errstate(over="raise"):
        assert solution.likelihood.rates(dim) == pytest.approx(1.0)
