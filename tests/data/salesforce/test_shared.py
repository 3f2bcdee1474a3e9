"""The real export, read with no options: numbers from ../shared/data/README.md, "salesforce"."""

import datetime as dt

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import AssumptionWarning

STAGES = {
    "Closed Won": 12,
    "Closed Lost": 3,
    "Qualification": 9,
    "Negotiation": 9,
    "Discovery": 9,
    "Proposal/Quote": 8,
}


@pytest.fixture(scope="module")
def leads(shared_data):
    with pytest.warns(AssumptionWarning, match="with most of all events on that day"):
        return fk.read_salesforce(shared_data / "salesforce")


@pytest.fixture(scope="module")
def found(leads):
    return {finding.rule: finding for finding in fk.audit(leads).findings}


def test_the_funnel(leads):
    assert leads.funnel.stages == (
        "lead",
        "Working",
        "Qualified",
        "opportunity",
        "Qualification",
        "Discovery",
        "Proposal/Quote",
        "Negotiation",
        "won",
    )
    assert leads.funnel.exits == ("lost",)
    assert leads.as_of == dt.date(2024, 1, 22)


def test_every_count_of_the_readme(leads):
    people, deals = leads.list("lead"), leads.list("opportunity")
    assert (len(people), len(deals)) == (60, 50)
    assert people["Status"].value_counts().to_dict() == {"Qualified": 24, "New": 21, "Working": 15}
    assert people["LeadSource"].value_counts().to_dict() == {
        "Cold Call": 25,
        "Referral": 22,
        "Online Form": 13,
    }
    assert deals["StageName"].value_counts().to_dict() == STAGES
    assert float(deals["Amount"].sum()) == pytest.approx(43_603_545.98)
    assert float(leads.list("won")["Amount"].sum()) == pytest.approx(10_542_562.98)
    assert (len(leads.list("won")), len(leads.list("lost"))) == (12, 3)
    assert leads.accounting().values.tolist() == [
        ["Lead.csv", "kept as a record", 60],
        ["Opportunity.csv", "kept as a record", 50],
    ]


def test_open_deals_stand_where_the_crm_has_them(leads):
    names = leads.funnel.stages[4:8]
    reached = [len(leads.list(name)) - len(leads.list("won")) for name in names]
    here = [one - other for one, other in zip(reached, [*reached[1:], 0], strict=True)]
    assert dict(zip(names, here, strict=True)) == {name: STAGES[name] for name in names}


def test_the_traps_are_named(leads, found):
    assert found["close_before_creation"].count == 19
    assert "4 of them are open, where it is a plan" in found["close_before_creation"].what
    assert found["stages_out_of_order"].count == 12
    assert found["exit_before_entry"].count == 3
    assert "bulk_load" in found
    assert "zone_unsaid" in found
    assert found["no_lead_converted"].count == 60
    assert sum("byte-order mark" in note for note in leads.notes) == 2
    assert "`IsWon` in `Opportunity.csv` is 1 or blank; blank is no." in leads.notes
    assert "`IsClosed` in `Opportunity.csv` is 1 or blank; blank is no." in leads.notes


def test_other_tables_are_left_aside_and_named(leads):
    [note] = [note for note in leads.notes if note.startswith("Left aside")]
    for name in ("Account", "Campaign", "CampaignMember", "Task"):
        assert f"`{name}.csv` ({name})" in note


def test_a_triangle_counts_leads_and_no_deals(leads):
    tri = fk.triangle(leads, "lead", "won")
    assert tri.to_frame()["n"].sum() == 60
    deals = fk.triangle(leads, "opportunity", "won")
    assert deals.to_frame()["n"].sum() == 50


def test_ids_of_15_characters_are_the_same_records(shared_data, leads):
    frames = {
        name: pd.read_csv(
            shared_data / "salesforce" / f"{name}.csv", encoding="utf-8-sig", dtype="str"
        )
        for name in ("Lead", "Opportunity")
    }
    for frame in frames.values():
        frame["Id"] = frame["Id"].str[:15]
    short = fk.read_salesforce(frames, as_of=leads.as_of)
    assert set(short.list("lead")["Id"]) == set(leads.list("lead")["Id"])
    assert set(short.list("won")["Id"]) == set(leads.list("won")["Id"])
