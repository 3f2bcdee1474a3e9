"""funnel.yml that names a table of a warehouse: what is read, and what is refused."""

import json
from pathlib import Path

import duckdb
import pytest

import funnelkit as fk
from funnelkit._core.errors import DataError, DefinitionError
from funnelkit.data.warehouse import Warehouse
from funnelkit.report.config import load_config

YML = """\
stages: [lead, won]
exits: [lost]
id: id
value: amount
segments: [source]
as_of: 2026-04-30
data:
  connection: {connection}
  {what}
"""
ROWS = """
CREATE SCHEMA sales;
CREATE TABLE sales.deals AS
SELECT 'd' || i AS id, DATE '2026-01-05' + (i % 90)::INT AS lead,
  CASE WHEN i % 5 = 0 THEN DATE '2026-01-05' + (i % 90 + i % 17)::INT END AS won,
  CASE WHEN i % 7 = 1 AND i % 5 <> 0 THEN DATE '2026-01-25' + (i % 90)::INT END AS lost,
  CASE WHEN i % 5 = 0 THEN 100 + i END AS amount
FROM range(400) AS numbers(i);
CREATE TABLE origins AS
SELECT 'd' || i AS id, CASE WHEN i % 2 = 0 THEN 'web' ELSE 'event' END AS source
FROM range(400) AS numbers(i);
CREATE TABLE log AS
SELECT id, 'lead' AS stage, lead::TIMESTAMP AS at, 'web' AS source, amount FROM sales.deals
UNION ALL SELECT id, 'won', won::TIMESTAMP, 'web', amount FROM sales.deals WHERE won IS NOT NULL;
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a database, which is not the working folder."""
    home = tmp_path / "crm"
    home.mkdir()
    with duckdb.connect(str(home / "crm.duckdb")) as database:
        database.execute(ROWS)
        database.execute("COPY (FROM sales.deals JOIN origins USING (id)) TO "
                         f"'{home / 'export.parquet'}'")  # fmt: skip
    return home


def config(folder: Path, what: str, connection: str = "duckdb://crm.duckdb"):
    path = folder / "funnel.yml"
    path.write_text(YML.format(connection=connection, what=what), encoding="utf-8")
    return load_config(path)


@pytest.mark.parametrize(
    "what",
    [
        "table: sales.deals\n  join: origins",
        'query: "FROM sales.deals JOIN origins USING (id)"',
    ],
)
def test_a_table_gives_what_its_export_gives(folder, what):
    here = config(folder, what).read()
    there = fk.read_parquet(folder / "export.parquet", here.funnel, as_of="2026-04-30")
    counted = [fk.triangle(leads, "lead", "won", by="source").to_frame() for leads in (here, there)]
    assert counted[0].equals(counted[1])
    assert len(here) == 400


def test_a_log_in_a_warehouse(folder):
    leads = config(folder, "table: log\n  events: {id: id, stage: stage, time: at}").read()
    assert (len(leads), fk.triangle(leads, "lead", "won").events["won"].sum()) == (400, 80)


def test_files_take_the_place_of_the_warehouse(folder):
    found = config(folder, "table: sales.deals")
    leads = found.read(data=str(folder / "export.parquet"))
    assert leads.accounting()["file"].eq("export.parquet").all()


@pytest.mark.notebook
def test_a_report_on_a_table(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config(folder, "table: sales.deals\n  join: origins", "duckdb://${CRM}")
    monkeypatch.setenv("CRM", "crm.duckdb")
    made = fk.report.run("monthly", config=folder / "funnel.yml", month="2026-03")
    told = json.loads(made.manifest.read_text(encoding="utf-8"))
    assert told["warehouse"] == {
        "connection": "duckdb://${CRM}",
        "table": "sales.deals",
        "join": ["origins"],
    }
    assert [one["name"] for one in told["inputs"]] == ["funnel.yml"]
    same = fk.report.monthly(
        config=folder / "funnel.yml", data=folder / "export.parquet", month="2026-03"
    )
    assert same.opening.title in made.html.read_text(encoding="utf-8")


def test_what_contradicts_a_connection_is_said_at_once(folder):
    with pytest.raises(DefinitionError) as refused:
        config(folder, "files: a.csv\n  delimiter: ;\n  table: a\n  query: b", "crm")
    told = str(refused.value)
    for words in ("must be a URL", "`data.files` and `connection` exclude", "`data.delimiter`",
                  "needs `table` or `query`"):  # fmt: skip
        assert words in told
    text = "stages: [a, b]\nid: id\ndata: {files: [], table: x}\n"
    (folder / "funnel.yml").write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"`data.table` needs `connection`"):
        load_config(folder)


@pytest.mark.parametrize(
    ("connection", "what", "error", "words"),
    [
        ("duckdb://${NOT_SET}", "table: log", DefinitionError, r"\$\{NOT_SET\}"),
        ("duckdb://other.duckdb", "table: log", DefinitionError, "'other.duckdb' does not"),
        ("duckdb://crm.duckdb", "table: sales.deal", DataError, "`sales.deal` cannot be opened"),
        ("duckdb://crm.duckdb", "query: SELEC 1", DataError, "`query` is refused"),
        ("duckdb://crm.duckdb", "query: FROM log; DROP TABLE log", DataError, "one statement"),
        ("teradata://me:hush@host/x", "table: a", DataError, r"me:\*\*\*@host/x.* reached"),
    ],
)
def test_what_cannot_be_opened(folder, connection, what, error, words):
    with pytest.raises(error, match=words) as refused:
        config(folder, what, connection).read()
    assert "hush" not in str(refused.value)


def test_an_archive_keeps_files_only(folder):
    with pytest.raises(DefinitionError, match="the archive keeps files"):
        config(folder, "table: sales.deals").archive()


def test_a_password_is_not_shown():
    one = Warehouse(connection="postgres://me:p%40ss@host:5432/crm", table="a", query=None)
    assert one.place == "postgres://me:***@host:5432/crm"
