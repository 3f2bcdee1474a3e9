"""Laws of a triangle, on any set of leads: sums, addition, collapse, at risk, round trips."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.counts.calendar import CalendarCounts
from funnelkit.counts.triangle import AccountSums, Triangle

laws = settings(max_examples=30, deadline=None)

AS_OF = dt.date(2026, 3, 31)
COHORTS = pd.period_range("2026-01", "2026-03", freq="M")
SEGMENTS = (("ads",), ("web",), (None,))
OUTCOMES = ("won", "lost", "disqualified")
MONTHS = pd.period_range("2026-01", "2026-03", freq="M")


class One(NamedTuple):
    """One lead: where it counts, and what became of it at which age."""

    segment: int
    cohort: int
    followed: int
    age: int
    outcome: str | None
    undated: bool
    late: int


@st.composite
def leads(draw: Any) -> One:
    cohort = draw(st.integers(0, 2))
    followed = draw(st.integers(*((59, 89), (31, 58), (0, 30))[cohort]))
    outcome = draw(st.sampled_from([None, *OUTCOMES]))
    age = followed if outcome is None else draw(st.integers(0, followed))
    late = draw(st.integers(0, age))
    undated = outcome is not None and draw(st.booleans())
    return One(draw(st.integers(0, 2)), cohort, followed, age, outcome, undated, late)


lead_sets = st.lists(leads(), min_size=1, max_size=25)


def counted(ones: list[One], *, late: bool = False, accounts: bool = False) -> Triangle:
    n_ages = max(one.followed for one in ones) + 1

    def cube() -> np.ndarray:
        return np.zeros((3, 3, n_ages), np.int64)

    events, undated = {name: cube() for name in OUTCOMES}, {name: cube() for name in OUTCOMES}
    censored, followed, joined = cube(), cube(), cube()
    by_month = np.zeros((3, 3, len(MONTHS)), np.int64)
    sums = {"accounts": cube()[..., 0], "nn": cube()[..., 0], "xn": cube(), "xx": cube()}
    for one in ones:
        cell = one.segment, one.cohort
        place = events if not one.undated else undated
        (censored if one.outcome is None else place[one.outcome])[(*cell, one.age)] += 1
        followed[(*cell, one.followed)] += 1
        if one.outcome == "won" and not one.undated:
            came = AS_OF - dt.timedelta(one.followed - one.age)
            by_month[(*cell, MONTHS.get_loc(pd.Period(came, "M")))] += 1
        if one.late:
            joined[(*cell, one.late)] += 1
        sums["accounts"][cell] += 1  # each lead an account of its own
        sums["nn"][cell] += 1
        if one.outcome == "won":
            sums["xn"][(*cell, one.age)] += 1
            sums["xx"][(*cell, one.age)] += 1
    return Triangle(
        start="lead",
        target="won",
        exits=OUTCOMES[1:],
        by=("source",),
        segments=SEGMENTS,
        cohorts=COHORTS,
        as_of=AS_OF,
        entered=followed.sum(axis=2),
        events=events,
        undated=undated,
        censored=censored,
        followed=followed,
        late=joined if late else None,
        accounts=AccountSums(**sums) if accounts else None,
        calendar=CalendarCounts(months=MONTHS, converted=by_month),
    )


def cells(triangle: Triangle) -> dict[Any, int]:
    """Return every count that is not 0, by name, segment, cohort and age."""
    cubes = {
        "entered": triangle.entered,
        "censored": triangle.censored,
        "followed": triangle.followed,
        **{f"events {name}": cube for name, cube in triangle.events.items()},
        **{f"undated {name}": cube for name, cube in triangle.undated.items()},
    }
    if triangle.late is not None:
        cubes["late"] = triangle.late
    if triangle.calendar is not None:
        cubes["by month"] = triangle.calendar.over(MONTHS)
    if triangle.accounts is not None:
        cubes |= {name: getattr(triangle.accounts, name) for name in ("nn", "xn", "xx")}
    return {
        (name, triangle.segments[place[0]], str(triangle.cohorts[place[1]]), *place[2:]): int(
            cube[tuple(place)]
        )
        for name, cube in cubes.items()
        for place in np.argwhere(cube).tolist()
    }


@laws
@given(lead_sets, lead_sets)
def test_adding_counts_is_counting_all(some, others):
    both = counted(some, late=True, accounts=True) + counted(others, late=True, accounts=True)
    assert cells(both) == cells(counted(some + others, late=True, accounts=True))


@laws
@given(lead_sets, lead_sets, lead_sets)
def test_addition_is_commutative_and_associative(a, b, c):
    x, y, z = counted(a), counted(b), counted(c)
    assert cells(x + y) == cells(y + x)
    assert cells((x + y) + z) == cells(x + (y + z))


@laws
@given(lead_sets, lead_sets, st.booleans(), st.booleans())
def test_collapse_and_addition_commute(some, others, segments, cohorts):
    x, y = counted(some), counted(others)
    summed = (x + y).collapse(segments=segments, cohorts=cohorts)
    each = x.collapse(segments=segments, cohorts=cohorts)
    each += y.collapse(segments=segments, cohorts=cohorts)
    assert cells(summed) == cells(each)
    in_turn = (x + y).collapse(segments=segments).collapse(cohorts=cohorts)
    assert cells(summed) == cells(in_turn)


@laws
@given(lead_sets, st.booleans(), st.booleans())
def test_every_lead_is_counted_once_and_collapse_loses_none(ones, segments, cohorts):
    triangle = counted(ones)
    small = triangle.collapse(segments=segments, cohorts=cohorts)
    for one in (triangle, small):
        outcomes = sum(one.reached(name) for name in one.outcomes)
        assert (one.entered == outcomes + one.open).all()
        assert one.n == len(ones)
    for name in triangle.outcomes:
        assert small.by_age(name).sum(axis=(0, 1)).tolist() == (
            triangle.by_age(name).sum(axis=(0, 1)).tolist()
        )


@laws
@given(lead_sets)
def test_at_risk_is_who_is_still_undecided_and_never_rises(ones):
    triangle = counted(ones)
    assert (triangle.at_risk[..., 0] == triangle.entered).all()
    assert (np.diff(triangle.at_risk, axis=2) <= 0).all()
    for one in set(ones):
        alike = [o for o in ones if (o.segment, o.cohort) == (one.segment, one.cohort)]
        found = triangle.at_risk[one.segment, one.cohort]
        assert found.tolist() == [
            sum(o.age >= age for o in alike) for age in range(triangle.n_ages)
        ]


@laws
@given(lead_sets)
def test_late_leads_are_at_risk_from_the_age_at_which_they_joined(ones):
    triangle = counted(ones, late=True)
    everyone = triangle.collapse(segments=True, cohorts=True).at_risk[0, 0]
    assert everyone.tolist() == [
        sum(one.late <= age <= one.age for one in ones) for age in range(triangle.n_ages)
    ]


@laws
@given(lead_sets, st.sampled_from(["2026-01", "2026-02"]))
def test_parts_add_up_to_the_whole(ones, last):
    triangle = counted(ones)
    after = str(pd.Period(last, "M") + 1)
    parts = [
        triangle.select(segment=segment).select(**span)
        for segment in SEGMENTS
        for span in ({"last": last}, {"first": after})
    ]
    whole = parts[0]
    for part in parts[1:]:
        whole += part
    assert cells(whole) == cells(triangle)


@laws
@given(lead_sets)
def test_counts_computed_elsewhere_make_the_same_triangle(ones):
    frame = (
        pd.DataFrame(
            {
                "cohort": COHORTS[[one.cohort for one in ones]],
                "source": [SEGMENTS[one.segment][0] for one in ones],
                "age": [one.age for one in ones],
                "outcome": [one.outcome for one in ones],
                "undated": [one.undated for one in ones],
                "followed": [one.followed for one in ones],
            }
        )
        .assign(n=1)
        .sample(frac=1, random_state=1)
    )
    found = Triangle.from_frame(
        frame, start="lead", target="won", exits=OUTCOMES[1:], by=["source"], as_of=AS_OF
    )
    assert cells(found) == cells(counted(ones))
    assert found.to_frame()["n"].sum() == len(ones)
