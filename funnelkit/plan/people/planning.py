"""`capacity`: what people can do against what is asked of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit.plan.people.capacity_result import Capacity
from funnelkit.plan.people.checking import is_number, is_whole
from funnelkit.plan.people.closing import hires_to_make, too_late
from funnelkit.plan.people.fitting import check_team
from funnelkit.plan.people.load import Against, load_of
from funnelkit.plan.people.requisition import Requisition, requisitions_of
from funnelkit.plan.people.sentences import notes_of
from funnelkit.plan.people.standing import stand
from funnelkit.plan.people.supply import groups_of, starting
from funnelkit.plan.people.team import Team

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.backward.result import Plan
    from funnelkit.plan.people.hiring import IntArray
    from funnelkit.plan.people.load import Load

Meet = Literal["once ramped", "every month"]


def capacity(
    team: Team | str | Path,
    demand: Plan | Mapping[Any, Any] | Sequence[float] | pd.Series[Any] | float | None = None,
    *,
    periods: pd.PeriodIndex | Sequence[str] | None = None,
    as_of: dt.date | str | None = None,
    against: Against = "bookings",
    to_win: Mapping[str, float] | None = None,
    carry: float = 0.0,
    meet: Meet = "once ramped",
    most_hires: int | None = None,
    n_draws: int = 2000,
    rng: int | np.random.Generator = 0,
) -> Capacity:
    """Return what people can do by month, what binds, whom to hire by when, and the cost.

    Parameters
    ----------
    team
        The people, or the path of a YAML file that :func:`read_team` takes.
    demand
        A plan, with its leads, entries to stages, deals and money; or plain numbers: one for each
        month, or one that stands for every month, in the unit of the team's quotas; or a mapping
        of ``"value"``, ``"deals"`` and stages to such numbers. ``None``: what people can do alone.
    periods
        Civil months without gaps, where ``demand`` names none.
    as_of
        Last day that is known: no requisition can be opened before it. Default: the plan's, or
        the day before the first month.
    against
        ``"bookings"``: people are to book what the plan is expected to bring; ``"target"``: what
        its targets ask.
    to_win
        Stage -> months from there to the win, of plain numbers; a plan knows its own. Not there:
        bookings stem from entries of the same month.
    carry
        Share of the demand of a month beyond what people can book that waits for the next month;
        the rest is lost.
    meet
        ``"once ramped"``: hires are to meet demand in the months from which the first of them can
        have ramped, with as little short before as so many hires allow; ``"every month"``: in
        each month in which any hire can help, by people in ramp too, which may take many more.
    most_hires
        Hires of a role that can start in one month.
    n_draws, rng
        Draws of leavers and attainment, and their source of chance. A plan sets the number.

    Returns
    -------
    Capacity

    Raises
    ------
    ArgumentError
        With every problem: nobody there and nothing asked, months that do not line up, hires
        before their lead time, hours of work that demand does not name, leave beyond the days of
        a month.
    DefinitionError
        If a file of the team cannot be read as one.

    Notes
    -----
    A person who starts in month t is expected to win, in month m,
    quota x attainment x ramp[m - t] x (1 - attrition)^(m - t); nobody leaves in the first month
    served, and those who are there when the plan begins count from its first month. Heads are
    expectations and are not rounded; hires are whole numbers, the fewest that close the gap, and
    of these the latest starts (integer programmes; see ``hiring_plan``). A month's bookings are
    the lesser of demand and capacity; short hours of a role lessen the bookings that stem from
    that month. The hours of one lead, meeting or deal are those of a ramped person; an hour of a
    person in ramp counts by the ramp.

    Examples
    --------
    Eight people, two who start in February and two in May, all of whom leave at 1.25 % a month:

    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> rep = fk.plan.Role(
    ...     name="account executive",
    ...     people=8,
    ...     hires={"2027-02": 2, "2027-05": 2},
    ...     quota=75_000,
    ...     attainment=0.8,
    ...     ramp=[0, 0.25, 0.5, 0.75],
    ...     attrition=0.0125,
    ... )
    >>> months = pd.period_range("2027-01", periods=12, freq="M")
    >>> found = fk.plan.capacity(fk.plan.Team(roles=[rep]), periods=months)
    >>> found.capacity.round().tolist()[::11], round(found.capacity.sum())
    ([480000.0, 633676.0], 6947050)
    """
    people = _team(team)
    _check(carry, meet, most_hires, n_draws)
    load = load_of(
        demand, unit=people.unit, periods=periods, as_of=as_of, to_win=to_win, against=against
    )
    check_team(people, load)
    months, ahead = load.periods, len(load.periods)
    groups = [groups_of(people, role, months) for role in people.roles]
    chance: dict[str, Any] = {
        "carry": carry,
        "n_draws": len(next(iter(load.draws.values()))) if load.draws else n_draws,
        "seed": int(np.random.default_rng(rng).integers(2**63)),
    }
    base = stand(people, load, groups, **chance)
    strict = meet == "every month"
    found = hires_to_make(people, load, base, strict=strict, most=most_hires)
    hires = found.within(ahead)
    after = None
    if hires.any():
        wider = [
            of + starting(role, {m: int(n) for m, n in enumerate(row)}, ahead)
            for role, of, row in zip(people.roles, groups, hires, strict=True)
        ]
        then = stand(people, load, wider, **chance).fields
        after = Capacity(**then, hires_needed=np.zeros_like(hires))
    full = hires
    if after is not None and not strict and after.people_bind.any():
        full = hires_to_make(people, load, base, strict=True, most=most_hires, latest=False).within(
            ahead
        )
    made = Capacity(
        **base.fields,
        hires_needed=hires,
        requisitions=_to_open(people, load, hires),
        missed=too_late(people, load, base),
        with_hires=after,
    )
    notes = notes_of(made, people, complete=found.complete, strict_hires=int(full.sum()))
    return replace(made, notes=notes)


def _team(team: Any) -> Team:
    """Return the team, read from its file where it is a path."""
    if isinstance(team, Team):
        return team
    if isinstance(team, (str, Path)):
        from funnelkit.plan.people.reading import read_team

        return read_team(team)
    hint = " The team comes first, and then the plan." if hasattr(team, "assumptions") else ""
    raise ArgumentError(
        "`team` must be a fk.plan.Team or the path of a YAML file with one; got "
        f"{type(team).__name__}.{hint}"
    )


def _check(carry: float, meet: str, most_hires: int | None, n_draws: int) -> None:
    """Refuse options that cannot be, all at once."""
    wrong = []
    if not is_number(carry) or not 0 <= carry <= 1:
        wrong.append(f"`carry` must be a share from 0 to 1; got {carry!r}.")
    if most_hires is not None and (not is_whole(most_hires) or most_hires < 1):
        wrong.append(f"`most_hires` must be a whole number of at least 1; got {most_hires!r}.")
    if not is_whole(n_draws) or n_draws < 1:
        wrong.append(f"`n_draws` must be a whole number of at least 1; got {n_draws!r}.")
    try:
        checks.one_of("meet", meet, ("once ramped", "every month"))
    except ArgumentError as error:
        wrong.append(str(error))
    if wrong:
        raise ArgumentError(numbered(wrong))


def _to_open(team: Team, load: Load, hires: IntArray) -> tuple[Requisition, ...]:
    """Return the requisitions of the team's own hires and of those needed, by date."""
    import pandas as pd

    found = []
    for role, row in zip(team.roles, hires.tolist(), strict=True):
        own = ((pd.Period(month, freq="M"), number) for month, number in role.hires.items())
        found += requisitions_of(team, role, own, "planned")
        found += requisitions_of(team, role, zip(load.periods, row, strict=True), "needed")
    return tuple(sorted(found, key=lambda one: (one.open_by, one.start, one.role, one.kind)))
