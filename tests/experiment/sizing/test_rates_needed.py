"""Size, power and smallest effect of two rates: published figures, statsmodels, and each other."""

import math

import pytest
from scipy import stats
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import (
    power_proportions_2indep,
    proportion_effectsize,
    samplesize_proportions_2indep_onetail,
)

from funnelkit._core.errors import ArgumentError, FunnelError
from funnelkit.experiment.sizing.asked import planned_design_effect
from funnelkit.experiment.sizing.rates_needed import METHODS, detectable, power, size

CLOSED = [method for method in METHODS if method != "exact"]


class TestFigures:
    def test_the_simple_form(self):
        # 20 % and 5 points, two-sided .05, power .8: 1,030.2 in each arm
        found = size(0.2, absolute=0.05, method="simple")
        assert found.unrounded[0] == pytest.approx(1030.2, abs=0.05)
        assert (found.n_control, found.n_treatment, found.total) == (1031, 1031, 2062)

    def test_pooled(self):
        # R: power.prop.test(p1 = .50, p2 = .75, power = .90) gives n = 76.7
        found = size(0.5, absolute=0.25, power=0.9, method="pooled")
        assert found.unrounded[0] == pytest.approx(76.707, abs=5e-4)

    def test_relative_is_absolute(self):
        one, other = size(0.2, relative=0.25), size(0.2, absolute=0.05)
        assert one.unrounded == pytest.approx(other.unrounded, rel=1e-12)
        assert one.relative == pytest.approx(0.25)

    def test_exact_and_fisher_power(self):
        # .12 against .45 at 25 a side: .745 and .645
        assert power(25, 0.12, absolute=0.33, method="exact").power == pytest.approx(
            0.745, abs=5e-4
        )
        fisher = power(25, 0.12, absolute=0.33, method="exact", test="fisher")
        assert fisher.power == pytest.approx(0.645, abs=5e-4)


class TestAgainstStatsmodels:
    @pytest.mark.parametrize("rates", [(0.2, 0.25), (0.5, 0.75), (0.02, 0.01), (0.9, 0.97)])
    @pytest.mark.parametrize("ratio", [1.0, 0.5, 3.0])
    def test_pooled_size(self, rates, ratio):
        control, treatment = rates
        # there the answer is n1, of `prop2 + diff`, and `ratio` is n2 / n1
        expected = samplesize_proportions_2indep_onetail(
            treatment - control, control, 0.8, ratio=1 / ratio, alpha=0.05
        )
        found = size(
            control, absolute=treatment - control, method="pooled", split=ratio / (1 + ratio)
        )
        assert found.unrounded[1] == pytest.approx(expected, rel=1e-7)
        assert found.unrounded[1] == pytest.approx(ratio * found.unrounded[0])

    def test_pooled_power(self):
        expected = power_proportions_2indep(0.05, 0.2, 800, alpha=0.05, alternative="larger")
        found = power(800, 0.2, absolute=0.05, alternative="greater", method="pooled")
        assert found.power == pytest.approx(expected.power, abs=1e-9)

    @pytest.mark.parametrize("ratio", [1.0, 0.25, 2.0])
    def test_arcsine(self, ratio):
        effect = proportion_effectsize(0.25, 0.2)
        expected = NormalIndPower().solve_power(
            effect, power=0.9, alpha=0.05, ratio=ratio, alternative="larger"
        )
        found = size(
            0.2,
            absolute=0.05,
            power=0.9,
            alternative="greater",
            split=ratio / (1 + ratio),
            method="arcsine",
        )
        assert found.unrounded[0] == pytest.approx(expected, rel=1e-6)

    def test_unpooled_by_hand(self):
        # Wald: (z + y)^2 (p q + p' q' / r) / d^2
        z, y = stats.norm.isf(0.025), stats.norm.isf(0.1)
        expected = (z + y) ** 2 * (0.3 * 0.7 + 0.4 * 0.6 / 2) / 0.01
        found = size(0.3, absolute=0.1, power=0.9, split=2 / 3, method="unpooled")
        assert found.unrounded[0] == pytest.approx(expected, rel=1e-12)

    def test_score_allows_for_its_variance(self):
        # at the answer, the z of the expected difference reaches z * sqrt(N / (N - 1)) scaled
        n = size(0.1, absolute=0.3, method="score").unrounded[0]
        total, mean = 2 * n, 0.25
        tested = mean * (1 - mean) * 2 / n * total / (total - 1)
        own = (0.1 * 0.9 + 0.4 * 0.6) / n
        reach = (0.3 - stats.norm.isf(0.025) * math.sqrt(tested)) / math.sqrt(own)
        assert stats.norm.cdf(reach) == pytest.approx(0.8, abs=1e-9)


class TestInverses:
    @pytest.mark.parametrize("method", CLOSED)
    @pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
    @pytest.mark.parametrize("control", [0.003, 0.2, 0.5, 0.93])
    def test_of_each_other(self, method, alternative, control):
        effect = -0.3 * control if alternative == "less" else 0.3 * min(control, 1 - control)
        more = {"method": method, "alternative": alternative, "design_effect": 1.7, "alpha": 0.1}
        needed = size(control, absolute=effect, split=0.4, power=0.85, treatments=2, **more)
        back = detectable(needed.unrounded, control, power=0.85, treatments=2, **more)
        assert back.absolute == pytest.approx(effect, rel=1e-9)
        chance = power(needed.unrounded, control, absolute=effect, treatments=2, **more)
        assert chance.power == pytest.approx(0.85, abs=1e-9)

    def test_a_fall_is_the_rise_of_those_who_did_not(self):
        fall = size(0.2, absolute=-0.05, method="pooled").unrounded[0]
        rise = size(0.8, absolute=0.05, method="pooled").unrounded[0]
        assert fall == pytest.approx(rise, rel=1e-12)
        both = detectable(500, 0.2, method="pooled")
        assert both.fall == pytest.approx(
            detectable(500, 0.2, method="pooled", alternative="less", alpha=0.025).absolute
        )

    def test_more_leads_find_less(self):
        found = [detectable(n, 0.1).absolute for n in (50, 200, 1000, 100_000)]
        assert found == sorted(found, reverse=True)

    def test_larger_for_clusters_looks_and_treatments(self):
        plain = size(0.2, absolute=0.05).unrounded[0]
        assert size(0.2, absolute=0.05, design_effect=1.4).unrounded[0] == pytest.approx(
            1.4 * plain
        )
        assert size(0.2, absolute=0.05, inflation=1.028).unrounded[0] == pytest.approx(
            1.028 * plain
        )
        three = size(0.2, absolute=0.05, treatments=3)
        one = size(0.2, absolute=0.05, alpha=0.05 / 3)
        assert three.unrounded[0] == pytest.approx(one.unrounded[0])
        assert three.total == 4 * three.n_control

    def test_nothing_can_be_found(self):
        found = detectable(3, 0.5)
        assert math.isnan(found.absolute)
        assert "no effect" in found.summary()
        assert "largest rise" in found.summary()
        assert found.to_frame()["power"].isna().all()


class TestShown:
    def test_sentences(self):
        text = size(0.2, absolute=0.05, treatments=2, design_effect=1.2).summary()
        assert "leads in each of 3 arms" in text
        assert "a rise of 5.0 points (20.0\u202f% to 25.0\u202f%) with a chance of 80" in text
        assert "alpha / 2" in text
        assert "design effect 1.2" in text
        assert "or a fall of at least 4.8 points" in detectable(1000, 0.2).summary()
        assert "in control and" in size(0.2, absolute=0.05, split=0.3, units="accounts").summary()

    def test_a_note_where_the_default_test_is_exact(self):
        assert "exact test is the default" in size(0.2, absolute=0.4).summary()
        assert "exact test is the default" not in size(0.2, absolute=0.05).summary()

    def test_frame(self):
        frame = size(0.2, absolute=0.05, method="simple").to_frame()
        row = frame.iloc[0]
        assert len(frame) == 1
        assert (row["n_control"], row["total"], row["control_rate"]) == (1031, 2062, 0.2)
        assert row["power"] >= 0.8


class TestDesignEffect:
    def test_equal_sizes(self):
        # Kish: 1 + (m - 1) icc
        assert planned_design_effect([5] * 7, 0.1) == pytest.approx(1.4)

    def test_unequal_sizes(self):
        # Eldridge et al.: 1 + ((cv^2 + 1) m - 1) icc with cv^2 the variance over the squared mean
        sizes = [1, 2, 3, 10]
        cv2 = (sum(s * s for s in sizes) / 4 - 16) / 16
        assert planned_design_effect(sizes, 0.2) == pytest.approx(1 + ((cv2 + 1) * 4 - 1) * 0.2)

    def test_independent_or_alone(self):
        assert planned_design_effect([9, 9], 0.0) == 1.0
        assert planned_design_effect([1, 1], 1.0) == 1.0

    @pytest.mark.parametrize(
        ("sizes", "icc"), [([], 0.1), ([0], 0.1), ([3], 1.2), ([3], -0.1), (["x"], 0)]
    )
    def test_wrong(self, sizes, icc):
        with pytest.raises(ArgumentError, match=r"`account_sizes`|`icc`"):
            planned_design_effect(sizes, icc)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"control_rate": 20, "absolute": 0.05}, r"`control_rate`.*Did you mean 0\.2"),
        ({"control_rate": 0.2, "absolute": 5}, r"`absolute`.*Did you mean 0\.05"),
        ({"control_rate": 0.2, "relative": 25}, r"`relative`.*Did you mean 0\.25"),
        ({"control_rate": 0.2, "relative": 5}, "`relative` must leave"),
        ({"control_rate": 0, "absolute": 0.05}, "`control_rate`"),
        ({"control_rate": float("nan"), "absolute": 0.05}, "`control_rate` must be a number"),
        ({"control_rate": "a lot", "absolute": 0.05}, "`control_rate` must be a number"),
        ({"control_rate": 0.2}, "neither"),
        ({"control_rate": 0.2, "absolute": 0.05, "relative": 0.2}, "both"),
        ({"control_rate": 0.2, "absolute": 0}, "other than 0"),
        ({"control_rate": 0.2, "absolute": 0.05, "power": 80}, r"`power`.*0\.8"),
        ({"control_rate": 0.2, "absolute": 0.05, "power": 0.02}, "`power` must be above"),
        ({"control_rate": 0.2, "absolute": 0.05, "alpha": 0.95}, r"`alpha`.*0\.05"),
        ({"control_rate": 0.2, "absolute": 0.05, "alpha": 0}, "`alpha`"),
        ({"control_rate": 0.2, "absolute": 0.05, "split": 1}, "`split`"),
        ({"control_rate": 0.2, "absolute": 0.05, "split": 50}, r"`split`.*0\.5"),
        ({"control_rate": 0.2, "absolute": 0.05, "method": "pool"}, "Did you mean `pooled`"),
        ({"control_rate": 0.2, "absolute": 0.05, "test": "fischer"}, "Did you mean `fisher`"),
        ({"control_rate": 0.2, "absolute": 0.05, "alternative": "more"}, "`alternative`"),
        ({"control_rate": 0.2, "absolute": 0.05, "alternative": "less"}, "cannot find a rise"),
        ({"control_rate": 0.2, "absolute": -0.05, "alternative": "greater"}, "cannot find a fall"),
        ({"control_rate": 0.2, "absolute": 0.05, "design_effect": 0.5}, "`design_effect`"),
        ({"control_rate": 0.2, "absolute": 0.05, "inflation": True}, "`inflation`"),
        ({"control_rate": 0.2, "absolute": 0.05, "treatments": 0}, "`treatments`"),
        ({"control_rate": 0.2, "absolute": 0.01, "method": "exact"}, "at most 400"),
    ],
)
def test_wrong_arguments(arguments, words):
    with pytest.raises(FunnelError, match=words):
        size(**arguments)


@pytest.mark.parametrize("n", [0, -5, "many", (100,), (1, 2, 3), (100, 0), float("inf"), None])
def test_wrong_numbers(n):
    for call in (lambda: power(n, 0.2, absolute=0.05), lambda: detectable(n, 0.2)):
        with pytest.raises(ArgumentError, match="`n`"):
            call()
