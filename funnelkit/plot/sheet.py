"""`Sheet`: axes with what stands above and below them, and the words for those who cannot see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from funnelkit._core.errors import ArgumentError
from funnelkit.plot import style
from funnelkit.plot.lettering import measured, wrapped
from funnelkit.plot.style import Palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PER_INCH = 72.0
_WIDTH = 9.0 * _PER_INCH
_EDGE = 10.0
_LEADING = 1.3
_DESCRIPTIONS: WeakKeyDictionary[Axes, str] = WeakKeyDictionary()


def describe(ax: Axes) -> str:
    """Return what a view shows in words: its finding, its values and its marks.

    For those who cannot see it, and for the alternative text of a page or a slide.

    Parameters
    ----------
    ax
        Axes that a function of this room has returned.

    Returns
    -------
    str
        Sentences; the first one is the title.

    Raises
    ------
    ArgumentError
        If the axes hold no view of funnelkit.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> leads = pd.Series([4, 7], index=pd.period_range("2026-01", periods=2, freq="M"))
    >>> ax = fk.plot.series(leads.rename("lead"))
    >>> print(fk.plot.describe(ax).splitlines()[-1])
    lead: 2026-01 4, 2026-02 7.
    """
    if ax not in _DESCRIPTIONS:
        raise ArgumentError(
            "`ax` must be axes that a function of fk.plot has returned; got others."
        )
    return _DESCRIPTIONS[ax]


@dataclass(kw_only=True)
class Sheet:
    """Axes under construction; lengths are points, 72 to the inch.

    Parameters
    ----------
    ax
        The axes.
    palette
        Colours that go with the figure's ground.
    own
        Whether the figure was made for this view, so that it may be sized for it.
    width, height
        Size of the axes.
    indent
        How far labels stand out to the left; title, legend and caption start there.
    above, below
        What is used so far over and under the axes.
    """

    ax: Axes
    palette: Palette
    own: bool
    width: float
    height: float
    indent: float = 0.0
    above: float = 4.0
    below: float = 4.0

    @property
    def left(self) -> float:
        """Where title, legend and caption start, as a share of the axes' width."""
        return -self.indent / self.width

    def text(self, x: float, y: float, words: str, **look: Any) -> None:
        """Write words at data coordinates, cut at nothing."""
        self.ax.text(x, y, words, **{"va": "center_baseline", "clip_on": False, **look})

    def head(self, x: float, words: str, *, align: str) -> None:
        """Write the heading of a column over the axes, ``x`` as a share of their width."""
        self.ax.annotate(
            words,
            (x, 1.0),
            (0, 5),
            xycoords="axes fraction",
            textcoords="offset points",
            ha=align,
            va="bottom",
            color=self.palette.muted,
            fontsize=style.SMALL,
            annotation_clip=False,
        )

    def legend(self, marks: Sequence[tuple[Any, str]]) -> None:
        """Put the meaning of the marks over the axes, in as few lines as fit."""
        from matplotlib.legend_handler import HandlerTuple
        from matplotlib.transforms import ScaledTranslation

        if not marks:
            return
        words = [text for _, text in marks]
        columns = len(words)
        widths = [measured(text, style.SMALL) + 40 for text in words]
        while columns > 1 and columns * max(widths) > self.width + self.indent:
            columns -= 1
        if sum(widths) <= self.width + self.indent:
            columns = len(words)
        figure = self.ax.get_figure(root=True)
        if figure is None:
            return
        raised = ScaledTranslation(0, (self.above + 6) / _PER_INCH, figure.dpi_scale_trans)
        self.ax.legend(
            [handle for handle, _ in marks],
            words,
            loc="lower left",
            bbox_to_anchor=(self.left, 1.0),
            bbox_transform=self.ax.transAxes + raised,
            ncols=columns,
            frameon=False,
            borderpad=0,
            borderaxespad=0,
            handletextpad=0.5,
            columnspacing=1.6,
            labelcolor=self.palette.muted,
            fontsize=style.SMALL,
            handler_map={tuple: HandlerTuple(ndivide=None, pad=0)},
        )
        self.above += 10 + 1.6 * style.SMALL * -(-len(words) // columns)

    def title(self, words: str) -> None:
        """Put the finding over all that is over the axes so far."""
        lines = wrapped(words, self.width + self.indent, style.TITLE, bold=True)
        self.ax.set_title(
            "\n".join(lines),
            loc="left",
            pad=self.above + 8,
            x=self.left,
            color=self.palette.ink,
            fontsize=style.TITLE,
            fontweight="bold",
            linespacing=_LEADING - 0.1,
            **style.plain(),
        )
        self.above += 6 + _LEADING * style.TITLE * len(lines)

    def caption(self, words: str, *, ticks: float = 0.0) -> None:
        """Put what is shown under the axes, as their label; ``ticks`` is the room of the ticks'."""
        lines = wrapped(words, self.width + self.indent, style.SMALL)
        self.ax.set_xlabel(
            "\n".join(lines),
            loc="left",
            labelpad=8,
            color=self.palette.muted,
            fontsize=style.SMALL,
            fontweight="normal",
            linespacing=_LEADING,
            **style.plain(),
        )
        self.ax.xaxis.label.set_x(self.left)
        self.below += ticks + 12 + _LEADING * style.SMALL * len(lines)

    def finish(self, *sentences: str) -> Axes:
        """Give an own figure the size it needs, and keep the words for :func:`describe`."""
        _DESCRIPTIONS[self.ax] = "\n".join(words for words in sentences if words)
        self._fit()
        return self.ax

    def _fit(self) -> None:
        figure = self.ax.get_figure(root=True)
        if not self.own or figure is None:
            return
        wide = self.width + self.indent + 2 * _EDGE
        high = self.height + self.above + self.below + _EDGE
        figure.set_size_inches(wide / _PER_INCH, high / _PER_INCH)
        left, bottom = (self.indent + _EDGE) / wide, self.below / high
        self.ax.set_position((left, bottom, self.width / wide, self.height / high))


@contextmanager
def sheet(ax: Axes | None, *, height: float, indent: float = 0.0) -> Iterator[Sheet]:
    """Return a sheet on the given axes, or on those of a new figure; settings last as long.

    Parameters
    ----------
    ax
        Where to draw; what is there stays. ``None``: a new figure of pyplot.
    height
        Of the axes of a new figure, in points.
    indent
        Room for labels to the left of the axes, in points.
    """
    width, high = size_of(ax)
    palette = style.palette_of(ax)
    if ax is None:
        from matplotlib import pyplot

        # Not under held settings: a first figure loads the backend, which in Jupyter switches
        # pyplot to interactive, and that has to last.
        size = (_WIDTH / _PER_INCH + 0.3, 4.0)
        figure = pyplot.figure(figsize=size, facecolor=palette.page, layout="none")
        with style.applied(palette):
            made = figure.add_axes((0.02, 0.1, 0.96, 0.7))
            room = width - indent
            yield Sheet(
                ax=made, palette=palette, own=True, width=room, height=height, indent=indent
            )
        return
    with style.applied(palette):
        yield Sheet(ax=ax, palette=palette, own=False, width=width, height=high, indent=indent)


def size_of(ax: Axes | None) -> tuple[float, float]:
    """Return width and height in points: of axes as they are, or as wide as new ones would be.

    Raises
    ------
    ArgumentError
        If ``ax`` is neither axes nor ``None``.
    """
    from matplotlib.axes import Axes as Kind

    if ax is not None and not isinstance(ax, Kind):
        raise ArgumentError(f"`ax` must be the axes to draw on; got {type(ax).__name__}.")
    host = None if ax is None else ax.get_figure(root=True)
    if ax is None or host is None:
        return _WIDTH, 0.0
    place, (wide, high) = ax.get_position(), host.get_size_inches()
    return max(place.width * wide * _PER_INCH, 72.0), max(place.height * high * _PER_INCH, 36.0)


def bare(sheet_: Sheet) -> None:
    """Take frame, ticks and grid off the axes."""
    ax = sheet_.ax
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.tick_params(
        which="both",
        length=0,
        pad=5,
        labelsize=style.SMALL,
        labelcolor=sheet_.palette.muted,
        labelfontfamily=style.fonts(),
    )
    ax.grid(visible=False)
    ax.set_axisbelow(True)
