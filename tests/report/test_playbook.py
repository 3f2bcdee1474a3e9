"""What to do comes from playbook.yml alone: the default's lines, or the user's own."""

from dataclasses import replace
from pathlib import Path

import pytest

from funnelkit._core.errors import DefinitionError
from funnelkit.report.config import load_config
from funnelkit.report.page import story
from funnelkit.report.page.facts import Facts
from funnelkit.report.page.findings import findings
from funnelkit.report.page.markup import plain
from funnelkit.report.parameters import MonthlyParameters
from funnelkit.report.playbook import FINDINGS, Playbook, default_playbook, own_playbook
from funnelkit.report.runner import inputs_of
from tests.report import literal_facts as literal

FUNNEL = "stages: [lead, won]\nid: lead_id\nas_of: 2018-05-31\n"


def own(tmp_path: Path, text: str) -> Playbook:
    path = tmp_path / "playbook.yml"
    path.write_text(text, encoding="utf-8")
    return own_playbook(path)


def to_do(facts: Facts) -> str:
    top = story.opening(facts)
    return " ".join(plain(words) for words in (*dict(top.story)["What to do"], *top.further))


def test_the_default_has_a_line_for_every_finding() -> None:
    book = default_playbook()
    assert list(book.checks) == list(FINDINGS)
    assert book.most == 4


def test_every_default_line_can_be_filled_in() -> None:
    told = {
        name: {"month": "May", "lead": "lead", "leads": "leads", "win": "win", "wins": "wins"}
        | dict.fromkeys(names, "X")
        for name, names in FINDINGS.items()
    }
    said = replace(default_playbook(), most=99).said(told)
    assert len(said) == len(FINDINGS)
    assert not [text for text in said if "{" in text or "}" in text]
    assert all(text.endswith(".") for text in said)


def test_own_lines_come_first_and_an_empty_one_switches_off(tmp_path: Path) -> None:
    book = own(
        tmp_path,
        'most: 2\nchecks:\n  segment_apart: "Call the owner of {groups}."\n  wins_fell:\n'
        "  young_cohort: Wait for {ready}.\n",
    )
    words = to_do(literal.facts(playbook=book))
    assert words == "Call the owner of social and unknown. Wait for 23 July 2018."


def test_without_a_finding_there_is_no_check(tmp_path: Path) -> None:
    book = own(tmp_path, "checks:\n  alert: Look at {figure}.\n")
    only = Playbook(checks={"alert": book.checks["alert"]}, most=4)
    assert to_do(literal.facts(playbook=only)) == "Nothing in these figures calls for a check."


def test_findings_are_those_of_the_page() -> None:
    found = findings(literal.facts(), story.moved(literal.facts())[0])
    assert set(found) == {
        "wins_fell",
        "rates_fell",
        "young_cohort",
        "segment_apart",
        "audit_warnings",
    }
    assert found["audit_warnings"]["first"] == "1 deal was won before its first contact"


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    text = 'checks:\n  wins_fel: x\n  wins_rose: "{wnis}"\n  alert: "{figure"\nmuch: 1\nmost: 20\n'
    with pytest.raises(DefinitionError) as error:
        own(tmp_path, text)
    assert list(error.value.problems) == [
        "playbook.yml, line 2: `checks.wins_fel` is no finding. Did you mean `wins_fell`?",
        "playbook.yml, line 3: `checks.wins_rose` has no value for {wnis}. Did you mean `wins`?",
        "playbook.yml, line 4: `checks.alert` has a brace without its partner; write {month}.",
        "playbook.yml, line 5: `much` is not known. Known here: `checks`, `most`.",
        "playbook.yml, line 6: `most` must be a number of checks from 1 to 9; got '20'.",
    ]


def test_funnel_yml_names_it(tmp_path: Path) -> None:
    (tmp_path / "ours.yml").write_text("checks: {alert: Ask.}\n", encoding="utf-8")
    (tmp_path / "funnel.yml").write_text(FUNNEL + "playbook: ours.yml\n", encoding="utf-8")
    book = load_config(tmp_path).playbook
    assert book is not None
    assert book.checks["alert"] == "Ask."
    assert book.path == tmp_path / "ours.yml"  # kept with the hashes of what a report is made from
    (tmp_path / "ours.yml").write_text("checks: {alrt: Ask.}\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"line 4: `playbook` cannot be used: ours.yml, line"):
        load_config(tmp_path)


def test_hostile_names_in_a_check_come_out_harmless(tmp_path: Path) -> None:
    """A group may be called anything; what a line says of it is text."""
    names = {literal.HOSTILE: (4000, 40), "{wins}": (2000, 500)}
    facts = literal.facts(
        segments=literal.segments(names),
        playbook=own(tmp_path, 'checks:\n  segment_apart: "<b>{groups}</b>"\n'),
    )
    html = story.opening(facts).html()
    assert "<script" not in html
    assert "<b>&lt;script" not in html
    assert "{wins}" in html


def test_what_a_report_is_made_from_holds_every_named_file(tmp_path: Path) -> None:
    """Whoever compares two runs must see that a playbook or an assignment is another one."""
    funnel = (
        f"{FUNNEL}data: leads.csv\nplaybook: ours.yml\nexperiments:\n"
        "  - {name: New page, variants: [A, B], assignment: assigned.csv}\n"
    )
    for name, text in (
        ("ours.yml", "checks: {alert: Ask.}\n"),
        ("leads.csv", "lead_id,lead,won\n1,2018-05-01,\n"),
        ("assigned.csv", "lead_id,variant\n1,A\n"),
        ("funnel.yml", funnel),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    setup = load_config(tmp_path)
    found = inputs_of(MonthlyParameters(config=str(tmp_path)), setup)
    assert {one.name for one in found} == {"funnel.yml", "leads.csv", "ours.yml", "assigned.csv"}
