"""Lines within lines: a year beside its quarters, a total beside its segments, made into months."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit.plan.goals import spans
from funnelkit.plan.goals.lines import Line
from funnelkit.plan.goals.spans import Run

FloatArray = NDArray[np.float64]
Months = dict[int, float]
Shares = Callable[[Sequence[int]], FloatArray]
Take = Literal["parts", "totals"]
_SLACK = 1e-6
_SHOWN = 20


@dataclass
class Sums:
    """What was found in adding up.

    Parameters
    ----------
    take
        Which of the two is taken where a total and its parts disagree; ``None``: neither.
    differing
        Totals that disagree with their parts, as sentences.
    overlapping
        Lines that have months in common, of which neither holds the other.
    rests
        Totals of which parts name only some months.
    spread
        Lines of several months without parts.
    """

    take: Take | None = None
    differing: list[str] = field(default_factory=list)
    overlapping: list[str] = field(default_factory=list)
    rests: list[str] = field(default_factory=list)
    spread: list[Line] = field(default_factory=list)

    def differs(self, place: str, total: float, parts: float, what: str) -> bool:
        """Return whether a total differs from the sum of its parts, and keep it if so."""
        if abs(total - parts) <= _SLACK * max(abs(total), abs(parts), 1.0):
            return False
        gap = total - parts
        self.differing.append(
            f"{place}: {_number(total)} against {_number(parts)} in {what} "
            f"({display.signed(gap, decimals=0 if abs(gap) >= 10 else 2)})"
        )
        return True

    def problems(self) -> list[str]:
        """Return what must be settled."""
        found = []
        if self.overlapping:
            found.append(
                f"{display.plural(len(self.overlapping), 'pair')} of lines overlap, and neither "
                f"holds the other: {_shown(self.overlapping)}. Write both in months."
            )
        if self.differing and self.take is None:
            found.append(
                f"{self._count()}: {_shown(self.differing)}. Correct them, or say which to take: "
                'take="parts" or take="totals".'
            )
        return found

    def notes(self, words: str) -> list[str]:
        """Return how lines became months, as sentences."""
        found = []
        if self.spread:
            one = self.spread[0]
            found.append(
                f"{display.plural(len(self.spread), 'line')} of several months, such as "
                f"{spans.label(one.run)}, spread over them {words}."
            )
        if self.rests:
            found.append(
                f"Rests of totals, spread over months of no line {words}: {_shown(self.rests)}."
            )
        if self.differing and self.take is not None:
            taken = "the parts are" if self.take == "parts" else "the totals are"
            found.append(f"{self._count()}, of which {taken} taken: {_shown(self.differing)}.")
        return found

    def _count(self) -> str:
        many = len(self.differing) != 1
        total = display.plural(len(self.differing), "total")
        return (
            f"{total} {'disagree' if many else 'disagrees'} with {'their' if many else 'its'} parts"
        )


def months_of_lines(lines: Sequence[Line], shares: Shares, sums: Sums) -> Months:
    """Return what lines of one kind and segment come to in each month.

    Parameters
    ----------
    lines
        No two of the same months.
    shares
        How a line is spread over its months.
    sums
        Where what was found is kept.
    """
    ordered = sorted(lines, key=lambda one: (-len(one.run.months), one.run.first))
    for i, one in enumerate(ordered):
        for other in ordered[i + 1 :]:
            if one.run.meets(other.run) and not one.run.holds(other.run):
                sums.overlapping.append(f"{one.place} and {other.place}")
    if sums.overlapping:
        return {}
    found: Months = {}
    for top in _outer(ordered):
        found |= _resolved(top, [one for one in ordered if one is not top], shares, sums)
    return found


def together(parts: Sequence[Months]) -> Months:
    """Return the sum of several, month by month."""
    found: Months = {}
    for one in parts:
        for month, amount in one.items():
            found[month] = found.get(month, 0.0) + amount
    return found


def settle_segments(
    lines: Sequence[Line], whole: Months, parts: Mapping[str, Months], sums: Sums
) -> dict[str, Months]:
    """Return the months of each segment, checked against the lines of all of them.

    Parameters
    ----------
    lines
        Those of all segments together.
    whole
        What they come to in each month.
    parts
        What each segment comes to in each month.
    sums
        Where what was found is kept; where totals are to be taken, each segment is scaled so that
        together they come to the total.
    """
    added = together(list(parts.values()))
    odd = False
    for line in lines:
        inside = sum(added.get(month, 0.0) for month in line.run.months)
        what = display.plural(len(parts), "segment")
        odd = sums.differs(f"{line.place}, all segments", line.amount, inside, what) or odd
    if not odd or sums.take != "totals":
        return dict(parts)
    weights = {name: sum(one.values()) for name, one in parts.items()}
    all_of_them = sum(weights.values())
    scaled: dict[str, Months] = {name: dict(one) for name, one in parts.items()}
    wanted = _like(lines, whole, added)
    for month, amount in wanted.items():
        here = added.get(month, 0.0)
        for name, one in scaled.items():
            even = weights[name] / all_of_them if all_of_them > 0 else 1 / len(parts)
            share = parts[name].get(month, 0.0) / here if here > 0 else even
            one[month] = amount * share
    return scaled


def _like(lines: Sequence[Line], whole: Months, added: Months) -> Months:
    """Return the totals by month in the shape of the parts, where these have one."""

    def shares(months: Sequence[int]) -> FloatArray:
        shape = np.array([added.get(month, 0.0) for month in months])
        if not shape.sum() > 0:
            shape = np.array([whole.get(month, 0.0) for month in months])
        return shape / shape.sum() if shape.sum() > 0 else np.full(len(months), 1 / len(months))

    return months_of_lines(lines, shares, Sums(take="totals"))


def _outer(ordered: Sequence[Line]) -> list[Line]:
    """Return the lines that lie in no other one; the widest stand first."""
    found: list[Line] = []
    for one in ordered:
        if not any(other.run.holds(one.run) for other in found):
            found.append(one)
    return found


def _resolved(line: Line, others: Sequence[Line], shares: Shares, sums: Sums) -> Months:
    inner = [one for one in others if line.run.holds(one.run)]
    if not inner:
        months = list(line.run.months)
        if len(months) > 1:
            sums.spread.append(line)
        return _spread(line.amount, months, shares)
    found: Months = {}
    children = _outer(inner)
    for child in children:
        found |= _resolved(child, [one for one in inner if one is not child], shares, sums)
    bare = [month for month in line.run.months if month not in found]
    stated = sum(child.amount for child in children)
    rest = line.amount - stated
    if bare and rest >= -_SLACK * max(line.amount, 1.0):
        sums.rests.append(
            f"{_number(max(rest, 0.0))} of {line.place} over {display.plural(len(bare), 'month')}"
        )
        return found | _spread(max(rest, 0.0), bare, shares)
    what = display.plural(len(children), "line") + " within it"
    differs = sums.differs(line.place, line.amount, stated, what)
    found |= dict.fromkeys(bare, 0.0)
    if differs and sums.take == "totals":
        now = sum(found.values())
        if now > 0:
            return {month: amount * line.amount / now for month, amount in found.items()}
        return _spread(line.amount, list(line.run.months), shares)
    return found


def _spread(amount: float, months: Sequence[int], shares: Shares) -> Months:
    return dict(zip(months, (amount * shares(months)).tolist(), strict=True))


def _shown(texts: Sequence[str]) -> str:
    shown = "; ".join(texts[:_SHOWN])
    return shown + (f"; and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else "")


def _number(amount: float) -> str:
    return f"{amount:,.10g}"


def gaps(found: Mapping[str, Months], run: Run) -> dict[str, list[int]]:
    """Return the months of a run that each one lacks."""
    return {
        name: lacking
        for name, months in found.items()
        if (lacking := [month for month in run.months if month not in months])
    }
