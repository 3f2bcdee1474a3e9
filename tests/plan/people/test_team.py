"""A team as a file: read, written, and refused with everything that is wrong at once."""

import datetime as dt
import inspect
import re

import pandas as pd
import pytest

from funnelkit._core.errors import ArgumentError, DefinitionError
from funnelkit.plan import (
    Estimate,
    People,
    Response,
    Role,
    Team,
    capacity,
    read_team,
    reverse,
    stated,
    team_yaml,
)

YEAR = pd.period_range("2027-01", periods=12, freq="M")


def example() -> str:
    """The file that the documentation of `read_team` shows."""
    return inspect.cleandoc(inspect.getdoc(read_team).split(".. code-block:: yaml\n\n")[1])


def written(tmp_path, text):
    path = tmp_path / "team.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_documented_file_is_read(tmp_path):
    team = read_team(written(tmp_path, example()))
    assert team.names == ("account executive", "sales development")
    assert team.currency == "USD"
    assert team.holidays == (dt.date(2027, 1, 1), dt.date(2027, 12, 24))
    rep, sdr = team.roles
    assert rep.attainment == Estimate(value=0.8, sd=0.06)
    assert rep.ramp == (0, 0.25, 0.5, 0.75)
    assert rep.groups == (People(heads=8), People(name="Ann", start="2026-11-16", share=0.5))
    assert dict(rep.hires) == {"2027-04": 2}
    assert dict(rep.hours) == {"opportunity": 2, "meeting": 1.5, "deal": 8}
    assert sdr.heads == 4
    assert sdr.response == Response(within_minutes=5, handling_minutes=10, share=0.8)
    found = capacity(
        written(tmp_path, example()),
        {"value": 400_000, "deals": 8, "opportunity": 30, "lead": 500},
        periods=YEAR,
    )
    assert found.hours_needed[0] == pytest.approx(30 * 2 + 30 * 3 * 1.5 + 8 * 8)


def test_what_is_written_is_read_the_same(tmp_path):
    team = Team(
        roles=[
            Role(
                name='closer: "A" # one',
                people=[People(heads=2, end="2027-06-30", attainment=0.5), People(name="Ann")],
                hires={"2027-04": 1},
                quota=1.5,
                quota_per="quarter",
                attainment=0.75,
                attrition=Estimate(value=0.02, sd=0.01),
                leave={"2027-08": 8, 12: 5},
                hire=False,
                hours={"deal": 0.5},
            ),
            Role(name="sdr", response=Response(within_minutes=5, handling_minutes=3, peak=2.5)),
        ],
        unit="count",
        pace="selling days",
        weekdays=["sunday", "monday"],
        activities={"meeting": {"lead": 0.2}},
    )
    text = team_yaml(team)
    again = read_team(written(tmp_path, text))
    assert team_yaml(again) == text
    assert again.names == team.names
    assert again.roles[0].leave_days(YEAR).tolist() == team.roles[0].leave_days(YEAR).tolist()


def test_everything_that_is_wrong_is_said_at_once(tmp_path):
    text = """
curency: USD
pace: evn
roles:
  - name: account executive
    quota: -5000
    attainment: 85
    ramp: [0, 0.5, 1.5]
    attrition: 1.25 %
    people:
      - {heads: 0, strat: 2026-11-16}
  - name: sdr
    lead_time: 30
    attrition: 1.25
    response: {within_minutes: 5, share: 80, handling_minutes: 3}
"""
    with pytest.raises(DefinitionError) as error:
        read_team(written(tmp_path, text))
    said = "\n".join(error.value.problems)
    assert len(error.value.problems) == 11
    for words in (
        "team.yml, line 2: `curency` is not known. Did you mean `currency`?",
        "line 3: `pace` must be one of even, selling days; got 'evn'",
        "`quota` must be a number of at least 0; got -5000, 5000 below it",
        "`attainment` must be at most 10; got 85; did you mean 0.85?",
        "`ramp` must be from 0 to 1 in each month served; got 1.5 in month 3, 0.5 too much",
        "`roles[1].attrition` must be a number; got '1.25 %'",
        "`roles[1].people[1].heads` must be a whole number of at least 1; got '0'",
        "`roles[1].people[1].strat` is not known. Did you mean `start`?",
        "`roles[2].lead_time` is not known. Did you mean `lead_time_days`?",
        "`attrition` must be from 0 to below 1; got 1.25; did you mean 0.0125?",
        "Response: `share` must be from 0 to below 1; got 80; did you mean 0.8?",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty; it needs `roles:`"),
        ("currency: USD", "`roles` is missing"),
        ("roles: 3", "`roles` must be a list"),
        ("roles:\n- people: 3", "`roles[1].name` is missing"),
        ("roles:\n- {name: a}\n- {name: a}", "2 roles named 'a'"),
        ("roles:\n- {name: a, people: many}", "a whole number, or a list of people"),
        ("roles:\n- {name: a, attainment: {sd: 1}}", "`roles[1].attainment.value` is missing"),
        ("roles:\n- {name: a, response: {share: .8}}", "`roles[1].response.within_minutes` is"),
        ("roles: [{name: a, heads: 2}]", "Did you mean `people.heads`?"),
        ("quota: 5\nroles: [{name: a}]", "Did you mean `roles.quota`?"),
    ],
)
def test_files_that_are_no_team(tmp_path, text, words):
    with pytest.raises(DefinitionError, match=re.escape(words)):
        read_team(written(tmp_path, text))


def test_no_file(tmp_path):
    with pytest.raises(DefinitionError, match=re.escape("none.yml cannot be read: No such file")):
        read_team(tmp_path / "none.yml")


def one(**told):
    return Team(roles=[Role(**({"name": "x", "people": 1, "quota": 1, "attainment": 1} | told))])


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"quota": -5}, "`quota` must be a number of at least 0; got -5, 5 below it"),
        ({"attainment": None}, "`quota` needs `attainment`"),
        ({"ramp": [0.5, 0.2]}, "must not fall; month 2 (0.2) is below month 1 (0.5)"),
        ({"ramp": "0.5"}, "`ramp` must be shares by months served"),
        ({"people": -1}, "`people` must be a whole number of at least 0"),
        ({"people": 2.5}, "`people` must be a whole number of at least 0"),
        ({"hires": {"2027-13": 1}}, "`hires` must be by months such as 2027-02; got '2027-13'"),
        ({"hires": {"2027-02": -1}}, "got -1 in 2027-02"),
        ({"lead_time_days": 1.5}, "`lead_time_days` must be a whole number"),
        ({"selling_share": 50}, "did you mean 0.5?"),
        ({"hours_per_day": 25}, "`hours_per_day` must be above 0 and at most 24"),
        ({"leave": {"augst": 3}}, "`leave` must be by months such as 2027-08"),
        ({"quota_per": "week"}, "`quota_per` must be month, quarter or year"),
        ({"salary": -1}, "`salary` must be a number of at least 0"),
        ({"attrition": Estimate(value=0.01, sd=0.5)}, "must be below 0.0995"),
        ({"name": " "}, "`name` is empty"),
        ({"hours": {"lead": "x"}}, "`hours.lead` must be a number of at least 0"),
        (
            {
                "hours": {"lead": 1},
                "response": Response(within_minutes=1, handling_minutes=1, stage="lead"),
            },
            "both about `lead`",
        ),
    ],
)
def test_roles_that_cannot_be(told, words):
    with pytest.raises(ArgumentError, match=re.escape(words)):
        one(**told)


@pytest.mark.parametrize(
    ("team", "asked", "told", "words"),
    [
        (one(), {"value": {"2027-01": 1}}, {"periods": YEAR[:3]}, "it lacks 2027-02, 2027-03"),
        (one(), {"value": {"2027-01": 1, "2027-02": 1}}, {"periods": YEAR[:1]}, "has 2027-02"),
        (one(), [1, 2], {"periods": YEAR}, "each of the 12 months 2027-01 to 2027-12; got 2"),
        (one(), [-5] * 12, {"periods": YEAR}, "got -5 in 2027-01 and 11 more months"),
        (one(), "many", {"periods": YEAR}, "got 'many'"),
        (one(), 5, {}, "`periods` must be given"),
        (one(), {"deals": 3}, {"periods": YEAR}, "Quotas are money, and `demand` knows deals"),
        (one(), {"valeu": 3}, {"periods": YEAR}, "Did you mean `value`?"),
        (one(hours={"lead": 1}), None, {"periods": YEAR}, "`demand` names none"),
        (one(hours={"laed": 1}), {"lead": 3}, {"periods": YEAR}, "Did you mean `lead`?"),
        (one(hires={"2026-02": 1}), 1, {"periods": YEAR}, "hires of 2026-02 do not line up"),
        (
            one(hires={"2027-02": 2}, lead_time_days=60),
            1,
            {"periods": YEAR},
            "by 3 December 2026, 28 days before 31 December 2026",
        ),
        (one(leave={2: 28}), 1, {"periods": YEAR}, "28 days of leave in 2027-02 are 8 more"),
        (Team(roles=[Role(name="x")]), None, {"periods": YEAR}, "`team` has nobody in it"),
        (one(), 1, {"periods": YEAR, "carry": 2}, "`carry` must be a share from 0 to 1"),
        (one(), 1, {"periods": YEAR, "meet": "once rampd"}, "Did you mean `once ramped`?"),
        (one(), 1, {"periods": YEAR, "most_hires": 0}, "`most_hires` must be a whole number"),
        (one(), 1, {"periods": YEAR, "against": "target"}, "needs a plan, which has targets"),
        (one(), {"lead": 1}, {"periods": YEAR, "to_win": {"mql": 1}}, "`to_win` names 'mql'"),
        (3, 1, {"periods": YEAR}, "`team` must be a fk.plan.Team"),
    ],
)
def test_teams_that_do_not_fit(team, asked, told, words):
    with pytest.raises(ArgumentError, match=re.escape(words)):
        capacity(team, asked, **told)


def test_plans_that_do_not_fit():
    base = stated([0.5, 0.2], value=1000, periods=YEAR[:3], currency="EUR", n_draws=50)
    plan = reverse(10_000, base)
    with pytest.raises(ArgumentError, match="The team comes first, and then the plan"):
        capacity(plan, one())
    with pytest.raises(ArgumentError, match="do not line up with the months of the plan"):
        capacity(one(), plan, periods=YEAR)
    with pytest.raises(ArgumentError, match="counts in 'USD' and the plan in 'EUR'"):
        capacity(Team(roles=[Role(name="x")], currency="USD"), plan)


def test_nobody_there_yet_is_a_team_to_be_hired():
    found = capacity(one(people=0, quota=10), 25, periods=YEAR[:2])
    assert found.hires_needed[0].tolist() == [3, 0]
    assert found.with_hires.bookings.tolist() == [25, 25]
