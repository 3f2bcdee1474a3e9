"""The forecast of open records, against answers known beforehand."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit.forecast import Forecast
from funnelkit.forecast.open_pipeline.forecasting import pipeline
from funnelkit.model import fit_funnel
from tests.forecast.open_pipeline.stand_in import StandIn

COLUMNS = ["id", "deal", "offer", "won", "lost", "amount", "region"]
AS_OF = dt.date(2026, 6, 30)
STAGES = ("deal", "offer", "won")


def leads_of(rows, *, as_of="2026-06-30", **given):
    funnel = fk.Funnel(
        STAGES,
        exits=["lost"],
        id="id",
        **(
            {"value": "amount", "segments": ["region"], "keep": list(given.pop("keep", []))} | given
        ),
    )
    columns = [*COLUMNS, *funnel.keep]
    return fk.from_frame(pd.DataFrame(rows, columns=columns), funnel, as_of=as_of)


def open_deal(name, amount, *, offer="2026-06-10", region="EU", **_):
    return (name, "2026-06-01", offer, None, None, amount, region)


def won_deal(name, amount, *, region="EU", day="2026-05-20"):
    return (name, "2026-03-01", "2026-04-01", day, None, amount, region)


@pytest.fixture
def model():
    return StandIn(STAGES, {"deal": 0.1, "offer": 0.5}, AS_OF)


def test_expected_money_is_chance_times_amount(model):
    leads = leads_of([open_deal("a", 1000), open_deal("b", 300), won_deal("w", 70)])
    found = pipeline(leads, model, 3)
    assert isinstance(found, Forecast)
    # all wins come on day 10, in July: 0.5 * 1000 + 0.5 * 300
    assert found.expected.tolist() == [[650.0, 0.0, 0.0]]
    assert found.counts.expected.tolist() == [[1.0, 0.0, 0.0]]
    assert (found.unit, found.counts.unit, found.value.unit) == ("value", "count", "value")
    assert [str(one) for one in found.periods] == ["2026-07", "2026-08", "2026-09"]
    assert found.so_far.tolist() == [0.0]


def test_a_large_deal_is_won_whole_or_not_at_all(model):
    leads = leads_of([open_deal("a", 1000), open_deal("b", 300), won_deal("w", 70)])
    found = pipeline(leads, model, 1, n_draws=4000)
    assert set(np.unique(found.draws)) == {0.0, 300.0, 1000.0, 1300.0}
    # money and deals are of the same draw: 1,300 is two deals
    won = found.counts.draws[:, 0, 0]
    assert set(won[found.draws[:, 0, 0] == 1300]) == {2.0}
    # a fair coin each: 4 standard errors of 4,000 draws
    assert abs((found.draws >= 1000).mean() - 0.5) < 4 * 0.5 / np.sqrt(4000)


def test_doubt_of_the_rate_is_shared_by_all_deals(model):
    rows = [open_deal(f"a{i}", 10) for i in range(400)] + [won_deal("w", 10)]
    sure = pipeline(leads_of(rows), model, 1)
    model.doubt = (0.5, 1.5)
    torn = pipeline(leads_of(rows), model, 1)
    # Var = E(n p q) + Var(n p), p = 0.25 or 0.75: 400 * 0.1875 + 400**2 * 0.0625 = 10,075
    assert np.var(torn.counts.draws) == pytest.approx(10_075, rel=0.05)
    assert np.var(sure.counts.draws) == pytest.approx(100, rel=0.15)


def test_the_total_is_the_sum_of_the_segments(model):
    model.by, model.segments = ("region",), (("EU",), ("US",))
    rows = [open_deal("a", 5), open_deal("b", 7, region="US"), won_deal("w", 1)]
    found = pipeline(leads_of(rows), model, 2)
    assert dict(zip(found.segments, found.expected[:, 0], strict=True)) == {
        ("EU",): 2.5,
        ("US",): 3.5,
    }
    assert found.total[0] == 6.0
    assert found.drawn(per="all").tolist() == found.draws.sum(axis=1).tolist()


def test_deals_without_an_amount_bring_that_of_past_won_deals(model):
    rows = [open_deal("a", None), open_deal("b", 0), won_deal("w", 40), won_deal("v", 40)]
    found = pipeline(leads_of(rows), model, 1)
    assert found.expected[0, 0] == pytest.approx(2 * 0.5 * 40)
    assert set(np.unique(found.draws)) == {0.0, 40.0, 80.0}
    assert found.deals()["value_from"].tolist() == ["past won deals"] * 2
    assert "2 open records have no amount and would bring that of one of 2" in found.summary()


def test_without_any_amount_money_is_nothing_and_it_is_said(model):
    found = pipeline(leads_of([open_deal("a", None), won_deal("w", None)]), model, 1)
    assert found.total.tolist() == [0.0]
    assert "they count as 0" in found.summary()
    assert found.counts.total.tolist() == [0.5]


def test_amounts_that_are_not_listed_are_grouped_and_lose_nothing(model):
    rows = [open_deal(f"a{i}", 10 + i) for i in range(50)] + [won_deal("w", 10)]
    few, all_ = (pipeline(leads_of(rows), model, 1, listed=n) for n in (5, 100))
    assert (len(few.deals()), len(all_.deals())) == (5, 50)
    assert few.expected[0, 0] == pytest.approx(0.5 * sum(10 + i for i in range(50)))
    assert few.expected == pytest.approx(all_.expected)
    assert few.draws.mean() == pytest.approx(float(few.expected[0, 0]), rel=0.02)
    # one by one Σ a² / 4; of the 45 that are not, half are won: the variance of their number,
    # 45 / 4, times that of the mean amount, 32² (55 - 32) 32 at most
    assert all_.draws.std() == pytest.approx(
        np.sqrt(sum((10 + i) ** 2 for i in range(50)) / 4), rel=0.05
    )
    wider = sum((55 + i) ** 2 for i in range(5)) / 4 + 45 / 4 * (32**2 + 32 * (55 - 32))
    assert few.draws.std() == pytest.approx(np.sqrt(wider), rel=0.05)


def test_an_amount_below_nothing_is_not_known(model):
    found = pipeline(leads_of([open_deal("a", -50), won_deal("w", 10)]), model, 1)
    assert found.expected[0, 0] == 5.0
    assert "1 amount below 0 is taken as not known" in found.summary()
    assert (found.draws >= 0).all()


def test_the_running_month_is_the_first_and_said(model):
    model.as_of = dt.date(2026, 6, 20)
    leads = leads_of([open_deal("a", 100), won_deal("w", 1)], as_of="2026-06-20")
    found = pipeline(leads, model, 2)
    assert [str(one) for one in found.periods] == ["2026-06", "2026-07"]
    assert found.expected.tolist() == [[50.0, 0.0]]  # day 10 is 30 June
    assert "June 2026 counts from 21 June 2026 on." in found.notes
    assert [str(one) for one in found.gone] == ["2026-05"]
    assert found.observed.tolist() == [[1.0]]


def test_the_table_of_deals(model):
    rows = [open_deal("a", 1000), open_deal("b", 300, offer=None), won_deal("w", 70)]
    found = pipeline(leads_of(rows), model, 3).deals()
    first = found.iloc[0]
    assert first["id"] == "a"
    assert (first["stage"], first["stage_age_days"], first["age_days"]) == ("offer", 20, 29)
    assert (first["p_win"], first["p_win_in_horizon"]) == (0.5, 0.5)
    assert first["expected_value"] == 500.0
    assert first["probable_month"] == "2026-07"
    assert not first["stale"]
    assert found["stage"].tolist() == ["offer", "deal"]
    assert found["expected_value"].tolist() == pytest.approx([500, 30])


def test_nothing_open_is_a_forecast_of_nothing(model):
    found = pipeline(leads_of([won_deal("w", 70)]), model, 2)
    assert found.total.tolist() == [0.0, 0.0]
    assert found.deals().empty
    assert found.n == 0


def test_a_record_without_a_day_at_its_stage(model):
    funnel = fk.Funnel(
        STAGES,
        exits=["lost"],
        id="id",
        value="amount",
        status="status",
        columns={"deal": "deal", "offer": "offer"},
        status_date="closed",
    )
    rows = [
        ("a", "2026-06-01", None, "offer", None, 100),
        ("b", "2026-06-01", "2026-06-11", "offer", None, 60),
        ("w", "2026-03-01", "2026-04-01", "won", "2026-05-20", 50),
    ]
    columns = ["id", "deal", "offer", "status", "closed", "amount"]
    leads = fk.from_frame(pd.DataFrame(rows, columns=columns), funnel, as_of="2026-06-30")
    found = pipeline(leads, model, 1)
    assert found.expected[0, 0] == 80.0
    assert "The age of 1 open record at its stage is not known" in found.summary()
    assert found.deals()["stage_age_days"].isna().tolist() == [True, False]


def test_a_stage_that_the_model_has_no_chance_for_is_left_out_and_said(model):
    model.silent = {"deal": "nobody has moved on"}
    rows = [open_deal("a", 10), open_deal("b", 30, offer=None), won_deal("w", 70)]
    found = pipeline(leads_of(rows), model, 1)
    assert found.expected[0, 0] == 5.0
    assert "1 open record at deal is left out: nobody has moved on" in found.summary()
    assert np.isnan(found.deals().set_index("id").loc["b", "p_win"])
    with pytest.raises(EvidenceError, match="no chance of a win for any stage"):
        pipeline(leads_of(rows[1:]), model, 1)


def test_several_currencies_are_refused_or_brought_into_one(model):
    rows = [
        (*open_deal("a", 100), "EUR"),
        (*open_deal("b", 100), "USD"),
        (*won_deal("w", 1), "USD"),
    ]
    leads = leads_of(rows, keep=["currency"])
    with pytest.raises(DataError, match="several currencies"):
        pipeline(leads, model, 1)
    found = pipeline(leads, model, 1, exchange={"EUR": 2.0}, currency="USD")
    assert found.expected[0, 0] == 150.0
    assert found.currency == "USD"
    assert found.deals()["amount"].tolist() == [200.0, 100.0]


def test_pipelines_are_kept_apart(model):
    model.by, model.segments = ("region",), (("EU",), ("US",))
    rows = [open_deal("a", 5), open_deal("b", 7, region="US"), won_deal("w", 3)]
    leads = leads_of(rows, segments=["region"], apart=["region"])
    found = pipeline(leads, model, 1)
    assert found.by == ("region",)
    table = found.deals().set_index("id")
    assert table.loc["a", "stage_weight"] == 1.0  # the one that closed was won
    assert np.isnan(table.loc["b", "stage_weight"])  # nothing has closed there


def test_hostile_texts_stay_what_they_are(model):
    names = ["=cmd()|'x'!A1", "<script>alert(1)</script>", "'; DROP TABLE leads; --"]
    rows = [open_deal(name, 10, region=name) for name in names] + [won_deal("w", 1)]
    found = pipeline(leads_of(rows), model, 1)
    assert sorted(found.deals()["id"]) == sorted(names)
    assert "<script>" not in found._repr_html_()


def test_the_same_seed_gives_the_same(model):
    leads = leads_of([open_deal("a", 10), open_deal("b", None), won_deal("w", 10)])
    one, two, other = (pipeline(leads, model, 2, rng=seed) for seed in (1, 1, 2))
    assert one.draws.tolist() == two.draws.tolist()
    assert one.draws.tolist() != other.draws.tolist()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"horizon": 0}, "`horizon` must be a whole number"),
        ({"horizon": 99}, "`horizon` must be at most 36"),
        ({"listed": 0}, "`listed`"),
        ({"n_draws": 1.5}, "`n_draws`"),
        ({"unit": "money"}, "`unit` must be one of"),
        ({"beyond": 0.2}, "`beyond`"),
        ({"close_date": "clos"}, "`close_date`"),
        ({"overrides": {"zz": 5}}, "`overrides`: 1 deal not among the open deals"),
    ],
)
def test_wrong_arguments(model, given, said):
    leads = leads_of([open_deal("a", 10), won_deal("w", 10)])
    with pytest.raises(ArgumentError, match=said):
        pipeline(leads, model, **given)


def test_models_that_do_not_fit(model):
    leads = leads_of([open_deal("a", 10), won_deal("w", 10)])
    with pytest.raises(ArgumentError, match="`leads` must be Leads"):
        pipeline(pd.DataFrame(), model)
    with pytest.raises(ArgumentError, match="`model` must be a model of the funnel"):
        pipeline(leads, "model")
    model.as_of = dt.date(2026, 7, 1)
    with pytest.raises(ArgumentError, match="knows the days up to 2026-07-01"):
        pipeline(leads, model)
    with pytest.raises(ArgumentError, match="of the same funnel"):
        pipeline(leads, StandIn(("a", "won"), {"a": 0.1}, AS_OF))


def test_without_a_value_column_there_are_deals_alone(model):
    rows = [open_deal("a", 10), won_deal("w", 10)]
    leads = leads_of(rows, value=None)
    found = pipeline(leads, model, 1)
    assert (found.unit, found.expected.tolist()) == ("count", [[0.5]])
    with pytest.raises(EvidenceError, match="no `value`"):
        _ = found.value
    with pytest.raises(ArgumentError, match="`unit`"):
        pipeline(leads, model, unit="value")


@pytest.fixture(scope="module")
def simulated():
    leads = fk.make_leads(2500, rng=3)
    return pipeline(leads, fit_funnel(leads), 4, n_draws=1500)


def test_with_the_real_model_bands_of_sums_are_between(simulated):
    for found in (simulated.counts, simulated.value):
        monthly = found.drawn(per="all")
        low, high = (np.quantile(monthly, q, axis=0) for q in (0.1, 0.9))
        sums = np.quantile(monthly.sum(axis=1), [0.1, 0.9])
        width = float(sums[1] - sums[0])
        assert width < float((high - low).sum())
    # shared doubt: months of one draw go together once the pace is taken out
    won = simulated.counts.drawn(per="all").sum(axis=1)
    assert won.var() > won.mean() * 0.9


def test_deals_and_groups_add_up_to_the_forecast(simulated):
    table = simulated.deals()
    priced = table[table["amount"].notna()]
    assert priced["expected_value_in_horizon"].sum() <= simulated.total.sum()
    assert simulated.drawn(per="all").mean() == pytest.approx(simulated.total.mean(), rel=0.05)
    methods = simulated.methods()
    own = methods[(methods["method"] == "residual chances") & (methods["period"] != "later")]
    assert own["total_value"].to_numpy() == pytest.approx(simulated.total)
