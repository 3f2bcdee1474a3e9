"""How long conversion takes, and what young cohorts will come to."""

from __future__ import annotations

from funnelkit.lag.adjusted import AdjustedRates, adjust
from funnelkit.lag.base import LagFit, Verdict
from funnelkit.lag.cure import fit_cure
from funnelkit.lag.cure_fit import CureFit
from funnelkit.lag.cure_times import CureTimesFit, fit_cure_times
from funnelkit.lag.curves import NonparametricFit
from funnelkit.lag.nonparametric import fit_competing, fit_kaplan_meier

__all__ = [
    "AdjustedRates",
    "CureFit",
    "CureTimesFit",
    "LagFit",
    "NonparametricFit",
    "Verdict",
    "adjust",
    "fit_competing",
    "fit_cure",
    "fit_cure_times",
    "fit_kaplan_meier",
]
