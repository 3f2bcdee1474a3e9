"""Plans that are kept: read back as they were, refused where they are not what they were."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.plan import Targets, read_plan, remember_plan
from funnelkit.plan.actuals.record import PlanRecord
from tests.plan.actuals.made import MONTHS, record

HOSTILE = 'no: [x] "<b>" # =cmd()\n\u2028\u00e9\U0001f600\x85'


def test_a_plan_is_read_as_it_was_kept(tmp_path: Path) -> None:
    plan = record(
        np.random.default_rng(5),
        channels=("web", HOSTILE),
        options={"P50": np.ones((2, 6)), "mean": np.zeros((2, 6))},
        label="yes",
        currency="EUR",
        by=("source",),
        notes=("- a note", HOSTILE),
        targets=Targets(
            periods=MONTHS,
            amount=np.full(6, 30.0),
            segments={"EMEA": np.full(6, 10.0), "null": np.full(6, 20.0)},
            other={"renewal": np.full(6, 5.0)},
            fiscal_year_start=2,
            source="targets.csv",
            notes=("spread evenly",),
            currency="EUR",
        ),
    )
    path = tmp_path / "plan.yml"
    remember_plan(plan, path)
    again = read_plan(path)
    # Ten digits are kept.
    for name in ("leads", "rates", "within", "sizes", "in_flight", "direct", "shortfall"):
        assert np.allclose(getattr(again, name), getattr(plan, name), rtol=1e-9, atol=0), name
    for name in ("as_of", "stages", "channels", "label", "currency", "by", "notes", "unit"):
        assert getattr(again, name) == getattr(plan, name), name
    assert again.targets.segments["null"].tolist() == [20.0] * 6
    assert again.targets.other["renewal"].tolist() == [5.0] * 6
    assert again.targets.notes == ("spread evenly",)
    assert again.targets.fiscal_year_start == 2
    assert list(again.options) == ["P50", "mean"]
    assert remember_plan(plan, path).same_as(again)
    assert [one.name for one in tmp_path.iterdir()] == ["plan.yml"]
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["channels"][1]["name"] == HOSTILE


def test_a_plan_of_reverse_is_kept_with_its_ledger(tmp_path: Path) -> None:
    plan_on = fk.plan.stated(
        {"web": [0.2, 0.3], "fair": [(30, 300), 0.2]}, value=20_000, lag=[0.7, 0.3], horizon=2,
        n_draws=100,
    )  # fmt: skip
    plan = fk.plan.reverse([1e5] * 2, plan_on)
    kept = remember_plan(plan, tmp_path / "plan.yml", label="board", by="source")
    assert kept.expected == pytest.approx(plan.expected, rel=1e-9)
    assert kept.leads.tolist() == plan.leads.tolist()
    assert kept.hit == pytest.approx(plan.hit)
    assert {one.key for one in kept.ledger} == set(plan_on.inputs())
    again = read_plan(tmp_path / "plan.yml")
    assert again.same_as(kept)
    assert again.ledger == kept.ledger
    assert "Plan of 31 December 2000 (board)" in again.summary()
    shown = again.to_frame()
    assert shown["value"].sum() == pytest.approx(plan.expected.sum())


def test_another_plan_is_not_written_over_unasked(tmp_path: Path) -> None:
    path = tmp_path / "plan.yml"
    remember_plan(record(), path)
    other = record(leads=np.full((2, 6), 11.0))
    with pytest.raises(ArgumentError, match="what was planned was planned"):
        remember_plan(other, path)
    assert remember_plan(other, path, replace=True).leads[0, 0] == 11
    assert read_plan(path).leads[0, 0] == 11


def test_another_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.yml"
    path.write_text("shopping: [milk]\n", encoding="utf-8")
    with pytest.raises(ArgumentError, match="and is no plan"):
        remember_plan(record(), path, replace=True)
    assert path.read_text(encoding="utf-8") == "shopping: [milk]\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("plan_version: 1", "plan_version: 2", "reads plans of version 1"),
        ("leads: [10, 10", "leads: [11, 10", "the file was edited"),
        ("leads: [10, 10", "leads: [ten, 10", "must be 6 numbers"),
        ("unit: value", "unit: euros", "must be one of value, count"),
        ("probability: 0.8", "probability: 8", "from 0 to 1"),
        ("probability: 0.8", "probabilty: 0.8", "Did you mean `probability`"),
        ("as_of: 2026-12-31", "as_of: 31.12.2026", "must be a day"),
        ("shortfall: [0,", "shortfall: [nan,", "must be 6 numbers"),
        ("hit: 0.81", "hit: &a 0.81", "anchors"),
        ("months: [", "months: [soon, ", "must be months"),
    ],
)
def test_a_file_that_is_not_what_it_was_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "plan.yml"
    remember_plan(record(), path)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_plan(path)


def test_several_problems_are_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "plan.yml"
    remember_plan(record(), path)
    text = path.read_text(encoding="utf-8")
    text = text.replace("unit: value", "unit: euros").replace("hit: 0.81", "hit: often")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="3 problems") as caught:
        read_plan(path)
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"[1, 2]", b"a: [", b"- x"])
def test_what_is_no_plan_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "plan.yml"
    path.write_bytes(raw)
    with pytest.raises(DataError, match=r"plan\.yml"):
        read_plan(path)


def test_paths_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="cannot be read"):
        read_plan(tmp_path / "none.yml")
    with pytest.raises(ArgumentError, match="cannot be written"):
        remember_plan(record(), tmp_path / "no" / "plan.yml")
    with pytest.raises(ArgumentError, match="`path` must be the path"):
        read_plan("")
    with pytest.raises(ArgumentError, match="must be a Plan"):
        remember_plan(pd.DataFrame(), tmp_path / "plan.yml")


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"`leads` must be of shape \(2, 6\)"):
        record(leads=np.ones((2, 5)))
    with pytest.raises(ArgumentError, match="sum to at most 1"):
        record(within=np.ones((2, 6, 6)))
    with pytest.raises(ArgumentError, match="at least 0"):
        record(rates=np.full((2, 6), -0.1))
    assert isinstance(record(), PlanRecord)
