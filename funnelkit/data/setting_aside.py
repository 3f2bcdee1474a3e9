"""Which rows of a source are set aside and why, and those that are left."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit.data import engines
from funnelkit.data.sources import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir

UNREADABLE_ROW = "does not fit the header"
HEADER_AGAIN = "repeats the header"
NO_ID = "no id"
FILTERED = "left out by `where` or `exclude`"
OTHER_STAGE = "stage not in the funnel"
NO_TIME = "event without a time"


def is_other(stage: Any, named: Collection[str]) -> Any:
    """Return whether a stage is another than those named, or none."""
    return ~stage.isin([*named]).fill_null(False)


def tallied(
    source: Source,
    tests: Mapping[str, Any],
    *,
    stage: Any = None,
    named: Collection[str] = (),
) -> tuple[set[str], dict[str, int]]:
    """Return the stages that are there, and how many rows are set aside for each first reason.

    Parameters
    ----------
    source
        Raw rows.
    tests
        For each reason, in order, whether it sets a row aside; what is no column never does.
        :data:`OTHER_STAGE` is asked of each stage, not of each row.
    stage
        The column of stages, if there is one.
    named
        What stages may be called.
    """
    own = {reason: f"test_{i}" for i, reason in enumerate(tests)}
    asked: dict[str, Any] = {} if stage is None else {"stage": stage}
    for reason, test in tests.items():
        if isinstance(test, ibis.Column) and reason != OTHER_STAGE:
            asked[own[reason]] = test
    present: set[str] = set()
    tally: dict[str, int] = {}
    if asked:
        table = engines.select(source.table, asked)
        table = table.group_by(table.columns).aggregate(n=table.count())
        if stage is not None:
            table = table.mutate(is_other(table.stage, named).name(own[OTHER_STAGE]))
        for row in table.execute().to_dict("records"):
            first = next((reason for reason, name in own.items() if row.get(name)), None)
            if first is not None:
                tally[first] = tally.get(first, 0) + int(row["n"])
            if isinstance(row.get("stage"), str):
                present.add(row["stage"])
    tally = {reason: tally[reason] for reason in tests if reason in tally}
    return present, tally | while_opening(source)


def while_opening(source: Source) -> dict[str, int]:
    """Return how many rows were set aside while a source was opened, for each reason."""
    found = {UNREADABLE_ROW: source.misfits[0], HEADER_AGAIN: source.headers, **source.aside}
    return {reason: n for reason, n in found.items() if n}


def usable(
    source: Source, columns: dict[str, Any], tests: Mapping[str, Any], reasons: Collection[str]
) -> ir.Table:
    """Return the rows that no reason sets aside."""
    table = source.table
    for name in tests:
        if name in reasons:
            table = table.filter(~tests[name])
    return engines.select(table, columns)
