"""Difference-in-differences of four small rates: size of the test and coverage of the interval.

    python benchmarks/difference_in_differences.py --runs 2000

For groups of 10, 25 and 100 leads and rates from rare to common, prints how often p is below .05
where the two changes are equal in points and in odds: by points (four Wilson intervals combined),
by odds (logit interaction with halves added), and by the plain normal test of points (Wald); and
how often the 95 % interval in points holds a true difference of ten points. Stated: points at most
.08 with 10 leads a group and .06 from 25 on, odds at most .055; coverage .92 with 10, .935 from 25.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from funnelkit.experiment.unrandomised.contrasts import log_odds_contrast, rate_contrast

WEIGHTS = np.array([1.0, -1.0, -1.0, 1.0])
SIZES = (10, 25, 100)
RATES = {  # comparison and treated before, then after: the same change in points and odds
    "rare": (0.02, 0.02, 0.05, 0.05),
    "10 to 20 %": (0.1, 0.1, 0.2, 0.2),
    "common": (0.5, 0.6, 0.4, 0.5),
}


def wald(x: np.ndarray, n: int) -> bool:
    """Return whether the plain normal test of points says p < .05."""
    share = x / n
    error = np.sqrt((share * (1 - share) / n).sum())
    return bool(abs(WEIGHTS @ share) > 1.959964 * error)


def main() -> None:
    """Print size and coverage of each number of leads and each set of rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rng = np.random.default_rng(asked.seed)
    print(
        f"{asked.runs} runs each\n{'leads':>6} {'rates':24} {'points':>7} {'odds':>7} {'Wald':>7}",
        end="",
    )
    print(f" {'coverage':>9}")
    for n in SIZES:
        for name, rates in RATES.items():
            null, other = np.array(rates), np.array(rates) + np.array([0, 0, 0, 0.1])
            found = np.zeros(4)
            for _ in range(asked.runs):
                x = rng.binomial(n, null)
                found[0] += rate_contrast(x, [n] * 4, WEIGHTS).pvalue < 0.05
                found[1] += log_odds_contrast(x, [n] * 4, WEIGHTS).pvalue < 0.05
                found[2] += wald(x, n)
                low, high = rate_contrast(rng.binomial(n, other), [n] * 4, WEIGHTS).bounds(0.95)
                found[3] += low <= 0.1 <= high
            size, odds, plain, held = found / asked.runs
            print(f"{n:6} {name:24} {size:7.4f} {odds:7.4f} {plain:7.4f} {held:9.4f}")


if __name__ == "__main__":
    main()
