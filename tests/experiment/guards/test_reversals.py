"""`check_reversal`: the classic reversals, and silence where chance split the arms."""

import numpy as np
import pandas as pd
import pytest

from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.experiment.guards.reversals import check_reversal

# Kidney stones (Charig et al. 1986, BMJ 292, 879-882).
STONES = pd.DataFrame(
    {
        "arm": ["percutaneous", "percutaneous", "open", "open"],
        "size": ["small", "large", "small", "large"],
        "converted": [234, 55, 81, 192],
        "entered": [270, 80, 87, 263],
    }
)
# R: datasets::UCBAdmissions.
BERKELEY = pd.DataFrame(
    {
        "arm": ["women"] * 6 + ["men"] * 6,
        "department": list("ABCDEF") * 2,
        "converted": [89, 17, 202, 131, 94, 24, 512, 353, 120, 138, 53, 22],
        "entered": [108, 25, 593, 375, 393, 341, 825, 560, 325, 417, 191, 373],
    }
)


def sound(rng, *, effect=0.0, cells=4, size=300):
    """Arms split by chance over segments of different rates."""
    rows = []
    for region in range(cells):
        both = rng.integers(size // 2, size)
        treated = rng.binomial(both, 0.5)
        for arm, n in (("control", both - treated), ("B", treated)):
            rate = 0.1 + 0.15 * region + (effect if arm == "B" else 0.0)
            rows.append((arm, f"r{region}", rng.binomial(n, rate), n))
    return pd.DataFrame(rows, columns=["arm", "region", "converted", "entered"])


def test_kidney_stones_turn_round() -> None:
    found = check_reversal(STONES)
    assert found.level == "warning"
    frame = found.to_frame().set_index("value")
    assert frame["odds_ratio"][["all", "(same mix)"]].tolist() == pytest.approx(
        [0.748349, 1.446847], abs=5e-7
    )
    assert frame["difference"]["all"] == pytest.approx(273 / 350 - 289 / 350)
    assert frame["treatment_rate"]["small"] == pytest.approx(81 / 87)
    said = found.sentence.replace("\u202f", " ")
    assert "open 78.0 % against percutaneous 82.6 % (\u22124.6 points" in said
    assert "+5.4 points (\u22121.3 to +11.8) at the same mix" in said
    assert "small 93.1 % of 87 against 86.7 % of 270" in said
    assert "same mix" in found.remedy


def test_berkeley_turns_round() -> None:
    found = check_reversal(BERKELEY, units="applicants")
    assert found.level == "warning"
    frame = found.to_frame().set_index("value")
    assert frame["odds_ratio"]["all"] == pytest.approx(1.84108, abs=5e-6)
    assert frame["odds_ratio"]["(same mix)"] == pytest.approx(0.9046968, abs=5e-8)
    # R: mantelhaen.test(UCBAdmissions, correct = FALSE)$p.value: .2169
    assert frame["pvalue"]["(same mix)"] == pytest.approx(0.2169, abs=5e-5)
    assert found.sentence.endswith("and 2 more segments. The arms differ in their mix (p < 0.001).")


def test_silent_where_chance_split_the_arms_with_and_without_an_effect() -> None:
    rng = np.random.default_rng(4)
    for effect in (0.0, 0.08):
        noted = sum(check_reversal(sound(rng, effect=effect)).level != "ok" for _ in range(60))
        assert noted <= 4  # 2 % of 60, and three standard deviations


def test_a_difference_that_is_mostly_mix_is_noted() -> None:
    table = pd.DataFrame(
        {
            "arm": ["control"] * 2 + ["B"] * 2,
            "region": ["easy", "hard"] * 2,
            "converted": [120, 40, 340, 11],
            "entered": [400, 600, 1000, 150],
        }
    )
    found = check_reversal(table)
    assert found.level == "note"
    assert found.sentence.startswith("Much of the difference is mix of region")


def test_segments_that_go_opposite_ways_are_noted() -> None:
    table = pd.DataFrame(
        {
            "arm": ["control"] * 2 + ["B"] * 2,
            "region": ["north", "south"] * 2,
            "converted": [100, 100, 160, 60],
            "entered": [500, 500, 500, 500],
        }
    )
    found = check_reversal(table)
    assert found.level == "note"
    assert "not the same everywhere" in found.sentence
    assert found.remedy.startswith("Report the difference of each segment")


def test_several_treatments_and_columns_are_each_looked_at() -> None:
    third = STONES[STONES["arm"] == "percutaneous"].assign(arm="waves")
    table = pd.concat([STONES, third], ignore_index=True).assign(site=["a", "b"] * 3)
    found = check_reversal(table, control="percutaneous")
    frame = found.to_frame()
    assert set(frame["treatment"]) == {"open", "waves"}
    assert set(frame["column"]) == {"size", "site"}
    assert found.level == "warning"
    assert set(check_reversal(table, control="open", by="size").to_frame()["control"]) == {"open"}


def test_accounts_assigned_as_wholes_are_not_taken_for_many_leads() -> None:
    # one large account each makes the mix differ: 40 leads, but one draw of chance
    table = pd.DataFrame(
        {
            "arm": ["control"] * 2 + ["B"] * 2,
            "region": ["north", "south"] * 2,
            "converted": [20, 30, 34, 12],
            "entered": [60, 100, 120, 60],
        }
    )
    assert check_reversal(table).to_frame().shape[0] == 4
    assert check_reversal(table).pvalue < 0.001
    assert check_reversal(table, worth=0.05).pvalue > 0.01
    with pytest.raises(ArgumentError, match="`worth` must be above 0"):
        check_reversal(table, worth=0)


def test_what_cannot_be_looked_at_is_not_checked() -> None:
    assert not check_reversal(STONES.drop(columns="size")).checked
    none = STONES.assign(entered=[0, 0, 87, 263], converted=[0, 0, 81, 192])
    assert not check_reversal(none).checked


def test_a_segment_in_one_arm_only_does_no_harm() -> None:
    table = pd.concat(
        [
            STONES,
            pd.DataFrame({"arm": ["open"], "size": [None], "converted": [3], "entered": [9]}),
        ]
    )
    found = check_reversal(table)
    assert "(blank)" in set(found.to_frame()["value"])
    assert found.level == "warning"


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(DataError, match=r"1 row, such as 90 of 80"):
        check_reversal(STONES.assign(converted=[234, 90, 81, 192]))
    with pytest.raises(DataError, match="numbers from 0 on"):
        check_reversal(STONES.assign(converted=[234, -5, 81, 192]))
    with pytest.raises(ArgumentError, match="Did you mean `open`"):
        check_reversal(STONES, control="opens")
    with pytest.raises(ArgumentError, match="two or more arms; got 1"):
        check_reversal(STONES[STONES["arm"] == "open"])
    with pytest.raises(ArgumentError, match="unknown column `entered`"):
        check_reversal(STONES.drop(columns="entered"))
    with pytest.raises(ArgumentError, match="must be a pandas DataFrame"):
        check_reversal([(1, 2)])


def test_hostile_names_stay_on_one_line() -> None:
    table = STONES.assign(size=["<script>\n", "=cmd|' /C calc'!A0" * 9] * 2)
    found = check_reversal(table)
    assert "\n" not in found.sentence
    assert "<script>" not in found._repr_html_()
    assert len(found.sentence) < 600
