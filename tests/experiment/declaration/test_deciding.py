"""From figures to what to do: each kind of decision, and what comes first."""

import math
from typing import Any

from funnelkit.experiment.comparison import Arm, Comparison, Comparisons
from funnelkit.experiment.declaration.deciding import Evidence, broken_guardrail, decide
from funnelkit.experiment.declaration.metric import Metric

WON = Metric(stage="won")


def compared(
    effect: float, half: float, pvalue: float, *, name: str = "B", **changed: Any
) -> Comparison:
    given: dict[str, Any] = {
        "metric": "lead to won",
        "unit": "share",
        "control": Arm(name="control", n=1000, mean=0.1, converted=100),
        "treatment": Arm(name=name, n=1000, mean=0.1 + effect, converted=100 + 1000 * effect),
        "scale": "difference",
        "effect": effect,
        "pvalue": pvalue,
        "bounds": lambda _: (effect - half, effect + half),
        "method": "score test",
    }
    return Comparison(**{**given, **changed})


def evidence(*found: Comparison, **changed: Any) -> Evidence:
    given: dict[str, Any] = {
        "primary": Comparisons(comparisons=found),
        "metric": WON,
        "alpha": 0.05,
        "guardrails": (),
        "warnings": (),
        "followed": 2000,
        "young": 0,
        "planned": None,
        "crossed": None,
        "finished": False,
        "chances": {},
        "units": "leads",
    }
    return Evidence(**{**given, **changed})


BETTER, WORSE = compared(0.03, 0.02, 0.004), compared(-0.03, 0.02, 0.004)
OPEN = compared(0.01, 0.03, 0.5)


def test_a_gain_is_taken_with_how_sure_it_is() -> None:
    found = decide(evidence(BETTER, chances={"B": 0.9983}))
    assert (found.kind, found.treatment) == ("adopt", "B")
    words = " ".join(found.sentences).replace("\u202f", " ")
    assert words == (
        "Take B: it does better than control, +3.0 points (+1.0 to +5.0), p = 0.004. The "
        "probability that it is better is 99.8 %."
    )


def test_a_loss_keeps_control_and_less_may_be_better() -> None:
    assert decide(evidence(WORSE)).kind == "keep control"
    fewer = Metric(stage="won", higher_is_better=False)
    assert decide(evidence(WORSE, metric=fewer)).kind == "adopt"


def test_nothing_told_says_what_remains_possible() -> None:
    found = decide(evidence(OPEN))
    assert found.kind == "not told"
    assert "\u22122.0 to +4.0 points against control" in found.sentences[0]
    assert "No size was planned" in found.sentences[0]
    assert "No size was planned" not in decide(evidence(OPEN, planned=2000)).sentences[0]


def test_before_the_planned_end_figures_decide_nothing() -> None:
    found = decide(evidence(BETTER, planned=4000, young=300))
    assert found.kind == "go on"
    assert found.sentences[0].startswith("Go on: 2,000 of 4,000 planned leads have been followed")
    assert "300 more have entered" in found.sentences[0]


def test_the_boundary_decides_where_looks_were_planned() -> None:
    assert decide(evidence(BETTER, crossed={"B": False})).kind == "go on"
    assert decide(evidence(BETTER, crossed={"B": True})).kind == "adopt"
    assert decide(evidence(BETTER, crossed={"B": False}, finished=True)).kind == "not told"


def test_a_warning_comes_before_everything() -> None:
    found = decide(evidence(BETTER, warnings=("The split is off.", "And more.")))
    assert found.kind == "not to be trusted"
    assert "The split is off. 1 further warning below." in found.sentences[0]


def test_a_broken_guardrail_makes_a_gain_a_question() -> None:
    refunds = Metric(stage="won", name="refunds", higher_is_better=False)
    more = compared(0.02, 0.01, 0.001, metric="refunds")
    found = decide(evidence(BETTER, guardrails=[(refunds, Comparisons(comparisons=(more,)))]))
    assert found.kind == "weigh"
    assert "but refunds got worse (+2.0 points (+1.0 to +3.0))" in found.sentences[0]
    kept = decide(evidence(BETTER, guardrails=[(WON, Comparisons(comparisons=(OPEN,)))]))
    assert kept.sentences[-1] == "No guardrail is broken."


def test_a_margin_asks_that_a_loss_is_excluded() -> None:
    strict = Metric(stage="won", margin=0.01)
    assert "a loss of 1 point in lead to won is not excluded" in broken_guardrail(OPEN, strict)
    assert not broken_guardrail(OPEN, Metric(stage="won", margin=0.03))


def test_without_randomisation_there_is_a_difference_to_weigh() -> None:
    found = decide(evidence(compared(0.03, 0.02, 0.004, randomised=False)))
    assert found.kind == "weigh"
    assert "chance did not choose" in found.sentences[0]


def test_several_treatments_are_judged_by_adjusted_values() -> None:
    second = compared(0.025, 0.02, 0.03, name="C")
    family = Comparisons(comparisons=(OPEN, second), adjusted=(0.5, 0.06), adjustment="Holm")
    told = decide(evidence(primary=family))
    words = "C would pass alone (p = 0.030), but not as one of 2 (p = 0.060)."
    assert (told.kind, told.sentences[0]) == ("not told", f"Nothing is told either way: {words}")
    family = Comparisons(comparisons=(BETTER, second), adjusted=(0.008, 0.03), adjustment="Holm")
    assert decide(evidence(primary=family)).treatment == "B"


def test_what_cannot_be_told_is_not_told() -> None:
    nothing = compared(math.nan, 0.1, math.nan, bounds=lambda _: (math.nan, math.nan))
    found = decide(evidence(nothing))
    assert found.kind == "not told"
    assert found.sentences[0].startswith("No effect is told either way: too little has been seen")
