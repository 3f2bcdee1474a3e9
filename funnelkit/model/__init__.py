"""The one model of the funnel, fitted once: forecasts, plans and alerts read it."""

from __future__ import annotations

from funnelkit.model.drawing import ModelDraws
from funnelkit.model.fitting import fit_funnel
from funnelkit.model.result import FunnelModel

__all__ = ["FunnelModel", "ModelDraws", "fit_funnel"]
