"""Back-tests of forecasts as tables: the errors of each method, and how often its bands held."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit.forecast.framed import framed, named
from funnelkit.forecast.rolling.result import ForecastBacktest
from funnelkit.table.grid import Column, Table

if TYPE_CHECKING:
    import pandas as pd

_TARGETS = {"period": "single periods", "total": "sum over the horizon"}


def backtest(tested: ForecastBacktest | pd.DataFrame) -> Table:
    """Return the errors of methods side by side, and how often their intervals held what came.

    Parameters
    ----------
    tested
        From :func:`funnelkit.forecast.backtest`; or a frame with ``method``, ``score`` and, where
        they are known, ``low``, ``high`` and ``measure``.

    Returns
    -------
    Table
        One row per target and method, in the order of the back-test.

    Raises
    ------
    ArgumentError
        If ``tested`` is something else, or a score is no number.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> scores = pd.DataFrame({"method": ["bookings", "naive"], "score": [12.3, 18.1]})
    >>> fk.table.backtest(scores).rows
    (('bookings', '12.3'), ('naive', '18.1'))
    """
    if isinstance(tested, ForecastBacktest):
        return _of_backtest(tested)
    frame = framed(
        "tested", tested, names=["method"], numbers=["score"], gaps=["low", "high"],
        maker="fk.forecast.backtest",
    )  # fmt: skip
    key = next((name for name in ("measure", "metric") if name in frame), None)
    ranged = {"low", "high"} <= set(frame.columns)
    rows = []
    for row in frame.to_dict("records"):
        ends = _between(row["low"], row["high"]) if ranged else ""
        measure = [named(row[key])] if key else []
        rows.append((*measure, named(row["method"]), f"{_number(row['score'])} {ends}".rstrip()))
    best = frame["method"].iloc[int(frame["score"].to_numpy(float).argmin())]
    one = key is None or len(set(frame[key])) == 1
    lowest = f" The smallest error is that of {named(best)}." if one else ""
    return Table(
        summary=f"{display.plural(frame['method'].nunique(), 'method')}.{lowest}",
        columns=(
            *([Column("measure", "left")] if key else []),
            Column("method", "left"),
            Column("error"),
        ),
        rows=tuple(rows),
        notes=("Smaller is better. In brackets the interval.",) if ranged else (
            "Smaller is better.",
        ),
    )  # fmt: skip


def _of_backtest(tested: ForecastBacktest) -> Table:
    rows = []
    for row in tested.scores().to_dict("records"):
        ends = _between(row["crps_low"], row["crps_high"])
        rows.append(
            (
                _TARGETS.get(row["target"], row["target"]),
                display.one_line(row["method"]),
                display.count(row["n"]),
                f"{_number(row['crps'])} {ends}".rstrip(),
                _number(row["mase"]),
                _number(row["mae"]),
                _share(row["bias_share"]),
                *(_held(row, level) for level in ("coverage_80", "coverage_95")),
            )
        )
    unit = f" CRPS and error in {tested.currency}." if tested.currency else ""
    note = (
        "Smaller errors are better; MASE is 1 for the seasonal naive forecast within what came "
        "before. Bias: by what share of what came it was too high (+) or too low. Held: share of "
        f"intervals that held what came, with its 95{display.NARROW_SPACE}% interval as if "
        f"forecasts had nothing to do with each other.{unit}"
    )
    return Table(
        summary=tested.summary(),
        columns=(
            Column("of", "left"),
            Column("method", "left"),
            Column("forecasts"),
            Column("CRPS"),
            Column("MASE"),
            Column("mean absolute error"),
            Column("bias"),
            Column(f"held at 80{display.NARROW_SPACE}%"),
            Column(f"held at 95{display.NARROW_SPACE}%"),
        ),
        rows=tuple(rows),
        notes=(note, *tested.leaks, *tested.notes),
    )


def _held(row: dict[Any, Any], level: str) -> str:
    if row["n"] < display.FEWEST:
        return f"{round(row[level] * row['n'])} of {display.count(row['n'])}"
    return display.estimate(row[level], row[f"{level}_low"], row[f"{level}_high"])


def _share(value: float) -> str:
    if not math.isfinite(value):
        return display.EN_DASH
    return f"{display.signed(100 * value)}{display.NARROW_SPACE}%"


def _between(low: float, high: float) -> str:
    return f"({_number(low)} to {_number(high)})" if math.isfinite(low + high) else ""


def _number(value: float) -> str:
    """Return an error in about three figures."""
    if not math.isfinite(value):
        return display.EN_DASH
    size = abs(value)
    places = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:,.{places}f}".replace("-", display.MINUS)
