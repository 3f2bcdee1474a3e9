"""What the values of `StageName` and `Status` mean: open, won, lost, converted, disqualified."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit.data.columns import shown
from funnelkit.data.salesforce.dialect import reduced

if TYPE_CHECKING:
    import ibis.expr.types as ir

_WON = r"^(closed)?won$|^closewon$"
_LOST = r"^(closed)?lost$|^closelost$|closedlost|^lost"
_DISQUALIFIED = (
    r"(un|dis|not)qualified|notconverted|^junk|^spam|^rejected|^dead$|notinterested|^bad(lead|data)"
)
_CONVERTED = r"^(closed)?converted$|^converted"
_ENTRY = frozenset({"new", "open", "opennotcontacted", "notcontacted"})


@dataclass(frozen=True, kw_only=True)
class StageNames:
    """Values of `StageName`, those of the history included.

    Parameters
    ----------
    open, won, lost
        Names, sorted.
    flagged
        Whether `IsWon` and `IsClosed` say so, not the names alone.
    notes
        What was decided.
    """

    open: tuple[str, ...]
    won: tuple[str, ...]
    lost: tuple[str, ...]
    flagged: bool
    notes: tuple[str, ...] = ()

    @property
    def every(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.open, *self.won, *self.lost)


@dataclass(frozen=True, kw_only=True)
class StatusNames:
    """Values of a lead's `Status`, those of the history included.

    Parameters
    ----------
    entry
        Those that say no more than that it is a lead.
    open
        Those in between.
    converted, disqualified
        Those of converted leads, and of leads that were given up.
    """

    entry: tuple[str, ...]
    open: tuple[str, ...]
    converted: tuple[str, ...]
    disqualified: tuple[str, ...]

    @property
    def every(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.entry, *self.open, *self.converted, *self.disqualified)


def stage_names(table: ir.Table, *, flags: bool, historic: Iterable[str]) -> StageNames:
    """Return what each stage of the opportunities means.

    Parameters
    ----------
    table
        Opportunities, with `StageName`, and `IsWon`, `IsClosed` where ``flags``.
    flags
        Whether the flags are there.
    historic
        Names that stand in a history.
    """
    counted = _by_name(table, "StageName", ("IsWon", "IsClosed") if flags else ())
    won, lost, still = set(), set(), set()
    told = flags and any(n_won or n_closed for _, _, n_won, n_closed in counted)
    for name, rows, n_won, n_closed in counted:
        if not told:
            break
        if 2 * n_won > rows:
            won.add(name)
        elif 2 * n_closed > rows:
            lost.add(name)
        else:
            still.add(name)
    for name in {*(name for name, *_ in counted), *historic} - won - lost - still:
        kind = won if _is(name, _WON) else lost if _is(name, _LOST) else still
        kind.add(name)
    notes = []
    if not told and won | lost:
        why = "is 1 or true nowhere" if flags else "does not stand beside `IsClosed`"
        notes.append(
            f"`IsWon` {why}; that {shown(sorted(won | lost))} closes an opportunity was taken from "
            "the name."
        )
    return StageNames(
        open=tuple(sorted(still)),
        won=tuple(sorted(won)),
        lost=tuple(sorted(lost)),
        flagged=told,
        notes=tuple(notes),
    )


def status_names(table: ir.Table, *, flags: bool, historic: Iterable[str]) -> StatusNames:
    """Return what each status of the leads means."""
    counted = _by_name(table, "Status", ("IsConverted",) if flags else ())
    rows = {name: (n, converted) for name, n, converted, _ in counted}
    kinds: dict[str, list[str]] = {"entry": [], "open": [], "converted": [], "disqualified": []}
    for name in sorted({*rows, *historic}):
        n, done = rows.get(name, (0, 0))
        if _is(name, _DISQUALIFIED) and not done:
            kinds["disqualified"].append(name)
        elif (n and n == done) or _is(name, _CONVERTED):
            kinds["converted"].append(name)
        else:
            kinds["entry" if reduced(name) in _ENTRY else "open"].append(name)
    return StatusNames(**{kind: tuple(names) for kind, names in kinds.items()})


def _by_name(table: ir.Table, column: str, flags: Sequence[str]) -> list[tuple[str, int, int, int]]:
    """Return name, rows, and rows in which each flag is set."""
    sums: dict[str, Any] = {
        f"n_{number}": table[flags[number]].sum() if number < len(flags) else ibis.literal(0)
        for number in range(2)
    }
    named = table.filter(table[column].notnull())
    counted = named.aggregate(by=[named[column].name("name")], n=named.count(), **sums).execute()
    return sorted(
        (str(name), int(n), int(one or 0), int(other or 0))
        for name, n, one, other in counted.itertuples(index=False)
    )


def _is(name: str, pattern: str) -> bool:
    return re.search(pattern, reduced(name)) is not None
