"""What is no workbook, or a damaged one, says so in one clear error; HTML tables are read."""

import io
import random
import zipfile

import openpyxl
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import DataError, FunnelError
from funnelkit.data import sources
from funnelkit.data.spreadsheets import container
from funnelkit.data.spreadsheets.cells import column_of
from funnelkit.data.spreadsheets.opening import open_excel

FUNNEL = fk.Funnel(["lead", "won"], id="id")
AGAIN = "Open it in Excel, save it again as .xlsx, or export the table once more."


@pytest.fixture
def read(tmp_path):
    def read_bytes(content, name="leads.xlsx", funnel=FUNNEL, **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return fk.read_excel(path, funnel, **{"as_of": "2026-12-31", **options})

    return read_bytes


def workbook(**parts):
    """A workbook of one sheet as bytes; parts replace or add to its own (`None` removes one)."""
    made = openpyxl.Workbook()
    for row in (["id", "lead", "won"], ["a", "2026-01-05", None]):
        made.active.append(row)
    content = io.BytesIO()
    made.save(content)
    return changed(content.getvalue(), parts)


def changed(content, parts):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        own = {name: archive.read(name) for name in archive.namelist()}
    own |= parts
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in own.items():
            if part is not None:
                archive.writestr(name, part)
    return made.getvalue()


def zipped(**parts):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return made.getvalue()


PARQUET, ODD = b"PAR1" + bytes(90), b"\x00\x01\x02" * 50
ENTITY = '<!DOCTYPE x [<!ENTITY a "b">]><workbook>&a;</workbook>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "`leads.xlsx` is empty."),
        (b" \r\n", "`leads.xlsx` is empty."),
        (
            b"id,lead,won\na,2026-01-05,\n",
            (
                "`leads.xlsx` is no workbook but plain text under an Excel name; use `read_csv`, "
                "which goes by what is in a file."
            ),
        ),
        (
            OLE + "EncryptedPackage".encode("utf-16-le"),
            "`leads.xlsx` is protected by a password; save it without one.",
        ),
        (
            OLE,
            "`leads.xlsx` is an old Excel workbook (.xls); open it in Excel and save it as .xlsx.",
        ),
        (PARQUET, "`leads.xlsx` is no workbook: it is a Parquet file; use `read_parquet`."),
        (ODD, "`leads.xlsx` is no workbook: it begins like no known kind of file."),
        (
            (b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook '
            b'xmlns="urn:schemas-microsoft-com:office:spreadsheet"></Workbook>'),
            "`leads.xlsx` is an XML spreadsheet of 2003; open it in Excel and save it as .xlsx.",
        ),
        (
            "<!DOCTYPE html><html><body>Sign in</body></html>",
            ("`leads.xlsx` is a web page without a table, perhaps a sign-in page; download the "
            "export again."),
        ),
        (
            zipped(**{"leads.csv": "id,lead,won\n"}),
            ("`leads.xlsx` cannot be read as a workbook: it is a zip archive that holds no "
            f"workbook. {AGAIN}"),
        ),
        (
            zipped(**{"content.xml": "<x/>"}),
            "`leads.xlsx` is no workbook: it is an OpenDocument file; save it as .xlsx.",
        ),
        (
            zipped(**{"xl/workbook.bin": "x"}),
            ("`leads.xlsx` is no workbook: it is a binary workbook (.xlsb); open it in Excel and "
            "save it as .xlsx."),
        ),
        (
            workbook()[:2000],
            f"`leads.xlsx` cannot be read as a workbook: it is cut off or damaged. {AGAIN}",
        ),
        (
            workbook(**{"xl/worksheets/sheet1.xml": "<worksheet><sheetData><row>"}),
            f"`leads.xlsx` cannot be read as a workbook: it is cut off or damaged. {AGAIN}",
        ),
        (
            workbook(**{"xl/worksheets/sheet1.xml": None}),
            ("`leads.xlsx` cannot be read as a workbook: its part 'xl/worksheets/sheet1.xml' is "
            f"missing. {AGAIN}"),
        ),
        (
            workbook(**{"xl/workbook.xml": ENTITY}),
            f"`leads.xlsx` cannot be read as a workbook: it declares entities. {AGAIN}",
        ),
    ],
)  # fmt: skip
def test_no_workbook(read, content, message):
    with pytest.raises(DataError) as refused:
        read(content)
    assert str(refused.value) == message


def test_a_part_in_no_known_encoding(read):
    with pytest.raises(DataError, match="it is in an unknown encoding"):
        read(workbook(**{"xl/workbook.xml": '<?xml version="1.0" encoding="UTFB8"?><workbook/>'}))


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    '<row r="1"><c t="inlineStr"><is><t>id</t></is></c><c t="inlineStr"><is><t>lead</t></is></c>'
    '<c t="inlineStr"><is><t>won</t></is></c></row>{}</sheetData></worksheet>'
)


ROW = '<row r="2"><c r="{}" t="{}"><v>{}</v></c></row>'


def test_cells_and_rows_without_places(read):
    row = (
        '<row><c t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>'
        '<c t="d"><v>2026-01-05</v></c></row>'
    )
    leads = read(workbook(**{"xl/worksheets/sheet1.xml": SHEET.format(row)}))
    assert leads.list("lead")["id"].tolist() == ["ab"]


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ('<row r="0"/>', "row '0' follows row 1"),
        ('<row r="9999999"/>', "row '9999999' follows row 1"),
        (ROW.format("A2", "s", 99), "a cell refers to text '99', which is not there"),
        (ROW.format("A2", "s", -1), "a cell refers to text '-1', which is not there"),
        (ROW.format("A2", "n", "nan"), "'nan' stands where a number should"),
        (ROW.format("A2", "n", "1e999"), "'1e999' stands where a number should"),
        (ROW.format("A2", "q", 1), "it holds a cell of the unknown kind 'q'"),
        (ROW.format("ZZZZ2", "n", 1), "'ZZZZ' is no column"),
    ],
)  # fmt: skip
def test_cells_that_can_be_none(read, cell, why):
    with pytest.raises(DataError) as refused:
        read(workbook(**{"xl/worksheets/sheet1.xml": SHEET.format(cell)}))
    assert str(refused.value) == f"`leads.xlsx` cannot be read as a workbook: {why}. {AGAIN}"


def test_the_last_column_of_a_sheet(read):
    assert column_of("XFD") == 16383
    row = '<row r="2"><c r="A2"><v>1</v></c><c r="XFD2"><v>1</v></c></row>'
    assert read(workbook(**{"xl/worksheets/sheet1.xml": SHEET.format(row)})).rows.read == (1,)


def test_a_strict_workbook_with_prefixes(read):
    """Other name spaces and prefixes say the same."""
    sheet = SHEET.format('<row r="2"><c r="A2"><v>7</v></c></row>')
    for tag in ("worksheet", "sheetData", "row", "c", "v", "is", "t"):
        sheet = sheet.replace(f"<{tag}>", f"<x:{tag}>").replace(f"<{tag} ", f"<x:{tag} ")
        sheet = sheet.replace(f"</{tag}>", f"</x:{tag}>")
    sheet = sheet.replace("xmlns=", "xmlns:x=").replace(
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://purl.oclc.org/ooxml/spreadsheetml/main",
    )
    assert read(workbook(**{"xl/worksheets/sheet1.xml": sheet})).rows.read == (1,)


def test_a_damaged_style_sheet_is_none(read):
    """Styles that other programs refuse, but that say what cells are."""
    styles = '<styleSheet><fills><fill/></fills><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>'
    row = '<row r="2"><c r="A2" t="str"><v>a</v></c><c r="B2" s="0"><v>46027</v></c></row>'
    parts = {"xl/worksheets/sheet1.xml": SHEET.format(row), "xl/styles.xml": styles}
    leads = read(workbook(**parts))
    assert leads.list("lead")["lead"].tolist() == [pd.Timestamp("2026-01-05")]


def test_a_zip_bomb(read, monkeypatch):
    monkeypatch.setattr(container, "_LARGEST", 1 << 20)
    bomb = workbook(**{"xl/media/image1.png": bytes(3 << 20)})
    assert len(bomb) < 20_000
    with pytest.raises(DataError) as refused:
        read(bomb)
    assert str(refused.value) == (
        "`leads.xlsx` would unpack to 3 MB; no workbook of more than 1 MB is read. Export the "
        "table as CSV."
    )


def test_too_many_texts(read, monkeypatch):
    monkeypatch.setattr(container, "_LARGEST_PART", 100)
    with pytest.raises(DataError, match="MB of texts or styles; export the table as CSV"):
        read(workbook())


# --- HTML under an Excel name ------------------------------------------------------------

PAGE = """<html><head><meta http-equiv="Content-Type" content="text/html; charset={}">
<style>td {{color: red}}</style></head><body><table border=1>
<tr><td colspan=3>Leads &amp; wins</td></tr>
<tr><th>source</th><th>id</th><th>lead<br></th><th>won</th></tr>
<tr><td rowspan=2>S\xfcd</td><td>a</td><td>2026-01-05</td><td>2026-02-01</td></tr>
<tr><td>b<td>2026-01-06<td>&nbsp;</tr>
<tr><td>Total</td><td></td><td></td><td>2</td></tr>
<tr><td>Confidential Information - Do Not Distribute</td></tr>
</table></body></html>"""


@pytest.mark.parametrize("charset", ["utf-8", "ISO-8859-1"])
def test_an_html_table(read, charset):
    funnel = fk.Funnel(["lead", "won"], id="id", segments=["source"])
    leads = read(PAGE.format(charset).encode(charset), name="leads.xls", funnel=funnel)
    assert leads.list("lead")["source"].tolist() == ["S\xfcd", "S\xfcd"]
    assert leads.list("won")["id"].tolist() == ["a"]
    told = leads.accounting().set_index("reason")["rows"].to_dict()
    assert told == {
        "kept as a record": 2,
        "subtotal": 1,
        "footer": 1,
        "title above the header": 1,
    }
    assert leads.notes[0] == (
        "`leads.xls` is an HTML table under an Excel name; its cells were read as text."
    )


def test_an_html_table_has_no_sheets(read):
    with pytest.raises(DataError, match="it is an HTML table; leave out `sheet`"):
        read(PAGE.format("utf-8"), name="leads.xls", sheet="Leads")


def test_an_html_table_in_no_known_encoding(read):
    with pytest.raises(DataError, match="its text is not in the encoding utf-8"):
        read(PAGE.format("utf-8").encode("latin-1"), name="leads.xls")


# --- mutated workbooks ---------------------------------------------------------------------


def test_a_mutated_workbook_is_read_or_refused(tmp_path, rng_bytes):
    """One clear error, or a source whose rows add up; never an error of another kind."""
    engine, path = sources.connect(), tmp_path / "leads.xlsx"
    outcomes = set()
    for mutated in rng_bytes(workbook()):
        path.write_bytes(mutated)
        try:
            source = open_excel(engine, path, needed={"id", "lead", "won"})
        except FunnelError:
            outcomes.add("refused")
        else:
            outcomes.add("read")
            kept = source.table.count().execute()
            assert source.rows == kept + source.headers + sum(source.aside.values())
    assert outcomes == {"refused", "read"}


@pytest.fixture
def rng_bytes():
    """Copies with a few bytes changed, cut out or repeated, in the zip and inside its parts."""
    rng = random.Random(4)

    def mutate(content):
        content = bytearray(content)
        for _ in range(rng.choice((1, 1, 2, 8))):
            at = rng.randrange(len(content))
            what = rng.randrange(4)
            if what == 0:
                content[at] = rng.randrange(256)
            elif what == 1:
                del content[at : at + rng.randrange(1, 40)]
            elif what == 2:
                content[at:at] = content[at : at + rng.randrange(1, 40)]
            else:
                content[at:at] = rng.choice((b"<", b">", b'"', b"9" * 30, b"-", b"\xff", b"&#0;"))
            if not content:
                break
        return bytes(content)

    def copies(good, n=75):
        with zipfile.ZipFile(io.BytesIO(good)) as archive:
            own = {name: archive.read(name) for name in archive.namelist()}
        for _ in range(n):
            yield mutate(good)
        for _ in range(n):
            name = rng.choice(sorted(own))
            yield changed(good, {name: mutate(own[name])})

    return copies
