"""Words in the lag curve, each placed where it covers neither a line nor other words."""

from __future__ import annotations

from dataclasses import dataclass

from funnelkit.report.page.charts.svg import SMALL, TEXT, Drawing, Scale, Size, text_width
from funnelkit.report.page.facts import Curve, Line

_BOLD = 1.12
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Labels:
    """What is written into the chart.

    Parameters
    ----------
    named
        Age -> what is written beside the curve there.
    half
        What is written at the age by which half has come.
    followed
        Heading of the numbers under the axis.
    lines
        What is written at the end of each further line.
    end
        What is written at the end of the curve.
    """

    named: dict[int, str]
    half: str
    followed: str
    lines: tuple[str, ...]
    end: str


class Writer:
    """Places words on a drawn curve.

    Parameters
    ----------
    sheet, curve, x, y
        The drawing, what it shows, and its scales.
    """

    def __init__(self, sheet: Drawing, curve: Curve, x: Scale, y: Scale) -> None:
        self.sheet, self.curve, self.x, self.y = sheet, curve, x, y
        self.taken: list[Box] = []
        self.points = [
            (x(age), y(rate))
            for line in curve.others
            for age, rate in zip(line.ages, line.rates, strict=True)
        ]
        self.points += [(x(age), y(rate)) for age, rate in zip(curve.ages, curve.rate, strict=True)]

    def write(self, labels: Labels, size: Size) -> None:
        """Write all words: the end first, then ages, then the further lines."""
        self._end(labels.end, size)
        self._half(labels.half)
        for age, words in labels.named.items():
            self._age(age, words)
        for words, line in zip(labels.lines, self.curve.others, strict=True):
            self._line(words, line)

    def _end(self, words: str, size: Size) -> None:
        across, up = self.x.end, self.y(self.curve.rate[-1])
        width = text_width(words) * _BOLD
        if size.wide:
            self.sheet.text(across + 10, up + 5, words, "strong")
            return
        above = self.y(self.curve.high[-1]) - 8
        self.sheet.text(across, above, words, "strong halo", anchor="end")
        self.taken.append((across - width, above - TEXT, across, above + 4))

    def _half(self, words: str) -> None:
        day = self.curve.half_day
        if day is None:
            return
        across, up = self.x(day), self.y(self.curve.at(day).value)
        base = self.y(0)
        self.sheet.line(across, up, across, base, "reference")
        self.sheet.dot(across, up, 5, "estimate")
        width = text_width(words, SMALL)
        right = across + 7 + width <= self.x.end
        start = across + 7 if right else across - 7 - width
        spots = [(start, base - rise) for rise in (24, 10, 40)]
        self._put(words, spots, width, SMALL, "small halo")

    def _age(self, age: int, words: str) -> None:
        at = self.curve.at(age)
        across = self.x(age)
        self.sheet.dot(across, self.y(at.value), 5, "estimate")
        width = text_width(words) * _BOLD
        start = min(across - 4, self.x.end - width)
        below, above = self.y(at.low) + 20, self.y(at.high) - 9
        spots = [(start, below), (start, above), (start, below + 16)]
        spots += [(start - width / 2, above - rise) for rise in (0, 16, 32)]
        self._put(words, spots, width, TEXT, "strong halo")

    def _line(self, words: str, line: Line) -> None:
        across, up = self.x(line.ages[-1]), self.y(line.rates[-1])
        width = text_width(words, SMALL)
        age = min(line.ages[-1], self.curve.ages[-1])
        band = self.curve.at(age)
        start = min(across + 8, self.x.end - width)
        over = min(up, self.y(band.high)) - 8
        under = max(up, self.y(band.low)) + 18
        centred = max(min(across - width / 2, self.x.end - width), self.x.start + 4)
        first = [(start, up + 4)] if not band.low <= line.rates[-1] <= band.high else []
        sides = [(centred, over), (centred, under)]
        if line.rates[-1] < band.value:
            sides.reverse()
        self._put(words, [*first, *sides, (centred, over - 16)], width, SMALL, "small muted halo")

    def _put(
        self, words: str, spots: list[tuple[float, float]], width: float, size: float, kind: str
    ) -> None:
        """Write at the first free spot, or at the first one where none is free."""
        boxes = [(x - 2, y - size, x + width + 2, y + 4) for x, y in spots]
        free = next((k for k, box in enumerate(boxes) if self._is_free(box)), 0)
        self.taken.append(boxes[free])
        self.sheet.text(*spots[free], words, kind)

    def _is_free(self, box: Box) -> bool:
        left, top, right, bottom = box
        if top < 0 or bottom > self.y(0):
            return False
        if any(left <= x <= right and top <= y <= bottom for x, y in self.points):
            return False
        return not any(
            left < other[2] and other[0] < right and top < other[3] and other[1] < bottom
            for other in self.taken
        )
