"""The plan in the monthly report: there where funnel.yml names targets, and read off one model."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import funnelkit as fk
from funnelkit._core.errors import DefinitionError
from funnelkit.plan.one_page.outlook import outlook_of
from funnelkit.plan.one_page.staffing import Staff
from funnelkit.report.page.facts import Missing, Planned, Stretch
from funnelkit.report.page.markup import plain
from funnelkit.report.page.monthly_page import MonthlyPage
from funnelkit.report.page.sections import planned
from funnelkit.report.page.sheets import sheets_of
from funnelkit.report.page.views.planned import leads_of_late, planned_view
from tests.plan import plans_by_hand as by_hand
from tests.report.literal_facts import facts


def words(text: str) -> str:
    return plain(text).replace("\u202f", " ").replace("\u2212", "-").replace("\u2013", "-")


def view(**changed: object) -> Planned:
    stretch = Stretch(
        name="2027 Q1", target=550_000, usual=400_000, usual_chance=0.2, planned=560_000,
        planned_chance=0.6,
    )  # fmt: skip
    whole = Stretch(
        name="all", target=750_000, usual=600_000, usual_chance=0.13, planned=820_000,
        planned_chance=0.8,
    )  # fmt: skip
    given = {
        "outlook": outlook_of(by_hand.plan()),
        "late": np.full((2, 4), 50.0),
        "whole": whole,
        "stretches": (stretch,),
    }
    return Planned(**(given | changed))


def shown(made: Planned | Missing):
    return planned.section(facts(goals=lambda _coming: made))


def test_without_targets_there_is_no_section_and_no_sheet() -> None:
    page = MonthlyPage(facts())
    assert page.plan.title == ""
    assert page.plan._repr_html_() == ""
    assert "Plan" not in sheets_of(facts())
    assert "plan" in MonthlyPage.names()


def test_the_title_and_the_lead_say_what_the_pace_of_today_brings() -> None:
    section = shown(view())
    assert words(section.title) == "EUR 750,000 by April 2027 has a 13 % chance at today's pace"
    lead = words(section.lead)
    assert "about 100 a month" in lead
    assert "EUR 150,000 below the targets" in lead
    a_month = by_hand.plan().leads.sum() / 4
    assert f"about {a_month:,.0f} leads a month, {a_month / 100:.1f} times as many" in lead


def test_each_stretch_has_its_gap_and_both_chances() -> None:
    html = words(shown(view()).html())
    assert "2027 Q1550,000400,000-150,00020 %560,00060 %" in html
    assert by_hand.HOSTILE in html
    assert "<b>fair" not in str(shown(view()).html())


def test_people_and_needs_are_told() -> None:
    html = words(shown(view(staff=Staff(capacity=by_hand.capacity()))).html())
    assert "People." in html
    lacking = shown(Missing("It needs at least 20 wins; there are 3."))
    assert "It needs at least 20 wins" in str(lacking.html())
    assert "too little" in lacking.title


def test_the_workbook_holds_the_plan() -> None:
    sheet = sheets_of(facts(goals=lambda _coming: view()))["Plan"]
    assert sheet.frame["target"].tolist() == by_hand.TARGETS


def test_what_is_to_come_and_its_lack_are_handed_on(tmp_path: Path) -> None:
    lacking = Missing("It needs at least 20 wins; there are 3.")
    assert planned_view(None, lacking, targets=tmp_path) is lacking  # type: ignore[arg-type]


def test_leads_of_late_are_the_mean_of_six_whole_months() -> None:
    counts = np.array([[9, 1, 2, 3, 4, 5, 6, 99], [0, 0, 0, 0, 0, 0, 6, 99]])
    arrivals = SimpleNamespace(
        of=lambda _stage: counts, running=True, segments=(("web",), (by_hand.HOSTILE,))
    )
    model = SimpleNamespace(arrivals=arrivals, stages=("lead", "won"))
    late = leads_of_late(model, by_hand.assumptions())  # type: ignore[arg-type]
    # the running month does not count: (1 + 2 + 3 + 4 + 5 + 6) / 6, and 6 / 6
    np.testing.assert_allclose(late, [[3.5] * 4, [1.0] * 4])


FUNNEL = "stages: [lead, won]\nid: id\ndata: leads.csv\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("leads.csv", "targets.csv", "team.yml"):
        (tmp_path / name).touch()
    return tmp_path


def test_funnel_yml_names_targets_and_team(folder: Path) -> None:
    text = f"{FUNNEL}targets: targets.csv\nteam: team.yml\n"
    (folder / "funnel.yml").write_text(text, encoding="utf-8")
    config = fk.report.load_config(folder)
    assert (config.targets, config.team) == (folder / "targets.csv", folder / "team.yml")
    (folder / "funnel.yml").write_text(FUNNEL, encoding="utf-8")
    assert fk.report.load_config(folder).targets is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("targets: target.csv", "line 4: `targets` names no file: 'target.csv' does not exist"),
        ("targets: '*.*'", "line 4: `targets` must name one file; '*.*' names"),
        ("targets: [targets.csv]", "`targets` must be a text"),
        ("target: targets.csv", "Did you mean `targets`"),
    ],
)
def test_what_cannot_be_is_told_with_its_line(folder: Path, line: str, said: str) -> None:
    (folder / "funnel.yml").write_text(f"{FUNNEL}{line}\n", encoding="utf-8")
    with pytest.raises(DefinitionError) as raised:
        fk.report.load_config(folder)
    assert said in str(raised.value)
