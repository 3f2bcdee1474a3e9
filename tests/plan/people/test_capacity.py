"""What people can do by month, against arithmetic, slow versions and laws."""

import dataclasses
import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.plan import (
    Estimate,
    People,
    Response,
    Role,
    Team,
    agents_needed,
    capacity,
    service_level,
)
from tests.reference.team import expected, simulated

YEAR = pd.period_range("2027-01", periods=12, freq="M")
RAMP = (0, 0.25, 0.5, 0.75)


def closer(**told):
    return Role(**({"name": "closer", "quota": 75_000, "attainment": 0.8} | told))


def of(*roles, **told):
    return Team(roles=list(roles), **told)


def test_ramped_and_new():
    """7 x 150k x .85 + 3 x 150k x .40 = 892,500 + 180,000."""
    ramped = Role(name="ramped", people=7, quota=150_000, attainment=0.85)
    new = Role(name="new", people=3, quota=150_000, attainment=0.40)
    found = capacity(of(ramped, new), periods=YEAR[:1])
    assert found.quota_capacity[:, 0] == pytest.approx([892_500.0, 180_000.0])
    assert found.capacity[0] == 1_072_500.0
    together = Role(
        name="all",
        people=[People(heads=7), People(heads=3, attainment=0.40)],
        quota=150_000,
        attainment=0.85,
    )
    assert capacity(of(together), periods=YEAR[:1]).capacity[0] == 1_072_500.0


def test_hires_ramp_and_leave():
    """60,000 x people: 8 x .9875^(m-1), and four hires by months served.

    In December 8 x .9875^11 + 2 x .9875^10 + 2 x .9875^7 = 6.9662 + 1.7636 + 1.8314 = 10.5613.
    """
    role = closer(people=8, hires={"2027-02": 2, "2027-05": 2}, ramp=RAMP, attrition=0.0125)
    found = capacity(of(role), periods=YEAR)
    assert found.capacity[0] == 480_000  # 8 x 75k x .8
    last = 8 * 0.9875**11 + 2 * 0.9875**10 + 2 * 0.9875**7
    assert found.capacity[11] == pytest.approx(60_000 * last)
    assert round(found.capacity[11]) == 633_676
    assert round(found.capacity.sum()) == 6_947_050
    assert found.heads[0, 11] == pytest.approx(last)  # expected, not rounded
    assert found.hires[0].tolist() == [0, 2, 0, 0, 2, *[0] * 7]
    slow = expected([(None, 1)] * 8 + [(1, 1)] * 2 + [(4, 1)] * 2, 12, 0.0125, RAMP)
    assert found.ramped_heads[0] == pytest.approx(slow)


def test_hires_of_days_in_one_month_add_up():
    found = capacity(of(closer(hires={"2027-02": 1, "2027-02-15": 2})), periods=YEAR[:2])
    assert found.heads[0].tolist() == [0, 3]


def test_by_names_and_start_dates():
    people = [
        People(name="Ann", start="2026-11-16"),  # third month served in January
        People(name="Bo", start="2027-02-15", share=0.5),  # 10 of February's 20 days
        People(name="Cy", end="2027-03-31"),
    ]
    found = capacity(of(closer(people=people, ramp=(0.1, 0.2, 0.3))), periods=YEAR[:5])
    ann, bo, cy = [0.3, 1, 1, 1, 1], [0, 0.05 * 0.5, 0.1, 0.15, 0.5], [1, 1, 1, 0, 0]
    assert found.ramped_heads[0] == pytest.approx(np.add(np.add(ann, bo), cy))
    assert found.heads[0].tolist() == [2, 3, 3, 2, 2]
    assert found.hires[0].tolist() == [0, 1, 0, 0, 0]
    assert found.leavers[0].tolist() == [0, 0, 0, 1, 0]


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 9),
    st.dictionaries(st.integers(0, 11), st.integers(0, 4), max_size=4),
    st.lists(st.floats(0, 1), max_size=5).map(sorted),
    st.floats(0, 0.3),
)
def test_as_counted_down_for_each_person(heads, hires, ramp, attrition):
    role = closer(
        people=heads,
        hires={str(YEAR[m]): n for m, n in hires.items()},
        ramp=ramp,
        attrition=attrition,
        hire=False,
    )
    found = capacity(of(role), 0, periods=YEAR, n_draws=10)
    people = [(None, 1.0)] * heads + [(m, 1.0) for m, n in hires.items() for _ in range(n)]
    assert found.ramped_heads[0] == pytest.approx(expected(people, 12, attrition, ramp))
    before = np.concatenate([[heads], found.heads[0, :-1]])
    assert found.heads[0] == pytest.approx(before - found.leavers[0] + found.hires[0])


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 11),
    st.integers(1, 5),
    st.floats(0, 0.5),
    st.lists(st.floats(0, 1), max_size=5).map(sorted),
)
def test_more_hires_never_do_less_and_more_attrition_never_more(month, more, attrition, ramp):
    told = {"people": 3, "ramp": ramp, "attrition": attrition, "hire": False}
    few = capacity(of(closer(**told)), 300_000, periods=YEAR, n_draws=10)
    hires = {str(YEAR[month]): more}
    many = capacity(of(closer(**told, hires=hires)), 300_000, periods=YEAR, n_draws=10)
    gone = capacity(
        of(closer(**(told | {"attrition": attrition / 2 + 0.5}))), 300_000, periods=YEAR, n_draws=10
    )
    assert (many.capacity >= few.capacity).all()
    assert (many.bookings >= few.bookings).all()
    assert (gone.capacity <= few.capacity).all()


def test_draws_are_those_of_single_lives():
    """P10, mean and P90 of 6 + 3 people against 4,000 simulated teams, person by person."""
    role = closer(people=6, hires={"2027-03": 3}, ramp=RAMP, attrition=0.04)
    found = capacity(of(role), periods=YEAR, n_draws=4000)
    lives = simulated(
        [(None, 1.0)] * 6 + [(2, 1.0)] * 3,
        12,
        0.04,
        RAMP,
        runs=4000,
        rng=np.random.default_rng(2),
    )
    mean = found.quota_draws[:, 0].mean(axis=0)
    assert mean == pytest.approx(found.capacity, rel=0.01)
    assert lives.mean(axis=0) * 60_000 == pytest.approx(found.capacity, rel=0.01)
    low, high = found.interval(whole=True)
    sums = 60_000 * lives.sum(axis=1)
    assert [low, high] == pytest.approx(np.quantile(sums, [0.1, 0.9]), rel=0.02)
    assert found.quota_draws.sum(axis=2).std() == pytest.approx(sums.std(), rel=0.06)


def test_attainment_in_doubt():
    """One doubt for all months does not average out: sd of the year = 12 x 8 x 75k x .1."""
    role = closer(people=8, attainment=Estimate(value=0.8, sd=0.1))
    found = capacity(of(role), periods=YEAR, n_draws=4000)
    assert found.capacity.sum() == pytest.approx(12 * 480_000)
    assert found.quota_draws.sum(axis=2).std() == pytest.approx(12 * 8 * 75_000 * 0.1, rel=0.02)
    worse = closer(people=8, attrition=Estimate(value=0.02, sd=0.015))
    sure = closer(people=8, attrition=0.02)
    spread = [
        capacity(of(one), periods=YEAR, n_draws=4000).quota_draws.sum(axis=2).std()
        for one in (worse, sure)
    ]
    assert spread[0] > 1.2 * spread[1]


def test_selling_days_and_leave():
    """January 2027 has 21 weekdays, 20 without New Year; February 20; March 23."""
    role = closer(people=1, leave={3: 5, "2027-02": 2}, hours={"deal": 8}, selling_share=0.75)
    team = of(role, holidays=["2027-01-01"], pace="selling days")
    found = capacity(team, {"value": 60_000, "deals": 15}, periods=YEAR[:3])
    days = np.array([20, 20 - 2, 23 - 5])
    assert found.capacity == pytest.approx(60_000 * days / days.mean())
    assert found.capacity.sum() == pytest.approx(180_000)  # moved between months, none lost
    assert found.hours_there[0] == pytest.approx(days * 8 * 0.75)  # 120, 108, 108
    assert found.hours_needed[0].tolist() == [120, 120, 120]
    assert found.short[0].tolist() == [False, True, True]
    even = capacity(of(closer(people=1, leave=24)), periods=YEAR[:3])
    assert even.capacity.tolist() == [60_000] * 3


def test_quotas_of_quarters_and_years_and_in_deals():
    for per, months in (("month", 1), ("quarter", 3), ("year", 12)):
        role = closer(people=1, quota=12 * months, quota_per=per, attainment=0.5)
        found = capacity(of(role, unit="count"), {"deals": 7, "value": 70_000}, periods=YEAR[:2])
        assert found.capacity.tolist() == [6, 6]
        assert found.bookings.tolist() == [6, 6]
        assert found.deals_at_most.tolist() == [6, 6]
        assert found.value_at_most.tolist() == [60_000, 60_000]  # at 10,000 each


def test_the_binding_side_and_bookings():
    found = capacity(of(closer(people=8)), [400_000, 500_000, 480_000], periods=YEAR[:3])
    assert found.binding == ("demand", "people", "demand")
    assert found.bookings.tolist() == [400_000, 480_000, 480_000]
    assert found.lost.tolist() == [0, 20_000, 0]
    later = capacity(of(closer(people=8)), [400_000, 500_000, 400_000], periods=YEAR[:3], carry=0.5)
    assert later.bookings.tolist() == [400_000, 480_000, 410_000]  # half of 20,000 waits
    assert found.enough.tolist() == [1, 0, 1]
    assert found.ramped_heads_needed[0] == pytest.approx([400 / 60, 500 / 60, 8])


def test_short_hours_lessen_the_bookings_that_stem_from_them():
    """150 hours there, 200 needed in March: a quarter of its leads is not worked."""
    role = Role(name="sdr", people=1, hours={"lead": 0.5}, hours_per_day=150 / 23, hire=False)
    team = of(role, closer(people=10))
    leads = [200, 200, 400, 200, 200]
    there = np.array([21, 20, 23, 22, 21]) * 150 / 23
    found = capacity(
        team, {"value": 400_000, "lead": leads}, to_win={"lead": 1.5}, periods=YEAR[:5]
    )
    assert found.hours_there[0] == pytest.approx(there)
    assert found.hours_needed[0].tolist() == [100, 100, 200, 100, 100]
    assert found.short[0].tolist() == [False, False, True, False, False]
    # 1.5 months later: half of it in April, half in May.
    assert found.bookings == pytest.approx(400_000 * np.array([1, 1, 1, 1 - 0.125, 1 - 0.125]))
    assert found.leads_at_most == pytest.approx(there / 0.5)
    at_once = capacity(team, {"value": 400_000, "lead": leads}, periods=YEAR[:5])
    assert at_once.bookings == pytest.approx([400_000, 400_000, 300_000, 400_000, 400_000])


def test_activities():
    """Three meetings of 1.5 hours for each of 10 opportunities, and 4 deals of 8 hours: 77."""
    role = closer(people=1, hours={"meeting": 1.5, "deal": 8})
    team = of(role, activities={"meeting": {"opportunity": 3}})
    asked = {"opportunity": 10, "deals": 4, "value": 40_000}
    found = capacity(team, asked, periods=YEAR[:1])
    assert found.hours_needed[0].tolist() == [77]
    # 168 hours there, 45 of them for meetings: (168 - 45) / 8 deals, of 10,000 each.
    assert found.deals_at_most[0] == pytest.approx(min(60_000 / 10_000, 123 / 8))
    assert found.value_at_most[0] == 60_000


def test_first_answers_need_people_who_wait_for_them():
    """441 leads in 21 days of 7 hours: 3 an hour of 15 minutes each, a load of .75.

    Two: C = .45 / (1 + .75 + .45) = .2045, times exp(-1.25 x 5 / 15) = .6592 wait longer
    than 5 minutes: 86.5 % in time. One alone: .75 x exp(-.25 x 5 / 15) = .69 wait longer.
    """
    response = Response(within_minutes=5, handling_minutes=15, share=0.8)
    role = Role(name="sdr", people=2, hours_per_day=7, response=response)
    found = capacity(of(role), {"lead": 441}, periods=YEAR[:1])
    assert found.hours_needed[0, 0] == 2 * 21 * 7  # though the handling itself takes 110 hours
    assert found.service_level[0, 0] == pytest.approx(1 - 0.45 / 2.2 * math.exp(-1.25 / 3))
    assert found.hires_needed.sum() == 0
    most = found.leads_at_most[0] / (21 * 7)  # an hour; two can answer a little more than three
    assert most > 3
    times = {"handling_minutes": 15, "within_seconds": 300, "interval_minutes": 60}
    assert service_level(most, 2, **times).service_level == pytest.approx(0.8)
    alone = capacity(of(dataclasses.replace(role, people=1)), {"lead": 441}, periods=YEAR[:1])
    assert alone.service_level[0, 0] == pytest.approx(1 - 0.75 * math.exp(-0.25 / 3))
    assert alone.hires_needed[0].tolist() == [1]
    busy = dataclasses.replace(role, response=dataclasses.replace(response, peak=4))
    many = capacity(of(busy), {"lead": 441}, periods=YEAR[:1])
    same = agents_needed(12, **times)
    assert many.hours_needed[0, 0] == same.agents * 21 * 7
    assert many.service_level[0, 0] == 0.0  # a load of 3 on two people


def test_cost_by_month():
    """60,000 a year and a fifth on top: 6,000 a month; a hire at 5,000; half of Ann."""
    people = [People(heads=2), People(name="Ann", share=0.5)]
    role = closer(people=people, hires={"2027-02": 1}, salary=60_000, on_cost=0.2, hiring_cost=5000)
    found = capacity(of(role, currency="EUR"), periods=YEAR[:3])
    assert found.cost[0].tolist() == [15_000, 21_000 + 5_000, 21_000]
    assert found.total_cost == 62_000
    unknown = capacity(of(role, Role(name="sdr", people=1)), periods=YEAR[:3])
    assert np.isnan(unknown.total_cost)
    assert "no `salary` is told for sdr" in unknown.summary()


@pytest.fixture(scope="module")
def plan():
    base = fk.plan.stated(
        [0.25, 0.40, 0.50, 0.20],
        value=25_000,
        lag=[0.1, 0.3, 0.4, 0.2],
        periods=YEAR,
        n_draws=400,
    )
    return fk.plan.reverse(3_000_000, base)


def test_a_plan_as_demand(plan):
    enough = capacity(of(closer(people=40)), plan)
    assert enough.demand == pytest.approx(plan.outcomes.expected)
    assert enough.bookings == pytest.approx(enough.demand)
    assert set(enough.binding) == {"demand"}
    assert enough.hit == pytest.approx(plan.outcomes.probability(plan.targets.amount.sum()))
    assert enough.with_hires is None
    few = capacity(of(closer(people=3, hire=False)), plan)
    assert few.bookings == pytest.approx(np.minimum(few.demand, 180_000))
    assert few.hit < 0.01 < enough.hit
    assert "cannot be hired" in few.summary()
    target = capacity(of(closer(people=4)), plan, against="target")
    assert target.demand == pytest.approx(plan.targets.amount)


def test_hours_of_a_plan_follow_its_lags(plan):
    """Leads that are not worked are missing among the wins of the months that they bring."""
    leads = plan.leads.sum(axis=0)
    hours = 21 * 8.0
    role = Role(name="sdr", people=1, hours={"lead": 1.0})
    found = capacity(of(role), plan, meet="every month")
    worked = np.minimum(found.hours_there[0] / np.maximum(leads, 1e-9), 1)
    brings = plan.assumptions.yields[0] * plan.assumptions.sizes[0]
    new = leads @ brings
    kept = (leads * worked) @ brings
    drawn = plan.outcomes.expected
    assert found.hours_there[0, 0] == hours
    assert found.bookings == pytest.approx(drawn * kept / new)
    assert found.with_hires.people_bind.sum() == 0


def test_frames_and_words():
    role = closer(people=8, ramp=RAMP, attrition=0.0125, lead_time_days=60, salary=1)
    other = Role(name="<b>sdr</b>", people=2, hours={"lead": 0.5})
    asked = {"value": 600_000, "lead": 500}
    found = capacity(of(role, other, currency="USD"), asked, periods=YEAR, as_of="2026-12-31")
    frame = found.to_frame()
    assert len(frame) == 24
    assert list(frame["period"][:3].astype(str)) == ["2027-01", "2027-01", "2027-02"]
    assert list(frame["role"][:2]) == ["closer", "<b>sdr</b>"]
    months = found.by_month()
    assert months["requisitions"].sum() == found.hires_needed.sum()
    assert (months["bookings_with_hires"] >= months["bookings"] - 1e-6).all()
    text = found.summary()
    assert "In every month people bind: closer, " in text
    assert "requisitions (closer) by 31 December 2026" in text
    assert "&lt;b&gt;" in found._repr_html_()
    assert "<b>" not in found._repr_html_()
    with pytest.raises(ValueError, match="read-only"):
        found.heads[0, 0] = 1
    later = capacity(of(closer(people=8)), [400_000] * 2 + [500_000] * 10, periods=YEAR)
    assert "From March 2027 on people bind: closer, 480,000 of 500,000 in March 2027" in (
        later.summary()
    )


def test_demand_by_month_in_several_forms():
    by = {"2027-01": 500_000, "2027-02": 400_000}
    forms = [
        by,
        pd.Series([500_000, 400_000], index=YEAR[:2]),
        {"value": by},
        {"value": pd.Series([500_000, 400_000], index=YEAR[:2])},
    ]
    for one in forms:
        found = capacity(of(closer(people=8)), one)
        assert found.bookings.tolist() == [480_000, 400_000]
        assert found.as_of == dt.date(2026, 12, 31)


def test_what_is_not_known_is_not_made_up():
    found = capacity(of(Role(name="sdr", people=2)), periods=YEAR[:3])
    assert np.isnan(found.capacity).all()
    assert np.isnan(found.interval()[0]).all()
    assert np.isnan(found.enough).all()
    assert np.isnan(found.hit)
    assert np.isinf(found.deals_at_most).all()
    assert found.by_month()["people_there"].tolist() == [2, 2, 2]
    assert found.summary() == "January 2027 to March 2027: 2 people at first."
    with pytest.raises(ArgumentError, match="Did you mean `sdr`"):
        found.interval(role="sdrr")
