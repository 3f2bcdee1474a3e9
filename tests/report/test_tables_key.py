"""`tables` in funnel.yml: what is not a lead, read when the report runs, each row accounted for."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import DataError, DefinitionError
from funnelkit.report.config import Config, load_config
from funnelkit.report.page.facts import Channel, Channels
from funnelkit.report.page.markup import plain
from funnelkit.report.page.sections import by_channel, quality, scorecard
from funnelkit.report.page.sheets import sheets_of
from funnelkit.report.page.views.records import with_tables
from funnelkit.report.runner import prepared
from tests.report.literal_facts import FORMULA, HOSTILE, facts

START = """
stages: [lead, won]
id: id
segments: [source]
personal: [email]
timezone: Europe/Berlin
calendar: {fiscal_year_start: 2}
data: leads.csv
"""


def folder(tmp_path: Path, text: str, **files: str) -> Path:
    (tmp_path / "funnel.yml").write_text(START + text, encoding="utf-8")
    files = {
        "leads": "id,lead,won,source\na,2026-01-05,2026-01-20,web\nb,2026-01-06,,web\n"
    } | files
    for name, content in files.items():
        (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8")
    return tmp_path


def config(tmp_path: Path, text: str, **files: str) -> Config:
    return load_config(folder(tmp_path, text, **files))


SPEND = "month,channel,amount\n2026-01,web,100\n,web,5\n"


def test_a_path_or_a_mapping(tmp_path: Path) -> None:
    found = config(
        tmp_path,
        """
tables:
  channel: source
  spend: spend.csv
  visitors:
    path: visits.csv
    columns: {month: When, visitors: Sessions}
    date_format: "%d.%m.%Y"
    delimiter: ;
  quotas: {path: quotas.csv, currency: EUR, exchange: {USD: 0.92}}
  contracts: {path: contracts.csv, years: [Y1, Y2]}
  activities: calls.csv
""",
        spend=SPEND,
        visits="When;Sessions\n15.01.2026;400\n",
        quotas="period,rep,amount,currency\nFY2026 Q4,Ann,100,USD\n",
        contracts="contract,start,end,amount,Y1,Y2\nc,2026-01-01,2027-12-31,30,10,20\n",
        calls="at,kind\n2026-01-05T23:30:00Z,call\n",
    )
    assert found.tables.channel == "source"
    tables = found.tables.read()
    assert list(tables) == ["spend", "visitors", "activities", "quotas", "contracts"]
    assert dict(tables["spend"].aside) == {"no `month`": 1}
    assert tables["visitors"].frame["visitors"].tolist() == [400]
    assert tables["quotas"].frame["amount"].tolist() == [92]
    assert tables["quotas"].frame["period"].tolist() == [pd.Period("2026Q4", "Q-JAN")]
    assert tables["contracts"].frame["year_2"].tolist() == [20]
    assert tables["activities"].frame["at"].dt.day.tolist() == [6]  # in the funnel's zone
    assert [file.name for file in found.tables.files][:2] == ["spend.csv", "visits.csv"]


def test_paths_are_treated_as_those_of_the_exports(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "spend.csv").write_text(SPEND, encoding="utf-8")
    up = config(inner, "tables: {spend: ../spend.csv}\n")
    assert len(up.tables.read()["spend"]) == 1
    many = config(inner, 'tables: {spend: "sp*.csv"}\n', sp1=SPEND, sp2=SPEND)
    assert len(many.tables.read()["spend"]) == 2
    _, setup = prepared(fk.report.parameters.model_of("monthly"), {
        "config": str(inner / "funnel.yml"), "month": "2026-01",
    })  # fmt: skip
    assert setup is not None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("spend: spent.csv", "line 10: `tables.spend` names no file: 'spent.csv' does not exist"),
        ("spendings: spend.csv", "`tables.spendings` is not known. Did you mean `spend`?"),
        ("spend: {columns: {amount: Cost}}", "`tables.spend.path` is missing"),
        ("spend: {path: spend.csv, columns: {amout: Cost}}", "knows no 'amout'. Did you mean `am"),
        ("spend: {path: spend.csv, colums: {amount: Cost}}", "Did you mean `columns`?"),
        ("spend: {path: spend.csv, keep: email}", "names 'email', which is `personal`"),
        ("spend: {path: spend.csv, columns: {channel: email}}", "which is `personal`"),
        ("spend: {path: spend.csv, sheet: One}", "is for Excel workbooks; spend.csv is none"),
        ("spend: {path: spend.csv, exchange: {USD: dear}}", "must be a rate such as `USD: 0.92`"),
        ("spend: {path: spend.csv, date_format: dd.mm.yyyy}", "Did you mean %d.%m.%Y?"),
        ("visitors: {path: spend.csv, currency: EUR}", "`tables.visitors.currency` is not known"),
        ("quotas: {path: spend.csv, every: week}", "must be one of month, quarter, year"),
        ("quotas: {path: spend.csv, date_format: '%d.%m.%Y'}", "is not for quotas"),
        ("channel: sauce", "must be a segment of the funnel; got 'sauce'"),
        ("[spend.csv]", "`tables` must be a mapping"),
    ],
)
def test_mistakes_have_their_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        config(tmp_path, f"tables:\n  {text}\n", spend=SPEND)
    assert words in str(caught.value)


def test_all_problems_of_all_tables_are_one_error(tmp_path: Path) -> None:
    found = config(
        tmp_path,
        "tables: {spend: spend.csv, visitors: visits.csv, subscriptions: subs.csv}\n",
        spend="month,channel,amount\n2026-01,web,much\n",
        visits="month,people\n2026-01,4\n",
        subs="account,month,mrr\na,2026-01,5\n",
    )
    with pytest.raises(DataError) as caught:
        found.tables.read()
    assert len(caught.value.problems) == 2
    assert "`tables.spend` in funnel.yml" in caught.value.problems[0]
    assert "`tables.visitors` in funnel.yml" in caught.value.problems[1]
    assert "`visitors`" in caught.value.problems[1]


def test_the_page_holds_them(tmp_path: Path) -> None:
    text = """
as_of: 2026-01-31
headline:
  - {metric: cac, target: 120, owner: "%s"}
  - {metric: cac, channel: web}
  - {metric: mrr}
tables: {channel: source, spend: spend.csv, subscriptions: subs.csv}
where: {source: [web, "%s"]}
""" % (HOSTILE, HOSTILE)  # noqa: UP031  braces of YAML
    found = folder(
        tmp_path, text,
        spend=f"month,channel,amount\n2026-01,web,100\n2026-01,{HOSTILE},7\n,web,5\n",
        subs="account,month,mrr\na,2026-01,250\n",
        leads="id,lead,won,source\na,2026-01-05,2026-01-20,web\nb,2026-01-31,,web\n",
    )  # fmt: skip
    page = fk.report.monthly(config=found, month="2026-01")
    assert page.facts.card is not None
    values = {(one.headline.metric, one.headline.channel): one.now.value
              for one in page.facts.card.lines}  # fmt: skip
    assert values == {("cac", None): 107, ("cac", "web"): 100, ("mrr", None): 250}
    score, data = page.scorecard.html(), page.quality.html()
    assert "The target is reached" in page.scorecard.title
    assert HOSTILE not in score
    assert HOSTILE not in data
    assert "the tables are taken whole" in plain(score)
    assert "Spend (spend.csv): 3 rows read = 2 kept + 1 no month." in plain(data)
    assert "1 row set aside" in page.quality.title
    sheets = sheets_of(page.facts)
    assert sheets["Channels"].frame["cac_value"].tolist()[0] == 100
    assert set(sheets["Rows"].frame["file"]) >= {"Spend (spend.csv)", "leads.csv"}


def view(*rows: Channel, valued: bool = True) -> Channels:
    return Channels(column="source", first="2025-06", last="2026-05", rows=rows, currency="EUR",
                    valued=valued)  # fmt: skip


def row(name: str | None, **changes: float) -> Channel:
    given = {"months": 12, "cost": 7200.0, "leads": 1440.0, "customers": 36.0, "returned": -0.25}
    return Channel(name=name, **(given | changes))  # type: ignore[arg-type]


def test_channels_beside_each_other() -> None:
    nan = float("nan")
    table = by_channel.channel_table(
        view(row("web"), row(HOSTILE, months=0, cost=nan, returned=nan, leads=30), row(FORMULA),
             row("idle", leads=0, customers=0), row(None))
    )  # fmt: skip
    text = re.sub(r"(<[^>]*>)+", "|", str(table)).replace("\u2212", "-")
    assert HOSTILE not in str(table)
    assert "|web|EUR 7,200|1,440|EUR 5|36|EUR 200|-0.25|" in text
    assert "no cost is known" in text
    assert "of fewer than 20 customers swing widely" in text
    assert by_channel.channel_table(None) is None
    assert by_channel.channel_table(view(row("web", months=0, cost=nan))) is None
    assert "Return" not in str(by_channel.channel_table(view(row("web"), valued=False)))
    many = view(*(row(f"c{k}") for k in range(15)))
    assert "3 more channels in the workbook" in str(by_channel.channel_table(many))


def test_a_page_without_tables_is_as_before() -> None:
    page = facts()
    assert with_tables(page.quality, {}).findings == page.quality.findings
    assert "Channels" not in sheets_of(page)
    assert "by-channel" not in scorecard.section(page).html()
    assert quality.section(page).title == quality.section(facts()).title
