"""Cohorts at equal age: the share of each that has converted by each age, and what is immature."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_label, period_name
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import share_difference_interval
from funnelkit.counts.triangle import Triangle
from funnelkit.lag import LagFit, fit_competing
from funnelkit.plot.outlook import Outlook, outlook_of

if TYPE_CHECKING:
    import pandas as pd

State = Literal["mature", "immature", "blank", "forecast"]
_USUAL = (30, 90, 7, 180, 365, 60, 14, 120, 730, 270, 150, 1095, 545, 1460, 1825)  # dearest first
_ROUND = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
_MOST_AGES = 8
_MOST_COHORTS = 36


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cohort at one age.

    Parameters
    ----------
    rate, low, high
        Share converted by the age, with its 95 % interval.
    reached
        Leads that are that old.
    state
        ``"mature"`` where all of them are, ``"blank"`` where fewer than 20 are, ``"forecast"``
        where that is so and a fit says what the cohort will come to.
    """

    rate: float = np.nan
    low: float = np.nan
    high: float = np.nan
    reached: int = 0
    state: State = "blank"


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """One row."""

    label: str
    name: str
    entered: int
    worth: tuple[float, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class Heat:
    """Everything that the heat map shows."""

    start: str
    target: str
    as_of: dt.date
    ages: tuple[int, ...]
    cohorts: tuple[Cohort, ...]
    left_out: int
    segments: int
    late: bool
    ever: bool = False
    bounds: int = 0

    @property
    def heads(self) -> list[str]:
        """Heading of each column."""
        return [*(str(age) for age in self.ages), *(["ever"] if self.ever else [])]

    @property
    def cuts(self) -> list[float]:
        """Five round rates at which the colour changes."""
        cells = [cell for cohort in self.cohorts for cell in cohort.cells]
        top = max((cell.rate for cell in cells if cell.state == "mature"), default=0.0) or 0.06
        size = 10.0 ** np.floor(np.log10(top / 6))
        step = next(size * each for each in _ROUND if top / (size * each) <= 6)
        return [float(round(step * k, 12)) for k in range(1, 6)]


def heat_of(
    triangle: Triangle,
    ages: Sequence[int] | None,
    *,
    fit: LagFit | None = None,
    most: int = _MOST_AGES,
) -> Heat:
    """Return the cohorts of a triangle at equal ages, all segments together.

    With a fit, cells that no lead has reached tell what it foretells.

    Raises
    ------
    ArgumentError
        If it is no triangle, or the ages are not whole numbers of days.
    """
    if not isinstance(triangle, Triangle):
        raise ArgumentError(
            f"`triangle` must be what fk.triangle returns; got {type(triangle).__name__}."
        )
    left_out = max(0, triangle.n_cohorts - _MOST_COHORTS)
    whole = triangle.collapse(segments=True)
    if left_out:
        whole = whole.select(first=whole.cohorts[left_out])
    days = _usual(whole, max(2, min(most, _MOST_AGES))) if ages is None else _checked(ages)
    cohorts = _cohorts(whole, days)
    ahead = None if fit is None else _ahead(triangle, fit, days, left_out)
    if ahead is not None:
        cohorts = [_foretold(one, ahead, j) for j, one in enumerate(cohorts)]
    return Heat(
        start=display.one_line(whole.start),
        target=display.one_line(whole.target),
        as_of=whole.as_of,
        ages=days,
        cohorts=tuple(cohorts),
        left_out=left_out,
        segments=triangle.n_segments,
        late=whole.late is not None and bool(whole.late.any()),
        ever=ahead is not None and ahead.ever,
        bounds=0 if ahead is None else ahead.bounds,
    )


def _ahead(triangle: Triangle, fit: LagFit, ages: tuple[int, ...], left_out: int) -> Outlook:
    if not isinstance(fit, LagFit):
        raise ArgumentError(
            "`fit` must be what a function such as fk.lag.fit_kaplan_meier returns; "
            f"got {type(fit).__name__}."
        )
    shown = triangle.select(first=triangle.cohorts[left_out]) if left_out else triangle
    return outlook_of(shown, fit, ages)


def _foretold(cohort: Cohort, ahead: Outlook, j: int) -> Cohort:
    """Return a row whose blank cells hold forecasts, and the eventual rate at its end."""
    cells = [*cohort.cells, *([Cell()] if ahead.ever else [])]
    most = 0.0
    for k, cell in enumerate(cells):
        if cell.state == "blank" and np.isfinite(ahead.rate[j, k]):
            rate = max(float(ahead.rate[j, k]), most)
            low, high = min(float(ahead.low[j, k]), rate), max(float(ahead.high[j, k]), rate)
            cells[k] = Cell(rate=rate, low=low, high=high, reached=cell.reached, state="forecast")
        most = max(most, cells[k].rate if cells[k].state != "blank" else 0.0)
    return replace(cohort, cells=tuple(cells))


def _checked(ages: Sequence[int]) -> tuple[int, ...]:
    days = tuple(ages)
    if not days or not all(isinstance(day, (int, np.integer)) and day >= 0 for day in days):
        raise ArgumentError(f"`ages` must be whole numbers of days such as [7, 30]; got {ages!r}.")
    return tuple(sorted({int(day) for day in days}))


def _reached(triangle: Triangle) -> NDArray[np.int64]:
    """Return the leads that are at least as old, shape ``(n_cohorts, n_ages)``."""
    followed = triangle.followed[0]
    return np.asarray(followed[:, ::-1].cumsum(axis=1)[:, ::-1])


def _usual(triangle: Triangle, most: int) -> tuple[int, ...]:
    """Return the usual ages to which at least one cohort has enough leads, the dearest ones."""
    able = np.flatnonzero((_reached(triangle) >= display.FEWEST).any(axis=0))
    oldest = int(able[-1]) if len(able) else triangle.n_ages - 1
    ages = [age for age in _USUAL if age <= oldest]
    if len(ages) < 2:
        ages = list(range(oldest + 1))
    return tuple(sorted(ages[:most]))


def _cohorts(triangle: Triangle, ages: tuple[int, ...]) -> list[Cohort]:
    reached, entered = _reached(triangle), triangle.entered[0]
    rates, low, high = _curves(triangle, ages)

    def cell(j: int, k: int) -> Cell:
        old = int(reached[j, ages[k]]) if ages[k] < triangle.n_ages else 0
        if old < display.FEWEST or np.isnan(rates[j, k]):
            return Cell(reached=old)
        return Cell(
            rate=float(rates[j, k]),
            low=float(low[j, k]),
            high=float(high[j, k]),
            reached=old,
            state="mature" if old == entered[j] else "immature",
        )

    worth = _worth(triangle, ages)
    return [
        Cohort(
            label=_label(cohort, triangle),
            name=in_sentence(period_name(cohort)),
            entered=int(entered[j]),
            worth=tuple(float(number) for number in worth[j]),
            cells=tuple(cell(j, k) for k in range(len(ages))),
        )
        for j, cohort in enumerate(triangle.cohorts)
    ]


def _curves(triangle: Triangle, ages: tuple[int, ...]) -> list[NDArray[np.float64]]:
    """Return rate, low and high by cohort and age; NaN beyond what is followed.

    Each cohort's own curve: where all its leads are that old and none came late, that is the
    share converted by then.
    """
    if not triangle.n:
        return [np.full((triangle.n_cohorts, len(ages)), np.nan)] * 3
    fit = fit_competing(triangle, pool=())
    days = np.minimum(ages, fit.horizon)
    beyond = np.array(ages) >= triangle.n_ages
    found = (fit.rate_at(days), *fit.confidence_interval(days))
    return [np.where(beyond, np.nan, np.asarray(values)[0]) for values in found]


def _worth(triangle: Triangle, ages: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the effective number of leads by cohort and age."""
    entered = triangle.entered[0].astype(float)
    if triangle.accounts is None:
        return np.repeat(entered[:, None], len(ages), axis=1)
    events = triangle.by_age(triangle.target)[0]
    columns = [
        triangle.accounts.up_to(age).effective(
            events[None, :, : age + 1].sum(axis=-1), entered[None], confidence_level=0.95
        )[0]
        for age in ages
    ]
    return np.stack(columns, axis=1)


def _label(cohort: pd.Period, triangle: Triangle) -> str:
    label = period_label(cohort)
    return f"{label} (part)" if cohort in triangle.partial else label


def in_sentence(name: str) -> str:
    """Return the name of a period as it stands within a sentence.

    Examples
    --------
    >>> in_sentence("May 2018"), in_sentence("week of 7 May 2018")
    ('May 2018', 'the week of 7 May 2018')
    """
    return f"the {name}" if name.startswith("week") else name


def title(heat: Heat) -> str:
    """Return how the first and the newest full cohort compare, as far as chance allows."""
    if not any(cohort.entered for cohort in heat.cohorts):
        return f"No lead has entered {heat.start} yet"
    columns = [
        (age, [(one, one.cells[k]) for one in heat.cohorts if one.cells[k].state == "mature"], k)
        for k, age in enumerate(heat.ages)
    ]
    able = [column for column in columns if len(column[1]) > 1]
    if not able:
        return "No two cohorts can be compared yet at the same age"
    early = [column for column in able if column[0] <= 30]
    age, pairs, k = early[-1] if early else able[0]
    (first, before), (last, now) = pairs[0], pairs[-1]
    low, high = share_difference_interval(
        (before.rate * first.worth[k], first.worth[k]), (now.rate * last.worth[k], last.worth[k])
    )
    within = f"within {display.plural(age, 'day')}"
    ends = (
        f"{first.name} ({display.percent(before.rate)})",
        f"{last.name} ({display.percent(now.rate)})",
    )
    if low <= 0 <= high:
        return f"No clear change {within}, from {ends[0]} to {ends[1]}"
    verb = "rose" if low > 0 else "fell"
    return f"The share that reaches {heat.target} {within} {verb} from {ends[0]} to {ends[1]}"


def caption(heat: Heat) -> str:
    """Return what the cells are, and what is not shown."""
    text = (
        f"Share (%) of those who entered {heat.start} that reached {heat.target} within so many "
        f"days; data through {day_name(heat.as_of)}. Read down a column to compare cohorts."
    )
    if heat.late:
        text += " Leads that came under observation late count from then on."
    if heat.segments > 1:
        text += f" All {heat.segments} segments together."
    if any(cohort.label.endswith("(part)") for cohort in heat.cohorts):
        text += " (part): only a part of the cohort is counted."
    if any(cell.state == "forecast" for cohort in heat.cohorts for cell in cohort.cells):
        text += " Forecast: the cohort's own rate, corrected for the age of its leads."
    if heat.bounds:
        number = display.plural(heat.bounds, "cohort")
        text += f" Follow-up is too short to forecast {number}: there is a bound only."
    if heat.left_out:
        text += f" {display.plural(heat.left_out, 'earlier cohort')} not shown."
    return text


def words(heat: Heat) -> list[str]:
    """Return the view in words, a line for each cohort."""
    lines = [title(heat), caption(heat)]
    for cohort in heat.cohorts:
        cells = [
            f"{age if age == 'ever' else f'{age} days'} {display.percent(cell.rate)} "
            f"({display.percent_range(cell.low, cell.high, words=True)})"
            f"{f' [{cell.state}]' if cell.state in {'immature', 'forecast'} else ''}"
            for age, cell in zip(heat.heads, cohort.cells, strict=True)
            if cell.state != "blank"
        ]
        said = ", ".join(cells) or f"fewer than {display.FEWEST} leads are old enough"
        lines.append(f"{cohort.label}: {display.plural(cohort.entered, 'lead')}; {said}.")
    return lines
