"""Rows read = rows kept + rows set aside, by reason, on every real export that holds leads."""

import csv

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnelkit as fk

SALESFORCE_OPEN = ["Qualification", "Negotiation", "Discovery", "Proposal/Quote"]
FILES = {
    "olist/olist_marketing_qualified_leads_dataset.csv": fk.Funnel(
        ["contact", "won"],
        id="mql_id",
        columns={"contact": "first_contact_date", "won": "won_date"},
    ),
    "maven_crm/sales_pipeline.csv": fk.Funnel(
        ["Engaging", "Won"],
        exits=["Lost"],
        id="opportunity_id",
        columns={"Engaging": "engage_date"},
        status="deal_stage",
        status_date="close_date",
        status_values={"Engaging": ["Engaging", "Prospecting"]},
    ),
    "hubspot/hubspot_deals.csv": fk.Funnel(
        ["created", "won"],
        id="Deal ID",
        columns={"created": "Create Date", "won": "Close Date"},
    ),
    "hubspot/hubspot_contacts.csv": fk.Funnel(
        ["created", "changed"],
        id="Contact ID",
        columns={"created": "Create Date", "changed": "Last Modified Date"},
    ),
    "salesforce/Lead.csv": fk.Funnel(
        ["created", "converted"],
        id="Id",
        columns={"created": "CreatedDate", "converted": "ConvertedDate"},
    ),
    "salesforce/Opportunity.csv": fk.Funnel(
        ["created", "Closed Won"],
        exits=["Closed Lost"],
        id="Id",
        columns={"created": "CreatedDate"},
        status="StageName",
        status_date="CloseDate",
        status_values={"created": SALESFORCE_OPEN},
    ),
    "salesforce/CampaignMember.csv": fk.Funnel(
        ["added", "responded"],
        id="Id",
        columns={"added": "CreatedDate", "responded": "FirstRespondedDate"},
    ),
}
JOINED = {
    "olist/olist_marketing_qualified_leads_dataset.csv": "olist/olist_closed_deals_dataset.csv"
}


def rows_of(path):
    """Return the number of rows as Python's own reader counts them."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return sum(1 for _ in csv.DictReader(stream))


@pytest.mark.parametrize("as_of", ["2015-01-01", "2017-12-15", "2024-01-22", "2099-01-01"])
@pytest.mark.parametrize("name", FILES)
def test_real_exports(shared_data, name, as_of):
    files = [shared_data / name, *[shared_data / JOINED[one] for one in [name] if one in JOINED]]
    leads = fk.read_csv(files[0], FILES[name], join=files[1:], as_of=as_of)
    told = leads.accounting().groupby("file")["rows"].sum().to_dict()
    assert told == {file.name: rows_of(file) for file in files}
    kept = leads.accounting().query("reason == 'kept as a record'")["rows"].sum()
    assert kept == len(leads)


@pytest.mark.parametrize("where", [{"origin": "email"}, {"origin": ["email", "social"]}])
def test_joined_rows_of_records_that_are_filtered(shared_data, where):
    folder = shared_data / "olist"
    funnel = fk.Funnel(
        ["contact", "won"],
        id="mql_id",
        columns={"contact": "first_contact_date", "won": "won_date"},
    )
    leads = fk.read_csv(
        folder / "olist_marketing_qualified_leads_dataset.csv",
        funnel,
        join=folder / "olist_closed_deals_dataset.csv",
        where=where,
        as_of="2018-11-14",
    )
    won = 15 + (75 if len(where["origin"]) == 2 else 0)  # ../shared/data/README.md, by origin
    assert len(leads.list("won")) == won
    assert leads.list("won")["entered_at"].unique().tolist() == ["contact"]
    told = leads.accounting().set_index(["file", "reason"])["rows"]
    assert told["olist_closed_deals_dataset.csv"].to_dict() == {
        "joined to a record of an earlier file": won,
        "left out by `where` or `exclude`": 842 - won,
    }


cells = st.sampled_from(["", "2026-01-05", "2026-01-09", "2026-03-01", "2027-01-01"])
row = st.tuples(st.sampled_from(["", "a", "b", "c", " a "]), cells, cells, cells)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(row, min_size=1, max_size=12),
    st.lists(row, max_size=6),
    st.sampled_from(["clip", "drop"]),
    st.booleans(),
)
def test_any_rows(some, others, out_of_order, filtered):
    funnel = fk.Funnel(["lead", "won"], exits=["lost"], id="id", out_of_order=out_of_order)
    frames = [
        pd.DataFrame(part, columns=["id", "lead", "won", "lost"], dtype="object")
        for part in ([some, others] if others else [some])
    ]
    leads = fk.from_frame(
        frames[0],
        funnel,
        join=frames[1:],
        exclude={"id": "b"} if filtered else None,
        as_of="2026-12-31",
    )
    told = leads.accounting()
    assert told.groupby("file")["rows"].sum().to_dict() == {
        name: len(frame) for name, frame in zip(["frame", "join[0]"], frames, strict=False)
    }
    assert (told["rows"] > 0).all()
    assert told.query("reason == 'kept as a record'")["rows"].sum() == len(leads)
    assert fk.audit(leads).records == len(leads)
