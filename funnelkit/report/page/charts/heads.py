"""People by role and month: those there, those the hires add, and those that the work asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit.report.page.charts.planned import under
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
)

if TYPE_CHECKING:
    from funnelkit.plan.one_page.staffing import Staff
    from funnelkit.report.page.markup import Html

_BOLD = 1.12


def heads(staff: Staff) -> Html:
    """Return a row of bars for each role."""
    capacity = staff.capacity

    def draw(size: Size) -> Drawing:
        high, n = 92.0, len(capacity.periods)
        names = [display.one_line(role) for role in capacity.roles]
        left = 0.0
        if size.wide:
            left = min(max(text_width(name) * _BOLD for name in names) + 18, 0.24 * size.width)
        head = 0.0 if size.wide else 26.0
        step = (size.width - left) / n
        sheet = size.sheet((high + head) * len(names) + 44)
        for r, name in enumerate(names):
            base = (high + head) * r + head + high - 6
            if size.wide:
                sheet.text(0, base - 26, fitted(name, (left - 14) / _BOLD), "strong")
                sheet.text(0, base - 8, _hires(staff, r), "small muted")
            else:
                y, end = base - high + 6, size.width
                sheet.text(0, y, fitted(name, size.width * 0.6), "strong")
                sheet.text(end, y, _hires(staff, r), "small muted", anchor="end")
            sheet.line(left, base, size.width, base, "grid")
            _role(sheet, staff, r, (left, step, base, high - 34))
        under(sheet, capacity.periods, (left, step, (high + head) * len(names) - 6), years=36)
        return sheet

    return chart(draw, label=heads_label(staff))


def heads_legend(staff: Staff) -> Html:
    """Return what each mark means, for those that are there."""
    items = [(swatch("left"), "there, by how far they have ramped")]
    if staff.capacity.with_hires is not None:
        items.append((swatch("rise"), "with the hires that are needed"))
    if not np.isnan(staff.capacity.ramped_heads_needed).all():
        items.append((swatch("goal"), "needed"))
    return legend(*items)


def heads_label(staff: Staff) -> str:
    """Return in words what the chart shows, with its values."""
    lines = []
    for r, role in enumerate(staff.capacity.roles):
        needed = staff.capacity.ramped_heads_needed[r]
        months = ", ".join(
            f"{period_label(month)} {display.expected(float(staff.after.ramped_heads[r, k]))}"
            + ("" if np.isnan(needed[k]) else f" of {display.expected(float(needed[k]))} needed")
            for k, month in enumerate(staff.capacity.periods)
        )
        lines.append(f"{display.one_line(role)}: {months}")
    return f"People by role and month, with the hires. {'. '.join(lines)}."


def _hires(staff: Staff, role: int) -> str:
    number = int(staff.capacity.hires_needed[role].sum())
    return display.plural(number, "hire") if number else "no hire"


def _role(
    sheet: Drawing, staff: Staff, role: int, place: tuple[float, float, float, float]
) -> None:
    left, step, base, tall = place
    there, after = staff.capacity.ramped_heads[role], staff.after.ramped_heads[role]
    needed = staff.capacity.ramped_heads_needed[role]
    rise = Scale(0, float(max(after.max(), np.nan_to_num(needed).max())) or 1.0, 0, tall)
    wide = min(step * 0.62, 44.0)
    texts = [display.expected(float(one)).removesuffix(".0") for one in after]
    room = max(text_width(text, SMALL) for text in texts) + 4 <= step
    for k in range(len(there)):
        middle = left + step * (k + 0.5)
        own, whole = rise(float(there[k])), rise(float(after[k]))
        if whole - own > 1:
            sheet.rect(middle - wide / 2, base - whole, wide, whole - own, "bridge-rise")
        sheet.rect(middle - wide / 2, base - own, wide, own, "bar-left")
        top = max(whole, own)
        if not np.isnan(needed[k]):
            y = base - rise(float(needed[k]))
            reach = min(wide / 2 + 5, step / 2 - 1)
            sheet.line(middle - reach, y, middle + reach, y, "goal")
            top = max(top, base - y)
        if room:
            sheet.text(middle, base - top - 7, texts[k], "small", anchor="middle")
