"""First answers in time: published tables, exact fractions, a simulated line, and large numbers."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit._core.errors import ArgumentError
from funnelkit.plan import agents_needed, service_level
from tests.reference.waiting_line import served, waiting_share

# R package ErlangC 0.1.0 (CRAN), README, `calculate_agents(100, 30 min, 180 s, 20 s, 0.8, ...)`:
# agents, share that waits, service level, mean wait in seconds, occupancy.
PUBLISHED = [
    (11, 0.6821182, 0.3896138, 122.78127684408, 0.9090909),
    (12, 0.4493882, 0.640158, 40.4449401868444, 0.8333333),
    (13, 0.2852705, 0.7955948, 17.1162271821896, 0.7692308),
    (14, 0.1741319, 0.88835, 7.83593701177724, 0.7142857),
]


@pytest.mark.parametrize(("agents", "waiting", "level", "wait", "busy"), PUBLISHED)
def test_published_table(agents, waiting, level, wait, busy):
    found = service_level(100, agents, handling_minutes=3, within_seconds=20)
    assert found.load == 10  # 100 contacts x 3 min / 30 min
    assert found.waiting == pytest.approx(waiting, abs=5e-8)
    assert found.service_level == pytest.approx(level, abs=5e-8)
    assert found.mean_wait_seconds == pytest.approx(wait, rel=1e-12)
    assert found.occupancy == pytest.approx(busy, abs=5e-8)


def test_the_issue_s_example():
    found = agents_needed(100, handling_minutes=3, within_seconds=20, service_level=0.8)
    assert found.agents == 14
    assert round(found.service_level, 4) == 0.8884
    assert round(found.occupancy, 4) == 0.7143  # 10 / 14
    shrunk = agents_needed(100, handling_minutes=3, shrinkage=0.3, most_occupancy=0.85)
    assert (shrunk.agents, shrunk.scheduled) == (14, 20)  # 14 / .7, as the R package has it
    busier = agents_needed(100, handling_minutes=3, most_occupancy=0.6)
    assert busier.agents == 17  # 10 / .6 = 16.7


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 60), st.integers(1, 400))
def test_as_exact_fractions(agents, tenths):
    load = Fraction(tenths, 10)
    found = service_level(float(load), agents, handling_minutes=1, interval_minutes=1)
    if load >= agents:
        assert not found.stable
        assert (found.service_level, found.mean_wait_seconds) == (0.0, math.inf)
        return
    exact = waiting_share(load, agents)
    assert found.waiting == pytest.approx(float(exact), rel=1e-11)
    longer = float(exact) * math.exp(-(agents - float(load)) * 20 / 60)
    assert found.service_level == pytest.approx(1 - longer, rel=1e-11)


@settings(deadline=None, max_examples=60)
@given(
    st.floats(0.0, 80.0),
    st.floats(0.0, 0.99),
    st.floats(0.0, 600.0),
)
def test_the_fewest_agents(load, level, within):
    asked = {"handling_minutes": 1.0, "interval_minutes": 1.0, "within_seconds": within}
    found = agents_needed(load, service_level=level, **asked)
    assert found.service_level >= level
    assert found.stable
    if found.agents:
        fewer = service_level(load, found.agents - 1, **asked)
        assert not fewer.stable or fewer.service_level < level


def test_a_load_between_whole_numbers_needs_no_agent_too_many():
    """Load 1.6, 30 % within 20 min: 2 answer 95 % (a search that starts at 3 would say 3)."""
    found = agents_needed(16, handling_minutes=3, within_seconds=1200, service_level=0.3)
    assert found.agents == 2
    assert found.service_level == pytest.approx(0.9505895457971189, rel=1e-12)


def test_a_simulated_line():
    """About four standard deviations of 60,000 contacts that hang together for a while."""
    rng = np.random.default_rng(5)
    found = service_level(100, 12, handling_minutes=3, within_seconds=20)
    level, wait, busy = served(
        rng,
        contacts=60_000,
        per_minute=100 / 30,
        handling_minutes=3,
        agents=12,
        within_seconds=20,
    )
    assert level == pytest.approx(found.service_level, abs=0.03)
    assert wait == pytest.approx(found.mean_wait_seconds, rel=0.15)
    assert busy == pytest.approx(found.occupancy, abs=0.01)


def test_large_numbers_stay_finite():
    """Square-root staffing (Halfin and Whitt 1981, eq. 2.3): with beta = 1 about .2234 wait."""
    load = 40_000.0
    found = service_level(load, 40_200, handling_minutes=1, interval_minutes=1)
    normal = math.exp(-0.5) / math.sqrt(2 * math.pi)
    below = (1 + math.erf(1 / math.sqrt(2))) / 2
    assert found.waiting == pytest.approx(1 / (1 + below / normal), abs=2e-3)
    assert agents_needed(load, handling_minutes=1, interval_minutes=1).agents < 40_300


def test_no_contacts_need_nobody():
    assert agents_needed(0, handling_minutes=3).agents == 0
    assert service_level(0, 0, handling_minutes=3).service_level == 1.0


def test_words():
    found = service_level(100, 14, handling_minutes=3)
    assert found.summary().startswith("14 people answer 88.8")
    assert "grows without end" in service_level(100, 10, handling_minutes=3).summary()
    assert "At least 11" in service_level(100, 10, handling_minutes=3).summary()
    assert found.to_frame().loc[0, "agents"] == 14


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"contacts": -1}, "`contacts` must be a number of at least 0; got -1"),
        ({"handling_minutes": 0}, "`handling_minutes` must be above 0"),
        ({"service_level": 80}, "did you mean 0.8"),
        ({"service_level": 1.0}, "`service_level` must be from 0 to below 1"),
        ({"shrinkage": 1}, "`shrinkage` must be from 0 to below 1"),
        ({"most_occupancy": 85}, "did you mean 0.85"),
        ({"contacts": 1e12}, "look at the units"),
        ({"contacts": "many"}, "`contacts` must be a number"),
    ],
)
def test_foolish(asked, words):
    good = {"contacts": 100, "handling_minutes": 3}
    with pytest.raises(ArgumentError, match=words):
        agents_needed(**(good | asked))


def test_all_at_once():
    with pytest.raises(ArgumentError, match="3 problems"):
        agents_needed(-1, handling_minutes=0, service_level=2)
    with pytest.raises(ArgumentError, match="`agents` must be a whole number"):
        service_level(100, 1.5, handling_minutes=3)
