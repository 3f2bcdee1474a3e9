"""Hazards against quadrature and a slow second version; what shrinks, and what has no data."""

import numpy as np
import pytest
from scipy import special, stats

from funnelkit.forecast.recurring_revenue.effects import by_age, by_month, by_segment, level
from funnelkit.forecast.recurring_revenue.hazards import Counts, drawn_hazards

BASE = float(special.logit(0.02))
QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)


def counts(events, exposed, **places):
    events = np.asarray(events, float)
    return Counts(
        events=events,
        exposed=np.asarray(exposed, float),
        places={"level": np.zeros(len(events), np.int64)}
        | {name: np.asarray(of, np.int64) for name, of in places.items()},
    )


def drawn(given, *effects, n_draws=4000, seed=5):
    return drawn_hazards(
        given, effects, base=BASE, n_draws=n_draws, rng=np.random.default_rng(seed)
    )


@pytest.mark.parametrize(
    ("events", "exposed"), [(0, 10), (0, 1000), (1, 100), (3, 100), (1, 3), (20, 1000)]
)
def test_one_hazard_is_that_of_quadrature(events, exposed):
    logits = np.linspace(-16, 9, 40_001)
    density = stats.norm.logpdf(logits, BASE, 1.5) + events * logits
    density = special.softmax(density - exposed * np.logaddexp(0, logits))
    wanted = special.expit(np.interp(QUANTILES, np.cumsum(density), logits))
    found = drawn(counts([events], [exposed]), level(1.5), n_draws=20_000)
    hazard = special.expit(BASE + found.draws["level"][:, 0])
    assert np.quantile(hazard, QUANTILES) == pytest.approx(wanted, rel=0.08)
    assert hazard.mean() == pytest.approx((density * special.expit(logits)).sum(), rel=0.03)


def test_segments_are_those_of_draws_from_the_prior():
    events, exposed = np.array([2.0, 12.0, 5.0]), np.array([100.0, 100.0, 60.0])
    rng = np.random.default_rng(8)
    prior = BASE + 1.5 * rng.standard_normal((400_000, 1))
    sds = 0.5 * np.abs(rng.standard_normal((400_000, 1)))
    logits = prior + sds * rng.standard_normal((400_000, 3))
    weights = special.softmax((events * logits - exposed * np.logaddexp(0, logits)).sum(axis=1))
    wanted = weights @ special.expit(logits)
    found = drawn(
        counts(events, exposed, segment=[0, 1, 2]), level(1.5), by_segment(3), n_draws=10_000
    )
    hazard = special.expit(BASE + found.draws["level"] + found.draws["segment"])
    assert hazard.mean(axis=0) == pytest.approx(wanted, rel=0.04)
    low, high = np.quantile(hazard, [0.1, 0.9], axis=0)
    inside = (special.expit(logits) > low) & (special.expit(logits) < high)
    assert weights @ inside == pytest.approx(0.8, abs=0.03)
    raw = events / exposed  # each is drawn towards the others
    assert raw[0] < hazard[:, 0].mean() < hazard[:, 1].mean() < raw[1]


def test_a_renewal_not_yet_seen_goes_by_the_one_that_was():
    ages = np.arange(1, 21)
    events = np.where(ages == 12, 30, 1)
    found = drawn(
        counts(events, 100 + 0 * ages, age=ages), level(1.5), by_age(20, 36, renewals=True)
    )
    hazard = special.expit(BASE + found.draws["level"] + found.draws["age"])
    assert hazard[:, 12].mean() == pytest.approx(0.3, abs=0.05)
    mean = hazard.mean(axis=0)
    assert mean[24] > 5 * mean[23]
    assert mean[36] > 5 * mean[35]
    # Ages that nobody has reached are known less well.
    spread = found.draws["age"].std(axis=0)
    assert spread[24] > spread[12]
    assert spread[35] > spread[19]


@pytest.mark.parametrize(("spread", "low", "high"), [(0.0, 0.0, 0.15), (0.7, 0.45, 1.0)])
def test_months_that_differ_more_than_chance_are_seen(spread, low, high):
    rng = np.random.default_rng(4)
    months = np.arange(48)
    chance = special.expit(special.logit(0.1) + spread * rng.standard_normal(48))
    events = rng.binomial(400, chance)
    found = drawn(
        counts(events, 400 + 0 * months, month=months), level(1.5), by_month(48, 6, season=False)
    )
    assert low <= found.draws["month"][:, 48:].std(axis=0)[0] <= high


def test_doubt_about_months_to_come_grows():
    months = np.arange(30)
    given = counts(np.full(30, 4), np.full(30, 100), month=months)
    found = drawn(given, level(1.5), by_month(30, 24))
    spread = found.draws["month"].std(axis=0)
    assert spread[53] > spread[30] > spread[29]


def test_the_same_seed_gives_the_same():
    given = counts([1, 2], [50, 60], segment=[0, 1])
    one, two = (drawn(given, level(1.5), by_segment(2), n_draws=50) for _ in range(2))
    assert (one.draws["segment"] == two.draws["segment"]).all()
    assert 0 < one.amounts["segment"][0] < 1
