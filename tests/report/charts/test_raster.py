"""Drawings of many marks become a picture: smaller, and the same to look at."""

import base64
import io
import re

import numpy as np
import pytest

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
    [(data, size)] = re.findall(r'<image href="data:image/png;base64,([^"]+)" (.*?)>', html)
    assert size == 'width="300" height="200"'
    pixels = image.imread(io.BytesIO(base64.b64decode(data)))[..., :3]
    assert pixels.shape[:2] == (400, 600)
    blue = (pixels[..., 2] > pixels[..., 0] + 0.3).mean(axis=1)
    assert blue[20:24].min() > 0.9  # the first row, 280 of 300 pixels wide
    assert np.allclose(pixels[200:], 1, atol=0.02)  # white below the last one
