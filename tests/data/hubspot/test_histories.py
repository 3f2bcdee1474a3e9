"""Histories of properties: every entry to a stage, every change, each row accounted for."""

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import DataError

AS_OF = "2026-03-31"
DEALS = pd.DataFrame(
    {
        "Record ID": ["1", "2", "3"],
        "Deal Stage": ["Closed Won", "Contract Sent", "Closed Lost"],
        "Create Date": ["2026-01-01T09:00:00Z", "2026-01-02T09:00:00Z", "2026-01-03T09:00:00Z"],
        "Close Date": ["2026-02-25T09:00:00Z", "2026-09-30T09:00:00Z", "2026-01-20T09:00:00Z"],
        "Amount": ["120", "80", "10"],
        "Merged Deal IDs": [None, "22", None],
        # the last entries, as HubSpot has them: deal 1 came back to the appointment
        'Date entered "Appointment Scheduled"': [
            "2026-02-05T09:00:00Z",
            "2026-01-02T09:00:00Z",
            "2026-01-03T09:00:00Z",
        ],
        'Date entered "Contract Sent"': ["2026-02-10T09:00:00Z", "2026-01-15T09:00:00Z", None],
    }
)
HISTORY = pd.DataFrame(
    [
        ["1", "dealstage", "appointmentscheduled", "2026-01-01T09:00:00Z"],
        ["1", "dealstage", "contractsent", "2026-01-12T09:00:00Z"],
        ["1", "dealstage", "appointmentscheduled", "2026-02-05T09:00:00Z"],
        ["1", "dealstage", "contractsent", "2026-02-10T09:00:00Z"],
        ["1", "dealstage", "closedwon", "2026-02-20T23:30:00Z"],
        ["1", "closedate", "2026-01-31T09:00:00Z", "2026-01-01T09:00:00Z"],
        ["1", "closedate", "2026-02-28T09:00:00Z", "2026-01-30T09:00:00Z"],  # put off
        ["1", "closedate", "2026-03-31T09:00:00Z", "2026-02-15T09:00:00Z"],  # put off
        ["1", "closedate", "2026-02-20T09:00:00Z", "2026-02-20T23:30:00Z"],  # won
        ["1", "closedate", "2026-02-25T09:00:00Z", "2026-02-26T09:00:00Z"],  # corrected
        ["1", "amount", "100", "2026-01-01T09:00:00Z"],
        ["1", "amount", "120", "2026-02-20T23:30:00Z"],
        ["22", "dealstage", "appointmentscheduled", "2025-12-30T09:00:00Z"],  # lives on as 2
        ["2", "dealstage", "contractsent", "2026-01-15T09:00:00Z"],
        ["2", "closedate", "2026-09-30T09:00:00Z", "2026-01-02T09:00:00Z"],
        ["3", "dealname", "a person's name", "2026-01-03T09:00:00Z"],
        ["4", "dealstage", "contractsent", "2026-01-03T09:00:00Z"],
    ],
    columns=["dealId", "property", "value", "timestamp"],
)


def days(leads, stage):
    listed = leads.list(stage)
    return {
        one: when.date().isoformat()
        for one, when in zip(listed["Record ID"], listed[stage], strict=True)
        if not pd.isna(when)
    }


@pytest.fixture(scope="module")
def leads():
    return fk.read_hubspot({"deals": DEALS, "history": HISTORY}, as_of=AS_OF)


def test_the_first_entry_counts(leads):
    assert leads.funnel.stages == (
        "Created",
        "Appointment Scheduled",
        "Contract Sent",
        "Closed Won",
    )
    assert days(leads, "Appointment Scheduled") == {
        "1": "2026-01-01",
        "2": "2026-01-02",  # that of 2025-12-30 lies before its creation
        "3": "2026-01-03",
    }
    assert days(leads, "Contract Sent") == {"1": "2026-01-12", "2": "2026-01-15"}
    assert days(leads, "Closed Won") == {"1": "2026-02-20"}  # not its close date
    assert days(leads, "Closed Lost") == {"3": "2026-01-20"}


def test_without_history_they_are_last_entries():
    alone = fk.read_hubspot(DEALS, as_of=AS_OF)
    assert days(alone, "Appointment Scheduled")["1"] == "2026-02-05"
    assert days(alone, "Contract Sent")["1"] == "2026-02-10"
    [finding] = [f for f in alone.rows.findings if f.rule == "last_entries"]
    assert (finding.severity, finding.count) == ("note", 3)  # no day says that one went back


def test_with_history_only_the_rest_are_last_entries(leads):
    [finding] = [f for f in leads.rows.findings if f.rule == "last_entries"]
    assert finding.count == 1  # deal 3


def test_every_row_is_accounted_for(leads):
    told = leads.accounting()
    of = told[told["file"] == "history"].set_index("reason")["rows"].to_dict()
    assert of == {
        "event of a record": 15,
        "history of a property that is not used": 1,
        "history of a record that is not in the export": 1,
    }
    assert told.groupby("file")["rows"].sum().to_dict() == {"deals": 3, "history": len(HISTORY)}


def test_changes(leads):
    changes = leads.changes.execute()
    assert list(changes.columns) == ["id", "field", "day", "at", "old", "new"]
    amounts = changes[changes["field"] == "amount"].sort_values("at")
    assert [*zip(amounts["old"].fillna("-"), amounts["new"], strict=True)] == [
        ("-", "100"),
        ("100", "120"),
    ]
    assert str(amounts["at"].iloc[1])[:19] == "2026-02-20 23:30:00"
    closing = changes[(changes["field"] == "close_date") & (changes["id"] == "1")]
    assert [*closing.sort_values("at")["new"]] == [
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
        "2026-02-20",
        "2026-02-25",
    ]
    stages = changes[(changes["field"] == "stage") & (changes["id"] == "2")].sort_values("at")
    assert [*stages["new"]] == ["appointmentscheduled", "contractsent"]
    early = leads.at("2026-01-31").changes.execute()
    assert str(early["day"].max())[:10] <= "2026-01-31"


def test_pushes_are_those_while_open(leads):
    listed = leads.list("Created").set_index("Record ID")["Close Date Pushes"]
    assert listed["1"] == "2"
    assert listed["2"] == "0"
    assert pd.isna(listed["3"])


def test_days_in_the_zone_of_the_funnel():
    leads = fk.read_hubspot(
        {"deals": DEALS, "history": HISTORY}, timezone="Europe/Berlin", as_of=AS_OF
    )
    assert days(leads, "Closed Won") == {"1": "2026-02-21"}  # 23:30 in UTC
    assert leads.funnel.timezone == "Europe/Berlin"


def test_two_histories_of_different_layout_beside_the_deals(tmp_path):
    DEALS.to_csv(tmp_path / "deals.csv", index=False)
    stages = HISTORY["property"] == "dealstage"
    HISTORY[~stages].to_csv(tmp_path / "properties.csv", index=False)
    renamed = {"dealId": "Deal ID", "value": "Deal Stage", "timestamp": "Changed At"}
    HISTORY[stages].rename(columns=renamed).drop(columns="property").to_csv(
        tmp_path / "stages.csv", index=False, sep=";"
    )
    leads = fk.read_hubspot(tmp_path, as_of=AS_OF)
    assert days(leads, "Contract Sent") == {"1": "2026-01-12", "2": "2026-01-15"}
    assert leads.list("Created")["Close Date Pushes"].tolist()[:2] == ["2", "0"]
    assert leads.accounting()["rows"].sum() == len(DEALS) + len(HISTORY)


def test_won_and_opened_again_is_open():
    deals = DEALS.assign(**{"Deal Stage": ["Contract Sent", "Contract Sent", "Closed Lost"]})
    leads = fk.read_hubspot({"deals": deals, "history": HISTORY}, as_of=AS_OF)
    assert "Closed Won" not in days(leads, "Created")
    assert len(leads.list("Contract Sent")) == 2


def test_a_history_as_long_as_hubspot_keeps_them():
    values = [["1", "amount", str(k), f"2026-01-{k + 1:02d}T09:00:00Z"] for k in range(20)]
    table = pd.DataFrame(values, columns=HISTORY.columns)
    leads = fk.read_hubspot({"deals": DEALS, "history": table}, as_of=AS_OF)
    [finding] = [f for f in leads.rows.findings if f.rule == "history_full"]
    assert (finding.count, finding.severity) == (1, "warning")


def test_times_with_and_without_an_offset_are_refused():
    table = HISTORY.assign(timestamp=HISTORY["timestamp"].str.removesuffix("Z"))
    with pytest.raises(DataError, match="times with an offset"):
        fk.read_hubspot({"deals": DEALS, "history": table}, as_of=AS_OF)


def test_changes_equal_plain_pandas():
    """Many deals, stages entered again and again: the first entry by pandas."""
    import numpy as np

    rng = np.random.default_rng(4)
    names = ["appointmentscheduled", "qualifiedtobuy", "contractsent", "closedwon", "closedlost"]
    n = 400
    history = pd.DataFrame(
        {
            "dealId": rng.integers(0, 60, n).astype(str),
            "property": "dealstage",
            "value": rng.choice(names[:3], n),
            "timestamp": (
                pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 80 * 24, n), "h")
            ).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    )
    deals = pd.DataFrame(
        {
            "hs_object_id": [str(k) for k in range(60)],
            "dealstage": rng.choice(names, 60),
            "createdate": "2025-12-31T00:00:00Z",
            "closedate": "2026-03-25T00:00:00Z",
        }
    )
    deals.loc[0, "dealstage"] = "closedwon"
    funnel = fk.Funnel(
        ["Created", *names[:4]], exits=["closedlost"], skipped="strict", out_of_order="clip"
    )
    leads = fk.read_hubspot({"d": deals, "h": history}, funnel, as_of=AS_OF)
    first = history.groupby(["dealId", "value"])["timestamp"].min().str[:10]
    events = leads.rows.table.execute()
    got = events.groupby("id")[["day_1", "day_2", "day_3"]].min()
    for k, name in enumerate(names[:3], 1):
        expected = first.xs(name, level="value").to_dict()
        mine = got[f"day_{k}"].dropna().astype(str).str[:10].to_dict()
        assert mine == expected
    assert leads.accounting()["rows"].sum() == 460
