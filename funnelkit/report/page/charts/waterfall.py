"""A waterfall: what is won, in flight and not yet created, and the total with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.report.page.charts.bridge import Step, bridge

if TYPE_CHECKING:
    from funnelkit.forecast.adding_up import Parts
    from funnelkit.report.page.markup import Html


def waterfall_chart(parts: Parts, *, label: str | None = None) -> Html:
    """Return a waterfall in two drawings.

    Parameters
    ----------
    parts
        ``Parts(forecast, what, unit)`` of a bookings forecast or of its ``waterfall()``.
    label
        What it shows, with its values. Default: the headline, and a line for each part.
    """
    steps = [
        Step(row.name, row.start, row.end, f"{row.words} {row.more}".rstrip(), row.sure, row.ends)
        for row in parts.rows()
    ]
    if label is None:
        label = " ".join([f"{parts.title()}.", *parts.told])
    return bridge(steps, label=label)
