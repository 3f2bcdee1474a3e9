"""A plan by month: targets across stacked bookings, and the leads that each channel must bring."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit.plan.one_page.outlook import PARTS
from funnelkit.report.page.charts.svg import (
    SMALL,
    Drawing,
    Scale,
    Size,
    chart,
    fitted,
    legend,
    swatch,
    text_width,
    ticks,
)
from funnelkit.report.page.money import brief

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.one_page.outlook import Outlook
    from funnelkit.report.page.markup import Html

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_KINDS = dict(zip(PARTS, ("bar-left", "bar-moved", "bar-outlined"), strict=True))
_SWATCHES = dict(zip(PARTS, ("left", "moved", "outlined"), strict=True))
_WORDS = dict(zip(PARTS, ("in flight", "from the planned leads", "without a lead"), strict=True))
_THICK, _BROADEST = 0.6, 60.0
_BOLD = 1.12
FloatArray = NDArray[np.float64]


def bookings(shown: Outlook) -> Html:
    """Return targets against stacked bookings by month, with the interval of their sum."""

    def draw(size: Size) -> Drawing:
        top = max(float(shown.band[1].max()), float(shown.target.max())) * 1.04 or 1.0
        marks = [mark for mark in ticks(top, most=5) if mark <= top]
        words = [_tick(mark, shown) for mark in marks]
        left = max(text_width(text, SMALL) for text in words) + 10
        base, n = (250.0 if size.wide else 230.0), len(shown.target)
        step = (size.width - left) / n
        said = size.wide and step >= text_width("<99 %", SMALL) + 6
        sheet = size.sheet(base + 26 + 18 + 18 * said)
        rise = Scale(0, top, base, 10)
        for mark, text in zip(marks, words, strict=True):
            sheet.line(left, rise(mark), size.width, rise(mark), "grid" if mark else "axis")
            sheet.text(left - 8, rise(mark) + 4, text, "small muted", anchor="end")
        low, high = shown.band
        for k in range(n):
            middle, wide = left + step * (k + 0.5), min(step * _THICK, _BROADEST)
            _stack(sheet, shown, k, (middle, wide), rise)
            for kind in ("interval-halo", "bridge-interval"):
                sheet.line(middle, rise(low[k]), middle, rise(high[k]), kind)
            reach = min(wide / 2 + 5, step / 2 - 1)
            y = rise(float(shown.target[k]))
            sheet.line(middle - reach, y, middle + reach, y, "goal-halo")
            sheet.line(middle - reach, y, middle + reach, y, "goal")
        under(sheet, shown.plan.periods, (left, step, base), years=36 + 18 * said)
        if said:
            for k, share in enumerate(shown.chances):
                at = left + step * (k + 0.5)
                sheet.text(at, base + 36, _short(share), "small", anchor="middle")
        return sheet

    return chart(draw, label=bookings_label(shown))


def bookings_legend(shown: Outlook) -> Html:
    """Return the legend of :func:`bookings`: each mark that is there."""
    items = [(swatch(_SWATCHES[name]), _WORDS[name]) for name in PARTS if shown.parts[name].any()]
    items.append((swatch("upright"), f"{shown.percent} interval of the sum"))
    items.append((swatch("goal"), "target"))
    return legend(*items)


def bookings_label(shown: Outlook) -> str:
    """Return in words what the chart of bookings shows, with its values."""
    low, high = shown.band
    months = "; ".join(
        f"{label} target {shown.bare(float(shown.target[k]))}, expected "
        f"{shown.bare(float(shown.expected[k]))} ({shown.bare(float(low[k]))} to "
        f"{shown.bare(float(high[k]))})"
        for k, label in enumerate(shown.labels)
    )
    return f"Targets and expected bookings by month, with {shown.percent} intervals: {months}."


def leads(shown: Outlook, *, most: int = 10) -> Html:
    """Return the leads by channel and month: a row for each channel, all on one scale."""
    rows = lead_rows(shown, most=most)

    def draw(size: Size) -> Drawing:
        pitch, n = (58.0 if size.wide else 84.0), len(shown.target)
        tall = 34.0 if size.wide else 38.0
        several = len(rows) > 1
        own = rows[:-1] if several else rows
        foot = (pitch if size.wide else 30.0) if several else 0.0
        names = min(max(text_width(name) * _BOLD for name, _ in rows) + 16, 0.22 * size.width)
        totals = max(text_width(display.count(row.sum())) * _BOLD for _, row in rows) + 18
        left, right = (names, totals) if size.wide else (0.0, 0.0)
        step = (size.width - left - right) / n
        most_leads = max(float(row.max()) for _, row in own) or 1.0
        sheet = size.sheet(pitch * len(own) + foot + 44)
        for i, (name, row) in enumerate(rows):
            base = pitch * (i + 1) - 4 if i < len(own) else pitch * len(own) + foot - 4
            whole = display.count(row.sum())
            y = base - 12 if size.wide or i == len(own) else base - pitch + 20
            room = names - 12 if size.wide else size.width - text_width(whole) * _BOLD - 24
            sheet.text(0, y, fitted(name, room / _BOLD), "strong")
            sheet.text(size.width, y, whole, "strong", anchor="end")
            if i == len(own):
                if size.wide:
                    _sums(sheet, row, (left, step, y))
                continue
            sheet.line(left, base, size.width - right, base, "grid")
            _row(sheet, row, (left, step, base), Scale(0, most_leads, 0, tall))
        under(sheet, shown.plan.periods, (left, step, pitch * len(own) + foot - 4), years=36)
        return sheet

    return chart(draw, label=leads_label(shown, rows))


def lead_rows(shown: Outlook, *, most: int = 10) -> list[tuple[str, FloatArray]]:
    """Return the channels with their leads by month, the largest first, and the sum of several."""
    order = np.argsort(-shown.leads.sum(axis=1), kind="stable")
    own = order if len(order) <= most else order[: most - 1]
    rows = [(shown.names[c], shown.leads[c]) for c in own]
    if len(own) < len(order):
        rest = order[len(own) :]
        rows.append((f"{len(rest)} further channels", shown.leads[rest].sum(axis=0)))
    return [*rows, ("all channels", shown.leads.sum(axis=0))] if len(rows) > 1 else rows


def leads_label(shown: Outlook, rows: list[tuple[str, FloatArray]]) -> str:
    """Return in words what the chart of leads shows, with its values."""
    told = [
        f"{name}: "
        + ", ".join(
            f"{label} {display.count(float(value))}"
            for label, value in zip(shown.labels, row, strict=True)
        )
        for name, row in rows
    ]
    return f"Leads needed by channel and month. {'. '.join(told)}."


def under(
    sheet: Drawing, periods: pd.PeriodIndex, place: tuple[float, float, float], *, years: float
) -> None:
    """Write the months under their columns, thinned where they have no room, and the years."""
    left, step, base = place
    every = max(math.ceil((text_width("May", SMALL) + 4) / step), 1)
    last = len(periods) - 1
    for k, month in enumerate(periods):
        middle = left + step * (k + 0.5)
        if (last - k) % every == 0:
            name = _MONTHS[month.month - 1]
            sheet.text(middle, base + 18, name, "small muted", anchor="middle")
        if k == 0 or month.month == 1:
            ahead = next((j for j in range(k + 1, last + 1) if periods[j].month == 1), None)
            if ahead is None or (ahead - k) * step > text_width("2000", SMALL) + 6:
                start = middle - min(step / 2, 12)
                sheet.text(start, base + years, str(month.year), "small muted")


def _stack(
    sheet: Drawing, shown: Outlook, k: int, across: tuple[float, float], rise: Scale
) -> None:
    middle, wide = across
    below = 0.0
    for name in PARTS:
        part = float(shown.parts[name][k])
        if part > 0:
            y = rise(below + part)
            sheet.rect(middle - wide / 2, y, wide, rise(below) - y, _KINDS[name])
        below += part


def _row(sheet: Drawing, row: FloatArray, place: tuple[float, float, float], high: Scale) -> None:
    left, step, base = place
    wide = min(step * 0.7, 44.0)
    texts = [display.count(float(value)) for value in row]
    room = max(text_width(text, SMALL) for text in texts) + 2 <= step
    for k, value in enumerate(row):
        middle, tall = left + step * (k + 0.5), high(float(value))
        if value > 0:
            sheet.rect(middle - wide / 2, base - tall, wide, tall, "bar-moved")
        if room and value > 0:
            sheet.text(middle, base - tall - 5, texts[k], "small", anchor="middle")


def _sums(sheet: Drawing, row: FloatArray, place: tuple[float, float, float]) -> None:
    """Write the sums of all channels, where they have room."""
    left, step, base = place
    texts = [display.count(float(value)) for value in row]
    if max(text_width(text, SMALL) for text in texts) + 2 > step:
        return
    for k, text in enumerate(texts):
        sheet.text(left + step * (k + 0.5), base, text, "small strong", anchor="middle")


def _short(share: float) -> str:
    return display.chance(share).replace("less than ", "<").replace("more than ", ">")


def _tick(value: float, shown: Outlook) -> str:
    if shown.money and value >= 1_000_000:
        return f"{value / 1_000_000:,g}{display.NARROW_SPACE}M"
    return brief(value) if shown.money else f"{value:,g}"
