"""`compare_clustered` beside SciPy, published figures and slow versions; and what it refuses."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.counts.arms import arm_moments
from funnelkit.experiment.clusters.compared import compare_clustered
from funnelkit.experiment.clusters.moments import AccountMoments
from funnelkit.experiment.comparison import Comparison, Comparisons
from tests.reference.clusters import cr2, lead_rows, r_normal

# Weil (1970), as in table 1 of Rao and Scott (1992): survivors of litters, control and treated.
CONTROL = (
    [13, 12, 9, 9, 8, 8, 12, 11, 9, 9, 8, 11, 4, 5, 7, 7],
    [13, 12, 9, 9, 8, 8, 13, 12, 10, 10, 9, 13, 5, 7, 10, 10],
)
TREATED = (
    [12, 11, 10, 9, 10, 9, 9, 8, 8, 4, 7, 4, 5, 3, 3, 0],
    [12, 11, 10, 9, 11, 10, 10, 9, 9, 5, 9, 7, 10, 6, 10, 7],
)
METHODS = ("linearised", "cr2", "permutation")
SIDES = ("two-sided", "greater", "less")


def drawn(rng: np.random.Generator, accounts: int, shape: float = 1.0) -> tuple:
    n = 1 + rng.negative_binomial(2, 1 / 3, accounts)
    return rng.binomial(n, rng.beta(shape, 4, accounts)), n


def one(*arms: object, **options: object) -> Comparison:
    found = compare_clustered(*arms, **options)  # type: ignore[arg-type]
    assert isinstance(found, Comparison)
    return found


def framed(x: object, n: object, accounts: object) -> pd.DataFrame:
    return pd.DataFrame({"converted": x, "entered": n, "account": accounts})


# --- linearised ------------------------------------------------------------------------


def test_linearised_is_rao_and_scott_on_weils_litters() -> None:
    """R package PF 9.6.10, `rsb(rat$y, rat$n, id = rat$group)$d`: 1.232495 and 3.952861."""
    found = one(CONTROL, TREATED, method="linearised")
    first, second = 142 / 158, 112 / 145
    parts = [1.232495 * first * (1 - first) / 158, 3.952861 * second * (1 - second) / 145]
    df = sum(parts) ** 2 / sum(part**2 / 15 for part in parts)
    low, high = found.confidence_interval()
    assert found.effect == pytest.approx(second - first)
    assert (high - low) / 2 == pytest.approx(
        stats.t.isf(0.025, df) * math.sqrt(sum(parts)), rel=1e-6
    )
    assert found.pvalue == pytest.approx(2 * stats.t.sf(-found.statistic, df), rel=1e-6)
    assert (found.control.converted, found.control.n) == (142, 158)


def test_linearised_is_welch_where_accounts_are_of_one_size() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.binomial(6, 0.3, 9), rng.binomial(6, 0.5, 14)
    theirs = stats.ttest_ind(y / 6, x / 6, equal_var=False)
    for side in SIDES:
        theirs = stats.ttest_ind(y / 6, x / 6, equal_var=False, alternative=side)
        found = one(
            (x, np.full(9, 6)),
            (y, np.full(14, 6)),
            method="linearised",
            alternative=side,
            unit="number",
        )
        assert found.pvalue == pytest.approx(theirs.pvalue, rel=1e-9)
        expected = theirs.confidence_interval(0.95)
        assert found.confidence_interval() == pytest.approx(tuple(expected), rel=1e-9)


def test_linearised_is_the_paired_test_where_every_account_is_in_both_arms() -> None:
    rng = np.random.default_rng(2)
    rate = rng.beta(2, 3, 12)
    x, y = rng.binomial(5, rate), rng.binomial(5, rate)
    ids = np.arange(12)
    found = one((x, np.full(12, 5), ids), (y, np.full(12, 5), ids[::1]), method="linearised")
    theirs = stats.ttest_rel(y / 5, x / 5)
    assert found.pvalue == pytest.approx(theirs.pvalue, rel=1e-9)
    assert found.confidence_interval() == pytest.approx(
        tuple(theirs.confidence_interval()), rel=1e-9
    )
    assert "12 of them in both arms" in found.summary()


def test_sums_give_what_rows_give() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        control, treatment = drawn(rng, 25), drawn(rng, 31, 2)
        rows = one(control, treatment, method="linearised")
        sums = one(AccountMoments.of(*control), AccountMoments.of(*treatment))
        assert sums.pvalue == pytest.approx(rows.pvalue, rel=1e-9)
        assert sums.confidence_interval(0.8) == pytest.approx(rows.confidence_interval(0.8))
        assert sums.relative_interval() == pytest.approx(rows.relative_interval())
        assert sums.method == rows.method


def test_means_and_covariances_of_an_engine_suffice() -> None:
    duckdb = pytest.importorskip("duckdb")
    rng = np.random.default_rng(12)
    (x, n), (y, m) = drawn(rng, 40), drawn(rng, 50, 2)
    table = pd.DataFrame(
        {"arm": ["A"] * 40 + ["B"] * 50, "converted": np.r_[x, y], "entered": np.r_[n, m]}
    )
    with duckdb.connect() as connection:
        relation = connection.from_df(table)
        arms = arm_moments(relation, "arm", ["converted", "entered"])
    sums = [AccountMoments.from_means(*arms.of(name, "converted", "entered")) for name in "AB"]
    found, rows = one(*sums), one((x, n), (y, m), method="linearised")
    assert found.pvalue == pytest.approx(rows.pvalue, rel=1e-9)
    assert found.confidence_interval() == pytest.approx(rows.confidence_interval(), rel=1e-9)
    with pytest.raises(ArgumentError, match="2 x 2"):
        AccountMoments.from_means(3, [1.0], [[1.0]])


def test_sums_of_few_accounts_say_so_and_suffice_for_one_method_only() -> None:
    few = AccountMoments.of([1, 0, 2], [3, 2, 5])
    assert "few accounts for the linearised variance" in one(few, few).summary()
    with pytest.raises(ArgumentError, match="needs each account"):
        compare_clustered(few, few, method="cr2")
    with pytest.raises(ArgumentError, match="both arms as AccountMoments"):
        compare_clustered(few, CONTROL)
    with pytest.raises(ArgumentError, match=r"7 converted of 5 .* cannot be"):
        compare_clustered(few, AccountMoments.of([4, 3], [3, 2]))


# --- CR2 -------------------------------------------------------------------------------


def test_cr2_is_what_dfadjust_prints() -> None:
    """Vignette of R package dfadjust (17 December 2024), y ~ x2 with clusters, IK = FALSE.

    Three treated clusters of 50, control of seven of 50 and one of 500: estimate .1778, HC2 .0621,
    2.70 degrees of freedom, p .0731.
    """
    y = r_normal(7, 1000)
    codes = np.r_[np.repeat(np.arange(10), 50), np.full(500, 10)]
    sums, sizes = np.bincount(codes, y), np.bincount(codes)
    found = one((sums[3:], sizes[3:]), (sums[:3], sizes[:3]), method="cr2", unit="number")
    assert f"{found.effect:.4f}" == "0.1778"
    assert f"{found.effect / found.statistic:.4f}" == "0.0621"
    assert f"{found.pvalue:.4f}" == "0.0731"
    assert "2.7 degrees of freedom" in found.method


def test_rs_own_random_numbers() -> None:
    """R: set.seed(42); rnorm(3)."""
    assert r_normal(42, 3) == pytest.approx([1.37095845, -0.56469817, 0.36312841], abs=1e-8)


@pytest.mark.parametrize("shared", [0, 4, 12])
def test_cr2_beside_whole_matrices(shared: int) -> None:
    rng = np.random.default_rng(10 + shared)
    for _ in range(5):
        x, n = drawn(rng, 12)
        y, m = drawn(rng, 12, 3)
        ids = np.arange(12)
        other = np.arange(12 - shared, 24 - shared)
        outcomes, own = lead_rows(np.r_[x, y], np.r_[n, m])
        arm = (own >= 12).astype(float)
        codes = np.r_[ids, other][own]
        X = np.column_stack([np.ones(len(arm)), arm])
        variance, df = cr2(X, outcomes, codes, np.array([0.0, 1.0]))
        found = one((x, n, ids), (y, m, other), method="cr2")
        assert found.effect / found.statistic == pytest.approx(math.sqrt(variance), rel=1e-9)
        expected = 2 * stats.t.sf(abs(found.statistic), df)
        assert found.pvalue == pytest.approx(expected, rel=1e-9)


# --- permutation -----------------------------------------------------------------------


@pytest.mark.parametrize("side", SIDES)
def test_permutation_is_scipys_over_all_arrangements(side: str) -> None:
    rng = np.random.default_rng(4)
    for sizes in ((5, 5), (3, 7), (6, 4)):
        control, treatment = drawn(rng, sizes[0]), drawn(rng, sizes[1], 3)
        x, n = np.r_[control[0], treatment[0]], np.r_[control[1], treatment[1]]

        def gap(a: np.ndarray, b: np.ndarray, x: np.ndarray = x, n: np.ndarray = n) -> float:
            return x[a].sum() / n[a].sum() - x[b].sum() / n[b].sum()

        theirs = stats.permutation_test(
            (np.arange(sizes[0], sum(sizes)), np.arange(sizes[0])),
            lambda a, b: round(gap(a.astype(int), b.astype(int)), 12),
            n_resamples=np.inf,
            vectorized=False,
            alternative=side,
        )
        found = one(control, treatment, method="permutation", alternative=side)
        assert found.pvalue == pytest.approx(theirs.pvalue)
        assert f"all {math.comb(sum(sizes), sizes[0])} arrangements" in found.method


def shifted_pvalues(x: np.ndarray, n: np.ndarray, taken: int, moved: np.ndarray) -> tuple:
    """Shares of arrangements at least and at most as far apart as the data, moved outcomes."""
    size = len(x)
    seen = moved[:taken].sum() / n[:taken].sum() - moved[taken:].sum() / n[taken:].sum()
    above = below = total = 0
    for chosen in itertools.combinations(range(size), taken):
        inside = np.isin(np.arange(size), chosen)
        gap = moved[inside].sum() / n[inside].sum() - moved[~inside].sum() / n[~inside].sum()
        above += gap >= seen - 1e-11
        below += gap <= seen + 1e-11
        total += 1
    return above / total, below / total


def test_the_interval_of_a_permutation_holds_what_the_test_does_not_reject() -> None:
    rng = np.random.default_rng(5)
    control, treatment = drawn(rng, 5, 3), drawn(rng, 4, 4)
    x = np.r_[treatment[0], control[0]].astype(float)
    n = np.r_[treatment[1], control[1]].astype(float)
    treated = np.arange(9) < 4
    found = one(control, treatment, method="permutation", unit="number")
    for level in (0.6, 0.9):
        tail = (1 - level) / 2
        low, high = found.confidence_interval(level)
        for shift, held in ((low, True), (low - 1e-6, False), (high, True), (high + 1e-6, False)):
            both = shifted_pvalues(x, n, 4, x - shift * n * treated)
            assert (min(both) >= tail - 1e-12) == held
        low, high = found.relative_interval(level)
        for ratio, held in (
            (low + 1e-6, True),
            (low - 1e-6, False),
            (high - 1e-6, True),
            (high + 1e-6, False),
        ):
            both = shifted_pvalues(x, n, 4, np.where(treated, x / (1 + ratio), x))
            assert (min(both) >= tail - 1e-12) == held


def test_draws_come_near_all_arrangements_and_are_kept() -> None:
    rng = np.random.default_rng(6)
    control, treatment = drawn(rng, 9), drawn(rng, 9, 2)
    exact = one(control, treatment, method="permutation")
    few = one(control, treatment, method="permutation", draws=2_000, rng=3)
    assert "all 48,620" in exact.method
    assert "2,000 draws" in few.method
    assert few.pvalue == pytest.approx(exact.pvalue, abs=4 * math.sqrt(exact.pvalue / 2_000))
    assert (few.pvalue * 2_001 / 2) % 1 == pytest.approx(0, abs=1e-9)  # 2 (b + 1) / (draws + 1)
    assert "standard error of 0.0" in few.summary()
    again = one(control, treatment, method="permutation", draws=2_000, rng=3)
    assert (again.pvalue, again.confidence_interval()) == (few.pvalue, few.confidence_interval())
    assert few.confidence_interval() == few.confidence_interval()
    other = one(control, treatment, method="permutation", draws=2_000, rng=4)
    assert other.confidence_interval() != few.confidence_interval()


def test_accounts_in_both_arms_cannot_be_permuted() -> None:
    with pytest.raises(ArgumentError, match=r"1 account of 3 stands? in both arms"):
        compare_clustered(
            framed([1, 0], [2, 3], ["a", "b"]),
            framed([1, 0], [2, 3], ["b", "c"]),
            method="permutation",
        )


# --- every method ----------------------------------------------------------------------


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("method", METHODS)
def test_p_and_interval_are_a_pair(method: str, side: str) -> None:
    rng = np.random.default_rng(7)
    for _ in range(25):
        control = drawn(rng, int(rng.integers(2, 8)))
        treatment = drawn(rng, int(rng.integers(2, 8)), float(rng.choice([1, 4])))
        found = one(control, treatment, method=method, alternative=side, draws=500)
        levels = [0.5, 0.8, 0.95]
        if 0.02 < found.pvalue < 0.98:
            levels += [1 - found.pvalue + 0.005, 1 - found.pvalue - 0.005]
        for level in levels:
            low, high = found.confidence_interval(level)
            assert -1 <= low <= high <= 1
            rejected = found.pvalue < 1 - level - 1e-9
            assert rejected == (not low <= 0 <= high)
            if found.relative_bounds is not None:
                low, high = found.relative_interval(level)
                assert (not low <= 0 <= high) <= rejected
            if method != "permutation" and found.relative_bounds is not None:
                assert (not low <= 0 <= high) == rejected
        ends = found.confidence_interval()
        assert (ends[1] == 1) or side != "greater"
        assert (ends[0] == -1) or side != "less"


def test_swapping_the_arms_turns_the_sign() -> None:
    for method in METHODS:
        found, turned = one(CONTROL, TREATED, method=method), one(TREATED, CONTROL, method=method)
        assert turned.effect == pytest.approx(-found.effect)
        assert turned.pvalue == pytest.approx(found.pvalue, abs=0.02)


def test_fieller_holds_the_ratios_that_t_does_not_reject() -> None:
    found = one(CONTROL, TREATED, method="linearised")
    for end in found.relative_interval():
        scaled = (np.array(CONTROL[0]) * (1 + end), CONTROL[1])
        moved = one(scaled, TREATED, method="linearised", unit="number")
        low, high = moved.confidence_interval(0.95)
        # Degrees of freedom move a little with the scale; the end is where the gap is its error.
        assert min(abs(low), abs(high)) < 0.002


def test_auto_permutes_few_accounts_and_takes_cr2_otherwise() -> None:
    rng = np.random.default_rng(8)
    assert one(drawn(rng, 19), drawn(rng, 40), draws=99).method.startswith("permutation")
    x, n = drawn(rng, 30)
    assert one((x, n), drawn(rng, 30)).method.startswith("CR2")
    n[0] = 200  # more than all others together
    assert one((x, n), drawn(rng, 30), draws=99).method.startswith("permutation")
    shared = (*drawn(rng, 5), np.arange(5))
    assert one(shared, shared).method.startswith("CR2")


def test_rows_of_one_account_are_added_up_and_rows_without_one_stand_alone() -> None:
    control = framed([1, 1, 0, 1], [2, 1, 3, 4], ["a", "a", "b", None])
    treatment = framed([2, 0, 2], [3, 2, 4], ["c", "d", None])
    found = one(control, treatment, method="linearised")
    same = one(([2, 0, 1], [3, 3, 4]), ([2, 0, 2], [3, 2, 4]), method="linearised")
    assert found.pvalue == pytest.approx(same.pvalue)
    assert "2 rows without an account count as one each" in found.summary()
    assert list(control.columns) == ["converted", "entered", "account"]


def test_several_treatments_are_a_family() -> None:
    family = compare_clustered(
        CONTROL, {"B": TREATED, "C": CONTROL}, method="linearised", names=("A", "ignored")
    )
    assert isinstance(family, Comparisons)
    assert family["B"].control.name == "A"
    assert family.adjusted == pytest.approx((2 * family["B"].pvalue, 1.0))
    with pytest.raises(ArgumentError, match="at least one arm"):
        compare_clustered(CONTROL, {})


def test_money_per_lead() -> None:
    found = one(
        framed([0, 1200.5, 300], [2, 3, 4], list("abc")).rename(columns={"converted": "value"}),
        framed([900, 5000, 0], [2, 3, 1], list("def")).rename(columns={"converted": "value"}),
        numerator="value",
        unit="money",
        currency="EUR",
        metric="revenue per lead",
        randomised=False,
        method="cr2",
    )
    said = found.summary().replace("\u202f", " ")
    assert "Revenue per lead: treatment EUR 983 (6 leads) against control EUR 167 (9 leads)" in said
    assert found.word == "difference"
    assert found.control.converted is None


# --- edges -----------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["auto", *METHODS])
@pytest.mark.parametrize("share", [0, 1])
def test_nobody_or_everybody_converted_in_both_arms(share: int, method: str) -> None:
    n = np.array([3, 1, 7, 4])
    found = one((share * n, n), (share * n, n), method=method)
    low, high = found.confidence_interval()
    assert (found.effect, found.pvalue) == (0, 1)
    assert -1 < low < -0.2
    assert 0.2 < high < 1


@pytest.mark.parametrize("method", METHODS)
def test_all_against_none_is_sure_but_never_beyond_doubt(method: str) -> None:
    n = np.array([3, 1, 7, 4, 2])
    found = one((0 * n, n), (n, n), method=method)
    low, high = found.confidence_interval()
    assert found.effect == 1
    assert 0 < found.pvalue < 0.02
    assert 0 < low < 0.7
    assert high == 1
    assert math.isnan(found.relative)
    if method == "permutation":
        assert found.pvalue == pytest.approx(2 / 252)
        for level in (1 - 1.9 / 252, 1 - 2.1 / 252):
            low, _ = found.confidence_interval(level)
            assert (found.pvalue < 1 - level) == (low > 0)
        turned = one((n, n), (0 * n, n), method=method)
        assert turned.relative_interval() == turned.confidence_interval()
        assert one((0 * n, n), (n, n), method=method, alternative="less").pvalue == 1


def test_accounts_that_all_show_one_share_are_no_proof() -> None:
    found = one(([1, 2, 3], [2, 4, 6]), ([1, 2, 4], [2, 4, 8]), method="linearised")
    low, high = found.confidence_interval()
    assert found.pvalue == pytest.approx(1)
    assert low < -0.2 < 0.2 < high


def test_one_account_in_each_arm_has_an_effect_and_no_test() -> None:
    found = one(([1], [3]), ([2], [4]))
    assert found.effect == pytest.approx(1 / 6)
    assert (found.pvalue, found.confidence_interval()) == (1.0, (-1.0, 1.0))
    assert "p cannot fall below 1" in found.summary()
    for method in ("cr2", "linearised"):
        alone = one(([1], [3]), ([2, 1], [4, 4]), method=method)
        assert math.isnan(alone.pvalue)
        assert alone.confidence_interval() == (-1.0, 1.0)
        assert "no test" in alone.summary()
        assert "single account" in alone.summary()


def test_money_whose_difference_never_varies_has_no_test() -> None:
    frame = framed([1, 3, 7], [1, 1, 1], list("abc"))
    found = one(frame, frame.assign(converted=frame["converted"] + 2), unit="money", method="cr2")
    assert found.effect == pytest.approx(2)
    assert math.isnan(found.pvalue)
    assert "All accounts show the same difference" in found.summary()


def test_money_that_never_varies_is_refused() -> None:
    with pytest.raises(ArgumentError, match="nothing varies"):
        compare_clustered(([10, 20], [1, 2]), ([30, 15], [2, 1]), unit="money", method="cr2")
    found = one(([0, 0, 0], [1, 2, 3]), ([5, 0, 9], [2, 1, 1]), unit="money", method="linearised")
    assert 0 < found.pvalue < 1


def test_accounts_without_leads_in_an_arm_do_not_count() -> None:
    plain = one(([1, 0], [3, 2]), ([2, 1], [4, 4]), method="linearised")
    padded = one(([1, 0, 0], [3, 2, 0]), ([2, 1], [4, 4]), method="linearised")
    assert padded.pvalue == plain.pvalue
    assert "2 against 2 accounts" in padded.summary()


@pytest.mark.parametrize(
    ("control", "treatment", "said"),
    [
        (((28, 180)), (47, 190), "compare_rates"),
        (CONTROL, ([], []), "nobody entered in treatment"),
        (CONTROL, ([0], [0]), "nobody entered in treatment, of 1 account"),
        (CONTROL, ([1, 2], [1]), "one number per account"),
        (CONTROL, 5, "must be a frame"),
        (CONTROL, ([[1]], [[2]]), "one number per account"),
        (CONTROL, (*CONTROL, list(range(16))), "must name its accounts"),
        (CONTROL, pd.DataFrame({"converted": [1], "entred": [2]}), "Did you mean `entred`"),
    ],
)
def test_arms_that_are_none(control: object, treatment: object, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        compare_clustered(control, treatment)  # type: ignore[arg-type]


def test_every_problem_of_the_numbers_at_once_with_examples() -> None:
    with pytest.raises(DataError) as caught:
        compare_clustered(([5, 12, -1], [4, 10, 2]), ([0.12, 1, np.nan], [10, -3, 4]))
    said = str(caught.value)
    assert "`control`: `converted` must not be negative; 1 row does not comply: row 2 (-1)" in said
    assert "2 rows do not comply: row 0 (5), row 1 (12)" in said
    assert "not a percentage" in said
    assert "`treatment`: `entered` must be a number from 0 on" in said
    with pytest.raises(DataError, match="is no rate"):
        compare_clustered(([1], [2]), ([0.12], [10]))
    with pytest.raises(DataError, match="hold something else, such as '<b>'"):
        compare_clustered(([1], [2]), (["<b>"], [10]))


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"method": "cr3"}, "Did you mean `cr2`"),
        ({"alternative": "two sided"}, "two-sided"),
        ({"confidence_level": 95}, "Did you mean 0.95"),
        ({"unit": "euro"}, "`unit` must be one of"),
        ({"draws": 0}, "`draws` must be a whole number"),
        ({"account": "acount"}, "unknown column `acount`"),
        ({"rng": "seed"}, "`rng` must be a whole number"),
        ({"rng": -1}, "from 0 on"),
    ],
)
def test_options_that_are_none(option: dict, said: str) -> None:
    frame = framed([1, 0], [2, 3], ["a", "b"])
    with pytest.raises(ArgumentError, match=said):
        compare_clustered(frame, frame, **option)


@pytest.mark.parametrize(
    "sums",
    [
        {"accounts": 0},
        {"accounts": 2.5},
        {"n": 0.0},
        {"xx": math.nan},
        {"nn": 1.0},
        {"xx": 0.5},
        {"xn": 99.0},
    ],
)
def test_sums_that_no_accounts_have(sums: dict) -> None:
    right = {"accounts": 3, "x": 3.0, "n": 9.0, "xx": 5.0, "xn": 10.0, "nn": 29.0}
    assert AccountMoments(**right).mean == pytest.approx(1 / 3)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError):
        AccountMoments(**{**right, **sums})  # type: ignore[arg-type]


def test_names_from_the_data_are_only_text() -> None:
    found = one(CONTROL, TREATED, names=("<script>", "=1+1"), method="linearised")
    assert "<script>" not in found._repr_html_()


def test_no_effect_is_found_in_no_more_than_its_share() -> None:
    """A short version of benchmarks/cluster_sizes.py: 150 tests with true size .05, p < .0004."""
    rng = np.random.default_rng(9)
    rejected = 0
    for _ in range(150):
        rejected += one(drawn(rng, 30), drawn(rng, 30)).pvalue < 0.05
    assert rejected <= 18
