"""From texts to periods: ISO only unless told, each read or reported, none guessed."""

from __future__ import annotations

import datetime as dt
import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import UNITS, Calendar
from funnelkit._core.dates import Unit as Every
from funnelkit._core.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

IntArray = NDArray[np.int64]
_DAY = re.compile(
    r"(\d{4}-\d{2}-\d{2})([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?( ?(Z|[+-]\d{2}:?\d{2}))?)?"
)
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_QUARTER = re.compile(r"(?:FY)?(\d{4})[ -]?Q([1-4])")
_WEEK = re.compile(r"(\d{4})-?W(\d{2})")
_SPAN = re.compile(r"(\d{4}-\d{2}-\d{2})/\d{4}-\d{2}-\d{2}")
_YEAR = re.compile(r"(?:FY)?(1[6-9]\d{2}|20\d{2}|21\d{2})")
_SHAPES = (
    ("%d-%m-%Y", "dayfirst=True"),
    ("%d/%m/%Y", "dayfirst=True"),
    ("%d.%m.%Y", "dayfirst=True"),
    ("%d/%m/%y", "dayfirst=True"),
    ("%d.%m.%y", "dayfirst=True"),
    ("%m/%d/%Y", "dayfirst=False"),
    ("%m-%d-%Y", "dayfirst=False"),
    ("%m/%d/%y", "dayfirst=False"),
    ("%Y/%m/%d", ""),
    ("%Y.%m.%d", ""),
    ("%Y%m%d", ""),
    ("%Y/%m", ""),
    ("%Y%m", ""),
    ("%m/%Y", ""),
    ("%m-%Y", ""),
    ("%m.%Y", ""),
    ("%b %Y", ""),
    ("%B %Y", ""),
    ("%b-%Y", ""),
    ("%b-%y", ""),
    ("%b %y", ""),
    ("%Y %b", ""),
    ("%d %b %Y", ""),
    ("%d-%b-%Y", ""),
    ("%b %d, %Y", ""),
    ("%d %B %Y", ""),
    ("%B %d, %Y", ""),
)
_SPACING: tuple[tuple[int, int, Every], ...] = (
    (1, 1, "day"),
    (7, 7, "week"),
    (28, 31, "month"),
    (89, 92, "quarter"),
    (365, 366, "year"),
)
PER_YEAR: dict[Every, int] = {"day": 7, "week": 52, "month": 12, "quarter": 4, "year": 1}
"""Season of each unit of periods; of days it is the week."""


@dataclass(frozen=True, kw_only=True)
class DateRules:
    """How dates are to be read.

    Parameters
    ----------
    calendar
        Where weeks and fiscal years start.
    date_format
        Pattern of ``strptime`` for what is not ISO.
    dayfirst
        Whether the day stands before the month in numbers such as 03/04/2026; ``None``: unsaid.
    """

    calendar: Calendar
    date_format: str | None = None
    dayfirst: bool | None = None

    def __post_init__(self) -> None:
        """Refuse a pattern that is none."""
        pattern = self.date_format
        if pattern is not None and (not isinstance(pattern, str) or "%" not in pattern):
            raise ArgumentError(
                f"`date_format` must be a pattern such as %d/%m/%Y; got {pattern!r}."
            )
        if self.dayfirst not in (None, True, False):
            raise ArgumentError(f"`dayfirst` must be True, False or None; got {self.dayfirst!r}.")


@dataclass(frozen=True)
class Read:
    """What a text says: the first day of its period, and the unit that it names."""

    day: dt.date
    unit: Every


def iso(text: str, calendar: Calendar) -> Read | None:
    """Return the day or period of an ISO text, or ``None``.

    Examples
    --------
    >>> iso("2026-10", Calendar())
    Read(day=datetime.date(2026, 10, 1), unit='month')
    >>> iso("FY2027 Q1", Calendar(fiscal_year_start=2)).day
    datetime.date(2026, 2, 1)
    >>> iso("10/2026", Calendar()) is None
    True
    """
    try:
        return _calendar_day(text) or _fiscal(text, calendar)
    except ValueError:
        return None


def read(texts: Sequence[str], rules: DateRules) -> tuple[list[Read | None], str | None]:
    """Return what each text says, and the problem with those that say nothing.

    Parameters
    ----------
    texts
        Different texts, without surrounding space.
    rules
        How they are to be read.
    """
    found: list[Read | None] = [iso(text, rules.calendar) for text in texts]
    odd = [text for text, one in zip(texts, found, strict=True) if one is None]
    if not odd:
        return found, None
    pattern = rules.date_format
    if pattern is None and rules.dayfirst is not None:
        wanted = f"dayfirst={rules.dayfirst}"
        usual = [shape for shape, said in _SHAPES if said == wanted]
        pattern = next((shape for shape in usual if _reads(shape, odd)), None)
    if pattern is not None:
        found = [
            _by(pattern, text) if one is None else one
            for text, one in zip(texts, found, strict=True)
        ]
        odd = [text for text, one in zip(texts, found, strict=True) if one is None]
        if not odd:
            return found, None
        tail = f"`date_format` ({pattern}) does not read them either; correct them."
    else:
        tail = _remedy(odd)
    count = f"{display.count(len(odd))} of {display.plural(len(texts), 'different date')}"
    return found, f"{count} not ISO (such as 2026-10 or 2026-10-31): {examples(odd)}. {tail}"


def is_read(text: str, rules: DateRules) -> bool:
    """Return whether a text is a date or period, in ISO or as the rules say."""
    if iso(text, rules.calendar) is not None:
        return True
    if rules.date_format is not None:
        return _by(rules.date_format, text) is not None
    return rules.dayfirst is not None and read([text], rules)[1] is None


def unit_of(days: Sequence[Sequence[dt.date]], units: set[Every]) -> Every | None:
    """Return the unit of periods that the dates show, or ``None`` where they do not.

    Parameters
    ----------
    days
        Different days of each series.
    units
        Units that the texts name.
    """
    if len(units) == 1 and "day" not in units:
        return next(iter(units))
    if len(units) > 1:
        return None
    steps: list[int] = []
    for one in days:
        steps += [b - a for a, b in pairwise(sorted({day.toordinal() for day in one}))]
    if not steps:
        edges = [day.day in (1, monthrange(day.year, day.month)[1]) for one in days for day in one]
        return "month" if all(edges) else None
    middle = float(np.median(steps))
    return next((unit for low, high, unit in _SPACING if low <= middle <= high), None)


def check_every(every: str | None) -> Every | None:
    """Return a unit of periods, or ``None``.

    Raises
    ------
    ArgumentError
        If it is unknown.
    """
    if every is None:
        return None
    return checks.one_of("every", every, UNITS)  # type: ignore[return-value]


def ordinals(days: Sequence[dt.date], every: Every, calendar: Calendar) -> IntArray:
    """Return the number of each day's period, as pandas counts them."""
    import pandas as pd

    found = pd.PeriodIndex([pd.Period(day, freq="D") for day in days], freq="D")
    return np.asarray(found.asfreq(calendar.freq(every)).asi8, np.int64)


def index_from(first: int, size: int, freq: str) -> pd.PeriodIndex:
    """Return periods in a row, from the number of the first."""
    import pandas as pd

    begin = pd.Period(ordinal=first, freq=freq)
    return pd.period_range(begin, periods=size, freq=freq)


def examples(texts: Sequence[str]) -> str:
    """Return up to five texts from the data, quoted and on one line."""
    shown = ", ".join(f"'{display.one_line(text)[:40]}'" for text in texts[:5])
    return shown + (", …" if len(texts) > 5 else "")


def _calendar_day(text: str) -> Read | None:
    """Return the day, month or week of an ISO text; refused where there is no such day."""
    if found := _DAY.fullmatch(text) or _SPAN.fullmatch(text):
        return Read(dt.date.fromisoformat(found[1]), "week" if "/" in text else "day")
    if found := _MONTH.fullmatch(text):
        return Read(dt.date(int(found[1]), int(found[2]), 1), "month")
    if found := _WEEK.fullmatch(text):
        return Read(dt.date.fromisocalendar(int(found[1]), int(found[2]), 1), "week")
    return None


def _fiscal(text: str, calendar: Calendar) -> Read | None:
    """Return the quarter or year of a text, of the user's fiscal years."""
    if found := _QUARTER.fullmatch(text):
        return Read(_start(f"{found[1]}Q{found[2]}", "quarter", calendar), "quarter")
    if found := _YEAR.fullmatch(text):
        return Read(_start(found[1], "year", calendar), "year")
    return None


def _start(text: str, every: Every, calendar: Calendar) -> dt.date:
    import pandas as pd

    day: dt.date = pd.Period(text, freq=calendar.freq(every)).start_time.date()
    return day


def _by(pattern: str, text: str) -> Read | None:
    try:
        day = dt.datetime.strptime(text, pattern).date()
    except ValueError:
        return None
    if "%d" in pattern or "%j" in pattern:
        return Read(day, "day")
    return Read(day, "month" if re.search("%[mbB]", pattern) else "year")


def _reads(pattern: str, texts: Sequence[str]) -> bool:
    return all(_by(pattern, text) is not None for text in texts)


def _remedy(odd: Sequence[str]) -> str:
    """Return how to say what the dates mean."""
    fitting = [shape for shape, _ in _SHAPES if _reads(shape, odd)]
    if not fitting:
        return "No usual order reads all of them; correct them."
    if len(fitting) == 1:
        return f'One order reads all of them: date_format="{fitting[0]}".'
    shown = display.listed([f'date_format="{shape}"' for shape in fitting[:4]], last="or")
    return f"Several orders read all of them; say which is right: {shown}."
