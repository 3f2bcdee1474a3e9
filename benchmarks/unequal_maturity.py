"""Arms of unequal maturity: how often a difference is found that is not there, or is.

A test in which the treatment began later than control: its leads are younger, and fewer of them
have had time to convert. For several truths it prints how often the naive test of raw rates, and
each answer of `compare_lagged`, refuses "no difference" at the level of .05, and how often its
sentence is right.

Run from the root of the project:

    python benchmarks/unequal_maturity.py               # 1,000 runs of each truth, some 20 minutes
    python benchmarks/unequal_maturity.py --runs 100    # a look
    python benchmarks/unequal_maturity.py --size 4000   # sizes of the tests without a model only
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import funnelkit as fk
from funnelkit.experiment.lagged import compare_lagged
from funnelkit.experiment.lagged.comparing import horizon_of
from funnelkit.experiment.lagged.curves_of_arms import ArmCurves
from funnelkit.experiment.lagged.five_answers import Question

ALPHA = 0.05
LIMIT = 0.055
COHORT = pd.period_range("2026-01", periods=1, freq="M")


@dataclass(frozen=True, kw_only=True)
class Truth:
    """Two arms: leads, days since entry of the youngest and the oldest, rate and pace."""

    name: str
    leads: tuple[int, int] = (400, 400)
    ages: tuple[tuple[int, int], tuple[int, int]] = ((0, 180), (0, 75))
    rates: tuple[float, float] = (0.2, 0.2)
    scales: tuple[float, float] = (20.0, 20.0)
    shape: float = 1.0
    lost: float = 0.0


NONE = (
    Truth(name="no effect"),
    Truth(name="no effect, log-concave pace", shape=1.5),
    Truth(name="no effect, long tail", shape=0.7),
    Truth(name="no effect, 100 and 50 leads", leads=(100, 50), ages=((60, 180), (0, 60))),
    Truth(name="no effect, rate of 5 %", rates=(0.05, 0.05), leads=(800, 400)),
    Truth(name="no effect, half are lost", lost=0.5),
)
SOME = (
    Truth(name="more only", rates=(0.15, 0.27)),
    Truth(name="faster only", scales=(20.0, 8.0)),
    Truth(name="more and faster", rates=(0.15, 0.27), scales=(20.0, 8.0)),
)
RIGHT = {"more only": "more", "faster only": "faster", "more and faster": "both"}


def drawn(truth: Truth, rng: np.random.Generator) -> fk.Triangle:
    """Return counts of two arms under a truth."""
    size = max(high for _, high in truth.ages) + 1
    cubes = {name: np.zeros((2, 1, size), int) for name in ("won", "lost", "open", "followed")}
    for arm in (0, 1):
        n = truth.leads[arm]
        age = rng.integers(truth.ages[arm][0], truth.ages[arm][1] + 1, n)
        hour = rng.random(n)
        won = np.floor(hour + truth.scales[arm] * rng.weibull(truth.shape, n))
        lost = np.floor(hour + 40.0 * rng.weibull(1.0, n))
        comes = rng.random(n) < truth.rates[arm]
        leaves = ~comes & (rng.random(n) < truth.lost)
        at = np.where(comes, won, np.where(leaves, lost, np.inf))
        seen = at <= age
        for name, which in (("won", comes & seen), ("lost", leaves & seen)):
            np.add.at(cubes[name][arm, 0], at[which].astype(int), 1)
        np.add.at(cubes["open"][arm, 0], age[~seen], 1)
        np.add.at(cubes["followed"][arm, 0], age, 1)
    exits = ("lost",) if truth.lost else ()
    return fk.Triangle(
        start="lead",
        target="won",
        exits=exits,
        by=("variant",),
        segments=(("control",), ("treatment",)),
        cohorts=COHORT,
        as_of=dt.date(2026, 12, 31),
        entered=[[truth.leads[0]], [truth.leads[1]]],
        events={name: cubes[name] for name in ("won", *exits)},
        censored=cubes["open"],
        followed=cubes["followed"],
    )


def naive(counts: fk.Triangle) -> float:
    """Return the p-value of the test of raw rates, converted so far over entered."""
    x, n = counts.converted[:, 0], counts.entered[:, 0]
    pooled = x.sum() / n.sum()
    variance = pooled * (1 - pooled) * (1 / n).sum()
    return float(2 * stats.norm.sf(abs(x[1] / n[1] - x[0] / n[0]) / np.sqrt(variance)))


def without_model(counts: fk.Triangle) -> dict[str, float]:
    """Return the p-values of the answers that fit no model."""
    curves = ArmCurves(counts=counts)
    names = ("control", "treatment")
    asked = Question(
        curves=curves,
        names=names,
        units="leads",
        horizon=horizon_of(curves, None, names),
        alternative="two-sided",
        level=1 - ALPHA,
        randomised=True,
    )
    return {
        "naive": naive(counts),
        "(a) matured rate": asked.rate_within().pvalue,
        "(b) log-rank": asked.hazard(1.0).pvalue,
        "(c) waiting": asked.waiting().pvalue,
    }


def with_model(counts: fk.Triangle) -> tuple[dict[str, float], str]:
    """Return the p-values of all answers, and the verdict."""
    found = compare_lagged(counts)
    gray = {} if found.incidence is None else {"(b) Gray": found.incidence.pvalue}
    return {
        "naive": naive(counts),
        "(a) matured rate": found.matured.pvalue,
        "(b) log-rank": found.hazard.pvalue,
        **gray,
        "(c) waiting": found.waiting.pvalue,
        "(d) more": found.eventual.pvalue,
        "(d) faster": found.pace.pvalue,
        "(d) either": found.joint_pvalue,
    }, found.verdict


def said(truth: Truth, shares: dict[str, float], runs: int) -> None:
    """Print the share of refusals, with what is stated where there is no effect."""
    error = 100 * np.sqrt(ALPHA * (1 - ALPHA) / runs)
    print(f"\n{truth.name}: share of p < {ALPHA}, in % (chance alone: +-{error:.1f})")
    for name, share in shares.items():
        stated = ""
        if truth in NONE and name != "naive":
            stated = f"   stated: at most {100 * LIMIT:.1f}"
        print(f"  {name:18s} {100 * share:5.1f}{stated}")


def main() -> None:
    """Print the shares for every truth."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--runs", type=int, default=1_000, help="of each truth")
    asked.add_argument("--size", type=int, default=0, help="runs of the tests without a model")
    given = asked.parse_args()
    for place, truth in enumerate((*NONE, *SOME)):
        rng = np.random.default_rng(place)
        if given.size:
            if truth in NONE:
                found = [without_model(drawn(truth, rng)) for _ in range(given.size)]
                said(truth, shares_of(found), given.size)
            continue
        pairs = [with_model(drawn(truth, rng)) for _ in range(given.runs)]
        said(truth, shares_of([values for values, _ in pairs]), given.runs)
        verdicts = Counter(verdict for _, verdict in pairs)
        shown = ", ".join(
            f"{name} {100 * number / given.runs:.1f}" for name, number in verdicts.most_common()
        )
        right = RIGHT.get(truth.name, "neither")
        print(f"  the sentence says, in %: {shown}; right is {right}")


def shares_of(found: list[dict[str, float]]) -> dict[str, float]:
    """Return the share of p-values below alpha; a missing one is above."""
    return {name: float(np.mean([row[name] < ALPHA for row in found])) for name in found[0]}


if __name__ == "__main__":
    main()
