"""`where` and `exclude`: which rows are kept, and which go with them in joined files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import ibis

from funnelkit._core import display
from funnelkit._core.errors import did_you_mean
from funnelkit.data import engines
from funnelkit.data.columns import ReadingRules, shown
from funnelkit.data.sources import Source

_MOST = 1000


def kept_by(source: Source, rules: ReadingRules) -> Any:
    """Return whether each row of a source is kept, by the columns that it has itself."""
    keep: Any = ibis.literal(True)
    for column, values in rules.where.items():
        if column in source.columns:
            keep &= _is_one_of(source, column, values)
    for column, values in rules.exclude.items():
        if column in source.columns:
            keep &= ~_is_one_of(source, column, values)
    return keep


def kept_together(sources: Sequence[Source], id_column: str, rules: ReadingRules) -> list[Any]:
    """Return for each source whether its rows are kept.

    A row of a joined file goes with its record: it is left out where the record's rows in the
    first file are.
    """
    first, *others = sources
    keeps = [kept_by(source, rules) for source in sources]
    if not {*rules.where, *rules.exclude} & set(first.columns):
        return keeps
    rows = first.table.select(id=first.text(id_column), kept=keeps[0])
    ids = rows.filter(rows.id.notnull()).group_by("id").aggregate(kept=rows.kept.any())
    gone = ids.filter(~ids.kept)
    for number, source in enumerate(others, 1):
        known = source.text(id_column)
        keeps[number] &= ~known.isin(gone.id).fill_null(False)
    return keeps


def unused(
    sources: Sequence[Source], rules: ReadingRules, personal: Collection[str]
) -> tuple[list[str], list[str]]:
    """Return a note for values of `exclude`, and a problem for those of `where`, on no row.

    What stands in a personal column is not said.
    """
    notes, problems = [], []
    for column, given in rules.exclude.items():
        if missing := _missing(sources, column, given):
            values = display.plural(len(missing), "value") if column in personal else shown(missing)
            notes.append(f"`exclude`: no row has {values} in `{column}`.")
    for column, given in rules.where.items():
        missing = _missing(sources, column, given)
        if len(missing) < len(_values(given)):
            continue
        if column in personal:
            problems.append(f"`where`: no row has any of the values given for `{column}`.")
            continue
        found = _found(sources, column)
        problems.append(
            f"`where`: no row has {shown(missing)} in `{column}`; it holds {shown(found)}."
            f"{did_you_mean(missing[0], found)}"
        )
    return notes, problems


def _missing(sources: Sequence[Source], column: str, given: object) -> list[str]:
    values = _values(given)
    seen: set[str] = set()
    for source in sources:
        if column in source.columns:
            text = _text(source, column)
            counts = source.table.aggregate(
                **{f"n{i}": engines.is_one_of(text, [one]).sum() for i, one in enumerate(values)}
            ).execute()
            seen |= {value for i, value in enumerate(values) if (counts[f"n{i}"].iloc[0] or 0) > 0}
    return [value for value in values if value not in seen]


def _found(sources: Sequence[Source], column: str) -> list[str]:
    found: set[str] = set()
    for source in sources:
        if column in source.columns:
            texts = source.table.select(text=source.text(column)).distinct()
            found |= set(texts.order_by("text").limit(_MOST).execute()["text"].dropna())
    return sorted(found)


def _is_one_of(source: Source, column: str, values: object) -> Any:
    return engines.is_one_of(_text(source, column), _values(values))


def _text(source: Source, column: str) -> Any:
    """Return a column as text; a blank is the empty text, and so can be named."""
    return source.text(column).fill_null("")


def _values(given: object) -> list[str]:
    several = list(given) if isinstance(given, Iterable) and not _is_single(given) else [given]
    return ["" if value is None else str(value).strip() for value in several]


def _is_single(given: object) -> bool:
    return isinstance(given, (str, Mapping))
