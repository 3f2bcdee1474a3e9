"""`targets_of`: a number, a mapping, a Series, a frame or a file as targets by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core.errors import ArgumentError
from funnelkit.forecast.result import Unit
from funnelkit.plan.goals.targets import Outside, Targets, months_of

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.goals.spreading import Season

_NEEDED = (
    "`targets` must be Targets, a number for all months together, one number a month, a mapping or "
    "Series of periods to numbers, a frame, or the path of a CSV file"
)


def targets_of(
    targets: Targets
    | float
    | Mapping[Any, float]
    | pd.Series[Any]
    | pd.DataFrame
    | str
    | Path
    | Any,
    *,
    periods: pd.PeriodIndex | Sequence[str] | None = None,
    unit: Unit | None = None,
    fiscal_year_start: int = 1,
    season: Season | pd.Series[Any] = None,
    currency: str | None = None,
    outside: Outside = "past",
) -> Targets:
    """Return targets by month, whatever they are given as.

    Parameters
    ----------
    targets
        Targets; one number, to be reached by all months of ``periods`` together; as many numbers
        as there are months; a mapping or Series of periods (months, quarters, years, as in
        :func:`read_targets`) to numbers; a frame or the path of a CSV file as in
        :func:`read_targets`.
    periods
        Months of the plan. Needed for plain numbers. Default: the months of the targets.
    unit
        ``"value"`` (money) or ``"count"`` (deals), of numbers that do not say it. Default: money.
    fiscal_year_start, season, currency
        As in :func:`read_targets`; Targets keep their own.
    outside
        What is done with targets of months outside the plan, as in :meth:`Targets.over`.

    Returns
    -------
    Targets
        Of exactly the months ``periods`` where they are given.

    Raises
    ------
    ArgumentError
        If the targets are none of these, are 0 as a whole, or do not meet the plan's months.
    DataError
        With every problem of a frame or file.

    Examples
    --------
    >>> import pandas as pd
    >>> months = pd.period_range("2027-01", periods=4, freq="M")
    >>> targets_of(1_000_000, periods=months).amount.tolist()
    [250000.0, 250000.0, 250000.0, 250000.0]
    >>> targets_of({"2027-Q1": 300_000, "2027-04": 50_000}).amount.tolist()
    [100000.0, 100000.0, 100000.0, 50000.0]
    """
    from funnelkit.plan.goals.spreading import shape_of

    months = None if periods is None else months_of("periods", periods)
    if isinstance(targets, Targets):
        return targets if months is None else targets.over(months, outside=outside)
    if isinstance(targets, (int, float, np.integer, np.floating)) and not isinstance(targets, bool):
        months = _needed(months, "a single number")
        whole = float(targets)
        if not np.isfinite(whole) or whole < 0:
            raise ArgumentError(f"`targets` must be a number above 0; got {targets!r}.")
        shares = shape_of(season).over(months.asi8.tolist())
        spread = (
            ()
            if len(months) == 1
            else (f"The one target is spread over {len(months)} months {shape_of(season).words}.",)
        )
        return Targets(
            periods=months,
            amount=whole * shares,
            unit=unit or "value",
            currency=currency,
            fiscal_year_start=fiscal_year_start,
            notes=spread,
        )
    if isinstance(targets, (list, tuple, np.ndarray)):
        months = _needed(months, "a row of numbers")
        return Targets(
            periods=months,
            amount=_row(targets, len(months)),
            unit=unit or "value",
            currency=currency,
            fiscal_year_start=fiscal_year_start,
        )
    from funnelkit.plan.goals.reading import read_targets

    source = _framed(targets)
    return read_targets(
        source,
        periods=months,
        fiscal_year_start=fiscal_year_start,
        season=season,
        unit=unit,
        currency=currency,
        outside=outside,
    )


def _needed(months: pd.PeriodIndex | None, what: str) -> pd.PeriodIndex:
    if months is None:
        raise ArgumentError(
            f"`periods` are needed where `targets` is {what}: say the months, such as "
            "pandas.period_range('2027-01', periods=12, freq='M')."
        )
    return months


def _row(targets: Any, size: int) -> Any:
    try:
        found = np.asarray(targets, dtype=float)
    except (TypeError, ValueError):
        raise ArgumentError(f"{_NEEDED}; got {targets!r:.80}.") from None
    if found.shape != (size,):
        raise ArgumentError(
            f"`targets` must be one number a month, {size} in all; got an array of shape "
            f"{found.shape}. Say the months of each: a mapping, or a Series by month."
        )
    return found


def _framed(targets: Any) -> pd.DataFrame | str | Path:
    """Return a mapping or Series as a frame of periods and amounts."""
    import pandas as pd

    if isinstance(targets, (str, Path, pd.DataFrame)):
        return targets
    if isinstance(targets, pd.Series):
        pairs = list(zip(targets.index, targets.to_numpy(), strict=True))
        if isinstance(targets.index, pd.RangeIndex):
            raise ArgumentError(f"{_NEEDED}; got a Series whose index is no period.")
    elif isinstance(targets, Mapping):
        pairs = list(targets.items())
    else:
        raise ArgumentError(f"{_NEEDED}; got {type(targets).__name__}.")
    if not pairs:
        raise ArgumentError("`targets` must hold a target; got none.")
    periods, amounts = zip(*pairs, strict=True)
    return pd.DataFrame({"period": pd.Series(periods, dtype=object), "amount": list(amounts)})
