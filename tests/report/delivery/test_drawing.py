"""Drawings as PNG: the page's shapes at their places, in the colours of its style sheet."""

import io

import matplotlib.image
import numpy as np
import pytest

from funnelkit.report.delivery.digest import digest_of
from funnelkit.report.delivery.drawing import Placed, png
from funnelkit.report.delivery.pictures import picture_of
from funnelkit.report.delivery.stylesheet import colour, looks
from funnelkit.report.delivery.tree import read
from funnelkit.report.page.charts.svg import NARROW
from funnelkit.report.page.monthly_page import MonthlyPage
from tests.report import literal_facts as literal
from tests.report.delivery import made

SHAPES = {"line", "rect", "circle", "path", "text", "tspan", "defs", "pattern", "image"}
ACCENT, WHITE = (10, 92, 158), (255, 255, 255)  # STYLE: #0a5c9e on #ffffff


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    svg = read(made.drawn(NARROW).svg("narrow")).first("svg")
    content = png([Placed(svg, 10, 5)], 400, 80, scale=1)
    return np.round(255 * matplotlib.image.imread(io.BytesIO(content))[..., :3]).astype(int)


def test_a_bar_stands_where_it_was_drawn(pixels: np.ndarray) -> None:
    assert pixels.shape == (80, 400, 3)
    assert tuple(pixels[15, 30]) == ACCENT
    assert tuple(pixels[15, 5]) == WHITE
    assert tuple(pixels[30, 30]) == WHITE


def test_what_is_immature_is_hatched(pixels: np.ndarray) -> None:
    inside = pixels[6:24, 52:68].reshape(-1, 3)
    assert inside.max() - inside.min() > 80
    assert not (inside == ACCENT).all(axis=1).any()


def test_signs_of_mathematics_are_text(pixels: np.ndarray) -> None:
    assert (pixels[32:48, 10:60].min(axis=2) < 100).any()


def test_the_same_drawing_gives_the_same_bytes() -> None:
    chart = next(one for one in digest_of(made.page()).findings if one.charts).charts[0]
    first, again = (picture_of(chart, wide=False, scale=1).content for _ in range(2))
    assert first == again


def test_the_style_sheet_is_the_page_s_own() -> None:
    assert colour("accent") == "#0a5c9e"
    assert looks("rect", {"bar-moved"}) == {"fill": "#0a5c9e"}
    assert looks("circle", {"hollow"})["fill"] == "#ffffff"
    assert looks("text", {"small", "muted"}) == {
        "color": "#55616d", "font-size": "12.5px", "fill": "#55616d",
    }  # fmt: skip


def test_every_shape_of_the_monthly_report_is_known() -> None:
    drawings = read(MonthlyPage(literal.facts()).to_html()).all("svg")
    assert len(drawings) > 10
    shapes = [one for svg in drawings for one in svg.within()]
    assert {one.tag for one in shapes} <= SHAPES
    drawn = [one for one in shapes if one.tag in {"line", "rect", "circle", "path"}]
    for one in drawn:
        told = looks(one.tag, one.kinds)
        assert told.get("fill", told.get("stroke")) or one.get("fill"), one.kinds
