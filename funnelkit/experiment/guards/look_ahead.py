"""`check_look_ahead`: dates that know what came after them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit._core import checks, display
from funnelkit._core.errors import DataError
from funnelkit.experiment.guards.result import Guard, Level, not_checked, worst
from funnelkit.experiment.guards.tables import require_frame

if TYPE_CHECKING:
    import pandas as pd

_NAME = "look-ahead"
MANY = 0.01
"""Share from which what is a note becomes a warning."""


class _Finding(NamedTuple):
    what: str
    number: int
    of: int
    sentence: str
    remedy: str


def check_look_ahead(
    dates: pd.DataFrame,
    *,
    as_of: dt.date | str,
    assigned: str = "assigned",
    entered: str | None = None,
    converted: str = "converted",
    units: str = "leads",
) -> Guard:
    """Return whether units were assigned after what they are compared by, or conversions lie ahead.

    Parameters
    ----------
    dates
        One row per unit, with the day it was assigned, the day it converted (blank where it did
        not) and, if named, the day it entered the stage from which is counted.
    as_of
        Last day on which the data are complete.
    assigned, entered, converted
        Names of the columns; dates, times or ISO text. Times are compared by their day as written.
    units
        Plural noun of the rows.

    Returns
    -------
    Guard
        A note where there is any, a warning from 1 in 100 on (of conversions, or of units); these
        are counts, not tests. Figures: ``what`` (``"converted before assigned"``, ``"converted
        after as_of"``, ``"assigned after entered"``, ``"assigned after as_of"``, ``"not
        assigned"``), ``n``, ``of`` and ``share``.

    Raises
    ------
    ArgumentError
        For unknown columns or a day that is none.
    DataError
        If dates cannot be read.

    References
    ----------
    Suissa (2008), American Journal of Epidemiology 167, 492-499, on time that a unit had to get
    through before it could be in an arm.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {"assigned": ["2026-01-05", "2026-01-09"], "converted": ["2026-02-01", "2026-01-07"]}
    ... )
    >>> check_look_ahead(table, as_of="2026-03-31").level
    'warning'
    """
    last = checks.day("as_of", as_of)
    columns = [assigned, converted, *([] if entered is None else [entered])]
    frame = require_frame("dates", dates, columns)
    if frame.empty:
        return not_checked(_NAME, f"there are no {units}")
    days = _days(frame, columns)
    of_arm, of_conversion = days[assigned], days[converted]
    number, came = len(frame), int(of_conversion.notna().sum())
    found = [
        _Finding(
            "converted before assigned",
            int((of_conversion < of_arm).sum()),
            came,
            "conversions came before the day of assignment",
            "Leave those units out: nothing done to an arm can have made them convert.",
        ),
        _Finding(
            "converted after as_of",
            int((of_conversion > _stamp(last)).sum()),
            came,
            f"conversions lie after {last.isoformat()}, the last complete day",
            "Count only what had happened by then; a date ahead is a plan.",
        ),
        _Finding(
            "assigned after as_of",
            int((of_arm > _stamp(last)).sum()),
            number,
            f"{units} were assigned after {last.isoformat()}, the last complete day",
            "Leave them out, or take a later `as_of`.",
        ),
        _Finding(
            "not assigned",
            int(of_arm.isna().sum()),
            number,
            f"{units} have no day of assignment",
            "Find out how they came into an arm.",
        ),
    ]
    if entered is not None:
        late = _Finding(
            "assigned after entered",
            int((of_arm > days[entered]).sum()),
            number,
            f"{units} were assigned after the day from which is counted",
            "Count from the day of assignment: who was assigned late had to be still open by then.",
        )
        found.insert(2, late)
    levels = [_level(one) for one in found]
    spoken = [one for one, level in zip(found, levels, strict=True) if level != "ok"]
    spoken.sort(key=lambda one: -one.number / one.of)
    sentence = ". ".join(
        f"{display.count(one.number)} of {display.count(one.of)} {one.sentence} "
        f"({display.percent(one.number / one.of)})"
        for one in spoken
    )
    return Guard(
        name=_NAME,
        level=worst(levels),
        sentence=f"{sentence}."
        if spoken
        else f"Each of {display.count(number)} {units} was assigned before what it is compared by.",
        figures=tuple(
            {
                "what": one.what,
                "n": one.number,
                "of": one.of,
                "share": one.number / one.of if one.of else 0.0,
            }
            for one in found
        ),
        remedy=" ".join(one.remedy for one in spoken),
    )


def _level(found: _Finding) -> Level:
    if not found.number:
        return "ok"
    return "warning" if found.number >= MANY * found.of else "note"


def _stamp(day: dt.date) -> pd.Timestamp:
    import pandas as pd

    return pd.Timestamp(day)


def _days(frame: pd.DataFrame, columns: list[str]) -> dict[str, pd.Series[Any]]:
    """Return each column as days, blank where it is."""
    import pandas as pd

    found, problems = {}, []
    for name in columns:
        given = frame[name]
        if pd.api.types.is_numeric_dtype(given) and given.notna().any():
            problems.append(f"`dates`: the column `{name}` must hold dates; it holds numbers.")
            continue
        if pd.api.types.is_datetime64_any_dtype(given):
            found[name] = given.dt.tz_localize(None).dt.normalize()
            continue
        texts = given.map(_day_text, na_action="ignore")
        days = pd.to_datetime(texts, format="%Y-%m-%d", errors="coerce")
        bad = given.notna() & days.isna()
        if bad.any():
            examples = ", ".join(repr(value)[:30] for value in given[bad].tolist()[:5])
            problems.append(
                f"`dates`: {display.plural(int(bad.sum()), 'value')} of the column `{name}` cannot "
                f"be read as a date such as 2026-10-31: {examples}."
            )
        found[name] = days
    if problems:
        raise DataError(problems)
    return found


def _day_text(value: Any) -> str:
    """Return the first ten signs of a date, a time or an ISO text: its day."""
    return value.isoformat()[:10] if isinstance(value, dt.date) else str(value).strip()[:10]
