"""Recurring revenue to come: whether intervals hold what came, beside an ensemble on the totals.

    python benchmarks/recurring_coverage.py --runs 200

Simulated companies whose accounts leave, pay more or less, return and begin with known chances,
which differ from company to company; months differ by a shock that all accounts share. Each is
seen for some months, and MRR 6 and 12 months later is compared with the forecast: of all accounts,
and of those that paid at the beginning (net revenue retention). Stated: 80 and 95 %. Beside it the
error (CRPS, relative to MRR at the beginning) of the series ensemble on the totals, and of the
last value with the spread of its past changes.

Worlds: "usual" (40 accounts at first, 30 months), "few" (12 accounts, 14 months), "many" (200
accounts), "months" (as a table of months that begins in the middle of the history), "drift" (churn
doubles slowly over the history: not in the model but for its drift), "steady" (no shocks).
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from scipy import special

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from funnelkit._core.interval import share_interval
from funnelkit._core.scores import crps_samples
from funnelkit.forecast.ensemble.forecasting import ahead
from funnelkit.forecast.recurring_revenue.forecasting import recurring
from tests.forecast.recurring_revenue.worlds import by_month, spans, world

AHEAD = (6, 12)
WORLDS = {
    "usual": {},
    "few": {"first": 12, "new": 1.5, "seen": 14},
    "many": {"first": 200, "new": 15.0},
    "months": {"skipped": 18},
    "drift": {"drift": 0.7},
    "steady": {"spread": 0.0},
}


def one(name: str, seed: int) -> dict[str, list[float]]:
    """Return where the truth stands among the draws, and the scores, at each step ahead."""
    rng = np.random.default_rng([seed, 7])
    options = dict(WORLDS[name])
    seen, skipped = int(options.pop("seen", 30)), int(options.pop("skipped", 0))
    drawn = {
        "churn": float(special.expit(rng.normal(special.logit(0.015), 0.5))),
        "renewal": float(special.expit(rng.normal(special.logit(0.15), 0.7))),
        "expansion": float(special.expit(rng.normal(special.logit(0.03), 0.5))),
        "contraction": float(special.expit(rng.normal(special.logit(0.015), 0.5))),
        "spread": float(rng.uniform(0, 0.4)),
        "sizes": float(rng.uniform(0.4, 1.2)),
    }
    table = world(seed, months=skipped + seen + max(AHEAD), **(drawn | options))
    table = table[:, skipped:]
    kept = table[(table[:, seen - 1] > 0)]
    if skipped:
        rows, as_of = by_month(table, seen), None
    else:
        rows, as_of = spans(table, seen)
    found = recurring(rows, max(AHEAD), as_of=as_of, n_draws=1000, rng=seed)
    totals = table.sum(axis=0)
    rival = ahead(totals[None, :seen], horizon=max(AHEAD), season=12, n_draws=1000, rng=seed)
    changes = np.random.default_rng(seed).choice(np.diff(totals[:seen]), (1000, max(AHEAD)))
    naive = totals[seen - 1] + np.cumsum(changes - changes.mean(), axis=1)
    scores: dict[str, list[float]] = {}
    for step in AHEAD:
        truth, old = totals[seen - 1 + step], kept[:, seen - 1 + step].sum()
        scores[f"all {step}"] = [rank(found.draws[:, 0, step - 1], truth)]
        scores[f"kept {step}"] = [rank(found.kept[:, 0, step - 1], old)]
        base = max(totals[seen - 1], 1.0)
        for who, draws in (
            ("accounts", found.draws[:, 0, step - 1]),
            ("ensemble", rival.draws[:, 0, step - 1]),
            ("last value", naive[:, step - 1]),
        ):
            scores[f"crps {who} {step}"] = [float(np.mean(crps_samples(draws, truth))) / base]
        scores[f"bias {step}"] = [(found.draws[:, 0, step - 1].mean() - truth) / base]
        scores[f"bias kept {step}"] = [(found.kept[:, 0, step - 1].mean() - old) / base]
    return scores


def rank(draws: np.ndarray, truth: float) -> float:
    """Return the share of draws below the truth, equal ones by half."""
    return float((draws < truth).mean() + (draws == truth).mean() / 2)


def run(name: str, runs: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Return the scores of many worlds, each an array of shape ``(runs,)``."""
    found: dict[str, list[float]] = {}
    for k in range(runs):
        for key, value in one(name, seed + k).items():
            found.setdefault(key, []).extend(value)
    return {key: np.array(values) for key, values in found.items()}


def covered(ranks: np.ndarray, level: float) -> tuple[int, float, float]:
    """Return how many are within the interval, and the binomial interval of the share."""
    tail = (1 - level) / 2
    inside = int(((ranks >= tail) & (ranks <= 1 - tail)).sum())
    low, high = share_interval(inside, len(ranks), method="exact")
    return inside, float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("worlds", nargs="*", default=list(WORLDS))
    asked = parser.parse_args()
    for name in asked.worlds:
        begin = time.perf_counter()
        scores = run(name, asked.runs, asked.seed)
        print(f"\n{name}: {asked.runs} companies, {time.perf_counter() - begin:.0f} s")
        for what, of in (("all", "MRR of all"), ("kept", "MRR kept")):
            for step in AHEAD:
                text = []
                for level in (0.8, 0.95):
                    inside, low, high = covered(scores[f"{what} {step}"], level)
                    text.append(f"{level:.0%}: {inside / asked.runs:.3f} ({low:.3f} to {high:.3f})")
                lead = "bias" if what == "all" else "bias kept"
                bias = scores[f"{lead} {step}"]
                error = bias.std(ddof=1) / np.sqrt(asked.runs)
                print(
                    f"  {of:11} {step:2} months  {'  '.join(text)}  "
                    f"bias {bias.mean():+.3f} ± {error:.3f}"
                )
        for step in AHEAD:
            means = {
                who: scores[f"crps {who} {step}"].mean()
                for who in ("accounts", "ensemble", "last value")
            }
            shown = ", ".join(f"{who} {value:.4f}" for who, value in means.items())
            print(f"  CRPS / MRR   {step:2} months  {shown}")


if __name__ == "__main__":
    main()
