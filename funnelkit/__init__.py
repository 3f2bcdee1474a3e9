"""funnelkit: honest conversion rates, forecasts and plans for B2B funnels.

The public names stand in the order of the flow: definition, reading, counts, lag, rates, metrics,
the model, experiments, monitoring, forecasts, plans, views, reports. They are imported on first
use, so that ``import funnelkit`` stays quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from funnelkit import (
        experiment,
        forecast,
        lag,
        metrics,
        monitor,
        plan,
        plot,
        rates,
        report,
        table,
    )
    from funnelkit._core.dates import Calendar
    from funnelkit._core.errors import FunnelError, FunnelWarning
    from funnelkit._core.interval import Interval
    from funnelkit.counts.arms import ArmMoments, arm_moments
    from funnelkit.counts.build import triangle, triangle_sql, triangles
    from funnelkit.counts.movement import movement
    from funnelkit.counts.triangle import Triangle
    from funnelkit.data.archive import Archive, archive, open_archive, read_archive
    from funnelkit.data.control.tying import tie_out
    from funnelkit.data.definition import Funnel
    from funnelkit.data.hubspot.reading import read_hubspot
    from funnelkit.data.ledgers.agreements import read_contracts, read_quotas, read_subscriptions
    from funnelkit.data.ledgers.ledger import Ledger
    from funnelkit.data.ledgers.readers import read_activities, read_spend, read_visitors
    from funnelkit.data.lookups import look_up
    from funnelkit.data.quality import audit
    from funnelkit.data.reading import from_events, from_frame, read_csv, read_parquet
    from funnelkit.data.records import Leads
    from funnelkit.data.salesforce.reading import read_salesforce
    from funnelkit.data.simulate import make_leads
    from funnelkit.data.spreadsheets.reading import read_excel
    from funnelkit.data.tables import from_table
    from funnelkit.exploring.panel import explore
    from funnelkit.model import FunnelModel, fit_funnel

__version__ = "0.1.0"

_ROOMS = (
    "lag",
    "rates",
    "metrics",
    "experiment",
    "monitor",
    "forecast",
    "plan",
    "plot",
    "table",
    "report",
)
_HOMES = {
    "Funnel": "data.definition",
    "Calendar": "_core.dates",
    "FunnelError": "_core.errors",
    "FunnelWarning": "_core.errors",
    "Interval": "_core.interval",
    "Leads": "data.records",
    "read_csv": "data.reading",
    "read_excel": "data.spreadsheets.reading",
    "read_hubspot": "data.hubspot.reading",
    "read_parquet": "data.reading",
    "read_salesforce": "data.salesforce.reading",
    "from_frame": "data.reading",
    "from_events": "data.reading",
    "from_table": "data.tables",
    "archive": "data.archive",
    "open_archive": "data.archive",
    "read_archive": "data.archive",
    "Archive": "data.archive",
    "audit": "data.quality",
    "tie_out": "data.control.tying",
    "Ledger": "data.ledgers.ledger",
    "read_spend": "data.ledgers.readers",
    "read_visitors": "data.ledgers.readers",
    "read_activities": "data.ledgers.readers",
    "read_subscriptions": "data.ledgers.agreements",
    "read_quotas": "data.ledgers.agreements",
    "read_contracts": "data.ledgers.agreements",
    "look_up": "data.lookups",
    "make_leads": "data.simulate",
    "Triangle": "counts.triangle",
    "arm_moments": "counts.arms",
    "ArmMoments": "counts.arms",
    "triangle": "counts.build",
    "triangle_sql": "counts.build",
    "triangles": "counts.build",
    "movement": "counts.movement",
    "FunnelModel": "model",
    "fit_funnel": "model",
    "explore": "exploring.panel",
}

__all__ = [
    "Archive",
    "ArmMoments",
    "Calendar",
    "Funnel",
    "FunnelError",
    "FunnelModel",
    "FunnelWarning",
    "Interval",
    "Leads",
    "Ledger",
    "Triangle",
    "archive",
    "arm_moments",
    "audit",
    "experiment",
    "explore",
    "fit_funnel",
    "forecast",
    "from_events",
    "from_frame",
    "from_table",
    "lag",
    "look_up",
    "make_leads",
    "metrics",
    "monitor",
    "movement",
    "open_archive",
    "plan",
    "plot",
    "rates",
    "read_activities",
    "read_archive",
    "read_contracts",
    "read_csv",
    "read_excel",
    "read_hubspot",
    "read_parquet",
    "read_quotas",
    "read_salesforce",
    "read_spend",
    "read_subscriptions",
    "read_visitors",
    "report",
    "table",
    "tie_out",
    "triangle",
    "triangle_sql",
    "triangles",
]


def __getattr__(name: str) -> object:
    if name in _ROOMS:
        return importlib.import_module(f"funnelkit.{name}")
    if name in _HOMES:
        value = getattr(importlib.import_module(f"funnelkit.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'funnelkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
