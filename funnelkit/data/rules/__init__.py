"""The rules of the audit, each a function from a `Survey` to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from funnelkit.data.finding import Finding
from funnelkit.data.rules import (
    current_stage,
    leaks,
    money,
    names,
    outcomes,
    reading,
    recording,
    rows,
    stages,
    times,
)
from funnelkit.data.survey import Survey

Rule = Callable[[Survey], Iterator[Finding]]
_ROOMS = (
    rows,
    stages,
    current_stage,
    outcomes,
    recording,
    times,
    leaks,
    money,
    names,
    reading,
)
RULES: tuple[Rule, ...] = tuple(rule for room in _ROOMS for rule in room.RULES)

__all__ = ["RULES", "Rule"]
