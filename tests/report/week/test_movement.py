"""The movement of the week, against moves known by hand and against `fk.movement`."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.report.week.moving import ends_of, movement_view
from tests.report.week import deals_by_hand as hand
from tests.report.week.spans import week_of

WEEK = week_of("2026-06-22", hand.FUNNEL)


@pytest.fixture(scope="module")
def moved():
    ends = ends_of(hand.after(), WEEK, None, before=hand.before())
    return movement_view(ends, WEEK)


def test_each_deal_is_told_by_what_happened_to_it(moved) -> None:
    assert {deal.id: set(deal.moves) for deal in moved.moved} == hand.MOVES


def test_start_and_causes_add_up_to_the_end(moved) -> None:
    assert {name: (deals, int(value)) for name, deals, value in moved.rows} == hand.BRIDGE
    total = sum(value for name, _, value in moved.rows if name != "end")
    assert total == moved.line("end")[1]


def test_it_is_the_bridge_of_fk_movement(moved) -> None:
    frame = fk.movement(hand.before(), hand.after()).bridge()
    assert [tuple(row) for row in frame.itertuples(index=False)] == list(moved.rows)


def test_a_deal_is_told_with_value_age_and_dates(moved) -> None:
    deal = next(one for one in moved.moved if one.id == "slipped")
    assert (deal.amount, deal.owner, deal.account) == (Decimal("70.00"), "Bo", "Core")
    assert (deal.close_before, deal.close) == (dt.date(2026, 6, 25), dt.date(2026, 7, 25))
    assert (deal.age, deal.stage_age) == (56, 27)  # from 3 May and from 1 June to 28 June
    won = next(one for one in moved.moved if one.id == "won")
    assert won.age == 54  # from 1 May to the win of 24 June


def test_dates_alone_tell_no_slip_and_no_amounts_of_the_eve() -> None:
    leads = hand.after()
    found = movement_view(ends_of(leads, WEEK, None), WEEK)
    assert found.known == "dates"
    told = {deal.id: set(deal.moves) for deal in found.moved}
    assert told == {"won": {"won"}, "lost": {"lost"}, "new": {"created"}, "moved": {"moved_on"}}
    assert "funnelkit archive" in " ".join(found.lacking)


def test_plans_of_a_later_export_are_not_taken_for_those_of_the_week() -> None:
    late = ("late", "2026-06-01", None, None, "2026-07-02", 5, "2026-07-02", "Bo", "K")
    leads = hand.leads_of([*hand.AFTER[:-1], late], "2026-07-05")
    known = leads.at("2026-06-28")
    found = movement_view(ends_of(known, WEEK, None, rewound=True), WEEK)
    told = next(deal for deal in found.standing if deal.id == "late")
    assert told.close is None  # it knows that the deal closed on 2 July
    assert any("later export" in words for words in found.lacking)


def test_records_without_a_day_of_entry_are_left_out_of_the_movement_by_dates() -> None:
    funnel = fk.Funnel(
        ["deal", "won"],
        exits=["lost"],
        columns={"deal": "deal"},
        status="stage",
        status_date="closed",
        status_values={"deal": "Open", "won": "Won", "lost": "Lost"},
    )
    entered = [*pd.date_range("2026-06-01", "2026-06-20").strftime("%Y-%m-%d"), "2026-06-26"]
    frame = pd.DataFrame({"deal": [*entered, "2026-06-02", None], "stage": "Open", "closed": None})
    frame.loc[21, ["stage", "closed"]] = ["Won", "2026-06-27"]
    frame["id"] = [f"d{k}" for k in range(len(frame))]
    leads = fk.from_frame(frame, funnel, as_of="2026-06-28")
    week = week_of("2026-06-22", funnel)
    found = movement_view(ends_of(leads, week, None), week)
    lines = {name: deals for name, deals, _ in found.rows}
    assert lines == {"start": 21, "created": 1, "won": 1, "end": 21}
    assert len(found.standing) == 22
    assert found.lacking[0].startswith("1 open record without a day of entry is left out")


def test_an_archive_tells_the_week(tmp_path) -> None:
    for rows, day in ((hand.BEFORE, hand.EVE), (hand.AFTER, hand.END)):
        frame = pd.DataFrame(rows, columns=hand.COLUMNS)
        fk.archive(frame, hand.FUNNEL, folder=tmp_path / "archive", as_of=day)
    archive = fk.open_archive(tmp_path / "archive", hand.FUNNEL)
    found = movement_view(ends_of(hand.after(), WEEK, archive), WEEK)
    assert found.known == "archive"
    assert found.past == {f"archive/{hand.EVE}": archive.fingerprint(hand.EVE)}
    assert {name: (deals, int(value)) for name, deals, value in found.rows} == hand.BRIDGE


def test_an_archive_that_ends_long_before_the_week_is_not_taken(tmp_path) -> None:
    frame = pd.DataFrame(hand.BEFORE, columns=hand.COLUMNS)
    fk.archive(frame, hand.FUNNEL, folder=tmp_path / "archive", as_of="2026-06-01")
    archive = fk.open_archive(tmp_path / "archive", hand.FUNNEL)
    assert ends_of(hand.after(), WEEK, archive).known == "dates"


def test_without_amounts_of_open_deals_there_is_no_value_of_the_pipeline() -> None:
    rows = [(*row[:5], None if row[3] is None else row[5], *row[6:]) for row in hand.AFTER]
    found = movement_view(ends_of(hand.leads_of(rows, hand.END), WEEK, None), WEEK)
    assert not found.money
