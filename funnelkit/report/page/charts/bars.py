"""Stage bars: how many entered each stage, and how many moved on, stayed or left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from funnelkit.report.page.charts.svg import SMALL, Drawing, Size, chart, fitted, text_width
from funnelkit.report.page.markup import Html

Fill = Literal["moved", "waiting", "left"]
_GAP = 2


@dataclass(frozen=True)
class Part:
    """One part of a bar and what is written under it."""

    count: int
    fill: Fill
    words: str


@dataclass(frozen=True)
class Bar:
    """One stage."""

    name: str
    total: str
    count: int
    parts: tuple[Part, ...]
    aside: str = ""


def bars(rows: Sequence[Bar], *, label: str) -> Html:
    """Return stage bars of a common scale, in two drawings."""

    def draw(size: Size) -> Drawing:
        height, thick = (84, 30) if size.wide else (104, 26)
        words = 18 if rows and any(part.words for part in rows[-1].parts) else 0
        sheet = size.sheet(height * (len(rows) - 1) + thick + 26 + words)
        hatch = sheet.hatch(f"hatch-funnel-{size.name}")
        longest = max((row.count for row in rows), default=0) or 1
        for k, row in enumerate(rows):
            top = height * k
            _heading(sheet, row, top + 14, size)
            x = 0.0
            starts = []
            for part in row.parts:
                width = size.width * part.count / longest
                starts.append(x)
                if width > 0:
                    _piece(sheet, part, (x, top + 22, max(width - _GAP, 0.6), thick), hatch)
                x += width
            _under(sheet, row.parts, starts, top + 22 + thick + 17, size)
        return sheet

    return chart(draw, label=label)


def _heading(sheet: Drawing, row: Bar, y: float, size: Size) -> None:
    aside = row.aside if text_width(row.aside, SMALL) < size.width * 0.55 else ""
    room = size.width - text_width(row.total) - text_width(aside, SMALL) - 24
    name = fitted(row.name, room / 1.06)
    sheet.runs(0, y, (name, ""), (row.total, "accent"), kind="strong")
    sheet.text(size.width, y, aside, "small muted", anchor="end")


def _piece(sheet: Drawing, part: Part, box: tuple[float, float, float, float], hatch: str) -> None:
    if part.fill == "waiting":
        sheet.filled(*box, hatch)
    else:
        sheet.rect(*box, "bar-moved" if part.fill == "moved" else "bar-left")


def _under(
    sheet: Drawing, parts: Sequence[Part], starts: Sequence[float], y: float, size: Size
) -> None:
    """Write each part's words under its start where there is room, else one after the other."""
    written = [(part, x) for part, x in zip(parts, starts, strict=True) if part.words]
    placed = _placed(written, size.width, follow=False)
    if placed is None:
        placed = _placed(written, size.width, follow=True) or _stacked(written)
    for part, x, row in placed:
        sheet.text(x, y + 16 * row, part.words, "small" if part.fill == "moved" else "small muted")


def _placed(
    written: Sequence[tuple[Part, float]], width: float, *, follow: bool
) -> list[tuple[Part, float, int]] | None:
    end, placed = 0.0, []
    for part, start in written:
        x = end if follow else max(start, end)
        end = x + text_width(part.words, SMALL) + 18
        if end - 18 > width:
            return None
        placed.append((part, x, 0))
    return placed


def _stacked(written: Sequence[tuple[Part, float]]) -> list[tuple[Part, float, int]]:
    """First part on a line of its own, the rest on the next."""
    rest, placed = 0.0, []
    for k, (part, _) in enumerate(written):
        x = 0.0 if k == 0 else rest
        placed.append((part, x, min(k, 1)))
        if k:
            rest = x + text_width(part.words, SMALL) + 18
    return placed
