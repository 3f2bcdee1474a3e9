"""Which timing the page goes by, and what it would have said in earlier months."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core.errors import EvidenceError
from funnelkit.lag import (
    backtest,
    choose,
    fit_competing,
    fit_cure,
    within,
)
from funnelkit.report.page.changes import Estimate
from funnelkit.report.page.facts import YOUNG, Ever, Foretold, Missing, Tested

if TYPE_CHECKING:
    from funnelkit.counts.triangle import Triangle
    from funnelkit.data.records import Leads
    from funnelkit.lag import Backtest, LagFit
    from funnelkit.lag.cure.families import FamilyName
    from funnelkit.lag.cure.grouped import Axis
    from funnelkit.lag.rolling.methods import Method as Way
    from funnelkit.report.page.facts import Setting

_DATES = 6
_OBSERVED, _CURVE, _RAW, _MATURE = "observed", "curve", "raw", "mature"
_ENOUGH, _CLEARLY = 12, 0.95
"""From how many forecasts on another timing may be taken, and at most what share of the error."""


@dataclass(frozen=True)
class Method:
    """How the page takes the timing by which cohorts are adjusted.

    Parameters
    ----------
    family
        Family of the curve; ``None``: the observed, product-limit curve.
    """

    family: FamilyName | None = None

    def fit(self, triangle: Triangle, horizon: int) -> LagFit:
        """Return the timing up to a horizon, one pace for all segments and cohorts."""
        if self.family is None:
            return fit_competing(triangle, pool=("segments", "cohorts"), horizon=horizon)
        apart: tuple[Axis, ...] = ("cohorts",)
        apart = ("segments", *apart) if triangle.n_segments > 1 else apart
        return within(fit_cure(triangle, family=self.family, rates=apart, starts=1), horizon)


def ever_of(triangle: Triangle, *, confidence_level: float) -> Ever | None:
    """Return what share converts ever by the curves that fit best; nothing where none can be."""
    try:
        choice = choose(triangle.collapse(segments=True), criterion="aic", rates=())
    except EvidenceError:
        return None
    family = choice.families.get(triangle.target)
    if family is None:  # leads have left, and none has come to the target
        return None
    shown = choice.fit.shown(confidence_level=confidence_level)
    return Ever(
        family=family,
        estimate=Estimate(
            float(choice.ultimate[0, 0]),
            float(np.asarray(shown.low)[0, 0]),
            float(np.asarray(shown.high)[0, 0]),
        ),
        verdict=choice.verdict,
    )


def tested_view(
    leads: Leads, setting: Setting, ever: Ever | None
) -> tuple[Method, Tested | Missing]:
    """Return the timing that would have served best in earlier months, and how well it would have.

    Without earlier months to go by, the timing is the observed one; so it is where leads leave by
    exits, since curves that compete take long to fit for each of the months.
    """
    terms = setting.terms
    able = {_OBSERVED: Method()}
    if ever is not None and not leads.funnel.exits:
        able[_CURVE] = Method(ever.family)
    methods: dict[str, Way] = {name: method.fit for name, method in able.items()}
    try:
        found = backtest(
            leads,
            terms.start,
            terms.target,
            dates=_DATES,
            methods=methods | {_RAW: "raw", _MATURE: "mature"},
            confidence_level=setting.confidence_level,
        )
    except EvidenceError as error:
        return Method(), Missing(f"It needs a longer history: {error}")
    told = found.from_maturity(YOUNG) if (found.maturity >= YOUNG).any() else None
    best = None if told is None or not told.n else _best(told, list(able))
    if told is None or best is None:
        needs = "It needs an earlier month end on which a cohort had come far enough to be told."
        return Method(), Missing(needs)
    return able[best], _tested(told, best)


def _best(told: Backtest, able: list[str]) -> str | None:
    """Return the timing to go by: as observed, unless another was clearly better often enough."""
    crps = _scores(told, "crps")
    fitted = [name for name in able if name in crps]
    if _OBSERVED not in fitted or told.n < _ENOUGH:
        return next(iter(fitted), None)
    best = min(fitted, key=crps.__getitem__)
    return best if crps[best] <= _CLEARLY * crps[_OBSERVED] else _OBSERVED


def _tested(found: Backtest, method: str) -> Tested:
    """Return the scores of a method, and its forecasts of the youngest cohorts told."""
    off, held = _scores(found, "mae_points"), _scores(found, "coverage")
    n = int(_scores(found, "n")[method])
    return Tested(
        rows=_rows(found, method),
        horizon=found.horizon,
        off=off[method],
        raw_off=off[_RAW],
        mature_off=off.get(_MATURE),
        forecasts=n,
        held=round(held[method] * n),
        leads=found.leads,
        leaks=found.leaks,
    )


def _scores(found: Backtest, column: str) -> dict[str, float]:
    """Return one score by method."""
    table = found.scores()
    return dict(zip(table["method"], table[column].astype(float), strict=True))


def _rows(found: Backtest, method: str) -> tuple[Foretold, ...]:
    m = found.methods.index(method)
    youngest: dict[dt.date, int] = {}
    for k in np.flatnonzero(found.told[:, m]).tolist():
        other = youngest.get(found.dates[k])
        if other is None or found.cohorts[k] > found.cohorts[other]:
            youngest[found.dates[k]] = k
    rows = []
    for day, k in sorted(youngest.items()):
        entered = int(found.entered[k])
        rows.append(
            Foretold(
                day=day,
                cohort=found.cohorts[k],
                entered=entered,
                so_far=int(found.converted[k]) / entered,
                expected=Estimate(
                    float(found.predicted[k, m]) / entered,
                    int(found.low_count[k, m]) / entered,
                    int(found.high_count[k, m]) / entered,
                ),
                came=int(found.actual[k]) / entered,
            )
        )
    return tuple(rows)
