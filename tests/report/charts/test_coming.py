"""What is to come on the page: values and places are those of the forecast, and words have room."""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pandas as pd
import pytest

from funnelkit.forecast.adding_up import Parts
from funnelkit.forecast.prospect import prospect_of
from funnelkit.report.page.charts.coming import coming, coming_legend
from funnelkit.report.page.charts.waterfall import waterfall_chart
from tests.plot.forecasts_by_hand import DRAWS, by_hand
from tests.report.charts.reading_svg import clashes, drawings, outside, width_of, words_in

PARTS = pd.DataFrame(
    {
        "part": ["won", "in flight", "not yet created", "without a lead", "total"],
        "expected": [40, 75, 44, 12, 171],
        "low": [40, 43, 20, 4, 110],
        "high": [40, 116, 80, 22, 250],
    }
)


def of_class(drawing: ET.Element, kind: str) -> list[ET.Element]:
    return [node for node in drawing.iter() if node.attrib.get("class") == kind]


def heights(drawing: ET.Element, kind: str) -> list[tuple[float, float]]:
    """Top and bottom of rectangles of a kind."""
    return [
        (float(node.attrib["y"]), float(node.attrib["y"]) + float(node.attrib["height"]))
        for node in of_class(drawing, kind)
    ]


def values(drawing: ET.Element) -> Any:
    """A map from places to values, from the labels of the axis."""
    marks = [
        (float(line.attrib["y1"]), float(text.text.replace(",", "")))
        for line, text in zip(
            [n for n in drawing.iter("line") if n.attrib["class"] in ("axis", "grid")],
            [n for n in drawing.iter("text") if n.attrib.get("text-anchor") == "end"],
            strict=False,
        )
    ]
    (y0, v0), (y1, v1) = marks[0], marks[-1]
    return lambda y: v0 + (y - y0) * (v1 - v0) / (y1 - y0)


@pytest.fixture
def shown() -> Any:
    ahead = by_hand(as_of=dt.date(2026, 11, 10), so_far=[2, 0])
    return prospect_of(ahead, levels=(0.5, 0.95), history=6)


def test_bars_and_boxes_stand_at_their_values(shown: Any) -> None:
    wide, narrow = drawings(coming(shown))
    assert [width_of(wide), width_of(narrow)] == [936, 350]
    for drawing in (wide, narrow):
        value = values(drawing)
        boxes = [(value(low), value(high)) for high, low in heights(drawing, "band")]
        assert np.allclose(boxes, [(6, 9), (4, 11), (2, 5)], atol=0.06)
        inner = [(value(low), value(high)) for high, low in heights(drawing, "band-inner")]
        assert np.allclose(inner, [(6, 8), (4, 6), (2, 4)], atol=0.06)
        came = [value(top) for top, _ in heights(drawing, "bar-left")]
        assert np.allclose(came, [10, 15, 2], atol=0.06)  # the last one: so far
        dots = [value(float(node.attrib["cy"])) for node in of_class(drawing, "hollow")]
        assert np.allclose(dots, [7.5, 6.75, 3.5], atol=0.06)


def test_the_alternative_text_states_the_values(shown: Any) -> None:
    told = re.findall(r'aria-label="([^"]*)"', coming(shown))[0].replace("\u202f", " ")
    assert told == (
        "Won deals by period. Came: 2026-09 10, 2026-10 15. 2026-11 has 2 so far. Expected, with "
        "95 % interval: 2026-11 7.5 (6 to 9), 2026-12 6.8 (4 to 11), 2027-01 3.5 (2 to 5)."
    )


@pytest.mark.parametrize("months", [1, 3, 6, 12, 18])
@pytest.mark.parametrize("factor", [1, 123_456])
def test_no_text_stands_on_another_or_outside(months: int, factor: int) -> None:
    draws = factor * np.resize(np.asarray(DRAWS, float), (4, 2, months))
    ahead = by_hand(draws=draws, unit="value" if factor > 1 else "count", currency="EUR")
    shown = prospect_of(ahead, levels=(0.5, 0.95))
    for drawing in drawings(coming(shown, sides=("booked", "still to come"))):
        assert clashes(drawing) == []
        assert outside(drawing) == []


def test_a_target_is_named(shown: Any) -> None:
    for drawing in drawings(coming(shown, target=20)):
        assert "target 20" in [words.text for words in words_in(drawing)]


def test_the_legend_has_the_marks_that_are_there(shown: Any) -> None:
    told = re.sub(r"<[^>]*>", "|", coming_legend(shown)).replace("\u202f", " ")
    assert [word for word in told.split("|") if word] == [
        "came",
        "expected",
        "50 % band",
        "95 % band",
    ]
    alone = prospect_of(by_hand(), levels=0.8, history=0)
    told = re.sub(r"<[^>]*>", "|", coming_legend(alone)).replace("\u202f", " ")
    assert [word for word in told.split("|") if word] == ["expected", "80 % band"]


def test_names_from_the_data_are_escaped() -> None:
    shown = prospect_of(by_hand(what='<b>"x"</b>'))
    assert "<b>" not in coming(shown)
    nasty = PARTS.assign(part=["won", "<b>x</b>", "y", "z", "total"])
    assert "<b>" not in waterfall_chart(Parts(nasty, "deals", None))


def test_the_waterfall_adds_up_and_its_total_has_an_interval() -> None:
    html = waterfall_chart(Parts(PARTS, "won deals", None))
    for drawing in drawings(html):
        rows = [
            node for kind in ("bridge-total", "bridge-rise") for node in of_class(drawing, kind)
        ]
        assert len(rows) == 5
        spans = sorted(
            (float(node.attrib["x"]), float(node.attrib["x"]) + float(node.attrib["width"]))
            for node in rows
        )
        unit = max(end - start for start, end in spans) / 171
        lengths = sorted(round((end - start) / unit) for start, end in spans)
        assert lengths == [12, 40, 44, 75, 171]
        line = of_class(drawing, "bridge-interval")[0].attrib
        start = min(start for start, _ in spans)
        ends = [(float(line[x]) - start) / unit for x in ("x1", "x2")]
        assert np.allclose(ends, [110, 250], atol=0.5)
        assert clashes(drawing) == []
        assert outside(drawing) == []
    told = re.findall(r'aria-label="([^"]*)"', html)[0]
    assert told.startswith("About 171 won deals (110 to 250): 40 already won, 75 in flight.")
    assert "in flight: 75 (43 to 116)." in told
