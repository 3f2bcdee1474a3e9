"""Simulated tests: power and errors as theory has them, and what an analysis is handed."""

import math

import numpy as np
import pytest
from scipy import stats

from funnelkit._core.errors import ArgumentError, FunnelError
from funnelkit.experiment.clusters.compared import compare_clustered
from funnelkit.experiment.lagged.comparing import compare_lagged
from funnelkit.experiment.sequential.designs import boundaries
from funnelkit.experiment.sizing.asked import planned_design_effect
from funnelkit.experiment.sizing.drawn import World
from funnelkit.experiment.sizing.rates_needed import power
from funnelkit.experiment.sizing.simulating import simulate


def near(share, expected, runs):
    """Within four standard errors of a share of so many runs."""
    return abs(share - expected) <= 4 * math.sqrt(expected * (1 - expected) / runs)


class TestErrors:
    def test_power_and_level(self):
        found = simulate((300, 200), 0.2, absolute=0.12, n_simulations=1000, rng=1)
        assert near(found.power, power((300, 200), 0.2, absolute=0.12).power, 1000)
        assert near(found.type_1_error, 0.05, 1000)
        low, high = found.confidence_interval()
        assert low < found.power < high
        se = math.sqrt(found.power * (1 - found.power) / 1000)
        assert found.monte_carlo_error[0] == pytest.approx(se)

    def test_peeking(self):
        # Armitage, McPherson and Rowe (1969), table 2: 20 looks at .05 reject with .248
        found = simulate(200, 0.4, absolute=0.05, looks=20, n_simulations=500, rng=2)
        assert near(found.type_1_error, 0.248, 500)
        assert "that is peeking" in found.summary()

    def test_boundaries_keep_the_level(self):
        plan = boundaries(5)
        n = 400
        found = simulate(n, 0.3, absolute=0.1, boundaries=plan, n_simulations=700, rng=3)
        assert near(found.type_1_error, 0.05, 700)
        drift = stats.norm.isf(0.025) + stats.norm.ppf(power(n, 0.3, absolute=0.1).power)
        assert near(found.power, plan.power_at(drift), 700)
        by_look = found.by_look()
        stops = np.cumsum(plan.stopping(drift).upper)
        assert by_look["found_with_effect"].to_numpy() == pytest.approx(stops, abs=0.07)

    def test_one_side_with_futility(self):
        plan = boundaries(3, alternative="greater", futility="pocock")
        found = simulate(
            300,
            0.3,
            absolute=0.1,
            boundaries=plan,
            alternative="greater",
            n_simulations=600,
            rng=4,
        )
        assert found.type_1_error < 0.05 + 4 * math.sqrt(0.05 * 0.95 / 600)
        assert (found.look[1] < 3).mean() > 0.5  # most tests without an effect stop for futility
        less = simulate(300, 0.4, absolute=-0.1, alternative="less", n_simulations=400, rng=4)
        assert near(less.power, power(300, 0.4, absolute=-0.1, alternative="less").power, 400)

    def test_clusters(self):
        sizes, icc = [1, 2, 3, 10], 0.2
        more = {"account_sizes": sizes, "icc": icc, "n_simulations": 500}
        naive = simulate(300, 0.2, absolute=0.05, rng=5, **more)
        # z is wider by the root of the design effect
        wider = math.sqrt(planned_design_effect(sizes, icc))
        assert naive.type_1_error == pytest.approx(2 * stats.norm.sf(1.96 / wider), abs=0.06)
        ours = simulate(
            300, 0.2, absolute=0.05, rng=5, **{**more, "n_simulations": 40}, analysis="accounts"
        )
        assert ours.type_1_error < naive.type_1_error
        assert ours.analysis == "comparison of accounts"

    def test_a_faster_treatment_is_no_better_one(self):
        found = simulate(
            200,
            0.3,
            absolute=0.05,
            inflow=100,
            horizon=40,
            lag=stats.expon(scale=30),
            treatment_lag=stats.expon(scale=3),
            n_simulations=500,
            rng=6,
        )
        assert near(found.type_1_error, 0.05, 500)


class TestTime:
    def test_duration(self):
        # 400 leads at 70 a week are there on day 40, and mature 30 days on
        plan = {"inflow": 70, "horizon": 30, "lag": stats.expon(scale=10), "n_simulations": 40}
        found = simulate(200, 0.2, absolute=0.2, **plan)
        assert found.expected_days == (70, 70)
        assert found.expected_entered == (400, 400)
        looked = simulate(200, 0.2, absolute=0.2, boundaries=boundaries(4), **plan)
        assert looked.looks.tolist() == [40, 50, 60, 70]
        assert looked.expected_days[0] < 70
        assert "days on average" in looked.summary()

    def test_no_time_without_an_inflow(self):
        found = simulate(50, 0.2, absolute=0.2, n_simulations=5)
        assert np.isnan(found.looks).all()
        assert "days" not in found.summary()


class TestObserved:
    @pytest.fixture
    def seen(self):
        world = World(
            n=(60, 60),
            by_day=4,
            horizon=20,
            maturity=np.stack([np.linspace(0.1, 1, 21)] * 2),
            account_sizes=np.array([2, 3]),
            icc=0.3,
        )
        return world.draw((0.3, 0.5), np.random.default_rng(1)).seen(25)

    def test_nothing_is_seen_before_its_time(self, seen):
        assert (seen.followed >= 0).all()
        assert (seen.converted <= seen.followed).all()
        assert (seen.converted <= 20).all()
        assert len(seen.followed) == len(seen.treatment) <= 26 * 4 + 3

    def test_views_agree(self, seen):
        counts, accounts, triangles = seen.counts(), seen.accounts(), seen.triangles()
        frame = seen.to_frame()
        for k, name in enumerate(("control", "treatment")):
            mine = frame[frame["variant"] == name]
            mature = mine[mine["followed_days"] >= 20]
            expected = (int(mature["converted_days"].notna().sum()), len(mature))
            assert counts[k] == expected
            assert (accounts[k]["converted"].sum(), accounts[k]["entered"].sum()) == expected
            assert int(triangles[k].entered.sum()) == len(mine)
            won = int(triangles[k].events["converted"].sum())
            assert won == mine["converted_days"].notna().sum()

    def test_an_account_is_in_one_arm(self, seen):
        frame = seen.to_frame()
        assert (frame.groupby("account")["variant"].nunique() == 1).all()

    def test_analyses_of_the_package_take_them(self, seen):
        assert 0 <= compare_clustered(*seen.accounts()).pvalue <= 1
        assert compare_lagged(*seen.triangles(), within=20) is not None

    def test_icc_of_one(self):
        world = World(
            n=(500, 500),
            by_day=1000,
            horizon=0,
            maturity=np.ones((2, 1)),
            account_sizes=np.array([5]),
            icc=1.0,
        )
        control, _ = world.draw((0.3, 0.3), np.random.default_rng(2)).seen(0).accounts()
        assert set(control["converted"]) == {0, 5}


class TestAnalysis:
    def test_a_function(self):
        def coin(seen):
            return 0.01 if seen.counts()[1][0] % 2 else 0.9

        found = simulate(20, 0.5, absolute=0.1, analysis=coin, n_simulations=200, rng=1)
        assert near(found.power, 0.5, 200)
        assert found.analysis == "coin"

    def test_what_cannot_be_told_finds_nothing(self):
        found = simulate(5, 0.5, absolute=0.1, analysis=lambda seen: math.nan, n_simulations=5)
        assert found.power == 0
        assert simulate(1, 0.001, absolute=0.001, n_simulations=5).power == 0

    @pytest.mark.parametrize("answer", ["sure", 5, None, -1])
    def test_no_pvalue(self, answer):
        with pytest.raises(ArgumentError, match="`analysis` must return a p-value"):
            simulate(5, 0.5, absolute=0.1, analysis=lambda seen: answer, n_simulations=2)


def test_same_seed_same_tests():
    one, other = (simulate(80, 0.2, absolute=0.1, n_simulations=30, rng=9) for _ in range(2))
    assert (one.found == other.found).all()
    assert (
        (one.to_frame() == other.to_frame())
        .drop(columns=["mean_days", "mean_days_se"])
        .all(axis=None)
    )
    third = simulate(80, 0.2, absolute=0.1, n_simulations=30, rng=np.random.default_rng(9))
    assert (third.found == one.found).all()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"absolute": None}, "neither"),
        ({"n_simulations": 0}, "`n_simulations`"),
        ({"looks": 0}, "`looks`"),
        ({"looks": 3, "boundaries": boundaries(3)}, "`looks` or `boundaries`"),
        ({"boundaries": [2, 2]}, "`boundaries` must be"),
        ({"boundaries": boundaries(3), "alternative": "greater"}, "must be the same"),
        ({"analysis": "t"}, "`analysis`"),
        ({"analysis": 3}, "`analysis`"),
        ({"icc": 0.2}, "`account_sizes`"),
        ({"icc": 2, "account_sizes": [1]}, "`icc`"),
        ({"account_sizes": []}, "`account_sizes`"),
        ({"account_sizes": [1.5]}, "`account_sizes`"),
        ({"horizon": 30}, "need `inflow`"),
        ({"horizon": -1, "inflow": 5}, "`horizon`"),
        ({"inflow": 0}, "`inflow`"),
        ({"inflow": 5, "every": "year"}, "`every`"),
        ({"inflow": 5, "horizon": 3, "treatment_lag": [0.9, 0.1]}, "`treatment_lag`"),
    ],
)
def test_wrong_arguments(more, words):
    with pytest.raises(FunnelError, match=words):
        simulate(10, 0.2, **{"absolute": 0.1, **more})
