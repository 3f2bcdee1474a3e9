"""Pipeline ageing: open deals by stage and age, and those older than almost any that was won."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.metrics import pipeline_ageing
from funnelkit.metrics.cycle.stale import bound_level
from tests.metrics.maven import maven_leads

WINS = 30
HOSTILE = "=HYPERLINK(1)<b>"


@functools.cache
def leads(**changed: object) -> fk.Leads:
    """Return 30 wins on day 1 to 30 of `New`, and open deals of 25, 40 and 90 days."""
    end = pd.Timestamp("2026-03-31")
    rows = [
        (f"w{day:02}", end - pd.Timedelta(days=100), end - pd.Timedelta(days=100 - day), 10, "New")
        for day in range(1, WINS + 1)
    ]
    rows += [
        ("young", end - pd.Timedelta(days=25), None, 60, "New"),
        ("old", end - pd.Timedelta(days=40), None, 30, "New"),
        (HOSTILE, end - pd.Timedelta(days=90), None, 10, "New"),
        ("credit", end - pd.Timedelta(days=95), None, -5, "New"),
        ("blank", end - pd.Timedelta(days=95), None, None, "Renewal"),
    ]
    frame = pd.DataFrame(rows, columns=["id", "deal", "won", "amount", "kind"])
    frame["rep"], frame["phone"] = "Ada", "0123"
    given = {"value": "amount", "segments": ("kind",), "owner": "rep", "personal": ("phone",)}
    return fk.from_frame(frame, fk.Funnel(["deal", "won"], **(given | changed)), as_of=end.date())


def test_bands_and_values() -> None:
    ageing = pipeline_ageing(leads(), bands=[30, 60])
    rows = ageing.to_frame().fillna(-1).to_numpy().tolist()
    assert rows == [
        ["deal", "0 to 30", 1, 1, 60.0, 0],
        ["deal", "31 to 60", 1, 1, 30.0, 1],
        ["deal", "over 60", 3, 2, 5.0, 3],
        ["deal", "not known", 0, 0, -1.0, 0],
    ]


def test_stale_ones_are_listed_by_name_and_never_by_personal_columns() -> None:
    ageing = pipeline_ageing(leads())
    # 30 wins are too few for a bound of 99 %: the limit is the longest of them.
    assert ageing.limits_frame().to_numpy().tolist() == [["deal", WINS, 30.0, 30.0]]
    stale = ageing.stale
    assert stale["id"].tolist() == ["blank", "credit", HOSTILE, "old"]
    assert stale["stage_age_days"].tolist() == [95, 95, 90, 40]
    assert {"rep", "amount", "kind", "limit_days"} <= set(stale.columns)
    assert "phone" not in stale.columns
    assert "<b>" not in ageing._repr_html_()


def test_the_share_of_value_that_is_stale() -> None:
    shares = pipeline_ageing(leads()).shares
    assert shares["stale share of open deals"].value == 4 / 5
    value = shares["stale share of open value"]
    assert value.value == (30 + 10) / (60 + 30 + 10)
    assert "1 open deal without an amount left out." in value.notes
    assert "1 open deal with an amount below 0 left out." in value.notes
    assert "4 of 5 open deals are stale and hold 40 of 100" in pipeline_ageing(leads()).summary()


def test_businesses_have_limits_of_their_own() -> None:
    apart = pipeline_ageing(leads(apart=("kind",)))
    assert apart.stale["id"].tolist() == ["credit", HOSTILE, "old"]
    assert "New: 3 of 4 open deals are stale" in apart.summary()
    assert "Renewal: 0 of 1 open deal are stale" in apart.summary()
    assert "fewer than 20 wins no limit is known for deal (0)" in apart.summary()


def test_few_wins_give_no_limit_and_many_a_bound() -> None:
    # The largest of n bounds the 99 % quantile where 1 - .99^n >= .95, from 299 on; the second
    # largest where 1 - .99^n - n x .01 x .99^(n-1) is, from 473 on; of 95 %, from 59 and 93 on.
    assert 1 - 0.95**92 - 92 * 0.05 * 0.95**91 < 0.95 <= 1 - 0.95**93 - 93 * 0.05 * 0.95**92
    assert bound_level(92, 0.95) == 1
    assert bound_level(93, 0.95) == 92 / 93
    assert 1 - 0.99**472 - 472 * 0.01 * 0.99**471 < 0.95 <= 1 - 0.99**473 - 4.73 * 0.99**472
    assert bound_level(472, 0.99) == 1
    assert bound_level(473, 0.99) == 472 / 473


def test_a_funnel_without_money_or_open_deals() -> None:
    bare = pipeline_ageing(leads(value=None))
    assert bare.shares.names == ("stale share of open deals",)
    frame = pd.DataFrame({"id": ["a"], "deal": ["2026-01-05"], "won": ["2026-01-09"]})
    done = fk.from_frame(frame, fk.Funnel(["deal", "won"]), as_of="2026-02-28")
    none = pipeline_ageing(done)
    assert none.stale.empty
    assert none.to_frame()["open"].sum() == 0
    assert np.isnan(none.shares["stale share of open deals"].values).all()


def test_several_currencies_are_refused_unless_rates_are_given() -> None:
    frame = pd.DataFrame(
        {
            "id": ["a", "b"],
            "deal": "2026-01-05",
            "won": None,
            "amount": [100, 40],
            "currency": ["EUR", "USD"],
        }
    )
    funnel = fk.Funnel(["deal", "won"], value="amount", segments=["currency"])
    made = fk.from_frame(frame, funnel, as_of="2026-03-31")
    with pytest.raises(DataError, match=r"several currencies \(EUR 1 and USD 1\)"):
        pipeline_ageing(made)
    ageing = pipeline_ageing(made, currency="EUR", exchange={"USD": 0.5})
    assert ageing.to_frame()["total_value"].sum() == 120
    assert "hold EUR 0 of 120" in ageing.summary()


def test_wrong_arguments() -> None:
    for bands in ([], [60, 30], [30, 30], [1.5], "30"):
        with pytest.raises(ArgumentError, match="`bands`"):
            pipeline_ageing(leads(), bands=bands)
    for beyond in (0.5, 99):
        with pytest.raises(ArgumentError, match="`beyond`"):
            pipeline_ageing(leads(), beyond=beyond)
    with pytest.raises(ArgumentError, match="Did you mean `kind`"):
        pipeline_ageing(leads(), by="kinds")


def test_maven(shared_data) -> None:
    """The deals older than any ever closed, against plain pandas."""
    frame = pd.read_csv(shared_data / "maven_crm" / "sales_pipeline.csv")
    days = {
        name: pd.to_datetime(frame[name], format="%Y-%m-%d")
        for name in ("engage_date", "close_date")
    }
    closed = (days["close_date"] - days["engage_date"]).dt.days
    age = (pd.Timestamp("2017-12-31") - days["engage_date"]).dt.days
    is_open = frame["deal_stage"].isin(["Engaging", "Prospecting"])
    assert closed[frame["deal_stage"] == "Won"].max() == 138
    assert age[is_open].median() == 165
    older = frame.loc[is_open & (age > 138), "opportunity_id"]

    ageing = pipeline_ageing(maven_leads(shared_data), beyond=1)
    assert ageing.limits_frame()["limit_days"].tolist() == [138]
    assert set(ageing.stale["opportunity_id"]) == set(older)
    assert ageing.stale["stage_age_days"].tolist() == sorted(age[older.index], reverse=True)
    assert f"{len(older):,} of 2,089 open deals are stale, worth not known" in ageing.summary()
    almost = pipeline_ageing(maven_leads(shared_data))
    assert set(older) < set(almost.stale["opportunity_id"])
    assert (closed[frame["deal_stage"] == "Won"] <= almost.limits[0].days).mean() >= 0.985
