"""Small tables of an experiment: their columns, labels and counts, checked once for every guard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, DataError

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_EXAMPLES = 5


def require_frame(argument: str, table: Any, columns: Sequence[str]) -> pd.DataFrame:
    """Return a table that has all of some columns.

    Raises
    ------
    ArgumentError
        If it is no data frame, or lacks a column, or has one twice.
    """
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        raise ArgumentError(
            f"`{argument}` must be a pandas DataFrame with the columns "
            f"{', '.join(f'`{name}`' for name in columns)}; got {type(table).__name__}."
        )
    known = [str(name) for name in table.columns]
    for name in columns:
        checks.member(argument, "column", name, known)
        if known.count(name) > 1:
            raise ArgumentError(f"`{argument}` has the column `{name}` twice; rename one.")
    return table


def require_by(
    argument: str, by: str | Sequence[str] | None, table: pd.DataFrame, taken: Sequence[str]
) -> list[str]:
    """Return the columns to look at: those named, or else all that have no other part.

    Raises
    ------
    ArgumentError
        If a named column is not there, or has another part.
    """
    if by is None:
        return [str(name) for name in table.columns if str(name) not in taken]
    names = [by] if isinstance(by, str) else list(by)
    require_frame(argument, table, names)
    if clash := [name for name in names if name in taken]:
        raise ArgumentError(f"`by` must not hold `{clash[0]}`, which is what is compared.")
    return names


def labels(column: pd.Series[Any]) -> NDArray[np.object_]:
    """Return the labels of a column as text; what is missing is named so."""
    blank = column.isna().to_numpy()
    texts = [
        display.BLANK if lacks else _text(value) for value, lacks in zip(column, blank, strict=True)
    ]
    return np.array(texts, dtype=object)


def arm_labels(argument: str, column: pd.Series[Any]) -> NDArray[np.object_]:
    """Return the arms of a column.

    Raises
    ------
    DataError
        If an arm is missing.
    """
    lacks = column.isna()
    if lacks.any():
        raise DataError(
            f"`{argument}`: the column `{column.name}` of the arm is blank in "
            f"{display.plural(int(lacks.sum()), 'row')}; leave those rows out, or name their arm."
        )
    return labels(column)


def numbers(
    argument: str, table: pd.DataFrame, columns: Sequence[str], *, whole: bool = False
) -> list[FloatArray]:
    """Return columns of counts, each a number of at least 0.

    Raises
    ------
    DataError
        If values are missing, no numbers, negative or infinite, or not whole where they must be.
    """
    import pandas as pd

    found, problems = [], []
    kind = "whole numbers" if whole else "numbers"
    for name in columns:
        given = table[name]
        values = pd.to_numeric(given, errors="coerce").to_numpy(float, na_value=np.nan)
        bad = ~(np.isfinite(values) & (values >= 0))
        if whole:
            bad |= np.where(bad, 0.0, values) % 1 != 0
        if bad.any():
            examples = [repr(value)[:30] for value in given[bad].tolist()[:_EXAMPLES]]
            problems.append(
                f"`{argument}`: the column `{name}` must hold {kind} from 0 on; "
                f"{display.plural(int(bad.sum()), 'row')} {'does' if bad.sum() == 1 else 'do'} "
                f"not, such as {', '.join(examples)}."
            )
        found.append(values)
    if problems:
        raise DataError(problems)
    return found


def cross(
    rows: NDArray[np.object_], columns: NDArray[np.object_], weights: FloatArray | None = None
) -> tuple[list[str], list[str], FloatArray]:
    """Return the labels of rows and columns as they come, and the table of sums."""
    names, others = list(dict.fromkeys(rows)), list(dict.fromkeys(columns))
    place = {name: k for k, name in enumerate(names)}
    beside = {name: k for k, name in enumerate(others)}
    table = np.zeros((len(names), len(others)))
    at = ([place[name] for name in rows], [beside[name] for name in columns])
    np.add.at(table, at, 1.0 if weights is None else weights)
    return names, others, table


def require_control(control: str | None, arms: Sequence[str]) -> str:
    """Return the arm that the others are held against: the first one unless named.

    Raises
    ------
    ArgumentError
        If there is no such arm.
    """
    return arms[0] if control is None else checks.member("control", "arm", control, arms)


def require_worth(worth: float) -> float:
    """Return how many independent units one record is worth: above 0, at most 1.

    Raises
    ------
    ArgumentError
        For anything else.
    """
    if isinstance(worth, (int, float)) and not isinstance(worth, bool) and 0 < worth <= 1:
        return float(worth)
    raise ArgumentError(f"`worth` must be above 0 and at most 1; got {worth!r}.")


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
