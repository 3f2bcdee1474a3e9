"""`OpenBook`: open records by stage and age, with their money."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import IntArray, Segment

if TYPE_CHECKING:
    import pandas as pd

AgeSince = Literal["stage", "entry"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class OpenBook(Result):
    """Open records by segment, the stage they stand at, and their age at the end of ``as_of``.

    Shapes: ``(n_segments, n_stages, n_ages)``; index ``a`` is age ``a`` in calendar days, and the
    last index holds records whose age is not known.

    Parameters
    ----------
    stages
        Stages but the last.
    by, segments
        Segment columns, and one tuple of values for each segment.
    as_of
        Last complete day.
    since
        ``"stage"``: age since entry to the stage; ``"entry"``: since the first stage that is dated.
    n
        Open records.
    known, negative
        Of these, those with an amount (blank and 0 are unknown), and those where it is below 0.
    total, credit
        Exact sum of the known amounts, and of those below 0, ``Decimal``.
    undated
        Stages that only the current status tells of: records there stand at the stage before.
    currency, notes
        Of the amounts, where it is known, and what was done about it.
    """

    stages: tuple[str, ...]
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    as_of: dt.date
    since: AgeSince
    n: IntArray
    known: IntArray
    negative: IntArray
    total: NDArray[Any]
    credit: NDArray[Any]
    undated: tuple[str, ...] = ()
    currency: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("n", "known", "negative"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))
        for name in ("total", "credit"):
            object.__setattr__(self, name, frozen(getattr(self, name), object))

    @property
    def n_ages(self) -> int:
        """Number of known ages, from day 0 to the oldest record's."""
        return int(self.n.shape[-1]) - 1

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment, stage and age that occurs.

        Returns
        -------
        DataFrame
            Segment columns, ``stage``, ``age_days`` (blank where it is not known), ``n``,
            ``known`` and ``total_value``.
        """
        import pandas as pd

        i, k, a = np.nonzero(self.n)
        columns: dict[str, Any] = {
            name: [self.segments[row][place] for row in i] for place, name in enumerate(self.by)
        }
        columns["stage"] = [self.stages[stage] for stage in k]
        columns["age_days"] = pd.array(np.where(a < self.n_ages, a, -1), dtype="Int64")
        columns["age_days"][a == self.n_ages] = pd.NA
        columns |= {"n": self.n[i, k, a], "known": self.known[i, k, a]}
        return pd.DataFrame(columns | {"total_value": self.total[i, k, a]})

    def summary(self) -> str:
        """Return the size of the book in one sentence."""
        money = sum(self.total.ravel().tolist(), Decimal(0))
        worth = f", worth {float(money):,.0f} as far as amounts are known" if money else ""
        return (
            f"{display.plural(self.n.sum(), 'open record')} at {self.as_of.isoformat()}{worth}; "
            f"the age of {display.count(self.n[..., -1].sum())} is not known."
        )
