"""The page of a plan: what it says is the plan; one file, nothing of the data is markup."""

from __future__ import annotations

import re

import funnelkit as fk
from funnelkit.report.page.markup import plain
from funnelkit.report.planning.page import PlanPage
from funnelkit.report.planning.sections import on_one_page
from tests.plan import plans_by_hand as by_hand
from tests.report.planning import made

KEYS = ["board", "options", "months", "leads", "people", "sensitivity", "assumptions", "method"]


def words(text: str) -> str:
    return plain(text).replace("\u202f", " ").replace("\u2212", "-").replace("\u2013", "-")


def test_the_sections_stand_in_their_order() -> None:
    page = PlanPage(made.facts()).to_html()
    assert re.findall(r'<section id="(\w+)"', page) == KEYS
    assert page.startswith("<!doctype html>")


def test_nothing_of_the_data_is_markup_and_nothing_is_asked_for() -> None:
    page = PlanPage(made.facts()).to_html()
    assert "<script" not in page
    assert "<b>fair" not in page
    assert "<i>year" not in page
    assert not re.search(r"(src|href)=", page)
    assert page == PlanPage(made.facts()).to_html()


def test_every_picture_has_its_words_and_its_data() -> None:
    page = PlanPage(made.facts()).to_html()
    labels = re.findall(r'<div class="chart" role="img" aria-label="([^"]*)"', page)
    assert len(labels) == 5
    assert all(len(label) > 60 for label in labels)
    assert page.count("<details>") == 5
    assert "2027-04 target 200,000" in " ".join(labels)


def test_the_board_says_the_figures_of_the_plan() -> None:
    found = made.facts()
    cards = {card.name: card for card in on_one_page.cards(found.board)}
    assert cards["Goal"].figure == "750,000"
    assert cards["Goal"].before == "EUR"
    assert cards["Leads"].figure == f"{by_hand.plan().leads.sum():,.0f}"
    assert cards["Total cost"].figure == f"{found.board.cost:,.0f}"
    assert words(cards["Chance"].figure).strip() == words(
        fk._core.display.chance(found.board.hit)
    ).replace("less than ", "< ")
    assert cards["Payback"].after == "months"
    html = words(on_one_page.section(found).html())
    assert "EUR 100,000" in html
    assert "80 of late" in html


def test_a_plan_without_cost_or_people_says_what_there_is() -> None:
    page = PlanPage(made.bare())
    cards = [card.name for card in on_one_page.cards(made.bare().board)]
    assert cards == ["Goal", "Expected", "Chance", "Leads"]
    shown = [part.key for part in page.parts[1:] if part.title]  # type: ignore[union-attr]
    assert "people" not in shown
    assert "40 deals" in words(page.to_html())


def test_figures_for_machines_have_no_nan() -> None:
    assert made.bare().figures()["CAC"] is None
    assert made.facts().figures()["leads"] == by_hand.plan().leads.sum()
