"""What certainty costs: money or leads against the chance of the goal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit.plan.one_page.assured import Assured
from funnelkit.report.page.charts.svg import SMALL, Drawing, Scale, Size, chart, text_width, ticks

if TYPE_CHECKING:
    from funnelkit.report.page.markup import Html


def certainty(shown: Assured) -> Html:
    """Return the curve of cost against chance, with a dot for each plan."""

    def draw(size: Size) -> Drawing:
        costs = [*(mark[2] for mark in shown.marks), *(float(one[1]) for one in shown.curve)]
        top = max(costs, default=1.0) * 1.08 or 1.0
        marks = [mark for mark in ticks(top, most=5) if mark <= top]
        texts = [display.brief(mark) for mark in marks]
        left = max(text_width(text, SMALL) for text in texts) + 10
        base = 220.0
        sheet = size.sheet(base + 28)
        rise = Scale(0, top, base, 12)
        chances = [*(mark[1] for mark in shown.marks), *(float(one[0]) for one in shown.curve)]
        low = max(min([*chances, 0.5]) - 0.05, 0.0)
        run = Scale(low, 1.0, left, size.width)
        for mark, text in zip(marks, texts, strict=True):
            sheet.line(left, rise(mark), size.width, rise(mark), "grid" if mark else "axis")
            sheet.text(left - 8, rise(mark) + 4, text, "small muted", anchor="end")
        every = 1 if size.wide else 2
        for k in range(11):
            share = k / 10
            if share >= low and (10 - k) % every == 0:
                words = display.percent(share, decimals=0)
                anchor = "end" if k == 10 else "middle"
                sheet.text(run(share), base + 19, words, "small muted", anchor=anchor)
        sheet.path(
            [(run(float(one[0])), rise(float(one[1]))) for one in shown.curve], "context-line"
        )
        _dots(sheet, shown, run, rise)
        return sheet

    return chart(draw, label=certainty_label(shown))


def _dots(sheet: Drawing, shown: Assured, run: Scale, rise: Scale) -> None:
    """Draw the dots, each with its name up to the left, or below where another name stands."""
    taken: list[tuple[float, float, float]] = []
    for name, chance, cost in shown.marks:
        x, y = run(chance), rise(cost)
        sheet.dot(x, y, 6, "estimate")
        words = f"{name}: {shown.brief(cost)}"
        wide = text_width(words) * 1.12
        spots = [(x - 10, y - 9, "end"), (x + 10, y + 18, "start"), (x - 10, y - 26, "end")]
        for at, up, anchor in spots:
            start, end = (at - wide, at) if anchor == "end" else (at, at + wide)
            free = all(end < one[0] or start > one[1] or abs(up - one[2]) > 16 for one in taken)
            if free and start > run.start and end < sheet.width:
                sheet.text(at, up, words, "strong halo", anchor=anchor)
                taken.append((start, end, up))
                break


def certainty_label(shown: Assured) -> str:
    """Return in words what the chart shows, with its values."""
    meant = shown.outlook.meant
    return f"{shown.what.capitalize()} against the chance of {meant}: {shown.words()}"
