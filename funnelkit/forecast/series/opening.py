"""A path, frame, Series, list or mapping of series as one frame of cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, DataError

if TYPE_CHECKING:
    import pandas as pd

_DELIMITERS = (",", ";", "\t", "|")
_NEEDED = (
    "`source` must be the path of a delimited text file, a frame, a Series by period, a row of "
    "numbers, or a mapping of names to any of these"
)


def opened(
    source: Any, *, delimiter: str | None, encoding: str | None
) -> tuple[pd.DataFrame, str | None, list[str]]:
    """Return the cells, the name of a single series where the source tells it, and notes.

    Parameters
    ----------
    source
        What :func:`read_series` takes. Periods that are an index become a column ``period``.
    delimiter, encoding
        Of a text file; found in its header, and UTF-8, unless said.

    Raises
    ------
    ArgumentError
        If it is none of these, or there is no such file.
    DataError
        If the file is no delimited text, or has no rows.
    """
    import pandas as pd

    name, notes = None, list[str]()
    if isinstance(source, (str, Path)):
        frame, notes = _file(Path(source), delimiter, encoding)
    elif isinstance(source, pd.DataFrame):
        frame = _with_index(source)
    elif isinstance(source, pd.Series):
        name = None if source.name is None else str(source.name)
        frame = _with_index(source.rename("value").to_frame())
    elif isinstance(source, Mapping):
        frame = _of_mapping(source)
    elif isinstance(source, (Sequence, np.ndarray)) and not isinstance(source, bytes):
        frame = _of_numbers(source)
    else:
        raise ArgumentError(f"{_NEEDED}; got {type(source).__name__}.")
    frame = frame.rename(columns=_text)
    if repeated := sorted(set(frame.columns[frame.columns.duplicated()])):
        shown = display.listed([f"`{display.one_line(one)}`" for one in repeated[:5]])
        raise DataError(f"`source` has several columns of one name: {shown}. Rename them.")
    if not len(frame) or not len(frame.columns):
        raise DataError("`source` holds no rows.")
    return frame.reset_index(drop=True), name, notes


def _text(name: object) -> str:
    """Return the name of a column as text: of a period its own, of a time its day."""
    import pandas as pd

    if isinstance(name, pd.Timestamp):
        return name.date().isoformat()
    if isinstance(name, pd.Period):
        return _period_text(name)
    return str(name).strip()


def _period_text(period: pd.Period) -> str:
    unit = period.freqstr.partition("-")[0]
    if unit in ("M", "ME") or unit.startswith("Q"):
        return str(period)
    if unit.startswith(("Y", "A")):
        return str(period.year)
    return period.start_time.date().isoformat() if unit == "D" else str(period)


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose index, where it holds periods, days or names, is a column."""
    import pandas as pd

    index = frame.index
    if isinstance(index, pd.RangeIndex) or (
        pd.api.types.is_integer_dtype(index.dtype) and index.name is None
    ):
        return frame
    if isinstance(index, pd.MultiIndex):
        return frame.reset_index()
    is_time = isinstance(index, (pd.PeriodIndex, pd.DatetimeIndex))
    name = "index" if index.name is None else str(index.name)
    if is_time and "period" not in frame.columns:
        name = "period"
    found: pd.DataFrame = frame.set_axis(index.rename(name), axis=0).reset_index()
    return found


def _of_mapping(source: Mapping[Any, Any]) -> pd.DataFrame:
    """Return one column per series, or, of Series by period, a long frame."""
    import pandas as pd

    if not source:
        raise DataError("`source` holds no series.")
    parts = []
    for name, one in source.items():
        if isinstance(one, pd.Series):
            part = _with_index(one.rename("value").to_frame())
        elif isinstance(one, (Sequence, np.ndarray)) and not isinstance(one, (str, bytes)):
            part = _of_numbers(one)
        else:
            raise ArgumentError(f"{_NEEDED}; got {type(one).__name__} for {name!r}.")
        parts.append(part.assign(series=str(name)))
    widths = {tuple(part.columns) for part in parts}
    if len(widths) > 1:
        raise ArgumentError("`source`: either all of the series have dates, or none.")
    return pd.concat(parts, ignore_index=True)


def _of_numbers(source: Any) -> pd.DataFrame:
    import pandas as pd

    row = np.asarray(source, dtype=object)
    if row.ndim != 1:
        raise ArgumentError(
            f"{_NEEDED}; got an array of {row.ndim} dimensions. Name its series in a frame."
        )
    return pd.DataFrame({"value": pd.Series(list(source)).infer_objects()})


def _file(
    path: Path, delimiter: str | None, encoding: str | None
) -> tuple[pd.DataFrame, list[str]]:
    """Return the texts of a file, as they stand."""
    import pandas as pd

    try:
        raw = path.read_bytes()
    except OSError as reason:
        what = reason.strerror or "it cannot be opened"
        raise ArgumentError(f"{_NEEDED}; {path.name}: {what}.") from None
    name, notes = path.name, list[str]()
    if raw.startswith(b"PK\x03\x04"):
        raise DataError(f"`{name}` is a workbook or an archive; export the sheet as CSV.")
    try:
        text = raw.decode(encoding or "utf-8-sig")
    except LookupError:
        raise ArgumentError(
            f"`encoding` must be a codec such as utf-8 or cp1252; got {encoding!r}."
        ) from None
    except UnicodeError as reason:
        raise DataError(
            f"`{name}` is not {encoding or 'UTF-8'}: {reason}. Say what it is, such as "
            'encoding="cp1252".'
        ) from None
    if "\0" in text[:1000]:
        raise DataError(f'`{name}` holds zero bytes, as UTF-16 does; say encoding="utf-16".')
    lines = text.lstrip("\r\n")
    if not lines.strip():
        raise DataError(f"`{name}` is empty.")
    header = lines.splitlines()[0]
    found = delimiter or max(_DELIMITERS, key=lambda mark: len(_cells(header, mark)))
    if delimiter is None and found != "," and found in header:
        notes.append(f"`{name}` is delimited by {'tab' if found == chr(9) else f'`{found}`'}.")
    rows = [row for row in csv.reader(io.StringIO(lines, newline=""), delimiter=found) if any(row)]
    names = [cell.strip() for cell in rows[0]]
    while names and not names[-1]:
        names.pop()
    wrong = [k for k, row in enumerate(rows[1:], 2) if any(row[len(names) :])]
    if wrong:
        shown = ", ".join(str(k) for k in wrong[:5])
        raise DataError(
            f"`{name}`: {display.plural(len(wrong), 'row')} with more cells than the header "
            f"({len(names)}), such as row {shown}. Correct them, or say `delimiter=`."
        )
    names = [one or f"column {k}" for k, one in enumerate(names, 1)]
    table = [(row + [""] * len(names))[: len(names)] for row in rows[1:]]
    return pd.DataFrame(table, columns=names, dtype=object), notes


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter))
    except (csv.Error, StopIteration):
        return []
