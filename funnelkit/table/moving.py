"""What moved recurring revenue, and the accounts that stay, as tables."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError
from funnelkit.table import cells
from funnelkit.table.grid import Column, Table

if TYPE_CHECKING:
    from funnelkit.metrics import LogoRetention, Movements

_EXACT = "In brackets the number of accounts. Opening and movements add up exactly to the closing."
_BLANK = (
    "Of fewer than 20 accounts the number is shown. Blank: not every account has been followed so "
    "long."
)
_AGES = (1, 2, 3, 6, 9, 12, 18, 24, 36, 48, 60)


def movements(movements: Movements) -> Table:
    """Return what moved the recurring revenue of each month.

    Parameters
    ----------
    movements
        From :func:`funnelkit.metrics.mrr_movements`.

    Returns
    -------
    Table
        One row per segment and month, the latest first: opening, each movement with the number of
        its accounts, closing.

    Raises
    ------
    ArgumentError
        If ``movements`` is something else.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> rows = pd.DataFrame(
    ...     {
    ...         "account": ["a", "b", "a", "c"],
    ...         "month": ["2026-01", "2026-01", "2026-02", "2026-02"],
    ...         "mrr": [1000, 500, 1300, 400],
    ...     }
    ... )
    >>> row = fk.table.movements(fk.metrics.mrr_movements(rows)).rows[0]
    >>> [cell.replace(chr(0x2212), "-") for cell in row]
    ['2026-02', '1,500', '+400 (1)', '', '+300 (1)', '', '-500 (1)', '+200', '1,700']
    """
    from funnelkit.metrics import Movements
    from funnelkit.metrics.recurring.revenue import MOVES

    if not isinstance(movements, Movements):
        raise ArgumentError(
            "`movements` must be what fk.metrics.mrr_movements returns; got "
            f"{type(movements).__name__}."
        )
    net = movements.net_new
    rows = [
        (
            movements.periods[j],
            *(display.segment_name([name]) for name in segment),
            _money(movements.opening[i, j]),
            *(_moved(movements, name, i, j) for name in MOVES),
            _signed(net[i, j]),
            _money(movements.closing[i, j]),
        )
        for i, segment in enumerate(movements.segments)
        for j in range(len(movements.periods) - 1, -1, -1)
    ]
    unit = f" Amounts in {movements.currency}." if movements.currency else ""
    return Table(
        summary=movements.summary(),
        columns=(
            Column("month", "left"),
            *cells.segment_columns(movements.by),
            Column("opening"),
            *(Column(name) for name in MOVES),
            Column("net new"),
            Column("closing"),
        ),
        rows=tuple(rows),
        notes=(f"{_EXACT}{unit}",),
    )


def retention(retention: LogoRetention) -> Table:
    """Return how many accounts of each cohort still pay, at some ages.

    Parameters
    ----------
    retention
        From :func:`funnelkit.metrics.logo_retention`.

    Returns
    -------
    Table
        One row per segment and cohort; at each age the share with its interval, of fewer than 20
        accounts their number; blank where not all have been followed so long.

    Raises
    ------
    ArgumentError
        If ``retention`` is something else.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> rows = pd.DataFrame(
    ...     {
    ...         "account": [f"a{k}" for k in range(40)],
    ...         "start": "2026-01-05",
    ...         "end": ["2026-02-10"] * 4 + [None] * 36,
    ...         "mrr": 50,
    ...     }
    ... )
    >>> kept = fk.metrics.logo_retention(rows, as_of="2026-03-31")
    >>> fk.table.retention(kept).rows[0][:2]
    ('2026-01', '40')
    """
    from funnelkit.metrics import LogoRetention

    if not isinstance(retention, LogoRetention):
        raise ArgumentError(
            "`retention` must be what fk.metrics.logo_retention returns; got "
            f"{type(retention).__name__}."
        )
    seen = np.flatnonzero(np.isfinite(retention.retained).any(axis=(0, 1)))
    ages = [age for age in _AGES if age in seen]
    low, high = retention.confidence_interval(retention.confidence_level)
    ends = np.asarray(low), np.asarray(high)
    rows = []
    for i, segment in enumerate(retention.segments):
        for j, cohort in enumerate(retention.cohorts):
            entered = int(retention.entered[i, j])
            if entered:
                told = [_kept(retention, ends, (i, j, age)) for age in ages]
                names = tuple(display.segment_name([name]) for name in segment)
                rows.append((period_label(cohort), *names, display.count(entered), *told))
    level = display.percent(retention.confidence_level, decimals=0)
    said = f"Share of the accounts that still pay, with its {level} interval (Wilson)."
    return Table(
        summary=retention.summary(),
        columns=(
            Column("first paid", "left"),
            *cells.segment_columns(retention.by),
            Column("accounts"),
            *(Column(f"month {age}") for age in ages),
        ),
        rows=tuple(rows),
        notes=(said, _BLANK),
    )


def _moved(movements: Movements, name: str, i: int, j: int) -> str:
    from funnelkit.metrics.recurring.revenue import LOWERING

    amount = movements.amounts[name][i, j]
    if not amount:
        return ""
    sign = -amount if name in LOWERING else amount
    return f"{_signed(sign)} ({display.count(movements.accounts[name][i, j])})"


def _kept(retention: LogoRetention, ends: tuple[Any, Any], at: tuple[int, int, int]) -> str:
    retained, entered = retention.retained[at], int(retention.entered[at[:2]])
    if not np.isfinite(retained):
        return ""
    if entered < display.FEWEST:
        return f"{retained:.0f} of {entered}"
    return display.estimate(retained / entered, float(ends[0][at]), float(ends[1][at]))


def _signed(amount: Decimal) -> str:
    if not amount:
        return "0"
    return f"{'+' if amount > 0 else display.MINUS}{_money(abs(amount))}"


def _money(amount: Decimal) -> str:
    whole = amount == amount.to_integral_value()
    text = f"{amount:,.0f}" if whole else f"{amount:,.2f}"
    return text.replace("-", display.MINUS)
