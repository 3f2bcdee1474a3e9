"""The CRM's forecast categories: what was committed, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.forecast.open_pipeline.result import PipelineForecast

COMMIT, BEST = "CRM commit", "CRM commit and best case"


def committed_value(table: pd.DataFrame, last: pd.Timestamp) -> dict[str, float]:
    """Return the amounts in the CRM's categories that are planned to close by a day.

    Parameters
    ----------
    table
        Deals with ``forecast_category``, ``planned_close`` and ``amount``.
    last
        The last day; deals that are overdue or without a plan are in.

    Returns
    -------
    dict
        ``"CRM commit"`` and ``"CRM commit and best case"``; empty where no deal has a category.
    """
    import pandas as pd

    if table["forecast_category"].isna().all():
        return {}
    names = table["forecast_category"].fillna("").astype(str).str.casefold()
    inside = ~(pd.to_datetime(table["planned_close"]) > last)
    commit = inside & names.str.startswith("commit")
    best = inside & names.str.startswith("best")
    amounts = table["amount"].to_numpy(float)
    sums = [float(np.nansum(amounts[one.to_numpy(bool)])) for one in (commit, commit | best)]
    return {COMMIT: sums[0], BEST: sums[1]}


def category_wins(
    said: PipelineForecast, won: pd.DataFrame, key: str, last_stage: str
) -> pd.DataFrame:
    """Return the listed deals of a past forecast by category and stage, and which were won.

    Parameters
    ----------
    said
        The forecast.
    won
        Records won by today.
    key, last_stage
        Columns of the id and of the day of the win.
    """
    import pandas as pd

    table = said.table
    days = pd.to_datetime(won[last_stage])
    inside = (days > pd.Timestamp(said.as_of)) & (days <= said.periods[-1].end_time)
    winners = set(won.loc[inside, key])
    return pd.DataFrame(
        {
            "forecast_category": table["forecast_category"],
            "stage": table["stage"],
            "amount": table["amount"],
            "expected_won": table["p_win_in_horizon"],
            "won": table[key].isin(list(winners)).astype("int64"),
        }
    )
