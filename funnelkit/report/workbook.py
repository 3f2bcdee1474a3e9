"""`tables.xlsx`: the tables of a report as typed, formatted sheets, without a formula."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit._core.dates import period_label
from funnelkit._core.display import MINUS
from funnelkit._core.errors import FunnelWarning
from funnelkit.report.replacing import replace_file

if TYPE_CHECKING:
    import pandas as pd
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

# What a spreadsheet takes for a formula, also after a detour through CSV; and the full-width
# forms, which some locales take for the plain ones.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_SHARES = ("rate", "maturity", "adjusted", "share", "low", "high")
_FORMATS = {
    "share": "0.0%",
    "whole": "#,##0",
    "number": "#,##0.0###",
    "days": "#,##0.0",
    "value": "#,##0.00",
    "date": "yyyy-mm-dd",
    "time": "yyyy-mm-dd hh:mm",
}
_CREATED = dt.datetime(2000, 1, 1)  # a fixed day: the same tables give the same bytes
_LONGEST_TEXT, _LONGEST_NAME, _MOST_ROWS = 32_767, 31, 1_000_000
_NARROWEST, _WIDEST = 8, 60
_INPUT, _GROUND = "#0a5c9e", "#eaf2f9"


class WorkbookWarning(FunnelWarning):
    """A workbook could not be written where it was meant to go."""


class Drawn(NamedTuple):
    """A sheet that is not a table: its title, how many rows it has, and what writes it."""

    title: str
    rows: int
    draw: Callable[[Writer, Worksheet], None]


class Sheet(NamedTuple):
    """One table: its title, the frame, and what a reader has to know about it."""

    title: str
    frame: pd.DataFrame
    notes: str | tuple[str, ...] = ()


def write_tables(
    path: str | Path,
    sheets: Mapping[str, Sheet | Drawn | tuple[Any, ...]],
    *,
    definitions: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    title: str = "Tables",
) -> Path:
    """Return the path of the workbook that was written.

    Parameters
    ----------
    path
        Where to write. If that file is open in another program, the tables go to a second file,
        ``tables (2).xlsx``, and a warning says so.
    sheets
        Name -> (title, frame, notes), or what draws itself. Names are made legal and unique.
    definitions
        Term -> what it means, for a sheet of its own.
    title
        Head of the index sheet.

    Warns
    -----
    WorkbookWarning
        If the tables went to a second file.

    Notes
    -----
    Columns are formatted by what their suffix says (``_rate``, ``_days``, ``_value``), by their
    type, and for ``low``, ``high`` and ``adjusted`` as shares where all values lie in [0, 1].
    Texts that a spreadsheet could take for a formula are preceded by an apostrophe, so that they
    stay texts even when the sheet is saved as CSV and opened again. The same tables always give
    the same bytes.
    """
    content = _bytes_of(sheets, dict(definitions), title)
    written = replace_file(Path(path), content)
    if written != Path(path):
        words = f"{Path(path).name} is open in another program; the tables are in {written.name}."
        warnings.warn(words, WorkbookWarning, stacklevel=2)
    return written


def _bytes_of(
    sheets: Mapping[str, Sheet | Drawn | tuple[Any, ...]], definitions: dict[str, str], title: str
) -> bytes:
    import xlsxwriter

    stream = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(stream, options) as book:
        book.set_properties({"title": safe(title), "created": _CREATED})
        writer = Writer(book)
        names = legal_names([*sheets])
        index = writer.sheet("Index" if "Index" not in names.values() else "Contents")
        tables = {
            name: one if isinstance(one, Drawn) else Sheet(*one) for name, one in sheets.items()
        }
        writer.index(index, title, {names[name]: table for name, table in tables.items()})
        for name, table in tables.items():
            if isinstance(table, Drawn):
                table.draw(writer, writer.sheet(names[name]))
            else:
                writer.table(writer.sheet(names[name]), table)
        if definitions:
            writer.definitions(writer.sheet("Definitions"), definitions)
    return stream.getvalue()


class Writer:
    """Puts tables on the sheets of one workbook."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._plain = {kind: book.add_format({"num_format": f}) for kind, f in _FORMATS.items()}
        self._text = book.add_format({"num_format": "@"})
        self._guarded = book.add_format({"num_format": "@", "quote_prefix": True})
        self._wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self._title = book.add_format({"bold": True, "font_size": 14})
        self._head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        self._note = book.add_format({"font_color": "#55616d"})
        self._link = book.add_format({"font_color": "#0a5c9e", "underline": 1})
        self._input = {
            kind: book.add_format({"num_format": f, "font_color": _INPUT, "bg_color": _GROUND})
            for kind, f in _FORMATS.items()
        }

    def sheet(self, name: str) -> Worksheet:
        """Return a new sheet."""
        sheet: Worksheet = self._book.add_worksheet(name)
        sheet.hide_gridlines(2)
        return sheet

    def index(self, sheet: Worksheet, title: str, tables: Mapping[str, Sheet | Drawn]) -> None:
        """Write the list of sheets, each a link."""
        self._write_text(sheet, 0, 0, title, self._title)
        self._heads(sheet, 2, ["Sheet", "Title", "Rows"])
        for row, (name, table) in enumerate(tables.items(), 3):
            target = name.replace("'", "''")
            sheet.write_url(row, 0, f"internal:'{target}'!A1", self._link, safe(name))
            self._write_text(sheet, row, 1, table.title)
            rows = table.rows if isinstance(table, Drawn) else len(table.frame)
            sheet.write_number(row, 2, rows, self._plain["whole"])
        sheet.set_column(0, 0, _LONGEST_NAME)
        sheet.set_column(1, 1, _WIDEST)

    def definitions(self, sheet: Worksheet, definitions: Mapping[str, str]) -> None:
        """Write what each term means."""
        self._write_text(sheet, 0, 0, "Definitions", self._title)
        self._heads(sheet, 2, ["Term", "Meaning"])
        for row, (term, meaning) in enumerate(definitions.items(), 3):
            self._write_text(sheet, row, 0, term, self._wrapped)
            self._write_text(sheet, row, 1, meaning, self._wrapped)
        sheet.set_column(0, 0, 28)
        sheet.set_column(1, 1, 100)

    def table(self, sheet: Worksheet, table: Sheet) -> None:
        """Write one table under its title and notes, with the head frozen."""
        notes = (table.notes,) if isinstance(table.notes, str) else tuple(table.notes)
        frame = flat(table.frame)
        if len(frame) > _MOST_ROWS:
            notes += (f"Only the first {_MOST_ROWS:,} of {len(frame):,} rows.",)
            frame = frame.head(_MOST_ROWS)
        self._write_text(sheet, 0, 0, table.title, self._title)
        for row, note in enumerate(notes, 1):
            self._write_text(sheet, row, 0, note, self._note)
        head = len(notes) + 2
        self._heads(sheet, head, [str(name) for name in frame.columns])
        for column, name in enumerate(frame.columns):
            values = [plain(value) for value in frame.iloc[:, column]]
            kind = _kind(str(name), values)
            for row, value in enumerate(values, head + 1):
                self._write(sheet, row, column, value, kind)
            sheet.set_column(column, column, _width(str(name), values, kind))
        sheet.freeze_panes(head + 1, 1)
        if len(frame):
            sheet.autofilter(head, 0, head + len(frame), len(frame.columns) - 1)

    def heading(self, sheet: Worksheet, title: str, *notes: str) -> None:
        """Write the title of a sheet and what a reader has to know about it."""
        self._write_text(sheet, 0, 0, title, self._title)
        for row, note in enumerate(notes, 1):
            self._write_text(sheet, row, 0, note, self._note)

    def heads(self, sheet: Worksheet, row: int, names: list[str]) -> None:
        """Write the headings of columns."""
        self._heads(sheet, row, names)

    def label(self, sheet: Worksheet, row: int, column: int, words: str) -> None:
        """Write a text, which no spreadsheet takes for a formula."""
        self._write_text(sheet, row, column, words)

    def input(self, sheet: Worksheet, place: tuple[int, int], value: float, kind: str) -> None:
        """Write a number that a reader may change; nothing where it is not known."""
        if math.isfinite(value):
            sheet.write_number(*place, value, self._input[kind])
        else:
            sheet.write_blank(*place, None, self._input[kind])

    def formula(
        self, sheet: Worksheet, place: tuple[int, int], formula: str, value: float, kind: str
    ) -> None:
        """Write a formula of cells, with the value that it has now.

        No text from the data may be part of it.
        """
        sheet.write_formula(*place, formula, self._plain[kind], value)

    def _heads(self, sheet: Worksheet, row: int, names: list[str]) -> None:
        for column, name in enumerate(names):
            self._write_text(sheet, row, column, name, self._head)

    def _write(self, sheet: Worksheet, row: int, column: int, value: Any, kind: str) -> None:
        if value is None:
            return
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value)
        elif isinstance(value, dt.date):
            clock = isinstance(value, dt.datetime) and value.time() != dt.time()
            sheet.write_datetime(row, column, value, self._plain["time" if clock else "date"])
        elif isinstance(value, (int, float)):
            sheet.write_number(row, column, value, self._plain[kind])
        else:
            self._write_text(sheet, row, column, value)

    def _write_text(
        self, sheet: Worksheet, row: int, column: int, value: str, style: Format | None = None
    ) -> None:
        guarded = safe(value)
        plain = self._guarded if guarded != value[:_LONGEST_TEXT] else self._text
        sheet.write_string(row, column, guarded, style or plain)


def safe(value: str) -> str:
    """Return a text that no spreadsheet takes for a formula, also after a detour through CSV.

    Examples
    --------
    >>> safe("=cmd|' /C calc'!A0"), safe("web")
    ("'=cmd|' /C calc'!A0", 'web')
    """
    guard = "'" if value.startswith(_FORMULA_STARTS) or _hides_a_formula(value) else ""
    return (guard + value)[:_LONGEST_TEXT]


def _hides_a_formula(value: str) -> bool:
    return value[:1].isspace() and value.lstrip().startswith(_FORMULA_STARTS)


def legal_names(names: Iterable[str]) -> dict[str, str]:
    """Return for each name the sheet name it gets: legal, at most 31 characters, unique.

    Examples
    --------
    >>> legal_names(["by source/region", "By Source region", "History"])
    {'by source/region': 'by source region', 'By Source region': 'By Source region (2)', \
'History': 'History_'}
    """
    taken = {"index", "definitions"}
    given: dict[str, str] = {}
    for name in names:
        clean = re.sub(r"[\[\]:*?/\\\x00-\x1f]+", " ", str(name)).strip().strip("'").strip()
        clean = f"{clean}_" if clean.lower() == "history" else clean or "Sheet"
        candidate, number = clean[:_LONGEST_NAME], 1
        while candidate.lower() in taken:
            number += 1
            suffix = f" ({number})"
            candidate = clean[: _LONGEST_NAME - len(suffix)] + suffix
        taken.add(candidate.lower())
        given[name] = candidate
    return given


def flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with named index levels as columns, and one text over each column."""
    import pandas as pd

    named = [name for name in frame.index.names if name is not None]
    flat = frame.reset_index() if named else frame.copy(deep=False)
    flat.columns = pd.Index([_head(name) for name in flat.columns])
    return flat


def _head(name: object) -> str:
    return " ".join(str(part) for part in name) if isinstance(name, tuple) else str(name)


def plain(value: Any) -> Any:
    """Return a cell as None, bool, int, float, date or text."""
    import pandas as pd

    if isinstance(value, pd.Period):
        return period_label(value)
    if hasattr(value, "item") and not hasattr(value, "__len__"):
        value = value.item()
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("∞" if value > 0 else f"{MINUS}∞")
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    return value if isinstance(value, (bool, int, float, dt.date)) else str(value)


def _kind(name: str, values: list[Any]) -> str:
    """Return the format of a column of numbers, by its name's suffix and its values."""
    numbers = [one for one in values if type(one) in (int, float)]
    word = name.rsplit("_", 1)[-1].lower()
    stem = name.lower().split("_")
    if word == "days" or "days" in stem:
        return "days"
    if word == "value" or "value" in stem:
        return "value"
    fractions = all(0 <= one <= 1 for one in numbers)
    if word == "rate" or "rate" in stem or (word in _SHARES and fractions):
        return "share"
    return "whole" if all(float(one).is_integer() for one in numbers) else "number"


def _width(name: str, values: list[Any], kind: str) -> float:
    texts = [one for one in values[:1000] if isinstance(one, str)]
    widest = max([len(one) for one in texts], default=10 if kind in _FORMATS else 0)
    longest_word = max(len(part) for part in re.split(r"[\s_]", name))
    return min(max(widest, longest_word, min(len(name), 18), _NARROWEST) + 2, _WIDEST)
