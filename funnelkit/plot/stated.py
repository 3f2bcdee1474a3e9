"""Calibration: how often bands held what came, beside how often they state to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import share_interval
from funnelkit.forecast.framed import framed, named
from funnelkit.forecast.rolling.result import ForecastBacktest
from funnelkit.forecast.rolling.scoring import pit_shares
from funnelkit.plot import style
from funnelkit.plot.lettering import measured
from funnelkit.plot.panels import grid_of, panels, room_for
from funnelkit.plot.sheet import Sheet, sheet, size_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]
_TALL = 150.0
_MOST = 8
_BINS = 10
_CONFIDENCE = 0.95
_LABELLED = 100.0
_TARGETS = {"period": "single periods", "total": "sum over the horizon"}


def calibration(
    coverage: ForecastBacktest | pd.DataFrame,
    *,
    method: str | None = None,
    pit: ArrayLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Return axes with the coverage that was found against the one that was stated.

    Dots on the dotted line held as often as they state; under it bands are too narrow, over it too
    wide. With ``pit``, a panel has the histogram of where in its forecast each number came, which
    is level if forecasts are right.

    Parameters
    ----------
    coverage
        A back-test of forecasts, or a frame with ``level`` (stated, a share), ``n`` (forecasts)
        and ``covered`` (how many held what came), for several of them with ``method`` or
        ``target``; ``low`` and ``high``, the interval of the share, are those of Wilson where
        they are not there.
    method
        The one that is shown. Default: that which a back-test has chosen, or all of a frame.
    pit
        Probability integral transforms from 0 to 1, shape ``(n,)``; for counts the shares of the
        draws below what came and not above it, shape ``(n, 2)``. A back-test has its own.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        The panels are its ``child_axes``, in shares: one for each method or target, the one of the
        PIT last. Titled with what can be said of the first.

    Raises
    ------
    ArgumentError
        If an argument cannot be used.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> found = pd.DataFrame({"level": [0.8, 0.95], "n": 263, "covered": [212, 229]})
    >>> fk.plot.calibration(found).get_title(loc="left").replace(chr(0x202F), " ")
    '95 % bands are too narrow: they held 87.1 % of 263 (82.5 to 90.6 %)'
    """
    groups = _groups(coverage, method)
    places = _pit_of(coverage, method) if pit is None else _pit_given(pit)
    indent = measured(f"100{display.NARROW_SPACE}%", style.SMALL) + 10
    room = _MOST if ax is None else max(room_for(*size_of(ax)), 1)
    shown = groups[: max(room - (places is not None), 1)]
    titles = [name or "bands" for name, _ in shown]
    notes = [_held(rows) for _, rows in shown]
    if places is not None:
        titles.append("where it came (PIT)")
        notes.append(f"n {display.count(places.n)}")
    grid = grid_of(len(titles), size_of(ax)[0] - indent, tall=_TALL)
    title = _title(groups[0])
    caption = _caption(len(groups) - len(shown), places)
    with sheet(ax, height=grid.height, indent=indent) as page:
        for number, (_, small) in enumerate(panels(page, grid, titles, notes)):
            if number < len(shown):
                _panel(small, shown[number][1], said=number % grid.columns == 0)
            elif places is not None:
                _histogram(small, places)
        page.above += 4
        page.legend(_marks(page))
        page.title(title)
        page.caption(caption)
        return page.finish(title, caption, *_words(groups), *_told(places))


@dataclass(frozen=True, kw_only=True)
class _Pit:
    """Shares of the PIT in bins of one width, and how many forecasts they are of."""

    shares: FloatArray
    n: int


@dataclass(frozen=True, kw_only=True)
class _Row:
    """What one level stated and held."""

    level: float
    n: int
    share: float
    low: float
    high: float

    @property
    def said(self) -> str:
        """Its share, with its interval and its number."""
        if self.n < display.FEWEST:
            return f"{round(self.share * self.n)} of {display.count(self.n)}"
        between = display.percent_range(self.low, self.high, words=True)
        return f"{display.percent(self.share)} of {display.count(self.n)} ({between})"


def _groups(coverage: Any, method: str | None) -> list[tuple[str, list[_Row]]]:
    """Return the rows of each method or target, in the order in which they come."""
    tested = isinstance(coverage, ForecastBacktest)
    frame = framed(
        "coverage",
        coverage.calibration() if tested else coverage,
        numbers=["level", "n", "covered"],
        gaps=["low", "high"],
        maker="the `calibration()` of a back-test",
    )
    frame = _of_method(frame, coverage.chosen if tested and method is None else method)
    keys = [key for key in ("method", "target") if key in frame and (key == "target" or not tested)]
    level, n = frame["level"].to_numpy(float), frame["n"].to_numpy(float)
    covered = frame["covered"].to_numpy(float)
    odd = (level <= 0) | (level >= 1) | (covered < 0) | (covered > n) | (covered % 1 != 0)
    if odd.any():
        raise ArgumentError(
            "`coverage`: a level must lie between 0 and 1, and `covered` must be a count of at "
            f"most `n`; {display.plural(int(odd.sum()), 'row')} not, such as "
            f"{frame[['level', 'n', 'covered']][odd].iloc[0].to_dict()}."
        )
    ends = [np.asarray(end) for end in share_interval(covered, n, confidence_level=_CONFIDENCE)]
    if {"low", "high"} <= set(frame.columns):
        given = [frame[name].to_numpy(float) for name in ("low", "high")]
        ends = [np.where(np.isfinite(one), one, own) for one, own in zip(given, ends, strict=True)]
    names = [
        ", ".join(_TARGETS.get(each, each) for each in (named(frame[key][k]) for key in keys))
        for k in range(len(frame))
    ]
    found: dict[str, list[_Row]] = {name: [] for name in names}
    for k in np.argsort(level, kind="stable"):
        if n[k] > 0:
            low, high = (float(end[k]) for end in ends)
            share = float(covered[k] / n[k])
            row = _Row(level=float(level[k]), n=int(n[k]), share=share, low=low, high=high)
            found[names[k]].append(row)
    kept = [(name, rows) for name, rows in found.items() if rows]
    if not kept:
        raise ArgumentError("`coverage` holds no forecast whose number has come.")
    return kept


def _of_method(frame: pd.DataFrame, method: str | None) -> pd.DataFrame:
    """Return the rows of a method."""
    if method is None:
        return frame
    known = list(frame["method"]) if "method" in frame else []
    checks.member("method", "method", method, list(dict.fromkeys(known)))
    return frame[frame["method"] == method].reset_index(drop=True)


def _pit_of(coverage: Any, method: str | None) -> _Pit | None:
    """Return the PIT that a back-test has of its own, of single periods where there are any."""
    if not isinstance(coverage, ForecastBacktest):
        return None
    frame = _of_method(coverage.pit(bins=_BINS), method or coverage.chosen)
    target = frame["target"].iloc[0]
    n = _of_method(coverage.calibration(), method or coverage.chosen)
    n = n[n["target"] == target]
    shares = frame[frame["target"] == target]["share"].to_numpy(float)
    return _Pit(shares=shares, n=int(n["n"].iloc[0]))


def _pit_given(given: ArrayLike) -> _Pit:
    """Return the histogram of PITs, whose ends may stand apart."""
    try:
        found = np.asarray(given, float)
    except (TypeError, ValueError) as reason:
        raise ArgumentError(f"`pit` must be numbers; got {type(given).__name__}.") from reason
    if found.ndim == 1:
        found = np.stack([found, found], axis=1)
    if found.ndim != 2 or found.shape[1] != 2:
        raise ArgumentError(f"`pit` must be of shape (n,) or (n, 2); got {found.shape}.")
    found = found[np.isfinite(found).all(axis=1)]
    odd = (found < 0).any() or (found > 1).any() or (found[:, 0] > found[:, 1]).any()
    if odd or not len(found):
        raise ArgumentError("`pit` must hold shares from 0 to 1, the lower end first.")
    return _Pit(shares=pit_shares(found[:, 0], found[:, 1], _BINS), n=len(found))


def _panel(small: Sheet, rows: Sequence[_Row], *, said: bool) -> None:
    ax, colours = small.ax, small.palette
    ax.set_xlim(0, 1.04)
    ax.set_ylim(0, 1.04)
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    words = [display.percent(tick, decimals=0) for tick in ticks]
    ax.set_yticks(ticks, words if said else [""] * len(ticks), **style.plain())
    ax.hlines(ticks, 0, 1, color=colours.grid, linewidth=0.8, zorder=0.5)
    kept = _stated(small, rows)
    ax.plot([0, 1], [0, 1], color=colours.context, linestyle=":", linewidth=1.2, zorder=1)
    at = [row.level for row in rows]
    low, high = [row.low for row in rows], [row.high for row in rows]
    look: dict[str, Any] = {"color": colours.accent, "clip_on": False, "zorder": 3}
    ax.vlines(at, low, high, linewidth=style.LINE, label="interval", **look)
    caps: dict[str, Any] = {"markersize": 7, "markeredgewidth": style.LINE, "linestyle": "none"}
    ax.plot([*at, *at], [*low, *high], "_", **caps, **look)
    ax.plot(at, [row.share for row in rows], "o", markersize=style.DOT, label="found", **look)
    if small.height < _LABELLED:
        return
    for row in (row for row in rows if row.level in kept and row.n >= display.FEWEST):
        ax.annotate(
            display.percent(row.share, decimals=0),
            (row.level, row.low),
            (0, -5),
            textcoords="offset points",
            ha="center",
            va="top",
            color=colours.ink,
            fontsize=style.SMALL,
            annotation_clip=False,
        )


def _stated(small: Sheet, rows: Sequence[_Row]) -> list[float]:
    """Label the stated levels, and return them; those that would stand on another are left out."""
    kept: list[float] = []
    widest = measured(f"100{display.NARROW_SPACE}%", style.SMALL) + 2
    for row in reversed(rows):
        if all(abs(row.level - other) * small.width >= widest for other in kept):
            kept.append(row.level)
    words = [_percent(level) for level in kept]
    small.ax.set_xticks(kept, words, **style.plain())
    return kept


def _percent(level: float) -> str:
    return f"{round(100 * level, 4):g}{display.NARROW_SPACE}%"


def _histogram(small: Sheet, places: _Pit) -> None:
    """Draw the PIT: bars of shares, the level they should have and what it varies by chance."""
    ax, colours, n, shares = small.ax, small.palette, places.n, places.shares
    even = 1 / _BINS
    low, high = (float(np.asarray(end)) for end in share_interval(n * even, n))
    edges = np.arange(_BINS) / _BINS
    top = max(float(shares.max()), high) * 1.08
    ax.set_xlim(0, 1.04)
    ax.set_ylim(0, top)
    ax.set_yticks([])
    ax.set_xticks([0.0, 0.5, 1.0], ["0", "0.5", "1"], **style.plain())
    ax.bar(edges, shares, 0.92 * even, align="edge", color=colours.bar, label="PIT", zorder=2)
    ax.fill_between([0, 1], low, high, color=colours.bench, zorder=1, label="_by chance")
    ax.hlines([even], 0, 1, color=colours.ink, linestyle=":", linewidth=1.2, zorder=3)
    ax.hlines([0], 0, 1, color=colours.rule, linewidth=1.2, zorder=3, clip_on=False)


def _marks(page: Sheet) -> list[tuple[Any, str]]:
    from matplotlib.lines import Line2D

    level = display.percent(_CONFIDENCE, decimals=0)
    dot = Line2D([], [], color=page.palette.accent, marker="o", markersize=style.DOT - 1)
    line = Line2D([], [], color=page.palette.context, linestyle=":", linewidth=1.2)
    return [(dot, f"found, with {level} interval"), (line, "as stated")]


def _held(rows: Sequence[_Row]) -> str:
    numbers = {row.n for row in rows}
    n = display.count(min(numbers))
    return f"n {n}" if len(numbers) == 1 else f"n {n} to {display.count(max(numbers))}"


def _title(group: tuple[str, list[_Row]]) -> str:
    name, rows = group
    of = f"{name}: " if name else ""
    off = [row for row in rows if not row.low <= row.level <= row.high]
    if off:
        row = max(off, key=lambda one: abs(one.share - one.level))
        way = "narrow" if row.share < row.level else "wide"
        return f"{of}{_percent(row.level)} bands are too {way}: they held {row.said}"
    row = min(rows, key=lambda one: abs(one.level - 0.8))
    no = "no sign" if name else "No sign"
    return f"{of}{no} that bands are off: those of {_percent(row.level)} held {row.said}"


def _caption(left_out: int, places: _Pit | None) -> str:
    text = (
        "Share of forecasts whose band held what came, by the level that is stated. Intervals are "
        "those of forecasts that have nothing to do with each other; overlapping ones vary more."
    )
    if places is not None:
        text += " PIT: share of the draws below what came; shaded: by chance."
    if left_out:
        text += f" {display.plural(left_out, 'further method')} not shown."
    return text


def _words(groups: Sequence[tuple[str, Sequence[_Row]]]) -> list[str]:
    return [
        f"{f'{name}, ' if name else ''}{_percent(row.level)} stated: held {row.said}."
        for name, rows in groups
        for row in rows
    ]


def _told(places: _Pit | None) -> list[str]:
    if places is None:
        return []
    shares = ", ".join(display.percent(share) for share in places.shares)
    return [f"PIT by tenths: {shares}."]
