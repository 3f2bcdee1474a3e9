"""One scan that answers what reading asks first of texts, of days and of ids.

Are there blanks around the texts, what do the days hold, have ids lost digits? Each question has
its own room (:mod:`sources`, :mod:`parsing`, :mod:`refusals`) and can be asked alone. Asked
together they decode each column once, which is most of what they cost.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import ibis

from funnelkit.data import engines, parsing, refusals, sources


def looked_over(
    source: sources.Source,
    *,
    texts: Collection[str | None] = (),
    dates: Collection[str | None] = (),
    ids: str | None = None,
    few: str | None = None,
) -> sources.Source:
    """Return the source with what one scan says of some of its columns.

    Parameters
    ----------
    source
        Raw rows. On an engine where a scan for a shortcut is dear, it comes back as it is.
    texts
        Columns that are read as text: are there blanks around them?
    dates
        Columns that are read as days: what do they hold?
    ids
        The column of ids: has a spreadsheet turned some into powers of ten?
    few
        A text of few different values, such as a stage: is one of these untidy?
    """
    table = source.table
    if not engines.engine_of(table).quick_looks:
        return source
    strings = [name for name in table.columns if table[name].type().is_string()]
    open_texts = {*texts} - source.tidy - {few}
    asked: dict[tuple[str, str], dict[str, Any]] = {
        ("text", name): {"untidy": _untidy(table[name]).sum()}
        for name in strings
        if name in open_texts
    }
    days = [name for name in table.columns if name in dates]
    asked |= {("day", name): parsing.first_counts(table[name]) for name in days}
    if ids is not None and ids in table.columns:
        damaged = {"damaged": refusals.is_damaged(table[ids]).sum()} if ids in strings else {}
        asked["id", ids] = damaged
    for (kind, name), named in asked.items():
        if kind != "text":
            named["blank"] = table.count() - table[name].count()
    seen = parsing.counted(table, asked)
    tidy = {name for kind, name in seen if kind == "text" and not seen[kind, name]["untidy"]}
    if few is not None and few in strings:
        values = table.select(value=table[few]).distinct()
        found = parsing.counted(values, {few: {"untidy": _untidy(values.value).sum()}})
        tidy |= set() if found[few]["untidy"] else {few}
    return replace(source, tidy=source.tidy | tidy, seen=seen)


def _untidy(text: Any) -> Any:
    """Return whether a text is blank, or has a blank or control character at an end."""
    return (text < "!") | (engines.last_character(text) <= " ")


def without_id(source: sources.Source, column: str) -> Any:
    """Return whether a row lacks an id: never, where the look found one in each."""
    plain = column in source.tidy or not source.table[column].type().is_string()
    full = plain and source.seen.get(("id", column), {}).get("blank") == 0
    return ibis.literal(False) if full else source.text(column).isnull()


def without_day(source: sources.Source, column: str, day: parsing.DayColumn | None) -> Any:
    """Return whether a row lacks a day: never, where the look found one in each.

    Nor where the column cannot be read at all, which is told elsewhere.
    """
    seen = source.seen.get(("day", column), {})
    full = seen.get("blank") == 0 and seen.get("iso") == seen.get("text")
    return ibis.literal(False) if full or day is None else day.days.isnull()
