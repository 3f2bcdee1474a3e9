"""Reading out a test of ten million leads: seconds beside tea-tasting, in one run.

    pip install tea-tasting
    python benchmarks/experiment_speed.py [--rows 10000000] [--repeats 5] [--all]

One proportion (won) and five metrics (revenue, activities, calls, days, margin) of two variants are
compared, once from a pandas frame and once from a DuckDB table:

- funnelkit: `arm_moments` in one scan (means, variances, blanks counted, revenue as exact
  decimals), then the score test of the rates and Welch's test with Fieller's interval of each mean;
- tea-tasting: `Experiment` with one `Mean` per metric, on each way in that it has for that input,
  of which the fastest counts. From pandas: the frame as an Ibis table in memory, or registered with
  DuckDB; with `--all` also the frame as such, which takes minutes and much memory.

The p-values of the five means must be equal, or the script stops. Contenders take turns; what is
compared is the least of the repeats, wall and CPU seconds, on two threads each.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable

import duckdb
import ibis
import numpy as np
import pandas as pd
import tea_tasting as tt

from funnelkit.counts.arms import arm_moments
from funnelkit.experiment import Comparison, compare_means, compare_rates

MEANS = ["revenue", "activities", "calls", "days", "margin"]
THREADS = 2
CLAIM = 1.1


def made(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    treated = rng.integers(0, 2, rows)
    won = rng.random(rows) < 0.12 + 0.0005 * treated
    revenue = np.where(won, np.exp(rng.normal(8, 1, rows)).round(2), 0.0)
    return pd.DataFrame(
        {
            "variant": np.where(treated == 1, "B", "control"),
            "won": won.astype(np.int64),
            "revenue": revenue,
            "activities": rng.poisson(6, rows).astype(np.int64),
            "calls": rng.poisson(2, rows).astype(np.float64),
            "days": rng.exponential(20, rows),
            "margin": revenue * rng.uniform(0.1, 0.5, rows),
        }
    )


def ours(data) -> list[float]:
    arms = arm_moments(data, "variant", ["won", *MEANS], variants=["control", "B"], money="revenue")
    rates = []
    for name in arms.variants:
        n, mean, _ = arms.of(name, "won")
        rates.append((round(n * mean), n))
    answered(compare_rates(*rates))
    found = [compare_means(arms.of("control", name), arms.of("B", name)) for name in MEANS]
    for one in found:
        answered(one)
    return [one.pvalue for one in found]


def answered(found: Comparison) -> tuple[object, ...]:
    """What tea-tasting works out as well: both intervals and the p-value."""
    return found.pvalue, found.confidence_interval(), found.relative_interval()


def theirs(data) -> list[float]:
    experiment = tt.Experiment({name: tt.Mean(name) for name in ["won", *MEANS]}, variant="variant")
    found = experiment.analyze(data, control="control")
    return [float(found[name].pvalue) for name in MEANS]


def registered(frame: pd.DataFrame):
    connection = duckdb.connect(config={"threads": THREADS})
    connection.register("leads", frame)
    return ibis.duckdb.from_connection(connection).table("leads")


def race(title: str, contenders: dict[str, Callable[[], list[float]]], repeats: int) -> None:
    least = {name: [math.inf, math.inf] for name in contenders}
    answers: dict[str, list[float]] = {}
    for _ in range(repeats):
        for name, run in contenders.items():
            wall, cpu = time.perf_counter(), time.process_time()
            answers[name] = run()
            took = (time.perf_counter() - wall, time.process_time() - cpu)
            least[name] = [min(pair) for pair in zip(least[name], took, strict=True)]
    for name, values in answers.items():
        if not np.allclose(values, answers["funnelkit"], rtol=1e-6, atol=1e-12):
            raise SystemExit(f"{title}: {name} has other p-values: {values}")
    print(f"\n{title}\n{'':42s}{'wall s':>8s}{'CPU s':>8s}")
    for name, (wall, cpu) in least.items():
        print(f"{name:42s}{wall:8.3f}{cpu:8.3f}")
    others = [took for name, took in least.items() if name != "funnelkit"]
    for k, kind in enumerate(("wall", "CPU")):
        ratio = least["funnelkit"][k] / min(took[k] for took in others)
        print(f"funnelkit takes {ratio:.2f} times the best other ({kind}; stated: {CLAIM})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--all", action="store_true", help="the slow ways in as well")
    given = parser.parse_args()
    frame = made(given.rows)
    print(f"{given.rows:,} rows, pandas {pd.__version__}, DuckDB {duckdb.__version__}")
    duckdb.default_connection().execute(f"SET threads = {THREADS}")
    ways = {
        "funnelkit": lambda: ours(frame),
        "tea-tasting, Ibis table in memory": lambda: theirs(ibis.memtable(frame)),
        "tea-tasting, registered with DuckDB": lambda: theirs(registered(frame)),
    }
    if given.all:
        ways["tea-tasting, the frame as such"] = lambda: theirs(frame)
    race("From a pandas frame", ways, given.repeats)
    connection = duckdb.connect(config={"threads": THREADS})
    connection.execute("CREATE TABLE leads AS SELECT * FROM frame")
    table = ibis.duckdb.from_connection(connection).table("leads")
    race(
        "From a DuckDB table",
        {"funnelkit": lambda: ours(table), "tea-tasting": lambda: theirs(table)},
        given.repeats,
    )


if __name__ == "__main__":
    main()
