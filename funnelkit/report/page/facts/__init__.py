"""`Facts`: everything the page says, as small views that its sections are drawn from.

A view holds counts and estimates and no words. Where the data cannot support a view,
:class:`Missing` stands in its place and says what the panel would need.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
from funnelkit.report.page.facts.months import Months, Tally
from funnelkit.report.page.facts.moved import Moved
from funnelkit.report.page.facts.records import Finding, Flow, Quality, Stage
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
    from funnelkit.metrics import Scorecard
    from funnelkit.monitor import Alerts
    from funnelkit.rates import Diagnosis

__all__ = [
    "FEW",
    "MATURE",
    "SMALL",
    "YOUNG",
    "Alike",
    "Cell",
    "CohortRow",
    "Cohorts",
    "Curve",
    "Earlier",
    "Ever",
    "Facts",
    "Finding",
    "Flow",
    "Foretold",
    "Heat",
    "HeatRow",
    "Line",
    "Missing",
    "Months",
    "Moved",
    "Quality",
    "Segment",
    "Segments",
    "Setting",
    "Stage",
    "State",
    "Tally",
    "Tested",
    "Window",
    "WindowRow",
    "short_name",
]


@dataclass(frozen=True, eq=False, kw_only=True)
class Facts:
    """Everything the page says.

    ``card`` holds the headline metrics beside their targets; ``tied`` our figures beside the CRM's
    own totals, where some were given.
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
    card: Scorecard | None = None
    tied: TieOut | None = None
