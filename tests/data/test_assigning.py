"""Which variant each record is in: from a segment, from a table, by lead, account, rep and week."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.data.assigning import assign
from funnelkit.data.records import Leads

DAY = dt.date.fromisoformat


@pytest.fixture
def leads() -> Leads:
    """Five leads of two accounts and two reps, over two weeks (Mondays: 5 and 12 January)."""
    export = pd.DataFrame(
        {
            "id": ["a", "b", "c", "d", "e"],
            "lead": ["2026-01-05", "2026-01-06", "2026-01-11", "2026-01-12", "2026-01-18"],
            "won": [None, "2026-01-10", None, None, "2026-01-20"],
            "variant": ["A", "B", "A", None, "B"],
            "account": ["x", "x", "y", "y", "z"],
            "rep": ["r", "s", "r", "r", "s"],
        }
    )
    funnel = fk.Funnel(["lead", "won"], owner="rep", account="account", segments=["variant"])
    return fk.from_frame(export, funnel, as_of="2026-02-28")


def arms(found: Leads, column: str = "arm") -> dict[str, str | None]:
    """Return the variant of each id."""
    listed = found.list("lead")
    return {
        key: None if pd.isna(value) else value
        for key, value in zip(listed["id"], listed[column], strict=True)
    }


def test_a_segment_is_the_variant_within_the_days_of_the_test(leads: Leads) -> None:
    found = assign(leads, "variant", start="lead", first=DAY("2026-01-06"), last=DAY("2026-01-12"))
    assert arms(found.leads) == {"a": None, "b": "B", "c": "A", "d": None, "e": None}
    assert found.records[["variant", "records"]].values.tolist() == [["A", 1], ["B", 1]]
    assert (found.units, found.unmatched, len(found.contaminated)) == (0, 0, 0)
    assert len(found.leads) == 5


def test_a_table_by_lead_with_a_lead_in_two_variants_and_one_nobody_knows(leads: Leads) -> None:
    table = pd.DataFrame({"id": list("aabcq"), "variant": ["A", "B", "B", " A ", "A"]})
    found = assign(leads, table, start="lead")
    assert arms(found.leads) == {"a": None, "b": "B", "c": "A", "d": None, "e": None}
    assert found.contaminated.values.tolist() == [["a", "A, B", 1]]
    assert (found.units, found.unmatched) == (4, 1)
    assert found.summary() == (
        "Records by variant: 1 in A and 1 in B. 1 lead is in several variants, with 1 record that "
        "count for none. 1 of 4 leads of the assignment have no record."
    )


def test_the_same_row_twice_is_no_contradiction(leads: Leads) -> None:
    table = pd.DataFrame({"id": ["a", "a"], "variant": ["A", "A"]})
    assert arms(assign(leads, table, start="lead").leads)["a"] == "A"


def test_a_file_by_account(leads: Leads, tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text("account,variant\nx,A\ny,B\n", encoding="utf-8")
    found = assign(leads, path, start="lead", unit="account")
    assert arms(found.leads) == {"a": "A", "b": "A", "c": "B", "d": "B", "e": None}


def test_reps_change_their_variant_every_week(leads: Leads) -> None:
    table = pd.DataFrame(
        {
            "rep": ["r", "r", "s"],
            "week": ["2026-01-05", "2026-01-14", "2026-01-05"],  # any day of the week will do
            "variant": ["A", "B", "B"],
        }
    )
    found = assign(leads, table, start="lead", unit="rep-week")
    assert arms(found.leads) == {"a": "A", "b": "B", "c": "A", "d": "B", "e": None}


def test_late_assignment_and_conversion_before_it_are_counted(leads: Leads) -> None:
    table = pd.DataFrame(
        {
            "id": ["a", "b", "e"],
            "variant": ["A", "B", "B"],
            "assigned_at": ["2026-01-05", "2026-01-11", None],
        }
    )
    found = assign(leads, table, start="lead")
    assert found.records.values.tolist() == [["A", 1, 0, 0], ["B", 2, 1, 1]]


def test_all_that_is_wrong_with_a_table_is_said_at_once(leads: Leads) -> None:
    with pytest.raises(
        DataError, match=r"(?s)no column `rep` .*no column `variant`.*no column `week`"
    ):
        assign(leads, pd.DataFrame({"who": ["r"]}), start="lead", unit="rep-week")
    table = pd.DataFrame({"id": ["a", ""], "variant": [None, "B"], "assigned_at": ["5.1.2026", ""]})
    with pytest.raises(DataError, match=r"(?s)`id` is blank in 1 row.*`variant` is blank.*no ISO"):
        assign(leads, table, start="lead")


def test_what_does_not_exist_is_refused_with_the_closest_name(leads: Leads) -> None:
    with pytest.raises(ArgumentError, match="Did you mean `variant`"):
        assign(leads, "varient", start="lead")
    with pytest.raises(ArgumentError, match=r"`first` .* must not lie after `last`"):
        assign(leads, "variant", start="lead", first=DAY("2026-02-01"), last=DAY("2026-01-01"))
    with pytest.raises(ArgumentError, match="a frame, or the path of a CSV; got dict"):
        assign(leads, {"a": "A"}, start="lead")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"nothing\.csv: No such file"):
        assign(leads, "nothing.csv", start="lead")
    bare = fk.from_frame(
        pd.DataFrame({"id": ["a"], "lead": ["2026-01-05"], "won": [None]}),
        fk.Funnel(["lead", "won"]),
        as_of="2026-02-28",
    )
    with pytest.raises(ArgumentError, match="names no account column"):
        assign(
            bare, pd.DataFrame({"account": ["x"], "variant": ["A"]}), start="lead", unit="account"
        )


def test_names_are_data_and_never_code(leads: Leads) -> None:
    evil = "B'; DROP TABLE x; --"
    table = pd.DataFrame({"id": ["a", "b"], "variant": [evil, "<b>"]})
    assert arms(assign(leads, table, start="lead").leads)["a"] == evil
