"""Representatives: figures of the Maven export against plain pandas, ranks, names, currencies."""

import functools
import re

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit._core.interval import share_interval
from funnelkit.metrics import rep_results
from funnelkit.metrics.people.pseudonyms import roster, shown_names

DEALS = pd.DataFrame(
    {
        "id": [f"d{i}" for i in range(100)],
        "deal": "2026-01-05",
        "won": ["2026-02-10" if i % 50 < (45 if i < 50 else 5) else None for i in range(100)],
        "lost": [None if i % 50 < (45 if i < 50 else 5) else "2026-03-20" for i in range(100)],
        "amount": [100.0] * 98 + [None, 100.0],
        "rep": ["Ann"] * 50 + ["Bo"] * 50,
        "currency": ["EUR"] * 100,
        "pipeline": ["New"] * 60 + ["Renewal"] * 40,
    }
)
FUNNEL = fk.Funnel(["deal", "won"], exits=["lost"], owner="rep", value="amount")


def read(frame=None, **changed):
    if frame is None and not changed:
        return plain()
    frame = DEALS if frame is None else frame
    return fk.from_frame(frame, FUNNEL.replace(**changed), as_of="2026-03-31")


@functools.cache
def plain():
    return fk.from_frame(DEALS, FUNNEL, as_of="2026-03-31")


@pytest.fixture(scope="module")
def maven(shared_data):
    folder = shared_data / "maven_crm"
    funnel = fk.Funnel(
        ["engaged", "won"],
        exits=["lost"],
        id="opportunity_id",
        columns={"engaged": "engage_date"},
        status="deal_stage",
        status_date="close_date",
        status_values={"engaged": ["Engaging", "Prospecting"]},
        value="close_value",
        owner="sales_agent",
    )
    leads = fk.read_csv(folder / "sales_pipeline.csv", funnel, as_of="2017-12-31")
    return (
        leads,
        pd.read_csv(folder / "sales_teams.csv"),
        pd.read_csv(folder / "sales_pipeline.csv"),
    )


def test_maven_agents_as_plain_pandas_counts_them(maven):
    leads, teams, deals = maven
    found = rep_results(leads, among=list(teams["sales_agent"]))
    frame = found.to_frame().set_index("sales_agent")
    won = deals[deals["deal_stage"] == "Won"].groupby("sales_agent")
    assert len(frame) == 35
    assert frame["won"].sum() == 4238  # README of the data
    assert frame["revenue_value"].sum() == 10_005_534
    expected = won["close_value"].sum()
    assert frame.loc[expected.index, "revenue_value"].tolist() == expected.tolist()
    assert frame.loc[expected.index, "won"].tolist() == won.size().tolist()
    # Won of closed, from the README of the data: 107/152, 149/213, 349/553, 127/231.
    assert frame.loc["Hayden Neloms", "won_of_closed_rate"] == pytest.approx(107 / 152)
    assert frame.loc["Maureen Marcano", "won_of_closed_rate"] == pytest.approx(149 / 213)
    assert frame.loc["Darcel Schlecht", "won_of_closed_rate"] == pytest.approx(349 / 553)
    assert frame.loc["Lajuana Vencill", "won_of_closed_rate"] == pytest.approx(127 / 231)


def test_five_maven_agents_without_deals(maven):
    leads, teams, _ = maven
    found = rep_results(leads, among={"sales_agent": list(teams["sales_agent"])})
    frame = found.to_frame().set_index("sales_agent")
    idle = frame[frame["won"] + frame["lost"] == 0]
    assert len(idle) == 5
    assert (idle["revenue_value"] == 0).all()
    assert idle["win_rate"].isna().all()
    assert idle["rank_low"].isna().all()
    text = found.summary()
    assert "5 of 35 on the list have no closed deal" in text
    assert "Mei-Mei Johns" in text
    assert "so nobody is ranked" in text
    assert found.revenue_per_rep.value == pytest.approx(10_005_534 / 35)
    assert found.deals_per_rep.value == pytest.approx(4238 / 35)
    assert (found.ranks()[0] <= 1).all()


def test_maven_by_quarter(maven):
    leads, _, deals = maven
    found = rep_results(leads, every="quarter")
    # Won by close quarter, from the README of the data.
    assert found.won.sum(axis=0).tolist() == [0, 531, 1254, 1257, 1196]
    assert found.periods == ("2016 Q4", "2017 Q1", "2017 Q2", "2017 Q3", "2017 Q4")
    ann = found.win_rate.only(sales_agent="Anna Snelling", period="2017 Q2")
    own = deals[(deals["sales_agent"] == "Anna Snelling") & deals["engage_date"].notna()]
    own = own[pd.to_datetime(own["engage_date"]).dt.to_period("Q").astype(str) == "2017Q2"]
    assert ann.denominator.item() == len(own)
    assert ann.numerator.item() == (own["deal_stage"] == "Won").sum()


def test_who_can_be_told_apart_has_a_place():
    found = rep_results(read())
    frame = found.to_frame().set_index("rep")
    assert frame.loc["Ann", ["rank_low", "rank_high"]].tolist() == [1, 1]
    assert frame.loc["Bo", ["rank_low", "rank_high"]].tolist() == [2, 2]
    assert "2 of 2 can be told apart" in found.summary()
    low, high = share_interval(45, 50)
    assert frame.loc["Ann", ["win_rate_low", "win_rate_high"]].tolist() == pytest.approx(
        [low, high]
    )


def test_open_deals_win_nobody_a_place():
    # Ann: 30 won, 20 lost; Bo: 10 won, 5 lost, 35 open, of which all may yet be won.
    frame = DEALS.assign(
        won=["2026-02-10" if i < 30 or 50 <= i < 60 else None for i in range(100)],
        lost=["2026-02-10" if 30 <= i < 50 or 60 <= i < 65 else None for i in range(100)],
    )
    found = rep_results(read(frame)).to_frame().set_index("rep")
    assert found.loc["Ann", "win_rate_low"] > found.loc["Bo", "win_rate_high"]
    assert found["rank_low"].tolist() == [1, 1]
    assert found["rank_high"].tolist() == [2, 2]


def test_no_owner_has_a_line_of_its_own():
    found = rep_results(read(DEALS.assign(rep=["Ann"] * 50 + [None] * 50)))
    assert found.segments == (("Ann",), (None,))
    assert "Deals without an owner" in found.summary()
    assert found.deals_per_rep.denominator.item() == 1


def test_businesses_are_kept_apart():
    leads = read(segments=["pipeline"], apart=["pipeline"])
    found = rep_results(leads, among=["Ann", "Bo", "Cy"])
    assert found.by == ("pipeline", "rep")
    assert len(found.segments) == 6
    assert found.revenue_per_rep.segments == (("New",), ("Renewal",))
    text = found.summary()
    assert "New: 50 deals won" in text
    assert "Renewal: 0 deals won" in text
    assert "100 " not in text
    one = rep_results(leads.only(pipeline="New"), among=["Ann", "Bo", "Cy"])
    assert "50 deals won" in one.summary()


def test_blank_and_negative_amounts():
    frame = DEALS.assign(amount=[None, 0, -50.0, *DEALS["amount"][3:]])
    found = rep_results(read(frame)).to_frame().set_index("rep")
    assert found.loc["Ann", "without_amount"] == 2
    assert found.loc["Ann", "revenue_value"] == 42 * 100 - 50
    no_value = rep_results(read(value=None))
    assert "revenue_value" not in no_value.to_frame()
    assert "worth" not in no_value.summary()


def test_mixed_currencies_are_refused_unless_rates_are_given():
    mixed = DEALS.assign(currency=["EUR"] * 50 + ["USD"] * 50)
    leads = read(mixed, keep=["currency"])
    with pytest.raises(DataError, match=r"several currencies \(EUR 45 and USD 5\)"):
        rep_results(leads)
    found = rep_results(leads, currency="USD", exchange={"EUR": 1.5})
    assert found.revenue.ravel().tolist() == [45 * 150, 5 * 100]
    assert found.currency == "USD"
    assert "converted to USD" in found.summary()
    with pytest.raises(ArgumentError, match="Did you mean `currency`"):
        rep_results(leads, currency_column="curency")


def test_pseudonyms():
    hidden = rep_results(read(), pseudonyms=True)
    assert all(re.fullmatch(r"rep [0-9a-f]{5}", one[-1]) for one in hidden.segments)
    assert (shown_names(["Ann"], pseudonyms=True)[0]["Ann"],) in hidden.segments  # in any table
    assert "Ann" not in repr(hidden) + hidden.summary()
    assert "replaced by pseudonyms" in hidden.summary()
    secret = shown_names(["Ann", "Bo", "Cy", "Di", "Ed"], pseudonyms="a")[0]
    other = shown_names(["Ann", "Bo", "Cy", "Di", "Ed"], pseudonyms="b")[0]
    assert secret != other
    assert secret == shown_names(["Ed", "Di", "Cy", "Bo", "Ann"], pseudonyms="a")[0]
    mails = read(DEALS.assign(rep=["ann@example.org"] * 50 + ["bo@example.org"] * 50))
    unasked = rep_results(mails, among=["cy@example.org"])
    assert "@" not in repr(unasked) + unasked.summary()
    assert "@" in rep_results(mails, pseudonyms=False).to_frame()["rep"][0]
    with pytest.raises(ArgumentError, match="`pseudonyms` must be True, False or a secret"):
        rep_results(read(), pseudonyms=3)


def test_hostile_names():
    odd = rep_results(read(DEALS.assign(rep=["<script>x</script>"] * 50 + ["=1+1"] * 50)))
    assert "<script>" not in odd._repr_html_()


def test_wrong_arguments():
    with pytest.raises(ArgumentError, match="names no `owner`"):
        rep_results(read(owner=None))
    with pytest.raises(ArgumentError, match="`leads` must be Leads; got DataFrame"):
        rep_results(DEALS)
    with pytest.raises(ArgumentError, match="`among` must be a list of names"):
        rep_results(read(), among="Ann")
    with pytest.raises(ArgumentError, match="`among` must be a list of names"):
        roster({"team": ["Ann"]}, "rep")
    with pytest.raises(ArgumentError, match="unknown stage `dael`"):
        rep_results(read(), opportunity="dael")


def test_without_exits_nothing_says_what_was_lost():
    found = rep_results(read(exits=()))
    assert found.to_frame()["won_of_closed_rate"].isna().all()
    assert found.win_rate.values.ravel().tolist() == [0.9, 0.1]


def test_one_open_deal():
    frame = DEALS.iloc[:1].assign(won=None, lost=None)
    found = rep_results(read(frame))
    assert np.isnan(found.opportunity_to_win.value)
    assert "0 deals won" in found.summary()
    assert found.measures.to_frame()["value"].notna().sum() >= 1
