"""Amounts of records that were open on a day are hidden, and only theirs."""

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.data.blinding import blinded
from funnelkit.data.records import Leads

ROWS = [
    ("won", "2026-01-05", "2026-01-20", None, "100.50"),
    ("won too", "2026-01-05", "2026-01-21", None, "200"),
    ("won for nothing", "2026-01-05", "2026-01-22", None, "0"),
    ("lost", "2026-01-05", None, "2026-01-23", "7000"),
    ("won later", "2026-01-05", "2026-03-01", None, "900"),
    ("lost later", "2026-01-05", None, "2026-03-01", "800"),
    ("open", "2026-01-05", None, None, "700"),
    ("open, blank", "2026-01-05", None, None, None),
]
CLOSED = {"won": 100.5, "won too": 200.0, "won for nothing": 0.0, "lost": 7000.0}


@pytest.fixture(scope="module")
def then() -> Leads:
    frame = pd.DataFrame(ROWS, columns=["id", "deal", "won", "lost", "amount"])
    funnel = fk.Funnel(["deal", "won"], exits=["lost"], value="amount")
    return fk.from_frame(frame, funnel, as_of="2026-03-31").at("2026-01-31")


def amounts(leads: Leads) -> dict[str, float | None]:
    table = leads.list("deal")
    return {
        name: None if pd.isna(value) else float(value)
        for name, value in zip(table["id"], table["amount"], strict=True)
    }


def test_open_amounts_are_left_blank(then: Leads) -> None:
    found = amounts(blinded(then))
    assert {name: value for name, value in found.items() if value is not None} == CLOSED
    assert len(found) == len(ROWS)
    assert blinded(then).notes[-1] == (
        "Amounts of records that were open on 2026-01-31 are left blank."
    )


def test_or_are_the_mean_of_what_was_won_by_then(then: Leads) -> None:
    found = amounts(blinded(then, "mean"))
    # (100.50 + 200) / 2; a win without an amount is in no mean
    others = {name: value for name, value in found.items() if name not in CLOSED}
    assert others == dict.fromkeys(("won later", "lost later", "open", "open, blank"), 150.25)
    assert {name: found[name] for name in CLOSED} == CLOSED


def test_nothing_stands_there_where_nothing_was_won(then: Leads) -> None:
    early = then.at("2026-01-06")
    assert set(amounts(blinded(early, "mean")).values()) == {None}


def test_exported_amounts_are_left_alone(then: Leads) -> None:
    assert blinded(then, "exported") is then


def test_a_funnel_without_money_is_left_alone() -> None:
    frame = pd.DataFrame({"id": ["a"], "deal": ["2026-01-05"], "won": [None]})
    plain = fk.from_frame(frame, fk.Funnel(["deal", "won"]), as_of="2026-03-31")
    assert blinded(plain) is plain


def test_dates_and_the_leads_themselves_stay(then: Leads) -> None:
    hidden = blinded(then)
    assert hidden.as_of == then.as_of
    assert hidden.count("won").tolist() == then.count("won").tolist()
    assert amounts(then)["open"] == 700.0


def test_other_words_are_refused(then: Leads) -> None:
    with pytest.raises(ArgumentError, match="Did you mean `blank`"):
        blinded(then, "blnk")  # type: ignore[arg-type]
