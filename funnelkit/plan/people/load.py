"""What people are to do by month: bookings, entries to the stages, and where bookings stem from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import earlier, period_label
from funnelkit._core.errors import ArgumentError, did_you_mean, numbered
from funnelkit.plan.goals.targets import months_of
from funnelkit.plan.people.checking import is_number

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.backward.result import Plan
    from funnelkit.plan.people.team import Unit

FloatArray = NDArray[np.float64]
Against = Literal["bookings", "target"]
VALUE, DEALS = "value", "deals"
DEAL = "deal"
"""Work of a deal that is won, whatever the last stage is called."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Load:
    """What people are to do; ``H = len(periods)`` months.

    Parameters
    ----------
    periods
        Civil months without gaps.
    as_of
        Last day that is known; requisitions can be opened from it on.
    value, deals
        Money and won deals that demand brings in each month, shape ``(H,)``; ``None``: not known.
    entries
        Stage -> entries in each month, shape ``(H,)``.
    stems
        Stage -> share of the bookings of each month (second axis) that stem from its entries of
        each month (first axis), shape ``(H, H)``. Not there: all from the same month.
    first
        Stage that leads enter, where it is known.
    last
        Stage at which deals are won, where it is known.
    draws
        Unit -> joint draws of what demand brings, shape ``(N, H)``.
    goal
        Unit and sum of the targets, where there are some.
    currency
        Of the money, where it is known.
    """

    periods: pd.PeriodIndex
    as_of: dt.date
    value: FloatArray | None = None
    deals: FloatArray | None = None
    entries: Mapping[str, FloatArray] = field(default_factory=dict)
    stems: Mapping[str, FloatArray] = field(default_factory=dict)
    first: str | None = None
    last: str | None = None
    draws: Mapping[str, FloatArray] = field(default_factory=dict)
    goal: tuple[Unit, float] | None = None
    currency: str | None = None

    def bookings(self, unit: Unit) -> FloatArray | None:
        """Return what demand brings in a unit, shape ``(H,)``."""
        return self.value if unit == "value" else self.deals

    @property
    def work(self) -> dict[str, FloatArray]:
        """What comes in each month: stage -> entries, and deals, shape ``(H,)`` each."""
        return {**self.entries, **({} if self.deals is None else {DEAL: self.deals})}

    @property
    def size(self) -> FloatArray | None:
        """Money of a deal in each month, shape ``(H,)``; NaN where there is none."""
        if self.value is None or self.deals is None:
            return None
        some = self.deals > 0
        return np.where(some, self.value / np.where(some, self.deals, 1.0), np.nan)


def load_of(
    demand: Any,
    *,
    unit: Unit,
    periods: Any = None,
    as_of: dt.date | str | None = None,
    to_win: Mapping[str, float] | None = None,
    against: Against = "bookings",
) -> Load:
    """Return what people are to do, whatever it is given as.

    Raises
    ------
    ArgumentError
        With every problem: no months, months that do not line up, numbers below 0.
    """
    checks.one_of("against", against, ("bookings", "target"))
    months = None if periods is None else months_of("periods", periods)
    day = None if as_of is None else checks.day("as_of", as_of)
    if hasattr(demand, "assumptions") and hasattr(demand, "outcomes"):
        found = _of_plan(demand, against)
        if months is not None and not months.equals(found.periods):
            raise ArgumentError(
                f"`periods` ({_span(months)}) do not line up with the months of the plan "
                f"({_span(found.periods)}); leave them out."
            )
        return found if day is None else replace(found, as_of=day)
    if against != "bookings":
        raise ArgumentError(
            '`against="target"` needs a plan, which has targets; got plain numbers.'
        )
    return _of_numbers(demand, unit, months, day, dict(to_win or {}))


def _of_plan(plan: Plan, against: Against) -> Load:
    """Return what a plan brings and asks for."""
    made, base = plan.outcomes, plan.assumptions
    parts = (made.in_flight, made.direct)
    drawn = {
        "value": made.value.sum(axis=1) + sum(one.value for one in parts),
        "count": made.deals.sum(axis=1) + sum(one.deals for one in parts),
    }
    if plan.unit == "count":
        del drawn["value"]
    known = {unit: np.asarray(draws.mean(axis=0)) for unit, draws in drawn.items()}
    if against == "target":
        wanted = np.asarray(plan.targets.amount, float)
        per = wanted / np.where(known[plan.unit] > 0, known[plan.unit], 1.0)
        known = {unit: wanted if unit == plan.unit else one * per for unit, one in known.items()}
    entries = {stage: np.asarray(one).sum(axis=0) for stage, one in plan.stages_needed().items()}
    for reach in (plan.stages_in_flight(), base.direct.reach):
        for stage, one in reach.items():
            entries[stage] = entries.get(stage, np.zeros(len(plan.periods))) + np.asarray(one)
    entries[base.stages[-1]] = known["count"]
    return Load(
        periods=plan.periods,
        as_of=base.as_of,
        value=known.get("value"),
        deals=known["count"],
        entries=entries,
        stems=_stems(plan),
        first=base.stages[0],
        last=base.stages[-1],
        draws=drawn,
        goal=(plan.unit, float(np.sum(plan.targets.amount))),
        currency=base.currency,
    )


def _stems(plan: Plan) -> dict[str, FloatArray]:
    """Return which entries bookings stem from: leads exactly, later stages by their mean time."""
    base = plan.assumptions
    worth = base.sizes if plan.unit == "value" else np.ones(len(base.channels))
    wins = (np.asarray(plan.leads, float) * worth[:, None])[:, :, None] * base.yields
    others = sum(
        (one.value if plan.unit == "value" else one.deals).mean(axis=0)
        for one in (base.in_flight, base.direct)
    )
    whole = np.maximum(wins.sum(axis=(0, 1)) + others, 1e-300)
    found = {base.stages[0]: wins.sum(axis=0) / whole}
    weights = wins.sum(axis=(1, 2)) + 1e-300
    steps = len(base.stages) - 1
    for k, stage in enumerate(base.stages[1:-1], 1):
        waits = [
            one.lag.mean_months
            - (
                one.reach[stage].mean_months
                if stage in one.reach
                else one.lag.mean_months * k / steps
            )
            for one in base.channels
        ]
        wait = float(np.average(np.maximum(waits, 0.0), weights=weights))
        found[stage] = after(wait, len(plan.periods))
    return found


def after(wait: float, ahead: int) -> FloatArray:
    """Return the months that bookings stem from, when they come so many months later.

    Examples
    --------
    >>> after(1.5, 3).tolist()
    [[0.0, 0.5, 0.5], [0.0, 0.0, 0.5], [0.0, 0.0, 0.0]]
    """
    full, part = int(wait), wait - int(wait)
    return (1 - part) * np.eye(ahead, k=full) + part * np.eye(ahead, k=full + 1)


def _of_numbers(
    demand: Any,
    unit: Unit,
    months: pd.PeriodIndex | None,
    as_of: dt.date | None,
    to_win: dict[str, float],
) -> Load:
    """Return what plain numbers ask for."""
    named = demand
    if demand is None:
        named = {}
    elif not isinstance(demand, Mapping) or _by_month(demand):
        named = {VALUE if unit == "value" else DEALS: demand}
    if months is None:
        months = _months_in(named)
    wrong: list[str] = []
    lines = {str(k): _line(str(k), one, months, wrong) for k, one in named.items()}
    if not {VALUE, DEALS} & set(lines):
        wrong += [
            f"`demand` names {name!r:.40}, which is taken for a stage.{hint}"
            for name in lines
            if (hint := did_you_mean(name, (VALUE, DEALS)))
        ]
    for stage, wait in to_win.items():
        if stage not in lines:
            wrong.append(f"`to_win` names {stage!r:.40}, of which `demand` says nothing.")
        elif not is_number(wait) or wait < 0:
            wrong.append(f"`to_win` must be months of at least 0; got {wait!r:.40} for {stage!r}.")
    if wrong:
        raise ArgumentError(numbered(wrong))
    start: pd.Timestamp = months[0].start_time
    stages = {name: one for name, one in lines.items() if name not in (VALUE, DEALS)}
    return Load(
        periods=months,
        as_of=earlier(start.date(), 1) if as_of is None else as_of,
        value=lines.get(VALUE),
        deals=lines.get(DEALS),
        entries=stages,
        stems={stage: after(wait, len(months)) for stage, wait in to_win.items()},
        first=next(iter(stages), None),
    )


def _by_month(demand: Mapping[Any, Any]) -> bool:
    """Whether the keys of a mapping are months."""
    import pandas as pd

    keys = [str(key) for key in demand]
    if not keys or not all(key[:4].isdigit() and len(key) >= 7 for key in keys):
        return False
    try:
        pd.PeriodIndex(keys, freq="M")
    except ValueError:
        return False
    return True


def _months_in(named: Mapping[Any, Any]) -> pd.PeriodIndex:
    """Return the months that the numbers name themselves."""
    import pandas as pd

    for one in named.values():
        if isinstance(one, Mapping) and _by_month(one):
            return months_of("demand", pd.PeriodIndex([str(key) for key in one], freq="M"))
        if isinstance(one, pd.Series) and isinstance(one.index, pd.PeriodIndex):
            return months_of("demand", one.index)
    raise ArgumentError(
        "`periods` must be given where `demand` names no months: months such as "
        "pandas.period_range('2027-01', periods=12, freq='M')."
    )


def _line(name: str, given: Any, months: pd.PeriodIndex, wrong: list[str]) -> FloatArray:
    """Return one number a month, and note what is wrong with them."""
    import pandas as pd

    nothing = np.zeros(len(months))
    if isinstance(given, (pd.Series, Mapping)):
        given = _in_order(name, given, months, wrong)
        if given is None:
            return nothing
    if is_number(given):
        given = [given] * len(months)
    row = isinstance(given, (Sequence, np.ndarray)) and not isinstance(given, (str, bytes))
    odd = [one for one in given if not is_number(one)] if row else []
    if not row or len(given) != len(months) or odd:
        got = repr(given)[:60] if not row else f"{len(given)} of them"
        wrong.append(
            f"`demand` of {name!r:.40} must be a number for each of the "
            f"{len(months)} months {_span(months)}; got {repr(odd[0])[:40] if odd else got}."
        )
        return nothing
    found = np.asarray(given, np.float64)
    below = np.flatnonzero(found < 0)
    if len(below):
        rest = f" and {display.plural(len(below) - 1, 'more month')}" if len(below) > 1 else ""
        wrong.append(
            f"`demand` of {name!r:.40} must be at least 0 in every month; got "
            f"{found[below[0]]:,.10g} in {period_label(months[int(below[0])])}{rest}."
        )
    return found


def _in_order(name: str, given: Any, months: pd.PeriodIndex, wrong: list[str]) -> list[Any] | None:
    """Return numbers by month in the order of the months; ``None`` where they do not line up."""
    import pandas as pd

    try:
        by = {str(pd.Period(str(key), freq="M")): one for key, one in given.items()}
    except ValueError:
        wrong.append(f"`demand` of {name!r:.40} must be by months such as 2027-01.")
        return None
    wanted = [str(one) for one in months]
    lacks = [month for month in wanted if month not in by]
    more = [month for month in by if month not in wanted]
    if lacks or more:
        said = [f"{text} {_some(of)}" for text, of in (("lacks", lacks), ("has", more)) if of]
        wrong.append(
            f"`demand` of {name!r:.40} does not line up with the months {_span(months)}: it "
            f"{' and '.join(said)}{' beside them' if more else ''}."
        )
        return None
    return [by[month] for month in wanted]


def _some(months: list[str]) -> str:
    return ", ".join(months[:4]) + (f" and {len(months) - 4} more" if len(months) > 4 else "")


def _span(months: pd.PeriodIndex) -> str:
    return f"{period_label(months[0])} to {period_label(months[-1])}"
