"""The dirt of real exports, put into a clean one on request, row by row on record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError
from funnelkit.data.definition import Funnel

if TYPE_CHECKING:
    import pandas as pd

IntArray = NDArray[np.int64]
_FAR_DAYS = 20_000
_COLUMNS = ["kind", "row", "id", "column", "clean"]


@dataclass(frozen=True)
class Soiler:
    """Makes a few rows of one frame dirty, each row once, and keeps the record.

    Parameters
    ----------
    frame
        The export, changed in place.
    funnel, as_of
        Its definition and last day.
    rng
        Generator.
    taken
        Rows that are dirty already, shape ``(n,)``.
    record
        One tuple (kind, row, id, column, clean value) for each dirty row.
    """

    frame: pd.DataFrame
    funnel: Funnel
    as_of: dt.date
    rng: np.random.Generator
    taken: NDArray[np.bool_]
    record: list[tuple[str, int, object, str, object]]

    def pick(self, share: float, able: NDArray[np.bool_]) -> IntArray:
        """Return rows to soil: so many of all rows, at least one, of those that are able."""
        left = np.flatnonzero(able & ~self.taken)
        wanted = min(len(left), max(1, round(share * len(self.taken))))
        rows = np.sort(self.rng.choice(left, wanted, replace=False))
        self.taken[rows] = True
        return np.asarray(rows, np.int64)

    def write(self, kind: str, rows: IntArray, column: str, values: Any) -> None:
        """Write values into a column and keep what stood there."""
        clean = self.frame[column].iloc[rows].tolist()
        ids = self.frame[self.funnel.id].iloc[rows].tolist()
        self.record.extend(
            (kind, int(row), name, column, was)
            for row, name, was in zip(rows, ids, clean, strict=True)
        )
        self.frame.loc[rows, column] = values

    def write_dates(
        self,
        kind: str,
        rows: IntArray,
        columns: list[str],
        chosen: IntArray,
        days: NDArray[np.datetime64],
    ) -> None:
        """Write a day into one of several columns for each row."""
        for position, column in enumerate(columns):
            mine = chosen == position
            if mine.any():
                self.write(kind, rows[mine], column, days[mine].astype("M8[us]"))

    def dates(self) -> tuple[list[str], NDArray[np.datetime64]]:
        """Return the columns of the stages in order, and their days, shape ``(n, n_columns)``."""
        found = [self.funnel.column_of(stage) for stage in self.funnel.stages]
        names = [name for name in found if name in self.frame]
        days = [self.frame[name].to_numpy("datetime64[D]") for name in names]
        return [str(name) for name in names], np.stack(days, axis=1)


def soil(
    frame: pd.DataFrame,
    funnel: Funnel,
    as_of: dt.date,
    *,
    shares: float | Mapping[str, float],
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a frame with dirt, and the record of it; no row is soiled twice.

    Parameters
    ----------
    frame
        A clean export; it is not changed.
    funnel, as_of
        Its definition and last day.
    shares
        Share of the rows to soil, evenly over all :data:`KINDS`, or kind -> share. Of each kind
        with a share there is at least one row, where the funnel has the column for it.
    rng
        Generator.

    Returns
    -------
    tuple of DataFrame
        The export; and ``kind``, ``row`` (position in the export), ``id``, ``column``, ``clean``.

    Raises
    ------
    ArgumentError
        If a share does not lie between 0 and 1, or a kind is unknown.
    """
    import pandas as pd

    by_kind = _by_kind(shares)
    soiler = Soiler(frame.copy(), funnel, as_of, rng, np.zeros(len(frame), bool), [])
    for kind, share in by_kind.items():
        if share > 0 and kind not in _REPEATS:
            KINDS[kind](soiler, share)
    extra = [
        KINDS[kind](soiler, share)
        for kind, share in by_kind.items()
        if share > 0 and kind in _REPEATS
    ]
    soiled = pd.concat([soiler.frame, *extra], ignore_index=True) if extra else soiler.frame
    return soiled, pd.DataFrame(soiler.record, columns=_COLUMNS)


def none() -> pd.DataFrame:
    """Return the record of an export without dirt."""
    import pandas as pd

    return pd.DataFrame({name: pd.Series(dtype=object) for name in _COLUMNS})


def _by_kind(shares: float | Mapping[str, float]) -> dict[str, float]:
    if isinstance(shares, Mapping):
        for name in shares:
            checks.member("dirt", "kind of dirt", name, KINDS)
        by_kind = {kind: float(shares.get(kind, 0.0)) for kind in KINDS}
    else:
        by_kind = {kind: float(shares) / len(KINDS) for kind in KINDS}
    if not all(0 <= share <= 1 for share in by_kind.values()) or sum(by_kind.values()) > 1:
        raise ArgumentError(f"`dirt` must be a share from 0 to 1, as must its sum; got {shares!r}.")
    return by_kind


def _blank_segment(soiler: Soiler, share: float) -> None:
    if soiler.funnel.segments:
        name = soiler.funnel.segments[0]
        rows = soiler.pick(share, soiler.frame[name].notna().to_numpy())
        soiler.write("blank_segment", rows, name, None)


def _unknown_segment(soiler: Soiler, share: float) -> None:
    if soiler.funnel.segments:
        name = soiler.funnel.segments[0]
        rows = soiler.pick(share, soiler.frame[name].notna().to_numpy())
        soiler.write("unknown_segment", rows, name, "unknown")


def _near_name(soiler: Soiler, share: float) -> None:
    if soiler.funnel.segments:
        name = soiler.funnel.segments[0]
        rows = soiler.pick(share, soiler.frame[name].notna().to_numpy())
        near = [f"{value.lower()} " for value in soiler.frame[name].iloc[rows]]
        soiler.write("near_name", rows, name, near)


def _white_space(soiler: Soiler, share: float) -> None:
    if soiler.funnel.segments:
        name = soiler.funnel.segments[-1]
        rows = soiler.pick(share, soiler.frame[name].notna().to_numpy())
        soiler.write("white_space", rows, name, [f" {it} " for it in soiler.frame[name].iloc[rows]])


def _out_of_order(soiler: Soiler, share: float) -> None:
    """Date a stage one to five days before the one before it."""
    names, days = soiler.dates()
    dated = ~np.isnat(days)
    rows = soiler.pick(share, dated.sum(axis=1) >= 2)
    second = np.zeros(len(rows), np.int64)
    first_day = np.empty(len(rows), "M8[D]")
    for order, row in enumerate(rows):
        stages = np.flatnonzero(dated[row])
        position = int(soiler.rng.integers(1, len(stages)))
        second[order], first_day[order] = stages[position], days[row, stages[position - 1]]
    early = first_day - soiler.rng.integers(1, 6, len(rows)).astype("m8[D]")
    soiler.write_dates("out_of_order", rows, names, second, early)


def _future_date(soiler: Soiler, share: float) -> None:
    """Date the next stage of an open record after the export's last day, some absurdly far."""
    names, days = soiler.dates()
    furthest = days.shape[1] - 1 - (~np.isnat(days))[:, ::-1].argmax(axis=1)
    rows = soiler.pick(share, furthest < days.shape[1] - 1)
    ahead = soiler.rng.integers(1, 91, len(rows))
    ahead[3::4] = _FAR_DAYS
    late = np.array([soiler.as_of], "M8[D]") + ahead.astype("m8[D]")
    soiler.write_dates("future_date", rows, names, furthest[rows] + 1, late)


def _missing_id(soiler: Soiler, share: float) -> None:
    rows = soiler.pick(share, np.ones(len(soiler.frame), bool))
    soiler.write("missing_id", rows, soiler.funnel.id, None)


def _zero_amount(soiler: Soiler, share: float) -> None:
    if name := soiler.funnel.value:
        soiler.write(
            "zero_amount", soiler.pick(share, soiler.frame[name].notna().to_numpy()), name, 0.0
        )


def _repeated_row(soiler: Soiler, share: float) -> pd.DataFrame:
    return _repeated(soiler, share, "repeated_row")


def _repeated_id(soiler: Soiler, share: float) -> pd.DataFrame:
    copy = _repeated(soiler, share, "repeated_id")
    if soiler.funnel.owner:
        copy[soiler.funnel.owner] = "rep-99"
    return copy


def _repeated(soiler: Soiler, share: float, kind: str) -> pd.DataFrame:
    rows = soiler.pick(share, np.ones(len(soiler.frame), bool))
    copy = soiler.frame.iloc[rows].copy()
    first = len(soiler.frame) + sum(each[0] in _REPEATS for each in soiler.record)
    soiler.record.extend(
        (kind, first + order, name, soiler.funnel.id, None)
        for order, name in enumerate(copy[soiler.funnel.id])
    )
    return copy


KINDS: dict[str, Callable[[Soiler, float], Any]] = {
    "blank_segment": _blank_segment,
    "unknown_segment": _unknown_segment,
    "near_name": _near_name,
    "white_space": _white_space,
    "out_of_order": _out_of_order,
    "future_date": _future_date,
    "missing_id": _missing_id,
    "zero_amount": _zero_amount,
    "repeated_row": _repeated_row,
    "repeated_id": _repeated_id,
}
_REPEATS = ("repeated_row", "repeated_id")
