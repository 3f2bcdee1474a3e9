"""From texts to numbers: each value read or reported, with the currency that it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
BLANKS = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", "<na>", "nat", "-"})
"""Texts that stand for nothing, in lower case."""
_SIGN = r"[$€£¥₹]|US\$|[A-Z]{3}"
_NUMBER = r"[-+]?[\d.]+(?:[eE][-+]?\d+)?"
_MONEY = re.compile(rf"(?P<minus>-?)(?P<a>{_SIGN})? ?(?P<number>{_NUMBER}) ?(?P<b>{_SIGN})?")


@dataclass(frozen=True)
class Numbers:
    """Numbers of cells in a row.

    Parameters
    ----------
    values
        NaN where blank, or where a text is no number.
    bad
        Positions of texts that are no numbers.
    texts
        The texts, for examples.
    signs
        Currency sign or code of each cell, blank where there is none.
    """

    values: FloatArray
    bad: NDArray[np.int64]
    texts: NDArray[Any]
    signs: NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Marks:
    """The marks in numbers."""

    decimal: str = "."
    thousands: str | None = None

    def __post_init__(self) -> None:
        """Refuse marks that are none."""
        if self.decimal not in (".", ","):
            raise ArgumentError(f'`decimal` must be "." or ","; got {self.decimal!r}.')
        if self.thousands not in (None, ".", ",", " ", "'", "\u00a0", "\u202f"):
            raise ArgumentError(f'`thousands` must be a mark such as ","; got {self.thousands!r}.')
        if self.thousands == self.decimal:
            raise ArgumentError("`thousands` and `decimal` must differ.")


def read_numbers(cells: pd.Series[Any], marks: Marks) -> Numbers:
    """Return the numbers of a column.

    Examples
    --------
    >>> import pandas as pd
    >>> found = read_numbers(pd.Series(["12", "$ 7.5", "n/a", "many"]), Marks())
    >>> found.values.tolist(), found.bad.tolist(), found.signs.tolist()
    ([12.0, 7.5, nan, nan], [3], ['', '$', '', ''])
    """
    import pandas as pd

    none = np.empty(0, np.int64)
    if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        values = cells.to_numpy(dtype=float, na_value=np.nan)
        bad = np.flatnonzero(np.isinf(values))
        texts = np.array([str(value) for value in values[bad]] if len(bad) else [], object)
        full = np.full(len(values), "", object)
        full[bad] = texts
        return Numbers(np.where(np.isinf(values), np.nan, values), bad, full, _blank(len(values)))
    texts = np.array(["" if pd.isna(cell) else str(cell).strip() for cell in cells], object)
    plain = texts
    if marks.thousands is not None or marks.decimal == ",":
        thousands = marks.thousands or "\0"
        plain = np.array([t.replace(thousands, "").replace(marks.decimal, ".") for t in texts])
    values = np.full(len(texts), np.nan)
    signs = _blank(len(texts))
    bad_at = []
    for i, text in enumerate(plain):
        try:
            values[i] = float(text)
        except ValueError:
            if text.lower() in BLANKS:
                continue
            found = _MONEY.fullmatch(text)
            value = _number(found)
            if found is None or value is None or (found["a"] and found["b"]):
                bad_at.append(i)
                continue
            values[i], signs[i] = value, found["a"] or found["b"] or ""
        else:
            if np.isnan(values[i]):
                continue
            if np.isinf(values[i]) or "_" in text:
                values[i] = np.nan
                bad_at.append(i)
    return Numbers(values, np.array(bad_at, np.int64) if bad_at else none, texts, signs)


def _number(found: re.Match[str] | None) -> float | None:
    if found is None:
        return None
    try:
        value = float(found["number"])
    except ValueError:
        return None
    return -value if found["minus"] else value


def _blank(size: int) -> NDArray[Any]:
    return np.full(size, "", object)
