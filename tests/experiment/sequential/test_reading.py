"""Looks at a running experiment: sentences, corrected answers, overrun, and what is refused."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from funnelkit._core.errors import ArgumentError
from funnelkit.experiment import Arm, Comparison
from funnelkit.experiment.sequential.designs import boundaries
from funnelkit.experiment.sequential.observed import Look
from funnelkit.experiment.sequential.ordering import Outcome
from funnelkit.experiment.sequential.reading import analyse_looks


def compared(
    effect: float, error: float, n: int = 400, alternative: str = "two-sided"
) -> Comparison:
    """A comparison whose interval and p-value are those of a normal distribution."""
    z = effect / error
    if alternative == "two-sided":
        p = 2 * stats.norm.sf(abs(z))
    else:
        p = stats.norm.sf(z if alternative == "greater" else -z)

    def bounds(level: float) -> tuple[float, float]:
        if alternative == "greater":
            return effect - stats.norm.ppf(level) * error, math.inf
        if alternative == "less":
            return -math.inf, effect + stats.norm.ppf(level) * error
        half = stats.norm.isf((1 - level) / 2) * error
        return effect - half, effect + half

    return Comparison(
        metric="rate",
        unit="share",
        control=Arm(name="control", n=n / 2, mean=0.2, converted=0.1 * n),
        treatment=Arm(name="B", n=n / 2, mean=0.2 + effect, converted=0.1 * n),
        scale="difference",
        effect=effect,
        pvalue=float(p),
        bounds=bounds,
        method="normal test",
        alternative=alternative,  # type: ignore[arg-type]
    )


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u2212", "-")


def test_each_look_says_which_boundary_applied_and_what_is_spent() -> None:
    found = analyse_looks([(400, 0.9), (800, 2.1)], boundaries(5, planned=2000))
    first, second = (plain(one.sentence) for one in found.looks)
    assert first == (
        "Look 1 of 5: 20 % of the information is in; the boundary was z = 4.88; ours is 0.9: "
        "go on. Less than 0.0001 of 0.05 is spent."
    )
    assert second == (
        "Look 2 of 5: 40 % of the information is in; the boundary was z = 3.36; ours is 2.1: "
        "go on. 0.0008 of 0.05 is spent."
    )
    assert found.state == "running"
    assert found.stopped_at is None


def test_after_the_stop_by_stage_wise_ordering() -> None:
    # R: rpact::getAnalysisResults of a one-sided design at .025 with informationRates c(.2, .4, .6,
    # 1), typeOfDesign "WT" .45; overall statistics 1.52, 1.38, 2.9 at 29 events: final p
    # .013371274, hazard ratio 2.632639 (1.1294538 to 5.6956842) by its unit tests.
    # The log ratio is the drift times a scale.
    end = Outcome(
        information=np.array([0.2, 0.4, 0.6]),
        upper=np.array([2.4878815, 2.4031352, 2.3549063]),
        z=2.9,
        two_sided=False,
    )
    assert end.pvalue() == pytest.approx(0.013371274, abs=2e-9)
    scale = 2 / math.sqrt(29) * math.sqrt(0.6)
    assert math.exp(end.estimate() * scale) == pytest.approx(2.632639, abs=2e-6)
    assert math.exp(end.interval(0.975)[0] * scale) == pytest.approx(1.1294538, abs=1e-6)
    assert end.above(math.log(5.6956842) / scale) == pytest.approx(0.975, abs=1e-6)


def test_at_the_first_look_nothing_needs_correction() -> None:
    found = analyse_looks([(400, 0.25, 0.05)], boundaries(5, planned=2000))
    assert found.state == "crossed"
    assert found.pvalue == pytest.approx(2 * stats.norm.sf(5))
    assert found.effect == pytest.approx(0.25)
    assert found.confidence_interval() == pytest.approx(
        (0.25 - 1.959964 * 0.05, 0.347998), abs=1e-6
    )


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_p_value_and_interval_are_a_pair_after_the_stop(alternative: str) -> None:
    plan = boundaries(4, planned=800, alternative=alternative)  # type: ignore[arg-type]
    sign = -1 if alternative == "less" else 1
    errors = [0.08, 0.055, 0.046, 0.04]
    effects = [0.06, 0.05, 0.07, 0.091]
    looks = [
        (200 * (k + 1), compared(sign * effects[k], errors[k], alternative=alternative))
        for k in range(4)
    ]
    found = analyse_looks(looks, plan)
    assert found.stopped_at == 4
    p = found.pvalue
    assert 0.001 < p < 0.05
    for level in (1 - p - 1e-6, 1 - p + 1e-6):
        low, high = found.confidence_interval(level)
        excluded = low > 0 or high < 0
        assert excluded == (level < 1 - p)
    low, high = found.confidence_interval()
    assert low < found.effect < high
    # shrunk towards none, as an estimate after a stop must be
    assert abs(found.effect) < 0.091
    one = found.comparison()
    assert one.pvalue == p
    assert one.confidence_interval() == found.confidence_interval()
    assert "stage-wise adjusted for 4 looks" in one.summary()


@pytest.mark.parametrize("spending", ["pocock", "obrien-fleming"])
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_p_value_and_interval_are_a_pair_while_it_runs(spending: str, alternative: str) -> None:
    plan = boundaries(
        5,
        planned=1000,
        spending=spending,
        alternative=alternative,  # type: ignore[arg-type]
    )
    sign = -1 if alternative == "less" else 1
    found = analyse_looks([(200, sign * 0.03, 0.04), (430, sign * 0.05, 0.027)], plan)
    assert found.state == "running"
    assert 0.05 < found.pvalue < 1
    for level in (1 - found.pvalue - 1e-6, 1 - found.pvalue + 1e-6):
        low, high = found.confidence_interval(level)
        assert (low > 0 or high < 0) == (level < 1 - found.pvalue)
    last = found.latest
    assert found.confidence_interval() == pytest.approx((last.low, last.high))


def test_the_repeated_p_value_is_the_level_whose_constant_is_z() -> None:
    # 2.413176 is Pocock's constant of .05 at five looks, in more digits than the table's 2.413
    plan = boundaries(5, method="pocock", alpha=0.01)
    running = analyse_looks([(0.2, 1.0), (0.4, 2.413176)], plan)
    assert running.state == "running"
    assert running.pvalue == pytest.approx(0.05, abs=1e-5)


def test_unplanned_looks_and_information_beyond_the_plan() -> None:
    plan = boundaries(4, planned=1000)
    found = analyse_looks([(130, 0.2), (610, 1.1), (700, 1.2), (1100, 1.5)], plan)
    # each boundary spends what its information allows: the function at .13, .61, .7 and 1
    t = np.array([0.13, 0.61, 0.7, 1.0])
    spent = 2 * 2 * stats.norm.sf(stats.norm.isf(0.0125) / np.sqrt(t))
    assert [one.spent for one in found.looks] == pytest.approx(spent.tolist())
    assert found.state == "ended"
    assert "1100 against 1000" in found.summary()
    assert "All of 0.05 is spent." in found.latest.sentence
    # the error in all is still .05: by simulated paths at the information that came
    rng = np.random.default_rng(3)
    at = np.array([0.13, 0.61, 0.7, 1.1])
    score = (rng.normal(size=(200_000, 4)) * np.sqrt(np.diff(at, prepend=0))).cumsum(axis=1)
    upper = np.array([one.upper for one in found.looks])
    wrong = (np.abs(score / np.sqrt(at)) >= upper).any(axis=1).mean()
    assert wrong == pytest.approx(0.05, abs=5 * math.sqrt(0.05 * 0.95 / 200_000))
    later = analyse_looks([(500, 1.0), (1100, 1.1), (1300, 9.0)], plan)
    assert "nothing was left to spend" in later.looks[2].sentence
    assert later.looks[2].crossed == ""


def test_a_last_look_with_less_than_planned_spends_what_is_left() -> None:
    plan = boundaries(4, planned=1000)
    short = [(300, 1.0), (800, 2.05)]
    assert analyse_looks(short, plan).state == "running"
    closed = analyse_looks(short, plan, final=True)
    assert closed.state == "crossed"
    assert closed.latest.spent == pytest.approx(0.05)


def test_conditional_power_is_a_normal_probability() -> None:
    plan = boundaries(2, planned=1000, alternative="greater")
    found = analyse_looks([(400, 0.02, 0.02)], plan, planned_effect=0.05)
    one = found.latest
    # boundary of a last look at 1 after one at .4: the joint normal leaves alpha above
    joint = stats.multivariate_normal([0, 0], [[1, math.sqrt(0.4)], [math.sqrt(0.4), 1]])
    critical = optimize.brentq(lambda b: joint.cdf([one.upper, b]) - 0.95, 1.5, 2.0)
    se = 0.02 * math.sqrt(0.4)  # at full information
    mean = 0.4 * 0.02 / se  # the score so far
    chances = [
        stats.norm.sf((critical - mean - 0.6 * effect / se) / math.sqrt(0.6))
        for effect in (0.02, 0.05, 0.0)
    ]
    assert [one.power_trend, one.power_planned, one.power_none] == pytest.approx(chances, abs=2e-4)
    assert "Chance that the last look crosses" in found.summary()


def test_the_planned_effect_of_a_plan_is_its_drift() -> None:
    plan = boundaries(1, planned=1.0, alternative="greater", power=0.9)
    # with almost nothing in, the chance is the power
    found = analyse_looks([(0.0002, 0.0)], plan)
    assert found.latest.power_planned == pytest.approx(0.9, abs=0.005)
    assert found.latest.power_none == pytest.approx(0.05, abs=0.005)


def test_futility_is_said_and_does_not_bind() -> None:
    plan = boundaries(4, planned=800, futility="pocock", alternative="greater")
    found = analyse_looks([(200, 0.4), (400, 0.1)], plan)
    assert found.state == "futile"
    assert found.stopped_at is None
    assert "it may stop for futility (not binding)" in found.latest.sentence
    assert found.looks[1].futility == pytest.approx(plan.futility[1])
    further = analyse_looks([(200, 0.4), (400, 0.1), (600, 2.9)], plan)
    assert further.state == "crossed"
    both = boundaries(4, planned=800, futility="pocock")
    for z in (0.05, -0.05):
        assert analyse_looks([(400, z)], both).state == "futile"
    less = boundaries(4, planned=800, futility="pocock", alternative="less")
    assert analyse_looks([(400, -0.1)], less).state == "futile"
    assert analyse_looks([(400, -1.4)], less).state == "running"


def test_leads_that_mature_after_the_stop_replace_its_look() -> None:
    plan = boundaries(4, planned=800)
    looks = [(200, 0.06, 0.08), (400, 0.19, 0.055)]
    stopped = analyse_looks(looks, plan)
    assert stopped.stopped_at == 2
    late = analyse_looks(looks, plan, overrun=(480, 0.17, 0.05))
    # deletion: the first look as it was, then that with the added leads, and no look between
    upper = plan.upper[0]
    at = np.array([0.25, 0.6])
    rho = math.sqrt(0.25 / 0.6)
    law = stats.multivariate_normal([0, 0], [[1, rho], [rho, 1]])
    inside = law.cdf([upper, 3.4], lower_limit=[-upper, -40])
    above = stats.norm.sf(upper) + (1 - 2 * stats.norm.sf(upper) - inside)
    assert late.pvalue == pytest.approx(2 * above, abs=1e-5)
    assert late.outcome is not None
    assert late.outcome.information.tolist() == at.tolist()
    assert "the finding stands" in late.summary()
    gone = analyse_looks(looks, plan, overrun=(480, 0.02, 0.05))
    assert gone.pvalue > 0.5
    assert "no effect is shown" in gone.summary()
    with pytest.raises(ArgumentError, match="no boundary was crossed"):
        analyse_looks(looks[:1], plan, overrun=(480, 0.17, 0.05))
    with pytest.raises(ArgumentError, match="no less information"):
        analyse_looks(looks, plan, overrun=(300, 0.17, 0.05))


def test_looks_after_the_stop_change_nothing() -> None:
    plan = boundaries(4, planned=800)
    looks = [(200, 0.5), (400, 3.9), (600, 0.3)]
    found = analyse_looks(looks, plan)
    assert found.pvalue == analyse_looks(looks[:2], plan).pvalue
    assert "1 later look changed nothing" in found.summary()


def test_comparisons_bring_their_own_information_and_intervals() -> None:
    plan = boundaries(4, planned=800, alternative="two-sided")
    found = analyse_looks([compared(0.02, 0.05, n=200), compared(0.05, 0.035, n=400)], plan)
    assert [one.information for one in found.looks] == [200, 400]
    assert found.looks[1].z == pytest.approx(0.05 / 0.035)
    upper = found.looks[1].upper
    expected = (0.05 - upper * 0.035, 0.05 + upper * 0.035)
    assert (found.looks[1].low, found.looks[1].high) == pytest.approx(expected)
    assert "the effect is +5.0 points" in plain(found.summary())
    assert "repeated for 2 looks" in found.comparison().summary()


def test_forms_of_looks_are_the_same() -> None:
    plan = boundaries(4, planned=800)
    pairs = analyse_looks([(200, 0.5), (400, 1.5)], plan)
    frame = pd.DataFrame({"information": [200, 400], "z": [0.5, 1.5], "note": ["=1+1", "<b>"]})
    named = [Look(information=200, z=0.5), Look(information=400, z=1.5)]
    for other in (frame, named, ((200, 0.5), (400, 1.5))):
        assert analyse_looks(other, plan).to_frame().equals(pairs.to_frame())
    effects = pd.DataFrame({"information": [200, 400], "effect": [1, 3], "standard_error": [2, 2]})
    assert [one.z for one in analyse_looks(effects, plan).looks] == [0.5, 1.5]


@pytest.mark.parametrize(
    ("looks", "words"),
    [
        ([], "at least one look"),
        ("400", "sequence of looks"),
        (3, "sequence of looks"),
        ([(400,)], r"look 1 must be \(information, z\)"),
        ([(400, "1.2")], "look 1 must hold numbers; got '1.2'"),
        ([(400, math.nan)], "must hold numbers"),
        ([(400, 1.0), (300, 1.0)], "rise from look to look"),
        ([(0, 1.0)], "numbers above 0"),
        ([(400, 1.0, 0.0)], "standard error above 0"),
        ([Look(information=math.inf, z=1.0)], "must hold numbers"),
        (pd.DataFrame({"information": [1]}), "a frame needs the columns"),
        ([compared(0.1, 0.05, alternative="greater")], 'the plan has "two-sided"'),
    ],
)
def test_what_is_no_look_is_refused(looks: object, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        analyse_looks(looks, boundaries(5, planned=2000))


def test_what_does_not_fit_the_plan_is_refused() -> None:
    with pytest.raises(ArgumentError, match='method="lan-demets"'):
        analyse_looks([(k, 0.1) for k in (1, 2, 3)], boundaries(2, planned=3, method="pocock"))
    with pytest.raises(ArgumentError, match="`plan` must be what `boundaries` returns"):
        analyse_looks([(400, 1.0)], 5)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="hold z only"):
        analyse_looks([(400, 1.0)], boundaries(5, planned=2000), planned_effect=0.05)
    with pytest.raises(AttributeError, match="no Comparison"):
        analyse_looks([(400, 1.0)], boundaries(5, planned=2000)).comparison()
    nothing = compared(0.1, 0.05)
    object.__setattr__(nothing, "pvalue", math.nan)
    with pytest.raises(ArgumentError, match="has no p-value"):
        analyse_looks([nothing], boundaries(5, planned=2000))
    off = analyse_looks([(0.3, 1.0)], boundaries(5, method="pocock"))
    assert "did not come as planned" in off.summary()


def test_extreme_statistics_are_read() -> None:
    plan = boundaries(5, planned=2000)
    certain = compared(0.4, 0.05)
    object.__setattr__(certain, "pvalue", 0.0)
    found = analyse_looks([(400, certain)], plan)
    assert found.looks[0].z == 37.0
    assert found.pvalue < 1e-200
    none = analyse_looks([(400, 0.0)], plan)
    assert none.pvalue == pytest.approx(1.0)
    assert all(math.isfinite(value) for value in none.confidence_interval())
