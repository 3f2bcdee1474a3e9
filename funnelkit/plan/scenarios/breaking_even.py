"""`break_even`: how far one number of a plan may go before the plan no longer pays, or holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Result
from funnelkit.plan.scenarios.levers import Lever, lever_of, turned
from funnelkit.plan.scenarios.seeking import Sought, sought
from funnelkit.plan.scenarios.situation import Situation, notes_of, situation_of

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan import Allocation, Plan


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BreakEven(Result):
    """How far one number may go; made by :func:`break_even`.

    Parameters
    ----------
    key
        Name of the number.
    name
        The same in a sentence.
    now
        What it is in the plan.
    probability
        Of ``even``: the chance to which it may fall.
    asked
        Probability that is asked of the plan.
    chance
        Of the target as planned.
    margin
        Share of the money that is left after the cost of what was sold.
    contribution
        Of the planned leads as planned: margin x money - cost; NaN where costs or money are not
        known.
    even, at_asked, covered
        Numbers at which the chance is ``probability``, at which it is ``asked``, and at which the
        contribution is 0; NaN where none is. Leads, target and what comes without new leads do
        not change whether a lead pays.
    said
        ``now``, ``even``, ``at_asked`` and ``covered`` as sentences write them; blank where there
        is none.
    notes
        What a reader must know.
    """

    key: str
    name: str
    now: float
    probability: float
    asked: float
    chance: float
    margin: float
    contribution: float
    even: float
    at_asked: float
    covered: float
    said: tuple[str, str, str, str]
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The number at which the chance is ``probability``; blank where there is none."""
        return self.said[1]

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each limit.

        Columns: ``limit`` (in words), ``value`` of the number there, and ``change_share`` from
        what it is in the plan.
        """
        import pandas as pd

        limits = [
            (f"chance of {display.chance(self.probability)}", self.even),
            (f"chance of {display.chance(self.asked)}, as asked", self.at_asked),
            ("contribution of the leads covers their cost", self.covered),
        ]
        frame = pd.DataFrame(limits, columns=["limit", "value"])
        frame["change_share"] = frame["value"] / self.now - 1 if self.now else np.nan
        return frame

    def summary(self) -> str:
        """Return the limits of the number."""
        now, even, at_asked, covered = self.said
        parts = []
        if even:
            parts.append(
                f"the chance of the target is {display.chance(self.probability)} at {even}"
            )
        if at_asked:
            parts.append(f"{display.chance(self.asked)}, as asked, at {at_asked}")
        if covered:
            parts.append(f"the leads just cover their cost at {covered}")
        start = f"{self.name[0].upper()}{self.name[1:]} is {now} in the plan, with a chance of "
        text = f"{start}{display.chance(self.chance)}"
        if not parts:
            text += "; no number of it takes the plan to any of its limits"
        return " ".join([f"{text}{': ' if parts else ''}{'; '.join(parts)}.", *self.notes])


def break_even(
    plan: Plan | Allocation, key: str, *, probability: float = 0.5, margin: float = 1.0
) -> BreakEven:
    """Return how far one number may go before a plan's odds are even, or its leads do not pay.

    Parameters
    ----------
    plan
        From :func:`reverse` or :func:`optimise`.
    key
        Name of any input, or of leads or target, as in :func:`goal_seek`.
    probability
        Chance of the target to which it may fall.
    margin
        Share of the money that is left after the cost of what was sold.

    Returns
    -------
    BreakEven
        The numbers at which the planned leads meet the target with ``probability``, and with the
        probability that was asked, and at which they just cover their own cost.

    Raises
    ------
    ArgumentError
        If the key is not known, with the closest one; or another argument cannot be used.

    Notes
    -----
    The number keeps its relative doubt and is looked for as in :func:`goal_seek`. The contribution
    of the planned leads is margin x leads x share ever won x mean deal - leads x cost per lead:
    all deals they ever bring, also after the plan's end, and nothing of what comes without them.
    It needs deal sizes and costs.

    Examples
    --------
    >>> import funnelkit as fk
    >>> given = fk.plan.stated([0.25, 0.4, 0.5, 0.2], value=25_000, cost=100)
    >>> plan = fk.plan.reverse(1_000_000, given)
    >>> found = fk.plan.break_even(plan, "all: lead to mql", margin=0.5)
    >>> round(found.even, 4), round(found.covered, 4)
    (0.2195, 0.2)
    """
    if not (isinstance(margin, (int, float)) and not isinstance(margin, bool) and 0 < margin <= 1):
        raise ArgumentError(f"`margin` must be above 0 and at most 1; got {margin!r}.")
    if not (isinstance(probability, (int, float)) and 0 < probability < 1):
        raise ArgumentError(f"`probability` must be between 0 and 1; got {probability!r}.")
    here = situation_of(plan).quick()
    lever = lever_of(here, key)

    def chance(number: float) -> float:
        return turned(here, lever, number).hit()

    def left(number: float) -> float:
        return contribution(turned(here, lever, number), margin)

    even = sought(here, lever, chance, probability, probit=True)
    at_asked = sought(here, lever, chance, here.probability, probit=True)
    none = Sought(now=float("nan"), value=float("nan"), best=float("nan"), at_best=float("nan"))
    paying = np.isfinite(contribution(here, margin)) and here.leads.sum() > 0
    paying = paying and lever.part not in ("plan", "stream")
    covered = sought(here, lever, left, 0.0) if paying else none
    values = (even.value, at_asked.value, covered.value)
    said = [_said(here, lever, one) for one in (lever.value, *values)]
    return BreakEven(
        key=lever.key,
        name=lever.words,
        now=lever.value,
        probability=probability,
        asked=here.probability,
        chance=even.now,
        margin=margin,
        contribution=contribution(here, margin),
        even=values[0],
        at_asked=values[1],
        covered=values[2],
        said=(said[0], said[1], said[2], said[3]),
        notes=notes_of(plan),
    )


def contribution(here: Situation, margin: float) -> float:
    """Return margin x money that the planned leads ever bring, less what they cost.

    NaN where deal sizes or costs are not known.
    """
    given, leads = here.assumptions, here.leads.sum(axis=1)
    used = leads > 0
    sized = np.array([one.size is not None for one in given.channels])
    if not sized[used].all():
        return float("nan")
    return float(margin * (leads * given.rates * given.sizes).sum() - here.spend(here.leads))


def _said(here: Situation, lever: Lever, number: float) -> str:
    return "" if np.isnan(number) else lever.said(number, here.assumptions)
