"""Amounts of a table in one currency: several are refused unless a rate table is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

_LARGEST = 10**5
_PLACES = Decimal("0.0001")
_SHOWN = 8


def checked_rates(
    exchange: Mapping[str, float] | None, currency: str | None
) -> dict[str, Decimal] | None:
    """Return a rate table as exact numbers, that of ``currency`` itself included.

    Raises
    ------
    ArgumentError
        If there is a table and no currency, or a rate is no positive number.

    Examples
    --------
    >>> checked_rates({"EUR": 1.08}, "USD")
    {'USD': Decimal('1'), 'EUR': Decimal('1.08')}
    """
    if currency is not None and (not isinstance(currency, str) or not currency.strip()):
        raise ArgumentError(f"`currency` must be a code such as EUR; got {currency!r}.")
    if exchange is None:
        return None
    if not isinstance(exchange, Mapping) or currency is None:
        raise ArgumentError(
            "`exchange` must say what one unit of each currency is worth in `currency`, such as "
            f'exchange={{"EUR": 1.08}}, currency="USD"; got {exchange!r} and {currency!r}.'
        )
    own = currency.strip().upper()
    exact: dict[str, Decimal] = {own: Decimal(1)}
    for name, rate in exchange.items():
        try:
            number = Decimal(str(rate))
        except InvalidOperation:
            number = Decimal(0)
        if isinstance(rate, bool) or not number.is_finite() or not 0 < number < _LARGEST:
            raise ArgumentError(
                f"`exchange` must hold positive numbers below {_LARGEST:,}; got {rate!r} for "
                f"{name!r}."
            )
        code = str(name).strip().upper()
        if code == own and number != 1:
            raise ArgumentError(f"`exchange`: one {own} is worth 1 {own}; got {rate!r}.")
        exact[code] = number
    return exact


def into_one(
    frame: pd.DataFrame,
    amounts: Sequence[str],
    *,
    rates: Mapping[str, Decimal] | None,
    currency: str | None,
    name: str,
) -> tuple[str | None, list[str], list[str]]:
    """Bring the amounts of a frame into one currency, in place.

    Parameters
    ----------
    frame
        With ``currency``, where the source tells it; afterwards it is the one they are in.
    amounts
        Columns of exact amounts.
    rates
        As :func:`checked_rates` returns them.
    currency
        What the caller says the amounts are in, or are to come into.
    name
        Of the source.

    Returns
    -------
    tuple
        The currency, or ``None`` where it is not known; notes; problems.
    """
    said = None if currency is None else currency.strip().upper()
    if "currency" not in frame.columns or not amounts:
        notes = ["`exchange` was not used: the table names no currency."] if rates else []
        return said, notes, []
    codes = frame["currency"].map(lambda code: None if code is None else code.upper())
    frame["currency"] = codes.astype(object)
    has = frame[list(amounts)].notna().any(axis=1)
    counts = codes[has].value_counts().sort_index()
    found = {str(code): int(n) for code, n in counts.items()}
    blank = int((has & codes.isna()).sum())
    problems = [_mixed(found, rates, said, name)] if _mixed(found, rates, said, name) else []
    if blank and (found or rates):
        bears = "bears" if blank == 1 else "bear"
        problems.append(f"{display.plural(blank, 'amount')} in `{name}` {bears} no currency.")
    if problems:
        return None, [], problems
    if rates is None:
        return next(iter(found), said), [], []
    for column in amounts:
        frame[column] = [
            None if amount is None or code is None else (amount * rates[code]).quantize(_PLACES)
            for amount, code in zip(frame[column], codes, strict=True)
        ]
        frame[column] = frame[column].astype(object)
    frame["currency"] = codes.map(lambda code: None if code is None else said).astype(object)
    shown = ", ".join(f"{code} {rates[code]}" for code in found)
    return said, [f"Amounts were converted to {said} at one rate for all days: {shown}."], []


def _mixed(
    found: Mapping[str, int], rates: Mapping[str, Decimal] | None, said: str | None, name: str
) -> str:
    """Return why amounts in the currencies that were found cannot be added up, if so."""
    told = _told(found)
    if rates is not None:
        lacking = sorted(set(found) - set(rates))
        if not lacking:
            return ""
        names = display.listed([display.one_line(code)[:12] for code in lacking[:_SHOWN]])
        return f"`exchange` lacks {names}; amounts in `{name}` stand in {told}."
    if len(found) > 1:
        first, *others = found
        pairs = ", ".join(f'"{display.one_line(code)[:12]}": …' for code in others[:_SHOWN])
        return (
            f"amounts in `{name}` stand in several currencies ({told}) and cannot be added up. "
            "Give what one unit of each is worth in one of them, such as "
            f'exchange={{{pairs}}}, currency="{display.one_line(first)[:12]}".'
        )
    if said is not None and found and said not in found:
        return (
            f"`currency` is {said}, and the amounts in `{name}` stand in {told}. Give what it is "
            f'worth, such as exchange={{"{display.one_line(next(iter(found)))[:12]}": …}}.'
        )
    return ""


def _told(found: Mapping[str, int]) -> str:
    """Return the currencies that were found and how often, at most so many of them."""
    named = [
        f"{display.one_line(code)[:12]} {display.count(n)}"
        for code, n in list(found.items())[:_SHOWN]
    ]
    more = len(found) - _SHOWN
    return display.listed([*named, f"{more} more"] if more > 0 else named)
