"""One model per report: what it refuses, and that its notebook and its command line agree."""

import argparse
import ast
import datetime as dt
import json
from pathlib import Path

import pandas as pd
import pytest

from funnelkit import FunnelError
from funnelkit.report.kinds import month
from funnelkit.report.parameters import (
    REPORTS,
    MonthlyParameters,
    add_arguments,
    cell,
    checked,
    model_of,
    told,
)
from funnelkit.report.runner import notebook_of


def refusal(**given: object) -> str:
    with pytest.raises(FunnelError) as caught:
        checked(MonthlyParameters, given)
    return str(caught.value)


def parsed(words: str) -> dict[str, object]:
    parser = argparse.ArgumentParser()
    add_arguments(parser, MonthlyParameters)
    return vars(parser.parse_args(words.split()))


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("2026-13", ""),
        ("2026-00", ""),
        ("26-10", ""),
        ("October", ""),
        ("", ""),
        (True, ""),
        (3.5, ""),
        ("2026-1", " Did you mean 2026-01?"),
        ("2026/10", " Did you mean 2026-10?"),
        ("2026-10-31", " Did you mean 2026-10?"),
        (202610, " Did you mean 2026-10?"),
    ],
)
def test_an_impossible_month_is_refused(given: object, hint: str) -> None:
    need = "`month` must be a month such as 2026-10"
    assert refusal(month=given) == f"{need}; got {given!r}.{hint}"


@pytest.mark.parametrize("given", ["2026-10", dt.date(2026, 10, 3), pd.Period("2026-10", "M")])
def test_a_month_comes_as_text_date_or_period(given: object) -> None:
    assert month("month", given) == "2026-10"


def test_an_unknown_name_gets_the_closest_match() -> None:
    assert refusal(mnth="2026-10") == "`monthly` has no parameter `mnth`. Did you mean `month`?"


def test_everything_wrong_is_said_at_once() -> None:
    words = refusal(month="2026-13", demo="yes", segmnt="source", confidence_level=95, out=3)
    assert words.splitlines() == [
        "5 problems:",
        "  1. `month` must be a month such as 2026-10; got '2026-13'.",
        "  2. `demo` must be True or False; got 'yes'.",
        "  3. `monthly` has no parameter `segmnt`. Did you mean `segment`?",
        "  4. `confidence_level` must be between 0 and 1; got 95. Did you mean 0.95?",
        "  5. `out` must be a path; got 3.",
    ]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"data": []}, "must be a path or a list of paths"),
        ({"data": {"a": 1}}, "must be a path"),
        ({"data": ["a.csv", 3]}, "must be a path; got 3"),
        ({"segment": ""}, "must be a text"),
        ({"segment": 3}, "must be a text"),
        ({"config": ""}, "must be a path"),
        ({"demo": 1}, "must be True or False"),
        ({"demo": None}, "must be True or False"),
        ({"demo": True, "config": "funnel.yml"}, "`demo` reports on simulated data"),
        ({"data": "a.csv"}, "`data` and `join` need `config`"),
    ],
)
def test_wrong_types_and_contradictions_are_refused(given: dict[str, object], words: str) -> None:
    assert words in refusal(**given)


def test_one_path_stands_for_a_list() -> None:
    made = checked(MonthlyParameters, {"data": Path("a.csv"), "join": "b.csv", "config": "f.yml"})
    assert (made.data, made.join) == (["a.csv"], ["b.csv"])


def test_an_unknown_report_gets_the_closest_match() -> None:
    with pytest.raises(FunnelError, match=r"unknown report `montly`.*Did you mean `monthly`"):
        model_of("montly")
    with pytest.raises(FunnelError, match=r"Did you mean `weekly_pipeline`"):
        model_of("weekly_pipelin")


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_told_by_its_name_and_by_its_notebook(name: str) -> None:
    assert model_of(name) is model_of(notebook_of(name).stem) is REPORTS[name]


def test_the_command_line_passes_lists_flags_dates_and_numbers() -> None:
    words = "--month 2026-10 --data a.csv b.csv --data c.csv --config f.yml --confidence-level .8"
    made = checked(MonthlyParameters, parsed(words))
    assert made == MonthlyParameters(
        month="2026-10", data=["a.csv", "b.csv", "c.csv"], config="f.yml", confidence_level=0.8
    )
    assert checked(MonthlyParameters, parsed("--demo")).demo is True


def test_the_command_line_knows_no_default_of_its_own() -> None:
    assert parsed("") == {}


def test_the_cell_is_python_that_sets_every_default() -> None:
    tree = ast.parse(cell(MonthlyParameters))
    set_there = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    assert set_there == MonthlyParameters().for_notebook()
    assert list(set_there) == [one.name for one in told(MonthlyParameters) if one.in_notebook]


@pytest.mark.parametrize("report", REPORTS)
def test_the_notebook_has_the_cell_of_the_model(report: str) -> None:
    cells = json.loads(notebook_of(report).read_text(encoding="utf-8"))["cells"]
    tagged = [c for c in cells if "parameters" in c["metadata"].get("tags", [])]
    assert ["".join(c["source"]) for c in tagged] == [cell(REPORTS[report])]


@pytest.mark.parametrize("report", REPORTS)
def test_papermill_sees_every_parameter_of_the_notebook(report: str) -> None:
    from funnelkit.report.kernel import without_grammar

    with without_grammar():
        from papermill import inspect_notebook
    found = inspect_notebook(str(notebook_of(report)))
    assert {name: one["default"] for name, one in found.items()} == {
        one.name: repr(one.default).replace("'", '"')
        for one in told(REPORTS[report])
        if one.in_notebook
    }
    assert {name: one["help"] for name, one in found.items()} == {
        one.name: one.words for one in told(REPORTS[report]) if one.in_notebook
    }
