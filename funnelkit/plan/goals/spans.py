"""Months, quarters, halves and years as people write them in targets, in the user's calendar."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from funnelkit._core import checks, display
from funnelkit._core.dates import Calendar
from funnelkit.forecast.series import dating

if TYPE_CHECKING:
    import pandas as pd

Years = Literal["fiscal", "civil"]
_YEAR = r"(?P<fy>FY[ '-]?)?(?P<year>\d{4}|(?<=FY)\d{2}|(?<=FY[ '-])\d{2})"
_PART = r"(?P<part>[QH])(?P<number>[1-4])"
_WRITTEN = tuple(
    re.compile(pattern, re.ASCII | re.IGNORECASE)
    for pattern in (_YEAR, rf"{_YEAR}[ -]?{_PART}", rf"{_PART}[ -]?{_YEAR}")
)
_RUN = re.compile(r"(\d{4}-\d{2}) ?(?:/|to) ?(\d{4}-\d{2})", re.ASCII)
_WHOLE = frozenset({"total", "all", "sum", "grand total", "overall"})
_MONTHS_OF = {"year": 12, "half": 6, "quarter": 3}


@dataclass(frozen=True)
class Run:
    """Months in a row, as pandas counts them; the first and the last of them."""

    first: int
    last: int

    @property
    def months(self) -> range:
        """Number of each month."""
        return range(self.first, self.last + 1)

    def holds(self, other: Run) -> bool:
        """Return whether another run lies in this one."""
        return self.first <= other.first and other.last <= self.last

    def meets(self, other: Run) -> bool:
        """Return whether they have a month in common."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, kw_only=True)
class SpanRules:
    """How periods are to be read.

    Parameters
    ----------
    calendar
        Where the fiscal year starts.
    years
        Whether quarters and years without ``FY`` are of the user's fiscal year, or civil ones.
    date_format
        Pattern of ``strptime`` for what is not ISO.
    """

    calendar: Calendar
    years: Years = "fiscal"
    date_format: str | None = None

    def __post_init__(self) -> None:
        """Refuse a word or a pattern that is none."""
        checks.one_of("years", self.years, ("fiscal", "civil"))
        dating.DateRules(calendar=self.calendar, date_format=self.date_format)


def text_of(cell: Any) -> str:
    """Return a cell of a column of periods as text: of a period its months, of a time its day."""
    import pandas as pd

    if cell is None or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, pd.Period):
        ends = cell.start_time.strftime("%Y-%m"), cell.end_time.strftime("%Y-%m")
        is_months = cell.start_time.day == 1 and cell.end_time.day >= 28
        return "/".join(dict.fromkeys(ends)) if is_months else str(cell)
    if isinstance(cell, dt.date):
        return cell.isoformat()[:10]
    if isinstance(cell, float) and cell == round(cell):
        return str(round(cell))
    return re.sub(r"\s+", " ", str(cell)).strip()


def is_whole(text: str) -> bool:
    """Return whether a text means all periods together, such as ``Total``."""
    return text.lower() in _WHOLE


def run_of(text: str, rules: SpanRules) -> Run | None:
    """Return the months that a text names, or ``None``.

    Examples
    --------
    >>> rules = SpanRules(calendar=Calendar(fiscal_year_start=2))
    >>> [label(run_of(text, rules)) for text in ("FY27", "Q1 FY27", "2027-H2", "2027-01")]
    ['2026-02 to 2027-01', '2026-02 to 2026-04', '2026-08 to 2027-01', '2027-01']
    >>> label(run_of("2027-Q1", SpanRules(calendar=rules.calendar, years="civil")))
    '2027-01 to 2027-03'
    >>> run_of("next year", rules) is None
    True
    """
    if found := _RUN.fullmatch(text):
        ends = [_month(one) for one in found.groups()]
        if None in ends or ends[0] > ends[1]:  # type: ignore[operator]
            return None
        return Run(ends[0], ends[1])  # type: ignore[arg-type]
    for pattern in _WRITTEN:
        if found := pattern.fullmatch(text):
            return _of_year(found, rules)
    return _of_date(text, rules)


def read_runs(texts: Sequence[str], rules: SpanRules) -> tuple[dict[str, Run], str | None]:
    """Return the months of each text that names some, and the problem of those that name none."""
    found = {text: run_of(text, rules) for text in texts}
    odd = [text for text, one in found.items() if one is None]
    known = {text: one for text, one in found.items() if one is not None}
    if not odd:
        return known, None
    days = [text for text in odd if _is_day(text, rules)]
    if days:
        why = "Targets are by month, quarter, half or year: write the month, such as 2027-01"
        count = display.plural(len(days), "period")
        return known, f"{count} days within a month: {dating.examples(days)}. {why}."
    _, problem = dating.read(odd, dating.DateRules(calendar=rules.calendar))
    tail = "" if problem is None else problem.partition(". ")[2]
    hint = f" {tail}" if "date_format" in tail else ""
    count = f"{display.count(len(odd))} of {display.plural(len(texts), 'different period')}"
    return known, (
        f"{count} cannot be read: {dating.examples(odd)}. Write 2027-01, 2027-Q1, 2027, FY27 or "
        f"FY27-Q1.{hint}"
    )


def label(run: Run | None) -> str:
    """Return months in a row as they are written."""
    if run is None:
        return "none"
    ends = month_label(run.first), month_label(run.last)
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def month_label(month: int) -> str:
    """Return a month as it is written, such as 2027-01."""
    return f"{1970 + month // 12:04d}-{month % 12 + 1:02d}"


def index_of(run: Run) -> pd.PeriodIndex:
    """Return the months as periods."""
    import pandas as pd

    begin = pd.Period(ordinal=run.first, freq="M")
    return pd.period_range(begin, periods=len(run.months), freq="M")


def _of_year(found: re.Match[str], rules: SpanRules) -> Run | None:
    parts = found.groupdict()
    year = int(parts["year"])
    year += 2000 if year < 100 else 0
    if not 1900 <= year <= 2199:
        return None
    is_fiscal = parts["fy"] is not None or rules.years == "fiscal"
    start = rules.calendar.fiscal_year_start if is_fiscal else 1
    first = 12 * (year - 1970) + (start - 1) - (12 if start > 1 else 0)
    if parts.get("part") is None:
        return Run(first, first + 11)
    wide = _MONTHS_OF["quarter" if parts["part"].upper() == "Q" else "half"]
    number = int(parts["number"])
    if number * wide > 12:
        return None
    return Run(first + (number - 1) * wide, first + number * wide - 1)


def _of_date(text: str, rules: SpanRules) -> Run | None:
    """Return the month of an ISO month, of its first or last day, or of a date as told."""
    if (month := _month(text)) is not None:
        return Run(month, month)
    read, _ = dating.read([text], _dates(rules))
    one = read[0]
    if one is None or one.unit not in ("day", "month"):
        return None
    following = one.day + dt.timedelta(days=1)
    if one.unit == "day" and one.day.day != 1 and following.day != 1:
        return None
    month = 12 * (one.day.year - 1970) + one.day.month - 1
    return Run(month, month)


def _is_day(text: str, rules: SpanRules) -> bool:
    read, _ = dating.read([text], _dates(rules))
    return read[0] is not None and read[0].unit in ("day", "week")


def _dates(rules: SpanRules) -> dating.DateRules:
    return dating.DateRules(calendar=rules.calendar, date_format=rules.date_format)


def _month(text: str) -> int | None:
    found = re.fullmatch(r"(\d{4})-(\d{2})", text, re.ASCII)
    if found is None or not 1 <= int(found[2]) <= 12 or not 1900 <= int(found[1]) <= 2199:
        return None
    return 12 * (int(found[1]) - 1970) + int(found[2]) - 1
