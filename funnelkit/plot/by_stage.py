"""What open deals should bring by month and stage, beside the classical weighted pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit.plot import style
from funnelkit.plot.fan import halo, sentence
from funnelkit.plot.lettering import fitted, measured
from funnelkit.plot.scales import count_ticks, steps
from funnelkit.plot.sheet import Sheet, bare, sheet
from funnelkit.plot.stage_sums import ALL, StageSums, stage_sums

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from funnelkit.forecast.result import Forecast

FloatArray = NDArray[np.float64]
_HEIGHT = 220.0
_THICK = 0.62
_MOST_NAME = 150.0


def pipeline(
    pipeline: pd.DataFrame | Forecast,
    *,
    what: str | None = None,
    currency: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Return axes with what open deals should bring: a bar for each month, split by their stage.

    The deals of the last stage stand at the bottom, in the darkest colour. A bold line is what
    the classical pipeline says, which weights each deal by the share of its stage that is won; the
    upright line is the interval of the month.

    Parameters
    ----------
    pipeline
        A pipeline forecast, whose deals are one bar a month; or a frame with ``period``, ``stage``
        (of the deal today, in the order of the funnel) and ``expected``, and where it is known
        ``weighted``, the same by the classical pipeline. For money ``expected_value`` and
        ``weighted_value`` will do.
    what
        What is expected, in a plural noun. Default: "wins", or "bookings" for
        money.
    currency
        Of money.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Period ``k`` stands at ``k``; at most six stages, the smallest taken together. Titled with
        the sum and the period that brings most.

    Raises
    ------
    ArgumentError
        If ``pipeline`` or another argument cannot be used.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> open_deals = pd.DataFrame(
    ...     {
    ...         "period": ["2018-06", "2018-06", "2018-07"],
    ...         "stage": ["demo", "offer", "offer"],
    ...         "expected": [25, 50, 30],
    ...     }
    ... )
    >>> fk.plot.pipeline(open_deals).get_title(loc="left")
    'Open deals should bring about 105 wins by July 2018, 75 of them in June 2018'
    """
    shown = stage_sums(pipeline, what, currency)
    top = max([float(shown.total.max(initial=0.0)), *_finite(shown.weighted), *_finite(shown.high)])
    ticks, labels = _ticks(top, shown.unit)
    title, caption = _title(shown), _caption(shown)
    indent = max(measured(text, style.SMALL) for text in labels) + 10
    with sheet(ax, height=_HEIGHT, indent=indent) as page:
        bare(page)
        _axes(page, shown, ticks, labels)
        _bars(page, shown)
        page.legend(_marks(page, shown))
        page.title(title)
        page.caption(caption, ticks=14)
        return page.finish(title, caption, *_words(shown))


def _ticks(top: float, unit: str) -> tuple[list[float], list[str]]:
    if unit == "count":
        return count_ticks(top)
    ticks = steps(top)
    return ticks, [display.count(tick) if top >= 10 else f"{tick:g}" for tick in ticks]


def _finite(values: FloatArray) -> list[float]:
    return [float(value) for value in values if np.isfinite(value)]


def _axes(page: Sheet, shown: StageSums, ticks: list[float], labels: list[str]) -> None:
    ax, colours, last = page.ax, page.palette, len(shown.labels) - 1
    ax.set_xlim(-0.6, last + 0.6)
    ax.set_ylim(0, ticks[-1] * 1.02)
    ax.set_yticks(ticks, labels, **style.plain())
    ax.hlines(ticks, -0.6, last + 0.6, color=colours.grid, linewidth=0.8, zorder=0.5)
    ax.hlines([0], -0.6, last + 0.6, color=colours.context, linewidth=1.2, zorder=4, clip_on=False)
    widest = max(measured(text, style.SMALL) for text in shown.labels) + 12
    every = max(int(np.ceil(len(shown.labels) * widest / page.width)), 1)
    at = list(range(0, last + 1, every))
    ax.set_xticks(at, [shown.labels[k] for k in at], **style.plain())


def _looks(page: Sheet, shown: StageSums) -> list[dict[str, Any]]:
    """Return the look of each stage: the later, the further from the ground."""
    heat, number = page.palette.heat, len(shown.stages)
    at = (
        [len(heat) - 1]
        if number == 1
        else np.linspace(1, len(heat) - 1, number).round().astype(int)
    )
    if number > len(heat) - 1:
        at = list(range(len(heat) - number, len(heat)))
    edge = {"edgecolor": page.palette.accent, "linewidth": 0.7}
    return [{"facecolor": heat[int(k)], **edge} for k in at]


def _bars(page: Sheet, shown: StageSums) -> None:
    at, base = np.arange(len(shown.labels)), np.zeros(len(shown.labels))
    looks = _looks(page, shown)
    for k in range(len(shown.stages) - 1, -1, -1):
        height = shown.expected[k]
        page.ax.bar(at, height, _THICK, bottom=base, label=f"_{k}", zorder=2, **looks[k])
        base = base + height
    known = np.isfinite(shown.low + shown.high)
    if known.any():
        look: dict[str, Any] = {"color": page.palette.ink, "zorder": 3}
        ends = shown.low[known], shown.high[known]
        page.ax.vlines(at[known], *ends, linewidth=1.2, label="interval", **look)
        page.ax.plot(np.r_[at[known], at[known]], np.r_[ends], "_", markersize=8, **look)
    half = 0.5 * _THICK + 0.06
    look = {"label": "weighted", "zorder": 5, "clip_on": False, **_line(page)}
    page.ax.hlines(
        shown.weighted, at - half, at + half, path_effects=halo(page.palette.page), **look
    )
    _totals(page, shown)


def _totals(page: Sheet, shown: StageSums) -> None:
    """Write the sum over each bar, where all have room."""
    words = [shown.number(float(value)) for value in shown.total]
    pitch = page.width / (len(words) + 0.2)
    if max(measured(text, style.TEXT, bold=True) for text in words) > pitch - 4:
        return
    for k, text in enumerate(words):
        top = max([float(shown.total[k]), *_finite(shown.high[k : k + 1])])
        page.ax.annotate(
            text,
            (k, top),
            (0, 4),
            textcoords="offset points",
            ha="center",
            va="bottom",
            weight="bold",
            color=page.palette.ink,
            annotation_clip=False,
            zorder=6,
            path_effects=halo(page.palette.page),
        )


def _line(page: Sheet) -> dict[str, Any]:
    return {"color": page.palette.ink, "linewidth": 2.2}


def _marks(page: Sheet, shown: StageSums) -> list[tuple[Any, str]]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    looks = _looks(page, shown)
    found: list[tuple[Any, str]] = [
        (Patch(**look), fitted(name, _MOST_NAME, style.SMALL))
        for name, look in zip(shown.stages, looks, strict=True)
    ]
    if np.isfinite(shown.low + shown.high).any():
        line = Line2D([], [], color=page.palette.ink, linewidth=1.2)
        found.append((line, f"95{display.NARROW_SPACE}% interval"))
    if np.isfinite(shown.weighted).any():
        found.append((Line2D([], [], **_line(page)), "classical weighted pipeline"))
    return found


def _title(shown: StageSums) -> str:
    total, last = float(shown.total.sum()), shown.names[-1]
    link = " of " if shown.unit == "value" else " "
    text = f"Open deals should bring about {shown.currency}{shown.number(total)}{link}{shown.what}"
    if len(shown.labels) == 1:
        return f"{text} in {last}"
    k = int(shown.total.argmax())
    part = shown.number(float(shown.total[k]))
    of = "" if shown.unit == "value" else " of them"
    return f"{text} by {last}, {part}{of} in {shown.names[k]}"


def _caption(shown: StageSums) -> str:
    unit = f", in {shown.currency.strip()}" if shown.currency else ""
    split = "" if shown.stages == [ALL] else " and by the stage they are in"
    text = (
        f"{sentence(shown.what)} expected from deals that are open today, by month{split}{unit}. "
        "Deals still to be created are not in it."
    )
    if np.isfinite(shown.weighted).any():
        text += " Classical: each deal's value times the share of its stage that is won."
    return f"{text} Method: {shown.method}." if shown.method else text


def _words(shown: StageSums) -> list[str]:
    lines = []
    for j, label in enumerate(shown.labels):
        parts = ", ".join(
            f"{stage} {shown.number(float(shown.expected[k, j]))}"
            for k, stage in enumerate(shown.stages)
            if shown.expected[k, j] and shown.stages != [ALL]
        )
        line = f"{label}: {shown.number(float(shown.total[j]))}"
        if np.isfinite(shown.low[j] + shown.high[j]):
            ends = (display.count(float(end[j])) for end in (shown.low, shown.high))
            line += f" ({' to '.join(ends)})"
        line += f"; {parts}" if parts else ""
        if np.isfinite(shown.weighted[j]):
            line += f"; classical {shown.number(float(shown.weighted[j]))}"
        lines.append(f"{line}.")
    return lines
