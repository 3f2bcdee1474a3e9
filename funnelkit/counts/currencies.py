"""Grouped amounts in one currency: several are refused unless a rate table is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit._core.errors import DataError
from funnelkit.data.definition import Funnel
from funnelkit.data.ledgers.exchange import checked_rates, into_one
from funnelkit.data.rules.names import name_key

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

CURRENCY_NAMES = frozenset({"currency", "currencyisocode", "currencycode", "dealcurrencycode"})
"""How a column of currencies is called, as :func:`funnelkit.data.rules.names.name_key` has it."""


class Told(NamedTuple):
    """The currency of amounts, where it is known, and what was done about it."""

    currency: str | None
    notes: tuple[str, ...]


def code_column(table: ir.Table, funnel: Funnel) -> Any:
    """Return the column of the currency of each record; ``None`` where none is named so."""
    for part, names in (("segment", funnel.segments), ("keep", funnel.keep)):
        for place, name in enumerate(names):
            if name_key(name) in CURRENCY_NAMES:
                return table[f"{part}_{place}"]
    return None


def in_one(
    counted: pd.DataFrame,
    amounts: Sequence[str],
    *,
    funnel: Funnel,
    n: str,
    exchange: Mapping[str, float] | None,
    currency: str | None,
) -> Told:
    """Bring grouped amounts into one currency, in place.

    Parameters
    ----------
    counted
        Grouped sums, with ``currency`` where the records tell it.
    amounts
        Columns of exact sums.
    funnel
        For the name of the amounts.
    n
        Column that says how many records with an amount are in each group.
    exchange, currency
        What one unit of each currency is worth in the one.

    Raises
    ------
    DataError
        If amounts stand in several currencies and there is no rate for one of them.
    """
    import pandas as pd

    rates = checked_rates(exchange, currency)
    columns = [name for name in ("currency",) if name in counted.columns]
    rows = counted.loc[counted.index.repeat(counted[n].astype("int64")), columns]
    told = rows.reset_index(drop=True).astype(object)
    told = told.where(told.notna(), None)
    told["amount"] = pd.Series([Decimal(0)] * len(told), index=told.index, dtype=object)
    name = funnel.value or "amount"
    one, notes, problems = into_one(told, ["amount"], rates=rates, currency=currency, name=name)
    if problems:
        raise DataError(problems)
    if rates is not None and columns:
        codes = counted["currency"].astype(object)
        worth = [rates.get(str(code).upper()) for code in codes]
        for column in amounts:
            counted[column] = pd.Series(
                [
                    None if rate is None or pd.isna(value) else value * rate
                    for value, rate in zip(counted[column], worth, strict=True)
                ],
                index=counted.index,
                dtype=object,
            )
    return Told(one, tuple(notes))
