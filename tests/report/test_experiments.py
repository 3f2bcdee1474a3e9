"""Experiments: as funnel.yml declares them, and as the page shows them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DefinitionError
from funnelkit.data.records import Leads
from funnelkit.experiment import Design, design
from funnelkit.report.config import load_config
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.markup import plain
from funnelkit.report.page.sections import experiments
from funnelkit.report.page.views.trials import trials_view
from tests.report.literal_facts import HOSTILE, facts

START = "stages: [lead, mql, won]\nid: id\nvalue: amount\nsegments: [variant]\n"
GOOD = "name: Form, variants: [control, B], assignment: variant"


def config(tmp_path: Path, text: str) -> tuple[Design, ...]:
    file = tmp_path / "funnel.yml"
    file.write_text(f"{START}experiments:\n{text}\n", encoding="utf-8")
    return load_config(file).experiments


def test_a_declaration_is_read_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "assigned.csv").write_text("id,variant\n", encoding="utf-8")
    found = config(
        tmp_path,
        """
  - name: Shorter form
    variants: [control, B]
    assignment: assigned.csv
    split: [80 %, 20 %]
    primary: mql
    within: 30
    secondary: [won, value]
    guardrails: won
    starts: 2026-03-01
    looks: 3
    planned: 900
    alpha: 1 %
    alternative: greater
    randomised: no
""",
    )[0]
    assert (found.name, found.variants, found.split) == (
        "Shorter form",
        ("control", "B"),
        (0.8, 0.2),
    )
    assert found.assignment == tmp_path / "assigned.csv"
    assert [one.called("lead", 30) for one in found.metrics] == [
        "lead to mql within 30 days",
        "lead to won within 30 days",
        "won value per lead within 30 days",
        "lead to won within 30 days",
    ]
    assert found.starts == dt.date(2026, 3, 1)
    assert (len(found.looks), found.planned, found.alpha) == (3, 900, 0.01)
    assert (found.alternative, found.randomised) == ("greater", False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  - {variants: [a, b], assignment: variant}", "`experiments[1].name` is missing"),
        ("  - {name: x, assignment: variant}", "`experiments[1].variants` is missing"),
        ("  - {name: x, variants: [a, b]}", "`experiments[1].assignment` is missing"),
        ("  - {name: x, variants: [a, b], assignment: varient}", "must be a segment (segments:"),
        (f"  - {{{GOOD}, primary: demo}}", 'must be a stage (lead, mql, won), "value"'),
        (f"  - {{{GOOD}, unit: visitor}}", "must be one of lead, account, rep, rep-week"),
        (f"  - {{{GOOD}, whithin: 9}}", "`experiments[1].whithin` is not known. Did you mean"),
        (f"  - {{{GOOD}, split: [half, half]}}", "must hold numbers such as 0.5 or 50 %"),
        (f"  - {{{GOOD}, looks: 3}}", "`planned` must say how many"),
        (f"  - {{{GOOD}}}\n  - {{{GOOD}}}", "'Form' stands there twice"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        config(tmp_path, text)
    assert words in str(caught.value)
    assert "line 6" in str(caught.value) or "line 7" in str(caught.value)


@pytest.fixture(scope="module")
def leads() -> Leads:
    """400 leads of 100 days; half as many more of B win."""
    rng, k = np.random.default_rng(7), np.arange(400)
    arm = np.where(k % 2 == 0, "control", "B")
    entered = pd.Timestamp("2026-01-05") + pd.to_timedelta(k // 4, unit="D")
    won = rng.random(400) < np.where(arm == "B", 0.35, 0.15)
    when = (entered + pd.to_timedelta(rng.integers(1, 30, 400), unit="D")).strftime("%Y-%m-%d")
    frame = pd.DataFrame(
        {
            "id": k,
            "lead": entered.strftime("%Y-%m-%d"),
            "won": np.where(won, when, None),
            "variant": arm,
        }
    )
    funnel = fk.Funnel(["lead", "won"], id="id", segments=["variant"])
    return fk.from_frame(frame, funnel, as_of="2026-05-31")


def test_an_experiment_is_picked_by_its_name_or_is_the_first(tmp_path: Path) -> None:
    file = tmp_path / "funnel.yml"
    file.write_text(
        f"{START}experiments:\n  - {{{GOOD}}}\n  - {{{GOOD.replace('Form', 'Page')}}}\n",
        encoding="utf-8",
    )
    setup = load_config(file)
    assert (setup.experiment().name, setup.experiment("Page").name) == ("Form", "Page")
    with pytest.raises(ArgumentError, match="Did you mean `Page`"):
        setup.experiment("Pages")
    file.write_text(START, encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"no experiment is declared.*`- \{name: "):
        load_config(file).experiment()


def test_the_page_shows_the_decision_the_metrics_and_what_was_checked(leads: Leads) -> None:
    views = trials_view(leads, [design("Form", ["control", "B"], within=30)])
    shown = experiments.section(replace(facts(), experiments=views))
    assert plain(shown.title) == "Form: take B"
    text = plain(str(shown.html()))
    assert "Take B: it does better than control" in text
    assert "Lead to won within 30 days" in text
    assert "Tested by: score test" in text


def test_one_that_is_too_young_says_so_beside_the_others(leads: Leads) -> None:
    tests = [design(name, ["control", "B"], within=days) for name, days in (("A", 30), ("Z", 500))]
    views = trials_view(leads, tests)
    assert isinstance(views[1][1], Missing)
    shown = experiments.section(replace(facts(), experiments=views))
    assert plain(shown.title) == "1 of 2 experiments decided"
    assert "has been followed for 500 days" in plain(str(shown.html()))


def test_one_whose_variants_are_not_in_the_data_stops_only_itself(leads: Leads) -> None:
    tests = [design("A", ["control", "B"], within=30), design("Z", ["control", "C"], within=30)]
    views = trials_view(leads, tests)
    assert isinstance(views[1][1], Missing)
    text = plain(str(experiments.section(replace(facts(), experiments=views)).html()))
    assert "Take B: it does better than control" in text
    assert "It cannot be read as it is declared" in text
    assert "nobody is in 'C'" in unescape(text)


def test_without_experiments_there_is_no_section() -> None:
    shown = experiments.section(facts())
    assert str(shown.html()) == ""
    assert shown._repr_html_() == ""
    assert repr(shown) == "Experiments: none"


def test_names_are_escaped(leads: Leads) -> None:
    views = trials_view(leads, [design(HOSTILE, ["control", "B"], within=30)])
    html = str(experiments.section(replace(facts(), experiments=views)).html())
    assert "<script" not in html
