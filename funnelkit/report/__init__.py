"""Periodic reports: their parameters, `funnel.yml`, the runs and what they write."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from funnelkit.report.batch.running import run_many
    from funnelkit.report.config import load_config
    from funnelkit.report.day.daily_page import daily
    from funnelkit.report.delivery.delivering import deliver
    from funnelkit.report.page.monthly_page import monthly
    from funnelkit.report.quarter.quarterly_page import quarterly
    from funnelkit.report.readout.readout_page import experiment
    from funnelkit.report.runner import run
    from funnelkit.report.trying.first_look import trial
    from funnelkit.report.verifying import verify
    from funnelkit.report.week.weekly_page import weekly

_HOMES = {
    "daily": "day.daily_page",
    "deliver": "delivery.delivering",
    "experiment": "readout.readout_page",
    "load_config": "config",
    "monthly": "page.monthly_page",
    "quarterly": "quarter.quarterly_page",
    "run": "runner",
    "run_many": "batch.running",
    "trial": "trying.first_look",
    "verify": "verifying",
    "weekly": "week.weekly_page",
}

__all__ = [
    "daily",
    "deliver",
    "experiment",
    "load_config",
    "monthly",
    "quarterly",
    "run",
    "run_many",
    "trial",
    "verify",
    "weekly",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        value = getattr(importlib.import_module(f"funnelkit.report.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'funnelkit.report' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
