"""`tornado`: how far each input moves a plan when it turns out low or high."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.result import Result, frozen
from funnelkit.plan.scenarios.answers import OUTPUTS, Output, answer, answer_said
from funnelkit.plan.scenarios.levers import Lever, doubtful, held, turned
from funnelkit.plan.scenarios.situation import Situation, notes_of, situation_of

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan import Allocation, Plan

FloatArray = NDArray[np.float64]
_MUCH = 0.15
"""Change of a chance by which a plan stands or falls."""
_NAMED = 3


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Tornado(Result):
    """How far each input moves a plan; made by :func:`tornado`.

    Shapes: ``K = len(inputs)`` bars, the longest first.

    Parameters
    ----------
    output
        ``"probability"``, ``"leads"``, ``"value"`` or ``"cost"``.
    base
        The output as planned.
    inputs
        Their names, as in ``assumptions.inputs()``.
    words
        The same in a sentence.
    value, low, high
        What each input is expected to be, and the ends that it is moved to, shape ``(K,)`` each.
    at_low, at_high
        The output at these ends, shape ``(K,)`` each; infinite where no leads are enough.
    known
        Inputs without a bar, because they are taken as known.
    idle
        Inputs in doubt that move nothing here.
    swing
        Share by which every input is moved alike; ``None``: each by its own doubt.
    probability
        That is asked of the plan.
    said
        ``low`` and ``high`` of each input, and the output there, as sentences write them.
    notes
        What a reader must know.
    """

    output: Output
    base: float
    inputs: tuple[str, ...]
    words: tuple[str, ...]
    value: FloatArray
    low: FloatArray
    high: FloatArray
    at_low: FloatArray
    at_high: FloatArray
    known: tuple[str, ...]
    idle: tuple[str, ...]
    swing: float | None
    probability: float
    said: tuple[tuple[str, str, str, str], ...]
    base_said: str
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the numbers."""
        for name in ("value", "low", "high", "at_low", "at_high"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def length(self) -> FloatArray:
        """Length of each bar, shape ``(K,)``."""
        return _length(self.at_low, self.at_high)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per bar, the longest first.

        Columns: ``input``, ``value``, ``low``, ``high``, ``at_low``, ``at_high``, ``length``.
        """
        import pandas as pd

        columns = {name: getattr(self, name) for name in
                   ("value", "low", "high", "at_low", "at_high", "length")}  # fmt: skip
        return pd.DataFrame({"input": self.inputs} | columns)

    def summary(self) -> str:
        """Return which input matters most, and what has no bar."""
        if not self.inputs:
            why = "No input in doubt moves it" if self.idle else "No input is in doubt"
            return " ".join([f"{why}: {self._state(self.base_said)}.", *self.notes])
        if self.swing is not None:
            share = display.percent(self.swing, decimals=0)
            text = (
                f"Every input is moved by the same {share}, however sure it is; as planned, "
                f"{self._state(self.base_said)}. Rates that are multiplied have bars of one length "
                "by arithmetic, so that these bars do not tell which number matters: bars from "
                "P10 to P90 do."
            )
            return " ".join([text, *self.notes])
        low, high, at_low, at_high = self.said[0]
        much = self.output == "probability" and self.length[0] > _MUCH
        text = "The plan stands or falls with" if much else "What matters most is"
        text += (
            f" {self.words[0]}: at {low} (P10) {self._state(at_low)}, at {high} (P90) {at_high}; "
            f"as planned {self.base_said}."
        )
        if after := list(self.words[1:_NAMED]):
            text += f" Next {'comes' if len(after) == 1 else 'come'} {display.listed(after)}."
        if self.known:
            many = display.plural(len(self.known), "input")
            text += (
                f" {many} {'is' if len(self.known) == 1 else 'are'} taken as known, without a bar."
            )
        return " ".join([text, *self.notes])

    def _state(self, said: str) -> str:
        asked = display.chance(self.probability)
        return {
            "probability": f"the chance of the target is {said}",
            "leads": f"the leads needed for {asked} are {said}",
            "value": f"what is expected is {said}",
            "cost": f"the leads needed for {asked} cost {said}",
        }[self.output]


def tornado(
    plan: Plan | Allocation, *, output: Output = "probability", swing: float | None = None
) -> Tornado:
    """Return how far each input moves a plan, from its own P10 to its own P90.

    Parameters
    ----------
    plan
        From :func:`reverse` or :func:`optimise`.
    output
        What is moved: ``"probability"`` that the planned leads meet the target of all months;
        ``"leads"`` that meet it with the plan's probability; ``"value"``, money (or deals) that is
        expected of the planned leads and all that comes without them; ``"cost"`` of the leads that
        are needed.
    swing
        Share by which every input is moved down and up alike, such as 0.1, in place of P10 and
        P90.

    Returns
    -------
    Tornado
        One bar per input in doubt, the longest first; beside them the inputs that are taken as
        known.

    Raises
    ------
    ArgumentError
        If an argument cannot be used.
    EvidenceError
        If leads or cost are asked for, and no number of leads is enough as things stand.

    Notes
    -----
    A bar is E[output | input = its P10] to E[output | input = its P90]: the input is known to be
    so much, and all others keep their doubt and their draws. With the others at their expectation
    in place of that, the chance would jump from 0 to 1 along each bar, and its middle would not be
    the chance of the plan. Draws that a model shares between inputs are left as they are: a bar is
    a change of one input alone. Rates of a channel that a model drew jointly are one input, the
    share of leads that is won.

    With ``swing``, inputs keep their relative doubt. In a chain, the product of its rates alone
    counts, and ±10 % of any of them is the same: equal bars, which say nothing of what matters.

    Leads are multiples of the planned ones.

    References
    ----------
    Howard (1988), Decision Analysis: Practice and Promise, Management Science 34, 679-695, on
    tornado diagrams over the P10 and P90 of each input.

    Examples
    --------
    >>> import funnelkit as fk
    >>> rates = [(250, 1_000), (100, 250), (50, 100), (10, 50)]
    >>> plan = fk.plan.reverse(1_000_000, rates, value=25_000)
    >>> bars = fk.plan.tornado(plan)
    >>> bars.inputs[:2]
    ('all: opportunity to won', 'all: sql to opportunity')
    """
    checks.one_of("output", output, OUTPUTS)
    if swing is not None and not (isinstance(swing, (int, float)) and 0 < swing < 1):
        raise ArgumentError(f"`swing` must be between 0 and 1; got {swing!r}.")
    here = situation_of(plan).quick()
    base = answer(here, output)
    if not np.isfinite(base):
        raise EvidenceError(
            f"No number of leads meets the target with {display.chance(here.probability)}: with as "
            f"many as one likes the chance is {display.chance(here.most())}. Ask for "
            'output="probability".'
        )
    if output in ("leads", "cost"):
        here = here.leaning()
    doubted, known = doubtful(here)
    moved = doubted if swing is None else [*doubted, *known]
    bars = [_Bar.of(here, one, output, swing) for one in moved if _bears(here, one, output)]
    long = [one for one in bars if _length(one.at_low, one.at_high) > 1e-9 * max(abs(base), 1e-9)]
    long.sort(key=lambda one: -float(_length(one.at_low, one.at_high)))
    given = here.assumptions
    return Tornado(
        output=output,
        base=base,
        inputs=tuple(one.lever.key for one in long),
        words=tuple(one.lever.words for one in long),
        value=np.array([one.lever.value for one in long]),
        low=np.array([one.low for one in long]),
        high=np.array([one.high for one in long]),
        at_low=np.array([one.at_low for one in long]),
        at_high=np.array([one.at_high for one in long]),
        known=tuple(one.key for one in known) if swing is None else (),
        idle=tuple(one.key for one in moved if one not in [bar.lever for bar in long]),
        swing=swing,
        probability=here.probability,
        said=tuple(
            (
                one.lever.said(one.low, given),
                one.lever.said(one.high, given),
                answer_said(here, output, one.at_low),
                answer_said(here, output, one.at_high),
            )
            for one in long
        ),
        base_said=answer_said(here, output, base),
        notes=notes_of(plan),
    )


@dataclass(frozen=True, eq=False)
class _Bar:
    """One input at both ends."""

    lever: Lever
    low: float
    high: float
    at_low: float
    at_high: float

    @classmethod
    def of(cls, here: Situation, lever: Lever, output: Output, swing: float | None) -> _Bar:
        if swing is None:
            low, high = lever.low, lever.high
            there = [held(here, lever, end) for end in (low, high)]
        else:
            low = lever.value * (1 - swing)
            high = lever.value * (1 + swing)
            if lever.kind == "share":
                high = min(high, 1.0)
            there = [turned(here, lever, end) for end in (low, high)]
        return cls(lever, low, high, *(answer(one, output) for one in there))


def _bears(here: Situation, lever: Lever, output: Output) -> bool:
    """Whether an input may move an output at all."""
    if lever.part == "cost" and output != "cost":
        return False
    return lever.channel < 0 or bool(here.pattern[lever.channel].sum() > 0)


def _length(low: FloatArray | float, high: FloatArray | float) -> FloatArray:
    """Return the length of bars; infinite where an end is, and nothing where both are."""
    with np.errstate(invalid="ignore"):
        found = np.abs(np.asarray(high) - np.asarray(low))
    return np.asarray(np.where(np.isnan(found), 0.0, found))
