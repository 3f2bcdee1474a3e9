"""Small forecasts and leads made by hand."""

from typing import Any

import numpy as np
import pandas as pd

import funnelkit as fk
from funnelkit.data.records import Leads
from funnelkit.forecast import Forecast


def forecast_of(draws: Any, *, start: str = "2026-07", **changed: Any) -> Forecast:
    """A forecast of draws of shape (n_draws, S, H) or (n_draws, H)."""
    drawn = np.asarray(draws, float)
    drawn = drawn[:, None, :] if drawn.ndim == 2 else drawn
    size = drawn.shape[1]
    periods = pd.period_range(start, periods=drawn.shape[2], freq="M")
    given: dict[str, Any] = {
        "what": "won deals",
        "unit": "count",
        "by": () if size == 1 else ("source",),
        "segments": ((),) if size == 1 else tuple((f"s{k}",) for k in range(size)),
        "periods": periods,
        "draws": drawn,
        "expected": drawn.mean(axis=0),
        "gone": periods[:0],
        "observed": np.zeros((size, 0)),
        "so_far": np.zeros(size),
        "as_of": (periods[0].start_time - pd.Timedelta(days=1)).date(),
        "method": "by hand",
        "reason": "a test",
        "n": 1,
    }
    return Forecast(**{**given, **changed})


def leads_of(
    wins: list[int], *, start: str = "2025-01", amount: float = 100.0, segments: bool = False
) -> Leads:
    """Leads that enter on the first of a month and are won on its fifth: so many each month."""
    rows = [
        {
            "id": f"{month}-{j}",
            "lead": month.start_time.date(),
            "won": (month.start_time + pd.Timedelta(days=4)).date(),
            "amount": amount,
            "source": "web" if j % 2 else "fair",
        }
        for k, month in enumerate(pd.period_range(start, periods=len(wins), freq="M"))
        for j in range(wins[k])
    ]
    last = pd.period_range(start, periods=len(wins), freq="M")[-1].end_time.date()
    funnel = fk.Funnel(
        ["lead", "won"], id="id", value="amount", segments=["source"] if segments else []
    )
    return fk.from_frame(pd.DataFrame(rows), funnel, as_of=last)
