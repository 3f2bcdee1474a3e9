"""Imports: found by their day, kept out of rates and entries, and given a rate of their own."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.model.arrivals import daily_entries
from funnelkit.model.bursts import burst_days

IMPORTED = dt.date(2026, 5, 30)  # on the last days of a month nobody else enters


def world(imported=0, moved=0):
    """40 leads a month; half move on after 5 days and half of these are won after 10 more."""
    rows = []
    for month in pd.period_range("2025-07", periods=12, freq="M"):
        for i in range(40):
            day = month.start_time + pd.Timedelta(days=i % 28)
            deal = day + pd.Timedelta(days=5) if i % 2 else None
            won = day + pd.Timedelta(days=15) if i % 4 == 1 else None
            rows.append((f"{month}-{i}", day, deal, won))
    for i in range(imported):
        day = pd.Timestamp(IMPORTED)
        rows.append((f"old-{i}", day, day + pd.Timedelta(days=5) if i < moved else None, None))
    frame = pd.DataFrame(rows, columns=["id", "lead", "deal", "won"])
    as_of = pd.Timestamp("2026-06-30")
    for name in ("deal", "won"):
        frame[name] = frame[name].where(frame[name] <= as_of)
    return fk.from_frame(frame, fk.Funnel(["lead", "deal", "won"], id="id"), as_of=as_of.date())


@pytest.fixture(scope="module")
def plain():
    return fk.fit_funnel(world())


def test_an_import_has_a_rate_of_its_own_and_changes_no_other(plain):
    leads = world(imported=300, moved=6)
    model = fk.fit_funnel(leads)
    [burst] = model.bursts
    assert (burst.day, burst.entered, burst.moved_on) == (IMPORTED, 300, 6)
    assert burst.usual == pytest.approx(300 / 40, rel=0.1)
    # 6 of 300, and all who ever move on do so within 5 days: Beta(6, 294) about
    assert burst.rate == pytest.approx(0.02, abs=0.005)
    drawn = burst.sample(4000, np.random.default_rng(1))
    assert drawn.mean() == pytest.approx(burst.rate, rel=0.05)
    assert drawn.std() == pytest.approx(np.sqrt(0.02 * 0.98 / 300), rel=0.25)
    assert model.arrivals.of("lead").tolist() == plain.arrivals.of("lead").tolist()
    for one, other in zip(model.steps, plain.steps, strict=True):
        assert one.levels.ultimate == pytest.approx(other.levels.ultimate)
    assert "300 records entered on 30 May 2026 alone" in model.summary()
    # those who have not moved by now hardly will: of the usual leads of that age nobody does
    age = (leads.as_of - IMPORTED).days
    assert model.chances("lead", [age], [np.inf])[0, 0, 0] < 0.01
    told, before = (
        fk.forecast.bookings(data, fitted, horizon=2, n_draws=400).deal_parts
        for data, fitted in ((leads, model), (world(), plain))
    )
    for part in ("in flight", "not yet created"):
        assert told[part].sum(axis=1).mean() == pytest.approx(
            before[part].sum(axis=1).mean(), rel=0.15
        )


def test_a_fresh_import_is_taken_for_usual_leads_until_it_shows():
    """Imported on the last day: the rate is the usual one, in much doubt."""
    rows = world(imported=300).list("lead")
    rows = rows[["id", "lead", "deal", "won"]]
    rows.loc[rows["id"].astype(str).str.startswith("old"), "lead"] = pd.Timestamp("2026-06-30")
    leads = fk.from_frame(rows, fk.Funnel(["lead", "deal", "won"], id="id"), as_of="2026-06-30")
    [burst] = fk.fit_funnel(leads).bursts
    drawn = burst.sample(4000, np.random.default_rng(1))
    assert np.quantile(drawn, 0.1) < 0.25
    assert np.quantile(drawn, 0.9) > 0.75


@pytest.mark.parametrize("imported", [0, 12])
def test_a_usual_day_is_no_burst(imported):
    assert burst_days(daily_entries(world(imported), ())) == []


def test_where_records_always_come_on_one_day_none_is_a_burst():
    days = pd.date_range("2025-01-01", periods=12, freq="MS").repeat(50)
    frame = pd.DataFrame({"id": range(600), "lead": days, "won": days + pd.Timedelta(days=9)})
    leads = fk.from_frame(frame, fk.Funnel(["lead", "won"], id="id"), as_of="2025-12-31")
    assert burst_days(daily_entries(leads, ())) == []
    once = frame.assign(lead=pd.Timestamp("2025-03-03"), won=pd.Timestamp("2025-04-01"))
    leads = fk.from_frame(once, fk.Funnel(["lead", "won"], id="id"), as_of="2025-12-31")
    assert burst_days(daily_entries(leads, ())) == []
