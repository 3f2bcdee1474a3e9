"""Intervals hold what came about as often as they say: benchmarks/recurring_coverage.py, short."""

import numpy as np
from scipy import stats

from funnelkit.forecast.recurring_revenue.forecasting import recurring
from tests.forecast.recurring_revenue.worlds import spans, world

RUNS, SEEN, AHEAD = 14, 18, 8


def test_mrr_is_within_its_interval_about_as_often_as_it_says():
    ranks = []
    for seed in range(RUNS):
        table = world(100 + seed, months=SEEN + AHEAD, first=15, new=2.0)
        kept = table[table[:, SEEN - 1] > 0]
        rows, as_of = spans(table, SEEN)
        found = recurring(rows, AHEAD, as_of=as_of, new=0, n_draws=200, rng=seed)
        ranks.append((found.kept[:, 0, -1] < kept[:, -1].sum()).mean())
    # Of 14, 80 and 95 % intervals hold fewer, or 50 % ones more, by chance once in 500 times.
    ends = np.abs(np.array(ranks) - 0.5)
    assert (ends <= 0.4).sum() >= stats.binom.ppf(0.002, RUNS, 0.8)
    assert (ends <= 0.475).sum() >= stats.binom.ppf(0.002, RUNS, 0.95)
    assert (ends <= 0.25).sum() <= stats.binom.ppf(0.998, RUNS, 0.5)
