"""Counts by calendar month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What a stretch of time brought.

    Parameters
    ----------
    entered, won
        New leads and wins.
    own
        Wins of leads that entered in the same stretch; ``None`` where not known.
    value
        Money won; ``None`` where there is none to show.
    amounts
        Wins with a known amount.
    squares
        Sum of the squared amounts; ``None`` where not known.
    """

    entered: int
    won: int
    own: int | None = None
    value: Decimal | None = None
    amounts: int = 0
    squares: float | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Months:
    """Counts by calendar month, the report's month last.

    Parameters
    ----------
    tallies
        Month -> its counts, from the first whole recorded month on, in order.
    before
        What the report's month is compared with: the month before it, or its days up to the same
        working day.
    before_name
        What the page calls that, such as ``April`` or ``the first 11 working days of April``.
    last_year, last_year_name
        Of a month in progress, the same month a year ago up to the same working day; ``None``
        where the data do not reach so far.
    to_date
        Label -> counts of the quarter and of the year so far.
    no_money
        Why there is no money figure; ``None`` where there is one.
    blank_amounts
        Whether the reason is that no win has an amount.
    """

    tallies: Mapping[pd.Period, Tally]
    before: Tally | None = None
    before_name: str = ""
    last_year: Tally | None = None
    last_year_name: str = ""
    to_date: Mapping[str, Tally] = field(default_factory=dict)
    no_money: str | None = None
    blank_amounts: bool = False

    @property
    def now(self) -> Tally:
        """The report's month."""
        return list(self.tallies.values())[-1]
