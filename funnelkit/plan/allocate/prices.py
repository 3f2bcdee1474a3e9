"""Shadow prices: what each limit and each point of probability costs, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit._core import display
from funnelkit._core.dates import period_name
from funnelkit.plan.allocate.certainty import Certainty, Rule
from funnelkit.plan.allocate.cutting import Solved
from funnelkit.plan.allocate.program import Program

FloatArray = NDArray[np.float64]
_ROOT = np.sqrt(2 * np.pi)
_LEAST = 2e-5
_TEN = 10.0


@dataclass(frozen=True, kw_only=True)
class Price:
    """What one limit costs.

    Parameters
    ----------
    kind
        ``"probability"``, ``"target"``, ``"ceiling"``, ``"floor"``, ``"ramp"``, ``"budget"`` or
        ``"capacity"``.
    of
        The channel, month or stage that it is of.
    change
        Money by which the least cost changes with one more of it: a lead in each of the months,
        a unit of money, a deal, one unit of target, or a point (0.01) of probability. Below 0 it
        saves.
    months
        Places of the months in which the limit binds.
    sentence
        The same in words.
    """

    kind: str
    of: str
    change: float
    months: tuple[int, ...]
    sentence: str


class Speech(NamedTuple):
    """How amounts are said: of money, and of the unit of the target."""

    currency: str | None
    unit: str

    def money(self, amount: float) -> str:
        """Return an amount of money."""
        return (f"{self.currency} " if self.currency else "") + display.count(amount)

    def target(self, amount: float) -> str:
        """Return an amount of what is to be reached."""
        if self.unit == "count":
            return f"{display.expected(amount)} {'deal' if round(amount, 1) == 1 else 'deals'}"
        return self.money(amount)


def prices_of(
    program: Program, certainty: Certainty, solved: Solved, speech: Speech
) -> tuple[Price, ...]:
    """Return what each limit that binds costs, the dearest first within its kind.

    Notes
    -----
    From the dual values of the last linear program, by which the least cost changes with a small
    change of a limit; larger changes bring less (of a ceiling) or cost more (of probability).
    """
    found = _of_certainty(program, certainty, solved, speech)
    if solved.last.x is None:
        return tuple(found)
    least = _LEAST * max(abs(solved.net), 1.0)
    found += _of_channels(program, solved, speech, least)
    found += _of_sums(program, solved, speech, least)
    return tuple(found)


def _of_certainty(
    program: Program, certainty: Certainty, solved: Solved, speech: Speech
) -> list[Price]:
    """Return the prices of probability and of the target."""
    found = []
    last = len(certainty.rules) - 1
    for place, (rule, price) in enumerate(zip(certainty.rules, solved.prices, strict=True)):
        if price <= 0:
            continue
        density = float(np.exp(-(special.ndtri(rule.probability) ** 2) / 2) / _ROOT)
        point = float(price) * 0.01 / density
        end = period_name(program.limits.periods[rule.until - 1])
        label = "of the whole" if place == last else f"by the end of {end}"
        found.append(
            Price(
                kind="probability",
                of=label,
                change=point,
                months=(),
                sentence=(
                    f"A point more probability {label} costs about {speech.money(point)}."
                    if place != last
                    else f"A point more probability costs about {speech.money(point)}."
                ),
            )
        )
        least = 1.0 if speech.unit == "count" else 0.0
        some = max(rule.target / 100, least)
        each = float(price) * _by_target(certainty, solved.leads, rule, some)
        found.append(
            Price(
                kind="target",
                of=label,
                change=each,
                months=(),
                sentence=(
                    f"A target {'' if place == last else label + ' '}higher by "
                    f"{speech.target(some)} costs about {speech.money(each * some)}."
                ),
            )
        )
    return found


def _by_target(certainty: Certainty, leads: FloatArray, rule: Rule, by: float) -> float:
    """Return by how many standard normals the chance falls with one unit more of target."""
    shaped = np.maximum(leads, 0.0).reshape(certainty.shape)
    ends = [
        certainty.chances.both(shaped, rule.target + side * by, until=rule.until)[0]
        for side in (-1, 1)
    ]
    if not all(0 < end < 1 for end in ends):
        return 0.0
    return float(special.ndtri(ends[0]) - special.ndtri(ends[1])) / (2 * by)


def _of_channels(program: Program, solved: Solved, speech: Speech, least: float) -> list[Price]:
    """Return the prices of ceilings and floors, by channel."""
    found = []
    limits = program.limits
    high = solved.last.high.reshape(program.shape)
    low = solved.last.low.reshape(program.shape)
    for place, name in enumerate(limits.channels):
        shown = display.one_line(name)
        binds = np.flatnonzero(_TEN * high[place] < -least)
        if len(binds):
            change = float(high[place, binds].sum())
            found.append(
                Price(
                    kind="ceiling",
                    of=name,
                    change=change,
                    months=tuple(binds.tolist()),
                    sentence=(
                        f"The ceiling of {shown} binds in {spans(program, binds)}: ten more leads "
                        f"{_each(binds)} would save up to {speech.money(-_TEN * change)}."
                    ),
                )
            )
        held = np.flatnonzero((_TEN * low[place] > least) & (limits.floors[place] > 0))
        if len(held):
            change = float(low[place, held].sum())
            found.append(
                Price(
                    kind="floor",
                    of=name,
                    change=change,
                    months=tuple(held.tolist()),
                    sentence=(
                        f"The floor of {shown} binds in {spans(program, held)}: ten leads fewer "
                        f"{_each(held)} would save up to {speech.money(_TEN * change)}."
                    ),
                )
            )
    return sorted(found, key=lambda one: (one.kind, -abs(one.change)))


def _of_sums(program: Program, solved: Solved, speech: Speech, least: float) -> list[Price]:
    """Return the prices of growth, budgets and capacity."""
    groups: dict[tuple[str, int], list[int]] = {}
    for k, (row, price) in enumerate(zip(program.rows, solved.last.rows, strict=True)):
        scale = 0.01 * program.right[k] if row.kind == "budget" else _TEN
        if row.kind and -price * scale > least:
            groups.setdefault((row.kind, row.place), []).append(k)
    found = []
    for (kind, place), rows in groups.items():
        months = np.array([program.rows[k].month for k in rows])
        change = float(solved.last.rows[rows].sum())
        if kind == "budget":
            budget = program.limits.budgets[place]
            of = budget.label
            said = f"The budget of {of} binds: 1,000 more would save up to "
            said += f"{speech.money(-1000 * change)}."
            months = np.flatnonzero(budget.months)
        elif kind == "ramp":
            of = program.limits.channels[place]
            said = (
                f"The growth of {display.one_line(of)} is held in {spans(program, months)}: ten "
                f"more leads {_each(months)} would save up to {speech.money(-_TEN * change)}."
            )
        else:
            of = program.limits.loads[place].what
            noun = "1,000 more" if of == "value" else "one more"
            each = 1000.0 if of == "value" else 1.0
            said = (
                f"The capacity of {display.one_line(of)} binds in {spans(program, months)}: {noun} "
                f"{_each(months)} would save up to {speech.money(-each * change)}."
            )
        found.append(
            Price(
                kind=kind,
                of=of,
                change=change,
                months=tuple(int(m) for m in months),
                sentence=said,
            )
        )
    return found


def _each(months: FloatArray | NDArray[np.int64]) -> str:
    return "in that month" if len(months) == 1 else "in each"


def spans(program: Program, months: NDArray[np.int64]) -> str:
    """Return months in words, those in a row as a span.

    ``January 2027``, ``January 2027 to March 2027 and June 2027``.
    """
    places = sorted(int(m) for m in months)
    runs: list[list[int]] = []
    for m in places:
        if runs and m == runs[-1][-1] + 1:
            runs[-1].append(m)
        else:
            runs.append([m])
    names = [period_name(month) for month in program.limits.periods]
    said = [
        names[run[0]] if len(run) == 1 else f"{names[run[0]]} to {names[run[-1]]}" for run in runs
    ]
    if len(said) > 4:
        return f"{len(places)} of {len(names)} months"
    return display.listed(said)
