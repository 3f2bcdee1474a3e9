"""`data/*.csv`: the tables of a report for other programs, without a formula."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.report.workbook import Drawn, Sheet, flat, plain, safe

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "data"
# A program that splits lines at another sign would begin a cell, and so a formula, after it.
_AFTER_A_SIGN = re.compile(r"([;,|]\s*\"?\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_NO_NAME = re.compile(r"[^a-z0-9]+")


def write_csv_tables(
    folder: str | Path, sheets: Mapping[str, Sheet | Drawn | tuple[Any, ...]]
) -> list[Path]:
    """Return the files that were written, one for each table.

    Parameters
    ----------
    folder
        Where to; it is made.
    sheets
        Name -> (title, frame, notes), as for a workbook; what draws itself is no table.

    Notes
    -----
    UTF-8 without a mark, commas, a line feed after each row, days as ``2026-10-31``, numbers
    unrounded with a point, what is not known blank. Texts are quoted, each on one line, and numbers
    are not. A text that a spreadsheet could take for a formula, at its beginning or after a sign at
    which some split lines, has an apostrophe before it. The same tables always give the same bytes.
    """
    home = Path(folder)
    tables = {name: Sheet(*one) for name, one in sheets.items() if not isinstance(one, Drawn)}
    home.mkdir(parents=True, exist_ok=True)
    written = []
    for name, title in file_names(tables).items():
        path = home / title
        path.write_text(csv_text(tables[name].frame), encoding="utf-8", newline="")
        written.append(path)
    return written


def csv_text(frame: pd.DataFrame) -> str:
    r"""Return a frame as CSV; its named index levels are columns.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"source": ["web", "=1+1", "a;=1+1"], "leads": [3, 1, 2]})
    >>> print(csv_text(frame).replace("\n", "|"))
    "source","leads"|"web",3|"'=1+1",1|"a;'=1+1",2|
    """
    table = flat(frame)
    heads = [_quoted(str(name)) for name in table.columns]
    columns = [[_cell(plain(one)) for one in table.iloc[:, i]] for i in range(table.shape[1])]
    rows = [heads, *zip(*columns, strict=True)]
    return "".join(f"{','.join(row)}\n" for row in rows)


def file_names(names: Mapping[str, object]) -> dict[str, str]:
    """Return for each table the name of its file: small letters and digits, each once.

    Examples
    --------
    >>> file_names({"What moved": 0, "../what moved": 0, "Süd": 0})
    {'What moved': 'what-moved.csv', '../what moved': 'what-moved-2.csv', 'Süd': 's-d.csv'}
    """
    given: dict[str, str] = {}
    for name in names:
        stem = _NO_NAME.sub("-", name.lower()).strip("-")[:60] or "table"
        candidate, number = stem, 1
        while f"{candidate}.csv" in given.values():
            number += 1
            candidate = f"{stem}-{number}"
        given[name] = f"{candidate}.csv"
    return given


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, dt.date) else repr(value)


def _quoted(text: str) -> str:
    guarded = _AFTER_A_SIGN.sub(r"\1'", safe(_CONTROL.sub(" ", text)))
    return '"' + guarded.replace('"', '""') + '"'
