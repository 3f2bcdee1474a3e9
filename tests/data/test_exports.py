"""Files and frames recognised by their header, and those of one kind stacked as texts."""

import pandas as pd
import pytest

from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.data import sources
from funnelkit.data.exports import find_exports, open_export


def recognise(columns):
    names = {name.lower() for name in columns}
    return "deal" if {"deal id", "stage"} <= names else "lead" if "lead id" in names else None


def texts(source):
    return source.table.execute().astype(object).where(lambda t: t.notna(), None)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "deals.csv").write_text("Deal ID,Stage,Note\n1,new,a\n2,won,b\n", encoding="utf-8")
    (tmp_path / "semi.csv").write_text("\ufeffDeal ID;Stage\r\n3;lost\r\n", encoding="utf-8")
    (tmp_path / "leads.csv").write_text("Lead ID,Name\n7,x\n", encoding="utf-8")
    (tmp_path / "more.csv").write_text("what,ever\n1,2\n", encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\x00\x00\x01")
    (tmp_path / ".hidden.csv").write_text("Lead ID\n1\n", encoding="utf-8")
    return tmp_path


def test_a_folder_is_sorted_by_headers(folder):
    found, unknown = find_exports(folder, recognise)
    assert [(one.kind, one.name) for one in found] == [
        ("deal", "deals.csv"),
        ("lead", "leads.csv"),
        ("deal", "semi.csv"),
    ]
    assert unknown == ("more.csv", "picture.png")
    assert found[0].columns == ("Deal ID", "Stage", "Note")
    assert found[2].columns == ("Deal ID", "Stage")


def test_a_header_below_titles_is_found(tmp_path):
    text = "Report of all deals\nAs of today,by me\n\nDeal ID,Stage\n1,new\n"
    (tmp_path / "report.csv").write_text(text, encoding="utf-8")
    found, _ = find_exports(tmp_path / "report.csv", recognise)
    assert found[0].columns == ("Deal ID", "Stage")


def test_files_of_one_kind_are_stacked(folder):
    found, _ = find_exports([folder / "deals.csv", str(folder / "semi.*")], recognise)
    opened = open_export(sources.connect(), found, ["Deal ID", "Stage", "Note", "Nowhere"])
    assert (opened.rows, opened.name) == (3, "deals.csv and 1 more")
    assert texts(opened).values.tolist() == [
        ["1", "new", "a"],
        ["2", "won", "b"],
        ["3", "lost", None],
    ]
    assert "`semi.csv` has no `Note`, unlike other files of its kind." in opened.notes


def test_frames_and_parquet_become_the_same_texts(folder):
    frame = pd.DataFrame(
        {
            "Deal ID": [1, 2, 3],
            "Stage": ["new", None, "won"],
            "Amount": [1.5, 2000.0, None],
            "Big": [1e16, None, 12.25],
            "Flag": [True, False, True],
            "At": pd.to_datetime(["2026-01-05 10:00", "2026-01-06 00:00", None]),
        }
    )
    frame.to_parquet(folder / "deals.parquet")
    from_file, _ = find_exports(folder / "deals.parquet", recognise)
    given, unknown = find_exports({"deals": frame, "other": frame[["Flag"]]}, recognise)
    assert (given[0].name, given[0].kind, unknown) == ("deals", "deal", ("other",))
    engine = sources.connect()
    read = [texts(open_export(engine, one, frame.columns)) for one in (from_file, given)]
    pd.testing.assert_frame_equal(*read)
    assert read[0].values.tolist() == [
        ["1", "new", "1.5", "10000000000000000", "true", "2026-01-05 10:00:00"],
        ["2", None, "2000", None, "false", "2026-01-06 00:00:00"],
        ["3", "won", None, "12.25", "true", None],
    ]


def test_an_export_of_a_header_only_is_empty_and_said(tmp_path):
    (tmp_path / "deals.csv").write_text("Deal ID,Stage\r\n\r\n", encoding="utf-8")
    found, _ = find_exports(tmp_path, recognise)
    opened = open_export(sources.connect(), found, ["Deal ID", "Stage"])
    assert (opened.rows, opened.table.count().execute()) == (0, 0)
    assert opened.notes == ("`deals.csv` holds a header and no rows.",)


def test_an_encoding_is_taken_only_where_the_caller_knows_it(tmp_path):
    (tmp_path / "deals.csv").write_bytes("Deal ID,Stage\n1,Müller\n".encode("latin-1"))
    found, _ = find_exports(tmp_path, recognise)
    with pytest.raises(DataError, match="is not UTF-8 in 1 line"):
        open_export(sources.connect(), found, ["Stage"])
    opened = open_export(sources.connect(), found, ["Stage"], fallback="iso-8859-1")
    assert texts(opened).values.tolist() == [["Müller"]]
    assert opened.notes == ("`deals.csv` is not UTF-8; it was read as ISO-8859-1.",)


def test_the_problems_of_all_files_come_at_once(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_bytes(b"Deal ID,Stage\n1,M\xfcller\n")
    found, _ = find_exports(tmp_path, recognise)
    with pytest.raises(DataError) as error:
        open_export(sources.connect(), found, ["Stage"])
    assert len(error.value.problems) == 2


@pytest.mark.parametrize("source", [{}, {"deals": "deals.csv"}, 3, b"deals.csv"])
def test_what_is_no_source_is_refused(source):
    with pytest.raises(ArgumentError, match="`source`"):
        find_exports(source, recognise)


def test_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataError, match="holds no file"):
        find_exports(tmp_path, recognise)
    with pytest.raises(DataError, match="no file `deals"):
        find_exports(tmp_path / "deals.csv", recognise)
    with pytest.raises(ArgumentError, match="names no file"):
        find_exports([], recognise)
