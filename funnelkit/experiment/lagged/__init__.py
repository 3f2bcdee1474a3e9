"""Two arms whose leads have been followed for different times, compared as if they had not."""

from __future__ import annotations

from funnelkit.experiment.lagged.comparing import compare_lagged
from funnelkit.experiment.lagged.result import LaggedComparison

__all__ = ["LaggedComparison", "compare_lagged"]
