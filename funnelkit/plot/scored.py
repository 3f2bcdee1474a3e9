"""Errors of methods side by side, as rows; the one that is tested stands out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit.forecast.framed import framed, named
from funnelkit.forecast.rolling.result import ForecastBacktest
from funnelkit.plot import style
from funnelkit.plot.fan import sentence
from funnelkit.plot.lettering import fitted, measured
from funnelkit.plot.scales import steps
from funnelkit.plot.sheet import Sheet, bare, sheet

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_ROW = 28.0
_GAP = 16.0
_MOST = 30
_LEAST_SHARE = 0.32
_MEASURES = {
    "crps": "CRPS",
    "mase": "MASE",
    "mae": "mean absolute error",
    "pinball": "pinball loss",
}


@dataclass(frozen=True, kw_only=True)
class _Score:
    """The score of one method by one measure."""

    measure: str
    method: str
    value: float
    low: float
    high: float
    tested: bool
    places: int = 2

    @property
    def number(self) -> str:
        """Its value."""
        return _number(self.value, self.places)

    @property
    def said(self) -> str:
        """Its value with its interval."""
        if not math.isfinite(self.value + self.low + self.high):
            return self.number
        low, high = (_number(end, self.places) for end in (self.low, self.high))
        return f"{self.number} ({low} to {high})"


def of_scores(scores: Any, measure: str | None, ax: Axes | None) -> Axes:
    """Return axes with the errors of methods, as :func:`funnelkit.plot.backtest` says.

    Raises
    ------
    ArgumentError
        If the frame or the measure cannot be used.
    """
    groups = _groups(scores, measure)
    rows: list[str | _Score] = []
    for name, group in groups.items():
        rows += [name, *group] if len(groups) > 1 else group
    left_out, rows = max(len(rows) - _MOST, 0), rows[:_MOST]
    title, caption = _title(groups), _caption(groups, left_out)
    with sheet(ax, height=_ROW * len(rows)) as page:
        bare(page)
        _draw(page, rows)
        page.legend(_marks(page, rows))
        page.title(title)
        page.caption(caption, ticks=14)
        told = [
            f"{one.measure}{', ' if one.measure else ''}{one.method}: {one.said}."
            for group in groups.values()
            for one in group
        ]
        return page.finish(title, caption, *told)


def _of_backtest(tested: ForecastBacktest, measure: str) -> pd.DataFrame:
    """Return the scores of a back-test by one measure, the sum and the chosen method first."""
    import pandas as pd

    checks.one_of("measure", measure, tuple(_MEASURES))
    frame = tested.scores()
    span = display.plural(tested.horizon, tested.step)
    said = {"period": f"single {tested.step}s", "total": f"the sum over {span}"}
    blank = pd.Series(np.nan, index=frame.index)
    found = pd.DataFrame(
        {
            "measure": [f"{_MEASURES[measure]}, {said[one]}" for one in frame["target"]],
            "method": frame["method"],
            "score": frame[measure],
            "low": frame.get(f"{measure}_low", blank),
            "high": frame.get(f"{measure}_high", blank),
        }
    )
    found["rest"] = found["method"] != tested.chosen
    found["single"] = frame["target"] != "total"
    return found.sort_values(["single", "rest"], kind="stable")


def _groups(scores: Any, measure: str | None) -> dict[str, list[_Score]]:
    """Return the scores by measure, in the order in which they come."""
    if isinstance(scores, ForecastBacktest):
        scores, measure = _of_backtest(scores, "crps" if measure is None else measure), None
    frame = framed(
        "tested",
        scores,
        names=["method"],
        numbers=[],
        gaps=["score", "low", "high"],
        maker="the `scores()` of a back-test",
    )
    if "score" not in frame:
        raise ArgumentError("`tested` lacks the column `score`.")
    methods = [named(each) for each in frame["method"]]
    key = next((name for name in ("measure", "metric") if name in frame), None)
    measures = [""] * len(frame) if key is None else [named(each) for each in frame[key]]
    if measure is not None and measure not in measures:
        known = ", ".join(f'"{name}"' for name in dict.fromkeys(measures) if name) or "none"
        raise ArgumentError(f"`measure` must be one of {known}; got {measure!r}.")
    blank = np.full(len(frame), np.nan)
    low, high = (
        frame[name].to_numpy(float) if name in frame else blank for name in ("low", "high")
    )
    values = frame["score"].to_numpy(float)
    found: dict[str, list[_Score]] = {}
    for k, name in enumerate(measures):
        if measure is None or name == measure:
            one = _Score(
                measure=name,
                method=methods[k],
                value=float(values[k]),
                low=float(low[k]),
                high=float(high[k]),
                tested=methods[k] == methods[0],
            )
            found.setdefault(name, []).append(one)
    return {
        name: [replace(one, places=_places(group)) for one in group]
        for name, group in found.items()
    }


def _draw(page: Sheet, rows: Sequence[str | _Score]) -> None:
    ax, colours, room = page.ax, page.palette, page.width
    scores = [row for row in rows if isinstance(row, _Score)]
    words = max(measured(row.said, style.TEXT, bold=True) for row in scores) + _GAP
    names = max(measured(_name(row), style.TEXT, bold=True) for row in rows)
    names = min(names, max(80.0, room - words - _GAP - _LEAST_SHARE * room, 0.3 * room))
    short = room - words - names - _GAP < _LEAST_SHARE * room
    if short:
        words = max(measured(row.number, style.TEXT, bold=True) for row in scores) + _GAP
    bottom = len(rows) - 0.5
    ax.set_ylim(bottom, -0.5)
    ax.set_yticks([])
    _axis(page, rows, (names + _GAP) / room, 1 - words / room)
    across = ax.get_yaxis_transform()
    sizes = _sizes(scores)
    for y, row in enumerate(rows):
        ax.axhline(y + 0.5, color=colours.grid, linewidth=0.8, zorder=0.5)
        bold = isinstance(row, str) or row.tested
        name = fitted(_name(row), room if isinstance(row, str) else names, style.TEXT, bold=bold)
        weight = "bold" if bold else "normal"
        page.text(0, y, name, transform=across, weight=weight, color=colours.ink)
        if isinstance(row, str):
            continue
        said = row.number if short else row.said
        page.text(1, y, said, transform=across, ha="right", weight=weight, color=colours.ink)
        _mark(page, y, row, sizes[row.measure])


def _sizes(scores: Sequence[_Score]) -> dict[str, float]:
    """Return what the marks of each measure are divided by: several have no axis in common."""
    found: dict[str, float] = {}
    for one in scores:
        ends = [abs(end) for end in (one.value, one.low, one.high) if math.isfinite(end)]
        found[one.measure] = max([found.get(one.measure, 0.0), *ends])
    if len(found) == 1:
        return dict.fromkeys(found, 1.0)
    return {name: size or 1.0 for name, size in found.items()}


def _axis(page: Sheet, rows: Sequence[str | _Score], start: float, end: float) -> None:
    """Set the scale, with numbers on it where it is that of one measure."""
    scores = [row for row in rows if isinstance(row, _Score)]
    sizes = _sizes(scores)
    several = len(sizes) > 1
    ends = [
        at / sizes[row.measure]
        for row in scores
        for at in (row.value, row.low, row.high)
        if math.isfinite(at)
    ]
    low, high = min([*ends, 0.0]), max([*ends, 0.0])
    ticks = steps(high, most=5) if high > 0 or low == 0 else [0.0]
    if low < 0:
        ticks = [*(-tick for tick in reversed(steps(-low, most=4)[1:])), *ticks]
    unit = (ticks[-1] - ticks[0]) / (end - start)
    page.ax.set_xlim(ticks[0] - start * unit, ticks[0] + (1 - start) * unit)
    bottom = len(rows) - 0.5
    if several:
        page.ax.set_xticks([])
        ticks = [0.0]
    else:
        labels = [f"{tick:,g}".replace("-", display.MINUS) for tick in ticks]
        widest = max(measured(label, style.SMALL) for label in labels) + 8
        room = (end - start) * page.width
        every = max(math.ceil(widest * (len(ticks) - 1) / room), 1)
        page.ax.set_xticks(ticks[::every], labels[::every], **style.plain())
    page.ax.vlines(ticks, -0.5, bottom, color=page.palette.grid, linewidth=0.8, zorder=0.5)


def _mark(page: Sheet, y: int, row: _Score, size: float) -> None:
    if not math.isfinite(row.value):
        return
    value, low, high = row.value / size, row.low / size, row.high / size
    colour = page.palette.accent if row.tested else page.palette.context
    look: dict[str, Any] = {"color": colour, "zorder": 3 if row.tested else 2.5, "clip_on": False}
    if math.isfinite(low + high):
        page.ax.hlines([y], low, high, linewidth=style.LINE, label="interval", **look)
        caps: dict[str, Any] = {"markersize": 8, "markeredgewidth": style.LINE}
        page.ax.plot([low, high], [y, y], "|", **caps, **look)
    name = "tested" if row.tested else "others"
    page.ax.plot([value], [y], "o", markersize=style.DOT, label=name, **look)


def _marks(page: Sheet, rows: Sequence[str | _Score]) -> list[tuple[Any, str]]:
    from matplotlib.lines import Line2D

    found: list[tuple[Any, str]] = []
    scores = [row for row in rows if isinstance(row, _Score)]
    ranged = any(math.isfinite(row.low + row.high) for row in scores)
    size = {"marker": "o", "markersize": style.DOT - 1, "linestyle": "-" if ranged else "none"}
    for tested, colour in ((True, page.palette.accent), (False, page.palette.context)):
        if any(row.tested == tested for row in scores):
            words = scores[0].method if tested else "others"
            words += ", with interval" if ranged and tested else ""
            found.append((Line2D([], [], color=colour, **size), fitted(words, 260, style.SMALL)))  # type: ignore[arg-type]
    return found


def _title(groups: dict[str, list[_Score]]) -> str:
    """Return where the first method stands by the first measure; clear only if intervals part."""
    name, rows = next(iter(groups.items()))
    of = f" in {name}" if name else ""
    mine = next(row for group in groups.values() for row in group if row.tested)
    mine = next((row for row in rows if row.tested), mine)
    others = [row for row in rows if not row.tested and math.isfinite(row.value)]
    if not math.isfinite(mine.value) or not others:
        return f"{mine.method}{of}: {mine.said}"
    best = min(others, key=lambda row: row.value)
    if mine.value < best.value:
        gain = f", {display.percent(1 - mine.value / best.value, decimals=0)} below"
        gain = gain if best.value > 0 and mine.value >= 0 else ", below"
        return f"{mine.method} errs least{of}{gain} {best.method}{_doubt(mine, best)}"
    if best.value < mine.value:
        return f"{best.method} errs less than {mine.method}{of}{_doubt(best, mine)}"
    return f"{mine.method} and {best.method} err alike{of}"


def _doubt(better: _Score, worse: _Score) -> str:
    """Return what stands against taking the lower of two errors for the better method's."""
    if not math.isfinite(better.high + worse.low):
        return " (no intervals)"
    return "" if better.high < worse.low else "; their intervals overlap"


def _caption(groups: dict[str, list[_Score]], left_out: int) -> str:
    names = [name for name in groups if name]
    text = f"{sentence('; '.join(names))}. Smaller is better." if names else "Smaller is better."
    if any(math.isfinite(row.low + row.high) for group in groups.values() for row in group):
        text += " In brackets the interval."
    if len(groups) > 1:
        text += " Each measure has a scale of its own, from 0 to its largest."
    if left_out:
        text += f" {display.plural(left_out, 'further row')} not shown."
    return text


def _name(row: str | _Score) -> str:
    return row if isinstance(row, str) else row.method


def _places(group: Sequence[_Score]) -> int:
    """Return the decimals of a measure: about three figures, of small scores two at least."""
    sizes = [abs(one.value) for one in group if math.isfinite(one.value) and one.value]
    fine, coarse = (_figures(each) for each in (min(sizes, default=1.0), max(sizes, default=1.0)))
    return min(fine, coarse + 1)


def _figures(size: float) -> int:
    return 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3


def _number(value: float, places: int) -> str:
    if not math.isfinite(value):
        return display.EN_DASH
    return f"{value:,.{places}f}".replace("-", display.MINUS)
