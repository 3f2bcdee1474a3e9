"""How large won deals are: classes of size with their deals and money, or a row per segment."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError
from funnelkit.plot import style
from funnelkit.plot.points import MOST_ROWS, Group, Point
from funnelkit.plot.rows import ROW, PrintedColumn, RowChart, empty
from funnelkit.plot.scales import count_ticks, percent_ticks
from funnelkit.plot.sheet import bare, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.metrics import DealSizes

FloatArray = NDArray[np.float64]
_CLASS = 34.0
_MOST_CLASSES = 9
_NICE = (1.0, 2.0, 5.0)
_THICK = 0.34


def deal_sizes(sizes: DealSizes, *, ax: Axes | None = None) -> Axes:
    """Return axes with the sizes of won deals.

    Of all deals together: a row for each class of size, with its share of the deals (grey) and of
    the money (filled). Of several segments: a row each, from the tenth to the ninetieth
    percentile (line), the middle half (thick), the median (dot) and the mean (ring).

    Parameters
    ----------
    sizes
        From :func:`funnelkit.metrics.deal_sizes`.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Titled with how far mean and median are apart, and who brings the money.

    Raises
    ------
    ArgumentError
        If ``sizes`` or ``ax`` are something else.

    Examples
    --------
    >>> import funnelkit as fk
    >>> ax = fk.plot.deal_sizes(fk.metrics.deal_sizes([1_000] * 20 + [50_000] * 2, rng=1))
    >>> ax.get_title(loc="left").replace(chr(0x202F), " ")
    'Half of the deals bring 1,000 or less; the largest tenth brings 83.3 % of the money'
    """
    from funnelkit.metrics import DealSizes

    if not isinstance(sizes, DealSizes):
        raise ArgumentError(
            f"`sizes` must be what fk.metrics.deal_sizes returns; got {type(sizes).__name__}."
        )
    if len(sizes.segments) > 1:
        return _rows(sizes, ax)
    return _classes(sizes, ax)


@dataclass(frozen=True, kw_only=True)
class SizeClass:
    """One class of size.

    Parameters
    ----------
    name
        Its bounds in words.
    deals
        How many there are.
    deal_share, money_share
        Of all deals and of all money.
    """

    name: str
    deals: int
    deal_share: float
    money_share: float

    @property
    def said(self) -> str:
        """All of it in words."""
        return (
            f"{self.name}: {display.plural(self.deals, 'deal')}, "
            f"{display.percent(self.deal_share)} of them, {display.percent(self.money_share)} of "
            "the money."
        )


def classes_of(amounts: FloatArray) -> list[SizeClass]:
    """Return classes with round bounds (1, 2, 5, 10 …) from the least to the largest amount.

    Amounts of 0 or less are credits, in a class of their own.

    Examples
    --------
    >>> [(one.name, one.deals) for one in classes_of(np.array([900.0, 1500, 1999, 40_000]))]
    [('500 to 1,000', 1), ('1,000 to 2,000', 2), ('2,000 to 5,000', 0), ('5,000 to 10,000', 0), \
('10,000 to 20,000', 0), ('20,000 to 50,000', 1)]
    """
    above = amounts[amounts > 0]
    total = float(math.fsum(above.tolist()))
    edges = _edges(above)
    found = []
    if len(above) < len(amounts):
        below = len(amounts) - len(above)
        found.append(
            SizeClass(
                name="below 0", deals=below, deal_share=below / len(amounts), money_share=np.nan
            )
        )
    for k, (low, high) in enumerate(pairwise(edges)):
        last = k == len(edges) - 2
        own = above[(above >= low) & ((above < high) | last)]
        name = f"{_money(low)} to {_money(high)}"
        if len(edges) - 1 > 1:
            name = f"under {_money(high)}" if not low else name
            name = f"{_money(low)} and more" if last and not math.isfinite(high) else name
        found.append(
            SizeClass(
                name=name,
                deals=len(own),
                deal_share=len(own) / len(amounts),
                money_share=math.fsum(own.tolist()) / total,
            )
        )
    return found


def _edges(amounts: FloatArray) -> list[float]:
    """Return round bounds; tails that hold hardly a deal are put together."""
    if not len(amounts):
        return []
    least, most = float(amounts[0]), float(amounts[-1])
    start = math.floor(math.log10(least))
    stop = math.ceil(math.log10(most)) + 1
    round_ones = [unit * 10.0**power for power in range(start, stop) for unit in _NICE]
    edges = [one for one in round_ones if one <= least][-1:]
    edges += [one for one in round_ones if least < one <= most]
    edges += [one for one in [*round_ones, 10.0**stop] if one > most][:1]
    if len(edges) - 1 <= _MOST_CLASSES:
        return edges
    inner = edges[1:-1]
    while len(inner) + 1 > _MOST_CLASSES:
        below, above = (amounts < inner[1]).sum(), (amounts >= inner[-2]).sum()
        inner = inner[1:] if below <= above else inner[:-1]
    return [0.0, *inner, math.inf]


def _classes(sizes: DealSizes, ax: Axes | None) -> Axes:
    amounts = np.asarray(sizes.amounts[0]) if sizes.segments else np.zeros(0)
    found = classes_of(amounts)
    title, caption = _title(sizes), _caption(sizes, together=True)
    with sheet(ax, height=_CLASS * max(len(found), 1)) as page:
        bare(page)
        points = tuple(
            ClassPoint(
                name=one.name, entered=len(amounts), converted=one.deals, rate=one.deal_share,
                lacks="" if len(amounts) >= display.FEWEST else display.EN_DASH,
                money=one.money_share,
            )
            for one in found
        )  # fmt: skip
        chart = ClassChart(page, [Group(name="", points=points)], level=sizes.confidence_level)
        if points:
            chart.draw(reference=None, expected="")
            page.legend(chart.marks(expected=""))
        else:
            empty(page)
        page.title(title)
        page.caption(caption, ticks=14)
        return page.finish(title, caption, *(one.said for one in found), sizes.summary())


@dataclass(frozen=True, kw_only=True)
class ClassPoint(Point):
    """One class of size; ``money`` is its share of the money."""

    money: float

    @property
    def said_rate(self) -> str:
        """The share of the deals."""
        return display.percent(self.rate) if self.known else self.lacks

    @property
    def said_money(self) -> str:
        """The share of the money."""
        return display.percent(self.money) if self.known else self.lacks


class ClassChart(RowChart):
    """Rows with two bars: share of the deals, share of the money."""

    def _names(self) -> tuple[float, float]:
        return super()._names()[0], 0.0

    def columns(self, expected: str) -> list[PrintedColumn]:  # noqa: ARG002
        """Return the deals, their share, and the share of the money."""
        points = self._classes
        return [
            PrintedColumn("deals", [display.count(point.converted) for point in points]),
            PrintedColumn("of deals", [point.said_rate for point in points]),
            PrintedColumn("of money", [point.said_money for point in points], bold=True),
        ]

    def ticks(self) -> tuple[list[float], list[str]]:
        """Return ticks over both shares."""
        ends = [point.rate for point in self._classes]
        ends += [point.money for point in self._classes if np.isfinite(point.money)]
        return percent_ticks(max(ends, default=0.0))

    def _dots(self, colour: str) -> None:  # noqa: ARG002
        from matplotlib.patches import Rectangle

        for y, point in self.places:
            if not isinstance(point, ClassPoint):
                continue
            for name, share, top in (("deals", point.rate, -_THICK), ("money", point.money, 0.02)):
                if np.isfinite(share) and share > 0:
                    look = self._look(name)
                    bar = Rectangle((0.0, y + top), share, _THICK, label=f"_{name}", **look)
                    self.ax.add_patch(bar)

    def marks(self, *, expected: str) -> list[tuple[Any, str]]:  # noqa: ARG002
        """Return what each bar means."""
        from matplotlib.patches import Patch

        names = (("deals", "share of the deals"), ("money", "share of the money"))
        return [(Patch(**self._look(name)), words) for name, words in names] if self.points else []

    @property
    def _classes(self) -> list[ClassPoint]:
        return [point for point in self.points if isinstance(point, ClassPoint)]

    def _look(self, name: str) -> dict[str, Any]:
        colours = self.colours
        colour = colours.accent if name == "money" else colours.bar
        return {"facecolor": colour, "linewidth": 0, "zorder": 2}


@dataclass(frozen=True, kw_only=True)
class SizePoint(Point):
    """One segment: ``rate`` is the median, ``low`` and ``high`` the tenth and ninetieth."""

    first: float
    third: float
    mean: float
    said_median: str
    said_mean: str
    said_top: str

    @property
    def said_all(self) -> str:
        """All of it in words."""
        return (
            f"{self.name}: {display.plural(self.entered, 'deal')}, median {self.said_median}, mean "
            f"{self.said_mean}, the largest tenth brings {self.said_top}."
        )


class SizeChart(RowChart):
    """Rows of quantiles over an axis of money."""

    def columns(self, expected: str) -> list[PrintedColumn]:  # noqa: ARG002
        """Return the median, the mean, and what the largest tenth brings."""
        points = self._sizes
        return [
            PrintedColumn("largest tenth", [point.said_top for point in points]),
            PrintedColumn("mean", [point.said_mean for point in points]),
            PrintedColumn("median", [point.said_median for point in points], bold=True),
        ]

    def ticks(self) -> tuple[list[float], list[str]]:
        """Return ticks in money."""
        ends = [max(point.high, point.mean) for point in self._sizes if point.known]
        return count_ticks(max(ends, default=0.0))

    def _dots(self, colour: str) -> None:  # noqa: ARG002
        accent, page = self.colours.accent, self.colours.page
        known = [(y, point) for y, point in self.places if isinstance(point, SizePoint)]
        known = [(y, point) for y, point in known if point.known]
        at = [y for y, _ in known]
        points = [point for _, point in known]
        soft: dict[str, Any] = {"color": self.colours.band_edge, "zorder": 2}
        self.ax.hlines(at, [p.low for p in points], [p.high for p in points], linewidth=1.6,
                       label="_tenths", **soft)  # fmt: skip
        self.ax.hlines(at, [p.first for p in points], [p.third for p in points], linewidth=7,
                       label="_quartiles", **soft)  # fmt: skip
        ring: dict[str, Any] = {"markerfacecolor": page, "markeredgecolor": self.colours.context}
        means = [p.mean for p in points]
        self.ax.plot(means, at, "o", markersize=style.DOT, zorder=3, label="_mean", **ring)
        medians = [p.rate for p in points]
        self.ax.plot(medians, at, "o", color=accent, markersize=style.DOT, zorder=4,
                     label="_median")  # fmt: skip

    def marks(self, *, expected: str) -> list[tuple[Any, str]]:  # noqa: ARG002
        """Return what each mark means."""
        from matplotlib.lines import Line2D

        if not any(point.known for point in self.points):
            return []
        soft = self.colours.band_edge
        dot: dict[str, Any] = {"marker": "o", "markersize": style.DOT - 1, "linestyle": "none"}
        hollow: dict[str, Any] = {
            "markerfacecolor": self.colours.page,
            "markeredgecolor": self.colours.context,
        }
        return [
            (Line2D([], [], color=self.colours.accent, **dot), "median"),
            (Line2D([], [], **dot, **hollow), "mean"),
            (Line2D([], [], color=soft, linewidth=7), "middle half"),
            (Line2D([], [], color=soft, linewidth=1.6), "tenth to ninetieth percentile"),
        ]

    @property
    def _sizes(self) -> list[SizePoint]:
        return [point for point in self.points if isinstance(point, SizePoint)]


def _rows(sizes: DealSizes, ax: Axes | None) -> Axes:
    order = sorted(range(len(sizes.segments)), key=lambda k: -int(sizes.n[k]))[:MOST_ROWS]
    quantiles = {share: sizes.quantile(share) for share in (0.1, 0.25, 0.5, 0.75, 0.9)}
    points = tuple(_size(sizes, k, quantiles) for k in order)
    title, caption = _title(sizes), _caption(sizes, together=False)
    with sheet(ax, height=ROW * len(points)) as page:
        bare(page)
        chart = SizeChart(page, [Group(name="", points=points)], level=sizes.confidence_level)
        chart.draw(reference=None, expected="")
        page.legend(chart.marks(expected=""))
        page.title(title)
        page.caption(caption, ticks=14)
        said = [point.said_all for point in points]
        return page.finish(title, caption, *said, sizes.summary())


def _size(sizes: DealSizes, k: int, quantiles: dict[float, FloatArray]) -> SizePoint:
    number = int(sizes.n[k])
    few = number < display.FEWEST
    top = sizes.top_share[k]
    return SizePoint(
        name=display.one_line(display.segment_name(sizes.segments[k])),
        entered=number,
        converted=number,
        rate=float(quantiles[0.5][k]),
        low=float(quantiles[0.1][k]),
        high=float(quantiles[0.9][k]),
        lacks="too few" if few else "",
        first=float(quantiles[0.25][k]),
        third=float(quantiles[0.75][k]),
        mean=float(sizes.mean[k]),
        said_median="too few" if few else _money(float(quantiles[0.5][k])),
        said_mean=display.EN_DASH if few else _money(float(sizes.mean[k])),
        said_top=display.EN_DASH if few else display.percent(float(top), decimals=0),
    )


def _title(sizes: DealSizes) -> str:
    known = int(sizes.n.sum())
    if known < display.FEWEST:
        return f"{display.plural(known, 'won deal')} with an amount: too few for a distribution"
    if len(sizes.segments) > 1:
        some = [k for k in range(len(sizes.segments)) if sizes.n[k] >= display.FEWEST]
        if len(some) < 2:
            return "Only one segment has enough won deals to show their sizes"
        ends = sorted((float(sizes.median[k]), k) for k in some)
        least, most = ends[0], ends[-1]
        names = [display.one_line(display.segment_name(sizes.segments[k])) for _, k in ends]
        return (
            f"Median deals from {_money(least[0])} ({names[0]}) to {_money(most[0])} ({names[-1]})"
        )
    top = display.percent(float(sizes.top_share[0]))
    text = f"Half of the deals bring {_money(float(sizes.median[0]))} or less"
    return f"{text}; the largest tenth brings {top} of the money"


def _caption(sizes: DealSizes, *, together: bool) -> str:
    unit = f", in {sizes.currency}" if sizes.currency else ""
    kind = "by class of size" if together else "by segment, the one with the most deals first"
    text = f"Amounts of won deals{unit}, {kind}."
    if sizes.as_of is not None:
        text += f" Data through {day_name(sizes.as_of)}."
    if unknown := int(sizes.unknown.sum()):
        text += f" {display.plural(unknown, 'won deal')} without an amount left out."
    more = len(sizes.segments) - MOST_ROWS
    return f"{text} {display.plural(more, 'smaller segment')} not shown." if more > 0 else text


def _money(amount: float) -> str:
    if not math.isfinite(amount):
        return ""
    whole = abs(amount) >= 10 or float(amount).is_integer()
    return display.count(amount) if whole else f"{amount:,.2f}".replace("-", display.MINUS)
