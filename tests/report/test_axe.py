"""Every page under axe in a real browser: no violation, wide and narrow, light and dark."""

from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

import funnelkit as fk
from funnelkit.report.page.facts import Missing, Tally
from funnelkit.report.page.monthly_page import MonthlyPage
from tests.report import every
from tests.report import literal_facts as literal
from tests.report.every import FLAGS, LARGEST, OPEN

sync_api = pytest.importorskip("playwright.sync_api")
pytest.importorskip("axe_playwright_python", reason="the script of axe is in the extra `browser`")
pytestmark = pytest.mark.browser

RUN = "axe.run(document, {resultTypes: ['violations']})"
SAID = """
({violations}) => violations.map((one) => `${one.id} (${one.impact}): ${one.nodes[0].html}`)
"""
BEYOND = """
() => [...document.querySelectorAll('main *')].filter((one) => {
  if (one.closest('svg, .unseen')) return false;
  return one.getBoundingClientRect().right > innerWidth + 4;
}).map((one) => `${one.tagName} ${one.textContent.slice(0, 40)}`)
"""
MARKS = """
() => Math.max(0, ...[...document.querySelectorAll('svg')].map((one) => one.querySelectorAll('*').length))
"""  # noqa: E501


def pages() -> dict[str, str]:
    """Return the page with every panel, one of a month in progress, and one without any."""
    months = replace(
        literal.facts().months,
        before_name="the first 14 working days of April",
        last_year=Tally(entered=900, won=80),
        last_year_name="the first 14 working days of May 2017",
    )
    bare = literal.facts(**literal.empty(), restated=Missing("It needs an earlier report."))
    return {
        "whole": MonthlyPage(literal.facts()).to_html(),
        "in progress": MonthlyPage(literal.facts(months=months)).to_html(),
        "bare": MonthlyPage(bare).to_html(),
    }


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name, html in pages().items():
        found[name] = folder / f"{name}.html"
        found[name].write_text(html, encoding="utf-8", newline="\n")
    return found


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[object]:
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(chromium), args=FLAGS)
        yield running
        running.close()


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        *(("whole", width, scheme) for width in (1200, 390) for scheme in ("light", "dark")),
        ("in progress", 390, "light"),
        ("bare", 1200, "dark"),
    ],
)
def test_axe_finds_nothing(
    browser, files: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    script = resources.files("axe_playwright_python").joinpath("axe.min.js")
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    tab = context.new_page()
    asked: list[str] = []
    tab.on("request", lambda one: asked.append(one.url))
    tab.goto(files[name].as_uri())
    tab.evaluate(OPEN)
    tab.evaluate(script.read_text(encoding="utf-8"))
    found = tab.evaluate(f"async () => ({SAID})(await {RUN})")
    size = files[name].stat().st_size
    print(f"{name}, {width} px, {scheme}: {size:,} bytes, {len(asked)} request")
    assert found == []
    assert len(asked) == 1
    assert size < LARGEST
    assert tab.evaluate(MARKS) < 2_000
    context.close()


@pytest.mark.parametrize("kind", every.KINDS[:-1])
def test_each_kind_of_report_on_simulated_data(browser, kind: str, tmp_path: Path) -> None:
    page = tmp_path / f"{kind}.html"
    page.write_text(getattr(fk.report, kind)().to_html(), encoding="utf-8", newline="\n")
    assert every.looked_at(browser, page) == []


def test_a_first_look(browser, shared_data: Path, tmp_path: Path) -> None:
    page, export = tmp_path / "trial.html", shared_data / "maven_crm" / "sales_pipeline.csv"
    page.write_text(fk.report.trial(export).to_html(), encoding="utf-8", newline="\n")
    assert every.looked_at(browser, page) == []


def test_what_is_wrong_is_found(browser, tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text(
        "<!doctype html><title>x</title><main><img src='http://127.0.0.1:9/a.png'>"
        "<div style='width:2000px'>x</div></main>",
        encoding="utf-8",
    )
    wrong = " ".join(every.looked_at(browser, page))
    for words in ("image-alt", "html-has-lang", "runs over the edge", "asked for http"):
        assert words in wrong


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_it_prints_on_both_papers(browser, files: dict[str, Path], paper: str) -> None:
    """The printed page keeps its figures whole, and nothing runs over the edge of the sheet."""
    tab = browser.new_page(viewport={"width": 1200, "height": 900})
    tab.goto(files["whole"].as_uri())
    tab.emulate_media(media="print")
    printed = tab.pdf(format=paper)
    box = {"A4": (b"/MediaBox [0 0 595", b"/MediaBox [0 0 594"), "Letter": (b"/MediaBox [0 0 612",)}
    assert any(one in printed for one in box[paper])
    tab.set_viewport_size({"width": {"A4": 688, "Letter": 710}[paper], "height": 1000})
    assert tab.evaluate(BEYOND) == []
    tab.close()
