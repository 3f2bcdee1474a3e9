"""`expected` in funnel.yml, and the report that opens with it."""

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit import FunnelError
from funnelkit.report.config import load_config
from funnelkit.report.page.markup import plain
from funnelkit.report.page.sheets import sheets_of

HEAD = """\
stages: [lead, won]
id: id
value: amount
segments: [source]
data: leads.csv
"""
ROWS = "id,lead,won,amount,source\n" + "".join(
    f"{n},2026-0{1 + n % 3}-{1 + n % 28:02d},{'2026-04-10' if n % 4 == 0 else ''},"
    f"{100 if n % 4 == 0 else ''},{'<b>web</b>' if n % 2 else 'fair'}\n"
    for n in range(1, 121)
)
SOUND = """\
expected:
  - count: lead
    in: {2026-01: 40, 2026-02: 40, 2026-Q1: 120}
    total: 120
  - value: won
    in:
      2026-04: 3000
  - count: won
    total: 0
    where: {source: <b>web</b>}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "leads.csv").write_text(ROWS, encoding="utf-8")
    return tmp_path


def loaded(folder: Path, text: str):
    (folder / "funnel.yml").write_text(HEAD + text, encoding="utf-8")
    return load_config(folder)


def test_control_totals_are_read(folder: Path) -> None:
    found = loaded(folder, SOUND).expected
    assert [(one.what, one.period, one.number) for one in found] == [
        ("lead", "2026-01", 40),
        ("lead", "2026-02", 40),
        ("lead", "2026 Q1", 120),
        ("lead", "whole", 120),
        ("value of won", "2026-04", Decimal(3000)),
        ("won (source <b>web</b>)", "whole", 0),
    ]
    assert loaded(folder, "").expected == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("expected: 12\n", ["line 6: `expected` must be a list"]),
        ("expected:\n  - lead\n", ["line 7: `expected[1]` must be a mapping"]),
        (
            "expected:\n  - count: leed\n    in: {2026-01: 4}\n",
            ["line 7: `expected[1].count` names an unknown stage or exit `leed`"],
        ),
        (
            "expected:\n  - count: lead\n    in:\n      2026-01: 1\n      2026-1: 1,204\n",
            [
                "line 10: `expected[1].in.2026-1` must be a number in plain digits; got '1,204'.",
                "line 10: `expected[1].in.2026-1` is no period",
            ],
        ),
        (
            "expected:\n  - count: lead\n    in:\n      2026-01: 1\n      2026-01: 2\n",
            ["line 10: `expected[1].in.2026-01` stands twice; first in line 9."],
        ),
        (
            "expected:\n  - cuont: lead\n    in: [1]\n    where: {sorce: x, source: }\n",
            [
                "line 7: `expected[1]` needs `count` or `value`",
                "line 7: `expected[1].cuont` is not known. Did you mean `count`?",
                "line 8: `expected[1].in` must be a mapping",
                "line 9: `expected[1].where.sorce` is an unknown segment",
                "line 9: `expected[1].where.source` needs a value",
            ],
        ),
        ("expected:\n  - count: lead\n", ["line 7: `expected[1]` needs figures"]),
        (
            "expected:\n  - count: lead\n    total: {a: 1}\n",
            ["line 8: `expected[1].total` must be a text"],
        ),
    ],
)
def test_every_mistake_has_its_line(folder: Path, text: str, said: list[str]) -> None:
    with pytest.raises(FunnelError) as caught:
        loaded(folder, text)
    problems = [words.removeprefix("funnel.yml, ") for words in caught.value.problems]
    for words in said:
        assert [one for one in problems if one.startswith(words)], problems


@pytest.fixture(scope="module")
def leads():
    from io import StringIO

    frame = pd.read_csv(StringIO(ROWS), dtype=str)
    funnel = fk.Funnel(["lead", "won"], value="amount", segments=["source"])
    return fk.from_frame(frame, funnel, as_of="2026-04-30")


def test_the_report_opens_with_whether_all_tie(leads) -> None:
    page = fk.report.monthly(leads=leads, expected=[{"count": "lead", "total": 120}])
    shown = str(page.opening.html())
    assert 'class="tied"><b>Checked against the CRM.</b> The one control total ties' in shown
    assert shown.index('class="tied"') < shown.index('class="story"')
    assert "control_totals_differ" not in str(page.quality.html())


def test_the_report_says_what_does_not_tie(leads) -> None:
    hostile = {"count": "won", "total": 3, "where": {"source": "<b>web</b>"}}
    totals = [{"count": "lead", "in": {"2026-01": 41, "2027-01": 3}}, hostile]
    page = fk.report.monthly(leads=leads, expected=totals)
    assert plain(page.opening.tied) == (
        "0 of 2 control totals tie. These do not: lead in 2026-01: 1 fewer than the CRM's 41 "
        "(+1 not explained); "
        "won (source <b>web</b>): 3 fewer than the CRM's 3 (+3 not explained)."
    )
    shown = page.to_html()
    assert "<b>web</b>" not in shown
    assert "Data: control totals" in shown
    assert "not known yet" in shown
    sheet = sheets_of(page.facts)["Control totals"]
    assert sheet.frame["ours"].tolist()[0] == 40


def test_without_control_totals_nothing_is_said(leads) -> None:
    page = fk.report.monthly(leads=leads)
    assert page.opening.tied == ""
    assert 'class="tied"' not in str(page.opening.html())
    assert "Control totals" not in sheets_of(page.facts)


def test_the_report_takes_them_from_funnel_yml(folder: Path) -> None:
    config = loaded(folder, SOUND + "as_of: 2026-04-30\n")
    page = fk.report.monthly(config=config.path)
    assert page.opening.tied == "All 6 control totals tie with the CRM."


def test_the_audit_opens_with_it(leads) -> None:
    found = fk.audit(leads, expected=[{"count": "lead", "total": 120}])
    assert found.summary().startswith("The one control total ties with the CRM. ")
    assert not [one for one in found.findings if one.rule == "control_totals_differ"]
    found = fk.audit(
        leads, expected=[{"count": "lead", "total": 121}, {"count": "won", "total": 30}]
    )
    assert found.summary().startswith("1 of 2 tie; lead: 1 fewer than the CRM's 121")
    first = found.findings[0]
    assert (first.rule, first.severity, first.count) == ("control_totals_differ", "error", 1)
    assert first.what == "1 of 2 control totals differs from the CRM's: lead, whole."
    assert fk.audit(leads).tied is None


def test_an_explained_difference_is_a_warning(leads) -> None:
    frame = leads.list("lead").assign(lead=lambda f: f["lead"].astype(str))
    frame = pd.concat([frame[["id", "lead"]], frame[["id", "lead"]].head(1)]).assign(won=None)
    again = fk.from_frame(frame, fk.Funnel(["lead", "won"]), as_of="2026-04-30")
    found = fk.audit(again, expected=[{"count": "lead", "total": 121}])
    (one,) = [one for one in found.findings if one.rule == "control_totals_differ"]
    assert one.severity == "warning"
    assert one.remedy.startswith("Every difference is explained")
