"""Cohort rates: windows, mature cohorts, accounts, and months that can say nothing."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit import rates
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import share_interval
from tests.reference.leads import Lead, triangle


@st.composite
def some_leads(draw):
    leads = []
    for _ in range(draw(st.integers(1, 30))):
        followed = draw(st.integers(0, 12))
        outcome = draw(st.sampled_from([None, None, "won", "lost"]))
        leads.append(
            Lead(
                followed=followed,
                outcome=outcome,
                age=None if outcome is None else draw(st.integers(0, followed)),
                cohort=draw(st.integers(0, 3)),
                segment=draw(st.sampled_from(["ads", "web"])),
                undated=draw(st.booleans()),
            )
        )
    return leads


@given(some_leads(), st.none() | st.integers(1, 12))
@settings(max_examples=150, deadline=None)
def test_counting_one_lead_after_the_other(leads, within):
    counts = triangle(leads, by=True, cohorts=4)
    frame = rates.cohort(counts, within=within).to_frame()
    assert len(frame) == 4 * counts.n_segments
    for row in frame.to_dict("records"):
        month = int(row["cohort"][-2:]) - 1
        own = [x for x in leads if x.segment == row["source"] and x.cohort == month]
        won = [x for x in own if x.outcome == "won" and x.time <= (within or 99)]
        assert (row["entered"], row["converted"]) == (len(own), len(won))
        if not own:
            assert np.isnan(row["rate"])
            continue
        assert row["followed_days"] == min(x.followed for x in own)
        mature = all(x.followed >= (within or 0) for x in own)
        if within:
            assert row["mature"] == mature
            assert row["maturity"] == pytest.approx(
                sum(x.followed >= within for x in own) / len(own)
            )
        if mature:
            assert row["rate"] == len(won) / len(own)
            assert 0 <= row["rate_low"] <= row["rate"] <= row["rate_high"] <= 1
        else:
            assert np.isnan([row["rate"], row["rate_low"], row["rate_high"]]).all()


@given(some_leads(), st.none() | st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_overall_is_the_sum_of_what_has_a_rate(leads, within):
    result = rates.cohort(triangle(leads, by=True), within=within)
    whole = result.overall
    assert whole.entered.shape == (result.entered.shape[0], 1)
    for i in range(len(result.segments)):
        held = result.rated[i]
        assert whole.entered[i, 0] == result.entered[i, held].sum()
        assert whole.converted[i, 0] == result.converted[i, held].sum()
        if held.any():
            assert whole.rate[i, 0] == whole.converted[i, 0] / whole.entered[i, 0]
        else:
            assert np.isnan(whole.rate[i, 0])
    assert result.summary()
    assert repr(whole)


def test_without_a_window_overall_is_the_collapsed_triangle():
    leads = [Lead(9, "won", 2), Lead(9), Lead(5, "won", 5, cohort=1), Lead(5, cohort=1)]
    counts = triangle(leads)
    whole = rates.cohort(counts).overall
    one = rates.cohort(counts.collapse(cohorts=True))
    assert whole.rate == one.rate
    assert whole.confidence_interval() == one.confidence_interval()
    assert whole.to_frame().loc[0, "cohort"] == "2026-01 to 2026-02"


def test_intervals_are_those_of_the_share():
    counts = triangle([Lead(9, "won", 2)] * 15 + [Lead(9)] * 133)
    low, high = rates.cohort(counts).confidence_interval()
    assert (low[0, 0].round(4), high[0, 0].round(4)) == (0.0624, 0.1605)  # Newcombe (1998)
    low, high = rates.cohort(counts, method="exact").confidence_interval()
    assert (low[0, 0].round(4), high[0, 0].round(4)) == (0.0578, 0.1617)
    frame = rates.cohort(counts, confidence_level=0.5).to_frame()
    expected = share_interval(15, 148, confidence_level=0.5)
    assert frame.loc[0, ["rate_low", "rate_high"]].tolist() == list(expected)


def test_accounts_widen_the_interval():
    """20 accounts of 5 leads that decide as one are worth 19 leads, and few accounts less."""
    leads = [
        Lead(9, *(("won", 2) if account < 8 else (None, None)), account=f"a{account}")
        for account in range(20)
        for _ in range(5)
    ]
    result = rates.cohort(triangle(leads))
    assert result.rate.tolist() == [[0.4]]
    worth = 19 * (1.959964 / 2.093024) ** 2  # normal over Student quantile, 19 degrees of freedom
    np.testing.assert_allclose(
        np.ravel(result.confidence_interval()), share_interval(0.4 * worth, worth), rtol=1e-6
    )


def test_accounts_in_a_window_are_counted_in_the_window():
    leads = [Lead(9, "won", 2, account="a"), Lead(9, "won", 8, account="a"), Lead(9, account="b")]
    counts = triangle([*leads, Lead(9, "won", 3, account="c")])
    sums = rates.cohort(counts, within=5).accounts
    assert [float(np.ravel(x)[0]) for x in (sums.accounts, sums.nn, sums.xn, sums.xx)] == [
        3, 6, 3, 2,
    ]  # fmt: skip


@pytest.mark.parametrize(("outcome", "ends"), [("won", (None, 1.0)), (None, (0.0, None))])
def test_all_or_none_converted(outcome, ends):
    leads = [Lead(9, outcome, 2 if outcome else None, account=f"a{k // 4}") for k in range(20)]
    alone = [lead._replace(account=None) for lead in leads]
    low, high = np.ravel(rates.cohort(triangle(leads)).confidence_interval())
    assert ends[0] in {None, low}
    assert ends[1] in {None, high}
    narrow = np.ravel(rates.cohort(triangle(alone)).confidence_interval())
    expected = share_interval(5 if outcome else 0, 5)
    np.testing.assert_allclose([low, high], expected)
    assert high - low > np.ptp(narrow)


def test_cohorts_that_came_under_observation_late_have_no_rate():
    leads = [Lead(20, "won", 14, late=12), Lead(20, late=12), Lead(9, "won", 3, cohort=1)]
    result = rates.cohort(triangle(leads))
    assert np.isnan(result.rate[0, 0])
    assert result.rate[0, 1] == 1.0
    assert result.overall.entered.tolist() == [[1]]
    assert result.summary().endswith("1 cohort came under observation late and has no rate.")


def test_a_single_lead():
    frame = rates.cohort(triangle([Lead(3)])).to_frame()
    assert frame.loc[0, ["entered", "converted", "rate", "rate_low"]].tolist() == [1, 0, 0.0, 0.0]
    assert frame.loc[0, "rate_high"] > 0.7


def test_sentences():
    leads = [Lead(40, "won", 10)] * 81 + [Lead(40)] * 182 + [Lead(20, "won", 1, cohort=1)]
    result = rates.cohort(triangle([*leads, Lead(20, cohort=1)]), within=30)
    assert result.summary() == (
        "81 of 263 leads (30.8\u202f%, 25.5 to 36.6\u202f%) reached won within 30 days, in 1 "
        "cohort. 1 cohort with 2 leads is not yet followed for 30 days and has no rate."
    )
    none = rates.cohort(triangle([Lead(3)]), within=30)
    assert none.summary() == (
        "No cohort has a rate within 30 days. 1 cohort with 1 lead is not yet followed for 30 days "
        "and has no rate."
    )
    assert rates.cohort(triangle([Lead(3)])).summary() == (
        "0 of 1 lead (0.0\u202f%, 0.0 to 79.3\u202f%) reached won by 2027-01-01, in 1 cohort."
    )


def test_columns_and_the_partial_mark():
    counts = triangle([Lead(9, "won", 2), Lead(9, cohort=1)])
    object.__setattr__(counts, "partial", frozenset([pd.Period("2026-01", "M")]))
    frame = rates.cohort(counts, within=5).to_frame()
    assert frame.columns.tolist() == [
        "cohort", "entered", "converted", "rate", "rate_low", "rate_high", "followed_days",
        "maturity", "mature", "partial",
    ]  # fmt: skip
    assert frame["partial"].tolist() == [True, False]
    assert "maturity" not in rates.cohort(counts).to_frame()
    page = rates.cohort(counts)._repr_html_()
    assert "<table" in page


def test_arguments():
    counts = triangle([Lead(9)])
    for wrong, message in (
        ({"within": 0}, "`within` must be a whole number of at least 1; got 0."),
        ({"method": "wald"}, '`method` must be one of "wilson", "exact"; got \'wald\'.'),
        ({"confidence_level": 95}, "`confidence_level` must be between 0 and 1; got 95. Did you"),
    ):
        with pytest.raises(ArgumentError) as caught:
            rates.cohort(counts, **wrong)
        assert str(caught.value).startswith(message)


def test_a_segment_named_like_a_column_is_refused():
    counts = triangle([Lead(9)], by=True)
    object.__setattr__(counts, "by", ("rate",))
    with pytest.raises(ArgumentError, match="has a column `rate` of its own"):
        rates.cohort(counts).to_frame()
