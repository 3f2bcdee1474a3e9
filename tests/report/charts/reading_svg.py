"""What a drawing says and where: texts with about the room they take, from its SVG."""

import re
import xml.etree.ElementTree as ET
from typing import NamedTuple

from funnelkit.report.page.charts.svg import SMALL, TEXT, text_width


class Words(NamedTuple):
    text: str
    left: float
    right: float
    top: float
    bottom: float

    def covers(self, other: "Words") -> bool:
        """Whether two texts stand on each other, by more than a hair."""
        return (
            min(self.right, other.right) - max(self.left, other.left) > 2
            and min(self.bottom, other.bottom) - max(self.top, other.top) > 2
        )


def drawings(markup: str) -> list[ET.Element]:
    """Every drawing of a piece of markup, as a tree."""
    return [ET.fromstring(found) for found in re.findall(r"<svg.*?</svg>", markup, re.DOTALL)]


def width_of(drawing: ET.Element) -> float:
    return float(drawing.attrib["width"])


def words_in(drawing: ET.Element) -> list[Words]:
    """The texts of a drawing; widths are those of a narrow face, as readers have."""
    found = []
    for node in drawing.iter("text"):
        text = "".join(node.itertext())
        size = SMALL if "small" in node.attrib.get("class", "") else TEXT
        width = 0.82 * (text_width(text, size) + 8 * max(len(list(node)) - 1, 0))
        x, y = float(node.attrib["x"]), float(node.attrib["y"])
        left = {"end": x - width, "middle": x - width / 2}.get(
            node.attrib.get("text-anchor", "start"), x
        )
        found.append(Words(text, left, left + width, y - 0.75 * size, y + 0.2 * size))
    return found


def clashes(drawing: ET.Element) -> list[tuple[str, str]]:
    """Pairs of texts that stand on each other."""
    words = words_in(drawing)
    return [
        (one.text, other.text)
        for k, one in enumerate(words)
        for other in words[k + 1 :]
        if one.covers(other)
    ]


def outside(drawing: ET.Element) -> list[str]:
    """Texts that stick out of the drawing at a side."""
    width = width_of(drawing)
    return [one.text for one in words_in(drawing) if one.left < -4 or one.right > width + 4]
