"""One deal between two days: the lines of the bridge in which it stands, and with what amount."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

from funnelkit.data.periods import Span
from funnelkit.data.standing import Standing

Group = tuple[str | None, ...]
START, END = "start", "end"
_IN = ("created", "appeared", "reopened", "rolled_in", "pulled_in", "moved_in")
_CHANGED = ("raised", "lowered")
_OUT = ("moved_out", "pulled_out", "pushed", "stepped_back", "gone", "lost", "won")
CAUSES = (*_IN, *_CHANGED, *_OUT)
"""Lines between start and end, in the order of the waterfall."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """The two days, and the period in which deals are planned to close (``None``: any)."""

    start: dt.date
    end: dt.date
    period: Span | None

    def due(self, stood: Standing) -> bool:
        """Whether a deal closes, or is planned to, in the period."""
        return self.period is None or (stood.close is not None and stood.close in self.period)

    def holds(self, stood: Standing | None) -> bool:
        """Whether a deal is in the open pipeline."""
        return stood is not None and stood.state == "open" and self.due(stood)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One deal in one line of the bridge, with what it adds to the pipeline."""

    id: str
    cause: str
    value: Decimal
    group: Group
    before: Standing | None
    after: Standing | None

    @property
    def came_or_went(self) -> bool:
        """Whether the deal came into the group or left it."""
        return self.cause not in _CHANGED


def lines_of(
    name: str, before: Standing | None, after: Standing | None, window: Window
) -> list[Line]:
    """Return the lines of one deal; none where nothing about it moved."""
    found: list[tuple[str, Decimal, Group]] = []
    if before is not None and window.holds(before):
        if after is not None and (window.holds(after) or _won_here(after, window)):
            found += _changed(before, after)
        else:
            found.append((_left(after, window), -_amount(before), before.group))
    elif after is not None and (window.holds(after) or _closed_between(before, after, window)):
        found.append((_came(before, after, window), _amount(after), after.group))
        if after.state == "lost":
            found.append(("lost", -_amount(after), after.group))
    if after is not None and _won_between(before, after, window):
        found.append(("won", -_amount(after), after.group))
    return [
        Line(id=name, cause=cause, value=value, group=group, before=before, after=after)
        for cause, value, group in found
    ]


def total(values: Iterable[Decimal]) -> Decimal:
    """Return an exact sum, with two decimals at least."""
    with localcontext() as context:
        context.prec = 100
        return sum(values, Decimal("0.00"))


def _amount(stood: Standing) -> Decimal:
    return stood.amount or Decimal(0)


def _changed(before: Standing, after: Standing) -> list[tuple[str, Decimal, Group]]:
    """Return the moves of a deal that is still there, or was won."""
    then, group = _amount(before), after.group
    found = []
    if group != before.group:
        found += [("moved_out", -then, before.group), ("moved_in", then, group)]
    more = total((_amount(after), -then))
    if more:
        found.append(("raised" if more > 0 else "lowered", more, group))
    return found


def _came(before: Standing | None, after: Standing, window: Window) -> str:
    if before is None:
        return "created" if _later(after.entered, window.start) else "appeared"
    if before.state == "before":
        return "created"
    if before.state in ("won", "lost"):
        return "reopened"
    period = window.period
    early = period is not None and before.close is not None and before.close < period.first
    return "rolled_in" if early else "pulled_in"


def _left(after: Standing | None, window: Window) -> str:
    if after is None:
        return "gone"
    if after.state == "before":
        return "stepped_back"
    if after.state == "lost":
        return "lost"
    period = window.period
    early = period is not None and after.close is not None and after.close < period.first
    return "pulled_out" if early else "pushed"


def _won_here(after: Standing | None, window: Window) -> bool:
    return after is not None and after.state == "won" and window.due(after)


def _won_between(before: Standing | None, after: Standing, window: Window) -> bool:
    """Whether a deal was won between the two days, in the period."""
    if before is None or before.state == "before":
        return _won_here(after, window) and _later(after.closed, window.start)
    return _won_here(after, window) and before.state != "won"


def _closed_between(before: Standing | None, after: Standing, window: Window) -> bool:
    """Whether a deal was won, or came and was lost, in between."""
    if after.state != "lost":
        return _won_between(before, after, window)
    fresh = before is None or before.state == "before"
    return fresh and window.due(after) and _later(after.closed, window.start)


def _later(day: dt.date | None, start: dt.date) -> bool:
    return day is not None and day > start
