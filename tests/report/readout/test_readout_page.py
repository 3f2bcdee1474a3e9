"""The readout of an experiment, from a declaration and leads made by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DefinitionError, EvidenceError
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.markup import plain
from funnelkit.report.parameters import ReadoutParameters, cell
from funnelkit.report.readout.gathering import chosen
from funnelkit.report.readout.readout_page import ReadoutPage, experiment
from tests.report.literal_facts import FORMULA, HOSTILE

NOTEBOOK = Path(__file__).resolve().parents[3] / "notebooks" / "experiment_readout.ipynb"


def made(
    won: tuple[int, int] = (30, 60),
    *,
    n: int = 300,
    names: tuple[str, str] = ("A", "B"),
    as_of: str = "2026-06-30",
    **declared: object,
) -> ReadoutPage:
    """Return the page of two arms of `n` leads each, so many of them won 10 days after entry."""
    rows = []
    for name, wins in zip(names, won, strict=True):
        for number in range(n):
            entered = pd.Timestamp("2026-01-05") + pd.Timedelta(days=number % 60)
            through = number < wins
            rows.append(
                (
                    f"{name}{number}",
                    entered.date().isoformat(),
                    (entered + pd.Timedelta(days=4)).date().isoformat() if through else None,
                    (entered + pd.Timedelta(days=10)).date().isoformat() if through else None,
                    name,
                    ["north", "south"][number % 2],
                )
            )
    frame = pd.DataFrame(rows, columns=["id", "lead", "mql", "won", "variant", "region"])
    funnel = fk.Funnel(["lead", "mql", "won"], id="id", segments=["variant", "region"])
    told = {"within": 30, "secondary": ["mql"]} | declared
    design = fk.experiment.design("New page", names, assignment="variant", **told)  # type: ignore[arg-type]
    return experiment(leads=fk.from_frame(frame, funnel, as_of=as_of), design=design)


@pytest.fixture(scope="module")
def page() -> ReadoutPage:
    return made()


def words(page: ReadoutPage, name: str) -> str:
    return plain(getattr(page, name).html())


def test_it_opens_with_the_verdict(page: ReadoutPage) -> None:
    """30 of 300 against 60 of 300: 10 points, which is clear of zero."""
    assert page.opening.title == "New page: take B"
    story = {heading: " ".join(told) for heading, told in page.opening.story}
    assert list(story) == ["What to do", "What was found", "What to beware of"]
    assert (
        "B 20.0\u202f% (60 of 300 leads) against A 10.0\u202f% (30 of 300 leads)"
        in (story["What was found"])
    )
    assert "+10.0 points" in story["What was found"]


def test_every_metric_stands_with_its_interval(page: ReadoutPage) -> None:
    (table,) = page.effects.tables
    assert [row[1] for row in table.rows] == ["decides", "secondary"]
    assert table.rows[0][2:4] == ["10.0\u202f% (n 300)", "B 20.0\u202f% (n 300)"]
    said = page.effects.html()
    assert said.count('role="img"') == 2
    assert "Differences from A in points: Lead to won within 30 days: +10.0" in said


def test_all_are_followed(page: ReadoutPage) -> None:
    assert page.followed.title == "600 of 600 leads count"


def test_the_stages_are_one_family(page: ReadoutPage) -> None:
    assert page.stages.title == "The effect on MQL and won holds up"


def test_groups_are_to_read_and_not_to_test(page: ReadoutPage) -> None:
    said = words(page, "groups")
    assert "No group decides" in said
    assert "north" in said


def test_the_declaration_is_told(page: ReadoutPage) -> None:
    said = words(page, "declared")
    assert "A 50\u202f% and B 50\u202f%; A is control." in said
    assert "5\u202f%, two-sided." in said


def test_young_records_stand_in_no_share() -> None:
    """Entries run to 5 March; on 19 March those since 18 February are not yet 30 days old."""
    young = made(as_of="2026-03-19")
    entered = pd.Series([pd.Timestamp("2026-01-05").day_of_year + k % 60 for k in range(300)])
    old = int((entered + 30 <= pd.Timestamp("2026-03-19").day_of_year).sum())
    assert young.followed.title == f"{2 * old} of 600 leads count"
    assert f"{2 * (300 - old)} leads are too young" in " ".join(young.opening.story[2][1])


def test_without_a_difference_none_is_claimed() -> None:
    alike = made((30, 31))
    assert alike.opening.title == "New page: no difference told"
    assert alike.effects.title == "No clear difference with B"


def test_planned_looks_are_shown_beside_their_boundaries() -> None:
    several = made((30, 75), looks=2, planned=600)
    assert "crossed its boundary" in several.looks.title
    assert "look 1" in words(several, "looks")
    assert not made(looks=2, planned=60_000).looks.html().count("<td>")


def test_nobody_followed_says_what_it_needs() -> None:
    early = made(n=40, won=(0, 0), as_of="2026-01-06")
    assert isinstance(early.facts.view, Missing)
    assert early.opening.title == "New page: too early to read"
    assert "It needs more" in words(early, "effects")
    assert [part.key for part in list(early)[1:] if part.html()] == [
        "effects",
        "declared",
        "definitions",
    ]
    assert list(early.sheets()) == ["Declared"]


def test_what_chance_did_not_choose_is_no_effect() -> None:
    observed = made(randomised=False)
    assert "a difference is no effect" in " ".join(observed.opening.story[2][1])
    assert observed.stages.title == "The difference on MQL and won holds up"


def test_a_warning_is_told_once_at_the_top() -> None:
    page = made(split=(3, 1))  # intended; 300 and 300 came
    story = {heading: " ".join(told) for heading, told in page.opening.story}
    assert story["What to do"].startswith("Do not act on it before this is explained: Warning: ")
    assert "for 75 / 25 intended" in story["What to do"]
    assert "intended" not in story["What to beware of"]
    assert "The guards found nothing." not in story["What to beware of"]


def test_hostile_names_come_out_harmless(tmp_path: Path) -> None:
    page = made(names=(FORMULA, HOSTILE))
    html = page.to_html()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    page.write_tables(tmp_path / "tables.xlsx")
    assert (tmp_path / "tables.xlsx").is_file()


def test_an_experiment_is_chosen_by_its_name() -> None:
    one, two = (fk.experiment.design(name, ["A", "B"]) for name in ("New page", "Old page"))
    assert chosen([one], None) is one
    assert chosen([one, two], "Old page") is two
    with pytest.raises(ArgumentError, match=r"which of New page, Old page\?"):
        chosen([one, two], None)
    with pytest.raises(ArgumentError, match="Did you mean `Old page`"):
        chosen([one, two], "Old pag")
    with pytest.raises(DefinitionError, match="no experiment is declared"):
        chosen([], None)


def test_a_month_after_the_data_is_refused(page: ReadoutPage) -> None:
    design = page.facts.design
    frame = pd.DataFrame({"id": ["a"], "lead": ["2026-01-05"], "won": [None], "variant": ["A"]})
    funnel = fk.Funnel(["lead", "won"], id="id", segments=["variant"])
    leads = fk.from_frame(frame, funnel, as_of="2026-01-31")
    with pytest.raises(EvidenceError, match="the data, which end on 2026-01-31; got 2026-02"):
        experiment(leads=leads, design=design, month="2026-02")
    with pytest.raises(ArgumentError, match="belong together"):
        experiment(leads=leads)


def sources() -> Sequence[str]:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return ["".join(one["source"]) for one in cells]


def test_the_notebook_shows_each_section_in_one_cell() -> None:
    shown = [one.removeprefix("page.") for one in sources() if one.startswith("page.")]
    assert shown[:-1] == list(ReadoutPage.names())
    assert shown[-1] == "write_tables(tables)"
    assert cell(ReadoutParameters) in sources()


@pytest.mark.notebook
def test_the_simulated_readout_from_end_to_end(tmp_path: Path) -> None:
    """The new page keeps what control loses: two fifths of its leads."""
    done = fk.report.run("experiment", demo=True, out=tmp_path, progress=False)
    html = done.html.read_text(encoding="utf-8")
    assert "Pricing page: take new page" in html
    assert "<script" not in html
    assert len(html) < 500_000
    kept = json.loads(done.manifest.read_text(encoding="utf-8"))
    assert kept["facts"]["decision"] == "adopt"
    assert kept["as_of"] == "2026-06-30"
