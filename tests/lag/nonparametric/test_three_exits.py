"""Won, lost and disqualified competing, with many ties, against a slow version and statsmodels."""

import warnings

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.duration.survfunc import CumIncidenceRight

from funnelkit import lag
from tests.reference import product_limit as slow
from tests.reference.leads import Lead, triangle

NAMES = ("won", "lost", "disqualified")
EXITS = NAMES[1:]


@st.composite
def some_leads(draw):
    """Few ages, so that outcomes and ends of observation fall on the same days."""
    leads = []
    for _ in range(draw(st.integers(1, 30))):
        followed = draw(st.integers(0, 5))
        outcome = draw(st.sampled_from([None, *NAMES]))
        late = draw(st.integers(0, followed))
        age = None if outcome is None else draw(st.integers(late, followed))
        leads.append(Lead(followed, outcome, age, late=late))
    return leads


@given(some_leads())
@settings(max_examples=100, deadline=None)
def test_curves_and_variances_are_those_of_the_slow_version(leads):
    fit = lag.fit_competing(triangle(leads, exits=EXITS))
    days = range(fit.horizon + 1)
    total = np.zeros(fit.horizon + 1)
    for name in NAMES:
        found = fit.rate_at(days, outcome=name)[0, 0]
        np.testing.assert_allclose(found, [slow.rate(leads, a, name) for a in days], atol=1e-12)
        expected = [slow.marubini_valsecchi(leads, a, name) for a in days]
        variances = fit._curves.variances[NAMES.index(name), 0, 0]
        np.testing.assert_allclose(variances, expected, atol=1e-12)
        total += found
    np.testing.assert_allclose(1 - total, [slow.undecided(leads, a) for a in days], atol=1e-12)


def test_they_are_those_of_statsmodels_under_ties():
    rng = np.random.default_rng(6)
    times, codes = rng.integers(0, 8, 400), rng.integers(0, 4, 400)
    leads = [
        Lead(8, NAMES[code - 1], int(time)) if code else Lead(int(time))
        for time, code in zip(times, codes, strict=True)
    ]
    fit = lag.fit_competing(triangle(leads, exits=EXITS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # theirs, where all leave at the end
        oracle = CumIncidenceRight(times, codes)
    ages = oracle.times.astype(int)
    for k, name in enumerate(NAMES):
        rates = fit.rate_at(ages, outcome=name)[0, 0]
        np.testing.assert_allclose(rates, oracle.cinc[k], atol=1e-12)


def test_on_a_day_with_all_of_them_events_come_before_the_end_of_observation():
    """Six leads on day 2: one won, one lost, one disqualified, three open then; one open later:
    of 7 at risk, so 1/7 each."""
    leads = [Lead(2, name, 2) for name in NAMES] + [Lead(2)] * 3 + [Lead(3)]
    fit = lag.fit_competing(triangle(leads, exits=EXITS))
    for name in NAMES:
        np.testing.assert_allclose(fit.rate_at([1, 2, 3], outcome=name)[0, 0], [0, 1 / 7, 1 / 7])


@given(some_leads())
@settings(max_examples=30, deadline=None)
def test_one_exit_from_two_is_their_sum(leads):
    apart = lag.fit_competing(triangle(leads, exits=EXITS))
    merged = [x._replace(outcome="lost") if x.outcome in EXITS else x for x in leads]
    together = lag.fit_competing(triangle(merged))
    days = range(apart.horizon + 1)
    np.testing.assert_allclose(apart.rate_at(days), together.rate_at(days), atol=1e-12)
    split = sum(apart.rate_at(days, outcome=name) for name in EXITS)
    np.testing.assert_allclose(split, together.rate_at(days, outcome="lost"), atol=1e-12)
