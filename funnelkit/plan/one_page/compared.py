"""Scenarios side by side, as tables and pages have them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import display

if TYPE_CHECKING:
    from funnelkit.plan.scenarios.comparing import ScenarioComparison


def scenario_rows(compared: ScenarioComparison) -> tuple[list[str], list[list[str]]]:
    """Return headings and rows: each scenario with its chance, and what it would need."""
    costed = bool(np.isfinite(compared.spend).any())
    heads = ["scenario", "target", "chance of it", "expected", "leads", "leads needed"]
    heads += ["cost of those needed", "lead cost of a deal"] if costed else []
    rows = []
    for i, name in enumerate(compared.names):
        needed = float(compared.leads_needed[i])
        cells = [
            display.one_line(name),
            _amount(compared, float(compared.target[i])),
            display.chance(float(compared.probability[i])),
            _amount(compared, float(compared.expected[i])),
            display.count(float(compared.leads[i])),
            f"none suffice (at most {display.chance(float(compared.most[i]))})"
            if math.isnan(needed)
            else f"{display.count(needed)} for {display.chance(float(compared.asked[i]))}",
        ]
        if costed:
            cells += [_paid(float(compared.spend_needed[i])), _paid(float(compared.cac[i]))]
        rows.append(cells)
    return heads, rows


def _amount(compared: ScenarioComparison, value: float) -> str:
    return display.count(value) if compared.unit == "value" else display.expected(value)


def _paid(value: float) -> str:
    return display.count(value) if math.isfinite(value) else display.EN_DASH
