"""What a forest shows: where each effect and its interval stand, and the words for them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.shown import Row, not_by_chance, percent
from funnelkit.plot.scales import steps

if TYPE_CHECKING:
    from funnelkit.experiment import Comparison

Show = Literal["relative", "absolute"]
_WIDEST = 6.0
"""Ends beyond so many times the median end are cut, and marked so."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One row: where the dot and the ends of its interval stand, and what is printed."""

    row: Row
    value: float
    low: float
    high: float
    said: str

    @property
    def name(self) -> str:
        """The metric."""
        return display.one_line(self.row.comparison.metric)

    @property
    def known(self) -> bool:
        """Whether there is an effect to show."""
        return math.isfinite(self.value)

    @property
    def small(self) -> bool:
        """Whether an arm has few units."""
        one = self.row.comparison
        return min(one.control.n, one.treatment.n) < display.FEW

    @property
    def n(self) -> str:
        """Units of control and treatment."""
        one = self.row.comparison
        return f"n {display.count(one.control.n)} / {display.count(one.treatment.n)}"


Line = Mark | str
"""A row, or the name of a treatment over its rows."""


def mark_of(row: Row, show: Show) -> Mark:
    """Return a row with what is drawn and printed of it."""
    one = row.comparison
    if show == "relative":
        value, low, high = row.relative
        said = row.relative_text()
    else:
        value, (low, high) = one.effect, row.interval
        said = one.effect_text() if math.isfinite(value) else display.EN_DASH
    if not math.isfinite(value):
        said = f"no {one.word} can be told"
        if show == "relative" and math.isfinite(one.effect):
            said = f"no relative {one.word}"
    elif math.isnan(low):
        said = f"{said}, no interval"
    return Mark(row=row, value=value, low=low, high=high, said=said)


def lines_of(marks: Sequence[Mark]) -> list[Line]:
    """Return the rows, under the name of each treatment where there are several."""
    names = list(dict.fromkeys(mark.row.comparison.treatment.name for mark in marks))
    if len(names) == 1:
        return list(marks)
    found: list[Line] = []
    for name in names:
        found.append(display.one_line(name))
        found += [mark for mark in marks if mark.row.comparison.treatment.name == name]
    return found


def one_unit(rows: Sequence[Row]) -> None:
    """Refuse effects that cannot stand on one axis."""
    kinds = {(row.comparison.unit, row.comparison.currency) for row in rows}
    ratios = [row.comparison.metric for row in rows if row.comparison.scale != "difference"]
    if ratios:
        raise ArgumentError(
            f'`show` "absolute" is for differences; `{display.one_line(ratios[0])}` is compared by '
            'a ratio. Take show="relative".'
        )
    if len(kinds) > 1:
        named = display.listed(sorted(" in ".join(filter(None, kind)) for kind in kinds))
        raise ArgumentError(
            f'`show` "absolute" would mix units on one axis: {named}. Take show="relative", or '
            "metrics of one unit."
        )


def axis_of(marks: Sequence[Mark]) -> tuple[float, float, float]:
    """Return the ends of the axis, multiples of a round step that hold nothing, and the step."""
    values = [mark.value for mark in marks if mark.known]
    finite = [end for mark in marks if mark.known for end in (mark.low, mark.high)]
    finite = [end for end in finite if math.isfinite(end)]
    furthest = max([abs(value) for value in values], default=0.0)
    if finite:
        middle = float(np.median(np.abs(finite)))
        limit = max(_WIDEST * middle, 1.15 * furthest)
    else:
        limit = 1.5 * furthest
    reach = [max(-limit, min(limit, end)) for end in (*finite, *values)]
    low, high = min([0.0, *reach]), max([0.0, *reach])
    if any(mark.known and mark.high == math.inf for mark in marks):
        high = max(high, 0.5 * (furthest or 1.0), -0.3 * low)
    if any(mark.known and mark.low == -math.inf for mark in marks):
        low = min(low, -0.5 * (furthest or 1.0), -0.3 * high)
    if high - low <= 0:
        low, high = -0.1, 0.1
    step = steps(high - low)[1]
    return step * math.floor(low / step + 1e-9), step * math.ceil(high / step - 1e-9), step


def unit_of(one: Comparison) -> str:
    """Return the unit as the last tick bears it."""
    if one.unit == "share":
        return " points"
    if one.unit == "money":
        return f" {one.currency}" if one.currency else ""
    return " days" if one.unit == "days" else ""


def title_of(marks: Sequence[Mark], number: int) -> str:
    """Return which effects are clear; ``number`` is that of all comparisons."""
    word = marks[0].row.comparison.word
    clear = [mark for mark in marks if mark.known and mark.row.clear]
    if number == 1:
        (mark,) = marks
        if not mark.known:
            return f"No {word} can be told on {mark.name}"
        head = f"Clear {word} on" if clear else f"No clear {word} on"
        return f"{head} {mark.name}: {mark.said}"
    if not clear:
        return f"No clear {word} on any of {number} metrics"
    if len(clear) > 3:
        return f"Clear {word}s on {len(clear)} of {number} metrics"
    many = len({mark.row.comparison.treatment.name for mark in marks}) > 1
    told = [_told(mark, many=many) for mark in clear]
    rest = number - len(clear)
    others = f"; none clear on {display.plural(rest, 'other')}" if rest else ""
    return f"Clear {word}{'s' if len(clear) > 1 else ''} on {display.listed(told)}{others}"


def _told(mark: Mark, *, many: bool) -> str:
    one = mark.row.comparison
    size = percent(mark.value) if mark.said.startswith(percent(mark.value)) else ""
    size = size or mark.said.split(" (")[0]
    of = f" of {display.one_line(one.treatment.name)}" if many else ""
    return f"{mark.name}{of} ({size})"


def caption_of(marks: Sequence[Mark], show: Show, left: int) -> str:
    """Return what is shown, and how many rows are not."""
    one = marks[0].row.comparison
    control = display.one_line(one.control.name)
    names = {mark.row.comparison.treatment.name for mark in marks}
    treatment = display.one_line(one.treatment.name) if len(names) == 1 else "each treatment"
    base = f", relative to {control}" if show == "relative" else ""
    units = {mark.row.comparison.units for mark in marks}
    counted = f"{display.one_line(one.units)} in {control} / {treatment}"
    text = f"{treatment[:1].upper()}{treatment[1:]} less {control}{base}. n: "
    text += f"{counted if len(units) == 1 else f'units in {control} / {treatment}'}."
    if any(not math.isnan(mark.row.adjusted) for mark in marks):
        text += " Bold: clear after adjustment for all of them; intervals are not adjusted."
    if words := not_by_chance([mark.row for mark in marks]):
        text += f" {words}"
    return f"{text} {display.plural(left, 'further row')} not shown." if left > 0 else text


def words_of(mark: Mark) -> str:
    """Return one row in words."""
    kind = " (guardrail)" if mark.row.guardrail else ""
    one = mark.row.comparison
    return (
        f"{mark.name}{kind}, {display.one_line(one.treatment.name)} against "
        f"{display.one_line(one.control.name)}: {mark.said}; {mark.row.pvalue_text()}, {mark.n}."
    )
