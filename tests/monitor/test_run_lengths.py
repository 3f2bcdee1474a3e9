"""Run lengths against published tables and simulated charts."""

import numpy as np
import pytest

from funnelkit._core.errors import ArgumentError
from funnelkit.monitor import average_run_length, chance_of_signal, limit_for
from funnelkit.monitor.charts.run_rules import SETS, average_run_length_with
from funnelkit.monitor.run_lengths.lengths import METHODS, cusum_paths, ewma_path

# Montgomery, Introduction to Statistical Quality Control, table 9.11 (adapted from Lucas and
# Saccucci, 1990, Technometrics 32, 1-12, table 3), λ = 0.2, L = 2.962: shift -> ARL. Columns of the
# paper itself stand in test_published_charts.py.
EWMA = {0: 500, 0.25: 150, 0.5: 41.8, 0.75: 18.2, 1: 10.5, 1.5: 5.5, 2: 3.7, 3: 2.4, 4: 1.9}
# Montgomery, the same, table 9.3; of h = 4 also Lucas and Crosier (1982), Technometrics 24,
# 199-205, table 1; k = 1/2: shift -> ARL with h = 4 and with h = 5
CUSUM = {
    0: (168, 465),
    0.25: (74.2, 139),
    0.5: (26.6, 38.0),
    0.75: (13.3, 17.0),
    1: (8.38, 10.4),
    1.5: (4.75, 5.75),
    2: (3.34, 4.01),
    2.5: (2.62, 3.11),
    3: (2.19, 2.57),
    4: (1.71, 2.01),
}
# Champ and Woodall (1987), Technometrics 29, 393-399, table 1
RULES = {(): 370.40, ("2 of 3 beyond 2",): 225.44, SETS["western electric"]: 91.75}


def test_ewma_table():
    for shift, expected in EWMA.items():
        found = average_run_length(
            "ewma", limit=2.962, smoothing=0.2, shift=shift, spread="asymptotic"
        )
        assert found == pytest.approx(expected, abs=0.06 if expected < 100 else 0.5)
    # the other schemes of the table with an ARL of 500
    for smoothing, limit in ((0.05, 2.615), (0.1, 2.814), (0.4, 3.054)):
        found = average_run_length("ewma", limit=limit, smoothing=smoothing, spread="asymptotic")
        assert found == pytest.approx(500, abs=1)


def test_cusum_table():
    for shift, expected in CUSUM.items():
        for limit, length in zip((4, 5), expected, strict=True):
            found = average_run_length("cusum", limit=limit, reference=0.5, shift=shift)
            assert found == pytest.approx(length, rel=0.004)


def test_shewhart():
    assert average_run_length(limit=3) == pytest.approx(370.398, abs=0.001)  # 1 / 0.0026998
    assert average_run_length(limit=3, shift=1) == pytest.approx(43.895, abs=0.001)  # 1 / 0.022782
    assert average_run_length("ewma", limit=3, smoothing=1) == pytest.approx(370.398, abs=0.001)


def test_limits_are_the_other_way_round():
    for method in METHODS:
        for side in ("two-sided", "less", "greater"):
            limit = limit_for(200, method, alternative=side)
            back = average_run_length(method, limit=limit, alternative=side)
            assert back == pytest.approx(200, rel=1e-4)
    one, two = (limit_for(370, "cusum", alternative=side) for side in ("less", "two-sided"))
    assert one < two


def test_rules_cost_false_alarms():
    for rules, expected in RULES.items():
        assert average_run_length_with(rules, 3.0) == pytest.approx(expected, rel=0.03)


def simulated(rng, shape, *, shared=0.0, freedom=None):
    z = rng.standard_normal(shape) * np.sqrt(1 - shared)
    z += rng.standard_normal((shape[0], 1)) * np.sqrt(shared)
    if freedom:
        z /= np.sqrt(rng.chisquare(freedom, (shape[0], 1)) / freedom)
    return z


def signals(z, method, limit):
    if method == "shewhart":
        return np.abs(z) > limit
    if method == "ewma":
        return np.abs(ewma_path(z, smoothing=0.2)) > limit
    return np.maximum(*cusum_paths(z, reference=0.5)) > limit


def test_chance_of_signal_by_simulation():
    z = simulated(np.random.default_rng(1), (20_000, 24))
    for method, limit in (("shewhart", 2.5), ("ewma", 2.5), ("cusum", 3.0)):
        found = signals(z, method, limit).any(axis=1).mean()
        assert chance_of_signal(24, method, limit=limit) == pytest.approx(found, abs=0.012)


def test_doubt_about_the_baseline_by_simulation():
    z = simulated(np.random.default_rng(2), (40_000, 12), shared=0.06, freedom=12)
    for method in ("ewma", "cusum"):
        limit = limit_for(50, method, shared=0.06, freedom=12, periods=12)
        stated = chance_of_signal(12, method, limit=limit_for(50, method))
        assert signals(z, method, limit).any(axis=1).mean() == pytest.approx(stated, abs=0.012)
    # Student's quantile: 0.00135 of each tail, 12 degrees of freedom
    assert limit_for(370.398, freedom=12) == pytest.approx(3.7643, abs=1e-3)


def test_paths_over_gaps():
    gapped = ewma_path([1.0, np.nan, 1.0], smoothing=0.2)
    whole = ewma_path([1.0, 1.0], smoothing=0.2)
    assert np.isnan(gapped[1])
    assert gapped[[0, 2]] == pytest.approx(whole)
    up, down = cusum_paths([[2.0, np.nan, 2.0], [-2.0, -2.0, 5.0]], reference=0.5)
    assert up[0, 2] == 3.0
    assert down[1].tolist() == [1.5, 3.0, 0.0]
    assert ewma_path([], smoothing=0.2).shape == (0,)


def test_arguments():
    for bad in (0, 1, -3, float("nan"), True):
        with pytest.raises(ArgumentError, match="average_run_length"):
            limit_for(bad)
    with pytest.raises(ArgumentError, match="smoothing"):
        average_run_length("ewma", limit=3, smoothing=0)
    with pytest.raises(ArgumentError, match="limit"):
        average_run_length(limit=float("nan"))
    with pytest.raises(ArgumentError, match="cusum"):
        average_run_length("cusun", limit=3)
    with pytest.raises(ArgumentError, match="freedom"):
        limit_for(370, freedom=0)
