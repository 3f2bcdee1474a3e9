"""A change of a number, as it may be written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit._core.errors import ArgumentError
from funnelkit.plan.scenarios.changes import change_of


@pytest.mark.parametrize(
    ("written", "of_ten"),
    [
        (0.25, 0.25),
        (3, 3.0),
        ("0.25", 0.25),
        ("25%", 0.25),
        (" 25 % ", 0.25),
        (".5", 0.5),
        ("30_000", 30_000.0),
        ("1e3", 1_000.0),
        ("x1.2", 12.0),
        ("\u00d71.2", 12.0),
        ("* 1.2", 12.0),
        ("x0", 0.0),
        ("+10%", 11.0),
        ("+ 10 %", 11.0),
        ("-10%", 9.0),
        ("\u221210 %", 9.0),
        ("-100%", 0.0),
        ({"low": 2, "high": 4}, 3.0),
        ({"value": "3.5", "low": "2", "high": "4"}, 3.5),
    ],
)
def test_every_way_to_write_it(written, of_ten):
    assert change_of(written).of(10) == pytest.approx(of_ten, rel=1e-12)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("+5", "A sign needs a %"),
        ("-0.02", "A sign needs a %"),
        (-3, "at least 0"),
        ("1,000", "without separators: 1000"),
        ("1.000.000", "without separators: 1000000"),
        ("-120%", "at least nothing"),
        ("twice", "must be a number"),
        ("x", "must be a number"),
        ("", "must be a number"),
        ("nan", "must be a number"),
        ("1e999", "must be a number"),
        ("2_", "must be a number"),
        ("\u0661\u0662", "must be a number"),
        (None, "must be a number"),
        (True, "must be a number"),
        ([1, 2], "must be a number"),
        (float("inf"), "must be a number"),
        ({"low": 3}, "both `low` and `high`"),
        ({"low": 3, "high": 2}, "`low` below `high`"),
        ({"low": 2, "high": 3, "value": 4}, "`value` 4 between them"),
        ({"lo": 2, "high": 3}, "Did you mean `low`?"),
        ({"low": "x2", "high": 3}, "must be a number"),
    ],
)
def test_what_is_no_change(written, words):
    with pytest.raises(ArgumentError, match="must") as error:
        change_of(written)
    assert words in str(error.value)


@given(st.floats(0, 1e9))
def test_it_reads_what_it_writes(number):
    for change in (change_of(number), change_of(f"x{number!r}")):
        again = change_of(str(change))
        assert again.of(7.0) == pytest.approx(change.of(7.0), rel=1e-5)
