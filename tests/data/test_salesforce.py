"""Salesforce exports by API name: numbers from ../shared/data/README.md, "salesforce"."""

import datetime as dt

import pytest

import funnelkit as fk
from funnelkit._core.errors import AssumptionWarning

OPEN = {"Qualification": 9, "Negotiation": 9, "Discovery": 9, "Proposal/Quote": 8}


def opportunities():
    return fk.Funnel(
        ["created", "won"],
        exits=["lost"],
        id="Id",
        columns={"created": "CreatedDate"},
        status="StageName",
        status_date="CloseDate",
        status_values={"created": list(OPEN), "won": "Closed Won", "lost": "Closed Lost"},
        value="Amount",
        segments=["StageName"],
        timezone="UTC",
    )


@pytest.fixture(scope="module")
def leads(shared_data):
    with pytest.warns(AssumptionWarning, match="with most of all events on that day"):
        return fk.read_csv(shared_data / "salesforce" / "Opportunity.csv", opportunities())


def test_stages_and_amounts(leads):
    assert (len(leads), len(leads.list("won")), len(leads.list("lost"))) == (50, 12, 3)
    everything = leads.list("created")
    assert {stage: len(leads.list("created", StageName=stage)) for stage in OPEN} == OPEN
    assert float(everything["Amount"].sum()) == pytest.approx(43_603_545.98)
    assert float(leads.list("won")["Amount"].sum()) == pytest.approx(10_542_562.98)


def test_one_time_for_all_rows_is_no_reason_to_lose_the_day(leads):
    assert leads.as_of == dt.date(2024, 1, 22)


def test_the_audit_names_the_traps(leads):
    found = {finding.rule: finding for finding in fk.audit(leads).findings}
    assert found["bulk_load"].count == 50
    assert found["bulk_load"].examples == ("2024-01-22",)
    # All 15 closed ones, 12 won and 3 lost, closed before they were created; the 4 other negative
    # ones are plans of open records.
    assert found["stages_out_of_order"].count == 12
    assert found["exit_before_entry"].count == 3
    assert found["stage_order"].severity == "error"
    assert "byte-order mark" in found["byte_order_mark"].what
    plans = found["close_date_planned"]
    assert plans.what.startswith(
        "`CloseDate` of 35 records that are not closed is a plan (4 of them before the record "
        "began; "
    )
    # 12 won, 3 lost and 4 planned: 19 of 50 close before they were created.
    assert 12 + 3 + 4 == 19
    assert plans.count == 35
    offsets = found["zone_on_some"]
    assert (
        "`created` is told to the second with an offset, `won` and `lost` as a mere" in offsets.what
    )
    assert found["deleted_unread"].what.startswith("`Opportunity.csv` has `IsDeleted`")


def test_flags_that_never_say_no(shared_data):
    flags = ["IsWon", "IsClosed"]
    funnel = opportunities().replace(segments=["StageName", *flags])
    leads = fk.read_csv(shared_data / "salesforce" / "Opportunity.csv", funnel, as_of="2024-01-22")
    findings = fk.audit(leads).findings
    blank = {one.what.split("`")[1]: one.count for one in findings if one.rule == "flag_or_blank"}
    assert blank == {"IsWon": 50 - 12, "IsClosed": 50 - 15}
    leaks = [one.what.split("`")[1:4:2] for one in findings if one.rule == "outcome_leak"]
    assert ["IsWon", "won"] in leaks


def test_leads(shared_data):
    funnel = fk.Funnel(
        ["created", "converted"],
        id="Id",
        columns={"created": "CreatedDate", "converted": "ConvertedDate"},
        segments=["LeadSource", "Status"],
        personal=["Name", "FirstName", "LastName", "Email", "Phone"],
    )
    leads = fk.read_csv(shared_data / "salesforce" / "Lead.csv", funnel, as_of="2024-01-23")
    assert len(leads) == 60
    for column, counts in (
        ("Status", {"Qualified": 24, "New": 21, "Working": 15}),
        ("LeadSource", {"Cold Call": 25, "Referral": 22, "Online Form": 13}),
    ):
        series = leads.count("created", by=column)
        assert series.groupby("series")["value"].sum().to_dict() == counts
    found = {finding.rule for finding in fk.audit(leads).findings}
    assert {"no_conversion", "bulk_load", "zone_unsaid", "no_exits"} <= found
