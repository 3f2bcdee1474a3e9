"""Alerts and bottlenecks on the page: what they say, and what they must not."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.counts.flows import Stays
from funnelkit.data.simulate import simulate_frame
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.markup import plain
from funnelkit.report.page.sections import alerts, bottlenecks
from funnelkit.report.page.sheets import sheets_of
from funnelkit.report.page.terms import Terms
from funnelkit.report.page.views.watched import alerts_view, diagnosis_view
from tests.report.literal_facts import facts, setting

FUNNEL = fk.Funnel(["lead", "mql", "won"], exits=["lost"], segments=["source"])
STAGES = ("lead", "mql", "sql", "opportunity", "won")


def words(text: object) -> str:
    return plain(str(text)).replace("\u202f", " ").replace("\u2212", "-").replace("\u2013", "-")


@pytest.fixture(scope="module")
def dropped() -> fk.Leads:
    """Of one source, half of the MQLs are gone from June on, under a hostile name."""
    made = simulate_frame(8000, rng=3, months=20, funnel=FUNNEL)
    frame = made.frame.copy()
    frame["source"] = frame["source"].replace({"Organic search": "<b>organic</b>"})
    late = (pd.to_datetime(frame["lead"]) >= "2026-06-01") & (frame["source"] == "<b>organic</b>")
    hit = late & (np.random.default_rng(9).random(len(frame)) < 0.6)
    for name in ("mql", "won"):
        frame.loc[hit, made.funnel.column_of(name)] = None
    return fk.from_frame(frame, made.funnel, as_of=made.as_of)


def test_an_alert_opens_the_section(dropped: fk.Leads) -> None:
    view = alerts_view(dropped, setting(), "source")
    section = alerts.section(facts(alerts=view))
    assert section.title == "Lead to mql of <b>organic</b> fell"
    text = str(section.html())
    assert "<b>organic" not in text
    assert "fell by" in words(text)
    assert "at most 1 in 20 shows an alert" in words(section.lead)
    (table,) = section.tables
    assert table.rows[0][:3] == ["lead to mql", "<b>organic</b>", "2026-06"]
    assert sheets_of(facts(alerts=view))["Alerts"].frame["metric"].tolist()[0] == "lead to mql"


def test_nothing_to_alarm_says_what_would_have_been_found() -> None:
    leads = fk.from_frame(
        (made := simulate_frame(4000, rng=5, months=16, funnel=FUNNEL)).frame,
        made.funnel,
        as_of=made.as_of,
    )
    section = alerts.section(facts(alerts=alerts_view(leads, setting(), None)))
    assert section.title == "Nothing left its usual level"
    assert "would have been found within 2 months" in words(section.lead)
    assert not section.tables


def test_without_history_it_says_so() -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "lead": ["2026-01-05"] * 2, "won": [None] * 2})
    leads = fk.from_frame(frame, fk.Funnel(["lead", "won"], id="id"), as_of="2026-01-31")
    view = alerts_view(leads, setting(), None)
    section = alerts.section(facts(alerts=view))
    assert isinstance(view, Missing)
    assert "no usual level" in section.title
    view = diagnosis_view(leads, setting())
    assert isinstance(view, Missing)
    assert "needs stages between entry and win" in words(
        bottlenecks.section(facts(diagnosis=view)).html()
    )


def stays(entered: tuple[int, ...]) -> Stays:
    """A finished funnel: what did not move on was lost."""
    moved = [*entered[1:], 0]
    lost = [a - b for a, b in zip(entered, moved, strict=True)]
    lost[-1] = 0
    still = [0] * (len(entered) - 1) + [entered[-1]]
    return Stays(
        stages=STAGES,
        exits=("lost",),
        by=(),
        segments=((),),
        as_of=dt.date(2026, 6, 30),
        entered=[list(entered)],
        filled=[[0] * len(entered)],
        moved_on=[moved],
        left={"lost": [lost]},
        still_there=[still],
        days=np.zeros((1, len(entered), 1), int),
    )


def test_the_bottleneck_is_the_gap_that_is_worth_most() -> None:
    # lead to MQL 10 % of 10,000, whose range starts at 20 %: as many MQLs again. Of an MQL
    # .5 x .5 x .2 are won, 50 deals in all, so closing the gap is worth 50 more.
    view = fk.rates.diagnose(stays((10_000, 1000, 500, 250, 50)))
    terms = Terms("lead", "won", STAGES, ("lost",))
    section = bottlenecks.section(facts(diagnosis=view, setting=setting(terms=terms)))
    assert section.title == "Lead to MQL costs most: about 50 wins to its range"
    text = words(section.html())
    assert "10.0 % (9.4-10.6)" in text  # Wilson
    assert "clearly below" in text
    assert "multiplies wins by 1.46" in text  # 1.1 to the power of 4
    assert "20.0 to 40.0 %" in text
    assert "Bottlenecks" in sheets_of(facts(diagnosis=view))


def test_few_records_are_not_judged() -> None:
    view = fk.rates.diagnose(stays((200, 80, 40, 20, 5)))
    terms = Terms("lead", "won", STAGES, ("lost",))
    section = bottlenecks.section(facts(diagnosis=view, setting=setting(terms=terms)))
    assert section.title == "No step lies clearly below its range"
    assert ">clearly below<" not in str(section.html())
