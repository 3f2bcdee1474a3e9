"""The export in ../shared/data/hubspot with no options: numbers from ../shared/data/README.md."""

import csv
import datetime as dt

import pytest

import funnelkit as fk
from funnelkit._core.errors import AssumptionWarning

STAGES = {
    "Qualified to Buy": 77,
    "Presentation Scheduled": 75,
    "Contract Sent": 75,
    "Closed Won": 71,
    "Appointment Scheduled": 70,
    "Closed Lost": 69,
    "Decision Maker Bought-In": 63,
}


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data / "hubspot"


@pytest.fixture(scope="module")
def deals(folder):
    with pytest.warns(AssumptionWarning, match="`as_of` was taken as 2025-05-02"):
        return fk.read_hubspot(folder)


@pytest.fixture(scope="module")
def contacts(folder):
    with pytest.warns(AssumptionWarning):
        return fk.read_hubspot(folder, grain="contact")


@pytest.fixture(scope="module")
def found(deals):
    return {finding.rule: finding for finding in deals.rows.findings}


def test_every_count(deals):
    listed = deals.list("Created")
    assert len(deals) == len(listed) == 500
    assert listed["Deal Stage"].value_counts().to_dict() == STAGES
    assert listed["Amount"].astype(float).mean() == pytest.approx(124_999.58, abs=0.005)
    assert listed["Created"].min().date() == dt.date(2023, 1, 3)
    assert listed["Created"].max().date() == dt.date(2025, 5, 1)
    assert deals.as_of == dt.date(2025, 5, 2)
    assert deals.accounting()["rows"].tolist() == [500]


@pytest.mark.parametrize(
    ("pipeline", "won", "closed"), [("Sales Pipeline", 32, 74), ("Renewals Pipeline", 39, 66)]
)
def test_pipelines(deals, pipeline, won, closed):
    alone = deals.only(Pipeline=pipeline)
    assert len(alone.list("Closed Won")) == won
    assert len(alone.list("Closed Won")) + len(alone.list("Closed Lost")) == closed
    assert alone.funnel.apart == ("Deal Type",)


def test_one_pipeline_read(folder):
    alone = fk.read_hubspot(folder, pipelines="Sales Pipeline", as_of="2025-05-02")
    assert (len(alone.list("Closed Won")), len(alone.list("Closed Lost"))) == (32, 42)
    told = alone.accounting().set_index("reason")["rows"].to_dict()
    assert told == {"kept as a record": 252, "left out by `where` or `exclude`": 248}


def test_businesses_are_never_pooled_unasked(deals):
    assert deals.funnel.apart == ("Pipeline", "Deal Type")
    triangle = fk.triangle(deals, "Created", "Closed Won")
    assert triangle.by == ("Pipeline", "Deal Type")
    assert triangle.events["Closed Won"].sum() == 71
    assert triangle.events["Closed Lost"].sum() == 69
    pooled = fk.triangle(deals.pooled(), "Created", "Closed Won")
    assert (pooled.by, pooled.events["Closed Won"].sum()) == ((), 71)


def test_traps_are_named(found):
    planned = found["close_date_planned"]
    assert (planned.count, planned.share) == (360, 0.72)
    assert "the last one 2025-10-29" in planned.what
    assert "110 contacts hold 252 deals" in found["contacts_with_several_deals"].what


def test_the_audit_shows_what_pooling_would_mix(deals):
    told = [f.what for f in fk.audit(deals).findings if f.rule == "businesses_apart"]
    assert "Sales Pipeline 32 won of 74 closed; Renewals Pipeline 39 won of 66 closed" in told[0]
    assert told[1].startswith("`Deal Type` holds 2 businesses")


def test_what_was_left_aside_is_said(deals):
    notes = "\n".join(deals.notes)
    assert 'contacts are another clock: read them with grain="contact".' in notes
    assert "`hubspot_activities.csv` holds activities, and was left aside." in notes
    assert "`hubspot_companies.csv` holds companies, and was left aside." in notes
    assert "Appointment Scheduled 70, Qualified to Buy 77" in notes
    assert "no day of entry" in notes


def test_contacts(contacts):
    assert len(contacts) == 950
    assert contacts.funnel.stages == ("Created", "Customer")
    assert len(contacts.list("Customer")) == 120
    notes = "\n".join(contacts.notes)
    assert "`Evangelist` (110 contacts) and `Other` (117 contacts)" in notes
    counted = contacts.list("Created")["Lifecycle Stage"].value_counts()
    assert counted["Subscriber"] == 126
    assert counted.sum() == 950


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("hubspot_deals.csv", ["Deal Name", "Associated Contact Email"]),
        ("hubspot_contacts.csv", ["First Name", "Last Name", "Email", "Phone Number"]),
    ],
)
def test_personal_columns_never_stay_in_the_engine(folder, deals, contacts, name, columns):
    leads = deals if "deals" in name else contacts
    with (folder / name).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    personal = {row[column] for row in rows for column in columns} - {""}
    assert len(personal) > 300
    tables = leads.engine.raw_sql("SELECT table_name FROM duckdb_tables()").fetchall()
    assert tables
    for (table,) in tables:
        cells = leads.engine.raw_sql(f'SELECT * FROM "{table}"').fetchall()
        assert personal.isdisjoint(str(cell) for row in cells for cell in row)
    assert set(columns) <= set(leads.funnel.personal)
