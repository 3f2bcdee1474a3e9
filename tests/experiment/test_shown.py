"""Comparisons as rows of a view."""

import math

import pytest

from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.comparison import Arm, Comparison, Comparisons
from funnelkit.experiment.shown import rows_of


def one(metric="rate", effect=0.2, ends=(0.1, 0.3), pvalue=0.001, **more):
    """A comparison of 120 of 200 and 160 of 200."""
    given = {
        "unit": "share",
        "control": Arm(name="control", n=200, mean=0.6, converted=120),
        "treatment": Arm(name="B", n=200, mean=0.8, converted=160),
        "scale": "difference",
        "method": "score test",
        "bounds": lambda level: ends,
        "relative": effect / 0.6,
        "relative_bounds": lambda level: (ends[0] / 0.6, ends[1] / 0.6),
    }
    return Comparison(metric=metric, effect=effect, pvalue=pvalue, **{**given, **more})


def test_one_several_or_a_family():
    family = Comparisons(comparisons=(one("a"), one("b")), adjusted=(0.2, 0.01), adjustment="Holm")
    assert [row.comparison.metric for row in rows_of("x", one("a"))] == ["a"]
    assert [row.clear for row in rows_of("x", [one("a"), one("b")])] == [True, True]
    rows = rows_of("x", family, "b")
    assert [row.clear for row in rows] == [False, True]
    assert [row.guardrail for row in rows] == [False, True]
    assert rows[0].pvalue_text() == "p = 0.001, adjusted 0.200"

    class Held:
        """A result that holds a family."""

        comparisons = family

    assert len(rows_of("x", Held())) == 2


def test_ratios_become_relative():
    found = one(scale="ratio", effect=1.5, ends=(1.1, 2.0), relative=math.nan, relative_bounds=None)
    assert rows_of("x", found)[0].relative == pytest.approx((0.5, 0.1, 1.0))


def test_words():
    row = rows_of("x", one())[0]
    text = row.relative_text().replace("\u202f", " ")
    assert text == "+33.3 % (+16.7 to +50.0 %)"
    bare = rows_of("x", one(relative_bounds=None))[0]
    assert bare.relative_text().replace("\u202f", " ") == "+33.3 %"
    none = rows_of("x", one(effect=math.nan, relative=math.nan, pvalue=math.nan))[0]
    assert none.pvalue_text() == "no test"
    assert none.relative_text() == "\u2013"
    assert not none.clear


@pytest.mark.parametrize(
    "given", [[], 3, "rate", None, [1, 2], {"a": 1}, Comparisons(comparisons=())]
)
def test_something_else(given):
    with pytest.raises(ArgumentError, match="`x` must be a comparison"):
        rows_of("x", given)


def test_unknown_guardrail():
    with pytest.raises(ArgumentError, match=r"`guardrails`.*Did you mean `rate`"):
        rows_of("x", one(), ["rates"])
