"""Maven CRM, current stage only: every number from ../shared/data/README.md, "maven_crm"."""

import datetime as dt

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import AssumptionWarning

WON, LOST, ENGAGING, PROSPECTING = 4238, 2473, 1589, 500
AGENTS = {
    "Hayden Neloms": (107, 152),
    "Maureen Marcano": (149, 213),
    "Darcel Schlecht": (349, 553),
    "Lajuana Vencill": (127, 231),
}


def funnel():
    return fk.Funnel(
        ["opportunity", "won"],
        exits=["lost"],
        id="opportunity_id",
        columns={"opportunity": "engage_date"},
        status="deal_stage",
        status_date="close_date",
        status_values={"opportunity": ["Engaging", "Prospecting"]},
        value="close_value",
        owner="sales_agent",
        segments=["sales_agent", "account"],
    )


@pytest.fixture(scope="module")
def leads(shared_data):
    with pytest.warns(AssumptionWarning, match="`as_of` was taken as 2017-12-31"):
        return fk.read_csv(shared_data / "maven_crm" / "sales_pipeline.csv", funnel())


def test_statuses(leads):
    assert len(leads) == WON + LOST + ENGAGING + PROSPECTING == 8800
    won, lost = leads.list("won"), leads.list("lost")
    assert (len(won), len(lost)) == (WON, LOST)
    # Opportunity-to-win, over closed ones; and the win rate, over all that entered.
    assert len(won) / (len(won) + len(lost)) == pytest.approx(0.631501, abs=5e-7)
    assert len(won) / len(leads) == pytest.approx(0.481591, abs=5e-7)
    assert set(won["opportunity_id"]).isdisjoint(lost["opportunity_id"])


def test_as_of_is_the_last_day_since_there_are_dates_only(leads):
    assert leads.as_of == dt.date(2017, 12, 31)


def test_days_to_close(leads):
    for step, mean, quartiles, longest in (
        ("won", 51.78, [9, 57, 88], 138),
        ("lost", 41.48, [7, 14, 79], None),
    ):
        closed = leads.list(step)
        days = (closed[step] - closed["opportunity"]).dt.days
        assert days.mean() == pytest.approx(mean, abs=0.005)
        assert days.quantile([0.25, 0.5, 0.75]).tolist() == quartiles
        assert longest is None or days.max() == longest


def test_quarters(leads):
    assert leads.count("won", every="quarter").tolist() == [531, 1254, 1257, 1196]


def test_money(leads):
    amounts = leads.list("won")["close_value"].astype(float)
    assert amounts.sum() == 10_005_534
    assert amounts.mean() == pytest.approx(2360.91, abs=0.005)
    assert amounts.median() == 1117


def test_agents(leads):
    for agent, (won, closed) in AGENTS.items():
        assert len(leads.list("won", sales_agent=agent)) == won
        assert len(leads.list("lost", sales_agent=agent)) == closed - won


def test_the_audit_names_the_traps(leads):
    found = {finding.rule: finding for finding in fk.audit(leads).findings}
    recorded = found["recorded_only_from"]
    assert recorded.examples == ("2017-03-01",)
    assert recorded.count == WON + LOST + ENGAGING - 7115
    assert "`won` is recorded only from" in recorded.what
    assert "`lost` is recorded only from" in recorded.what
    assert "partial" not in recorded.remedy  # a month begins on that day
    assert found["entries_undated"].count == PROSPECTING
    assert found["blank_segment"].count == 1425
    beyond = found["open_beyond_closed"]
    assert beyond.what.endswith(
        "older than any was when it closed (138 days); the middle one of all open records is 165 "
        "days old."
    )
    assert beyond.count > ENGAGING / 2
    assert "closed_only" not in found


def test_names_that_the_lists_of_products_and_people_do_not_have(shared_data):
    folder = shared_data / "maven_crm"
    products = pd.read_csv(folder / "products.csv")["product"]
    teams = pd.read_csv(folder / "sales_teams.csv")["sales_agent"]
    leads = fk.read_csv(
        folder / "sales_pipeline.csv",
        funnel().replace(segments=["product", "sales_agent"], account="account"),
        as_of="2017-12-31",
    )
    audit = fk.audit(leads, known={"product": products, "sales_agent": teams})
    named = [finding for finding in audit.findings if "`" in finding.what]
    found = {(finding.rule, finding.what.split("`")[1]): finding for finding in named}
    lost = found["names_unlisted", "product"]
    assert (lost.count, lost.examples) == (1480, ("GTXPro (for GTX Pro?)",))
    assert "worth 3,510,578 among them" in lost.what
    idle = found["names_unused", "sales_agent"]
    assert (idle.count, idle.share) == (5, pytest.approx(5 / 35))
    assert ("names_unlisted", "sales_agent") not in found
    blank = found["accounts_blank", "account"]
    assert blank.count == 1425
    shared = next(one for one in audit.findings if one.rule == "accounts_shared")
    assert shared.what == "85 of 85 accounts hold 7,375 of 7,375 records."


def test_what_can_be_said_from_the_current_stage_and_what_cannot(leads):
    found = {finding.rule: finding for finding in fk.audit(leads).findings}["current_stage_only"]
    assert (found.severity, found.count) == ("note", ENGAGING + PROSPECTING)
    assert found.what == (
        "`deal_stage` is the current stage only: `Engaging` and `Prospecting` have no day of entry."
    )
    known, unknown = found.remedy.split("Not known: ")
    assert "how many of those that entered `opportunity` are `won` by now" in known
    assert "`won` as a share of `won` and `lost`" in known
    assert "the days from `opportunity` to `won` and `lost`" in known
    assert "no rate or lag from one of these stages to another" in unknown


def test_the_close_date_of_an_open_record_would_be_a_plan(shared_data, tmp_path):
    frame = pd.read_csv(shared_data / "maven_crm" / "sales_pipeline.csv", dtype="string")
    frame.loc[frame["deal_stage"] == "Engaging", "close_date"] = "2019-01-01"
    planned = fk.from_frame(frame, funnel(), as_of="2017-12-31")
    assert (len(planned.list("won")), len(planned.list("lost"))) == (WON, LOST)
    assert (
        f"`close_date` of {ENGAGING:,} records that are not closed is a plan (the last one "
        "2019-01-01), and is not used."
    ) in planned.notes


def test_a_status_is_not_known_on_an_earlier_day(leads):
    then = leads.at("2017-06-30")
    everything = leads.list("opportunity")
    entered = everything["opportunity"] <= pd.Timestamp("2017-06-30")
    assert len(then) == entered.sum()
    for step in ("won", "lost"):
        closed = leads.list(step)
        by_then = closed[step] <= pd.Timestamp("2017-06-30")
        pd.testing.assert_frame_equal(
            then.list(step), closed[by_then].reset_index(drop=True), check_dtype=False
        )
