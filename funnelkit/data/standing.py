"""How each record of the pipeline stood on a day: its state, amount, planned close and group.

Amounts, plans, owners and segments are those of that day where the source has their history
(:attr:`Leads.changes`), and as exported where it has not.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Literal

import ibis

from funnelkit._core import checks, display
from funnelkit._core.errors import DataError
from funnelkit.data import journeys
from funnelkit.data.definition import Funnel

if TYPE_CHECKING:
    from funnelkit.data.records import Leads

State = Literal["before", "open", "won", "lost"]
AMOUNT, CLOSE, OWNER = "amount", "close_date", "owner"
_CLOSE_NAMES = re.compile(r"(planned|expected|estimated)?close(date)?|closingdate")
_EXACT, _CENT = Context(prec=60), Decimal("0.01")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?=$|[T ])", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How one record stood at the end of a day.

    Parameters
    ----------
    state
        ``"before"``: it had not reached the pipeline; else open, won or lost.
    exit
        Name of the exit, where it is lost.
    amount
        Money, or ``None`` where not known.
    close
        Day on which it is planned to close; of a closed record without one, the day it closed.
    entered, closed
        Day of its first stage, and day on which it was won or lost, or ``None``.
    group
        Values of the segments that were asked for.
    """

    state: State
    exit: str | None
    amount: Decimal | None
    close: dt.date | None
    entered: dt.date | None
    closed: dt.date | None
    group: tuple[str | None, ...]


def close_column(funnel: Funnel, given: str | None) -> str | None:
    """Return the kept column with the planned close date: the one named, or known by its name.

    Raises
    ------
    ArgumentError
        If a name is given that the funnel does not keep; with the closest match.
    """
    if given is not None:
        return checks.member("close_date", "kept column", given, funnel.keep)
    named = [name for name in funnel.keep if is_close_name(name)]
    return named[0] if named else None


def is_close_name(name: str) -> bool:
    """Return whether a column's name says that it holds planned close dates.

    Examples
    --------
    >>> is_close_name("Close Date"), is_close_name("expected_close"), is_close_name("closed_by")
    (True, True, False)
    """
    return _CLOSE_NAMES.fullmatch(re.sub(r"[\W_]", "", name).lower()) is not None


def standings(
    leads: Leads, *, stage: str, by: Sequence[str] = (), close: str | None = None
) -> dict[str, Standing]:
    """Return each record that has a stage at all, by its id, as it stood at the leads' ``as_of``.

    Parameters
    ----------
    leads
        The data; their ``as_of`` is the day.
    stage
        Stage from which on a record is in the pipeline.
    by
        Segments, or the funnel's owner column.
    close
        Kept column with the planned close date.

    Raises
    ------
    DataError
        If planned close dates are not ISO days.
    """
    funnel, table = leads.funnel, leads.journeys
    k = funnel.stage("stage", stage)
    _, _, won = journeys.entry(table, funnel, len(funnel.stages) - 1)
    first = ibis.coalesce(*[table[f"date_{i}"] for i in range(len(funnel.stages))])
    closed = ibis.coalesce(ibis.ifelse(won, table[f"date_{len(funnel.stages) - 1}"], None),
                           table.exit_date)  # fmt: skip
    columns: dict[str, Any] = {
        "id": table.id,
        "reached": table[f"reached_{k}"],
        "won": won,
        "exit": table.exit,
        "first": first.cast("string"),
        "closed": closed.cast("string"),
        "amount": table.value.cast("string") if funnel.value else ibis.null("string"),
        "close": table[f"keep_{funnel.keep.index(close)}"] if close else ibis.null("string"),
    }
    columns |= {f"by_{i}": journeys.segment(table, funnel, name) for i, name in enumerate(by)}
    rows = table.select(**columns).to_pyarrow().to_pylist()
    earlier = earlier_values(leads)
    fields = {AMOUNT: "amount", CLOSE: "close"}
    fields |= {_field(funnel, name): f"by_{i}" for i, name in enumerate(by)}
    for row in rows:
        for field, value in earlier.get(row["id"], {}).items():
            if field in fields:
                row[fields[field]] = value
    _refuse_odd((row["close"] for row in rows), close)
    return {str(row["id"]): _standing(row, funnel, len(by)) for row in rows}


def _standing(row: Mapping[str, Any], funnel: Funnel, groups: int) -> Standing:
    state: State = "open"
    if not row["reached"]:
        state = "before"
    elif row["won"]:
        state = "won"
    elif row["exit"] is not None:
        state = "lost"
    planned = _day(row["close"])
    ended = _day(row["closed"]) if state in ("won", "lost") else None
    return Standing(
        state=state,
        exit=funnel.exits[row["exit"]] if state == "lost" else None,
        amount=_amount(row["amount"]),
        close=planned or ended,
        entered=_day(row["first"]),
        closed=ended,
        group=tuple(row[f"by_{i}"] for i in range(groups)),
    )


def _field(funnel: Funnel, name: str) -> str:
    """Return how a table of changes calls a column."""
    return OWNER if name == funnel.owner else name


def earlier_values(leads: Leads) -> dict[str, dict[str, str | None]]:
    """Return what each record's fields held at the leads' ``as_of``, where they changed later."""
    table = leads.rows.changes
    if table is None:
        return {}
    later = table.filter(table.day > ibis.literal(leads.as_of))
    later = later.select(
        "id", "field", "old", "new", day=later.day.cast("string"), at=later["at"].cast("string")
    )
    changes: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in later.to_pyarrow().to_pylist():
        changes.setdefault((str(row["id"]), str(row["field"])), []).append(row)
    found: dict[str, dict[str, str | None]] = {}
    for (name, field), rows in changes.items():
        before = _value_before(rows)
        if before:
            found.setdefault(name, {})[field] = before[0]
    return found


def _value_before(rows: Sequence[dict[str, Any]]) -> tuple[str | None, ...]:
    """Return the value before several changes, or nothing where they all lead back to it.

    Of changes at one moment the order is not known; their first value is the one that is left
    once as often as not arrived at.
    """
    moments: dict[tuple[str, str], list[dict[str, Any]]] = {}
    days = {row["day"]: True for row in rows}
    for row in rows:
        days[row["day"]] &= row["at"] is not None
    for row in rows:
        moments.setdefault((row["day"], row["at"] if days[row["day"]] else ""), []).append(row)
    for moment in sorted(moments):
        left = Counter(row["old"] for row in moments[moment])
        left.subtract(row["new"] for row in moments[moment])
        if first := [value for value, n in left.items() if n > 0]:
            return (first[0],)
    return ()


def _amount(text: str | None) -> Decimal | None:
    if text is None or not text.strip():
        return None
    try:
        number = _EXACT.create_decimal(text.strip())
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    cents = _EXACT.quantize(number, _CENT)
    return cents if cents == number else number


def _day(text: str | None) -> dt.date | None:
    if text is None or not _ISO.match(text.strip()):
        return None
    try:
        return dt.date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def _refuse_odd(texts: Iterable[str | None], column: str | None) -> None:
    filled = [text for text in texts if text is not None and text.strip()]
    odd = [text for text in filled if _day(text) is None]
    if odd:
        shown = ", ".join(repr(text[:30]) for text in dict.fromkeys(odd[:3]))
        raise DataError(
            f"`{column}`: {display.count(len(odd))} of "
            f"{display.plural(len(filled), 'planned close date')} are not ISO days, such as "
            f"{shown}. Export them as 2026-10-31."
        )
