"""`value_of_information`: which number of a plan is worth measuring better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import EvidenceError
from funnelkit._core.result import Result, frozen
from funnelkit.plan.scenarios.learning import Choice, rests
from funnelkit.plan.scenarios.levers import Lever, cost_key, doubtful, drawn
from funnelkit.plan.scenarios.situation import Situation, notes_of, situation_of

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan import Allocation, Plan

FloatArray = NDArray[np.float64]
_HALF = 0.5


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class InformationValue(Result):
    """What it is worth to know each input better; made by :func:`value_of_information`.

    Shapes: ``K = len(inputs)``, the most valuable first.

    Parameters
    ----------
    inputs
        Names of the inputs in doubt, as in ``assumptions.inputs()``.
    words
        The same in a sentence.
    value, low, high
        What each is expected to be, and its P10 and P90, shape ``(K,)`` each.
    worth
        Of knowing it before the leads are chosen, in ``unit``, shape ``(K,)``.
    worth_half
        Of knowing it half as unsurely, in ``unit``, shape ``(K,)``.
    leads_saved
        By how many leads the plan becomes smaller on average, where it is known and always
        planned with the same probability, shape ``(K,)``; below 0 where it becomes larger.
    of_all
        Of knowing all of them; chance is left.
    floor
        What a number without any bearing on the plan would seem worth, by the noise of the
        method: below it, nothing can be told.
    unit
        ``"money"``, or ``"leads"`` where the cost of leads is not known.
    price
        Cost of falling one short of the target, by which the planned leads are the best choice.
    cost
        Of the planned leads; their number where it is not known.
    target_unit
        What the target is in: ``"value"`` or ``"count"``.
    probability
        That is asked of the plan.
    measured
        Whether more data could tell of an input, shape ``(K,)``. Totals of what is in flight and
        of what comes without a lead are mostly chance to come, which time tells and no study.
    known
        Inputs that are taken as known: by this reckoning, nothing is to be learned of them.
    currency
        Of money, where it is known.
    notes
        What a reader must know.
    """

    inputs: tuple[str, ...]
    words: tuple[str, ...]
    value: FloatArray
    low: FloatArray
    high: FloatArray
    worth: FloatArray
    worth_half: FloatArray
    leads_saved: FloatArray
    of_all: float
    floor: float
    unit: str
    price: float
    cost: float
    target_unit: str
    probability: float
    measured: NDArray[np.bool_]
    known: tuple[str, ...]
    currency: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the numbers."""
        for name in ("value", "low", "high", "worth", "worth_half", "leads_saved"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        object.__setattr__(self, "measured", frozen(self.measured, np.bool_))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per input in doubt, the most valuable first.

        Columns: ``input``, ``value``, ``low``, ``high``, ``worth``, ``worth_half`` (money, or
        leads where their cost is not known), ``leads_saved`` and ``measured``.
        """
        import pandas as pd

        names = ("value", "low", "high", "worth", "worth_half", "leads_saved", "measured")
        return pd.DataFrame({"input": self.inputs} | {name: getattr(self, name) for name in names})

    def amount(self, number: float) -> str:
        """Return a worth in words."""
        if self.unit == "leads":
            return display.plural(number, "lead")
        of = "" if self.currency is None else f"{display.one_line(self.currency)} "
        return f"{of}{display.count(number)}"

    def summary(self) -> str:
        """Return which number is worth measuring better, and how much."""
        if not self.inputs:
            text = "All inputs are taken as known: by this reckoning nothing is to be learned."
            return " ".join([text, *self.notes])
        best = next((k for k in range(len(self.inputs)) if self.measured[k]), -1)
        if best < 0 or self.worth[best] <= self.floor:
            text = "No single number is worth measuring better before the leads are chosen"
            return " ".join([f"{text}{self._told_by_time()}.", *self.notes])
        text = (
            f"The number most worth measuring better is {self.words[best]}: to know it before the "
            f"leads are chosen is worth {self.amount(self.worth[best])}, to halve its doubt "
            f"{self.amount(self.worth_half[best])}"
        )
        if len(self.inputs) > 1:
            text += f"; to know all inputs is worth {self.amount(self.of_all)}"
        text += self._told_by_time()
        saved = self.leads_saved[best]
        if abs(saved) >= 1:
            text += (
                f". Known, and planned with the same {display.chance(self.probability)}, the plan "
                f"would need {display.plural(abs(saved), 'lead')} "
                f"{'fewer' if saved > 0 else 'more'} on average"
            )
        return " ".join([f"{text}.", *self.notes])

    def _told_by_time(self) -> str:
        """Return what is worth more than any number that can be measured, but cannot be."""
        above = [k for k in range(len(self.inputs)) if not self.measured[k]]
        if not above or above[0] > 0:
            return ""
        worth = self.amount(self.worth[0])
        return f" ({self.words[0]} would be worth {worth}, but time tells it, and no study)"


def value_of_information(plan: Plan | Allocation) -> InformationValue:
    """Return what it is worth to know each input better before the leads are chosen.

    Parameters
    ----------
    plan
        From :func:`reverse` or :func:`optimise`.

    Returns
    -------
    InformationValue
        In money where the cost of leads is known, else in leads.

    Raises
    ------
    EvidenceError
        If the plan has no leads, or no leads that can bring anything: there is nothing to choose.

    Notes
    -----
    **The decision.** The leads are the planned ones times a factor s, chosen before the inputs X
    are known. They cost c(X) s, and each unit by which the total V falls short of the target T
    costs k:

        loss(s) = E[c(X) s + k max(T - V(s, X), 0)].

    The price k is not asked for; it is the one for which the planned leads, s = 1, are the best
    choice, k = E[c] / -(d/ds E[max(T - V, 0)]). With one kind of deal and cost, this is the
    newsvendor's: the best choice meets the target with probability p = 1 - c / (k v), v what the
    leads of a unit of cost bring, so that whoever asks for p has named k = c / (v (1 - p)).

    **The value of an input** is by how much the least expected loss falls if the input is known
    before s is chosen (the expected value of partial perfect information):

        worth = min_s E[loss(s)] - E[min_s E[loss(s) | X_i]].

    It is never below 0. E[loss(s) | X_i] is a regression of the loss, by draw, on the input, for
    each s of a grid (Strong, Oakley and Brennan): cubic splines on its normal scores, and on what
    comes that does not go with the input, which takes out noise. ``worth_half`` is that of a study
    that halves the standard deviation of the normal score (one with three times the information
    that is there already), averaged over what it may find (preposterior). Given a draw of X, V is
    normal with its mean and variance. Inputs that a model draws jointly are left so: to know one
    tells of those that go with it. With 2,000 draws, a worth is good to about a tenth of itself;
    ``floor`` is what five numbers without any bearing seem worth on average.

    ``leads_saved`` answers another question: the leads for the same probability p whatever the
    input turns out to be. It may be below 0, because a chance constraint is no preference that
    values information (Hogan, Morris and Thompson).

    For normal V with standard deviation d, of which the inputs other than i make d_i, worth =
    (c / v) φ(z) / (1 - p) (d - d_i) and leads_saved = z (d - d_i) / v with z = Φ⁻¹(p): the tests
    compare both.

    References
    ----------
    Raiffa and Schlaifer (1961), Applied Statistical Decision Theory, chapters 4 and 5, on the
    expected value of perfect and of sample information. Strong, Oakley and Brennan (2014), Medical
    Decision Making 34, 311-326, on partial perfect information from draws by regression. Hogan,
    Morris and Thompson (1981), Management Science 27, 698-716, on chance constraints and
    information.

    Examples
    --------
    >>> import funnelkit as fk
    >>> rates = [(250, 1_000), (100, 250), (50, 100), (10, 50)]
    >>> plan = fk.plan.reverse(1_000_000, rates, value=25_000)
    >>> found = fk.plan.value_of_information(plan)
    >>> found.inputs[0], found.unit
    ('all: opportunity to won', 'leads')
    """
    here = situation_of(plan)
    choice, unit = choice_of(here)
    doubted, known = doubtful(here)
    moving = [one for one in doubted if _bears(here, one, unit)]
    draws = [drawn(here, one) for one in moving]
    leads = float(here.coming.sum())
    chance = min(max(here.probability, 1e-6), 1 - 1e-6)
    rest = rests(choice.fixed + choice.brought, draws, [_shared(here, one) for one in moving])
    learned = [
        choice.learned(one, other, doubt_left=_HALF, probability=chance)
        for one, other in zip(draws, rest, strict=True)
    ]
    worth, half, scale = np.array(learned).reshape(-1, 3).T
    saved = leads * (choice.scale_for(chance) - scale)
    order = np.argsort(-worth, kind="stable") if moving else np.zeros(0, np.int64)
    ranked = [moving[i] for i in order]
    return InformationValue(
        inputs=tuple(one.key for one in ranked),
        words=tuple(one.words for one in ranked),
        value=np.array([one.value for one in ranked]),
        low=np.array([one.low for one in ranked]),
        high=np.array([one.high for one in ranked]),
        worth=worth[order],
        worth_half=half[order],
        leads_saved=saved[order],
        of_all=choice.of_everything(),
        floor=choice.placebo(draws),
        unit=unit,
        price=choice.price,
        cost=float(choice.cost.mean()),
        target_unit=here.unit,
        probability=here.probability,
        measured=np.array([one.part != "stream" for one in ranked], bool),
        known=tuple(one.key for one in known),
        currency=here.assumptions.currency,
        notes=notes_of(plan),
    )


def choice_of(here: Situation) -> tuple[Choice, str]:
    """Return the choice of a plan's leads, and what its losses are in: money or leads.

    Raises
    ------
    EvidenceError
        If there is nothing to choose.
    """
    leads = here.coming
    if not leads.sum():
        raise EvidenceError(
            "The plan has no leads, so that there is nothing to choose, and nothing that it would "
            "be worth to know before."
        )
    zero, one, two = (here.chance.moments(scale * leads) for scale in (0.0, 1.0, 2.0))
    brought = one[0] - zero[0]
    if not (brought > 0).any():
        raise EvidenceError(
            "The planned leads bring nothing within the plan: no number of them is a better choice "
            "than another."
        )
    shared = np.maximum((two[1] - 2 * one[1]) / 2, 0.0)
    cost, unit = _cost(here)
    choice = Choice(
        fixed=zero[0],
        brought=brought,
        var_each=np.maximum(one[1] - shared, 0.0),
        var_shared=shared,
        cost=cost,
        target=here.target,
    )
    if not np.isfinite(choice.price):
        raise EvidenceError(
            "The planned leads meet the target for sure, or the target needs none of them: there "
            "is nothing that it would be worth to know before."
        )
    return choice, unit


def _cost(here: Situation) -> tuple[FloatArray, str]:
    """Return draws of the cost of the planned leads; their number where it is not known."""
    given = here.assumptions
    by_channel = here.coming.sum(axis=1)
    used = np.flatnonzero(by_channel > 0)
    if any(given.channels[c].cost is None for c in used):
        return np.full(given.n_draws, by_channel.sum()), "leads"
    total = np.zeros(given.n_draws)
    for c in used:
        cost = given.channels[c].cost
        if cost is not None:
            total += by_channel[c] * given.drawn(cost, cost_key(given.names[c]), kind="amount")
    return total, "money"


def _shared(here: Situation, lever: Lever) -> bool:
    """Whether draws of an input go with those of others, as a model drew them."""
    channels = here.assumptions.channels
    if lever.part == "stream":
        return any(one.joint is not None for one in channels)
    if lever.part == "size":
        return channels[lever.channel].size_joint is not None
    return lever.part == "won"


def _bears(here: Situation, lever: Lever, unit: str) -> bool:
    """Whether an input may move the choice at all."""
    if lever.part == "cost" and unit == "leads":
        return False
    return lever.channel < 0 or bool(here.coming[lever.channel].sum() > 0)
