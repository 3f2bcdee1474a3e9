"""Bad input: what is refused, with the exact message; what is set aside, with the exact tally."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError, DefinitionError, numbered

HEADER = "id,lead,won,lost\n"
RICH = "id,lead,won,lost,amount,source\n"
PLAIN = fk.Funnel(["lead", "won"], exits=["lost"], id="id")
FULL = fk.Funnel(["lead", "won"], exits=["lost"], id="id", value="amount", segments=["source"])


@pytest.fixture
def read(tmp_path):
    """Read a text, or bytes, as `leads.csv`."""

    def read_text(text, funnel=PLAIN, **options):
        path = tmp_path / "leads.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return fk.read_csv(path, funnel, **{"as_of": "2026-12-31", **options})

    return read_text


def tally(leads):
    """Return reason -> rows."""
    told = leads.accounting()
    assert told["rows"].sum() == sum(leads.rows.read)
    return told.groupby("reason")["rows"].sum().to_dict()


def found(leads, rule):
    """Return the one finding of a rule."""
    [finding] = [one for one in fk.audit(leads).findings if one.rule == rule]
    return finding


def rules(leads):
    return [finding.rule for finding in fk.audit(leads).findings]


# --- files that hold no table ----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "`leads.csv` is empty."),
        ("\n\n  \n", "`leads.csv` is empty."),
        (HEADER, "`leads.csv` holds a header and no rows."),
        (HEADER.strip(), "`leads.csv` holds a header and no rows."),
        (
            b"PK\x03\x04" + bytes(200),
            (
                "`leads.csv` is no delimited text: it is an Excel workbook or another zip archive; "
                "use `read_excel`, or unpack it."
            ),
        ),
        (
            b"PAR1" + bytes(200),
            "`leads.csv` is no delimited text: it is a Parquet file; use `read_parquet`.",
        ),
        (
            "<!DOCTYPE html><html><body>Sign in</body></html>",
            (
                "`leads.csv` is no delimited text: it is a web page or XML, perhaps a sign-in "
                "page; download the export again."
            ),
        ),
        (
            "id,lead,won,lost\n1,2026-01-05,,\n".encode("utf-16-le"),
            '`leads.csv` holds zero bytes, as UTF-16 does; say so with `encoding="utf-16-le"`.',
        ),
        (
            "<html><body><table><tr><td>id</td></tr></table></body></html>",
            (
                "`leads.csv` is no delimited text: it is a table in HTML, as some CRMs write; use "
                "`read_excel`."
            ),
        ),
        (
            "Leads of May\n\nlead,won,id,lost\n" + HEADER + "1,2026-01-05,,\n",
            (
                "the header of `leads.csv` may stand in line 3 or in line 4, which name as many of "
                "the funnel's columns; remove the lines above it."
            ),
        ),
        (
            HEADER + "1,2026-01-05\n2,2026-01-06\n",
            (
                "`leads.csv`: none of its 2 rows fits the header, such as leads.csv line 2 (2 "
                "cells, the header has 4); leads.csv line 3 (2 cells, the header has 4)."
            ),
        ),
        (
            HEADER + '1,2026-01-05,,\n2,2026-01-06,,"\n3,2026-01-07,,\n4,2026-01-08,,\n',
            (
                "`leads.csv`: a quotation mark opened in line 3 is not closed, so that at least 2 "
                "lines after it cannot be told apart. Correct that line."
            ),
        ),
    ],
)
def test_no_table(read, text, message):
    with pytest.raises(DataError) as refused:
        read(text)
    assert str(refused.value) == message


def test_no_file(tmp_path):
    with pytest.raises(DataError) as refused:
        fk.read_csv([tmp_path / "a.csv", tmp_path / "b.csv"], PLAIN, join=tmp_path / "c.csv")
    assert refused.value.problems == (
        f"no file `a.csv` in the folder `{tmp_path}`.",
        f"no file `b.csv` in the folder `{tmp_path}`.",
        f"no file `c.csv` in the folder `{tmp_path}`.",
    )


def test_no_match(tmp_path):
    with pytest.raises(DataError) as refused:
        fk.read_csv(tmp_path / "*.csv", PLAIN)
    assert str(refused.value) == f"no file matches `{tmp_path / '*.csv'}`."


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "`source` must be a path or a list of paths; got None."),
        (3, "`source` must be a path or a list of paths; got 3."),
        ([3], "`source` must be a path or a list of paths; got int."),
        ([], "`source` names no file."),
    ],
)
def test_no_path(source, message):
    with pytest.raises(ArgumentError) as refused:
        fk.read_csv(source, PLAIN)
    assert str(refused.value) == message


def test_a_folder(tmp_path):
    with pytest.raises(ArgumentError) as refused:
        fk.read_csv(tmp_path, PLAIN)
    assert str(refused.value) == (
        f"`source`: `{tmp_path}` is a folder; name a file in it, or several with a pattern such "
        "as `folder/*.csv`."
    )


def test_not_parquet(tmp_path):
    (tmp_path / "leads.parquet").write_text(HEADER, encoding="utf-8")
    with pytest.raises(DataError) as refused:
        fk.read_parquet(tmp_path / "leads.parquet", PLAIN)
    assert str(refused.value) == "`leads.parquet` is not a Parquet file."


def test_a_damaged_parquet_file(tmp_path):
    (tmp_path / "leads.parquet").write_bytes(b"PAR1" + bytes(100))
    with pytest.raises(DataError, match="cannot be read as Parquet: "):
        fk.read_parquet(tmp_path / "leads.parquet", PLAIN)


# --- columns ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            "lead_no,lead,won,lost\n1,2026-01-05,,\n",
            ["id column `id` is missing in `leads.csv`; it has `lead_no`, `lead`, `won`, `lost`."],
        ),
        (
            "id,lead,wonn,lost\n1,2026-01-05,,\n",
            ["column `won` (stage `won`) is missing in `leads.csv`. Did you mean `wonn`?"],
        ),
        (
            "Id,lead,won,Lost\n1,2026-01-05,,\n",
            [
                (
                    "id column `id` is missing in `leads.csv`; it has `Id`, `lead`, `won`, `Lost`. "
                    "Did you mean `Id`?"
                ),
                "column `lost` (exit `lost`) is missing in `leads.csv`. Did you mean `Lost`?",
            ],
        ),
        (
            "id,lead,lead,won,lost\n1,2026-01-05,,,\n",
            ["`leads.csv` has two columns named `lead`; rename one."],
        ),
    ],
)
def test_columns_that_are_not_there(read, text, problems):
    with pytest.raises(DataError) as refused:
        read(text)
    assert refused.value.problems == tuple(problems)
    assert str(refused.value) == numbered(problems)


def test_columns_nobody_asked_for_may_repeat(read):
    text = "id,lead,won,lost,note,note,,ID\n1,2026-01-05,2026-02-01,,a,b,c,d\n"
    assert tally(read(text)) == {"kept as a record": 1}


def test_different_headers_in_one_list(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + "1,2026-01-05,,\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("id,lead,lost\n2,2026-01-05,\n", encoding="utf-8")
    with pytest.raises(DataError) as refused:
        fk.read_csv(tmp_path / "*.csv", PLAIN)
    assert str(refused.value) == (
        "`b.csv` and `a.csv` do not both have `won`; files in one list hold rows of the same "
        "kind. For files of different kinds that share the id use `join=[…]`."
    )


# --- rows ------------------------------------------------------------------------------


def test_ragged_rows(read):
    leads = read(HEADER + "1,2026-01-05,,\n2,2026-01-06\n3,2026-01-07,,,,x\n4,2026-01-08,,\n")
    assert tally(leads) == {"kept as a record": 2, "does not fit the header": 2}
    finding = found(leads, "misfit_rows")
    assert (finding.severity, finding.count, finding.share) == ("error", 2, 0.5)
    assert finding.examples == (
        "leads.csv line 3 (2 cells, the header has 4)",
        "leads.csv line 4 (6 cells, the header has 4)",
    )
    assert finding.what == "2 rows cannot be split into the columns of the header."


def test_a_repeated_header(read):
    leads = read(HEADER + "1,2026-01-05,,\n" + HEADER + "2,2026-01-06,,\n")
    assert tally(leads) == {"kept as a record": 2, "repeats the header": 1}
    assert found(leads, "header_again").what == "1 row repeats the header."


def test_quotes_and_line_breaks_inside_cells(read):
    leads = read(RICH + '1,2026-01-05,,,3,"a ""b"", c\nd"\n2,2026-01-06,,,4,"e;f"\n', FULL)
    assert tally(leads) == {"kept as a record": 2}
    assert leads.list("lead")["source"].tolist() == ['a "b", c\nd', "e;f"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends(read, line_end):
    text = HEADER + "1,2026-01-05,2026-01-07,\n2,2026-01-06,,\n"
    leads = read(text.replace("\n", line_end))
    assert (len(leads), len(leads.list("won"))) == (2, 1)


def test_semicolons(read):
    leads = read("id;lead;won;lost\n1;2026-01-05;2026-01-07;\n")
    assert leads.notes == ("`leads.csv` is delimited by `;`.",)
    assert found(leads, "delimiter").what == leads.notes[0]
    assert leads.list("won")["id"].tolist() == ["1"]


@pytest.mark.parametrize(("mark", "word"), [("\t", "tab"), ("|", "`|`")])
def test_other_delimiters(read, mark, word):
    leads = read((HEADER + "1,2026-01-05,2026-01-07,\n").replace(",", mark))
    assert leads.notes == (f"`leads.csv` is delimited by {word}.",)


def test_no_delimiter(read):
    with pytest.raises(ArgumentError) as refused:
        read(HEADER + "1,2026-01-05,,\n", delimiter="; ")
    assert str(refused.value) == "`delimiter` must be one character; got '; '."


# --- encodings -------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark(read, encoding):
    leads = read((RICH + "1,2026-01-05,,,3,München\n").encode(encoding), FULL)
    assert leads.notes == ("`leads.csv` starts with a byte-order mark, which was dropped.",)
    assert leads.list("lead")["source"].tolist() == ["München"]


def test_latin_1(read):
    text = (RICH + "1,2026-01-05,,,3,Bonn\n2,2026-01-06,,,3,München\n").encode("latin-1")
    with pytest.raises(DataError) as refused:
        read(text, FULL)
    assert str(refused.value) == (
        '`leads.csv` is not UTF-8 in 1 line, first in line 3. Say what it is: `encoding="cp1252"` '
        "is Western Windows and Latin-1, which reads `source` as 'München' in the first of them."
    )
    assert read(text, FULL, encoding="cp1252").list("lead")["source"].tolist() == [
        "Bonn",
        "München",
    ]


def test_latin_1_in_a_header(read):
    text = "id,lead,won,lost,Größe\n1,2026-01-05,,,5\n".encode("latin-1")
    funnel = fk.Funnel(["lead", "won"], exits=["lost"], id="id", segments=["Größe"])
    with pytest.raises(DataError) as refused:
        read(text, funnel)
    assert str(refused.value) == (
        'the header of `leads.csv` is not UTF-8. With `encoding="cp1252"` (Western Windows and '
        "Latin-1) it has `Größe`."
    )


def test_odd_bytes_where_nobody_reads(read):
    text = "id,lead,won,lost,name\n1,2026-01-05,,,Jürgen\n".encode("latin-1")
    assert tally(read(text)) == {"kept as a record": 1}


@pytest.mark.parametrize(
    ("encoding", "error", "message"),
    [
        (
            "utf-9",
            ArgumentError,
            "`encoding` must be a codec such as utf-8 or cp1252; got 'utf-9'.",
        ),
        (
            "ascii",
            DataError,
            (
                "`leads.csv` cannot be read with `encoding='ascii'`: 'ascii' codec can't decode "
                "byte 0xc3 in position 49: ordinal not in range(128)."
            ),
        ),
    ],
)
def test_a_wrong_encoding(read, encoding, error, message):
    with pytest.raises(error) as refused:
        read(RICH + "1,2026-01-05,,,3,München\n", FULL, encoding=encoding)
    assert str(refused.value) == message


# --- ids -------------------------------------------------------------------------------


def test_missing_ids(read):
    leads = read(HEADER + ",2026-01-05,,\n  ,2026-01-05,,\n3,2026-01-06,,\n")
    assert tally(leads) == {"kept as a record": 1, "no id": 2}
    finding = found(leads, "ids_missing")
    assert finding.what == "2 rows have no id."
    assert finding.share == pytest.approx(2 / 3)


def test_no_id_at_all(read):
    leads = read(HEADER + ",2026-01-05,,\n,2026-01-06,,\n")
    assert tally(leads) == {"no id": 2}
    assert found(leads, "no_records").severity == "error"
    assert found(leads, "no_records").what == "No record is left of 2 rows read."


def test_duplicate_ids(read):
    leads = read(
        HEADER + "a,2026-01-01,,\na,2026-01-01,,\n"
        "b,2026-01-05,2026-02-07,\nb,2026-01-03,,\nb,2026-01-04,,\nc,2026-01-09,,\n"
    )
    assert tally(leads) == {"kept as a record": 3, "id repeated": 3}
    assert leads.list("won")["lead"].tolist() == [pd.Timestamp("2026-01-03")]
    same, odd = found(leads, "rows_repeated"), found(leads, "ids_repeated")
    assert (same.severity, same.count, same.examples) == ("note", 1, ("a",))
    assert (odd.severity, odd.count, odd.examples) == ("warning", 1, ("b",))
    assert same.what == "1 id has several identical rows in `leads.csv`."
    assert odd.what == "1 id has several rows in `leads.csv` that differ."


def test_huge_ids_keep_their_digits(read):
    ids = ["123456789012345678901234567890", "123456789012345678901234567891"]
    leads = read(HEADER + "".join(f"{one},2026-01-05,,\n" for one in ids))
    assert leads.list("lead")["id"].tolist() == ids


def test_ids_as_powers_of_ten(read):
    with pytest.raises(DataError) as refused:
        read(HEADER + "1.23E+12,2026-01-05,,\n1.23457e+11,2026-01-05,,\n7,2026-01-05,,\n")
    assert str(refused.value) == (
        "id column `id` in `leads.csv`: 2 ids were turned into powers of ten by a spreadsheet, "
        "such as `1.23457e+11`, `1.23E+12`; their digits are lost. Export again with the column "
        "formatted as text."
    )


# --- dates -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            ["soon", "2026-01-05", "2026-02-30", "soon"],
            (
                "3 of 4 dates are not ISO (year-month-day), such as 'soon', '2026-02-30'. No usual "
                "order reads any of these; correct them, or leave them blank."
            ),
        ),
        (
            ["13/04/2026", "05/06/2026", "soon"],
            (
                "3 of 3 dates are not ISO (year-month-day), such as '05/06/2026', '13/04/2026', "
                "'soon'. No order reads all of them; %d/%m/%Y reads 2 and leaves 1, such as "
                "'soon'. Correct these, or leave them blank."
            ),
        ),
        (
            ["03/04/2026", "05/06/2026"],
            (
                "2 of 2 dates are not ISO (year-month-day), such as '03/04/2026', '05/06/2026'. 2 "
                "orders read every value: %d/%m/%Y, %m/%d/%Y. Say which is right, for instance "
                'date_format={"lead": "%d/%m/%Y"} or dayfirst=True.'
            ),
        ),
        (
            ["03/04/2026", "25/06/2026"],
            (
                "2 of 2 dates are not ISO (year-month-day), such as '03/04/2026', '25/06/2026'. "
                "One order reads every value: %d/%m/%Y. To use it, write "
                'date_format={"lead": "%d/%m/%Y"} or dayfirst=True.'
            ),
        ),
        (
            ["3/4/26 2:15 PM", "3/25/26 11:05 AM"],
            (
                "2 of 2 dates are not ISO (year-month-day), such as '3/25/26 11:05 AM', '3/4/26 "
                "2:15 PM'. One order reads every value: %m/%d/%y %I:%M %p. To use it, write "
                'date_format={"lead": "%m/%d/%y %I:%M %p"} or dayfirst=False.'
            ),
        ),
        (
            ["20260105"],
            (
                "1 of 1 date is not ISO (year-month-day), such as '20260105'. One order reads "
                'every value: %Y%m%d. To use it, write date_format={"lead": "%Y%m%d"}.'
            ),
        ),
        (
            ["46027"],
            (
                "1 of 1 date is not ISO (year-month-day), such as '46027'. No usual order reads "
                "any of these; correct them, or leave them blank."
            ),
        ),
    ],
)
def test_dates_that_are_not_iso(read, cells, message):
    with pytest.raises(DataError) as refused:
        read(HEADER + "".join(f'{k},"{cell}",,\n' for k, cell in enumerate(cells)))
    assert str(refused.value) == f"`lead` in `leads.csv`: {message}"


def test_every_column_of_dates_is_named_at_once(read):
    with pytest.raises(DataError) as refused:
        read(HEADER + "1,13/04/2026,14.05.2026 10:00,\n")
    first, second, both = refused.value.problems
    assert first.startswith("`lead` in `leads.csv`: 1 of 1 date is not ISO")
    assert second.startswith("`won` in `leads.csv`: 1 of 1 date is not ISO")
    assert both == (
        'All of them at once: date_format={"lead": "%d/%m/%Y", "won": "%d.%m.%Y %H:%M"}.'
    )


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"date_format": "%d-%m-%Y"},
            DataError,
            (
                "`lead` in `leads.csv`: 1 of 1 date is not written as `date_format` says "
                "(%d-%m-%Y), such as '13/04/2026'."
            ),
        ),
        (
            {"date_format": "dd/mm/yyyy"},
            ArgumentError,
            (
                "`date_format` must be a pattern such as %d-%m-%Y or %d/%m/%Y %H:%M, without an "
                "offset; got 'dd/mm/yyyy'."
            ),
        ),
        (
            {"date_format": {"lead": "%d/%m/%Q"}},
            ArgumentError,
            (
                "`date_format` for `lead` must be a pattern such as %d-%m-%Y or %d/%m/%Y %H:%M, "
                "without an offset; got '%d/%m/%Q'."
            ),
        ),
        (
            {"date_format": {"leed": "%d/%m/%Y"}, "dayfirst": True},
            DataError,
            (
                "`date_format`: unknown date column `leed`; known: `lead`, `lost`, `won`. Did you "
                "mean `lead`?"
            ),
        ),
        (
            {"dayfirst": "yes"},
            ArgumentError,
            "`dayfirst` must be True, False or None; got 'yes'.",
        ),
        (
            {"dayfirst": True, "as_of": "31.12.2026"},
            ArgumentError,
            "`as_of` must be a calendar day such as 2026-10-31; got '31.12.2026'.",
        ),
        (
            {"dayfirst": True, "recorded_from": "May"},
            ArgumentError,
            "`recorded_from` must be a calendar day such as 2026-10-31; got 'May'.",
        ),
    ],
)
def test_wrong_words_about_dates(read, options, error, message):
    with pytest.raises(error) as refused:
        read(HEADER + "1,13/04/2026,,\n", **options)
    assert str(refused.value) == message


def test_a_year_of_two_digits_is_not_the_year_26(read):
    leads = read(HEADER + "1,01/02/26,,\n", dayfirst=True)
    assert leads.list("lead")["lead"].tolist() == [pd.Timestamp("2026-02-01")]
    with pytest.raises(DataError, match="is not written as `date_format` says"):
        read(HEADER + "1,01/02/26,,\n", date_format="%d/%m/%Y")


def test_mixed_time_zones(read):
    with pytest.raises(DataError) as refused:
        read(HEADER + "1,2026-01-01T10:00:00+01:00,2026-02-01 10:00,\n")
    assert str(refused.value) == (
        "times with an offset (`lead` in `leads.csv`) stand beside times without one (`won` in "
        "`leads.csv`); a day would begin at two different moments. Export all of them in one "
        "zone, or without the time of day."
    )
    with pytest.raises(DataError, match="times with an offset"):
        read(HEADER + "1,2026-01-01T10:00:00+01:00,,\n2,2026-01-01T10:00:00,,\n")


def test_an_offset_beside_mere_dates_is_read(read):
    leads = read(HEADER + "1,2026-01-01T10:00:00.000+0000,2026-02-01,\n")
    assert leads.list("won")["won"].tolist() == [pd.Timestamp("2026-02-01")]
    assert found(leads, "zone_unsaid").remedy == (
        'Name the zone in which the team works, such as timezone="Europe/Berlin".'
    )


def test_future_dates(read):
    leads = read(HEADER + "1,2026-01-01,2027-02-01,\n2,2027-03-01,,\n")
    assert tally(leads) == {"kept as a record": 1, "entered after `as_of`": 1}
    assert leads.list("won").empty
    assert found(leads, "dates_after_as_of").what == (
        "2 dates lie after 2026-12-31: `lead` 1 and `won` 1."
    )


def test_conversion_before_entry(read):
    text = HEADER + "1,2026-01-05,2026-01-03,\n2,2026-01-05,2026-01-09,\n"
    leads = read(text)
    finding = found(leads, "stages_out_of_order")
    assert (finding.count, finding.share, finding.examples) == (1, 0.5, ("1",))
    assert finding.what == (
        "1 record has a stage dated before the one it follows: `won` 2 days before `lead`."
    )
    dropped = read(text, fk.Funnel(["lead", "won"], exits=["lost"], out_of_order="drop"))
    assert tally(dropped) == {"kept as a record": 1, "stages out of order": 1}
    assert found(dropped, "stages_out_of_order").remedy == (
        'These records were set aside (`out_of_order="drop"`).'
    )
    with pytest.raises(DataError) as refused:
        read(text, fk.Funnel(["lead", "won"], exits=["lost"], out_of_order="error"))
    assert str(refused.value) == (
        "1 record has a stage dated before its predecessor, such as 1. Correct them, or choose "
        'out_of_order="clip" or "drop".'
    )


def test_no_date_and_no_as_of(read):
    with pytest.raises(DataError) as refused:
        read(HEADER + "1,,,\n2,,,\n", as_of=None)
    assert str(refused.value) == (
        "no record has a date in any stage, so `as_of` cannot be found; give it, and check "
        "`columns`."
    )


# --- amounts ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            ["1,234.50", "1,234"],
            (
                "2 of 2 amounts are not in plain digits, such as '1,234', '1,234.50'. Every value "
                'can be read with thousands=",", decimal=".".'
            ),
        ),
        (
            ["1.234,50", "7"],
            (
                "1 of 2 amounts is not in plain digits, such as '1.234,50'. Every value can be "
                'read with thousands=".", decimal=",".'
            ),
        ),
        (
            ["1,234"],
            (
                "1 of 1 amount is not in plain digits, such as '1,234'. Every value can be read "
                'with thousands=",", decimal="." or with decimal=","; say which is right.'
            ),
        ),
        (
            ["$12", "8"],
            (
                "1 of 2 amounts is not in plain digits, such as '$12'. No usual style reads all of "
                "them; export plain numbers, and blanks for unknown."
            ),
        ),
        (
            ["1" + "0" * 40, "8"],
            (
                "1 of 2 amounts is infinite or longer than 18 digits. Correct them, or leave them "
                "blank."
            ),
        ),
    ],
)
def test_amounts_that_are_not_plain(read, cells, message):
    with pytest.raises(DataError) as refused:
        read(RICH + "".join(f'{k},2026-01-05,,,"{c}",x\n' for k, c in enumerate(cells)), FULL)
    assert str(refused.value) == f"`amount` in `leads.csv`: {message}"


@pytest.mark.parametrize(
    ("cells", "options", "amounts"),
    [
        (["1,234.50", "-7"], {"thousands": ","}, ["1234.5", "-7"]),
        (["1.234,50", "7"], {"thousands": ".", "decimal": ","}, ["1234.5", "7"]),
        (["1 234,5", "12 345"], {"thousands": " ", "decimal": ","}, ["1234.5", "12345"]),
        (["1\u202f234,5", "7,25"], {"thousands": " ", "decimal": ","}, ["1234.5", "7.25"]),
        (["1'234.50", "7"], {"thousands": "'"}, ["1234.5", "7"]),
    ],
)
def test_amounts_once_told(read, cells, options, amounts):
    text = RICH + "".join(f'{k},2026-01-05,,,"{c}",x\n' for k, c in enumerate(cells))
    assert read(text, FULL, **options).list("lead")["amount"].tolist() == [
        Decimal(amount) for amount in amounts
    ]


def test_amounts_that_do_not_follow_what_was_told(read):
    with pytest.raises(DataError) as refused:
        read(RICH + '1,2026-01-05,,,"1.234,50",x\n', FULL, thousands=",", decimal=".")
    assert str(refused.value) == (
        "`amount` in `leads.csv`: 1 of 1 amount is not in plain digits, such as '1.234,50'. They "
        "do not follow `thousands` and `decimal` as given."
    )


# --- whole funnels ---------------------------------------------------------------------


def test_a_column_of_blanks(read):
    leads = read(RICH + "1,2026-01-05,2026-02-01,,,\n2,2026-01-06,,2026-02-01,,\n", FULL)
    assert found(leads, "blank_segment").what == (
        "2 records have no `source`: it is blank throughout."
    )
    assert found(leads, "amounts_unknown").what == (
        "No won record has `amount`, as known on 2026-12-31."
    )
    assert leads.count("lead", by="source")["series"].unique().tolist() == ["(blank)"]


def test_a_stage_of_blanks(read):
    leads = read(HEADER + "1,,,\n2,,,\n")
    assert tally(leads) == {"no stage reached": 2}
    assert found(leads, "no_stage").what == "2 records have no date in any stage up to 2026-12-31."
    assert found(leads, "no_records").what == (
        "No record is left of 2 rows read (2: no stage reached)."
    )


def test_all_lost(read):
    leads = read(HEADER + "1,2026-01-05,,2026-01-07\n2,2026-01-06,,2026-01-07\n")
    finding = found(leads, "all_lost")
    assert (finding.severity, finding.count) == ("error", 2)
    assert finding.what == "All 2 records have left through `lost`; none was won."


def test_closed_deals_only(read):
    leads = read(HEADER + "1,2026-01-05,,2026-01-07\n2,2026-01-06,2026-01-07,\n")
    finding = found(leads, "closed_only")
    assert (finding.severity, finding.count) == ("error", 2)
    assert finding.what == (
        "Every one of 2 records is `won` or has left through `lost`; none is open."
    )


def test_a_single_lead(read):
    leads = read(HEADER + "1,2026-01-05,,\n")
    assert tally(leads) == {"kept as a record": 1}
    assert leads.summary() == (
        "1 record from 1 row read, 0 set aside; complete up to 31 December 2026."
    )
    assert (
        found(leads, "no_conversion").what == "None of 1 record has reached `won` up to 2026-12-31."
    )


def test_a_month_with_no_data(read):
    leads = read(HEADER + "1,2026-01-05,,\n2,2026-02-07,,\n3,2026-05-07,,\n", as_of="2026-05-31")
    assert leads.count("lead").tolist() == [1, 1, 0, 0, 1]
    finding = found(leads, "months_empty")
    assert (finding.count, finding.examples) == (2, ("2026-03", "2026-04"))
    assert finding.what == "No record entered in 2 months between January 2026 and May 2026."


def test_nothing_had_happened_by_as_of(read):
    leads = read(HEADER + "1,2026-01-05,,\n", as_of="2025-12-31")
    assert tally(leads) == {"entered after `as_of`": 1}
    assert len(leads) == 0
    assert leads.count("lead").tolist() == [0]
    assert leads.list("lead").empty
    assert found(leads, "no_records").what == (
        "No record is left of 1 row read (1: entered after `as_of`)."
    )


# --- definitions -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        (3, "`stages` must be a list of names in order; got int."),
        (None, "`stages` must be a list of names in order; got NoneType."),
        ({"lead", "won"}, "`stages` must be a list of names in order; got set."),
        ({"lead": 1, "won": 2}, "`stages` must be a list of names in order; got dict."),
        ("lead", "`stages` needs at least two names in order; got ['lead']."),
        (["lead", 2], "`stages` and `exits` must be non-empty texts; got ['lead', 2]."),
        (["lead", "lead"], "`stages` and `exits` must be unique; repeated: ['lead']."),
    ],
)
def test_stages_without_an_order(stages, message):
    with pytest.raises(DefinitionError) as refused:
        fk.Funnel(stages)
    assert str(refused.value) == message


def test_an_order_that_the_data_contradict(read):
    rows = "".join(f"{k},2026-01-05,2026-01-{10 + k},\n" for k in range(12))
    leads = read(HEADER + rows, fk.Funnel(["won", "lead"], exits=["lost"]))
    finding = found(leads, "stage_order")
    assert (finding.severity, finding.count, finding.share) == ("error", 12, 1.0)
    assert finding.what == (
        "`lead` comes before `won` in 12 of 12 records that have both, and the funnel says the "
        "opposite."
    )


def test_no_funnel(read):
    with pytest.raises(ArgumentError) as refused:
        read(HEADER + "1,2026-01-05,,\n", None)
    assert str(refused.value) == "`funnel` must be a Funnel; got NoneType."


# --- statuses --------------------------------------------------------------------------

STATUS = fk.Funnel(
    ["new", "won"],
    exits=["lost"],
    id="id",
    columns={"new": "created"},
    status="status",
    status_date="closed",
)
STATUS_HEADER = "id,status,created,closed\n"


def test_unknown_statuses(read):
    with pytest.raises(DataError) as refused:
        read(STATUS_HEADER + "1,New,2026-01-05,\n2,wonn,2026-01-05,\n3,Open,2026-01-05,\n", STATUS)
    assert str(refused.value) == (
        "`status` in `leads.csv` holds 2 values in 2 rows that name no stage or exit: `Open`, "
        '`wonn`. Map them with status_values={"stage": ["its value"]}, or leave them out with '
        "`exclude`."
    )


def test_blank_statuses(read):
    with pytest.raises(DataError) as refused:
        read(STATUS_HEADER + "1,new,2026-01-05,\n2,,2026-01-05,\n", STATUS)
    assert str(refused.value) == (
        "`status` in `leads.csv` is blank in 1 row; a record without a status has no stage. Fill "
        "it, or keep only the others with `where`."
    )


def test_outcomes_without_a_date(read):
    rows = (
        "1,new,2026-01-05,\n2,WON,2026-01-05,\n3,lost,2026-01-05,\n4, won ,2026-01-05,2026-02-01\n"
    )
    leads = read(STATUS_HEADER + rows, STATUS)
    finding = found(leads, "outcomes_undated")
    assert (finding.count, finding.examples) == (2, ("2", "3"))
    assert finding.what == "2 records were closed on a day that is not known (1 `won` and 1 left)."


# --- filters ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"where": {"regin": "north"}},
            DataError,
            "column `regin` (`where`) is missing in `leads.csv`.",
        ),
        (
            {"where": {"source": "webb"}},
            DataError,
            "`where`: no row has `webb` in `source`; it holds `event`, `web`. Did you mean `web`?",
        ),
        (
            {"where": "source"},
            ArgumentError,
            (
                "`where` must map a column to a value or values, such as "
                '{"region": ["north", "south"]}; got \'source\'.'
            ),
        ),
        (
            {"exclude": {"source": []}},
            ArgumentError,
            (
                "`exclude` must map a column to a value or values, such as "
                '{"region": ["north", "south"]}; got {\'source\': []}.'
            ),
        ),
    ],
)
def test_filters_that_cannot_be(read, options, error, message):
    with pytest.raises(error) as refused:
        read(RICH + "1,2026-01-05,,,1,web\n2,2026-01-05,,,1,event\n", FULL, **options)
    assert str(refused.value) == message


def test_a_filter_on_a_personal_column_tells_no_value(read):
    funnel = fk.Funnel(["lead", "won"], exits=["lost"], id="id", personal=["source"])
    text = RICH + "1,2026-01-05,,,1,canary\n"
    with pytest.raises(DataError) as refused:
        read(text, funnel, where={"source": "x"})
    assert str(refused.value) == "`where`: no row has any of the values given for `source`."
    leads = read(text, funnel, exclude={"source": ["x", "y"]})
    assert leads.notes == ("`exclude`: no row has 2 values in `source`.",)


# --- frames ----------------------------------------------------------------------------

TWO = {"id": ["a", "b"], "lead": ["2026-01-05", "2026-01-06"], "won": None, "lost": None}


def frame(**columns):
    return pd.DataFrame({**TWO, **columns})


def days(leads, stage="lead"):
    return [day.date() for day in leads.list("lead")[stage]]


@pytest.mark.parametrize(
    ("lead", "expected"),
    [
        ([dt.date(2026, 1, 5), dt.date(2026, 1, 6)], [5, 6]),
        ([dt.date(2026, 1, 5), "2026-01-06"], [5, 6]),
        ([pd.Timestamp("2026-01-05 23:30"), "2026-01-06"], [5, 6]),
        (pd.to_datetime(["2026-01-05 23:30", "2026-01-06 00:00"]), [5, 6]),
        (pd.Categorical(["2026-01-05", "2026-01-06"]), [5, 6]),
        (pd.array(["2026-01-05", "2026-01-06"], dtype="string"), [5, 6]),
    ],
)
def test_frames_with_days_of_any_kind(lead, expected):
    leads = fk.from_frame(frame(lead=lead), PLAIN, as_of="2026-12-31")
    assert days(leads) == [dt.date(2026, 1, day) for day in expected]


def test_blank_columns_of_any_kind():
    for blank in (None, np.nan, pd.NaT, ""):
        leads = fk.from_frame(frame(won=blank, lost=pd.NaT), PLAIN, as_of="2026-12-31")
        assert (len(leads), len(leads.list("won"))) == (2, 0)


def test_columns_in_a_zone():
    instants = pd.to_datetime(["2026-01-05 23:30", "2026-07-05 22:30"]).tz_localize("UTC")
    berlin = fk.Funnel(["lead", "won"], exits=["lost"], id="id", timezone="Europe/Berlin")
    leads = fk.from_frame(frame(lead=instants), berlin, as_of="2026-12-31")
    assert days(leads) == [dt.date(2026, 1, 6), dt.date(2026, 7, 6)]
    local = instants.tz_convert("America/New_York")
    leads = fk.from_frame(frame(lead=local), berlin, as_of="2026-12-31")
    assert days(leads) == [dt.date(2026, 1, 6), dt.date(2026, 7, 6)]


def test_ids_of_several_kinds():
    leads = fk.from_frame(frame(id=[1, "b"]), PLAIN, as_of="2026-12-31")
    assert leads.list("lead")["id"].tolist() == ["1", "b"]
    big = [10**30, 10**30 + 1]
    leads = fk.from_frame(frame(id=big), PLAIN, as_of="2026-12-31")
    assert leads.list("lead")["id"].tolist() == [str(one) for one in big]
    nullable = pd.array([7, None], dtype="Int64")
    assert tally(fk.from_frame(frame(id=nullable), PLAIN, as_of="2026-12-31")) == {
        "kept as a record": 1,
        "no id": 1,
    }


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"id": [1.0, 2.0]},
            (
                "id column `id` in `frame` holds float64; long ids lose digits in floating "
                'numbers. Read it as text, in pandas with dtype={"id": "string"}.'
            ),
        ),
        (
            {"lead": [46027, 46028]},
            (
                "`lead` in `frame` holds int64, not dates. Serial numbers and epochs are not read; "
                "export ISO dates such as 2026-10-31."
            ),
        ),
        (
            {"lead": [True, False]},
            (
                "`lead` in `frame` holds boolean, not dates. Serial numbers and epochs are not "
                "read; export ISO dates such as 2026-10-31."
            ),
        ),
        (
            {
                "lead": pd.to_datetime(["2026-01-05 10:00", "2026-01-06 10:00"]).tz_localize("UTC"),
                "won": pd.to_datetime(["2026-02-05 10:00", None]),
            },
            (
                "times with an offset (`lead` in `frame`) stand beside times without one (`won` in "
                "`frame`); a day would begin at two different moments. Export all of them in one "
                "zone, or without the time of day."
            ),
        ),
    ],
)
def test_frames_that_are_refused(columns, message):
    with pytest.raises(DataError) as refused:
        fk.from_frame(frame(**columns), PLAIN, as_of="2026-12-31")
    assert str(refused.value) == message


def test_amounts_of_several_kinds():
    for amounts in ([1, 2.5], [Decimal(1), Decimal("2.50")], ["1", 2.5], [np.float32(1), 2.5]):
        leads = fk.from_frame(frame(amount=amounts, source="x"), FULL, as_of="2026-12-31")
        assert leads.list("lead")["amount"].tolist() == [Decimal(1), Decimal("2.5")]
    with pytest.raises(DataError) as refused:
        fk.from_frame(frame(amount=[1, float("inf")], source="x"), FULL, as_of="2026-12-31")
    assert str(refused.value) == (
        "`amount` in `frame`: 1 of 2 amounts is infinite or longer than 18 digits. Correct them, "
        "or leave them blank."
    )


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([1, 2], ArgumentError, "`frame` must be a pandas DataFrame; got list."),
        (pd.DataFrame(), DataError, "`frame` holds no rows."),
        (frame().iloc[:0], DataError, "`frame` holds no rows."),
        (
            frame().set_axis(["id", "lead", "lead", "lost"], axis=1),
            DataError,
            "`frame` has two columns named `lead`; rename one.",
        ),
    ],
)
def test_no_frame(given, error, message):
    with pytest.raises(error) as refused:
        fk.from_frame(given, PLAIN, as_of="2026-12-31")
    assert str(refused.value) == message


# --- logs ------------------------------------------------------------------------------


def test_a_log_that_names_no_stage():
    log = pd.DataFrame({"id": ["a"], "stage": ["Lead"], "time": ["2026-01-05"]})
    with pytest.raises(DataError) as refused:
        fk.from_events(log, PLAIN, id="id", stage="stage", time="time", as_of="2026-12-31")
    assert str(refused.value) == (
        "`stage` in `log` names none of the stages; it holds `Lead`. Map them with "
        'columns={"stage": "its name in the log"}.'
    )


def test_a_log_with_odd_events():
    log = pd.DataFrame(
        [
            ("a", "lead", "2026-01-05"),
            ("a", "call", "2026-01-06"),
            ("b", "lead", None),
            (None, "lead", "2026-01-05"),
            ("a", "won", "2027-01-05"),
        ],
        columns=["id", "stage", "time"],
    )
    leads = fk.from_events(log, PLAIN, id="id", stage="stage", time="time", as_of="2026-12-31")
    assert tally(leads) == {
        "kept as a record": 1,
        "stage not in the funnel": 1,
        "event without a time": 1,
        "no id": 1,
        "event after `as_of`": 1,
    }
    assert found(leads, "stages_unknown").what == "1 event has a stage that is not in the funnel."
    assert found(leads, "times_missing").what == "1 event has no time."


def test_no_log():
    with pytest.raises(ArgumentError) as refused:
        fk.from_events(None, PLAIN, id="id", stage="stage", time="time")
    assert str(refused.value) == (
        "`log` must be a pandas DataFrame, an Ibis table, a path or a list of paths; got None."
    )


def test_every_problem_of_every_column_at_once(read):
    text = RICH.replace("source", "sorce") + '1,05/01/2026,,,"1.200,50",web\n'
    with pytest.raises(DataError) as refused:
        read(text, FULL)
    missing, date, amount = refused.value.problems
    assert missing.startswith("column `source` (segment) is missing in `leads.csv`.")
    assert missing.endswith("Did you mean `sorce`?")
    assert date.startswith("`lead` in `leads.csv`: 1 of 1 date is not ISO")
    assert amount.startswith("`amount` in `leads.csv`: 1 of 1 amount is not in plain digits")


def test_the_largest_amounts_are_added_and_looked_at():
    """Sums of the longest amounts that are read have a place, and so has a hundred medians."""
    funnel = fk.Funnel(["lead", "won"], id="id", value="amount")
    rows = {"id": [f"a{i}" for i in range(30)], "lead": "2026-01-05", "won": "2026-02-01"}
    export = pd.DataFrame(rows).assign(amount="9" * 18)
    export.loc[0, "amount"] = "1"
    leads = fk.from_frame(export, funnel, as_of="2026-06-30")
    found = {finding.rule for finding in fk.audit(leads).findings}
    assert "amounts_extreme" not in found
    export.loc[1:, "amount"] = "5000000000000000"
    export.loc[0, "amount"] = "9" * 18
    leads = fk.from_frame(export, funnel, as_of="2026-06-30")
    (extreme,) = [one for one in fk.audit(leads).findings if one.rule == "amounts_extreme"]
    assert "1 amount in `amount` is more than 100 times the median" in extreme.what


def test_empty_cells_beyond_the_header_hold_nothing(tmp_path):
    funnel = fk.Funnel(["lead", "won"], id="id")
    file = tmp_path / "leads.csv"
    rows = "id,lead,won\na,2026-01-05,2026-02-01,\nb,2026-01-05,,,\nc,2026-01-05,,x\n"
    file.write_text(rows, encoding="utf-8")
    leads = fk.read_csv(file, funnel, as_of="2026-06-30")
    told = leads.accounting().set_index("reason")["rows"].to_dict()
    assert told == {"kept as a record": 2, "does not fit the header": 1}


def test_a_name_without_end_does_not_fill_the_screen():
    log = pd.DataFrame({"case": ["a"], "activity": ["x" * 100_000], "time": ["2026-01-05"]})
    with pytest.raises(DataError, match="names none of the stages") as caught:
        fk.from_events(log, fk.Funnel(["lead", "won"]), id="case", stage="activity", time="time")
    assert len(str(caught.value)) < 300
