"""The table of open deals: what each may bring and when, and what the CRM says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError
from funnelkit.data.records import Leads
from funnelkit.data.standing import CLOSE, earlier_values
from funnelkit.forecast.open_pipeline.open_records import OpenRecords
from funnelkit.forecast.open_pipeline.outlook import Outlook
from funnelkit.forecast.open_pipeline.plans import (
    CATEGORY,
    PROBABILITY,
    PUSHES,
    Plans,
    days_planned,
    shares_said,
    texts_said,
    whole_numbers,
)
from funnelkit.forecast.open_pipeline.weighting import StageWeights

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
OURS = (
    "stage",
    "stage_age_days",
    "age_days",
    "amount",
    "value_from",
    "p_win",
    "p_win_in_horizon",
    "expected_value",
    "expected_value_in_horizon",
    "probable_month",
    "stale",
    "stale_factor",
    "stage_weight",
    "weighted_value",
    "planned_close",
    "planned_month",
    "forecast_category",
    "crm_probability",
    "crm_value",
    "pushes",
    "override_value",
)
OWN, CHANGED, PAST, NOTHING = "own amount", "own amount times ratio", "past won deals", "not known"


def listed_deals(
    leads: Leads,
    records: OpenRecords,
    outlook: Outlook,
    periods: pd.PeriodIndex,
    *,
    fresh: FloatArray,
    told: Mapping[str, Any],
    weights: StageWeights,
    changed: bool,
) -> pd.DataFrame:
    """Return one row per listed deal, those expected to bring most first.

    Parameters
    ----------
    leads
        For the names of columns.
    records, outlook
        The records, and what is expected of those that are listed.
    periods
        Months to come.
    fresh
        Chance ever of each, if none were stale.
    told
        What the CRM says of each, as :func:`plans_told` returns it.
    weights
        Past share won by stage.
    changed
        Whether amounts are multiplied by what they came to in the past.

    Raises
    ------
    ArgumentError
        If a column of the data is called like one of the table.
    """
    import pandas as pd

    funnel, frame, own = leads.funnel, records.listed, outlook.records
    columns: dict[str, Any] = {funnel.id: frame["id"]}
    columns |= {name: frame[f"segment_{i}"] for i, name in enumerate(funnel.segments)}
    for role in ("owner", "account"):
        name = getattr(funnel, role)
        if role in frame and name not in columns:
            columns[name] = frame[role]
    if clash := sorted(set(OURS) & set(columns)):
        raise ArgumentError(f"`leads`: the list has a column `{clash[0]}` of its own; rename it.")
    priced = frame["amount"].notna().to_numpy()
    stages = np.array(records.book.stages, dtype=object)
    ages = frame["stage_age_days"].astype("Int64")
    share = _weights(weights, records, outlook)
    worth = outlook.worth
    with_stale = np.divide(outlook.ever, fresh, out=np.full(len(frame), np.nan), where=fresh > 0)
    columns |= {
        "stage": stages[own.stage] if len(frame) else [],
        "stage_age_days": ages,
        "age_days": frame["age_days"].astype("Int64"),
        "amount": frame["amount"],
        "value_from": _source(priced, worth, changed=changed),
        "p_win": outlook.ever,
        "p_win_in_horizon": outlook.within,
        "expected_value": outlook.ever * worth,
        "expected_value_in_horizon": outlook.within * worth,
        "probable_month": _probable(outlook.months, periods),
        "stale": own.stale,
        "stale_factor": np.where(own.stale, with_stale, np.nan),
        "stage_weight": share,
        "weighted_value": share * frame["amount"].to_numpy(float),
        **told,
        "crm_value": told["crm_probability"] * frame["amount"],
        "override_value": np.full(len(frame), np.nan),
    }
    named = [name for name in columns if name not in OURS]
    table = pd.DataFrame({name: columns[name] for name in (*named, *OURS)}).reset_index(drop=True)
    order = ["expected_value", "p_win", funnel.id]
    found: pd.DataFrame = table.sort_values(
        order, ascending=[False, False, True], ignore_index=True
    )
    return found


def plans_told(leads: Leads, frame: pd.DataFrame, plans: Plans) -> tuple[dict[str, Any], list[str]]:
    """Return what the CRM says of each listed record, by column of the table; and what is odd.

    Parameters
    ----------
    leads
        For the names of columns.
    frame
        The records.
    plans
        Kept columns with the CRM's own plans.
    """
    import pandas as pd

    then = earlier_values(leads)
    ids = frame["id"].astype(str).tolist()

    def of(name: str | None, field: str) -> pd.Series[Any]:
        if name is None:
            return pd.Series([None] * len(frame), index=frame.index, dtype=object)
        own = frame[f"keep_{leads.funnel.keep.index(name)}"].astype(object)
        stood = [then.get(key, {}).get(field, now) for key, now in zip(ids, own, strict=True)]
        return pd.Series(stood, index=frame.index, dtype=object)

    close, odd = days_planned(of(plans.close, CLOSE))
    notes = []
    if odd:
        notes.append(
            f"{display.plural(odd, 'planned close date')} "
            f"{'is no ISO day and is' if odd == 1 else 'are no ISO days and are'} left blank."
        )
    months = [None if pd.isna(one) else period_label(pd.Period(one, "M")) for one in close]
    return {
        "planned_close": close,
        "planned_month": months,
        "forecast_category": texts_said(of(plans.category, CATEGORY)),
        "crm_probability": shares_said(of(plans.probability, PROBABILITY)),
        "pushes": whole_numbers(of(plans.pushes, PUSHES)),
    }, notes


def _source(priced: NDArray[np.bool_], worth: FloatArray, *, changed: bool) -> list[str]:
    own = CHANGED if changed else OWN
    return [
        own if has else NOTHING if np.isnan(value) else PAST
        for has, value in zip(priced, worth, strict=True)
    ]


def _probable(months: FloatArray, periods: pd.PeriodIndex) -> list[str | None]:
    """Return the month of the horizon in which a win is most probable, if there is a chance."""
    labels = [period_label(one) for one in periods]
    best = np.nan_to_num(months).argmax(axis=1) if len(months) else []
    return [
        labels[k] if np.nan_to_num(row).sum() > 0 else None
        for k, row in zip(best, months, strict=True)
    ]


def _weights(weights: StageWeights, records: OpenRecords, outlook: Outlook) -> FloatArray:
    """Return the past share won from each deal's stage; NaN where it is not known."""
    own, book = outlook.records, records.book
    rows = weights.rows(book.by, book.segments)[own.segment]
    named = {name: k for k, name in enumerate(weights.stages)}
    stage = np.array([named[name] for name in book.stages], np.int64)[own.stage]
    found = np.full(len(own), np.nan)
    known = rows >= 0
    found[known] = weights.share[rows[known], stage[known]]
    return found
