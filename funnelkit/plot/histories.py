"""Series of counts or values by period, taken from pandas and checked for what they claim."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import day_name, period_label, period_name
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import count_ratio_interval
from funnelkit.plot.ages import in_sentence

if TYPE_CHECKING:
    import pandas as pd

MOST = 6


@dataclass(frozen=True, eq=False, kw_only=True)
class Line:
    """One series."""

    name: str
    values: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class History:
    """Everything that a chart of series shows.

    Parameters
    ----------
    lines
        The largest first.
    labels, names
        Periods as an axis and as a sentence writes them.
    whole
        Whether the values are counts.
    unfinished
        Whether the last period goes on after the last day of the data.
    as_of
        Last complete day, where it is known.
    left_out
        Series that are not shown.
    total
        Sum over all series by period.
    unit
        Length of a period, such as ``"month"``; "" where it is not known.
    undated
        Entries whose day is not known, which are in no period.
    """

    lines: tuple[Line, ...]
    labels: tuple[str, ...]
    names: tuple[str, ...]
    whole: bool
    unfinished: bool
    as_of: dt.date | None
    left_out: int
    total: NDArray[np.float64]
    unit: str
    undated: int

    def said(self, value: float) -> str:
        """Return a value as it is written."""
        if not np.isfinite(value):
            return display.EN_DASH
        if self.whole or abs(value) >= 1000:
            return display.count(value)
        return f"{value:,.3g}".replace("-", display.MINUS)


def history_of(counts: pd.Series[Any] | pd.DataFrame, *, as_of: dt.date | str | None) -> History:
    """Return the series in a pandas Series or a long frame.

    Raises
    ------
    ArgumentError
        If it is neither, holds no numbers, or the day cannot be read.
    """
    wide = _wide(counts)
    values = wide.to_numpy(dtype=float, na_value=np.nan)
    order = np.argsort(-np.nansum(values, axis=0), kind="stable")
    known = values[np.isfinite(values)]
    day = as_of if as_of is not None else counts.attrs.get("as_of")
    last = None if day is None else checks.day("as_of", day)
    names = [str(name) if name is not None else "" for name in wide.columns]
    return History(
        lines=tuple(
            Line(name=display.one_line(names[k]) if names[k] else "", values=values[:, k])
            for k in order[:MOST]
        ),
        labels=tuple(_labels(wide.index, period_label)),
        names=tuple(in_sentence(name) for name in _labels(wide.index, period_name)),
        whole=bool((known == np.round(known)).all() and (known >= 0).all()),
        unfinished=_unfinished(wide.index, last),
        as_of=last,
        left_out=max(0, wide.shape[1] - MOST),
        total=np.nansum(values, axis=1),
        unit=_unit(wide.index),
        undated=int(counts.attrs.get("undated", 0)),
    )


def _wide(counts: pd.Series[Any] | pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    needs = (
        "`counts` must be a Series by period, such as leads.count(...), or a frame with the "
        "columns series, period and value"
    )
    if isinstance(counts, pd.Series):
        wide = counts.to_frame(counts.name)
    elif isinstance(counts, pd.DataFrame) and {"series", "period", "value"} <= {*counts.columns}:
        if counts.duplicated(["series", "period"]).any():
            raise ArgumentError(f"{needs}; got one with several values for a series and period.")
        wide = counts.set_index(["period", "series"])["value"].unstack()  # noqa: PD010
    else:
        raise ArgumentError(f"{needs}; got {type(counts).__name__}.")
    if not wide.index.is_monotonic_increasing:
        raise ArgumentError(f"{needs}; got periods that are not in order.")
    if len(wide) and not all(pd.api.types.is_numeric_dtype(kind) for kind in wide.dtypes):
        raise ArgumentError(f"{needs}; got values that are no numbers.")
    return wide


def _labels(index: pd.Index[Any], write: Any) -> Sequence[str]:
    import pandas as pd

    if isinstance(index, pd.PeriodIndex):
        return [write(period) for period in index]
    if isinstance(index, pd.DatetimeIndex):
        return [day.date().isoformat() for day in index]
    return [display.one_line(str(label)) for label in index]


def _unit(index: pd.Index[Any]) -> str:
    code = str(getattr(index, "freqstr", None) or "")[:1]
    return {"D": "day", "W": "week", "M": "month", "Q": "quarter", "Y": "year"}.get(code, "")


def _unfinished(index: pd.Index[Any], as_of: dt.date | None) -> bool:
    import pandas as pd

    if as_of is None or not isinstance(index, pd.PeriodIndex) or not len(index):
        return False
    return bool(index[-1].end_time.date() > as_of)


def title(shown: History) -> str:
    """Return how the latest full period compares with the one before, or who brought the most."""
    last = len(shown.labels) - 1 - shown.unfinished
    if not shown.lines or last < 0:
        return "There is no full period yet"
    when = _when(shown, last)
    if len(shown.lines) > 1:
        return _largest(shown, last, when)
    line = shown.lines[0]
    name = f"{line.name}: " if line.name else ""
    now = line.values[last]
    if last == 0 or not shown.whole or not np.isfinite(line.values[last - 1 : last + 1]).all():
        return f"{name}{shown.said(now)} {when}"
    before = line.values[last - 1]
    change = f"{shown.names[last - 1]} ({shown.said(before)})"
    low, high = (float(end) for end in count_ratio_interval(now, before))
    if low <= 1 <= high:
        return f"{name}{shown.said(now)} {when}, no clear change on {change}"
    if not before:
        return f"{name}{shown.said(now)} {when}, after none {_when(shown, last - 1)}"
    ends = sorted(abs(end - 1) for end in (low, high))
    told = [display.percent(share, decimals=0) for share in (abs(now / before - 1), *ends)]
    between = f"{told[1].removesuffix('%').rstrip(display.NARROW_SPACE)} to {told[2]}"
    verb = "more" if now > before else "fewer"
    return (
        f"{name}{shown.said(now)} {when}, {told[0]} ({between}) {verb} than "
        f"{_when(shown, last - 1)}"
    )


def _when(shown: History, k: int) -> str:
    return f"{'on' if shown.unit == 'day' else 'in'} {shown.names[k]}"


def _largest(shown: History, last: int, when: str) -> str:
    largest = max(shown.lines, key=lambda line: np.nan_to_num(line.values[last], nan=-np.inf))
    value, total = largest.values[last], shown.total[last]
    of = f" of {shown.said(total)}" if shown.whole else ""
    return f"{largest.name} brought the most {when}: {shown.said(value)}{of}"


def caption(shown: History) -> str:
    """Return what the marks are."""
    parts = [f"By {shown.unit or 'period'}."]
    if shown.as_of is not None:
        parts.append(f"Data through {day_name(shown.as_of)}.")
    if shown.unfinished:
        parts.append("Hollow: the period is not over.")
    if shown.undated:
        entries = display.plural(shown.undated, "entry", "entries")
        parts.append(
            f"{entries} without a known day {'is' if shown.undated == 1 else 'are'} in none."
        )
    if shown.left_out:
        parts.append(
            f"{display.plural(shown.left_out, 'smaller series', 'smaller series')} not shown."
        )
    return " ".join(parts)


def words(shown: History) -> list[str]:
    """Return the view in words, a line for each series."""
    lines = [title(shown), caption(shown)]
    for line in shown.lines:
        values = [
            f"{label} {shown.said(value)}"
            for label, value in zip(shown.labels, line.values, strict=True)
        ]
        lines.append(f"{line.name or 'Values'}: {', '.join(values)}.")
    return lines
