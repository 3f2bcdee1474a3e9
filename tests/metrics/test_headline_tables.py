"""Headline metrics from tables beside the leads: each by hand, nothing missing taken as 0."""

from __future__ import annotations

import math

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.metrics import Headline, cost_per_lead, scorecard

FUNNEL = fk.Funnel(
    ["lead", "opportunity", "won"], exits=["lost"], id="id", value="amount", owner="rep",
    segments=["source"],
)  # fmt: skip


def data(last_day: str = "2026-02-28") -> fk.Leads:
    """January: 100 leads of web, 50 of fair; February: 80 and none. 20 and 10 won, 1,000 each."""
    rows = [
        {
            "id": f"{month} {source} {k}",
            "lead": f"{month}-02",
            "opportunity": f"{month}-03" if k < 2 * wins else None,
            "won": f"{month}-20" if k < wins else None,
            "lost": None,
            "amount": 1000 if k < wins else None,
            "source": source,
            "rep": "Ann" if k % 2 else "Bo",
        }
        for month, source, n, wins in (
            ("2026-01", "web", 100, 10), ("2026-01", "fair", 50, 10), ("2026-02", "web", 80, 10),
        )
        for k in range(n)
    ]  # fmt: skip
    return fk.from_frame(pd.DataFrame(rows), FUNNEL, as_of=last_day)


@pytest.fixture(scope="module")
def leads() -> fk.Leads:
    return data()


SPEND = pd.DataFrame(
    {
        "month": ["2026-01", "2026-01", "2026-02"],
        "channel": ["web", "fair", "web"],
        "amount": [2000, 4000, 2400],
    }
)
VISITORS = pd.DataFrame({"month": ["2026-01", "2026-02"], "visitors": [5000, 2000]})
QUOTAS = pd.DataFrame({"period": "2026 Q1", "rep": ["Ann", "Bo"], "amount": [15_000, 20_000]})
ACTIVITIES = pd.DataFrame(
    {"at": ["2026-01-05", "2026-02-06", "2026-02-07", "2026-03-01"], "kind": "call"}
)
CONTRACTS = pd.DataFrame(
    {
        "contract": ["a", "b", "c"],
        "start": ["2026-01-01", "2026-02-01", "2026-02-15"],
        "end": ["2026-12-31", "2028-01-31", "2027-02-14"],
        "amount": [900, 4000, 1000],
    }
)


def subscriptions() -> pd.DataFrame:
    """Two accounts for 14 months from January 2025; b left after 12, a grew by a half."""
    months = [str(one) for one in pd.period_range("2025-01", "2026-02", freq="M")]
    rows = [("a", month, 100 if month < "2026-02" else 150) for month in months]
    rows += [("b", month, 50) for month in months[:12]]
    return pd.DataFrame(rows, columns=["account", "month", "mrr"])


ALL = {
    "spend": SPEND, "visitors": VISITORS, "quotas": QUOTAS, "activities": ACTIVITIES,
    "contracts": CONTRACTS, "subscriptions": subscriptions(),
}  # fmt: skip


def test_each_figure_by_hand(leads: fk.Leads) -> None:
    card = scorecard(leads, tables=ALL)
    assert [one.split(":")[0] for one in card.missing] == ["No qualification rate"]
    found = card.to_frame().set_index("metric")
    values = {
        "visitor_to_lead": (80 / 2000, 150 / 5000),
        "cost_per_lead": (2400 / 80, 6000 / 150),
        "activities": (2, 1),
        "cac": (2400 / 10, 6000 / 20),
        "roi": ((30_000 - 8400) / 8400, (20_000 - 6000) / 6000),  # both months, then January
        "mrr": (150, 100),
        "net_revenue_retention": (150 / 150, 100 / 150),
        "gross_revenue_retention": (100 / 150, 100 / 150),
        "acv": ((2000 + 1000) / 2, 900),
    }
    for name, (now, before) in values.items():
        assert found.loc[name, "value"] == pytest.approx(now), name
        assert found.loc[name, "before"] == pytest.approx(before), name
    # 30,000 of 35,000 in the quarter so far; who is at quota is known when it is over
    assert found.loc["quota_attainment", "value"] == pytest.approx(30_000 / 35_000)
    assert math.isnan(found.loc["quota_attainment", "before"])
    assert math.isnan(found.loc["reps_at_quota", "value"])
    assert "2026 Q1 so far" in found.loc["quota_attainment", "definition"]


def test_a_quota_is_told_once_its_quarter_is_over() -> None:
    card = scorecard(data("2026-03-31"), [Headline(metric="reps_at_quota", target=0.6)], tables=ALL)
    (line,) = card.lines
    assert line.now.value == 0.5  # Ann 15,000 of 15,000, Bo 15,000 of 20,000
    assert line.verdict == "not reached"
    assert "so far" not in line.now.definition


def test_of_one_channel(leads: fk.Leads) -> None:
    asked = [
        Headline(metric="cac", channel="web", target=250),
        Headline(metric="cac", channel="fair", target=250),
        Headline(metric="roi", channel="fair"),
        Headline(metric="cost_per_lead", channel="web"),
        Headline(metric="cac", channel="wbe"),
    ]
    card = scorecard(leads, asked, tables=ALL, channel="source")
    found = card.to_frame().set_index(["metric", "channel"])
    assert found.loc[("cac", "web"), "value"] == 240
    assert found.loc[("cac", "web"), "verdict"] == "reached"  # of costs, less is better
    assert math.isnan(found.loc[("cac", "fair"), "value"])  # no cost of February: not 0
    assert found.loc[("cac", "fair"), "before"] == 400
    assert found.loc[("cac", "fair"), "verdict"] == "none"
    assert math.isnan(found.loc[("roi", "fair"), "value"])
    assert found.loc[("roi", "fair"), "before"] == pytest.approx((10_000 - 4000) / 4000)
    assert found.loc[("cost_per_lead", "web"), "value"] == 30
    assert "Did you mean `web`" in card.missing[0]
    assert "CAC, web 240 of 250" not in card.summary()
    unsaid = scorecard(leads, [Headline(metric="cac", channel="web")], tables=ALL)
    assert "which segment of the leads holds the channels is not said" in unsaid.missing[0]


def test_costs_are_judged_the_other_way_round(leads: fk.Leads) -> None:
    cases = [
        ("cac", 240, "reached"),
        ("cac", 239, "not reached"),
        ("mrr", 150, "reached"),
        ("mrr", 151, "not reached"),
        ("quota_attainment", 0.8, "reached"),  # what is won stays won
        ("quota_attainment", 0.9, "open"),
        ("visitor_to_lead", 0.03, "reached"),  # 4.0 %, Wilson 3.2 to 4.9 %
        ("visitor_to_lead", 0.04, "open"),
        ("visitor_to_lead", 0.06, "not reached"),
    ]
    asked = [Headline(metric=metric, target=target) for metric, target, _ in cases]
    found = scorecard(leads, asked, tables=ALL)
    told = {(one.headline.metric, one.headline.target): one.verdict for one in found.lines}
    assert told == {(metric, target): verdict for metric, target, verdict in cases}
    early = leads.at("2026-02-21")  # the month is not over
    (line,) = scorecard(
        early, [Headline(metric="cac", target=1000)], month="2026-02", tables=ALL
    ).lines
    assert line.verdict == "open"


def test_what_a_table_lacks_is_named(leads: fk.Leads) -> None:
    short = subscriptions()
    short = short[short["month"] > "2025-09"]
    late = SPEND[SPEND["month"] < "2026-02"]
    asked = ["cac", "net_revenue_retention", "acv", "quota_attainment"]
    old = QUOTAS.assign(period="2025 Q1")
    tables = {"spend": late, "subscriptions": short, "quotas": old}
    reasons = scorecard(leads, asked, tables=tables).missing
    assert "No CAC: it is known from 2026-01 to 2026-01, not of 2026-02." in reasons
    assert any(
        "12 months before, and the table of subscriptions has 5 months" in r for r in reasons
    )
    assert any("it needs a table of contracts" in r for r in reasons)
    assert any("the table of quotas goes from 2025 Q1 to 2025 Q1" in r for r in reasons)
    aside = fk.read_quotas(pd.DataFrame({"period": [None], "rep": ["Ann"], "amount": [5]}))
    (reason,) = scorecard(leads, ["quota_attainment"], tables={"quotas": aside}).missing
    assert "no row that can be used" in reason


def test_what_cannot_be_asked(leads: fk.Leads) -> None:
    with pytest.raises(ArgumentError, match=r"unknown kind of table.*Did you mean `spend`"):
        scorecard(leads, tables={"spendings": SPEND})
    with pytest.raises(ArgumentError, match="must map kinds to tables"):
        scorecard(leads, tables=[SPEND])  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="not told by channel; visitor_to_lead"):
        scorecard(leads, [Headline(metric="mrr", channel="web")], tables=ALL)
    with pytest.raises(ArgumentError, match="`channel`"):
        scorecard(leads, tables=ALL, channel="sauce")
    with pytest.raises(DataError, match="`amount`"):
        scorecard(leads, tables={"spend": SPEND.drop(columns="amount")})
    with pytest.raises(ArgumentError, match="must be a table of quotas"):
        scorecard(leads, tables={"quotas": fk.read_spend(SPEND)})


def test_cost_per_lead_of_leads_and_of_numbers(leads: fk.Leads) -> None:
    found = cost_per_lead(SPEND, leads, channel="source").to_frame()
    told = {(row.source, row.period): row.value for row in found.itertuples()}
    assert told[("web", "2026-01")] == 20
    assert told[("web", "2026-02")] == 30
    assert told[("fair", "2026-01")] == 80
    assert math.isnan(told[("fair", "2026-02")])
    assert cost_per_lead(SPEND, leads, every="quarter").to_frame()["value"].isna().all()
    assert cost_per_lead([100, 0], [10, 0]).values[0].tolist()[0] == 10
    assert math.isnan(cost_per_lead(100, 0).value)
    with pytest.raises(ArgumentError, match="both name channels"):
        cost_per_lead({"web": 3}, 5)
    with pytest.raises(ArgumentError, match="must be Leads"):
        cost_per_lead(SPEND, 5)
    with pytest.raises(ArgumentError, match="one length"):
        cost_per_lead([1, 2], [3])
