"""Velocity: money a day, from numbers and from leads."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.metrics import deal_velocity, opportunity_to_win, pipeline_velocity
from tests.metrics.maven import maven_leads

ROWS = [
    # id, deal, won, lost, amount, source
    ("a", "2026-01-01", "2026-01-11", None, 100, "web"),
    ("b", "2026-01-01", "2026-01-31", None, 300, "web"),
    ("c", "2026-01-05", "2026-01-25", None, None, "web"),
    ("d", "2026-01-05", None, "2026-01-25", 900, "web"),
    ("e", "2026-02-05", None, None, 900, "web"),
    ("f", "2026-02-05", None, None, 0, "fair"),
]


@functools.cache
def leads(**changed: object) -> fk.Leads:
    frame = pd.DataFrame(ROWS, columns=["id", "deal", "won", "lost", "amount", "source"])
    given = {"exits": ("lost",), "segments": ("source",), "value": "amount"}
    funnel = fk.Funnel(["deal", "won"], **(given | changed))
    return fk.from_frame(frame, funnel, as_of="2026-03-31")


def test_the_worked_example_of_the_trade() -> None:
    velocity = deal_velocity(100, 10_000, cycle=30, currency="EUR")
    assert velocity.value == pytest.approx(1_000_000 / 30)
    assert "EUR 33,333 a day" in velocity.summary()
    assert pipeline_velocity(100, 10_000, win_rate=0.25, cycle=30).value == pytest.approx(8333.33)
    assert np.isnan(deal_velocity(100, 10_000, cycle=0).value)
    rows = deal_velocity([100, 50], 10_000 * np.ones(2), cycle=[30, 25])
    assert rows.values.round().tolist() == [[33333, 20000]]


def test_from_leads() -> None:
    # By hand: 3 won, mean amount (100 + 300) / 2, mean days (10 + 30 + 20) / 3.
    deals = deal_velocity(leads())
    assert deals.value == pytest.approx(3 * 200 / 20)
    assert "Won without an amount, left out of its mean: 1." in deals.summary()
    # 2 open, won / entered 3/6, won / closed 3/4.
    assert pipeline_velocity(leads()).value == pytest.approx(2 * 3 / 6 * 200 / 20)
    assert pipeline_velocity(leads(), base="closed").value == pytest.approx(2 * 3 / 4 * 200 / 20)
    assert "Immature: 2 of the opportunities are open" in pipeline_velocity(leads()).summary()


def test_a_segment_without_a_win_has_no_figure() -> None:
    by = pipeline_velocity(leads(), by="source")
    assert by.segments == (("fair",), ("web",))
    assert np.isnan(by.only(source="fair").value)
    assert by.only(source="web").value == pytest.approx(1 * 3 / 5 * 200 / 20)


def test_businesses_kept_apart() -> None:
    apart = pipeline_velocity(leads(apart=("source",)))
    assert apart.by == ("source",)
    assert "1 (fair) and 1 (web) of the opportunities are open" in apart.summary().replace(
        "1 (web) and 1 (fair)", "1 (fair) and 1 (web)"
    )


def test_the_interval_is_that_of_a_bootstrap() -> None:
    made = fk.make_leads(4000, rng=6)
    velocity = deal_velocity(made)
    won = made.list("won").dropna(subset=["opportunity"])
    amount = won["amount"].astype(float).to_numpy()
    days = (won["won"] - won["opportunity"]).dt.days.to_numpy()
    rng = np.random.default_rng(1)
    rows = rng.integers(0, len(won), (2000, len(won)))
    logs = np.log(amount[rows].mean(axis=1) / days[rows].mean(axis=1))
    width = np.log(velocity.high.item() / velocity.low.item())
    assert width == pytest.approx(2 * 1.96 * logs.std(), rel=0.08)


def test_credits_are_said() -> None:
    frame = pd.DataFrame(ROWS, columns=["id", "deal", "won", "lost", "amount", "source"])
    frame.loc[0, "amount"] = -50
    made = fk.from_frame(
        frame, fk.Funnel(["deal", "won"], exits=["lost"], value="amount"), as_of="2026-03-31"
    )
    velocity = deal_velocity(made)
    assert velocity.value == pytest.approx(3 * 125 / 20)
    assert "Won with an amount below 0, taken as credits: 1." in velocity.summary()


def test_several_currencies_are_refused_unless_rates_are_given() -> None:
    frame = pd.DataFrame(ROWS, columns=["id", "deal", "won", "lost", "amount", "source"])
    frame["currency"] = ["EUR", "USD", None, "EUR", "EUR", None]
    funnel = fk.Funnel(["deal", "won"], exits=["lost"], value="amount", keep=["currency"])
    made = fk.from_frame(frame, funnel, as_of="2026-03-31")
    told = r"several currencies \(EUR 2 and USD 1\)"
    for ask in (deal_velocity, pipeline_velocity):
        with pytest.raises(DataError, match=told):
            ask(made)
    velocity = deal_velocity(made, currency="EUR", exchange={"USD": 0.5})
    assert velocity.value == pytest.approx(3 * (100 + 150) / 2 / 20)
    assert "EUR 19 a day" in velocity.summary()
    with pytest.raises(DataError, match="lacks USD"):
        deal_velocity(made, currency="EUR", exchange={"GBP": 2})
    assert opportunity_to_win(made).value == 3 / 4  # no money, no currency
    with pytest.raises(ArgumentError, match="`exchange`"):
        deal_velocity(made, exchange={"USD": 0.5})


def test_wrong_arguments() -> None:
    with pytest.raises(ArgumentError, match="needs `value` and `cycle`"):
        deal_velocity(100)
    with pytest.raises(ArgumentError, match="`win_rate` must be a share"):
        pipeline_velocity(100, 10_000, win_rate=30, cycle=30)
    with pytest.raises(ArgumentError, match="`cycle` must not be negative"):
        deal_velocity(100, 10_000, cycle=-30)
    with pytest.raises(ArgumentError, match="goes with a number of deals"):
        deal_velocity(leads(), 10_000)
    with pytest.raises(ArgumentError, match="no `value` column"):
        deal_velocity(leads(value=None))
    with pytest.raises(ArgumentError, match="`base`"):
        pipeline_velocity(leads(), base="won")


def test_maven(shared_data) -> None:
    # ../shared/data/README.md: 4,238 won, revenue 10,005,534, mean days 51.78 (219,452 in all).
    maven = maven_leads(shared_data)
    assert deal_velocity(maven).value == pytest.approx(10_005_534 / (219_452 / 4238))
    expected = 2089 * (4238 / 8800) * (10_005_534 / 4238) / (219_452 / 4238)
    assert pipeline_velocity(maven).value == pytest.approx(expected)
