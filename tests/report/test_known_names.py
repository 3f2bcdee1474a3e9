"""Names that `funnel.yml` lists for a segment: read, checked, and held against by the audit."""

from pathlib import Path

import pytest

from funnelkit._core.errors import DefinitionError
from funnelkit.report.config import load_config
from funnelkit.report.page.gather import gather
from funnelkit.report.page.source import opened
from funnelkit.report.week.gather import Beside
from funnelkit.report.week.gather import gather as gather_week

FUNNEL = """\
stages: [lead, won]
exits: [lost]
id: id
segments: [source, region]
as_of: 2026-06-30
data: leads.csv
"""
LISTED = "known:\n  source: [Web, Event, Partner]\n"
RULES = {"names_unlisted", "names_unused"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        f"{n},2026-0{1 + n % 4}-{1 + n % 28:02d},{'2026-05-01' if n % 3 == 0 else ''},,"
        f"{'web' if n < 2 else 'Web' if n % 2 else 'Event'},EMEA"
        for n in range(60)
    ]
    text = "\n".join(["id,lead,won,lost,source,region", *rows]) + "\n"
    (tmp_path / "leads.csv").write_text(text, encoding="utf-8")
    return tmp_path


def configured(folder: Path, known: str) -> Path:
    path = folder / "funnel.yml"
    path.write_text(FUNNEL + known, encoding="utf-8")
    return path


def told(findings) -> dict[str, tuple[str, ...]]:
    return {one.rule: one.examples for one in findings if one.rule in RULES}


FOUND = {"names_unlisted": ("web (for Web?)",), "names_unused": ("Partner",)}


def test_the_lists_are_read_in_their_order(folder: Path) -> None:
    config = load_config(configured(folder, LISTED + "  region: EMEA\n"))
    assert config.known == {"source": ("Web", "Event", "Partner"), "region": ("EMEA",)}
    assert load_config(configured(folder, "")).known == {}


def test_every_mistake_is_said_with_its_line(folder: Path) -> None:
    path = configured(folder, "known:\n  sorce: [Web]\n  region:\n")
    with pytest.raises(DefinitionError) as error:
        load_config(path)
    unknown, empty = error.value.problems
    assert unknown == (
        "funnel.yml, line 8: `known.sorce` is none of `segments`. Did you mean `source`?"
    )
    assert empty == (
        "funnel.yml, line 9: `known.region` needs the names it may have, such as "
        "[web, event, partner]."
    )
    with pytest.raises(DefinitionError, match="`known` must be a mapping") as error:
        load_config(configured(folder, "known: [Web]\n"))
    assert len(error.value.problems) == 1


def test_the_monthly_and_the_weekly_page_hold_the_data_against_them(folder: Path) -> None:
    source = opened(config=configured(folder, LISTED))
    assert told(gather(source).quality.findings) == FOUND
    assert told(gather_week(source, Beside()).quality.findings) == FOUND


def test_of_some_leads_alone_a_list_of_all_names_says_nothing(folder: Path) -> None:
    source = opened(config=configured(folder, LISTED), only="source=Event")
    assert not told(gather(source).quality.findings)


def test_without_lists_there_is_no_such_finding(folder: Path) -> None:
    assert not told(gather(opened(config=configured(folder, ""))).quality.findings)
