"""The parts of a page that nothing else on it waits for, each made from the world of its month."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funnelkit.report.page import gather
from funnelkit.report.page.beside.asking import EVES, Part
from funnelkit.report.page.beside.foretelling import foretold
from funnelkit.report.page.facts import Missing, Setting
from funnelkit.report.page.source import Source, opened
from funnelkit.report.page.views.records import findings_of
from funnelkit.report.page.views.watched import alerts_view

if TYPE_CHECKING:
    from funnelkit.data.finding import Finding
    from funnelkit.data.records import Leads
    from funnelkit.monitor import Alerts
    from funnelkit.report.page.changes import Estimate


@dataclass(frozen=True, eq=False)
class World:
    """What a page is made from, as known at the end of its month."""

    source: Source
    leads: Leads
    setting: Setting
    segment: str | None


def world_of(
    *,
    source: Mapping[str, Any],
    month: str | None,
    start: str | None,
    segment: str | None,
    confidence_level: float,
) -> World:
    """Return the world of a page of wins from its arguments."""
    found = opened(**source)
    _, known, setting = gather.world_of(
        found, month=month, start=start, target=None, confidence_level=confidence_level
    )
    return World(found, known, setting, segment)


def eves(world: World) -> dict[str, Estimate | None]:
    """Return what was expected of each of the last months, such as ``"2026-10"``, on its eve.

    A month of which nothing could be said is ``None``.
    """
    last, level = world.setting.month, world.setting.confidence_level
    months = [last - back for back in reversed(range(EVES))]
    return {str(month): foretold(world.leads, month, confidence_level=level) for month in months}


def today(world: World) -> tuple[tuple[Finding, ...], Alerts | Missing]:
    """Return what the audit finds, and what left its usual level.

    Both look at a copy of the leads, so that their table goes when they are done.
    """
    leads = world.leads.at(world.leads.as_of)
    found = findings_of(leads, world.source.known)
    return found, alerts_view(leads, world.setting, world.segment)


PARTS: dict[Part, Callable[[World], object]] = {
    "today": today,
    "eves": eves,
}
"""In the order in which the page asks for them."""
