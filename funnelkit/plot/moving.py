"""What moved recurring revenue, month by month: gains over the line, losses under it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.plot import style
from funnelkit.plot.lettering import measured
from funnelkit.plot.scales import steps
from funnelkit.plot.sheet import Sheet, bare, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.metrics import Movements

_HEIGHT = 230.0
_MOST = 36
_THICK = 0.66
_GAINS = ("new", "reactivation", "expansion")
_LOSSES = ("churn", "contraction")


def movements(movements: Movements, *, ax: Axes | None = None) -> Axes:
    """Return axes with what each month gained and lost, and what was left of it.

    Over the line stands what was new, came back or expanded, under it what churned or contracted;
    the ring is the sum of both, by which the recurring revenue of the month changed.

    Parameters
    ----------
    movements
        From :func:`funnelkit.metrics.mrr_movements`; segments are taken together.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Month ``k`` at ``k``, in money a month; at most the last 36 months. Titled with the last
        month's change.

    Raises
    ------
    ArgumentError
        If ``movements`` or ``ax`` are something else, or only one month is known.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> rows = pd.DataFrame(
    ...     {
    ...         "account": ["a", "b", "a", "c"],
    ...         "month": ["2026-01", "2026-01", "2026-02", "2026-02"],
    ...         "mrr": [1000, 500, 1300, 400],
    ...     }
    ... )
    >>> ax = fk.plot.movements(fk.metrics.mrr_movements(rows))
    >>> ax.get_title(loc="left").replace(chr(0x2212), "-")
    'MRR rose by 200 to 1,700 in 2026-02: +700 gained, -500 lost'
    """
    from funnelkit.metrics import Movements

    if not isinstance(movements, Movements):
        raise ArgumentError(
            "`movements` must be what fk.metrics.mrr_movements returns; got "
            f"{type(movements).__name__}."
        )
    if not movements.periods:
        raise ArgumentError("`movements` holds one month only, so nothing has moved yet.")
    parts = {name: _summed(movements.amounts[name]) for name in (*_GAINS, *_LOSSES)}
    net, months = _summed(movements.net_new), movements.periods[-_MOST:]
    high = float(max(sum(parts[name] for name in _GAINS).max(), 0))  # type: ignore[union-attr]
    low = float(max(sum(parts[name] for name in _LOSSES).max(), 0))  # type: ignore[union-attr]
    ticks = _ticks(low, high)
    labels = [_money(tick) for tick in ticks]
    indent = max(measured(text, style.SMALL) for text in labels) + 10
    with sheet(ax, height=_HEIGHT, indent=indent) as page:
        bare(page)
        _axes(page, ticks, labels, months)
        _bars(page, parts, net)
        page.legend(_marks(page, parts))
        page.title(_title(movements))
        page.caption(_caption(movements), ticks=14)
        return page.finish(_title(movements), movements.summary(), _words(movements, net))


def _summed(amounts: NDArray[Any]) -> NDArray[np.float64]:
    """Return exact amounts over all segments, for the last months, as numbers to draw."""
    return np.asarray(amounts.sum(axis=0)[-_MOST:], dtype=np.float64)


def _ticks(low: float, high: float) -> list[float]:
    size = steps(max(low, high), most=4)
    step = size[1]
    down = [-step * k for k in range(int(np.ceil(low / step - 1e-9)), 0, -1)]
    return [*down, *(step * k for k in range(int(np.ceil(high / step - 1e-9)) + 1))]


def _axes(page: Sheet, ticks: list[float], labels: list[str], months: tuple[str, ...]) -> None:
    ax, colours, last = page.ax, page.palette, len(months) - 1
    ax.set_xlim(-0.6, last + 0.6)
    spare = 0.02 * (ticks[-1] - ticks[0])
    ax.set_ylim(ticks[0] - spare, ticks[-1] + spare)
    ax.set_yticks(ticks, labels, **style.plain())
    ax.hlines(ticks, -0.6, last + 0.6, color=colours.grid, linewidth=0.8, zorder=0.5)
    ax.hlines([0], -0.6, last + 0.6, color=colours.context, linewidth=1.2, zorder=4)
    widest = max(measured(month, style.SMALL) for month in months) + 14
    every = max(int(np.ceil(len(months) * widest / page.width)), 1)
    at = list(range(last % every, last + 1, every))
    ax.set_xticks(at, [months[k] for k in at], **style.plain())


def _looks(page: Sheet) -> dict[str, dict[str, Any]]:
    colours = page.palette
    line = {"linewidth": 0}
    return {
        "new": {"facecolor": colours.accent, **line},
        "reactivation": {"facecolor": colours.band_edge, **line},
        "expansion": {"facecolor": colours.soft, **line},
        "churn": {"facecolor": colours.context, **line},
        "contraction": {
            "facecolor": colours.hatch,
            "edgecolor": colours.context,
            "hatch": "////",
            "linewidth": 0,
        },
    }


def _bars(page: Sheet, parts: dict[str, NDArray[np.float64]], net: NDArray[np.float64]) -> None:
    looks, at = _looks(page), np.arange(len(net))
    for names, sign in ((_GAINS, 1.0), (_LOSSES, -1.0)):
        base = np.zeros(len(net))
        for name in names:
            height = sign * parts[name]
            page.ax.bar(at, height, _THICK, bottom=base, label=f"_{name}", zorder=2, **looks[name])
            base = base + height
    page.ax.plot(at, net, **_ring(page), label="_net", zorder=5, clip_on=False)


def _ring(page: Sheet) -> dict[str, Any]:
    return {
        "marker": "o",
        "linestyle": "none",
        "markersize": style.DOT,
        "markerfacecolor": page.palette.page,
        "markeredgecolor": page.palette.ink,
        "markeredgewidth": style.LINE,
    }


def _marks(page: Sheet, parts: dict[str, NDArray[np.float64]]) -> list[tuple[Any, str]]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    looks = _looks(page)
    found: list[tuple[Any, str]] = [
        (Patch(**looks[name]), name) for name in parts if parts[name].any()
    ]
    return [*found, (Line2D([], [], **_ring(page)), "net new")]


def _title(movements: Movements) -> str:
    last = {name: movements.amounts[name][:, -1].sum() for name in (*_GAINS, *_LOSSES)}
    gained = float(sum(last[name] for name in _GAINS))
    lost = float(sum(last[name] for name in _LOSSES))
    net, closing = gained - lost, float(movements.closing[:, -1].sum())
    unit = f"{movements.currency} " if movements.currency else ""
    month = movements.periods[-1]
    both = f"+{_money(gained)} gained, {display.MINUS}{_money(lost)} lost"
    if net == 0:
        return f"MRR stayed at {unit}{_money(closing)} in {month}: {both}"
    way = "rose" if net > 0 else "fell"
    return f"MRR {way} by {unit}{_money(abs(net))} to {unit}{_money(closing)} in {month}: {both}"


def _caption(movements: Movements) -> str:
    unit = f", in {movements.currency}" if movements.currency else ""
    text = f"Recurring revenue a month{unit}. The movements add up exactly to the change."
    if (more := len(movements.periods) - _MOST) > 0:
        text += f" {display.plural(more, 'earlier month')} not shown."
    return text


def _words(movements: Movements, net: NDArray[np.float64]) -> str:
    months = movements.periods[-_MOST:]
    told = (f"{month} {_money(value)}" for month, value in zip(months, net, strict=True))
    return f"Net new by month: {', '.join(told)}."


def _money(amount: float) -> str:
    whole = abs(amount) >= 100 or float(amount).is_integer()
    return display.count(amount) if whole else f"{amount:,.2f}".replace("-", display.MINUS)
