"""Workbooks that were built, and the ways in which they go wrong."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from random import Random

import openpyxl
from openpyxl.utils.exceptions import IllegalCharacterError

from tests.fuzz import built
from tests.fuzz.plain import Row

ODD = (
    dt.datetime(2026, 1, 5, 10, 30), dt.date(2026, 1, 5), dt.time(10, 0), 46027, 46027.5, -1, 1e300,
    True, None, "", " ", "=1/0", "=HYPERLINK(A1)", "#N/A", "Total", "Subtotal", 3_000_000,
)  # fmt: skip


def of_rows(random: Random, table: list[Row]) -> bytes:
    """Return a workbook of rows: dates as such or as texts, with titles and totals at times."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = random.choice(("Leads", "Sheet'; --", "\u591a", "Report 1"))
    for _ in range(random.choice((0, 0, 1, 3))):
        sheet.append(["Leads of May"])
    columns = list(table[0])
    sheet.append(columns)
    real = random.random() < 0.5
    for row in table:
        sheet.append([_cell(row[name], real=real) for name in columns])
    for _ in range(random.choice((0, 0, 1, 4))):
        place = (random.randrange(1, sheet.max_row + 1), random.randrange(1, len(columns) + 1))
        try:
            sheet.cell(*place, random.choice(ODD))
        except IllegalCharacterError:
            continue
    if random.random() < 0.2:
        sheet.append(["Total", 12])
    if random.random() < 0.2:
        sheet.merge_cells("A2:B3")
    if random.random() < 0.2:
        book.create_sheet("Another").append(random.choice((columns, ["x"], [])))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _cell(text: str, *, real: bool) -> object:
    if real:
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            pass
    return "".join(mark for mark in text if mark.isprintable() or mark == "\n")[:32_000]


def damaged(random: Random, content: bytes) -> bytes:
    """Return a workbook with its bytes, or those of one of its parts, gone wrong."""
    what = random.randrange(6)
    if what < 2:
        return content
    if what == 2:
        return built.damaged(random, content)
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        names = old.namelist()
        chosen = random.choice([name for name in names if "sheet" in name or "haredS" in name])
        for name in names:
            part = old.read(name)
            if name == (chosen if what < 5 else random.choice(names)):
                if what == 3:
                    continue
                part = built.damaged(random, part)
            new.writestr(name, part)
    return stream.getvalue()
