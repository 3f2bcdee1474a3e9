"""What a declaration says, and every mistake in it at once."""

import datetime as dt

import pytest

from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.declaration.declared import Design, design
from funnelkit.experiment.declaration.metric import Metric


def test_a_declaration_has_its_defaults_and_says_itself() -> None:
    test = design("Pricing", ["control", "B"], within=60, starts="2026-03-01")
    assert (test.control, test.treatments, test.split) == ("control", ("B",), (0.5, 0.5))
    assert (test.primary.stage, test.looks, test.alpha) == ("won", (1.0,), 0.05)
    assert test.starts == dt.date(2026, 3, 1)
    said = test.summary().replace("\u202f", " ")
    assert said == (
        "Pricing: control 50 % and B 50 %, by lead; judged by the first stage to won within 60 "
        "days, two-sided at 5.0 %. Entries from 1 March 2026 to now."
    )
    assert said in repr(test).replace("\u202f", " ")


def test_weights_are_scaled_and_looks_are_shares() -> None:
    test = design("x", ["a", "b", "c"], split=[2, 1, 1], looks=4, planned=800)
    assert test.split == (0.5, 0.25, 0.25)
    assert test.looks == (0.25, 0.5, 0.75, 1.0)
    assert design("x", looks=(0.4, 1), planned=9).looks == (0.4, 1.0)


def test_metrics_are_named_by_stage_word_or_in_full() -> None:
    test = design(
        "x", primary="sql", secondary=["value", Metric(stage="mql", within=14)], guardrails="won"
    )
    assert [one.called("lead", 90) for one in test.metrics] == [
        "lead to sql within 90 days",
        "won value per lead within 90 days",
        "lead to mql within 14 days",
        "lead to won within 90 days",
    ]
    assert Metric(kind="deal size").called("lead", 9) == "won value per win within 9 days"
    assert Metric(stage="won", name="Wins").called("lead", 9) == "Wins"


def test_every_mistake_is_said_at_once() -> None:
    with pytest.raises(ArgumentError) as caught:
        design(
            "x", ["a", "a"], split=[1], looks=(0.5, 0.4), planned=0, alpha=5, starts="2026-03-02",
            ends="2026-03-01",
        )  # fmt: skip
    words = str(caught.value)
    for part in (
        "each name may stand once; twice: ['a']",
        "`split` must have a share for each of 2",
        "rising shares of the information up to 1; got [0.5, 0.4]",
        "`planned` must be a whole number",
        "`alpha` must be between 0 and 1; got 5; did you mean 0.05?",
        "must not lie after `ends`",
    ):
        assert part in words


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"variants": ["a"]}, "at least one more"),
        ({"variants": ["a", " "]}, "must be names"),
        ({"looks": 3}, "`planned` must say how many"),
        ({"looks": 0}, "`looks` must be at least 1"),
        ({"looks": "often"}, "`looks` must be a number"),
        ({"split": [1, 0]}, "above 0 for each"),
        ({"unit": "leads"}, "Did you mean `lead`"),
        ({"within": 0}, "`within` must be a whole number"),
        ({"primary": 3}, "a metric must be a stage"),
        ({"primary": ""}, "a metric must be a stage"),
    ],
)
def test_one_mistake_gets_one_error(given: dict[str, object], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        design("x", **given)  # type: ignore[arg-type]


def test_a_metric_refuses_what_cannot_be() -> None:
    with pytest.raises(ArgumentError, match="must name the target of a rate"):
        Metric()
    with pytest.raises(ArgumentError, match=r"such as 0\.01 for one point; got 2"):
        Metric(stage="won", margin=2.0)
    with pytest.raises(ArgumentError, match="`margin` must be above 0"):
        Metric(kind="value", margin=-1.0)
    assert Metric(kind="value", margin=50.0).margin == 50.0


def test_a_design_is_frozen() -> None:
    test: Design = design("x")
    with pytest.raises(AttributeError):
        test.alpha = 0.5  # type: ignore[misc]
