"""First answers in time: how many must be there, by Erlang's waiting formula."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit._core.result import Result
from funnelkit.plan.people.checking import above, amount, below_one, is_whole, sentence

if TYPE_CHECKING:
    import pandas as pd

_FUZZ = 1e-9
_MOST = 10_000_000


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ServiceLevel(Result):
    """How long contacts wait when so many are there to answer.

    Parameters
    ----------
    agents
        People who answer, at the same time.
    scheduled
        People needed so that ``agents`` are there in spite of shrinkage.
    load
        Offered load in Erlang: contacts that would be handled at a time if none waited.
    waiting
        Share of contacts that wait at all; 1 where more comes than can be handled.
    service_level
        Share answered within ``within_seconds``; 0 where more comes than can be handled.
    occupancy
        Share of their time that agents are busy.
    mean_wait_seconds
        Mean wait of all contacts; infinite where more comes than can be handled.
    within_seconds
        The time within which an answer is in time.
    """

    agents: int
    scheduled: int
    load: float
    waiting: float
    service_level: float
    occupancy: float
    mean_wait_seconds: float
    within_seconds: float

    @property
    def stable(self) -> bool:
        """Whether no more comes than can be handled."""
        return self.load < self.agents or self.load == 0

    def to_frame(self) -> pd.DataFrame:
        """Return one row with all of it."""
        import pandas as pd

        names = ("agents", "scheduled", "load", "waiting", "service_level", "occupancy")
        row = {name: getattr(self, name) for name in names}
        return pd.DataFrame([row | {"mean_wait_seconds": self.mean_wait_seconds}])

    def summary(self) -> str:
        """Return how many answer how much in time."""
        who = display.plural(self.agents, "person", "people")
        if not self.stable:
            return (
                f"{who} cannot keep up with a load of {self.load:.4g}: the queue grows without "
                f"end. At least {math.floor(self.load) + 1} are needed."
            )
        text = (
            f"{who} answer {display.percent(self.service_level)} within {self.within_seconds:g} "
            f"seconds and are busy for {display.percent(self.occupancy)} of their time; the mean "
            f"wait is {self.mean_wait_seconds:.3g} seconds."
        )
        if self.scheduled > self.agents:
            text += f" For {self.agents} to be there, {self.scheduled} must be scheduled."
        return text


def service_level(
    contacts: float,
    agents: int,
    *,
    handling_minutes: float,
    within_seconds: float = 20.0,
    interval_minutes: float = 30.0,
) -> ServiceLevel:
    """Return how long contacts wait when so many people answer.

    Parameters
    ----------
    contacts
        That arrive in an interval, at random (Poisson).
    agents
        People who answer, one contact at a time each.
    handling_minutes
        Mean time that one contact takes; taken as exponential.
    within_seconds
        The time within which an answer is in time.
    interval_minutes
        Length of the interval.

    Returns
    -------
    ServiceLevel

    Raises
    ------
    ArgumentError
        With everything that cannot be, at once.

    Notes
    -----
    With the load A = contacts · handling / interval and n > A agents, Erlang's first formula by
    recursion is B(0) = 1, B(k) = A·B(k-1) / (k + A·B(k-1)), which is stable for any number; a
    contact waits with probability C = n·B(n) / (n - A·(1 - B(n))), longer than t with
    C·exp(-(n - A)·t / handling), and for C·handling / (n - A) on average. Nobody hangs up.

    References
    ----------
    Cooper, R. B. (1981), Introduction to Queueing Theory, 2nd ed., North Holland, sections 3.3 and
    3.4.

    Examples
    --------
    >>> found = service_level(100, 14, handling_minutes=3)
    >>> round(found.service_level, 4), round(found.occupancy, 4)
    (0.8884, 0.7143)
    """
    load = _load(contacts, handling_minutes, within_seconds, interval_minutes)
    if not is_whole(agents) or not 0 <= agents <= _MOST:
        raise ArgumentError(f"`agents` must be a whole number from 0 to {_MOST:,}; got {agents!r}.")
    blocked = 1.0
    for k in range(1, agents + 1):
        blocked = load * blocked / (k + load * blocked)
    return _waited(load, agents, blocked, seconds=60 * handling_minutes, within=within_seconds)


def agents_needed(
    contacts: float,
    *,
    handling_minutes: float,
    within_seconds: float = 20.0,
    interval_minutes: float = 30.0,
    service_level: float = 0.8,
    most_occupancy: float = 1.0,
    shrinkage: float = 0.0,
) -> ServiceLevel:
    """Return the fewest people who answer so large a share in time.

    Parameters
    ----------
    contacts, handling_minutes, within_seconds, interval_minutes
        As in :func:`service_level`.
    service_level
        Share to be answered within ``within_seconds``, below 1.
    most_occupancy
        Share of their time that they may be busy at most.
    shrinkage
        Share of paid time in which a scheduled person is not there to answer.

    Returns
    -------
    ServiceLevel
        Of the fewest ``agents``; ``scheduled`` = agents / (1 - shrinkage), rounded up. No contacts
        need nobody.

    Raises
    ------
    ArgumentError
        With everything that cannot be, at once.

    Notes
    -----
    See :func:`service_level`. Each number is tried from the smallest that keeps up with the load.

    Examples
    --------
    >>> found = agents_needed(100, handling_minutes=3, within_seconds=20, shrinkage=0.3)
    >>> found.agents, found.scheduled
    (14, 20)
    """
    wrong = [
        *below_one("service_level", service_level),
        *above("most_occupancy", most_occupancy, most=1),
        *below_one("shrinkage", shrinkage),
    ]
    load = _load(contacts, handling_minutes, within_seconds, interval_minutes, also=wrong)
    times = {"seconds": 60 * handling_minutes, "within": within_seconds}
    agents, blocked = 0, 1.0
    found = _waited(load, agents, blocked, **times)
    while not found.stable or (
        found.service_level < service_level or found.occupancy > most_occupancy * (1 + _FUZZ)
    ):
        agents += 1
        blocked = load * blocked / (agents + load * blocked)
        if agents > load:
            found = _waited(load, agents, blocked, **times)
    return _waited(load, agents, blocked, shrinkage=shrinkage, **times)


def _load(
    contacts: float,
    handling: float,
    within: float,
    interval: float,
    *,
    also: list[str] | None = None,
) -> float:
    """Return the offered load in Erlang, once the numbers can be."""
    wrong = [
        *(also or ()),
        *amount("contacts", contacts),
        *above("handling_minutes", handling),
        *amount("within_seconds", within),
        *above("interval_minutes", interval),
    ]
    if not wrong and contacts * handling / interval > _MOST:
        wrong.append(
            f"a load of {contacts * handling / interval:.3g} at a time is beyond {_MOST:,}; look "
            "at the units of `contacts`, `handling_minutes` and `interval_minutes`"
        )
    if wrong:
        raise ArgumentError(numbered([sentence(one) for one in wrong]))
    return contacts * handling / interval


def _waited(
    load: float,
    agents: int,
    blocked: float,
    *,
    seconds: float,
    within: float,
    shrinkage: float = 0.0,
) -> ServiceLevel:
    """Return the waiting of a load, given the blocking of Erlang's first formula."""
    scheduled = math.ceil(agents / (1 - shrinkage) - _FUZZ)
    if load == 0:
        waiting, level, busy, mean = 0.0, 1.0, 0.0, 0.0
    elif agents <= load:
        waiting, level, busy, mean = 1.0, 0.0, 1.0, math.inf
    else:
        waiting = agents * blocked / (agents - load * (1 - blocked))
        level = 1 - waiting * math.exp(-(agents - load) * within / seconds)
        busy, mean = load / agents, waiting * seconds / (agents - load)
    return ServiceLevel(
        agents=agents,
        scheduled=scheduled,
        load=load,
        waiting=waiting,
        service_level=level,
        occupancy=busy,
        mean_wait_seconds=mean,
        within_seconds=within,
    )
