"""`Team`: the roles of a plan, the days they sell on, and what they are to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import WEEKDAYS
from funnelkit._core.errors import ArgumentError, did_you_mean, numbered
from funnelkit._core.result import Stated
from funnelkit.plan.people.checking import amount, sentence
from funnelkit.plan.people.role import Role

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Unit = Literal["value", "count"]
Pace = Literal["even", "selling days"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Team(Stated):
    """The people of a plan.

    Parameters
    ----------
    roles
        Each with its people. People who share work are one role.
    unit
        What quotas count: ``"value"`` (money) or ``"count"`` (deals).
    currency
        Of quotas and cost, where it is known.
    activities
        Activity -> stage -> how many of one entry to it: ``{"meeting": {"opportunity": 3}}``.
    weekdays
        Days on which people sell, in English.
    holidays
        Days on which nobody sells.
    pace
        ``"even"``: a month's quota is the same in each month. ``"selling days"``: it goes with the
        selling days of the month, over those of an average month of the plan.

    Raises
    ------
    ArgumentError
        With everything that cannot be, at once.

    Examples
    --------
    >>> team = Team(
    ...     roles=[
    ...         Role(name="ramped", people=7, quota=150_000, attainment=0.85),
    ...         Role(name="new", people=3, quota=150_000, attainment=0.40),
    ...     ]
    ... )
    >>> team.names
    ('ramped', 'new')
    """

    roles: Sequence[Role]
    unit: Unit = "value"
    currency: str | None = None
    activities: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    weekdays: Sequence[str] = WEEKDAYS[:5]
    holidays: Sequence[dt.date | str] = ()
    pace: Pace = "even"

    def __post_init__(self) -> None:
        """Check everything and freeze it."""
        wrong = [*self._roles(), *self._activities(), *self._days()]
        for name, allowed in (("unit", ("value", "count")), ("pace", ("even", "selling days"))):
            try:
                checks.one_of(name, getattr(self, name), allowed)
            except ArgumentError as error:
                wrong.append(str(error))
        if wrong:
            raise ArgumentError(numbered(wrong))
        kept = {name: MappingProxyType(dict(of)) for name, of in self.activities.items()}
        object.__setattr__(self, "roles", tuple(self.roles))
        object.__setattr__(self, "activities", MappingProxyType(kept))
        object.__setattr__(self, "weekdays", tuple(self.weekdays))
        days = tuple(sorted({checks.day("holidays", day) for day in self.holidays}))
        object.__setattr__(self, "holidays", days)

    def _roles(self) -> list[str]:
        """Return what is wrong with the roles."""
        given: Any = self.roles
        if not isinstance(given, (list, tuple)) or not all(isinstance(x, Role) for x in given):
            return [f"`roles` must be a list of fk.plan.Role; got {given!r:.80}."]
        if not given:
            return ["`roles` is empty: a team needs at least one role, with or without people."]
        names = [one.name for one in given]
        twice = sorted({name for name in names if names.count(name) > 1})
        return [
            f"`roles` holds {names.count(name)} roles named {display.one_line(name)!r:.60}; give "
            "each its own name, or put their people together."
            for name in twice
        ]

    def _activities(self) -> list[str]:
        """Return what is wrong with the activities."""
        wrong = []
        for name, of in self.activities.items():
            if not isinstance(of, Mapping) or not of:
                wrong.append(
                    f"`activities.{name}` must say how many there are of one entry to a stage, "
                    f"such as {{'opportunity': 3}}; got {of!r:.60}."
                )
                continue
            for stage, each in of.items():
                wrong += [sentence(one) for one in amount(f"activities.{name}.{stage}", each)]
        return wrong

    def _days(self) -> list[str]:
        """Return what is wrong with the days."""
        wrong = []
        for day in self.weekdays:
            if day not in WEEKDAYS:
                hint = did_you_mean(str(day), WEEKDAYS)
                wrong.append(f"`weekdays` must be days such as monday; got {day!r:.40}.{hint}")
        if not self.weekdays:
            wrong.append("`weekdays` must name at least one day; got none.")
        for holiday in self.holidays:
            try:
                checks.day("holidays", holiday)
            except ArgumentError as error:
                wrong.append(str(error))
        return wrong

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the roles."""
        return tuple(one.name for one in self.roles)

    @property
    def heads(self) -> int:
        """How many people are there or are sure to come, without ``hires``."""
        return sum(one.heads for one in self.roles)

    def selling_days(self, months: pd.PeriodIndex) -> FloatArray:
        """Return the days of each month on which people sell, before leave, shape ``(H,)``.

        Examples
        --------
        >>> import pandas as pd
        >>> team = Team(roles=[Role(name="rep")], holidays=["2027-01-01"])
        >>> team.selling_days(pd.period_range("2027-01", periods=3, freq="M")).tolist()
        [20.0, 20.0, 23.0]
        """
        begin, end = self._ends(months)
        return self._between(begin, end)

    def presence(
        self, months: pd.PeriodIndex, first: dt.date | None, last: dt.date | None
    ) -> FloatArray:
        """Return the share of each month's selling days from one day to another, shape ``(H,)``.

        Of a month without selling days, the share of its days.
        """
        begin, end = self._ends(months)
        low = begin if first is None else np.maximum(begin, np.datetime64(first, "D"))
        high = end if last is None else np.minimum(end, np.datetime64(last, "D") + 1)
        high = np.maximum(low, high)
        whole = self._between(begin, end)
        days = (high - low).astype(float) / (end - begin).astype(float)
        return np.where(whole > 0, self._between(low, high) / np.maximum(whole, 1), days)

    def first_day(self, month: pd.Period) -> dt.date:
        """Return the first selling day of a month; its first day where it has none."""
        day = np.datetime64(month.start_time.date(), "D")
        end = np.datetime64(month.end_time.date(), "D")
        days = np.arange(day, end + 1)
        open_days = days[np.is_busday(days, weekmask=self._week, holidays=self._closed)]
        first = open_days[0] if len(open_days) else day
        return dt.date.fromisoformat(str(first))

    @property
    def _week(self) -> list[int]:
        return [int(day in self.weekdays) for day in WEEKDAYS]

    @property
    def _closed(self) -> NDArray[np.datetime64]:
        return np.array([checks.day("holidays", day) for day in self.holidays], "datetime64[D]")

    def _between(
        self, begin: NDArray[np.datetime64], end: NDArray[np.datetime64]
    ) -> NDArray[np.float64]:
        """Return selling days from a day on and before another."""
        found = np.busday_count(begin, end, weekmask=self._week, holidays=self._closed)
        return np.asarray(found, np.float64)

    @staticmethod
    def _ends(
        months: pd.PeriodIndex,
    ) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
        """Return the first day of each month, and that of the next one."""
        begin = months.to_timestamp().to_numpy().astype("datetime64[D]")
        end = (months + 1).to_timestamp().to_numpy().astype("datetime64[D]")
        return begin, end
