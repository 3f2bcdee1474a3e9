"""Dot and interval rows: one line a group, the values printed at its end like a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from funnelkit._core import display
from funnelkit.report.page.changes import Estimate
from funnelkit.report.page.charts.svg import (
    SMALL,
    Drawing,
    Scale,
    Size,
    chart,
    fitted,
    text_width,
    tick_percent,
    ticks,
)
from funnelkit.report.page.markup import Html

_BOLD = 1.12


@dataclass(frozen=True)
class Row:
    """One group.

    Parameters
    ----------
    name
        What it is.
    size
        How many leads, as text.
    estimate
        Dot and interval; unknown draws no mark.
    seen
        What has been observed so far, joined to the estimate by a hair line.
    columns
        Texts at the right end of a wide chart, one for each heading.
    short
        Texts at the left and the right over the mark on a phone.
    hollow, apart
        Whether the figure is immature or its group small; whether it takes the accent.
    """

    name: str
    size: str
    estimate: Estimate
    columns: tuple[str, ...]
    short: tuple[str, str]
    seen: float | None = None
    hollow: bool = False
    apart: bool = True


@dataclass(frozen=True)
class Heads:
    """Headings of a wide chart, and the one reference line.

    ``strong`` is the column printed in bold; ``widths`` are the widths of the columns.
    """

    columns: tuple[str, ...]
    widths: tuple[float, ...]
    strong: int
    size: str = ""
    reference: float = math.nan
    reference_name: str = ""
    capped: bool = True


def dots(rows: Sequence[Row], heads: Heads, *, label: str) -> Html:
    """Return dot and interval rows in two drawings."""
    top = max(
        (each for row in rows for each in (*row.estimate, row.seen or 0.0) if math.isfinite(each)),
        default=0.0,
    )
    if math.isfinite(heads.reference):
        top = max(top, heads.reference)
    top = top * 1.02 or 1.0
    marks = [mark for mark in ticks(top, most=6) if mark <= top]

    def draw(size: Size) -> Drawing:
        drawn = _wide if size.wide else _narrow
        return drawn(rows, heads, (marks, top), size)

    return chart(draw, label=label)


def _wide(
    rows: Sequence[Row], heads: Heads, axis: tuple[list[float], float], size: Size
) -> Drawing:
    marks, top = axis
    step, first = (42 if heads.capped else 34), 34
    bottom = first + step * len(rows)
    sheet = size.sheet(bottom + 26)
    left, right = 236.0, size.width - sum(heads.widths) - 20
    scale = Scale(0, top, left, right)
    _axis(sheet, marks, scale, (first - 8, bottom), bottom + 18)
    ends = [size.width - sum(heads.widths[k + 1 :]) for k in range(len(heads.widths))]
    sheet.text(left - 28, 16, heads.size, "small muted", anchor="end")
    for end, words in zip(ends, heads.columns, strict=True):
        sheet.text(end, 16, words, "small muted", anchor="end")
    _reference(sheet, heads, scale, (first - 8, bottom), (left, right))
    for k, row in enumerate(rows):
        y = first + step * (k + 0.5)
        sheet.line(0, y + step / 2, size.width, y + step / 2, "grid")
        room = left - 44 - text_width(row.size, SMALL) - 10
        bold = row.apart or heads.capped
        sheet.text(0, y + 5, fitted(row.name, room / _BOLD), "strong" if bold else "")
        sheet.text(left - 28, y + 5, row.size, "small muted", anchor="end")
        _mark(sheet, row, scale, y, heads)
        for j, (end, words) in enumerate(zip(ends, row.columns, strict=True)):
            kind = ("strong" if bold else "") if j == heads.strong else "muted"
            sheet.text(end, y + 5, words, kind, anchor="end")
    return sheet


def _narrow(
    rows: Sequence[Row], heads: Heads, axis: tuple[list[float], float], size: Size
) -> Drawing:
    marks, top = axis
    step, first = 56, 26
    bottom = first + step * len(rows)
    sheet = size.sheet(bottom + 26)
    scale = Scale(0, top, 6, size.width - 14)
    thin = marks if len(marks) <= 5 else marks[::2]
    _axis(sheet, thin, scale, (first, bottom), bottom + 18)
    _reference(sheet, heads, scale, (first - 6, bottom), (0, size.width))
    for k, row in enumerate(rows):
        y = first + step * k
        sheet.line(0, y + step, size.width, y + step, "grid")
        aside, value = row.short
        room = size.width - text_width(value) * _BOLD - text_width(aside, SMALL) - 20
        bold = row.apart or heads.capped
        name = fitted(row.name, room / _BOLD)
        sheet.runs(0, y + 20, (name, "strong" if bold else ""), (aside, "small muted"), kind="halo")
        sheet.text(size.width, y + 20, value, "strong halo" if bold else "halo", anchor="end")
        _mark(sheet, row, scale, y + 39, heads)
    return sheet


def _axis(
    sheet: Drawing,
    marks: Sequence[float],
    scale: Scale,
    span: tuple[float, float],
    words_at: float,
) -> None:
    for mark in marks:
        sheet.line(scale(mark), span[0], scale(mark), span[1], "grid")
        anchor = "start" if scale.start < 20 and mark == 0 else "middle"
        x = 0 if anchor == "start" else scale(mark)
        sheet.text(
            x,
            words_at,
            tick_percent(mark, marks[-1] / max(len(marks) - 1, 1)),
            "small muted",
            anchor=anchor,
        )


def _reference(
    sheet: Drawing,
    heads: Heads,
    scale: Scale,
    span: tuple[float, float],
    room: tuple[float, float],
) -> None:
    if not math.isfinite(heads.reference):
        return
    x = scale(heads.reference)
    sheet.line(x, span[0], x, span[1], "reference")
    words = f"{heads.reference_name} {display.percent(heads.reference)}"
    half = text_width(words, SMALL) / 2
    sheet.text(
        min(max(x, room[0] + half), room[1] - half), 16, words, "small muted", anchor="middle"
    )


def _mark(sheet: Drawing, row: Row, scale: Scale, y: float, heads: Heads) -> None:
    value, low, high = row.estimate
    if not math.isfinite(value):
        if row.seen is not None and math.isfinite(row.seen):
            sheet.dot(scale(row.seen), y, 5, "context")
        return
    accent = row.apart or heads.capped
    kind = f"{'interval' if accent else 'context-interval'}{' dashed' if row.hollow else ''}"
    sheet.line(scale(low), y, scale(high), y, kind)
    if heads.capped:
        for end in (low, high):
            sheet.line(scale(end), y - 5, scale(end), y + 5, "interval")
    if row.seen is not None and math.isfinite(row.seen):
        sheet.line(scale(row.seen), y, scale(value), y, "hair")
        sheet.dot(scale(row.seen), y, 5, "context")
    filled, hollow = ("estimate", "hollow") if accent else ("context", "context-hollow")
    sheet.dot(scale(value), y, 6, hollow if row.hollow else filled)
