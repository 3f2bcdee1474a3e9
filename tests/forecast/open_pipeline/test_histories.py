"""Plans and amounts of a past day where the CRM's history tells them, by hand."""

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.forecast.open_pipeline.comparing import compare_pipeline_methods
from funnelkit.forecast.open_pipeline.forecasting import pipeline
from tests.forecast.open_pipeline.stand_in import StandIn

FIELDS = ["StageName", "Amount", "CloseDate", "Probability", "ForecastCategory", "CreatedDate"]
DEALS = [
    ("1", "Closed Won", 80.0, "2026-05-20", 100, "Closed", "2026-02-01"),
    ("2", "Closed Lost", 50.0, "2026-05-10", 0, "Omitted", "2026-02-01"),
    ("3", "Proposal", 30.0, "2026-09-30", 50, "Best Case", "2026-02-01"),
    ("0", "Closed Won", 20.0, "2026-03-20", 100, "Closed", "2026-01-01"),
]
HISTORY = [
    ("1", "Proposal", 100.0, "2026-05-31", 60, "Commit", "2026-02-01"),
    ("1", "Closed Won", 80.0, "2026-05-20", 100, "Closed", "2026-05-20"),
    ("2", "Proposal", 50.0, "2026-05-15", 40, "Best Case", "2026-02-01"),
    ("2", "Closed Lost", 50.0, "2026-05-10", 0, "Omitted", "2026-05-10"),
    ("3", "Proposal", 30.0, "2026-07-31", 50, "Commit", "2026-02-01"),
    ("3", "Proposal", 30.0, "2026-09-30", 50, "Best Case", "2026-06-15"),
    ("0", "Proposal", 20.0, "2026-03-31", 60, "Commit", "2026-01-01"),
    ("0", "Closed Won", 20.0, "2026-03-20", 100, "Closed", "2026-03-20"),
]


def table(rows, key):
    frame = pd.DataFrame(rows, columns=[key, *FIELDS])
    return frame.assign(CreatedDate=frame["CreatedDate"] + "T10:00:00.000+0000")


@pytest.fixture(scope="module")
def leads():
    tables = {"Opportunity": table(DEALS, "Id")}
    tables["OpportunityHistory"] = table(HISTORY, "OpportunityId")
    return fk.read_salesforce(tables, as_of="2026-06-30")


def fitted(leads):
    stages = leads.funnel.stages
    return StandIn(stages, dict.fromkeys(stages[:-1], 0.5), leads.as_of)


def test_today_the_plans_are_those_of_the_export(leads):
    deal = pipeline(leads, fitted(leads), 3).deals().iloc[0]
    assert (deal["Id"], deal["forecast_category"], deal["crm_probability"]) == (
        "3",
        "Best Case",
        0.5,
    )
    assert (deal["planned_month"], deal["pushes"], deal["crm_value"]) == ("2026-09", 1, 15.0)


def test_before_they_are_those_of_the_day(leads):
    then = leads.at("2026-04-30")
    found = pipeline(then, fitted(then), 1)
    table = found.deals().set_index("Id")
    assert table["amount"].to_dict() == {"1": 100.0, "2": 50.0, "3": 30.0}
    assert table["forecast_category"].to_dict() == {"1": "Commit", "2": "Best Case", "3": "Commit"}
    assert table["planned_month"].to_dict() == {"1": "2026-05", "2": "2026-05", "3": "2026-07"}
    assert table["pushes"].isna().all()  # how often until then is not told
    assert "pushes is not known as of that day, and left out." in found.notes
    assert found.expected.tolist() == [[0.5 * 180]]
    assert found.committed() == {"CRM commit": 100.0, "CRM commit and best case": 150.0}
    methods = found.methods().set_index(["method", "period"])["total_value"]
    assert methods["CRM probability", "2026-05"] == 0.6 * 100 + 0.4 * 50
    assert methods["CRM probability", "later"] == 15.0
    # the one deal that had closed was won
    assert methods["stage weights", "2026-05"] == 150.0


def test_what_became_of_each_category(leads):
    found = compare_pipeline_methods(leads, ["2026-04-30"], horizon=1, fit=fitted)
    told = found.categories().set_index("forecast_category")
    assert told["deals"].to_dict() == {"Best Case": 1, "Commit": 2}
    assert told["won"].to_dict() == {"Best Case": 0, "Commit": 1}
    assert told["share"].to_dict() == {"Best Case": 0.0, "Commit": 0.5}
    rows = found.to_frame().set_index("method")["expected_value"]
    assert rows["CRM commit"] == 100.0
    assert rows["CRM probability"] == 80.0
    assert set(found.to_frame()["total_value"]) == {80.0}


def test_amounts_that_were_not_followed_from_the_start_change_nothing(leads):
    notes = pipeline(leads, fitted(leads), 1).notes
    assert any("as they stand today: of past won deals none was followed" in note for note in notes)
