"""Charts of the weekly page: what moved, counts by week, a quarter beside its target."""

from __future__ import annotations

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
    ticks,
)
from funnelkit.report.page.markup import Html

_BOLD = 1.12
_GAP = 16


@dataclass(frozen=True)
class Move:
    """One row: what happened, by how much, and what is printed at its right end."""

    name: str
    value: float
    words: str


def moves(rows: Sequence[Move], *, label: str) -> Html:
    """Return bars around a common zero: what came in to the right, what left to the left."""
    most = max((abs(row.value) for row in rows), default=1.0) or 1.0
    low = min(0.0, *(row.value for row in rows)) / most
    high = max(0.0, *(row.value for row in rows)) / most

    def draw(size: Size) -> Drawing:
        row, thick = (38, 20) if size.wide else (50, 18)
        sheet = size.sheet(row * len(rows))
        names = max(text_width(each.name) for each in rows) + _GAP if size.wide else 0.0
        words = max(text_width(each.words) for each in rows) * _BOLD + _GAP if size.wide else 0.0
        across = Scale(low, high, names + 2, size.width - words - 2)
        for k, each in enumerate(rows):
            top = row * k
            if k:
                sheet.line(0, top, size.width, top, "grid")
            beneath = top + (row - thick) / 2 if size.wide else top + 24
            writing = top + row / 2 + 5 if size.wide else top + 16
            sheet.text(0, writing, fitted(each.name, size.width / 2))
            sheet.text(size.width, writing, each.words, "strong", anchor="end")
            ends = sorted((across(0.0), across(each.value / most)))
            kind = "bridge-fall" if each.value < 0 else "bridge-rise"
            sheet.rect(ends[0], beneath, max(ends[1] - ends[0], 1.5), thick, kind)
            zero = across(0.0)
            sheet.line(zero, beneath - 4, zero, beneath + thick + 4, "axis")
        return sheet

    return chart(draw, label=label)


def columns(names: Sequence[str], values: Sequence[int], *, label: str) -> Html:
    """Return a column for each week, the last one marked, and the mean of the others dotted.

    Parameters
    ----------
    names
        What stands under each column.
    values
        Counts, the last one that of the page.
    label
        What it shows, with its values.
    """
    earlier = values[:-1]
    usual = sum(earlier) / len(earlier) if earlier else None

    def draw(size: Size) -> Drawing:
        marks = ticks(max(values, default=0) or 1, most=4)
        left = max(text_width(f"{mark:,.0f}", SMALL) for mark in marks) + 10
        base = 176.0
        sheet = size.sheet(base + 28)
        rise = Scale(0, marks[-1], base, 14)
        for mark in marks:
            y = rise(mark)
            sheet.line(left, y, size.width, y, "grid" if mark else "axis")
            sheet.text(left - 8, y + 4, f"{mark:,.0f}", "small muted", anchor="end")
        step = (size.width - left) / max(len(values), 1)
        wide = min(step * 0.62, 44.0)
        room = max(text_width(name, SMALL) for name in names) + 8
        every = max(1, -int(-room // step))
        for k, (name, value) in enumerate(zip(names, values, strict=True)):
            middle = left + step * (k + 0.5)
            last = k == len(values) - 1
            top = rise(value)
            kind = "bar-moved" if last else "bar-left"
            sheet.rect(middle - wide / 2, top, wide, base - top, kind)
            if (len(values) - 1 - k) % every == 0:
                edge = middle + wide / 2 if last and every > 1 else middle
                anchor = "end" if last and every > 1 else "middle"
                sheet.text(edge, base + 19, name, "small muted", anchor=anchor)
            if last:
                sheet.text(middle, top - 6, f"{value:,}", "strong halo", anchor="middle")
        if usual is not None:
            y = rise(usual)
            sheet.line(left, y, size.width, y, "reference")
        return sheet

    return chart(draw, label=label)


@dataclass(frozen=True, kw_only=True)
class Aim:
    """A quarter beside its target: what is won, what is expected, its interval, the target."""

    won: float
    expected: float
    low: float
    high: float
    target: float | None
    words: tuple[str, str, str]


def aimed(aim: Aim, *, label: str) -> Html:
    """Return one bar from zero: won, then expected with its interval, and the target's line."""

    def draw(size: Size) -> Drawing:
        top = 40.0 if size.wide else 62.0
        thick = 34.0
        sheet = size.sheet(top + thick + 30)
        longest = max(aim.high, aim.expected, aim.target or 0.0) * 1.04 or 1.0
        across = Scale(0, longest, 0, size.width)
        won, expected = across(aim.won), across(aim.expected)
        sheet.rect(0, top, max(won, 1.0), thick, "bridge-total")
        sheet.rect(won, top + 1, max(expected - won, 1.0), thick - 2, "bridge-rise")
        middle = top + thick / 2
        low, high = across(aim.low), across(aim.high)
        sheet.line(low, middle, high, middle, "interval-halo")
        sheet.line(low, middle, high, middle, "bridge-interval")
        for x in (low, high):
            sheet.line(x, middle - 7, x, middle + 7, "bridge-interval")
        if aim.target is not None:
            x = across(aim.target)
            sheet.line(x, top - 8, x, top + thick + 8, "goal")
            anchor = "end" if x > size.width / 2 else "start"
            sheet.text(x, top - 14, aim.words[2], "strong halo", anchor=anchor)
        written = top - 14 if size.wide else top - 36
        both = text_width(aim.words[2]) + text_width(aim.words[0]) < size.width * 0.8
        sheet.text(0, written if both or not size.wide else top + thick + 20, aim.words[0])
        sheet.text(size.width, top + thick + 20, aim.words[1], "accent strong", anchor="end")
        return sheet

    return chart(draw, label=label)
