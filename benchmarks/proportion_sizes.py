"""Two rates compared: error rates by exact enumeration, power at 25 a side, and time per call.

    python benchmarks/proportion_sizes.py
    python benchmarks/proportion_sizes.py --arms 10 25

No simulation: every outcome of two arms is compared once, and its chance at a rate is binomial.
Prints, for each method and number a side, the largest share of comparisons without an effect that
come out below .05 over rates .01 to .99, with the rate at which that is so; the power at 25 a side
of .12 against .45; how many milliseconds a comparison takes; and how much slower SciPy's Boschloo
test is in the same run.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from funnelkit.experiment.proportions import RateMethod, compare_rates

ALPHA = 0.05
RATES = np.arange(1, 100) / 100
ALWAYS: tuple[RateMethod, ...] = ("exact", "barnard", "boschloo", "fisher")
ON_AVERAGE: tuple[RateMethod, ...] = ("score", "z", "newcombe", "agresti-caffo", "fisher mid-p")
Table = NDArray[np.float64]


def pvalues(method: RateMethod, n: int) -> Table:
    """Return the p-value of every outcome; swapped arms and swapped outcomes have the same."""
    found = np.full((n + 1, n + 1), np.nan)
    for x1 in range(n + 1):
        for x2 in range(x1, n + 1 - x1):
            p = compare_rates((x1, n), (x2, n), method=method).pvalue
            for a, b in ((x1, x2), (x2, x1), (n - x1, n - x2), (n - x2, n - x1)):
                found[a, b] = p
    return found


def rejected(table: Table, n: int, first: float, second: float) -> float:
    """Return the chance of a p-value below alpha at two rates."""
    x = np.arange(n + 1)
    return float(stats.binom.pmf(x, n, first) @ (table < ALPHA) @ stats.binom.pmf(x, n, second))


def sizes(arms: list[int]) -> dict[tuple[str, int], Table]:
    """Print the largest size of each method; return the p-values."""
    tables: dict[tuple[str, int], Table] = {}
    heads = "".join(f"{f'n = {n} (at rate)':>22}" for n in arms)
    print(f"Largest size over rates .01 to .99 at alpha {ALPHA}\n{'method':<16}{heads}  promised")
    for method in (*ALWAYS, *ON_AVERAGE):
        cells = ""
        for n in arms:
            tables[method, n] = table = pvalues(method, n)
            each = [rejected(table, n, rate, rate) for rate in RATES]
            worst = int(np.argmax(each))
            cells += f"{f'{each[worst]:.5f} ({RATES[worst]:.2f})':>22}"
        print(f"{method:<16}{cells}  <= {ALPHA if method in ALWAYS else 0.066}", flush=True)
    return tables


def powers(tables: dict[tuple[str, int], Table]) -> None:
    """Print the power at 25 a side, .12 against .45."""
    print("\nPower at 25 a side, .12 against .45 (stated: exact at least .74, Fisher .645)")
    for method in (*ALWAYS, *ON_AVERAGE):
        table = tables.get((method, 25))
        if table is not None:
            print(f"{method:<16}{rejected(table, 25, 0.12, 0.45):>8.4f}")


def milliseconds(call: Callable[[], object], *, at_least: float = 0.3) -> float:
    """Return the shortest of several means of the time of a call."""
    call()
    best, spent = float("inf"), 0.0
    while spent < at_least:
        start = time.process_time()
        for _ in range(5):
            call()
        took = time.process_time() - start
        best, spent = min(best, took / 5), spent + took
    return 1000 * best


def times() -> None:
    """Print the time of a comparison with its interval, beside SciPy where it has the same."""
    print("\nMilliseconds from counts: p-value, and interval with it")
    print(f"{'method':<16}{'n':>6}{'p-value':>10}{'interval':>10}")
    for method in (*ON_AVERAGE, *ALWAYS):
        for n in (25, 100, 300):
            a, b = (round(0.2 * n), n), (round(0.35 * n), n)

            def test(method: RateMethod = method, a=a, b=b) -> float:
                return compare_rates(a, b, method=method).pvalue

            def both(method: RateMethod = method, a=a, b=b) -> object:
                return compare_rates(a, b, method=method).confidence_interval()

            print(f"{method:<16}{n:>6}{milliseconds(test):>10.3f}{milliseconds(both):>10.3f}")
    print("\nBoschloo's p-value beside SciPy's in one run")
    for n in (25, 50, 100):
        x, y = round(0.2 * n), round(0.35 * n)
        ours = milliseconds(lambda x=x, y=y, n=n: compare_rates((x, n), (y, n), method="boschloo"))
        start = time.process_time()
        theirs = stats.boschloo_exact([[y, x], [n - y, n - x]]).pvalue
        took = 1000 * (time.process_time() - start)
        p = compare_rates((x, n), (y, n), method="boschloo").pvalue
        print(
            f"n = {n}: {ours:.2f} ms against {took:.0f} ms, {took / ours:.0f} times as fast; "
            f"p {p:.8f} and {theirs:.8f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--arms", type=int, nargs="+", default=[10, 25, 100], metavar="N")
    powers(sizes(parser.parse_args().arms))
    times()


if __name__ == "__main__":
    main()
