"""The page in a real browser: no request, nothing cut off, every picture with its words."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from funnelkit.report.page.markup import Html
from funnelkit.report.page.monthly_page import MonthlyPage
from funnelkit.report.page.section import Opening
from funnelkit.report.render import page_html
from tests.report import literal_facts as literal

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
WIDTHS = (1200, 390)
CONTRAST = """
() => {
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const f = (v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
    return .2126 * f(r) + .7152 * f(g) + .0722 * f(b);
  };
  const under = (el) => {
    for (let e = el; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const el of document.querySelectorAll('main *')) {
    const own = [...el.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !el.getClientRects().length) continue;
    const style = getComputedStyle(el);
    const colour = el.closest('svg') ? style.fill : style.color;
    const [a, b] = [light(parse(colour)), light(under(el))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) low.push(`${el.textContent.trim().slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return low;
}
"""
NAMELESS = """
() => [...document.querySelectorAll('img, svg, [role=img]')].filter((el) => {
  if (el.getAttribute('aria-hidden') === 'true') return false;
  return !(el.getAttribute('alt') || el.getAttribute('aria-label') || '').trim();
}).map((el) => el.outerHTML.slice(0, 80))
"""
CUT_OFF = """
() => [...document.querySelectorAll('main *')].filter((el) => {
  if (el.closest('.unseen, .scroll, details')) return false;
  const box = el.getBoundingClientRect();
  return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1);
}).map((el) => `${el.tagName} ${el.textContent.slice(0, 40)}`)
"""


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "monthly_report.html"
    path.write_text(MonthlyPage(literal.facts()).to_html(), encoding="utf-8", newline="\n")
    return path


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[object]:
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(chromium), args=FLAGS)
        yield running
        running.close()


@pytest.fixture(params=[(w, scheme) for w in WIDTHS for scheme in ("light", "dark")], ids=str)
def opened(request: pytest.FixtureRequest, browser, page_file: Path) -> Iterator[object]:
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    tab = context.new_page()
    tab.asked, tab.said = [], []
    tab.on("request", lambda one: tab.asked.append(one.url))
    tab.on("console", lambda one: tab.said.append(one.text))
    tab.on("pageerror", lambda one: tab.said.append(str(one)))
    tab.goto(page_file.as_uri())
    yield tab
    context.close()


def test_it_opens_without_a_request(opened, page_file: Path) -> None:
    assert opened.asked == [page_file.as_uri()]
    assert opened.said == []


def test_nothing_is_cut_off(opened) -> None:
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert opened.evaluate(CUT_OFF) == []


@pytest.mark.parametrize("width", [1200, 920, 390])
@pytest.mark.parametrize("letters", [33, 60, 400])
def test_long_names_in_the_story_stay_within_the_page(browser, tmp_path, width, letters) -> None:
    name = "m" * letters
    opening = Opening(
        report="Report",
        about="",
        title="Title",
        meta=(),
        story=[("A", [f"Of {name}"]), ("B", [f"{name} and {name}"]), ("C", [name])],
        reading=Html(""),
    )
    path = tmp_path / "page.html"
    path.write_text(page_html([opening._repr_html_()]), encoding="utf-8", newline="\n")
    tab = browser.new_page(viewport={"width": width, "height": 900})
    tab.goto(path.as_uri())
    beyond = """() => {
      const story = document.querySelector('.story').getBoundingClientRect();
      return [...document.querySelectorAll('.story p')].filter((p) => {
        const text = document.createRange();
        text.selectNodeContents(p);
        return text.getBoundingClientRect().right > story.right + 1;
      }).length;
    }"""
    assert tab.evaluate(beyond) == 0
    tab.close()


def test_every_picture_has_words(opened) -> None:
    assert opened.evaluate(NAMELESS) == []
    assert opened.locator("[role=img]").count() >= 8


def test_text_stands_out_from_what_lies_under_it(opened) -> None:
    assert opened.evaluate(CONTRAST) == []


def test_one_drawing_of_each_chart_is_shown(opened) -> None:
    seen = opened.evaluate(
        "[...document.querySelectorAll('.chart')].map((chart) => [...chart.children]"
        ".filter((each) => each.getClientRects().length).length)"
    )
    assert set(seen) == {1}


def test_headings_go_down_one_step_at_a_time(opened) -> None:
    levels = opened.evaluate(
        "[...document.querySelectorAll('h1, h2, h3')].map((each) => +each.tagName[1])"
    )
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_tables_fold_out_and_can_be_reached_by_keyboard(opened) -> None:
    fold = opened.locator("section details").first
    fold.locator("summary").focus()
    opened.keyboard.press("Enter")
    assert fold.locator("table").is_visible()
    assert fold.locator(".scroll").get_attribute("tabindex") == "0"


def test_it_prints_on_a4_in_light_colours(opened, tmp_path: Path) -> None:
    opened.emulate_media(media="print")
    assert (
        opened.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    )
    further = opened.locator("details.further p")
    assert further.count()
    assert all(one.is_visible() for one in further.all())  # on paper nothing can be unfolded
    assert not opened.locator("section details table").first.is_visible()
    printed = opened.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    assert b"/MediaBox [0 0 595" in printed or b"/MediaBox [0 0 594" in printed
