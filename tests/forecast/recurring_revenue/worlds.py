"""A generator of accounts of which all chances are known."""

import itertools

import numpy as np
import pandas as pd


def world(
    seed,
    *,
    months,
    first=40,
    new=4.0,
    churn=0.015,
    renewal=0.15,
    expansion=0.03,
    contraction=0.015,
    back=0.01,
    spread=0.2,
    sizes=1.0,
    drift=0.0,
):
    """What each account pays in each month, shape (accounts, months).

    Chances are logit-linear: one at whole years of age and one else, with a shock that all
    accounts share in a month, of standard deviation ``spread``. The logit of churn grows by
    ``drift`` from the first month to the last.
    """
    draws = np.random.default_rng(seed)
    shocks = draws.normal(0, spread, (3, months))
    shocks[0] += drift * (np.arange(months) / max(months - 1, 1) - 0.5)
    arrivals = [first, *draws.poisson(new, months - 1)]
    begins = np.repeat(np.arange(months), arrivals)
    number = len(begins)
    size = np.rint(np.exp(draws.normal(6, sizes, number)))
    table = np.zeros((number, months))
    now, last, since = np.zeros(number), np.zeros(number), np.zeros(number)

    def chance(rate, shock):
        return 1 / (1 + np.exp(-np.log(rate / (1 - rate)) - shock))

    for t in range(months):
        paying = now > 0
        rate = np.where((t - since) % 12 == 0, renewal, churn)
        luck = draws.random((4, number))
        gone = paying & (luck[0] < chance(rate, shocks[0, t]))
        up = paying & ~gone & (luck[1] < chance(expansion, shocks[1, t]))
        down = paying & ~gone & ~up & (luck[2] < chance(contraction, shocks[2, t]))
        returns = ~paying & (last > 0) & (luck[3] < back)
        fresh = begins == t
        then = now.copy()
        then[gone] = 0
        then[up] = np.rint(now[up] * (1 + draws.gamma(2, 0.12, up.sum())))
        then[down] = np.maximum(np.rint(now[down] * draws.uniform(0.4, 0.95, down.sum())), 1)
        then[returns] = last[returns]
        then[fresh] = size[fresh]
        since[returns | fresh] = t
        last, now = np.where(then > 0, then, last), then
        table[:, t] = now
    return table


def by_month(table, months, start="2023-01"):
    """The first months as a table of months."""
    names = pd.period_range(start, periods=months, freq="M").astype(str)
    i, j = np.nonzero(table[:, :months])
    return pd.DataFrame({"account": [f"a{k}" for k in i], "month": names[j], "mrr": table[i, j]})


def spans(table, months, start="2023-01"):
    """The first months as a table of starts and ends, and its last day."""
    names = pd.period_range(start, periods=months, freq="M")
    rows = []
    for account, paid in enumerate(table[:, :months]):
        edges = np.flatnonzero(np.diff(paid, prepend=-1, append=-1))
        for a, b in itertools.pairwise(edges):
            if paid[a] > 0:
                end = None if b == months else names[b - 1].end_time.date().isoformat()
                rows.append((f"a{account}", names[a].start_time.date().isoformat(), end, paid[a]))
    frame = pd.DataFrame(rows, columns=["account", "start", "end", "mrr"])
    return frame, names[-1].end_time.date().isoformat()
