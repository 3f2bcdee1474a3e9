"""The notebooks of the week and of the day show every section of their page, and take it all."""

import json
from pathlib import Path

import pytest

from funnelkit.report.day.daily_page import DailyPage
from funnelkit.report.parameters import REPORTS, cell, told
from funnelkit.report.week.weekly_page import WeeklyPage

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
PAGES = {"weekly": WeeklyPage, "daily": DailyPage}


def sources(report: str) -> list[str]:
    path = NOTEBOOKS / f"{REPORTS[report].notebook}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(one["source"]) for one in cells if one["cell_type"] == "code"]


@pytest.mark.parametrize("report", PAGES)
def test_one_cell_shows_each_section(report: str) -> None:
    shown = [one.removeprefix("page.") for one in sources(report) if one.startswith("page.")]
    assert shown == [*PAGES[report].names(), "write_tables(tables)"]


@pytest.mark.parametrize("report", PAGES)
def test_its_parameters_are_those_of_the_command_line_and_reach_the_page(report: str) -> None:
    first, second, *_, last = sources(report)
    assert first == cell(REPORTS[report])
    for one in told(REPORTS[report]):
        if one.in_notebook:
            assert f"{one.name}={one.name}" in second or f"({one.name})" in last, one.name
