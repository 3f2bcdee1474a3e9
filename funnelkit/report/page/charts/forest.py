"""Effects with their intervals beside the line of no effect, printed at their end like a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from funnelkit._core import display
from funnelkit.report.page.charts.svg import (
    SMALL,
    Drawing,
    Scale,
    Size,
    chart,
    fitted,
    text_width,
    ticks,
)
from funnelkit.report.page.markup import Html

_BOLD = 1.12
_COLUMNS = (170.0, 92.0)


@dataclass(frozen=True)
class Effect:
    """One difference of shares.

    Parameters
    ----------
    name, role
        What it is of, and what it is for.
    value, low, high
        In points; an end may be infinite, where the interval is one-sided.
    words, pvalue
        As they are printed.
    decides
        Whether it takes the accent.
    hollow
        Whether it is immature.
    """

    name: str
    role: str
    value: float
    low: float
    high: float
    words: str
    pvalue: str
    decides: bool = False
    hollow: bool = False


def forest(effects: Sequence[Effect], *, label: str) -> Html:
    """Return effects beside the line of no effect, in two drawings."""
    ends = [
        abs(each)
        for one in effects
        for each in (one.value, one.low, one.high)
        if math.isfinite(each)
    ]
    top = max(ends, default=1.0) * 1.08 or 1.0
    marks = [mark for mark in ticks(top, most=4) if mark <= top]

    def draw(size: Size) -> Drawing:
        step, first = (44.0, 34.0) if size.wide else (68.0, 8.0)
        bottom = first + step * len(effects)
        sheet = size.sheet(bottom + 26)
        left, right = (270.0, size.width - sum(_COLUMNS) - 24) if size.wide else (6, size.width - 8)
        scale = Scale(-top, top, left, right)
        _axis(sheet, marks, scale, (first - 6, bottom))
        if size.wide:
            sheet.text(size.width - _COLUMNS[1], 16, "Points", "small muted", anchor="end")
            sheet.text(size.width, 16, "p", "small muted", anchor="end")
        for k, one in enumerate(effects):
            y = first + step * k
            sheet.line(0, y + step, size.width, y + step, "grid")
            at = _words_wide(sheet, one, y, size) if size.wide else _words(sheet, one, y, size)
            _mark(sheet, one, scale, at)
        return sheet

    return chart(draw, label=label)


def _axis(sheet: Drawing, marks: Sequence[float], scale: Scale, span: tuple[float, float]) -> None:
    for mark in (*(-one for one in reversed(marks) if one), *marks):
        kind = "grid" if mark else "reference"
        sheet.line(scale(mark), span[0], scale(mark), span[1], kind)
        words = display.signed(mark, decimals=0 if float(mark).is_integer() else 1)
        sheet.text(
            scale(mark), span[1] + 18, words if mark else "0", "small muted", anchor="middle"
        )


def _words_wide(sheet: Drawing, one: Effect, y: float, size: Size) -> float:
    sheet.text(0, y + 19, fitted(one.name, 256 / _BOLD), "strong" if one.decides else "")
    sheet.text(0, y + 36, one.role, "small muted")
    kind = "strong" if one.decides else ""
    sheet.text(size.width - _COLUMNS[1], y + 27, one.words, kind, anchor="end")
    sheet.text(size.width, y + 27, one.pvalue, "muted", anchor="end")
    return y + 22


def _words(sheet: Drawing, one: Effect, y: float, size: Size) -> float:
    room = size.width - text_width(f"{one.words}, p {one.pvalue}") - 12
    sheet.text(0, y + 18, fitted(one.name, size.width / _BOLD), "strong" if one.decides else "")
    sheet.text(0, y + 36, fitted(one.role, room, SMALL), "small muted")
    words = f"{one.words}, p {one.pvalue}"
    sheet.text(size.width, y + 36, words, "halo", anchor="end")
    return y + 52


def _mark(sheet: Drawing, one: Effect, scale: Scale, y: float) -> None:
    if not math.isfinite(one.value):
        return
    low, high = (scale(end) for end in (one.low, one.high))
    kind = "interval" if one.decides else "context-interval"
    sheet.line(low, y, high, y, f"{kind} dashed" if one.hollow else kind)
    for end, at in ((one.low, low), (one.high, high)):
        if math.isfinite(end):
            sheet.line(at, y - 5, at, y + 5, kind)
    full, hollow = ("estimate", "hollow") if one.decides else ("context", "context-hollow")
    sheet.dot(scale(one.value), y, 6, hollow if one.hollow else full)
