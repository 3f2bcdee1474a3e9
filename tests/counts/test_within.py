"""What came of records within windows, by variant and account, against counts by hand."""

import math

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.counts.within import Window, within_windows
from funnelkit.data.records import Leads

WON, MQL = Window("lead", "won", 30), Window("lead", "mql", 7)


@pytest.fixture
def leads() -> Leads:
    """Six leads; as of 31 March those of 1 March were followed for exactly 30 days."""
    export = pd.DataFrame(
        {
            "id": list("abcdef"),
            "lead": ["2026-01-01", "2026-01-01", "2026-02-01", "2026-03-01", "2026-03-02", None],
            "mql": ["2026-01-08", "2026-01-09", None, "2026-03-01", "2026-03-02", "2026-01-01"],
            "won": ["2026-01-31", "2026-02-01", None, "2026-03-31", "2026-03-03", "2026-01-05"],
            "amount": [100, 999, None, None, 50, 7],
            "arm": ["A", "A", "B", "A", "A", "A"],
            "account": ["x", None, "y", "x", "z", "x"],
        }
    )
    funnel = fk.Funnel(["lead", "mql", "won"], value="amount", account="account", segments=["arm"])
    return fk.from_frame(export, funnel, as_of="2026-03-31")


def test_counts_by_variant(leads: Leads) -> None:
    found = within_windows(leads, [WON, MQL], arm="arm")
    # a: won on day 30, counts. b: day 31, too late. d: day 30, no amount. e: too young. f: no lead.
    assert found.of(WON).to_dict("list") == {
        "arm": ["A", "B"],
        "entered": [3, 1],
        "young": [1, 0],
        "converted": [2, 0],
        "known": [1, 0],
        "value": [100.0, 0.0],
        "squares": [10_000.0, 0.0],
    }
    assert found.of(MQL)[["entered", "converted"]].values.tolist() == [[4, 3], [1, 0]]
    assert sorted(found.values(WON, "A")) == [0.0, 0.0, 100.0]
    assert "A 2 of 3 and B 0 of 1" in found.summary()
    assert len(found.to_frame()) == 4


def test_counts_by_account_keep_records_without_one_apart(leads: Leads) -> None:
    rows = within_windows(leads, [WON], arm="arm", cluster="account").of(WON)
    named = within_windows(leads, [WON], arm="arm", cluster="account").named(WON)
    assert named[["arm", "cluster", "entered", "converted"]].values.tolist() == [
        ["A", "x", 2, 2],
        ["A", "z", 0, 0],
        ["B", "y", 1, 0],
    ]
    assert rows[["entered", "converted"]].sum().tolist() == [4, 2]
    assert math.isclose(rows["value"].sum(), 100.0)


def test_counts_by_segment_and_day_of_entry(leads: Leads) -> None:
    rows = within_windows(leads, [WON], arm="arm", by=["entered_at"], by_day=True).of(WON)
    assert rows[["arm", "entered_at", "entered", "converted"]].values.tolist() == [
        ["A", "lead", 2, 1],
        ["A", "lead", 1, 1],
        ["A", "lead", 0, 0],
        ["B", "lead", 1, 0],
    ]
    assert [str(day)[:10] for day in rows["day"]][:2] == ["2026-01-01", "2026-03-01"]


def test_a_segment_may_be_called_like_a_count() -> None:
    export = pd.DataFrame(
        {"id": list("ab"), "lead": "2026-01-01", "won": None, "arm": "A", "value": ["x", None]}
    )
    funnel = fk.Funnel(["lead", "won"], segments=["arm", "value"])
    leads = fk.from_frame(export, funnel, as_of="2026-03-31")
    window = Window("lead", "won", 30)
    rows = within_windows(leads, [window], arm="arm", by=["value"]).of(window)
    assert rows["entered"].tolist() == [1, 1]
    assert set(rows["value_segment"].dropna()) == {"x"}


def test_several_currencies_need_rates() -> None:
    export = pd.DataFrame(
        {
            "id": list("abc"),
            "lead": "2026-01-01",
            "won": ["2026-01-05", "2026-01-06", None],
            "arm": "A",
            "amount": [100, 50, 7],
            "currency": ["EUR", "USD", "GBP"],
        }
    )
    funnel = fk.Funnel(["lead", "won"], segments=["arm", "currency"], value="amount")
    leads = fk.from_frame(export, funnel, as_of="2026-03-31")
    window = Window("lead", "won", 30)
    with pytest.raises(DataError, match=r"EUR.*USD"):
        within_windows(leads, [window], arm="arm")
    found = within_windows(leads, [window], arm="arm", exchange={"USD": 0.5}, currency="EUR")
    assert found.of(window)["value"].tolist() == [125.0]
    assert found.currency == "EUR"


def test_what_was_not_asked_or_is_not_there_is_refused(leads: Leads) -> None:
    found = within_windows(leads, [WON], arm="arm")
    with pytest.raises(ArgumentError, match="was not asked"):
        found.of(MQL)
    with pytest.raises(ArgumentError, match="names no `owner` column"):
        within_windows(leads, [WON], arm="arm", cluster="rep")
    with pytest.raises(ArgumentError, match="`within` must be a whole number"):
        within_windows(leads, [Window("lead", "won", 0)], arm="arm")
