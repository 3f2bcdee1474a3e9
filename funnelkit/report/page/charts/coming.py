"""What is to come: bars of what came, and for each period to come its bands and its mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit.report.page.charts.svg import (
    SMALL,
    Drawing,
    Scale,
    Size,
    bullet,
    chart,
    legend,
    swatch,
    text_width,
    ticks,
)
from funnelkit.report.page.money import brief

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.forecast.prospect import Prospect
    from funnelkit.report.page.markup import Html

_BOLD = 1.12
_SHORT = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_THICK, _BROADEST = 0.54, 56.0
_MOST_WIDE, _MOST_NARROW = 20, 13


@dataclass(frozen=True)
class _Column:
    """One period: what came, or what is expected of it."""

    name: str
    year: int
    value: float
    ends: tuple[tuple[float, float], ...] = ()
    so_far: float | None = None
    between: str = ""


def coming(
    shown: Prospect,
    *,
    sides: tuple[str, str] = ("came", "to come"),
    target: float | None = None,
    label: str | None = None,
) -> Html:
    """Return a forecast in two drawings: bars of what came, boxes of what is to come.

    Parameters
    ----------
    shown
        From :func:`funnelkit.forecast.prospect.prospect_of`; best with two levels, such as 0.5 and
        0.95, and six to twelve periods gone by.
    sides
        What is written to the left and to the right of the last known day.
    target
        Drawn as a dotted line.
    label
        What it shows, with its values, for those who do not see it. Default: what came, and what
        is expected with the interval of the widest level.
    """

    def draw(size: Size) -> Drawing:
        gone, ahead = _columns(shown, _MOST_WIDE if size.wide else _MOST_NARROW)
        return _drawn(shown, gone, ahead, size, sides=sides, target=target)

    return chart(draw, label=label if label is not None else coming_label(shown))


def coming_label(shown: Prospect) -> str:
    """Return in words what the chart of a forecast shows, with its values."""
    came = ", ".join(
        f"{name} {shown.bare(float(value))}"
        for name, value in zip(shown.gone, shown.seen, strict=True)
    )
    parts = [
        f"{name} {shown.bare(float(shown.expected[k]))} ({shown.between(k, shown.widest)})"
        for k, name in enumerate(shown.labels)
    ]
    text = f"{shown.what[:1].upper()}{shown.what[1:]} by period. "
    text += f"Came: {came}. " if came else ""
    if shown.so_far is not None:
        text += f"{shown.labels[0]} has {shown.bare(shown.so_far)} so far. "
    return f"{text}Expected, with {shown.widest.percent} interval: {', '.join(parts)}."


def coming_legend(shown: Prospect, *, came: str = "came") -> Html:
    """Return the legend of the chart of a forecast: each mark that is there."""
    items = [(swatch("left"), came)] if shown.gone or shown.so_far is not None else []
    items.append((bullet("hollow"), "expected"))
    kinds = ("band-inner", "band-outer")[-len(shown.bands) :]
    bands = [shown.bands[0], shown.bands[-1]][-len(kinds) :]
    for band, kind in zip(bands, kinds, strict=True):
        items.append((swatch(kind), f"{band.percent} band"))
    return legend(*items)


def _columns(shown: Prospect, most: int) -> tuple[list[_Column], list[_Column]]:
    """Return the periods gone by, the latest ones that have room, and those to come."""
    periods = shown.forecast.periods
    bands = [shown.bands[-1], shown.bands[0]][: len(shown.bands)]
    ahead = [
        _Column(
            _name(period),
            period.year,
            float(shown.expected[k]),
            tuple((float(band.low[k]), float(band.high[k])) for band in bands),
            shown.so_far if k == 0 else None,
            f"({shown.between(k, shown.widest)})",
        )
        for k, period in enumerate(periods)
    ]
    room = max(most - len(ahead), 0)
    first = periods[0]
    kept = list(zip(shown.places, shown.seen, strict=True))
    kept = kept[max(len(kept) - room, 0) :]
    gone = [_Column(_name(first + at), (first + at).year, float(value)) for at, value in kept]
    return gone, ahead


def _name(period: pd.Period) -> str:
    from funnelkit._core.dates import period_label

    monthly = period.freqstr.partition("-")[0] in ("M", "ME")
    return _SHORT[period.month - 1] if monthly else period_label(period)


def _drawn(
    shown: Prospect,
    gone: Sequence[_Column],
    ahead: Sequence[_Column],
    size: Size,
    *,
    sides: tuple[str, str],
    target: float | None,
) -> Drawing:
    columns = [*gone, *ahead]
    values = [
        each for one in columns for each in (one.value, *(end for pair in one.ends for end in pair))
    ]
    top = max([*(each for each in values if math.isfinite(each)), target or 0.0]) * 1.06 or 1.0
    marks = [mark for mark in ticks(top, most=5) if mark <= top]
    words = [_tick(mark, shown) for mark in marks]
    left = max(text_width(text, SMALL) for text in words) + 10
    base = 238.0 if size.wide else 228.0
    step = (size.width - left) / len(columns)
    said = size.wide and max(text_width(one.between, SMALL) for one in ahead) <= step - 4
    years = len(columns) > 12 or len({one.year for one in columns}) > 1
    sheet = size.sheet(base + 24 + 18 * years + 18 * said)
    rise = Scale(0, top, base, 34)
    for mark, text in zip(marks, words, strict=True):
        sheet.line(left, rise(mark), size.width, rise(mark), "grid" if mark else "axis")
        sheet.text(left - 8, rise(mark) + 4, text, "small muted", anchor="end")
    labelled = _labelled(columns, shown, step)
    for k, one in enumerate(columns):
        middle = left + step * (k + 0.5)
        _column(sheet, one, (middle, min(step * _THICK, _BROADEST)), rise)
        if labelled and math.isfinite(one.value):
            peak = one.ends[0][1] if one.ends else one.value
            kind = "strong halo" if one.ends else "halo"
            sheet.text(middle, rise(peak) - 6, _number(one.value, shown), kind, anchor="middle")
    if target is not None:
        sheet.line(left, rise(target), size.width, rise(target), "reference")
        name = f"target {shown.plain_goal(target)}"
        sheet.text(left + 2, rise(target) - 5, name, "small muted halo")
    _under(sheet, columns, (left, step, base), years=years, said=said)
    _divide(sheet, left + step * len(gone), (14.0, base), sides, size)
    return sheet


def _column(sheet: Drawing, one: _Column, across: tuple[float, float], rise: Scale) -> None:
    middle, wide = across
    base, start = rise(0), middle - wide / 2
    if not one.ends:
        if math.isfinite(one.value):
            sheet.rect(start, rise(one.value), wide, base - rise(one.value), "bar-left")
        return
    if one.so_far:
        sheet.rect(start, rise(one.so_far), wide, base - rise(one.so_far), "bar-left")
    for kind, (low, high) in zip(("band", "band-inner"), one.ends, strict=False):
        sheet.rect(start, rise(high), wide, max(rise(low) - rise(high), 1.0), kind)
    sheet.dot(middle, rise(one.value), 5 if wide > 14 else 4, "hollow")


def _under(
    sheet: Drawing,
    columns: Sequence[_Column],
    place: tuple[float, float, float],
    *,
    years: bool,
    said: bool,
) -> None:
    """Write each period under its column, thinned where they have no room, and the intervals."""
    left, step, base = place
    widest = max(text_width(one.name, SMALL) for one in columns) + 4
    every = max(math.ceil(widest / step), 1)
    y = base + 18
    for k, one in enumerate(columns):
        middle = left + step * (k + 0.5)
        if (len(columns) - 1 - k) % every == 0:
            sheet.text(middle, y, one.name, "small muted", anchor="middle")
        if said:
            sheet.text(middle, y + 18, one.between, "small muted", anchor="middle")
        new = k == 0 or columns[k - 1].year != one.year
        ahead = next((j for j in range(k + 1, len(columns)) if columns[j].year != one.year), None)
        roomy = ahead is None or (ahead - k) * step > text_width("2000", SMALL) + 6
        if years and new and roomy and one.name in _SHORT:
            start = middle - min(step / 2, 12)
            sheet.text(start, y + 18 + 18 * said, str(one.year), "small muted")


def _divide(
    sheet: Drawing, x: float, across: tuple[float, float], sides: tuple[str, str], size: Size
) -> None:
    """Draw the last known day as a line, with what stands on each side of it."""
    sheet.line(x, across[0], x, across[1], "reference")
    if x > text_width(sides[0], SMALL) + 12:
        sheet.text(x - 8, across[0] + 10, sides[0], "small muted", anchor="end")
    if size.width - x > text_width(sides[1], SMALL) + 12:
        sheet.text(x + 8, across[0] + 10, sides[1], "small muted")


def _labelled(columns: Sequence[_Column], shown: Prospect, step: float) -> bool:
    words = [_number(one.value, shown) for one in columns if math.isfinite(one.value)]
    return max((text_width(text) * _BOLD for text in words), default=0.0) <= step - 2


def _number(value: float, shown: Prospect) -> str:
    return brief(value) if shown.forecast.unit == "value" else shown.bare(value)


def _tick(value: float, shown: Prospect) -> str:
    if shown.forecast.unit == "value" and value >= 1_000_000:
        return f"{value / 1_000_000:,g}{display.NARROW_SPACE}M"
    return f"{value:,g}"
