"""A bridge: two totals, and between them the steps that lead from one to the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from funnelkit.report.page.charts.svg import (
    TEXT,
    Drawing,
    Scale,
    Size,
    chart,
    fitted,
    text_width,
)
from funnelkit.report.page.markup import Html

_GAP = 16
_BOLD = 1.12


@dataclass(frozen=True)
class Step:
    """One row: where it starts and ends, and what is printed at its right end.

    ``ends`` are those of an interval, drawn over the end of the row.
    """

    name: str
    start: float
    end: float
    words: str
    total: bool = False
    ends: tuple[float, float] | None = None

    @property
    def kind(self) -> str:
        """Its look in the style sheet."""
        if self.total:
            return "bridge-total"
        return "bridge-fall" if self.end < self.start else "bridge-rise"


def bridge(steps: Sequence[Step], *, label: str) -> Html:
    """Return a bridge in two drawings.

    Parameters
    ----------
    steps
        First and last are totals.
    label
        What it shows, with its values, for those who do not see it.
    """

    def draw(size: Size) -> Drawing:
        return _wide(steps, size) if size.wide else _narrow(steps, size)

    return chart(draw, label=label)


def _wide(steps: Sequence[Step], size: Size) -> Drawing:
    row, thick = 40, 22
    sheet = size.sheet(row * len(steps))
    names = min(max(text_width(step.name) * _BOLD for step in steps), 0.34 * size.width)
    words = max(text_width(step.words) * _BOLD for step in steps)
    scale = _scale(steps, names + _GAP, size.width - words - _GAP)
    for k, step in enumerate(steps):
        middle = row * k + row / 2
        if k:
            sheet.line(0, row * k, size.width, row * k, "grid")
        name = fitted(step.name, names, TEXT)
        sheet.text(0, middle + 5, name, "strong" if step.total else "")
        _bar(sheet, step, scale, (middle - thick / 2, thick))
        sheet.text(size.width, middle + 5, step.words, "strong", anchor="end")
    _links(sheet, steps, scale, row, (row + thick) / 2)
    return sheet


def _narrow(steps: Sequence[Step], size: Size) -> Drawing:
    row, thick, bar = 50, 18, 24
    sheet = size.sheet(row * len(steps))
    scale = _scale(steps, 0, size.width)
    for k, step in enumerate(steps):
        top = row * k
        room = size.width - text_width(step.words) * _BOLD - _GAP
        sheet.text(0, top + 16, fitted(step.name, room, TEXT), "strong" if step.total else "")
        sheet.text(size.width, top + 16, step.words, "strong", anchor="end")
        _bar(sheet, step, scale, (top + bar, thick))
    return sheet


def _scale(steps: Sequence[Step], start: float, end: float) -> Scale:
    tops = (max(step.start, step.end, *(step.ends or ())) for step in steps)
    return Scale(0, max(tops) or 1.0, start, end)


def _bar(sheet: Drawing, step: Step, scale: Scale, across: tuple[float, float]) -> None:
    low, high = sorted((scale(step.start), scale(step.end)))
    sheet.rect(low, across[0], max(high - low, 1.5), across[1], step.kind)
    if step.ends is not None:
        middle, cap = across[0] + across[1] / 2, across[1] / 4
        left, right = scale(step.ends[0]), scale(step.ends[1])
        sheet.line(left, middle, right, middle, "bridge-interval")
        for x in (left, right):
            sheet.line(x, middle - cap, x, middle + cap, "bridge-interval")


def _links(sheet: Drawing, steps: Sequence[Step], scale: Scale, row: float, below: float) -> None:
    for k, (one, two) in enumerate(pairwise(steps)):
        x = scale(two.end if two.total else one.end)
        sheet.line(x, row * k + below, x, row * (k + 1) + row - below, "bridge-link")
