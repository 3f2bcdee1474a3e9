"""Every chart: two true sizes, values in its alternative text, no text on another or outside."""

import re
from dataclasses import replace

import pytest

from funnelkit.report.page.charts.svg import Scale, fitted, text_width, ticks
from funnelkit.report.page.facts import Segments
from funnelkit.report.page.sections import (
    adjusted,
    cohorts,
    funnel,
    headline,
    segments,
    tested,
    timing,
)
from tests.report import literal_facts as literal
from tests.report.charts.reading_svg import clashes, drawings, outside, width_of

CHARTED = {
    "funnel": funnel,
    "adjusted": adjusted,
    "timing": timing,
    "tested": tested,
    "segments": segments,
}
LONG = {
    "a source with a name that goes on and on, far beyond any column (2018)": (1735, 222),
    "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW": (813, 165),
    "x": (347, 13),
}


@pytest.mark.parametrize("section", CHARTED.values(), ids=CHARTED)
def test_each_chart_is_drawn_for_a_wide_page_and_for_a_phone(section) -> None:
    html = section.section(literal.facts()).html()
    assert [width_of(drawing) for drawing in drawings(html)] == [936, 350]
    assert html.count('aria-hidden="true"') >= 2
    assert html.count('role="img" aria-label="') == 1


@pytest.mark.parametrize("section", CHARTED.values(), ids=CHARTED)
def test_no_text_stands_on_another_or_outside(section) -> None:
    for drawing in drawings(section.section(literal.facts()).html()):
        assert clashes(drawing) == []
        assert outside(drawing) == []


def test_long_names_are_cut_to_their_room() -> None:
    facts = literal.facts(segments=literal.segments(LONG))
    html = segments.section(facts).html()
    for drawing in drawings(html):
        assert clashes(drawing) == []
        assert outside(drawing) == []
    assert next(iter(LONG)) in html  # in full in the data table


@pytest.mark.parametrize("horizon", [1, 7, 14, 60, 150])
def test_a_short_curve_keeps_its_words_apart(horizon: int) -> None:
    whole = literal.curve()
    cut = {name: getattr(whole, name)[: horizon + 1] for name in ("ages", "rate", "low", "high")}
    short = replace(
        whole,
        **cut,
        followed=whole.followed[: horizon + 1],
        half_day=0,
        sparse_from=None,
        others=(),
    )
    for drawing in drawings(timing.section(literal.facts(curve=short)).html()):
        assert clashes(drawing) == []
        assert outside(drawing) == []


def alternative(html: str) -> str:
    return " ".join(re.findall(r'aria-label="([^"]*)"', html))


def test_alternative_texts_state_the_values() -> None:
    facts = literal.facts()
    assert (
        "8,300 entered, 51.1\u202f% (50.0\u201352.1) moved on, 2,473 lost, 1,589 still there"
        in (alternative(funnel.section(facts).html()))
    )
    young = "May 2018: 5.4\u202f% of 1,303 leads so far, 10.0\u202f% (8.0\u201312.5) expected"
    assert young in alternative(adjusted.section(facts).html())
    assert "day 30 9.4\u202f%" in alternative(timing.section(facts).html())
    assert "social 5.2\u202f%" in alternative(segments.section(facts).html())
    assert "Apr 2018 207, May 2018 122" in alternative(headline.section(facts).html())
    assert "Jan 2018: 7 days 3.2\u202f%" in cohorts.section(facts).html()


def test_an_immature_cell_has_no_colour_and_an_empty_one_says_so() -> None:
    html = cohorts.section(literal.facts()).html()
    last_row = html.split("<tbody>")[1].split("</tbody>")[0].split("<tr>")[-1]
    assert last_row.count('class="cell immature"') == 3
    assert "heat-" not in last_row
    assert "not reached" in last_row


def test_groups_of_fewer_than_twenty_have_no_rate_anywhere() -> None:
    html = segments.section(literal.facts()).html()
    assert "1 won; too few for a rate" in html
    assert "8.3\u202f%" not in html  # 1 of 12


def test_rows_keep_their_order_by_size() -> None:
    view: Segments = literal.segments()
    html = segments.section(literal.facts()).html()
    places = [html.index(f">{row.value or '(blank)'}<") for row in view.rows]
    assert places == sorted(places)


def test_ticks_are_round_and_reach_the_top() -> None:
    for top in (0.003, 0.047, 0.16, 0.98, 7, 1234):
        found = ticks(top)
        assert found[0] == 0
        assert found[-1] >= top * 0.999
        assert len(found) <= 7
    assert ticks(0.0) == [0.0, 1.0]
    assert ticks(float("nan")) == [0.0, 1.0]


def test_a_scale_stays_on_its_sheet() -> None:
    scale = Scale(0, 10, 100, 200)
    assert [scale(value) for value in (-5, 0, 5, 10, 50)] == [100, 100, 150, 200, 200]
    assert Scale(0, 0, 100, 200)(3) == 100


def test_a_fitted_text_fits() -> None:
    for words in ("short", "a much longer name of a source", "W" * 50):
        assert text_width(fitted(words, 90)) <= 90
