"""Bookings: parts that add up, doubt that does not average out, and what is won already."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.forecast.open_pipeline.simulation import in_flight


@pytest.fixture(scope="module")
def leads():
    return fk.make_leads(5_000, rng=3, months=18)


@pytest.fixture(scope="module")
def model(leads):
    return fk.fit_funnel(leads, by="region")


@pytest.fixture(scope="module")
def forecast(leads, model):
    return fk.forecast.bookings(leads, model, horizon=4, n_draws=1000)


def test_what_is_in_flight_is_the_pipeline(leads, model, forecast):
    """One simulation: the same seed gives the very same draws, deal by deal and in money."""
    open_today = fk.forecast.pipeline(leads, model, 4, n_draws=1000)
    deals = open_today.counts.drawn(per="all")
    assert (forecast.deal_parts["in flight"] == deals).all()
    assert forecast.parts["in flight"] == pytest.approx(open_today.value.drawn(per="all"))
    # what is expected of each deal adds up to the same, but for the luck of 1,000 draws
    luck = 4 * deals.sum(axis=1).std() / np.sqrt(1000)
    assert open_today.counts.total.sum() == pytest.approx(deals.sum(axis=1).mean(), abs=luck)
    stages = open_today.by_stage()
    assert stages["stage"].tolist() == list(model.stages[:-1])
    assert stages["open"].tolist() == model.open.sum(axis=0).tolist()
    assert stages["expected_won_in_horizon"].sum() == pytest.approx(open_today.counts.total.sum())
    assert stages["expected_value_in_horizon"].sum() == pytest.approx(open_today.total.sum())
    assert (stages["won_low"] <= stages["expected_won_in_horizon"]).all()
    assert (stages["expected_won_in_horizon"] <= stages["won_high"] + 1).all()


def test_plans_read_the_same_of_their_own_draws(leads, model):
    periods = pd.period_range(model.first_month, periods=3, freq="M")
    draws = model.sample(200, rng=5, months=6)
    found = in_flight(leads, model, draws, periods, rng=6)
    assert found.deals.shape == found.value.shape == (200, len(model.segments), 3)
    again = in_flight(leads, model, draws, periods, rng=6)
    assert (found.value == again.value).all()
    with pytest.raises(fk.FunnelError, match="`draws` must hold the months"):
        in_flight(leads, model, model.sample(5, rng=1, months=2), periods, rng=6)


def test_parts_and_segments_add_up(forecast):
    for whole, parts in ((forecast, forecast.parts), (forecast.deals, forecast.deal_parts)):
        assert list(parts) == ["won", "in flight", "not yet created", "without a lead"]
        assert sum(parts.values()) == pytest.approx(whole.drawn(per="all"))
    table = forecast.waterfall().set_index("part")
    assert table.loc["total", "expected"] == pytest.approx(table["expected"].iloc[:-1].sum())
    assert table.loc["total", "expected_value"] == pytest.approx(forecast.total.sum())
    short = forecast.waterfall(until="2026-08").set_index("part")
    assert short.loc["total", "expected"] == pytest.approx(forecast.deals.total[:2].sum())


def test_doubt_is_shared_by_months(forecast):
    """Narrower than the sum of monthly intervals, wider than if months were independent."""
    drawn = forecast.deals.drawn(per="all")
    low, high = forecast.deals.confidence_interval(per="all")
    sums_low, sums_high = forecast.deals.confidence_interval(per="all", cumulative=True)
    assert sums_high[-1] - sums_low[-1] < (high - low).sum()
    assert np.cumsum(drawn, axis=1)[:, -1].var() > 1.1 * drawn.var(axis=0).sum()


def test_the_same_seed_gives_the_same_forecast(leads):
    model = fk.fit_funnel(leads)
    one, other = (
        fk.forecast.bookings(leads, model, horizon=2, n_draws=50, rng=7) for _ in range(2)
    )
    assert (one.draws == other.draws).all()
    assert (one.deals.draws == other.deals.draws).all()


def test_a_running_month_holds_what_it_has_brought(leads):
    now = leads.at("2026-05-20")
    found = fk.forecast.bookings(now, fk.fit_funnel(now), horizon=2, n_draws=200)
    assert str(found.periods[0]) == "2026-05"
    so_far = now.count("won").loc["2026-05"]
    assert found.deals.so_far.tolist() == [so_far]
    assert found.deals.draws[:, 0, 0].min() >= so_far
    assert found.deal_parts["won"][0].tolist() == [so_far, 0]
    assert found.so_far[0] == pytest.approx(float(found.parts["won"][0, 0]))
    assert str(found.gone[-1]) == "2026-04"


def test_what_came_is_that_of_the_leads(leads, forecast):
    counted = leads.count("won")
    came = pd.Series(forecast.deals.observed.sum(axis=0), index=forecast.gone)
    assert came.loc[counted.index].tolist() == counted.tolist()
    assert came.sum() == counted.sum()
    from funnelkit.counts.build import moments

    total = sum(moments(leads).total.ravel().tolist(), Decimal(0))
    assert forecast.observed.sum() == pytest.approx(float(total))


def test_without_amounts_it_is_of_deals():
    rows = [
        (f"a{i}", f"2026-0{1 + i % 4}-03", f"2026-0{1 + i % 4}-20" if i % 3 == 0 else None)
        for i in range(200)
    ]
    frame = pd.DataFrame(rows, columns=["id", "lead", "won"])
    leads = fk.from_frame(frame, fk.Funnel(["lead", "won"], id="id"), as_of="2026-04-30")
    found = fk.forecast.bookings(leads, fk.fit_funnel(leads), horizon=2, n_draws=300)
    assert (found.what, found.unit) == ("won deals", "count")
    assert found.draws.tolist() == found.deals.draws.tolist()
    assert "expected_value" not in found.waterfall()
    # some 50 leads a month of which a third is won after 17 days
    assert 5 < found.total[1] < 40


def test_a_model_of_other_leads_is_refused(leads):
    model = fk.fit_funnel(leads)
    with pytest.raises(fk.FunnelError, match="`model` must be fitted to these leads"):
        fk.forecast.bookings(leads.at("2026-03-31"), model)
    with pytest.raises(fk.FunnelError, match="`horizon`"):
        fk.forecast.bookings(leads, model, horizon=0)
    with pytest.raises(fk.FunnelError, match="until"):
        fk.forecast.bookings(leads, model, horizon=1, n_draws=10).waterfall(until="2029-01")
