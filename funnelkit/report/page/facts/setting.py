"""What a page is about, and the thresholds by which its figures are marked."""

from __future__ import annotations

import calendar as months_of_the_year
import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from funnelkit._core.dates import Calendar, day_name, period_label, period_name
from funnelkit._core.display import NARROW_SPACE
from funnelkit.report.page.terms import Terms

if TYPE_CHECKING:
    import pandas as pd

SMALL = 20
"""Fewest leads of which a percentage is shown."""

FEW = 100
"""Groups of fewer leads are marked as small."""

MATURE = 0.9
"""A cohort below this maturity is immature."""

YOUNG = 0.2
"""Below this maturity nothing is said of what a cohort will come to."""
WIDEST = 0.5
"""Nor where the interval of what is expected covers more than half of all shares there can be."""


@dataclass(frozen=True)
class Missing:
    """A view that the data cannot fill.

    Parameters
    ----------
    needs
        What would fill it, as a sentence.
    """

    needs: str


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the page is about: month, day of the data, names, calendar, dated changes.

    ``restricted`` says that its leads are a part of those exported (`where`, `exclude`).
    """

    month: pd.Period
    as_of: dt.date
    terms: Terms
    calendar: Calendar = field(default_factory=Calendar)
    title: str | None = None
    confidence_level: float = 0.95
    recorded_from: dt.date | None = None
    files: tuple[str, ...] = ()
    currency: str | None = None
    simulated: bool = False
    restricted: bool = False
    changes: tuple[tuple[dt.date, str], ...] = ()

    def changes_since(self, day: dt.date) -> str | None:
        """Return the changes from a day to the end of the data as a row of words, if any."""
        noted = [f"{day_name(on)}, {what}" for on, what in self.changes if day <= on <= self.as_of]
        return "; ".join(noted) or None

    @property
    def first_day(self) -> dt.date:
        """First day of the month."""
        return dt.date(self.month.year, self.month.month, 1)

    @property
    def last_day(self) -> dt.date:
        """Last day of the month."""
        _, days = months_of_the_year.monthrange(self.month.year, self.month.month)
        return self.first_day.replace(day=days)

    @property
    def partial(self) -> bool:
        """Whether the data end before the month does."""
        return self.as_of < self.last_day

    @property
    def level(self) -> str:
        """Confidence level as it is written: ``95 %``."""
        return f"{100 * self.confidence_level:g}{NARROW_SPACE}%"

    @cached_property
    def fiscal_quarter(self) -> str | None:
        """Fiscal quarter of the month, where the fiscal year is not the calendar year."""
        if self.calendar.fiscal_year_start == 1:
            return None
        return period_label(self.calendar.period(self.first_day, "quarter"))

    def stretch(self, first: pd.Period, last: pd.Period) -> tuple[str, str]:
        """Return two months as a sentence says them together: both with their year, or neither."""
        names = self.named(first), self.named(last)
        if any(" " in name for name in names):
            return period_name(first), period_name(last)
        return names

    def named(self, period: pd.Period) -> str:
        """Return a month as a sentence says it: with its year only where it is far."""
        words = period_name(period)
        near = period.year == self.month.year or 0 <= (self.month - period).n < 6
        return words.split(" ")[0] if near else words


def short_name(period: pd.Period) -> str:
    """Return a month as a chart writes it: ``Apr 2018``."""
    name = period_name(period)
    month, _, year = name.partition(" ")
    return f"{month[:3]} {year}" if year.isdigit() else name
