"""The monthly report's notebook shows every section of the page, in order, and nothing else."""

import json
from pathlib import Path

from funnelkit.report.page.monthly_page import MonthlyPage
from funnelkit.report.parameters import MonthlyParameters, cell, told

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "monthly_report.ipynb"
CELLS = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
SOURCES = ["".join(one["source"]) for one in CELLS if one["cell_type"] == "code"]


def test_one_cell_shows_each_section() -> None:
    shown = [source.removeprefix("page.") for source in SOURCES if source.startswith("page.")]
    assert shown[:-1] == list(MonthlyPage.names())
    assert shown[-1] == "write_tables(tables)"


def test_its_parameters_are_those_of_the_command_line() -> None:
    assert SOURCES[0] == cell(MonthlyParameters)


def test_every_parameter_reaches_the_page() -> None:
    names = [one.name for one in told(MonthlyParameters) if one.in_notebook]
    for name in names:
        assert f"{name}={name}" in SOURCES[1] or f"({name})" in SOURCES[-1], name
