"""What a first look found, as small views without words of their own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from funnelkit.report.page.facts import Cohorts, Missing, Setting, Tested

if TYPE_CHECKING:
    from funnelkit.report.page.facts import Finding

LeakKind = Literal["below", "let go", "stale"]


@dataclass(frozen=True, kw_only=True)
class Business:
    """The one business that is looked at, where several are kept apart.

    Parameters
    ----------
    chosen
        Column -> value.
    records
        Records of it.
    others
        (name, records) of all others, the largest first.
    """

    chosen: Mapping[str, str | None]
    records: int
    others: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Leak:
    """Where won deals are lost, and what they would have been worth.

    Parameters
    ----------
    kind
        ``"below"``: a step lies clearly below what it is held against. ``"let go"``: records left
        a stage by an exit. ``"stale"``: open records stand longer than those won ever took.
    where
        The step or the stage.
    records
        Records concerned.
    won, low, high
        Won deals that they would have been, at the rate of all others.
    money
        The same at the mean amount of a won deal; NaN where no amount is known.
    against
        What a step is held against.
    """

    kind: LeakKind
    where: str
    records: int
    won: float
    low: float
    high: float
    money: float = math.nan
    against: str = ""


@dataclass(frozen=True, kw_only=True)
class Deal:
    """One open deal that people should talk about.

    Parameters
    ----------
    id, stage
        As the export has them; whose it is, the CRM tells.
    days
        Days at the stage; ``None`` where not known.
    amount, chance
        NaN where not known.
    why
        Reasons, as short sentences.
    """

    id: str
    stage: str
    days: int | None
    amount: float
    chance: float
    why: tuple[str, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class TrialFacts:
    """Everything that a first look says.

    Parameters
    ----------
    setting
        Month, day of the data and names, as a report has them.
    guessed
        From what the stages were guessed, in words.
    reached
        Step -> records that reached it.
    business
        The one business that is looked at; ``None`` where there is only one.
    accounting
        (file, reason, rows): what became of every row.
    findings
        What the audit found.
    cohorts, tested
        Rates by month of entry with what is expected of each, and how the method did before.
    leaks
        The one to speak of first; :class:`Missing` where nothing can be said.
    open
        Records that are open.
    deals
        Those to talk about.
    config
        The funnel.yml that was used, with a comment for each guess.
    notes
        What was found and decided while reading.
    """

    setting: Setting
    guessed: str
    reached: Mapping[str, int]
    business: Business | None
    accounting: tuple[tuple[str, str, int], ...]
    findings: tuple[Finding, ...]
    cohorts: Cohorts | Missing
    tested: Tested | Missing
    leaks: tuple[Leak, ...] | Missing
    open: int
    deals: tuple[Deal, ...]
    config: str
    notes: tuple[str, ...] = field(default=())

    @property
    def leak(self) -> Leak | None:
        """The biggest leak, where there is one."""
        return None if isinstance(self.leaks, Missing) or not self.leaks else self.leaks[0]
