"""What somebody states: all the forms it may take, and all that is wrong with it at once."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from funnelkit._core.errors import ArgumentError
from funnelkit.plan import Channel, Estimate, MonthLag, Stream, stated
from funnelkit.plan.basis.stated_parts import gamma_shares


def test_the_calculator():
    found = stated([0.25, 0.40, 0.50, 0.20], value=25_000)
    assert found.stages == ("lead", "mql", "sql", "opportunity", "won")
    assert found.rates == pytest.approx([0.01])
    assert (found.unit, found.names, len(found.periods)) == ("value", ("all",), 1)
    assert found.as_of == found.periods[0].start_time.date() - dt.timedelta(days=1)
    assert found.within.shape == (51, 1, 1, 1)
    assert (found.within == 1).all()
    assert (found.rate_draws == found.rate_draws[0]).all()
    assert not found.in_flight.value.any()


def three_channels():
    """The example on cost of the issue, in one call."""
    numbers = {
        "a": (0.02, 20e3, 0.8, 120, 2, 1.2),
        "b": (0.008, 45e3, 1.0, 90, 4, 1.8),
        "c": (0.015, 30e3, 0.8, 200, 3, 1.5),
    }
    return stated(
        {
            name: {"rates": rate, "value": {"mean": mean, "cv": cv}, "cost": cost,
                   "lag": {"mean": after, "sd": spread, "months": 8}}
            for name, (rate, mean, cv, cost, after, spread) in numbers.items()
        },
        doubt=0.12, correlation=0.001, in_flight=(1.15e6, 0.15e6), horizon=12,
    )  # fmt: skip


def test_three_channels_in_one_call():
    found = three_channels()
    assert found.rates.tolist() == [0.02, 0.008, 0.015]
    assert found.sizes.tolist() == [20e3, 45e3, 30e3]
    assert found.costs.tolist() == [120, 90, 200]
    assert [one.size_cv for one in found.channels] == [0.8, 1.0, 0.8]
    assert {one.correlation for one in found.channels} == {0.001}
    drawn = found.rate_draws[:, :, 0]
    assert drawn.mean(axis=0) == pytest.approx(found.rates, rel=1e-3)
    assert drawn.std(axis=0) / drawn.mean(axis=0) == pytest.approx([0.12] * 3, rel=5e-3)
    total = found.in_flight.totals("value")
    law = stats.norm(1.15e6, 0.15e6)
    assert np.quantile(total, [0.1, 0.5, 0.9]) == pytest.approx(law.ppf([0.1, 0.5, 0.9]), rel=2e-3)
    for channel, (mean, sd) in zip(found.channels, [(2, 1.2), (4, 1.8), (3, 1.5)], strict=True):
        shares = gamma_shares(mean, sd, 8)
        assert channel.lag.shares == pytest.approx(shares / shares.sum())


def test_rates_in_every_form():
    found = stated({"x": [0.5, (3, 10), Estimate(value=0.2, sd=0.01)], "y": [0.5, 0.3, 0.2]})
    law = stats.beta(3.5, 7.5)
    first, second, third = found.channels[0].rates
    assert (first.value, first.sd) == (0.5, 0.0)
    assert (second.value, second.sd) == (pytest.approx(law.mean()), pytest.approx(law.std()))
    assert third.sd == 0.01
    assert stated({"x": (30, 3000)}).channels[0].rates[0].n == 3000
    assert stated(0.3).rates.tolist() == [0.3]
    assert stated([(30, 3000)]).channels[0].rates[0].n == 3000


def test_a_pair_of_shares_is_no_count():
    """(0.25, 0.4): two steps; 0.25 of 0.4 records cannot have been meant."""
    assert stated((0.25, 0.4)).rates == pytest.approx([0.1])


def test_doubt_goes_to_plain_rates():
    found = stated([0.5, (30, 100)], doubt=0.1).channels[0].rates
    assert found[0].sd == pytest.approx(0.05)
    assert found[1].sd == pytest.approx(stats.beta(30.5, 70.5).std())


@pytest.mark.parametrize(
    ("lag", "shares"),
    [
        (None, [1.0]),
        ([0.2, 0.5, 0.3], [0.2, 0.5, 0.3]),
        (pd.Series([0.2, 0.5]), [0.2, 0.5]),
        (MonthLag([0.4, 0.6]), [0.4, 0.6]),
        ((2, 0), [0, 0, 1]),
        ((0, 0), [1]),
        ({"mean": 2, "sd": 1.2, "months": 1}, None),
    ],
)
def test_lags_in_every_form(lag, shares):
    found = stated(0.1, lag=lag).channels[0].lag
    if shares is None:
        whole = gamma_shares(2, 1.2, 1)
        shares = whole / whole.sum()
    assert found.shares == pytest.approx(shares)


def test_a_lag_without_months_holds_nearly_all():
    shares = stated(0.1, lag=(2, 1.2)).channels[0].lag.shares
    assert shares.sum() == pytest.approx(1.0)
    assert shares @ np.arange(len(shares)) == pytest.approx(2.0, abs=0.02)


@pytest.mark.parametrize("form", ["list", "months", "series"])
def test_streams_by_month(form):
    periods = pd.period_range("2027-01", periods=3, freq="M")
    given = {
        "list": [30, (20, 2), 0],
        "months": {"2027-01": 30, "2027-02": (20, 2)},
        "series": pd.Series([30.0, 20.0, 0.0], index=periods),
    }[form]
    found = stated(0.1, value=10, periods="2027-01", horizon=3, direct=given, n_draws=500).direct
    assert found.value.mean(axis=0) == pytest.approx([30, 20, 0])
    assert found.deals.mean(axis=0) == pytest.approx([3, 2, 0])
    assert found.value[:, 1].std() == pytest.approx(0 if form == "series" else 2, rel=0.02)


def test_a_total_is_even_over_months_and_cut_at_nothing():
    found = stated(0.1, horizon=4, in_flight=(10, 20), n_draws=2000).in_flight
    assert found.deals.mean(axis=0) == pytest.approx([2.5] * 4)
    assert found.deals.min() == 0
    draws = Stream(name="x", deals=np.ones((2000, 4)), value=np.ones((2000, 4)))
    assert stated(0.1, horizon=4, in_flight=draws).in_flight is draws


@pytest.mark.parametrize(
    ("given", "first", "months"),
    [
        ({}, "2001-01", 12),
        ({"horizon": 3}, "2001-01", 3),
        ({"periods": "2027-04"}, "2027-04", 12),
        ({"as_of": "2027-03-31"}, "2027-04", 12),
        ({"as_of": "2027-03-30", "horizon": 2}, "2027-03", 2),
        ({"periods": pd.period_range("2027-01", periods=5, freq="M")}, "2027-01", 5),
        ({"periods": ["2027-01", "2027-02"]}, "2027-01", 2),
    ],
)
def test_months(given, first, months):
    found = stated(0.1, lag=[0.5, 0.5], **given)
    assert (str(found.periods[0]), len(found.periods)) == (first, months)


def test_a_channel_may_be_one_already():
    new = Channel(name="x", rates=(Estimate(value=0.1),), lag=MonthLag([1.0]))
    assert stated({"x": new, "y": 0.2}, mix={"y": 3, "x": 1}).mix.tolist() == [0.25, 0.75]


def test_every_problem_at_once():
    with pytest.raises(ArgumentError) as found:
        stated(
            {
                "web": {"rates": [25, 0.4], "valeu": 3, "cost": -5},
                "fair": {"rates": [0.2], "value": {"mean": -1, "cvv": 2}, "lag": [0.9, 0.9]},
                "ads": {"value": 3},
                "seo": {"rates": [(5, 3), 0.1], "lag": (-1, 1), "doubt": -0.1},
            },
            value=20, in_flight="much", direct=[1, 2], correlation=2, horizon=3, mix={"wbe": 1},
        )  # fmt: skip
    text = str(found.value)
    for words in (
        "`rates` of 'web' must be from 0 to 1; got 25. Did you mean 0.25?",
        "`rates` of 'web' has an unknown key 'valeu'",
        "Did you mean `value`?",
        "`cost` of 'web' must be at least 0; got -5.",
        "`value` of 'fair' has an unknown key 'cvv'",
        "Did you mean `cv`?",
        "`lag` of 'fair' must be shares by months",
        "`rates` of 'ads' must be given.",
        "`converted` must be from 0 to `entered`; got 5.0 of 3.0.",
        "`lag` of 'seo' must be at least 0; got -1.",
        "`doubt` of 'seo' must be at least 0; got -0.1.",
        "`correlation` of 'web' must be from 0 to 0.999; got 2.",
        "`mix` has an unknown key 'wbe'",
        "`in_flight` must be a total, (mean, sd)",
        "`direct` must be a total, (mean, sd), a number for each of the 3 months",
    ):
        assert words in text, words


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"rates": []}, "must hold a rate for each step"),
        ({"rates": {}}, "must hold a channel at least"),
        ({"rates": "0.3"}, "must be a list of rates"),
        ({"rates": [0.5, [1, 2, 3]]}, r"must hold numbers or \(converted, entered\)"),
        ({"rates": [0.5], "stages": ["a"]}, "`stages` must be 2 different names for 1 rate"),
        ({"rates": {"a": [0.5], "b": [0.5, 0.5]}}, "as many steps in every channel"),
        ({"rates": [0.5], "horizon": 0}, "`horizon` must be a whole number of at least 1"),
        ({"rates": [0.5], "n_draws": 0}, "`n_draws` must be a whole number"),
        ({"rates": [0.5], "periods": "soon"}, "`periods` must be months such as 2027-01"),
        ({"rates": [0.5], "doubt": 3}, "more than shares of"),
        ({"rates": [(1, 2)], "doubt": 0.1}, "has no rate to bear it"),
        ({"rates": [0.5], "value": {"sd": 3}}, "lacks `mean`"),
        ({"rates": [0.5], "lag": {"mean": 2, "sd": 1, "months": 1.5}}, "whole `months`"),
        ({"rates": [0.5], "direct": {"2031-01": 5}}, "no month of 2001-01 to 2001-01"),
        ({"rates": [0.5], "as_of": "2027-02-01", "periods": "2027-01"}, "is over on 2027-02-01"),
        ({"rates": [0.5], "season": [1, 2]}, "`season` must be 1 numbers"),
        ({"rates": [0.5], "in_flight": Stream(name="x", deals=np.ones((1, 1)),
                                              value=np.ones((1, 1)))}, "must be of shape"),
    ],
)  # fmt: skip
def test_what_cannot_be(given, says):
    with pytest.raises(ArgumentError, match=says):
        stated(given.pop("rates"), **given)


def test_it_shows_itself():
    found = three_channels()
    assert "won are 2.0" in found.summary()
    assert "<Assumptions>" in repr(found)
    assert "<b>" not in stated({"<b>": 0.1})._repr_html_()
    frame = found.to_frame()
    assert list(frame) == ["input", "value", "low", "high", "source", "n", "date"]
    row = frame.set_index("input").loc["a: lead to won"]
    law = stats.beta(*(np.array([0.02, 0.98]) * (0.02 * 0.98 / 0.0024**2 - 1)))
    assert (row["low"], row["high"]) == (pytest.approx(law.ppf(0.1)), pytest.approx(law.ppf(0.9)))
