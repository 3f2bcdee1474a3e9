"""What was said in a kept forecast beside what came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError
from funnelkit.counts.triangle import Segment
from funnelkit.forecast.rolling.outcomes import WHATS, Step, outcomes
from funnelkit.forecast.rolling.record import ForecastRecord

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads
Came = Any
"""Leads, a Series by period or a frame with ``period`` and ``value``."""
_STEPS: dict[str, Step] = {"M": "month", "Q": "quarter", "Y": "year", "W": "week", "D": "day"}


def beside(record: ForecastRecord, came: Came) -> pd.DataFrame:
    """Return the rows of a record whose period is over, with what came.

    Raises
    ------
    ArgumentError
        If what came is of no known form, or of something else.
    """
    frame = record.to_frame()
    known = _known(record, came)
    series: list[Segment | None] = list(record.segments)
    if len(series) != 1:
        series = [None, *series]  # the rows of the total come first
    keys = [segment for segment in series for _ in record.periods]
    found = [
        known.get((segment, period), np.nan)
        for segment, period in zip(keys, frame["period"], strict=True)
    ]
    frame["actual"] = np.array(found, dtype=float)
    frame = frame[frame["actual"].notna()].reset_index(drop=True)
    frame["error"] = frame["expected"] - frame["actual"]
    for level in ("80", "95"):
        frame[f"covered_{level}"] = frame["actual"].between(
            frame[f"low_{level}"], frame[f"high_{level}"]
        )
    return frame


def _known(record: ForecastRecord, came: Came) -> dict[tuple[Segment | None, str], float]:
    """Return what came by series (``None``: all of them) and label of the period."""
    import pandas as pd

    from funnelkit.data.records import Leads

    if isinstance(came, Leads):
        return _counted(record, came)
    if isinstance(came, pd.Series):
        series = record.segments[0] if len(record.segments) == 1 else None
        labels = _labels(came.index, record)
        if twice := [one for k, one in enumerate(labels) if one in labels[:k]]:
            raise ArgumentError(f"`came` has {twice[0]} twice; keep one.")
        return {(series, label): _number(value) for label, value in zip(labels, came, strict=True)}
    if not isinstance(came, pd.DataFrame):
        raise ArgumentError(
            "`came` must be leads, a Series by period or a frame with `period` and `value`; got "
            f"{type(came).__name__}."
        )
    for name in ("period", "value", *record.by):
        checks.member("came", "column", name, [str(one) for one in came.columns])
    texts = _labels(came["period"], record)
    found: dict[tuple[Segment | None, str], float] = {}
    rows = came[list(record.by)].to_numpy(object).tolist()
    for own, label, value in zip(rows, texts, came["value"], strict=True):
        segment = tuple(None if _blank(one) else str(one) for one in own)
        if (segment, label) in found:
            raise ArgumentError(
                f"`came` has {label} of {display.segment_name(segment) or 'the series'} twice; "
                "add the rows up, or keep one."
            )
        found[segment, label] = _number(value)
    return found | _sums(record, found)


def _counted(record: ForecastRecord, leads: Leads) -> dict[tuple[Segment | None, str], float]:
    if record.what not in WHATS:
        raise ArgumentError(
            f"`came`: of leads, {display.listed(list(WHATS))} are counted; the forecast is of "
            f"{record.what!r}. Give a Series by period, such as leads.count(…)."
        )
    unit = record.freq.partition("-")[0][:1]
    split = [name for name in record.by if name not in leads.funnel.apart]
    own = outcomes(leads, what=record.what, step=_STEPS[unit], by=split or None)
    if own.by != record.by:
        raise ArgumentError(
            f"`came`: the forecast is split by {record.by}, these leads by {own.by}."
        )
    found: dict[tuple[Segment | None, str], float] = {}
    pooled = own.values.sum(axis=0)
    for j, period in enumerate(own.periods):
        label = period_label(period)
        found[None, label] = float(pooled[j])
        for segment in record.segments:  # a segment in which nothing came
            found[segment, label] = 0.0
        for i, segment in enumerate(own.segments):
            found[segment, label] = float(own.values[i, j])
    return found


def _sums(
    record: ForecastRecord, found: dict[tuple[Segment | None, str], float]
) -> dict[tuple[Segment | None, str], float]:
    """Return the total of each period of which every series is known."""
    sums: dict[tuple[Segment | None, str], float] = {}
    for period in record.periods:
        label = period_label(period)
        values = [found.get((segment, label)) for segment in record.segments]
        if all(value is not None for value in values):
            sums[None, label] = float(sum(value for value in values if value is not None))
    return sums


def _labels(values: Any, record: ForecastRecord) -> list[str]:
    """Return labels of periods as tables write them."""
    import pandas as pd

    labels = []
    for value in values:
        try:
            period = pd.Period(value, freq=record.freq)
        except (ValueError, TypeError):
            raise ArgumentError(
                f"`came`: periods must be such as {period_label(record.periods[0])}; got "
                f"{value!r:.40}."
            ) from None
        labels.append(period_label(period))
    return labels


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ArgumentError(f"`came`: values must be numbers; got {value!r:.40}.") from None


def _blank(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124
