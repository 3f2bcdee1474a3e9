"""`when_decidable`: from inflow, lag and horizon to the day on which a test can decide."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import day_name, earlier
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.comparison import Alternative
from funnelkit.experiment.sizing import asked, followed
from funnelkit.experiment.sizing.closed_forms import CLOSED_FORMS, ClosedForm, power_of_rates
from funnelkit.experiment.sizing.decided import DecisionDate
from funnelkit.experiment.sizing.followed import IMMATURE, Immature, Lag
from funnelkit.experiment.sizing.inflows import LONGEST, Every, entered_by_day
from funnelkit.experiment.sizing.rates_needed import size, smallest_effect

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_LONGEST_SHOWN = 156
_FEWEST_SHOWN = 4


def when_decidable(
    control_rate: float | None,
    *,
    inflow: float | pd.Series[Any],
    start: dt.date | str,
    horizon: int,
    absolute: float | None = None,
    relative: float | None = None,
    every: Every = "week",
    end: dt.date | str | None = None,
    lag: Lag | None = None,
    immature: Immature | None = None,
    power: float = 0.8,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    split: float = 0.5,
    method: ClosedForm = "score",
    design_effect: float = 1.0,
    inflation: float = 1.0,
    treatments: int = 1,
    units: str = "leads",
) -> DecisionDate:
    """Return the day by which a test of two rates can decide, and what it can find each week.

    Parameters
    ----------
    control_rate
        Share that converts in control within the horizon; ``None`` takes that of ``lag``, where
        it is a fit.
    inflow
        Leads that enter the test, all arms together: a number for each ``every``, or a Series by
        period such as ``leads.count("lead", every="week")`` or a forecast, spread evenly over the
        days of each period. After the last period of a Series nobody enters.
    start
        First day on which leads enter.
    horizon
        Days after entry up to which a conversion counts.
    absolute, relative
        Effect to be found, one of the two, as in :func:`size`.
    every
        What a number of ``inflow`` is for: ``"day"``, ``"week"`` or ``"month"``.
    end
        Last day on which leads enter; default: entry goes on.
    lag
        When leads convert: a fit of :mod:`funnelkit.lag` with one curve, a law of times in days
        such as ``scipy.stats.expon(scale=20)``, or the maturity at age 0, 1, 2 … days.
    immature
        What a lead that has not been followed for the horizon counts: ``"left out"`` (nothing), or
        ``"kaplan-meier"``, what it tells an analysis by Kaplan-Meier, which needs ``lag``.
        Default: the latter where ``lag`` is given.
    power, alpha, alternative, split, method, design_effect, inflation, treatments, units
        As in :func:`size`, in a closed form.

    Returns
    -------
    DecisionDate
        ``date``, the last complete day of the data that can decide, or ``None`` with what would
        make it possible; and by week the leads entered, matured, and the smallest effect that is
        found with the power.

    Raises
    ------
    ArgumentError
        As :func:`size`; and if nothing enters, the end is before the start, the horizon is no
        whole number of days, or ``lag`` has several curves or falls with age.
    EvidenceError
        If the fit ends before the horizon.

    Notes
    -----
    A lead that enters on day e has been followed for the horizon h at the end of day e + h. By
    Kaplan-Meier all leads are worth rate · (1 - rate) / V fully followed ones, with V Greenwood's
    variance at the horizon at the expected numbers at risk; nothing, until the first leads
    have reached the last age at which leads convert. Leads known to be lost would tell a little
    more than is counted here. The day is the first one on which the power reaches the target.

    References
    ----------
    Greenwood's variance: Kalbfleisch and Prentice (2002), The Statistical Analysis of Failure
    Time Data, 2nd ed., section 1.4.

    Examples
    --------
    1,095 leads in each arm at 100 a week, the last of whom is followed for 60 days:

    >>> found = when_decidable(0.2, absolute=0.05, inflow=100, start="2026-01-05", horizon=60)
    >>> found.date, found.needed.total
    (datetime.date(2026, 8, 6), 2190)
    """
    first = checks.day("start", start)
    last_day = None if end is None else checks.day("end", end)
    days = checks.positive_whole("horizon", horizon)
    checks.one_of("method", method, CLOSED_FORMS)
    if immature is None:
        immature = "left out" if lag is None else "kaplan-meier"
    checks.one_of("immature", immature, IMMATURE)
    if immature == "kaplan-meier" and lag is None:
        raise ArgumentError(
            '`immature` "kaplan-meier" needs `lag`: what immature leads tell depends on when '
            "leads convert."
        )
    rate = followed.rate_of(lag, days) if control_rate is None else control_rate
    needed = size(
        rate,
        absolute=absolute,
        relative=relative,
        power=power,
        alpha=alpha,
        alternative=alternative,
        split=split,
        method=method,
        design_effect=design_effect,
        inflation=inflation,
        treatments=treatments,
        units=units,
    )
    entered, last = entered_by_day(inflow, every, first, last_day)
    maturity = None if lag is None else followed.maturity_by_day(lag, days)
    course = _Course(
        entered=entered,
        horizon=days,
        maturity=maturity if immature == "kaplan-meier" else None,
        rates=(needed.control, needed.treatment),
        ratio=asked.ratio_of(split),
        treatments=treatments,
        larger=design_effect * inflation,
    )
    tail = alpha / treatments / (2 if alternative == "two-sided" else 1)

    def chance(control: float, treatment: float, n: tuple[float, float]) -> float:
        return power_of_rates(method, control, treatment, n, tail) if min(n) >= 1 else 0.0

    def powered(day: int) -> float:
        return chance(needed.control, needed.treatment, course.arms(day))

    final = LONGEST if last is None else last + days
    found = _first_day(lambda day: powered(day) >= power, final)
    shown = _weeks_shown(found, final)
    ends = [7 * week - 1 for week in range(1, shown + 1)]
    towards = 1.0 if needed.effect > 0 else 0.0
    smallest = [
        smallest_effect(chance, needed.control, towards, course.arms(day), power) for day in ends
    ]
    possible: tuple[str, ...] = ()
    if found is None:
        at_end = smallest_effect(chance, needed.control, towards, course.arms(final), power)
        possible = _possible(course, needed.total, at_end, start=first, last=last, units=units)
    return DecisionDate(
        date=None if found is None else earlier(first, -found),
        start=first,
        end=None if last is None else earlier(first, -last),
        horizon=days,
        needed=needed,
        immature=immature,
        weeks=tuple(earlier(first, -day) for day in ends),
        entered=np.array([course.entered_by(day) for day in ends]),
        matured=np.array([followed.matured(entered, day, days) for day in ends]),
        worth=np.array([course.worth(day) for day in ends]),
        detectable=np.array(smallest),
        power=np.array([powered(day) for day in ends]),
        possible=possible,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class _Course:
    """How a test fills up day by day; days are counted from 0."""

    entered: FloatArray
    horizon: int
    maturity: FloatArray | None
    rates: tuple[float, float]
    ratio: float
    treatments: int
    larger: float

    def entered_by(self, day: int) -> float:
        """Return the leads of all arms by the end of a day."""
        return float(self.entered[min(day, len(self.entered) - 1)])

    @property
    def shares(self) -> tuple[float, float]:
        """Shares of the leads that control and one treatment get."""
        whole = 1 + self.treatments * self.ratio
        return 1 / whole, self.ratio / whole

    def arms(self, day: int) -> tuple[float, float]:
        """Return the independent, fully followed leads that control and treatment are worth."""
        first, second = (
            share * self._followed(day, share, rate) / self.larger
            for share, rate in zip(self.shares, self.rates, strict=True)
        )
        return first, second

    def worth(self, day: int) -> float:
        """Return the fully followed leads that all arms are worth."""
        first, second = self.arms(day)
        return (first + self.treatments * second) * self.larger

    def _followed(self, day: int, share: float, rate: float) -> float:
        if self.maturity is None:
            return followed.matured(self.entered, day, self.horizon)
        return followed.worth(self.entered * share, day, self.maturity, rate) / share


def _first_day(reached: Callable[[int], bool], final: int) -> int | None:
    """Return the first day on which something that stays holds."""
    if not reached(final):
        return None
    low, high = -1, final
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def _weeks_shown(found: int | None, final: int) -> int:
    """Return how many weeks the curve has: a quarter beyond the date, or to the end."""
    last = math.ceil((final + 1) / 7)
    if found is not None:
        week = math.ceil((found + 1) / 7)
        last = min(last, week + max(2, week // 4))
    return max(min(last, _LONGEST_SHOWN), _FEWEST_SHOWN)


def _possible(
    course: _Course,
    total: int,
    at_end: float,
    *,
    start: dt.date,
    last: int | None,
    units: str,
) -> tuple[str, ...]:
    """Return what would make a test decidable that never is."""
    inflow = float(course.entered[-1])
    told = []
    if math.isfinite(at_end):
        told.append(
            f"With the {display.count(inflow)} {units} that enter, the smallest effect to be found "
            f"is {display.signed(100 * at_end)} points."
        )
    else:
        told.append(
            f"With the {display.count(inflow)} {units} that enter, no effect is large enough to be "
            "found so surely."
        )
    if last is None:
        year = max(365 - course.horizon, 30)
        told.append(
            f"To decide within about a year it takes {display.count(math.ceil(7 * total / year))} "
            f"{units} a week in place of {display.expected(7 * inflow / len(course.entered))}."
        )
        return tuple(told)
    times = total / inflow
    longer = math.ceil(times * (last + 1)) - 1
    told.append(
        f"It takes {times:.2g} times the inflow, or entry until about "
        f"{day_name(earlier(start, -longer))} at the same pace and a decision "
        f"{display.plural(course.horizon, 'day')} later; or a larger effect, or less power."
    )
    return tuple(told)
