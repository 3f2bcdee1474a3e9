"""The page of the review: its plan, what it needs where data lack, hostile names, its notebook."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.dates import day_name
from funnelkit._core.errors import DefinitionError
from funnelkit.report.page.markup import plain
from funnelkit.report.parameters import QuarterlyParameters, cell, told
from funnelkit.report.playbook import Playbook
from funnelkit.report.quarter.facts import Ahead
from funnelkit.report.quarter.quarterly_page import QuarterlyPage, quarterly
from tests.report.quarter.conftest import FITTED, FORMULA, SCRIPT

NOTEBOOK = Path(__file__).resolve().parents[3] / "notebooks" / "quarterly_review.ipynb"
CELLS = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
SOURCES = ["".join(one["source"]) for one in CELLS if one["cell_type"] == "code"]


def ahead(page: QuarterlyPage) -> Ahead:
    assert isinstance(page.facts.ahead, Ahead)
    return page.facts.ahead


def test_it_plans_the_months_of_the_targets_that_are_to_come(page: QuarterlyPage) -> None:
    plan = ahead(page).plan.plan
    assert [str(one) for one in plan.periods] == [
        "2026-08", "2026-09", "2026-10", "2026-11", "2026-12", "2027-01",
    ]  # fmt: skip
    assert plan.targets.amount.tolist() == [500_000.0] * 6
    assert plan.hit >= 0.8
    assert set(plan.channels) == {"Event", SCRIPT, FORMULA}


def test_the_pace_of_late_is_that_of_six_months_of_records(
    page: QuarterlyPage, leads: fk.Leads
) -> None:
    entered = leads.list("lead")["lead"]
    late = (entered >= "2026-02-01").sum() / 6
    assert ahead(page).pace.late.sum(axis=0).mean() == pytest.approx(late)
    assert f"about {round(late):,} a month" in page.pace.lead


def test_leads_hires_cost_and_chance_are_on_the_page(page: QuarterlyPage) -> None:
    shown = ahead(page).plan
    needed = f"{round(float(shown.plan.leads.sum())):,} leads"
    assert needed in page.board.title
    assert "What each month needs" in plain(page.months.html())
    assert needed in page.leads.title
    assert "Requisitions to open" in plain(page.people.html())
    assert "Total cost" in plain(page.board.html())
    options = plain(page.options.html())
    assert "for 50 in 100" in options
    assert "for 90 in 100" in options
    assert "times the leads of late" in page.opening.title
    checks = " ".join(page.opening.story[-1][1])
    assert page.opening.story[-1][0] == "What to do"
    assert "leads a month are to come from" in checks
    assert "Open " in checks


def test_what_to_do_comes_from_the_playbook_alone(page: QuarterlyPage) -> None:
    own = Playbook(checks={"plan_hires": "Ask {role} by {first}."}, most=1)
    said = QuarterlyPage(replace(page.facts, playbook=own)).opening.story[-1][1]
    first = ahead(page).plan.capacity.requisitions[0]
    assert said == [f"Ask account executive by {day_name(first.open_by)}."]
    none = Playbook(checks={}, most=1)
    said = QuarterlyPage(replace(page.facts, playbook=none)).opening.story[-1][1]
    assert said == ["Nothing in these figures calls for a check."]


def test_one_fit_serves_plan_and_comparison(page: QuarterlyPage) -> None:
    """And one of the eve of the quarter, for the plan that would have been made then."""
    assert isinstance(page.facts.ahead, Ahead)
    assert [dt.date(2026, 7, 31), dt.date(2026, 4, 30)] == FITTED


def test_without_a_team_it_says_which_key_names_one(page: QuarterlyPage) -> None:
    view = ahead(page)
    alone = replace(view.plan, board=replace(view.plan.board, staff=None), capacity=None)
    lacking = QuarterlyPage(replace(page.facts, ahead=replace(view, plan=alone)))
    assert "as team in funnel.yml" in plain(lacking.people.html())
    assert "is not known" in lacking.people.title


def test_hostile_names_stay_text(page: QuarterlyPage, tmp_path: Path) -> None:
    assert SCRIPT not in page.to_html()
    path = tmp_path / "tables.xlsx"
    page.write_tables(path)
    book = openpyxl.load_workbook(path)
    assert {"Quarters", "Plan and actual", "Months", "People", "Assumptions"} <= set(
        book.sheetnames
    )
    cells = [one for sheet in book for row in sheet.iter_rows() for one in row]
    assert not [one for one in cells if one.data_type == "f" and "cmd" in str(one.value)]


def test_the_workbook_holds_every_quarter(page: QuarterlyPage) -> None:
    frame = page.sheets()["Quarters"].frame
    wins = frame[frame["metric"] == "wins"]
    assert wins["quarter"].tolist() == [f"FY2026 Q{k}" for k in range(1, 5)] + [
        "FY2027 Q1", "FY2027 Q2",
    ]  # fmt: skip
    assert set(frame["metric"]) == {one.key for one in page.facts.trends}


def test_it_hands_on_what_a_manifest_keeps(page: QuarterlyPage) -> None:
    handed = page.handed()
    assert (handed["quarter"], page.as_of) == ("2027-Q2", dt.date(2026, 7, 31))
    assert page.figures()["plan_leads"] == ahead(page).plan.plan.leads.sum()


def test_a_team_that_is_none_is_refused_with_its_line(leads: fk.Leads, folder: Path) -> None:
    from funnelkit.report.page.source import Source
    from funnelkit.report.quarter.gathering import gathered

    team = folder / "no_team.yml"
    team.write_text("role: 3\n", encoding="utf-8")
    source = Source(leads=leads, simulated=False, targets=folder / "targets.csv", team=team)
    with pytest.raises(DefinitionError, match=r"no_team\.yml, line 1"):
        gathered(source)


Row = tuple[str | float | None, ...]
NAMES = ("id", "lead", "won")


def day(month: int, number: int) -> str:
    return dt.date(2026, month, number).isoformat()


def some(n: int, *, won: int = 0) -> list[Row]:
    """Leads of three months; the first so many are won."""
    return [(str(k), day(1 + k % 3, 1 + k % 28), day(3, 31) if k < won else None) for k in range(n)]


def small(rows: list[Row], columns: tuple[str, ...] = NAMES) -> QuarterlyPage:
    funnel = fk.Funnel(
        ["lead", "won"],
        id="id",
        exits=[name for name in columns if name == "lost"],
        segments=[name for name in columns if name == "source"],
        value="amount" if "amount" in columns else None,
    )
    frame = pd.DataFrame(rows, columns=list(columns))
    return quarterly(leads=fk.from_frame(frame, funnel, as_of="2026-03-31"))


CASES = {
    "a single lead": lambda: small([("a", day(3, 5), None)]),
    "a single win": lambda: small([("a", day(3, 5), day(3, 9))]),
    "two months": lambda: small([row for row in some(120, won=9) if "-03-0" not in str(row[1])]),
    "no conversions": lambda: small(some(300)),
    "no losses recorded": lambda: small([(*row, None) for row in some(90)], (*NAMES, "lost")),
    "no amounts": lambda: small([(*row, 0.0) for row in some(90, won=12)], (*NAMES, "amount")),
    "one segment": lambda: small([(*row, "web") for row in some(90, won=12)], (*NAMES, "source")),
    "all lost": lambda: small(
        [(i, start, None, start) for i, start, _ in some(90)], (*NAMES, "lost")
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_with_little_data_each_section_says_what_it_needs(case: str) -> None:
    page = CASES[case]()
    text = plain(page.to_html())
    assert "nan" not in text.replace("finan", "")
    assert "It needs targets" in plain(page.pace.html())
    assert "It needs the record of the last plan" in plain(page.against.html())
    assert "It needs at least 20 wins" in plain(page.coming.html())
    assert len(page.sheets()) == 1


def test_amounts_that_are_not_there_are_asked_for() -> None:
    assert "name their column as `value`" in " ".join(CASES["two months"]().facts.missing)
    assert "0 is read as unknown" in " ".join(CASES["no amounts"]().facts.missing)


def test_one_cell_shows_each_section() -> None:
    shown = [source.removeprefix("page.") for source in SOURCES if source.startswith("page.")]
    assert shown[:-1] == list(QuarterlyPage.names())
    assert shown[-1] == "write_tables(tables)"


def test_its_parameters_are_those_of_the_command_line() -> None:
    assert SOURCES[0] == cell(QuarterlyParameters)
    names = [one.name for one in told(QuarterlyParameters) if one.in_notebook]
    for name in names:
        assert f"{name}={name}" in SOURCES[1] or f"({name})" in SOURCES[-1], name
