"""The scorecard: headline metrics against their targets, never claiming more than can be told."""

from __future__ import annotations

import datetime as dt
import math

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.metrics import HEADLINES, Headline, scorecard
from funnelkit.metrics.headline_figures import FROM_LEADS

FUNNEL = fk.Funnel(["lead", "mql", "opportunity", "won"], exits=["lost"], id="id", value="amount")


@pytest.fixture(scope="module")
def leads() -> fk.Leads:
    """Two months: 100 leads in January, 80 in February; of each first 40 become opportunities."""
    rows = []
    for month, n, wins in (("2026-01", 100, 20), ("2026-02", 80, 10)):
        for k in range(n):
            deal = k < 40
            won, lost = k < wins, wins <= k < 30
            rows.append(
                {
                    "id": f"{month} {k}",
                    "lead": f"{month}-02",
                    "mql": f"{month}-03" if k < 60 else None,
                    "opportunity": f"{month}-05" if deal else None,
                    "won": f"{month}-20" if won else None,
                    "lost": f"{month}-21" if lost else None,
                    "amount": 1000 if won else None,
                }
            )
    return fk.from_frame(pd.DataFrame(rows), FUNNEL, as_of="2026-02-28")


def test_each_figure_by_hand(leads: fk.Leads) -> None:
    card = scorecard(leads)
    found = card.to_frame().set_index("metric")
    assert not card.missing
    assert set(found.index) == set(FROM_LEADS)
    assert set(FROM_LEADS) < set(HEADLINES)
    assert card.month == "2026-02"
    values = {
        "new_leads": (80, 100),
        "new_opportunities": (40, 40),
        "qualification_rate": (60 / 80, 60 / 100),
        "won_deals": (10, 20),
        "won_value": (10_000, 20_000),
        "mean_deal_size": (1000, 1000),
        "opportunity_to_win": (10 / 30, 20 / 30),
    }
    for name, (now, before) in values.items():
        assert found.loc[name, "value"] == pytest.approx(now), name
        assert found.loc[name, "before"] == pytest.approx(before), name
    assert [line.kind for line in card.lines] == ["leading"] * 3 + ["lagging"] * 6


def test_a_verdict_needs_the_whole_interval(leads: fk.Leads) -> None:
    def verdict(metric: str, target: float, month: str = "2026-01") -> str:
        (line,) = scorecard(leads, [Headline(metric=metric, target=target)], month=month).lines
        return line.verdict

    # 20 of 30 closed in January: 48.8 to 80.8 % (Wilson).
    assert verdict("opportunity_to_win", 0.45) == "reached"
    assert verdict("opportunity_to_win", 0.60) == "open"
    assert verdict("opportunity_to_win", 0.85) == "not reached"
    assert verdict("won_deals", 20) == "reached"
    assert verdict("won_deals", 21) == "not reached"


def test_a_month_that_is_not_over_is_open(leads: fk.Leads) -> None:
    early = leads.at("2026-02-21")
    card = scorecard(early, [Headline(metric="won_deals", target=11)], month="2026-02")
    assert not card.whole
    assert card.lines[0].verdict == "open"
    assert "2026-02 so far" in card.summary()
    assert scorecard(early, ["won_deals"]).month == "2026-01"


def test_the_sentence_names_what_is_missed_and_who_answers(leads: fk.Leads) -> None:
    asked = [
        Headline(metric="won_deals", target=30, owner="Head of Sales", by=dt.date(2026, 12, 31)),
        Headline(metric="new_leads", target=50),
    ]
    text = scorecard(leads, asked).summary()
    assert "Of 2 targets of 2026-02 1 is reached." in text
    assert "won deals 10 of 30 (Head of Sales, by 31 December 2026)" in text


def test_what_the_funnel_lacks_is_named() -> None:
    bare = fk.from_frame(
        pd.DataFrame({"id": ["a"], "signup": ["2026-01-05"], "paid": [None]}),
        fk.Funnel(["signup", "paid"], id="id"),
        as_of="2026-01-31",
    )
    card = scorecard(bare)
    assert {line.headline.metric for line in card.lines} >= {"new_leads", "won_deals"}
    assert any("No new opportunities" in reason for reason in card.missing)
    assert any("No won value" in reason for reason in card.missing)
    assert all(math.isnan(line.before) for line in card.lines)


def test_what_cannot_be_asked(leads: fk.Leads) -> None:
    with pytest.raises(ArgumentError, match="Did you mean `win_rate`"):
        scorecard(leads, ["winrate"])
    with pytest.raises(ArgumentError, match=r"Did you mean 0\.25"):
        scorecard(leads, [Headline(metric="win_rate", target=25)])
    with pytest.raises(ArgumentError, match="0 or more"):
        scorecard(leads, [Headline(metric="new_leads", target=-1)])
    with pytest.raises(ArgumentError, match="`month` must lie in the data"):
        scorecard(leads, month="2027-01")
    with pytest.raises(ArgumentError, match="`month` must be such as"):
        scorecard(leads, month="March-ish")


def test_data_of_one_month_that_is_not_over_have_that_month(leads: fk.Leads) -> None:
    card = scorecard(leads.at("2026-01-20"), ["new_leads", "won_deals"])
    assert (card.month, card.whole) == ("2026-01", False)
    assert card.to_frame()["value"].tolist() == [100, 20]
    with pytest.raises(ArgumentError, match="go from 2026-01 to 2026-02-28; got 2025-12"):
        scorecard(leads, month="2025-12")


def test_a_stage_of_any_name_may_be_the_opportunity() -> None:
    rows = [
        {"id": f"{k}", "Created": "2026-01-03", "Paid": "2026-01-20" if k < 9 else None,
         "lost": "2026-01-21" if 9 <= k < 30 else None}
        for k in range(40)
    ]  # fmt: skip
    deals = fk.from_frame(
        pd.DataFrame(rows), fk.Funnel(["Created", "Paid"], exits=["lost"], id="id"),
        as_of="2026-01-31",
    )  # fmt: skip
    card = scorecard(deals, ["opportunity_to_win"], opportunity="Created")
    assert card.lines[0].now.value == pytest.approx(9 / 30)


def test_deals_of_hubspot_begin_with_the_opportunity() -> None:
    funnel = fk.Funnel(["Created", "Contract Sent", "Closed Won"], exits=["lost"], id="Deal ID")
    rows = [
        {"Deal ID": f"{k}", "Created": "2026-01-03", "Contract Sent": None, "lost": None,
         "Closed Won": "2026-01-20" if k < 9 else None}
        for k in range(40)
    ]  # fmt: skip
    deals = fk.from_frame(pd.DataFrame(rows), funnel, as_of="2026-01-31")
    card = scorecard(deals, ["new_opportunities", "close_rate", "qualification_rate"])
    assert card.to_frame()["value"].tolist() == [40]
    assert all("begins with `Created`, the opportunity" in one for one in card.missing)


def test_what_no_stage_plays_has_its_remedy_in_one_line() -> None:
    rows = pd.DataFrame({"id": ["a"], "signup": "2026-01-05", "trial": None, "paid": [None]})
    bare = fk.from_frame(rows, fk.Funnel(["signup", "trial", "paid"], id="id"), as_of="2026-01-31")
    (reason,) = scorecard(bare, ["win_rate"]).missing
    assert reason == (
        "No win rate: no stage is named after opportunities or deals; say which one it is, such "
        'as opportunity="signup", or name it so under `stages`.'
    )
