"""The parts of a page that nothing else on it waits for, each made from the world of its month."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funnelkit.report.page.beside.asking import EVES, Part
from funnelkit.report.page.beside.foretelling import foretold
from funnelkit.report.page.gather import known_at, month_of, of_one_business
from funnelkit.report.page.source import Source, opened
from funnelkit.report.page.views.records import findings_of

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.finding import Finding
    from funnelkit.data.records import Leads
    from funnelkit.report.page.changes import Estimate


@dataclass(frozen=True, eq=False)
class World:
    """What a page is made from, as known at the end of its month."""

    source: Source
    leads: Leads
    month: pd.Period
    confidence_level: float


def world_of(*, source: Mapping[str, Any], month: str | None, confidence_level: float) -> World:
    """Return the world of a page from its arguments."""
    found = opened(**source)
    leads = of_one_business(found.leads)
    period = month_of(leads, month)
    return World(found, known_at(leads, period), period, confidence_level)


def eves(world: World) -> dict[str, Estimate | None]:
    """Return what was expected of each of the last months, such as ``"2026-10"``, on its eve.

    A month of which nothing could be said is ``None``.
    """
    level = world.confidence_level
    months = [world.month - back for back in reversed(range(EVES))]
    return {str(month): foretold(world.leads, month, confidence_level=level) for month in months}


def findings(world: World) -> tuple[Finding, ...]:
    """Return what the audit finds; of a copy of the leads, so that its table goes with it."""
    return findings_of(world.leads.at(world.leads.as_of), world.source.known)


PARTS: dict[Part, Callable[[World], object]] = {
    "findings": findings,
    "eves": eves,
}
"""In the order in which the page asks for them."""
