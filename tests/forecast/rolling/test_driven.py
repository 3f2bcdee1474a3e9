"""What a forecast rested on and the same as it came: sums that are those of the data."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.data.records import Leads
from funnelkit.forecast import bookings
from funnelkit.forecast.rolling.driven import drivers_ahead, drivers_came
from funnelkit.forecast.rolling.misses import explain_miss
from funnelkit.model import fit_funnel
from tests.data.test_followed_up import ROWS
from tests.forecast.rolling.made import forecast_of


@pytest.fixture(scope="module")
def leads() -> Leads:
    columns = ["id", "lead", "deal", "won", "lost", "amount", "source"]
    funnel = fk.Funnel(
        ["lead", "deal", "won"], exits=["lost"], id="id", value="amount", segments=["source"]
    )
    return fk.from_frame(pd.DataFrame(ROWS, columns=columns), funnel, as_of="2026-03-31")


def model_of(leads: Leads, **changed: Any) -> Any:
    """A model that gives leads a chance of 0.1, deals one of 0.5; those without a source none."""

    def chances(stage: str, ages: Any, days: Any) -> Any:
        share = {"lead": 0.1, "deal": 0.5}[stage]
        return np.array([share, 0.0])[:, None, None] * np.ones((1, len(ages), len(days)))

    given = {
        "as_of": leads.as_of,
        "stages": leads.funnel.stages,
        "by": ("source",),
        "segments": (("web",), (None,)),
        "chances": chances,
        "of_funnel": lambda stages: stages == leads.funnel.stages,
    }
    return SimpleNamespace(**{**given, **changed})


def test_what_came_is_counted_by_hand(leads: Leads) -> None:
    found = drivers_came(leads, model_of(leads), since="2026-01-31")
    assert found.plain() == {
        "cells": ["in flight", "not yet created", "without a lead", "otherwise"],
        "entered": [4, 2, 1, 1],
        # two were won in the end and one deal has a chance of a half; the new lead has none
        "eventual": [2.5, 1, 1, 1],
        "won": [1, 1, 1, 1],
        "value": [10, 70, 90, 100],
    }
    two = drivers_came(leads, model_of(leads), since="2026-01-31", periods=2)
    assert two.total.sum() == 290  # 20 of March besides
    assert two.plain()["won"] == [2, 1, 1, 1]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"since": "2026-01-30"}, "`since` must be the last day of a month; got 2026-01-30"),
        ({"since": "2026-04-30"}, "`since` must not lie after"),
        ({"periods": 3}, "`periods`: 3 from 2026-02 end on 2026-04-30"),
        ({"periods": 0}, "`periods` must be a whole number"),
    ],
)
def test_wrong_arguments_are_named(leads: Leads, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        drivers_came(leads, model_of(leads), **{"since": "2026-01-31", **asked})


def test_a_model_of_other_leads_is_refused(leads: Leads) -> None:
    with pytest.raises(ArgumentError, match="`model` must be fitted to these leads"):
        drivers_came(leads, model_of(leads.at("2026-02-28")), since="2026-01-31")


def grown() -> Leads:
    """30 to 55 leads a month, half of them deals after 6 days, of which a third is won."""
    rows = []
    for k, month in enumerate(pd.period_range("2025-03", "2026-06", freq="M")):
        for i in range(30 + k + k % 3 * 5):
            day = month.start_time + pd.Timedelta(days=i % 28)
            deal = day + pd.Timedelta(days=6 + i % 5)
            won = deal + pd.Timedelta(days=8 + i % 37)
            late = i % 11 == 0  # a deal that never was a lead
            days = (None if late else day, deal if late or i % 2 else None)
            rows.append((f"{month}-{i}", *days, won if i % 6 == 1 or late else None, 10 + i))
    frame = pd.DataFrame(rows, columns=["id", "lead", "deal", "won", "amount"])
    for name in ("deal", "won"):
        frame[name] = frame[name].where(frame[name] <= "2026-06-30")
    funnel = fk.Funnel(["lead", "deal", "won"], id="id", value="amount")
    return fk.from_frame(frame, funnel, as_of="2026-06-30")


def test_a_forecast_is_explained_from_end_to_end() -> None:
    now = grown()
    then = now.at("2026-03-31")
    model = fit_funnel(then)
    said = bookings(then, model, horizon=2, n_draws=200)
    before = drivers_ahead(said, model, periods=2)
    assert before.total.sum() == pytest.approx(said.expected.sum())
    assert np.sum(before.won) == pytest.approx(said.deals.expected.sum())
    assert np.asarray(before.entered)[0] == model.open.sum()
    after = drivers_came(now, fit_funnel(now), since="2026-03-31", periods=2)
    wins = now.count("won")
    assert np.sum(after.won) == wins["2026-04":"2026-05"].sum()
    found = explain_miss(before, after)
    assert sum(found.effects.values()) == pytest.approx(found.miss)
    assert found.miss == pytest.approx(after.total.sum() - said.expected.sum())
    with pytest.raises(ArgumentError, match="`periods` must be at most 2"):
        drivers_ahead(said, model, periods=3)
    with pytest.raises(ArgumentError, match=r"must be that of bookings\(…\)"):
        drivers_ahead(forecast_of([[1.0]]), model)  # type: ignore[arg-type]
