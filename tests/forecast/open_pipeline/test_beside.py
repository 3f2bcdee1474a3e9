"""Stage weights, the CRM's plans, overrides and changed amounts, by hand."""

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.forecast import read_overrides
from funnelkit.forecast.open_pipeline.categories import committed_value
from funnelkit.forecast.open_pipeline.methods_beside import month_of
from funnelkit.forecast.open_pipeline.overriding import overridden
from funnelkit.forecast.open_pipeline.past_wins import halfway
from funnelkit.forecast.open_pipeline.plans import (
    days_planned,
    plans_of,
    shares_said,
    texts_said,
    whole_numbers,
)
from funnelkit.forecast.open_pipeline.weighting import stage_weights


def test_weights_of_a_real_export(shared_data):
    funnel = fk.Funnel(
        ["Engaging", "Won"],
        exits=["Lost"],
        id="opportunity_id",
        columns={"Engaging": "engage_date"},
        status="deal_stage",
        status_date="close_date",
    )
    leads = fk.read_csv(
        shared_data / "maven_crm" / "sales_pipeline.csv",
        funnel,
        exclude={"deal_stage": "Prospecting"},
        as_of="2017-12-31",
    )
    weights = stage_weights(leads)
    # from the table of the export: won 4,238, lost 2,473; engage to win 51.78 days on average
    assert (weights.won.tolist(), weights.closed.tolist()) == ([[4238]], [[6711]])
    assert weights.share[0, 0] == pytest.approx(0.631501, abs=5e-7)
    assert weights.days[0, 0] == pytest.approx(51.78, abs=0.005)
    assert "Engaging 0.63 (4,238 of 6,711)" in weights.summary()


def test_weights_without_exits_are_of_all_that_entered():
    frame = pd.DataFrame(
        {"id": list("abcd"), "deal": "2026-01-01", "won": ["2026-01-11"] + [None] * 3}
    )
    leads = fk.from_frame(frame, fk.Funnel(["deal", "won"], id="id"), as_of="2026-03-31")
    weights = stage_weights(leads)
    assert (weights.share.tolist(), weights.days.tolist()) == ([[0.25]], [[10.0]])


def test_weights_where_nothing_has_closed():
    frame = pd.DataFrame({"id": ["a"], "deal": ["2026-01-01"], "won": [None], "lost": [None]})
    funnel = fk.Funnel(["deal", "won"], exits=["lost"], id="id")
    weights = stage_weights(fk.from_frame(frame, funnel, as_of="2026-03-31"))
    assert np.isnan(weights.share).all()
    assert weights.summary() == "Share won by stage: not known."


def test_a_deal_falls_into_the_month_of_its_day():
    ends = np.array([10.0, 40.0])
    days = np.array([-5.0, 10.0, 10.5, 40.0, 41.0, np.nan])
    assert month_of(days, ends).tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("keep", "kinds"),
    [
        (["CloseDate", "ForecastCategory", "Probability", "pushes"], 4),
        (["Close Date", "Forecast category", "Deal probability"], 3),
        (["notes"], 0),
    ],
)
def test_kept_columns_are_known_by_name(keep, kinds):
    found = plans_of(fk.Funnel(["deal", "won"], keep=keep))
    assert sum(one is not None for one in vars(found).values()) == kinds


def test_what_the_crm_says_is_read_or_left_blank():
    texts = pd.Series(["2026-07-01", "2026-07-01 10:00", "07/01/2026", "2026-13-01", "", None])
    days, odd = days_planned(texts)
    assert days.notna().tolist() == [True, True, False, False, False, False]
    assert odd == 2
    assert shares_said(pd.Series(["0.4", "1", "-1"])).tolist()[:2] == [0.4, 1.0]
    assert shares_said(pd.Series(["90", "101", "=1+1"])).fillna(-1).tolist() == [0.9, -1, -1]
    assert shares_said(pd.Series(["1%"])).tolist() == [0.01]
    assert texts_said(pd.Series(["Best\n Case", " ", None])) == ["Best Case", None, None]
    assert whole_numbers(pd.Series(["3", "2.5", "x", None])).fillna(-1).tolist() == [3, -1, -1, -1]


def test_categories_promise_what_is_planned_by_then():
    table = pd.DataFrame(
        {
            "forecast_category": ["Commit", "Best Case", "commit", "Pipeline", None],
            "planned_close": pd.to_datetime(["2026-07-05", None, "2026-12-01", "2026-07-01", None]),
            "amount": [10.0, 20.0, 40.0, 80.0, 160.0],
        }
    )
    found = committed_value(table, pd.Timestamp("2026-07-31"))
    assert found == {"CRM commit": 10.0, "CRM commit and best case": 30.0}
    assert committed_value(table.tail(1), pd.Timestamp("2026-07-31")) == {}


TABLE = pd.DataFrame(
    {"id": ["a", "b"], "expected_value": [50.0, 5.0], "override_value": [np.nan, np.nan]}
)


def test_overrides_stand_beside():
    found, said = overridden(TABLE, {"a": 80}, "id")
    assert found["override_value"].fillna(-1).tolist() == [80.0, -1.0]
    assert found["expected_value"].tolist() == [50.0, 5.0]
    assert said == [
        "People expect 80 of 1 deal of which 50 is expected here; their values are kept apart."
    ]
    frame = pd.DataFrame({"deal": ["b"], "value": ["7"], "name": ["X"], "reason": ["<b>"]})
    assert overridden(TABLE, frame, "id")[0]["override_value"].tolist()[1] == 7.0


def test_overrides_of_a_file_stand_beside_with_their_chance(tmp_path):
    path = tmp_path / "overrides.csv"
    path.write_text("deal,value,probability,reason\na,80,0.5,=1+1\n", encoding="utf-8")
    found, _ = overridden(TABLE, read_overrides(path), "id")
    assert found["override_value"].fillna(-1).tolist() == [40.0, -1.0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"z": 1}, "1 deal not among the open deals that are listed, such as 'z'"),
        ({"a": -1}, "1 value that is no amount of at least 0"),
        ({"a": "much", "z": 2}, "1 deal not among .*; 1 value"),
        ({"a": True}, "no amount"),
        (5, "must say the value of each deal"),
        (pd.DataFrame({"deal": ["a"], "valu": [1]}), "Did you mean `valu`"),
        (pd.DataFrame({"deal": ["a", "a"], "value": [1, 2]}), "1 deal more than once"),
    ],
)
def test_overrides_that_cannot_be_used(given, said):
    with pytest.raises(ArgumentError, match=said):
        overridden(TABLE, given, "id")


def test_amounts_half_way_to_the_win():
    won = pd.DataFrame(
        {
            "id": ["a", "b", "c", "blank"],
            "deal": ["2026-01-01"] * 4,
            "won": ["2026-03-02"] * 4,
            "amount": [90, 50, 70, None],
        }
    )
    changes = pd.DataFrame(
        {
            "id": ["a", "a", "b", "x"],
            "day": ["2026-02-20", "2026-02-10", "2026-01-10", "2026-01-01"],
            "at": None,
            "old": ["100", "120", "30", "1"],
            "new": ["90", "100", "50", "2"],
        }
    )
    # half-way is 31 January: a stood at 120, b had changed to 50 already, c never changed
    found = halfway(won, changes, ["deal", "won"], "id", "amount")
    assert found.tolist() == [[120.0, 90.0], [50.0, 50.0], [70.0, 70.0]]
    assert halfway(won.head(0), changes, ["deal", "won"], "id", "amount").shape == (0, 2)
