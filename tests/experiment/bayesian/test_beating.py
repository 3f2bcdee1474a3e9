"""Bayesian comparisons: closed forms, a double integral, draws, and what is refused."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import integrate, special, stats

from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.bayesian.answer import BayesianComparison
from funnelkit.experiment.bayesian.beating import compare_bayesian
from funnelkit.experiment.bayesian.posteriors import (
    Pair,
    Posterior,
    expected_highest,
    probability_best,
)

PAIRS = [
    ((29.0, 153.0), (48.0, 144.0)),
    ((1.0, 1.0), (2.0, 1.0)),
    ((0.5, 20.5), (0.5, 30.5)),
    ((201.0, 1801.0), (3.0, 8.0)),
    ((3.0, 8.0), (2001.0, 5001.0)),
    ((1.0, 41.0), (5.0, 37.0)),
]


def closed_form(first: tuple[float, float], second: tuple[float, float]) -> float:
    """P(second > first) as a finite sum, for whole numbers (Miller 2014)."""
    (a, b), (c, d) = first, second
    terms = [
        special.betaln(a + i, b + d)
        - math.log(d + i)
        - special.betaln(1 + i, d)
        - special.betaln(a, b)
        for i in range(int(c))
    ]
    return float(np.exp(terms).sum())


@pytest.mark.parametrize(("first", "second"), [p for p in PAIRS if p[0][0] % 1 == 0])
def test_the_probability_to_beat_is_the_finite_sum(
    first: tuple[float, float], second: tuple[float, float]
) -> None:
    pair = Pair(Posterior(a=first[0], b=first[1]), Posterior(a=second[0], b=second[1]))
    assert pair.beats() == pytest.approx(closed_form(first, second), abs=1e-10)


@pytest.mark.parametrize(("first", "second"), [PAIRS[0], PAIRS[1], ((3.0, 8.0), (5.0, 37.0))])
def test_everything_is_the_double_integral(
    first: tuple[float, float], second: tuple[float, float]
) -> None:
    pair = Pair(Posterior(a=first[0], b=first[1]), Posterior(a=second[0], b=second[1]))
    scale = special.betaln(*first) + special.betaln(*second)

    def density(x: float, y: float) -> float:
        if not (0 < x < 1 and 0 < y < 1):
            return 0.0
        own = (first[0] - 1) * math.log(x) + (first[1] - 1) * math.log1p(-x)
        return math.exp(
            own + (second[0] - 1) * math.log(y) + (second[1] - 1) * math.log1p(-y) - scale
        )

    def over(function: Callable[[float, float], float], low: object, high: object) -> float:
        """Integral over x from 0 to 1 and over y between two functions of x."""
        return float(
            integrate.dblquad(
                lambda y, x: function(x, y) * density(x, y), 0, 1, low, high, epsabs=1e-8
            )[0]
        )

    assert pair.beats() == pytest.approx(over(lambda x, y: 1.0, lambda x: x, 1), abs=1e-7)
    loss = over(lambda x, y: x - y, 0, lambda x: x)
    assert pair.shortfall() == pytest.approx(loss, abs=1e-7)
    within = over(lambda x, y: 1.0, lambda x: max(x - 0.03, 0), lambda x: min(x + 0.03, 1))
    found = pair.difference_below(0.03) - pair.difference_below(-0.03)
    assert found == pytest.approx(within, abs=1e-7)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_quantiles_agree_with_draws(
    first: tuple[float, float], second: tuple[float, float]
) -> None:
    rng, number = np.random.default_rng(8), 400_000
    x, y = rng.beta(*first, number), rng.beta(*second, number)
    pair = Pair(Posterior(a=first[0], b=first[1]), Posterior(a=second[0], b=second[1]))
    slack = 5 * math.sqrt(0.025 * 0.975 / number)
    for share in (0.025, 0.5, 0.975):
        assert np.mean(y - x < pair.difference_at(share)) == pytest.approx(share, abs=2.5 * slack)
        assert np.mean(y / x < pair.ratio_at(share)) == pytest.approx(share, abs=2.5 * slack)
    error = 5 * np.maximum(x - y, 0).std() / math.sqrt(number)
    assert pair.shortfall() == pytest.approx(np.maximum(x - y, 0).mean(), abs=error)


def test_large_counts_are_as_exact_as_small_ones() -> None:
    # the normal distribution, which at a million a side is right to this many digits
    pair = Pair(Posterior(a=100_000.0, b=900_000.0), Posterior(a=100_500.0, b=899_500.0))
    sd = math.sqrt(0.1 * 0.9 / 1e6 + 0.1005 * 0.8995 / 1e6)
    assert pair.beats() == pytest.approx(stats.norm.cdf(0.0005 / sd), abs=1e-5)
    assert pair.difference_at(0.5) == pytest.approx(0.0005, abs=1e-8)
    # a narrow one against a wide one: the wide one's distribution function
    lop = Pair(Posterior(a=1e6, b=9e6), Posterior(a=3.0, b=8.0))
    assert lop.beats() == pytest.approx(stats.beta(3, 8).sf(0.1), abs=1e-6)


def test_the_best_of_several() -> None:
    parts = [(29.0, 153.0), (48.0, 144.0), (45.0, 140.0), (3.0, 8.0)]
    posteriors = [Posterior(a=a, b=b) for a, b in parts]
    rng, number = np.random.default_rng(9), 400_000
    draws = np.array([rng.beta(a, b, number) for a, b in parts])
    shares = np.bincount(draws.argmax(axis=0), minlength=4) / number
    found = probability_best(posteriors)
    assert sum(found) == pytest.approx(1.0)
    assert found == pytest.approx(tuple(shares), abs=5 * math.sqrt(0.25 / number))
    assert expected_highest(posteriors) == pytest.approx(draws.max(axis=0).mean(), abs=1e-3)
    alike = probability_best([Posterior(a=4.0, b=9.0)] * 3)
    assert alike == pytest.approx((1 / 3,) * 3, abs=1e-10)


def test_the_sentence_says_how_probable_and_what_a_mistake_costs() -> None:
    found = compare_bayesian((28, 180), (47, 190), names=("old", "new"), rope=0.01)
    words = found.summary().replace("\u202f", " ").replace("\u2212", "-")
    assert words == (
        "Rate: new 24.7 % (47 of 190 leads) against old 15.6 % (28 of 180 leads); new is better "
        "with probability 98.6 %. The effect is +9.1 points (95 % credible: +1.0 to +17.2). "
        "Expected loss: 0.02 points with new, 9.09 with old. That it makes no difference in "
        "practice (-1.0 to +1.0 points) has probability 1.8 %."
    )
    assert not hasattr(found, "pvalue")
    low, _ = found.difference_interval()
    assert found.probability_above(float(low)) == pytest.approx(0.975, abs=1e-9)
    inside = found.probability_in_rope
    assert found.probability_above_rope + inside < 1
    rate = found.rate_interval("control")
    assert rate == pytest.approx(stats.beta(29, 153).interval(0.95))
    assert found.loss_of_control - found.loss_of_treatment == pytest.approx(found.difference)
    seen = compare_bayesian((28, 180), (47, 190), randomised=False)
    assert "effect" not in seen.summary()
    assert math.isnan(seen.probability_in_rope)
    assert math.isnan(seen.probability_above_rope)


def test_history_is_discounted() -> None:
    found = compare_bayesian(
        (28, 180), (47, 190), prior=(0.5, 0.5), history=(200, 1000), discount=0.1
    )
    assert found.control_prior == Posterior(a=20.5, b=80.5)
    assert found.treatment_posterior == Posterior(a=67.5, b=223.5)
    own = compare_bayesian((28, 180), (47, 190), history={"control": (200, 1000)}, discount=0.1)
    assert own.control_posterior == Posterior(a=49.0, b=233.0)
    assert own.treatment_prior == Posterior(a=1.0, b=1.0)
    none = compare_bayesian((28, 180), (47, 190), history=(200, 1000), discount=0)
    assert none.probability_to_beat == compare_bayesian((28, 180), (47, 190)).probability_to_beat


def test_a_prior_that_outweighs_or_contradicts_its_data_is_said() -> None:
    heavy = compare_bayesian((28, 180), (47, 190), history=(200, 1000), discount=1.0)
    assert "weighs as much as 1,002 leads, more than its 180" in heavy.summary()
    other = compare_bayesian((28, 180), (47, 190), prior={"control": (60, 40)})
    assert "far from its prior" in other.summary()
    assert compare_bayesian((28, 180), (47, 190)).notes == ()


def test_several_treatments_against_control() -> None:
    treatments = {"<b>B</b>": (47, 190), "C": (40, 180)}
    found = compare_bayesian((28, 180), treatments)
    assert [one.treatment.name for one in found] == list(treatments)
    alone = compare_bayesian((28, 180), (40, 180))
    assert found["C"].probability_to_beat == alone.probability_to_beat
    assert sum(found.probability_best.values()) == pytest.approx(1)
    assert list(found.probability_best) == ["control", *treatments]
    frame = found.to_frame()
    assert frame["probability_best"].tolist() == [found.probability_best[t] for t in treatments]
    assert "<b>" not in found._repr_html_()
    with pytest.raises(ArgumentError, match="unknown treatment `D`"):
        found["D"]
    single = compare_bayesian((28, 180), {"B": (47, 190)})
    assert single.probability_best["B"] == pytest.approx(single["B"].probability_to_beat, abs=1e-9)
    # the expected loss of an arm among two is that of choosing it
    assert single.expected_loss["B"] == pytest.approx(single["B"].loss_of_treatment, abs=1e-9)


@pytest.mark.parametrize(
    ("control", "treatment"),
    [((0, 1), (0, 1)), ((0, 10), (10, 10)), ((0, 500), (0, 3)), ((7.5, 40.2), (9.1, 38.0))],
)
def test_few_none_all_and_effective_numbers(
    control: tuple[float, float], treatment: tuple[float, float]
) -> None:
    found = compare_bayesian(control, treatment, rope=0.02)
    assert isinstance(found, BayesianComparison)
    assert 0 <= found.probability_to_beat <= 1
    low, high = found.difference_interval()
    assert -1 <= low < found.difference < high <= 1
    assert 0 < found.ratio_interval().low < found.ratio_interval().high < math.inf
    assert found.to_frame().notna().all(axis=None)


@pytest.mark.parametrize(
    ("control", "treatment", "given", "words"),
    [
        ((0, 0), (1, 2), {}, "`control` has nobody"),
        ((5, 4), (1, 2), {}, "got 5 of 4. Did you mean the other way around"),
        ((-1, 4), (1, 2), {}, "from 0 to entered"),
        ((0.12, 200), (1, 2), {}, r"must hold counts.*Did you mean \(24, 200\)"),
        ("28 of 180", (1, 2), {}, r"`control` must be \(converted, entered\)"),
        ((28,), (1, 2), {}, r"`control` must be"),
        ((28, math.nan), (1, 2), {}, r"`control` must be"),
        ((28, 180), {}, {}, "at least one treatment"),
        ((28, 180), {"control": (1, 2)}, {}, "`names` must differ"),
        ((28, 180), {"B": (3, 2)}, {}, "`B` must have converted"),
        ((28, 180), (47, 190), {"prior": (0, 1)}, "both numbers above 0"),
        ((28, 180), (47, 190), {"prior": {"contrl": (1, 1)}}, "Did you mean `control`"),
        ((28, 180), (47, 190), {"prior": "flat"}, r"`prior` must be \(a, b\)"),
        ((28, 180), (47, 190), {"history": (200, 1000)}, "`history` needs `discount`"),
        ((28, 180), (47, 190), {"discount": 0.1}, "there is none"),
        ((28, 180), (47, 190), {"history": (2, 9), "discount": 10}, "Did you mean 0.1"),
        ((28, 180), (47, 190), {"rope": 2}, "Did you mean 0.02"),
        ((28, 180), (47, 190), {"rope": (0.02, 0.01)}, "`rope` must be"),
        ((28, 180), (47, 190), {"rope": "1%"}, "`rope` must be"),
        ((28, 180), (47, 190), {"confidence_level": 95}, "Did you mean 0.95"),
        ((28, 180), (47, 190), {"names": "AB"}, "those of control and treatment"),
    ],
)
def test_what_cannot_be_used_is_refused(
    control: object, treatment: object, given: dict[str, object], words: str
) -> None:
    with pytest.raises(ArgumentError, match=words):
        compare_bayesian(control, treatment, **given)  # type: ignore[call-overload]
