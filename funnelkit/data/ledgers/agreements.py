"""The readers of what was agreed on: subscriptions, quotas and contracts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from funnelkit._core import checks
from funnelkit._core.dates import Calendar
from funnelkit.data.ledgers import schemas
from funnelkit.data.ledgers.ledger import Ledger
from funnelkit.data.ledgers.reading import Request, read_table
from funnelkit.data.ledgers.schemas import Field
from funnelkit.data.preparing import Paths

if TYPE_CHECKING:
    import pandas as pd


def read_subscriptions(
    source: Paths | pd.DataFrame,
    *,
    columns: Mapping[str, str] | None = None,
    keep: Sequence[str] = (),
    personal: Sequence[str] = (),
    currency: str | None = None,
    exchange: Mapping[str, float] | None = None,
    date_format: str | Mapping[str, str] | None = None,
    dayfirst: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    sheet: str | int | None = None,
    header_row: int | None = None,
) -> Ledger:
    """Return what accounts pay by the month.

    Parameters
    ----------
    source
        As in :func:`funnelkit.read_spend`, in one of two forms: ``account``, ``month`` and ``mrr``
        (recurring revenue of that month), or ``account``, ``start``, ``end`` and ``mrr`` (what it
        paid each month from its first to its last day; a blank ``end`` goes on). Besides, where
        there are, ``plan`` and ``currency``.
    columns, keep, personal
        As in :func:`funnelkit.read_spend`.
    currency, exchange
        As in :func:`funnelkit.read_spend`.
    date_format, dayfirst, decimal, thousands, delimiter, encoding, sheet, header_row
        As in :func:`funnelkit.read_spend`.

    Returns
    -------
    Ledger
        Every row that has an account, a month or start, and an amount. Several of one account are
        added up.

    Raises
    ------
    ArgumentError
        For an argument that cannot be used.
    DataError
        With every problem at once: missing columns, dates or amounts that cannot be read, amounts
        below 0, several currencies.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame(
    ...     {
    ...         "account": ["a", "b"],
    ...         "start": ["2026-01-01", "2026-02-01"],
    ...         "end": ["2026-03-31", None],
    ...         "mrr": [100, 50],
    ...     }
    ... )
    >>> read_subscriptions(rows).summary()
    'Subscriptions: 2 rows of 2 read, 0 set aside. Nothing was found.'
    """
    request = Request(
        columns=columns,
        keep=keep,
        personal=personal,
        currency=currency,
        exchange=exchange,
        date_format=date_format,
        dayfirst=dayfirst,
        decimal=decimal,
        thousands=thousands,
        delimiter=delimiter,
        encoding=encoding,
        sheet=sheet,
        header_row=header_row,
    )
    return read_table(source, schemas.SUBSCRIPTIONS, request)


def read_quotas(
    source: Paths | pd.DataFrame,
    *,
    columns: Mapping[str, str] | None = None,
    keep: Sequence[str] = (),
    personal: Sequence[str] = (),
    currency: str | None = None,
    exchange: Mapping[str, float] | None = None,
    every: str | None = None,
    fiscal_year_start: int = 1,
    decimal: str | None = None,
    thousands: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    sheet: str | int | None = None,
    header_row: int | None = None,
) -> Ledger:
    """Return what each rep is to win, by month, quarter or year.

    Parameters
    ----------
    source
        As in :func:`funnelkit.read_spend`, with ``period``, ``rep``, ``amount`` and, where there is
        one, ``currency``. A period is written ``2026-01``, ``2026 Q1`` or ``2026``.
    every
        What a day in ``period`` stands for: its ``"month"``, ``"quarter"`` or ``"year"``. Unsaid,
        days are refused.
    fiscal_year_start
        Month in which the fiscal year starts; quarters and years are then written with ``FY``.
    columns, keep, personal
        As in :func:`funnelkit.read_spend`.
    currency, exchange, decimal, thousands, delimiter, encoding, sheet, header_row
        As in :func:`funnelkit.read_spend`.

    Returns
    -------
    Ledger
        One row per rep and period. Names of reps are in no example.

    Raises
    ------
    ArgumentError
        For an argument that cannot be used.
    DataError
        With every problem at once: missing columns, periods or amounts that cannot be read, periods
        of several lengths, two quotas of one rep and period, several currencies.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"period": ["2026-Q1"], "rep": ["Ann"], "amount": [250_000]})
    >>> read_quotas(rows).frame["period"].tolist()
    [Period('2026Q1', 'Q-DEC')]
    """
    if every is not None:
        checks.one_of("every", every, ("month", "quarter", "year"))
    request = Request(
        columns=columns,
        keep=keep,
        personal=personal,
        currency=currency,
        exchange=exchange,
        every=every,
        calendar=Calendar(fiscal_year_start=fiscal_year_start),
        decimal=decimal,
        thousands=thousands,
        delimiter=delimiter,
        encoding=encoding,
        sheet=sheet,
        header_row=header_row,
    )
    return read_table(source, schemas.QUOTAS, request)


def read_contracts(
    source: Paths | pd.DataFrame,
    *,
    columns: Mapping[str, str] | None = None,
    keep: Sequence[str] = (),
    personal: Sequence[str] = (),
    currency: str | None = None,
    exchange: Mapping[str, float] | None = None,
    years: Sequence[str] = (),
    date_format: str | Mapping[str, str] | None = None,
    dayfirst: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    sheet: str | int | None = None,
    header_row: int | None = None,
) -> Ledger:
    """Return contracts, each with its term and its value.

    Parameters
    ----------
    source
        As in :func:`funnelkit.read_spend`, with ``contract`` (its id), ``start``, ``end`` (the last
        day), ``amount`` (over the whole term) and, where there are, ``account`` and ``currency``.
        Several rows of one contract are its parts, and are added up.
    years
        Columns of the source with the value of each year of the term, in order, where it ramps;
        here they are ``year_1``, ``year_2`` …, blank where the term has ended.
    columns, keep, personal
        As in :func:`funnelkit.read_spend`.
    currency, exchange
        As in :func:`funnelkit.read_spend`.
    date_format, dayfirst, decimal, thousands, delimiter, encoding, sheet, header_row
        As in :func:`funnelkit.read_spend`.

    Returns
    -------
    Ledger
        Every row that has a contract, a term and an amount. One that ends before it starts is set
        aside.

    Raises
    ------
    ArgumentError
        For an argument that cannot be used.
    DataError
        With every problem at once: missing columns, dates or amounts that cannot be read, several
        currencies.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame(
    ...     {"contract": ["c1"], "start": ["2026-01-01"], "end": ["2028-12-31"], "amount": [80_000]}
    ... )
    >>> len(read_contracts(rows))
    1
    """
    names = [f"year_{number}" for number in range(1, len(years) + 1)]
    what = "value of one year of the term"
    schema = schemas.CONTRACTS.more(
        [Field(name=name, kind="amount", what=what, needed=True, below="credit") for name in names]
    )
    columns = {**(columns or {}), **dict(zip(names, years, strict=True))}
    request = Request(
        columns=columns,
        keep=keep,
        personal=personal,
        currency=currency,
        exchange=exchange,
        date_format=date_format,
        dayfirst=dayfirst,
        decimal=decimal,
        thousands=thousands,
        delimiter=delimiter,
        encoding=encoding,
        sheet=sheet,
        header_row=header_row,
    )
    return read_table(source, schema, request)
