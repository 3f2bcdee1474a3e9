"""Open deals as a table: what each may bring, and when; stale ones marked in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError
from funnelkit.forecast.framed import framed, named
from funnelkit.table.grid import Column, Table

if TYPE_CHECKING:
    import pandas as pd

_AGES, _VALUES, _MONTHS = (
    ("stage_age_days", "age_days"),
    ("value", "amount"),
    ("month", "probable_month"),
)


def pipeline_deals(
    deals: pd.DataFrame | Any, *, most: int = 20, currency: str | None = None
) -> Table:
    """Return the open deals that should bring most: each one's stage, age, value and chance.

    Parameters
    ----------
    deals
        A pipeline forecast, or a frame with ``stage``, ``p_win`` (a share) and ``expected_value``,
        the name of the deal in ``id`` or the first column, and where they are known
        ``stage_age_days`` or ``age_days``, ``value`` or ``amount``, ``month`` or
        ``probable_month``, and ``stale``.
    most
        Number of deals that are shown.
    currency
        Of the money.

    Returns
    -------
    Table
        One row per deal, the one that should bring most first; the last note counts the rest.

    Raises
    ------
    ArgumentError
        If ``deals`` or another argument cannot be used.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> deals = pd.DataFrame(
    ...     {
    ...         "id": ["a", "b"],
    ...         "stage": "offer",
    ...         "age_days": [12, 300],
    ...         "value": [1000, 9000],
    ...         "p_win": [0.4, 0.05],
    ...         "expected_value": [400.0, 450.0],
    ...         "month": "2026-11",
    ...         "stale": [False, True],
    ...     }
    ... )
    >>> [cell.replace(chr(0x202F), " ") for cell in fk.table.pipeline_deals(deals).rows[0]]
    ['b', 'offer', '300', '9,000', '5 %', '450', '2026-11', 'stale']
    """
    checks.positive_whole("most", most)
    given = deals if hasattr(deals, "columns") else getattr(deals, "deals", deals)
    given = given() if callable(given) else given
    currency = currency or getattr(deals, "currency", None)
    frame = framed(
        "deals",
        given,
        names=["stage"],
        numbers=["p_win"],
        gaps=["expected_value", *_AGES, *_VALUES],
        maker="a pipeline forecast",
    )
    odd = ~frame["p_win"].between(0, 1)
    if odd.any():
        raise ArgumentError(
            f"`deals`: `p_win` must be a share between 0 and 1; "
            f"{display.plural(int(odd.sum()), 'row')} not, such as {frame['p_win'][odd].iloc[0]:g}."
        )
    money = "expected_value" in frame and bool(frame["expected_value"].notna().any())
    order = "expected_value" if money else "p_win"
    frame = frame.sort_values(order, ascending=False, kind="stable")
    key = "id" if "id" in frame else str(frame.columns[0])
    age, value, month = (_first(frame, names) for names in (_AGES, _VALUES, _MONTHS))
    stale = frame["stale"].eq(True) if "stale" in frame else None
    rows = []
    for row in frame.head(most).to_dict("records"):
        cells = [named(row[key]), named(row["stage"])]
        cells += [_whole(row[name]) for name in (age, value) if name]
        cells += [display.chance(float(row["p_win"]))]
        cells += [_whole(row["expected_value"])] if money else []
        cells += [_month(row[month])] if month else []
        cells += ["stale" if row["stale"] is True else ""] if stale is not None else []
        rows.append(tuple(cells))
    unit = f" in {display.one_line(currency)}" if currency else ""
    columns = [
        Column("deal" if key == "id" else display.one_line(key), "left"),
        Column("stage", "left"),
    ]
    columns += [Column("days in stage" if age == _AGES[0] else "days old")] if age else []
    columns += [Column(f"value{unit}")] if value else []
    columns += [Column("chance to win")]
    columns += [Column(f"should bring{unit}")] if money else []
    columns += [Column("most likely in", "left")] if month else []
    columns += [Column("", "left")] if stale is not None else []
    return Table(
        summary=_summary(frame, order, stale, currency if money else None),
        columns=tuple(columns),
        rows=tuple(rows),
        notes=_notes(frame, order, most),
    )


def _summary(
    frame: pd.DataFrame, order: str, stale: pd.Series[bool] | None, currency: str | None
) -> str:
    unit = f"{display.one_line(currency)} " if currency else ""
    what = " wins" if order == "p_win" else ""
    total = _sum(frame, order)
    text = f"{display.plural(len(frame), 'open deal')} should bring about {unit}{total}{what}"
    number = 0 if stale is None else int(stale.sum())
    if not number or stale is None:
        return f"{text}."
    part = _sum(frame[stale], order)
    verb = "is" if number == 1 else "are"
    return f"{text}; {display.count(number)} of them {verb} stale and should bring {unit}{part}."


def _notes(frame: pd.DataFrame, order: str, most: int) -> tuple[str, ...]:
    found = []
    if order == "expected_value":
        found.append("Should bring: the value times the chance to win, sooner or later.")
    if "stale" in frame:
        found.append("Stale: longer in its stage than nearly all deals that were won.")
    if len(rest := frame.iloc[most:]):
        told = _sum(rest, order)
        found.append(f"{display.plural(len(rest), 'further deal')} not shown, bringing {told}.")
    return tuple(found)


def _sum(frame: pd.DataFrame, order: str) -> str:
    total = float(frame[order].sum())
    return display.count(total) if order == "expected_value" else display.expected(total)


def _first(frame: pd.DataFrame, names: Sequence[str]) -> str | None:
    return next((name for name in names if name in frame), None)


def _whole(value: Any) -> str:
    return display.count(float(value)) if np.isfinite(value) else display.EN_DASH


def _month(value: Any) -> str:
    return period_label(value) if hasattr(value, "freqstr") else named(value)
