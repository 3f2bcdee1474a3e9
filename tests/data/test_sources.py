"""Files and frames as raw relations: which columns are read, what is kept and what goes."""

import datetime as dt
import gc

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.data import sources
from funnelkit.data.delimited import open_csv

FUNNEL = fk.Funnel(["lead", "won"], id="id", personal=["name"])
TEXT = "id,lead,won,name\n1,2026-01-05,,Canary Ltd\n2,2026-01-06,2026-02-01,Canary Ltd\n"


def cells_of(leads):
    """Return everything that the engine holds, as texts."""
    tables = leads.engine.raw_sql("SELECT table_name FROM duckdb_tables()").fetchall()
    views = leads.engine.raw_sql("SELECT view_name FROM duckdb_views() WHERE NOT internal")
    assert views.fetchall() == []
    return {
        str(cell)
        for (table,) in tables
        for row in leads.engine.raw_sql(f'SELECT * FROM "{table}"').fetchall()
        for cell in row
    }


def test_only_needed_columns_are_read(tmp_path):
    (tmp_path / "leads.csv").write_text(TEXT, encoding="utf-8")
    frame = pd.read_csv(tmp_path / "leads.csv", dtype="string")
    frame.to_parquet(tmp_path / "leads.parquet")
    for leads in (
        fk.read_csv(tmp_path / "leads.csv", FUNNEL, as_of="2026-03-31"),
        fk.read_parquet(tmp_path / "leads.parquet", FUNNEL, as_of="2026-03-31"),
        fk.from_frame(frame, FUNNEL, as_of="2026-03-31"),
    ):
        cells = cells_of(leads)
        assert "2026-02-01" in cells
        assert not any("Canary" in cell for cell in cells)


def test_misfits_tell_no_content(tmp_path):
    (tmp_path / "leads.csv").write_text(TEXT + "3,2026-01-07,,Canary,Ltd\n", encoding="utf-8")
    leads = fk.read_csv(tmp_path / "leads.csv", FUNNEL, as_of="2026-03-31")
    assert leads.rows.misfit_examples == ("leads.csv line 4 (5 cells, the header has 4)",)
    assert not any("Canary" in cell for cell in cells_of(leads))


def test_lists_and_patterns_are_rows_of_one_kind(tmp_path):
    for number, day in enumerate(("05", "06", "07")):
        text = f"id,lead,won\n{number},2026-01-{day},\n"
        (tmp_path / f"leads-{number}.csv").write_text(text, encoding="utf-8")
    (tmp_path / "leads-3.csv").write_text("won,id,lead,extra\n,3,2026-01-08,x\n", encoding="utf-8")
    funnel = fk.Funnel(["lead", "won"], id="id")
    by_pattern = fk.read_csv(tmp_path / "leads-*.csv", funnel, as_of="2026-03-31")
    assert by_pattern.list("lead")["id"].tolist() == ["0", "1", "2", "3"]
    assert by_pattern.accounting()["file"].unique().tolist() == ["leads-0.csv and 3 more"]
    twice = [tmp_path / "leads-0.csv", tmp_path / "*-0.csv"]
    assert sum(fk.read_csv(twice, funnel, as_of="2026-03-31").rows.read) == 1


def test_a_file_in_another_encoding_leaves_no_copy_behind(tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    (tmp_path / "leads.csv").write_bytes(TEXT.replace("Ltd", "Süd").encode("cp1252"))
    leads = fk.read_csv(tmp_path / "leads.csv", FUNNEL, encoding="cp1252", as_of="2026-03-31")
    assert len(leads) == 2
    assert list(scratch.rglob("*.csv")) == []
    del leads
    gc.collect()
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("rows", [1, 200_000])
def test_rows_are_counted_in_small_and_large_files(tmp_path, rows):
    path = tmp_path / "leads.csv"
    with path.open("w", encoding="utf-8") as stream:
        stream.write("id,lead,won\n")
        stream.writelines(f"{k},2026-01-05,\n" for k in range(rows))
        stream.write("odd\n")
    engine = sources.connect()
    source = open_csv(engine, path, delimiter=None, encoding=None, needed={"id", "lead", "won"})
    assert source.rows == rows + 1
    assert source.misfits == (1, (f"leads.csv line {rows + 2} (1 cell, the header has 3)",))
    assert source.table.count().execute() == rows


def test_names_with_quotes_and_semicolons_are_names(tmp_path):
    odd = 'a"; DROP TABLE x; --'
    funnel = fk.Funnel([odd, "won'"], id="i'd", segments=['seg"ment'])
    frame = pd.DataFrame(
        {"i'd": ["'; --"], odd: [dt.date(2026, 1, 5)], "won'": None, 'seg"ment': ["x'); --"]}
    )
    leads = fk.from_frame(frame, funnel, as_of="2026-03-31")
    frame.to_csv(tmp_path / "leads.csv", index=False)
    for one in (leads, fk.read_csv(tmp_path / "leads.csv", funnel, as_of="2026-03-31")):
        assert one.list(odd)["i'd"].tolist() == ["'; --"]
        assert one.list(odd, **{'seg"ment': "x'); --"}).shape[0] == 1
        assert fk.audit(one).records == 1
