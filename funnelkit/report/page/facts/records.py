"""The stages, and what the audit found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from funnelkit.report.page.changes import UNKNOWN, Estimate

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, kw_only=True)
class Stage:
    """What became of those who entered a stage."""

    name: str
    entered: int
    moved_on: int
    still_there: int
    left: Mapping[str, int] = field(default_factory=dict)
    rate: Estimate = UNKNOWN
    filled: int = 0
    median_days: float | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Flow:
    """The stages in order.

    Parameters
    ----------
    stages, exits
        Each stage with what became of it, and the names of the ways out.
    reached, whole
        Of the first stage's records, how many have reached the last one, and the share.
    decided
        Wins over wins and exits: label, number decided, and the share.
    since
        First and last day of entry to the first stage of the records counted.
    """

    stages: tuple[Stage, ...]
    exits: tuple[str, ...] = ()
    reached: int = 0
    whole: Estimate = UNKNOWN
    decided: tuple[str, int, Estimate] | None = None
    since: dt.date | None = None

    @property
    def bare(self) -> bool:
        """Whether there is nothing between entry and win, and no exit either."""
        return len(self.stages) < 3 and not any(sum(stage.left.values()) for stage in self.stages)


class Finding(Protocol):
    """What the audit says of one problem."""

    @property
    def rule(self) -> str:
        """Name of the rule."""

    @property
    def severity(self) -> str:
        """Error, warning or note."""

    @property
    def count(self) -> int:
        """Rows concerned."""

    @property
    def share(self) -> float:
        """That count as a share of all of them; NaN where it is of nothing."""

    @property
    def examples(self) -> tuple[str, ...]:
        """Up to five ids, days or names; nothing personal."""

    @property
    def what(self) -> str:
        """What was found, as a sentence."""

    @property
    def remedy(self) -> str:
        """What was done or can be done, as a sentence."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Quality:
    """What the audit found, and where every row went.

    Parameters
    ----------
    findings
        In the audit's order.
    accounting
        (file, reason, rows); the reason ``kept`` is what is left.
    beside
        The same of the tables beside the leads.
    aside
        Rows that are in no figure, for another reason than their date.
    left_out
        Leads that entered before the first cohort in rates.
    rates_from
        First cohort in rates.
    in_rates
        Leads in rates.
    """

    findings: tuple[Finding, ...] = ()
    accounting: tuple[tuple[str, str, int], ...] = ()
    beside: tuple[tuple[str, str, int], ...] = ()
    aside: int = 0
    left_out: int = 0
    rates_from: pd.Period | None = None
    in_rates: int = 0
