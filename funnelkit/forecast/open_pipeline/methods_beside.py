"""The classical pipeline and the CRM's own, by month, beside the forecast."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.dates import period_label
from funnelkit.counts.open_book import OpenBook
from funnelkit.forecast.open_pipeline.open_records import OpenRecords
from funnelkit.forecast.open_pipeline.outlook import Outlook, after_all, sum_of
from funnelkit.forecast.open_pipeline.weighting import StageWeights
from funnelkit.forecast.open_pipeline.worlds import Records

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
FORECAST, WEIGHTED, CRM = "residual chances", "stage weights", "CRM probability"


def month_of(days: FloatArray, ends: FloatArray) -> IntArray:
    """Return the position of the month in which a day lies; the number of months if after all.

    Days not after ``as_of`` are in the first month; NaN is after all.

    Examples
    --------
    >>> month_of(np.array([-3.0, 31.0, 32.0, np.nan]), np.array([31.0, 61.0])).tolist()
    [0, 0, 1, 2]
    """
    return np.asarray(np.searchsorted(ends, np.where(np.isnan(days), np.inf, days)), np.int64)


def weighted_by_month(
    weights: StageWeights,
    book: OpenBook,
    parts: tuple[Records, Records],
    ends: FloatArray,
    *,
    planned: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return the stage-weighted deals and money by month, the last place being later months.

    Parameters
    ----------
    weights
        Past share won and mean days to the win, by stage.
    book
        For segments, stages and ages.
    parts
        Those with a plan, then all others.
    ends
        Days after ``as_of`` at which months end.
    planned
        Days after ``as_of`` of the planned close of the first part; NaN where there is none.

    Returns
    -------
    tuple of ndarray
        Shapes ``(H + 1,)``. Amounts that are not known count as 0.

    Notes
    -----
    A deal falls whole into the month of its planned close, one that is overdue into the first;
    without a plan, after the mean days from its stage to the win, less its age.
    """
    rows = weights.rows(book.by, book.segments)
    named = {name: k for k, name in enumerate(weights.stages)}
    stages = np.array([named[name] for name in book.stages], np.int64)
    won, money = np.zeros(len(ends) + 1), np.zeros(len(ends) + 1)
    for i, records in enumerate(parts):
        if not len(records):
            continue
        at, stage = rows[records.segment], stages[records.stage]
        known = at >= 0
        share, cycle = np.zeros(len(records)), np.full(len(records), np.nan)
        share[known] = np.nan_to_num(weights.share[at[known], stage[known]])
        cycle[known] = weights.days[at[known], stage[known]]
        days = np.maximum(cycle - np.maximum(records.age, 0), 1)
        if i == 0:
            days = np.where(np.isnan(planned), days, planned)
        month = month_of(days, ends)
        np.add.at(won, month, share * records.n)
        np.add.at(money, month, share * records.n * np.nan_to_num(records.amount))
    return won, money


def days_ahead(planned: pd.Series[pd.Timestamp], as_of: dt.date) -> FloatArray:
    """Return days after ``as_of``; NaN where there is none."""
    import pandas as pd

    return np.asarray((planned - pd.Timestamp(as_of)).dt.days.to_numpy(float, na_value=np.nan))


def methods_of(
    weights: StageWeights,
    records: OpenRecords,
    parts: tuple[Outlook, Outlook],
    periods: pd.PeriodIndex,
    ends: FloatArray,
    *,
    plans: Mapping[str, Any],
) -> pd.DataFrame:
    """Return the forecast and the ways to which it is compared, month by month.

    Parameters
    ----------
    weights
        Past share won by stage.
    records
        The open records.
    parts
        What is expected of those with a plan, and of all others.
    periods, ends
        Months to come, and the days after ``as_of`` at their end.
    plans
        Of the first part: ``planned_close`` and ``crm_probability``.

    Returns
    -------
    DataFrame
        One row per ``method`` and ``period`` (the last one is ``"later"``, for wins after the
        horizon): ``won`` (deals) and ``total_value``.
    """
    import pandas as pd

    book = records.book
    own = [part.records for part in parts]
    planned = days_ahead(plans["planned_close"], book.as_of)
    found = {
        FORECAST: tuple(
            np.append(
                sum_of(parts, len(book.segments), money=flag).sum(axis=0),
                after_all(parts, money=flag),
            )
            for flag in (False, True)
        ),
        WEIGHTED: weighted_by_month(weights, book, (own[0], own[1]), ends, planned=planned),
    }
    share = plans["crm_probability"].to_numpy(float)
    if np.isfinite(share).any():
        month = month_of(planned, ends)
        won, money = np.zeros(len(ends) + 1), np.zeros(len(ends) + 1)
        np.add.at(won, month, np.nan_to_num(share))
        np.add.at(money, month, np.nan_to_num(share * own[0].amount))
        found[CRM] = (won, money)
    labels = [*(period_label(one) for one in periods), "later"]
    rows = [
        pd.DataFrame({"method": name, "period": labels, "won": won, "total_value": money})
        for name, (won, money) in found.items()
    ]
    return pd.concat(rows, ignore_index=True)
