"""`goal_seek`: what one number of a plan would have to be for the plan to come out as asked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Result
from funnelkit.plan.scenarios.answers import (
    OUTPUTS,
    Output,
    answer,
    answer_said,
    refuse_unknown_costs,
)
from funnelkit.plan.scenarios.levers import LEADS, Lever, lever_of, turned
from funnelkit.plan.scenarios.situation import Situation, notes_of, situation_of

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan import Allocation, Plan

_STEPS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8)
"""Distances from what is planned at which an answer is looked for, in logs or logits."""
_NEAR = 1e-6
_BESIDE = 1e-9
_LONGEST = 120.0
_WIDEST = 20.0
_LARGEST_CORRELATION = 0.999
_START = {"lag": 1.0, "spread": 0.5, "correlation": 0.001}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class GoalSeek(Result):
    """What one number would have to be; made by :func:`goal_seek`.

    Parameters
    ----------
    key
        Name of the number.
    words
        The same in a sentence.
    output
        What is asked for: ``"probability"``, ``"leads"``, ``"value"`` or ``"cost"``; or
        ``"contribution"``, money that leads bring less what they cost.
    asked
        How much of it.
    now
        What the number is in the plan.
    output_now
        The output as planned.
    value
        What the number would have to be; NaN where no number does it.
    best
        Where no number does it: the one that comes closest; else ``value``.
    output_best
        The output there.
    moves
        Whether the number moves the output at all.
    said
        ``asked``, ``now``, ``output_now``, ``best`` and ``output_best`` as sentences write them.
    notes
        What a reader must know.
    """

    key: str
    words: str
    output: str
    asked: float
    now: float
    output_now: float
    value: float
    best: float
    output_best: float
    said: tuple[str, str, str, str, str]
    moves: bool = True
    notes: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        """Whether there is such a number."""
        return not math.isnan(self.value)

    @property
    def change(self) -> float:
        """Share by which the number would have to change; NaN where there is none."""
        return self.value / self.now - 1 if self.now else math.nan

    def to_frame(self) -> pd.DataFrame:
        """Return one row.

        Columns: ``input``, ``output``, ``asked``, ``now``, ``output_now``, ``value``,
        ``change_share``, ``best``, ``output_best``.
        """
        import pandas as pd

        row = {"input": self.key, "output": self.output, "asked": self.asked, "now": self.now}
        row |= {"output_now": self.output_now, "value": self.value, "change_share": self.change}
        return pd.DataFrame([row | {"best": self.best, "output_best": self.output_best}])

    def summary(self) -> str:
        """Return what the number would have to be, or how far it comes."""
        asked, now, output_now, best, output_best = self.said
        what = {
            "probability": "the chance of the target",
            "leads": "the number of leads needed",
            "value": "what is expected",
            "cost": "the cost of the leads needed",
            "contribution": "what the leads bring less what they cost",
        }[self.output]
        if not self.found and not self.moves:
            name = f"{self.words[0].upper()}{self.words[1:]}"
            text = f"{name} does not move {what}, which is {output_now}."
        elif not self.found:
            text = (
                f"Whatever {self.words} is, {what} does not come to {asked}: it comes closest at "
                f"{best}, with {output_best} (planned: {now}, with {output_now})."
            )
        else:
            by = ""
            if math.isfinite(self.change) and abs(self.change) >= 0.0005:
                by = f" ({display.signed(100 * self.change)}{display.NARROW_SPACE}%)"
            text = (
                f"For {what} to be {asked} in place of {output_now}, {self.words} must be {best} "
                f"in place of {now}{by}, all else as assumed."
            )
        return " ".join([text, *self.notes])


def goal_seek(
    plan: Plan | Allocation,
    key: str,
    *,
    probability: float | None = None,
    leads: float | None = None,
    value: float | None = None,
    cost: float | None = None,
) -> GoalSeek:
    """Return what one number would have to be for the plan to come out as asked.

    Parameters
    ----------
    plan
        From :func:`reverse` or :func:`optimise`.
    key
        Name of any input, as in ``assumptions.inputs()``; or ``"{channel}: {first stage} to {last
        stage}"`` (all rates of a channel together), ``"leads"`` or ``"{channel}: leads"`` (that
        are planned) or ``"target"``.
    probability
        Chance that the planned leads meet the target of all months.
    leads
        Leads that are needed to meet it with the plan's own probability.
    value
        Money, or deals, that is expected of the planned leads and of what comes without them.
    cost
        Of the leads that are needed to meet the target with the plan's own probability.

    Returns
    -------
    GoalSeek
        The number, or how far any number comes.

    Raises
    ------
    ArgumentError
        If the key is not known (with the closest one), not exactly one output is asked for, or
        it cannot be.

    Notes
    -----
    The number keeps its relative doubt, and all others their draws, so that asking for what the
    plan has gives what it is. It is looked for at growing distances to both sides of what is
    planned, on the scale of logarithms (logits, for shares), up to the ends of what it may be:
    0 and 1 for a share, 0 and 120 months for a lag, 0 and a factor of 360,000 for an amount. Where
    several numbers do, the nearest on the side that comes closer at first is taken. Between
    the two that bracket it, the root is found by Brent's method. Where all deals have one known
    size, the chance moves in steps with size and target: the number is then next to the step, on
    the side that has at least the chance asked for, and ``output_best`` says how much it is.

    References
    ----------
    Brent (1973), Algorithms for Minimization without Derivatives, chapter 4.

    Examples
    --------
    >>> import funnelkit as fk
    >>> plan = fk.plan.reverse(1_000_000, [0.25, 0.4, 0.5, 0.2], value=25_000)
    >>> found = fk.plan.goal_seek(plan, "all: opportunity to won", probability=0.95)
    >>> round(found.value, 4), round(found.output_now, 2)
    (0.2252, 0.8)
    """
    here = situation_of(plan).quick()
    lever = lever_of(here, key)
    output, asked = _asked(probability=probability, leads=leads, value=value, cost=cost)
    if lever.part == "plan" and lever.key.endswith(LEADS) and output in ("leads", "cost"):
        raise ArgumentError(
            f"`{output}` is what is needed, whatever is planned: it does not depend on `{key}`. "
            "Ask for `probability` or `value`."
        )
    if output == "cost":
        refuse_unknown_costs(here)
    if output in ("leads", "cost"):
        here = here.leaning()

    def outcome(number: float) -> float:
        return answer(turned(here, lever, number), output)

    found = sought(here, lever, outcome, asked, probit=output == "probability")
    outputs = _outputs_said(here, output, (asked, found.now, found.at_best))
    inputs = [lever.said(one, here.assumptions) for one in (lever.value, found.best)]
    return GoalSeek(
        key=lever.key,
        words=lever.words,
        output=output,
        asked=asked,
        now=lever.value,
        output_now=found.now,
        value=found.value,
        best=found.best,
        output_best=found.at_best,
        moves=found.moves,
        said=(outputs[0], inputs[0], outputs[1], inputs[1], outputs[2]),
        notes=notes_of(plan),
    )


def _outputs_said(here: Situation, output: Output, numbers: tuple[float, ...]) -> list[str]:
    """Return outputs as sentences write them, finer where two that differ would look alike."""
    said = [answer_said(here, output, one) for one in numbers]
    if output == "probability" and len(set(said)) < len({round(one, 6) for one in numbers}):
        return [display.percent(one, decimals=2) for one in numbers]
    return said


@dataclass(frozen=True, kw_only=True)
class Sought:
    """A number that was looked for.

    Parameters
    ----------
    now
        The outcome as planned.
    value
        The number; NaN where there is none.
    best, at_best
        The number, or the one that comes closest, and the outcome there.
    moves
        Whether the number moves the outcome at all.
    """

    now: float
    value: float
    best: float
    at_best: float
    moves: bool = True


def sought(
    here: Situation,
    lever: Lever,
    outcome: Callable[[float], float],
    asked: float,
    *,
    probit: bool = False,
) -> Sought:
    """Return the number of a lever at which an outcome is as asked.

    Parameters
    ----------
    here
        The plan as it stands.
    lever
        What is turned.
    outcome
        Of a number of the lever; may be infinite.
    asked
        Of the outcome.
    probit
        Whether the outcome is a chance, and compared on the scale of probits.
    """

    def off(number: float) -> float:
        found = outcome(number)
        if not probit:
            return found - asked
        ends = special.ndtri(np.clip([found, asked], 1e-300, 1 - 1e-16))
        return float(ends[0] - ends[1])

    at_start = off(lever.value)
    now = outcome(lever.value)
    if at_start == 0:
        return Sought(now=now, value=lever.value, best=lever.value, at_best=now)
    closest = (abs(at_start), lever.value)
    moves = False
    for side in _sides(here, lever, off):
        before, off_before = lever.value, at_start
        for number in _further(here, lever, side):
            after = off(number)
            closest = min(closest, (abs(after), number))
            moves = moves or after != at_start
            if np.sign(after) != np.sign(off_before):
                root = _between(off, before, off_before, number, after)
                if root is not None:
                    root, there = _landed(outcome, off, root, above=probit)
                    return Sought(now=now, value=root, best=root, at_best=there)
            before, off_before = number, after
    best = closest[1]
    return Sought(now=now, value=math.nan, best=best, at_best=outcome(best), moves=moves)


def _landed(
    outcome: Callable[[float], float], off: Callable[[float], float], root: float, *, above: bool
) -> tuple[float, float]:
    """Return a root and the outcome there; beside a jump, the side that reaches what is asked."""
    if abs(off(root)) <= _NEAR:
        return root, outcome(root)
    beside = [root, *(root * (1 + step) for step in (-_BESIDE, _BESIDE))]
    reaching = [one for one in beside if not above or off(one) >= 0]
    found = min(reaching or beside, key=lambda one: abs(off(one)))
    return found, outcome(found)


def _sides(here: Situation, lever: Lever, off: Callable[[float], float]) -> tuple[float, float]:
    """Return on which side to look first: where the first step comes closer."""
    up, down = (abs(off(next(_further(here, lever, side), lever.value))) for side in (1.0, -1.0))
    return (1.0, -1.0) if up <= down else (-1.0, 1.0)


def _between(
    off: Callable[[float], float], low: float, at_low: float, high: float, at_high: float
) -> float | None:
    """Return the root between two numbers; ``None`` where the outcome jumps over what is asked."""
    for _ in range(60):  # first away from where no leads are enough
        if math.isfinite(at_low) and math.isfinite(at_high):
            break
        middle = (low + high) / 2
        found = off(middle)
        if np.sign(found) == np.sign(at_low):
            low, at_low = middle, found
        else:
            high, at_high = middle, found
    else:
        return None
    if at_high == 0:
        return high
    return float(optimize.brentq(off, low, high, xtol=1e-12 * max(abs(low), abs(high)), rtol=1e-10))


def _further(here: Situation, lever: Lever, side: float) -> Iterator[float]:
    """Yield numbers further and further to one side of what is planned, up to the end."""
    most = {"lag": _LONGEST, "spread": _WIDEST, "correlation": _LARGEST_CORRELATION}.get(
        lever.part, 1.0 if lever.kind == "share" else math.inf
    )
    start = lever.value or _START.get(lever.part, here.target or 1.0) * math.exp(-sum(_STEPS[:-1]))
    if not lever.value and side < 0:
        return
    for step in _STEPS:
        if lever.kind == "share" and 0 < lever.value < 1:
            number = float(special.expit(special.logit(start) + side * step))
        else:
            number = start * math.exp(side * step)
        if number >= most:
            break
        yield number
    if side < 0:
        yield 0.0
    elif math.isfinite(most) and lever.value < most:
        yield most


def _asked(**given: float | None) -> tuple[Output, float]:
    """Return what is asked for, the one of several.

    Raises
    ------
    ArgumentError
        If it is not exactly one, or cannot be.
    """
    asked = {name: one for name, one in given.items() if one is not None}
    names = ", ".join(f"`{name}`" for name in OUTPUTS)
    if len(asked) != 1:
        came = display.listed([f"`{name}`" for name in asked]) or "none"
        raise ArgumentError(f"Ask for exactly one of {names}; got {came}.")
    name, number = next(iter(asked.items()))
    real = isinstance(number, (int, float, np.number)) and not isinstance(number, bool)
    if name == "probability" and not (real and 0 < number < 1):
        hint = f" Did you mean {number / 100:g}?" if real and 1 < number < 100 else ""
        raise ArgumentError(f"`probability` must be between 0 and 1; got {number!r}.{hint}")
    if not real or not math.isfinite(number) or number < 0:
        raise ArgumentError(f"`{name}` must be a number of at least 0; got {number!r}.")
    return OUTPUTS[[*OUTPUTS].index(name)], float(number)  # type: ignore[arg-type]
