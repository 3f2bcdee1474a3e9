"""`where` and `exclude`, with the blank as a value that can be named."""

import pandas as pd
import pytest

import funnelkit as fk

EXPORT = pd.DataFrame(
    {
        "id": ["a", "b", "c", "d"],
        "lead": ["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"],
        "won": ["2026-01-15", None, "2026-01-17", None],
        "pipeline": ["Sales", "Renewals", " ", None],
    }
)
FUNNEL = fk.Funnel(["lead", "won"], id="id")


def kept(**rules):
    leads = fk.from_frame(EXPORT, FUNNEL, as_of="2026-01-31", **rules)
    told = dict(leads.accounting().set_index("reason")["rows"])
    assert sum(told.values()) == len(EXPORT)
    return leads.list("lead")["id"].tolist()


@pytest.mark.parametrize(
    ("rules", "ids"),
    [
        ({"where": {"pipeline": "Sales"}}, ["a"]),
        ({"where": {"pipeline": ["Sales", ""]}}, ["a", "c", "d"]),
        ({"exclude": {"pipeline": "Renewals"}}, ["a", "c", "d"]),
        ({"exclude": {"pipeline": ""}}, ["a", "b"]),
        ({"exclude": {"pipeline": [None, "Sales"]}}, ["b"]),
    ],
)
def test_rows_are_kept_by_value(rules, ids):
    assert kept(**rules) == ids


def test_olist_without_blank_origins(shared_data):
    folder = shared_data / "olist"
    funnel = fk.Funnel(
        ["mql", "won"], id="mql_id", columns={"mql": "first_contact_date", "won": "won_date"}
    )
    leads = fk.read_csv(
        folder / "olist_marketing_qualified_leads_dataset.csv",
        funnel,
        join=[folder / "olist_closed_deals_dataset.csv"],
        as_of="2018-11-14",
        exclude={"origin": ""},
    )
    # ../shared/data/README.md: blank 60/14 of 8,000/842; their deals go with them
    assert (len(leads), len(leads.list("won"))) == (8000 - 60, 842 - 14)
