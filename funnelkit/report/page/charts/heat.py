"""Heat map of cohorts by age, as a table that reads without its colours."""

from __future__ import annotations

import math
from collections.abc import Sequence

from funnelkit._core import display
from funnelkit.report.page.facts import Cell, Heat, HeatRow, short_name
from funnelkit.report.page.markup import Html, el, join

_STEPS = (0.0025, 0.005, 0.01, 0.02, 0.025, 0.05, 0.1, 0.2)


def breaks(shares: Sequence[float]) -> list[float]:
    """Return the five round values at which the six colours change.

    Examples
    --------
    >>> breaks([0.032, 0.06, 0.084, 0.103, 0.119, 0.125])
    [0.04, 0.06, 0.08, 0.1, 0.12]
    """
    known = [share for share in shares if math.isfinite(share)]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    for step in _STEPS:
        first = max(step, math.ceil(round(low / step, 9)) * step)
        if first + 6 * step >= high:
            break
    return [float(f"{first + step * k:.6g}") for k in range(5)]


def heat_table(heat: Heat, *, head: str, label: str, leads: str) -> Html:
    """Return the heat map.

    Parameters
    ----------
    heat
        Cohorts at equal age.
    head
        Heading over the ages.
    label
        What the table shows, with its main values.
    leads
        Heading of the number of leads.
    """
    cuts = cuts_of(heat)
    years = len({row.cohort.year for row in heat.rows}) > 1
    return el(
        "table",
        el("caption", label, class_="unseen"),
        el(
            "thead",
            el(
                "tr",
                el("th", "Cohort", scope="col", rowspan=2),
                el("th", leads, scope="col", rowspan=2, class_="number"),
                el("th", head, scope="colgroup", colspan=len(heat.ages), class_="over"),
            ),
            el("tr", [el("th", str(age), scope="col", class_="age") for age in heat.ages]),
        ),
        el("tbody", [_row(row, cuts, years=years) for row in heat.rows]),
        class_="heat",
    )


def cuts_of(heat: Heat) -> list[float]:
    """Return where the colours change: from the mature cells alone."""
    return breaks(
        [cell.estimate.value for row in heat.rows for cell in row.cells if cell.state == "mature"]
    )


def _row(row: HeatRow, cuts: Sequence[float], *, years: bool) -> Html:
    month, _, year = short_name(row.cohort).partition(" ")
    full = el("span", f" {year}", class_="wide-only") if year else None
    brief = el("span", f" \u2019{year[-2:]}", class_="narrow-only", aria_hidden="true")
    name = join(month, full, brief if years and year else None)
    mark = el("span", " (part)", class_="muted") if row.partial else None
    return el(
        "tr",
        el("th", name, mark, scope="row"),
        el("td", display.count(row.entered), class_="number muted"),
        [_cell(cell, cuts) for cell in row.cells],
    )


def _cell(cell: Cell, cuts: Sequence[float]) -> Html:
    if cell.state == "blank":
        return el("td", el("span", "not reached", class_="unseen"), class_="none")
    words = f"{100 * cell.estimate.value:.1f}"
    if cell.state == "immature":
        return el("td", words, el("span", " (immature)", class_="unseen"), class_="cell immature")
    level = 1 + sum(cell.estimate.value >= cut - 1e-12 for cut in cuts)
    return el("td", words, class_=f"cell heat-{level}")
