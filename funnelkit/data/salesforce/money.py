"""Amounts in one currency: several are refused unless a rate table says what each is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, DataError

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from funnelkit.data.salesforce.sheets import Sheet

_LARGEST = 10**5


# DuckDB's own product: Ibis cannot name the type of the product of two kinds of decimals.
@ibis.udf.scalar.builtin(
    name="multiply", signature=(("decimal(22, 4)", "decimal(16, 11)"), "decimal(38, 15)")
)
def _product(amount, worth):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return the exact product of an amount and a rate."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """What one unit of each currency is worth in the one that amounts are told in.

    Parameters
    ----------
    rates
        Currency -> its worth; empty where there is nothing to convert.
    into
        The currency of every amount, or ``None`` where it is not known.
    """

    rates: Mapping[str, Decimal]
    into: str | None

    def converted(self, amount: Any, code: Any) -> Any:
        """Return exact amounts of some currencies in the one, to four decimals."""
        if not self.rates:
            return amount
        worth = ibis.cases(
            *[
                (code == name, ibis.literal(str(rate)).cast("decimal(16, 11)"))
                for name, rate in self.rates.items()
            ],
            else_=ibis.null("decimal(16, 11)"),
        )
        return _product(amount.cast("decimal(22, 4)"), worth).round(4).cast("decimal(38, 4)")


def checked(rates: Mapping[str, float] | None, currency: str | None) -> dict[str, Decimal]:
    """Return a rate table as exact numbers, that of ``currency`` itself included.

    Raises
    ------
    ArgumentError
        If one of the two is missing, or a rate is no positive number.
    """
    if rates is None and currency is None:
        return {}
    if not isinstance(rates, Mapping) or not isinstance(currency, str):
        raise ArgumentError(
            "`rates` and `currency` go together: what one unit of each currency is worth in "
            'the one, such as rates={"EUR": 1.08}, currency="USD"; '
            f"got {rates!r} and {currency!r}."
        )
    exact: dict[str, Decimal] = {currency: Decimal(1)}
    for name, rate in rates.items():
        try:
            number = Decimal(str(rate))
        except InvalidOperation:
            number = Decimal(0)
        if isinstance(rate, bool) or not number.is_finite() or not 0 < number < _LARGEST:
            raise ArgumentError(
                f"`rates` must hold positive numbers below {_LARGEST:,}; got {rate!r} for {name!r}."
            )
        if name == currency and number != 1:
            raise ArgumentError(f"`rates`: one {currency} is worth 1 {currency}; got {rate!r}.")
        exact[str(name)] = number
    return exact


def exchange_of(
    sheet: Sheet, kept: ir.Table, rates: Mapping[str, Decimal], currency: str | None
) -> tuple[Exchange, list[str]]:
    """Return how amounts of the kept opportunities come into one currency, and notes.

    Raises
    ------
    DataError
        If there are several currencies and no rates, or a currency that the rates lack.
    """
    if not sheet.has("CurrencyIsoCode", "Amount"):
        notes = ["`rates` were not used: the export names no currency."] if rates else []
        return Exchange(rates={}, into=None), notes
    some = kept.filter(kept.Amount.notnull())
    counted = some.aggregate(by=[some.CurrencyIsoCode.name("code")], n=some.count()).execute()
    blank = int(counted.loc[counted["code"].isna(), "n"].sum())
    counts = {str(code): int(n) for code, n in counted.dropna().itertuples(index=False)}
    told = display.listed([f"{code} {display.count(counts[code])}" for code in sorted(counts)])
    if not rates:
        if len(counts) > 1:
            pairs = ", ".join(f'"{code}": …' for code in sorted(counts)[1:])
            raise DataError(
                f"amounts stand in several currencies ({told}) and cannot be added up. Give what "
                f"one unit of each is worth in one of them, such as rates={{{pairs}}}, "
                f'currency="{min(counts)}".'
            )
        return Exchange(rates={}, into=next(iter(counts), None)), []
    lacking = sorted(set(counts) - set(rates))
    problems = [f"`rates` lacks {display.listed(lacking)}; amounts stand in {told}."]
    problems = problems if lacking else []
    if blank and len(counts) > 0:
        problems.append(
            f"{display.plural(blank, 'amount')} {'bears' if blank == 1 else 'bear'} no currency."
        )
    if problems:
        raise DataError(problems)
    shown = ", ".join(f"{code} {rate}" for code, rate in sorted(rates.items()) if code in counts)
    note = f"Amounts were converted to {currency} at one rate for all days: {shown}."
    return Exchange(rates=rates, into=currency), [note]
