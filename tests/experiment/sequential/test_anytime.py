"""Confidence sequences: a bet lead by lead, every outcome counted, and what is refused."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.sequential import mixtures
from funnelkit.experiment.sequential.anytime import confidence_sequence
from funnelkit.experiment.sequential.betting import batches

CONTROL = [(2, 30), (9, 80), (16, 150), (30, 260)]
TREATMENT = [(6, 28), (19, 85), (38, 149), (62, 255)]


def capital(control: np.ndarray, treatment: np.ndarray, d: float, tightest: float) -> float:
    """The obvious version: lead after lead, one bet and one centre after the other."""
    total = weight = 0.0
    new = [np.diff(rows, axis=0, prepend=0) for rows in (control, treatment)]
    for i in range(-8, 9):
        part = 1 / (1 + (i / 2) ** 2)
        for j in range(12):
            money = 1.0
            for k in range(len(control)):
                (x0, n0), (x1, n1) = new[0][k], new[1][k]
                r = n1 / (n0 + n1)
                if k == 0:
                    middle = math.sin((j + 0.5) * math.pi / 24) ** 2
                else:
                    before = [
                        (rows[k - 1][0] + 0.5) / (rows[k - 1][1] + 1)
                        for rows in (control, treatment)
                    ]
                    middle = r * before[0] + (1 - r) * before[1]
                spread = middle * (1 - middle) / (r * (1 - r))
                bet = min(3.3 / math.sqrt(tightest * spread) * 2 ** (i / 2), 0.95 * min(r, 1 - r))
                centre = sorted((middle - (1 - r) * d, max(-d, 0), min(1 - d, 1)))[1]
                for y, times in ((1, x0), (0, n0 - x0)):
                    money *= (1 - bet * (y - centre) / (1 - r)) ** times
                for y, times in ((1, x1), (0, n1 - x1)):
                    money *= (1 + bet * (y - centre - d) / r) ** times
            total += part * money
            weight += part
    return total / weight


@pytest.mark.parametrize("d", [-0.4, -0.05, 0.0, 0.08, 0.3])
def test_capital_is_what_bets_lead_by_lead_would_bring(d: float) -> None:
    control, treatment = np.array(CONTROL, float), np.array(TREATMENT, float)
    found = batches(control, treatment, 700.0).log_capital(d)
    for k in range(4):
        plain = capital(control[: k + 1], treatment[: k + 1], d, 700.0)
        assert found[k] == pytest.approx(math.log(plain), abs=1e-9)


@pytest.mark.parametrize(
    ("p0", "p1"), [(0.1, 0.1), (0.5, 0.5), (0.9, 0.9), (0.15, 0.4), (0.7, 0.2)]
)
@pytest.mark.parametrize("sizes", [((4, 3), (3, 5)), ((1, 6), (4, 2))])
def test_no_bet_gains_when_its_value_is_true(
    p0: float, p1: float, sizes: tuple[tuple[int, int], ...]
) -> None:
    # every outcome of two looks, by its probability: the expected capital is at most 1
    (a, b), (c, e) = sizes
    n0, n1 = np.array([a, a + c], float), np.array([b, b + e], float)
    total = 0.0
    for w, x, y, z in itertools.product(range(a + 1), range(b + 1), range(c + 1), range(e + 1)):
        chance = math.prod(
            float(stats.binom.pmf(*one)) for one in ((w, a, p0), (x, b, p1), (y, c, p0), (z, e, p1))
        )
        one = batches(np.c_[[w, w + y], n0], np.c_[[x, x + z], n1], 20.0)
        total += chance * math.exp(one.log_capital(p1 - p0)[-1])
    assert 0.5 < total <= 1 + 1e-12


def test_the_capital_falls_with_the_difference() -> None:
    both = batches(np.array(CONTROL, float), np.array(TREATMENT, float), 500.0)
    grid = np.array([both.log_capital(d) for d in np.linspace(-1, 1, 81)])
    assert (np.diff(grid, axis=0) <= 1e-12).all()


@pytest.mark.parametrize("method", ["betting", "asymptotic"])
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_p_values_and_intervals_are_a_pair_at_every_look(method: str, alternative: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(6):
        n = np.cumsum(rng.integers(20, 90, (2, 4)), axis=1)
        x = np.cumsum(rng.binomial(np.diff(n, axis=1, prepend=0), [[0.2], [0.36]]), axis=1)
        found = confidence_sequence(
            np.c_[x[0], n[0]],
            np.c_[x[1], n[1]],
            method=method,  # type: ignore[arg-type]
            alternative=alternative,  # type: ignore[arg-type]
        )
        for k, p in enumerate(found.pvalue):
            if p >= 1:
                continue
            for level in (1 - p - 1e-5, 1 - p + 1e-5):
                if 0 < level < 1:
                    low, high = found.confidence_interval(level)
                    excluded = low[k] > 0 or high[k] < 0  # type: ignore[index]
                    assert excluded == (level < 1 - p)


def test_intervals_only_narrow_and_hold_the_truth_here() -> None:
    found = confidence_sequence(CONTROL, TREATMENT)
    low, high = (np.asarray(end) for end in found.confidence_interval())
    assert (np.diff(low) >= 0).all()
    assert (np.diff(high) <= 0).all()
    assert (low < found.effect).all()
    assert (found.effect < high).all()
    assert found.method == "betting"
    # fixed-sample 95 % of the last look is about +-.066; any look is wider
    assert high[-1] - low[-1] > 0.13


def test_arms_in_each_others_place_mirror_the_answer() -> None:
    one, other = confidence_sequence(CONTROL, TREATMENT), confidence_sequence(TREATMENT, CONTROL)
    low, high = one.confidence_interval()
    mirrored = other.confidence_interval()
    assert np.asarray(mirrored.low) == pytest.approx(-np.asarray(high))
    assert np.asarray(mirrored.high) == pytest.approx(-np.asarray(low))
    assert other.pvalue == pytest.approx(one.pvalue)


def test_small_counts_and_looks_that_bring_nothing() -> None:
    nothing = confidence_sequence([(0, 1)], [(0, 1)])
    assert [float(np.asarray(end)[0]) for end in nothing.confidence_interval()] == [-1.0, 1.0]
    assert nothing.pvalue.tolist() == [1.0]
    none_converted = confidence_sequence([(0, 40), (0, 400)], [(0, 40), (0, 400)])
    low, high = (np.asarray(end) for end in none_converted.confidence_interval())
    assert -0.1 < low[-1] < 0 < high[-1] < 0.1
    all_or_none = confidence_sequence([(0, 10)], [(10, 10)])
    assert np.asarray(all_or_none.confidence_interval().low)[0] > -1
    # the second look adds control only: it counts with the third
    once = confidence_sequence([(2, 30), (4, 60), (4, 70)], [(6, 28), (6, 28), (14, 60)])
    less = confidence_sequence([(2, 30), (4, 70)], [(6, 28), (14, 60)])
    assert once.pvalue[[0, 2]] == pytest.approx(less.pvalue)
    assert once.pvalue[1] == once.pvalue[0]


def test_the_asymptotic_bound_is_the_normal_mixture() -> None:
    control, treatment = [(50, 3.0, 2.0), (200, 3.1, 2.1)], [(60, 3.5, 2.5), (180, 3.9, 2.4)]
    found = confidence_sequence(control, treatment, tightest_at=400)
    low, high = (np.asarray(end) for end in found.confidence_interval())
    # Howard et al. (2021), eq. 14 with V = m: sqrt((m + r) log((m + r) / (r alpha^2))) / m
    r = mixtures.mixing(100.0)
    assert math.exp(-(1 + 100 / r)) * (1 + 100 / r) == pytest.approx(0.05**2 / math.e)
    m = 200 * 180 / 380
    sd = math.sqrt((2.1**2 / 200 + 2.4**2 / 180) * m)
    half = sd * math.sqrt((m + r) * math.log((m + r) / (r * 0.05**2))) / m
    assert (low[-1], high[-1]) == pytest.approx((0.8 - half, 0.8 + half))
    assert found.unit == "number"
    assert "p = " in found.summary()


def test_the_one_sided_mixture_is_its_integral() -> None:
    from scipy import integrate

    number, mix, mean = 80.0, 30.0, 0.35
    # over effects t > 0 with density 2 sqrt(r / 2 pi) exp(-r t^2 / 2): the mean likelihood ratio
    plain = integrate.quad(
        lambda t: (
            2
            * math.sqrt(mix / (2 * math.pi))
            * math.exp(-mix * t**2 / 2 + number * (mean * t - t**2 / 2))
        ),
        0,
        5,
    )[0]
    found = mixtures.log_evidence(np.array([mean]), np.array([number]), mix, two_sided=False)
    assert found[0] == pytest.approx(math.log(plain))
    reach = mixtures.reach(np.array([number]), mix, math.exp(-found[0]), two_sided=False)
    assert reach[0] == pytest.approx(mean)


@pytest.mark.parametrize("method", ["betting", "asymptotic"])
def test_twenty_looks_without_an_effect_are_rarely_wrong(method: str) -> None:
    # at most 5 %, and less for a mixture that is stopped after 20 looks; the long run is in
    # benchmarks/peeking.py
    rng, wrong, runs = np.random.default_rng(11), 0, 200
    n = 40 * np.arange(1, 21)
    for _ in range(runs):
        x = rng.binomial(40, 0.15, (2, 20)).cumsum(axis=1)
        found = confidence_sequence(
            np.c_[x[0], n],
            np.c_[x[1], n],
            method=method,  # type: ignore[arg-type]
        )
        wrong += found.excluded_at is not None
    assert wrong <= stats.binom.isf(1e-4, runs, 0.05)


def test_sentences_and_comparison() -> None:
    found = confidence_sequence(CONTROL, TREATMENT, names=("a<b>", "B\n=1+1"))
    words = found.summary().replace("\u202f", " ")
    assert words.startswith("Rate, B =1+1 against a<b>. Look 4: 515 leads; +12.8 points (")
    assert "always-valid p = " in words
    assert "<b>" not in found._repr_html_()
    one = found.comparison(2)
    assert (one.pvalue, one.effect) == (found.pvalue[1], found.effect[1])
    assert one.treatment.converted == 19
    observed = confidence_sequence(CONTROL, TREATMENT, randomised=False)
    assert "effect" not in observed.summary()
    assert found.to_frame().columns.tolist()[:3] == ["look", "control_n", "control_rate"]
    with pytest.raises(ArgumentError, match="look"):
        found.comparison(5)


def test_an_effect_that_changes_over_time_is_said() -> None:
    control = [(250, 500), (500, 5000)]
    treatment = [(400, 500), (500, 5000)]
    assert "changed over time" in confidence_sequence(control, treatment).summary()


def test_few_conversions_at_the_first_look_are_said() -> None:
    few = confidence_sequence(CONTROL, TREATMENT, method="asymptotic")
    assert 'method="betting" is exact' in few.summary()
    assert "too few" not in confidence_sequence(CONTROL, TREATMENT).summary()
    means = confidence_sequence([(9, 1.0, 2.0)], [(90, 1.0, 2.0)])
    assert "The first look has 9 units in one arm" in means.summary()


@pytest.mark.parametrize(
    ("control", "given", "words"),
    [
        ([], {}, "one look after the other"),
        ((2, 30), {}, "One look goes into a list of its own"),
        ("2 of 30", {}, "one look after the other"),
        ([(2, 30), (3,)], {}, "one look after the other"),
        ([(2, math.nan)] * 4, {}, "look 1 holds no number"),
        (CONTROL[:2], {}, "same looks"),
        ([(0, 0), *CONTROL[1:]], {}, "nobody in it at look 1"),
        ([(31, 30), *CONTROL[1:]], {}, "look 1 has 31 of 30"),
        ([(0.1, 30), *CONTROL[1:]], {}, 'look 1 has 0.1 of 30.*method="asymptotic"'),
        ([(2, 30), (1, 40), (9, 80), (20, 100)], {}, "look 2 has 1 of 40 after 2 of 30"),
        ([(2, 30), (9, 34), (16, 150), (30, 260)], {}, "look 2 has 9 of 34 after 2 of 30"),
        (CONTROL, {"method": "bets"}, "`method` must be one of"),
        (CONTROL, {"alternative": "more"}, "`alternative` must be one of"),
        (CONTROL, {"confidence_level": 95}, "Did you mean 0.95"),
        (CONTROL, {"tightest_at": 0}, "number of leads"),
        (CONTROL, {"names": "AB"}, "those of control and treatment"),
    ],
)
def test_what_cannot_be_read_is_refused(
    control: object, given: dict[str, object], words: str
) -> None:
    with pytest.raises(ArgumentError, match=words):
        confidence_sequence(control, TREATMENT, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("control", "given", "words"),
    [
        ([(1, 2.0, 3.0)], {}, "2 units or more"),
        ([(10, 2.0, 0.0)], {}, "standard deviation above 0"),
        ([(10, 2.0, 1.0)], {"method": "betting"}, '"betting" is for rates'),
    ],
)
def test_moments_that_cannot_be_used_are_refused(
    control: object, given: dict[str, object], words: str
) -> None:
    with pytest.raises(ArgumentError, match=words):
        confidence_sequence(control, [(10, 2.0, 1.0)], **given)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="n falls at look 2"):
        confidence_sequence([(20, 1, 1), (10, 1, 1)], [(20, 1, 1), (30, 1, 1)])
