"""Workbooks among CRM exports: each sheet is a table of its own."""

import openpyxl
import pytest

from funnelkit._core.errors import DataError
from funnelkit.data import sources
from funnelkit.data.exports import find_exports, open_export


def recognise(columns):
    return "Lead" if "LeadSource" in columns else "Deal" if "Amount" in columns else None


@pytest.fixture
def folder(tmp_path):
    made = openpyxl.Workbook()
    made.active.title = "Leads"
    for row in (["Leads of May"], [], ["Id", "LeadSource"], ["1", "web"], ["Total", 1]):
        made.active.append(row)
    deals = made.create_sheet("Deals")
    for row in (["Id", "Amount"], ["7", 12.5]):
        deals.append(row)
    made.create_sheet("Notes").append(["read", "me"])
    made.save(tmp_path / "crm.xlsx")
    (tmp_path / "more.csv").write_text("Id,LeadSource\n2,fair\n", encoding="utf-8")
    (tmp_path / "~$crm.xlsx").write_bytes(bytes(165))
    return tmp_path


def test_each_sheet_is_an_export(folder):
    found, unknown = find_exports(folder, recognise)
    assert [(one.kind, one.name, one.sheet) for one in found] == [
        ("Lead", "crm.xlsx", "Leads"),
        ("Deal", "crm.xlsx", "Deals"),
        ("Lead", "more.csv", None),
    ]
    assert unknown == ()
    engine = sources.connect()
    leads = open_export(engine, [one for one in found if one.kind == "Lead"], ["Id", "LeadSource"])
    assert sorted(leads.table.execute()["Id"]) == ["1", "2"]
    assert leads.aside == {"title above the header": 1, "subtotal": 1}
    assert leads.rows == 4
    deals = open_export(engine, [one for one in found if one.kind == "Deal"], ["Id", "Amount"])
    assert deals.table.execute().values.tolist() == [["7", "12.5"]]


def test_a_damaged_workbook_among_others_is_named(folder):
    (folder / "crm.xlsx").write_bytes(b"PK\x03\x04" + bytes(50))
    found, unknown = find_exports(folder, recognise)
    assert [one.name for one in found] == ["more.csv"]
    assert unknown == ("crm.xlsx",)
    (folder / "more.csv").unlink()
    with pytest.raises(DataError, match=r"`crm\.xlsx` cannot be read as a workbook"):
        find_exports(folder, recognise)
