"""`compare_stages`: from the entry on, as a family, by hand and by shuffling lead by lead."""

import math
from typing import Any

import numpy as np
import pytest

from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.experiment.families import compare_stages
from funnelkit.experiment.families.max_t import step_down
from funnelkit.experiment.proportions import compare_rates

CONTROL = {"lead": 400, "mql": 120, "sql": 60, "won": 12}
TREATMENT = {"lead": 400, "mql": 160, "sql": 85, "won": 20}


def test_each_stage_is_tested_from_the_entry_on() -> None:
    found = compare_stages(CONTROL, TREATMENT)
    assert [one.metric for one in found] == ["lead to mql", "lead to sql", "lead to won"]
    for one, stage in zip(found, ("mql", "sql", "won"), strict=True):
        alone = compare_rates((CONTROL[stage], 400), (TREATMENT[stage], 400), method="score")
        assert one.pvalue == alone.pvalue
        assert one.confidence_interval() == alone.confidence_interval()
    # Pooled z with N / (N - 1): 40 / sqrt(400 · .35 · .65 · 2 · 800/799) in counts.
    assert found["lead to mql"].statistic == pytest.approx(40 / math.sqrt(182 * 800 / 799))


def test_a_sequence_down_the_funnel_ends_where_it_fails() -> None:
    found = compare_stages(CONTROL, {**TREATMENT, "sql": 63, "won": 30})
    assert found.significant == (True, False, False)
    assert found.adjusted is not None
    assert found.adjusted[2] == found.adjusted[1] > found.comparisons[2].pvalue
    assert "one counts only if all before it do" in found.summary()
    assert found.summary().startswith("An effect on mql holds up (gatekeeping; 400 leads")


def test_holm_and_benjamini_hochberg_by_hand() -> None:
    p = [one.pvalue for one in compare_stages(CONTROL, TREATMENT)]
    holm = compare_stages(CONTROL, TREATMENT, method="holm").adjusted
    assert holm == pytest.approx((3 * p[0], 2 * p[1], p[2]))
    rate = compare_stages(CONTROL, TREATMENT, method="benjamini-hochberg")
    assert rate.adjusted == pytest.approx((3 * p[0], 3 / 2 * p[1], p[2]))
    assert "some may be chance" in rate.summary()


def test_step_rates_are_there_to_read_and_not_tested() -> None:
    frame = compare_stages(CONTROL, TREATMENT).to_frame()
    assert frame["control_step_rate_descriptive"].tolist() == [0.3, 0.5, 0.2]
    assert frame["treatment_step_rate_descriptive"].tolist() == pytest.approx(
        [0.4, 85 / 160, 20 / 85]
    )
    assert frame["stage"].tolist() == ["mql", "sql", "won"]
    assert frame["control_mean"].tolist() == [0.3, 0.15, 0.03]
    empty = compare_stages({"lead": 30, "mql": 0, "won": 0}, {"lead": 30, "mql": 9, "won": 1})
    assert math.isnan(empty.to_frame()["control_step_rate_descriptive"][1])


def shuffled(control: list[int], treatment: list[int], draws: int) -> np.ndarray:
    """Deal the furthest stage of every lead to the arms anew, and count lead by lead."""
    rng = np.random.default_rng(8)
    pooled = [one + other for one, other in zip(control, treatment, strict=True)]
    furthest = [
        stage
        for stage, reached in enumerate(pooled)
        for _ in range(reached - (pooled[stage + 1] if stage + 1 < len(pooled) else 0))
    ]
    leads, n2, n = np.array(furthest), treatment[0], pooled[0]

    def away(reached: int, stage: int) -> float:
        share = pooled[stage] / n
        return abs(reached - n2 * share) / math.sqrt(n2 * (1 - n2 / n) * share * (1 - share))

    stages = range(1, len(pooled))
    seen = {stage: away(treatment[stage], stage) for stage in stages}
    order = sorted(stages, key=lambda stage: -seen[stage])
    beyond = dict.fromkeys(stages, 0)
    for _ in range(draws):
        mine = rng.permutation(leads)[:n2]
        found = {stage: away(int((mine >= stage).sum()), stage) for stage in stages}
        for place, stage in enumerate(order):
            beyond[stage] += max(found[later] for later in order[place:]) >= seen[stage] - 1e-9
    adjusted, largest = {}, 0.0
    for stage in order:
        largest = max(largest, beyond[stage] / draws)
        adjusted[stage] = largest
    return np.array([adjusted[stage] for stage in stages])


def test_max_t_is_a_shuffle_of_the_arms() -> None:
    control, treatment = [60, 30, 14, 5], [50, 34, 20, 9]
    expected = shuffled(control, treatment, 4000)
    found = step_down(
        np.array(control), np.array(treatment), sign=0, draws=20_000, rng=np.random.default_rng(1)
    )
    # Four standard errors of 4,000 draws at a half: .032.
    np.testing.assert_allclose(found, expected, atol=0.032)


def test_max_t_says_its_monte_carlo_error_and_is_the_same_twice() -> None:
    one = compare_stages(CONTROL, TREATMENT, method="max-t", draws=2_000, rng=5)
    two = compare_stages(CONTROL, TREATMENT, method="max-t", draws=2_000, rng=5)
    assert one.adjusted == two.adjusted
    assert one.adjusted is not None
    errors = one.to_frame()["monte_carlo_error"]
    expected = [math.sqrt(p * (1 - p) / 2_000) for p in one.adjusted]
    assert errors.tolist() == pytest.approx(expected)
    assert "2,000 permutations" in one.summary()
    assert all(p >= each.pvalue for p, each in zip(one.adjusted, one, strict=True))
    holm = compare_stages(CONTROL, TREATMENT, method="holm").adjusted
    assert holm is not None
    # Stages move together, which Holm cannot use; the slack is four Monte-Carlo errors.
    assert one.adjusted[0] <= holm[0] + 4 * errors[0]


def test_max_t_one_sided_looks_one_way() -> None:
    up = compare_stages(CONTROL, TREATMENT, method="max-t", alternative="greater", draws=999)
    down = compare_stages(CONTROL, TREATMENT, method="max-t", alternative="less", draws=999)
    assert up.adjusted is not None
    assert down.adjusted is not None
    assert up.adjusted[0] < 0.02
    assert min(down.adjusted) > 0.9


def test_family_wise_error_of_every_method_by_simulation() -> None:
    """No effect: 500 funnels, at most 5 % with any finding; 38 or more has a chance of .007."""
    rng = np.random.default_rng(4)
    hits: dict[str, int] = {}
    for _ in range(500):
        arms = []
        for _ in range(2):
            reached = [150]
            for share in (0.4, 0.5, 0.4):
                reached.append(int(rng.binomial(reached[-1], share)))
            arms.append(dict(zip(("lead", "mql", "sql", "won"), reached, strict=True)))
        for method in ("gatekeeping", "holm", "max-t"):
            found = compare_stages(arms[0], arms[1], method=method, draws=199, test="score")  # type: ignore[arg-type]
            hits[method] = hits.get(method, 0) + any(found.significant)
    assert max(hits.values()) < 38, hits


def test_the_horizon_and_the_names_are_said() -> None:
    found = compare_stages(
        CONTROL, TREATMENT, within=90, names=("old", "<i>new"), units="visitors", randomised=False
    )
    assert found.comparisons[0].metric == "lead to mql within 90 days"
    assert "400 visitors of <i>new against 400 of old" in found.summary()
    assert "effect" not in found.summary()
    assert "<i>" not in found._repr_html_()


def test_only_some_stages_and_some_of_the_result() -> None:
    found = compare_stages(CONTROL, TREATMENT, stages=["mql", "won"])
    assert [one.metric for one in found] == ["mql to won"]
    assert found.comparisons[0].control.n == 120
    rest = compare_stages(CONTROL, TREATMENT).only(metric="lead to sql")
    assert rest.to_frame()["stage"].tolist() == ["sql"]
    assert rest.to_frame()["control_step_rate_descriptive"].tolist() == [0.5]


@pytest.mark.parametrize(
    ("control", "treatment", "more", "error", "words"),
    [
        ([400, 12], TREATMENT, {}, ArgumentError, "`control` must be counts by stage"),
        (CONTROL, {"lead": 9, "mqls": 3}, {}, ArgumentError, "Did you mean `mqls`"),
        ({"lead": 9}, {"lead": 9}, {}, ArgumentError, "the entry and at least one stage"),
        (CONTROL, TREATMENT, {"stages": "won"}, ArgumentError, "`stages` must be a list"),
        (CONTROL, TREATMENT, {"stages": ["lead", "lead"]}, ArgumentError, "each once"),
        (CONTROL, {**TREATMENT, "paid": 1}, {}, ArgumentError, "that `control` has not: 'paid'"),
        (CONTROL, TREATMENT, {"method": "hol"}, ArgumentError, "`method` must be one of"),
        (CONTROL, TREATMENT, {"test": "scor"}, ArgumentError, "must be one of"),
        (CONTROL, TREATMENT, {"draws": 0}, ArgumentError, "`draws` must be a whole number"),
        (CONTROL, TREATMENT, {"within": 1.5}, ArgumentError, "`within` must be a whole number"),
        (CONTROL, TREATMENT, {"confidence_level": 5}, ArgumentError, "Did you mean 0.05"),
        ({"lead": 0, "won": 0}, {"lead": 9, "won": 0}, {}, DataError, "nobody entered lead"),
        ({"lead": 9, "won": 12}, {"lead": 9, "won": 0}, {}, DataError, "won 12 after lead 9"),
        ({"lead": 1, "won": 0.12}, {"lead": 9, "won": 0}, {}, DataError, "won is 0.12"),
        ({"lead": 9, "won": -1}, {"lead": 9, "won": 0}, {}, DataError, "won is -1"),
        ({"lead": 9, "won": math.nan}, {"lead": 9, "won": 0}, {}, DataError, "won is nan"),
        ({"lead": 9, "won": "=1"}, {"lead": 9, "won": 0}, {}, DataError, "won is '=1'"),
    ],
)
def test_what_cannot_be_compared(
    control: Any, treatment: Any, more: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        compare_stages(control, treatment, **more)
