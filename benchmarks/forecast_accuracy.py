"""Series ahead: our error and coverage beside the libraries' single methods, in one run.

    python benchmarks/forecast_accuracy.py SERIES.csv --horizon 18 --season 12 --jobs 2
    python benchmarks/forecast_accuracy.py SERIES.csv --horizon 6 --cut 18-48 --limit 300

SERIES.csv is long or wide, dated or not, as `fk.forecast.read_series` takes it. The last `horizon`
values of each series are held out. Printed for each method, over all series:

sMAPE     mean over series of the mean over steps of 200 |y - f| / (|y| + |f|)
MASE      mean over series of the mean absolute error over that of the in-sample seasonal naive
80, 95    share of steps inside the interval, with a binomial interval for as many trials as there
          are series (the steps of one series are not independent)
sum 80    the same for the sum over all steps
explosion series with a value ahead above ten times all that was seen
seconds   per 100 series, wall time with `--jobs` processes

Then the same for three kinds that a company has: short (cut to 18 to 48 values), lumpy (counts
around one a period, drawn with the rises and falls of the series) and broken (a lasting step and a
spell of zeros in the past).
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
import warnings
from functools import partial

import numpy as np
from scipy.stats import binomtest

from funnelkit.forecast.series.reading import read_series

LEVELS = (80, 95)


def series_of(path):
    """Return the series of a long or wide CSV, dated or not, in the order of the file."""
    table = read_series(path, missing="interpolate")
    return [row[np.isfinite(row)] for row in table.values]


# --- methods: (train, horizon, season) -> mean, {level: (low, high)}, sums {level: (low, high)} --


def ours(train, horizon, season):
    from funnelkit.forecast.ensemble.forecasting import ahead

    found = ahead(train[None], horizon=horizon, season=season, n_draws=1000, rng=len(train))
    draws = found.draws[:, 0]
    ends, sums = {}, {}
    for level in LEVELS:
        tails = [(100 - level) / 200, (100 + level) / 200]
        ends[level] = np.quantile(draws, tails, axis=0)
        sums[level] = np.quantile(draws.sum(axis=1), tails)
    return found.expected[0], ends, sums


def library(name, train, horizon, season):
    from statsforecast import models

    found = getattr(models, name)(season_length=season).forecast(
        y=train, h=horizon, level=list(LEVELS)
    )
    return found["mean"], {k: (found[f"lo-{k}"], found[f"hi-{k}"]) for k in LEVELS}, None


def naive(train, horizon, season):

    return library("SeasonalNaive" if len(train) >= season else "Naive", train, horizon, season)


METHODS = {
    "funnelkit": ours,
    "DynamicOptimizedTheta": partial(library, "DynamicOptimizedTheta"),
    "AutoETS": partial(library, "AutoETS"),
    "AutoCES": partial(library, "AutoCES"),
    "SeasonalNaive": naive,
}


def scored(method, season, pair):
    """Return the scores of one series: smape, mase, inside by level, inside of sums, explosion."""
    train, test = pair
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            mean, ends, sums = METHODS[method](train, len(test), season)
        except Exception as reason:  # noqa: BLE001  a library's failure is counted, not hidden
            return f"{type(reason).__name__}: {reason}"
    size = np.abs(test) + np.abs(mean)
    smape = np.mean(np.where(size > 0, 200 * np.abs(test - mean) / np.where(size > 0, size, 1), 0))
    lag = season if len(train) > season else 1
    scale = np.abs(train[lag:] - train[:-lag]).mean()
    mase = np.abs(test - mean).mean() / scale if scale > 0 else np.nan
    inside = [np.mean((ends[k][0] <= test) & (test <= ends[k][1])) for k in LEVELS]
    total = test.sum()
    summed = [np.nan if sums is None else sums[k][0] <= total <= sums[k][1] for k in LEVELS]
    wild = np.abs(mean).max() > 10 * max(np.abs(train).max(), 1)
    return [smape, mase, *inside, *summed, float(wild)]


def share(values, n):
    """Return a share with its binomial interval for n trials."""
    found = float(np.mean(values))
    low, high = binomtest(round(found * n), n).proportion_ci(method="wilson")
    return f"{found:.3f} ({low:.3f} to {high:.3f})"


def compare(label, pairs, season, names, pool):
    """Print one line per method."""
    print(f"\n{label}: {len(pairs)} series, {len(pairs[0][1])} steps")
    head = ("80 %", "95 %", "sum 80 %", "sum 95 %")
    shown = " ".join(f"{one:>22}" for one in head)
    print(f"{'':22} {'sMAPE':>6} {'MASE':>6} {shown}  expl.  s/100")
    for name in names:
        # Imports and compilation are no part of the time.
        pool.map(partial(scored, name, season), pairs[:8], chunksize=1)
        began = time.perf_counter()
        found = pool.map(partial(scored, name, season), pairs, chunksize=4)
        spent = time.perf_counter() - began
        failed = [one for one in found if isinstance(one, str)]
        table = np.array([one for one in found if not isinstance(one, str)])
        n = len(table)
        if not n:
            print(f"{name:22} failed on all: {failed[0][:80]}")
            continue
        shares = [
            "-" if np.isnan(table[:, k]).all() else share(table[:, k], n) for k in range(2, 6)
        ]
        print(
            f"{name:22} {table[:, 0].mean():6.2f} {np.nanmean(table[:, 1]):6.3f} "
            + " ".join(f"{one:>22}" for one in shares)
            + f"  {int(table[:, 6].sum()):4d} {100 * spent / len(pairs):7.2f}"
            + (f"  failed on {len(failed)}, left out" if failed else ""),
            flush=True,
        )


# --- the kinds of series that a company has --------------------------------------------------


def cut(values, horizon, low, high, generator):
    """Return the training values cut to a length between low and high, and those held out."""
    train, test = values[:-horizon], values[-horizon:]
    kept = int(generator.integers(low, high + 1))
    return train[-kept:], test


def lumpy(values, horizon, generator):
    """Return counts of around one a period that rise and fall with the series."""
    recent = values[-(60 + horizon) :]
    level = np.maximum(recent, 0) / max(float(np.mean(np.maximum(recent, 0))), 1e-9)
    counts = generator.poisson(generator.uniform(0.3, 2.0) * level).astype(float)
    return counts[:-horizon], counts[-horizon:]


def broken(values, horizon, generator):
    """Return a series with a lasting step and a spell of zeros in its past."""
    changed = values[-(72 + horizon) :].copy()
    n = len(changed) - horizon
    at = int(generator.integers(n // 3, n - 6))
    changed[:at] *= generator.choice([0.4, 0.6, 1.6, 2.5])
    gap = int(generator.integers(0, n - 3))
    changed[gap : gap + 2] = 0
    return changed[:n], changed[n:]


def main() -> None:
    """Read, hold out, score and print."""
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    given.add_argument("series")
    given.add_argument("--horizon", type=int, default=18)
    given.add_argument("--season", type=int, default=12)
    given.add_argument("--jobs", type=int, default=1)
    given.add_argument("--cut", help="score only series cut to so many values, such as 18-48")
    given.add_argument("--limit", type=int, help="so many series, drawn at random")
    given.add_argument("--methods", default=",".join(METHODS), help="names, with commas")
    given.add_argument("--whole", action="store_true", help="leave out the three odd kinds")
    options = given.parse_args()
    names, horizon, season = options.methods.split(","), options.horizon, options.season
    every = [one for one in series_of(options.series) if len(one) >= horizon + 6]
    generator = np.random.default_rng(1)
    if options.limit and options.limit < len(every):
        every = [every[i] for i in sorted(generator.permutation(len(every))[: options.limit])]
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        against = partial(compare, season=season, names=names, pool=pool)
        if options.cut:
            low, high = (int(one) for one in options.cut.split("-"))
            pairs = [cut(one, horizon, low, high, generator) for one in every]
            against(f"Cut to {low} to {high}", pairs)
            return
        against("Whole", [(one[:-horizon], one[-horizon:]) for one in every])
        if not options.whole:
            odd_kinds(every, horizon, generator, against)


def odd_kinds(every, horizon, generator, against):
    """Score short, lumpy and broken series, made from 300 of those given."""
    some = [every[i] for i in sorted(generator.permutation(len(every))[:300])]
    against("Short", [cut(one, horizon, 18, 48, generator) for one in some])
    lumps = [lumpy(one, horizon, generator) for one in some]
    against("Lumpy", [one for one in lumps if one[0].any()])
    against("Broken", [broken(one, horizon, generator) for one in some])


if __name__ == "__main__":
    main()
