"""Adjusted cohorts and labelled rates beside their ranges."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import share_interval

AS_OF = dt.date(2026, 12, 31)


def triangle(
    parts: list[tuple[int, int, dict[int, int]]], first: str = "2026-01", freq: str = "M"
) -> fk.Triangle:
    """Cohorts by month from January on: (leads, age of all on the last day, age -> wins)."""
    ages = 1 + max(age for _, age, _ in parts)
    entered = np.array([[leads for leads, _, _ in parts]])
    won, open_, followed = (np.zeros((1, len(parts), ages), int) for _ in range(3))
    for j, (leads, age, events) in enumerate(parts):
        for at, number in events.items():
            won[0, j, at] += number
        open_[0, j, age] = leads - sum(events.values())
        followed[0, j, age] = leads
    return fk.Triangle(
        start="sql", target="opportunity", as_of=AS_OF, entered=entered,
        cohorts=pd.period_range(first, periods=len(parts), freq=freq),
        events={"opportunity": won}, censored=open_, followed=followed,
    )  # fmt: skip


# published from SQL to opportunity: 40 to 80 %
OLD = [(400, 340, {5: 60, 20: 20}), (400, 310, {5: 60, 20: 20})]
YOUNG = (400, 10, {5: 60})


def test_cohorts_are_taken_together_at_their_own_maturity() -> None:
    counts = triangle([*OLD, YOUNG])
    fit = fk.lag.fit_kaplan_meier(counts, horizon=60)
    found = fk.rates.benchmark(fk.lag.adjust(counts, fit))
    one = found.conversions[0]
    # by day 10 60 of 80 have come: the young cohort is worth 400 x .75 leads
    assert one.entered.tolist() == [1200]
    assert one.maturity[0] == pytest.approx((400 + 400 + 300) / 1200, abs=0.005)
    assert one.rate[0] == pytest.approx(220 / 1100, abs=0.001)
    low, high = share_interval(220, 1200)
    assert one.low[0] < float(low) * 1200 / 1100 + 0.001  # chance, and the doubt about timing
    assert one.high[0] > float(high) * 1200 / 1100 - 0.001
    assert found.verdict[0].tolist() == ["below"]
    assert one.horizon == 60


def test_a_rate_that_may_still_rise_is_not_called_below() -> None:
    young = triangle([YOUNG, (400, 9, {5: 60})], "2026-12-21", "D")
    rates = fk.lag.adjust(young, fk.lag.fit_kaplan_meier(young))
    assert fk.rates.benchmark(rates).verdict[0].tolist() != ["below"]
    # many come after the horizon: what a rate by day 10 says of the end is little
    late = triangle([(400, 340, {5: 60, 200: 60}), (400, 310, {5: 60, 200: 60})])
    early = fk.lag.adjust(late, fk.lag.fit_kaplan_meier(late, horizon=10))
    assert early.later.sum() == 120
    assert fk.rates.benchmark(early).verdict[0].tolist() == ["immature"]


def test_a_cohort_without_a_basis_of_its_own_is_left_out() -> None:
    counts = triangle([*OLD, (400, 0, {})])
    rates = fk.lag.adjust(counts, fk.lag.fit_kaplan_meier(counts, horizon=60))
    assert rates.basis[0].tolist() == ["own", "own", "pooled"]
    one = fk.rates.benchmark(rates).conversions[0]
    assert one.entered.tolist() == [800]
    assert one.rate[0] == pytest.approx(0.2)


def test_the_fit_of_shrunken_rates_is_kept() -> None:
    counts = triangle([*OLD, YOUNG])
    rates = fk.lag.adjust(counts, fk.lag.fit_shrunken(counts))
    one = fk.rates.benchmark(rates).conversions[0]
    assert one.rate[0] == pytest.approx(float(rates.adjusted.mean()))  # equally many leads
    assert one.low[0] < one.rate[0] < one.high[0]


def test_a_rate_of_a_stage_table() -> None:
    rows = [
        {"id": f"{k}", "lead": "2026-01-05", "opportunity": "2026-01-09" if k < 400 else None,
         "won": "2026-02-01" if k < 60 else None, "lost": "2026-02-02" if 60 <= k < 380 else None}
        for k in range(500)
    ]  # fmt: skip
    funnel = fk.Funnel(["lead", "opportunity", "won"], exits=["lost"], id="id")
    leads = fk.from_frame(pd.DataFrame(rows), funnel, as_of="2026-06-30")
    rate = fk.rates.flow(leads).opportunity_to_win
    found = fk.rates.benchmark(rate)
    one = found.conversions[0]
    assert (one.start, one.target) == ("opportunity", "won")
    assert one.rate[0] == pytest.approx(60 / 380)
    low, high = share_interval(60, 380)
    assert (one.low[0], one.high[0]) == pytest.approx((float(low), float(high)))
    bare = replace(rate, start="", target="")
    with pytest.raises(ArgumentError, match="is not from one stage to another"):
        fk.rates.benchmark(bare)
    with pytest.raises(ArgumentError, match="`by` is for leads and tables"):
        fk.rates.benchmark(rate, by="source")
