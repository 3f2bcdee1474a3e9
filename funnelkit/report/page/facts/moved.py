"""What moved the wins of a month's leads against those of the month before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.monitor import Change


@dataclass(frozen=True, eq=False, kw_only=True)
class Moved:
    """A change between two months of leads, and what it is made of.

    Parameters
    ----------
    column
        Segment by which the mix is taken.
    before, now
        The two months of entry.
    change
        What the change is made of.
    horizon
        Age in days up to which conversions count.
    """

    column: str
    before: pd.Period
    now: pd.Period
    change: Change
    horizon: int
