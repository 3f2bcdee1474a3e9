"""The laws of the triangle, on literals and on random counts."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit import Triangle
from funnelkit._core.errors import ArgumentError, DataError

AS_OF = dt.date(2026, 3, 31)


def counts(rows, **extra):
    names = ["cohort", "source", "age", "outcome", "followed", "n"]
    return pd.DataFrame(rows, columns=names).assign(**extra)


def from_frame(frame, **more):
    frame = frame.assign(cohort=pd.PeriodIndex(frame["cohort"], freq="M"))
    return Triangle.from_frame(
        frame, start="lead", target="won", exits=["lost"], by=["source"], as_of=AS_OF, **more
    )


LITERAL = counts(
    [
        ("2026-01", "ads", 3, "won", 60, 2),
        ("2026-01", "ads", 60, None, 60, 5),
        ("2026-01", None, 10, "lost", 75, 1),
        ("2026-03", "ads", 20, "", 20, 4),
    ]
)


def test_each_count_stands_where_it_belongs():
    triangle = from_frame(LITERAL)
    assert triangle.segments == (("ads",), (None,))
    assert [str(cohort) for cohort in triangle.cohorts] == ["2026-01", "2026-02", "2026-03"]
    assert triangle.entered.tolist() == [[7, 0, 4], [1, 0, 0]]
    assert triangle.converted.tolist() == [[2, 0, 0], [0, 0, 0]]
    assert triangle.reached("lost").tolist() == [[0, 0, 0], [1, 0, 0]]
    assert triangle.events["won"][0, 0, 3] == 2
    assert triangle.censored[0, 0, 60] == 5
    assert triangle.followed[1, 0, 75] == 1
    assert triangle.n == 12


def test_at_risk_counts_those_censored_on_the_day():
    triangle = from_frame(LITERAL)
    assert triangle.at_risk[0, 0, [0, 3, 4, 60, 61]].tolist() == [7, 7, 5, 5, 0]


def test_delayed_entry_puts_leads_at_risk_only_from_their_age():
    triangle = from_frame(LITERAL)
    late = np.zeros_like(triangle.censored)
    late[0, 0, 5] = 3
    assert replace(triangle, late=late).at_risk[0, 0, [0, 3, 4, 5, 60]].tolist() == [4, 4, 2, 5, 5]


def test_arrays_are_copies_and_read_only():
    triangle = from_frame(LITERAL)
    with pytest.raises(ValueError, match="read-only"):
        triangle.censored[0, 0, 0] = 1
    with pytest.raises(TypeError):
        triangle.events["won"] = triangle.censored


def test_counts_that_do_not_add_up_are_refused_by_name():
    triangle = from_frame(LITERAL)
    with pytest.raises(DataError, match=r"entered ≠ Σ events .* cohort 2026-01: 8 ≠ 7"):
        replace(triangle, entered=triangle.entered + np.array([[1, 0, 0], [0, 0, 0]]))
    censored = triangle.censored.copy()
    censored[0, 0, 0] = -1
    with pytest.raises(DataError, match="`censored` holds 1 negative counts"):
        replace(triangle, censored=censored)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": [1, 2, -3, 4]}, "`n` must be whole and at least 0; 1 rows are not, such as -3"),
        ({"n": [1, 2, 2.5, 4]}, "1 rows are not, such as 2.5"),
        ({"outcome": ["won", "", "lsot", ""]}, "unknown outcome `lsot`.*Did you mean `lost`"),
        ({"age": [3, 60, 10, 90]}, "1 rows have an `age` above the age at `as_of`, such as 90"),
    ],
)
def test_bad_frames_are_refused_with_the_row(change, message):
    with pytest.raises(DataError, match=message):
        from_frame(LITERAL.assign(**change))


def test_a_monthly_frame_needs_followed():
    with pytest.raises(DataError, match="needs a column `followed`"):
        from_frame(LITERAL.drop(columns="followed"))


def test_a_frame_round_trips_with_its_months_as_text():
    triangle = from_frame(LITERAL)
    told = {"start": "lead", "target": "won", "exits": ["lost"], "as_of": AS_OF}
    again = Triangle.from_frame(LITERAL, by=["source"], **told)
    pd.testing.assert_frame_equal(again.to_frame(), triangle.to_frame())
    with pytest.raises(DataError, match="needs a column `followed`"):
        Triangle.from_frame(triangle.to_frame(), by=["source"], **told)
    with pytest.raises(DataError, match="4 rows are not, such as 'spring'"):
        Triangle.from_frame(LITERAL.assign(cohort="spring"), by=["source"], **told)


def test_a_missing_column_gets_the_closest_match():
    with pytest.raises(DataError, match=r"lacks the column `outcome`. Did you mean `outcomes`"):
        from_frame(LITERAL.rename(columns={"outcome": "outcomes"}))


def test_select_by_cohort_and_segment():
    triangle = from_frame(LITERAL)
    assert triangle.select(first="2026-02").entered.tolist() == [[0, 4], [0, 0]]
    assert triangle.select(segment=(None,)).entered.tolist() == [[1, 0, 0]]
    with pytest.raises(ArgumentError, match=r"unknown segment `asd`.*Did you mean `ads`"):
        triangle.select(segment="asd")
    with pytest.raises(ArgumentError, match="no cohort lies between 2027-01 and None"):
        triangle.select(first="2027-01")
    with pytest.raises(ArgumentError, match="`first` must be a cohort such as 2026-01"):
        triangle.select(first="spring")


def test_triangles_of_different_questions_are_not_added():
    other = LITERAL.assign(cohort=pd.PeriodIndex(LITERAL["cohort"], freq="M"))
    other = Triangle.from_frame(
        other, start="mql", target="won", exits=["lost"], by=["source"], as_of=AS_OF
    )
    with pytest.raises(ArgumentError, match="only where `start` is the same; got lead and mql"):
        from_frame(LITERAL) + other


def test_the_frame_comes_back_as_it_went_in():
    triangle = from_frame(LITERAL)
    frame = triangle.to_frame()
    assert frame["n"].sum() == triangle.n
    assert set(frame.columns) == {"cohort", "source", "age", "outcome", "undated", "n"}
    assert frame.loc[frame["outcome"] == "won", "age"].tolist() == [3]


@st.composite
def frames(draw):
    rows = []
    for _ in range(draw(st.integers(1, 12))):
        followed = draw(st.integers(0, 40))
        outcome = draw(st.sampled_from(["won", "lost", ""]))
        age = followed if outcome == "" else draw(st.integers(0, followed))
        cohort = f"2026-0{draw(st.integers(1, 3))}"
        source = draw(st.sampled_from(["ads", "web", None]))
        undated = outcome != "" and draw(st.booleans())
        rows.append((cohort, source, age, outcome, followed, draw(st.integers(0, 9)), undated))
    names = ["cohort", "source", "age", "outcome", "followed", "n", "undated"]
    return pd.DataFrame(rows, columns=names)


def same(one, other):
    frames = [t.to_frame() for t in (one, other)]
    pd.testing.assert_frame_equal(*frames)
    assert one.n == other.n


@given(frames())
def test_rows_are_conserved(frame):
    triangle = from_frame(frame)
    assert triangle.n == frame["n"].sum()
    assert (triangle.at_risk >= 0).all()
    assert (np.diff(triangle.at_risk, axis=2) <= 0).all()
    leaving = sum(triangle.by_age(outcome) for outcome in triangle.outcomes)
    assert (triangle.at_risk >= leaving + triangle.censored).all()


@given(frames(), frames(), frames())
def test_addition_is_commutative_and_associative(a, b, c):
    a, b, c = from_frame(a), from_frame(b), from_frame(c)
    same(a + b, b + a)
    same((a + b) + c, a + (b + c))
    assert (a + b).n == a.n + b.n


@given(frames(), frames())
def test_collapse_and_addition_commute(a, b):
    both = pd.concat([a, b], ignore_index=True)
    a, b, both = from_frame(a), from_frame(b), from_frame(both)
    same(a + b, both)
    one = (a + b).collapse(segments=True, cohorts=True)
    assert one.n == both.n
    assert one.converted.sum() == both.converted.sum()
    same(both.collapse(segments=True).collapse(cohorts=True), one)
