"""Leads by month: not below 0, in time as far as can be, and smoothly."""

import numpy as np
import pandas as pd
import pytest

from funnelkit.plan import reverse, stated

LAG = [0.2, 0.5, 0.3]


def brought(leads, lag, rate):
    """Deals by month, lead after lead of every month: the lag by hand."""
    found = np.zeros(len(leads))
    for month, number in enumerate(leads):
        for after, share in enumerate(lag):
            if month + after < len(found):
                found[month + after] += number * rate * share
    return found


def test_naive_division_swings_below_zero():
    # the issue: 10 deals a month from a cold start "need" 5,000 and then -7,500 leads
    need, leads = 10.0, []
    for month in range(2):
        known = sum(leads[k] * 0.01 * LAG[month - k] for k in range(month))
        leads.append((need - known) / (0.01 * LAG[0]))
    assert leads == pytest.approx([5000, -7500])


@pytest.mark.parametrize("peak", [1.2, 2.0, 5.0])
def test_a_cold_start_has_a_shortfall_instead(peak):
    plan = reverse([10.0] * 12, stated([0.01], lag=LAG, horizon=12), peak=peak)
    mean = plan.options["mean"][0]
    assert (mean >= 0).all()
    assert mean.max() <= peak * 1000 + 1
    new = brought(mean, LAG, 0.01)
    assert new.sum() == pytest.approx(120, abs=0.02)  # the whole is reached
    # what even the most leads leave missing in time: peak x 1,000 x .01 x (.2, .9, 1.9, …)
    most = np.cumsum(np.convolve(np.full(12, peak * 10), LAG)[:12])
    behind = np.maximum(10 * np.arange(1, 13) - most, 0)
    np.testing.assert_allclose(plan.shortfall, np.minimum(behind, 10), atol=1e-9)
    assert plan.missing == 0
    if peak < 5:
        assert "cannot come in time any more" in plan.summary()


def test_after_the_start_leads_are_even():
    plan = reverse([10.0] * 24, stated([0.01], lag=LAG, horizon=24))
    late = plan.options["mean"][0][4:]
    assert late.max() - late.min() < 0.1 * late.mean()
    assert abs(late.mean() - 1000) < 50


def test_nothing_after_the_plan_needs_no_leads_at_its_end():
    assumptions = stated([0.01], lag=[0.0, 0.0, 1.0], horizon=12)
    same, nothing = (
        reverse([10.0] * 12, assumptions, after=after) for after in ("same", "nothing")
    )
    assert (nothing.leads[0, -2:] == 0).all()
    assert (same.leads[0, -2:] > 500).all()
    assert "targets are taken to go on as before" in same.summary()


def test_a_target_whose_leads_would_have_had_to_arrive_already():
    # a lag of three months: January to March bring nothing, whatever arrives
    months = pd.period_range("2027-01", periods=6, freq="M")
    assumptions = stated([0.01], lag=[0, 0, 0, 1.0], periods=months)
    plan = reverse([10.0] * 3 + [0.0] * 3, assumptions)
    np.testing.assert_allclose(plan.shortfall, [10, 10, 10, 0, 0, 0])
    assert plan.missing == 0  # made up for in April to June
    assert "30 deals of the 30 deals due in January 2027 to March 2027" in plan.summary()
    short = reverse([10.0] * 3, stated([0.01], lag=[0, 0, 0, 1.0], periods=months[:3]))
    assert short.missing == 30
    assert short.reachable == 0
    assert not short.leads.any()
    assert short.hit == 0
    assert "30 deals cannot come by the end of March 2027 at all" in short.summary()


def test_leads_follow_the_season():
    season = np.array([0.5, 1.5] * 6)
    assumptions = stated([0.01], lag=[1.0], horizon=12, season=season)
    mean = reverse([10.0] * 12, assumptions).options["mean"][0]
    assert np.corrcoef(mean, season)[0, 1] > 0.9


def test_the_running_month_takes_what_is_left_of_it():
    months = pd.period_range("2027-01", periods=6, freq="M")
    whole = stated([0.01], lag=LAG, periods=months)
    begun = stated([0.01], lag=LAG, periods=months, as_of="2027-01-25")
    first = [reverse([10.0] * 6, one).options["mean"][0, 0] for one in (whole, begun)]
    assert first[1] < 0.4 * first[0]
    assert first[1] <= 2 * 1000 * 6 / 31 + 1  # six days of thirty-one, at most twice the level


def test_each_targets_segment_gets_leads_of_its_own_channel():
    frame = pd.DataFrame(
        {
            "period": ["2027-01", "2027-01", "2027-02", "2027-02"],
            "segment": ["a", "b", "a", "b"],
            "kind": "new",
            "amount": [1000.0, 3000.0, 2000.0, 0.0],
        }
    )
    months = pd.period_range("2027-01", periods=2, freq="M")
    assumptions = stated({"a": [0.1], "b": [0.05]}, value=100.0, periods=months)
    plan = reverse(frame, assumptions, after="nothing")
    np.testing.assert_allclose(plan.options["mean"].sum(axis=1), [300, 600])
    mixed = reverse(frame, assumptions, mix={"a": 1.0})
    assert not mixed.leads[1].any()
