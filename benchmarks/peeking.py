"""What peeking does: 20 looks at an experiment, by a naive test, by boundaries, and at any time.

Usage: python benchmarks/peeking.py [experiments per row, default 4000]

Every experiment is looked at 20 times at even distances and stops at the first look that shows an
effect. Without an effect the naive test of each look is wrong in about 24.8 % of experiments
(Armitage, McPherson and Rowe 1969, table 2); the others must be in at most 5 %. With an effect for
which one look at the end has power .80, power and leads until the stop are printed beside it. The
last rows stop by boundaries while the leads of two more looks have entered and are not mature,
analyse these later (deletion method), and count what stands.
"""

import sys

import numpy as np
from scipy import special

from funnelkit.experiment.sequential import limits
from funnelkit.experiment.sequential.anytime import confidence_sequence
from funnelkit.experiment.sequential.betting import batches
from funnelkit.experiment.sequential.designs import boundaries
from funnelkit.experiment.sequential.reading import analyse_looks

LOOKS = 20
ALPHA = 0.05
RATE = 0.2
LIFT = 0.05
SIDE = 1100
"""Leads in each arm at the last look: power .80 for 20 % against 25 %."""


def counts(
    rng: np.random.Generator, experiments: int, lift: float, side: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return leads by look, and conversions of both arms by experiment and look."""
    n = np.linspace(side / LOOKS, side, LOOKS).round().astype(int)
    new = np.diff(n, prepend=0)
    first = rng.binomial(new, RATE, (experiments, LOOKS)).cumsum(axis=1)
    return n, first, rng.binomial(new, RATE + lift, (experiments, LOOKS)).cumsum(axis=1)


def scores(n: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the pooled z of each look."""
    pooled = (first + second) / (2 * n)
    spread = np.sqrt(np.maximum(pooled * (1 - pooled) * 2 / n, 1e-12))
    return (second - first) / n / spread


def anytime(n: np.ndarray, first: np.ndarray, second: np.ndarray, method: str) -> np.ndarray:
    """Return by experiment and look whether the confidence sequence has excluded no effect."""
    found = np.zeros(first.shape, bool)
    for k, (x, y) in enumerate(zip(first, second, strict=True)):
        rows = np.c_[x, n].astype(float), np.c_[y, n].astype(float)
        if method == "betting":
            both = batches(*rows, 2.0 * n[-1])
            wealth = np.maximum(both.log_capital(0.0), both.swapped().log_capital(0.0))
            found[k] = np.minimum.accumulate(2 * np.exp(-wealth)) < ALPHA
        else:
            test = confidence_sequence(*rows, method="asymptotic", tightest_at=2.0 * n[-1])
            found[k] = test.pvalue < ALPHA
    return found


def stops(shown: np.ndarray, n: np.ndarray) -> tuple[float, float]:
    """Return the share of experiments with any finding, and the mean leads until the stop."""
    ever = shown.any(axis=1)
    at = np.where(ever, shown.argmax(axis=1), LOOKS - 1)
    return float(ever.mean()), float(2 * n[at].mean())


def overrun(rng: np.random.Generator, experiments: int, lift: float) -> tuple[float, float]:
    """Return the share that crosses, and the share that stands with the leads that mature later."""
    n, first, second = counts(rng, experiments, lift, SIDE)
    plan = boundaries(LOOKS, planned=2 * SIDE)
    z = scores(n, first, second)
    late = int(n[1])
    crossed = stood = 0
    for k in range(experiments):
        out = np.flatnonzero(np.abs(z[k]) >= plan.upper)
        if not len(out):
            continue
        stop = int(out[0])
        crossed += 1
        more = (rng.binomial(late, RATE), rng.binomial(late, RATE + lift))
        last = scores(
            np.array([n[stop] + late]),
            np.array([first[k, stop] + more[0]]),
            np.array([second[k, stop] + more[1]]),
        )[0]
        looks = [(2.0 * n[j], float(z[k, j])) for j in range(stop + 1)]
        read = analyse_looks(looks, plan, overrun=(2.0 * (n[stop] + late), float(last)))
        stood += read.pvalue < ALPHA
    return crossed / experiments, stood / experiments


def main() -> None:
    """Print errors without an effect, and power and leads with one."""
    experiments = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    rng = np.random.default_rng(1969)
    even = np.arange(1, LOOKS + 1) / LOOKS
    plain = np.full(LOOKS, -special.ndtri(ALPHA / 2))
    exact = limits.crossing(even, plain, 0.0, two_sided=True)
    stated = float(exact.upper.sum() + exact.lower.sum())
    print(f"{experiments} experiments in each row, {LOOKS} looks, {2 * SIDE:,} leads at the last")
    print(f"naive, by integration of the normal score: {stated:.4f} (published .248)")
    print(f"{'':>34}{'no effect':>10} {'power':>7} {'leads':>7}")
    null, real = counts(rng, experiments, 0.0, SIDE), counts(rng, experiments, LIFT, SIDE)
    rows = {"one look at the end": np.append(np.full(LOOKS - 1, np.inf), plain[0])}
    rows["naive, 1.96 at each look"] = plain
    for name in ("obrien-fleming", "pocock"):
        rows[f"Lan-DeMets, {name} type"] = boundaries(LOOKS, spending=name).upper
        rows[f"classical {name}"] = boundaries(LOOKS, method=name).upper
    for name, upper in rows.items():
        error, _ = stops(np.abs(scores(*null)) >= upper, null[0])
        power, leads = stops(np.abs(scores(*real)) >= upper, real[0])
        print(f"{name:>34}{error:10.4f} {power:7.3f} {leads:7,.0f}")
    for method in ("betting", "asymptotic"):
        error, _ = stops(anytime(*null, method), null[0])
        power, leads = stops(anytime(*real, method), real[0])
        print(f"{'confidence sequence, ' + method:>34}{error:10.4f} {power:7.3f} {leads:7,.0f}")
    for lift, word in ((0.0, "no effect"), (LIFT, "an effect")):
        crossed, stood = overrun(rng, max(experiments // 4, 1), lift)
        print(f"overrun, {word}: {crossed:.4f} crossed, {stood:.4f} stand with the later leads")


if __name__ == "__main__":
    main()
