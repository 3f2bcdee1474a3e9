"""`arm_moments`: against pandas and exact fractions, from every kind of input."""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import duckdb
import ibis
import numpy as np
import pandas as pd
import pytest

from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.counts.arms import ArmMoments, arm_moments
from funnelkit.experiment import Comparison
from funnelkit.experiment.averages import adjust_means, compare_means, compare_ratios

COLUMNS = ["won", "revenue", "activities", "score"]


def rows(n: int = 2_000) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    won = rng.random(n) < 0.2
    return pd.DataFrame(
        {
            "arm": rng.choice(["control", "B", "C"], n),
            "won": won,
            "revenue": np.where(won, rng.lognormal(8, 1, n).round(2), 0.0),
            "activities": rng.poisson(4, n),
            "score": rng.normal(size=n),
            "other": [{"not": "a number"}] * n,
        }
    )


def as_relation(frame: pd.DataFrame) -> Any:
    return duckdb.from_df(frame.drop(columns="other", errors="ignore"))


def as_table(frame: pd.DataFrame) -> Any:
    plain = frame.drop(columns="other", errors="ignore")
    return ibis.duckdb.connect().create_table("units", plain)


SOURCES = [pytest.param(lambda frame: frame, id="pandas"), as_relation, as_table]
each_source = pytest.mark.parametrize("source", SOURCES)
Source = Callable[[pd.DataFrame], Any]


@each_source
def test_means_and_covariances_are_those_of_pandas(source: Source) -> None:
    frame = rows()
    arms = arm_moments(source(frame), "arm", COLUMNS, variants=["control", "B", "C"])
    assert arms.variants == ("control", "B", "C")
    for k, name in enumerate(arms.variants):
        own = frame.loc[frame["arm"] == name, COLUMNS].astype(float)
        assert arms.n[k] == len(own)
        assert arms.means[k] == pytest.approx(own.mean().to_numpy(), rel=1e-11)
        sds = own.std().to_numpy()
        away = (arms.covariance[k] - own.cov().to_numpy()) / np.outer(sds, sds)
        assert np.abs(away).max() < 1e-10


@each_source
def test_money_is_summed_exactly(source: Source) -> None:
    # Ten million cents and one: in floating point 0.1 + 0.2 + ... is off in the last digits.
    frame = pd.DataFrame({"arm": ["A"] * 7 + ["B"], "revenue": [0.1] * 3 + [0.2] * 4 + [5.0]})
    arms = arm_moments(source(frame), "arm", "revenue", money="revenue")
    assert arms.of("A", "revenue")[1] == float(Decimal("1.1") / 7)


def test_decimals_and_whole_numbers_of_an_engine_are_exact_too() -> None:
    relation = duckdb.sql(
        "SELECT 'A' AS arm, 1e14::DECIMAL(20, 2) + i * 0.01::DECIMAL(20, 2) AS amount, "
        "4611686018427387904 + i AS big FROM range(1, 4) AS numbers(i)"
    )
    arms = arm_moments(relation, "arm", ["amount", "big"])
    assert arms.of("A", "amount")[1] == 100000000000000.02
    assert arms.of("A", "big")[1] == float(4611686018427387906)


def test_the_same_from_every_input_and_every_time() -> None:
    frame = rows(30_000)
    found = [
        arm_moments(source(frame), "arm", COLUMNS, money="revenue")
        for source in (lambda one: one, as_relation, as_table, as_table)
    ]
    for other in found[1:]:
        assert np.array_equal(other.means, found[0].means)
        assert np.array_equal(other.covariance, found[0].covariance)


@each_source
def test_values_far_from_zero_keep_their_digits(source: Source) -> None:
    frame = rows(500)
    frame["far"] = 1e9 + frame["score"]
    frame["same"] = 0.1
    arms = arm_moments(source(frame), "arm", ["far", "same", "score"])
    for name in arms.variants:
        own = frame.loc[frame["arm"] == name, "score"]
        assert arms.of(name, "far")[2] == pytest.approx(own.std(), rel=1e-6)
        assert arms.of(name, "same")[1:] == (pytest.approx(0.1), 0.0)
        (_, shared), (twin, _) = arms.of(name, "far", "score")[2]
        assert shared == twin == pytest.approx(own.var(), rel=1e-6)


def test_an_arm_is_what_the_comparisons_take() -> None:
    frame = rows()
    arms = arm_moments(frame, "arm", COLUMNS)
    parts = {name: frame[frame["arm"] == name] for name in arms.variants}
    plain = compare_means(arms.of("control", "revenue"), arms.of("B", "revenue"))
    values = compare_means(parts["control"]["revenue"], parts["B"]["revenue"])
    ratio = compare_ratios(
        arms.of("control", "revenue", "activities"), arms.of("B", "revenue", "activities")
    )
    pairs = [(part["revenue"], part["activities"]) for part in (parts["control"], parts["B"])]
    cuped = [arms.of(name, "revenue", "activities", "score") for name in ("control", "B")]
    other = [(parts[k]["revenue"], parts[k][["activities", "score"]]) for k in ("control", "B")]
    for summed, own in (
        (plain, values),
        (ratio, compare_ratios(*pairs)),
        (adjust_means(*cuped), adjust_means(*other, method="cuped")),
    ):
        assert isinstance(summed, Comparison)
        assert isinstance(own, Comparison)
        assert summed.pvalue == pytest.approx(own.pvalue, rel=1e-7)
        assert summed.effect == pytest.approx(own.effect, rel=1e-7)


@each_source
def test_blank_values_are_refused_or_counted(source: Source) -> None:
    frame = pd.DataFrame(
        {"arm": ["A", "A", "A", "B", "B"], "x": [1, math.nan, 5, 2, 4.0], "y": [1, 2, 3, 4, 6]}
    )
    with pytest.raises(DataError, match=r"column `x` has blank values: 1 in A.*`blanks="):
        arm_moments(source(frame), "arm", ["x", "y"])
    zero = arm_moments(source(frame), "arm", ["x", "y"], blanks="zero")
    assert zero.of("A", "x")[:2] == (3, 2.0)
    assert zero.blanks.tolist() == [[1, 0], [0, 0]]
    assert "1 blank value counted as 0" in zero.summary()
    left = arm_moments(source(frame), "arm", ["x", "y"], blanks="left_out")
    assert left.of("A", "y")[:2] == (2, 2.0)
    assert left.left_out.tolist() == [1, 0]
    assert "1 of 5 leads had a blank value and are left out" in left.summary()


def test_nan_and_null_of_an_engine_are_blank_alike() -> None:
    relation = duckdb.sql(
        "SELECT * FROM (VALUES ('A', 'nan'::DOUBLE), ('A', NULL), ('A', 3), ('B', 1)) AS t(arm, x)"
    )
    assert arm_moments(relation, "arm", "x", blanks="zero").of("A", "x")[:2] == (3, 1.0)
    assert arm_moments(relation, "arm", "x", blanks="left_out").blanks.tolist() == [[2], [0]]


@each_source
def test_infinite_and_too_large_values_are_refused(source: Source) -> None:
    frame = pd.DataFrame({"arm": ["A", "A", "B"], "x": [1.0, math.inf, -math.inf]})
    with pytest.raises(DataError, match="column `x`: 2 values infinite"):
        arm_moments(source(frame), "arm", "x", blanks="zero")
    large = pd.DataFrame({"arm": ["A", "A"], "x": [1.0, 1e200], "y": [1.0, 1e30]})
    with pytest.raises(DataError, match="column `x` holds values that are too large"):
        arm_moments(source(large), "arm", "x")
    with pytest.raises(DataError, match="column `y` holds values that are too large"):
        arm_moments(source(large), "arm", "y", money="y")


def test_variants_that_are_blank_or_not_declared_are_told() -> None:
    frame = pd.DataFrame({"arm": ["A", "B", None, " ", "b"], "x": [1, 2, 3, 4, 5]})
    with pytest.raises(ArgumentError, match=r"1 variant .* not declared: `b` \(1 leads\)"):
        arm_moments(frame, "arm", "x", variants=["A", "B"])
    with pytest.raises(ArgumentError, match=r"`C`.*It was declared and has nobody"):
        arm_moments(frame, "arm", "x", variants=["A", "B", "b", "C"])
    arms = arm_moments(frame, "arm", "x", variants=["B", "A", "b"])
    assert arms.variants == ("B", "A", "b")
    assert dict(arms.outside) == {"(blank)": 2}
    assert "2 of 5 leads have no variant and belong to no arm" in arms.summary()
    with pytest.raises(ArgumentError, match="no row of column `arm` names a variant"):
        arm_moments(frame.assign(arm=None), "arm", "x")
    with pytest.raises(ArgumentError, match="nobody"):
        arm_moments(frame.iloc[:0], "arm", "x", variants=["A"])


def test_variants_that_are_numbers_are_named_by_them() -> None:
    frame = pd.DataFrame({"arm": [0, 1, 1], "x": [1, 2, 3]})
    assert arm_moments(frame, "arm", "x", variants=["0", "1"]).of("1", "x")[:2] == (2, 2.5)
    holed = pd.DataFrame({"arm": [0.0, 1.0, math.nan], "x": [1, 2, 3]})
    assert arm_moments(holed, "arm", "x").variants == ("0", "1")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"columns": ["revenu", "wonn"]}, r"2 problems(.|\n)*Did you mean `revenue`"),
        ({"variant": "arms"}, "`variant`: unknown column `arms`"),
        ({"columns": "arm"}, "column `arm` holds string, no numbers"),
        ({"columns": []}, "names no column"),
        ({"columns": [3]}, "must be names of columns; got 3"),
        ({"money": "score"}, "`money`"),
        ({"blanks": "drop"}, "`blanks`"),
        ({"variants": "A"}, "`variants` must be the names"),
        ({"data": [1, 2]}, "`data` must be a pandas frame"),
    ],
)
def test_wrong_arguments_are_refused(changed: dict[str, Any], said: str) -> None:
    given: dict[str, Any] = {"data": rows(20), "variant": "arm", "columns": "revenue"} | changed
    with pytest.raises(ArgumentError, match=said):
        arm_moments(given.pop("data"), given.pop("variant"), given.pop("columns"), **given)


def test_hostile_names_are_names() -> None:
    name = 'x"; DROP TABLE units; --'
    frame = pd.DataFrame({"a'rm": ["<b>", "=1+1"], name: [1, 2]})
    for source in (frame, as_relation(frame), as_table(frame)):
        arms = arm_moments(source, "a'rm", [name])
        assert arms.of("=1+1", name)[:2] == (1, 2.0)
    assert "<b>" not in arms._repr_html_()


def test_without_covariances_there_are_means_and_no_ratios() -> None:
    frame = rows(300)
    whole = arm_moments(frame, "arm", ["revenue", "score"])
    quick = arm_moments(frame, "arm", ["revenue", "score"], covariances=False)
    for name in ("revenue", "score"):
        assert quick.of("B", name) == whole.of("B", name)
    with pytest.raises(ArgumentError, match="covariances=True"):
        quick.of("B", "revenue", "score")


def test_one_unit_has_no_spread_and_the_result_is_frozen() -> None:
    arms = arm_moments(pd.DataFrame({"arm": ["A"], "x": [3.0]}), "arm", "x")
    assert arms.of("A", "x")[:2] == (1, 3.0)
    assert math.isnan(arms.of("A", "x")[2])
    assert isinstance(arms, ArmMoments)
    with pytest.raises(ValueError, match="read-only"):
        arms.means[0, 0] = 1
    with pytest.raises(ArgumentError, match="`variant`"):
        arms.of("B", "x")
    with pytest.raises(ArgumentError, match="`columns`"):
        arms.of("A", "y")
    assert arms.to_frame().columns.tolist() == ["variant", "column", "n", "mean", "sd", "blanks"]
