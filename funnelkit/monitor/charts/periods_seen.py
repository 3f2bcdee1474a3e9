"""`Observed`: counts by period, in order of time, and what cannot be used of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit._core.result import frozen
from funnelkit.monitor.charts.laws import Kind

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Observed:
    """Counts by period, in order of time; arrays of shape ``(n_periods,)``.

    Parameters
    ----------
    name
        What the value is, such as ``"lead to won"``.
    labels, periods
        Of the periods; ``periods`` is ``None`` where labels are no dates.
    entered, converted
        Counts; for values by themselves ``entered`` is 1.
    mature
        How many fully followed leads the entered are worth: Σ maturity.
    worth
        Independent leads that each is worth.
    doubt
        Standard deviation of the log of the expected count, from timing and pace.
    set_aside
        Why a period cannot be used, by position.
    kind
        Chart that the counts call for.
    lagged
        Whether maturity is known.
    notes
        Sentences to say.
    """

    name: str
    labels: tuple[str, ...]
    periods: pd.PeriodIndex | None
    entered: FloatArray
    converted: FloatArray
    mature: FloatArray
    worth: FloatArray
    doubt: FloatArray
    set_aside: Mapping[int, str]
    kind: Kind
    lagged: bool = False
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("entered", "converted", "mature", "worth", "doubt"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def values(self) -> FloatArray:
        """Converted over what the entered are worth; NaN where that is nothing."""
        some = self.mature > 0
        return np.where(some, self.converted / np.where(some, self.mature, 1.0), np.nan)

    @property
    def maturity(self) -> FloatArray:
        """Share of what is to come that is there to be seen."""
        return np.where(self.entered > 0, self.mature / np.maximum(self.entered, 1e-12), 0.0)


def turned(found: Observed, kind: Kind) -> Observed:
    """Return the counts for another kind of chart."""
    if found.kind == "individuals":
        raise ArgumentError(f'`method` "{kind}" needs counts: give `entered` too.')
    if kind != "individuals":
        return replace(found, kind=kind)
    ones = np.ones(len(found.labels))
    return replace(
        found,
        converted=found.values,
        entered=ones,
        mature=ones,
        worth=ones,
        doubt=0 * ones,
        kind=kind,
    )


def in_order(found: Observed) -> Observed:
    """Return the periods in order of time, each once."""
    twice = sorted({label for label in found.labels if found.labels.count(label) > 1})
    if twice:
        raise DataError(
            f"`rates`: {display.plural(len(twice), 'period')} more than once, such as "
            f"{display.listed(twice[:_SHOWN])}; name one segment with `where`, or add them up."
        )
    if found.periods is None or found.periods.is_monotonic_increasing:
        return found
    order = np.argsort(found.periods.asi8, kind="stable")
    at = {int(old): new for new, old in enumerate(order)}
    return replace(
        found,
        labels=tuple(found.labels[j] for j in order),
        periods=found.periods[order],
        set_aside={at[j]: why for j, why in found.set_aside.items()},
        entered=found.entered[order],
        converted=found.converted[order],
        mature=found.mature[order],
        worth=found.worth[order],
        doubt=found.doubt[order],
    )


def usable(found: Observed) -> Observed:
    """Return the counts, with what has no value set aside; or say what cannot be."""
    problems = []
    known = np.isfinite(found.converted) & np.isfinite(found.mature)
    if found.kind != "individuals":
        negative = known & ((found.converted < 0) | (found.entered < 0))
        more = known & (found.converted > found.entered + 1e-9)
        if negative.any():
            problems.append(f"`rates`: {_named(found, negative)} with a count below 0.")
        if found.kind == "p" and more.any():
            problems.append(
                f"`rates`: {_named(found, more)} with more converted than entered; where these "
                'are not the same leads, take method="u".'
            )
    if problems:
        raise DataError(problems)
    aside = dict(found.set_aside)
    for j in range(len(found.labels)):
        if not known[j]:
            aside.setdefault(j, "no value")
        elif not found.entered[j] > 0:
            aside.setdefault(j, "nobody entered")
        elif not found.mature[j] > 0:
            aside.setdefault(j, "nothing could be seen yet")
    return replace(
        found,
        set_aside=aside,
        notes=(*found.notes, *_missing(found)),
        entered=np.where(known, found.entered, 0.0),
        converted=np.where(known, found.converted, 0.0),
        mature=np.where(known, found.mature, 0.0),
        doubt=np.where(known, found.doubt, 0.0),
    )


def _missing(found: Observed) -> list[str]:
    """Return a sentence about periods that are not there."""
    if found.periods is None or not len(found.periods) or found.periods.freqstr[0] not in "MQYA":
        return []
    missing = int(found.periods.asi8[-1] - found.periods.asi8[0]) + 1 - len(found.labels)
    if not missing:
        return []
    are = "is" if missing == 1 else "are"
    return [f"{display.plural(missing, 'period')} between the first and the last {are} missing."]


def _named(found: Observed, which: NDArray[np.bool_]) -> str:
    labels = [found.labels[j] for j in np.flatnonzero(which)]
    shown = display.listed(labels[:_SHOWN])
    return f"{display.plural(len(labels), 'period')} ({shown})"
