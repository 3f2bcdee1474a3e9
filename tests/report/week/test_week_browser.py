"""The weekly and the daily page in a real browser: no request, nothing cut off, one screen."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from funnelkit.report.day.daily_page import daily
from funnelkit.report.week.weekly_page import weekly
from tests.report.test_browser import CONTRAST, CUT_OFF, FLAGS, NAMELESS
from tests.report.week import deals_by_hand as hand

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    made = {
        "weekly": weekly(leads=hand.after(), before=hand.before()),
        "daily": daily(leads=hand.after()),
    }
    for name, page in made.items():
        (folder / f"{name}.html").write_text(page.to_html(), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in made}


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[object]:
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(chromium), args=FLAGS)
        yield running
        running.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390])
@pytest.mark.parametrize("name", ["weekly", "daily"])
def test_it_reads_without_a_request_at_every_width(browser, pages, name, width, scheme) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    tab = context.new_page()
    asked: list[str] = []
    tab.on("request", lambda one: asked.append(one.url))
    tab.goto(pages[name].as_uri())
    assert asked == [pages[name].as_uri()]
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert tab.evaluate(CUT_OFF) == []
    assert tab.evaluate(NAMELESS) == []
    assert tab.evaluate(CONTRAST) == []
    if name == "daily" and width == 1200:  # one screen, but for the margin at the foot
        assert tab.evaluate("document.documentElement.scrollHeight") <= 1100
    context.close()
