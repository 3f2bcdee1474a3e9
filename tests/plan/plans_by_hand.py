"""A plan of two channels and four months whose figures can be told by hand, and its people."""

from __future__ import annotations

from functools import cache

import funnelkit as fk

MONTHS = ["2027-01", "2027-02", "2027-03", "2027-04"]
HOSTILE = "<b>fair</b>=1+1"
CHANNELS = {
    "web": {"rates": [0.2, 0.25], "value": 20_000, "lag": [0.5, 0.3, 0.2], "cost": 100},
    HOSTILE: {"rates": [0.3, 0.2], "value": 30_000, "lag": [0.2, 0.5, 0.3], "cost": 200},
}
TARGETS = [150_000.0, 200_000.0, 200_000.0, 200_000.0]


@cache
def assumptions() -> fk.plan.Assumptions:
    """Rates of 5 % and 6 %, deals of 20,000 and 30,000, and 100,000 in flight."""
    return fk.plan.stated(
        CHANNELS,
        stages=["lead", "sql", "won"],
        periods=MONTHS,
        in_flight=100_000,
        currency="EUR",
        doubt=0.1,
        n_draws=200,
    )


@cache
def plan() -> fk.plan.Plan:
    """The leads that 750,000 needs for a chance of 80 %."""
    return fk.plan.reverse(TARGETS, assumptions())


@cache
def counted() -> fk.plan.Plan:
    """A plan of deals, whose leads cost nothing that is known."""
    given = fk.plan.stated([0.2, 0.25], stages=["lead", "sql", "won"], n_draws=50)
    return fk.plan.reverse(40, given)


@cache
def capacity() -> fk.plan.Capacity:
    """Two sellers, who are too few, and one who calls."""
    roles = [
        fk.plan.Role(
            name="seller", people=2, quota=60_000, attainment=0.8, salary=60_000, ramp=[0.5],
            lead_time_days=20,
        ),
        fk.plan.Role(name="SDR", people=1, hours={"lead": 0.25}, salary=36_000),
    ]  # fmt: skip
    return fk.plan.capacity(fk.plan.Team(roles=roles, currency="EUR"), plan())


@cache
def tornado() -> fk.plan.Tornado:
    """What each input does to the chance of the plan."""
    return fk.plan.tornado(plan())


@cache
def scenarios() -> fk.plan.ScenarioComparison:
    """The plan beside a year in which the web converts a fifth less."""
    slow = {"inputs": {"web: lead to sql": "x0.8"}, "description": "Web converts a fifth less"}
    return fk.plan.compare_scenarios(plan(), {"slow <i>year</i>": slow})
