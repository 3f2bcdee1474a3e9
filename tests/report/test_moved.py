"""What moved the wins since the month before: the section, its figure and its sentences."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.facts.moved import Moved
from funnelkit.report.page.gather import gather
from funnelkit.report.page.markup import plain
from funnelkit.report.page.sections import moved
from funnelkit.report.page.sheets import sheets_of
from funnelkit.report.page.source import opened
from tests.report.literal_facts import HOSTILE, facts
from tests.report.literal_facts import moved as literal


def words(text: object) -> str:
    return plain(str(text)).replace("\u202f", " ").replace("\u2212", "-").replace("\u2013", "-")


def test_the_steps_of_the_figure_add_up() -> None:
    section = moved.section(facts())
    label = words(re.search(r'aria-label="([^"]*)"', str(section.html())).group(1))  # type: ignore[union-attr]
    assert "April 154 wins" in label
    assert "May 70 wins" in label
    steps = [float(number) for number in re.findall(r" ([-+]\d+\.\d)", label)]
    assert len(steps) == 4
    assert sum(steps) == pytest.approx(70 - 154, abs=0.2)


def test_the_title_claims_what_the_interval_allows() -> None:
    # Of age-corrected leads 13.8 % in April and 10.0 % in May of 1,115 and 697: clearly apart.
    assert moved.section(facts()).title == (
        "Like for like, May converts worse than April, by 2.3 points"
    )
    same = literal(converted=[[124, 30], [60, 30]])
    assert moved.section(facts(moved=same)).title == (
        "Like for like, May converts no clearly different than April"
    )


def test_hostile_names_stay_text_and_few_have_no_rate() -> None:
    few = literal(entered=[[1000, 12], [803, 9]], converted=[[124, 1], [69, 1]],
                  mature=[[825.0, 9.9], [429.6, 4.8]])  # fmt: skip
    section = moved.section(facts(moved=few))
    assert HOSTILE not in str(section.html())
    (table,) = section.tables
    row = next(row for row in table.rows if row[0] == HOSTILE)
    assert [words(cell) for cell in row[3:5]] == ["-", "-"]


def test_a_reversal_is_named() -> None:
    turned = literal(
        entered=[[1000, 352], [300, 1003]], converted=[[200, 10], [65, 40]],
        mature=[[1000.0, 352.0], [300.0, 1003.0]],
    )  # fmt: skip
    section = moved.section(facts(moved=turned))
    assert "Within the groups the rates rose while the rate of all went the other way" in words(
        section.lead
    )


def test_what_is_missing_is_said() -> None:
    section = moved.section(facts(moved=Missing("It needs leads.")))
    assert "It needs leads." in words(section.html())


def leads(rows: list[tuple[str, str | None, str]], as_of: str) -> fk.Leads:
    frame = pd.DataFrame(rows, columns=["lead", "won", "source"])
    frame.insert(0, "id", [f"{k}" for k in range(len(frame))])
    funnel = fk.Funnel(["lead", "won"], id="id", segments=["source"])
    return fk.from_frame(frame, funnel, as_of=as_of)


def test_it_is_gathered_from_leads_with_the_counts_by_hand() -> None:
    rows: list[tuple[str, str | None, str]] = []
    for month, wins in (("2026-01", 30), ("2026-02", 24), ("2026-03", 20)):
        rows += [(f"{month}-03", f"{month}-20" if k < wins else None, "web") for k in range(100)]
        rows += [(f"{month}-03", f"{month}-20" if k < 5 else None, "ads") for k in range(100)]
    view = gather(opened(leads=leads(rows, "2026-03-31")), month="2026-03").moved
    assert isinstance(view, Moved)
    assert view.change.entered.tolist() == [[100, 100], [100, 100]]
    assert sorted(view.change.converted[0].tolist()) == [5, 24]
    assert sorted(view.change.converted[1].tolist()) == [5, 20]
    assert sum(view.change.conversions.values()) == pytest.approx(-4)
    sheet = sheets_of(gather(opened(leads=leads(rows, "2026-03-31")), month="2026-03"))[
        "What moved"
    ]
    assert list(sheet.frame["entered_after"]) == [100, 100]


def test_months_that_cannot_be_compared_say_why() -> None:
    one = [("2026-03-03", "2026-03-20" if k < 9 else None, "ab"[k % 2]) for k in range(90)]
    found = gather(opened(leads=leads(one, "2026-03-31")), month="2026-03").moved
    assert isinstance(found, Missing)
    assert "the month before" in found.needs
    few = [*one, *[("2026-02-03", None, "a")] * 5]
    found = gather(opened(leads=leads(few, "2026-03-31")), month="2026-03").moved
    assert isinstance(found, Missing)
    assert "at least 20" in found.needs
