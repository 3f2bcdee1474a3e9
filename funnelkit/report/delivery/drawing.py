"""The page's own drawings as PNG, by matplotlib: no browser is needed.

A drawing is made of few shapes (lines, rectangles, circles, straight paths, text); each is drawn
at its place with what the style sheet says of it. The font is the one that comes with matplotlib,
so that the same drawing gives the same bytes on every machine.
"""

from __future__ import annotations

import base64
import binascii
import io
import math
import re
import warnings
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funnelkit.report.delivery.stylesheet import colour, looks
from funnelkit.report.delivery.tree import Element

if TYPE_CHECKING:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

_FONT, _BODY = "DejaVu Sans", 13.5
_NARROWER = 0.93  # the font is wider than those for which the page leaves room
_FURTHER = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Microsoft YaHei", "Yu Gothic", "Malgun Gothic",
    "PingFang SC", "Hiragino Sans", "Noto Sans Arabic", "Segoe UI",
)  # fmt: skip
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_BOLD_FROM = 600
_ANCHORS = {"middle": "center", "end": "right"}
_DATA = re.compile(r"data:image/(?:png|jpeg);base64,(.*)", re.DOTALL)


@dataclass(frozen=True, eq=False)
class Placed:
    """A drawing at its place on a sheet: how far from the left and from the top."""

    svg: Element
    left: float = 0.0
    top: float = 0.0


def size_of(svg: Element) -> tuple[float, float]:
    """Return the width and height of a drawing in pixels."""
    box = [float(one) for one in _NUMBER.findall(svg.get("viewbox"))]
    if len(box) == 4:
        return box[2], box[3]
    return _number(svg, "width"), _number(svg, "height")


def png(
    drawings: Sequence[Placed],
    width: float,
    height: float,
    *,
    scale: float = 2.0,
    dark: bool = False,
) -> bytes:
    """Return drawings on one sheet as a PNG.

    Parameters
    ----------
    drawings
        What to draw, in order.
    width, height
        Size of the sheet in pixels of the page.
    scale
        Pixels of the picture for each of them.
    dark
        Whether in the colours of dark screens.

    Returns
    -------
    bytes
        The same for the same drawings.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 72, height / 72), dpi=72 * scale)  # a point is a pixel
    canvas = FigureCanvasAgg(figure)
    figure.patch.set_facecolor(colour("bg", dark=dark))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    stream = io.BytesIO()
    with warnings.catch_warnings():  # of a sign that no font here has, a box is drawn
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        pen = _Pen(canvas, axes, dark=dark)
        for one in drawings:
            pen.draw(one)
        figure.savefig(stream, format="png", dpi="figure", metadata={"Software": None})
    return stream.getvalue()


class _Pen:
    """Draws the shapes of one sheet."""

    def __init__(self, canvas: FigureCanvasAgg, axes: Any, *, dark: bool) -> None:
        from matplotlib.font_manager import fontManager

        there = set(fontManager.get_font_names())
        self.fonts = [_FONT, *(name for name in _FURTHER if name in there)]
        self.renderer: Any = canvas.get_renderer()  # type: ignore[no-untyped-call]
        self.dpi, self.axes, self.order = float(canvas.figure.dpi), axes, 0
        self.left, self.top, self.dark = 0.0, 0.0, dark
        self.shapes: dict[str, Callable[[Element, dict[str, str]], None]] = {
            "line": self._line,
            "rect": self._rect,
            "circle": self._circle,
            "path": self._path,
            "text": self._text,
            "image": self._image,
        }

    def _looks(self, tag: str, kinds: Collection[str]) -> dict[str, str]:
        return looks(tag, kinds, dark=self.dark)

    def draw(self, placed: Placed) -> None:
        """Draw the shapes of a drawing at its place."""
        self.left, self.top = placed.left, placed.top
        self._inside(placed.svg)

    def _inside(self, element: Element) -> None:
        for one in element.elements():
            if "by-dark" in one.kinds:
                continue  # the same picture for dark screens: those by light are drawn
            if one.tag in self.shapes:
                self.order += 1
                self.shapes[one.tag](one, self._looks(one.tag, one.kinds))
            elif one.tag != "defs":
                self._inside(one)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return self.left + x, self.top + y

    def _line(self, one: Element, told: dict[str, str]) -> None:
        start = self._at(_number(one, "x1"), _number(one, "y1"))
        end = self._at(_number(one, "x2"), _number(one, "y2"))
        self._stroke([start, end], told)

    def _path(self, one: Element, told: dict[str, str]) -> None:
        from matplotlib.patches import Polygon

        found = [float(number) for number in _NUMBER.findall(one.get("d"))]
        points = [self._at(x, y) for x, y in zip(found[::2], found[1::2], strict=False)]
        if one.get("d").rstrip().endswith(("Z", "z")) and len(points) > 2:
            self.axes.add_patch(Polygon(points, **self._area(told)))
        elif points:
            self._stroke(points, told)

    def _stroke(self, points: Sequence[tuple[float, float]], told: dict[str, str]) -> None:
        from matplotlib.lines import Line2D

        ink = _ink(told.get("stroke"))
        if ink is None:
            return
        width = _length(told.get("stroke-width"), 1.0)
        line = Line2D(*zip(*points, strict=True), color=ink, linewidth=width, zorder=self.order)
        line.set_solid_capstyle("butt")
        dashes = [float(each) for each in _NUMBER.findall(told.get("stroke-dasharray", ""))]
        if dashes:
            line.set_dashes([each / width for each in dashes])
            line.set_dash_capstyle("butt")
        self.axes.add_line(line)

    def _rect(self, one: Element, told: dict[str, str]) -> None:
        from matplotlib.patches import Rectangle

        corner = self._at(_number(one, "x"), _number(one, "y"))
        width, height = _number(one, "width"), _number(one, "height")
        if one.get("fill").startswith("url("):
            self._hatched(corner, width, height)
        elif width and height:
            self.axes.add_patch(Rectangle(corner, width, height, **self._area(told)))

    def _hatched(self, corner: tuple[float, float], width: float, height: float) -> None:
        """Draw the hatching of what is immature: slanted lines, six pixels apart."""
        from matplotlib.collections import LineCollection
        from matplotlib.patches import Rectangle

        fill = _ink(self._looks("rect", {"hatch-ground"}).get("fill"))
        ground = Rectangle(corner, width, height, zorder=self.order, linewidth=0, facecolor=fill)
        self.axes.add_patch(ground)
        told = self._looks("line", {"hatch-line"})
        step = 6 * math.sqrt(2)
        starts = [corner[0] - height + step * k for k in range(math.ceil((width + height) / step))]
        lines = [((x, corner[1]), (x + height, corner[1] + height)) for x in starts]
        drawn = LineCollection(lines, colors=_ink(told.get("stroke")), zorder=self.order,
                               linewidths=_length(told.get("stroke-width"), 1.0))  # fmt: skip
        self.axes.add_collection(drawn)
        drawn.set_clip_path(ground)

    def _circle(self, one: Element, told: dict[str, str]) -> None:
        from matplotlib.patches import Circle

        centre = self._at(_number(one, "cx"), _number(one, "cy"))
        self.axes.add_patch(Circle(centre, _number(one, "r"), **self._area(told)))

    def _area(self, told: dict[str, str]) -> dict[str, Any]:
        edge = _ink(told.get("stroke"))
        return {
            "facecolor": _ink(told.get("fill", told.get("background", "#000000"))) or "none",
            "edgecolor": edge or "none",
            "linewidth": _length(told.get("stroke-width"), 1.0) if edge else 0,
            "zorder": self.order,
        }

    def _text(self, one: Element, told: dict[str, str]) -> None:
        x, y = self._at(_number(one, "x"), _number(one, "y"))
        spans = one.all("tspan") or [one]
        for span in spans:
            looked = told
            if span is not one:
                own = self._looks("text", span.kinds) if span.kinds else {}
                looked = told | self._looks("tspan", span.kinds) | own
            x += _number(span, "dx") if span is not one else 0
            x += self._words(x, y, span.text(), looked, one.get("text-anchor"))

    def _words(self, x: float, y: float, words: str, told: dict[str, str], anchor: str) -> float:
        """Write words on one line, and return how wide they are."""
        from matplotlib.patheffects import Normal, withStroke

        weight = _length(told.get("font-weight"), 400)
        written = self.axes.text(
            x, y, words,
            color=_ink(told.get("color")) or _ink(told.get("fill")) or colour("ink"),
            fontsize=_length(told.get("font-size"), _BODY) * _NARROWER,
            fontweight="bold" if weight >= _BOLD_FROM else "normal",
            fontfamily=self.fonts,
            ha=_ANCHORS.get(anchor, "left"),
            va="baseline",
            zorder=self.order,
            parse_math=False,
        )  # fmt: skip
        halo = _ink(told.get("stroke"))
        if halo is not None:
            width = _length(told.get("stroke-width"), 1.0)
            written.set_path_effects([withStroke(linewidth=width, foreground=halo), Normal()])
        box = written.get_window_extent(self.renderer)
        return float(box.width) * 72 / self.dpi

    def _image(self, one: Element, _told: dict[str, str]) -> None:
        import matplotlib.image as reading

        found = _DATA.fullmatch(one.get("href") or one.get("xlink:href"))
        left, top = self._at(_number(one, "x"), _number(one, "y"))
        place = (left, left + _number(one, "width"), top + _number(one, "height"), top)
        try:
            content = base64.b64decode(found[1]) if found else b""
            pixels = reading.imread(io.BytesIO(content))
        except (binascii.Error, OSError, SyntaxError, ValueError):
            return  # not a picture: the others are drawn
        self.axes.imshow(pixels, extent=place, zorder=self.order, aspect="auto")


def _number(element: Element, name: str) -> float:
    found = _NUMBER.match(element.get(name))
    return float(found[0]) if found else 0.0


def _length(value: str | None, otherwise: float) -> float:
    found = _NUMBER.match(value or "") or re.match(r"\.\d+", value or "")
    return float(found[0]) if found else otherwise


def _ink(value: str | None) -> str | None:
    """Return a colour; nothing where none is drawn."""
    return value if value and value.startswith("#") else None
