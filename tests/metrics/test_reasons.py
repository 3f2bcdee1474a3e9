"""Reasons for losses: counted as written, by stage and age, with what says nothing told."""

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.interval import share_interval
from funnelkit.metrics import loss_reasons

WHY = ["Price", None, "Student", "Other", "Price", "price ", "Timing", "Timming", "Unknown"]
WHY += ["Price", None, None]
ROWS = pd.DataFrame(
    {
        "id": [f"r{i}" for i in range(12)],
        "lead": "2026-01-05",
        "deal": [None] * 4 + ["2026-01-20"] * 8,
        "won": [None] * 11 + ["2026-03-01"],
        "lost": ["2026-01-08"] * 2
        + [None] * 2
        + ["2026-02-10"] * 4
        + ["2026-03-20"] * 2
        + [None, None],
        "disqualified": [None, None, "2026-01-12", "2026-01-12", *[None] * 8],
        "why": WHY,
        "kind": ["New"] * 6 + ["Renewal"] * 6,
    }
)
FUNNEL = fk.Funnel(
    ["lead", "deal", "won"], exits=["lost", "disqualified"], keep=["why"], segments=["kind"]
)


@pytest.fixture(scope="module")
def leads():
    return fk.from_frame(ROWS, FUNNEL, as_of="2026-03-31")


def test_counts_shares_and_intervals(leads):
    found = loss_reasons(leads, "why", exits="lost")
    frame = found.to_frame().set_index("reason")
    # Eight were lost: Price 3, price 1, Timing 1, Timming 1, Unknown 1, one blank.
    assert frame["lost"].sum() == 8
    assert frame.loc["Price", "lost"] == 3
    assert frame.loc["Price", "rate"] == 3 / 8
    low, high = share_interval(3, 8)
    assert frame.loc["Price", ["rate_low", "rate_high"]].tolist() == pytest.approx([low, high])
    assert frame.loc["(blank)", "says_nothing"]
    assert frame.loc["Unknown", "says_nothing"]
    assert not frame.loc["Price", "says_nothing"]
    assert found.alike == (("Price", "price"), ("Timing", "Timming"))
    text = found.summary()
    assert "8 leads left; Price 37.5" in text
    assert "12.5\u202f% have no reason, and 12.5\u202f% one that says nothing" in text
    assert "Price/price" in text


def test_by_stage_and_age(leads):
    found = loss_reasons(leads, "why", exits="lost", ages=(7, 40))
    stages = found.by_stage().set_index(["stage", "reason"])["lost"]
    assert stages["lead"].to_dict() == {"Price": 1, "(blank)": 1}
    assert stages["deal", "Price"] == 2
    ages = found.by_age().set_index(["age", "reason"])["lost"]
    # 8 January is 3 days after entry, 10 February 36, 20 March 74.
    assert ages["0 to 7 days"].sum() == 2
    assert ages["8 to 40 days"].sum() == 4
    assert ages["over 40 days"].to_dict() == {"Price": 1, "Unknown": 1}
    shares = found.by_stage().groupby("stage")["rate"].sum()
    assert shares.tolist() == pytest.approx([1, 1])


def test_losses_and_rejections_stay_apart(leads):
    found = loss_reasons(leads, "why")
    assert found.by == ("exit",)
    assert found.segments == (("disqualified",), ("lost",))
    assert found.lost.sum(axis=(1, 2)).tolist() == [2, 8]
    assert "disqualified: 2 leads left; Student" in found.summary()


def test_businesses_and_periods():
    apart = fk.from_frame(ROWS, FUNNEL.replace(apart=("kind",)), as_of="2026-03-31")
    found = loss_reasons(apart, "why", exits="lost", every="month")
    assert found.by == ("kind",)
    assert found.periods == ("2026-01", "2026-02", "2026-03")
    assert found.lost.sum(axis=2).tolist() == [[2, 2, 0], [0, 2, 2]]
    text = found.summary()
    assert "New: 4 leads left" in text
    assert "Renewal: 4 leads left" in text
    assert "8 leads" not in text


def test_a_frame_and_hostile_names():
    frame = pd.DataFrame(
        {
            "Why": ["<b>x</b>", "=1+1", "ann@example.org said no", None],
            "entered": ["2026-01-05", "2026-01-05", "2026-02-05", None],
            "lost": ["2026-01-06", None, "2026-02-01", "2026-02-01"],
        }
    )
    found = loss_reasons(frame, "Why")
    assert "<b>" not in found._repr_html_()
    assert "ann@" not in found.to_frame().to_csv() + found.summary()
    assert "(mail address)" in found.reasons
    ages = found.by_age().groupby("age")["lost"].sum().to_dict()
    assert ages == {"0 to 7 days": 1, "(unknown)": 3}
    assert "1 lead left before they entered" in found.summary()


def test_refusals(leads):
    with pytest.raises(ArgumentError, match=r"unknown kept column or segment `wy`.*`why`"):
        loss_reasons(leads, "wy")
    with pytest.raises(ArgumentError, match="unknown exit `gone`"):
        loss_reasons(leads, "why", exits="gone")
    with pytest.raises(ArgumentError, match="`ages` must be whole days"):
        loss_reasons(leads, "why", ages=(30, 7))
    with pytest.raises(ArgumentError, match="lacks `reason`"):
        loss_reasons(pd.DataFrame({"x": [1]}))
    with pytest.raises(ArgumentError, match="`exits` is for leads"):
        loss_reasons(pd.DataFrame({"reason": ["x"]}), exits="lost")
    with pytest.raises(EvidenceError, match="no `exits`"):
        loss_reasons(fk.from_frame(ROWS, FUNNEL.replace(exits=()), as_of="2026-03-31"), "why")
    with pytest.raises(EvidenceError, match="nobody left"):
        loss_reasons(leads.at("2026-01-06"), "why")


def test_one_row():
    one = loss_reasons(pd.DataFrame({"reason": [None]}))
    assert one.to_frame()["rate"].tolist() == [1]
    assert "no reason says anything" in one.summary()
    assert np.isnan(one.counts).sum() == 0
