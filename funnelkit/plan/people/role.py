"""`People` and `Role`: who is there, what each of them brings, and what they cost."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit.plan.basis.estimate import Estimate
from funnelkit.plan.people.checking import above, amount, below_one, is_number, is_whole, sentence
from funnelkit.plan.people.response import Response

if TYPE_CHECKING:
    import pandas as pd

Per = Literal["month", "quarter", "year"]
MONTHS: dict[Per, int] = {"month": 1, "quarter": 3, "year": 12}
_MOST = 10.0
"""An attainment above it is a percentage that was not divided by 100."""


@dataclass(frozen=True, kw_only=True)
class People:
    """Some people of a role who start together; one person by default.

    Parameters
    ----------
    heads
        How many.
    name
        Of them, where they are known by name.
    start
        First day; ``None``: long ago, so that they have ramped. A start to come is one that is
        settled: its requisition is open already.
    end
        Last day, where it is known.
    share
        Part of full time.
    attainment
        Their own share of the quota, in place of the role's.
    """

    heads: int = 1
    name: str | None = None
    start: dt.date | str | None = None
    end: dt.date | str | None = None
    share: float = 1.0
    attainment: float | None = None

    def __post_init__(self) -> None:
        """Refuse what nobody can be, all at once."""
        wrong = []
        if not is_whole(self.heads) or self.heads < 1:
            wrong.append(f"`heads` must be a whole number of at least 1; got {self.heads!r}")
        for name in ("start", "end"):
            try:
                given = getattr(self, name)
                object.__setattr__(self, name, given and checks.day(name, given))
            except ArgumentError as error:
                wrong.append(str(error).rstrip("."))
        wrong += above("share", self.share, most=1)
        if self.attainment is not None:
            wrong += amount("attainment", self.attainment, most=_MOST)
        if not wrong and self.first and self.last and self.last < self.first:
            wrong.append(f"`end` ({self.last}) is before `start` ({self.first})")
        if wrong:
            of = f" {display.one_line(self.name)!r:.60}" if self.name else ""
            raise ArgumentError(sentence(f"People{of}: {'; '.join(wrong)}"))

    @property
    def first(self) -> dt.date | None:
        """First day; ``None`` where it is long ago."""
        return self.start  # type: ignore[return-value]  # a day since it was checked

    @property
    def last(self) -> dt.date | None:
        """Last day; ``None`` where none is known."""
        return self.end  # type: ignore[return-value]


@dataclass(frozen=True, eq=False, kw_only=True)
class Role:
    """What people of one role bring and cost, and who they are.

    Parameters
    ----------
    name
        Such as ``"account executive"``.
    people
        Who is there, or is sure to come; a number stands for so many who have ramped.
    hires
        Month -> how many more are to start on its first day. Their requisitions are still to be
        opened, ``lead_time_days`` before.
    quota
        What one ramped full-time person is to win in a ``quota_per``: money, or deals where the
        team counts deals. ``None``: the role closes nothing by itself.
    quota_per
        ``"month"``, ``"quarter"`` or ``"year"``.
    attainment
        Share of the quota that a ramped person wins on average.
    ramp
        Share of a ramped person's work in the first, second … month served; 1 afterwards.
    attrition
        Share of people who leave in a month served; hires too.
    lead_time_days
        From opening a requisition to the first day.
    hours
        Work -> hours of one: a stage (each entry to it), an activity of the team, or ``"deal"``.
    hours_per_day
        Of one full-time person.
    selling_share
        Part of these hours that is left for the work, after meetings, training and travel.
    leave
        Days of leave of one person: a number for a year, spread evenly, or month -> days, with
        months as ``"2027-08"`` or, of every year, as numbers from 1 to 12.
    response
        First answers that must come in time.
    hire
        Whether more of the role can be hired.
    salary
        Of one full-time person in a year; ``None``: not known.
    on_cost
        What comes on top of salaries, as a share of them.
    hiring_cost
        Of one hire, once.

    Raises
    ------
    ArgumentError
        With everything that cannot be, at once.

    Examples
    --------
    >>> role = Role(
    ...     name="account executive",
    ...     people=[People(heads=8), People(name="Ann", start="2026-11-16", share=0.5)],
    ...     quota=75_000,
    ...     attainment=0.8,
    ...     ramp=[0, 0.25, 0.5, 0.75],
    ...     attrition=0.0125,
    ... )
    >>> role.heads
    9
    """

    name: str
    people: Sequence[People] | int = ()
    hires: Mapping[Any, int] = field(default_factory=dict)
    quota: float | None = None
    quota_per: Per = "month"
    attainment: float | Estimate | None = None
    ramp: Sequence[float] = ()
    attrition: float | Estimate = 0.0
    lead_time_days: int = 0
    hours: Mapping[str, float] = field(default_factory=dict)
    hours_per_day: float = 8.0
    selling_share: float = 1.0
    leave: float | Mapping[Any, float] = 0.0
    response: Response | None = None
    hire: bool = True
    salary: float | None = None
    on_cost: float = 0.0
    hiring_cost: float = 0.0

    def __post_init__(self) -> None:
        """Check everything and freeze it."""
        wrong = [*self._who(), *self._what(), *self._when()]
        if wrong:
            name = display.one_line(str(self.name))
            said = [sentence(f"Role {name!r:.60}: {one}") for one in wrong]
            raise ArgumentError(numbered(said))
        for name in ("attainment", "attrition"):
            given = getattr(self, name)
            if given is not None and not isinstance(given, Estimate):
                object.__setattr__(self, name, Estimate(value=given))
        object.__setattr__(self, "ramp", tuple(float(one) for one in self.ramp))
        hires: dict[str | None, int] = {}
        for month, number in self.hires.items():
            hires[_month(month)] = hires.get(_month(month), 0) + int(number)
        object.__setattr__(self, "hires", MappingProxyType(hires))
        object.__setattr__(self, "hours", MappingProxyType(dict(self.hours)))

    def _who(self) -> list[str]:
        """Return what is wrong with the people and hires."""
        wrong = []
        given: Any = self.people
        if not str(self.name).strip():
            wrong.append("`name` is empty")
        if is_whole(given) and given >= 0:
            object.__setattr__(self, "people", (People(heads=given),) if given else ())
        elif isinstance(given, (list, tuple)) and all(isinstance(one, People) for one in given):
            object.__setattr__(self, "people", tuple(given))
        else:
            wrong.append(
                "`people` must be a whole number of at least 0, or a list of fk.plan.People; got "
                f"{given!r:.80}"
            )
        for month, number in self.hires.items():
            if _month(month) is None:
                wrong.append(f"`hires` must be by months such as 2027-02; got {month!r:.40}")
            elif not is_whole(number) or number < 0:
                wrong.append(
                    f"`hires` must be whole numbers of at least 0; got {number!r} in {month}"
                )
        return wrong

    def _what(self) -> list[str]:
        """Return what is wrong with what one of them brings."""
        wrong = []
        if self.quota is not None:
            wrong += amount("quota", self.quota)
            if self.attainment is None:
                wrong.append(
                    "`quota` needs `attainment`, the share of it that a ramped person wins on "
                    "average, such as 0.8"
                )
        if str(self.quota_per) not in MONTHS:
            wrong.append(f"`quota_per` must be month, quarter or year; got {self.quota_per!r}")
        if self.attainment is not None:
            wrong += amount("attainment", _value(self.attainment), most=_MOST)
        for work, hours in self.hours.items():
            wrong += amount(f"hours.{display.one_line(str(work)):.40}", hours)
        wrong += above("hours_per_day", self.hours_per_day, most=24)
        wrong += above("selling_share", self.selling_share, most=1)
        response: Any = self.response
        if response is not None and not isinstance(response, Response):
            wrong.append(f"`response` must be a fk.plan.Response; got {response!r:.60}")
        elif response is not None and response.stage in self.hours:
            wrong.append(
                f"`hours` and `response` are both about `{response.stage}`: the handling time "
                "of the response is its work, so leave it out of `hours`"
            )
        return wrong

    def _when(self) -> list[str]:
        """Return what is wrong with ramp, attrition, lead time, leave and cost."""
        wrong = _ramp(self.ramp)
        wrong += below_one("attrition", _value(self.attrition))
        if isinstance(self.attrition, Estimate):
            try:
                self.attrition.quantiles(np.array([0.5]), kind="share")
            except ArgumentError as error:
                wrong.append(f"`attrition`: {str(error).rstrip('.')}")
        if not is_whole(self.lead_time_days) or self.lead_time_days < 0:
            wrong.append(
                "`lead_time_days` must be a whole number of at least 0; got "
                f"{self.lead_time_days!r}"
            )
        leave = self.leave
        for month, days in leave.items() if isinstance(leave, Mapping) else ():
            if _month(month) is None and _of_every_year(month) is None:
                wrong.append(
                    "`leave` must be by months such as 2027-08, or by numbers from 1 to 12; got "
                    f"{month!r:.40}"
                )
            wrong += amount(f"leave.{month}", days, most=31)
        if not isinstance(leave, Mapping):
            wrong += amount("leave", leave, most=366)
        for name in ("salary", "on_cost", "hiring_cost"):
            given = getattr(self, name)
            wrong += [] if name == "salary" and given is None else amount(name, given)
        return wrong

    @property
    def groups(self) -> tuple[People, ...]:
        """Who is there, or is sure to come."""
        return self.people  # type: ignore[return-value]  # a tuple since it was checked

    @property
    def heads(self) -> int:
        """How many are there or are sure to come, without ``hires``."""
        return sum(one.heads for one in self.groups)

    @property
    def attained(self) -> Estimate:
        """Share of the quota that a ramped person wins."""
        return self.attainment if isinstance(self.attainment, Estimate) else Estimate(value=0.0)

    @property
    def leaving(self) -> Estimate:
        """Share of people who leave in a month served."""
        return self.attrition if isinstance(self.attrition, Estimate) else Estimate(value=0.0)

    @property
    def monthly_quota(self) -> float:
        """Quota of a month; NaN where there is none."""
        return math.nan if self.quota is None else self.quota / MONTHS[self.quota_per]

    @property
    def monthly_cost(self) -> float:
        """Cost of a full-time person in a month; NaN where it is not known."""
        return math.nan if self.salary is None else self.salary / 12 * (1 + self.on_cost)

    def ramped(self, served: Any) -> Any:
        """Return the share of a ramped person's work after so many months served before."""
        curve = np.array([*self.ramp, 1.0])
        return curve[np.clip(served, 0, len(curve) - 1)]

    def leave_days(self, months: pd.PeriodIndex) -> Any:
        """Return the days of leave of one person in each month, shape ``(H,)``."""
        if not isinstance(self.leave, Mapping):
            return np.full(len(months), self.leave / 12)
        dated = {_month(key): days for key, days in self.leave.items()}
        yearly = {_of_every_year(key): days for key, days in self.leave.items()}
        return np.array(
            [dated.get(str(one), yearly.get(one.month, 0.0)) for one in months], np.float64
        )


def _ramp(ramp: Any) -> list[str]:
    """Return what is wrong with a ramp."""
    if isinstance(ramp, str) or not isinstance(ramp, (Sequence, np.ndarray)):
        return [f"`ramp` must be shares by months served, such as [0, 0.5]; got {ramp!r:.60}"]
    wrong = []
    for number, one in enumerate(ramp, 1):
        if not is_number(one) or not 0 <= one <= 1:
            over = f", {one - 1:.4g} too much" if is_number(one) and one > 1 else ""
            hint = f"; did you mean {one / 100:g}?" if is_number(one) and 5 < one <= 100 else ""
            wrong.append(
                f"`ramp` must be from 0 to 1 in each month served; got {one!r} in month {number}"
                f"{over}{hint}"
            )
    if not wrong:
        falls = np.flatnonzero(np.diff(np.asarray(ramp, float)) < 0)
        wrong += [
            f"`ramp` must not fall; month {k + 2} ({ramp[k + 1]:g}) is below month {k + 1} "
            f"({ramp[k]:g})"
            for k in falls[:1]
        ]
    return wrong


def _value(given: Any) -> Any:
    return given.value if isinstance(given, Estimate) else given


def _month(given: Any) -> str | None:
    """Return a month as ``2027-02``; ``None`` where it is none."""
    import pandas as pd

    if isinstance(given, (int, np.integer)):
        return None
    text = str(given).strip()
    if len(text) < 7 or not text[:4].isdigit():
        return None
    try:
        return str(pd.Period(text[:10], freq="M"))
    except ValueError:
        return None


def _of_every_year(given: Any) -> int | None:
    """Return the number of a month of every year; ``None`` where it is none."""
    text = str(given)
    return int(text) if text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= 12 else None
