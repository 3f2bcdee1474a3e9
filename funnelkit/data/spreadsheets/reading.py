"""`read_excel`: from workbooks to `Leads`."""

from __future__ import annotations

from collections.abc import Mapping

from funnelkit._core.errors import DataError
from funnelkit.data import assembly, refusals, sources, unread
from funnelkit.data.columns import Filter, needed_columns
from funnelkit.data.definition import Funnel
from funnelkit.data.preparing import Day, Paths, each, leads_of, open_all, rules_of
from funnelkit.data.records import BeforeRecording, Leads
from funnelkit.data.spreadsheets.opening import open_excel
from funnelkit.data.spreadsheets.words import serials_of


def read_excel(
    source: Paths,
    funnel: Funnel,
    *,
    sheet: str | int | None = None,
    header_row: int | None = None,
    as_of: Day | None = None,
    recorded_from: Day | None = None,
    before_recording: BeforeRecording = "left_out",
    join: Paths = (),
    where: Filter | None = None,
    exclude: Filter | None = None,
    date_format: str | Mapping[str, str] | None = None,
    dayfirst: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
) -> Leads:
    """Return leads from Excel workbooks, formatted report exports included.

    Parameters
    ----------
    source
        A path, a glob, or a list of them (.xlsx or .xlsm; an .xls that is an HTML table, as some
        CRMs write, is read too). All hold rows of one kind, one row per record. A Google Sheet is
        read from its download as .xlsx.
    funnel
        The definition. Only the columns that it names are kept.
    sheet
        Name of the sheet, or its number among the visible ones, counted from 1. By default the
        sheet whose header names most of the funnel's columns; where several name as many, you
        are asked.
    header_row
        Row of the header, counted from 1. By default the first one that names most of the
        funnel's columns; title rows above it are set aside.
    as_of, recorded_from, before_recording, join, where, exclude
        As in :func:`read_csv`; joined files are workbooks too.
    date_format
        As in :func:`read_csv`, for days that are text. For plain numbers in a column of days,
        which are refused unasked: ``"excel"``, days as the workbook counts them, or
        ``"excel-1904"``, days counted from 1904.
    dayfirst, decimal, thousands
        As in :func:`read_csv`, for cells that are text.

    Returns
    -------
    Leads
        One record per id; see :meth:`Leads.accounting` for every row. Titles, subtotals,
        headings of groups and footers are set aside, each with its count.

    Raises
    ------
    ArgumentError
        For a sheet or row that can be none.
    DataError
        With every problem at once: files that are no workbooks (or damaged, or protected by a
        password), several sheets with the funnel's columns, days stored as plain numbers, and
        what :func:`read_csv` raises.

    Notes
    -----
    Cells formatted as dates become days, in the date system of the workbook (1900 or 1904).
    Other cells are read as a person sees them: an id without a trailing ``.0``, zeros at the
    front where the format puts them, 45 % as ``45%``. Formulas give the result that is stored.
    The value of a merged block belongs to each of its rows. Cells that hold an error, or a
    formula without a result, are blank, and the audit counts them.

    Examples
    --------
    >>> import pathlib, tempfile, funnelkit as fk, pandas as pd
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "leads.xlsx"
    >>> days = pd.to_datetime(["2026-01-05", "2026-01-09"])
    >>> frame = pd.DataFrame({"id": ["1", "2"], "lead": days, "won": [days[1], pd.NaT]})
    >>> frame.to_excel(path, index=False, engine="xlsxwriter")
    >>> leads = fk.read_excel(path, fk.Funnel(["lead", "won"], id="id"), as_of="2026-02-28")
    >>> leads.summary()
    '2 records from 2 rows read, 0 set aside; complete up to 28 February 2026.'
    """
    serials, patterns = serials_of(date_format)
    rules = rules_of(
        funnel,
        dates=(patterns, dayfirst),
        amounts=(decimal, thousands),
        where=where,
        exclude=exclude,
    )
    days = {*map(funnel.column_of, funnel.steps), funnel.status_date} - {None}
    if problems := refusals.of_formats(serials, days):
        raise DataError(problems)
    engine = sources.connect()
    opened = open_all(
        lambda one, argument: open_excel(
            engine,
            one,
            needed=needed_columns(funnel, rules, None),
            sheet=sheet,
            header_row=header_row,
            dates={day for day in days if day is not None},
            serials=serials,
            argument=argument,
        ),
        source,
        each(join),
    )
    rows = assembly.assemble_wide(engine, opened, funnel, rules)
    rows = unread.noted(rows, opened, funnel, rules)
    return leads_of(
        engine,
        rows,
        funnel,
        as_of=as_of,
        recorded_from=recorded_from,
        before_recording=before_recording,
    )
