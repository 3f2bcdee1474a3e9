"""The week on real exports, against counts by plain pandas."""

from pathlib import Path

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.report.week.weekly_page import WeeklyPage, weekly


def maven_page(shared_data: Path, folder: Path, targets: str) -> WeeklyPage:
    (folder / "targets.csv").write_text(f"period,amount\n{targets}\n", encoding="utf-8")
    (folder / "funnel.yml").write_text(
        "stages: [opportunity, won]\nexits: [lost]\nid: opportunity_id\n"
        "status: deal_stage\nstatus_date: close_date\n"
        "status_values: {won: Won, lost: Lost, opportunity: [Engaging, Prospecting]}\n"
        "columns: {opportunity: engage_date}\nvalue: close_value\nowner: sales_agent\n"
        "segments: [product]\nas_of: 2017-12-31\nrecorded_from: 2017-03-01\n"
        "targets: targets.csv\n"
        f"data: {{files: {(shared_data / 'maven_crm' / 'sales_pipeline.csv').as_posix()}}}\n",
        encoding="utf-8",
    )
    return weekly(config=folder / "funnel.yml")


@pytest.fixture(scope="module")
def maven(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> WeeklyPage:
    return maven_page(shared_data, tmp_path_factory.mktemp("maven"), "2018 Q1,600000")


@pytest.fixture(scope="module")
def table(shared_data: Path) -> pd.DataFrame:
    frame = pd.read_csv(shared_data / "maven_crm" / "sales_pipeline.csv")
    return frame.assign(
        engaged=pd.to_datetime(frame["engage_date"]), closed=pd.to_datetime(frame["close_date"])
    )


def test_won_lost_and_new_of_the_last_week_of_2017(maven, table) -> None:
    week = table["closed"].between("2017-12-25", "2017-12-31")
    won = table[week & (table["deal_stage"] == "Won")]
    lost = table[week & (table["deal_stage"] == "Lost")]
    new = table["engaged"].between("2017-12-25", "2017-12-31")
    movement = maven.facts.movement
    assert movement.line("won")[0] == len(won) == 131
    assert movement.line("lost")[0] == len(lost) == 27
    assert movement.line("created")[0] == int(new.sum()) == 3
    largest = movement.of("won")[0]
    assert float(largest.amount) == won["close_value"].max()


def test_the_open_pipeline_before_and_after(maven, table) -> None:
    def standing(day: str) -> int:
        entered = table["engaged"] <= day
        closed = table["closed"] <= day
        return int((entered & ~closed).sum())

    movement = maven.facts.movement
    assert movement.line("start")[0] == standing("2017-12-24")
    assert movement.line("end")[0] == standing("2017-12-31") == 1589
    assert len(movement.standing) == 1589 + 500  # the 500 prospects have no day of entry
    assert maven.opening.title.startswith("Open pipeline down 9")


def test_open_deals_without_amounts_are_counted_and_not_valued(maven) -> None:
    assert not maven.facts.movement.money
    assert "worth" not in maven.movement.lead


def test_the_quarter_stands_beside_its_target(maven) -> None:
    view = maven.facts.ahead()
    assert (view.name, view.target, view.won) == ("2018 Q1", 600000.0, 0.0)
    assert 0 < view.chance < 1
    assert view.low < view.expected < view.high
    assert "has a" in maven.target.title


def test_targets_of_a_part_of_the_quarter_are_told_as_that(shared_data, tmp_path) -> None:
    page = maven_page(shared_data, tmp_path, "2018-01,200000")
    told = "The targets hold 1 of the 3 months of 2018 Q1: name them all in the file of `targets`"
    assert page.facts.ahead().target is None
    assert page.target.title.endswith("; no target is compared")
    assert told in str(page.opening.story)
    assert "No target is named" not in page.to_html()


def test_what_lacks_is_said_with_the_key_that_fills_it(maven) -> None:
    assert "activities: {path: activities.csv" in maven.activities.html()
    page = maven.to_html()
    assert "funnelkit archive" in page
    assert "under <code>keep</code> in funnel.yml" in page


def test_olist_has_entries_and_wins_and_says_no_more(shared_data: Path) -> None:
    folder = shared_data / "olist"
    mqls, deals = (
        folder / f"olist_{name}_dataset.csv"
        for name in ("marketing_qualified_leads", "closed_deals")
    )
    funnel = fk.Funnel(
        ["mql", "won"], id="mql_id", columns={"mql": "first_contact_date", "won": "won_date"},
        segments=["origin"],
    )  # fmt: skip
    leads = fk.read_csv(mqls, funnel, join=[deals], as_of="2018-05-31", recorded_from="2017-12-05")
    page = weekly(leads=leads)
    entered = pd.to_datetime(pd.read_csv(mqls)["first_contact_date"])
    won = pd.to_datetime(pd.read_csv(deals)["won_date"]).dt.normalize()
    movement = page.facts.movement
    assert movement.line("created")[0] == entered.between("2018-05-21", "2018-05-27").sum() == 311
    assert movement.line("won")[0] == won.between("2018-05-21", "2018-05-27").sum() == 25
    assert page.facts.entries.stages["mql"][-1] == 311
    assert "lost" not in page.movement.title
    assert page.opening.title.endswith("25 won")
    assert "targets: targets.csv" in page.target.html()


def test_hubspot_deals_tell_close_dates_and_status(shared_data: Path) -> None:
    leads = fk.read_hubspot(shared_data / "hubspot" / "hubspot_deals.csv", as_of="2025-05-02")
    one = leads.only(**{"Pipeline": "Sales Pipeline", "Deal Type": "Existing Business"})
    page = weekly(leads=one, week="2025-05-02")
    frame = pd.read_csv(shared_data / "hubspot" / "hubspot_deals.csv")
    mine = frame[
        (frame["Pipeline"] == "Sales Pipeline") & (frame["Deal Type"] == "Existing Business")
    ]
    still = mine[~mine["Deal Stage"].isin(["Closed Won", "Closed Lost"])]
    movement = page.facts.movement
    assert len(movement.standing) == len(still)
    assert float(movement.line("end")[1]) == pytest.approx(still["Amount"].sum())
    due = still["Close Date"] <= "2025-05-02"
    overdue = [
        one.deal.id for one in page.facts.talk if "overdue" in [why.kind for why in one.reasons]
    ]
    assert sorted(overdue) == sorted(still["Deal ID"][due])
    assert {deal.status for deal in movement.standing} == set(still["Deal Stage"])
    assert not any("@" in (deal.owner or "") for deal in movement.standing)
    assert "at least 20" in page.facts.ahead().needs
    assert page.ageing.title == "How old is too old cannot be told yet"
