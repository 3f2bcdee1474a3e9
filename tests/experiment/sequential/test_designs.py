"""Boundaries: published tables, another package's numbers, and an integral done another way."""

import math

import numpy as np
import pytest
from scipy import stats

from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.sequential import limits
from funnelkit.experiment.sequential.designs import boundaries
from funnelkit.experiment.sequential.spent import spending


# Jennison and Turnbull (2000), Group Sequential Methods, tables 2.1 and 2.3, two-sided alpha .05.
@pytest.mark.parametrize(
    ("looks", "pocock", "obrien_fleming"),
    [(2, 2.178, 1.977), (3, 2.289, 2.004), (4, 2.361, 2.024), (5, 2.413, 2.040)],
)
def test_classical_constants(looks: int, pocock: float, obrien_fleming: float) -> None:
    flat = boundaries(looks, method="pocock")
    assert flat.upper == pytest.approx(np.full(looks, pocock), abs=5e-4)
    falling = boundaries(looks, method="obrien-fleming")
    steps = np.sqrt(looks / np.arange(1, looks + 1))
    assert falling.upper == pytest.approx(obrien_fleming * steps, abs=5e-4 * steps.max())
    assert falling.lower.tolist() == (-falling.upper).tolist()
    assert falling.spent[-1] == pytest.approx(0.05, abs=1e-9)


# Two-sided .05, five even looks. R: gsDesign(k=5, test.type=2, alpha=.025, sfu=sfLDOF), sfLDPocock,
# and sfHSD with sfupar=-4; Reboussin et al. (2000), Controlled Clinical Trials 21, 190-207.
@pytest.mark.parametrize(
    ("function", "expected", "digits"),
    [
        (spending("obrien-fleming"), (4.8769, 3.3570, 2.6803, 2.2898, 2.0310), 5e-5),
        (spending("pocock"), (2.4380, 2.4268, 2.4102, 2.3966, 2.3860), 5e-5),
        (spending("hwang-shih-decani", gamma=-4), (3.25, 2.99, 2.69, 2.37, 2.03), 5e-3),
    ],
    ids=str,
)
def test_spending_boundaries(function: object, expected: tuple[float, ...], digits: float) -> None:
    plan = boundaries(5, spending=function)  # type: ignore[arg-type]
    assert plan.upper == pytest.approx(expected, abs=digits)


def test_uneven_looks_on_one_side() -> None:
    # R, from the examples of gsDesign2::gs_b: gsDesign(alpha=.025, k=3, test.type=1, sfu=sfLDOF,
    # timing=c(.5, .75, 1))$upper$bound
    plan = boundaries([0.5, 0.75, 1], alpha=0.025, alternative="greater")
    assert plan.upper == pytest.approx((2.962588, 2.359018, 2.014084), abs=2e-6)
    assert np.isneginf(plan.lower).all()
    below = boundaries([0.5, 0.75, 1], alpha=0.025, alternative="less")
    assert (-below.lower).tolist() == plan.upper.tolist()
    assert np.isposinf(below.upper).all()


def test_shapes_between_pocock_and_obrien_fleming() -> None:
    # R: rpact::getDesignGroupSequential(kMax=4, alpha=.025, informationRates=c(.2, .4, .6, 1),
    # typeOfDesign="WT", deltaWT=.45), critical values and alpha spent in its unit tests
    at = np.array([0.2, 0.4, 0.6, 1.0])
    upper = limits.constant(at, 0.45, 0.025, two_sided=False) * at ** (0.45 - 0.5)
    assert upper == pytest.approx((2.4878815, 2.4031352, 2.3549063, 2.2955206), abs=1e-6)
    spent = np.cumsum(limits.crossing(at, upper, 0.0, two_sided=False).upper)
    assert spent == pytest.approx((0.0064253267, 0.012720859, 0.01826361, 0.025), abs=1e-7)


# Jennison and Turnbull (2000), tables 2.2 and 2.4, alpha .05 and power .8.
@pytest.mark.parametrize(
    ("method", "looks", "factor"), [("obrien-fleming", 5, 1.028), ("pocock", 4, 1.202)]
)
def test_inflation(method: str, looks: int, factor: float) -> None:
    plan = boundaries(looks, method=method, power=0.8)  # type: ignore[arg-type]
    assert plan.inflation == pytest.approx(factor, abs=5e-4)
    assert plan.power_at(plan.drift) == pytest.approx(0.8, abs=1e-8)


def test_non_binding_futility() -> None:
    # R: gsDesign(), its default design (k=3, test.type=4, alpha=.025, beta=.1, sfHSD -4 and -2):
    # upper 3.01, 2.55, 2.00; lower -0.24, 0.94, 2.00; inflation 1.070
    plan = boundaries(
        3,
        alpha=0.025,
        alternative="greater",
        power=0.9,
        spending=spending("hwang-shih-decani", gamma=-4),
        futility=spending("hwang-shih-decani", gamma=-2),
    )
    assert plan.upper == pytest.approx((3.01, 2.55, 2.00), abs=5e-3)
    assert plan.futility == pytest.approx((-0.24, 0.94, 2.00), abs=5e-3)
    assert plan.inflation == pytest.approx(1.070, abs=5e-4)
    assert plan.power_at(plan.drift) == pytest.approx(0.9, abs=1e-7)
    # ignored, the error of the first kind is still all there is, and no more
    assert plan.power_at(0.0, obey_futility=False) == pytest.approx(0.025, abs=1e-8)
    mirrored = boundaries(
        3,
        alpha=0.025,
        alternative="less",
        power=0.9,
        spending=spending("hwang-shih-decani", gamma=-4),
        futility=spending("hwang-shih-decani", gamma=-2),
    )
    assert mirrored.futility == pytest.approx(-plan.futility)
    assert mirrored.stopping().lower == pytest.approx(plan.stopping().upper)


def by_simulation(plan: object, drift: float, paths: int) -> np.ndarray:
    """The obvious version: walk many paths, see where each leaves."""
    rng = np.random.default_rng(7)
    at = plan.fraction  # type: ignore[attr-defined]
    steps = np.diff(at, prepend=0.0)
    score = (rng.normal(size=(paths, len(at))) * np.sqrt(steps) + drift * steps).cumsum(axis=1)
    z = score / np.sqrt(at)
    stop = np.abs(z) < np.nan_to_num(plan.futility, nan=-1.0)  # type: ignore[attr-defined]
    up, down = z >= plan.upper, z <= plan.lower  # type: ignore[attr-defined]
    out = up | down | stop
    first = np.where(out.any(axis=1), out.argmax(axis=1), -1)
    kinds = (up, down & ~up, stop & ~up & ~down)
    return np.array(
        [
            [np.mean((first == k) & kind[np.arange(paths), k]) for k in range(len(at))]
            for kind in kinds
        ]
    )


def test_stopping_agrees_with_simulated_paths() -> None:
    plan = boundaries([0.2, 0.35, 0.7, 1.0], futility="pocock", spending="pocock", power=0.85)
    found = np.array(plan.stopping(1.9))
    found[2, -1] = 0.0  # the last look: all that does not cross
    seen = by_simulation(plan, 1.9, 200_000)
    seen[2, -1] = 0.0
    assert found == pytest.approx(seen, abs=5 * math.sqrt(0.25 / 200_000))


def test_crossing_agrees_with_the_multivariate_normal() -> None:
    at = np.array([0.3, 0.45, 1.0])
    plan = boundaries(at)
    joint = np.sqrt(np.minimum.outer(at, at) / np.maximum.outer(at, at))
    for drift in (0.0, 2.5):
        law = stats.multivariate_normal(drift * np.sqrt(at), joint)
        stay = law.cdf(plan.upper, lower_limit=plan.lower)
        assert 1 - plan.power_at(drift) == pytest.approx(stay, abs=2e-5)


def test_looks_that_lie_close_together_spend_what_they_may() -> None:
    at = np.sort(np.r_[0.25, 0.2505, 0.5, 0.5005, 1.0])
    plan = boundaries(at, spending="pocock")
    total = plan.stopping(0.0)
    assert np.cumsum(total.upper + total.lower) == pytest.approx(plan.spent, abs=1e-9)
    assert boundaries(at[::2]).upper[-1] < boundaries(at).upper[-1]


def test_expected_information_is_a_mean() -> None:
    plan = boundaries(4, planned=800.0, method="pocock")
    found = plan.stopping(3.0)
    out = found.upper + found.lower
    ends = np.append(out[:-1], 1 - out[:-1].sum())
    assert plan.expected_information(3.0) == pytest.approx(ends @ plan.information)


def test_one_look_is_the_fixed_test() -> None:
    plan = boundaries(1, planned=500)
    assert plan.upper == pytest.approx([stats.norm.isf(0.025)])
    # the chance of the wrong side counts as well, and is next to none
    assert plan.inflation == pytest.approx(1.0, abs=1e-4)
    assert "1 look" in plan.summary()


def test_spending_functions_are_their_formulas() -> None:
    t = np.array([0.25, 0.5, 1.0])
    of = 2 * stats.norm.sf(stats.norm.isf(0.0125) / np.sqrt(t))
    assert spending()(t, 0.025) == pytest.approx(of)
    assert spending("pocock")(t, 0.05) == pytest.approx(0.05 * np.log(1 + (math.e - 1) * t))
    hsd = 0.05 * (1 - np.exp(4 * t)) / (1 - np.exp(4))
    assert spending("hwang-shih-decani", gamma=-4)(t, 0.05) == pytest.approx(hsd)
    assert spending("hwang-shih-decani", gamma=0)(t, 0.05) == pytest.approx(0.05 * t)
    assert spending("power", exponent=3)(t, 0.05) == pytest.approx(0.05 * t**3)
    assert spending()([0.0, 2.0], 0.05).tolist() == [0.0, 0.05]
    assert str(spending("power", exponent=3)) == "power family (3)"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"information": 0}, "at least 1; got 0"),
        ({"information": True}, "number of looks"),
        ({"information": "5"}, "number of looks"),
        ({"information": []}, "got none"),
        ({"information": [0.5, 0.5]}, "looks 1 and 2 have 0.5 and 0.5"),
        ({"information": [-1, 2]}, "numbers above 0"),
        ({"information": [1, math.nan]}, "numbers above 0"),
        ({"information": ["a", "b"]}, "one number for each look"),
        ({"information": 5, "alpha": 5}, r"between 0 and 0.5; got 5. Did you mean 0.05"),
        ({"information": 5, "power": 80}, "Did you mean 0.8"),
        ({"information": 5, "power": 0.03}, "must be above `alpha`"),
        ({"information": [400, 800], "planned": 700}, "no less than the information"),
        ({"information": 5, "planned": 0}, "number above 0"),
        ({"information": 5, "spending": "obrien"}, "Did you mean `obrien-fleming`"),
        ({"information": 5, "spending": "hwang-shih-decani"}, "gamma=-4"),
        ({"information": 5, "spending": 3}, "got int"),
        ({"information": 5, "alternative": "two sided"}, "Did you mean `two-sided`"),
        ({"information": 5, "method": "haybittle"}, "`method` must be one of"),
        ({"information": 5, "method": "pocock", "futility": "pocock"}, "lan-demets"),
        ({"information": [1, 2], "planned": 4, "method": "pocock"}, "last look of a classical"),
        ({"information": 5000}, "at most 500 looks"),
    ],
)
def test_what_cannot_be_used_is_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        boundaries(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "pocok"}, "Did you mean `pocock`"),
        ({"name": "pocock", "gamma": 1}, '"pocock" has none'),
        ({"name": "hwang-shih-decani"}, "was not given"),
        ({"name": "power", "exponent": 0}, "above 0"),
        ({"name": "power", "exponent": "3"}, "must be a number"),
        ({"name": "hwang-shih-decani", "gamma": 99}, "between -40 and 40"),
    ],
)
def test_spending_refuses(given: dict[str, object], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        spending(**given)  # type: ignore[arg-type]


def test_a_plan_cannot_be_changed_and_shows_itself() -> None:
    plan = boundaries(5, planned=2000, futility="obrien-fleming")
    with pytest.raises(ValueError, match="read-only"):
        plan.upper[0] = 1.0
    assert plan.to_frame()["information"].tolist() == [400, 800, 1200, 1600, 2000]
    assert "non-binding" in plan.summary()
    with pytest.raises(ArgumentError, match="`drift` must be a number"):
        plan.stopping(math.nan)
