"""`check_outliers`: a few values that carry a difference, and silence without them."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.experiment.guards.outliers import check_outliers


def test_silent_without_outliers() -> None:
    rng = np.random.default_rng(1)
    spoken = {"normal": 0, "exponential": 0}
    for _ in range(300):
        for law, draw in (("normal", rng.normal), ("exponential", rng.exponential)):
            more = 0.2 if rng.random() < 0.5 else 0.0
            sizes = (150, 150)
            values = [draw(size=n) for n in sizes]
            spoken[law] += check_outliers(values[0], values[1] + more).level != "ok"
    assert spoken["normal"] <= 4
    assert spoken["exponential"] <= 8  # 1 % of 300, and three standard deviations


def test_one_deal_that_makes_the_difference_is_a_warning() -> None:
    rng = np.random.default_rng(2)
    control, treatment = rng.normal(110, 30, 200), rng.normal(95, 30, 200)
    treatment[17] = 9_000.0
    found = check_outliers(control, treatment, metric="revenue per lead")
    assert found.level == "warning"
    assert "without the value farthest out (1 of treatment)" in found.sentence
    frame = found.to_frame()
    whole = stats.ttest_ind(treatment, control, equal_var=False)
    without = stats.ttest_ind(np.delete(treatment, 17), control, equal_var=False)
    assert frame["pvalue"][:2].tolist() == pytest.approx([whole.pvalue, without.pvalue])
    assert frame["left_out"].tolist() == [0, 1, 2, 3, 4, 5]
    assert (frame["from_control"] + frame["from_treatment"]).tolist() == [0, 1, 2, 3, 4, 5]


def test_cookie_cats_one_player(shared_data) -> None:
    # One player of gate_30 with 49,854 rounds (../shared/data/README.md).
    table = pd.read_csv(shared_data / "cookie_cats" / "cookie_cats.csv.gz")
    rounds = {name: rows["sum_gamerounds"] for name, rows in table.groupby("version")}
    found = check_outliers(
        rounds["gate_30"],
        rounds["gate_40"],
        names=("gate_30", "gate_40"),
        metric="rounds per player",
        units="players",
    )
    assert found.level == "note"
    assert "without the value farthest out (1 of gate_30)" in found.sentence


def test_several_treatments_and_how_many_are_left_out() -> None:
    rng = np.random.default_rng(3)
    control = rng.normal(size=100)
    treatments = {"B": rng.normal(size=100), "C": np.r_[rng.normal(size=99), 900.0]}
    found = check_outliers(control, treatments, largest=2)
    assert found.level == "note"
    assert "C less control" in found.sentence
    assert "B less" not in found.sentence
    assert len(found.to_frame()) == 6


def test_values_of_no_spread_and_small_arms() -> None:
    assert check_outliers([1.0] * 30, [1.0] * 30).level == "ok"
    assert check_outliers([1.0] * 30, [2.0] * 30).level == "ok"
    assert not check_outliers([1.0] * 30, [1.0] * 12).checked
    assert not check_outliers([], []).checked


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(DataError, match="1 missing or infinite value"):
        check_outliers([1.0, math.nan], [1.0, 2.0])
    with pytest.raises(ArgumentError, match="one number per unit"):
        check_outliers(["a"], [1.0])
    with pytest.raises(ArgumentError, match="shape"):
        check_outliers([[1.0]], [1.0])
    with pytest.raises(ArgumentError, match="`largest`"):
        check_outliers([1.0], [1.0], largest=0)
    with pytest.raises(ArgumentError, match="confidence_level"):
        check_outliers([1.0], [1.0], alpha=5)
