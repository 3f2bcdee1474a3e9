"""`Drivers`: what stands behind a number of wins or their money, in plain numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Stated, frozen

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_COUNTS = ("entered", "eventual", "won")
_SLACK = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True)
class Drivers(Stated):
    """What stands behind the wins of some periods, by cell.

    A cell is a group of records whose number, rate, days and sizes are told apart: such as those
    open at a stage on the day, or those still to enter, of one segment.

    Parameters
    ----------
    cells
        Name of each cell.
    entered
        Records in it, shape ``(n_cells,)``.
    eventual
        How many of them will be won at any time.
    won
        How many of them are won in the periods.
    value
        Money of these wins; ``None`` where wins are counted.

    Raises
    ------
    ArgumentError
        With every problem at once: arrays that do not fit, numbers below 0, more won than will
        ever be, or money without a win.

    Examples
    --------
    >>> drivers = Drivers(cells=("web",), entered=[100.0], eventual=[20.0], won=[5.0], value=[5e4])
    >>> {name: one.tolist() for name, one in drivers.factors.items()}
    {'volume': [100.0], 'rate': [0.2], 'lag': [0.25], 'deal_size': [10000.0]}
    """

    cells: tuple[str, ...]
    entered: ArrayLike
    eventual: ArrayLike
    won: ArrayLike
    value: ArrayLike | None = None

    def __post_init__(self) -> None:
        """Copy and freeze the arrays, and refuse numbers that cannot be."""
        object.__setattr__(self, "cells", tuple(self.cells))
        names = [*_COUNTS, *(("value",) if self.value is not None else ())]
        problems = []
        if len(set(self.cells)) < len(self.cells) or not self.cells:
            problems.append("`cells` must name at least one cell, each once")
        for name in names:
            try:
                one = frozen(getattr(self, name), np.float64)
            except (TypeError, ValueError):
                problems.append(f"`{name}` must be numbers; got {getattr(self, name)!r:.60}")
                continue
            object.__setattr__(self, name, one)
            if one.shape != (len(self.cells),):
                problems.append(
                    f"`{name}` must have one number for each of {len(self.cells)} cells; got "
                    f"shape {one.shape}"
                )
            elif not np.isfinite(one).all() or (one < 0).any():
                odd = [f"{v:g}" for v in one[~np.isfinite(one) | (one < 0)][:5]]
                problems.append(f"`{name}` must be at least 0; got {', '.join(odd)}")
        if not problems:
            problems = self._contradictions()
        if problems:
            raise ArgumentError(f"Drivers of a forecast must fit: {'; '.join(problems)}.")

    def _contradictions(self) -> list[str]:
        entered, eventual, won = (np.asarray(getattr(self, name)) for name in _COUNTS)
        tests = {
            "more are won in the end than entered": eventual > entered * (1 + _SLACK) + _SLACK,
            "more are won in the periods than in the end": won > eventual * (1 + _SLACK) + _SLACK,
        }
        if self.value is not None:
            tests["there is money without a win"] = (np.asarray(self.value) > 0) & (won <= 0)
        return [
            f"{why} in {', '.join(f'`{self.cells[k]}`' for k in np.flatnonzero(bad)[:5])}"
            for why, bad in tests.items()
            if bad.any()
        ]

    @property
    def factors(self) -> Mapping[str, FloatArray]:
        """Factors whose product is :attr:`total` of each cell; NaN where one is not defined.

        ``volume`` (records), ``rate`` (won in the end / records), ``lag`` (won in the periods /
        won in the end) and, for money, ``deal_size`` (money / won in the periods).
        """
        entered, eventual, won = (np.asarray(getattr(self, name), float) for name in _COUNTS)
        found = {"volume": entered, "rate": _over(eventual, entered), "lag": _over(won, eventual)}
        if self.value is not None:
            found["deal_size"] = _over(np.asarray(self.value, float), won)
        return found

    @property
    def total(self) -> FloatArray:
        """Money of each cell, or wins where there is none."""
        return np.asarray(self.won if self.value is None else self.value, float)

    def plain(self) -> dict[str, Any]:
        """Return it as plain lists, as :meth:`of` takes it."""
        names = [*_COUNTS, *(("value",) if self.value is not None else ())]
        lists = {name: np.asarray(getattr(self, name)).tolist() for name in names}
        return {"cells": list(self.cells), **lists}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Drivers:
        """Return the drivers of plain lists.

        Raises
        ------
        ArgumentError
            If something is missing or cannot be.
        """
        if lacking := [name for name in ("cells", *_COUNTS) if name not in plain]:
            raise ArgumentError(f"Drivers of a forecast lack {', '.join(lacking)}.")
        cells = plain["cells"]
        if not isinstance(cells, Sequence) or not all(isinstance(one, str) for one in cells):
            raise ArgumentError(f"`cells` must be names; got {cells!r:.60}.")
        return cls(
            cells=tuple(cells),
            entered=plain["entered"],
            eventual=plain["eventual"],
            won=plain["won"],
            value=plain.get("value"),
        )

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, cell: str = "cell") -> Drivers:
        """Return the drivers of a table: ``cell``, ``entered``, ``eventual``, ``won``, ``value``.

        Raises
        ------
        ArgumentError
            If a column is missing, or numbers cannot be.
        """
        if lacking := [name for name in (cell, *_COUNTS) if name not in frame.columns]:
            raise ArgumentError(
                f"the table of drivers needs the columns {', '.join((cell, *_COUNTS))}; "
                f"{', '.join(f'`{name}`' for name in lacking)} is missing."
            )
        columns: dict[str, Any] = {name: frame[name].to_numpy() for name in _COUNTS}
        value = frame["value"].to_numpy() if "value" in frame.columns else None
        return cls(cells=tuple(str(one) for one in frame[cell]), value=value, **columns)


def _over(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    some = denominator > 0
    return np.where(some, numerator / np.where(some, denominator, 1.0), np.nan)
