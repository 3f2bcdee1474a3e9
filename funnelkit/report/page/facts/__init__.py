"""`Facts`: everything the page says, as small views that its sections are drawn from.

A view holds counts and estimates and no words. Where the data cannot support a view,
:class:`Missing` stands in its place and says what the panel would need.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from funnelkit.report.page.facts.channels import Channel, Channels
from funnelkit.report.page.facts.cohorts import (
    Alike,
    Cell,
    CohortRow,
    Cohorts,
    Curve,
    Earlier,
    Heat,
    HeatRow,
    Line,
    Segment,
    Segments,
    State,
    Window,
    WindowRow,
)
from funnelkit.report.page.facts.coming import Coming, Said
from funnelkit.report.page.facts.months import Months, Tally
from funnelkit.report.page.facts.moved import Moved
from funnelkit.report.page.facts.planned import Planned, Stretch
from funnelkit.report.page.facts.records import Finding, Flow, Quality, Stage
from funnelkit.report.page.facts.restated import Issued, Recount, Reread, Restated
from funnelkit.report.page.facts.setting import (
    FEW,
    MATURE,
    SMALL,
    YOUNG,
    Missing,
    Setting,
    short_name,
)
from funnelkit.report.page.facts.tested import Ever, Foretold, Tested

if TYPE_CHECKING:
    from funnelkit.data.control.tying import TieOut
    from funnelkit.experiment import Readout
    from funnelkit.metrics import Scorecard
    from funnelkit.monitor import Alerts
    from funnelkit.rates import Diagnosis
    from funnelkit.report.playbook import Playbook

__all__ = [
    "FEW",
    "MATURE",
    "SMALL",
    "YOUNG",
    "Alike",
    "Cell",
    "Channel",
    "Channels",
    "CohortRow",
    "Cohorts",
    "Coming",
    "Curve",
    "Earlier",
    "Ever",
    "Facts",
    "Finding",
    "Flow",
    "Foretold",
    "Heat",
    "HeatRow",
    "Issued",
    "Line",
    "Missing",
    "Months",
    "Moved",
    "Planned",
    "Quality",
    "Recount",
    "Reread",
    "Restated",
    "Said",
    "Segment",
    "Segments",
    "Setting",
    "Stage",
    "State",
    "Stretch",
    "Tally",
    "Tested",
    "Window",
    "WindowRow",
    "short_name",
]


@dataclass(frozen=True, eq=False, kw_only=True)
class Facts:
    """Everything the page says.

    ``card`` holds the headline metrics beside their targets; ``channels`` what each channel cost
    and brought, where there is a table of spend; ``experiments`` each test that runs by its name;
    ``tied`` our figures beside the CRM's own totals, where some were given; ``restated`` figures of
    earlier reports, where funnel.yml names their folder; ``playbook`` the checks by finding, the
    default ones where none are named. ``ahead`` makes what is
    still to come, once :meth:`coming` is asked for: it takes longer than all else; ``goals`` makes
    the plan for the targets from it, where funnel.yml names some.
    """

    setting: Setting
    months: Months
    cohorts: Cohorts | Missing
    window: Window | Missing
    heat: Heat | Missing
    curve: Curve | Missing
    tested: Tested | Missing
    flow: Flow | Missing
    segments: Segments | Missing
    moved: Moved | Missing
    alerts: Alerts | Missing
    diagnosis: Diagnosis | Missing
    quality: Quality
    ahead: Callable[[], Coming | Missing] | None = None
    goals: Callable[[Coming | Missing], Planned | Missing] | None = None
    card: Scorecard | None = None
    channels: Channels | None = None
    experiments: tuple[tuple[str, Readout | Missing], ...] = ()
    tied: TieOut | None = None
    restated: Restated | Missing | None = None
    playbook: Playbook | None = None

    def coming(self) -> Coming | Missing:
        """Return what is still to come, made when it is first asked for."""
        return self._coming

    def planned(self) -> Planned | Missing:
        """Return the plan for the targets, made when it is first asked for."""
        return self._planned

    @cached_property
    def _planned(self) -> Planned | Missing:
        if self.goals is None:
            return Missing("It needs targets: name them in funnel.yml.")
        return self.goals(self.coming())

    @cached_property
    def _coming(self) -> Coming | Missing:
        if self.ahead is None:
            return Missing("It needs leads that have entered.")
        return self.ahead()
