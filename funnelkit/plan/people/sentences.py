"""Capacity in words: what binds from when on, what to open by when, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_name

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.people.capacity_result import Capacity
    from funnelkit.plan.people.requisition import Requisition
    from funnelkit.plan.people.team import Team

FloatArray = NDArray[np.float64]
_SHOWN = 4


def summary_of(found: Capacity) -> str:
    """Return what people can win, from when on they bind, and what to open by when."""
    said = [_whole(found), _binds(found), _opens(found), _late(found), _after(found), _cost(found)]
    return " ".join([*(one for one in said if one), *found.notes])


def notes_of(found: Capacity, team: Team, *, complete: bool, strict_hires: int) -> tuple[str, ...]:
    """Return what a reader must know beside the numbers.

    Parameters
    ----------
    found
        The result.
    team
        Who it is of.
    complete
        Whether the search for the smallest hiring plan came to its end.
    strict_hires
        Hires that it would take to meet each month in which a hire can help.
    """
    notes = []
    if not complete:
        notes.append(
            "The search for the smallest hiring plan was ended by its limit before it "
            "was proven: fewer hires may do."
        )
    more = strict_hires - int(found.hires_needed.sum())
    if found.with_hires is not None and more > 0:
        months = found.periods[found.with_hires.people_bind]
        notes.append(
            f"To close the gap {_months(months, found.periods)} as far as hires still in ramp can, "
            f'{display.plural(more, "more hire")} would be needed (meet="every month").'
        )
    at_once = [
        role.name
        for role, row in zip(team.roles, found.hires_needed, strict=True)
        if row.any() and role.lead_time_days == 0
    ]
    if at_once:
        notes.append(
            f"No `lead_time_days` is told for {_names(at_once)}: hires are taken to start as soon "
            "as they are asked for."
        )
    closed = [
        name
        for role, name, row in zip(team.roles, found.roles, found.short, strict=True)
        if row.any() and not role.hire
    ]
    if closed:
        notes.append(f"More {_names(closed)} cannot be hired (`hire` is false), as the team says.")
    if np.isfinite(found.cost).all(axis=1).any() and np.isnan(found.total_cost):
        unknown = [n for n, row in zip(found.roles, found.cost, strict=True) if np.isnan(row).any()]
        notes.append(
            f"The cost is not known as a whole: no `salary` is told for {_names(unknown)}."
        )
    return tuple(notes)


def _whole(found: Capacity) -> str:
    """Return what quotas win in all, against what demand brings."""
    span = _span(found.periods)
    wins = float(found.capacity.sum())
    heads = float(found.heads[:, 0].sum())
    whole = abs(heads - round(heads)) < 1e-9
    who = display.plural(heads, "person", "people") if whole else f"{heads:.1f} people"
    parts = []
    if not np.isnan(wins):
        low, high = found.interval(whole=True)
        text = f"{who} at first can be expected to win {_number(found, wins)}"
        if high - low > 1e-9 * max(wins, 1.0):
            text += f" (80 % interval {_bare(found, float(low))} to {_bare(found, float(high))})"
        parts.append(text)
    else:
        parts.append(f"{who} at first")
    asked = float(found.demand.sum())
    if not np.isnan(asked):
        parts.append(f"demand brings {_number(found, asked)}")
        parts.append(f"both sides allow {_number(found, float(found.bookings.sum()))}")
    return f"{span}: {', '.join(parts)}."


def _binds(found: Capacity) -> str:
    """Return in which months people bind, and by whom."""
    months = found.people_bind
    asked = not np.isnan(found.demand).all() or not np.isnan(found.hours_needed).all()
    if not asked:
        return ""
    if not months.any():
        return "Demand binds in every month: people suffice."
    worst = int(np.argmax(np.where(months, found.lost, -1.0)))
    parts = []
    for k, name in enumerate(found.roles):
        if found.short[k].any():
            parts.append(_shortage(found, k, display.one_line(name), worst))
    when = _months(found.periods[months], found.periods)
    if not parts:
        return f"{_capital(when)} people bind by what they could not do before."
    return f"{_capital(when)} people bind: {'; '.join(parts[:_SHOWN])}."


def _shortage(found: Capacity, k: int, name: str, worst: int) -> str:
    """Return by how much one role is short in its worst month."""
    quota = found.quota_capacity[k]
    hours = np.nan_to_num(found.hours_needed[k] - found.hours_there[k])
    if hours.max() > 0:
        m = int(hours.argmax())
        return (
            f"{name}, {display.count(found.hours_there[k, m])} of "
            f"{display.count(found.hours_needed[k, m])} hours in {period_name(found.periods[m])}"
        )
    if not np.isnan(quota).any():
        m = worst if found.short[k, worst] else int(np.flatnonzero(found.short[k])[0])
        return (
            f"{name}, {_bare(found, float(found.capacity[m]))} of "
            f"{_bare(found, float(found.demand[m]))} in {period_name(found.periods[m])}"
        )
    return name


def _opens(found: Capacity) -> str:
    """Return which requisitions to open by when."""
    if not found.requisitions:
        return ""
    return f"Open {_listed(found.requisitions, 'by')}."


def _late(found: Capacity) -> str:
    """Return which requisitions would have had to be opened by now."""
    if not found.missed:
        return ""
    return (
        f"To meet demand in every month, {_listed(found.missed, 'by')} would have had to be opened "
        "already."
    )


def _after(found: Capacity) -> str:
    """Return what the hires needed change."""
    then = found.with_hires
    if then is None:
        if found.people_bind.any() and not np.isnan(found.demand).all():
            return "No hire who can still be asked for would close the gap within these months."
        return ""
    text = f"With {display.plural(float(found.hires_needed.sum()), 'hire')} to close the gap, "
    if np.isnan(then.bookings).any():
        text += "the work is done" if not then.people_bind.any() else "less work is left undone"
    else:
        text += f"both sides allow {_number(found, float(then.bookings.sum()))}"
    if then.people_bind.any():
        when = _months(then.periods[then.people_bind], then.periods)
        text += f", and people still bind {when}"
    return text + "."


def _cost(found: Capacity) -> str:
    """Return what the people cost, and the chance of the target with them."""
    text = ""
    if not np.isnan(found.total_cost):
        text = f"People cost {_money(found, found.total_cost)}"
        if found.with_hires is not None and not np.isnan(found.with_hires.total_cost):
            text += f", {_money(found, found.with_hires.total_cost)} with the hires needed"
        text += "."
    if not np.isnan(found.hit):
        text += f" The target has {display.a_chance(found.hit)} with the people there"
        if found.with_hires is not None:
            text += f", {display.chance(found.with_hires.hit)} with the hires needed"
        text += "."
    return text.strip()


def _listed(requisitions: Sequence[Requisition], word: str) -> str:
    """Return requisitions with their dates, those of one role and day together."""
    together: dict[tuple[str, object], int] = {}
    for one in requisitions:
        key = (one.role, one.open_by)
        together[key] = together.get(key, 0) + one.number
    parts = [
        f"{display.plural(number, 'requisition')} ({display.one_line(role)}) {word} {day_name(day)}"  # type: ignore[arg-type]
        for (role, day), number in together.items()
    ]
    if len(parts) > _SHOWN:
        rest = sum(list(together.values())[_SHOWN:])
        parts = [*parts[:_SHOWN], f"{display.count(rest)} later"]
    return display.listed(parts)


def _months(some: pd.PeriodIndex, months: pd.PeriodIndex) -> str:
    """Return months as one says them: in every month, from one on, a stretch, or some."""
    if len(some) == len(months):
        return "in every month"
    together = len(some) == int(some[-1].ordinal - some[0].ordinal) + 1
    if together and some[-1] == months[-1] and len(some) > 1:
        return f"from {period_name(some[0])} on"
    if together and len(some) > 2:
        return f"from {period_name(some[0])} to {period_name(some[-1])}"
    names = [period_name(one) for one in some[:_SHOWN]]
    if len(some) > _SHOWN:
        return f"in {', '.join(names)} and {display.plural(len(some) - _SHOWN, 'other month')}"
    return f"in {display.listed(names)}"


def _names(names: Sequence[str]) -> str:
    return display.listed([display.one_line(name) for name in names])


def _span(months: pd.PeriodIndex) -> str:
    first, last = period_name(months[0]), period_name(months[-1])
    return first if first == last else f"{first} to {last}"


def _number(found: Capacity, value: float) -> str:
    if found.unit == "value":
        return _money(found, value)
    return f"{display.expected(value)} deals"


def _bare(found: Capacity, value: float) -> str:
    return display.count(value) if found.unit == "value" else display.expected(value)


def _money(found: Capacity, value: float) -> str:
    of = f"{display.one_line(found.currency)} " if found.currency else ""
    return f"{of}{display.count(value)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
