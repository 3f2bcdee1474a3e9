"""How long conversion takes, and what young cohorts will come to."""

from __future__ import annotations

from funnelkit.lag.adjusting.result import AdjustedRates, adjust
from funnelkit.lag.base import LagFit, Verdict
from funnelkit.lag.cure.grouped import fit_cure
from funnelkit.lag.cure.result import CureFit
from funnelkit.lag.cure.times import CureTimesFit, fit_cure_times
from funnelkit.lag.nonparametric.product_limit_fits import fit_competing, fit_kaplan_meier
from funnelkit.lag.nonparametric.result import NonparametricFit
from funnelkit.lag.restricted import within

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
    "within",
]
