"""`look_up`: columns of a list joined by a name, and what the join would have lost."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, DataError, did_you_mean
from funnelkit._core.result import Result
from funnelkit.data import engines, journeys
from funnelkit.data.definition import Funnel
from funnelkit.data.lists import read_list
from funnelkit.data.records import Leads
from funnelkit.data.rules.names import name_key
from funnelkit.data.rules.reading import is_mail
from funnelkit.data.subsets import over

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 5
_MAIL = "(a mail address)"
_COLUMNS = ("name", "closest", "records", "won", "won_value")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Lookup(Result):
    """Leads with the columns of a list, and the names that the list does not have.

    Parameters
    ----------
    leads
        The leads, with the new columns as segments; blank where the list does not have the name.
    on
        The segment, or owner, by whose name the list was joined.
    columns
        The new segments.
    records
        Records that are kept.
    blank
        Records without a name.
    unmatched
        One row per name that the list does not have, those with the most records first: ``name``,
        ``closest`` (a name of the list that it seems to mean, or blank), ``records``, ``won`` and
        ``won_value`` (an exact ``Decimal``; blank where no amount is known).
    unused
        Names of the list that no record has.
    """

    leads: Leads
    on: str
    columns: tuple[str, ...]
    records: int
    blank: int
    unmatched: pd.DataFrame
    unused: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return the names that the list does not have; see ``unmatched``."""
        return self.unmatched.copy()

    def summary(self) -> str:
        """Return how many records the list does not know, what they carry, and close names."""
        lost = self.unmatched
        n = int(lost["records"].sum())
        known = self.records - n - self.blank
        text = (
            f"{display.count(known)} of {display.plural(self.records, 'record')} have a "
            f"`{self.on}` that the list has."
        )
        if n:
            money = sum((one for one in lost["won_value"] if one is not None), Decimal(0))
            worth = f", worth {float(money):,.0f}" if money else ""
            text += (
                f" {display.count(n)} have one that it does not have "
                f"({display.plural(len(lost), 'name')}), {display.count(lost['won'].sum())} of "
                f"them won{worth}: {self._examples()}."
            )
        if self.blank:
            text += f" In {display.count(self.blank)} it is blank."
        if self.unused:
            names = [display.one_line(one) for one in self.unused if not is_mail(one)][:_SHOWN]
            shown = f": {', '.join(names)}" if names else ""
            more = f" and {len(self.unused) - len(names)} more" if shown else ""
            text += (
                f" {display.count(len(self.unused))} of the list have no record{shown}"
                f"{more if len(self.unused) > len(names) else ''}."
            )
        return text

    def _examples(self) -> str:
        rows = self.unmatched.head(_SHOWN)
        named = [
            display.one_line(name) + (f" (for {display.one_line(near)}?)" if near else "")
            for name, near in zip(rows["name"], rows["closest"], strict=True)
        ]
        more = len(self.unmatched) - len(named)
        return ", ".join(named) + (f" and {more} more" if more else "")


def look_up(
    leads: Leads,
    table: pd.DataFrame | str | Path,
    on: str,
    *,
    key: str | None = None,
    columns: Sequence[str] | Mapping[str, str] | None = None,
    same: Mapping[str, str] | None = None,
) -> Lookup:
    """Return leads with columns of a list as segments, and what the list does not have.

    Parameters
    ----------
    leads
        The data.
    table
        The list, such as products with their series or reps with their manager: a frame, or the
        path of a CSV in UTF-8.
    on
        The segment, owner or account by whose name it is joined.
    key
        Its column in the list, where it is called otherwise.
    columns
        Columns of the list to take, or a mapping of a new segment to one; default: all.
    same
        Names of the leads -> the name of the list that is meant, such as
        ``{"GTXPro": "GTX Pro"}``; names are never matched by likeness.

    Returns
    -------
    Lookup
        ``.leads`` holds as many records as before: those whose name the list does not have are
        blank in the new segments, and reported.

    Raises
    ------
    ArgumentError
        If a column or segment is unknown, taken, or personal.
    DataError
        If the list cannot be read, or has a name twice: joining it would count records twice.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {"id": ["a", "b"], "deal": "2026-01-05", "won": None, "product": ["GTX Pro", "GTXPro"]}
    ... )
    >>> funnel = fk.Funnel(["deal", "won"], segments=["product"])
    >>> leads = fk.from_frame(export, funnel, as_of="2026-02-28")
    >>> products = pd.DataFrame({"product": ["GTX Pro"], "series": ["GTX"]})
    >>> found = look_up(leads, products, "product")
    >>> found.unmatched[["name", "closest", "records"]].to_dict("list")
    {'name': ['GTXPro'], 'closest': ['GTX Pro'], 'records': [1]}
    >>> len(found.leads), found.leads.list("deal", series="GTX")["id"].tolist()
    (2, ['a'])
    """
    funnel = leads.funnel
    named = (*funnel.groups, *([funnel.account] if funnel.account else []))
    checks.member("on", "segment", on, named)
    frame, taken = _list_of(table, key or on, columns, funnel)
    meant = {str(name).strip(): str(other).strip() for name, other in (same or {}).items()}
    if odd := [other for other in meant.values() if other not in frame.index]:
        raise ArgumentError(
            f"`same`: the list has no {odd[0]!r}.{did_you_mean(odd[0], list(frame.index))}"
        )
    records = leads.records
    name = _name_of(records, funnel, on)
    counted = _counted(leads, name)
    told = {one: meant.get(one, one) for one in counted["name"].dropna()}
    found = {one: other for one, other in told.items() if other in frame.index}
    return Lookup(
        leads=_joined(leads, records.select("id", fk_name=name), frame, taken, found),
        on=on,
        columns=tuple(taken),
        records=int(counted["records"].sum()),
        blank=int(counted.loc[counted["name"].isna(), "records"].sum()),
        unmatched=_unmatched(counted, set(found), list(frame.index)),
        unused=tuple(one for one in frame.index if one not in set(found.values())),
    )


def _list_of(
    table: pd.DataFrame | str | Path,
    key: str,
    columns: Sequence[str] | Mapping[str, str] | None,
    funnel: Funnel,
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the list as texts, indexed by its names, and new segment -> its column."""
    import pandas as pd

    frame = table if isinstance(table, pd.DataFrame) else read_list("table", table)
    frame = frame.set_axis([str(name).strip() for name in frame.columns], axis="columns")
    if twice := sorted(set(frame.columns[frame.columns.duplicated()])):
        raise DataError(f"`table` has columns of one name: {twice}.")
    checks.member("key", "column of the list", key, tuple(frame.columns))
    if columns is None:
        columns = [name for name in frame.columns if name != key and name not in funnel.personal]
    names = [columns] if isinstance(columns, str) else columns
    taken = dict(names) if isinstance(names, Mapping) else {name: name for name in names}
    for name, column in taken.items():
        checks.member("columns", "column of the list", column, tuple(frame.columns))
        if {name, column} & set(funnel.personal):
            raise ArgumentError(f"`columns`: `{column}` is personal, and never read.")
        if name in (*funnel.groups, *funnel.keep, funnel.account, funnel.value, funnel.id):
            raise ArgumentError(
                f"`columns`: the leads have a `{name}` already; give it another name, such as "
                f'columns={{"{name} of the list": "{column}"}}.'
            )
    if not taken:
        raise ArgumentError(f"`table` has no column beside `{key}`; there is nothing to look up.")
    texts = frame[list(dict.fromkeys([key, *taken.values()]))].astype("string")
    texts = texts.apply(lambda column: column.str.strip()).replace("", pd.NA)
    texts = texts[texts[key].notna()].drop_duplicates()
    again = texts[key][texts[key].duplicated()]
    if len(again):
        shown = [repr(str(one)[:40]) for one in again.unique() if not is_mail(str(one))][:_SHOWN]
        such = f", such as {', '.join(shown)}" if shown else ""
        raise DataError(
            f"`{key}` of the list: {display.plural(again.nunique(), 'name')} with several rows "
            f"that differ{such}. Joining would count records twice; leave one row for each name."
        )
    return texts.set_index(key), taken


def _name_of(table: Any, funnel: Funnel, on: str) -> Any:
    return journeys.segment(table, funnel, on) if on in funnel.groups else table.account


def _counted(leads: Leads, name: Any) -> pd.DataFrame:
    """Return the records of each name, those won, and what these are worth."""
    table = leads.records
    won = table[f"reached_{len(leads.funnel.stages) - 1}"]
    amount = table["value"] if leads.funnel.value else ibis.null("decimal(38, 4)")
    picked = table.filter(table.kept).select(name=name, won=won, amount=amount)
    known = picked.won & (picked.amount != 0).fill_null(False)
    found: pd.DataFrame = (
        picked.group_by("name")
        .aggregate(
            records=picked.count(),
            won=ibis.ifelse(picked.won, 1, 0).sum(),
            won_value=picked.amount.sum(where=known),
        )
        .execute()
    )
    return found.astype({"name": object}).where(found.notna(), None)


def _unmatched(counted: pd.DataFrame, found: set[str], known: list[str]) -> pd.DataFrame:
    import pandas as pd

    keys = {name_key(name): name for name in known}
    rows = counted[counted["name"].notna() & ~counted["name"].isin(found)].copy()
    rows["closest"] = [_closest(str(name), keys) for name in rows["name"]]
    rows["name"] = [_MAIL if is_mail(str(name)) else name for name in rows["name"]]
    money = [None if pd.isna(one) else Decimal(one) for one in rows["won_value"]]
    rows["won_value"] = pd.Series(money, index=rows.index, dtype=object)
    rows = rows.astype({"records": "int64", "won": "int64"})
    ordered: pd.DataFrame = rows.sort_values(
        ["records", "name"], ascending=[False, True], ignore_index=True
    )[list(_COLUMNS)]
    return ordered


def _closest(name: str, keys: Mapping[str, str]) -> str:
    """Return the name of a list that another seems to mean; nothing where none is near."""
    near = keys.get(name_key(name))
    near = near or next(iter(difflib.get_close_matches(name, keys.values(), n=1)), "")
    return "" if is_mail(near) else near


def _joined(
    leads: Leads,
    names: ibis.Table,
    frame: pd.DataFrame,
    taken: Mapping[str, str],
    found: Mapping[str, str],
) -> Leads:
    """Return the leads with the columns of the list as segments."""
    first = len(leads.funnel.segments)
    places = {f"segment_{first + i}": column for i, column in enumerate(taken.values())}
    import pandas as pd

    listed: dict[str, list[Any]] = {"fk_listed": list(found)}
    for place, column in places.items():
        values = frame[column].to_dict()
        cells = [values[other] for other in found.values()]
        listed[place] = [None if pd.isna(cell) else str(cell) for cell in cells]
    schema = dict.fromkeys(listed, "string")
    told = ibis.memtable(listed, schema=schema)
    names = names.rename(fk_id="id")
    looked = names.inner_join(told, names.fk_name == told.fk_listed).select("fk_id", *places)
    looked = engines.once(leads.engine, looked, "fk_looked_up")
    rows = leads.rows.table
    joined = rows.left_join(looked, rows.id == looked.fk_id).select(*rows.columns, *places)
    funnel = leads.funnel.replace(segments=[*leads.funnel.segments, *taken])
    return over(leads, funnel, table=engines.once(leads.engine, joined))
