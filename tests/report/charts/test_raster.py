"""Drawings of many marks become a picture: smaller, and the same to look at."""

import base64
import io
import re

import numpy as np
import pytest

from funnelkit.report.delivery.drawing import Placed, png
from funnelkit.report.delivery.tree import read
from funnelkit.report.page.charts.svg import MOST_MARKS, Drawing


def rows_of_marks(marks: int) -> Drawing:
    """Return rows of 140 marks side by side, from 10 pixels below the top on."""
    sheet = Drawing(300, 200)
    for k in range(marks):
        sheet.rect(10 + 2 * (k % 140), 10 + k // 140 * 4, 2, 2, "bar-moved")
    return sheet


def test_up_to_two_thousand_marks_it_stays_a_drawing() -> None:
    html = rows_of_marks(MOST_MARKS).svg("wide")
    assert html.count("<rect") == MOST_MARKS == 2_000
    assert "<image" not in html


def test_beyond_it_is_one_picture_of_the_same_size() -> None:
    image = pytest.importorskip("matplotlib.image")
    html = rows_of_marks(MOST_MARKS + 1).svg("wide")
    assert "<rect" not in html
    assert html.startswith('<svg viewBox="0 0 300 200" width="300" height="200" class="wide"')
    pictures = re.findall(r'<image href="data:image/png;base64,([^"]+)" (.*?)>', html)
    sizes = [one for _, one in pictures]
    assert sizes == [f'width="300" height="200" class="by-{one}"' for one in ("light", "dark")]
    for (data, _), ground in zip(pictures, ("#ffffff", "#10161c"), strict=True):
        pixels = image.imread(io.BytesIO(base64.b64decode(data)))[..., :3]
        assert pixels.shape[:2] == (400, 600)
        blue = (pixels[..., 2] > pixels[..., 0] + 0.3).mean(axis=1)
        assert blue[20:24].min() > 0.9  # the first row, 280 of 300 pixels wide
        plain = [int(ground[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        assert np.allclose(pixels[200:], plain, atol=0.02)  # nothing below the last one


def test_slides_and_mail_take_the_light_one() -> None:
    image = pytest.importorskip("matplotlib.image")
    drawn = read(rows_of_marks(MOST_MARKS + 1).svg("wide")).all("svg")
    pixels = image.imread(io.BytesIO(png([Placed(one) for one in drawn], 300, 200)))[..., :3]
    assert np.allclose(pixels[200:], 1, atol=0.02)
