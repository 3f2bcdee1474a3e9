"""The table itself: nothing but text in cells, styles in place, aligned text."""

from html.parser import HTMLParser

import pytest

import funnelkit as fk
from funnelkit.table.grid import Column, Table

VOID: set[str] = {"br", "hr", "img"}


class Reader(HTMLParser):
    """Rows of cells with their tag and attributes, and every tag that was met."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.rows: list[list[tuple[str, dict[str, str | None], str]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append((tag, dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"td", "th"}:
            tag, attrs, text = self.rows[-1][-1]
            self.rows[-1][-1] = (tag, attrs, text + data)


def read(table: Table) -> Reader:
    reader = Reader()
    reader.feed(table.to_html())
    assert not reader.open
    return reader


NAMES = (
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    '"><img src=x onerror=alert(1)>',
    "a & b",
)


@pytest.fixture
def table() -> Table:
    return Table(
        summary="<b>Four</b> sources.",
        columns=(Column("source", "left"), Column("<i>leads</i>"), Column("status", "left")),
        rows=tuple((name, f"{1000 * k:,}", "immature") for k, name in enumerate(NAMES)),
        notes=("of < all>",),
    )


def test_cells_come_back_as_they_went_in(table: Table) -> None:
    rows = [[text for _, _, text in row] for row in read(table).rows]
    assert rows == [["source", "<i>leads</i>", "status"], *(list(row) for row in table.rows)]


def test_there_are_only_the_tags_of_a_table(table: Table) -> None:
    assert set(read(table).tags) == {"div", "p", "table", "thead", "tbody", "tr", "th", "td"}


def test_every_style_is_in_place_for_a_mail(table: Table) -> None:
    page = table.to_html()
    assert "class=" not in page
    assert "<style" not in page
    for row in read(table).rows:
        for (_, attrs, _), column in zip(row, table.columns, strict=True):
            style = str(attrs["style"])
            assert f"text-align:{column.align};" in style
            assert "background:#ffffff" in style
    assert "font-variant-numeric:tabular-nums" in page


def test_names_stay_text_when_pasted_into_a_spreadsheet(table: Table) -> None:
    for row in read(table).rows:
        for (_, attrs, _), column in zip(row, table.columns, strict=True):
            assert ("mso-number-format" in str(attrs["style"])) == (column.align == "left")


def test_headings_say_what_they_head(table: Table) -> None:
    head, *body = read(table).rows
    assert {attrs["scope"] for _, attrs, _ in head} == {"col"}
    assert all(row[0][0] == "th" and row[0][1]["scope"] == "row" for row in body)


def test_a_notebook_shows_the_same_html(table: Table) -> None:
    assert table._repr_html_() == table.to_html()


def test_text_is_aligned(table: Table) -> None:
    lines = repr(table).splitlines()
    assert lines[0] == "<b>Four</b> sources."
    cells = lines[2:7]
    end = cells[0].index("<i>leads</i>") + len("<i>leads</i>")
    assert all(line[end - 1] in "0>" and line[end : end + 2] == "  " for line in cells)
    assert lines[-1] == "of < all>"


def test_wide_and_combining_signs_keep_the_columns() -> None:
    names = ("日本", "e\u0301t\u00e9", "abcd")
    table = Table(
        summary="x", columns=(Column("n", "left"), Column("k")), rows=tuple((n, "1") for n in names)
    )
    lines = repr(table).splitlines()[3:]
    assert [line.rsplit(" ", 1)[0] for line in lines] == ["日本 ", "e\u0301t\u00e9  ", "abcd "]


def test_the_narrow_space_of_a_percentage_is_plain_in_text() -> None:
    table = Table(summary="10.0\u202f%", columns=(Column("share"),), rows=(("5\u202f%",),))
    assert "\u202f" not in table.to_text()
    assert "5\u202f%" in table.to_html()


def test_the_room_offers_the_class() -> None:
    assert fk.table.Table is Table
