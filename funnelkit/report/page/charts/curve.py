"""Lag curve: the share converted by age with its band, and how many are still followed."""

from __future__ import annotations

from collections.abc import Sequence

from funnelkit._core import display
from funnelkit.report.page.charts.svg import (
    Drawing,
    Scale,
    Size,
    chart,
    tick_percent,
    ticks,
)
from funnelkit.report.page.charts.writing import Labels, Writer
from funnelkit.report.page.facts import Curve
from funnelkit.report.page.markup import Html

_STEPS = (1, 2, 7, 14, 30, 60, 90, 180, 360, 720)


def curve_chart(curve: Curve, labels: Labels, *, label: str) -> Html:
    """Return the lag curve in two drawings."""
    top = max([*curve.high, *(rate for line in curve.others for rate in line.rates)], default=0.0)
    top = top * 1.04 or 1.0
    marks = [mark for mark in ticks(top, most=5) if mark <= top]

    def draw(size: Size) -> Drawing:
        bottom = 268.0 if size.wide else 230.0
        left, right = (44.0, size.width - 78) if size.wide else (40.0, size.width - 12)
        sheet = size.sheet(bottom + 70)
        x = Scale(0, max(curve.ages[-1], 1), left, right)
        y = Scale(0, top, bottom, 20)
        _rate_axis(sheet, (x, y), marks)
        _age_axis(sheet, curve, (x, y), labels.followed, size)
        _band(sheet, curve, x, y)
        _others(sheet, curve, x, y)
        _pooled(sheet, curve, x, y)
        Writer(sheet, curve, x, y).write(labels, size)
        return sheet

    return chart(draw, label=label)


def age_ticks(horizon: int, *, most: int) -> list[int]:
    """Return round ages from 0 to the horizon.

    Examples
    --------
    >>> age_ticks(120, most=6), age_ticks(14, most=6), age_ticks(270, most=6)
    ([0, 30, 60, 90, 120], [0, 7, 14], [0, 90, 180, 270])
    """
    fitting = [each for each in _STEPS if horizon / each <= most - 1] or [max(1, horizon)]
    step = next((each for each in fitting[:2] if horizon % each == 0), fitting[0])
    at = list(range(0, horizon + 1, step))
    if at[-1] == horizon:
        return at
    return [*at, horizon] if horizon - at[-1] > step * 0.6 else [*at[:-1], horizon]


def _rate_axis(sheet: Drawing, scales: tuple[Scale, Scale], marks: Sequence[float]) -> None:
    x, y = scales
    step = marks[-1] / max(len(marks) - 1, 1)
    for mark in marks:
        sheet.line(x.start, y(mark), x.end, y(mark), "grid" if mark else "axis")
        words = tick_percent(mark, step)
        if mark != marks[-1]:
            words = words.rstrip("%").rstrip(display.NARROW_SPACE)
        sheet.text(x.start - 8, y(mark) + 4, words, "small muted", anchor="end")


def _age_axis(
    sheet: Drawing, curve: Curve, scales: tuple[Scale, Scale], followed: str, size: Size
) -> None:
    """Draw the ages and, under them, how many leads have been followed that long."""
    x, base = scales[0], scales[1](0)
    sheet.text(0, base + 44, followed, "small muted")
    ages = age_ticks(curve.ages[-1], most=6 if size.wide else 5)
    for age in ages:
        at, last = x(age), age == ages[-1]
        sheet.line(at, base, at, base + 5, "axis")
        words = f"{age} days" if last else str(age)
        shown = display.count(curve.followed[curve.ages.index(age)])
        anchor, shift = ("end", 8) if last and not size.wide else ("middle", 0)
        sheet.text(at + shift, base + 20, words, "small muted", anchor=anchor)
        sheet.text(at + shift, base + 62, shown, "small muted", anchor=anchor)


def _band(sheet: Drawing, curve: Curve, x: Scale, y: Scale) -> None:
    up = [(x(age), y(high)) for age, high in zip(curve.ages, curve.high, strict=True)]
    down = [(x(age), y(low)) for age, low in zip(curve.ages, curve.low, strict=True)]
    sheet.path([*_corners(up), *reversed(_corners(down))], "band", closed=True)


def _others(sheet: Drawing, curve: Curve, x: Scale, y: Scale) -> None:
    for line in curve.others:
        track = [(x(age), y(rate)) for age, rate in zip(line.ages, line.rates, strict=True)]
        sheet.path(_corners(track[: line.sure_to + 1]), "context-line")
        sheet.path(_corners(track[line.sure_to :]), "context-line dashed")


def _pooled(sheet: Drawing, curve: Curve, x: Scale, y: Scale) -> None:
    track = [(x(age), y(rate)) for age, rate in zip(curve.ages, curve.rate, strict=True)]
    cut = curve.sparse_from if curve.sparse_from is not None else curve.ages[-1]
    at = next((k for k, age in enumerate(curve.ages) if age >= cut), len(track) - 1)
    sheet.path(_corners(track[: at + 1]), "curve")
    sheet.path(_corners(track[at:]), "curve dashed")
    across, up = track[-1]
    sheet.dot(across, up, 5, "hollow" if curve.sparse_from is not None else "estimate")


def _corners(track: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return a track without the points that lie on a level stretch."""
    kept = []
    for k, point in enumerate(track):
        inner = 0 < k < len(track) - 1
        if (
            inner
            and abs(track[k - 1][1] - point[1]) < 0.05
            and abs(track[k + 1][1] - point[1]) < 0.05
        ):
            continue
        kept.append(point)
    return kept
