"""Closed deals, one row each: whose they are, when they closed, and what they are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit._core.measure import FloatArray
from funnelkit.data.ledgers.exchange import checked_rates, into_one
from funnelkit.data.records import Leads
from funnelkit.data.rules.names import name_key

if TYPE_CHECKING:
    import pandas as pd

_CURRENCIES = frozenset({"currency", "currencyisocode", "currencycode", "dealcurrencycode"})


@dataclass(frozen=True, kw_only=True)
class Deals:
    """Records that were won, or left.

    Parameters
    ----------
    rows
        One row per record: the segment columns.
    days
        When it closed; ``NaT`` where unknown.
    amounts
        Its money, NaN where blank; shape ``(n,)``.
    currency
        Of the amounts, where it is known.
    notes
        What was done about currencies and blanks.
    """

    rows: pd.DataFrame
    days: pd.DatetimeIndex
    amounts: FloatArray
    currency: str | None
    notes: tuple[str, ...]


def deals(
    leads: Leads,
    step: str,
    names: Sequence[str],
    *,
    money: bool = True,
    currency: str | None = None,
    exchange: Mapping[str, float] | None = None,
    currency_column: str | None = None,
) -> Deals:
    """Return the records that reached a stage or exit.

    Parameters
    ----------
    leads
        The data.
    step
        Stage or exit.
    names
        Segment columns, or the owner's.
    money
        Whether amounts are wanted.
    currency, exchange
        Code of the amounts, and what one unit of each other currency is worth in it.
    currency_column
        Kept column or segment with the code of each amount; default: one that is named so.

    Raises
    ------
    ArgumentError
        If there is no such column.
    DataError
        If amounts stand in several currencies and ``exchange`` does not say what each is worth.
    """
    import pandas as pd

    funnel = leads.funnel
    listed = leads.list(step)
    rates = checked_rates(exchange, currency)
    known = (*funnel.keep, *funnel.segments)
    if currency_column is not None:
        checks.member("currency_column", "kept column or segment", currency_column, known)
    named = [name for name in known if name_key(name) in _CURRENCIES]
    codes = currency_column or next(iter(named), None)
    given = listed[funnel.value] if funnel.value and money else [None] * len(listed)
    exact = [None if value is None or value != value else value for value in given]  # noqa: PLR0124
    table = pd.DataFrame({"amount": pd.Series(exact, dtype=object, index=listed.index)})
    if codes is not None and money:
        texts = listed[codes].astype(object)
        table["currency"] = texts.where(texts.notna(), None)
    told, notes, problems = into_one(
        table, ["amount"], rates=rates, currency=currency, name=funnel.value or "amount"
    )
    if problems:
        raise DataError(problems)
    amounts = np.array([np.nan if v is None else float(v) for v in table["amount"]], dtype=float)
    return Deals(
        rows=listed[list(names)].reset_index(drop=True),
        days=pd.DatetimeIndex(listed[step]),
        amounts=amounts,
        currency=told,
        notes=tuple(notes),
    )


def owner_of(leads: Leads) -> str:
    """Return the column of the representative.

    Raises
    ------
    ArgumentError
        If the funnel names none.
    """
    if not isinstance(leads, Leads):
        raise ArgumentError(f"`leads` must be Leads; got {type(leads).__name__}.")
    if leads.funnel.owner is None:
        raise ArgumentError(
            "the funnel names no `owner`, so nothing says whose a deal is; define it with "
            'owner="…".'
        )
    return leads.funnel.owner


def refuse_businesses(leads: Leads, what: str) -> None:
    """Refuse leads of several businesses where a figure would pool them.

    Raises
    ------
    ArgumentError
        With the ways to say which is meant.
    """
    apart = leads.funnel.apart
    if apart:
        names = display.listed([f"`{name}`" for name in apart])
        raise ArgumentError(
            f"{what} belong to no one business, and {names} keep businesses apart. Take one, such "
            f'as leads.only({apart[0]}="…"), or all of them with leads.pooled().'
        )
