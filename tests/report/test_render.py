"""From an executed notebook to the page: outputs only, no script, the same bytes each time."""

import re

import pytest
from nbformat import v4

from funnelkit.report.page.monthly_page import MonthlyPage
from funnelkit.report.page.style import TEMPLATES, lab_style
from funnelkit.report.render import page_html, page_of
from tests.report import literal_facts as literal

HTML = "text/html"


def shown(html: str, **data: str) -> dict:
    return v4.new_output("execute_result", {HTML: html, "text/plain": "plain", **data})


@pytest.fixture(scope="module")
def page() -> str:
    return MonthlyPage(literal.facts()).to_html()


def test_a_second_rendering_has_the_same_bytes(page: str) -> None:
    assert MonthlyPage(literal.facts()).to_html() == page


def test_the_page_is_small(page: str) -> None:
    assert len(page.encode()) < 300_000


def test_it_asks_for_nothing(page: str) -> None:
    assert "<script" not in page
    assert not re.search(r"""(src|href)\s*=\s*["'](?!data:|#)""", page)
    assert not re.search(r"@import|url\((?!#)", page)
    assert "default-src 'none'" in page


def test_its_sections_stand_in_order_with_one_heading_each(page: str) -> None:
    found = re.findall(r'<section id="(\w+)">', page)
    absent = {"experiments", "plan", "restated"}  # funnel.yml names nothing for them
    names = [name for name in MonthlyPage.names() if name not in absent]
    assert ["opening", *found] == names
    assert page.count("<h1>") == 1
    assert page.count("<main>") == 1


def test_the_title_is_the_report_and_its_headline(page: str) -> None:
    title = re.findall(r"<title>(.*?)</title>", page)
    assert title == [
        (
            "Monthly funnel report, May 2018: Wins fell by 41\u202f% in May; "
            "no clear change in new leads"
        )
    ]


def test_ids_are_unique(page: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_hostile_names_stay_text() -> None:
    names = {literal.HOSTILE: (900, 80), literal.FORMULA: (500, 90), '"><img src=x>': (300, 10)}
    facts = literal.facts(
        segments=literal.segments(names),
        setting=literal.setting(title=literal.HOSTILE, files=(literal.HOSTILE,)),
    )
    html = MonthlyPage(facts).to_html()
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "=cmd|&#x27; /C calc&#x27;!A0" in html


def test_code_prompts_and_cells_for_the_lab_are_left_out() -> None:
    cells = [
        v4.new_code_cell("secret = 1", outputs=[shown("<p>lab</p>")], metadata={"tags": ["lab"]}),
        v4.new_code_cell("page.headline", outputs=[shown('<div class="fk">figure</div>')]),
        v4.new_code_cell("1", outputs=[v4.new_output("stream", text="printed")]),
    ]
    html = page_of(v4.new_notebook(cells=cells))
    assert '<div class="fk">figure</div>' in html
    assert not any(words in html for words in ("secret", "lab</p>", "printed", "page.headline"))


def test_cells_that_the_analyst_adds_are_on_the_page() -> None:
    picture = v4.new_output("display_data", {"image/png": "aGVsbG8=\n", "text/plain": "<Axes: 1>"})
    cells = [
        v4.new_markdown_cell("A *remark* of ours."),
        v4.new_code_cell("frame", outputs=[shown("<table><tr><td>1</td></tr></table>")]),
        v4.new_code_cell("plot", outputs=[picture]),
        v4.new_code_cell("live", outputs=[shown("<SCRIPT>x</SCRIPT>")]),
    ]
    html = page_of(v4.new_notebook(cells=cells))
    assert "A <em>remark</em> of ours." in html
    assert "<td>1</td>" in html
    assert '<img alt="&lt;Axes: 1&gt;" src="data:image/png;base64,aGVsbG8=">' in html
    assert "<script" not in html.lower()
    assert "An interactive figure stands here in the notebook." in html


def test_a_page_without_a_headline_still_has_a_title() -> None:
    assert "<title>Report</title>" in page_html(["<p>x</p>"])


def test_the_style_sheet_holds_nothing_that_the_template_would_read() -> None:
    for path in sorted((TEMPLATES / "funnelkit").glob("*.css")):
        assert not re.search(r"{[#%{]", path.read_text(encoding="utf-8")), path.name


def test_the_look_in_a_notebook_touches_only_the_sections() -> None:
    style = lab_style()
    assert style.startswith("<style>.fk {")
    assert ":root" not in style
    assert style.count("{") == style.count("}")


def test_each_section_shows_itself_in_html_and_in_words() -> None:
    page = MonthlyPage(literal.facts())
    for section in page:
        shown = section._repr_html_()
        absent = section in (page.experiments, page.plan, page.restated)
        assert shown.startswith('<div class="fk">') or (absent and not shown)
        assert "<" not in repr(section)
    assert page.headline is page.headline
    assert repr(page) == repr(page.opening)


def test_the_page_hands_its_facts_to_the_manifest() -> None:
    bundle = MonthlyPage(literal.facts())._repr_mimebundle_()
    facts = next(value for kind, value in bundle.items() if kind.startswith("application/"))
    assert facts["as_of"] == "2018-05-31"
    assert facts["headline"].startswith("Wins fell by 41")
    assert bundle["text/plain"].endswith("as known at the end of 31 May 2018.")
