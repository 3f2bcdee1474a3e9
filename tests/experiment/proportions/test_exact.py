"""The exact methods beside SciPy, and beside a slow version that enumerates every outcome."""

import itertools

import numpy as np
import pytest
from scipy import optimize, stats
from scipy.stats.contingency import odds_ratio

from funnelkit.experiment.proportions import compare_rates
from funnelkit.experiment.proportions.scores import Pair, statistic_of
from funnelkit.experiment.proportions.unconditional import ByFisher, ByScore

GRID = np.linspace(0, 1, 4001)


def likely(x1: int, n1: int, x2: int, n2: int, other, ends: tuple[float, float]) -> float:
    """Control's most likely rate where treatment's is `other` of it, by plain search."""

    def loss(p: float) -> float:
        q = min(max(other(p), 0.0), 1.0)
        terms = stats.binom.logpmf([x1, x2], [n1, n2], [p, q])
        return float(-np.sum(np.maximum(terms, -1e6)))

    points = np.linspace(*ends, 400)
    k = int(np.argmin([loss(p) for p in points]))
    bracket = points[max(k - 1, 0)], points[min(k + 1, 399)]
    found = optimize.minimize_scalar(
        loss, bounds=bracket, method="bounded", options={"xatol": 1e-12}
    )
    return float(found.x)


@pytest.mark.parametrize(
    ("scale", "place", "other", "ends"),
    [
        ("difference", 0.23, lambda p: p + 0.23, (0.0, 0.77)),
        ("difference", -0.4, lambda p: p - 0.4, (0.4, 1.0)),
        ("ratio", np.log(2.5), lambda p: 2.5 * p, (0.0, 0.4)),
        ("ratio", np.log(0.3), lambda p: 0.3 * p, (0.0, 1.0)),
    ],
)
def test_the_score_statistic_is_that_of_plain_likelihood(scale, place, other, ends) -> None:
    n1, n2 = 6, 9
    ratio = np.exp(place) if scale == "ratio" else 1.0
    gap = place if scale == "difference" else 0.0
    for x1, x2 in [(0, 5), (2, 0), (3, 7), (6, 1), (6, 9), (1, 9)]:
        p1 = likely(x1, n1, x2, n2, other, ends)
        p2 = other(p1)
        spread = ratio**2 * p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2
        expected = (x2 / n2 - ratio * x1 / n1 - gap) / np.sqrt(spread)
        found = float(statistic_of(scale, n1, n2)(x1, x2, place))
        assert found == pytest.approx(expected, rel=2e-4, abs=2e-4), (x1, x2)


def test_the_score_statistic_of_the_odds_ratio_is_that_of_plain_likelihood() -> None:
    n1, n2, ratio = 6, 9, 3.0
    for x1, x2 in [(0, 5), (2, 0), (3, 7), (6, 1), (1, 9)]:
        p1 = likely(x1, n1, x2, n2, lambda p: ratio * p / (1 - p + ratio * p), (0.0, 1.0))
        p2 = ratio * p1 / (1 - p1 + ratio * p1)
        spread = 1 / (n1 * p1 * (1 - p1)) + 1 / (n2 * p2 * (1 - p2))
        expected = (x2 - n2 * p2) * np.sqrt(spread)
        found = float(statistic_of("odds ratio", n1, n2)(x1, x2, np.log(ratio)))
        assert found == pytest.approx(expected, rel=2e-4, abs=2e-4), (x1, x2)


def slow_pvalue(pair: Pair, scale: str, place: float, side: str) -> float:
    """Largest chance of outcomes as extreme: every outcome, and a fine grid of the open rate."""
    n1, n2 = int(pair.n1), int(pair.n2)
    first, second = np.meshgrid(np.arange(n1 + 1.0), np.arange(n2 + 1.0), indexing="ij")
    values = statistic_of(scale, n1, n2)(first, second, place)
    came = values[int(pair.x1), int(pair.x2)]
    if side == "both":
        extreme = np.abs(values) >= abs(came) - 1e-6
    else:
        sign = 1 if side == "greater" else -1
        extreme = sign * values >= sign * came - 1e-6
    if scale == "difference":
        p1 = max(0.0, -place) + (1 - abs(place)) * GRID
        p2 = p1 + place
    else:
        p1 = GRID * min(1.0, np.exp(-place))
        p2 = p1 * np.exp(place)
    own = stats.binom.pmf(np.arange(n1 + 1), n1, np.clip(p1, 0, 1)[:, None])
    other = stats.binom.pmf(np.arange(n2 + 1), n2, np.clip(p2, 0, 1)[:, None])
    return float(min(1.0, ((own @ extreme.astype(float)) * other).sum(axis=1).max()))


@pytest.mark.parametrize("scale", ["difference", "ratio"])
@pytest.mark.parametrize(("n1", "n2"), [(6, 9), (30, 12)])
def test_the_largest_chance_is_found(scale, n1, n2) -> None:
    for share1, share2, place in itertools.product((0.0, 0.3), (0.1, 0.7), (-0.5, 0.0, 0.3)):
        pair = Pair(x1=round(share1 * n1), n1=n1, x2=round(share2 * n2), n2=n2)
        for side in ("greater", "less", "both"):
            found = ByScore(pair, scale).chance(place, side=side)
            expected = slow_pvalue(pair, scale, place, side)
            assert found == pytest.approx(expected, rel=2e-5, abs=1e-12), (pair, place, side)
            assert found >= expected * (1 - 1e-9)


@pytest.mark.parametrize("scale", ["difference", "ratio"])
def test_the_ends_are_the_outermost_that_are_not_rejected(scale) -> None:
    for control, treatment in [((2, 7), (6, 7)), ((1, 9), (4, 6))]:
        pair = Pair(x1=control[0], n1=control[1], x2=treatment[0], n2=treatment[1])
        found = compare_rates(control, treatment, method="exact", scale=scale)
        places = np.linspace(-0.98, 0.98, 41) if scale == "difference" else np.linspace(-6, 6, 41)
        kept = [
            place
            for place in places
            if min(slow_pvalue(pair, scale, place, side) for side in ("greater", "less")) > 0.025
        ]
        low, high = found.confidence_interval()
        if scale == "ratio":
            low, high = np.log(low), np.log(high)
        step = places[1] - places[0]
        assert low <= kept[0] <= low + step
        assert high - step <= kept[-1] <= high


@pytest.mark.parametrize(("n1", "n2"), [(6, 9), (13, 8)])
def test_boschloos_largest_chance_at_any_odds_ratio(n1, n2) -> None:
    for share1, share2, place in itertools.product((0.0, 0.3), (0.1, 0.7), (-1.0, 0.0, 2.0)):
        pair = Pair(x1=round(share1 * n1), n1=n1, x2=round(share2 * n2), n2=n2)
        for side in ("greater", "less"):
            tails = np.zeros((n1 + 1, n2 + 1))
            for total in range(n1 + n2 + 1):
                b = np.arange(max(0, total - n1), min(n2, total) + 1)
                given = stats.nchypergeom_fisher(n1 + n2, n2, total, np.exp(place))
                tails[total - b, b] = given.sf(b - 1) if side == "greater" else given.cdf(b)
            extreme = tails <= tails[int(pair.x1), int(pair.x2)] * (1 + 1e-6)
            odds = np.exp(place)
            p2 = odds * GRID / (1 - GRID + odds * GRID)
            own = stats.binom.pmf(np.arange(n1 + 1), n1, GRID[:, None])
            other = stats.binom.pmf(np.arange(n2 + 1), n2, p2[:, None])
            expected = ((own @ extreme.astype(float)) * other).sum(axis=1).max()
            found = ByFisher(pair, "odds ratio").chance(place, side=side)
            assert found == pytest.approx(expected, rel=1e-4), (pair, place, side)


def test_scipys_boschloo_and_fisher() -> None:
    for (x1, n1), (x2, n2) in [((3, 20), (9, 21)), ((0, 8), (5, 9)), ((31, 63), (74, 117))]:
        table = [[x2, x1], [n2 - x2, n1 - x1]]
        for side in ("two-sided", "greater", "less"):
            ours = compare_rates((x1, n1), (x2, n2), method="boschloo", alternative=side)
            theirs = stats.boschloo_exact(table, alternative=side, n=128)
            assert ours.pvalue == pytest.approx(theirs.pvalue, rel=1e-5)
            fisher = compare_rates((x1, n1), (x2, n2), method="fisher", alternative=side)
            if side != "two-sided":
                assert fisher.pvalue == pytest.approx(
                    stats.fisher_exact(table, alternative=side).pvalue, rel=1e-9
                )
            given = odds_ratio(np.array(table), kind="conditional")
            assert fisher.effect == pytest.approx(given.statistic, rel=1e-6)
            assert fisher.confidence_interval() == pytest.approx(
                tuple(given.confidence_interval(alternative=side)), rel=1e-5
            )
            assert ours.pvalue <= fisher.pvalue * (1 + 1e-9)


def test_scipys_barnard_where_there_are_no_ties() -> None:
    for (x1, n1), (x2, n2) in [((3, 20), (9, 23)), ((1, 8), (6, 11))]:
        table = [[x2, x1], [n2 - x2, n1 - x1]]
        for side in ("two-sided", "greater", "less"):
            ours = compare_rates((x1, n1), (x2, n2), method="barnard", alternative=side)
            theirs = stats.barnard_exact(table, alternative=side, n=128)
            assert ours.statistic == pytest.approx(theirs.statistic, rel=1e-12)
            assert ours.pvalue == pytest.approx(theirs.pvalue, rel=1e-5)


def test_the_odds_ratio_of_the_sample_and_the_conditional_one() -> None:
    # SciPy, contingency.odds_ratio: kind "sample" 41/12 over 29/18; conditional of the same.
    sample = compare_rates((18, 47), (29, 41), method="score", scale="odds ratio")
    given = compare_rates((18, 47), (29, 41), method="fisher mid-p")
    table = np.array([[29, 18], [12, 29]])
    assert sample.effect == pytest.approx(odds_ratio(table, kind="sample").statistic)
    assert given.effect == pytest.approx(odds_ratio(table, kind="conditional").statistic, rel=1e-6)


def test_mid_p_counts_what_was_observed_half() -> None:
    found = compare_rates((3, 20), (9, 21), method="fisher mid-p", alternative="greater")
    law = stats.hypergeom(41, 21, 12)
    assert found.pvalue == pytest.approx(law.sf(9) + law.pmf(9) / 2, rel=1e-9)


def rejected(table: np.ndarray, first: float, second: float) -> float:
    n = len(table) - 1
    x = np.arange(n + 1)
    return float(stats.binom.pmf(x, n, first) @ (table < 0.05) @ stats.binom.pmf(x, n, second))


def pvalues(method: str, n: int) -> np.ndarray:
    """Of every outcome; swapped arms, and swapped outcomes, have the same."""
    found = np.full((n + 1, n + 1), np.nan)
    for x1 in range(n + 1):
        for x2 in range(x1, n + 1 - x1):
            p = compare_rates((x1, n), (x2, n), method=method).pvalue
            for a, b in ((x1, x2), (x2, x1), (n - x1, n - x2), (n - x2, n - x1)):
                found[a, b] = p
    assert not np.isnan(found).any()
    return found


@pytest.mark.parametrize("method", ["exact", "barnard", "boschloo", "fisher"])
def test_exact_methods_hold_their_size_and_keep_their_power(method) -> None:
    rates = np.arange(1, 100) / 100
    for n in (10, 25):
        table = pvalues(method, n)
        assert max(rejected(table, rate, rate) for rate in rates) <= 0.05
    # Stated of 25 a side and .12 against .45: .745, where Fisher's test has .645.
    power = rejected(table, 0.12, 0.45)
    assert power == pytest.approx(0.645 if method == "fisher" else 0.745, abs=5e-4)


@pytest.mark.parametrize("method", ["score", "z", "newcombe", "agresti-caffo", "fisher mid-p"])
def test_other_methods_stay_near_their_size(method) -> None:
    table = pvalues(method, 25)
    assert max(rejected(table, rate, rate) for rate in np.arange(1, 100) / 100) <= 0.066
