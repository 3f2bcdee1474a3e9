"""Headers told apart, and the order of stages by the best evidence there is."""

import pytest

from funnelkit.data.salesforce.dialect import layout_of, recognise
from funnelkit.data.salesforce.ordering import STAGES, Evidence, order_of


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Id,IsDeleted,MasterRecordId,Status,LeadSource,IsConverted,CreatedDate", "Lead"),
        ("ID,CREATEDDATE,STATUS,LEADSOURCE,CONVERTEDOPPORTUNITYID", "Lead"),
        ("Lead ID,Created Date,Lead Status,Lead Source,Converted Date", "Lead"),
        ("18-digit ID,Lead Status,Created Date", "Lead"),
        ("Lead ID (18),Status", "Lead"),
        ("Id,StageName,Amount,CloseDate,IsWon,IsClosed", "Opportunity"),
        ("Opportunity ID,Opportunity Name,Stage,Close Date,Amount", "Opportunity"),
        ("18 Digit ID,Opportunity Name,Stage", "Opportunity"),
        ("Id,OpportunityId,StageName,Amount,CloseDate,CreatedDate", "OpportunityHistory"),
        ("Opportunity ID,From Stage,To Stage,Last Modified", "OpportunityHistory"),
        ("Id,OpportunityId,Field,OldValue,NewValue,CreatedDate", "OpportunityFieldHistory"),
        ("Opportunity ID,Field / Event,Old Value,New Value,Edit Date", "OpportunityFieldHistory"),
        ("Id,LeadId,Field,OldValue,NewValue,CreatedDate", "LeadHistory"),
        ("Id,AccountId,Field,OldValue,NewValue,CreatedDate", "other history"),
        ("Id,CampaignId,LeadId,ContactId,Status,CreatedDate,LeadSource", "CampaignMember"),
        ("Id,WhoId,WhatId,Subject,ActivityDate,Status", "Task"),
        ("Id,MasterLabel,SortOrder,IsWon,DefaultProbability", "OpportunityStage"),
        ("Id,MasterLabel,SortOrder,IsConverted", "LeadStatus"),
        ("Record ID,Deal Name,Deal Stage,Pipeline,Amount,Close Date", None),
        ("Record ID,Lifecycle Stage,Lead Status,Email", None),
        ("opportunity_id,sales_agent,product,account,deal_stage", None),
        ("mql_id,first_contact_date,landing_page_id,origin", None),
    ],
)
def test_tables_are_told_by_their_header(header, kind):
    assert recognise(header.split(",")) == kind


def test_an_id_of_18_is_taken_before_one_of_15():
    layout = layout_of("Lead", ["Lead ID", "Lead ID (18)", "Created Date", "Status"])
    assert layout.columns["Id"] == "Lead ID (18)"
    assert layout.labels
    assert not layout_of("Lead", ["Id", "CreatedDate", "Status"]).labels


def test_the_crms_list_comes_first():
    evidence = Evidence(usual=STAGES, listed=["Negotiation", "Qualification"])
    assert order_of("Stages", ["Qualification", "Negotiation"], evidence).names == (
        "Negotiation",
        "Qualification",
    )


def test_salesforces_own_order_holds_where_all_names_are_its_own():
    names = ["Negotiation/Review", "Prospecting", "Id. Decision Makers", "Needs Analysis"]
    found = order_of("Stages", names, Evidence(usual=STAGES))
    assert found.names == (
        "Prospecting",
        "Needs Analysis",
        "Id. Decision Makers",
        "Negotiation/Review",
    )
    assert "Salesforce's own order" in found.why


def test_history_says_who_precedes_whom():
    before = {("b", "a"): 5, ("a", "b"): 1, ("a", "c"): 3, ("b", "c"): 4}
    found = order_of("Stages", ["a", "b", "c"], Evidence(usual=STAGES, before=before))
    assert found.names == ("b", "a", "c")
    assert "in at least 3 records" in found.why


@pytest.mark.parametrize(
    "before",
    [
        {("a", "b"): 2, ("b", "a"): 1, ("b", "c"): 9, ("a", "c"): 9},  # not twice as often
        {("a", "b"): 5, ("b", "c"): 5, ("c", "a"): 5},  # round in a circle
        {("a", "b"): 5},  # c was never seen
    ],
)
def test_a_history_that_does_not_settle_it_is_not_followed(before):
    evidence = Evidence(usual=STAGES, before=before)
    assert order_of("Stages", ["a", "b", "c"], evidence).names is None
    chances = {"a": 30.0, "b": 20.0, "c": 10.0}
    evidence = Evidence(usual=STAGES, before=before, probability=chances)
    assert order_of("Stages", ["a", "b", "c"], evidence).names == ("c", "b", "a")
