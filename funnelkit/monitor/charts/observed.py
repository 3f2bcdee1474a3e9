"""What a chart is drawn of: counts or values by period, from results, tables and arrays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.monitor.charts.laws import Kind
from funnelkit.monitor.charts.periods_seen import Observed, in_order, turned, usable

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_SHOWN = 5
_NAMES = ("period", "cohort", "month")
_HELP = (
    "rates of fk.rates.cohort, fk.rates.period or fk.lag.adjust, a measure with periods, a table "
    "with `period`, `entered` and `converted`, or a Series"
)


def observed(
    rates: Any, *, entered: Any, where: Mapping[str, str | None] | None, kind: Kind | None
) -> Observed:
    """Return counts by period of a result, a table, a Series, or two rows of numbers."""
    if hasattr(rates, "columns") and hasattr(rates, "groupby"):
        found = _of_table(rates, where)
    elif hasattr(rates, "mature_leads") and hasattr(rates, "timing_sd"):
        found = _of_adjusted(rates, where)
    elif hasattr(rates, "of_age") and hasattr(rates, "cohorts"):
        found = _of_cohorts(rates, where)
    elif hasattr(rates, "undated") and hasattr(rates, "periods") and hasattr(rates, "converted"):
        found = _of_periods(rates, where)
    elif hasattr(rates, "numerator_name") and hasattr(rates, "periods"):
        found = _of_measure(rates, where)
    elif hasattr(rates, "summary"):
        raise ArgumentError(f"`rates` has no periods ({type(rates).__name__}); give {_HELP}.")
    else:
        found = _of_numbers(rates, entered)
        entered = None
    if entered is not None:
        raise ArgumentError("`entered` is for a Series or a row of counts; these have their own.")
    if kind is not None and kind != found.kind:
        found = turned(found, kind)
    return usable(in_order(found))


def _of_adjusted(rates: Any, where: Mapping[str, str | None] | None) -> Observed:
    rows = _rows(rates, where)
    mature = rates.mature_leads[rows].sum(axis=0)
    entered = rates.entered[rows].sum(axis=0).astype(float)
    safe = np.maximum(mature, 1e-12)
    parts = rates.mature_leads[rows] / safe
    doubt = (parts * np.hypot(rates.timing_sd, rates.pace_sd)[rows]).sum(axis=0)
    late = rates.late[rows].sum(axis=0) > 0
    aside = {int(j): "its leads came under observation late" for j in np.flatnonzero(late)}
    notes = []
    if any(cohort in rates.partial for cohort in rates.cohorts):
        named = display.listed([period_label(one) for one in rates.cohorts if one in rates.partial])
        notes.append(
            f"{named}: not all leads are counted; those that are, are followed to the end."
        )
    return Observed(
        name=f"{rates.start} to {rates.target}",
        labels=tuple(period_label(one) for one in rates.cohorts),
        periods=rates.cohorts,
        entered=entered,
        converted=rates.converted[rows].sum(axis=0),
        mature=mature,
        worth=_worth(rates, rows, entered),
        doubt=doubt,
        set_aside=aside,
        kind="p",
        lagged=True,
        notes=tuple(notes),
    )


def _of_cohorts(rates: Any, where: Mapping[str, str | None] | None) -> Observed:
    rows = _rows(rates, where)
    entered = rates.entered[rows].sum(axis=0).astype(float)
    young = (entered > 0) & (rates.of_age[rows].sum(axis=0) < entered)
    late = rates.late[rows].sum(axis=0) > 0
    aside = {int(j): "its leads came under observation late" for j in np.flatnonzero(late)}
    aside |= {int(j): f"not followed for {rates.within} days" for j in np.flatnonzero(young)}
    notes = []
    if young.any():
        notes.append(
            "Young cohorts are left out; rates adjusted for maturity (fk.lag.adjust) keep them in."
        )
    if rates.within is None:
        notes.append(
            "These are conversions so far: young cohorts are low because they are young. Give "
            "rates within a number of days, or fk.lag.adjust(triangle, fit)."
        )
    return Observed(
        name=f"{rates.start} to {rates.target}",
        labels=rates.cohorts,
        periods=_periods(rates.cohorts),
        entered=entered,
        converted=rates.converted[rows].sum(axis=0),
        mature=entered,
        worth=_worth(rates, rows, entered),
        doubt=np.zeros(len(entered)),
        set_aside=aside,
        kind="p",
        notes=tuple(notes),
    )


def _of_periods(rates: Any, where: Mapping[str, str | None] | None) -> Observed:
    rows = _rows(rates, where)
    entered = rates.entered[rows].sum(axis=0).astype(float)
    aside = {
        j: "not wholly observed" for j, one in enumerate(rates.periods) if one in rates.partial
    }
    return Observed(
        name=f"{rates.target} per {rates.start}",
        labels=tuple(period_label(one) for one in rates.periods),
        periods=rates.periods,
        entered=entered,
        converted=rates.converted[rows].sum(axis=0),
        mature=entered,
        worth=np.ones(len(entered)),
        doubt=np.zeros(len(entered)),
        set_aside=aside,
        kind="u",
    )


def _of_measure(rates: Any, where: Mapping[str, str | None] | None) -> Observed:
    if rates.periods is None:
        raise ArgumentError(f"`rates`: {rates.name} has no periods; ask for it by period.")
    rows = _rows(rates, where)
    kinds: dict[str, Kind] = {"share": "p", "ratio": "u"}
    kind = kinds.get(rates.unit, "individuals")
    if kind == "individuals":
        if len(rows) > 1:
            raise ArgumentError(
                f"`where`: {rates.name} has {len(rows)} segments, which do not add up; name one."
            )
        values = np.asarray(rates.values, float)[rows[0]]
        return _of_values(rates.name, tuple(rates.periods), values)
    entered = rates.denominator[rows].sum(axis=0).astype(float)
    worth = np.ones(len(entered))
    if rates.effective is not None:
        worth = rates.effective[rows].sum(axis=0) / np.maximum(entered, 1)
    return Observed(
        name=rates.name,
        labels=tuple(rates.periods),
        periods=_periods(rates.periods),
        entered=entered,
        converted=rates.numerator[rows].sum(axis=0),
        mature=entered,
        worth=np.clip(worth, 1e-9, 1.0),
        doubt=np.zeros(len(entered)),
        set_aside={},
        kind=kind,
    )


def _of_table(table: pd.DataFrame, where: Mapping[str, str | None] | None) -> Observed:
    import pandas as pd

    columns = [str(name) for name in table.columns]
    period = next((name for name in _NAMES if name in columns), None)
    if period is None:
        raise ArgumentError(
            f"`rates`: the table needs a column `period` or `cohort`; has {columns}."
        )
    for name in ("entered", "converted"):
        checks.member("rates", "column", name, columns)
    for name, value in (where or {}).items():
        checks.member("where", "column", name, columns)
        table = table[table[name].isna() if value is None else table[name] == value]
    numbers = {
        name: pd.to_numeric(table[name], errors="coerce").to_numpy(float, na_value=np.nan)
        for name in ("entered", "converted")
    }
    share = np.ones(len(table))
    if "maturity" in columns:
        share = pd.to_numeric(table["maturity"], errors="coerce").to_numpy(float, na_value=np.nan)
        if ((share < 0) | (share > 1)).any():
            raise DataError("`rates`: a `maturity` lies from 0 to 1.")
    given = table[period]
    labels = tuple(
        period_label(one) if isinstance(one, pd.Period) else display.one_line(str(one))
        for one in given
    )
    partial = np.zeros(len(table), bool)
    if "partial" in columns:
        partial = (table["partial"] == True).to_numpy(bool)  # noqa: E712
    return Observed(
        name="converted / entered",
        labels=labels,
        periods=_periods(labels) if not _is_periods(given) else pd.PeriodIndex(given),
        entered=numbers["entered"],
        converted=numbers["converted"],
        mature=numbers["entered"] * share,
        worth=np.ones(len(table)),
        doubt=np.zeros(len(table)),
        set_aside=dict.fromkeys(np.flatnonzero(partial).tolist(), "not wholly observed"),
        kind="p",
        lagged="maturity" in columns,
    )


def _is_periods(values: Any) -> bool:
    import pandas as pd

    return isinstance(values.dtype, pd.PeriodDtype)


def _of_numbers(rates: Any, entered: Any) -> Observed:
    """Return a Series or a row of numbers; with ``entered``, counts of so many."""
    import pandas as pd

    try:
        converted = np.asarray(rates, float)
        below = None if entered is None else np.asarray(entered, float)
    except (TypeError, ValueError):
        raise ArgumentError(f"`rates` must be {_HELP}; got {type(rates).__name__}.") from None
    if converted.ndim != 1:
        raise ArgumentError(f"`rates` must be one row of numbers; got {converted.ndim} dimensions.")
    index = rates.index if isinstance(rates, pd.Series) else pd.RangeIndex(1, len(converted) + 1)
    if isinstance(index, pd.DatetimeIndex):
        index = index.to_period(pd.infer_freq(index) if len(index) > 2 else "D")
    labels = tuple(period_label(one) if isinstance(one, pd.Period) else str(one) for one in index)
    name = display.one_line(str(rates.name)) if getattr(rates, "name", None) is not None else ""
    if below is None:
        found = _of_values(name or "value", labels, converted)
    else:
        if isinstance(entered, pd.Series) and isinstance(rates, pd.Series):
            if not entered.index.equals(rates.index):
                raise ArgumentError("`entered` must have the same periods as `rates`.")
        elif below.shape not in ((), converted.shape):
            raise ArgumentError(
                f"`entered` must have a number for each of {len(converted)} periods; got "
                f"{below.shape}."
            )
        below = np.broadcast_to(below, converted.shape).astype(float)
        found = replace(
            _of_values(name or "converted / entered", labels, converted),
            entered=below,
            mature=below,
            kind="p",
        )
    return replace(found, periods=index if isinstance(index, pd.PeriodIndex) else found.periods)


def _of_values(name: str, labels: tuple[str, ...], values: FloatArray) -> Observed:
    ones = np.ones(len(values))
    return Observed(
        name=name,
        labels=labels,
        periods=_periods(labels),
        entered=ones,
        converted=values,
        mature=ones,
        worth=ones,
        doubt=0 * ones,
        set_aside={},
        kind="individuals",
    )


def _worth(rates: Any, rows: list[int], entered: FloatArray) -> FloatArray:
    """Return independent leads over leads, where the leads of an account go together."""
    if rates.accounts is None:
        return np.ones(len(entered))
    effective = rates.accounts.effective(rates.converted, rates.entered)[rows].sum(axis=0)
    return np.asarray(np.clip(effective / np.maximum(entered, 1), 1e-9, 1.0))


def _rows(rates: Any, where: Mapping[str, str | None] | None) -> list[int]:
    """Return the segments that are meant; never two businesses at once."""
    kept = list(range(len(rates.segments)))
    for name, value in (where or {}).items():
        k = list(rates.by).index(checks.member("where", "segment column", name, rates.by))
        known = {str(one[k]) for one in rates.segments}
        kept = [row for row in kept if rates.segments[row][k] == value]
        if not kept:
            checks.member("where", f"value of `{name}`", str(value), known)
            raise ArgumentError(f"`where`: no segment is {dict(where or {})}.")
    for name in getattr(rates, "apart", ()):
        if name in rates.by:
            k = rates.by.index(name)
            several = sorted({str(rates.segments[row][k]) for row in kept})
            if len(several) > 1:
                raise ArgumentError(
                    f"`where` must name one `{name}`, since these are businesses of their own: "
                    f"{display.listed(several[:_SHOWN])}."
                )
    return kept


def _periods(labels: Sequence[str]) -> pd.PeriodIndex | None:
    """Return months, quarters or years of labels that are such; ``None`` of others."""
    import re

    import pandas as pd

    for pattern, freq in ((r"\d{4}-\d{2}", "M"), (r"\d{4} ?Q[1-4]", "Q-DEC"), (r"\d{4}", "Y-DEC")):
        if labels and all(re.fullmatch(pattern, label) for label in labels):
            try:
                return pd.PeriodIndex([label.replace(" ", "") for label in labels], freq=freq)
            except ValueError:
                return None
    try:
        days = [dt.date.fromisoformat(label) for label in labels]
    except ValueError:
        return None
    return pd.PeriodIndex(days, freq="D") if days else None
