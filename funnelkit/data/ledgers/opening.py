"""Where a table stands: text, workbook, Parquet or frame, opened by the room that knows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.data import delimited, sources
from funnelkit.data.sources import Source
from funnelkit.data.spreadsheets.opening import open_excel
from funnelkit.data.spreadsheets.words import ENDINGS

if TYPE_CHECKING:
    import pandas as pd
    from ibis.backends.duckdb import Backend

_PARQUET = "a Parquet file"
_WORKBOOK = "a workbook"
_TEXT = "delimited text"


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What was said about how files are written.

    Parameters
    ----------
    delimiter, encoding
        Of delimited text; found where ``None``.
    sheet, header_row
        Of workbooks; found where ``None``.
    serials
        Column -> how its plain numbers count days, in workbooks.
    """

    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | int | None = None
    header_row: int | None = None
    serials: Mapping[str, str]


def open_table(
    engine: Backend,
    source: object,
    *,
    needed: Collection[str],
    dates: Collection[str],
    opening: Opening,
) -> Source:
    """Return a file, several of one kind, or a frame as a raw relation of the needed columns.

    Raises
    ------
    ArgumentError
        If it is no path, list of paths or frame.
    DataError
        If a file is missing, empty or damaged, or the files are of several kinds.
    """
    import pandas as pd

    if isinstance(source, pd.DataFrame):
        plain = _without_periods(source, needed)
        return sources.open_frame(engine, plain, needed=needed, argument="source")
    if source is None or isinstance(source, (int, float, bool)):
        raise ArgumentError(
            f"`source` must be a path, a list of paths or a pandas DataFrame; got {source!r}."
        )
    files = sources.paths_of(source)
    kinds = {file: _kind(file) for file in files}
    found = sorted(set(kinds.values()))
    if len(found) > 1:
        examples = [
            f"`{next(file.name for file in files if kinds[file] == kind)}` is {kind}"
            for kind in found
        ]
        raise DataError(
            f"files in one list must be written in one way; {display.listed(examples)}. Read "
            "them one by one."
        )
    if found == [_PARQUET]:
        return sources.open_parquet(engine, files, needed=needed)
    if found == [_WORKBOOK]:
        return open_excel(
            engine,
            files,
            needed=needed,
            sheet=opening.sheet,
            header_row=opening.header_row,
            dates=dates,
            serials=opening.serials,
        )
    return delimited.open_csv(
        engine, files, delimiter=opening.delimiter, encoding=opening.encoding, needed=needed
    )


def _kind(file: Path) -> str:
    with file.open("rb") as stream:
        start = stream.read(4)
    if start == b"PAR1":
        return _PARQUET
    return _WORKBOOK if start == b"PK\x03\x04" or file.suffix.lower() in ENDINGS else _TEXT


def _without_periods(frame: pd.DataFrame, needed: Collection[str]) -> pd.DataFrame:
    """Return a frame whose periods are texts, which engines know nothing else of."""
    import pandas as pd

    from funnelkit._core.dates import period_label

    def text(value: object) -> str | None:
        return period_label(value) if isinstance(value, pd.Period) else None

    columns = [
        position
        for position, label in enumerate(frame.columns)
        if str(label) in needed and isinstance(frame.dtypes.iloc[position], pd.PeriodDtype)
    ]
    if not columns:
        return frame
    parts = [
        frame.iloc[:, position].map(text).astype(object)
        if position in columns
        else frame.iloc[:, position]
        for position in range(frame.shape[1])
    ]
    return pd.concat(parts, axis=1)
