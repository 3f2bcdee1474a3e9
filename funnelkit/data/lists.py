"""A list of a user's own, as a frame or the path of a CSV: texts as they stand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit._core.errors import ArgumentError, DataError

if TYPE_CHECKING:
    import pandas as pd


def read_list(argument: str, path: str | Path) -> pd.DataFrame:
    """Return the texts of a CSV in UTF-8.

    Parameters
    ----------
    argument
        Name of the argument, for messages.
    path
        The file.

    Raises
    ------
    ArgumentError
        If it is no path, or there is no such file.
    DataError
        If it is no CSV in UTF-8.
    """
    import pandas as pd

    needed = f"`{argument}` must be a frame or the path of a CSV"
    if not isinstance(path, (str, Path)):
        raise ArgumentError(f"{needed}; got {type(path).__name__}.")
    try:
        return pd.read_csv(path, dtype="string", encoding="utf-8-sig", keep_default_na=False)
    except OSError as reason:
        what = reason.strerror or "it cannot be opened"
        raise ArgumentError(f"{needed}; {Path(path).name}: {what}.") from None
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as reason:
        raise DataError(f"`{argument}`: {Path(path).name} is no CSV in UTF-8: {reason}.") from None
