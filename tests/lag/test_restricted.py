"""A fit read up to a horizon says what it says itself by that age."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from funnelkit import lag
from funnelkit._core.errors import EvidenceError
from funnelkit.counts.triangle import Triangle


def triangle(exits=()):
    rng = np.random.default_rng(3)
    days = 120
    followed = np.full((1, 1, days + 1), 20)
    events = {"won": np.zeros_like(followed), **{name: np.zeros_like(followed) for name in exits}}
    censored = np.zeros_like(followed)
    for age in range(days + 1):
        for _ in range(20):
            when = int(rng.exponential(15))
            kind = rng.choice(
                ["won", *exits, ""], p=[0.3, *[0.3] * len(exits), 0.7 - 0.3 * len(exits)]
            )
            if kind and when <= age:
                events[kind][0, 0, when] += 1
            else:
                censored[0, 0, age] += 1
    return Triangle(
        start="lead",
        target="won",
        exits=exits,
        cohorts=pd.period_range("2026-01", periods=1, freq="M"),
        as_of=dt.date(2026, 5, 1),
        entered=followed.sum(axis=2),
        events=events,
        censored=censored,
        followed=followed,
    )


def same(one, other, ages):
    np.testing.assert_allclose(one.rate_at(ages), other.rate_at(ages))
    np.testing.assert_allclose(one.maturity(ages), other.maturity(ages))
    np.testing.assert_allclose(one.ultimate, other.ultimate)
    np.testing.assert_allclose(one.conditional(ages), other.conditional(ages), atol=1e-12)
    np.testing.assert_allclose(one.conditional([3], 7), other.conditional([3], 7))
    for which in (None, ages):
        for end in ("low", "high"):
            np.testing.assert_allclose(
                getattr(one.confidence_interval(which), end),
                getattr(other.confidence_interval(which), end),
            )


@pytest.mark.parametrize("exits", [(), ("lost",)])
def test_a_longer_curve_says_the_same_within_fewer_days(exits):
    counts = triangle(exits)
    same(
        lag.within(lag.fit_competing(counts), 60),
        lag.fit_competing(counts, horizon=60),
        [0, 5, 30, 60],
    )


def test_a_fit_with_a_tail_ends_at_the_horizon():
    fit = lag.fit_cure(triangle(), family="exponential")
    short = lag.within(fit, 30)
    rates = fit.rate_at([10, 30])
    np.testing.assert_allclose(short.ultimate, rates[..., 1])
    np.testing.assert_allclose(short.maturity([10, 30]), rates / rates[..., 1:])
    # open at day 10, converts by day 30: (F(30) - F(10)) / (1 - F(10))
    share = (rates[..., 1] - rates[..., 0]) / (1 - rates[..., 0])
    np.testing.assert_allclose(short.conditional([10, 30])[..., 0], share)
    assert short.conditional([30]).tolist() == [[[0.0]]]
    drawn = short.sample(5, rng=1, ages=[10, 30])
    np.testing.assert_array_equal(drawn, fit.sample(5, rng=1, ages=[10, 30]))
    assert isinstance(short, lag.LagFit)
    frame = short.to_frame([10, 30])
    np.testing.assert_allclose(frame["rate"], rates[0, 0])
    assert "Within 30 days" in short.summary()


def test_nothing_is_said_beyond_either_horizon():
    fit = lag.fit_kaplan_meier(triangle(), horizon=60)
    assert lag.within(fit, 60) is fit
    with pytest.raises(EvidenceError, match=r"`horizon` must be at most 60 days.*got 90"):
        lag.within(fit, 90)
    with pytest.raises(EvidenceError, match="at most 30 days"):
        lag.within(fit, 30).rate_at([31])
    with pytest.raises(EvidenceError, match="at most 30 days"):
        lag.within(fit, 30).conditional([10], 21)
