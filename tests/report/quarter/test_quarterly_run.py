"""The review as a run: the same page as from Python, its folder, its manifest; and in a browser."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.report.quarter.quarterly_page import QuarterlyPage
from tests.report.test_browser import CONTRAST, CUT_OFF, FLAGS, NAMELESS


@pytest.mark.notebook
def test_a_run_writes_the_page_that_python_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = pd.date_range("2025-02-01", "2026-04-30")
    frame = pd.DataFrame({"id": range(len(days)), "lead": days.strftime("%Y-%m-%d"), "won": None})
    frame.to_csv(tmp_path / "leads.csv", index=False)
    (tmp_path / "funnel.yml").write_text(
        "stages: [lead, won]\nid: id\ncalendar: {fiscal_year_start: 2}\nas_of: 2026-04-30\n"
        "data: leads.csv\nplans: plans\n",
        encoding="utf-8",
    )
    (tmp_path / "plans").mkdir()
    monkeypatch.chdir(tmp_path)
    done = fk.report.run("quarterly", progress=False)
    assert done.folder.as_posix() == "reports/2027-Q1"
    assert done.html.name == "quarterly_review.html"
    page = fk.report.quarterly(config="funnel.yml")
    assert done.html.read_text(encoding="utf-8") == page.to_html()
    kept = json.loads((done.folder / "manifest.json").read_text(encoding="utf-8"))
    assert kept["parameters"]["quarter"] == "2027-Q1"
    assert "New leads: 89," in page.opening.story[0][1][0]  # February to April 2026


def test_the_folder_of_plans_must_be_there(tmp_path: Path) -> None:
    text = "stages: [lead, won]\nid: id\ndata: leads.csv\nplans: plan\n"
    (tmp_path / "funnel.yml").write_text(text, encoding="utf-8")
    (tmp_path / "leads.csv").touch()
    (tmp_path / "plans" / "2026-03").mkdir(parents=True)
    (tmp_path / "plans" / "2026-03" / "plan.yml").touch()
    with pytest.raises(fk.FunnelError, match="line 4: `plans` names no file: 'plan' does not"):
        fk.report.load_config(tmp_path)
    (tmp_path / "funnel.yml").write_text(text.replace("plan\n", "plans\n"), encoding="utf-8")
    found = fk.report.load_config(tmp_path).plans
    assert found == (tmp_path / "plans" / "2026-03" / "plan.yml",)


@pytest.fixture(scope="module")
def page_file(page: QuarterlyPage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "quarterly_review.html"
    path.write_text(page.to_html(), encoding="utf-8", newline="\n")
    return path


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[object]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(chromium), args=FLAGS)
        yield running
        running.close()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (390, "dark")])
def test_it_can_be_read_on_every_screen(browser, page_file: Path, width: int, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    tab = context.new_page()
    asked = []
    tab.on("request", lambda one: asked.append(one.url))
    tab.goto(page_file.as_uri())
    assert asked == [page_file.as_uri()]
    assert page_file.stat().st_size < 500_000
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert tab.evaluate(CUT_OFF) == []
    assert tab.evaluate(NAMELESS) == []
    assert tab.evaluate(CONTRAST) == []
    levels = tab.evaluate(
        "[...document.querySelectorAll('h1, h2, h3')].map((each) => +each.tagName[1])"
    )
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    context.close()
