"""What every chart is drawn with: shapes at true size, scales, room for text, two drawings."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from funnelkit._core import display
from funnelkit.report.page.markup import Html, el, join, plain, prose

TEXT, SMALL = 13.5, 12.5
MOST_MARKS = 2_000
"""Most marks of a drawing; one of more becomes a picture."""
_BROAD = frozenset("mwMW%@—")
_SLIM = frozenset("ijltfrI.,:;|!'()[]/- ")


@dataclass(frozen=True)
class Size:
    """One of the two sizes in which a chart is drawn."""

    name: str
    width: float

    @property
    def wide(self) -> bool:
        """Whether it is the one for a wide page."""
        return self.name == "wide"

    def sheet(self, height: float) -> Drawing:
        """Return an empty sheet of this width."""
        return Drawing(self.width, height)


def number(value: float) -> str:
    """Return a coordinate, to a tenth of a pixel.

    Examples
    --------
    >>> number(12), number(-0.01), number(3.14159)
    ('12', '0', '3.1')
    """
    rounded = round(value, 1) + 0.0
    return f"{rounded:.0f}" if rounded == int(rounded) else f"{rounded:.1f}"


def text_width(text: str, size: float = TEXT) -> float:
    """Return about how wide a text is, rather too wide than too narrow.

    Examples
    --------
    >>> text_width("organic search") < text_width("ORGANIC SEARCH")
    True
    """
    ems = sum(
        0.95 if c in _BROAD else 0.36 if c in _SLIM else 0.7 if c.isupper() else 0.6 for c in text
    )
    return size * ems


def fitted(text: str, width: float, size: float = TEXT) -> str:
    """Return a text, cut with an ellipsis where it is wider than its room.

    Examples
    --------
    >>> fitted("a very long name of a source", 80)
    'a very lon…'
    """
    if text_width(text, size) <= width:
        return text
    while text and text_width(f"{text}…", size) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


@dataclass(frozen=True)
class Scale:
    """A straight map from values to pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the pixel of a value; beyond the ends it stays at the end."""
        span = self.high - self.low
        share = (value - self.low) / span if span else 0.0
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)


def ticks(high: float, *, most: int = 5) -> list[float]:
    """Return round values from 0 up to, or just above, the highest value.

    Examples
    --------
    >>> ticks(0.16), ticks(7)
    ([0.0, 0.05, 0.1, 0.15, 0.2], [0.0, 2.0, 4.0, 6.0, 8.0])
    """
    if not (math.isfinite(high) and high > 0):
        return [0.0, 1.0]
    rough = high / (most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= rough * 0.999)
    return [float(f"{step * k:.6g}") for k in range(math.ceil(high / step - 1e-9) + 1)]


def tick_percent(value: float, step: float) -> str:
    """Return a share as the label of a gridline."""
    return display.percent(value, decimals=0 if abs(step * 100 - round(step * 100)) < 1e-9 else 1)


@dataclass
class Drawing:
    """Shapes on a sheet of a fixed size, in the order in which they are put down."""

    width: float
    height: float
    shapes: list[Html] = field(default_factory=list)

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        """Draw a straight line; ``kind`` is its class in the style sheet."""
        self._put("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind)

    def rect(self, x: float, y: float, width: float, height: float, kind: str) -> None:
        """Draw a rectangle."""
        self._put("rect", x=x, y=y, width=max(width, 0.0), height=max(height, 0.0), class_=kind)

    def dot(self, x: float, y: float, radius: float, kind: str) -> None:
        """Draw a dot."""
        self._put("circle", cx=x, cy=y, r=radius, class_=kind)

    def path(
        self, points: Sequence[tuple[float, float]], kind: str, *, closed: bool = False
    ) -> None:
        """Draw a line through points, or the area that they enclose."""
        if points:
            steps = "L".join(f"{number(x)} {number(y)}" for x, y in points)
            self._put("path", d=f"M{steps}{'Z' if closed else ''}", class_=kind)

    def text(
        self, x: float, y: float, words: str | None, kind: str = "", *, anchor: str = "start"
    ) -> None:
        """Write words; ``y`` is the line they stand on, ``anchor`` their start, middle or end."""
        if words:
            self._put(
                "text",
                words,
                x=x,
                y=y,
                class_=kind or None,
                text_anchor=None if anchor == "start" else anchor,
            )

    def runs(self, x: float, y: float, *runs: tuple[str, str], kind: str = "") -> None:
        """Write texts of different kinds in a row, each ``(words, kind)``, a gap between."""
        spans = [
            el("tspan", words, class_=each or None, dx=8 if k else None)
            for k, (words, each) in enumerate(runs)
            if words
        ]
        if spans:
            self.shapes.append(el("text", spans, x=number(x), y=number(y), class_=kind or None))

    def hatch(self, name: str) -> str:
        """Define the hatching of what is immature, and return the value of ``fill`` for it."""
        self.shapes.insert(
            0,
            el(
                "defs",
                el(
                    "pattern",
                    el("rect", width=6, height=6, class_="hatch-ground"),
                    el("line", x1=0, y1=0, x2=0, y2=6, class_="hatch-line"),
                    id=name,
                    width=6,
                    height=6,
                    patternUnits="userSpaceOnUse",
                    patternTransform="rotate(45)",
                ),
            ),
        )
        return f"url(#{name})"

    def filled(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        """Draw a rectangle filled with a pattern."""
        self._put(
            "rect",
            x=x,
            y=y,
            width=max(width, 0.0),
            height=max(height, 0.0),
            class_="hatched",
            fill=fill,
        )

    def svg(self, kind: str) -> Html:
        """Return the sheet as one element, out of sight of screen readers.

        Of more than about 2,000 marks a browser draws one picture sooner, and the page stays
        small: beyond that the element holds the sheet as a picture, once light and once dark.
        """
        if len(self.shapes) <= MOST_MARKS:
            return self._sheet(self.shapes, kind)
        return self._sheet([self._picture(kind, dark=dark) for dark in (False, True)], kind)

    def _picture(self, kind: str, *, dark: bool) -> Html:
        """Return the sheet as a picture for light or dark screens, two pixels to one of theirs."""
        from funnelkit.report.delivery.drawing import Placed, png
        from funnelkit.report.delivery.tree import read

        drawn = read(self._sheet(self.shapes, kind)).all("svg")
        content = png([Placed(one) for one in drawn], self.width, self.height, dark=dark)
        return el(
            "image",
            href=f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}",
            width=number(self.width),
            height=number(self.height),
            class_="by-dark" if dark else "by-light",
        )

    def _sheet(self, shapes: Sequence[Html], kind: str) -> Html:
        return el(
            "svg",
            shapes,
            viewBox=f"0 0 {number(self.width)} {number(self.height)}",
            width=number(self.width),
            height=number(self.height),
            class_=kind,
            aria_hidden="true",
            focusable="false",
        )

    def _put(self, tag: str, words: str | None = None, **attributes: object) -> None:
        shown = {
            name: number(value) if isinstance(value, (int, float)) else value
            for name, value in attributes.items()
        }
        self.shapes.append(el(tag, words, **shown))


WIDE, NARROW = Size("wide", 936), Size("narrow", 350)


def chart(draw: Callable[[Size], Drawing], *, label: str) -> Html:
    """Return a chart in two drawings, of which the style sheet shows the one that fits.

    Parameters
    ----------
    draw
        Returns the drawing of a size.
    label
        What the chart shows, with its values, for those who do not see it.
    """
    return el(
        "div",
        draw(WIDE).svg("wide"),
        draw(NARROW).svg("narrow"),
        class_="chart",
        role="img",
        aria_label=plain(label),
    )


def legend(*items: tuple[Html, str]) -> Html:
    """Return the legend of a chart: a mark and its meaning, each item unbroken."""
    return el(
        "p",
        [el("span", mark, words) for mark, words in items],
        class_="legend",
    )


def swatch(kind: str) -> Html:
    """Return the mark of an area in a legend."""
    return el("i", class_=f"sw {kind}")


def bullet(kind: str) -> Html:
    """Return the mark of a dot in a legend."""
    return el("i", class_=f"dot {kind}")


def figure(*parts: Html | None, caption: str | None = None) -> Html:
    """Return legend, chart and caption as one figure."""
    return el("figure", join(*parts), el("figcaption", prose(caption)) if caption else None)
