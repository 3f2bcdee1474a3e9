"""The slides as PowerPoint has them, read by python-pptx."""

import io
import zipfile
from pathlib import Path

import pptx
import pytest
from pptx.util import Inches

from funnelkit._core.errors import ArgumentError
from funnelkit.report.delivery.digest import Table, digest_of
from funnelkit.report.delivery.grids import fitted
from funnelkit.report.delivery.slides import slides_of
from tests.report.delivery import made


@pytest.fixture(scope="module")
def written() -> bytes:
    return slides_of(digest_of(made.page()))


@pytest.fixture(scope="module")
def slides(written: bytes) -> list:
    return list(pptx.Presentation(io.BytesIO(written)).slides)


def titles(slides: list) -> list[str]:
    return [one.shapes.title.text for one in slides]


def test_one_finding_a_slide(slides: list) -> None:
    assert titles(slides) == [
        "Monthly funnel report, May 2018", made.HEADLINE, "Wins as before",
        "One in ten leads won", "Also in the report",
    ]  # fmt: skip


def test_at_most_one_picture_and_one_native_table(slides: list) -> None:
    for slide in slides:
        assert sum(one.has_table for one in slide.shapes) <= 1
        assert sum(one.name == "Picture" for one in slide.shapes) <= 1
    shown = {one.name for one in slides[3].shapes}
    assert {"Picture", "Table"} <= shown


def test_the_table_holds_the_page_s_words(slides: list) -> None:
    [table] = [one.table for one in slides[3].shapes if one.has_table]
    rows = [tuple(cell.text for cell in row.cells) for row in table.rows]
    assert rows == [made.COLUMNS, *made.ROWS]


def test_figures_keep_interval_and_number(slides: list) -> None:
    [table] = [one.table for one in slides[2].shapes if one.has_table]
    rows = [tuple(cell.text for cell in row.cells) for row in table.rows]
    assert rows == [
        ("Figure", "Value", "95 % interval", "Number"),
        ("Wins", "57", "43 to 74", "n = 57 wins"),
    ]


def test_an_interval_in_small_print_stays_with_its_figure() -> None:
    columns = ("Figure", "Now")
    rows = (("Conversion\nleads won by day 270", "3.3 %\n2.2 to 5.0 %"), ("Wins", "165\nby June"))
    grid = fitted(Table(name="trends", columns=columns, rows=rows), 6.0, 3.0)
    assert grid is not None
    assert [tuple(row) for row in grid.cells] == [
        columns, ("Conversion", "3.3 % (2.2 to 5.0 %)"), ("Wins", "165"),
    ]  # fmt: skip


def test_of_many_months_the_last_ones_stay() -> None:
    rows = tuple((f"2026-{month:02d}", str(month)) for month in range(1, 13))
    grid = fitted(Table(name="months", columns=("Month", "Wins"), rows=rows), 4.0, 2.0)
    assert grid is not None
    assert grid.cells[-1] == ("2026-12", "12")
    assert sum(grid.heights) <= 2.0
    assert grid.left_out == f"{13 - len(grid.cells)} more rows in the workbook."


def test_pictures_have_words_and_notes_the_lead(slides: list) -> None:
    [picture] = [one for one in slides[3].shapes if one.name == "Picture"]
    told = picture._element.nvPicPr.cNvPr.get("descr")
    assert told == f"Funnel: 40 moved on. {made.TRAP}"
    assert "1,303 leads" in slides[3].notes_slide.notes_text_frame.text


def test_nothing_stands_beyond_the_slide_or_on_other_things(slides: list) -> None:
    for slide in slides[1:]:
        boxes = [(one.left, one.top, one.width, one.height) for one in slide.shapes]
        for left, top, width, height in boxes:
            assert left >= 0
            assert top >= 0
            assert left + width <= Inches(13.34)
            assert top + height <= Inches(7.51)
        picture = [one for one in slide.shapes if one.name == "Picture"]
        table = [one for one in slide.shapes if one.has_table]
        for a, b in zip(picture, table, strict=False):
            apart = a.left + a.width <= b.left or a.top + a.height <= b.top
            assert apart


def test_the_same_page_gives_the_same_bytes(written: bytes) -> None:
    assert slides_of(digest_of(made.page())) == written


def test_nothing_is_linked_from_outside(written: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(written)) as package:
        for name in package.namelist():
            content = package.read(name)
            assert b'TargetMode="External"' not in content, name
            assert b"<script" not in content, name


def template(folder: Path, *, kind: str = "pptx") -> Path:
    made_here = pptx.Presentation()
    made_here.slide_width, made_here.slide_height = Inches(10), Inches(5.625)
    shown = made_here.slides.add_slide(made_here.slide_layouts[0])
    shown.shapes.title.text = "A slide that shows the template"
    path = folder / "own.pptx"
    made_here.save(path)
    if kind == "potx":
        stream = folder / "own.potx"
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(stream, "w") as new:
            for name in old.namelist():
                content = old.read(name)
                new.writestr(name, content.replace(b"presentation.main", b"template.main"))
        return stream
    return path


@pytest.mark.parametrize("kind", ["pptx", "potx"])
def test_the_user_s_own_template(tmp_path: Path, kind: str) -> None:
    found = pptx.Presentation(
        io.BytesIO(slides_of(digest_of(made.page()), template=template(tmp_path, kind=kind)))
    )
    assert (found.slide_width, found.slide_height) == (Inches(10), Inches(5.625))
    assert titles(list(found.slides))[0] == "Monthly funnel report, May 2018"
    assert {one.slide_layout.name for one in found.slides} == {"Title Slide", "Title Only"}


def test_what_is_no_template_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.pptx").write_text("not a presentation", encoding="utf-8")
    for path in (tmp_path / "own.pptx", tmp_path / "absent.pptx"):
        with pytest.raises(ArgumentError, match=r"`template` must be a presentation"):
            slides_of(digest_of(made.page()), template=path)
