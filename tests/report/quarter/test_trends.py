"""Metrics by fiscal quarter, beside plain pandas, SciPy and counting by hand."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import funnelkit as fk
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.source import Source
from funnelkit.report.quarter import gathering
from funnelkit.report.quarter.facts import QuarterlyFacts, Trend
from funnelkit.report.quarter.sections import trends as section

DAYS = 20
"""Every win comes that many days after its lead."""


def export() -> pd.DataFrame:
    """Leads on every day from February 2025 to April 2026, five a day, one of five won."""
    entered = pd.date_range("2025-02-01", "2026-04-30").repeat(5)
    frame = pd.DataFrame({"id": [f"r{k}" for k in range(len(entered))], "lead": entered})
    won = frame["lead"] + pd.Timedelta(days=DAYS)
    frame["won"] = won.where((frame.index % 5 == 0) & (won <= pd.Timestamp("2026-04-30")))
    frame["amount"] = np.where(frame["won"].notna(), 100.0 + frame.index, np.nan)
    return frame


def read(frame: pd.DataFrame, **reading: object) -> fk.Leads:
    funnel = fk.Funnel(
        ["lead", "won"],
        id="id",
        value="amount" if "amount" in frame else None,
        calendar=fk.Calendar(fiscal_year_start=2),
    )
    return fk.from_frame(frame, funnel, **({"as_of": "2026-04-30"} | reading))


def review(leads: fk.Leads, **asked: object) -> QuarterlyFacts:
    return gathering.gathered(Source(leads=leads, simulated=False), **asked)


@pytest.fixture(scope="module")
def facts() -> QuarterlyFacts:
    """Without the forecast, which takes long."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(gathering, "coming_view", lambda *_, **__: Missing("It is left out."))
        return review(read(export()))


def trend(facts: QuarterlyFacts, key: str) -> Trend:
    found = facts.trend(key)
    assert found is not None
    return found


def test_the_last_full_fiscal_quarter_is_reported(facts: QuarterlyFacts) -> None:
    assert facts.label == "FY2027 Q1"
    labels = [one.label for one in trend(facts, "leads").figures]
    assert labels == ["FY2026 Q1", "FY2026 Q2", "FY2026 Q3", "FY2026 Q4", "FY2027 Q1"]
    assert not facts.partial


def test_leads_and_wins_are_those_of_plain_pandas(facts: QuarterlyFacts) -> None:
    frame = export()
    for key, column in (("leads", "lead"), ("wins", "won")):
        quarters = frame[column].dropna().dt.to_period("Q-JAN").value_counts().sort_index()
        assert [one.n for one in trend(facts, key).figures] == quarters.tolist()


def test_counts_have_exact_poisson_intervals(facts: QuarterlyFacts) -> None:
    now = trend(facts, "wins").now
    low, high = stats.chi2.ppf(0.025, 2 * now.n) / 2, stats.chi2.ppf(0.975, 2 * now.n + 2) / 2
    assert now.estimate == pytest.approx((now.n, low, high))


def test_bookings_are_a_compound_poisson_sum(facts: QuarterlyFacts) -> None:
    frame = export().dropna()
    amounts = frame.loc[frame["won"].dt.to_period("Q-JAN") == "2027Q1", "amount"]
    total = amounts.sum()
    reach = 1.959964 * math.sqrt((amounts**2).sum()) / total
    now = trend(facts, "bookings").now
    assert now.n == len(amounts)
    expected = (total, total * math.exp(-reach), total * math.exp(reach))
    assert now.estimate == pytest.approx(expected, rel=1e-6)


def test_conversion_is_corrected_for_age(facts: QuarterlyFacts) -> None:
    figures = trend(facts, "conversion").figures
    assert [one.estimate.value for one in figures[:-1]] == pytest.approx([0.2] * 4)
    # of the 89 days of the last quarter the leads of the last 20 have none due
    young = figures[-1]
    won = export()["won"].between("2026-02-21", "2026-04-30").sum()
    assert young.immature
    assert young.estimate.value == pytest.approx(won / (5 * (89 - DAYS)))


def test_the_cycle_is_the_one_that_was_put_in(facts: QuarterlyFacts) -> None:
    assert {one.estimate.value for one in trend(facts, "cycle").figures} == {DAYS}


def test_a_quarter_that_lacks_older_leads_is_not_compared(facts: QuarterlyFacts) -> None:
    wins = trend(facts, "wins")
    assert [one.short for one in wins.figures] == [True, False, False, False, False]
    assert wins.change(wins.year_ago) is None
    assert wins.change(wins.before) is not None
    leads = trend(facts, "leads")
    assert leads.change(leads.year_ago) is not None
    assert "FY2026 Q1 the data lack wins" in str(section.section(facts).html())


def test_a_win_rate_needs_opportunities(facts: QuarterlyFacts) -> None:
    assert facts.trend("win rate") is None
    assert any("stage of opportunities after lead" in one for one in facts.missing)


def test_a_clear_change_is_named_and_an_unclear_one_is_not() -> None:
    frame = export().drop(columns="amount").assign(won=pd.NaT)
    late = frame["lead"] >= "2026-02-01"
    facts = review(read(frame[~late | (frame.index % 5 < 3)]))
    leads = trend(facts, "leads")
    assert leads.change(leads.before).direction == "down"  # 267 after 455
    assert section.title_of(facts).startswith("New leads down")
    assert section.told(leads, leads.before).startswith("down by 42\u202f% on FY2026 Q4")


def test_a_quarter_that_is_not_over_is_marked_and_not_compared() -> None:
    frame = export().drop(columns="amount").assign(won=pd.NaT)
    frame = frame[frame["lead"] <= "2026-04-10"]
    facts = review(read(frame, as_of="2026-04-10"), quarter="2027-Q1")
    leads = trend(facts, "leads")
    assert facts.partial
    assert facts.until == dt.date(2026, 4, 10)
    assert leads.now.immature
    assert leads.change(leads.before) is None
    assert "FY2027 Q1 so far" in str(section.section(facts).html())
    assert "FY2027 Q1 is not over" in str(section.section(facts).html())


def test_quarters_begin_with_the_first_whole_one() -> None:
    frame = export().drop(columns="amount").assign(won=pd.NaT)
    facts = review(read(frame[frame["lead"] >= "2025-06-10"]))
    assert trend(facts, "leads").figures[0].label == "FY2026 Q3"
    facts = review(read(frame, recorded_from="2025-08-01"))
    assert trend(facts, "leads").figures[0].label == "FY2026 Q3"


def test_the_world_can_be_looked_at_on_an_earlier_day() -> None:
    frame = export().drop(columns="amount").assign(won=pd.NaT)
    facts = review(read(frame), month="2026-02")
    assert facts.setting.as_of == dt.date(2026, 2, 28)
    assert facts.label == "FY2026 Q4"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"quarter": "FY2027 Q1"}, "Did you mean 2027-Q1?"),
        ({"quarter": "2027-Q4"}, "2027-Q4 begins after 2026-04-30"),
        ({"month": "2026-05"}, "`month` must have ended in the data"),
        ({"segment": "sorce"}, "`segment`"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(asked: dict[str, str], said: str) -> None:
    frame = export().drop(columns="amount").assign(won=pd.NaT).head(400)
    with pytest.raises(fk.FunnelError, match=said):
        review(read(frame, as_of="2026-04-30"), **asked)
