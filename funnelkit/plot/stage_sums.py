"""What open deals bring, summed by month and stage, as a chart of them shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import period_label, period_name
from funnelkit._core.errors import ArgumentError
from funnelkit.forecast.framed import framed, named
from funnelkit.forecast.result import Forecast

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_MOST_STAGES = 6
_REST, ALL = "other stages", "expected from open deals"
_CLASSICAL = "stage weights"


@dataclass(frozen=True, eq=False, kw_only=True)
class StageSums:
    """What is drawn.

    ``expected`` has shape ``(n_stages, n_periods)``; ``weighted``, ``low`` and ``high``
    ``(n_periods,)``, NaN where they are not known.
    """

    labels: list[str]
    names: list[str]
    stages: list[str]
    expected: FloatArray
    weighted: FloatArray
    low: FloatArray
    high: FloatArray
    unit: str
    what: str
    currency: str
    method: str

    @property
    def total(self) -> FloatArray:
        """Of each period."""
        return np.asarray(self.expected.sum(axis=0))

    def number(self, value: float) -> str:
        """Return a number as it is written."""
        return display.count(value) if self.unit == "value" else display.expected(value)


def stage_sums(given: Any, what: str | None, currency: str | None) -> StageSums:
    """Return what is drawn of a forecast of open deals, or of a frame.

    Raises
    ------
    ArgumentError
        If it is neither, or holds numbers below 0.
    """
    made = given if isinstance(given, Forecast) else None
    table = given if made is None else _table(made)
    columns = getattr(table, "columns", ())
    value = "expected_value" in columns and (
        "expected" not in columns or (made is not None and made.unit == "value")
    )
    end = "_value" if value else ""
    frame = framed(
        "pipeline",
        table,
        names=["period", "stage"],
        numbers=[f"expected{end}"],
        gaps=[f"weighted{end}"],
        maker="the `by_stage()` of a pipeline forecast",
    )
    if (frame[f"expected{end}"] < 0).any():
        raise ArgumentError("`pipeline`: what is expected cannot be below 0.")
    periods = [_period(each) for each in frame["period"]]
    labels = [label for label, _, _ in sorted(set(periods), key=lambda one: one[2])]
    names = {label: name for label, name, _ in periods}
    stages = list(dict.fromkeys(named(each) for each in frame["stage"]))
    shape = (len(stages), len(labels))
    expected, weighted = np.zeros(shape), np.full(len(labels), np.nan)
    where = [stages.index(named(each)) for each in frame["stage"]]
    when = [labels.index(label) for label, _, _ in periods]
    np.add.at(expected, (where, when), frame[f"expected{end}"].to_numpy(float))
    if f"weighted{end}" in frame:
        each = frame[f"weighted{end}"].to_numpy(float)
        known = np.bincount(when, np.isfinite(each), len(labels)) > 0
        weighted = np.where(known, np.bincount(when, np.nan_to_num(each), len(labels)), np.nan)
    low, high = _interval(made, labels, "value" if value else "count")
    if currency is None and made is not None:
        currency = made.currency
    stages, expected = _merged(stages, expected)
    default = "bookings" if value else "wins"
    return StageSums(
        labels=labels,
        names=[names[label] for label in labels],
        stages=stages,
        expected=expected,
        weighted=weighted,
        low=low,
        high=high,
        unit="value" if value or currency else "count",
        what=display.one_line(default if what is None else what),
        currency=f"{display.one_line(currency)} " if currency else "",
        method="" if made is None else display.one_line(made.method),
    )


def _table(made: Any) -> pd.DataFrame:
    """Return the frame of a forecast: by stage where it has that, else all open deals as one."""
    import pandas as pd

    if hasattr(made, "by_stage"):
        found: pd.DataFrame = made.by_stage()
        return found
    if not hasattr(made, "methods"):
        raise ArgumentError(
            "`pipeline` must be a forecast of open deals or a frame; this forecast is of "
            f"{display.one_line(made.what)}."
        )
    end = "_value" if made.unit == "value" else ""
    labels = [period_label(period) for period in made.periods]
    frame = pd.DataFrame({"period": labels, "stage": ALL, f"expected{end}": made.total})
    beside = made.methods()
    beside = beside[beside["method"] == _CLASSICAL].set_index("period")
    key = "total_value" if made.unit == "value" else "won"
    return frame.assign(**{f"weighted{end}": beside[key].reindex(labels).to_numpy(float)})


def _period(given: Any) -> tuple[str, str, str]:
    """Return the label of a period, its name in a sentence, and what it is sorted by."""
    import pandas as pd

    if isinstance(given, pd.Period):
        return period_label(given), period_name(given), str(given.start_time)
    text = named(given)
    try:
        period = pd.Period(text)
    except (ValueError, TypeError):
        return text, text, text
    if period.freqstr.partition("-")[0] not in ("M", "ME"):
        return text, text, text
    return period_label(period), period_name(period), str(period.start_time)


def _interval(made: Forecast | None, labels: list[str], unit: str) -> tuple[FloatArray, FloatArray]:
    """Return the interval of each period, where the forecast is of the same unit."""
    blank = np.full(len(labels), np.nan)
    if made is None or made.unit != unit:
        return blank, blank
    low, high = (np.asarray(end) for end in made.confidence_interval(per="all"))
    at = {period_label(period): k for k, period in enumerate(made.periods)}
    found = [
        np.array([end[at[label]] if label in at else np.nan for label in labels])
        for end in (low, high)
    ]
    return found[0], found[1]


def _merged(stages: list[str], expected: FloatArray) -> tuple[list[str], FloatArray]:
    """Return at most six stages: those that bring least are taken together, at the top."""
    if len(stages) <= _MOST_STAGES:
        return stages, expected
    order = np.argsort(-expected.sum(axis=1), kind="stable")
    kept = sorted(order[: _MOST_STAGES - 1].tolist())
    rest = [k for k in range(len(stages)) if k not in kept]
    summed = np.vstack([expected[rest].sum(axis=0), expected[kept]])
    return [_REST, *(stages[k] for k in kept)], summed
