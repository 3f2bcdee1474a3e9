"""Workbooks as people have them: sheets, titles, subtotals, merged cells, odd cells."""

import datetime as dt
import zipfile
from decimal import Decimal

import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from openpyxl.workbook.protection import WorkbookProtection

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError, FunnelWarning
from funnelkit.data import sources
from funnelkit.data.spreadsheets.opening import open_excel

PLAIN = fk.Funnel(["lead", "won"], id="id")
FULL = fk.Funnel(["lead", "won"], id="id", value="amount", segments=["source"])
JAN5, FEB1 = dt.date(2026, 1, 5), dt.date(2026, 2, 1)
HEADER = ["id", "lead", "won"]
ROWS = [HEADER, ["a", JAN5, FEB1], ["b", JAN5, None]]


@pytest.fixture
def book(tmp_path):
    """Write sheets (name -> rows) with openpyxl, and return the path."""

    def write(*rows, name="leads.xlsx", change=None, **sheets):
        made = openpyxl.Workbook()
        made.remove(made.active)
        for title, table in (sheets or {"Sheet1": rows[0]}).items():
            tab = made.create_sheet(title)
            for row in table:
                tab.append(row)
        if change is not None:
            change(made)
        made.save(tmp_path / name)
        return tmp_path / name

    return write


def read(path, funnel=PLAIN, **options):
    return fk.read_excel(path, funnel, **{"as_of": "2026-12-31", **options})


def tally(leads):
    """Return reason -> rows; they add up to the rows read."""
    told = leads.accounting()
    assert told["rows"].sum() == sum(leads.rows.read)
    return told.groupby("reason")["rows"].sum().to_dict()


def cells(path, needed, **options):
    """Return the texts of a workbook's columns."""
    source = open_excel(sources.connect(), path, needed=needed, **options)
    return source.table.execute()


def refused(path, funnel=PLAIN, error=DataError, **options):
    with pytest.raises(error) as caught:
        read(path, funnel, **options)
    return str(caught.value)


def replaced(path, part, old, new):
    """Change the text of one part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old.encode() in parts[part]
    parts[part] = parts[part].replace(old.encode(), new.encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def finding(leads, rule):
    [found] = [one for one in fk.audit(leads).findings if one.rule == rule]
    return found


# --- plain workbooks -------------------------------------------------------------------


def test_a_plain_workbook(book):
    leads = read(book(ROWS))
    assert leads.list("lead")["id"].tolist() == ["a", "b"]
    assert leads.list("won")["won"].tolist() == [pd.Timestamp("2026-02-01")]
    assert tally(leads) == {"kept as a record": 2}
    assert leads.notes == ()


def test_a_macro_workbook_and_a_path_as_text(book):
    assert len(read(str(book(ROWS, name="leads.xlsm")))) == 2


def test_only_needed_columns_are_kept(book):
    path = book([["id", "lead", "name", "won"], ["a", JAN5, "Canary Ltd", FEB1]])
    assert list(cells(path, {"id", "lead"}).columns) == ["id", "lead"]
    assert not any("Canary" in note for note in read(path).notes)


def test_joined_workbooks(book):
    first = book([["id", "lead"], ["a", JAN5], ["b", JAN5]], name="leads.xlsx")
    second = book([["id", "won"], ["b", FEB1], ["c", FEB1]], name="deals.xlsx")
    leads = read(first, join=second)
    assert leads.list("won")["id"].tolist() == ["b", "c"]
    assert leads.count("lead").sum() == 2


def test_several_workbooks_of_one_kind(book, tmp_path):
    book(ROWS, name="may.xlsx")
    book([["won", "extra", "id", "lead"], [None, 1, "c", JAN5]], name="june.xlsx")
    (tmp_path / "~$may.xlsx").write_bytes(b"\x07someone" + bytes(150))
    leads = read(tmp_path / "*.xlsx")
    assert leads.list("lead")["id"].tolist() == ["a", "b", "c"]
    assert leads.notes == (
        (
            "`~$may.xlsx` was passed over: it is what Excel leaves beside a workbook that is open, "
            "so that one of the others may not be saved yet."
        ),
    )
    assert refused(tmp_path / "~$may.xlsx", error=ArgumentError) == (
        "`source`: `~$may.xlsx` is what Excel leaves beside a workbook that is open; name the "
        "workbook, such as `may.xlsx`."
    )
    book([["id", "lead"], ["d", JAN5]], name="july.xlsx")
    assert "do not both have `won`" in refused(tmp_path / "*.xlsx")


def test_all_problems_at_once(book, tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"")
    book(name="b.xlsx", One=ROWS, Two=ROWS)
    with pytest.raises(DataError) as caught:
        read([tmp_path / "a.xlsx", tmp_path / "b.xlsx"])
    assert len(caught.value.problems) == 2


def test_where_and_exclude(book):
    path = book([[*HEADER, "kind"], ["a", JAN5, None, "new"], ["b", JAN5, None, "renewal"]])
    assert tally(read(path, where={"kind": "new"})) == {
        "kept as a record": 1,
        "left out by `where` or `exclude`": 1,
    }


def test_missing_columns_are_named(book):
    path = book([["id", "lead", "wonn"], ["a", JAN5, None]])
    assert refused(path) == (
        "column `won` (stage `won`) is missing in `leads.xlsx`. Did you mean `wonn`?"
    )
    with pytest.raises(DataError) as caught:
        read(book([["x", "y"], ["a", JAN5]]))
    assert caught.value.problems[0] == (
        "id column `id` is missing in `leads.xlsx`; it has `x`, `y`."
    )


# --- which sheet -----------------------------------------------------------------------


def test_the_sheet_with_the_columns(book):
    path = book(Notes=[["read me"], ["id"]], Leads=ROWS, Empty=[])
    leads = read(path)
    assert len(leads) == 2
    assert leads.notes == (
        "`leads.xlsx`: the sheet `Leads` was read; `Notes` has fewer of the funnel's columns.",
    )


def test_several_sheets_with_the_columns(book):
    path = book(May=ROWS, June=[HEADER, ["c", JAN5, None]])
    assert refused(path) == (
        "`leads.xlsx` has 2 sheets with as many of the funnel's columns: `May` has `id`, `lead`, "
        '`won`; `June` has `id`, `lead`, `won`. Name the one to read, such as sheet="May".'
    )
    assert read(path, sheet="June").list("lead")["id"].tolist() == ["c"]
    assert read(path, sheet=1).list("lead")["id"].tolist() == ["a", "b"]


def test_hidden_sheets_are_read_only_by_name(book):
    def hide(made):
        made["Old"].sheet_state = "hidden"
        made["Older"].sheet_state = "veryHidden"

    path = book(change=hide, Old=ROWS, Leads=[HEADER, ["c", JAN5, None]], Older=ROWS)
    assert read(path).list("lead")["id"].tolist() == ["c"]
    assert read(path, sheet=1).list("lead")["id"].tolist() == ["c"]
    assert read(path, sheet="Old").list("lead")["id"].tolist() == ["a", "b"]
    assert refused(path, sheet=2) == ("`leads.xlsx` has 1 visible sheet (`Leads`); `sheet` is 2.")


def test_no_sheet_has_the_columns(book):
    def hide(made):
        made["Old"].sheet_state = "hidden"

    path = book(change=hide, Old=ROWS, A=[["x"], [1]], B=[["y"], [1]])
    assert refused(path) == (
        "no visible sheet of `leads.xlsx` (`A`, `B`) has a header with any of `id`, `lead`, `won` "
        'in its first 100 rows. The hidden sheet `Old` has; to read it, write sheet="Old".'
    )


@pytest.mark.parametrize("sheet", [0, -1, True, "", 1.5])
def test_a_sheet_that_can_be_none(book, sheet):
    assert refused(book(ROWS), error=ArgumentError, sheet=sheet) == (
        f"`sheet` must be the name of a sheet, or its number counted from 1; got {sheet!r}."
    )


def test_an_unknown_sheet(book):
    assert refused(book(Leads=ROWS), sheet="Lead") == (
        "`leads.xlsx` has no sheet `Lead`; it has `Leads`. Did you mean `Leads`?"
    )


# --- where the table stands ------------------------------------------------------------

REPORT = [
    [None, "Opportunities won in May"],
    [None, "As of 2026-06-01 08:15:00 Central European Time \u2022 Generated by Ann Other"],
    [None, "Filtered By"],
    [None, "Show: All opportunities"],
    [],
    [None, "source  \u2191", None, "id", "lead", "won", "amount"],
    [None, "web", None, "a", JAN5, FEB1, 100],
    [None, None, None, "b", JAN5, None, 50.5],
    [None, "Subtotal", None, None, None, "Sum", 150.5],
    [None, None, None, None, None, "Count", 2],
    [None, "fair", None, "c", JAN5, None, None],
    [None, "Subtotal", None, None, None, "Sum", 0],
    [None, "Total", None, None, None, "Sum", 150.5],
    [None, "Count", 3],
    [],
    [None, "Confidential Information - Do Not Distribute"],
    [None, "Copyright \u00a9 2000-2026 salesforce.com, inc. All rights reserved."],
]


def test_a_formatted_report(book):
    def merge(made):
        made.active.merge_cells("B7:B8")
        made.active.merge_cells("B1:G1")

    leads = read(book(REPORT, change=merge), FULL)
    assert tally(leads) == {
        "kept as a record": 3,
        "title above the header": 4,
        "subtotal": 5,
        "footer": 2,
    }
    found = leads.list("lead")
    assert found["source"].tolist() == ["web", "web", "fair"]
    assert found["amount"].tolist()[:2] == [Decimal(100), Decimal("50.5")]
    assert leads.notes == (
        (
            "11 rows of `leads.xlsx` that hold no record were set aside (2 footer, 5 subtotal, 4 "
            "title above the header)."
        ),
        (
            "`source` in `leads.xlsx`: 1 cell was filled with the value of the merged block that "
            "it is part of."
        ),
    )


def test_blank_cells_are_filled_only_where_cells_are_merged(book):
    assert read(book(REPORT), FULL).list("lead")["source"].isna().tolist() == [False, True, False]


def test_a_record_named_total_is_a_record(book):
    path = book(
        [
            ["account", "id", "lead", "won"],
            ["Total", "a", JAN5, None],
            ["Grand Total", "b", JAN5, FEB1],
            ["Sum", "c", None, "2026-02-01"],
            ["Acme Total", 7, JAN5, None],
            ["Total", None, None, 9],
        ]
    )
    funnel = fk.Funnel(["lead", "won"], id="id", account="account")
    leads = read(path, funnel, date_format={"won": "excel"})
    assert tally(leads)["subtotal"] == 1
    assert leads.list("lead")["id"].tolist() == ["7", "a", "b"]


def test_lone_texts_at_the_end_are_a_footer_only_beside_one(book):
    with_footer = [*ROWS, [], ["Leads of May"], ["Generated by Ann Other"], ["Acme Ltd"]]
    assert tally(read(book(with_footer))) == {"kept as a record": 2, "footer": 3}
    without = [*ROWS, [], ["Leads of May"]]
    assert tally(read(book(without))) == {"kept as a record": 2, "no stage reached": 1}


@pytest.mark.parametrize(
    "label",
    ["Subtotal", "TOTAL:", "Grand Total (3)", "Zwischensumme", "Gesamtergebnis", "Sous-total",
     "Total general", "Eindtotaal", "\u5408\u8a08", "Web Total", "Record Count"],
)  # fmt: skip
def test_words_for_a_sum(book, label):
    path = book([["group", "id", "lead", "won"], ["x", "a", JAN5, None], [label, None, None, 4]])
    assert tally(read(path)) == {"kept as a record": 1, "subtotal": 1}


def test_empty_rows_and_columns_and_a_repeated_header(book):
    path = book(
        [[], [], [None, "id", None, "lead", "won"], [], [None, "a", None, JAN5, None],
         [None, "id", None, "lead", "won"], [None, "b", None, JAN5, None]]
    )  # fmt: skip
    assert tally(read(path)) == {"kept as a record": 2, "repeats the header": 1}


def test_the_row_of_the_header_can_be_said(book):
    path = book([["x"], ["id", "lead", "won"], ["id", "won", "lead"], ["a", None, JAN5]])
    assert refused(path) == (
        "the header of the sheet `Sheet1` of `leads.xlsx` may stand in row 2 or in row 3, which "
        "name as many of the funnel's columns; say which with `header_row`."
    )
    assert read(path, header_row=3).list("lead")["id"].tolist() == ["a"]
    assert refused(path, header_row=9) == (
        "row 9 of `leads.xlsx` is blank; it cannot be the header."
    )
    assert refused(path, error=ArgumentError, header_row=0) == (
        "`header_row` must be a row, counted from 1; got 0."
    )


def test_a_needed_column_twice(book):
    assert refused(book([["id", "lead", "won", "won"], ["a", JAN5, None, None]])) == (
        "`leads.xlsx` has two columns named `won`; rename one."
    )


def test_a_header_and_no_rows(book):
    assert refused(book([HEADER])) == "`leads.xlsx` holds a header and no rows."
    assert refused(book([])) == "`leads.xlsx` is empty."


def test_hidden_rows_are_read_and_said(book):
    def hide(made):
        made.active.row_dimensions[2].hidden = True

    leads = read(book(ROWS, change=hide))
    assert len(leads) == 2
    assert leads.notes == ("1 hidden row was read too in `leads.xlsx`.",)


# --- days ------------------------------------------------------------------------------


def test_days_and_times(book):
    rows = [HEADER, ["a", dt.datetime(2026, 1, 5, 23, 59, 59), dt.date(2026, 2, 1)]]
    assert cells(book(rows), {*HEADER}).values.tolist() == [
        ["a", "2026-01-05T23:59:59", "2026-02-01"]
    ]


def test_texts_among_days_are_read_by_the_rules(book):
    path = book([HEADER, ["a", JAN5, "01/02/2026"]])
    assert "`won` in `leads.xlsx`: 1 of 1 date is not ISO" in refused(path)
    assert read(path, dayfirst=True).list("won")["won"].tolist() == [pd.Timestamp("2026-02-01")]


def test_plain_numbers_in_a_column_of_days(book):
    path = book([HEADER, ["a", 46027, None], ["b", JAN5, 46054.75], ["Total", None, 2]])
    with pytest.raises(DataError) as caught:
        read(path)
    assert caught.value.problems == (
        (
            "`lead` in `leads.xlsx`: 1 cell is a plain number, not formatted as a date, such as "
            "46027. As Excel counts days, 46027 is 2026-01-05. To read them so, write "
            'date_format={"lead": "excel"}; else format the column as a date.'
        ),
        (
            "`won` in `leads.xlsx`: 1 cell is a plain number, not formatted as a date, such as "
            "46054.75. As Excel counts days, 46054.75 is 2026-02-01T18:00:00. To read them so, "
            "write "
            'date_format={"won": "excel"}; else format the column as a date.'
        ),
    )
    for told in ("excel", {"lead": "excel", "won": "excel"}):
        leads = read(path, date_format=told)
        assert leads.list("lead")["lead"].tolist() == [pd.Timestamp("2026-01-05")] * 2
        assert leads.list("won")["won"].tolist() == [pd.Timestamp("2026-02-01")]
    later = read(path, date_format={"lead": "excel-1904", "won": "excel"}, as_of="2031-01-01")
    assert pd.Timestamp("2030-01-06") in later.list("lead")["lead"].tolist()


def test_days_of_eight_digits_follow_a_pattern(book):
    path = book([HEADER, ["a", 20260105, 20260201]])
    assert "%Y%m%d" in refused(path)
    leads = read(path, date_format="%Y%m%d")
    assert leads.list("won")["won"].tolist() == [pd.Timestamp("2026-02-01")]


def test_an_unknown_column_of_days(book):
    assert refused(book(ROWS), date_format={"leed": "excel"}) == (
        "`date_format`: unknown date column `leed`; known: `lead`, `won`. Did you mean `lead`?"
    )


def test_the_1904_date_system(tmp_path):
    path = tmp_path / "mac.xlsx"
    with xlsxwriter.Workbook(path, {"date_1904": True}) as made:
        tab = made.add_worksheet()
        day = made.add_format({"num_format": "d.m.yy"})
        tab.write_row(0, 0, HEADER)
        tab.write(1, 0, "a")
        tab.write_datetime(1, 1, dt.datetime(2026, 1, 5), day)
        tab.write_number(1, 2, 44592)  # 2026-02-01 less 1462 days
    assert cells(path, {*HEADER})["lead"].tolist() == ["2026-01-05"]
    leads = read(path, date_format={"won": "excel"})
    assert leads.list("won")["won"].tolist() == [pd.Timestamp("2026-02-01")]


# --- other cells -----------------------------------------------------------------------


def test_cells_as_a_person_sees_them(tmp_path):
    path = tmp_path / "cells.xlsx"
    numbers = [
        (12345, "General", "12345"),
        (12345.0, "0.00", "12345"),
        (0.1 + 0.2, "General", "0.3"),
        (123456789012, "General", "123456789012"),
        (1e-7, "General", "0.0000001"),
        (42, "00000", "00042"),
        (0.45, "0%", "45%"),
        (0.075, "0.0%", "7.5%"),
        (1234.5, '#,##0.00 "EUR"', "1234.5"),
        (1234.5, "[$$-409]#,##0.00", "1234.5"),
        (46027, "yyyy-mm-dd", "2026-01-05"),
        (46027, "[$-407]T. MMMM JJJJ".replace("T", "d").replace("JJJJ", "yyyy"), "2026-01-05"),
        (46027.5, "m/d/yy h:mm AM/PM", "2026-01-05T12:00:00"),
        (46027, 'dd"."mm"."yyyy', "2026-01-05"),
        (0.5, "hh:mm", "12:00:00"),
        (1.5, "[h]:mm", "36:00:00"),
        (-3, "General", "-3"),
    ]
    with xlsxwriter.Workbook(path) as made:
        tab = made.add_worksheet()
        tab.write_row(0, 0, ["id", "text", "flag"])
        for row, (number, code, _) in enumerate(numbers, 1):
            tab.write_number(row, 0, number, made.add_format({"num_format": code}))
        tab.write_string(1, 1, "007")
        tab.write_string(2, 1, " a\tb ")
        tab.write_rich_string(3, 1, made.add_format({"bold": True}), "half", " bold")
        tab.write_boolean(1, 2, True)
    found = cells(path, {"id", "text", "flag"})
    assert found["id"].tolist() == [text for _, _, text in numbers]
    assert found["text"].tolist()[:3] == ["007", " a\tb ", "half bold"]
    assert found["flag"].tolist()[0] == "TRUE"


def test_error_cells_are_blank_and_counted(book):
    path = book([["id", "lead", "won", "source"], ["a", JAN5, "#N/A", "web"],
                 ["b", JAN5, None, "#REF!"], ["Total", None, "#DIV/0!", None]])  # fmt: skip
    leads = read(path, fk.Funnel(["lead", "won"], id="id", segments=["source"]))
    assert len(leads.list("won")) == 0
    found = finding(leads, "error_cells")
    assert (found.severity, found.count) == ("warning", 2)
    assert found.what == (
        "2 cells of `leads.xlsx` hold an error such as #N/A or #REF!: `won` 1 and `source` 1."
    )


def test_formulas_give_their_stored_results(book, tmp_path):
    path = tmp_path / "formulas.xlsx"
    with xlsxwriter.Workbook(path) as made:
        tab = made.add_worksheet()
        tab.write_row(0, 0, HEADER)
        tab.write_formula(1, 0, '="a"&1', value="a1")
        tab.write_formula(1, 1, "=DATE(2026,1,5)", made.add_format({"num_format": 14}), 46027)
        tab.write_formula(1, 2, '=IF(A2="","x","")', value="nothing")
    replaced(path, "xl/worksheets/sheet1.xml", "<v>nothing</v>", "<v></v>")
    leads = read(path)
    assert leads.list("lead")["id"].tolist() == ["a1"]
    assert not [one for one in fk.audit(leads).findings if one.rule.startswith("formulas")]
    leads = read(book([HEADER, ["a", JAN5, "=B2+3"], ["b", JAN5, None]]))
    found = finding(leads, "formulas_without_results")
    assert (found.severity, found.count) == ("error", 1)
    assert found.what == (
        "1 cell of `leads.xlsx` is a formula whose result is not stored in the file: `won` 1."
    )


def test_ids_that_lost_digits(book):
    path = book([HEADER, [12345678901234567890, JAN5, None], [1.23e17, JAN5, None]])
    leads = read(path)
    assert leads.list("lead")["id"].tolist() == ["123000000000000000", "12345678901234600000"]
    assert finding(leads, "digits_lost").count == 2
    text = book([HEADER, ["1.23E+17", JAN5, None]])
    assert "turned into powers of ten" in refused(text)


# --- files that are no workbooks -------------------------------------------------------


def test_a_protected_workbook_is_read(book):
    def protect(made):
        made.security = WorkbookProtection(workbookPassword="x", lockStructure=True)
        made.active.protection.enable()

    assert len(read(book(ROWS, change=protect))) == 2


def test_google_sheets_writes_times_into_dates(book):
    def clock(made):
        for cell in (made.active["B2"], made.active["C2"], made.active["B3"]):
            cell.number_format = "m/d/yyyy h:mm:ss"

    path = book(Sheet1=ROWS, change=clock)
    with pytest.warns(FunnelWarning, match="2026-02-01, the latest date that was reached"):
        leads = read(path, as_of=None)
    assert leads.as_of == FEB1  # days without a time of day, so the last of them is complete


def test_an_event_log_in_a_workbook(book):
    rows = [["case", "what", "at"], ["a", "lead", 46027], ["a", "won", FEB1], ["Total", None, 2]]
    path = book(rows)
    log = {"id": "case", "stage": "what", "time": "at", "as_of": "2026-12-31"}
    with pytest.raises(DataError, match=r'write date_format=\{"at": "excel"\}'):
        fk.from_events(path, PLAIN, **log)
    leads = fk.from_events(path, PLAIN, date_format={"at": "excel"}, sheet=1, **log)
    assert leads.list("won")["lead"].tolist() == [pd.Timestamp("2026-01-05")]
    assert tally(leads) == {"kept as a record": 2, "subtotal": 1}
