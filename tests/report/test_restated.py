"""Figures of earlier reports beside today's: how far each moved, and by what."""

import datetime as dt
import json
from pathlib import Path

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.report import manifest
from funnelkit.report.config import load_config
from funnelkit.report.issued import issued_reports, of_part
from funnelkit.report.page.changes import Estimate
from funnelkit.report.page.facts import Issued, Missing
from funnelkit.report.page.facts.restated import Recount, Reread, Restated
from funnelkit.report.page.kept import past_of
from funnelkit.report.page.markup import plain
from funnelkit.report.page.sections import restated
from funnelkit.report.page.views.restated import restated_view
from tests.report import literal_facts as literal

MARCH = pd.Period("2026-03", "M")
YAML = "stages: [lead, won]\nid: id\nas_of: 2026-04-30\ndata: leads.csv\nearlier_reports: reports\n"


def issued(**changed: object) -> Issued:
    given: dict[str, object] = {
        "month": MARCH,
        "as_of": dt.date(2026, 3, 20),
        "route": ("lead", "won"),
        "counted": {"won": 5.0, "entered": 30.0},
        "changed": ("leads.csv",),
    }
    return Issued(**(given | changed))


def leads(wins_by_20: int, wins_later: int) -> fk.Leads:
    """Return 40 leads of 2 March, some of them won on 18 March, some on the 27th."""
    won = ["2026-03-18"] * wins_by_20 + ["2026-03-27"] * wins_later
    rows = [
        (str(number), "2026-03-02", won[number] if number < len(won) else None)
        for number in range(40)
    ]
    frame = pd.DataFrame(rows, columns=["id", "lead", "won"])
    return fk.from_frame(frame, fk.Funnel(["lead", "won"], id="id"), as_of="2026-04-30")


def setting() -> object:
    return literal.setting(month=pd.Period("2026-04", "M"), as_of=dt.date(2026, 4, 30))


def test_a_figure_moves_by_records_and_by_time() -> None:
    """Said 5 wins and 30 leads on 20 March; today 7 wins by then, 4 more until the 31st."""
    view = restated_view(leads(7, 4), setting(), Missing("none"), [issued()])
    assert isinstance(view, Restated)
    won, entered = view.counts
    assert (won.said, won.again, won.now) == (5, 7, 11)
    assert (won.by_records, won.by_time) == (2, 4)
    assert (entered.said, entered.now, entered.by_time) == (30, 40, 0)
    assert len(view.moved) == 2
    section = restated.section(literal.facts(restated=view, setting=setting()))
    assert section.title == "2 of 2 figures of earlier reports have moved since"
    words = plain(section.html())
    assert "+2: records added, removed or dated anew in the export, net" in words
    assert "+4: came after 20 March 2026, where its data ended" in words
    assert "leads.csv has been exported anew" in words


def test_a_figure_that_stands_says_so() -> None:
    same = issued(counted={"won": 11.0, "entered": 40.0}, as_of=dt.date(2026, 3, 31))
    view = restated_view(leads(7, 4), setting(), Missing("none"), [same])
    section = restated.section(literal.facts(restated=view, setting=setting()))
    assert section.title == "None of 2 figures of earlier reports has moved since"
    assert [row[3:] for row in section.tables[0].rows] == [["11", "11", "0"], ["40", "40", "0"]]


def test_another_definition_is_the_reason() -> None:
    one = Recount(issued=issued(defined=False), figure="won", said=5, again=7, now=7)
    view = Restated(reports=(one.issued,), counts=(one,))
    words = plain(restated.section(literal.facts(restated=view)).html())
    assert "+2: the funnel is defined otherwise in funnel.yml today" in words


def test_expected_rates_are_held_against_the_interval_given_then() -> None:
    then = issued(horizon=60, expected=Estimate(0.10, 0.08, 0.12))
    rates = (
        Reread(issued=then, now=Estimate(0.11, 0.09, 0.13)),
        Reread(issued=then, now=Estimate(0.14, 0.12, 0.16)),
    )
    view = Restated(reports=(then,), counts=(), rates=rates)
    words = plain(restated.section(literal.facts(restated=view)).html())
    assert "Of 2 expected rates 1 lies today in the interval given then." in words


def test_without_an_earlier_report_it_says_what_it_needs() -> None:
    for reports in ((), (issued(month=pd.Period("2026-04", "M")),), (issued(route=("a", "b")),)):
        view = restated_view(leads(1, 1), setting(), Missing("none"), reports)
        assert isinstance(view, Missing)
        section = restated.section(literal.facts(restated=view))
        assert "It needs an earlier report" in plain(section.html())
    assert not restated.section(literal.facts()).html()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "leads.csv").write_text("id,lead,won\n1,2026-03-02,\n", encoding="utf-8")
    (tmp_path / "funnel.yml").write_text(YAML, encoding="utf-8")
    return tmp_path


def keep(home: Path, folder: str, **changed: object) -> None:
    config = load_config(home)
    content = {
        "report": "monthly",
        "parameters": {"month": "2026-03", "demo": False},
        "as_of": "2026-03-31",
        "facts": {
            "month": "2026-03",
            "figures": {"route": ["lead", "won"], "won": 5, "entered": 30, "value": None},
        },
        "inputs": [{"name": "leads.csv", "sha256": "0"}, {"name": "funnel.yml", "sha256": "0"}],
        **manifest.defined(config),
    }
    path = home / "reports" / folder
    path.mkdir(parents=True)
    (path / "manifest.json").write_text(json.dumps(content | changed), encoding="utf-8")


def test_earlier_reports_are_found_in_their_manifests(home: Path) -> None:
    keep(home, "2026-03")
    config = load_config(home)
    (one,) = issued_reports(home / "reports", config)
    assert (one.month, one.counted) == (MARCH, {"won": 5.0, "entered": 30.0})
    assert one.defined
    assert one.changed == ("leads.csv",)


def test_a_fingerprint_is_of_what_a_manifest_says_and_not_of_how_long_it_took(home: Path) -> None:
    keep(home, "2026-03", timings={"execute": 4.0})
    config = load_config(home)
    path = home / "reports" / "2026-03" / "manifest.json"
    (one,) = issued_reports(home / "reports", config)
    said = path.read_text(encoding="utf-8")
    path.write_text(said.replace("4.0", "5.0"), encoding="utf-8")
    assert issued_reports(home / "reports", config)[0].fingerprint == one.fingerprint
    path.write_text(said.replace('"won": 5', '"won": 6'), encoding="utf-8")
    assert issued_reports(home / "reports", config)[0].fingerprint != one.fingerprint


def test_the_page_hands_on_which_earlier_reports_it_read() -> None:
    view = Restated(reports=(issued(fingerprint="abc"),), counts=(), rates=())
    assert past_of(literal.facts(restated=view)) == {f"report of {issued().month}": "abc"}
    assert past_of(literal.facts()) == {}


def test_a_report_on_the_same_files_is_left_out(home: Path) -> None:
    config = load_config(home)
    same = [{"name": name, "sha256": one} for name, one in manifest.sources(config).items()]
    keep(home, "2026-03", inputs=same)
    assert issued_reports(home / "reports", config) == ()


def test_other_reports_and_broken_files_are_passed_over(home: Path) -> None:
    keep(home, "weekly", report="weekly")
    keep(home, "demo", parameters={"demo": True})
    keep(home, "rows", rows={"where": {"region": ["EMEA"]}})
    keep(home, "old", facts={"month": "2026-03"})
    keep(home, "strange", facts={"month": "2026-03", "figures": {"route": 3}})
    keep(home, ".half-made.partial")
    keep(home, "part", parameters={"only": ["region=EMEA"]})
    (home / "reports" / "weekly" / "manifest.json").write_text("{", encoding="utf-8")
    found = issued_reports(home / "reports", load_config(home))
    assert of_part(found, ()) == ()
    assert [one.only for one in of_part(found, ["region=EMEA"]) or ()] == [("region=EMEA",)]
    assert issued_reports(home / "nowhere", load_config(home)) == ()
