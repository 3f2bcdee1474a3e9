"""What each channel cost and brought, as a table under the headline metrics."""

from __future__ import annotations

import numpy as np

from funnelkit._core import display
from funnelkit.report.page.facts import SMALL, Channel, Channels
from funnelkit.report.page.markup import Html, el
from funnelkit.report.page.terms import capital, readable

_MOST = 12


def channel_table(view: Channels | None) -> Html | None:
    """Return the table of channels, those with most leads first; nothing without a view."""
    if view is None or not any(row.months for row in view.rows):
        return None
    heads = ["Cost", "Leads", "Cost per lead", "Customers", "CAC"]
    heads += ["Return on spend"] if view.valued else []
    name = capital(readable(view.column))
    shown = [row for row in view.rows if row.months or row.leads]
    rows = [_row(row, view) for row in shown[:_MOST]]
    more = len(shown) - _MOST
    table = el(
        "table",
        el("caption", f"By {readable(view.column)}, {view.first} to {view.last}"),
        el("thead", el("tr", [el("th", head, scope="col") for head in (name, *heads)])),
        el("tbody", rows),
        class_="data card-table",
    )
    few = any(row.customers < SMALL for row in shown)
    words = [
        "Over the months with a known cost: one that is missing is not 0.",
        "Earlier cost may have brought much of what came in these months.",
        f"CAC and return of fewer than {SMALL} customers swing widely." if few else "",
        f"{display.plural(more, 'more channel')} in the workbook." if more > 0 else "",
        *view.notes,
    ]
    return el(
        "div",
        el(
            "div",
            table,
            class_="scroll",
            tabindex="0",
            role="region",
            aria_label=f"Cost and result by {readable(view.column)}",
        ),
        el("p", " ".join(one for one in words if one), class_="note"),
        class_="beneath",
    )


def _row(row: Channel, view: Channels) -> Html:
    cells = [
        _money(row.cost, view),
        display.count(row.leads),
        _money(row.cost / row.leads if row.leads else float("nan"), view),
        display.count(row.customers),
        _money(row.cost / row.customers if row.customers else float("nan"), view),
    ]
    if view.valued:
        told = f"{row.returned:.2f}".replace("-", display.MINUS)
        cells.append(told if np.isfinite(row.returned) else display.EN_DASH)
    span = None
    if not row.months:
        span = el("span", "no cost is known", class_="kind")
    name = el("th", el("b", display.segment_name((row.name,))), span, scope="row")
    return el("tr", name, [el("td", cell) for cell in cells])


def _money(value: float, view: Channels) -> str:
    if not np.isfinite(value):
        return display.EN_DASH
    text = f"{value:,.0f}".replace("-", display.MINUS)
    return text if view.currency is None else f"{view.currency} {text}"
