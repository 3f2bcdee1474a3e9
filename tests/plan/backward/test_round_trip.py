"""Plans run forward: their own assumptions drawn anew by the independent simulator.

The long runs are `benchmarks/plan_round_trip.py` (200 random plans) and
`benchmarks/plan_worlds.py`.
"""

import numpy as np
import pytest

from funnelkit.plan import reverse, stated
from tests.reference.planned import totals

PLANS = {
    "many deals": (
        3_000_000,
        {
            "web": {"rates": [0.2, 0.1], "value": {"mean": 20_000, "cv": 0.8}, "lag": (2, 1.2)},
            "fair": {"rates": [0.1, 0.08], "value": {"mean": 45_000, "cv": 1.0}, "lag": (4, 1.8)},
        },
        {"horizon": 9, "doubt": 0.12, "lag_doubt": 0.1, "correlation": 0.001},
    ),
    "in flight and direct": (
        2_000_000,
        {"all": {"rates": [0.03], "value": {"mean": 30_000, "cv": 0.5, "sd": 3_000}}},
        {"horizon": 4, "lag": [0.4, 0.4, 0.2], "in_flight": (700_000, 90_000), "direct": 200_000},
    ),
    "few deals of money": (
        300_000,
        {"all": {"rates": [0.02], "value": {"mean": 40_000, "cv": 1.2}}},
        {"horizon": 3, "lag": [0.5, 0.5], "doubt": 0.25, "correlation": 0.005},
    ),
    "deals, cohorts that differ": (
        60,
        {"a": [0.3, 0.1], "b": [0.2, 0.05]},
        {"horizon": 6, "lag": [0.2, 0.5, 0.3], "correlation": 0.02, "doubt": 0.05},
    ),
    "few deals": (7, {"a": [0.01], "b": [0.04]}, {"horizon": 2, "doubt": 0.12}),
    "lag in doubt": (
        150,
        {"a": [0.02]},
        {"horizon": 6, "lag": (2.5, 1.0), "lag_doubt": 0.25, "mix": [1.0]},
    ),
}
DRAWS = 60_000


@pytest.mark.parametrize("name", PLANS)
def test_targets_are_hit_as_often_as_planned(name):
    target, channels, more = PLANS[name]
    plan = reverse(target, stated(channels, **more), probability=0.8)
    rng = np.random.default_rng(7)
    for level, option in ((0.5, "P50"), (0.8, "P80"), (0.9, "P90")):
        leads = plan.options[option]
        drawn = totals(plan.assumptions, leads, unit=plan.unit, n=DRAWS, rng=rng)
        came = np.mean(drawn >= plan.reachable * (1 - 1e-9))
        step = plan._chance.gradient(leads, plan.reachable).max()
        assert level - 0.01 <= came <= level + max(0.01, step), option
