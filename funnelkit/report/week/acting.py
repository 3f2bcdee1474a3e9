"""What was done in a period: activities by kind and by person, and when each deal was touched."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit.data.ledgers import as_ledger
from funnelkit.metrics.people.pseudonyms import shown_names
from funnelkit.report.page.facts import Missing
from funnelkit.report.week.facts import Activities, Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from funnelkit.data.ledgers import Ledger

NEEDED = (
    "It needs a table of what was done: name it under `tables` in funnel.yml as "
    "`activities: {path: activities.csv, columns: {at: …, kind: …, rep: …, record: …}}`; `at` and "
    "`kind` are enough to count, `rep` tells who, and `record` (the id of the lead or deal) which "
    "deals nobody has touched."
)


def activities_view(
    tables: Mapping[str, Ledger], span: Span, *, whole: bool = True
) -> Activities | Missing:
    """Return what was done in the period and in as many days before it.

    Parameters
    ----------
    tables
        Kind -> table beside the leads.
    span
        The period; a day is set beside the same weekday of the week before.
    whole
        Whether the page is of all leads, as activities are.
    """
    import pandas as pd

    if not whole:
        return Missing("Activities are of all leads, and this page is of some of them.")
    if "activities" not in tables:
        return Missing(NEEDED)
    rows = as_ledger("activities", tables["activities"], argument="activities").frame
    at = rows["at"]
    wall = at.dt.tz_localize(None) if at.dt.tz is not None else at
    days = pd.DatetimeIndex(wall).normalize()
    known = days <= pd.Timestamp(span.until)
    rows, days = rows[known].reset_index(drop=True), days[known]
    if not len(rows):
        return Missing(f"There is no activity up to {span.until.isoformat()}.")
    start = pd.Timestamp(span.first_day)
    before = start - pd.Timedelta(days=7)
    inside = days >= start
    earlier = (days >= before) & (days < before + pd.Timedelta(days=span.length))
    return Activities(
        kinds=_counted(rows["kind"], earlier, inside),
        people=_people(rows, earlier, inside),
        last=_last(rows, days),
        known_from=days.min().date(),
        overdue=_overdue(rows, span.until),
        note=_note(days, span),
    )


def _counted(names: Any, earlier: Any, inside: Any) -> dict[str, tuple[int, int]]:
    """Return name -> counts in the period before and in this one, the most frequent first."""
    shown = names.map(lambda name: display.segment_name([name]))
    now, before = shown[inside].value_counts(), shown[earlier].value_counts()
    every = {*now.index, *before.index}
    found = {str(name): (int(before.get(name, 0)), int(now.get(name, 0))) for name in every}
    return dict(sorted(found.items(), key=lambda one: (-one[1][1], -one[1][0], one[0])))


def _people(rows: pd.DataFrame, earlier: Any, inside: Any) -> dict[str, tuple[int, int]]:
    """Return who did how much; names that are mail addresses are replaced by pseudonyms."""
    if "rep" not in rows.columns:
        return {}
    named = rows["rep"].notna()
    texts = rows["rep"].where(named, None)
    shown, _ = shown_names([str(one) for one in texts[named]], pseudonyms=None)
    words = texts.map(lambda one: None if one is None else shown[str(one)])
    return _counted(words[named], earlier[named.to_numpy()], inside[named.to_numpy()])


def _last(rows: pd.DataFrame, days: Any) -> dict[str, dt.date] | None:
    """Return the day of the last activity of each record; ``None`` where none is named."""
    if "record" not in rows.columns or not rows["record"].notna().any():
        return None
    latest = days.to_series(index=rows.index).groupby(rows["record"]).max()
    return {str(name): day.date() for name, day in latest.items()}


def _overdue(rows: pd.DataFrame, until: dt.date) -> int | None:
    """Return how many tasks are past their day and not done; ``None`` where not told."""
    import pandas as pd

    if not {"due", "done"} <= set(rows.columns):
        return None
    end = pd.Timestamp(until)
    late = (rows["due"] < end) & ~(rows["done"] <= end)
    return int(late.sum())


def _note(days: Any, span: Span) -> str:
    """Return that the table ends before the period does, where it does."""
    last = days.max().date()
    if last >= span.first_day:
        return ""
    return f"The last activity is of {last.isoformat()}, before this page begins."
