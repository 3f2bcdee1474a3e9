"""What came since a day: whose wins, in which month, in which currency, and what is not known."""

import datetime as dt

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import DataError
from funnelkit.counts.came_since import ALREADY, LATER, NEW, OPEN, OTHER, came_since

SINCE, BEGIN, UNTIL = dt.date(2027, 1, 15), dt.date(2027, 1, 1), dt.date(2027, 2, 28)
ROWS = [
    # id, lead, opportunity, won, lost, amount, currency
    ("won before", "2026-12-01", None, "2027-01-10", None, 10, "EUR"),
    ("won too early", "2026-11-01", None, "2026-12-10", None, 10, "EUR"),
    ("open, won", "2026-12-01", None, "2027-02-10", None, 20, "EUR"),
    ("open still", "2027-01-05", "2027-01-20", None, None, 30, "EUR"),
    ("new, won", "2027-01-20", None, "2027-02-01", None, 40, "EUR"),
    ("new, won later", "2027-01-20", None, "2027-03-02", None, 50, "EUR"),
    ("new, no amount", "2027-02-20", None, "2027-02-21", None, None, None),
    ("too new", "2027-03-01", None, None, None, 60, "EUR"),
    ("never a lead", None, "2027-01-20", "2027-02-03", None, 70, "EUR"),
    ("lost, then won", "2026-12-01", None, "2027-02-05", "2027-01-02", 80, "EUR"),
    ("lost", "2026-12-01", None, None, "2027-01-02", 90, "EUR"),
]


def leads(rows: list[tuple[object, ...]] = ROWS) -> fk.Leads:
    names = ["id", "lead", "opportunity", "won", "lost", "amount", "currency"]
    funnel = fk.Funnel(
        ["lead", "opportunity", "won"], exits=["lost"], id="id", value="amount", keep=["currency"]
    )
    return fk.from_frame(pd.DataFrame(rows, columns=names), funnel, as_of="2027-03-05")


def test_each_record_has_its_origin_and_months() -> None:
    found = came_since(leads(), SINCE, begin=BEGIN, until=UNTIL)
    counts = found.counts
    wins = counts[counts["won_in"].notna()]
    by = {
        (row.origin, str(row.won_in)[:7]): (int(row.n), int(row.known), float(row.total or 0))
        for row in wins.groupby(["origin", "won_in"], as_index=False)[["n", "known", "total"]]
        .sum()
        .itertuples()
    }
    assert by == {
        (ALREADY, "2027-01"): (1, 1, 10.0),
        (OPEN, "2027-02"): (1, 1, 20.0),
        (NEW, "2027-02"): (2, 1, 40.0),
        (LATER, "2027-02"): (1, 1, 70.0),
        (OTHER, "2027-02"): (1, 1, 80.0),
    }
    new = counts[counts["origin"] == NEW].groupby("entered")["n"].sum()
    assert {str(day)[:7]: int(n) for day, n in new.items()} == {"2027-01": 2, "2027-02": 1}
    # Won by now, but after the last day that counts.
    late = counts[(counts["origin"] == NEW) & counts["won_in"].isna()]
    assert late["won"].tolist() == [True]
    still = counts[(counts["origin"] == OPEN) & ~counts["won"]]
    # At its second stage since 20 January: 44 days by 5 March.
    assert (still["stage"].tolist(), still["age"].tolist()) == ([1], [44])
    assert found.told.currency == "EUR"


def test_several_currencies_need_rates() -> None:
    rows = [*ROWS, ("dollars", "2027-01-20", None, "2027-02-01", None, 100, "USD")]
    with pytest.raises(DataError, match="USD"):
        came_since(leads(rows), SINCE, begin=BEGIN, until=UNTIL)
    counts = came_since(
        leads(rows), SINCE, begin=BEGIN, until=UNTIL, exchange={"USD": 0.5}, currency="EUR"
    ).counts
    new = counts[(counts["origin"] == NEW) & counts["won_in"].notna()]
    assert float(new["total"].astype(float).sum()) == 40 + 50
