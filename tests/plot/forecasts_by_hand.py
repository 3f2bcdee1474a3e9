"""Forecasts with draws chosen by hand, so that every quantile and chance can be counted."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from funnelkit.forecast.result import Forecast

# Four draws of two series in three months. Sums of both: 6 4 5, 7 6 3, 9 6 2, 8 11 4;
# summed up over months: 6 10 15, 7 13 16, 9 15 17, 8 19 23.
DRAWS = [
    [[5, 4, 3], [1, 0, 2]],
    [[6, 5, 2], [1, 1, 1]],
    [[7, 6, 1], [2, 0, 1]],
    [[8, 9, 4], [0, 2, 0]],
]


def by_hand(**changed: Any) -> Forecast:
    """Two sources, three months to come from November 2026 on, two months gone by."""
    draws = np.asarray(changed.pop("draws", DRAWS), float)
    _, series, ahead = draws.shape
    named = (("web",), (None,)) if series == 2 else ((),) if series == 1 else ()
    kind = changed.pop("kind", Forecast)
    given: dict[str, Any] = {
        "what": "won deals",
        "unit": "count",
        "by": ("source",) if series == 2 else (),
        "segments": named,
        "periods": pd.period_range("2026-11", periods=ahead, freq="M"),
        "draws": draws,
        "expected": draws.mean(axis=0),
        "gone": pd.period_range("2026-09", periods=2, freq="M"),
        "observed": [[10, 12], [np.nan, 3]][:series],
        "so_far": np.zeros(series),
        "as_of": dt.date(2026, 10, 31),
        "method": "counting",
        "reason": "it is small",
        "n": 25,
    }
    return kind(**(given | changed))
