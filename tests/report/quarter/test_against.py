"""The last plan against what came: which plan is taken, and what is said of it."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.plan import PlanRecord, Targets, remember_plan
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.markup import plain
from funnelkit.report.planning.making import Source, targets_in
from funnelkit.report.quarter.against import Looked, against_plan, last_record
from funnelkit.report.quarter.facts import Against
from funnelkit.report.quarter.quarterly_page import QuarterlyPage
from tests.report.quarter.conftest import EVE

QUARTER = pd.Period("2026-05", "M").asfreq("Q-JAN")


def kept(folder: Path, as_of: str, first: str, months: int, middle: str = "opportunity") -> Path:
    """A plan of one channel in a file of its own."""
    periods = pd.period_range(first, periods=months, freq="M")
    none = np.zeros((2, months))
    record = PlanRecord(
        as_of=dt.date.fromisoformat(as_of),
        periods=periods,
        stages=("lead", middle, "won"),
        channels=("all",),
        targets=Targets(periods=periods, amount=[1e5] * months),
        probability=0.8,
        hit=0.8,
        leads=np.full((1, months), 100.0),
        rates=np.full((1, months), 0.02),
        within=np.triu(np.full((1, months, months), 1.0 / months)),
        sizes=[40_000],
        in_flight=none,
        direct=none,
        shortfall=np.zeros(months),
    )
    path = folder / f"{as_of}.yml"
    remember_plan(record, path)
    return path


def chosen(paths: list[Path], as_of: str = "2026-07-31") -> str | None:
    found = last_record(paths, QUARTER, dt.date.fromisoformat(as_of))
    return None if found is None else found[0].stem


def test_the_newest_plan_from_before_the_quarter_is_taken(tmp_path: Path) -> None:
    paths = [
        kept(tmp_path, "2025-12-31", "2026-01", 12),
        kept(tmp_path, "2026-03-31", "2026-04", 9),
        kept(tmp_path, "2026-05-31", "2026-06", 7),
        kept(tmp_path, "2026-07-31", "2026-08", 6),
    ]
    assert chosen(paths) == "2026-03-31"
    assert chosen(paths[2:]) == "2026-05-31"  # none from before: the first within
    assert chosen(paths[3:]) is None  # it holds no month of the quarter
    assert chosen(paths[2:3], as_of="2026-06-15") is None  # no month of it is over
    assert chosen([]) is None


def test_without_plan_and_targets_it_says_which_keys_fill_it(leads: fk.Leads) -> None:
    seen = Looked(source=Source(leads=leads, column="source"), quarter=QUARTER, model=None)
    found = against_plan(seen, None, None, demo=False)
    assert isinstance(found, Missing)
    assert "`plans` in funnel.yml" in found.needs
    assert "`targets`" in found.needs


def test_targets_of_other_quarters_do_not_fill_it(leads: fk.Leads, tmp_path: Path) -> None:
    path = tmp_path / "targets.csv"
    path.write_text("period,amount\n2026-08,500000\n", encoding="utf-8")
    seen = Looked(source=Source(leads=leads, column="source"), quarter=QUARTER, model=None)
    goals = targets_in(path, leads)
    assert isinstance(against_plan(seen, None, goals, demo=False), Missing)


def test_a_plan_of_other_stages_is_named_and_not_compared(leads: fk.Leads, tmp_path: Path) -> None:
    path = kept(tmp_path, "2026-03-31", "2026-04", 9, middle="deal")
    last = last_record([path], QUARTER, leads.as_of)
    seen = Looked(source=Source(leads=leads, column="source"), quarter=QUARTER, model=None)
    found = against_plan(seen, last, None, demo=False)
    assert isinstance(found, Missing)
    assert "the plan is of lead, deal and won" in found.needs


def test_the_plan_of_the_eve_is_the_one_that_would_have_been_kept(
    page: QuarterlyPage, leads: fk.Leads, folder: Path, tmp_path: Path
) -> None:
    """A plan made on the eve by the public functions, kept, and held against what came."""
    then = leads.at(EVE)
    goals = fk.plan.read_targets(folder / "targets.csv", fiscal_year_start=2)
    given = fk.plan.assume(fk.fit_funnel(then, by="source"), in_flight=then, horizon=9)
    path = tmp_path / "plan.yml"
    remember_plan(fk.plan.reverse(goals, given), path, by="source")
    seen = Looked(source=Source(leads=leads, column="source"), quarter=QUARTER, model=None)
    found = against_plan(seen, last_record([path], QUARTER, leads.as_of), goals, demo=False)
    made = page.facts.against
    assert isinstance(found, Against)
    assert isinstance(made, Against)
    assert (found.kept, made.kept) == (True, False)
    assert made.made == dt.date.fromisoformat(EVE)
    np.testing.assert_allclose(made.review.expected, found.review.expected)
    np.testing.assert_allclose(made.review.actual, found.review.actual)


def test_the_rest_is_planned_as_if_from_the_model_anew(
    page: QuarterlyPage, leads: fk.Leads
) -> None:
    """The plan of the months to come lends what it stands on; the leads are the same."""
    made = page.facts.against
    assert isinstance(made, Against)
    model = fk.fit_funnel(leads, by="source")
    anew = fk.plan.compare_to_actual(made.review.record, leads, model=model)
    np.testing.assert_array_equal(made.review.ahead.leads, anew.ahead.leads)
    assert made.review.ahead.hit == anew.ahead.hit


def test_what_came_is_the_money_of_the_records(page: QuarterlyPage, leads: fk.Leads) -> None:
    won = leads.list("won")
    months = won["won"].dt.to_period("M").astype(str)
    made = page.facts.against
    assert isinstance(made, Against)
    came = [
        float(won.loc[months == month, "amount"].sum()) for month in made.review.record.labels[:3]
    ]
    np.testing.assert_allclose(made.review.actual, came)
    assert made.review.target.tolist() == [400_000.0] * 3


def test_the_section_says_what_made_the_gap_and_what_the_rest_needs(page: QuarterlyPage) -> None:
    text = plain(page.against.html())
    assert "came in May 2026 to July 2026" in page.against.title
    assert "No plan was kept" in text
    assert "would have been made from what was known on 30 April 2026" in text
    assert "What the rest of this plan now needs" in text
    assert "August 2026 to January 2027 must bring" in text
    made = page.facts.against
    assert isinstance(made, Against)
    bridge = made.review.bridge()["value"]
    assert bridge[:-1].sum() == pytest.approx(bridge.iloc[-1])
