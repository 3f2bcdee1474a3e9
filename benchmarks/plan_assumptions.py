"""What assumptions from a model are worth: the wins that then came, beside their joint draws.

    python benchmarks/plan_assumptions.py --worlds 100 --leads 4000 --horizon 6

Each world is simulated (rates and lags of its own, accounts that go together, months that differ
in pace), cut `horizon` months before its end, fitted, and read into `fk.plan.assume`. The leads
that then came are the plan; what they brought, with the open records and the deals without a lead,
is held against the draws. Printed: the mean of the place of the truth among the draws (0.5 where
nothing is off), the share of truths inside the 50 % and 80 % intervals with its binomial interval,
and the mean of the draws over the truth; for all wins, and for the first half of the horizon.
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
from scipy.stats import binomtest

import funnelkit as fk


def world(seed, n, horizon):
    """Return draws of all wins by month, and what came, shape (n_draws, H) and (H,)."""
    rng = np.random.default_rng(seed)
    spread = rng.normal(0, 0.3, 4)
    rates = 1 / (1 + np.exp(-(np.log([0.67, 0.8, 1.4, 0.4]) + spread)))
    whole = fk.make_leads(
        n, rng=seed, months=18 + horizon, rates=list(rates), pace_sd=float(rng.uniform(0, 0.2))
    )
    after = whole.count("lead", every="month", by="region")
    months = sorted(set(after["period"]))[-horizon:]
    cut = (months[0] - 1).end_time.date()
    known = whole.at(cut)
    model = fk.fit_funnel(known, by="region")
    plan_on = fk.plan.assume(model, in_flight=known, horizon=horizon)
    entered = np.zeros((len(plan_on.names), horizon))
    for i, (region,) in enumerate(model.segments):
        own = after[after["series"] == region].set_index("period")["value"]
        entered[i] = own.reindex(months, fill_value=0)
    found = fk.plan.simulated(plan_on, entered, unit="count", rng=seed)
    won = whole.count("won", every="month").reindex(months, fill_value=0)
    return found.total, won.to_numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--leads", type=int, default=4000)
    parser.add_argument("--horizon", type=int, default=6)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = []
    for seed in range(asked.worlds):
        drawn, came = world(seed, asked.leads, asked.horizon)
        for name, last in (("all", asked.horizon), ("first half", asked.horizon // 2)):
            total, truth = drawn[:, :last].sum(axis=1), came[:last].sum()
            place = (total < truth).mean() + 0.5 * (total == truth).mean()
            rows.append((name, place, total.mean() / max(truth, 1)))
    for name in ("all", "first half"):
        place = np.array([row[1] for row in rows if row[0] == name])
        ratio = np.array([row[2] for row in rows if row[0] == name])
        print(f"{name}: {len(place)} worlds, mean place {place.mean():.3f}, draws over truth "
              f"{ratio.mean():.3f}")  # fmt: skip
        for level in (0.5, 0.8):
            inside = int((np.abs(place - 0.5) <= level / 2).sum())
            low, high = binomtest(inside, len(place)).proportion_ci()
            print(
                f"  {level:.0%} intervals hold {inside / len(place):.3f} ({low:.3f} to {high:.3f})"
            )


if __name__ == "__main__":
    main()
