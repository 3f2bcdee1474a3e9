"""What a back-test says in a sentence."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_name
from funnelkit.lag.rolling.leaks import exported

if TYPE_CHECKING:
    from funnelkit.lag.rolling.result import Backtest

DAYS_OF_A_MONTH = 365.25 / 12
_NUMBERS = (
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def sentence(backtest: Backtest) -> str:
    """Return how far off the method would have been, how far the raw rate, and on how much."""
    figures = backtest.scores().set_index("method")["mae_points"]
    method = float(figures.iloc[0])
    kept: list[int] = np.flatnonzero(backtest._compared).tolist()
    days = sorted({backtest.dates[k] for k in kept})
    when = f"on {display.plural(len(days), 'date')}" if len(days) > 1 else f"on {day_name(days[0])}"
    names = exported(backtest.by)
    rewound = "dates rewound"
    if names:
        rewound += f", {display.listed([f'`{name}`' for name in names])} as exported"
    return (
        f"{_ago(days, backtest.as_of)} this method would have been off by "
        f"{_points(method)} on average in the rate within "
        f"{display.plural(backtest.horizon, 'day')}, the raw rate by "
        f"{float(figures[backtest.raw]):.1f} ({display.plural(len(kept), 'cohort forecast')} {when}"
        f" of {display.plural(backtest.leads, 'lead')}; {rewound})."
    )


def said(backtest: Backtest) -> str:
    """Return what was said of the youngest cohort (the largest of several), and what came."""
    kept: list[int] = np.flatnonzero(backtest._compared).tolist()
    k = max(kept, key=lambda k: (backtest.cohorts[k].end_time, backtest.entered[k]))
    entered = int(backtest.entered[k])
    named, low, high = (
        float(each[k, 0]) / entered
        for each in (backtest.predicted, backtest.low_count, backtest.high_count)
    )
    where = f" from {display.segment_name(backtest.segments[k])}" if backtest.by else ""
    return (
        f"On {day_name(backtest.dates[k])} this method expected {display.percent(named)} "
        f"({display.percent_range(low, high, words=True)}) of the "
        f"{display.plural(entered, 'lead')} of {period_name(backtest.cohorts[k])}{where} to reach "
        f"{backtest.target} within {display.plural(backtest.horizon, 'day')}; "
        f"{display.percent(backtest.actual[k] / entered)} did. The raw rate then was "
        f"{display.percent(backtest.converted[k] / entered)}."
    )


def _ago(days: list[dt.date], as_of: dt.date) -> str:
    """Return how long ago the dates are, as a sentence starts.

    Examples
    --------
    >>> day = dt.date(2026, 7, 31)
    >>> _ago([dt.date(2026, 1, 31)], day), _ago([dt.date(2026, 7, 30)], day)
    ('Six months ago', 'One day ago')
    >>> _ago([dt.date(2025, 1, 31), dt.date(2026, 1, 31)], day)
    'Six to 18 months ago'
    """
    gaps = [(as_of - day).days for day in (days[-1], days[0])]
    unit, length = ("month", DAYS_OF_A_MONTH) if gaps[0] >= 25 else ("day", 1.0)
    near, far = (round(gap / length) for gap in gaps)
    if near == far:
        text = f"{_word(near)} {unit}{'' if near == 1 else 's'} ago"
    else:
        text = f"{_word(near)} to {_word(far)} {unit}s ago"
    return text[0].upper() + text[1:]


def _word(number: int) -> str:
    return _NUMBERS[number - 1] if 1 <= number <= len(_NUMBERS) else display.count(number)


def _points(value: float) -> str:
    return f"{value:.1f} {'point' if f'{value:.1f}' == '1.0' else 'points'}"
