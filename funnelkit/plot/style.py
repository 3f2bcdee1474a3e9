"""One look for every view: palette, type, and settings that hold only while a view is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Sizes in points: at 100 dots per inch, what the page of the report has in pixels.
TITLE = 13.0
TEXT = 10.0
SMALL = 9.0
DOT = 7.0
LINE = 1.7
# Digits of one width come with these; the last has every sign that a label may hold.
_SANS = ("Segoe UI", "Helvetica Neue", "Arial", "Liberation Sans", "DejaVu Sans")
_OTHER_SCRIPTS = (
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "Hiragino Sans", "PingFang SC", "Yu Gothic"),
    *("Microsoft YaHei", "Malgun Gothic", "Noto Sans Arabic", "Noto Sans Hebrew"),
    *("Noto Sans Devanagari", "Noto Sans Thai", "Noto Emoji", "Segoe UI Emoji"),
)


@dataclass(frozen=True, kw_only=True)
class Palette:
    """Neutrals and one accent.

    Parameters
    ----------
    page, ink, muted
        Ground, text and values, axis text and captions.
    rule, grid
        Axes, and the lines between rows.
    context, bar
        Marks beside the estimate, and what left.
    accent
        The estimate.
    soft, band_edge
        Its band, and the edge of it.
    bench
        A published range.
    hatch, hatch_line
        What is immature.
    heat
        Six steps, from low to high.
    on_heat
        Text on each of them.
    """

    page: str
    ink: str
    muted: str
    rule: str
    grid: str
    context: str
    bar: str
    accent: str
    soft: str
    band_edge: str
    bench: str
    hatch: str
    hatch_line: str
    heat: tuple[str, ...]
    on_heat: tuple[str, ...]

    @property
    def immature(self) -> dict[str, Any]:
        """The look of an area that is immature, the same everywhere."""
        return {
            "facecolor": self.hatch,
            "edgecolor": self.hatch_line,
            "hatch": "////",
            "linewidth": 0,
        }


LIGHT = Palette(
    page="#ffffff",
    ink="#15202b",
    muted="#55616d",
    rule="#d5dce3",
    grid="#e6ebef",
    context="#75818d",
    bar="#8a95a1",
    accent="#0a5c9e",
    soft="#d3e4f3",
    band_edge="#8fbce2",
    bench="#eceff2",
    hatch="#f3f5f7",
    hatch_line="#cfd7de",
    heat=("#eaf2f9", "#cfe1f1", "#a9cbe8", "#79aeda", "#2f78b7", "#0b4f8a"),
    on_heat=("#15202b",) * 4 + ("#ffffff",) * 2,
)
DARK = Palette(
    page="#10161c",
    ink="#e9eef3",
    muted="#a5b1bd",
    rule="#34414d",
    grid="#25303a",
    context="#8895a2",
    bar="#64727f",
    accent="#6cb4f5",
    soft="#1f3d58",
    band_edge="#37719f",
    bench="#212b34",
    hatch="#1a232c",
    hatch_line="#33404c",
    heat=("#16293a", "#1b3a55", "#204f77", "#2a6596", "#6cb0e6", "#b0d8fa"),
    on_heat=("#ffffff",) * 4 + ("#15202b",) * 2,
)


def palette_of(ax: Axes | None) -> Palette:
    """Return the palette for the figure's ground: dark on a dark one, else light.

    Parameters
    ----------
    ax
        Axes that are there already; ``None``: those that would be made now.
    """
    import matplotlib as mpl
    from matplotlib.colors import to_rgba

    figure = None if ax is None else ax.get_figure(root=True)
    ground = mpl.rcParams["figure.facecolor"] if figure is None else figure.get_facecolor()
    red, green, blue, alpha = to_rgba(ground)
    return DARK if alpha > 0.5 and 0.3 * red + 0.6 * green + 0.1 * blue < 0.4 else LIGHT


@lru_cache(maxsize=1)
def fonts() -> list[str]:
    """Return the installed fonts that labels are set in, the first one first."""
    from matplotlib import font_manager

    have = set(font_manager.fontManager.get_font_names())
    return [name for name in (*_SANS, *_OTHER_SCRIPTS) if name in have]


def plain() -> dict[str, Any]:
    """Return what a text is given that may have been there before: letters drawn as they are."""
    return {"parse_math": False, "usetex": False, "fontfamily": fonts()}


@contextmanager
def applied(palette: Palette) -> Iterator[None]:
    """Hold the settings for text, so that names from the data are drawn as they are.

    The settings of the session come back at the end. Within, no ``$`` or ``_`` starts a formula.

    Parameters
    ----------
    palette
        Colours of text and ground.
    """
    import matplotlib as mpl

    look: dict[Any, Any] = {
        "text.parse_math": False,
        "text.usetex": False,
        "text.color": palette.ink,
        "font.family": fonts(),
        "font.size": TEXT,
        "font.weight": "normal",
        "figure.facecolor": palette.page,
        "axes.facecolor": palette.page,
        "axes.titleweight": "bold",
        "axes.titlesize": TITLE,
        "hatch.linewidth": 0.9,
        "path.sketch": None,
        "path.effects": [],
    }
    with mpl.rc_context(look):
        yield
