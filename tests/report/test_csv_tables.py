"""`data/*.csv`: typed, unrounded, the same bytes, and no formula however the file is split."""

import csv
import datetime as dt
import io
import re

import numpy as np
import pandas as pd
import pytest

from funnelkit.report.csv_tables import csv_text, file_names, write_csv_tables
from funnelkit.report.workbook import Drawn, Sheet

FORMULAS = [
    "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", " =1", "\uff1d1",
    "x;=cmd|' /C calc'!A0;", 'x"; =1+1', "x\n=1+1", "x\t@SUM(1)", "a|=1", "a,=1", 'a;"=1"',
]  # fmt: skip


def test_values_come_back_as_they_were() -> None:
    frame = pd.DataFrame(
        {
            "month": pd.PeriodIndex(["2026-01", "2026-02"], freq="M"),
            "day": [dt.date(2026, 1, 31), None],
            "leads": np.array([1303, 7]),
            "rate": [0.1 + 0.2, np.nan],
            "text": ['say "hi", Süd', None],
            "young": [True, False],
        }
    )
    lines = csv_text(frame).splitlines()
    assert lines[0] == '"month","day","leads","rate","text","young"'
    assert lines[1].endswith('2026-01-31,1303,0.30000000000000004,"say ""hi"", Süd",true')
    assert lines[2].endswith(",,7,,,false")
    back = pd.read_csv(io.StringIO(csv_text(frame)), dtype={"rate": str})
    assert back["leads"].tolist() == [1303, 7]
    assert float(back["rate"].tolist()[0]) == 0.1 + 0.2


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_no_cell_begins_a_formula_whatever_splits_the_lines(text: str, delimiter: str) -> None:
    written = csv_text(pd.DataFrame({"n": [5], text: [text], "more": [text]}))
    split = [
        *(cell for row in csv.reader(io.StringIO(written), delimiter=delimiter) for cell in row),
        *re.split(re.escape(delimiter), written),  # a program that does not heed quotes
    ]
    for cell in split:
        assert not re.match(r"[\s\"]*[=+\-@\uff1d\uff0b\uff0d\uff20]", cell), (text, cell)


def test_a_negative_number_stays_a_number() -> None:
    assert csv_text(pd.DataFrame({"change": [-4]})) == '"change"\n-4\n'


def test_a_named_index_is_a_column() -> None:
    frame = pd.DataFrame({"n": [1]}, index=pd.Index(["web"], name="source"))
    assert csv_text(frame) == '"source","n"\n"web",1\n'


def test_one_file_for_each_table_and_none_for_a_drawn_sheet(tmp_path) -> None:
    frame = pd.DataFrame({"n": [1]})
    sheets = {
        "Months": Sheet("Months", frame),
        "../../Months": ("Another", frame, ""),
        "Plan": Drawn("A plan", 3, lambda writer, sheet: None),
    }
    written = write_csv_tables(tmp_path / "data", sheets)
    assert [one.name for one in written] == ["months.csv", "months-2.csv"]
    assert sorted(tmp_path.rglob("*.csv")) == sorted(written)
    assert written[0].read_bytes() == b'"n"\n1\n'


def test_names_that_collide_are_numbered() -> None:
    assert list(file_names({"A b": 0, "a-b": 0, "a/b": 0, "///": 0}).values()) == [
        "a-b.csv",
        "a-b-2.csv",
        "a-b-3.csv",
        "table.csv",
    ]
