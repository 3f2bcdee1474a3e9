"""Timing of transitions: not bent by a rate that fell, and a change of speed is told apart."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.counts.triangle import Triangle
from funnelkit.monitor.board import timing as timed

SHAPE = np.array([0.4, 0.3, 0.2, 0.1])


def triangle(rates, entered=1000, shapes=None):
    """Daily cohorts, the last ones partly followed; counts are those expected, rounded."""
    n = len(rates)
    events = np.zeros((1, n, n), int)
    followed = np.zeros((1, n, n), int)
    for c, rate in enumerate(rates):
        age = n - 1 - c
        followed[0, c, age] = entered
        shape = SHAPE if shapes is None else shapes[c]
        seen = np.round(entered * rate * shape).astype(int)[: age + 1]
        events[0, c, : len(seen)] = seen
    censored = followed.copy()
    for c in range(n):
        censored[0, c, n - 1 - c] -= events[0, c].sum()
    return Triangle(
        start="lead", target="won", cohorts=pd.period_range("2026-01-01", periods=n, freq="D"),
        as_of=dt.date(2026, 1, 1) + dt.timedelta(days=n - 1), entered=np.full((1, n), entered),
        events={"won": events}, censored=censored, followed=followed,
    )  # fmt: skip


def test_the_shape_is_not_bent_by_a_drop():
    rates = [0.4] * 12 + [0.1] * 4
    counts = triangle(rates)
    timing = timed.timing_of(counts, counts)
    assert timing.shape[0, :4] == pytest.approx(SHAPE, abs=0.01)
    assert timing.shape[0].sum() == pytest.approx(1)
    # a curve of one rate for all cohorts is bent: 10 % more seems to come late
    common = fk.lag.fit_kaplan_meier(counts).maturity(np.arange(4))[0, 0]
    assert common[0] < 0.38
    mature = timing.mature[0]
    assert mature[0] == pytest.approx(1000)
    assert mature[-1] == pytest.approx(400, abs=15)
    assert (timing.converted[0] / mature)[-4:] == pytest.approx([0.1] * 4, abs=0.005)


def test_speed_tells_later_conversions_not_fewer():
    late = np.array([0.1, 0.2, 0.3, 0.4])
    slow = triangle([0.4] * 16, shapes=[SHAPE] * 12 + [late] * 4)
    ratio, variance = timed.speed_of(timed.timing_of(slow, slow))
    assert (ratio[0, 12] / np.sqrt(variance[0, 12])) < -5
    assert abs(ratio[0, :10] / np.sqrt(variance[0, :10])).max() < 3
    fewer = triangle([0.4] * 12 + [0.2] * 4)
    ratio, variance = timed.speed_of(timed.timing_of(fewer, fewer))
    known = np.isfinite(ratio)
    assert abs(ratio[known] / np.sqrt(variance[known])).max() < 1


def test_few_conversions_tell_no_speed():
    counts = triangle([0.4] * 10, entered=10)
    ratio, _ = timed.speed_of(timed.timing_of(counts, counts))
    assert np.isnan(ratio).all()


def test_reaching():
    assert timed.reaching([SHAPE]) == 2  # .4, .7, .9
    assert timed.reaching([np.array([0.0, 1.0])] * 3) == 3
    assert timed.reaching([]) == 0


def test_no_conversions():
    counts = triangle([0.0] * 6)
    timing = timed.timing_of(counts, counts)
    assert timing.converted.sum() == 0
    assert timing.mature[0, 0] == pytest.approx(1000)
    assert timing.pace == 0
    assert np.isfinite(timing.common(np.full((1, 6), 0.5))).all()
