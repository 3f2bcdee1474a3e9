"""Sparkline: a few months of one figure, from zero, the last one marked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from funnelkit.report.page.charts.svg import Drawing, Scale
from funnelkit.report.page.markup import Html, el

_WIDTH, _HEIGHT = 190, 74
_TOP, _BASE, _MOST = 12, 50, 6


@dataclass(frozen=True)
class Point:
    """One month of a sparkline; ``value`` is NaN where the figure is not known."""

    month: str
    value: float
    low: float = math.nan
    high: float = math.nan
    immature: bool = False


def spark(points: Sequence[Point], *, label: str) -> Html:
    """Return the sparkline of the last six months at most.

    Parameters
    ----------
    points
        Months in order; the last one is the figure of the card.
    label
        What it shows, with its values.
    """
    shown = _trimmed(points)[-_MOST:]
    sheet = Drawing(_WIDTH, _HEIGHT)
    ends = [each for one in shown for each in (one.value, one.high) if math.isfinite(each)]
    rise = Scale(0, max(ends, default=1) or 1, _BASE - 4, _TOP)
    gap = (_WIDTH - 34) / max(len(shown) - 1, 5)
    places = [15 + gap * k for k in range(len(shown))]
    sheet.line(0, _BASE, places[-1] + 17, _BASE, "grid")
    known = [(x, one) for x, one in zip(places, shown, strict=True) if math.isfinite(one.value)]
    sheet.path([(x, rise(one.value)) for x, one in known], "context-line")
    for x, one in known:
        last = one is shown[-1]
        if math.isfinite(one.high):
            kind = "interval" if last else "context-thin"
            sheet.line(x, rise(one.low), x, rise(one.high), kind)
        sheet.dot(x, rise(one.value), 4.5 if last else 2.4, _dot(last=last, hollow=one.immature))
    for x, one in zip(places, shown, strict=True):
        sheet.text(x, _HEIGHT - 8, one.month, "small muted", anchor="middle")
    return el("div", sheet.svg("spark"), role="img", aria_label=label, class_="spark")


def _trimmed(points: Sequence[Point]) -> list[Point]:
    """Return the points without months at the end of which nothing is known."""
    kept = list(points)
    while len(kept) > 1 and not math.isfinite(kept[-1].value):
        kept.pop()
    return kept


def _dot(*, last: bool, hollow: bool) -> str:
    if last:
        return "hollow" if hollow else "estimate"
    return "context-hollow" if hollow else "context"
