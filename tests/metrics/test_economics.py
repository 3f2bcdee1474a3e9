"""CAC, CLV, payback, ROI, growth and ACV: the trade's examples and hand counts."""

import functools

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.data.ledgers import read_contracts, read_spend
from funnelkit.metrics import (
    account_revenue,
    acv,
    cac,
    clv,
    clv_to_cac,
    growth,
    mrr,
    payback,
    roi,
    subscription_clv,
    visitor_to_lead,
)

FUNNEL = fk.Funnel(["lead", "won"], id="id", value="amount", segments=["source"], exits=["lost"])
# Of January's leads web wins one in January and one in March, fair one in February; of February's
# leads web wins one in March.
RECORDS = pd.DataFrame(
    [
        ("1", "2026-01-05", "2026-01-20", None, "web", 1_000),
        ("2", "2026-01-06", "2026-03-02", None, "web", 3_000),
        ("3", "2026-01-07", None, "2026-02-01", "web", None),
        ("4", "2026-01-08", "2026-02-10", None, "fair", 500),
        ("5", "2026-02-03", "2026-03-30", None, "web", 2_000),
        ("6", "2026-02-04", None, None, "mail", None),
        ("7", "2026-02-05", "2026-03-05", None, "mail", None),
    ],
    columns=["id", "lead", "won", "lost", "source", "amount"],
)
SPEND = pd.DataFrame(
    [
        ("2026-01", "web", 600),
        ("2026-02", "web", 300),
        ("2026-03", "web", 900),
        ("2026-01", "fair", 250),
        ("2026-03", "fair", 50),
        ("2026-01", "radio", 70),
    ],
    columns=["month", "channel", "amount"],
)


@functools.cache
def costs():
    return read_spend(SPEND)


@pytest.fixture(scope="module")
def leads():
    return fk.from_frame(RECORDS, FUNNEL, as_of="2026-03-31")


def test_cac_of_the_trade():
    # 12,000 / 30 = 400 and 50,000 / 100 = 500 (issue 5).
    assert cac(12_000, 30).value == 400
    assert cac([12_000, 50_000], [30, 100], periods=["q1", "q2"]).values.tolist() == [[400, 500]]


def test_cac_without_customers_is_none():
    found = cac([100, 200], [0, 4])
    assert np.isnan(found.values[0, 0])
    assert "1 without new customers" in found.summary()
    assert "no new customers yet" in cac(100, 0).summary()


def test_cac_of_customers_won_in_the_month_by_hand(leads):
    found = cac(costs(), leads, channel="source")
    assert found.periods == ("2026-01", "2026-02", "2026-03")
    assert found.only(source="web").values.tolist()[0][::2] == [600, 450]  # 600 / 1, 900 / 2
    fair = found.only(source="fair")
    assert np.isnan(fair.values).all()  # its win is of February, whose cost is missing
    assert fair.denominator.tolist() == [[0, 1, 0]]
    assert np.isnan(fair.numerator[0, 1])
    mail = found.only(source="mail")
    assert np.isnan(mail.numerator).all()
    assert mail.denominator.tolist() == [[0, 0, 1]]
    text = found.summary()
    assert "No cost is known for mail" in text
    assert "Spend without leads: radio" in text
    assert "fair (first 2026-02)" in text
    assert "2 where cost is not known" in text


def test_cac_of_the_leads_of_the_month_by_hand(leads):
    found = cac(costs(), leads, channel="source", basis="cohort")
    # January: 600 over the two web leads that were won in the end; February: 300 over one.
    assert found.only(source="web").values[0, :2].tolist() == [300, 300]
    assert found.only(source="fair").values[0, 0] == 250
    assert "leads of the period have become so far" in found.definition
    assert "still to come" in found.summary()


def test_cac_over_all_channels(leads):
    found = cac(costs(), leads)
    assert found.values.tolist() == [[920, 300, 950 / 3]]
    assert "so that the total is too low" in found.summary()


def test_cac_of_quarters_needs_every_month(leads):
    found = cac(costs(), leads, channel="source", every="quarter")
    assert found.only(source="web").value == 600  # 1,800 over 3
    assert np.isnan(found.only(source="fair").value)
    with pytest.raises(fk.FunnelError, match="spend is told by month"):
        cac(costs(), leads, every="week")


def test_cac_by_a_fit_is_what_leads_come_to():
    leads = fk.make_leads(n=3_000, rng=1)
    tri = fk.triangle(leads, "lead", "won")
    fit = fk.lag.fit_competing(tri)
    rates = fk.lag.adjust(tri, fit)
    spend = pd.DataFrame(
        {"month": [str(month) for month in tri.cohorts], "channel": "all", "amount": 9_000}
    )
    found = cac(spend, leads, basis="cohort", fit=fit)
    some = rates.adjusted[0] > 0
    expected = 9_000 / (rates.adjusted[0] * rates.entered[0])[some]
    np.testing.assert_allclose(found.values[0, some], expected)
    assert (found.low < found.values)[0, some].all()
    assert (found.high > found.values)[0, some].all()
    np.testing.assert_allclose(cac(spend, rates).values, found.values)
    so_far = cac(spend, leads, basis="cohort")
    last = np.flatnonzero(some)[-1]
    assert found.values[0, last] < so_far.values[0, last]  # the young month has more to come
    assert found.values[0, 0] == pytest.approx(so_far.values[0, 0], rel=0.02)
    assert "young" in found.summary()
    with pytest.raises(fk.FunnelError, match="`fit` tells what leads come to"):
        cac(spend, leads, fit=fit)


def test_credits_make_a_cost_below_zero():
    spend = read_spend(SPEND.assign(amount=-10))
    records = RECORDS.assign(source="web")
    leads = fk.from_frame(records, FUNNEL, as_of="2026-03-31")
    found = cac(spend, leads, channel="source")
    assert (found.only(source="web").values < 0).all()
    back = roi(spend, leads, by="channel", segment="source")
    assert np.isnan(back.values).all()
    assert "of 0 or less" in back.summary()


def test_names_that_differ_in_case_are_pointed_out(leads):
    spend = SPEND.replace({"channel": {"web": "Web"}})
    text = cac(spend, leads, channel="source").summary()
    assert "written in two ways: Web and web" in text


def test_mail_addresses_are_in_no_sentence(leads):
    spend = SPEND.replace({"channel": {"radio": "ann@example.org"}})
    assert "ann@" not in cac(spend, leads, channel="source").summary()


def test_businesses_kept_apart_need_their_own_spend():
    funnel = fk.Funnel(["lead", "won"], id="id", segments=["source", "line"], apart=["line"])
    records = RECORDS.drop(columns=["lost", "amount"]).assign(line=["new", "old"] * 3 + ["new"])
    leads = fk.from_frame(records, funnel, as_of="2026-03-31")
    with pytest.raises(fk.FunnelError, match="`spend` has no column `line`"):
        cac(costs(), leads, channel="source")
    found = cac(SPEND.assign(line="new"), leads, channel="source")
    assert found.by == ("line", "source")
    assert found.only(line="new", source="web").values[0, 0] == 600


def test_wrong_customers_and_channels_are_refused(leads):
    with pytest.raises(fk.FunnelError, match="`customers` beside a table of spend"):
        cac(costs(), [1, 2])
    with pytest.raises(fk.FunnelError, match="Did you mean `source`"):
        cac(costs(), leads, channel="sorce")
    with pytest.raises(fk.FunnelError, match="must be equally many"):
        cac([1, 2], 3)
    with pytest.raises(fk.FunnelError, match="`customers` must not be negative"):
        cac(1, -3)
    with pytest.raises(fk.FunnelError, match="no period in common"):
        cac(SPEND.assign(month="2030-01"), leads)
    with pytest.raises(fk.FunnelError, match="`spend` must be a number"):
        cac("many", 3)


def test_plain_channels_whose_cost_is_missing():
    found = cac({"web": 900, "radio": 50}, {"web": 3, "mail": 2})
    assert found.only(channel="web").value == 300
    assert np.isnan(found.only(channel="mail").value)
    assert "No cost is known for mail" in found.summary()
    assert "Spend without customers: radio" in found.summary()


def test_clv_by_hand():
    # 500 a purchase, 4 a year, 3 years: 6,000; at 80 % margin 4,800.
    assert clv(500, frequency=4, lifespan=3).value == 6_000
    on_margin = clv(500, frequency=4, lifespan=3, margin=0.8)
    assert on_margin.value == pytest.approx(4_800)
    assert "on margin" in on_margin.name
    assert clv(100, churn=[0.1, 0.05]).values.ravel().tolist() == pytest.approx([1_000, 2_000])


def test_clv_where_nobody_leaves_is_none():
    found = clv(100, churn=0)
    assert np.isnan(found.value)
    assert "no customer that ever leaves yet" in found.summary()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "one of `lifespan` and `churn`"),
        ({"lifespan": 1, "churn": 0.1}, "one of `lifespan` and `churn`"),
        ({"churn": 1.5}, "`churn` must be a number of at least 0 and of at most 1"),
        ({"lifespan": -1}, "`lifespan` must be a number of at least 0"),
        ({"lifespan": 1, "margin": 40}, "`margin` must be a number of at most 1"),
        ({"lifespan": [1, 2], "frequency": [1, 2, 3]}, "must be equally many"),
    ],
)
def test_clv_refuses_what_cannot_be(wrong, message):
    with pytest.raises(fk.FunnelError, match=message):
        clv(100, **wrong)


def test_clv_of_subscriptions_by_hand():
    # Revenue at the beginning of February and March 150 + 150, of April 100: 400; b left in April.
    rows = pd.DataFrame(
        {
            "account": ["a"] * 4 + ["b"] * 3,
            "month": ["2026-01", "2026-02", "2026-03", "2026-04", "2026-01", "2026-02", "2026-03"],
            "mrr": [100] * 4 + [50] * 3,
        }
    )
    assert subscription_clv(rows, months=3).value == 450
    assert subscription_clv(rows, months=1, margin=0.5).value == 75
    assert np.isnan(subscription_clv(rows[rows["account"] == "a"], months=3).value)
    with pytest.raises(fk.FunnelError, match="`months` must be less than the 4 months"):
        subscription_clv(rows, months=4)


def test_clv_to_cac_and_payback_by_hand():
    assert clv_to_cac(6_000, cac(12_000, 30)).value == 15
    assert payback(cac(12_000, 30), 100, margin=0.8).value == 5
    per_month = cac([400, 900], [1, 0], periods=["a", "b"])
    months = payback(per_month, 100)
    assert months.values[0, 0] == 4
    assert np.isnan(months.values[0, 1])
    never = payback(400, 0)
    assert np.isnan(never.value)
    assert "no revenue a month above 0" in never.summary()
    below = clv_to_cac(100, -5)
    assert np.isnan(below.value)
    assert "1 figure below 0" in below.summary()


def test_figures_of_several_currencies_or_shapes_are_refused():
    with pytest.raises(fk.FunnelError, match=r"several currencies \(EUR and USD"):
        clv_to_cac(clv(1, lifespan=1, currency="USD"), cac(1, 1, currency="EUR"))
    with pytest.raises(fk.FunnelError, match="same segments and periods"):
        clv_to_cac(clv([1, 2], lifespan=1), cac([1, 2, 3], [1, 1, 1]))


def test_payback_from_ledgers():
    rows = pd.DataFrame({"account": ["a", "b"], "month": "2026-01", "mrr": [100, 50]})
    found = payback(cac(300, 1), account_revenue(rows))
    assert found.value == 4
    assert found.unit == "months"


def test_roi_by_hand(leads):
    assert roi(10_000, 35_000).value == 2.5
    found = roi(costs(), leads, by="channel", segment="source")
    # web: 6,000 won of 1,800 spent; fair 500 of 300; radio brought nothing.
    assert found.only(source="web").value == pytest.approx((6_000 - 1_800) / 1_800)
    assert found.only(source="fair").value == pytest.approx((500 - 300) / 300)
    assert found.only(source="radio").value == -1
    assert np.isnan(found.only(source="mail").value)
    text = found.summary()
    assert "No cost is known for mail" in text
    assert "1 won deal of 5 has no amount" in text
    assert "may still add to it" in text


def test_roi_of_months_and_on_margin(leads):
    found = roi(costs(), leads, by="channel", segment="source", every="month", margin=0.5)
    web = found.only(source="web").values[0]
    assert web.tolist() == pytest.approx([(500 - 600) / 600, -1, (2_500 - 900) / 900])
    assert "50" in found.definition


def test_roi_of_campaigns():
    spend = SPEND.assign(campaign=["a", "b", "a", "b", "b", "c"])
    funnel = fk.Funnel(["lead", "won"], id="id", value="amount", segments=["campaign"])
    records = RECORDS.drop(columns=["lost", "source"]).assign(campaign=["a", "b"] * 3 + ["b"])
    leads = fk.from_frame(records, funnel, as_of="2026-03-31")
    found = roi(spend, leads, by="campaign")
    assert found.only(campaign="a").value == pytest.approx((3_000 - 1_500) / 1_500)
    assert found.only(campaign="c").value == -1


def test_roi_refuses_what_cannot_be(leads):
    with pytest.raises(fk.FunnelError, match="`revenue` beside a table of spend"):
        roi(costs(), 5)
    with pytest.raises(fk.FunnelError, match="`margin` must be a share"):
        roi(1, 2, margin=30)
    with pytest.raises(fk.FunnelError, match="`by` must be one of"):
        roi(costs(), leads, by="month")
    with pytest.raises(fk.FunnelError, match="must both name channels"):
        roi({"a": 1}, 2)
    assert np.isnan(roi(0, 100).value)


MONTHS = pd.period_range("2025-01", periods=14, freq="M")


def test_growth_by_hand():
    values = pd.Series([100.0 + 10 * k for k in range(14)], index=MONTHS, name="revenue")
    found = growth(values)
    before = found["growth of revenue on the month before"]
    year = found["growth of revenue on the same month of the year before"]
    assert before.values[0, 1] == pytest.approx(0.1)
    assert year.values[0, 12:].tolist() == pytest.approx([120 / 100, 120 / 110])
    assert np.isnan(year.values[0, :12]).all()


def test_growth_says_which_periods_are_partial():
    values = pd.Series([100, 120, 30], index=MONTHS[:3])
    found = growth(values, as_of="2025-03-10")["growth of value on the month before"]
    assert np.isnan(found.values[0, 2])
    assert "Not wholly observed, and without a figure: 2025-03" in found.summary()
    whole = growth(values, as_of="2025-03-31")["growth of value on the month before"]
    assert whole.values[0, 2] == -0.75
    first = growth(values, partial=["2025-01"])["growth of value on the month before"]
    assert np.isnan(first.values[0, 1])
    with pytest.raises(fk.FunnelError, match="`partial`"):
        growth(values, partial=["2025-13"])


def test_growth_from_nothing_or_below_is_none():
    values = pd.Series([0, 5, -5, 5], index=MONTHS[:4])
    found = growth(values)["growth of value on the month before"]
    assert np.isnan(found.values[0, [1, 3]]).all()
    assert found.values[0, 2] == -2
    assert "2 periods after a value of 0 or below have no growth" in found.summary()


def test_growth_over_a_gap_is_none():
    values = pd.Series([10, 20], index=MONTHS[[0, 2]])
    found = growth(values)["growth of value on the month before"]
    assert found.periods == ("2025-01", "2025-02", "2025-03")
    assert np.isnan(found.values).all()


def test_growth_of_quarters_years_and_measures():
    quarters = pd.Series([1.0, 2, 3, 4, 2], index=pd.period_range("2025Q1", periods=5, freq="Q"))
    found = growth(quarters, name="wins")
    assert found["growth of wins on the same quarter of the year before"].values[0, 4] == 1
    years = pd.Series([1.0, 3], index=pd.period_range("2025", periods=2, freq="Y"))
    assert growth(years).names == ("growth of value on the year before",)
    rows = pd.DataFrame({"account": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [100, 150]})
    assert growth(mrr(rows))["growth of MRR on the month before"].values[0, 1] == 0.5


@pytest.mark.parametrize(
    "wrong", [[1, 2], pd.Series([1, 2]), pd.Series([], dtype=float, index=MONTHS[:0])]
)
def test_growth_needs_periods(wrong):
    with pytest.raises(fk.FunnelError, match="`values`"):
        growth(wrong)


def test_acv_of_the_trade():
    # 1,000,000 / 100 = 10,000 and 80,000 over 3 years (issue 5).
    assert acv(1_000_000, number=100).value == 10_000
    assert acv(80_000, years=3).value == pytest.approx(26_666.67, abs=0.005)
    assert np.isnan(acv(5, number=0).value)
    with pytest.raises(fk.FunnelError, match="`years` must be above 0"):
        acv(5, years=0)


CONTRACTS = pd.DataFrame(
    [
        ("c1", "2026-01-01", "2028-12-31", 60_000, 10_000, 20_000, 30_000),
        ("c2", "2026-02-15", "2027-02-14", 12_000, 12_000, None, None),
        ("c2", "2026-02-15", "2027-02-14", 3_000, 3_000, None, None),
        ("c3", "2026-01-01", "2026-06-30", 4_000, 4_000, None, None),
        ("c4", "2027-01-01", "2026-01-01", 9_000, 9_000, None, None),
    ],
    columns=["contract", "start", "end", "amount", "y1", "y2", "y3"],
)


def test_acv_by_contract_and_ramped():
    ledger = read_contracts(CONTRACTS, years=["y1", "y2", "y3"], currency="EUR")
    assert dict(ledger.aside) == {"ends before it starts": 1}
    found = acv(ledger)
    # 60,000 over 3 years, 15,000 over 1, and 4,000 of half a year, which counts as one.
    assert found.value == pytest.approx((20_000 + 15_000 + 4_000) / 3)
    assert "1 contract of less than a year" in found.summary()
    ramped = acv(ledger, ramped=True)
    assert ramped.periods == ("year 1", "year 2", "year 3")
    assert ramped.values[0].tolist() == pytest.approx([29_000 / 3, 20_000, 30_000])
    with pytest.raises(fk.FunnelError, match="`ramped` needs"):
        acv(CONTRACTS[["contract", "start", "end", "amount"]], ramped=True)


def test_years_that_do_not_add_up_are_told():
    odd = CONTRACTS.iloc[:1].assign(amount=50_000)
    ledger = read_contracts(odd, years=["y1", "y2", "y3"])
    assert [finding.rule for finding in ledger.findings] == ["years_do_not_add_up"]


def test_acv_of_segments_and_credits():
    rows = CONTRACTS.iloc[:4][["contract", "start", "end", "amount"]].assign(
        region=["north", "south", "south", None]
    )
    rows.loc[3, "amount"] = -500
    found = acv(rows, by="region")
    assert found.only(region="south").value == 15_000
    assert found.only(region=None).value == -500
    assert "1 contract below 0" in found.summary()


VISITORS = pd.DataFrame(
    {
        "month": ["2026-01", "2026-02", "2026-01", "2026-03"],
        "channel": ["web", "web", "fair", "fair"],
        "visitors": [300, 100, 4, 0],
    }
)


def test_visitors_become_leads_by_hand(leads):
    # 15 / 150 = 10 % (issue 5).
    assert visitor_to_lead(150, 15).value == 0.1
    found = visitor_to_lead(VISITORS, leads, channel="source")
    assert found.only(source="web").values[0, :2].tolist() == [3 / 300, 1 / 100]
    fair = found.only(source="fair").values[0]
    assert fair[0] == 0.25
    assert np.isnan(fair[1:]).all()  # not known in February, none in March
    assert np.isnan(found.only(source="mail").values).all()
    assert "Visitors not known of mail" in found.summary()
    low, high = visitor_to_lead(150, 15).confidence_interval()
    assert low[0, 0] < 0.1 < high[0, 0]


def test_more_leads_than_visitors_are_a_ratio_and_said(leads):
    found = visitor_to_lead(VISITORS.assign(visitors=1), leads, channel="source")
    assert found.unit == "ratio"
    assert "more leads than visitors" in found.summary()
    assert np.isnan(visitor_to_lead(0, 0).value)
    for wrong in ((-1, 1), ("many", 1), ([1, 2], 1), (VISITORS, 3)):
        with pytest.raises(fk.FunnelError, match=r"`visitors`|`leads`"):
            visitor_to_lead(*wrong)
