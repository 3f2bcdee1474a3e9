"""HubSpot deals with planned close dates: numbers from ../shared/data/README.md, "hubspot"."""

import csv
import datetime as dt

import pytest

import funnelkit as fk
from funnelkit._core.errors import AssumptionWarning

OPEN = [
    "Qualified to Buy",
    "Presentation Scheduled",
    "Contract Sent",
    "Appointment Scheduled",
    "Decision Maker Bought-In",
]


def funnel(**options):
    return fk.Funnel(
        ["created", "won"],
        exits=["lost"],
        id="Deal ID",
        columns={"created": "Create Date"},
        status="Deal Stage",
        status_date="Close Date",
        status_values={"created": OPEN, "won": "Closed Won", "lost": "Closed Lost"},
        value="Amount",
        segments=["Pipeline", "Deal Type"],
        personal=["Deal Name", "Associated Contact Email", "Deal Owner"],
        **options,
    )


@pytest.fixture(scope="module")
def path(shared_data):
    return shared_data / "hubspot" / "hubspot_deals.csv"


@pytest.fixture(scope="module")
def leads(path):
    with pytest.warns(AssumptionWarning):
        return fk.read_csv(path, funnel())


def test_as_of_is_the_last_real_event_and_no_plan(leads):
    assert leads.as_of == dt.date(2025, 5, 2)
    assert "`as_of` was taken as 2025-05-02, the latest date that was reached." in leads.notes
    assert (
        "`Close Date` of 360 records that are not closed is a plan (the last one 2025-10-29), and "
        "is not used."
    ) in leads.notes


def test_only_won_and_lost_count(leads):
    assert (len(leads), len(leads.list("won")), len(leads.list("lost"))) == (500, 71, 69)
    listed = leads.list("created")
    assert listed["created"].min().date() == dt.date(2023, 1, 3)
    assert listed["created"].max().date() == dt.date(2025, 5, 1)
    assert listed["won"].notna().sum() + listed["lost"].notna().sum() == 140
    assert listed["Amount"].astype(float).mean() == pytest.approx(124_999.58, abs=0.005)


@pytest.mark.parametrize(("pipeline", "won", "closed"), [("Sales", 32, 74), ("Renewals", 39, 66)])
def test_pipelines_kept_apart(path, leads, pipeline, won, closed):
    [name] = [
        one for one in leads.count("won", by="Pipeline")["series"].unique() if pipeline in one
    ]
    assert len(leads.list("won", Pipeline=name)) == won
    alone = fk.read_csv(path, funnel(), where={"Pipeline": name}, as_of="2025-05-02")
    assert (len(alone.list("won")), len(alone.list("lost"))) == (won, closed - won)
    told = alone.accounting().set_index("reason")["rows"]
    assert told.sum() == 500
    others = fk.read_csv(path, funnel(), exclude={"Pipeline": name}, as_of="2025-05-02")
    assert told["left out by `where` or `exclude`"] == len(others)
    assert len(alone) + len(others) == 500


def test_personal_columns_never_reach_the_engine(path, leads):
    with path.open(encoding="utf-8", newline="") as stream:
        mails = {row["Associated Contact Email"] for row in csv.DictReader(stream)} - {""}
    assert mails
    tables = leads.engine.raw_sql("SELECT table_name FROM duckdb_tables()").fetchall()
    assert tables
    for (table,) in tables:
        cells = leads.engine.raw_sql(f'SELECT * FROM "{table}"').fetchall()
        assert mails.isdisjoint(str(cell) for row in cells for cell in row)


def test_the_audit_names_the_traps(path):
    grouped = funnel(account="Associated Contact Email").replace(
        personal=[], segments=["Pipeline", "Deal Type", "Closed Lost Reason"], owner="Deal Owner"
    )
    audit = fk.audit(fk.read_csv(path, grouped, as_of="2025-05-02"))
    pooled = [one for one in audit.findings if one.rule == "businesses_pooled"]
    assert [one.what.split("`")[1] for one in pooled] == ["Pipeline", "Deal Type"]
    found = {one.rule: one for one in audit.findings}
    assert found["close_date_planned"].count == 360
    assert found["accounts_shared"].what.startswith("110 of 358 accounts hold 252 of 500 records")
    assert found["outcome_leak"].what.startswith("Every record that has any `Closed Lost Reason`")
    assert found["mail_addresses"].count == 500
    with path.open(encoding="utf-8", newline="") as stream:
        mails = {row["Associated Contact Email"] for row in csv.DictReader(stream)} - {""}
    shown = repr(audit) + audit._repr_html_() + audit.to_frame().to_csv()
    assert not [mail for mail in mails if mail in shown]


def test_a_column_of_pipelines_that_is_not_read(path):
    told = {one.rule: one for one in fk.audit(fk.read_csv(path, funnel().replace(segments=[]),
            as_of="2025-05-02")).findings}  # fmt: skip
    assert told["businesses_unread"].what.startswith("`hubspot_deals.csv` has `Pipeline`")
    kept_apart = funnel().replace(apart=["Pipeline"])
    leads = fk.read_csv(path, kept_apart, as_of="2025-05-02")
    rules = [one.rule for one in fk.audit(leads).findings]
    assert "businesses_unread" not in rules


def test_contacts(shared_data):
    contacts = fk.Funnel(
        [
            "Subscriber",
            "Lead",
            "Marketing Qualified Lead",
            "Sales Qualified Lead",
            "Opportunity",
            "Customer",
        ],
        exits=["Other", "Evangelist"],
        id="Contact ID",
        columns={"Subscriber": "Create Date"},
        status="Lifecycle Stage",
        segments=["Lead Source"],
        personal=["Email", "First Name", "Last Name"],
    )
    leads = fk.read_csv(
        shared_data / "hubspot" / "hubspot_contacts.csv", contacts, as_of="2025-05-02"
    )
    assert len(leads) == 950
    assert leads.accounting()["rows"].sum() == 950
