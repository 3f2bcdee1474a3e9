"""What the weekly page says: the week, the deals that moved, those to talk about, what is ahead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from funnelkit._core.dates import Calendar, day_name
from funnelkit._core.display import NARROW_SPACE
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from funnelkit.data.control.tying import TieOut
    from funnelkit.metrics import PipelineAgeing
    from funnelkit.report.page.facts import Quality

Known = Literal["archive", "history", "dates"]
SHOWN = 5
"""Deals of one kind of move on the page; all of them are in the workbook."""
TALKED = 12
"""Deals to talk about on the page."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """What a page of days is about.

    Parameters
    ----------
    period
        The week, or the day.
    until
        Last day of it that is known.
    terms
        Names of leads, wins and stages.
    stage
        Stage from which on a record is a deal of the pipeline.
    calendar
        Where weeks and fiscal years start.
    title
        Name of the funnel.
    confidence_level
        Level of every interval.
    simulated
        Whether the data are simulated, which the page says.
    currency
        Of the amounts, where it is known.
    """

    period: pd.Period
    until: dt.date
    terms: Terms
    stage: str
    calendar: Calendar = field(default_factory=Calendar)
    title: str | None = None
    confidence_level: float = 0.95
    simulated: bool = False
    currency: str | None = None

    @property
    def first_day(self) -> dt.date:
        """First day of the period."""
        day: dt.date = self.period.start_time.date()
        return day

    @property
    def last_day(self) -> dt.date:
        """Last day of the period."""
        day: dt.date = self.period.end_time.date()
        return day

    @property
    def eve(self) -> dt.date:
        """The day before the period begins."""
        return self.first_day - dt.timedelta(days=1)

    @property
    def partial(self) -> bool:
        """Whether the data end before the period does."""
        return self.until < self.last_day

    @property
    def length(self) -> int:
        """Days of the period that are known."""
        return (self.until - self.first_day).days + 1

    @cached_property
    def deal(self) -> tuple[str, str]:
        """What one record of the pipeline, and several, are called."""
        one, several = self.terms.nouns(self.stage)
        named = one != "lead" or self.terms.label(self.stage) == "lead"
        return (one, several) if named else ("deal", "deals")

    @cached_property
    def lead(self) -> tuple[str, str]:
        """What one record that enters the funnel, and several, are called."""
        same = self.stage == self.terms.start
        return self.deal if same else (self.terms.lead, self.terms.leads)

    @property
    def level(self) -> str:
        """Confidence level as it is written: ``95 %``."""
        return f"{100 * self.confidence_level:g}{NARROW_SPACE}%"

    def named(self) -> str:
        """Return the days as a sentence has them: ``22 to 28 June 2026``."""
        if self.first_day == self.until:
            return day_name(self.until)
        first = day_name(self.first_day).split(" ")
        last = day_name(self.until).split(" ")
        kept = next((k for k in (1, 2) if first[k:] == last[k:]), 3)
        return f"{' '.join(first[:kept])} to {' '.join(last)}"


@dataclass(frozen=True, kw_only=True)
class Deal:
    """One deal: where it stands, and what happened to it.

    Parameters
    ----------
    id, owner, account
        Its id; its owner and account, ``None`` where not known or personal.
    state
        ``"open"``, ``"won"``, ``"lost"`` or ``"gone"``.
    stage, stage_before
        Where it stands, and where it stood on the eve; ``None`` where not known.
    amount, amount_before
        Money; ``None`` where not known.
    close, close_before
        Day on which it is planned to close, or closed.
    age, stage_age
        Days since its first day, and since it came to its stage; ``None`` where not known.
    moves
        What happened, in the words of :data:`funnelkit.counts.bridging.CAUSES`, and ``slipped``,
        ``brought_forward`` (another close date), ``moved_on`` (a later stage).
    exit
        Which way it was lost.
    status
        Its status in the CRM, where that is kept beside the stages.
    """

    id: str
    owner: str | None = None
    account: str | None = None
    state: str = "open"
    stage: str | None = None
    stage_before: str | None = None
    amount: Decimal | None = None
    amount_before: Decimal | None = None
    close: dt.date | None = None
    close_before: dt.date | None = None
    age: int | None = None
    stage_age: int | None = None
    moves: tuple[str, ...] = ()
    exit: str | None = None
    status: str | None = None

    @property
    def worth(self) -> Decimal:
        """Its amount, 0 where not known."""
        return self.amount if self.amount is not None else self.amount_before or Decimal(0)


@dataclass(frozen=True, eq=False, kw_only=True)
class Movement:
    """How the open pipeline came from the eve of the week to its end.

    Parameters
    ----------
    known
        How earlier values are known: from an archived export, from the source's own history, or
        from dates alone, with amounts and plans as exported.
    start, end
        The two days.
    rows
        (line, deals, value): start, each cause that occurs, end.
    moved
        Deals to which something happened.
    standing
        All deals that are open at the end.
    money
        Whether amounts tell the value of the pipeline.
    planned
        Whether planned close dates are known.
    lacking
        What cannot be told from these data and what would tell it; blank where nothing lacks.
    past
        Hash of each archived export that was read, by its name.
    """

    known: Known
    start: dt.date
    end: dt.date
    rows: tuple[tuple[str, int, Decimal], ...]
    moved: tuple[Deal, ...]
    standing: tuple[Deal, ...]
    money: bool
    planned: bool
    lacking: tuple[str, ...] = ()
    past: Mapping[str, str] = field(default_factory=dict)

    @property
    def unpriced(self) -> str:
        """Why amounts do not tell the value of the pipeline; blank where they do."""
        known = sum(deal.amount is not None for deal in self.standing)
        if self.money:
            return ""
        if not known:
            return "no amounts are known"
        few = 2 * known < len(self.standing)
        return "few amounts are known" if few else "amounts are in several currencies"

    def of(self, *moves: str) -> list[Deal]:
        """Return the deals to which one of these things happened, the largest first."""
        found = [deal for deal in self.moved if set(moves) & set(deal.moves)]
        return sorted(found, key=lambda deal: (-deal.worth, deal.id))

    def line(self, name: str) -> tuple[int, Decimal]:
        """Return deals and value of one line of the bridge."""
        for line, deals, value in self.rows:
            if line == name:
                return deals, value
        return 0, Decimal(0)


class Reason(NamedTuple):
    """Why to talk about a deal: its kind, and in words.

    Kinds are ``overdue``, ``slipped``, ``near``, ``lowered``, ``old``, ``silent`` and ``large``.
    """

    kind: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Talk:
    """A deal to talk about, and why; ``chance`` is that of ever being won, where it is known."""

    deal: Deal
    reasons: tuple[Reason, ...]
    chance: float | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Entries:
    """First entries to each stage in the period, and in as many days of the periods before.

    Parameters
    ----------
    stages
        Stage -> its counts, the last one of the period itself.
    periods
        The periods of these counts.
    column, segments
        Segment by which the first stage is split, and its values with their counts.
    """

    stages: Mapping[str, tuple[int, ...]]
    periods: tuple[pd.Period, ...]
    column: str | None = None
    segments: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True)
class Activities:
    """What was done in the period.

    Parameters
    ----------
    kinds
        Kind -> (in as many days of the period before, in this one).
    people
        Who -> the same; empty where nobody is named.
    last
        Record -> day of its last activity; ``None`` where activities name no records.
    known_from
        Day of the first activity.
    overdue
        Tasks that are past their day and open; ``None`` where not told.
    note
        What a reader must know.
    """

    kinds: Mapping[str, tuple[int, int]]
    people: Mapping[str, tuple[int, int]]
    last: Mapping[str, dt.date] | None
    known_from: dt.date
    overdue: int | None = None
    note: str = ""

    @property
    def total(self) -> tuple[int, int]:
        """Activities in the period before, and in this one."""
        both = list(self.kinds.values())
        return sum(one[0] for one in both), sum(one[1] for one in both)


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """What the quarter that runs will bring, beside its target.

    Parameters
    ----------
    name
        The quarter.
    last_day
        Its last day.
    unit
        ``"value"`` or ``"count"``.
    won
        Won in it already.
    parts
        What is still expected: from what is open, from leads still to come, without a lead.
    expected, low, high
        The whole quarter.
    target, chance
        What is to be won, and how likely that is; ``None`` where no target is named.
    lacking
        What would give a target; blank where there is one.
    notes
        What a reader must know.
    """

    name: str
    last_day: dt.date
    unit: Literal["value", "count"]
    won: float
    parts: Mapping[str, float]
    expected: float
    low: float
    high: float
    target: float | None = None
    chance: float | None = None
    lacking: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class WeekFacts:
    """Everything that the weekly page says."""

    span: Span
    movement: Movement
    talk: Sequence[Talk]
    ahead: Callable[[], Ahead | Missing]
    ageing: PipelineAgeing | Missing
    entries: Entries
    activities: Activities | Missing
    quality: Quality
    tied: TieOut | None = None
