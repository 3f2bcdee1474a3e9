"""Response bands as rows: those answered by a moment beside those not, won from there on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import share_interval
from funnelkit.plot.points import MOST_ROWS, Group, Point
from funnelkit.plot.rows import ROW, PrintedColumn, RowChart
from funnelkit.plot.sheet import bare, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.metrics import ResponseBands

_ANSWERED = "answered by then"
_OTHERS = "not by then"


def response(bands: ResponseBands, *, ax: Axes | None = None) -> Axes:
    """Return axes with a row for each landmark: the rate of those answered by then, and of others.

    Dots with an interval are leads answered by then, grey dots those not; both were still open at
    that moment and are followed equally long. Hollow and dashed: fewer than 100 leads.

    Parameters
    ----------
    bands
        From :func:`funnelkit.metrics.response_bands`. With segments, each one's landmarks stand
        together, the largest first; at most 40 rows.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Titled with what can be told apart from chance; :func:`describe` tells all values.

    Raises
    ------
    ArgumentError
        If ``bands`` or ``ax`` are something else.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> leads = pd.DataFrame(
    ...     {
    ...         "created": ["2026-01-05T09:00"] * 60,
    ...         "responded": ["2026-01-05T09:03"] * 30 + ["2026-01-06T12:00"] * 30,
    ...         "won": (["2026-01-20T12:00"] * 10 + [None] * 20) * 2,
    ...     }
    ... )
    >>> found = fk.metrics.response_bands(leads, bands=[5], within=30, as_of="2026-03-31")
    >>> fk.plot.response(found).get_title(loc="left")
    'No difference by time of answer can be told from chance'
    """
    from funnelkit.metrics import ResponseBands

    if not isinstance(bands, ResponseBands):
        raise ArgumentError(
            f"`bands` must be what fk.metrics.response_bands returns; got {type(bands).__name__}."
        )
    groups = _groups(bands)
    height = sum(len(group.points) + bool(group.name) for group in groups)
    with sheet(ax, height=ROW * height) as page:
        bare(page)
        chart = BandChart(page, groups, level=bands.confidence_level, seen=_OTHERS)
        chart.draw(reference=None, expected=_ANSWERED)
        page.legend(chart.marks(expected=_ANSWERED))
        page.title(_title(bands))
        page.caption(_caption(bands, groups), ticks=14)
        return page.finish(_title(bands), _caption(bands, groups), bands.summary())


@dataclass(frozen=True, kw_only=True)
class BandPoint(Point):
    """One landmark.

    Parameters
    ----------
    said_difference
        The difference in points with its interval, in words.
    """

    said_difference: str = ""


class BandChart(RowChart):
    """Rows with the difference printed beside them."""

    def columns(self, expected: str) -> list[PrintedColumn]:
        """Return both rates and their difference."""
        points = [point for point in self.points if isinstance(point, BandPoint)]
        return [
            PrintedColumn(self.seen, [_share(point.seen) for point in points]),
            PrintedColumn(expected, [point.said_rate for point in points]),
            PrintedColumn(
                "difference, points", [point.said_difference for point in points], bold=True
            ),
        ]


def _share(rate: float | None) -> str:
    return display.EN_DASH if rate is None else display.percent(rate)


def _groups(bands: ResponseBands) -> list[Group]:
    order = np.argsort(-bands.leads, kind="stable")
    most = max(MOST_ROWS // (len(bands.bands) + 1), 1)
    return [
        Group(
            name=display.segment_name(bands.segments[i]) if bands.by else "",
            points=tuple(_point(bands, int(i), k) for k in range(len(bands.bands))),
        )
        for i in order[: most if bands.by else 1]
    ]


def _point(bands: ResponseBands, i: int, k: int) -> BandPoint:
    from funnelkit.metrics.response.first import band_name

    answered, others = (int(number) for number in bands.open_then[i, k])
    low, high = share_interval(
        float(bands.won[i, k, 0]), float(answered), confidence_level=bands.confidence_level
    )
    few = answered < display.FEWEST
    said = display.EN_DASH
    if not few and others >= display.FEWEST:
        ends = bands.confidence_interval(bands.confidence_level)
        said = (
            f"{display.signed(100 * bands.difference[i, k])} "
            f"({display.signed(100 * float(np.asarray(ends.low)[i, k]))} to "
            f"{display.signed(100 * float(np.asarray(ends.high)[i, k]))})"
        )
    return BandPoint(
        name=f"within {band_name(bands.bands[k])}",
        entered=answered,
        converted=int(bands.won[i, k, 0]),
        rate=float(bands.rates[i, k, 0]),
        low=float(low),
        high=float(high),
        seen=None if others < display.FEWEST else float(bands.rates[i, k, 1]),
        lacks="too few" if few else "",
        said_difference=said,
    )


def _clear(bands: ResponseBands) -> list[tuple[int, int]]:
    """Return the cells whose difference is clear of zero, both groups large enough."""
    ends = bands.confidence_interval(bands.confidence_level)
    low, high = np.asarray(ends.low), np.asarray(ends.high)
    enough = (bands.open_then >= display.FEWEST).all(axis=-1)
    with np.errstate(invalid="ignore"):
        found = np.argwhere(enough & ((low > 0) | (high < 0)))
    return [(int(i), int(k)) for i, k in found]


def _title(bands: ResponseBands) -> str:
    from funnelkit.metrics.response.first import band_name

    clear = _clear(bands)
    known = int((bands.open_then >= display.FEWEST).all(axis=-1).sum())
    if not known:
        return "Too few leads to hold those answered against the others"
    if not clear:
        return "No difference by time of answer can be told from chance"
    if len(bands.segments) > 1:
        return f"{len(clear)} of {known} differences by time of answer are clear of chance"
    parts = {
        word: [band_name(bands.bands[k]) for i, k in clear if (bands.difference[i, k] > 0) == up]
        for word, up in (("more", True), ("less", False))
    }
    said = [
        f"won {word} often when answered within {display.listed(names, last='or')}"
        for word, names in parts.items()
        if names
    ]
    return f"Leads are {display.listed(said)}, which is no proof of an effect"


def _caption(bands: ResponseBands, groups: list[Group]) -> str:
    text = (
        f"Leads still open at each moment (minutes {bands.clock}), won within {bands.within} days "
        f"from there: an association, not an effect. n: answered by then. Data through "
        f"{day_name(bands.as_of)}."
    )
    if bands.left_out:
        text += f" {display.plural(bands.left_out, 'lead')} too young to be followed left out."
    hidden = len(bands.segments) - len(groups)
    return f"{text} {display.plural(hidden, 'smaller segment')} not shown." if hidden else text
