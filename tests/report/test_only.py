"""`only`: a report on some of the leads says so, and drops what funnel.yml says of all of them."""

from pathlib import Path

import pandas as pd
import pytest

from funnelkit import FunnelError
from funnelkit.report.kinds import choices
from funnelkit.report.page.source import opened

CONFIG = """\
title: Acme
stages: [lead, won]
id: id
segments: [region, source]
as_of: 2026-02-28
data: leads.csv
headline: [{metric: won_deals, target: 9}]
expected: [{count: lead, total: 12}]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    rows = [
        {"id": n, "lead": "2026-01-05", "won": "2026-02-01" if n % 2 else None,
         "region": ["EMEA", "a=b", None][n % 3], "source": "web"}
        for n in range(12)
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "leads.csv", index=False)
    (tmp_path / "funnel.yml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("only", "title"),
    [
        ("region=EMEA", "Acme, region EMEA"),
        ({"region": "a=b"}, "Acme, region a=b"),
        (["region="], "Acme, region (blank)"),
    ],
)
def test_the_leads_of_one_value_are_kept_and_named(config: Path, only, title: str) -> None:
    source = opened(config=config, only=only)
    assert len(source.leads) == 4
    assert source.title == title
    assert source.restricted


def test_values_of_one_column_add_up(config: Path) -> None:
    assert len(opened(config=config, only=["region=EMEA", "region="]).leads) == 8


def test_what_is_said_of_all_leads_is_left_out(config: Path) -> None:
    whole, part = opened(config=config), opened(config=config, only="region=EMEA")
    assert (len(whole.expected), whole.headlines[0].target) == (1, 9)
    assert (part.expected, part.headlines[0].target) == ((), None)
    assert part.headlines[0].metric == whole.headlines[0].metric


def test_simulated_leads_can_be_chosen_too() -> None:
    source = opened(demo=True, only="source=webinar")
    assert source.title == "Simulated data, source webinar"
    assert 0 < len(source.leads) < len(opened(demo=True).leads)


@pytest.mark.parametrize(
    ("only", "words"),
    [
        ("regon=EMEA", "Did you mean `region`"),
        ("region=EMAE", "Did you mean `EMEA`"),
        ("EMEA", "such as region=EMEA; got 'EMEA'"),
        ([], "empty list"),
    ],
)
def test_what_is_not_there_is_refused(config: Path, only, words: str) -> None:
    with pytest.raises(FunnelError, match=words):
        opened(config=config, only=only)


def test_a_value_may_hold_the_sign() -> None:
    assert choices("only", ["region=a=b"]) == ["region=a=b"]
