"""Comparisons as a table."""

import math

import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.comparison import Arm, Comparisons
from tests.experiment.test_shown import one


def plain(row):
    return [cell.replace("\u202f", " ").replace("\u2212", "-") for cell in row]


def heads(table):
    return [column.head for column in table.columns]


def test_one_comparison():
    table = fk.table.experiment(one())
    assert heads(table) == ["metric", "control", "B", "effect", "relative effect", "p-value"]
    assert plain(table.rows[0]) == [
        "rate",
        "60.0 % (120 of 200)",
        "80.0 % (160 of 200)",
        "+20.0 points (+10.0 to +30.0)",
        "+33.3 % (+16.7 to +50.0 %)",
        "0.001",
    ]
    assert table.summary == "Clear effect on rate (+20.0 points)."
    assert "Method: score test." in table.notes


def test_a_family():
    family = Comparisons(
        comparisons=(
            one("won"),
            one("left", pvalue=0.5, method="exact test", notes=("Watch this.",)),
        ),
        adjusted=(0.002, 0.5),
        adjustment="Holm",
    )
    table = fk.table.experiment(family, guardrails=["left"])
    assert [row[0] for row in table.rows] == ["won", "left (guardrail)"]
    assert [row[-1] for row in table.rows] == ["0.002", "0.500"]
    assert table.summary == "Clear effect on won (+20.0 points); none clear in 1 other."
    assert "Methods: score test (won); exact test (left)." in table.notes
    assert "Watch this." in table.notes
    assert any("Holm" in note for note in table.notes)


def test_treatments_and_differences():
    other = one(treatment=Arm(name="C", n=200, mean=0.8, converted=160), randomised=False)
    table = fk.table.experiment([one(randomised=False), other])
    assert heads(table)[:2] == ["metric", "treatment"]
    assert "difference" in heads(table)
    assert "rate of B" in table.summary
    assert any("no proof of an effect" in note for note in table.notes)


def test_no_percentage_of_few():
    few = one(
        control=Arm(name="control", n=12, mean=0.25, converted=3),
        treatment=Arm(name="B", n=15.5, mean=0.4, converted=6.2),
    )
    row = plain(fk.table.experiment(few).rows[0])
    assert row[1:3] == ["3 of 12", "6.2 of 16"]


def test_means_and_what_cannot_be_told():
    none = one(
        "revenue",
        unit="money",
        currency="EUR",
        control=Arm(name="control", n=200, mean=310.0),
        treatment=Arm(name="B", n=200, mean=math.nan),
        effect=math.nan,
        relative=math.nan,
        pvalue=math.nan,
        ends=(math.nan, math.nan),
    )
    table = fk.table.experiment(none)
    assert heads(table) == ["metric", "control", "B", "effect", "p-value"]
    assert plain(table.rows[0])[1] == "EUR 310 (n 200)"
    assert table.rows[0][3:] == ("no effect can be told", "no test")
    assert table.summary == "No clear effect on revenue."


def test_hostile_names():
    table = fk.table.experiment(
        one("<script>\n$x$", treatment=Arm(name="<b>", n=200, mean=0.8, converted=160))
    )
    html = table.to_html()
    assert "<script>" not in html
    assert "<b>" not in html
    assert all("\n" not in cell for cell in table.rows[0])


def test_wrong_arguments():
    with pytest.raises(ArgumentError, match="`comparisons`"):
        fk.table.experiment(3)
    with pytest.raises(ArgumentError, match="`guardrails`"):
        fk.table.experiment(one(), guardrails=["x"])
