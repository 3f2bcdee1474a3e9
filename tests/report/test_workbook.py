"""tables.xlsx, read back with openpyxl: types, formats, and nothing that could run."""

import csv
import datetime as dt
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from funnelkit.report.workbook import (
    Sheet,
    WorkbookWarning,
    legal_names,
    safe,
    write_tables,
)

HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "\uff1d1+1",
    "\xa0=1+1",
]
HARMLESS = ["<script>alert(1)</script>", "web", "a=b", "(blank)", "", "12", "http://example.org"]


@pytest.fixture
def book(tmp_path: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(write_tables(tmp_path / "tables.xlsx", sheets()))


def sheets() -> dict[str, Sheet | tuple[object, ...]]:
    frame = pd.DataFrame(
        {
            "cohort": pd.PeriodIndex(["2018-04", "2018-05"], freq="M"),
            "source": ["=1+1", "web"],
            "entered": [1352, 1303],
            "converted": np.array([183, 130], dtype=np.int64),
            "conversion_rate": [0.1354, 0.0998],
            "low": [0.118, np.nan],
            "median_days": [14.5, None],
            "won_value": [1234567.891, 0.0],
            "first": [dt.date(2018, 4, 1), pd.Timestamp("2018-05-01")],
            "mature": [True, False],
            "ratio": [1.25, 3.0],
        }
    )
    return {
        "Cohorts": Sheet("Rates by cohort", frame, ("Per month of first contact.", "=2+2")),
        "By source/region": ("By source", frame.set_index("source")[["entered"]], "One note"),
    }


def cells(book: openpyxl.Workbook, name: str, row: int) -> list[object]:
    return [cell.value for cell in book[name][row]]


def test_each_table_has_its_sheet_and_the_index_lists_them(book: openpyxl.Workbook) -> None:
    assert book.sheetnames == ["Index", "Cohorts", "By source region"]
    assert cells(book, "Index", 3) == ["Sheet", "Title", "Rows"]
    assert cells(book, "Index", 4) == ["Cohorts", "Rates by cohort", 2]
    assert book["Index"]["A5"].hyperlink.location == "'By source region'!A1"


def test_values_keep_their_types(book: openpyxl.Workbook) -> None:
    assert cells(book, "Cohorts", 5)[:5] == [
        "cohort",
        "source",
        "entered",
        "converted",
        "conversion_rate",
    ]
    assert cells(book, "Cohorts", 6) == [
        "2018-04", "'=1+1", 1352, 183, 0.1354, 0.118, 14.5, 1234567.891,
        dt.datetime(2018, 4, 1), True, 1.25,
    ]  # fmt: skip
    assert cells(book, "Cohorts", 7) == [
        "2018-05", "web", 1303, 130, 0.0998, None, None, 0,
        dt.datetime(2018, 5, 1), False, 3,
    ]  # fmt: skip
    assert cells(book, "By source region", 5) == ["'=1+1", 1352]


def test_formats_say_what_a_number_is(book: openpyxl.Workbook) -> None:
    shown = {
        head.value: cell.number_format for head, cell in zip(*book["Cohorts"][5:6], strict=True)
    }
    assert shown == {
        "cohort": "@",
        "source": "@",
        "entered": "#,##0",
        "converted": "#,##0",
        "conversion_rate": "0.0%",
        "low": "0.0%",
        "median_days": "#,##0.0",
        "won_value": "#,##0.00",
        "first": "yyyy-mm-dd",
        "mature": "General",
        "ratio": "#,##0.0###",
    }


def test_an_interval_outside_0_to_1_is_no_share(tmp_path: Path) -> None:
    frame = pd.DataFrame({"low": [120.0], "adjusted": [0.1], "period_rate": [1.4], "days": [3]})
    book = openpyxl.load_workbook(write_tables(tmp_path / "t.xlsx", {"a": ("A", frame)}))
    assert [cell.number_format for cell in book["a"][4]] == ["#,##0", "0.0%", "0.0%", "#,##0.0"]


def test_heads_are_frozen_and_columns_wide_enough(book: openpyxl.Workbook) -> None:
    sheet = book["Cohorts"]
    assert sheet.freeze_panes == "B6"
    assert sheet.auto_filter.ref == "A5:K7"
    assert all(10 <= sheet.column_dimensions[letter].width <= 63 for letter in "ABCDEFGHIJK")


def test_definitions_have_a_sheet(tmp_path: Path) -> None:
    meaning = {"win rate": "won / opportunities that entered", "=x": "@y"}
    path = write_tables(tmp_path / "t.xlsx", sheets(), definitions=meaning, title="May 2018")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[-1] == "Definitions"
    assert cells(book, "Definitions", 4) == ["win rate", "won / opportunities that entered"]
    assert cells(book, "Definitions", 5) == ["'=x", "'@y"]
    assert book["Index"]["A1"].value == "May 2018"


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_the_data_is_a_formula(tmp_path: Path, text: str) -> None:
    frame = pd.DataFrame({"source": [text], text: ["x"]}).set_index("source")
    path = write_tables(
        tmp_path / "t.xlsx", {text: (text, frame, (text,))}, definitions={text: text}, title=text
    )
    book = openpyxl.load_workbook(path)
    found = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]
    assert {cell.data_type for cell in found} == {"s", "n"}
    texts = [cell.value for cell in found if cell.data_type == "s"]
    assert not [one for one in texts if one.lstrip().startswith(("=", "+", "-", "@", "\uff1d"))]
    assert not [one for one in texts if one[0] in "\t\r\n"]
    with zipfile.ZipFile(path) as content:
        assert not any(b"<f>" in content.read(name) for name in content.namelist())
        assert not any(name.startswith("xl/externalLinks") for name in content.namelist())


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_stays_harmless_through_csv(text: str) -> None:
    stream = io.StringIO()
    csv.writer(stream).writerow([safe(text)])
    assert stream.getvalue().lstrip('"').startswith("'")


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_texts_stay_as_they_are(tmp_path: Path, text: str) -> None:
    assert safe(text) == text
    path = write_tables(tmp_path / "t.xlsx", {"a": ("A", pd.DataFrame({"x": [text, "y"]}))})
    cell = openpyxl.load_workbook(path)["a"]["A4"]
    assert (cell.value or "", cell.hyperlink) == (text, None)


def test_odd_values_find_a_form(tmp_path: Path) -> None:
    values = [
        pd.NaT,
        pd.NA,
        None,
        np.nan,
        np.inf,
        -np.inf,
        np.float64(2.5),
        10**20,
        (1, 2),
        "a\x00b",
    ]
    frame = pd.DataFrame({"x": pd.Series(values, dtype=object)})
    path = write_tables(tmp_path / "t.xlsx", {"a": ("A", frame)})
    shown = [row[0].value for row in openpyxl.load_workbook(path)["a"].iter_rows(min_row=4)]
    assert shown[:9] == [None, None, None, None, "∞", "\u2212∞", 2.5, 1e20, "(1, 2)"]


def test_a_text_longer_than_a_cell_is_cut(tmp_path: Path) -> None:
    path = write_tables(
        tmp_path / "t.xlsx", {"a": ("A", pd.DataFrame({"x": ["=" + "y" * 40_000]}))}
    )
    assert len(openpyxl.load_workbook(path)["a"]["A4"].value) == 32_767


def test_an_empty_table_is_a_head(tmp_path: Path) -> None:
    path = write_tables(
        tmp_path / "t.xlsx", {"a": ("A", pd.DataFrame({"x": []})), "b": ("B", pd.DataFrame())}
    )
    assert openpyxl.load_workbook(path)["a"]["A3"].value == "x"


def test_the_same_tables_give_the_same_bytes(tmp_path: Path) -> None:
    first = write_tables(tmp_path / "a.xlsx", sheets(), definitions={"x": "y"}).read_bytes()
    second = write_tables(tmp_path / "b.xlsx", sheets(), definitions={"x": "y"}).read_bytes()
    assert first == second
    with zipfile.ZipFile(tmp_path / "a.xlsx") as content:
        assert {one.date_time for one in content.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_sheet_names_are_legal_and_unique() -> None:
    long = "by the source of the very first contact"
    given = ["a", "A", "Index", "definitions", "History", "", "'", "a/b[c]:*?\\", long, long + "!"]
    names = legal_names(given)
    assert list(names) == given
    assert len({name.lower() for name in names.values()} | {"index", "definitions"}) == 12
    for name in names.values():
        assert 0 < len(name) <= 31
        assert not set(name) & set("[]:*?/\\")
        assert name.lower() != "history"
        assert name[0] != "'" != name[-1]


def test_a_workbook_that_is_open_yields_a_second_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.replace

    def in_excel(source: object, target: object) -> None:
        if str(target).endswith(("tables.xlsx", "tables (2).xlsx")):
            raise PermissionError(13, "in use by another process", str(target))
        real(source, target)  # type: ignore[arg-type]

    path = write_tables(tmp_path / "tables.xlsx", sheets())
    before = path.read_bytes()
    (tmp_path / "tables (2).xlsx").write_bytes(b"open, too")
    monkeypatch.setattr(os, "replace", in_excel)
    words = r"^tables.xlsx is open in another program; the tables are in tables \(3\).xlsx.$"
    with pytest.warns(WorkbookWarning, match=words):
        second = write_tables(path, {"x": ("X", pd.DataFrame({"x": [1]}))})
    assert second == tmp_path / "tables (3).xlsx"
    assert openpyxl.load_workbook(second).sheetnames == ["Index", "x"]
    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "tables (2).xlsx",
        "tables (3).xlsx",
        "tables.xlsx",
    ]
