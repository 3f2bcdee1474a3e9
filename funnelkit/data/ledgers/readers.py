"""The readers of what is spent, who came and what was done: each checked like leads are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from funnelkit.data.ledgers import schemas
from funnelkit.data.ledgers.ledger import Ledger
from funnelkit.data.ledgers.reading import Request, read_table
from funnelkit.data.preparing import Paths

if TYPE_CHECKING:
    import pandas as pd


def read_spend(
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
    r"""Return what was spent, by month and channel.

    Parameters
    ----------
    source
        A path, a glob, a list of them or a frame: delimited text, workbooks or Parquet, with
        ``month``, ``channel``, ``amount`` and, where there are, ``campaign`` and ``currency``.
        Several rows of one month and channel are added up; an amount below 0 is a credit.
    columns
        Name here -> name in the source, where they differ.
    keep
        Further columns to keep, as text, such as a region to split by.
    personal
        Columns with personal data, whose values are in no example, note or error.
    currency
        Code of the currency of all amounts, where the source does not tell it; with ``exchange``
        the one that they come into.
    exchange
        What one unit of each other currency is worth in ``currency``, at one rate for all days.
        Without it a source with several currencies is refused.
    date_format, dayfirst
        As in :func:`funnelkit.read_csv`. Unasked, ``2026-01`` is read as a month, and an ISO day
        belongs to its month.
    decimal, thousands, delimiter, encoding
        As in :func:`funnelkit.read_csv`.
    sheet, header_row
        As in :func:`funnelkit.read_excel`.

    Returns
    -------
    Ledger
        Every row that has a month and an amount; a blank channel is kept, and told.

    Raises
    ------
    ArgumentError
        For an argument that cannot be used.
    DataError
        With every problem at once: missing columns, months or amounts that cannot be read,
        several currencies.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "spend.csv"
    >>> text = "Month;Channel;Cost\n2026-01;web;12.000,50\n2026-01;fair;900\n"
    >>> _ = path.write_text(text, encoding="utf-8")
    >>> spend = read_spend(
    ...     path,
    ...     columns={"month": "Month", "channel": "Channel", "amount": "Cost"},
    ...     currency="EUR",
    ...     decimal=",",
    ...     thousands=".",
    ... )
    >>> spend.frame["amount"].tolist()
    [Decimal('12000.5000'), Decimal('900.0000')]
    >>> spend.accounting().to_dict("records")
    [{'file': 'spend.csv', 'reason': 'kept as a record', 'rows': 2}]
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
    return read_table(source, schemas.SPEND, request)


def read_visitors(
    source: Paths | pd.DataFrame,
    *,
    columns: Mapping[str, str] | None = None,
    keep: Sequence[str] = (),
    personal: Sequence[str] = (),
    date_format: str | Mapping[str, str] | None = None,
    dayfirst: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    sheet: str | int | None = None,
    header_row: int | None = None,
) -> Ledger:
    """Return how many visitors came, by month and channel.

    Parameters
    ----------
    source
        As in :func:`read_spend`, with ``month``, ``visitors`` and, where there is one, ``channel``.
        Several rows of one month and channel are added up.
    columns, keep, personal
        As in :func:`read_spend`.
    date_format, dayfirst, decimal, thousands, delimiter, encoding, sheet, header_row
        As in :func:`read_spend`.

    Returns
    -------
    Ledger
        Every row that has a month and a count.

    Raises
    ------
    ArgumentError
        For an argument that cannot be used.
    DataError
        With every problem at once: missing columns, months or counts that cannot be read, counts
        below 0 or no whole numbers.

    Notes
    -----
    Whoever comes by two channels is counted in both: visitors of channels do not add up to visitors
    of the site, and the sum is of visits by channel.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"month": ["2026-01", "2026-02"], "visitors": [5_000, None]})
    >>> visitors = read_visitors(rows)
    >>> len(visitors), dict(visitors.aside)
    (1, {'no `visitors`': 1})
    """
    request = Request(
        columns=columns,
        keep=keep,
        personal=personal,
        date_format=date_format,
        dayfirst=dayfirst,
        decimal=decimal,
        thousands=thousands,
        delimiter=delimiter,
        encoding=encoding,
        sheet=sheet,
        header_row=header_row,
    )
    return read_table(source, schemas.VISITORS, request)


def read_activities(
    source: Paths | pd.DataFrame,
    *,
    columns: Mapping[str, str] | None = None,
    keep: Sequence[str] = (),
    personal: Sequence[str] = (),
    timezone: str | None = None,
    date_format: str | Mapping[str, str] | None = None,
    dayfirst: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    sheet: str | int | None = None,
    header_row: int | None = None,
) -> Ledger:
    """Return what was done, one row per call, email, meeting or task.

    Parameters
    ----------
    source
        As in :func:`read_spend`, with ``at`` and ``kind`` and, where there are, ``rep``, ``record``
        (id of the lead or deal), ``opened``, ``answered`` (yes or no, or how often), ``minutes``,
        ``due`` and ``done`` (days; a task without ``done`` is open).
    timezone
        Zone that times with an offset are told in; UTC where there are some and none is given.
    columns, keep, personal
        As in :func:`read_spend`.
    date_format, dayfirst, decimal, thousands, delimiter, encoding, sheet, header_row
        As in :func:`read_spend`.

    Returns
    -------
    Ledger
        Every row that has a time and a kind. ``at`` has a zone where the source tells offsets;
        ``days_only`` names it where no value tells a time of day.

    Raises
    ------
    ArgumentError
        For an argument that cannot be used.
    DataError
        With every problem at once: missing columns, times, numbers or flags that cannot be read,
        times with an offset beside times without, minutes below 0.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"at": ["2026-01-05 09:30"], "kind": ["call"], "minutes": ["12.5"]})
    >>> read_activities(rows).frame.iloc[0].to_dict()
    {'at': Timestamp('2026-01-05 09:30:00'), 'kind': 'call', 'minutes': 12.5}
    """
    request = Request(
        columns=columns,
        keep=keep,
        personal=personal,
        timezone=timezone,
        date_format=date_format,
        dayfirst=dayfirst,
        decimal=decimal,
        thousands=thousands,
        delimiter=delimiter,
        encoding=encoding,
        sheet=sheet,
        header_row=header_row,
    )
    return read_table(source, schemas.ACTIVITIES, request)
