"""Hiring plans against trying all of them, dates by hand, and what cannot be closed any more."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.plan import People, Role, Team, capacity
from funnelkit.plan.people.hiring import grown, hiring_plan
from funnelkit.plan.people.programme import Need
from tests.reference.team import expected, smallest_hiring

YEAR = pd.period_range("2027-01", periods=12, freq="M")
RAMP = (0, 0.25, 0.5, 0.75)


def closer(**told):
    return Role(**({"name": "closer", "quota": 75_000, "attainment": 0.8} | told))


def planned(short, ramp, attrition, earliest, *, strict=True, each=1.0):
    short = np.array(short, float)
    return hiring_plan(
        [Need(short=short, scale=np.full(len(short), 10.0), each=np.full((1, len(short)), each))],
        curves=[np.array([*ramp, 1.0])],
        attrition=np.array([attrition]),
        earliest=[earliest],
        ahead=len(short),
        strict=strict,
    )


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(0, 16).map(lambda n: n / 10), min_size=3, max_size=5),
    st.lists(st.sampled_from([0.25, 0.5, 0.75]), max_size=2).map(sorted),
    st.floats(0, 0.1),
    st.integers(0, 2),
)
def test_the_fewest_and_of_these_the_latest(short, ramp, attrition, earliest):
    found = planned(short, ramp, attrition, earliest)
    slow = smallest_hiring(short, 1.0, attrition, ramp, earliest, most=12)
    row = found.within(len(short))[0]
    assert found.complete
    assert not row[:earliest].any()
    assert slow == (row.sum(), row @ np.arange(len(short)))


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.floats(-1, 3), min_size=4, max_size=8),
    st.lists(st.floats(0.1, 1), max_size=3).map(sorted),
    st.floats(0, 0.1),
)
def test_the_gap_is_closed_and_no_hire_is_idle(short, ramp, attrition):
    found = planned(short, ramp, attrition, 0).within(len(short))[0]
    adds = np.array(
        [grown(np.array([*ramp, 1.0]), attrition, s, len(short)) for s in range(len(short))]
    )
    closed = found @ adds
    assert (closed >= np.array(short) - 1e-4).all()
    for start in np.flatnonzero(found):
        assert (closed - adds[start] < np.array(short) - 1e-9).any()  # one fewer would not do


def test_growth_is_that_of_one_person():
    for start in range(5):
        slow = expected([(start, 1.0)], 8, 0.05, RAMP)
        assert grown(np.array([*RAMP, 1.0]), 0.05, start, 8) == pytest.approx(slow)


def test_as_late_as_the_ramp_allows():
    """From September on 170,000 short: 2.8, so 3 ramped people, who start four months before."""
    demand = [480_000] * 8 + [650_000] * 4
    found = capacity(of(closer(people=8, ramp=RAMP, lead_time_days=60)), demand, periods=YEAR)
    assert found.hires_needed[0].tolist() == [0, 0, 0, 0, 3, *[0] * 7]
    (one,) = found.requisitions
    # 3 May is the first Monday: 1 May is a Saturday. 60 days before is 4 March.
    assert (one.number, one.start, one.open_by) == (3, dt.date(2027, 5, 3), dt.date(2027, 3, 4))
    assert found.to_open[0].tolist() == [0, 0, 3, *[0] * 9]
    assert found.missed == ()
    assert found.with_hires.bookings == pytest.approx(demand)
    assert set(found.with_hires.binding) == {"demand"}
    assert "From September 2027 on people bind: closer, 480,000 of 650,000" in found.summary()
    assert "Open 3 requisitions (closer) by 4 March 2027." in found.summary()


def of(*roles, **told):
    return Team(roles=list(roles), **told)


def test_what_would_have_had_to_be_opened_already():
    """600,000 asked from January on; hires who start in March have ramped in July.

    Two people who started in September, four months before, would have met January: asked for
    60 days before 1 September, by 3 July.
    """
    role = closer(people=8, ramp=RAMP, lead_time_days=60)
    found = capacity(of(role), 600_000, periods=YEAR, as_of="2026-12-31")
    assert found.hires_needed[0].tolist() == [0, 0, 2, *[0] * 9]
    assert [(one.number, one.start, one.open_by) for one in found.missed] == [
        (2, dt.date(2026, 9, 1), dt.date(2026, 7, 3))
    ]
    assert found.with_hires.bookings == pytest.approx(
        [480_000, 480_000, 480_000, 510_000, 540_000, 570_000, *[600_000] * 6]
    )
    text = found.summary()
    assert "2 requisitions (closer) by 3 July 2026 would have had to be opened already" in text
    strict = capacity(of(role), 600_000, periods=YEAR, as_of="2026-12-31", meet="every month")
    # April asks 120,000 of hires who started in March and win a quarter of 60,000 each: 8.
    assert strict.hires_needed[0].tolist() == [0, 0, 8, *[0] * 9]
    assert "6 more hires would be needed" in text


def test_a_ramp_longer_than_the_plan():
    """Two short of ten, ramp of eight months, six months: two hires, at once, as if they had."""
    role = closer(people=8, ramp=[0.0] * 4 + [0.2] * 4)
    found = capacity(of(role), 600_000, periods=YEAR[:6])
    assert found.hires_needed[0].tolist() == [2, 0, 0, 0, 0, 0]


def test_fewest_over_roles_and_sides():
    """Short of 3 in quotas and of one in hours: the same hires serve both, another role its own."""
    rep = closer(people=5, hours={"deal": 30.0}, hours_per_day=8)
    sdr = Role(name="sdr", people=1, hours={"lead": 1.0})
    # 8 x 60,000 asked; deals of 30 hours: 32 x 30 = 960 of 5 x 168 = 840 in January.
    asked = {"value": 480_000, "deals": 32, "lead": 400}
    found = capacity(of(rep, sdr), asked, periods=YEAR[:1])
    assert found.hires_needed[:, 0].tolist() == [3, 2]  # 400 hours, 168 of one: 3 in all
    assert found.with_hires.binding == ("demand",)
    assert found.with_hires.hires_needed.sum() == 0


def test_roles_that_are_not_hired_and_a_limit_a_month():
    shut = capacity(of(closer(people=8, hire=False)), 600_000, periods=YEAR)
    assert shut.hires_needed.sum() == 0
    assert shut.requisitions == ()
    assert "cannot be hired" in shut.summary()
    one = capacity(
        of(closer(people=6)), 600_000, periods=YEAR[:5], most_hires=1, meet="every month"
    )
    assert one.hires_needed[0].tolist() == [1, 1, 1, 1, 0]
    late = capacity(of(closer(people=8, lead_time_days=400)), 600_000, periods=YEAR)
    assert late.requisitions == ()
    assert "No hire who can still be asked for" in late.summary()


def test_own_hires_are_requisitions_too():
    role = closer(people=8, hires={"2027-04": 2}, lead_time_days=45)
    found = capacity(of(role), periods=YEAR)
    (one,) = found.requisitions
    assert (one.kind, one.number) == ("planned", 2)
    assert one.open_by == dt.date(2027, 2, 15)  # 45 days before Thursday, 1 April
    assert found.to_open[0].tolist() == [0, 2, *[0] * 10]
    # Who has signed is no requisition.
    signed = closer(people=[People(heads=8), People(heads=2, start="2027-04-01")])
    other = capacity(of(signed), periods=YEAR)
    assert other.requisitions == ()
    assert other.capacity == pytest.approx(found.capacity)


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 6), st.integers(0, 4), st.floats(0, 0.05))
def test_more_demand_never_needs_fewer_hires(heads, more, attrition):
    role = closer(people=heads, ramp=(0.5,), attrition=attrition)
    few, many = (
        capacity(of(role), 60_000.0 * n, periods=YEAR[:6], n_draws=5) for n in (5, 5 + more)
    )
    assert many.hires_needed.sum() >= few.hires_needed.sum()
    for one in (few, many):
        then = one if one.with_hires is None else one.with_hires
        assert (then.bookings[2:] >= one.demand[2:] * (1 - 1e-5)).all()
