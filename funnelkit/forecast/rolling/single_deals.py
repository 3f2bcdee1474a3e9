"""The table of open deals as overrides and large deals take it, and a forecast without some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.forecast.result import Forecast

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_IDS = ("id", "deal", "deal_id", "opportunity_id", "lead_id")


@dataclass(frozen=True, eq=False, kw_only=True)
class SingleDeals:
    """Open deals, one place each.

    Parameters
    ----------
    ids
        Each once.
    expected
        What each is expected to bring, shape ``(n,)``.
    value
        What it brings if it is won; NaN where it is not known.
    p_win
        Chance that it is won; NaN where it is not known.
    month
        Label of its probable month, or ``None``.
    labels
        Its values of the columns of the forecast's series, or ``None`` where they are not there.
    """

    ids: tuple[str, ...]
    expected: FloatArray
    value: FloatArray
    p_win: FloatArray
    month: tuple[str | None, ...]
    labels: tuple[tuple[str | None, ...], ...] | None


def single_deals(
    deals: pd.DataFrame,
    *,
    id: str | None = None,  # noqa: A002
    by: Sequence[str] = (),
    in_horizon: bool = False,
) -> SingleDeals:
    """Return the deals of a table.

    Parameters
    ----------
    deals
        As of ``PipelineForecast.deals()``: an id, and ``expected_value``, or ``value`` (or
        ``amount``) and ``p_win``.
    id
        Column of the id; default: ``id``, ``deal`` or the like, else the first one.
    by
        Columns of the series of a forecast.
    in_horizon
        Whether what is expected within the horizon is taken, where the table tells it.

    Raises
    ------
    ArgumentError
        If it is no frame, or lacks a column.
    DataError
        If an id stands there twice or is blank, or a number cannot be.
    """
    import pandas as pd

    if not isinstance(deals, pd.DataFrame):
        raise ArgumentError(
            "`deals` must be a frame of open deals, such as pipeline(…).deals(); got "
            f"{type(deals).__name__}."
        )
    columns = [str(one) for one in deals.columns]
    name = id or next((one for one in _IDS if one in columns), columns[0] if columns else "id")
    amount = next((one for one in ("value", "amount") if one in columns), None)
    told = next(
        (
            one
            for one in (*(("expected_value_in_horizon",) if in_horizon else ()), "expected_value")
            if one in columns
        ),
        None,
    )
    if name not in columns or (told is None and (amount is None or "p_win" not in columns)):
        raise ArgumentError(
            "`deals` needs the id of each deal, and `expected_value`, or `value` and `p_win`; it "
            f"has {display.listed([f'`{one}`' for one in columns[:12]]) or 'no columns'}."
        )
    ids = ["" if _blank(one) else str(one) for one in deals[name]]
    value = _numbers(deals, amount, len(ids))
    p_win = _numbers(deals, "p_win" if "p_win" in columns else None, len(ids))
    expected = value * p_win if told is None else _numbers(deals, told, len(ids))
    _refuse(ids, name, {"value": value, "p_win": p_win, told or "expected": expected})
    labels = None
    if all(one in columns for one in by):
        rows = deals[list(by)].to_numpy(object).tolist() if by else [[]] * len(ids)
        labels = tuple(tuple(None if _blank(v) else str(v) for v in row) for row in rows)
    months = deals["probable_month"] if "probable_month" in columns else [None] * len(ids)
    return SingleDeals(
        ids=tuple(ids),
        expected=np.nan_to_num(expected, nan=0.0),
        value=value,
        p_win=p_win,
        month=tuple(None if _blank(one) else str(one) for one in months),
        labels=labels,
    )


def rows_of(forecast: Forecast, deals: SingleDeals) -> IntArray:
    """Return the series of each deal, shape ``(n,)``.

    Raises
    ------
    ArgumentError
        If the forecast has several series, and the table does not say to which a deal belongs.
    """
    if len(forecast.segments) == 1:
        return np.zeros(len(deals.ids), np.int64)
    place = {segment: i for i, segment in enumerate(forecast.segments)}
    found = [place.get(one, -1) for one in deals.labels or ()]
    if deals.labels is None or -1 in found:
        names = display.listed([f"`{one}`" for one in forecast.by])
        raise ArgumentError(
            f"`deals` needs the columns {names}, with "
            "values that the forecast knows, to tell to which of its series each deal belongs."
        )
    return np.array(found, np.int64)


def without(forecast: Forecast, rows: IntArray, expected: FloatArray) -> FloatArray:
    """Return by how much each series shrinks when deals are taken out, shape ``(S,)``.

    A series' draws are multiplied by it. When a single deal comes is not known draw by draw: what
    it is expected to bring is taken out of all months and draws of its series alike, so that the
    mean is exact, and the interval shrinks with it.
    """
    out = np.zeros(len(forecast.segments))
    np.add.at(out, rows, expected)
    whole = forecast.expected.sum(axis=1)
    left = np.where(whole > 0, 1 - out / np.where(whole > 0, whole, 1.0), 1.0)
    return np.clip(left, 0.0, 1.0)


def rebuilt(
    forecast: Forecast,
    draws: FloatArray,
    expected: FloatArray,
    *,
    method: str,
    reason: str,
    notes: Sequence[str] = (),
) -> Forecast:
    """Return a plain forecast of other draws, all else as it was."""
    return Forecast(
        what=forecast.what,
        unit=forecast.unit,
        by=forecast.by,
        segments=forecast.segments,
        periods=forecast.periods,
        draws=draws,
        expected=expected,
        gone=forecast.gone,
        observed=forecast.observed,
        so_far=forecast.so_far,
        as_of=forecast.as_of,
        method=method,
        reason=reason,
        n=forecast.n,
        currency=forecast.currency,
        notes=(*forecast.notes, *notes),
    )


def refuse_counts(forecast: Forecast) -> None:
    """Refuse a forecast that is not of money.

    Raises
    ------
    ArgumentError
        With the remedy.
    """
    if not isinstance(forecast, Forecast):
        raise ArgumentError(f"`forecast` must be a Forecast; got {type(forecast).__name__}.")
    if forecast.unit != "value":
        what = display.one_line(forecast.what)
        raise ArgumentError(f"`forecast` must be of money, as deals are; it counts {what}.")


def _numbers(deals: pd.DataFrame, name: str | None, n: int) -> FloatArray:
    if name is None:
        return np.full(n, np.nan)
    try:
        return np.array([np.nan if _blank(one) else float(one) for one in deals[name]], dtype=float)
    except (TypeError, ValueError):
        odd = next(one for one in deals[name] if not _blank(one) and not _is_number(one))
        raise DataError(f"`{name}` of the deals must hold numbers; got {odd!r:.40}.") from None


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _refuse(ids: list[str], name: str, numbers: dict[str, FloatArray]) -> None:
    problems = []
    if blank := sum(not one.strip() for one in ids):
        problems.append(f"{display.plural(blank, 'deal')} without `{name}`")
    twice = sorted({one for one in ids if one.strip() and ids.count(one) > 1})
    if twice:
        shown = ", ".join(display.one_line(one)[:40] for one in twice[:5])
        problems.append(f"{display.plural(len(twice), 'deal')} more than once, such as {shown}")
    for column, values in numbers.items():
        top = 1.0 if column == "p_win" else np.inf
        bad = (values < 0) | (values > top) | np.isinf(values)
        if bad.any():
            shown = ", ".join(f"{one:g}" for one in values[bad][:5])
            problems.append(f"`{column}` cannot be {shown}")
    if problems:
        raise DataError(f"`deals`: {'; '.join(problems)}.")


def _blank(value: Any) -> bool:
    return value is None or value != value or str(value) in ("NaT", "<NA>")  # noqa: PLR0124
