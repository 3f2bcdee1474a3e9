"""What entered a stage, what closed and what is open, against plain pandas on the same export."""

from __future__ import annotations

import functools

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.counts.opened import open_beyond, open_book
from funnelkit.counts.pipeline import closings, passages

AS_OF = "2026-03-31"
ROWS = [
    # id, lead, opportunity, won, lost, amount, rep, account, source
    ("a", "2026-01-05", "2026-01-10", "2026-02-01", None, 100, "Ada", "x", "web"),
    ("b", "2026-01-20", "2026-02-01", None, "2026-02-11", 50, "Ada", "x", "fair"),
    ("c", "2026-02-03", None, "2026-02-20", None, -20, "Bo", "y", "web"),  # skipped: filled
    ("d", "2026-02-10", "2026-03-01", None, None, 70, "Bo", None, "web"),
    ("e", None, "2026-02-05", "2026-02-25", None, 0, None, "z", "web"),  # never a lead
    ("f", "2026-03-01", None, None, None, None, "Bo", "z", None),
]
NAMES = ["id", "lead", "opportunity", "won", "lost", "amount", "rep", "account", "source"]


@functools.cache
def leads(**changed: object) -> fk.Leads:
    given = {"segments": ("source",), "value": "amount", "owner": "rep", "account": "account"}
    funnel = fk.Funnel(["lead", "opportunity", "won"], exits=["lost"], **(given | changed))
    return fk.from_frame(pd.DataFrame(ROWS, columns=NAMES), funnel, as_of=AS_OF)


def test_a_filled_entry_and_a_later_entrant_are_in_no_denominator() -> None:
    found = passages(leads(), "lead", "won")
    assert (found.entered.item(), found.converted.item(), found.left.item()) == (5, 2, 1)
    assert found.still_open.item() == 2
    near = passages(leads(), "opportunity", "won")
    assert (near.entered.item(), near.converted.item(), near.filled) == (4, 2, 1)


def test_by_period_of_entry_and_segment() -> None:
    found = passages(leads(), "lead", "won", by="source", every="month")
    assert found.segments == (("fair",), ("web",), (None,))
    assert [str(period) for period in found.periods] == ["2026-01", "2026-02", "2026-03"]
    assert found.entered.tolist() == [[1, 0, 0], [1, 2, 0], [0, 0, 1]]
    assert found.converted.tolist() == [[0, 0, 0], [1, 1, 0], [0, 0, 0]]
    assert "Of 5 records that entered lead, 2 reached won" in found.summary()


def test_an_account_enters_with_its_first_lead() -> None:
    found = passages(leads(), "lead", "won", by="source", every="month", level="account")
    # x: a (web, January; b came later); y: c; d has none and is one of its own; z: f.
    assert found.segments == (("web",), (None,))
    assert found.entered.tolist() == [[1, 2, 0], [0, 0, 1]]
    assert found.converted.tolist() == [[1, 1, 0], [0, 0, 0]]
    assert found.left.tolist() == [[0, 0, 0], [0, 0, 0]]
    assert found.blank_accounts == 1


def test_closed_records_by_period_of_the_close() -> None:
    found = closings(leads(), "lead", every="month", money=True)
    assert found.outcomes == ("won", "lost")
    assert found.won.tolist() == [[2, 0]]
    assert found.closed.tolist() == [[3, 0]]
    assert found.total[0].sum(axis=1).tolist() == [80, 50]  # 100 less a credit of 20
    assert found.negative[0].sum(axis=1).tolist() == [1, 0]
    assert found.days[0, 0].tolist() == [27 + 17, 0]
    near = closings(leads(), "opportunity", money=True)
    assert near.n[0, :, 0].tolist() == [2, 1]
    assert near.known[0, :, 0].tolist() == [1, 1]  # e has an amount of 0: unknown
    assert near.squares[0, 0, 0] == 100**2
    assert near.cross[0, 0, 0] == 100 * 22
    assert near.to_frame()["outcome"].tolist() == ["won", "lost"]
    assert near.summary() == "3 closed by 2026-03-31, 2 of them won, worth 100."


def test_the_open_book() -> None:
    book = open_book(leads(), by="source")
    rows = book.to_frame()
    assert rows["source"].fillna("").tolist() == ["web", ""]
    assert rows[["stage", "age_days", "n", "known"]].to_numpy().tolist() == [
        ["opportunity", 30, 1, 1],
        ["lead", 30, 1, 0],
    ]
    assert open_book(leads(), since="entry").to_frame()["age_days"].tolist() == [30, 49]


def test_old_open_records_are_listed_without_personal_columns() -> None:
    limits = pd.DataFrame({"stage": [0, 1], "limit": [30.0, 29.0]})
    found = open_beyond(leads(personal=("account_name",)), limits)
    assert found[["id", "stage", "stage_age_days", "age_days"]].to_numpy().tolist() == [
        ["d", "opportunity", 30, 49]
    ]
    assert list(found) == [
        "id",
        "stage",
        "source",
        "rep",
        "account",
        "amount",
        "stage_age_days",
        "age_days",
        "limit_days",
    ]


def test_simulated_leads_agree_with_pandas() -> None:
    made = fk.make_leads(3000, rng=5)
    frame = made.list("lead")
    at = frame["won"].notna()
    by = frame.assign(won=at).groupby(["source", frame["lead"].dt.to_period("Q")])
    expected = by["won"].agg(["size", "sum"])
    found = passages(made, "lead", "won", by="source", every="quarter").to_frame()
    found = found[found["entered"] > 0].set_index(["source", "period"]).sort_index()
    assert found["entered"].tolist() == expected["size"].tolist()
    assert found["converted"].tolist() == expected["sum"].tolist()
    first = frame.sort_values(["lead", "lead_id"]).groupby("account_id").agg(won=("won", "count"))
    whole = passages(made, "lead", "won", level="account")
    assert whole.entered.item() == len(first) + frame["account_id"].isna().sum()
    assert (
        whole.converted.item() == (first["won"] > 0).sum() + (frame["account_id"].isna() & at).sum()
    )
    won = made.list("won").dropna(subset=["lead"])
    days = (won["won"] - won["lead"]).dt.days
    closed = closings(made, "lead")
    assert closed.won.item() == len(won)
    assert closed.dated[0, 0, 0] <= len(won)
    assert abs(closed.days[0, 0, 0] - days.sum()) <= 0.01 * days.sum()  # clipped ones are left out


def test_wrong_arguments() -> None:
    with pytest.raises(ArgumentError, match="must come after `start`"):
        passages(leads(), "won", "lead")
    with pytest.raises(ArgumentError, match="no `account` column"):
        passages(leads(account=None), "lead", "won", level="account")
    with pytest.raises(ArgumentError, match="Did you mean `source`"):
        passages(leads(), "lead", "won", by="sorce")
    with pytest.raises(ArgumentError, match="ends the funnel"):
        closings(leads(), "won")
    with pytest.raises(ArgumentError, match="`level`"):
        passages(leads(), "lead", "won", level="deal")


def test_nothing_to_count() -> None:
    empty = fk.from_frame(
        pd.DataFrame(
            {"id": ["a"], "lead": [None], "opportunity": ["2026-01-02"], "won": [None]},
            dtype="string",
        ),
        fk.Funnel(["lead", "opportunity", "won"]),
        as_of=AS_OF,
    )
    assert passages(empty, "lead", "won").entered.tolist() == [[0]]
    assert passages(empty, "lead", "won", every="month").entered.sum() == 0
    assert closings(empty, "lead", every="month").closed.sum() == 0
    assert open_book(empty).n.sum() == 1


def test_a_stage_of_the_current_status_alone_has_no_rate() -> None:
    frame = pd.DataFrame(
        {
            "id": ["a", "b"],
            "created": ["2026-01-02", "2026-01-03"],
            "stage": ["demo", "won"],
            "closed": [None, "2026-02-01"],
        }
    )
    funnel = fk.Funnel(
        ["deal", "demo", "won"], columns={"deal": "created"}, status="stage", status_date="closed"
    )
    made = fk.from_frame(frame, funnel, as_of=AS_OF)
    with pytest.raises(EvidenceError, match="known from the current status only"):
        passages(made, "demo", "won")
    book = open_book(made)
    assert book.undated == ("demo",)
    assert book.to_frame()["stage"].tolist() == ["deal"]
