"""The daily page: new leads beside that weekday, activities, and who waits for an answer."""

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.report.day.daily_page import DailyPage, daily

FRIDAY = "2026-06-26"


def leads_of(extra: int) -> fk.Leads:
    """Three leads on each day of ten weeks, and some more on the last Friday; one win that day."""
    days = [*pd.date_range("2026-04-18", FRIDAY).repeat(3), *[pd.Timestamp(FRIDAY)] * extra]
    frame = pd.DataFrame({"id": [f"L{k:03d}" for k in range(len(days))], "lead": days, "won": None})
    frame["won"] = pd.to_datetime(frame["won"])
    frame.loc[0, "won"] = pd.Timestamp(FRIDAY)
    frame["source"] = ["web", "fair", "web"] * 70 + ["web"] * extra
    funnel = fk.Funnel(["lead", "won"], segments=["source"])
    return fk.from_frame(frame, funnel, as_of=FRIDAY)


@pytest.fixture(scope="module")
def page() -> DailyPage:
    return daily(leads=leads_of(20))


def test_it_opens_with_the_new_leads_beside_that_weekday(page) -> None:
    assert page.opening.title == "23 new leads, more than usual on a Friday; 1 win"
    assert page.opening.report == "Daily report, Friday 26 June 2026"
    assert "3.0 usual on a Friday; clearly apart" in page.figures.html()


def test_a_usual_day_is_not_called_anything_else() -> None:
    title = daily(leads=leads_of(0)).opening.title
    assert title == "3 new leads, about as usual on a Friday; 1 win"


def test_where_they_came_from(page) -> None:
    assert page.details.title == "22 of 23 new leads came from web"


def test_without_activities_it_says_which_key_fills_the_panel(page) -> None:
    assert page.figures.title == "Who waits for a first answer is not in the data"
    assert "activities: {path: activities.csv" in page.details.html()


def test_who_waits_for_a_first_answer(tmp_path) -> None:
    leads = leads_of(0).list("lead")
    ids = leads.sort_values("lead")["id"].tolist()
    touched = [*ids[:-6], ids[-1]]  # not three of 25 June and two of the 26th
    pd.DataFrame({"at": "2026-06-26", "kind": "Call", "record": touched}).assign(
        at=["2026-05-01", *["2026-06-26"] * (len(touched) - 1)]
    ).to_csv(tmp_path / "activities.csv", index=False)
    leads.to_csv(tmp_path / "leads.csv", index=False)
    (tmp_path / "funnel.yml").write_text(
        "stages: [lead, won]\nid: id\nsegments: [source]\nas_of: 2026-06-26\n"
        "data: {files: leads.csv}\ntables: {activities: activities.csv}\n",
        encoding="utf-8",
    )
    waiting = daily(config=tmp_path / "funnel.yml").facts.waiting
    assert (waiting.entered, waiting.untouched, waiting.oldest) == (21, 5, 1)


def test_a_quiet_day_and_a_day_outside_the_data() -> None:
    leads = fk.from_frame(
        pd.DataFrame({"id": ["a"], "lead": ["2026-06-01"], "won": [None]}),
        fk.Funnel(["lead", "won"]),
        as_of="2026-06-26",
    )
    assert daily(leads=leads).opening.title == "No new leads and no wins"
    with pytest.raises(fk.FunnelError, match="`day`"):
        daily(leads=leads, day="2026-06-27")


def test_text_of_the_data_is_no_markup() -> None:
    frame = pd.DataFrame(
        {
            "id": ["<b>x</b>"],
            "lead": [FRIDAY],
            "won": [None],
            "source": ["<script>alert(1)</script>"],
        }
    )
    leads = fk.from_frame(frame, fk.Funnel(["lead", "won"], segments=["source"]), as_of=FRIDAY)
    html = daily(leads=leads).to_html()
    assert "<script" not in html
    assert "<b>x" not in html


def test_the_manifest_gets_the_cards_as_the_page_shows_them(page) -> None:
    shown = page.figures._repr_html_()
    cards = page.handed()["cards"]
    assert cards
    assert all(one["name"] in shown and one["value"] in shown for one in cards)
