"""What makes a source unusable: ids that lost digits, statuses that name no stage."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit._core import display
from funnelkit._core.errors import did_you_mean, unknown
from funnelkit.data import engines
from funnelkit.data.columns import shown
from funnelkit.data.definition import Funnel
from funnelkit.data.parsing import cleaned
from funnelkit.data.sources import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir

_SPREADSHEET_ID = r"^\d([.,]\d+)?[eE]\+\d+$"


def of_formats(given: Collection[str], dates: Collection[str | None]) -> list[str]:
    """Return what is wrong with columns that `date_format` names."""
    known = sorted(column for column in dates if column is not None)
    return [
        f"`date_format`: {unknown('date column', column, known)}"
        for column in given
        if column != "*" and column not in known
    ]


def of_statuses(source: Source, funnel: Funnel, kept: Any) -> list[str]:
    """Return what is wrong with statuses, among the rows that are kept."""
    text = source.text(str(funnel.status))
    table = source.table.filter(kept)
    counted = table.aggregate(by=[text.name("text")], n=lambda t: t.count()).execute()
    known = {value.strip().lower() for step in funnel.steps for value in funnel.statuses_of(step)}
    problems = []
    blank = int(counted.loc[counted["text"].isna(), "n"].sum())
    if blank:
        problems.append(
            f"`{funnel.status}` in `{source.name}` is blank in {display.plural(blank, 'row')}; a "
            "record without a status has no stage. Fill it, or keep only the others with `where`."
        )
    odd = counted[counted["text"].notna() & ~counted["text"].str.lower().isin(known)]
    if len(odd):
        values = sorted(odd["text"])
        problems.append(
            f"`{funnel.status}` in `{source.name}` holds {display.plural(len(values), 'value')} in "
            f"{display.plural(int(odd['n'].sum()), 'row')} that name no stage or exit: "
            f'{shown(values)}. Map them with status_values={{"stage": ["its value"]}}, or leave '
            f"them out with `exclude`.{did_you_mean(values[0], known)}"
        )
    return problems


def of_ids(source: Source, name: str) -> list[str]:
    """Return what is wrong with ids that lost digits on their way."""
    column = source.table[name]
    if column.type().is_floating():
        problem = (
            f"id column `{name}` in `{source.name}` holds {column.type()}; long ids lose digits in "
            f'floating numbers. Read it as text, in pandas with dtype={{"{name}": "string"}}.'
        )
        return [problem]
    if column.type().is_integer():
        return []
    damaged = is_damaged(column)
    seen = source.seen.get(("id", name), {})
    count = seen["damaged"] if seen else engines.whole(damaged.sum().execute())
    if not count:
        return []
    table = source.table.select(text=source.text(name), damaged=damaged)
    table = table.filter(table.damaged).distinct().order_by("text").limit(3)
    examples = list(table.execute()["text"])
    problem = (
        f"id column `{name}` in `{source.name}`: {_ids(count)} turned into powers of ten by a "
        f"spreadsheet, such as {shown(examples)}; their digits are lost. Export again with the "
        "column formatted as text."
    )
    return [problem]


def is_damaged(text: ir.StringColumn) -> ir.BooleanColumn:
    """Return whether a spreadsheet turned an id into a power of ten."""
    return ibis.ifelse(text.contains("+"), cleaned(text).re_search(_SPREADSHEET_ID), False)


def _ids(count: int) -> str:
    return "1 id was" if count == 1 else f"{count:,} ids were"
