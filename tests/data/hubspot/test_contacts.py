"""Contacts and their lifecycle; every expected value by hand."""

import pandas as pd
import pytest

import funnelkit as fk

AS_OF = "2026-03-31"
LABELS = {
    "hs_object_id": "Record ID",
    "email": "Email",
    "lifecyclestage": "Lifecycle Stage",
    "createdate": "Create Date",
    "hs_lifecyclestage_subscriber_date": "Became a Subscriber Date",
    "hs_lifecyclestage_lead_date": "Became a Lead Date",
    "hs_lifecyclestage_marketingqualifiedlead_date": "Became a Marketing Qualified Lead Date",
    "hs_lifecyclestage_salesqualifiedlead_date": "Became a Sales Qualified Lead Date",
    "hs_lifecyclestage_opportunity_date": "Became an Opportunity Date",
    "hs_lifecyclestage_customer_date": "Became a Customer Date",
    "hs_analytics_source": "Original Source",
    "hs_merged_object_ids": "Merged Contact IDs",
}


@pytest.fixture(params=["internal", "labels"])
def contacts(request):
    rows = [
        # subscriber, lead, customer; the stages between were skipped
        ["1", "a@x.example", "customer", "2026-01-01", "2026-01-01", "2026-01-05", None, None,
         None, "2026-02-01", "ORGANIC_SEARCH", None],
        # began as an MQL: never a subscriber or lead
        ["2", "b@x.example", "marketingqualifiedlead", "2026-01-02", None, None, "2026-01-02",
         None, None, None, "PAID_SEARCH", "5;6"],
        # an evangelist became a customer before
        ["3", "c@x.example", "evangelist", "2026-01-03", None, "2026-01-03", None, None,
         "2026-01-20", "2026-02-10", "ORGANIC_SEARCH", None],
        # other, without any day of a lifecycle stage
        ["4", "d@x.example", "other", "2026-01-04", None, None, None, None, None, None, None,
         None],
        # merged into 2
        ["5", "b@y.example", "lead", "2025-12-04", None, "2025-12-04", None, None, None, None,
         None, None],
        # an SQL whose day is not known
        ["7", "e@x.example", "salesqualifiedlead", "2026-01-05", None, "2026-01-05", None, None,
         None, None, "PAID_SEARCH", None],
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=[*LABELS])
    if request.param == "labels":
        frame = frame.rename(columns=LABELS)
    return frame


def days(leads, stage):
    listed = leads.list(stage)
    return {
        one: None if pd.isna(when) else when.date().isoformat()
        for one, when in zip(listed[leads.funnel.id], listed[stage], strict=True)
    }


def test_lifecycle(contacts):
    leads = fk.read_hubspot(contacts, as_of=AS_OF)
    assert leads.funnel.stages == (
        "Subscriber",
        "Lead",
        "Marketing Qualified Lead",
        "Sales Qualified Lead",
        "Opportunity",
        "Customer",
    )
    assert days(leads, "Subscriber") == {"1": "2026-01-01"}
    assert days(leads, "Lead") == {"1": "2026-01-05", "3": "2026-01-03", "7": "2026-01-05"}
    assert days(leads, "Customer") == {"1": "2026-02-01", "3": "2026-02-10"}
    assert days(leads, "Sales Qualified Lead")["7"] is None  # known, on a day that is not
    entered = leads.list("Marketing Qualified Lead", entered_at="Marketing Qualified Lead")
    assert [*entered[leads.funnel.id]] == ["2"]
    told = leads.accounting().set_index("reason")["rows"].to_dict()
    assert told == {
        "kept as a record": 4,
        "no stage reached": 1,
        "merged into another record": 1,
    }
    notes = "\n".join(leads.notes)
    assert "`evangelist` (1 contact) and `other` (1 contact) are no step" in notes
    assert leads.funnel.value is None


def test_calculated_dates_of_the_lifecycle_pipeline():
    frame = pd.DataFrame(
        {
            "Contact ID": ["1", "2"],
            "Lifecycle Stage": ["Kunde", "Lead"],
            'Date entered "Lead (Lifecycle Stage Pipeline)"': ["2026-01-01", "2026-01-02"],
            "Date entered 'Kunde (Lifecycle Stage Pipeline)'": ["2026-02-01", None],
            'Date entered "Closed Won (Sales Pipeline)"': ["2026-02-03", None],
            "Merged vids with timestamps of a contact": ["9:1467799127483", None],
        }
    )
    leads = fk.read_hubspot(frame, labels={"Kunde": "Customer"}, as_of=AS_OF)
    assert leads.funnel.stages == ("Lead", "Customer")
    assert days(leads, "Lead") == {"1": "2026-01-01", "2": "2026-01-02"}


def test_the_lifecycle_by_its_history():
    frame = pd.DataFrame(
        {
            "Contact ID": ["1", "2"],
            "Email": ["a@x.example", "b@x.example"],
            "Lifecycle Stage": ["Customer", "Lead"],
            "Create Date": ["2026-01-01", "2026-01-02"],
        }
    )
    history = pd.DataFrame(
        [
            ["1", "lifecyclestage", "lead", "2026-01-01"],
            ["1", "lifecyclestage", "customer", "2026-02-01"],
            ["2", "lifecyclestage", "lead", "2026-01-03"],
        ],
        columns=["vid", "property", "value", "timestamp"],
    )
    leads = fk.read_hubspot({"contacts": frame, "history": history}, as_of=AS_OF)
    assert leads.funnel.stages == ("Lead", "Customer")
    assert days(leads, "Customer") == {"1": "2026-02-01"}


def test_two_clocks_stay_two_grains():
    deals = pd.DataFrame(
        {
            "Record ID": ["1"],
            "Deal Stage": ["Closed Won"],
            "Create Date": ["2026-01-01"],
            "Close Date": ["2026-01-09"],
        }
    )
    contacts = pd.DataFrame(
        {
            "Record ID": ["1", "2"],
            "Email": ["a@x.example", "b@x.example"],
            "Lifecycle Stage": ["Customer", "Lead"],
            "Create Date": ["2026-01-01", "2026-01-02"],
        }
    )
    history = pd.DataFrame(
        [["1", "lifecyclestage", "lead", "2026-01-01"]],
        columns=["contactId", "property", "value", "timestamp"],
    )
    both = {"deals": deals, "contacts": contacts, "history": history}
    leads = fk.read_hubspot(both, as_of=AS_OF)
    assert leads.funnel.stages == ("Created", "Closed Won")
    notes = "\n".join(leads.notes)
    assert 'contacts are another clock: read them with grain="contact".' in notes
    assert "`history` is the history of other records than deals, and was left aside." in notes
    assert len(fk.read_hubspot(both, grain="contact", as_of=AS_OF)) == 2
