"""What stale deals did in the past: their wins from then on beside what the model expected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import day_name, earlier
from funnelkit._core.errors import EvidenceError
from funnelkit.counts.arrange import segments_of
from funnelkit.counts.open_book import OpenBook
from funnelkit.counts.opened import stood_beyond
from funnelkit.data.records import Leads
from funnelkit.forecast.open_pipeline.chances import Residual
from funnelkit.metrics.cycle.stale import Limit, limits, limits_of

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_WINS = 0.5
"""Wins of all stages that weigh as much as a stage's own."""
_DEALS = 20.0
"""Deals that were stale at a stage that weigh as much as the model's own chance."""
_RECORD = 1.0
"""Wins added to those seen: the next one may come later than all before."""
FARTHEST = 365
"""Days before ``as_of`` from which records that are stale are followed, at most."""
_NEAREST = 60
_EVER = 548.0
"""Days after ``as_of`` that count as ever for stale records, at least."""


@dataclass(frozen=True, kw_only=True)
class StaleChance:
    """The chance of stale records: share ``weight`` from a constant hazard, the rest the model's.

    Parameters
    ----------
    hazard
        Wins per record and day, by draw and stage, shape ``(n_draws, K)``.
    weight
        By stage, shape ``(K,)``; 0 where no deal was stale there before.
    days
        Days after ``as_of`` at which each month ends, and at last those that count as ever, shape
        ``(H + 1,)``.
    """

    hazard: FloatArray
    weight: FloatArray
    days: FloatArray

    def of(self, shares: FloatArray, stage: IntArray, stale: NDArray[np.bool_]) -> FloatArray:
        """Return shares won, ``(n_draws, N, H + 1)``, with those of stale records put right."""
        if not stale.any():
            return shares
        past = -np.expm1(-self.hazard[:, stage, None] * self.days)
        weight = np.where(stale, self.weight[stage], 0.0)[:, None]
        return np.asarray(weight * past + (1 - weight) * shares)


@dataclass(frozen=True, eq=False, kw_only=True)
class StalePast:
    """What became of records that were stale since a day, by stage (shape ``(K,)``).

    Parameters
    ----------
    since
        The day; ``None`` where there is too little past.
    stages
        Stages that records stood at.
    deals
        Records that were stale then, or came to be since.
    won
        Of these, won after that.
    expected
        Wins that the model's chances expect of them, from their age then and for as long.
    exposure
        Σ of the days from then to ``as_of``.
    """

    since: dt.date | None
    stages: tuple[str, ...]
    deals: FloatArray
    won: FloatArray
    expected: FloatArray
    exposure: FloatArray

    def chance(
        self, days: FloatArray, n: int, rng: np.random.Generator, *, stages: Sequence[str]
    ) -> StaleChance:
        """Return joint draws of the chance of stale records by the end of some days, and ever.

        Parameters
        ----------
        days
            Days after ``as_of``, ascending.
        n, rng
            Number of draws, and generator.
        stages
            Stages of today's records, some of :attr:`stages`.

        Notes
        -----
        Wins are Poisson in the days that stale records were followed. The hazard of all stages
        together is drawn from a gamma distribution with one win more than was seen; that of a
        stage from one with half a win at the common hazard as prior (Gelman and others 2013,
        Bayesian Data Analysis, section 2.6). With n
        records behind it the hazard has the weight n / (n + 20), the model's chance the rest.
        """
        ends = np.append(days, max(_EVER, float(days[-1])))
        rows = [self.stages.index(name) for name in stages]
        deals, won, exposure = self.deals[rows], self.won[rows], self.exposure[rows]
        weight = deals / (deals + _DEALS)
        if not deals.sum():
            return StaleChance(hazard=np.zeros((n, len(weight))), weight=weight, days=ends)
        whole = rng.gamma(won.sum() + _RECORD, 1 / exposure.sum(), size=n)[:, None]
        shape = np.broadcast_to(won + _WINS, (n, len(weight)))
        hazard = rng.gamma(shape, 1 / (exposure + _WINS / whole))
        return StaleChance(hazard=hazard, weight=weight, days=ends)

    def told(self, stale: int) -> str:
        """Return the sentence on so many stale records of today."""
        if not stale:
            return ""
        text = f"{display.plural(stale, 'open record')} {'is' if stale == 1 else 'are'} stale"
        deals, won = int(self.deals.sum()), int(self.won.sum())
        if not deals:
            return f"{text}; none was in the past, so the model's chances are kept."
        return (
            f"{text} and {'has' if stale == 1 else 'have'} the chance that such records had: of "
            f"{display.plural(deals, 'record')} stale since {day_name(self._day)}, "
            f"{display.count(won)} {'was' if won == 1 else 'were'} won after that, where the model "
            f"expects {display.expected(float(self.expected.sum()))}."
        )

    @property
    def _day(self) -> dt.date:
        return self.since or dt.date.min


def limit_days(book: OpenBook, found: Sequence[Limit], apart: Sequence[str]) -> FloatArray:
    """Return the limit of each segment and stage of a book, ``(S, K)``; infinite if not known."""
    places = [book.by.index(name) for name in apart]
    known = {(one.business, one.stage): one.days for one in found}
    out = np.full((len(book.segments), len(book.stages)), np.inf)
    for i, segment in enumerate(book.segments):
        business = tuple(segment[place] for place in places)
        for k, stage in enumerate(book.stages):
            days = known.get((business, stage), np.nan)
            out[i, k] = days if np.isfinite(days) else np.inf
    return out


def no_past(stages: Sequence[str]) -> StalePast:
    """Return that nothing is known of stale records."""
    none = np.zeros(len(stages))
    return StalePast(
        since=None, stages=tuple(stages), deals=none, won=none, expected=none, exposure=none
    )


def known_limits(
    leads: Leads, model: Residual, *, beyond: float, stages: Sequence[str]
) -> list[Limit]:
    """Return the limits of a day's leads, from the counts of a model fitted on that day."""
    fitted = getattr(model, "curves", None)
    apart = leads.funnel.apart
    if fitted is None or fitted.as_of != leads.as_of or apart not in ((), fitted.by):
        return limits(leads, stages, beyond=beyond)
    ends = [fitted.triangles.get((stage, leads.funnel.won)) for stage in stages]
    counts = [one.collapse(segments=not apart, cohorts=True) for one in ends if one is not None]
    return limits_of(counts, beyond=beyond)


def stale_past(
    leads: Leads,
    model: Residual,
    found: Sequence[Limit],
    *,
    won: pd.DataFrame,
    stages: Sequence[str],
) -> StalePast:
    """Return what became of the records that were stale since a day of the past.

    Parameters
    ----------
    leads
        The data.
    model
        For what would have been expected.
    found
        Today's limits, as :func:`funnelkit.metrics.cycle.stale.limits` returns them.
    won
        Records won by ``as_of``, as :meth:`Leads.list` returns them.
    stages
        Stages that records stand at, in order: all but the last, without those that nothing but
        the current status tells of.

    Notes
    -----
    The day lies a year before ``as_of``, or in the middle between it and the first win. Today's
    limits know the wins that came since: with few wins the limit is the longest of all, and none
    can have come beyond it. That is why one win is added: of n + 1 wins, the last is the longest
    once in n + 1 times (Rényi 1962 on records).
    """
    import pandas as pd

    stages = tuple(stages)
    days = pd.to_datetime(won[leads.funnel.won]).dropna()
    back = min(FARTHEST, (leads.as_of - days.min().date()).days // 2) if len(days) else 0
    known = [one for one in found if np.isfinite(one.days)]
    if back < _NEAREST or not known:
        return no_past(stages)
    columns: dict[str, list[object]] = {
        "stage": [stages.index(one.stage) for one in known],
        "limit": [one.days for one in known],
    }
    for i in range(len(leads.funnel.apart)):
        columns[f"by_{i}"] = [one.business[i] or "" for one in known]
    day = earlier(leads.as_of, back)
    seen = stood_beyond(leads, pd.DataFrame(columns), earlier(day, -1), by=model.by)
    sums = np.zeros((4, len(stages)))
    for number, part in seen.groupby("stage"):
        k = int(str(number))
        n = part["n"].to_numpy(float)
        sums[:, k] = (
            n.sum(),
            part["won"].sum(),
            _expected(model, part, stages[k]),
            float(n @ part["days"].to_numpy(float)),
        )
    deals, wins, expected, exposure = sums
    return StalePast(
        since=day, stages=stages, deals=deals, won=wins, expected=expected, exposure=exposure
    )


def _expected(model: Residual, part: pd.DataFrame, stage: str) -> float:
    """Return the wins that the model expects of counted records at a stage."""
    place = {segment: i for i, segment in enumerate(model.segments)}
    ages, at = np.unique(part["stage_age_days"].to_numpy(np.int64), return_inverse=True)
    days, until = np.unique(part["days"].to_numpy(np.int64), return_inverse=True)
    try:
        found = np.asarray(model.chances(stage, ages, days.astype(float)))
    except EvidenceError:
        return 0.0
    rows = np.array([place.get(one, -1) for one in segments_of(part, model.by)], np.int64)
    own = np.where(rows >= 0, found[rows, at, until], found.mean(axis=0)[at, until])
    return float(own @ part["n"].to_numpy(float))
