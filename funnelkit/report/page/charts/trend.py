"""Small multiples over time: one panel a metric, a dot and an interval for each period."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from funnelkit.report.page.charts.svg import (
    SMALL,
    Drawing,
    Scale,
    Size,
    chart,
    fitted,
    text_width,
)
from funnelkit.report.page.markup import Html

_TALL, _TOP, _BASE = 216.0, 62.0, 158.0
_GAP = 56.0


@dataclass(frozen=True)
class Mark:
    """One period of a panel.

    Parameters
    ----------
    period, year
        What is written under it: ``Q2`` and, once a year, ``2026``.
    value, low, high
        Dot and interval; NaN where there is none.
    words
        The value as it is written over the dot.
    hollow
        Whether it is not fully observed.
    """

    period: str
    year: str
    value: float
    low: float
    high: float
    words: str
    hollow: bool = False


@dataclass(frozen=True)
class Panel:
    """One metric: its name, what it counts, and its periods in order."""

    name: str
    about: str
    marks: tuple[Mark, ...]


def trends(panels: Sequence[Panel], *, label: str) -> Html:
    """Return the panels, two beside each other on a wide page, each on a scale from 0.

    Parameters
    ----------
    panels
        The metrics.
    label
        What they show, with their values, for those who do not see them.
    """

    def draw(size: Size) -> Drawing:
        columns = 2 if size.wide else 1
        rows = math.ceil(len(panels) / columns)
        sheet = size.sheet(_TALL * rows - 16)
        width = (size.width - _GAP * (columns - 1)) / columns
        for k, panel in enumerate(panels):
            left = (width + _GAP) * (k % columns)
            _panel(sheet, panel, (left, _TALL * (k // columns), width))
        return sheet

    return chart(draw, label=label)


def _panel(sheet: Drawing, panel: Panel, place: tuple[float, float, float]) -> None:
    left, top, width = place
    sheet.text(left, top + 14, fitted(panel.name, width), "strong")
    sheet.text(left, top + 32, fitted(panel.about, width, SMALL), "small muted")
    n = len(panel.marks)
    step = width / max(n, 4)
    places = [left + step * (k + 0.5) for k in range(n)]
    ends = [each for one in panel.marks for each in (one.value, one.high) if math.isfinite(each)]
    rise = Scale(0, max(ends, default=1.0) or 1.0, top + _BASE, top + _TOP)
    sheet.line(left, top + _BASE, left + width, top + _BASE, "axis")
    known = [
        (x, one) for x, one in zip(places, panel.marks, strict=True) if math.isfinite(one.value)
    ]
    sheet.path([(x, rise(one.value)) for x, one in known], "context-line")
    for x, one in known:
        _mark(sheet, one, x, rise, last=one is panel.marks[-1])
    room = max((text_width(one.words, SMALL) for _, one in known), default=0.0) + 6
    every = max(1, math.ceil(room / step))
    for x, one in known:
        behind = n - 1 - panel.marks.index(one)
        if behind % every == 0:
            highest = one.high if math.isfinite(one.high) else one.value
            kind = "small strong halo" if behind == 0 else "small halo"
            sheet.text(x, rise(highest) - 9, one.words, kind, anchor="middle")
    for x, one in zip(places, panel.marks, strict=True):
        sheet.text(x, top + _BASE + 18, one.period, "small muted", anchor="middle")
        sheet.text(x, top + _BASE + 34, one.year, "small muted", anchor="middle")


def _mark(sheet: Drawing, one: Mark, x: float, rise: Scale, *, last: bool) -> None:
    dashed = " dashed" if one.hollow else ""
    if math.isfinite(one.high):
        kind = "interval" if last else "context-thin"
        sheet.line(x, rise(one.low), x, rise(one.high), f"{kind}{dashed}")
    filled, hollow = ("estimate", "hollow") if last else ("context", "context-hollow")
    sheet.dot(x, rise(one.value), 5.5 if last else 4, hollow if one.hollow else filled)
