"""Days added up over stages, against plain loops."""

import numpy as np
import pytest

from funnelkit.model.onward import one_after_another, won_by, won_within


@pytest.fixture(params=range(5))
def curves(request):
    rng = np.random.default_rng(request.param)
    parts = [rng.random(rng.integers(2, 40)) * (rng.random() < 0.8) + 1e-9 for _ in range(2)]
    return [np.minimum(np.cumsum(part) / part.sum(), 1.0) for part in parts]


def at(curve, day):
    return 0.0 if day < 0 else curve[min(day, len(curve) - 1)]


def daily(curve, day):
    return at(curve, day) - at(curve, day - 1)


def test_won_within_is_a_sum_over_the_day_of_moving_on(curves):
    passed, then = curves
    ages = np.array([0, 1, len(passed) // 2, len(passed) - 2, len(passed) + 3])
    days = np.array([0.0, 1, 2, 7, 60, np.inf])
    found = won_within(passed, then, ages, days)
    for i, age in enumerate(ages):
        left = 1 - at(passed, age)
        for j, day in enumerate(days):
            reach = 200 if np.isinf(day) else int(day)
            slow = sum(
                daily(passed, age + u) * (1.0 if np.isinf(day) else at(then, reach - u))
                for u in range(1, reach + 1)
            )
            expected = 0.0 if left <= 1e-12 else slow / left
            if np.isinf(day) and left > 1e-12:
                expected = 1.0
            assert found[i, j] == pytest.approx(expected, abs=1e-9)


def test_moving_on_can_be_the_win(curves):
    passed, _ = curves
    found = won_within(passed, None, np.array([0, 1]), np.array([3.0]))
    for i, age in enumerate((0, 1)):
        left = 1 - at(passed, age)
        slow = (at(passed, age + 3) - at(passed, age)) / left if left > 0 else 0.0
        assert found[i, 0] == pytest.approx(slow, abs=1e-12)


def test_one_after_another_is_the_distribution_of_a_sum(curves):
    length = sum(len(curve) for curve in curves)
    first, then = (np.array([at(curve, day) for day in range(length)]) for curve in curves)
    found = one_after_another(first, then)
    for day in range(length):
        slow = sum(daily(first, u) * at(then, day - u) for u in range(day + 1))
        assert found[day] == pytest.approx(slow, abs=1e-9)


def test_won_by_is_the_mean_over_days_of_entry(curves):
    then, _ = curves
    begins, ends = np.array([1, 5, 20]), np.array([4, 12, 50])
    for day in (0, 3, 8, 30, 200):
        slow = [
            np.mean([at(then, day - entry) for entry in range(a, b + 1)])
            for a, b in zip(begins, ends, strict=True)
        ]
        assert won_by(then, begins, ends, day) == pytest.approx(slow, abs=1e-9)
