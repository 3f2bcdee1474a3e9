"""A tornado: how far each input moves a plan from its low to its high end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import display
from funnelkit.report.page.charts.svg import (
    SMALL,
    TEXT,
    Drawing,
    Scale,
    Size,
    chart,
    fitted,
    legend,
    swatch,
    text_width,
)

if TYPE_CHECKING:
    from funnelkit.plan import Tornado
    from funnelkit.report.page.markup import Html

_ROW_WIDE, _ROW_NARROW, _THICK = 44.0, 66.0, 20.0
_BOLD = 1.12


def swing(tornado: Tornado, *, most: int = 10) -> Html:
    """Return the tornado, the longest bar first."""
    rows = min(len(tornado.inputs), most)

    def draw(size: Size) -> Drawing:
        pitch = _ROW_WIDE if size.wide else _ROW_NARROW
        sheet = size.sheet(pitch * rows + 26)
        left, right = _sides(tornado, rows, size)
        run = _run(tornado, rows, (left, size.width - right))
        base = run(tornado.base)
        for k in range(rows):
            top = pitch * k
            _words(sheet, tornado, k, (left, top), size)
            y = top + ((pitch - _THICK) / 2 if size.wide else 38)
            for end, kind in (
                (float(tornado.at_low[k]), "bridge-rise"),
                (float(tornado.at_high[k]), "bridge-fall"),
            ):
                at = run(end) if np.isfinite(end) else run.end
                start, width = min(at, base), abs(at - base)
                if width > 0.5:
                    sheet.rect(start, y, width, _THICK, kind)
        for k in range(rows):
            first = 0.0 if size.wide else 34.0
            sheet.line(base, pitch * k + first, base, pitch * (k + 1), "hair")
        words = f"as planned: {tornado.base_said}"
        half = text_width(words, SMALL) / 2
        at = min(max(base, half), size.width - half)
        sheet.text(at, pitch * rows + 20, words, "small muted", anchor="middle")
        return sheet

    return chart(draw, label=swing_label(tornado, most=most))


def swing_legend() -> Html:
    """Return what the two sides of a bar mean."""
    return legend(
        (swatch("rise"), "at its low end (P10)"), (swatch("fall"), "at its high end (P90)")
    )


def swing_label(tornado: Tornado, *, most: int = 10) -> str:
    """Return in words what the chart shows, with its values."""
    told = [
        f"{display.one_line(name)} {low} to {high} gives {at_low} to {at_high}"
        for name, (low, high, at_low, at_high) in zip(tornado.inputs, tornado.said, strict=True)
    ]
    return f"As planned {tornado.base_said}. {'; '.join(told[:most])}."


def _sides(tornado: Tornado, rows: int, size: Size) -> tuple[float, float]:
    if not size.wide:
        return 0.0, 0.0
    names = [display.one_line(one) for one in tornado.inputs[:rows]]
    inputs = [f"{low} to {high}" for low, high, _, _ in tornado.said[:rows]]
    outputs = [f"{low} to {high}" for _, _, low, high in tornado.said[:rows]]
    left = max(
        *(text_width(name) * _BOLD for name in names),
        *(text_width(one, SMALL) for one in inputs),
    )
    right = max(text_width(one) * _BOLD for one in outputs)
    return min(left, 0.34 * size.width) + 18, right + 18


def _run(tornado: Tornado, rows: int, across: tuple[float, float]) -> Scale:
    ends = np.concatenate([tornado.at_low[:rows], tornado.at_high[:rows], [tornado.base]])
    known = ends[np.isfinite(ends)]
    low, high = float(known.min()), float(known.max())
    space = (high - low) * 0.03 or 1.0
    return Scale(low - space, high + space, *across)


def _words(
    sheet: Drawing, tornado: Tornado, k: int, place: tuple[float, float], size: Size
) -> None:
    left, top = place
    low, high, at_low, at_high = tornado.said[k]
    name, output = display.one_line(tornado.inputs[k]), f"{at_low} to {at_high}"
    if size.wide:
        sheet.text(0, top + 18, fitted(name, (left - 18) / _BOLD), "strong")
        sheet.text(0, top + 35, fitted(f"{low} to {high}", left - 18, SMALL), "small muted")
        sheet.text(size.width, top + 27, output, "strong", anchor="end")
        return
    room = size.width - text_width(output) * _BOLD - 12
    sheet.text(0, top + TEXT, fitted(name, room / _BOLD), "strong")
    sheet.text(size.width, top + TEXT, output, "strong", anchor="end")
    sheet.text(0, top + 30, fitted(f"{low} to {high}", size.width, SMALL), "small muted")
