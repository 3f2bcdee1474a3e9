"""Bookings as a waterfall: what is won, what is in flight, and what is not yet created."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit.forecast.adding_up import Parts
from funnelkit.plot.bridge import ROW, Step, draw_steps, look_of
from funnelkit.plot.scales import count_ticks
from funnelkit.plot.scales import steps as round_steps
from funnelkit.plot.sheet import Sheet, bare, sheet

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from funnelkit.forecast.result import Forecast, Unit


def waterfall(
    steps: pd.DataFrame | Forecast,
    *,
    what: str | None = None,
    unit: Unit | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Return axes with a waterfall from what is already won to the sum that is expected.

    Grey is what is won, and the total; outlined is what is still to come: what is in flight, what
    is not yet created. The line on the total is its interval, and never the sum of the others.

    Parameters
    ----------
    steps
        A bookings forecast, or a frame with ``part`` (or ``step``), ``expected`` and, where they
        are known, ``low`` and ``high``; for money ``expected_value``, ``low_value``,
        ``high_value``. A part named ``total`` brings the interval of the total.
    what
        What is added up, in a plural noun. Default: what the forecast is of, or "deals".
    unit
        ``"count"`` or ``"value"`` (money). Default: that of the forecast, or counts where the
        frame has them.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Bars in numbers or in money, one row each; the parts add up exactly. Titled with the total
        and the largest part of what is still to come.

    Raises
    ------
    ArgumentError
        If ``steps`` or another argument cannot be used.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> parts = pd.DataFrame(
    ...     {
    ...         "part": ["won", "in flight", "not yet created", "total"],
    ...         "expected": [40, 75, 44, 159],
    ...         "low": [40, 43, 20, 97],
    ...         "high": [40, 116, 80, 236],
    ...     }
    ... )
    >>> fk.plot.waterfall(parts, what="wins").get_title(loc="left")
    'About 159 wins (97 to 236): 40 already won, 75 in flight'
    """
    shown = Parts(steps, what, unit)
    rows = [
        Step(row.name, row.start, row.end, row.words, row.more, total=row.sure, ends=row.ends)
        for row in shown.rows()
    ]
    ticks, labels = _ticks(shown)
    title, caption = shown.title(), shown.caption()
    with sheet(ax, height=ROW * len(rows)) as page:
        bare(page)
        draw_steps(page, rows, ticks, labels)
        page.legend(_marks(page, shown))
        page.title(title)
        page.caption(caption, ticks=14)
        return page.finish(title, caption, *shown.told)


def _ticks(shown: Parts) -> tuple[list[float], list[str]]:
    if shown.unit == "count":
        return count_ticks(shown.top)
    ticks = round_steps(shown.top)
    return ticks, [display.count(tick) for tick in ticks]


def _marks(page: Sheet, shown: Parts) -> list[tuple[Any, str]]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    found: list[tuple[Any, str]] = []
    for total, words in ((True, "won, and the total"), (False, "still to come")):
        look = look_of(page, Step("", 0, 1, "", total=total))
        look.pop("label")
        found.append((Patch(**look), words))
    if shown.ends:
        look = {"color": page.palette.ink, "markersize": 9}
        found.append((Line2D([], [], marker="|", **look), "interval of the total"))
    return found
