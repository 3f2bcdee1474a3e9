"""Twenty-one records written by hand, and the triangles that they must give, written by hand.

Times are instants. New York leaves summer time at 06:00 UTC on 4 November 2018 and enters it at
07:00 UTC on 10 March 2019. São Paulo enters summer time at 03:00 UTC on 4 November 2018 (that day
begins at 01:00) and leaves it at 02:00 UTC on 17 February 2019 (the last hour of the 16th comes
twice). Where one clock shows the next day the other often does not.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa

import funnelkit as fk

STAGES, EXITS = ("lead", "mql", "opp", "won"), ("lost",)
AS_OF = "2019-03-31"

# id -> source, account, amount; and what it entered, in the order in which it is recorded
RECORDS: dict[str | None, tuple[str | None, str | None, str | None, list[str]]] = {
    "r01 in order": ("web", "A", "0.10", ["lead 2018-11-01 12:00", "mql 2018-11-02 12:00",
        "opp 2018-11-10 12:00", "won 2018-11-21 12:00"]),
    "r02 skipped; New York's long day": ("web", "A", "0.20",
        ["lead 2018-11-04 03:59", "won 2018-11-05 05:00"]),
    "r03 São Paulo's day without midnight": (None, "B", "1234567.89",
        ["lead 2018-11-04 02:59", "lost 2018-11-04 03:00"]),
    "r04 São Paulo's hour that comes twice": ("web", "B", "0.30",
        ["lead 2019-02-17 01:59", "won 2019-02-17 02:30"]),
    "r05 the minute before midnight": ("web", "B", "10",
        ["lead 2019-02-17 02:59", "mql 2019-02-17 03:00", "won 2019-02-18 05:00"]),
    "r06 New York's short day": (None, None, None,
        ["lead 2019-03-10 04:59", "lost 2019-03-11 04:00"]),
    "r07 re-entered": ("web", "C", "99.99", ["lead 2018-12-03 15:00", "mql 2018-12-05 15:00",
        "lead 2018-12-19 15:00", "mql 2018-12-20 15:00", "opp 2018-12-22 15:00",
        "won 2019-01-12 15:00"]),
    "r08 out of order": ("web", "C", "0",
        ["lead 2018-12-10 15:00", "mql 2018-12-08 15:00", "won 2018-12-30 15:00"]),
    "r09 won before it was a lead": ("web", None, "5.50",
        ["lead 2018-12-12 15:00", "won 2018-12-11 15:00"]),
    "r10 twice in the export": ("web", "D", "7",
        ["lead 2018-12-15 15:00", "lost 2019-01-04 15:00"] * 2),
    "r11 all at once": ("Zed", "D", "100.10", ["lead 2019-01-05 15:00", "mql 2019-01-05 15:00",
        "opp 2019-01-05 15:00", "won 2019-01-05 15:00"]),
    "r12 won and lost at once": ("Zed", "D", "0.01",
        ["lead 2019-01-08 15:00", "won 2019-02-01 15:00", "lost 2019-02-01 15:00"]),
    "r13 won in the future": ("web", "E", "1",
        ["lead 2019-03-20 15:00", "won 2019-04-02 15:00"]),
    "r14 tomorrow in São Paulo": ("web", "E", None, ["lead 2019-04-01 03:30"]),
    "r15 never a lead": ("web", "E", "2.02", ["mql 2019-01-10 15:00", "won 2019-01-20 15:00"]),
    "r16 open": (None, "", None, ["lead 2019-02-01 15:00"]),
    "r17 won, then lost": ("web", "F", "3",
        ["lead 2019-01-02 15:00", "won 2019-01-15 15:00", "lost 2019-01-25 15:00"]),
    "r18 lost, then found": ("web", "F", "4",
        ["lead 2018-11-12 15:00", "lost 2018-11-20 15:00", "mql 2018-11-25 15:00"]),
    "r19 November in New York": ("web", "F", None, ["lead 2018-12-01 04:30"]),
    "r20 wholly in the future": ("web", "G", "8", ["lead 2019-04-05 15:00"]),
    None: ("web", "G", "8", ["lead 2019-01-01 15:00"]),
}  # fmt: skip
# A second row of r11, on the same day: the smaller text counts, and "Z" comes before "a"
TIE = ("r11 all at once", "ads", "D2", "200.20")

# Of each lead: its source, the month of its entry, its age, what came of it, whether undated
_BOTH = """\
r01 web 2018-11  20 won
r04 web 2019-02   0 won
r05 web 2019-02   2 won
r07 web 2018-12  40 won
r08 web 2018-12  20 won
r09 web 2018-12   0 won undated
r10 web 2018-12  20 lost
r11 Zed 2019-01   0 won
r12 Zed 2019-01  24 won
r13 web 2019-03  11 open
r16 -   2019-02  58 open
r17 web 2019-01  23 lost
r18 web 2018-11 139 open
"""
EXPECTED = {
    "America/New_York": _BOTH
    + """\
r02 web 2018-11   2 won
r03 -   2018-11   0 lost
r06 -   2019-03   2 lost
r14 web 2019-03   0 open
r19 web 2018-11 121 open
""",
    "America/Sao_Paulo": _BOTH
    + """\
r02 web 2018-11   1 won
r03 -   2018-11   1 lost
r06 -   2019-03   1 lost
r19 web 2018-12 120 open
""",
}


def funnel(zone: str) -> Any:
    return fk.Funnel(
        list(STAGES),
        exits=list(EXITS),
        id="id",
        value="amount",
        account="account",
        segments=["source"],
        timezone=zone,
    )


def expected(zone: str) -> dict[tuple[str | None, str, int, str, bool], int]:
    """Return how many leads are in each cell."""
    cells: dict[Any, int] = {}
    for line in EXPECTED[zone].splitlines():
        _, source, cohort, age, outcome, *undated = line.split()
        key = (
            None if source == "-" else source,
            cohort,
            int(age),
            "" if outcome == "open" else outcome,
            bool(undated),
        )
        cells[key] = cells.get(key, 0) + 1
    return cells


def _instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def _rows() -> list[tuple[Any, ...]]:
    """Return id, source, account, amount, and the day and time of each event."""
    rows = [
        (name, source, account, amount, [tuple(event.split(" ", 1)) for event in events])
        for name, (source, account, amount, events) in RECORDS.items()
    ]
    name, *attributes = TIE
    return [*rows, (name, *attributes, rows[list(RECORDS).index(name)][-1])]


_ATTRIBUTES = [
    ("id", pa.string()),
    ("source", pa.string()),
    ("account", pa.string()),
    ("amount", pa.decimal128(12, 2)),
]
_TIME = pa.timestamp("us", "UTC")


def log() -> pa.Table:
    """Return one row per event."""
    found = [
        (name, source, account, amount and Decimal(amount), stage, _instant(time))
        for name, source, account, amount, events in _rows()
        for stage, time in events
    ]
    return _table(found, [*_ATTRIBUTES, ("stage", pa.string()), ("at", _TIME)])


def wide() -> pa.Table:
    """Return one row per record, and a further one for each return to a stage."""
    found = []
    for name, source, account, amount, events in _rows():
        times = {step: [t for s, t in events if s == step] for step in (*STAGES, *EXITS)}
        for turn in range(max(len(each) for each in times.values())):
            days = [_instant(each[turn]) if turn < len(each) else None for each in times.values()]
            found.append((name, source, account, amount and Decimal(amount), *days))
    return _table(found, [*_ATTRIBUTES, *((step, _TIME) for step in (*STAGES, *EXITS))])


def _table(rows: list[tuple[Any, ...]], fields: list[tuple[str, Any]]) -> pa.Table:
    columns = zip(*rows, strict=True)
    return pa.table(
        [pa.array(list(column), kind) for column, (_, kind) in zip(columns, fields, strict=True)],
        names=[name for name, _ in fields],
    )
