"""Methods on days of the past: what came, and that no future is known."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.forecast.open_pipeline.comparing import compare_pipeline_methods
from tests.forecast.open_pipeline.stand_in import StandIn

STAGES = ("deal", "won")


def fitted(leads):
    return StandIn(STAGES, {"deal": 0.5}, leads.as_of)


def leads_of(rows, *, as_of="2026-06-30", **given):
    funnel = fk.Funnel(STAGES, exits=["lost"], id="id", value="amount", keep=["CloseDate"], **given)
    columns = ["id", "deal", "won", "lost", "amount", "CloseDate"]
    return fk.from_frame(pd.DataFrame(rows, columns=columns), funnel, as_of=as_of)


ROWS = [
    ("past", "2026-01-01", "2026-02-01", None, 10, "2026-02-01"),
    ("gone", "2026-01-01", None, "2026-02-01", 10, "2026-02-01"),
    ("came", "2026-02-01", "2026-04-10", None, 100, "2026-04-10"),
    ("late", "2026-02-01", "2026-06-10", None, 400, "2026-06-10"),
    ("new", "2026-04-05", "2026-04-20", None, 900, "2026-04-20"),
    ("open", "2026-02-01", None, None, 40, "2027-01-01"),
]


@pytest.fixture(scope="module")
def found():
    return compare_pipeline_methods(leads_of(ROWS), ["2026-03-31"], horizon=1, fit=fitted)


def test_what_came_is_of_records_that_had_entered(found):
    frame = found.to_frame()
    assert set(frame["won"]) == {1.0}
    assert set(frame["total_value"]) == {100.0}
    own = frame.set_index("method")
    # came, late and open stood there: 0.5 each, on day 10
    assert own.loc["residual chances", "expected_value"] == pytest.approx(0.5 * 540)
    # one of two closed was won, 31 days after entry; the three had stood there for 58 days
    assert own.loc["stage weights", "expected_value"] == pytest.approx(0.5 * 540)
    assert found.n == 1


def test_close_dates_of_deals_that_have_closed_since_are_not_known_before(found):
    # with its own close date `open` would fall behind the horizon
    own = found.to_frame().set_index("method")
    whole = own.loc["stage weights, whole pipeline", "expected_value"]
    assert own.loc["stage weights", "expected_value"] == whole
    assert "CRM probability" not in own.index


def test_scores_are_sums_over_origins(found):
    scores = found.scores().set_index("method")
    assert scores.loc["residual chances", "value_bias"] == pytest.approx(1.7)
    assert scores.loc["residual chances", "value_error"] == pytest.approx(1.7)
    assert scores.loc["residual chances", "value_covered"] in (0.0, 1.0)
    assert np.isnan(scores.loc["stage weights", "value_covered"])
    assert found.categories().empty
    assert found.summary().startswith("Mean absolute error of the bookings from the open pipeline")


@pytest.mark.parametrize(
    ("origins", "said"),
    [
        ([], "`origins` must be days"),
        ("2026-03-31", "`origins` must be days"),
        (0, "`origins` must be a whole number"),
        (["2026-05-31", "2026-06-30"], "2026-06-30 is too late for 1 whole months"),
        (["no day"], "must be a calendar day"),
    ],
)
def test_origins_that_cannot_be_used(origins, said):
    with pytest.raises(ArgumentError, match=said):
        compare_pipeline_methods(leads_of(ROWS), origins, horizon=1, fit=fitted)


def test_a_day_without_a_model_is_skipped_and_said():
    def refusing(leads):
        if leads.as_of < dt.date(2026, 3, 1):
            raise EvidenceError("too few")
        return fitted(leads)

    leads = leads_of(ROWS)
    found = compare_pipeline_methods(leads, ["2026-02-28", "2026-03-31"], horizon=1, fit=refusing)
    assert found.skipped == ("2026-02-28: too few",)
    assert "No forecast on 1 day" in found.summary()
    with pytest.raises(EvidenceError, match="no forecast on any day; 2026-02-28: too few"):
        compare_pipeline_methods(leads, ["2026-02-28"], horizon=1, fit=refusing)
