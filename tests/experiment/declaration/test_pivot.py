"""The answer to an experiment from a pivot table."""

from typing import Any

import pandas as pd
import pytest

from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.experiment import Metric, compare_rates, design

VISITS = pd.DataFrame(
    {
        "variant": ["control", "B"],
        "entered": [4_000, 4_050],
        "lead": [160, 215],
        "won": [9, 11],
    }
)


def test_counts_of_the_primary_metric_alone() -> None:
    found = design("Page", ["control", "B"], unit="visitor").analyse(
        {"control": (28, 180), "B": (47, 190)}
    )
    plain = compare_rates((28, 180), (47, 190))
    assert found.primary["B"].pvalue == pytest.approx(plain.pvalue)
    assert found.decision.kind == "adopt"
    assert found.guards["split"].level == "ok"
    assert found.as_of is None
    assert found.summary().startswith("Page. Take B: it does better than control")


def test_a_frame_has_a_column_for_each_metric() -> None:
    test = design(
        "Page", ["control", "B"], unit="visitor", primary="lead", secondary=["won"],
        guardrails=[Metric(stage="won", name="won", higher_is_better=True)],
    )  # fmt: skip
    found = test.analyse(VISITS)
    assert found.to_frame()["role"].tolist() == ["primary", "secondary", "guardrail"]
    assert found.secondary["B"].treatment.converted == 11
    assert "visitors" in found.summary()


def test_the_split_is_held_against_the_intended_one() -> None:
    test = design("Page", ["control", "B"], unit="visitor", split=[9, 1])
    found = test.analyse({"control": (28, 180), "B": (47, 190)})
    assert found.decision.kind == "not to be trusted"


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        ({"control": (1, 9)}, ArgumentError, "no row of 'B'"),
        (
            {"control": (1, 9), "B": (1, 9), "C": (1, 9)},
            ArgumentError,
            "1 variant not declared: 'C'",
        ),
        ({"control": (1, 9), "B": 3}, ArgumentError, r"must have \(converted, entered\)"),
        ({"control": (1, 9), "B": (11, 9)}, ArgumentError, "."),
        (VISITS.drop(columns="won"), ArgumentError, "no column `won`"),
        (pd.concat([VISITS, VISITS]), DataError, "one row for each variant"),
        (VISITS.assign(won=["nine", 3]), DataError, "must hold counts; got 'nine'"),
        (7, ArgumentError, "must be leads, a mapping"),
    ],
)
def test_bad_counts_get_one_error(data: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        design("Page", ["control", "B"], unit="visitor").analyse(data)


def test_what_needs_leads_says_so() -> None:
    counts = {"control": (1, 9), "B": (1, 9)}
    with pytest.raises(ArgumentError, match="compare_means"):
        design("x", ["control", "B"], primary="value").analyse(counts)
    with pytest.raises(ArgumentError, match="analyse_looks"):
        design("x", ["control", "B"], looks=2, planned=9).analyse(counts)
    with pytest.raises(ArgumentError, match="a frame with a column for each"):
        design("x", ["control", "B"], secondary=["mql"]).analyse(counts)
