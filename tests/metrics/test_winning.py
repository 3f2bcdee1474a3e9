"""The rate family: each rate with its own denominator, from counts and from leads."""

from __future__ import annotations

import functools
import math

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.metrics import (
    adjusted_conversion,
    close_rate,
    conversion,
    lead_conversion_rate,
    leads_to_close,
    opportunity_to_win,
    qualification_rate,
    qualified_leads_to_close,
    rate_family,
    target_accounts,
    win_rate,
)
from tests.metrics.maven import maven_leads

STAGES = ["lead", "mql", "opportunity", "won"]
ROWS = [
    # id, lead, mql, opportunity, won, lost, source, kind, account
    ("a", "2026-01-05", "2026-01-06", "2026-01-10", "2026-02-01", None, "web", "New", "x"),
    ("b", "2026-01-20", "2026-01-25", "2026-02-01", None, "2026-02-11", "fair", "New", "x"),
    ("c", "2026-02-03", "2026-02-04", None, None, None, "web", "Renewal", "y"),
    ("d", "2026-02-10", None, None, None, "2026-02-20", "web", "Renewal", None),
    ("e", None, None, "2026-02-05", "2026-02-25", None, "web", "New", "z"),
]
NAMES = ["id", *STAGES, "lost", "source", "kind", "account"]


@functools.cache
def leads(**changed: object) -> fk.Leads:
    given = {"exits": ("lost",), "segments": ("source", "kind")}
    funnel = fk.Funnel(STAGES, **(given | changed))
    return fk.from_frame(pd.DataFrame(ROWS, columns=NAMES), funnel, as_of="2026-03-31")


def test_the_worked_examples_of_the_trade() -> None:
    assert opportunity_to_win(191, 587).value == 191 / 587  # 32.5 %
    assert f"{opportunity_to_win(191, 587).value:.1%}" == "32.5%"
    assert lead_conversion_rate(15, 150).value == 0.1
    assert qualification_rate(40, 500).value == 0.08
    assert close_rate(4, 500).value == 0.008
    assert "of 587 closed opportunities" in opportunity_to_win(191, 587).summary()


def test_the_label_carries_the_denominator() -> None:
    made = leads()
    found = {
        "conversion": conversion(made, ("lead", "mql")),
        "close, leads": close_rate(made),
        "close, opportunities": close_rate(made, base="opportunities"),
        "win": win_rate(made),
        "won of closed": opportunity_to_win(made),
    }
    assert {name: one.definition for name, one in found.items()} == {
        "conversion": "mql / entered lead",
        "close, leads": "won / entered lead",
        "close, opportunities": "won / entered opportunity",
        "win": "won / entered opportunity",
        "won of closed": "won / (won + lost), closed",
    }
    counted = {name: (one.numerator.item(), one.denominator.item()) for name, one in found.items()}
    # By hand from ROWS: `e` never was a lead, and is in no denominator of leads.
    assert counted == {
        "conversion": (3, 4),
        "close, leads": (1, 4),
        "close, opportunities": (2, 3),
        "win": (2, 3),
        "won of closed": (2, 3),
    }
    assert (leads_to_close(made).value, qualified_leads_to_close(made).value) == (1 / 4, 1 / 3)
    assert leads_to_close(made).notes[-1] == "That is one won for every 4."
    assert qualification_rate(made).value == 3 / 4
    assert lead_conversion_rate(made).value == 2 / 4


def test_the_family_tells_them_apart_in_one_table() -> None:
    frame = rate_family(leads()).to_frame().set_index("metric")
    assert frame["numerator"].dropna().to_dict() == {
        "lead conversion rate": 2,
        "qualification rate": 3,
        "close rate of leads": 1,
        "leads-to-close ratio": 1,
        "qualified-leads-to-close ratio": 1,
        "win rate": 2,
        "opportunity-to-win": 2,
        "close rate of opportunities": 2,
    }
    assert frame.loc["win rate, lag-adjusted", "value"] == pytest.approx(2 / 3)
    assert frame["definition"].notna().all()


def test_a_funnel_without_leads_or_opportunities_has_fewer() -> None:
    rows = pd.DataFrame({"id": ["a", "b"], "deal": "2026-01-05", "won": [None, "2026-01-09"]})
    deals = fk.from_frame(rows, fk.Funnel(["deal", "won"]), as_of="2026-02-28")
    assert rate_family(deals).names == (
        "win rate",
        "win rate, lag-adjusted",
        "opportunity-to-win",
        "close rate of opportunities",
    )
    assert "No exit is recorded" in opportunity_to_win(deals).summary()
    with pytest.raises(ArgumentError, match="begins with `deal`"):
        close_rate(deals)
    with pytest.raises(ArgumentError, match="begins with `deal`"):
        qualification_rate(deals)
    rows = rows.rename(columns={"deal": "lead"})
    bare = fk.from_frame(rows, fk.Funnel(["lead", "won"]), as_of="2026-02-28")
    family = rate_family(bare)
    assert family.names == ("close rate of leads", "leads-to-close ratio")
    assert "No stage is named opportunity" in family.summary()


def test_open_ones_are_told_and_young_cohorts_marked() -> None:
    made = fk.make_leads(1500, rng=2)
    rate = close_rate(made, every="month")
    still = rate.denominator.sum() - rate.numerator.sum() - _left(made)
    assert f"{still:,.0f} of these are still open" in rate.summary()
    assert "Immature, with less than 90" in rate.summary()
    assert "2026-06" in rate.summary()
    adjusted = adjusted_conversion(made, ("lead", "won"), every="quarter")
    so_far = close_rate(made, every="quarter")
    assert adjusted.values[0, -1] > so_far.values[0, -1]
    low, high = adjusted.confidence_interval()
    assert (low <= adjusted.values).all()
    assert (adjusted.values <= high).all()


def _left(made: fk.Leads) -> int:
    frame = pd.concat([made.list(name) for name in made.funnel.exits])
    return int(frame["lead"].notna().sum())


def test_what_recording_began_too_late_for_is_said() -> None:
    frame = pd.DataFrame(
        {"id": ["a", "b"], "deal": ["2026-01-05", "2026-02-05"], "won": ["2026-02-09", None]}
    )
    made = fk.from_frame(
        frame,
        fk.Funnel(["deal", "won"]),
        as_of="2026-03-31",
        recorded_from="2026-02-01",
        before_recording="delayed_entry",
    )
    assert "Records finished before 1 February 2026 are missing" in win_rate(made).summary()
    left_out = fk.from_frame(
        frame, fk.Funnel(["deal", "won"]), as_of="2026-03-31", recorded_from="2026-02-01"
    )
    assert win_rate(left_out).denominator.item() == 1


def test_accounts_count_once_and_enter_with_their_first_lead() -> None:
    made = leads(account="account")
    rate = close_rate(made, level="account")
    # x (a and b), y, and d, which has none and is one of its own; z never was a lead.
    assert (rate.numerator.item(), rate.denominator.item()) == (1, 3)
    assert "1 record without an account counts as one each" in rate.summary()
    won = opportunity_to_win(made, level="account")
    assert (won.numerator.item(), won.denominator.item()) == (2, 2)
    with pytest.raises(ArgumentError, match='view="entry"'):
        opportunity_to_win(made, level="account", view="close")
    wide, narrow = close_rate(made), close_rate(leads())
    width = [np.subtract(*one.confidence_interval()[::-1]).item() for one in (wide, narrow)]
    assert width[0] > width[1]  # two leads of one account tell less than two of two


def test_target_accounts() -> None:
    made = leads(account="account")
    shares = target_accounts(made, ["x", "y", "nobody", " x "])
    assert [(one.numerator.item(), one.denominator.item()) for one in shares] == [
        (2, 3),
        (1, 3),
        (1, 3),
    ]
    assert "Without a record: nobody." in shares.summary()
    by_segment = target_accounts(made, segment=("source", "web"))
    assert [(one.numerator.item(), one.denominator.item()) for one in by_segment] == [
        (2, 3),
        (2, 3),
    ]
    kept_apart = leads(account="account", apart=("kind",))
    frame = target_accounts(kept_apart, ["x", "y"])["target accounts reached"].to_frame()
    assert frame[["kind", "numerator", "denominator"]].to_numpy().tolist() == [
        ["New", 1, 2],
        ["Renewal", 1, 2],
    ]
    for wrong in ({"accounts": []}, {"accounts": "x"}, {}):
        with pytest.raises(ArgumentError, match="`accounts`"):
            target_accounts(made, **wrong)
    with pytest.raises(ArgumentError, match="no `account` column"):
        target_accounts(leads(), ["x"])
    with pytest.raises(EvidenceError, match="no account has"):
        target_accounts(made, segment=("source", "=cmd|' /C calc'!A0"))


def test_businesses_are_never_pooled() -> None:
    made = leads(apart=("kind",))
    rate = close_rate(made)
    assert rate.by == ("kind",)
    assert rate.segments == (("New",), ("Renewal",))
    assert "1 (Renewal) of these is still open" in rate.summary()
    assert close_rate(made, by="source").by == ("kind", "source")


def test_a_roster_names_those_without_a_record() -> None:
    hostile = "<b>=1+1</b>\nBo"
    rate = win_rate(leads(), among={"source": ["web", "fair", hostile]})
    assert rate.segments == ((hostile,), ("fair",), ("web",))
    assert math.isnan(rate.values[0, 0])
    assert "1 of 3 on the list of `source` has none: <b>=1+1</b> Bo." in rate.summary()
    for wrong in ({"sorce": ["a"]}, {"source": "web"}, ["web"], {"source": ["a"], "kind": ["b"]}):
        with pytest.raises(ArgumentError):
            win_rate(leads(), among=wrong)
    with pytest.raises(ArgumentError, match="`by` must be just that"):
        win_rate(leads(), by="kind", among={"source": ["web"]})


def test_by_period_of_the_close_and_of_entry() -> None:
    closed = opportunity_to_win(leads(), every="month")
    assert closed.periods == ("2026-02", "2026-03")
    assert closed.numerator.tolist() == [[2, 0]]
    assert "by month of the close" in closed.definition
    entered = opportunity_to_win(leads(), every="month", view="entry")
    assert entered.periods == ("2026-01", "2026-02", "2026-03")
    assert entered.denominator.tolist() == [[1, 2, 0]]
    assert "by month of entry" in entered.definition


def test_rows_of_numbers_and_no_denominator() -> None:
    rates = win_rate([1, 0], [4, 0], periods=["2026-01", "2026-02"])
    assert rates.values[0, 0] == 0.25
    assert math.isnan(rates.values[0, 1])
    assert close_rate(0, 0).summary().endswith("no leads yet, so there is no figure.")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((5, 4), "must be at least"),
        ((-1, 4), "count of at least 0"),
        ((1.5, 4), "count of at least 0"),
        ((1, None), "must say of how many"),
        ((float("nan"), 4), "must be a number"),
        (("1", 4), "must be a number"),
        (([1, 2], [3, 4, 5]), "one length"),
        (([], []), "must be a number"),
        ((True, 4), "must be a number"),
    ],
)
def test_numbers_that_cannot_be(given: tuple[object, object], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        win_rate(*given)


def test_stages_that_cannot_be() -> None:
    with pytest.raises(ArgumentError, match="two stages"):
        conversion(leads(), "lead")
    with pytest.raises(ArgumentError, match="Did you mean `mql`"):
        conversion(leads(), ("lead", "mpl"))
    with pytest.raises(ArgumentError, match="`opportunity`"):
        win_rate(leads(), opportunity="won")
    with pytest.raises(ArgumentError, match="`qualified` must stand between"):
        qualification_rate(leads(), qualified="opportunity")
    with pytest.raises(ArgumentError, match="`base`"):
        close_rate(leads(), base="deals")


# ../shared/data/README.md, "maven_crm", and plain pandas on the same files.


@pytest.fixture(scope="module")
def maven(shared_data) -> fk.Leads:
    return maven_leads(shared_data)


def test_maven_in_all(maven) -> None:
    won = opportunity_to_win(maven)
    assert (won.numerator.item(), won.denominator.item()) == (4238, 6711)
    assert won.value == pytest.approx(0.631501, abs=5e-7)
    rate = win_rate(maven)
    assert (rate.numerator.item(), rate.denominator.item()) == (4238, 8800)
    assert rate.value == pytest.approx(0.481591, abs=5e-7)
    assert "2,089 of these are still open" in rate.summary()


def test_maven_by_quarter_and_month_of_the_close(maven) -> None:
    quarters = opportunity_to_win(maven, every="quarter")
    assert quarters.numerator.tolist() == [[531, 1254, 1257, 1196]]
    assert quarters.values[0].round(4).tolist() == [0.8207, 0.6171, 0.6141, 0.6025]
    months = opportunity_to_win(maven, every="month")
    ends = [months.only(period=f"2017-{month:02}").value for month in (3, 6, 9, 12)]
    assert np.round(ends, 2).tolist() == [0.82, 0.83, 0.79, 0.78]
    others = np.delete(months.values[0], [0, 3, 6, 9])
    assert np.round([others.min(), others.max()], 2).tolist() == [0.49, 0.57]


def test_maven_by_agent_with_five_who_have_none(maven, shared_data) -> None:
    teams = pd.read_csv(shared_data / "maven_crm" / "sales_teams.csv")["sales_agent"].tolist()
    rates = opportunity_to_win(maven, among={"sales_agent": teams})
    assert len(rates.segments) == 35
    assert np.isnan(rates.values).sum() == 5
    assert "5 of 35 on the list of `sales_agent` have none" in rates.summary()
    for agent, counted in {
        "Hayden Neloms": (107, 152),
        "Maureen Marcano": (149, 213),
        "Darcel Schlecht": (349, 553),
        "Lajuana Vencill": (127, 231),
    }.items():
        one = rates.only(sales_agent=agent)
        assert (one.numerator.item(), one.denominator.item()) == counted


def test_maven_by_product(maven, shared_data) -> None:
    frame = pd.read_csv(shared_data / "maven_crm" / "sales_pipeline.csv")
    closed = frame[frame["deal_stage"].isin(["Won", "Lost"])]
    expected = closed.groupby("product")["deal_stage"].agg(["size", lambda s: (s == "Won").sum()])
    rates = opportunity_to_win(maven, by="product")
    assert [segment[0] for segment in rates.segments] == expected.index.tolist()
    assert rates.denominator[:, 0].tolist() == expected["size"].tolist()
    assert rates.numerator[:, 0].tolist() == expected.iloc[:, 1].tolist()
