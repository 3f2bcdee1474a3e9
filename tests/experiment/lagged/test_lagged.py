"""`compare_lagged`: verdicts, arms that are hard to compare, notes, and what it refuses."""

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.counts.triangle import AccountSums
from funnelkit.experiment.lagged import LaggedComparison, compare_lagged
from funnelkit.experiment.lagged.comparing import horizon_of
from funnelkit.experiment.lagged.curves_of_arms import ArmCurves
from funnelkit.experiment.lagged.five_answers import Question
from funnelkit.experiment.lagged.two_arms import kept_open

Build = Callable[..., fk.Triangle]
ARMS = ("control", "treatment")


def expected(
    rates: tuple[float, float],
    means: tuple[float, float],
    *,
    leads: tuple[int, int] = (900, 900),
    oldest: tuple[int, int] = (200, 90),
) -> fk.Triangle:
    """Leads of every age up to the oldest, converting exactly as an exponential pace says."""
    size = max(oldest) + 1
    won, still, followed = (np.zeros((2, 1, size)) for _ in range(3))
    for k in (0, 1):
        each = leads[k] / (oldest[k] + 1)
        mean, ages = means[k], np.arange(size)
        by = 1 - mean * (1 - np.exp(-1 / mean)) * np.exp(-ages / mean)
        for age in range(oldest[k] + 1):
            won[k, 0, : age + 1] += each * rates[k] * np.diff(by[: age + 1], prepend=0.0)
            still[k, 0, age] += each * (1 - rates[k] * by[age])
            followed[k, 0, age] += each
    whole = [
        np.diff(np.round(np.cumsum(cube, axis=2)), axis=2, prepend=0).astype(int)
        for cube in (won, still)
    ]
    entered = whole[0].sum(axis=2) + whole[1].sum(axis=2)
    ages = np.round(np.cumsum(followed, axis=2) * (entered / followed.sum(axis=2))[..., None])
    return fk.Triangle(
        start="lead",
        target="won",
        by=("variant",),
        segments=(("control",), ("treatment",)),
        cohorts=pd.period_range("2026-01", periods=1, freq="M"),
        as_of=dt.date(2026, 12, 31),
        entered=entered,
        events={"won": whole[0]},
        censored=whole[1],
        followed=np.diff(ages, axis=2, prepend=0).astype(int),
    )


@pytest.mark.parametrize(
    ("rates", "means", "verdict", "word"),
    [
        ((0.15, 0.25), (20.0, 20.0), "more", "More, with no sign of another pace"),
        ((0.25, 0.15), (20.0, 20.0), "more", "Fewer, with no sign of another pace"),
        ((0.2, 0.2), (30.0, 12.0), "faster", "Faster, with no sign of another rate"),
        ((0.2, 0.2), (12.0, 30.0), "faster", "Slower, with no sign of another rate"),
        ((0.15, 0.27), (30.0, 12.0), "both", "More and faster"),
        ((0.2, 0.2), (20.0, 20.0), "neither", "Neither more nor faster can be told"),
    ],
)
def test_more_is_told_from_faster(
    rates: tuple[float, float], means: tuple[float, float], verdict: str, word: str
) -> None:
    found = compare_lagged(expected(rates, means), family="weibull")
    assert found.verdict == verdict
    assert found.finding.startswith(word)
    odds = [rate / (1 - rate) for rate in rates]
    assert found.eventual.effect == pytest.approx(odds[1] / odds[0], rel=0.1)
    assert found.pace.effect == pytest.approx(means[1] / means[0], rel=0.15)
    low, high = found.matured.confidence_interval()
    truth = [
        rate * (1 - math.exp(-(found.horizon + 0.5) / mean))
        for rate, mean in zip(rates, means, strict=True)
    ]
    assert low < truth[1] - truth[0] < high


def test_the_summary_says_rates_verdict_and_maturity() -> None:
    found = compare_lagged(expected((0.2, 0.2), (20.0, 20.0)), family="weibull")
    said = found.summary().replace("\u202f", " ")
    assert said.startswith("Lead to won within 68 days: treatment 19.")
    assert "Neither more nor faster can be told" in said
    assert "half of treatment's leads are at least 45 days old" in said
    assert "half of control's 100 days" in said
    assert "are not to be compared" in said
    # Mean of F(min(age, 68)) / F(68) over ages 0 to 200 and 0 to 90, F exponential of mean 20.
    for share, oldest in zip(found.maturity, (200, 90), strict=True):
        ages = np.minimum(np.arange(oldest + 1), 68)
        by = 1 - 20 * (1 - math.exp(-1 / 20)) * np.exp(-ages / 20)
        assert share == pytest.approx((by / by.max()).mean(), abs=0.01)


def test_units_are_called_what_they_are() -> None:
    found = compare_lagged(expected((0.2, 0.2), (20.0, 20.0)), units="trials", names=("A", "B"))
    assert "half of B's trials are at least" in found.summary()
    assert "leads" not in found.summary()


def test_arms_of_one_maturity_are_said_to_be_so() -> None:
    alike = expected((0.2, 0.2), (20.0, 20.0), oldest=(120, 120))
    assert compare_lagged(alike).maturity_text.startswith("The arms are about equally mature")


def test_two_triangles_are_the_arms_of_one() -> None:
    whole = expected((0.15, 0.25), (20.0, 20.0))
    apart = [replace(whole.select(segment=name), by=(), segments=((),)) for name in ARMS]
    one, two = compare_lagged(whole), compare_lagged(*apart)
    assert one.summary() == two.summary()
    assert compare_lagged(*apart, names=("A", "B")).matured.treatment.name == "B"


def test_other_segment_columns_are_summed_over(counts: Build) -> None:
    half = expected((0.15, 0.25), (20.0, 20.0), leads=(300, 300))
    parts = [
        replace(half, by=("region", "variant"), segments=tuple((region, arm) for arm in ARMS))
        for region in ("north", "south")
    ]
    both = parts[0] + parts[1]
    with pytest.raises(ArgumentError, match="`by` must say which of 'region' and 'variant'"):
        compare_lagged(both)
    found = compare_lagged(both, by="variant")
    assert found.matured.control.n == 2 * half.entered[0, 0]


def test_a_variant_of_any_name_and_blank_ones(counts: Build) -> None:
    rows = [("A", age % 9, "won" if age % 3 == 0 else "") for age in range(60)]
    rows += [("<b>=1+1", age % 9, "won" if age % 2 == 0 else "") for age in range(60)]
    rows += [(None, 3, "")] * 4
    triangle = counts(rows, arms=("A", "<b>=1+1", None))
    with pytest.raises(ArgumentError, match="`control` must name the variant"):
        compare_lagged(triangle)
    found = compare_lagged(triangle, control="A")
    assert found.names == ("A", "<b>=1+1")
    assert "4 leads without a variant are left out." in found.summary()
    assert "<b>" not in found._repr_html_()


def test_three_variants_need_a_name(counts: Build) -> None:
    rows = [
        (arm, age, "won" if age < 2 else "") for arm in ("control", "B", "C") for age in range(9)
    ]
    triangle = counts(rows, arms=("control", "B", "C"))
    with pytest.raises(ArgumentError, match=r"`treatment` must name .* there are 'B' and 'C'"):
        compare_lagged(triangle)
    assert compare_lagged(triangle, treatment="C").names == ("control", "C")
    with pytest.raises(ArgumentError, match="Did you mean `control`"):
        compare_lagged(triangle, control="contol", treatment="C")
    with pytest.raises(ArgumentError, match="another variant than control"):
        compare_lagged(triangle, treatment="control")


@pytest.mark.parametrize("empty", [0, 1])
def test_no_conversion_in_one_arm_is_no_obstacle(empty: int) -> None:
    rates = (0.0, 0.2) if empty == 0 else (0.2, 0.0)
    found = compare_lagged(expected(rates, (20.0, 20.0)))
    sign = 1 if empty == 0 else -1
    assert found.matured.effect * sign > 0.1
    assert found.matured.pvalue < 1e-6
    assert found.eventual.effect == (math.inf if empty == 0 else 0.0)
    assert found.hazard.effect == found.eventual.effect
    low, high = found.eventual.confidence_interval()
    assert (low > 1 and high == math.inf) if empty == 0 else (low == 0 and high < 1)
    assert math.isnan(found.pace.effect)
    assert found.verdict == "more"
    assert found.finding.startswith("More: " if empty == 0 else "Fewer: ")
    assert "that its pace is taken to be that of the other" in found.summary()
    assert "nan" not in found.summary()
    assert "inf" not in found.finding


def test_no_conversion_at_all_leaves_the_bound(counts: Build) -> None:
    found = compare_lagged(counts([(arm, age, "") for arm in ARMS for age in range(20)]))
    assert (found.matured.effect, found.matured.pvalue) == (0.0, 1.0)
    low, high = found.matured.confidence_interval()
    assert -1 < low < 0 < high < 1
    assert (found.waiting.effect, found.waiting.pvalue) == (0.0, 1.0)
    assert found.verdict == "unknown"
    assert "Nobody has converted" in found.summary()
    assert len(found.to_frame()) == 5


def test_everybody_converts(counts: Build) -> None:
    rows = [("control", age % 4, "won") for age in range(12)]
    rows += [("treatment", age % 3, "won") for age in range(12)]
    found = compare_lagged(counts(rows, size=10))
    assert (found.matured.effect, found.matured.pvalue) == (0.0, 1.0)
    assert found.hazard.effect > 1
    assert found.waiting.effect == pytest.approx(-0.5)


def test_arms_without_any_spread_have_no_test_of_waiting(counts: Build) -> None:
    rows = [("control", 9, "")] * 12 + [("treatment", 0, "won")] * 12
    found = compare_lagged(counts(rows)).waiting
    assert found.effect == -9.0
    assert math.isnan(found.pvalue)
    assert "nothing can be tested" in found.summary()


def test_one_lead_in_each_arm(counts: Build) -> None:
    found = compare_lagged(counts([("control", 5, ""), ("treatment", 2, "won")]))
    assert 0 < found.matured.pvalue <= 1
    assert found.summary()


def test_leads_that_left_are_no_censoring() -> None:
    """Half of those who would not convert leave on the first day: no rate is moved by it."""
    plain = expected((0.15, 0.25), (20.0, 20.0))
    never = np.array([0.85, 0.75])[:, None, None]
    gone = np.minimum((never * plain.followed / 2).astype(int), plain.censored)
    left = np.zeros_like(gone)
    left[..., 0] = gone.sum(axis=2)
    with_exits = replace(
        plain,
        exits=("lost",),
        events={"won": plain.events["won"], "lost": left},
        censored=plain.censored - gone,
    )
    one, other = compare_lagged(plain), compare_lagged(with_exits)
    assert other.matured.effect == pytest.approx(one.matured.effect, abs=0.01)
    assert other.eventual.effect == pytest.approx(one.eventual.effect, rel=0.02)
    assert "cause-specific" in other.hazard.method
    assert "Aalen-Johansen" in other.matured.method


def test_who_left_stays_open_up_to_the_age_of_today() -> None:
    """Two cohorts of a day, of ages 4 and 2: exact."""
    triangle = fk.Triangle(
        start="lead",
        target="won",
        exits=("lost",),
        cohorts=pd.period_range("2026-01-01", periods=2, freq="D"),
        as_of=dt.date(2026, 1, 5),
        entered=[[10, 6]],
        events={
            "won": [[[1, 2, 0, 0, 0], [1, 0, 0, 0, 0]]],
            "lost": [[[0, 1, 3, 0, 0], [0, 2, 0, 0, 0]]],
        },
        censored=[[[0, 0, 0, 0, 3], [0, 0, 3, 0, 0]]],
        followed=[[[0, 0, 0, 0, 10], [0, 0, 6, 0, 0]]],
    )
    found = kept_open(triangle)
    assert found.censored.tolist() == [[[0, 0, 0, 0, 7], [0, 0, 5, 0, 0]]]
    assert found.exits == ()


def test_without_those_that_left_before_recording_nothing_is_said_of_the_end(
    counts: Build,
) -> None:
    rows = [(arm, age % 30, "won" if age % 4 == 0 else "") for arm in ARMS for age in range(90)]
    rows += [(arm, 12, "lost") for arm in ARMS for _ in range(9)]
    triangle = counts(rows, exits=("lost",), size=40)
    late = np.zeros_like(triangle.censored)
    late[:, 0, 3] = 4
    found = compare_lagged(replace(triangle, late=late))
    assert found.incidence is None
    assert found.verdict == "unknown"
    assert "left before recording began are missing" in found.summary()
    assert compare_lagged(triangle).incidence is not None


def test_cohorts_of_two_lengths_are_refused() -> None:
    one = expected((0.2, 0.2), (20.0, 20.0)).collapse(segments=True)
    other = replace(one, cohorts=pd.period_range("2026-01-01", periods=1, freq="D"))
    with pytest.raises(ArgumentError, match="cohorts of the same length"):
        compare_lagged(one, other)
    with pytest.raises(ArgumentError, match="`names` must differ"):
        compare_lagged(one, one, names=("A", "A"))
    with pytest.raises(ArgumentError, match="`target` is the same"):
        compare_lagged(one, replace(one, target="paid", events={"paid": one.events["won"]}))


def test_leads_that_go_together_count_once() -> None:
    """Accounts of two leads that act alike are worth half: as with half the leads, or nearly."""
    whole = expected((0.15, 0.25), (20.0, 20.0))
    doubled = whole + whole
    won = whole.events["won"]
    accounts = AccountSums(accounts=whole.entered, nn=4 * whole.entered, xn=4 * won, xx=4 * won)
    together = compare_lagged(replace(doubled, accounts=accounts), family="weibull")
    plain = compare_lagged(whole, family="weibull")
    for name in ("matured", "hazard", "waiting", "eventual", "pace"):
        one, other = getattr(plain, name), getattr(together, name)
        assert other.effect == pytest.approx(one.effect, rel=1e-3, abs=1e-9)
        # A little less sure: the variance rests on a finite number of accounts.
        assert one.pvalue <= other.pvalue * 1.001
        assert stats.norm.isf(other.pvalue / 2) == pytest.approx(
            stats.norm.isf(one.pvalue / 2), rel=0.02, abs=0.01
        )


def test_undated_conversions_are_counted_and_said() -> None:
    plain = expected((0.15, 0.25), (20.0, 20.0))
    moved = np.minimum(plain.events["won"], 1)
    triangle = replace(plain, events={"won": plain.events["won"] - moved}, undated={"won": moved})
    found = compare_lagged(triangle)
    assert found.matured.effect == pytest.approx(compare_lagged(plain).matured.effect)
    assert f"The day of {moved.sum()} outcomes is not known" in found.summary()


def cohorts_apart() -> fk.Triangle:
    """Control entered on three days, the treatment on the last of them and a day after."""
    entered = np.array([[40, 40, 40, 0], [0, 0, 40, 40]])
    won, still, followed = (np.zeros((2, 4, 5), int) for _ in range(3))
    for k in (0, 1):
        for j in range(4):
            age = 4 - j
            won[k, j, 1] = entered[k, j] // (4 - k) if age else 0
            still[k, j, age] = entered[k, j] - won[k, j, 1]
            followed[k, j, age] = entered[k, j]
    return fk.Triangle(
        start="lead",
        target="won",
        by=("variant",),
        segments=(("control",), ("treatment",)),
        cohorts=pd.period_range("2026-01-01", periods=4, freq="D"),
        as_of=dt.date(2026, 1, 5),
        entered=entered,
        events={"won": won},
        censored=still,
        followed=followed,
    )


def test_only_leads_of_the_same_days_where_wanted() -> None:
    triangle = cohorts_apart()
    found = compare_lagged(triangle)
    assert found.together == 0.5
    said = found.summary().replace("\u202f", " ")
    assert "50 % of treatment's leads came when none of control's did" in said
    same = compare_lagged(triangle, concurrent=True)
    assert (same.matured.control.n, same.matured.treatment.n) == (40, 40)
    assert "came when none" not in same.summary()


def test_arms_that_never_overlap_are_compared_with_a_note(counts: Build) -> None:
    whole = expected((0.15, 0.25), (20.0, 20.0))
    first, second = (replace(whole.select(segment=name), by=(), segments=((),)) for name in ARMS)
    later = replace(second, cohorts=pd.period_range("2026-05", periods=1, freq="M"))
    found = compare_lagged(first, later, randomised=False)
    said = found.summary().replace("\u202f", " ")
    assert "100 % of treatment's leads came when none of control's did" in said
    assert "not told apart from the difference." in said
    with pytest.raises(EvidenceError, match="entered in no cohort together"):
        compare_lagged(first, later, concurrent=True)


@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_a_one_sided_question_has_one_sided_answers(alternative: str) -> None:
    triangle = expected((0.15, 0.25), (20.0, 14.0))
    both = compare_lagged(triangle, family="weibull")
    one = compare_lagged(triangle, family="weibull", alternative=alternative)  # type: ignore[arg-type]
    for twice, single in zip(both.comparisons, one.comparisons, strict=True):
        half = twice.pvalue / 2
        assert single.pvalue == pytest.approx(half if alternative == "greater" else 1 - half)
    low, high = one.matured.confidence_interval()
    assert (high == 1.0) == (alternative == "greater")
    assert (low == -1.0) == (alternative == "less")
    # Sooner is better: the side of times is the other one.
    assert (one.pace.confidence_interval().low == 0.0) == (alternative == "greater")


def test_the_horizon_looks_at_follow_up_only(counts: Build) -> None:
    rows = [("control", age % 100, "") for age in range(400)]
    rows += [("treatment", age % 40, "") for age in range(400)]
    found = compare_lagged(counts(rows))
    assert (found.horizon, found.chosen) == (30, True)  # a quarter of ages 0 to 39 is 30 or more
    few = [("control", age, "") for age in range(100)] + [
        ("treatment", age, "") for age in range(40)
    ]
    assert compare_lagged(counts(few)).horizon == 20  # half of 40 leads, as 25 would be more
    assert compare_lagged(counts(few), within=5).horizon == 5


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"within": 0}, ArgumentError, "`within` must be a whole number"),
        ({"within": 500}, EvidenceError, "at most 90 days.*up to 200.*up to 90; got 500"),
        ({"alternative": "more"}, ArgumentError, "`alternative` must be one of"),
        ({"confidence_level": 95}, ArgumentError, "Did you mean 0.95"),
        ({"by": "varian"}, ArgumentError, "Did you mean `variant`"),
        ({"family": "weibul"}, ArgumentError, "Did you mean `weibull`"),
    ],
)
def test_arguments_that_cannot_be_used(
    arguments: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        compare_lagged(expected((0.2, 0.2), (20.0, 20.0)), **arguments)  # type: ignore[arg-type]


def test_what_is_no_triangle_by_variant_is_refused(counts: Build) -> None:
    plain = replace(expected((0.2, 0.2), (20.0, 20.0)).collapse(segments=True))
    with pytest.raises(ArgumentError, match="not split by variant"):
        compare_lagged(plain)
    with pytest.raises(ArgumentError, match=r"`triangle` must be counts of fk.triangle.*got list"):
        compare_lagged([1, 2])  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="`other` must be counts"):
        compare_lagged(plain, "treatment")  # type: ignore[arg-type]


def test_an_arm_without_leads_or_without_a_day(counts: Build) -> None:
    triangle = counts([("control", 5, "")] * 9, arms=ARMS)
    with pytest.raises(EvidenceError, match="no lead of treatment entered lead"):
        compare_lagged(triangle)
    young = counts([("control", 5, "")] * 9 + [("treatment", 0, "")] * 9)
    with pytest.raises(EvidenceError, match="no lead of treatment is followed for a day"):
        compare_lagged(young)


def test_it_can_be_asked_again_and_shown() -> None:
    triangle = expected((0.15, 0.25), (20.0, 20.0))
    one, two = compare_lagged(triangle), compare_lagged(triangle)
    pd.testing.assert_frame_equal(one.to_frame(), two.to_frame())
    assert one.to_frame()["question"].tolist() == [
        "matured rate",
        "hazard",
        "waiting time",
        "eventual rate",
        "pace",
    ]
    assert isinstance(one, LaggedComparison)
    assert repr(one).startswith("<LaggedComparison>")


def test_a_treatment_that_began_later_finds_nothing_where_there_is_nothing(
    counts: Build,
) -> None:
    """400 tests without effect: raw rates find it in most, the others in 5 % or by chance 8."""
    rng = np.random.default_rng(11)
    size, runs, hits = 121, 400, {"raw": 0, "matured": 0, "hazard": 0, "waiting": 0}
    for _ in range(runs):
        won, still, followed = (np.zeros((2, 1, size), int) for _ in range(3))
        for k, oldest in enumerate((120, 40)):
            age = rng.integers(0, oldest + 1, 200)
            at = np.floor(rng.random(200) + rng.exponential(20, 200))
            seen = (rng.random(200) < 0.3) & (at <= age)
            np.add.at(won[k, 0], at[seen].astype(int), 1)
            np.add.at(still[k, 0], age[~seen], 1)
            np.add.at(followed[k, 0], age, 1)
        x = won.sum(axis=(1, 2))
        arms = fk.Triangle(
            start="lead",
            target="won",
            by=("arm",),
            segments=(("control",), ("treatment",)),
            cohorts=pd.period_range("2026-01", periods=1, freq="M"),
            as_of=dt.date(2026, 12, 31),
            entered=[[200], [200]],
            events={"won": won},
            censored=still,
            followed=followed,
        )
        curves = ArmCurves(counts=arms)
        asked = Question(
            curves=curves,
            names=ARMS,
            units="leads",
            horizon=horizon_of(curves, None, ARMS),
            alternative="two-sided",
            level=0.95,
            randomised=True,
        )
        pooled = x.sum() / 400
        away = abs(x[1] - x[0]) / math.sqrt(400 * pooled * (1 - pooled))
        hits["raw"] += away > 1.96
        hits["matured"] += asked.rate_within().pvalue < 0.05
        hits["hazard"] += asked.hazard(1.0).pvalue < 0.05
        hits["waiting"] += asked.waiting().pvalue < 0.05
    assert hits["raw"] > 0.5 * runs
    # 32 of 400 or more at a size of .05 has a chance of .007.
    assert max(hits["matured"], hits["hazard"], hits["waiting"]) < 32
