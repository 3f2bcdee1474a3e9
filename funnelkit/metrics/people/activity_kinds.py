"""Activities up to a day: which of them count as a call, an email, a meeting or a task."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.data.ledgers import as_ledger
from funnelkit.metrics.plain import tidy

if TYPE_CHECKING:
    import pandas as pd

Bools = NDArray[np.bool_]
KINDS: Mapping[str, tuple[str, ...]] = {
    "calls": ("call", "calls", "phone call", "outbound call", "inbound call"),
    "emails": ("email", "emails", "e mail", "mail", "outgoing email", "email sent"),
    "meetings": ("meeting", "meetings", "event", "demo", "appointment", "visit"),
    "proposals": ("proposal", "proposals", "quote", "offer", "proposal sent"),
    "tasks": ("task", "tasks", "to do", "todo"),
}
"""What is counted, and the names of kinds that count as it, written small and without signs."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """Activities up to a day.

    Parameters
    ----------
    rows
        One each, with the columns of the ledger.
    days
        Their days.
    of
        Figure -> which of them count as it.
    kinds
        Names of all kinds, as written.
    first, last
        Day of the first one, and last complete day.
    notes
        What was left out.
    """

    rows: pd.DataFrame
    days: pd.DatetimeIndex
    of: Mapping[str, Bools]
    kinds: tuple[str, ...]
    first: dt.date
    last: dt.date
    notes: tuple[str, ...]


def done_until(activities: Any, kinds: Any, as_of: dt.date | str | None) -> Done:
    """Return the activities up to a day.

    Raises
    ------
    ArgumentError
        For a figure or kind that is none.
    EvidenceError
        If there are none.
    """
    import pandas as pd

    rows = as_ledger("activities", activities, argument="activities").frame
    at = rows["at"]
    wall = at.dt.tz_localize(None) if at.dt.tz is not None else at
    days = pd.DatetimeIndex(wall).normalize()
    words = rows["kind"].map(tidy)
    names = _names(kinds, set(words))
    if not len(rows):
        raise EvidenceError("`activities` holds no activity; there is nothing to count.")
    day = days.max().date() if as_of is None else checks.day("as_of", as_of)
    keep = np.asarray(days <= pd.Timestamp(day))
    if not keep.any():
        raise EvidenceError(
            f"no activity up to {day.isoformat()}, the last complete day; the first is of "
            f"{days.min().date().isoformat()}."
        )
    words, kept = words[keep], rows[keep].reset_index(drop=True)
    of = {name: words.isin(own).to_numpy(dtype=bool) for name, own in names.items()}
    known = {word for own in names.values() for word in own}
    counted = rows["kind"][keep].map(display.one_line)[~words.isin(known).to_numpy(dtype=bool)]
    other = [f"{name} {display.count(n)}" for name, n in counted.value_counts().items()][:8]
    notes = [f"Kinds that count as nothing: {display.listed(other)}."] if other else []
    if late := int((~keep).sum()):
        many = display.plural(late, "activity", "activities")
        notes.append(f"{many} after {day.isoformat()} not counted.")
    return Done(
        rows=kept,
        days=days[keep],
        of=of,
        kinds=tuple(sorted(set(rows["kind"]))),
        first=days[keep].min().date(),
        last=day,
        notes=tuple(notes),
    )


def _names(kinds: Any, there: set[str]) -> dict[str, set[str]]:
    """Return the kinds that count as each figure.

    Raises
    ------
    ArgumentError
        For a figure that is none, or a kind that no activity is of.
    """
    if kinds is not None and not isinstance(kinds, Mapping):
        raise ArgumentError(
            f'`kinds` must map figures to kinds, such as {{"calls": ["Dial"]}}; got {kinds!r}.'
        )
    found = {name: set(own) for name, own in KINDS.items()}
    for name, given in (kinds or {}).items():
        checks.member("kinds", "figure", name, KINDS)
        own = {tidy(one) for one in ((given,) if isinstance(given, str) else given)}
        for odd in sorted(own - there):
            checks.member("kinds", "kind of activity", odd, sorted(there))
        found = {other: words - own for other, words in found.items()}
        found[name] = own
    return found


def flag(rows: pd.DataFrame, name: str, of: Bools) -> tuple[Bools, Bools, str]:
    """Return where a flag is set, where it is told at all, and what was made of blanks."""
    if name not in rows.columns:
        none = np.zeros(len(rows), dtype=bool)
        return none, none, ""
    values = rows[name]
    yes = values.fillna(False).to_numpy(dtype=bool)
    told = of & values.notna().to_numpy(dtype=bool)
    blank = int((of & ~told).sum())
    if told.any() and not (told & ~yes).any() and blank:
        return (
            yes,
            of,
            f"`{name}` never says no: its {display.count(blank)} blanks are taken as no.",
        )
    note = f"{display.count(blank)} that do not say whether are left out." if blank else ""
    return yes, told, note if told.any() else ""


def texts(values: pd.Series[Any]) -> list[str | None]:
    """Return names without surrounding space, blank ones as ``None``."""
    return [None if v is None or v != v else str(v).strip() for v in values.tolist()]  # noqa: PLR0124
