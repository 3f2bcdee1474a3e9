"""Figures of earlier reports, beside what the data say of the same months today."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from funnelkit.report.page.changes import UNKNOWN, Estimate

if TYPE_CHECKING:
    import pandas as pd

Counted = Literal["won", "entered", "value"]
COUNTED: tuple[Counted, ...] = ("won", "entered", "value")


@dataclass(frozen=True, kw_only=True)
class Issued:
    """An earlier report, as its manifest keeps it.

    Parameters
    ----------
    month
        The month it reported.
    as_of
        Last day of its data.
    route
        Stages between which its rates are taken.
    only
        The part of the leads it is about, such as ``region=EMEA``.
    counted
        Its counts and money of that month.
    horizon, expected
        Age in days, and the share of the month's leads expected to convert by it.
    defined
        Whether the funnel and its rows were defined then as they are now.
    changed
        Names of exports that have other contents today.
    fingerprint
        Hash of its manifest, without the timings.
    """

    month: pd.Period
    as_of: dt.date
    route: tuple[str, str]
    only: tuple[str, ...] = ()
    counted: Mapping[Counted, float] = field(default_factory=dict)
    horizon: int | None = None
    expected: Estimate = UNKNOWN
    defined: bool = True
    changed: tuple[str, ...] = ()
    fingerprint: str = ""


@dataclass(frozen=True, kw_only=True)
class Recount:
    """One figure of an earlier report.

    Parameters
    ----------
    issued
        The report.
    figure
        Which of its figures.
    said
        As that report had it.
    again
        The same, counted today of what today's data hold up to the last day of that report.
    now
        As known today.
    """

    issued: Issued
    figure: Counted
    said: float
    again: float
    now: float

    @property
    def moved(self) -> bool:
        """Whether it is another figure today."""
        return not math.isclose(self.now, self.said, rel_tol=1e-9, abs_tol=5e-3)

    @property
    def by_records(self) -> float:
        """How far it moved because the data of those days are others today."""
        return self.again - self.said

    @property
    def by_time(self) -> float:
        """How far it moved by what came after the last day of the report's data."""
        return self.now - self.again


@dataclass(frozen=True, kw_only=True)
class Reread:
    """What an earlier report expected of its month's leads, and what is expected today."""

    issued: Issued
    now: Estimate

    @property
    def held(self) -> bool:
        """Whether today's estimate lies in the interval given then."""
        return self.issued.expected.low <= self.now.value <= self.issued.expected.high


@dataclass(frozen=True, eq=False, kw_only=True)
class Restated:
    """Figures of earlier reports beside those of today.

    Parameters
    ----------
    reports
        The earlier reports, in order of their months.
    counts
        Their counts and money.
    rates
        Their expected rates, where the same age is told today.
    """

    reports: tuple[Issued, ...]
    counts: tuple[Recount, ...]
    rates: tuple[Reread, ...] = ()

    @property
    def moved(self) -> tuple[Recount, ...]:
        """Counts and money that are others today."""
        return tuple(one for one in self.counts if one.moved)
