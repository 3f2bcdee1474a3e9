"""Peers as rows: the rate as it stands, and the rate at the same mix with chance allowed for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.plot.points import MOST_ROWS, Group, Point
from funnelkit.plot.rows import ROW, RowChart
from funnelkit.plot.sheet import bare, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.monitor import Peers

_HEAD = "at the same mix"
_ALONE = "chance allowed for"


def peers(peers: Peers, *, ax: Axes | None = None) -> Axes:
    """Return axes with a row for each peer, the one with the most records first.

    Filled dots are the rates at the mix of all, drawn to each other as far as chance may have set
    them apart, with their interval; grey dots are the rates as they stand.

    Parameters
    ----------
    peers
        From :func:`funnelkit.monitor.compare_peers`.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Titled with who can be told from the rest; :func:`describe` tells all values.

    Raises
    ------
    ArgumentError
        If ``peers`` or ``ax`` are something else.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> table = pd.DataFrame({"rep": ["ann", "bob"], "entered": [300, 300], "converted": [66, 60]})
    >>> fk.plot.peers(fk.monitor.compare_peers(table, "rep")).get_title(loc="left")
    'None of 2 can be told from the rest'
    """
    from funnelkit.monitor import Peers

    if not isinstance(peers, Peers):
        raise ArgumentError(
            f"`peers` must be what fk.monitor.compare_peers returns; got {type(peers).__name__}."
        )
    shown = _points(peers)[:MOST_ROWS]
    head = _HEAD if peers.mix else _ALONE
    with sheet(ax, height=ROW * len(shown)) as page:
        bare(page)
        chart = RowChart(
            page, [Group(points=tuple(shown))], level=peers.confidence_level, seen="as it stands"
        )
        chart.draw(reference=peers.overall, expected=head)
        page.legend(chart.marks(expected=head))
        page.title(_title(peers))
        page.caption(_caption(peers), ticks=14)
        return page.finish(_title(peers), _caption(peers), peers.summary(), *_words(shown))


def _points(peers: Peers) -> list[Point]:
    low, high = peers.confidence_interval(peers.confidence_level)
    return [
        Point(
            name=display.one_line(display.segment_name((name,))),
            entered=int(peers.entered[k]),
            converted=int(peers.converted[k]),
            rate=float(peers.adjusted[k]),
            low=float(np.asarray(low)[k]),
            high=float(np.asarray(high)[k]),
            seen=float(peers.rate[k]),
        )
        for k, name in enumerate(peers.names)
    ]


def _title(peers: Peers) -> str:
    high, low = peers.apart(peers.confidence_level)
    number = len(peers.names)
    if not high and not low:
        return f"None of {number} can be told from the rest"
    if len(high) + len(low) > 3:
        return f"{len(high)} of {number} stand clearly above the rest, {len(low)} below"
    parts = [
        f"{display.listed(names)} {'stands' if len(names) == 1 else 'stand'} clearly {where}"
        for names, where in ((high, "above the rest"), (low, "below the rest"))
        if names
    ]
    return display.one_line("; ".join(parts))


def _caption(peers: Peers) -> str:
    mix = f" by {display.listed(list(peers.mix))}" if peers.mix else ""
    text = (
        f"{peers.what[:1].upper()}{peers.what[1:]}. "
        + (f"At the same mix{mix}: " if mix else "")
        + "each rate is drawn to the others as far as chance may have set them apart. What the mix "
        "does not hold stays in the difference: it is no measure of effort."
    )
    left = len(peers.names) - MOST_ROWS
    return f"{text} {display.plural(left, 'further row')} not shown." if left > 0 else text


def _words(points: list[Point]) -> list[str]:
    return [
        f"{point.name}: {display.count(point.converted)} of {display.count(point.entered)}, "
        f"{point.said_seen or 'too few to say'} as it stands, {point.said_rate} adjusted."
        for point in points
    ]
