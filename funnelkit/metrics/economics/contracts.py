"""Annual contract value (ACV), by contract and by year of the term."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, unknown
from funnelkit._core.measure import Measure
from funnelkit.data.ledgers import Ledger, as_ledger

if TYPE_CHECKING:
    import pandas as pd

_NAME = "annual contract value"
_SPLIT = ("contract", "start", "end", "amount", "currency")


def acv(
    contracts: Ledger | pd.DataFrame | float,
    *,
    number: int = 1,
    years: float = 1,
    by: str | None = None,
    ramped: bool = False,
    currency: str | None = None,
) -> Measure:
    """Return the annual contract value: what a contract brings in a year of its term.

    Parameters
    ----------
    contracts
        What :func:`funnelkit.read_contracts` returns, a frame with its columns, or a plain total.
    number, years
        Of a plain total: how many contracts it is of, and over how many years.
    by
        Column of the table to split by.
    ramped
        Of a table with the value of each year: one figure for each year of the term, over the
        contracts that have it.
    currency
        Of a plain total.

    Returns
    -------
    Measure
        Money a year and contract; the denominator is contracts. With ``ramped`` the periods are
        ``"year 1"``, ``"year 2"`` …

    Raises
    ------
    ArgumentError
        If a number cannot be, or the table has no such column or no years.

    Notes
    -----
    Of a contract it is the amount over the years of the term, rows of one contract added up. A
    term that ends a day before the day on which it began, or on that day, is of whole months;
    others are of days, 365.25 to a year. A term of less than a year counts as one year: it brings
    no more in a year than it holds.

    Examples
    --------
    >>> acv(1_000_000, number=100).value
    10000.0
    >>> round(acv(80_000, years=3).value, 2)
    26666.67
    """
    import pandas as pd

    if not isinstance(contracts, Ledger) and not isinstance(contracts, pd.DataFrame):
        return _plain(contracts, number, years, currency)
    ledger = as_ledger("contracts", contracts, argument="contracts")
    frame = ledger.frame
    known = [name for name in frame.columns if name not in _SPLIT and not name.startswith("year_")]
    if by is not None and by not in known:
        raise ArgumentError(f"`by`: {unknown('column', by, known)} Keep it with `keep=[…]`.")
    parts = [name for name in frame.columns if name.startswith("year_")]
    if ramped and not parts:
        raise ArgumentError(
            "`ramped` needs the value of each year; read the table with `years=[…]`."
        )
    notes = list(ledger.notes)
    whole = _by_contract(frame, parts, by, notes)
    segments, rows = _segments(whole[by] if by else None, len(whole))
    short = int((whole["years"] < 1).sum())
    if short and not ramped:
        notes.append(
            f"{display.plural(short, 'contract')} of less than a year "
            f"{'counts' if short == 1 else 'count'} as one year."
        )
    if ramped:
        columns = [whole[name] for name in parts]
        periods = tuple(f"year {number}" for number in range(1, len(parts) + 1))
        definition = "value of the year of the term / contracts that have that year"
    else:
        annual = [
            amount / Decimal(str(max(term, 1.0)))
            for amount, term in zip(whole["amount"], whole["years"], strict=True)
        ]
        columns, periods = [pd.Series(annual, dtype=object)], None
        definition = "amount / years of the term, added up / contracts"
    shape = (len(segments), len(columns))
    total, count = np.zeros(shape), np.zeros(shape)
    for j, column in enumerate(columns):
        for i in range(len(segments)):
            held = zip(column, rows, strict=True)
            own = [one for one, row in held if row == i and one is not None]
            total[i, j], count[i, j] = float(sum(own)), len(own)
    return Measure(
        name=_NAME,
        definition=definition,
        unit="money",
        numerator=total,
        denominator=count,
        numerator_name="value a year" if not ramped else "value of the year",
        denominator_name="contracts",
        by=() if by is None else (by,),
        segments=segments,
        periods=periods,
        currency=ledger.currency,
        notes=tuple(notes),
    )


def _plain(total: Any, number: Any, years: Any, currency: str | None) -> Measure:
    given = {"contracts": total, "number": number, "years": years}
    for name, value in given.items():
        fits = isinstance(value, (int, float, Decimal, np.number)) and not isinstance(value, bool)
        if not fits or not np.isfinite(float(value)) or (name != "contracts" and value < 0):
            raise ArgumentError(f"`{name}` must be a number from 0 upwards; got {value!r}.")
    if years == 0:
        raise ArgumentError("`years` must be above 0; got 0.")
    return Measure(
        name=_NAME,
        definition="total value / years of the term / contracts",
        unit="money",
        numerator=np.array([[float(total) / float(years)]]),
        denominator=np.array([[float(number)]]),
        numerator_name="value a year",
        denominator_name="contracts",
        currency=currency,
    )


def _by_contract(
    frame: pd.DataFrame, parts: list[str], by: str | None, notes: list[str]
) -> pd.DataFrame:
    """Return one row per contract: amount, years of the term, and the value of each year."""
    import pandas as pd

    amounts = ["amount", *parts]
    blank = dict.fromkeys(amounts)
    whole: dict[str, dict[str, Any]] = {}
    for row in frame.to_dict("records"):
        own = whole.setdefault(
            row["contract"], {**{str(name): one for name, one in row.items()}, **blank}
        )
        own["start"], own["end"] = min(own["start"], row["start"]), max(own["end"], row["end"])
        for name in amounts:
            if isinstance(row[name], Decimal):
                own[name] = row[name] + (own[name] or 0)
    below = sum(own["amount"] < 0 for own in whole.values())
    if below:
        notes.append(
            f"{display.plural(below, 'contract')} below 0 in all, counted as "
            f"{'it stands' if below == 1 else 'they stand'}."
        )
    columns = [*amounts, *([by] if by else [])]
    found = pd.DataFrame(
        {name: pd.Series([own[name] for own in whole.values()], dtype=object) for name in columns}
    )
    found["years"] = [_years(own["start"], own["end"]) for own in whole.values()]
    return found


def _years(start: pd.Timestamp, end: pd.Timestamp) -> float:
    """Return the years of a term whose last day is the end.

    Examples
    --------
    >>> import pandas as pd
    >>> _years(pd.Timestamp("2026-01-01"), pd.Timestamp("2028-12-31"))
    3.0
    >>> _years(pd.Timestamp("2026-01-15"), pd.Timestamp("2027-01-15"))
    1.0
    """
    import pandas as pd

    for last in (end + pd.Timedelta(days=1), end):
        months = (last.year - start.year) * 12 + last.month - start.month
        if months > 0 and start + pd.DateOffset(months=months) == last:
            return months / 12
    return float(((end - start).days + 1) / 365.25)


def _segments(
    values: pd.Series[Any] | None, number: int
) -> tuple[tuple[tuple[str | None, ...], ...], list[int]]:
    if values is None:
        return ((),), [0] * number
    found = sorted({one for one in values if one is not None})
    names: list[str | None] = [*found, *([None] if None in list(values) else [])]
    return tuple((one,) for one in names), [names.index(one) for one in values]
