"""Stage bars: how many entered each stage, and how many moved on, stayed or left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit.plot import stages, style
from funnelkit.plot.lettering import fitted, measured
from funnelkit.plot.sheet import Sheet, bare, sheet
from funnelkit.plot.stages import Stage, Stages

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.counts.flows import Stays
    from funnelkit.rates import StageRates

_ROW = 66.0
_THICK = 22.0
_BETWEEN = 14.0
_WORDS = 44.0
_NEXT = 130.0
_SPARE = 0.2  # under the last bar stand no words


def funnel(flow: StageRates | Stays, *, ax: Axes | None = None) -> Axes:
    """Return axes with a bar for each stage: what entered it, and what became of it.

    Filled: moved on. Hatched: still there. Grey: left, by each exit.

    Parameters
    ----------
    flow
        From :func:`funnelkit.rates.flow`; segments are taken together.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Bars in numbers of records, stage ``k`` centred on ``k``; titled with where the most stop.

    Raises
    ------
    ArgumentError
        If ``flow`` or ``ax`` are something else.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> export = pd.DataFrame(
    ...     {
    ...         "id": [f"lead {k}" for k in range(40)],
    ...         "lead": "2026-01-05",
    ...         "won": ["2026-01-20"] * 10 + [None] * 30,
    ...     }
    ... )
    >>> leads = fk.from_frame(export, fk.Funnel(["lead", "won"], id="id"), as_of="2026-03-31")
    >>> ax = fk.plot.funnel(fk.rates.flow(leads))
    >>> ax.get_title(loc="left").replace(chr(0x202F), " ")
    '25.0 % (14.2 to 40.2 %) have gone on from lead to won so far'
    """
    shown = stages.stages_of(flow)
    with sheet(ax, height=_ROW * (len(shown.stages) - _SPARE)) as page:
        bare(page)
        most = max(stage.entered for stage in shown.stages) or 1
        page.ax.set_xlim(0, most)
        page.ax.set_ylim(len(shown.stages) - 0.5 - _SPARE, -0.5)
        page.ax.set_xticks([])
        page.ax.set_yticks([])
        pitch = page.height / (len(shown.stages) - _SPARE)
        half = min(_THICK, max(pitch - _WORDS, 4.0)) / 2 / pitch
        words = 9 / pitch
        for k, stage in enumerate(shown.stages):
            _bar(page, stage, (k - half, 2 * half), shown)
            _over(page, stage, k - half - words)
            _under(page, stage, k + half + words)
        page.legend(_marks(page, shown))
        page.title(stages.title(shown))
        page.caption(stages.caption(shown))
        return page.finish(*stages.words(shown))


def _looks(page: Sheet, shown: Stages) -> dict[str, dict[str, Any]]:
    """Return the look of each part of a bar, by what became of the records."""
    colours = page.palette
    looks: dict[str, dict[str, Any]] = {
        "moved on": {"facecolor": colours.accent, "linewidth": 0},
        "still there": {
            "facecolor": colours.hatch,
            "edgecolor": colours.context,
            "hatch": "////",
            "linewidth": 0,
        },
    }
    for number, name in enumerate(shown.exits):
        grey = (colours.bar, colours.context, colours.rule)[number % 3]
        looks[f"left: {name}"] = {"facecolor": grey, "linewidth": 0}
    return looks


def _parts(stage: Stage) -> list[tuple[str, int, str]]:
    """Return what became of the records: look, number, words."""
    if not stage.following:
        return [("moved on", stage.entered, "")]
    on_to = fitted(stage.following, _NEXT, style.SMALL)
    parts = [("moved on", stage.moved_on, f"{stage.said_rate} on to {on_to}")]
    if stage.still_there:
        parts.append(
            ("still there", stage.still_there, f"{display.count(stage.still_there)} still there")
        )
    return parts + [
        (f"left: {name}", number, f"{display.count(number)} {name}") for name, number in stage.left
    ]


def _bar(page: Sheet, stage: Stage, span: tuple[float, float], shown: Stages) -> None:
    from matplotlib.patches import Rectangle

    looks, start = _looks(page, shown), 0
    slit = 1.5 / page.width * page.ax.get_xlim()[1]
    for look, number, _ in _parts(stage):
        if number:
            width = max(number - slit, 0.4 * slit)
            part = Rectangle((start, span[0]), width, span[1], label=f"_{look}", **looks[look])
            page.ax.add_patch(part)
        start += number


def _over(page: Sheet, stage: Stage, y: float) -> None:
    """Write the stage, its number and its days over the bar."""
    ink, muted, accent = page.palette.ink, page.palette.muted, page.palette.accent
    aside = stage.said_days
    room = page.width - measured(aside, style.SMALL) - 24
    count = display.count(stage.entered)
    most = room - measured(count, style.TEXT, bold=True) - 10
    if most < 60:
        aside, most = "", page.width - measured(count, style.TEXT, bold=True) - 10
    name = fitted(stage.name, most, style.TEXT, bold=True)
    unit = page.ax.get_xlim()[1] / page.width
    page.text(0, y, name, weight="bold", color=ink)
    at = (measured(name, style.TEXT, bold=True) + 7) * unit
    page.text(at, y, count, weight="bold", color=accent)
    if aside:
        end = page.ax.get_xlim()[1]
        page.text(end, y, aside, ha="right", fontsize=style.SMALL, color=muted)


def _under(page: Sheet, stage: Stage, y: float) -> None:
    """Write what became of the records under each part, one after the other where it is tight."""
    ink, muted = page.palette.ink, page.palette.muted
    unit = page.ax.get_xlim()[1] / page.width
    start, written = 0.0, []
    for _, number, words in _parts(stage):
        if words:
            written.append((start, words))
        start += number / unit
    placed = _placed(written, page.width) or _placed([(0, text) for _, text in written], page.width)
    if placed is None:
        joined = ", ".join(words for _, words in written)
        placed = [(0.0, fitted(joined, 0.98 * page.width, style.SMALL))]
    for number, (at, words) in enumerate(placed):
        colour = ink if number == 0 else muted
        page.text(at * unit, y, words, fontsize=style.SMALL, color=colour)


def _placed(written: Sequence[tuple[float, str]], width: float) -> list[tuple[float, str]] | None:
    """Return words moved to the right as far as they must be; ``None`` where they do not fit."""
    end, placed = 0.0, []
    for start, words in written:
        at = max(start, end)
        placed.append((at, words))
        end = at + measured(words, style.SMALL) + _BETWEEN
    return placed if end - _BETWEEN <= width else None


def _marks(page: Sheet, shown: Stages) -> list[tuple[Any, str]]:
    from matplotlib.patches import Patch

    there = {look for stage in shown.stages for look, number, _ in _parts(stage) if number}
    return [(Patch(**look), name) for name, look in _looks(page, shown).items() if name in there]
