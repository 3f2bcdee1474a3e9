"""The notebooks in a real JupyterLab: Run All, and the panel clicked through; nothing leaves."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notebooks.lab import Lab, asked_by_python, opened, serving, watched

pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.browser, pytest.mark.notebook]

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
NUMBERED = sorted(path.name for path in NOTEBOOKS.glob("0*.ipynb"))
# Those of the reports run in tests of their own; `python -m tests.notebooks.every` runs them here.
RUN = [*NUMBERED, "monthly_report.ipynb"]
PANEL = ["import funnelkit as fk\nleads = fk.make_leads(600, rng=1, months=7)\nfk.explore(leads)"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, chromium: Path) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(NOTEBOOKS, folder / "notebooks")
    (folder / "notebooks" / "panel.ipynb").write_text(notebook_of(PANEL), encoding="utf-8")
    with serving(folder) as server, opened(folder, chromium, server) as running:
        yield running


def notebook_of(cells: list[str]) -> str:
    code = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    made = [{**code, "id": f"cell-{number}", "source": one} for number, one in enumerate(cells)]
    whole = {"metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps({**whole, "cells": made})


def test_it_opens_on_the_notebooks_in_their_order(lab: Lab) -> None:
    assert lab.listed()[: len(NUMBERED)] == NUMBERED
    assert [name[:2] for name in NUMBERED] == [f"0{number}" for number in range(8)]
    assert not [url for url in lab.asked if "/api/news" in url or "/api/update" in url]


@pytest.mark.parametrize("name", RUN)
def test_run_all_runs_to_the_end(lab: Lab, name: str) -> None:
    cells = lab.run_all(name)
    lab.close()
    outputs = [(cell, output) for cell in cells for output in cell["outputs"]]
    errors = [one for _, one in outputs if one["output_type"] == "error"]
    assert [f"{one['ename']}: {one['evalue']}" for one in errors] == []
    assert [one["text"] for _, one in outputs if one["output_type"] == "stream"] == []
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    if name in NUMBERED:
        drawn = {cell["id"] for cell, one in outputs if "image/png" in one.get("data", {})}
        assert drawn == {cell["id"] for cell in cells if "plot" in "".join(cell["source"])}
    assert lab.elsewhere() == []


def test_the_panel_answers_every_control(lab: Lab) -> None:
    lab.run_all("panel.ipynb")
    panel = lab.tab.locator(".jp-OutputArea-output .widget-vbox").first
    code, picture = panel.locator("pre"), panel.locator("img")

    def shows(words: str) -> str:
        """Wait for the code, which comes last, and return what the picture says."""
        code.filter(has_text=words).wait_for()
        return picture.get_attribute("alt") or ""

    assert shows('"lead", "won", cohort="month")')
    panel.get_by_label("To", exact=True).select_option(label="mql")
    assert "reached mql" in shows('"lead", "mql"')
    panel.get_by_label("Segment").select_option(label="region")
    assert "EMEA" in shows('by="region"')
    panel.get_by_label("Period").select_option(label="Quarter")
    shows('cohort="quarter"')
    panel.get_by_role("button", name="As seen so far").click()
    assert "so far" in shows("fk.rates.cohort(counts)")
    panel.get_by_role("button", name="Segments").click()
    shows("counts.collapse(cohorts=True)")
    panel.get_by_role("button", name="By age").click()
    shows("fk.plot.triangle(counts)")
    panel.get_by_role("button", name="Funnel").click()
    assert "sql" in shows("fk.plot.funnel(flow)")
    assert panel.get_by_label("From", exact=True).is_disabled()
    assert panel.locator("table").is_visible()
    assert lab.elsewhere() == []
    lab.close()


def test_the_watch_sees_whoever_asks_elsewhere(tmp_path: Path) -> None:
    asking = (
        "import sys; sys.audit('socket.connect', None, ('192.0.2.1', 443));"
        "sys.audit('socket.connect', None, ('127.0.0.1', 8888));"
        "sys.audit('socket.getaddrinfo', 'news.example', 443, 0, 0, 0)"
    )
    subprocess.run([sys.executable, "-c", asking], env=watched(tmp_path), check=True)
    assert asked_by_python(tmp_path) == ["192.0.2.1", "news.example"]
