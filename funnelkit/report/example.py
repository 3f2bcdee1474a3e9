"""The example: simulated leads for whoever has no export at hand."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from funnelkit.data.records import Leads

FIRST_MONTH = "2025-01"
LAST_MONTH = "2026-06"
"""Last full month of the simulation, for which the example report is written."""

_LEADS, _SEED, _DIRT = 20_000, 1, 0.02


def make_example() -> Leads:
    """Return the simulated leads of the example report, with a little of the dirt of exports.

    Examples
    --------
    >>> make_example().as_of
    datetime.date(2026, 6, 30)
    """
    from funnelkit.data.simulate import make_leads

    return make_leads(**settings())


def settings() -> dict[str, Any]:
    """Return what the example is simulated with, for whoever needs more of it than its leads."""
    first, last = (_months(month) for month in (FIRST_MONTH, LAST_MONTH))
    start, months = f"{FIRST_MONTH}-01", last - first + 1
    return {"n": _LEADS, "rng": _SEED, "start": start, "months": months, "dirt": _DIRT}


def last_day() -> dt.date:
    """Return the last day of the simulation."""
    year, month = divmod(_months(LAST_MONTH), 12)
    return dt.date(year, month + 1, 1) - dt.timedelta(days=1)


def _months(month: str) -> int:
    year, number = month.split("-")
    return 12 * int(year) + int(number)
