"""The simulation against one that takes lead after lead, and against expectations."""

import numpy as np
import pytest
from scipy import stats

from funnelkit._core.errors import ArgumentError
from funnelkit.plan import HitChance, simulated, stated
from tests.reference.planned import one_future, totals


def small(n_draws=2000, **more):
    return stated(
        {
            "a": {"rates": [0.5, 0.4], "value": {"mean": 10.0, "cv": 0.5}, "lag": [0.3, 0.4, 0.2]},
            "b": {"rates": [0.2, 0.5], "value": {"mean": 30.0, "cv": 0.0}, "lag": [0.0, 1.0]},
        },
        horizon=4,
        n_draws=n_draws,
        **{"doubt": 0.2, "lag_doubt": 0.2, "correlation": 0.05} | more,
    )


LEADS = np.array([[6.0, 0.0, 4.0, 0.0], [3.0, 5.0, 0.0, 2.0]])


def test_as_lead_after_lead():
    assumptions = small()
    found = simulated(assumptions, LEADS, rng=1)
    rng = np.random.default_rng(2)
    slow = [one_future(assumptions, LEADS, rng) for _ in range(1500)]
    for fast, part in ((found.deals, 0), (found.value, 1)):
        ours = fast.sum(axis=1)
        theirs = np.array([one[part] for one in slow])
        error = np.sqrt(ours.var(axis=0) / len(ours) + theirs.var(axis=0) / len(theirs))
        assert (np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) < 4 * error).all()
        whole = ours.sum(axis=1), theirs.sum(axis=1)
        assert stats.ks_2samp(*whole).pvalue > 1e-3


def test_expectations_by_month():
    assumptions = small(n_draws=20_000)
    found = simulated(assumptions, 10 * LEADS, rng=3)
    expected = np.einsum("cm,cmh->ch", 10 * LEADS, assumptions.yields)
    error = found.deals.std(axis=0) / np.sqrt(found.n_draws)
    assert (np.abs(found.deals.mean(axis=0) - expected) <= 4 * error + 1e-12).all()
    money = expected * assumptions.sizes[:, None]
    error = found.value.std(axis=0) / np.sqrt(found.n_draws)
    assert (np.abs(found.value.mean(axis=0) - money) <= 4 * error + 1e-9).all()


def test_the_chance_of_a_target_is_that_of_the_closed_form():
    assumptions = small(n_draws=20_000, in_flight=(100.0, 20.0))
    found = simulated(assumptions, 10 * LEADS, rng=4)
    sums = found.total[:, :3].sum(axis=1)
    target = float(np.quantile(sums, 0.4)) + 0.1
    chance = HitChance(assumptions, "value").probability(10 * LEADS, target, until=3)
    assert found.probability(target, until=3) == pytest.approx(chance, abs=0.012)
    again = totals(
        assumptions, 10 * LEADS, unit="value", n=40_000, rng=np.random.default_rng(1), until=3
    )
    assert np.mean(again >= target) == pytest.approx(chance, abs=0.012)


def test_parts_add_up_and_are_read_only():
    found = simulated(small(n_draws=50, direct=8.0), LEADS)
    np.testing.assert_allclose(found.total, sum(found.parts.values()))
    assert found.unit == "value"
    assert list(found.parts) == ["new leads", "in flight", "without a lead"]
    with pytest.raises(ValueError, match="read-only"):
        found.deals[0] = 1
    frame = found.to_frame()
    np.testing.assert_allclose(frame["total"], found.expected)
    assert "80 % interval" in found.summary()


def test_the_same_seed_gives_the_same():
    first, second = (simulated(small(n_draws=20), LEADS, rng=5).value for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_leads_that_cannot_be():
    with pytest.raises(ArgumentError, match=r"of shape \(2, 4\); got \(4,\)"):
        simulated(small(n_draws=5), LEADS[0])
    with pytest.raises(ArgumentError, match="at least 0; got"):
        simulated(small(n_draws=5), -LEADS)
