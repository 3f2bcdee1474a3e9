"""Assumptions from a model: what `bookings` of it expects, and slow versions of the parts."""

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.forecast.money.created import entering
from funnelkit.forecast.open_pipeline.sizes_to_come import sizes_to_come
from funnelkit.model.drawing import usual
from funnelkit.plan import assume
from funnelkit.plan.basis.assuming import _channels
from funnelkit.plan.basis.model_arrivals import season_of
from funnelkit.plan.basis.model_sizes import sizes_of
from funnelkit.plan.basis.model_streams import entries_of_entrants
from funnelkit.plan.basis.model_timing import moments
from tests.reference.entry_days import by_days

H, N = 6, 500


@pytest.fixture(scope="module")
def leads():
    return fk.make_leads(3_500, rng=3, months=18).at("2026-06-12")


@pytest.fixture(scope="module")
def model(leads):
    return fk.fit_funnel(leads, by="region")


@pytest.fixture(scope="module")
def plan_on(model, leads):
    return assume(model, in_flight=leads, horizon=H, n_draws=N)


@pytest.fixture(scope="module")
def forecast(model, leads):
    return fk.forecast.bookings(leads, model, horizon=H, n_draws=N, rng=5)


@pytest.fixture(scope="module")
def arrivals(model):
    """Leads by segment and month that bookings expects, shape (S, H)."""
    return entering(model, "lead", H, n=2000, rng=np.random.default_rng(7))[0].mean(axis=0)


def close(found, draws, least=0.0):
    """Means agree within four standard errors of both."""
    error = np.sqrt(2) * np.std(draws, axis=0) / np.sqrt(len(draws))
    assert np.abs(found - np.mean(draws, axis=0)) == pytest.approx(0, abs=4 * error + least)


def test_the_same_arrivals_win_as_in_bookings(plan_on, forecast, arrivals):
    assert plan_on.names == tuple(str(one[0]) for one in forecast.segments)
    assert (plan_on.periods == forecast.periods).all()
    assert str(plan_on.periods[0]) == "2026-06"  # it runs on 2026-06-12
    expected = np.einsum("cm,cmh->h", arrivals, plan_on.yields)
    drawn = forecast.deal_parts["not yet created"]
    assert expected.sum() == pytest.approx(drawn.sum(axis=1).mean(), rel=0.05)
    for month in range(H):
        close(expected[month], drawn[:, month], least=0.15)
    money = np.einsum("cm,cmh,c->", arrivals, plan_on.yields, plan_on.sizes)
    close(money, forecast.parts["not yet created"].sum(axis=1))


def test_what_is_in_flight_or_no_lead_is_that_of_bookings(plan_on, forecast):
    for stream, parts in (
        (plan_on.in_flight, ("won", "in flight")),
        (plan_on.direct, ("without a lead",)),
    ):
        deals = sum(forecast.deal_parts[name] for name in parts)
        value = sum(forecast.parts[name] for name in parts)
        close(stream.deals.sum(axis=1).mean(), deals.sum(axis=1))
        close(stream.value.sum(axis=1).mean(), value.sum(axis=1))
        close(stream.deals[:, 0].mean(), deals[:, 0])


def test_rates_and_open_records_share_their_draws(plan_on):
    rates = plan_on.rate_draws.mean(axis=(1, 2))
    both = np.corrcoef(rates, plan_on.in_flight.deals.sum(axis=1))[0, 1]
    assert both > 0.2
    sizes = plan_on.size_draws
    assert np.corrcoef(sizes[:, 0], sizes[:, 1])[0, 1] > 0.2  # they borrow from the same deals


def test_channels_are_quick_or_slow_together(plan_on):
    assert (plan_on.stretch_of == plan_on.stretch_of[:, :1]).all()
    slower = plan_on.with_inputs({f"{plan_on.names[0]}: lag in months": 6})
    assert (slower.stretch_of == plan_on.stretch_of).all()
    apart = fk.plan.stated({"a": 0.1, "b": 0.1}, lag_doubt=0.2, n_draws=N)
    assert abs(np.corrcoef(apart.stretch_of.T)[0, 1]) < 0.2
    spread = apart.stretches[0][apart.stretch_of[:, 0]]
    assert (spread.mean(), spread.std()) == (
        pytest.approx(1, abs=1e-3),
        pytest.approx(0.2, rel=0.03),
    )


def test_rates_are_those_of_the_model(model, plan_on):
    draws = model.sample(N, rng=0, months=H)
    assert plan_on.rates == pytest.approx(draws.won_from("lead").mean(axis=0), rel=0.02)
    assert plan_on.rate_draws.mean(axis=0) == pytest.approx(
        np.repeat(plan_on.rates[:, None], H, axis=1)
    )
    for c, channel in enumerate(plan_on.channels):
        # rates wander on: logits of each step by a normal step a month, d log p = (1 - p) d logit
        apart = np.log(plan_on.rate_draws[:, c, -1] / plan_on.rate_draws[:, c, 0])
        walks = [
            (1 - rate.value) * model.walk(step.start)
            for step, rate in zip(model.steps, channel.rates, strict=True)
        ]
        assert apart.std() == pytest.approx(np.sqrt((H - 1) * np.square(walks).sum()), rel=0.15)
        for step, rate in zip(model.steps, channel.rates, strict=True):
            low, high = step.levels.confidence_interval(confidence_level=0.99)
            assert low[c, -6:].min() < rate.value < high[c, -6:].max()
            assert rate.n == step.levels.entered[c].sum()
            assert rate.date == model.as_of


def test_correlation_is_of_cohorts_and_accounts(model, plan_on):
    first = plan_on.channels[0]
    log_variance = 0.0
    for step, rate in zip(model.steps, first.rates, strict=True):
        levels = step.levels
        for weight, sds in zip(levels.weights, levels.sds, strict=True):
            apart = sds[levels.amounts.index("interaction")]
            log_variance += weight * ((1 - rate.value) * apart) ** 2
    rate = np.prod([one.value for one in first.rates])
    cohort = model.arrivals.of("lead")[0, -7:-1].mean()
    accounts = (model.spreads["lead"] - 1) / (cohort - 1)
    # of a beta rate: variance = correlation x rate (1 - rate), and about rate^2 x log variance
    wanted = log_variance * rate**2 / (rate * (1 - rate)) + accounts
    assert first.correlation == pytest.approx(wanted)
    assert 0 < first.correlation < 0.01


def test_open_records_come_to_the_next_stages(model, plan_on):
    draws = model.sample(N, rng=0)
    for k, stage in enumerate(model.stages[:-2]):
        ages = np.arange(model.standing.shape[2] - 1)
        ever = draws.still_moving(stage, ages).mean(axis=0)
        moved = model.timing(stage, ages, [np.inf])[:, 0]
        own = sum(
            model.standing[s, k, a] * ever[s, a] * moved[a]
            for s in range(len(model.segments))
            for a in ages
            if model.standing[s, k, a]
        )
        total = plan_on.in_flight.reach[model.stages[k + 1]].sum()
        assert total > 0.9 * own
        if k == 0:  # none stands before the first stage
            assert total == pytest.approx(own, rel=0.03)


def test_segments_in_one_channel(model, leads, plan_on):
    whole = assume(model, by=(), horizon=2, n_draws=200)
    assert whole.names == ("all",)
    entered = model.arrivals.of("lead")[:, -7:-1].sum(axis=1)
    assert plan_on.mix == pytest.approx(entered / entered.sum())
    assert whole.rates[0] == pytest.approx(plan_on.rates @ plan_on.mix, rel=0.02)
    rate = whole.channels[0].rates[0]
    first = [one.rates[0].value for one in plan_on.channels]
    assert rate.value == pytest.approx(np.average(first, weights=entered), rel=0.01)
    assert not whole.in_flight.value.any()
    assert any("give the leads as `in_flight`" in note for note in whole.notes)


def test_costs_priors_and_stated_streams(model):
    names = [str(one[0]) for one in model.segments]
    found = assume(
        model, in_flight=(1e6, 1e5), horizon=2, n_draws=200, costs={names[0]: (90, 9)},
        priors={"podcast": {"like": names[0], "give_or_take": 0.3, "counts": (3, 100)}},
    )  # fmt: skip
    assert found.costs[0] == 90
    assert np.isnan(found.costs[1])
    assert found.names[-1] == "podcast"
    assert "own 3 of 100" in found.inputs()["podcast: lead to mql"].source
    assert found.mix[-1] == 0
    assert found.in_flight.totals("value").mean() == pytest.approx(1e6)
    with pytest.raises(ArgumentError) as error:
        assume(model, costs={names[0]: -3, "nowhere": 3})
    assert str(error.value).startswith("2 problems")
    with pytest.raises(ArgumentError) as error:
        assume(model, horizon=1, n_draws=10,
               priors={"a": {"like": "nobody"}, "b": 3, "c": {"lkie": names[0]}})  # fmt: skip
    assert str(error.value).startswith("3 problems")
    assert "Did you mean `like`?" in str(error.value)


def test_costs_from_spend(model):
    """Spend over leads of the whole months that have both, month by month."""
    names = [str(one[0]) for one in model.segments]
    months = [str(month) for month in model.arrivals.months[-5:]]
    rows = [
        {"month": month, "channel": name, "amount": 1000 * (i + 1) + 100 * k}
        for i, name in enumerate([names[0], "elsewhere"])
        for k, month in enumerate(months)
    ]
    spend = fk.read_spend(pd.DataFrame(rows), currency="EUR")
    found = assume(model, horizon=1, n_draws=10, costs=spend)
    amount, entered = 0.0, 0
    for k in range(4):  # the fifth month runs
        amount += 1000 + 100 * k
        entered += model.arrivals.of("lead")[0, -5 + k]
    one = found.channels[0].cost
    assert (one.value, one.n) == (pytest.approx(amount / entered), entered)
    assert one.source == f"spend over leads, {months[0]} to {months[3]}"
    assert 0 < one.sd < one.value
    assert "Spend on elsewhere belongs to no channel of the model." in found.notes


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"horizon": 0}, "`horizon`"),
        ({"n_draws": 0}, "`n_draws`"),
        ({"by": "regoin"}, "Did you mean `region`"),
        ({"costs": 3}, "`costs` must be channels"),
        ({"in_flight": "all"}, "`in_flight` must be a total"),
    ],
)
def test_what_cannot_be(model, given, says):
    with pytest.raises(ArgumentError, match=says):
        assume(model, **{"n_draws": 10, "horizon": 1, **given})


def test_other_leads_and_other_models(model, leads):
    with pytest.raises(ArgumentError, match="must be the leads that `model` was fitted to"):
        assume(model, in_flight=leads.at("2026-05-31"))
    with pytest.raises(ArgumentError, match="Rates that are stated go to"):
        assume([0.1])


def test_names_that_read_alike_are_told_apart():
    odd = SimpleNamespace(by=("x",), segments=(("a\nb",), ("a b",), (None,)))
    names, groups = _channels(odd, None)
    assert names == ["a b", "a b (2)", "(blank)"]
    assert [one.tolist() for one in groups] == [[0], [1], [2]]


def of_counts(counts, as_of):
    """What stands for a model that has arrivals only."""
    months = pd.period_range(end=pd.Period(as_of, freq="M"), periods=len(counts), freq="M")
    running = months[-1].end_time.date() > as_of
    arrivals = SimpleNamespace(of=lambda _: np.array([counts]), months=months, running=running)
    return SimpleNamespace(arrivals=arrivals, stages=("lead", "won"), segments=((),))


def test_the_year_shows_where_two_years_are_known():
    rng = np.random.default_rng(2)
    truth = 1 + 0.4 * np.sin(2 * np.pi * np.arange(36) / 12)  # of January to December, three years
    counts = rng.poisson(500 * truth * np.linspace(1, 1.5, 36))
    periods = pd.period_range("2027-01", periods=12, freq="M")
    found, shows = season_of(of_counts(counts, dt.date(2026, 12, 31)), periods)
    assert shows
    assert found == pytest.approx(truth[:12], abs=0.12)
    assert found.mean() == pytest.approx(1.0)
    none, shows = season_of(of_counts(counts[-23:], dt.date(2026, 12, 31)), periods)
    assert not shows
    assert (none == 1).all()
    begun = np.append(counts, 3)  # a month that runs tells nothing
    again, _ = season_of(of_counts(begun, dt.date(2027, 1, 2)), periods)
    assert again == pytest.approx(found)


def test_sizes_are_those_of_the_bootstrap():
    rng = np.random.default_rng(5)
    amounts = [rng.gamma(2, 10_000, 80), rng.gamma(2, 15_000, 40), np.zeros(0)]
    sizes = sizes_to_come(amounts, np.random.default_rng(1))
    stub = SimpleNamespace(sizes=True, as_of=dt.date(2026, 12, 31))
    groups = [np.array([0]), np.array([1]), np.array([2]), np.array([0, 1])]
    found = sizes_of(stub, sizes, groups, np.array([3.0, 1.0, 0.0]), 400)
    every = np.concatenate(amounts)
    for i in range(3):
        own = sizes.own[i]
        drawn = []  # one deal after the other
        for _ in range(20_000):
            pool = amounts[i] if rng.random() < own else every
            drawn.append(pool[rng.integers(len(pool))])
        assert found[i].mean.value == pytest.approx(np.mean(drawn), rel=0.03)
        assert found[i].cv == pytest.approx(np.std(drawn) / np.mean(drawn), rel=0.05)
        assert found[i].joint.mean() == pytest.approx(1.0)
        assert found[i].joint.std() == pytest.approx(found[i].mean.sd / found[i].mean.value)
    # of all deals: the standard error of a mean
    assert found[2].mean.sd == pytest.approx(every.std() / np.sqrt(len(every)), rel=0.15)
    assert found[2].mean.source == "all 120 won deals, none of its own"
    assert found[3].mean.value == pytest.approx(
        0.75 * found[0].mean.value + 0.25 * found[1].mean.value
    )


def test_moments_of_days():
    days = np.random.default_rng(4).gamma(3, 20, 500).astype(int)
    by_day = np.array([(days <= day).mean() for day in range(days.max() + 1)])
    assert moments(by_day) == (pytest.approx(days.mean()), pytest.approx(days.std()))


def test_entrants_pass_the_stages_one_after_the_other(model):
    """Records that enter at sql: those of a month, followed step by step and day by day."""
    periods = pd.period_range(model.first_month, periods=3, freq="M")
    entered = np.zeros((len(model.segments), 3))
    entered[0] = [7.0, 0.0, 5.0]
    found = entries_of_entrants(model, "sql", entered, periods)
    assert list(found) == ["sql", "opportunity"]
    assert found["sql"].tolist() == [7.0, 0.0, 5.0]
    rate = usual(model).moving_on("sql")[0, 0]
    came = by_days(model.step("sql").passed, periods, model.as_of)
    assert found["opportunity"] == pytest.approx(rate * entered[0] @ came, rel=1e-6)
