"""The monthly report from end to end: the same bytes twice, killed runs, races, hostile data."""

import csv
import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from funnelkit.report import run
from funnelkit.report.runner import ReportRun

pytestmark = pytest.mark.notebook

ROOT = Path(__file__).resolve().parents[2]
CANARY = "canary.zq7@example.org"
HOSTILE = ["<script>alert(1)</script>", "=cmd|' /C calc'!A0", "web"]
FILES = ["manifest.json", "monthly_report.html", "monthly_report.ipynb", "tables.xlsx"]
TABLES = ["months.csv", "rows.csv"]  # of every report, among others that depend on the data


def command(*words: str, folder: Path) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-m", "funnelkit", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir() if one.name != "data")


def manifest(folder: Path) -> dict:
    content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert content.pop("timings")["execute"] > 0
    return content


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> ReportRun:
    """The example report."""
    return run("monthly", demo=True, out=tmp_path_factory.mktemp("first"), progress=False)


def test_the_example_report_is_four_files(first: ReportRun) -> None:
    assert names(first.folder) == FILES
    assert names(first.folder.parent) == ["2026-06"]
    assert first.html.stat().st_size < 1_000_000
    assert manifest(first.folder)["as_of"] == "2026-06-30"


def test_its_tables_stand_beside_it_as_csv_and_in_the_manifest(first: ReportRun) -> None:
    listed = {one["name"] for one in manifest(first.folder)["outputs"]}
    written = {one.name for one in (first.folder / "data").iterdir()}
    assert {f"data/{name}" for name in written} == {one for one in listed if "/" in one}
    assert written >= set(TABLES)
    assert first.workbook is not None
    book = openpyxl.load_workbook(first.workbook)
    assert len(written) == len(book.sheetnames) - 2  # but for the index and the definitions
    months = pd.read_csv(first.folder / "data" / "months.csv")
    sheet = book["Months"]
    shown = [cell.value for cell in sheet["B"] if isinstance(cell.value, (int, float))]
    assert months.iloc[:, 1].tolist() == shown


def test_its_workbook_has_typed_tables_and_definitions(first: ReportRun) -> None:
    assert first.workbook is not None
    book = openpyxl.load_workbook(first.workbook)
    assert book.sheetnames[0] == "Index"
    assert book.sheetnames[-1] == "Definitions"
    assert len(book.sheetnames) > 4
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert {"s", "n"} <= kinds


def test_two_runs_at_once_after_a_killed_one_give_the_same_bytes(
    first: ReportRun, tmp_path: Path
) -> None:
    killed = command("demo", "--out", "reports", folder=tmp_path)
    reports = tmp_path / "reports"
    for _ in range(600):
        if reports.is_dir() and any(one.suffix == ".partial" for one in reports.iterdir()):
            break
        time.sleep(0.05)
    time.sleep(1)
    killed.kill()
    killed.communicate()
    assert [name for name in names(reports) if not name.startswith(".")] == []
    assert [name for name in names(reports) if name.endswith(".partial")]

    both = [command("demo", "--out", "reports", folder=tmp_path) for _ in range(2)]
    said = [one.communicate() for one in both]
    page = Path("reports", "2026-06", "monthly_report.html")
    assert said == [(f"{page}\n", "")] * 2
    assert [one.returncode for one in both] == [0, 0]
    assert names(reports) == ["2026-06"]
    for name in [*FILES[1:], *(f"data/{name}" for name in TABLES)]:
        assert (reports / "2026-06" / name).read_bytes() == (first.folder / name).read_bytes()
    assert manifest(reports / "2026-06") == manifest(first.folder)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> ReportRun:
    """A report on leads whose every personal and every shown text is a trap."""
    folder = tmp_path_factory.mktemp("sales team's data")
    rows = ["lead_id,created,won,source,email,amount,rep,company,why"]
    for number in range(600):
        month, day = 1 + number % 6, 1 + number % 28
        won = f"2026-{month:02d}-{day + number % 3:02d}" if number % 9 == 0 and day < 26 else ""
        source = HOSTILE[number % 3].replace('"', '""')
        created = f"2026-{month:02d}-{day:02d}"
        others = ",".join(f'"{word} {source}"' for word in ("</td>", "@SUM(1)", "javascript:"))
        rows.append(
            f'{number},{created},{won},"{source}",{number}.{CANARY},{100 + number},{others}'
        )
    rows += [rows[1], f"600,2026-02-03,,web,{CANARY},5,a,b,c,one cell too many", f"{CANARY}"]
    (folder / "leads.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "funnel.yml").write_text(
        "title: Team <b>&</b> Söhne\nstages: [lead, won]\nid: lead_id\ncolumns: {lead: created}\n"
        "segments: [source, why]\nowner: rep\naccount: company\nvalue: amount\n"
        "personal: [email]\nas_of: 2026-06-30\n"
        "changes: [{date: 2026-03-01, what: '<img src=x onerror=alert(2)>'}]\n"
        "calendar: {fiscal_year_start: 2}\ndata: leads.csv\n",
        encoding="utf-8",
    )
    return run("monthly", config=folder, out=folder / "reports", progress=False)


def texts(folder: Path) -> dict[str, str]:
    found = {}
    for path in (one for one in folder.rglob("*") if one.is_file()):
        found[path.name] = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as content:
                parts = [content.read(name).decode("utf-8") for name in content.namelist()]
            found[path.name] = "\n".join(parts)
    return found


def test_a_personal_value_reaches_no_file(hostile: ReportRun) -> None:
    assert hostile.folder.name == "2026-06"
    assert set(texts(hostile.folder)) >= {*FILES, *TABLES}
    for name, text in texts(hostile.folder).items():
        assert CANARY not in text, name
        assert "canary" not in text, name


def test_hostile_texts_come_out_harmless(hostile: ReportRun) -> None:
    page = hostile.html.read_text(encoding="utf-8")
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<b>&</b>" not in page
    for tag in ("<img", "<script", "</td> ", "onerror=alert(2)>"):
        assert tag not in page.lower(), tag
    assert hostile.workbook is not None
    book = openpyxl.load_workbook(hostile.workbook)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]
    shown = [cell.value for cell in cells if cell.data_type == "s"]
    assert "'" + HOSTILE[1] in shown
    assert not [one for one in shown if one.startswith("=")]
    assert not [cell for cell in cells if cell.data_type == "f"]
    files = [one.read_text(encoding="utf-8") for one in (hostile.folder / "data").iterdir()]
    cells = [cell for text in files for row in csv.reader(text.splitlines()) for cell in row]
    assert "'" + HOSTILE[1] in cells
    assert not [one for one in cells if one.startswith("=")]


def test_no_file_names_the_machine_s_folders(hostile: ReportRun) -> None:
    folder = hostile.folder.parents[1]
    found = texts(hostile.folder)
    del found["monthly_report.ipynb"]  # holds the parameters as they were given
    for name, text in found.items():
        assert folder.as_posix() not in text, name


def test_olist_end_to_end(tmp_path: Path, shared_data: Path) -> None:
    """May 2018: 1,303 first contacts; README of the shared data."""
    olist = (shared_data / "olist").as_posix()
    (tmp_path / "funnel.yml").write_text(
        "title: Olist\nstages: [mql, won]\nid: mql_id\n"
        "columns: {mql: first_contact_date, won: won_date}\nsegments: [origin]\n",
        encoding="utf-8",
    )
    done = command(
        *("report", "monthly", "--month", "2018-05", "--config", "funnel.yml", "--json"),
        *("--data", f"{olist}/olist_marketing_qualified_leads_dataset.csv"),
        *("--join", f"{olist}/olist_closed_deals_dataset.csv"),
        folder=tmp_path,
    )
    out, err = done.communicate()
    assert (done.returncode, err) == (0, "")
    said = json.loads(out)
    assert said["html"] == "reports/2018-05/monthly_report.html"
    page = (tmp_path / said["html"]).read_text(encoding="utf-8")
    assert "1,303" in page
    made_from = manifest(tmp_path / "reports" / "2018-05")
    assert made_from["as_of"] == "2018-05-31"
    assert [one["name"] for one in made_from["inputs"]] == [
        "funnel.yml",
        "olist_marketing_qualified_leads_dataset.csv",
        "olist_closed_deals_dataset.csv",
    ]


def test_data_that_cannot_be_read_keep_the_notebook(tmp_path: Path, shared_data: Path) -> None:
    olist = (shared_data / "olist" / "excel_ddmmyyyy_crlf__olist_").as_posix()
    (tmp_path / "funnel.yml").write_text(
        "stages: [mql, won]\nid: mql_id\ncolumns: {mql: first_contact_date, won: won_date}\n"
        f"data:\n  files: {olist}marketing_qualified_leads_dataset.csv\n"
        f"  join: {olist}closed_deals_dataset.csv\n",
        encoding="utf-8",
    )
    done = command("report", "monthly", "--month", "2018-05", folder=tmp_path)
    out, err = done.communicate()
    assert (done.returncode, out) == (1, "")
    assert err.startswith("funnelkit: the monthly report stopped in cell ")
    assert "dayfirst" in err
    assert "Traceback" not in err
    kept = Path("reports", "2018-05", "monthly_report.failed.ipynb")
    assert err.endswith(f"The notebook with that cell is kept: {kept}\n")
    assert names(tmp_path / "reports") == ["2018-05"]
    assert names(tmp_path / kept.parent) == [kept.name]
