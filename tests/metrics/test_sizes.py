"""How large deals are, against SciPy, the README of the data, and hand counts."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import funnelkit as fk
from funnelkit.metrics import deal_sizes


def test_figures_are_those_of_numpy_and_scipy():
    amounts = np.random.default_rng(3).lognormal(8, 1.2, 500)
    sizes = deal_sizes(amounts, rng=1)
    assert sizes.mean[0] == pytest.approx(amounts.mean())
    assert sizes.skew[0] == pytest.approx(stats.skew(amounts))
    for share in (0.1, 0.25, 0.75, 0.9):
        assert sizes.quantile(share)[0] == pytest.approx(np.quantile(amounts, share))
    low, high = sizes.confidence_interval(0.9)
    again = np.random.default_rng(9).choice(amounts, (4_000, 500)).mean(axis=1)
    plain = np.quantile(again, [0.05, 0.95])
    width = plain[1] - plain[0]
    assert low[0] == pytest.approx(plain[0], abs=0.1 * width)
    assert high[0] == pytest.approx(plain[1], abs=0.1 * width)


def test_the_top_tenth_by_hand():
    sizes = deal_sizes([*[10] * 18, 400, 420], rng=1)
    assert sizes.top_share[0] == 820 / 1_000
    assert "the largest tenth brings 82.0" in sizes.summary()


def test_the_same_seed_gives_the_same_interval_and_another_level_a_wider_one():
    amounts = [1, 5, 9, 30, 2, 8]
    first, second = deal_sizes(amounts, rng=4), deal_sizes(amounts, rng=4)
    assert first.to_frame().equals(second.to_frame())
    narrow, wide = (first.confidence_interval(level, of="median") for level in (0.5, 0.99))
    assert wide.low[0] <= narrow.low[0] <= narrow.high[0] <= wide.high[0]


@pytest.mark.parametrize("amounts", [[], [None], [0, 0]])
def test_no_amount_is_no_figure(amounts):
    sizes = deal_sizes(amounts, rng=1)
    assert sizes.n.tolist() == [0]
    assert sizes.unknown.tolist() == [len(amounts)]
    assert np.isnan(sizes.mean[0])
    assert "no won deal with an amount" in sizes.summary()


def test_one_deal_and_equal_deals():
    one = deal_sizes([500], rng=1)
    assert one.mean.tolist() == [500]
    assert np.isnan(one.confidence_interval().low[0])
    equal = deal_sizes([7.3] * 30, rng=1)
    assert np.isnan(equal.skew[0])
    assert equal.top_share[0] == pytest.approx(0.1)


def test_credits_may_leave_no_revenue():
    sizes = deal_sizes([100, -200], rng=1)
    assert np.isnan(sizes.top_share[0])
    assert sizes.mean[0] == -50


@pytest.mark.parametrize("wrong", [["a"], [float("inf")], object()])
def test_what_is_no_amount_is_refused(wrong):
    with pytest.raises(fk.FunnelError, match="`leads` must be"):
        deal_sizes(wrong)


def test_wrong_arguments_are_refused():
    with pytest.raises(fk.FunnelError, match="`by` is for leads"):
        deal_sizes([1], by="source")
    with pytest.raises(fk.FunnelError, match="`of` must be one of"):
        deal_sizes([1, 2]).confidence_interval(of="mode")
    with pytest.raises(fk.FunnelError, match="`draws`"):
        deal_sizes([1, 2], draws=0)
    funnel = fk.Funnel(["lead", "won"], id="id")
    frame = pd.DataFrame({"id": ["1"], "lead": ["2026-01-01"], "won": ["2026-01-02"]})
    with pytest.raises(fk.FunnelError, match="no `value` column"):
        deal_sizes(fk.from_frame(frame, funnel, as_of="2026-01-31"))


def test_leads_by_segment():
    funnel = fk.Funnel(["lead", "won"], id="id", value="amount", segments=["source"])
    frame = pd.DataFrame(
        {
            "id": ["1", "2", "3", "4", "5"],
            "lead": "2026-01-01",
            "won": ["2026-01-02"] * 4 + [None],
            "source": ["web", "web", None, "web", "web"],
            "amount": [100, 300, 50, 0, 900],
        }
    )
    sizes = deal_sizes(fk.from_frame(frame, funnel, as_of="2026-01-31"), by="source", rng=1)
    assert sizes.segments == (("web",), (None,))
    assert sizes.mean.tolist() == [200, 50]
    assert sizes.unknown.tolist() == [1, 0]
    assert sizes.to_frame()["n"].tolist() == [2, 1]


def test_businesses_kept_apart_are_not_pooled():
    funnel = fk.Funnel(["lead", "won"], id="id", value="v", segments=["line"], apart=["line"])
    frame = pd.DataFrame(
        {"id": ["1", "2"], "lead": "2026-01-01", "won": "2026-01-02", "line": ["a", "b"], "v": 5}
    )
    assert deal_sizes(fk.from_frame(frame, funnel, as_of="2026-01-31")).by == ("line",)


def test_maven(shared_data):
    # ../shared/data/README.md: 4,238 won, mean deal 2,360.91, median 1,117, revenue 10,005,534.
    funnel = fk.Funnel(
        ["engaging", "won"],
        exits=["lost"],
        id="opportunity_id",
        columns={"engaging": "engage_date"},
        status="deal_stage",
        status_values={
            "engaging": ["Engaging", "Prospecting"],
            "won": ["Won"],
            "lost": ["Lost"],
        },
        status_date="close_date",
        value="close_value",
    )
    path = shared_data / "maven_crm" / "sales_pipeline.csv"
    sizes = deal_sizes(fk.read_csv(path, funnel, as_of="2017-12-31"), rng=1)
    frame = sizes.to_frame().iloc[0]
    assert frame["n"] + frame["unknown"] == 4_238
    assert frame["total_value"] == 10_005_534
    assert frame["mean_value"] == pytest.approx(2_360.91, abs=0.005)
    assert frame["median_value"] == 1_117
