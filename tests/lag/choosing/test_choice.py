"""`choose`: which family is found, how held-out leads are dealt, and what the interval carries."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from funnelkit import lag
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.counts.triangle import Triangle
from tests.reference.leads import Lead, triangle


def simulated(n, days, times, *, rate=0.2, seed=0):
    """Return leads that enter evenly over days 0 to `days`, cut from clock times to dates."""
    rng = np.random.default_rng(seed)
    begins = rng.uniform(0, days + 1, n)
    entry, cohort = np.floor(begins).astype(int), (begins // 31).astype(int)
    ends = np.floor(begins + times(rng, n))
    came = (rng.random(n) < rate) & (ends <= days)
    shape = (1, cohort.max() + 1, days + 1)
    cubes = [np.zeros(shape, int) for _ in range(3)]
    np.add.at(cubes[0][0], (cohort[came], (ends - entry)[came].astype(int)), 1)
    np.add.at(cubes[1][0], (cohort[~came], (days - entry)[~came]), 1)
    np.add.at(cubes[2][0], (cohort, days - entry), 1)
    return Triangle(
        start="lead", target="won", cohorts=pd.period_range("2026-01", periods=shape[1], freq="M"),
        as_of=dt.date(2026, 12, 31), entered=cubes[2].sum(2), events={"won": cubes[0]},
        censored=cubes[1], followed=cubes[2],
    )  # fmt: skip


TIMES = {
    "weibull": lambda rng, n: 30 * rng.weibull(1.8, n),
    "log-normal": lambda rng, n: 20 * np.exp(0.9 * rng.standard_normal(n)),
    "exponential": lambda rng, n: rng.exponential(25, n),
}


@pytest.mark.parametrize("truth", ["weibull", "log-normal"])
@pytest.mark.parametrize("criterion", ["held-out", "aic"])
def test_the_true_family_is_found(truth, criterion):
    counts = simulated(40_000, 250, TIMES[truth], seed=1)
    families = ("exponential", "weibull", "gamma", "log-normal", "log-logistic")
    choice = lag.choose(counts, families=families, criterion=criterion)
    assert choice.family == truth
    assert choice.fit.weights[families.index(truth)] > 0.9
    low, high = choice.confidence_interval()
    assert low[0, 0] < 0.2 < high[0, 0]
    assert choice.verdict == "measured"
    assert isinstance(choice.fit, lag.LagFit)


def test_the_interval_lies_among_those_of_the_families():
    counts = simulated(3_000, 90, TIMES["exponential"], seed=4)
    choice = lag.choose(counts)
    low, high = choice.confidence_interval()
    frame = choice.to_frame()
    best = frame.iloc[0]
    assert best["chosen"]
    assert frame["chosen"].sum() == 1
    assert frame["low"].min() - 1e-9 <= low[0, 0] <= best["ultimate"]
    assert best["ultimate"] <= high[0, 0] <= frame["high"].max() + 1e-9
    assert frame["weight"].sum() == pytest.approx(1)
    assert frame["delta_aic"].min() == 0
    assert (frame["held_out"].diff().dropna() <= 0).all()
    alone = lag.fit_cure(counts, family="exponential")
    row = frame.set_index("family").loc["exponential"]
    assert row["aic"] == pytest.approx(alone.aic, abs=1e-4)
    assert row["ultimate"] == pytest.approx(alone.ultimate[0, 0], rel=1e-4)


def test_bands_by_age_meet_the_ultimate():
    counts = simulated(2_000, 120, TIMES["weibull"], seed=6)
    fit = lag.choose(counts, families=("weibull", "log-normal", "exponential")).fit
    low, high = fit.confidence_interval([0, 20, 60, np.inf])
    ends = fit.confidence_interval()
    assert low[0, 0, -1] == pytest.approx(ends.low[0, 0], rel=1e-3)
    assert high[0, 0, -1] == pytest.approx(ends.high[0, 0], rel=1e-3)
    rates = fit.rate_at([0, 20, 60, np.inf])
    assert ((low <= rates + 1e-9) & (rates <= high + 1e-9)).all()
    assert ((low >= 0) & (high <= 1)).all()


def test_the_same_counts_and_seed_give_the_same_choice():
    counts = simulated(1_000, 120, TIMES["weibull"], seed=2)
    one, two = (lag.choose(counts, families=("weibull", "gamma"), rng=7) for _ in range(2))
    pd.testing.assert_frame_equal(one.to_frame(), two.to_frame())
    draws = [one.fit.sample(50, rng=3, ages=[30, np.inf]) for _ in range(2)]
    np.testing.assert_array_equal(*draws)
    assert draws[0].shape == (50, 1, 4, 2)


def test_few_conversions_go_by_aic():
    choice = lag.choose(triangle([*[Lead(60, "won", k) for k in range(4)], *[Lead(60)] * 90]))
    assert choice.held_out is None
    assert "held_out" not in choice.to_frame()
    assert "best AIC" in choice.summary()


def test_refusals():
    with pytest.raises(EvidenceError, match="none of 20 leads"):
        lag.choose(triangle([Lead(9)] * 20))
    counts = triangle([Lead(9, "won", 1), Lead(9, "won", 3), Lead(9)])
    with pytest.raises(ArgumentError, match="weibull"):
        lag.choose(counts, families=("weibul",))
    with pytest.raises(ArgumentError, match="at least one"):
        lag.choose(counts, families=())
    with pytest.raises(ArgumentError, match="`criterion`"):
        lag.choose(counts, criterion="bic")
    with pytest.raises(ArgumentError, match="`folds`"):
        lag.choose(counts, folds=1)
