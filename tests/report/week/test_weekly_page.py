"""The weekly page as a reader has it: the finding first, every number with its meaning."""

import datetime as dt

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.report.week.facts import Entries
from funnelkit.report.week.sections.headline import against
from funnelkit.report.week.weekly_page import WeeklyPage, weekly
from tests.report.week import deals_by_hand as hand
from tests.report.week.spans import week_of


@pytest.fixture(scope="module")
def page() -> WeeklyPage:
    return weekly(leads=hand.after(), before=hand.before())


def plain(text: str) -> str:
    return text.replace("\u202f", " ")


def test_it_opens_with_the_finding(page) -> None:
    # 460 before, 295 after: 36 % less; 80 lost, 90 won, 70 slipped
    assert plain(page.opening.title) == "Open pipeline down 36 % to 295; more was won than lost"
    happened = dict(page.opening.story)["What happened"]
    assert happened[0] == "Deals: 1 won (90); 1 lost (80); 1 came in (35)."
    assert happened[1] == "1 deal slipped, worth 70, to a later close date."
    assert dict(page.opening.meta)["Week"] == "22 to 28 June 2026"
    assert dict(page.opening.meta)["The past is known from"] == "exports kept on both days"


def test_the_deals_to_talk_about_have_their_reasons(page) -> None:
    told = {one.deal.id: [why.kind for why in one.reasons] for one in page.facts.talk}
    assert told["slipped"] == ["slipped"]
    assert told["earlier"] == ["near"]  # brought forward to 1 July
    assert told["still"] == ["overdue"]  # was to close by 20 June
    assert told["lowered"] == ["lowered"]
    assert "moved" not in told
    assert "from 25 Jun 2026 to 25 Jul 2026" in page.talk.html()


def test_every_deal_that_moved_is_on_the_page_or_behind_its_fold(page) -> None:
    text = page.movement.html()
    for name in hand.MOVES:
        assert f">{name}<" in text, name
    assert "Won: 1 deal, worth 90" in text
    assert "from deal to proposal" in text.lower()


def test_the_movement_adds_up_on_the_page(page) -> None:
    label = page.movement.body[0]
    assert "Change of the pipeline \u2212165" in label
    assert plain(page.movement.title) == "35 came in; 90 won and 80 lost"


def test_every_section_stands_in_order_and_none_asks_for_anything(page) -> None:
    html = page.to_html()
    assert WeeklyPage.names()[:4] == ("opening", "headline", "talk", "movement")
    places = [html.index(f'id="{key}"') for key in ("headline", "talk", "movement", "target")]
    assert places == sorted(places)
    assert "<script" not in html
    assert "http" not in html.split("</style>")[1]
    assert len(html) < 500_000


def test_text_of_the_data_is_no_markup() -> None:
    evil = '<img src=x onerror=alert(1)>"\u202e'
    rows = [(evil, *row[1:7], evil, evil) for row in hand.AFTER[-1:]]
    html = weekly(leads=hand.leads_of([*hand.AFTER[:-1], *rows], hand.END)).to_html()
    assert "<img" not in html
    assert "\u202e" not in html
    assert "&lt;img src=x" in html


def test_the_workbook_has_every_deal(page, tmp_path) -> None:
    page.write_tables(tmp_path / "tables.xlsx")
    moved = pd.read_excel(tmp_path / "tables.xlsx", sheet_name="Deals that moved", header=None)
    ids = set(moved.to_numpy().ravel().astype(str))
    assert set(hand.MOVES) <= ids


def test_a_week_before_the_data_is_refused_and_one_that_runs_is_told() -> None:
    with pytest.raises(fk.FunnelError, match="`week`: 2026-06-29 begins after"):
        weekly(leads=hand.after(), week="2026-W27")
    found = weekly(leads=hand.leads_of(hand.AFTER, "2026-06-26"), week="2026-W26")
    assert dict(found.opening.meta)["Week"] == "22 to 26 June 2026, so far"


def test_no_deal_at_all_is_told_and_nothing_crashes() -> None:
    frame = pd.DataFrame({"id": ["a"], "lead": ["2026-06-24"], "won": [None]})
    page = weekly(leads=fk.from_frame(frame, fk.Funnel(["lead", "won"]), as_of="2026-06-28"))
    assert page.opening.title == "Open pipeline now at 1 lead; nothing was won"
    assert page.to_html()


def test_a_week_is_set_beside_a_mean_week_of_those_before() -> None:
    periods = tuple(pd.Period("2026-06-22", "W-SUN") - k for k in (2, 1, 0))
    week = week_of("2026-06-22", hand.FUNNEL)
    change = against(Entries(stages={"deal": (100, 100, 50)}, periods=periods), "deal", week)
    assert change.value == pytest.approx(-0.5)
    assert change.direction == "down"  # 50 against 200 in two weeks: exact p far below 0.05
    even = against(Entries(stages={"deal": (100, 100, 95)}, periods=periods), "deal", week)
    assert even.direction == "unclear"


def test_counts_of_a_week_that_runs_are_of_as_many_days_before() -> None:
    days = pd.date_range("2026-06-01", "2026-06-24")
    frame = pd.DataFrame({"id": [f"{k}" for k in range(len(days))], "lead": days, "won": None})
    leads = fk.from_frame(frame, fk.Funnel(["lead", "won"]), as_of="2026-06-24")
    entries = weekly(leads=leads, week="2026-06-22").facts.entries
    assert entries.stages["lead"] == (3, 3, 3, 3)  # Monday to Wednesday
    assert entries.periods[0].start_time.date() == dt.date(2026, 6, 1)


def test_a_page_of_some_of_the_leads_leaves_out_what_is_of_all() -> None:
    funnel = fk.Funnel(
        ["deal", "proposal", "won"], exits=["lost"], value="amount", keep=["close_date"],
        segments=["rep"],
    )  # fmt: skip
    exports = [
        fk.from_frame(pd.DataFrame(rows, columns=hand.COLUMNS), funnel, as_of=day)
        for rows, day in ((hand.BEFORE, hand.EVE), (hand.AFTER, hand.END))
    ]
    page = weekly(leads=exports[1], before=exports[0], only="rep=Ann")
    assert {deal.id for deal in page.facts.movement.moved} == {"won", "lost", "new"}
    assert "this page is of some of them" in page.activities.html()


def test_the_manifest_gets_the_cards_as_the_page_shows_them(page) -> None:
    cards = page.handed()["cards"]
    shown = page.headline._repr_html_()
    assert [one["name"] for one in cards][:2] == ["Open pipeline", "Won"]
    assert all(f">{one['value']}<" in shown for one in cards)
