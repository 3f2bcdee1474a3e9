"""The page of a plan in a real browser: nothing cut off, every picture with its words."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from funnelkit.report.planning.page import PlanPage
from tests.report.planning import made
from tests.report.test_browser import CONTRAST, CUT_OFF, FLAGS, NAMELESS

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "plan.html"
    path.write_text(PlanPage(made.facts()).to_html(), encoding="utf-8", newline="\n")
    return path


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[object]:
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(chromium), args=FLAGS)
        yield running
        running.close()


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (390, "dark")])
def test_it_can_be_read_on_every_screen(browser, page_file: Path, width: int, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    tab = context.new_page()
    asked, said = [], []
    tab.on("request", lambda one: asked.append(one.url))
    tab.on("console", lambda one: said.append(one.text))
    tab.goto(page_file.as_uri())
    assert asked == [page_file.as_uri()]
    assert said == []
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


def test_its_first_page_is_the_board_s(browser, page_file: Path) -> None:
    context = browser.new_context(viewport={"width": 688, "height": 1005})
    tab = context.new_page()
    tab.emulate_media(media="print")
    tab.goto(page_file.as_uri())
    bottom = tab.evaluate("document.querySelector('#board').getBoundingClientRect().bottom")
    assert bottom <= 1005  # what A4 has between its margins
    context.close()
