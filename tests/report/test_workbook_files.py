"""Workbooks named in funnel.yml: read by `read_excel`, told which sheet and which days."""

import openpyxl
import pytest

from funnelkit._core.errors import DefinitionError
from funnelkit.report.config import load_config

FUNNEL = "stages: [lead, won]\nid: id\nas_of: 2026-12-31\n"


@pytest.fixture
def folder(tmp_path):
    made = openpyxl.Workbook()
    for row in (["Leads"], ["id", "lead", "won"], ["a", 46027, None]):
        made.active.append(row)
    made.copy_worksheet(made.active).append(["b", 46027, None])
    made.save(tmp_path / "leads.xlsx")
    return tmp_path


def test_the_options_reach_the_reader(folder):
    data = "data: {files: leads.xlsx, sheet: 2, header_row: 2, date_format: excel}\n"
    (folder / "funnel.yml").write_text(FUNNEL + data, encoding="utf-8")
    leads = load_config(folder).read()
    assert leads.list("lead")["id"].tolist() == ["a", "b"]
    by_name = data.replace("sheet: 2", "sheet: Sheet")
    (folder / "funnel.yml").write_text(FUNNEL + by_name, encoding="utf-8")
    assert load_config(folder).read().list("lead")["id"].tolist() == ["a"]


def test_they_are_for_workbooks(folder):
    (folder / "leads.csv").write_text("id,lead,won\n", encoding="utf-8")
    data = "data:\n  files: leads.csv\n  sheet: Leads\n  header_row: none\n"
    (folder / "funnel.yml").write_text(FUNNEL + data, encoding="utf-8")
    with pytest.raises(DefinitionError) as refused:
        load_config(folder)
    assert refused.value.problems == (
        "funnel.yml, line 6: `data.sheet` is for Excel workbooks; leads.csv is none.",
        "funnel.yml, line 7: `data.header_row` must be a row, counted from 1; got 'none'.",
    )
