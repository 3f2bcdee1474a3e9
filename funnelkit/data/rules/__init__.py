"""The rules of the audit, each a function from a `Survey` to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from funnelkit.data.finding import Finding
from funnelkit.data.rules import outcomes, rows, stages, times, values
from funnelkit.data.survey import Survey

Rule = Callable[[Survey], Iterator[Finding]]
RULES: tuple[Rule, ...] = (*rows.RULES, *stages.RULES, *outcomes.RULES, *times.RULES, *values.RULES)

__all__ = ["RULES", "Rule"]
