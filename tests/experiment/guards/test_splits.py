"""`check_split`: silent on sound splits, speaking on unsound ones, at the rate it states."""

import math
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.experiment.guards.multinomial import split_test
from funnelkit.experiment.guards.splits import check_split


def leads(rng, n=1200, *, accounts=300):
    return pd.DataFrame(
        {
            "arm": rng.choice(["control", "B"], n),
            "week": rng.integers(1, 9, n),
            "region": rng.choice(["north", "south", "west"], n),
            "account": rng.integers(0, accounts, n),
        }
    )


def test_the_figures_of_the_literature() -> None:
    # Kohavi, Tang and Xu (2020), chapter 3: 821,588 against 815,482; R: chisq.test(c(821588,
    # 815482)): X-squared 22.774, p 1.822e-06
    found = check_split((821_588, 815_482), units="users")
    assert found.level == "warning"
    assert found.pvalue == pytest.approx(1.8218e-6, rel=5e-5)
    assert found.to_frame()["statistic"][0] == pytest.approx(22.7744, abs=5e-5)
    assert "control 821,588 (50.2\u202f%) and treatment 815,482 (49.8\u202f%) of users" in (
        found.sentence
    )
    # Cookie Cats: chi-squared 6.902405, p .008608 (pandas and SciPy)
    cats = check_split({"gate_30": 44_700, "gate_40": 45_489}, units="players")
    assert cats.level == "note"
    assert cats.pvalue == pytest.approx(0.008608, abs=5e-7)


def test_a_sound_split_is_quiet_and_asks_for_nothing() -> None:
    found = check_split({"control": 98, "B": 102})
    assert (found.level, found.remedy) == ("ok", "")
    assert found.summary() == (
        "The split is as intended: control 98 (49.0\u202f%) and B 102 (51.0\u202f%) of leads, for "
        "50 / 50 intended; p = 0.832 (exact multinomial test)."
    )


@pytest.mark.parametrize("share", [0.5, 0.1, 0.9])
@pytest.mark.parametrize(("first", "total"), [(3, 17), (0, 9), (40, 70), (5, 5)])
def test_two_arms_as_scipy_has_them(first, total, share) -> None:
    _, pvalue, name = split_test(np.array([first, total - first]), np.array([share, 1 - share]))
    assert name == "exact multinomial test"
    assert pvalue == pytest.approx(stats.binomtest(first, total, share).pvalue)


def test_three_arms_by_listing_every_outcome() -> None:
    shares, seen = (0.5, 0.3, 0.2), (1, 6, 2)
    law = stats.multinomial(9, shares)
    outcomes = [k for k in product(range(10), repeat=3) if sum(k) == 9]
    expected = sum(law.pmf(k) for k in outcomes if law.pmf(k) <= law.pmf(seen) * (1 + 1e-9))
    _, pvalue, _ = split_test(np.array(seen), np.array(shares))
    assert pvalue == pytest.approx(expected)


def test_many_arms_with_few_units_keep_their_level() -> None:
    rng = np.random.default_rng(5)
    shares = np.full(30, 1 / 30)
    pvalues = [split_test(rng.multinomial(60, shares), shares)[1] for _ in range(2000)]
    assert np.mean(np.array(pvalues) < 0.01) <= 0.01 + 3 * math.sqrt(0.01 * 0.99 / 2000)
    assert np.mean(np.array(pvalues) < 0.2) >= 0.15


def test_intended_shares_may_be_uneven_and_in_any_unit() -> None:
    counts = {"control": 900, "B": 100}
    assert check_split(counts).level == "warning"
    for intended in ((90, 10), (0.9, 0.1), {"control": 9, "B": 1}):
        assert check_split(counts, intended=intended).level == "ok"
    # in the order of the declaration, and an arm without anybody stands out
    found = check_split(counts, intended={"B": 1, "control": 9, "C": 1})
    assert (found.level, found.to_frame()["n_C"][0]) == ("warning", 0)


def test_slices_follow_the_order_of_the_declaration() -> None:
    table = pd.DataFrame(
        {
            "arm": ["control", "B"] * 2,
            "region": ["north", "north", "south", "south"],
            "n": [900, 100, 450, 50],
        }
    )
    found = check_split(table, intended={"B": 0.1, "control": 0.9})
    assert found.level == "ok"
    frame = found.to_frame().set_index("value")
    assert frame.loc["north", ["n_B", "n_control"]].tolist() == [100, 900]
    absent = check_split(table, intended={"C": 0.1, "B": 0.1, "control": 0.8})
    assert absent.level == "warning"
    assert absent.to_frame()["n_C"].tolist() == [0] * 4


def test_false_alarms_over_many_slices() -> None:
    """At most 1 in 100 overall and 1 in 100 over all slices together are noted.

    The long run is benchmarks/guard_false_alarms.py.
    """
    rng = np.random.default_rng(2)
    runs, noted, warned, slices = 60, 0, 0, 0
    for _ in range(runs):
        found = check_split(leads(rng))
        noted += found.level != "ok"
        warned += found.level == "warning"
        frame = found.to_frame()
        slices += bool((frame["adjusted_pvalue"][frame["slice"] != "all"] < 0.01).any())
    assert noted <= 0.02 * runs + 3 * math.sqrt(0.02 * 0.98 * runs)  # 4
    assert slices <= 0.01 * runs + 3 * math.sqrt(0.01 * 0.99 * runs)  # 2
    assert warned <= 1


def test_one_bad_week_is_found_and_named() -> None:
    rng = np.random.default_rng(7)
    table = leads(rng).drop(columns="account")
    lost = (table["week"] == 3) & (table["arm"] == "B") & (rng.random(len(table)) < 0.6)
    found = check_split(table[~lost])
    assert found.level == "warning"
    assert "week 3 has" in found.sentence
    assert "Find the cause" in found.remedy
    frame = found.to_frame()
    assert frame["slice"][0] == "all"
    assert frame["pvalue"][1:].is_monotonic_increasing


def test_accounts_assigned_as_wholes_show_as_drift() -> None:
    rng = np.random.default_rng(8)
    table = leads(rng)
    table["arm"] = np.where(rng.random(300) < 0.5, "B", "control")[table["account"]]
    found = check_split(table, by="account")
    assert "it differs by account" in found.sentence
    assert found.remedy.endswith("whole values of account, those are the units: compare by them.")


def test_counts_and_rows_give_the_same() -> None:
    table = leads(np.random.default_rng(9), 200)
    sums = table.groupby(["arm", "week", "region"]).size().reset_index(name="n")
    by_rows = check_split(table, by=["week", "region"]).to_frame()
    by_sums = check_split(sums).to_frame()
    order = ["slice", "value"]
    pd.testing.assert_frame_equal(
        by_rows.sort_values(order).reset_index(drop=True)[sorted(by_rows)],
        by_sums.sort_values(order).reset_index(drop=True)[sorted(by_sums)],
    )


def test_nobody_is_not_checked() -> None:
    found = check_split((0, 0))
    assert (found.level, found.checked) == ("ok", False)
    empty = pd.DataFrame({"arm": [], "n": []})
    assert not check_split(empty, intended={"control": 1, "B": 1}).checked


def test_names_from_the_data_stay_on_one_line_and_are_escaped() -> None:
    table = pd.DataFrame(
        {
            "arm": ["<b>control</b>", "B\n; drop", "<b>control</b>", "B\n; drop"],
            "n": [900, 400, 5, 700],
            "region": ["=1+1", "=1+1", "x" * 200, "x" * 200],
        }
    )
    found = check_split(table)
    assert "\n" not in found.sentence
    assert "x" * 50 not in found.sentence
    assert "<b>" not in found._repr_html_()


@pytest.mark.parametrize(
    ("counts", "more", "said"),
    [
        ((5,), {}, "two or more arms; got 1"),
        ((), {}, "two or more arms; got 0"),
        ((5, -1), {}, "whole number from 0"),
        ((5, 2.5), {}, "whole number from 0"),
        (("5", "6"), {}, "whole number from 0"),
        ((5, math.nan), {}, "whole number from 0"),
        ({"a": 5, "b": 6}, {"intended": {"a": 1, "c": 1}}, "unknown arm `b`"),
        ((5, 6), {"intended": (1, 1, 1)}, "each of 2 arms"),
        ((5, 6), {"intended": (1, 0)}, "share above 0"),
        ((5, 6), {"by": "week"}, "`by` needs a table"),
    ],
)
def test_what_cannot_be_is_refused(counts, more, said) -> None:
    with pytest.raises(ArgumentError, match=said):
        check_split(counts, **more)


def test_tables_that_cannot_be_are_refused() -> None:
    table = pd.DataFrame({"arm": ["a", "b", None], "n": [1, 2, 3], "week": [1, 1, 1]})
    with pytest.raises(DataError, match="blank in 1 row"):
        check_split(table)
    with pytest.raises(ArgumentError, match="Did you mean `week`"):
        check_split(table.dropna(), by="weeks")
    with pytest.raises(ArgumentError, match="must not hold `arm`"):
        check_split(table.dropna(), by="arm")
    with pytest.raises(DataError, match="1 row does not, such as 'many'"):
        check_split(pd.DataFrame({"arm": ["a", "b"], "n": [1, "many"]}))
    with pytest.raises(DataError, match="whole numbers"):
        check_split(pd.DataFrame({"arm": ["a", "b"], "n": [1, 1.5]}))
    with pytest.raises(ArgumentError, match="column `arm` twice"):
        check_split(pd.DataFrame([[1, 2]], columns=["arm", "arm"]))
