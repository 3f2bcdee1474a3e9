"""Which number of a plan is worth measuring better, against a search over a grid of all inputs."""

import numpy as np
import pytest
from scipy import optimize, stats

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.plan import value_of_information
from tests.plan.scenarios.made import chain, made
from tests.plan.scenarios.test_situation import jointly
from tests.plan.scenarios.test_swings import too_late


@pytest.fixture(scope="module")
def plan():
    given = fk.plan.stated(
        {"all": (30, 3_000)}, value={"mean": 25_000, "sd": 3_000}, cost=100, n_draws=2_000
    )
    return fk.plan.reverse(1_000_000, given)


def test_one_channel_by_a_grid_of_rates_and_sizes(plan):
    """Nested: for every rate of Beta(30.5, 2970.5) the best leads over all deal sizes."""
    leads, target = plan.leads.sum(), 1_000_000.0
    places = (np.arange(160) + 0.5) / 160
    rate = stats.beta(30.5, 2970.5).ppf(places)[:, None]
    shape = (25_000 / 3_000) ** 2
    size = stats.gamma(shape, scale=25_000 / shape).ppf(places)[None, :]

    def short(scale, rate, size):
        n = scale * leads
        mean, sd = n * rate * size, size * np.sqrt(n * rate * (1 - rate))
        z = (target - mean) / sd
        return (target - mean) * stats.norm.cdf(z) + sd * stats.norm.pdf(z)

    slope = (short(1.001, rate, size).mean() - short(0.999, rate, size).mean()) / 0.002
    price = -100 * leads / slope

    def least(rate, size):
        def loss(scale):
            return 100 * leads * scale + price * short(scale, rate, size).mean()

        return optimize.minimize_scalar(loss, bounds=(0.2, 4), method="bounded").fun

    all_ = least(rate, size)
    worth = {
        "all: lead to won": all_ - np.mean([least(one[None], size) for one in rate]),
        "all: deal size": all_ - np.mean([least(rate, one[None, None]) for one in size[0]]),
    }
    found = value_of_information(plan)
    assert found.price == pytest.approx(price, rel=0.02)
    assert found.inputs == ("all: lead to won", "all: deal size")
    for key, one in zip(found.inputs, found.worth, strict=True):
        assert one == pytest.approx(worth[key], rel=0.05)
    assert (found.worth_half < found.worth).all()
    assert found.of_all > found.worth.max()
    assert found.unit == "money"
    assert found.cost == pytest.approx(100 * leads)


def test_leads_fewer_at_the_same_chance_by_the_same_grid(plan):
    """For every rate, the leads that meet the target in 80 of 100 cases over sizes and chance."""
    leads, places = plan.leads.sum(), (np.arange(60) + 0.5) / 60
    shape = (25_000 / 3_000) ** 2
    size = stats.gamma(shape, scale=25_000 / shape).ppf(places)

    def needed(rates):
        def off(scale):
            n = scale * leads
            mean = n * rates * size
            sd = size * np.sqrt(n * rates * (1 - rates))
            return stats.norm.sf((1_000_000 - mean) / sd).mean() - 0.8

        return optimize.brentq(off, 0.1, 10)

    rate = stats.beta(30.5, 2970.5).ppf(places)
    wanted = needed(rate[:, None]) - np.mean([needed(one) for one in rate])
    found = value_of_information(plan)
    assert found.leads_saved[0] == pytest.approx(leads * wanted, rel=0.06)


def test_in_leads_where_costs_are_not_known(plan):
    bare = fk.plan.stated({"all": (30, 3_000)}, value={"mean": 25_000, "sd": 3_000}, n_draws=2_000)
    found, priced = (
        value_of_information(fk.plan.reverse(1_000_000, bare)),
        value_of_information(plan),
    )
    assert found.unit == "leads"
    assert 100 * found.worth == pytest.approx(priced.worth, rel=1e-9)
    assert "leads, to halve its doubt" in found.summary()


def test_order_and_what_is_said():
    found = value_of_information(made())
    assert (np.diff(found.worth) <= 0).all()
    assert (found.worth >= 0).all()
    doubted = {key for key, one in made().assumptions.inputs().items() if one.sd > 0}
    assert set(found.inputs) == doubted
    assert "outbound: deal size" in found.known
    assert {k for k, some in zip(found.inputs, found.measured, strict=True) if not some} == {
        "in flight"
    }
    said = found.summary()
    assert said.startswith("The number most worth measuring better is ")
    assert "is worth EUR " in said
    assert found.to_frame()["worth"].tolist() == found.worth.tolist()
    with pytest.raises(ValueError, match="read-only"):
        found.worth[0] = 1


def test_what_time_tells_is_not_to_be_measured():
    """The deals that are open will be won or not; no study tells which."""
    given = fk.plan.stated(
        {"a": (300, 3_000)}, value={"mean": 10_000, "cv": 0.3}, in_flight=(500_000, 150_000)
    )
    found = value_of_information(fk.plan.reverse(800_000, given))
    assert found.inputs == ("in flight", "a: lead to won")
    said = found.summary()
    assert said.startswith("The number most worth measuring better is the rate from lead to won")
    assert "what is in flight would be worth " in said
    assert "time tells it, and no study" in said


def test_a_models_joint_rates_are_one_input():
    plan = fk.plan.reverse(1_200_000, jointly())
    found = value_of_information(plan)
    assert "inbound: lead to won" in found.inputs
    assert "inbound: opportunity to won" not in found.inputs


def test_nothing_to_learn_and_nothing_to_choose():
    assert "nothing is to be learned" in value_of_information(chain()).summary()
    with pytest.raises(EvidenceError, match="The plan has no leads"):
        value_of_information(too_late())
    with pytest.raises(ArgumentError, match="`reverse` or `optimise`"):
        value_of_information(None)
