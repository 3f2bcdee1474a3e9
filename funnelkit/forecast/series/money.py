"""One currency, or a rate table: amounts of several are never added up unasked."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.forecast.series.gathering import Cells


def settle(cells: Cells, currency: str | None, exchange: Mapping[str, float] | None) -> str | None:
    """Return the one currency of all cells; amounts of others are exchanged, or are a problem.

    Raises
    ------
    ArgumentError
        If there is a rate table without a currency to come into, or a rate is no positive number.
    """
    rates = _rates(currency, exchange)
    codes = np.array([display.one_line(code) if code else "" for code in cells.money], object)
    found = sorted(set(codes.tolist()))
    told = [code for code in found if code]
    if rates is not None and currency is not None:
        lacking = [code for code in told if code not in rates]
        if not lacking:
            factors = np.array([rates[code] if code else 1.0 for code in codes], float)
            cells.values = cells.values * factors
            others = [code for code in told if code != currency]
            if others:
                cells.notes.append(
                    f"Amounts in {display.listed(others)} came into {currency} at the rates given."
                )
            return currency
        cells.problems.append(f"`exchange` has no rate for {display.listed(lacking[:5])}; add it.")
        return currency
    both = [*told, *(["no currency"] if told and "" in found else [])]
    if len(both) > 1:
        cells.problems.append(_several(cells, codes, both))
        return None
    if told and currency is not None and told != [currency]:
        cells.problems.append(
            f"`currency` is {currency}, but the source says {told[0]}. Leave it out, or give "
            f'exchange={{"{told[0]}": …}}.'
        )
    return currency or (told[0] if told else None)


def _several(cells: Cells, codes: np.ndarray, told: list[str]) -> str:
    """Return the problem of several currencies, with the periods of each."""
    parts = []
    for code in told[:5]:
        mine = np.flatnonzero(codes == ("" if code == "no currency" else code))
        ends = cells.period(int(cells.when[mine].min())), cells.period(int(cells.when[mine].max()))
        parts.append(f"{display.plural(len(mine), 'value')} in {code} ({ends[0]} to {ends[1]})")
    main = next(code for code in told if code != "no currency")
    return (
        f"{len(told)} currencies: {'; '.join(parts)}. Amounts of several are not comparable: give "
        f'currency="{main}" and exchange={{…}} with the rate of each other, or read them apart.'
    )


def _rates(currency: str | None, exchange: Mapping[str, float] | None) -> dict[str, float] | None:
    if exchange is None:
        return None
    if currency is None:
        raise ArgumentError("`exchange` needs `currency`, the code that amounts come into.")
    if not isinstance(exchange, Mapping):
        raise ArgumentError(f"`exchange` must map codes to rates; got {exchange!r}.")
    for code, rate in exchange.items():
        good = isinstance(rate, (int, float)) and not isinstance(rate, bool)
        if not good or not math.isfinite(rate) or rate <= 0:
            raise ArgumentError(f"`exchange`: the rate of {code!r} must be above 0; got {rate!r}.")
    return {**{str(code): float(rate) for code, rate in exchange.items()}, currency: 1.0}
