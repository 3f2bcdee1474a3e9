"""Activities per day and per deal: real exports, flags, tasks, working days and names."""

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.data.ledgers import read_activities
from funnelkit.metrics import WorkingHours, activity_outcomes, rep_activity

ROWS = pd.DataFrame(
    {
        "at": ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06", "2026-03-31"],
        "kind": ["Email", "email", "E-Mail", "Call", "Task", "Task"],
        "rep": ["Ann", "Ann", "Bo", "Ann", "Ann", None],
        "opened": ["yes", "yes", "no", None, None, None],
        "answered": ["yes", "no", None, "no", None, None],
        "minutes": [None, None, None, 12.5, None, None],
        "due": [None, None, None, None, "2026-03-10", "2026-03-30"],
        "done": [None, None, None, None, "2026-03-20", None],
    }
)


LEDGER = read_activities(ROWS)


def test_per_working_day():
    found = rep_activity(LEDGER, among=["Cy"])
    # 2 to 31 March 2026 has 22 days from Monday to Friday.
    emails = found["emails per day"]
    assert emails.segments == (("Ann",), ("Bo",), ("Cy",), (None,))
    assert emails.denominator.ravel().tolist() == [22] * 4
    assert emails.numerator.ravel().tolist() == [2, 1, 0, 0]
    assert "1 on the list did nothing: Cy." in found.summary()
    hours = WorkingHours(holidays=("2026-03-09",))
    assert rep_activity(LEDGER, hours=hours)["emails per day"].denominator[0, 0] == 21
    by_month = rep_activity(LEDGER, every="month", as_of="2026-04-03")["emails per day"]
    assert by_month.periods == ("2026-03",)
    assert by_month.denominator[0].tolist() == [22]
    weekend = ROWS.assign(at="2026-03-07")
    assert np.isnan(rep_activity(weekend)["emails per day"].values).all()


def test_how_it_was_taken():
    found = rep_activity(LEDGER)
    ann = {name: found[name].only(rep="Ann") for name in found.names}
    assert ann["emails opened"].value == 1
    assert found["emails opened"].only(rep="Bo").value == 0
    assert ann["emails answered"].value == 0.5
    assert ann["opened emails answered"].value == 0.5
    assert np.isnan(found["emails answered"].only(rep="Bo").value)  # it does not say
    assert ann["calls answered"].value == 0
    assert ann["minutes per call"].value == 12.5
    assert "1 that do not say whether are left out" in found["emails answered"].summary()
    overdue = found["overdue tasks"]
    assert overdue.only(rep="Ann").value == 0  # late, but done
    assert overdue.only(rep=None).value == 1
    early = rep_activity(LEDGER, as_of="2026-03-15")["overdue tasks"]
    assert early.only(rep="Ann").value == 1  # done on the 20th, which has not come


def test_a_flag_that_never_says_no():
    found = rep_activity(ROWS.assign(opened=["yes", None, None, None, None, None]))
    assert found["emails opened"].numerator.sum() == 1
    assert found["emails opened"].denominator.sum() == 3
    assert "2 blanks are taken as no" in found["emails opened"].summary()


def test_activities_of_hubspot(shared_data):
    ledger = read_activities(
        shared_data / "hubspot" / "hubspot_activities.csv",
        columns={
            "at": "Activity Date",
            "kind": "Activity Type",
            "rep": "Activity Owner",
            "record": "Associated Contact Email",
        },
        personal=["record"],
    )
    found = rep_activity(ledger)
    plain = pd.read_csv(shared_data / "hubspot" / "hubspot_activities.csv")
    counts = plain["Activity Type"].value_counts()
    assert found["calls per day"].numerator.sum() == counts["Call"] == 402
    assert found["emails per day"].numerator.sum() == counts["Email"] == 398
    assert found["meetings per day"].numerator.sum() == counts["Meeting"] == 412
    days = pd.bdate_range(plain["Activity Date"].min(), plain["Activity Date"].max())
    assert (found["calls per day"].denominator == len(days)).all()
    shown = repr(found) + found.summary() + found._repr_html_() + found.to_frame().to_csv()
    assert "@" not in shown
    assert "Names are replaced by pseudonyms" in shown
    assert "Note 403" in shown


def test_tasks_of_salesforce(shared_data):
    ledger = read_activities(
        shared_data / "salesforce" / "Task.csv",
        columns={
            "at": "CreatedDate",
            "kind": "Type__c",
            "rep": "OwnerId",
            "record": "WhoId",
            "due": "ActivityDate",
        },
    )
    found = rep_activity(ledger)
    # Type__c: Email 18, Call 17, Prep 15, Other 13, Meeting 12, all created on one day.
    assert found["emails per day"].value == 18
    assert found["calls per day"].value == 17
    assert found["meetings per day"].value == 12
    own = rep_activity(ledger, kinds={"tasks": ["Prep"], "proposals": ["Other"]})
    assert own["proposals per day"].value == 13


EXPORT = pd.DataFrame(
    {
        "id": ["a", "b", "c"],
        "deal": "2026-01-05",
        "won": ["2026-03-04", None, "2026-01-20"],
        "owner": ["Ann", "Bo", "Ann"],
        "kind": ["New", "New", "Renewal"],
    }
)
FUNNEL = fk.Funnel(["deal", "won"], owner="owner", segments=["kind"])


def test_activities_per_outcome():
    leads = fk.from_frame(EXPORT, FUNNEL, as_of="2026-03-31")
    found = activity_outcomes(LEDGER, leads)
    assert found["emails per won deal"].value == 3  # the win of January came before them
    assert found["calls per won deal"].value == 1
    assert "association, not an effect" in found["calls per won deal"].summary()
    assert "calls per meeting" not in found.names  # there are none
    by_rep = activity_outcomes(LEDGER, leads, by_rep=True)["emails per won deal"]
    assert by_rep.only(rep="Ann").value == 2
    assert np.isnan(by_rep.only(rep="Bo").value)
    by_month = activity_outcomes(LEDGER, leads, every="month")["emails per won deal"]
    assert by_month.periods == ("2026-03",)
    apart = fk.from_frame(EXPORT, FUNNEL.replace(apart=("kind",)), as_of="2026-03-31")
    with pytest.raises(ArgumentError, match="activities belong to no one business"):
        activity_outcomes(LEDGER, apart)


def test_refusals():
    with pytest.raises(ArgumentError, match="needs a column `rep`"):
        rep_activity(ROWS.drop(columns="rep"))
    with pytest.raises(EvidenceError, match="no activity up to 2026-01-01"):
        rep_activity(LEDGER, as_of="2026-01-01")
    with pytest.raises(EvidenceError, match="no kind is known"):
        rep_activity(ROWS.assign(kind="xyz"))
    with pytest.raises(ArgumentError, match=r"unknown figure `call`.*Did you mean `calls`"):
        rep_activity(LEDGER, kinds={"call": ["Call"]})
    with pytest.raises(ArgumentError, match="unknown kind of activity `dial`"):
        rep_activity(LEDGER, kinds={"calls": ["Dial"]})
    with pytest.raises(ArgumentError, match="`kinds` must map"):
        rep_activity(LEDGER, kinds=["Call"])
    with pytest.raises(ArgumentError, match="`leads` must be Leads"):
        activity_outcomes(LEDGER, EXPORT)
