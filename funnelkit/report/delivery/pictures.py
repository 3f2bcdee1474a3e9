"""The pictures of a digest: a chart with its legend, a heat map, headline figures side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from funnelkit.report.delivery.digest import Card, Chart
from funnelkit.report.delivery.drawing import Placed, png, size_of
from funnelkit.report.delivery.tree import Element, read
from funnelkit.report.page.charts.svg import Drawing, fitted, text_width

_MARGIN, _ROW, _MARK = 8.0, 24.0, 28.0
_WIDE, _NARROW = 936.0, 350.0
_CARD, _CARD_HEIGHT, _SPARK = 224.0, 208.0, 78.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Picture:
    """A picture: drawings on a sheet, its size in pixels of the page, what it shows in words."""

    placed: tuple[Placed, ...]
    width: float
    height: float
    label: str
    scale: float = 2.0

    @property
    def aspect(self) -> float:
        """Height by width."""
        return self.height / self.width

    @cached_property
    def content(self) -> bytes:
        """The PNG, drawn when it is first asked for."""
        return png(self.placed, self.width, self.height, scale=self.scale)


def picture_of(chart: Chart, *, wide: bool, scale: float = 2.0) -> Picture:
    """Return a chart as a picture, its legend above it.

    Parameters
    ----------
    chart
        The chart.
    wide
        Whether to take its drawing for a wide page.
    scale
        Pixels of the picture for each pixel of the page.
    """
    width = _WIDE if wide else _NARROW
    svg = chart.wide if wide else chart.narrow
    if svg.tag != "svg":
        svg = _heat(svg, width)
    legend, height = _legend(chart.legend, width)
    across, down = size_of(svg)
    return Picture(
        placed=(*legend, Placed(svg, _MARGIN, _MARGIN + height)),
        width=max(across, width) + 2 * _MARGIN,
        height=height + down + 2 * _MARGIN,
        label=chart.label,
        scale=scale,
    )


def picture_of_cards(cards: Sequence[Card], *, across: int = 3, scale: float = 2.0) -> Picture:
    """Return headline figures as one picture: each with its value and its last months."""
    across = min(across, len(cards))
    placed = []
    for place, card in enumerate(cards):
        down, right = divmod(place, across)
        corner = (_MARGIN + right * _CARD, _MARGIN + down * _CARD_HEIGHT)
        placed.append(Placed(_card(card), *corner))
        if card.spark is not None:
            placed.append(Placed(card.spark, corner[0], corner[1] + _SPARK))
    told = "; ".join(f"{one.name} {one.value} ({one.interval})" for one in cards)
    return Picture(
        placed=tuple(placed),
        width=across * _CARD + 2 * _MARGIN,
        height=math.ceil(len(cards) / across) * _CARD_HEIGHT + 2 * _MARGIN,
        label=f"Headline figures: {told}.",
        scale=scale,
    )


def _card(card: Card) -> Element:
    sheet, room = Drawing(_CARD, _CARD_HEIGHT), _CARD - 20
    sheet.line(0, 4, _CARD - 16, 4, "grid")
    sheet.text(0, 24, fitted(card.name, room), "strong")
    large = fitted(card.value, room, 38) == card.value
    sheet.text(0, 66, card.value if large else fitted(card.value, room), _VALUES[large])
    for place, words in enumerate(card.change.split("; ", 1)):
        sheet.text(0, 170 + 17 * place, fitted(words, room + 12, 12.5), "small muted")
    return read(sheet.svg("card")).first("svg") or Element("svg")


def _legend(
    items: Sequence[tuple[Sequence[Element], str]], width: float
) -> tuple[list[Placed], float]:
    """Return the legend as a drawing over its chart, and how high it is."""
    if not items:
        return [], 0.0
    sheet, x, y = Drawing(width, 0), 0.0, 16.0
    for marks, words in items:
        needed = _MARK + 14 * max(len(marks) - 1, 0) + text_width(words, 12.5) + 12
        if x and x + needed > width:
            x, y = 0.0, y + _ROW
        start = x
        for mark in marks:
            _swatch(sheet, start, y, mark.kinds)
            start += 14
        sheet.text(x + needed - text_width(words, 12.5) - 12, y, words, "small muted")
        x += needed
    sheet.height = y + 14
    svg = read(sheet.svg("legend")).first("svg")
    return ([Placed(svg, _MARGIN, _MARGIN)] if svg else []), sheet.height


_VALUES = {True: "value", False: "strong"}
_AREAS = {
    "moved": "bar-moved", "left": "bar-left", "total": "bridge-total", "fall": "bridge-fall",
    "rise": "bridge-rise", "outlined": "bar-outlined", "band-inner": "band-inner",
    "band-outer": "band",
}  # fmt: skip


def _swatch(sheet: Drawing, x: float, y: float, kinds: frozenset[str]) -> None:
    """Draw the mark of a legend as the shape that it stands for."""
    if "dot" in kinds:
        kind = next(iter(kinds & {"estimate", "context", "hollow"}), "context")
        sheet.dot(x + 8, y - 4.5, 5, kind)
    elif "immature" in kinds:
        sheet.filled(x, y - 10, 18, 12, sheet.hatch("immature"))
    elif "goal" in kinds:
        sheet.line(x, y - 4, x + 18, y - 4, "goal")
    elif "none" in kinds:
        _dotted(sheet, x, y - 10, 18, 12)
    elif "upright" in kinds:
        sheet.line(x + 9, y - 11, x + 9, y + 3, "goal")
    else:
        named = [_AREAS.get(kind, kind) for kind in sorted(kinds - {"sw"})]
        sheet.rect(x, y - 10, 18, 12, " ".join(named) or "bar-left")


def _heat(table: Element, width: float) -> Element:
    """Return a heat map, which on the page is a table, as a drawing."""
    rows = [list(_cells(row)) for body in table.all("tbody") for row in body.all("tr")]
    ages = [one.text() for one in table.all("th", "age")]
    over = next((one.text() for one in table.all("th", "over")), "")
    broad = width == _WIDE
    left, count = (110.0, 70.0) if broad else (66.0, 48.0)
    step = (width - left - count) / max(len(ages), 1)
    height = 34.0 if broad else 30.0
    sheet = Drawing(width, 46 + height * len(rows))
    hatch = sheet.hatch("immature")
    sheet.text(0, 36, "Cohort", "small muted")
    sheet.text(left + count - 12, 36, "n", "small muted", anchor="end")
    sheet.text(width, 14, fitted(over, width, 12.5), "small muted", anchor="end")
    for place, age in enumerate(ages):
        sheet.text(left + count + step * (place + 0.5), 36, age, "small muted", anchor="middle")
    for down, row in enumerate(rows):
        top = 46 + height * down
        sheet.text(0, top + height / 2 + 5, _month(row[0].text(leave=_narrow), broad=broad))
        sheet.text(left + count - 12, top + height / 2 + 5, row[1].text(), "muted", anchor="end")
        for place, cell in enumerate(row[2:]):
            x, y = left + count + step * place, top + 1.5
            _heat_cell(sheet, (x + 1.5, y, step - 3, height - 3), cell, hatch)
    return read(sheet.svg("heat-map")).first("svg") or Element("svg")


def _heat_cell(
    sheet: Drawing, box: tuple[float, float, float, float], cell: Element, hatch: str
) -> None:
    x, y, width, height = box
    kind = next((one for one in cell.kinds if one.startswith("heat-")), "")
    if kind:
        sheet.rect(x, y, width, height, kind)
    elif "immature" in cell.kinds:
        sheet.filled(x, y, width, height, hatch)
    else:
        _dotted(sheet, x, y, width, height)
        return
    words = cell.text(leave=lambda one: "unseen" in one.kinds)
    sheet.text(
        x + width / 2, y + height / 2 + 5, words, f"strong {kind or 'halo'}", anchor="middle"
    )


def _dotted(sheet: Drawing, x: float, y: float, width: float, height: float) -> None:
    """Draw the outline of a cell that is blank."""
    right, bottom = x + width, y + height
    for ends in ((x, y, right, y), (x, bottom, right, bottom)):
        sheet.line(*ends, "reference")
    for ends in ((x, y, x, bottom), (right, y, right, bottom)):
        sheet.line(*ends, "reference")


def _cells(row: Element) -> Iterator[Element]:
    return (one for one in row.elements() if one.tag in {"th", "td"})


def _narrow(one: Element) -> bool:
    return "narrow-only" in one.kinds or "unseen" in one.kinds


def _month(name: str, *, broad: bool) -> str:
    """Return a month with two digits of its year where there is little room."""
    words = name.split(" ")
    if broad or len(words) < 2 or not words[1].isdecimal():
        return name
    return " ".join([words[0], f"\u2019{words[1][-2:]}", *words[2:]])
