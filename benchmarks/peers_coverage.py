"""Peers at the same mix: whether intervals hold the truth, and luck passes for skill.

    python benchmarks/peers_coverage.py --runs 200

Simulated representatives of known skill, who are given easy and hard leads unevenly. Prints, for
each spread of true skill: how often the 95 % interval of the adjusted rate and that of the rank
hold the truth; the error of adjusted rates beside that of the raw ones; and how many are told from
the rest (spread 0: nobody is better).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import special, stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from funnelkit.monitor import compare_peers

REPS, EASY, HARD = 30, -0.6, -2.2
KINDS = np.array([EASY, HARD])


def one(spread: float, rng: np.random.Generator) -> dict[str, float]:
    """Return what one simulated team shows."""
    skill = rng.normal(0, spread, REPS)
    n = rng.integers(20, 150, REPS)
    easy = rng.beta(2, 2, REPS)  # share of easy leads that each is given
    counts = np.column_stack([np.round(n * easy), n - np.round(n * easy)]).astype(int)
    chance = special.expit(skill[:, None] + KINDS)
    won = rng.binomial(counts, chance)
    rows = [
        (f"rep {k}", ("easy", "hard")[j], counts[k, j], won[k, j])
        for k in range(REPS)
        for j in range(2)
    ]
    table = pd.DataFrame(rows, columns=["rep", "kind", "entered", "converted"])
    peers = compare_peers(table, "rep", mix="kind", rng=rng)
    order = [int(str(name).split(" ")[1]) for name in peers.names]
    share = counts.sum(axis=0) / counts.sum()
    truth = (chance @ share)[order]
    low, high = peers.confidence_interval()
    first, last = peers.rank_interval()
    above, below = peers.apart()
    found = {
        "interval": float(((low <= truth) & (truth <= high)).mean()),
        "adjusted error": float(np.sqrt(((peers.adjusted - truth) ** 2).mean())),
        "raw error": float(np.sqrt(((peers.rate - truth) ** 2).mean())),
        "told apart": float(len(above) + len(below)),
    }
    if spread > 0:
        rank = stats.rankdata(-truth, method="min")
        found["rank"] = float(((first <= rank) & (rank <= last)).mean())
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    columns = ("interval", "rank", "adjusted error", "raw error", "told apart")
    print(f"{given.runs} teams of {REPS}; standard error of a share of all intervals below .01")
    print("spread  " + "  ".join(columns))
    for spread in (0.0, 0.15, 0.3, 0.6):
        found = pd.DataFrame([one(spread, rng) for _ in range(given.runs)])
        shown = [f"{found[name].mean():.3f}" if name in found else "-" for name in columns]
        print(
            f"{spread:<6}  "
            + "  ".join(s.rjust(len(c)) for s, c in zip(shown, columns, strict=True))
        )


if __name__ == "__main__":
    main()
