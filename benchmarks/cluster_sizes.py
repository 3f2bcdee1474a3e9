"""Leads that share an account: how often each test rejects, without and with an effect.

    python benchmarks/cluster_sizes.py --runs 4000

Accounts are assigned as wholes, half of them to each arm unless said otherwise; they have
1 + NB(2, mean 4) leads each, and a conversion rate of their own from Beta(1, 4), mean .2. Prints
the share of no-effect data in which p < .05, of the test that takes leads for independent beside
those of `compare_clustered`; whether p and the 95 % interval agreed throughout; and then the share
with an effect planted (rates of treated accounts from Beta(2, 4), mean .333) and how often the
interval holds it.
Then one account with a third of the leads, and last assignment by lead within accounts, where the
arms of an account go together.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from funnelkit.experiment.clusters.compared import compare_clustered

METHODS = ("linearised", "cr2", "permutation", "auto")
DRAWS = 999
DESIGNS = ((10, 10), (15, 15), (20, 20), (30, 30), (100, 100), (5, 15), (10, 30), (15, 45))
BETTER = 4 / 5 - 4 / (4 + 1.9)
"""Effect on a lead of a rate r that becomes 1 - (1 - r)^1.9, with r from Beta(1, 4)."""


def account_sums(accounts: int, shape: float, rng: np.random.Generator) -> tuple:
    """Return the conversions and the leads of some accounts."""
    entered = 1 + rng.negative_binomial(2, 2 / (2 + 4), accounts)
    return rng.binomial(entered, rng.beta(shape, 4, accounts)), entered


def whole(sizes: tuple[int, int], shape: float, rng: np.random.Generator) -> tuple:
    """Return both arms where accounts were assigned."""
    return account_sums(sizes[0], 1, rng), account_sums(sizes[1], shape, rng)


def lopsided(sizes: tuple[int, int], _shape: float, rng: np.random.Generator) -> tuple:
    """Return both arms where one account, of either arm, has a third of all leads."""
    accounts = sum(sizes)
    entered = 1 + rng.negative_binomial(2, 2 / (2 + 4), accounts)
    entered[0] = entered[1:].sum() // 2
    converted = rng.binomial(entered, rng.beta(1, 4, accounts))
    order = rng.permutation(accounts)
    arms = order[: sizes[0]], order[sizes[0] :]
    return tuple((converted[arm], entered[arm]) for arm in arms)


def by_lead(sizes: tuple[int, int], shape: float, rng: np.random.Generator) -> tuple:
    """Return both arms where leads were assigned, half and half, whatever their account."""
    accounts = sum(sizes)
    entered = 1 + rng.negative_binomial(2, 2 / (2 + 4), accounts)
    rate = rng.beta(1, 4, accounts)
    treated = rng.binomial(entered, 0.5)
    better = 1 - (1 - rate) ** (1.0 if shape == 1 else 1.9)
    ids = np.arange(accounts)
    untreated = entered - treated
    return (
        (rng.binomial(untreated, rate), untreated, ids),
        (rng.binomial(treated, better), treated, ids),
    )


def naive(control: tuple, treatment: tuple) -> float:
    """Return the p-value of the score test that takes leads for independent."""
    (x, n), (y, m) = ((one[0].sum(), one[1].sum()) for one in (control, treatment))
    pooled = (x + y) / (n + m)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return float(2 * stats.norm.sf(abs(y / m - x / n) / error)) if error > 0 else 1.0


def rejections(
    draw: Callable[[], tuple],
    truth: float,
    methods: tuple[str, ...],
    runs: int,
    rng: np.random.Generator,
) -> tuple[dict[str, float], dict[str, float], int]:
    """Return the shares of runs with p < .05, those whose interval holds the truth, and clashes.

    A clash is a p below .05 beside an interval that holds 0, or the other way about.
    """
    found, held = dict.fromkeys(("naive", *methods), 0.0), dict.fromkeys(methods, 0.0)
    apart = 0
    for _ in range(runs):
        control, treatment = draw()
        found["naive"] += naive(control, treatment) < 0.05
        for method in methods:
            one = compare_clustered(control, treatment, method=method, draws=DRAWS, rng=rng)
            low, high = one.confidence_interval()
            rejected = one.pvalue < 0.05 - 1e-12
            found[method] += rejected
            held[method] += low <= truth <= high
            apart += rejected != (not low <= 0 <= high)
    shares = [{name: count / runs for name, count in one.items()} for one in (found, held)]
    return shares[0], shares[1], apart


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", default="", help="only tables with this in their title")
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    error = np.sqrt(0.05 * 0.95 / given.runs)
    print(f"{given.runs} runs each, permutation with {DRAWS} draws where arrangements are many")
    print(f"standard error of a share of .05: {error:.4f}; stated: naive about .17, ours <= .06")
    parts = [
        ("no effect, whole accounts", whole, 1.0, 0.0, METHODS, DESIGNS),
        ("effect of 13.3 points, whole accounts", whole, 2.0, 2 / 6 - 1 / 5, METHODS, DESIGNS),
        ("no effect, one account a third", lopsided, 1.0, 0.0, METHODS, DESIGNS[2:4]),
        ("no effect, by lead", by_lead, 1.0, 0.0, METHODS[:2], DESIGNS[:5]),
        ("effect of 12.2 points, by lead", by_lead, 2.0, BETTER, METHODS[:2], DESIGNS[:5]),
    ]
    for title, draw, shape, truth, methods, designs in parts:
        if given.part not in title:
            continue
        columns = "".join(name.rjust(12) for name in ("naive", *methods))
        print(f"\n{title}: p < .05; then the 95 % interval holds the truth\naccounts {columns}")
        for sizes in designs:
            began = time.perf_counter()
            found, held, apart = rejections(
                partial(draw, sizes, shape, rng), truth, methods, given.runs, rng
            )
            label = f"{sizes[0]}+{sizes[1]}" if draw is not by_lead else str(sum(sizes))
            shown = "".join(f"{share:12.4f}" for share in found.values())
            covered = "".join(f"{share:8.3f}" for share in held.values())
            took = f"{time.perf_counter() - began:.0f} s"
            print(f"{label:<9}{shown}   {covered}   clashes {apart}  ({took})", flush=True)


if __name__ == "__main__":
    main()
