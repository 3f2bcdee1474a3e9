"""Real exports saved as workbooks give what their CSV gives."""

import csv
import datetime as dt

import pytest
import xlsxwriter

import funnelkit as fk

FUNNEL = fk.Funnel(
    ["mql", "won"],
    id="mql_id",
    columns={"mql": "first_contact_date", "won": "won_date"},
    value="declared_monthly_revenue",
    segments=["origin"],
    skipped="strict",
)
FILES = ("olist_marketing_qualified_leads_dataset", "olist_closed_deals_dataset")
DAYS, AMOUNTS = ("first_contact_date", "won_date"), ("declared_monthly_revenue",)


@pytest.fixture(scope="module")
def olist(shared_data, tmp_path_factory):
    """The two exports as workbooks: days as days, amounts as numbers."""
    folder = tmp_path_factory.mktemp("olist")
    for name in FILES:
        with (shared_data / "olist" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            header, *rows = csv.reader(stream)
        with xlsxwriter.Workbook(folder / f"{name}.xlsx") as made:
            tab = made.add_worksheet()
            day = made.add_format({"num_format": "dd/mm/yyyy hh:mm"})
            tab.write_row(0, 0, header)
            for number, row in enumerate(rows, 1):
                for column, (title, cell) in enumerate(zip(header, row, strict=True)):
                    if title in DAYS and cell:
                        tab.write_datetime(number, column, dt.datetime.fromisoformat(cell), day)
                    elif title in AMOUNTS and cell:
                        tab.write_number(number, column, float(cell))
                    else:
                        tab.write_string(number, column, cell)
    return folder


def test_olist_as_workbooks(olist, shared_data):
    books = [olist / f"{name}.xlsx" for name in FILES]
    texts = [shared_data / "olist" / f"{name}.csv" for name in FILES]
    ours = fk.read_excel(books[0], FUNNEL, join=books[1], as_of="2018-11-14")
    theirs = fk.read_csv(texts[0], FUNNEL, join=texts[1], as_of="2018-11-14")
    assert ours.rows.read == (8000, 842)
    for cohort in ("month",):
        one = fk.triangle(ours, "mql", "won", cohort=cohort, by="origin")
        other = fk.triangle(theirs, "mql", "won", cohort=cohort, by="origin")
        assert one.to_frame().equals(other.to_frame())
    assert int(one.entered.sum()) == 8000
    assert ours.list("won").equals(theirs.list("won"))
    assert len(ours.list("won")) == 842
