"""Columns of a list joined by a name: nothing is lost, and what the list lacks is told."""

from __future__ import annotations

import functools
from decimal import Decimal

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.data.lookups import look_up
from tests.metrics.maven import maven_leads

ROWS = [
    ("a", "2026-01-05", "2026-02-01", 100, "GTXPro", "Ada"),
    ("b", "2026-01-06", "2026-02-02", None, "GTX Pro", "Ada"),
    ("c", "2026-01-07", None, 70, "Basic", "Bo"),
    ("d", "2026-01-08", None, None, None, None),
    ("e", "2026-01-09", "2026-02-03", 5, "=cmd|' /C calc'!A0", "eve@example.org"),
]
PRODUCTS = pd.DataFrame(
    {
        "name": ["GTX Pro", " Basic ", "Never sold", None],
        "series": ["GTX", None, "X", "Y"],
        "price": [10, 20, 30, 40],
    }
)


@functools.cache
def leads(**changed: object) -> fk.Leads:
    frame = pd.DataFrame(ROWS, columns=["id", "deal", "won", "amount", "product", "rep"])
    given = {"segments": ("product",), "owner": "rep", "value": "amount"}
    return fk.from_frame(frame, fk.Funnel(["deal", "won"], **(given | changed)), as_of="2026-03-31")


def test_no_record_is_lost_and_what_the_list_lacks_is_told() -> None:
    found = look_up(leads(), PRODUCTS, "product", key="name")
    assert (len(found.leads), found.records, found.blank) == (5, 5, 1)
    assert found.columns == ("series", "price")
    listed = found.leads.list("deal").set_index("id")
    assert listed["series"].fillna("").to_dict() == {"a": "", "b": "GTX", "c": "", "d": "", "e": ""}
    assert listed["price"].fillna("").to_dict()["c"] == "20"
    rows = found.unmatched.set_index("name")
    assert rows.loc["GTXPro"].tolist() == ["GTX Pro", 1, 1, Decimal(100)]
    assert found.unused == ("Never sold",)
    assert found.summary() == (
        "2 of 5 records have a `product` that the list has. 2 have one that it does not have "
        "(2 names), 2 of them won, worth 105: =cmd|' /C calc'!A0, GTXPro (for GTX Pro?). In 1 it "
        "is blank. 1 of the list have no record: Never sold."
    )


def test_names_are_matched_where_it_is_said() -> None:
    same = {"GTXPro": "GTX Pro"}
    found = look_up(leads(), PRODUCTS, "product", key="name", columns=["series"], same=same)
    assert found.leads.count("won", by="series").groupby("series")["value"].sum().to_dict() == {
        "(blank)": 1,
        "GTX": 2,
    }
    with pytest.raises(ArgumentError, match="Did you mean `GTX Pro`"):
        look_up(leads(), PRODUCTS, "product", key="name", same={"GTXPro": "GTX Por"})


def test_mail_addresses_are_not_shown() -> None:
    teams = pd.DataFrame({"rep": ["Ada", "bob@example.org"], "team": ["N", "S"]})
    found = look_up(leads(), teams, "rep")
    assert "example.org" not in repr(found) + found.summary() + found._repr_html_()
    assert found.unmatched["name"].tolist() == ["(a mail address)", "Bo"]


def test_a_log_takes_the_name_that_its_record_has() -> None:
    log = pd.DataFrame(
        {
            "case": ["a", "a", "b"],
            "step": ["deal", "won", "deal"],
            "at": ["2026-01-01", "2026-01-09", "2026-01-02"],
            "product": ["GTXPro", "GTX Pro", "GTX Pro"],
        }
    )
    funnel = fk.Funnel(["deal", "won"], segments=["product"])
    made = fk.from_events(log, funnel, id="case", stage="step", time="at", as_of="2026-01-31")
    found = look_up(made, PRODUCTS, "product", key="name").leads
    listed = found.list("deal")
    assert listed["product"].tolist() == ["GTXPro", "GTX Pro"]
    assert listed["series"].fillna("").tolist() == ["", "GTX"]


@pytest.mark.parametrize(
    ("table", "given", "error", "words"),
    [
        (PRODUCTS, {"on": "prodct"}, ArgumentError, "Did you mean `product`"),
        (PRODUCTS, {}, ArgumentError, "column of the list `product`"),
        (PRODUCTS[["name"]], {"key": "name"}, ArgumentError, "nothing to look up"),
        (PRODUCTS, {"key": "name", "columns": ["seris"]}, ArgumentError, "`series`"),
        (PRODUCTS, {"key": "name", "columns": {"rep": "series"}}, ArgumentError, "already"),
        (
            pd.DataFrame({"product": ["A", "A"], "x": ["1", "2"]}),
            {},
            DataError,
            "1 name with several rows that differ, such as 'A'",
        ),
        ("nowhere.csv", {}, ArgumentError, "path of a CSV"),
        (7, {}, ArgumentError, "must be a frame or the path"),
    ],
)
def test_wrong_arguments(table, given, error, words) -> None:
    arguments = {"on": "product"} | given
    with pytest.raises(error, match=words):
        look_up(leads(), table, arguments.pop("on"), **arguments)


def test_personal_columns_are_never_read(tmp_path) -> None:
    path = tmp_path / "reps.csv"
    path.write_text("rep,phone,team\nAda,0123,N\n", encoding="utf-8")
    made = leads(personal=("phone",))
    assert look_up(made, path, "rep").columns == ("team",)
    with pytest.raises(ArgumentError, match="`phone` is personal"):
        look_up(made, path, "rep", columns=["phone"])


# ../shared/data/README.md, "maven_crm".


def test_maven(shared_data) -> None:
    folder = shared_data / "maven_crm"
    products = look_up(maven_leads(shared_data), folder / "products.csv", "product")
    assert products.unmatched.to_numpy().tolist() == [
        ["GTXPro", "GTX Pro", 1480, 729, Decimal(3_510_578)]
    ]
    assert "1,480 have one that it does not have" in products.summary()
    teams = look_up(products.leads, folder / "sales_teams.csv", "sales_agent")
    assert len(teams.unused) == 5
    closed = {
        name: fk.metrics.opportunity_to_win(teams.leads, by=name).to_frame().set_index(name)
        for name in ("manager", "regional_office")
    }
    counted = {
        name: list(zip(frame["numerator"], frame["denominator"], strict=True))
        for name, frame in closed.items()
    }
    assert closed["manager"].index.tolist() == [
        "Cara Losch",
        "Celia Rouche",
        "Dustin Brinkmann",
        "Melvin Marxen",
        "Rocco Neubert",
        "Summer Sewald",
    ]
    assert counted == {
        "manager": [(480, 745), (610, 962), (747, 1186), (882, 1418), (691, 1113), (828, 1287)],
        "regional_office": [(1629, 2604), (1171, 1858), (1438, 2249)],
    }
