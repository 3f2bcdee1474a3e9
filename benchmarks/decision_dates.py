"""Dates of decision: whether a test that stops on its date has the power that was stated.

    python benchmarks/decision_dates.py --runs 2000

For each plan the date is reckoned by `when_decidable`; then tests are drawn lead by lead and looked
at on that day: mature leads by the score test, or all leads by the difference of two Kaplan-Meier
rates with Greenwood's variance. Prints the power stated beside the share that found the effect,
with its Monte-Carlo error, and the share that found something where there is none (stated: .05).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special, stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from funnelkit.experiment.sizing.deciding import when_decidable
from funnelkit.experiment.sizing.drawn import Observed, World
from funnelkit.experiment.sizing.followed import maturity_by_day

START = np.datetime64("2026-01-05")
PLANS: dict[str, dict[str, Any]] = {
    "20 % + 5 points, mature only": {"control": 0.2, "absolute": 0.05, "inflow": 100, "scale": 20},
    "20 % + 5 points, Kaplan-Meier": {"control": 0.2, "absolute": 0.05, "inflow": 100, "scale": 20},
    "5 % + 60 %, Kaplan-Meier": {"control": 0.05, "absolute": 0.03, "inflow": 200, "scale": 40},
    "40 % - 10 points, Kaplan-Meier": {
        "control": 0.4,
        "absolute": -0.1,
        "inflow": 60,
        "scale": 15,
    },
}
HORIZON = 60


def kaplan_meier(seen: Observed, arm: np.ndarray) -> tuple[float, float]:
    """Return the rate at the horizon and Greenwood's variance."""
    followed = np.minimum(seen.followed[arm], HORIZON)
    converted = seen.converted[arm]
    won = converted >= 0
    events = np.bincount(converted[won], minlength=HORIZON + 1)
    left = np.bincount(np.where(won, converted, followed), minlength=HORIZON + 1)
    at_risk = left[::-1].cumsum()[::-1]
    hazard = events / np.maximum(at_risk, 1)
    open_ = np.prod(1 - hazard)
    terms = hazard / np.maximum((1 - hazard) * at_risk, 1e-12)
    return 1 - open_, open_**2 * terms.sum()


def by_kaplan_meier(seen: Observed) -> float:
    (p0, v0), (p1, v1) = (kaplan_meier(seen, arm) for arm in (~seen.treatment, seen.treatment))
    return float(2 * special.ndtr(-abs(p1 - p0) / np.sqrt(v0 + v1))) if v0 + v1 > 0 else 1.0


def by_score(seen: Observed) -> float:
    (x0, n0), (x1, n1) = seen.counts()
    mean, total = (x0 + x1) / (n0 + n1), n0 + n1
    variance = mean * (1 - mean) * (1 / n0 + 1 / n1) * total / (total - 1)
    return float(2 * special.ndtr(-abs(x1 / n1 - x0 / n0) / np.sqrt(variance)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    print(f"{'plan':<34}{'date':>12}{'stated':>9}{'found':>8}{'+-':>7}{'no effect':>11}")
    for name, plan in PLANS.items():
        lag = stats.expon(scale=plan["scale"])
        mature_only = name.endswith("mature only")
        decision = when_decidable(
            plan["control"],
            absolute=plan["absolute"],
            inflow=plan["inflow"],
            start=str(START),
            horizon=HORIZON,
            lag=lag,
            immature="left out" if mature_only else "kaplan-meier",
        )
        day = decision.days_to_decide - 1
        leads = int(plan["inflow"] / 7 * (day + 1)) // 2
        world = World(
            n=(leads, leads),
            by_day=plan["inflow"] / 7,
            horizon=HORIZON,
            maturity=np.stack([maturity_by_day(lag, HORIZON)] * 2),
            account_sizes=None,
            icc=0.0,
        )
        analysis = by_score if mature_only else by_kaplan_meier
        rates = (plan["control"], plan["control"] + plan["absolute"])
        found = []
        for pair in (rates, (rates[0], rates[0])):
            pvalues = [analysis(world.draw(pair, rng).seen(day)) for _ in range(options.runs)]
            found.append(float((np.array(pvalues) < 0.05).mean()))
        error = np.sqrt(found[0] * (1 - found[0]) / options.runs)
        print(
            f"{name:<34}{decision.date!s:>12}{0.8:>9.3f}{found[0]:>8.3f}{error:>7.3f}"
            f"{found[1]:>11.3f}"
        )


if __name__ == "__main__":
    main()
