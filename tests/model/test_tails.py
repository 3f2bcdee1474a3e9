"""How many move on later than was seen: known families, cut off early."""

import numpy as np
import pytest
from scipy import stats

from funnelkit.model.tails import NO_TAIL, tail_of


def cut(family, last):
    """Shares by each day up to the last one, and the share of those by twice it that is seen."""
    by_day = family.cdf(np.arange(last + 1) + 0.5)
    return by_day / by_day[-1], family.cdf(last + 0.5) / family.cdf(2 * last + 0.5)


@pytest.mark.parametrize(
    ("family", "last"),
    [
        (stats.expon(scale=40), 40),
        (stats.weibull_min(0.7, scale=30), 60),
        (stats.lognorm(1.2, scale=20), 60),
        (stats.fisk(1.3, scale=15), 60),
    ],
)
def test_what_was_cut_off_is_found_again(family, last):
    passed, truth = cut(family, last)
    found = tail_of(passed, 400)
    assert found.seen == pytest.approx(truth, abs=0.06)
    drawn = found.sample(4000, np.random.default_rng(1))
    assert drawn.mean() == pytest.approx(truth, abs=0.06)
    assert 0.005 < drawn.std() < 0.1
    whole = found.lengthened(passed)
    assert len(whole) == 2 * last + 1
    assert (np.diff(whole) >= -1e-12).all()
    assert whole[-1] == pytest.approx(1)
    assert whole[last] == pytest.approx(found.seen)


def test_nothing_is_added_where_all_has_been_seen():
    passed, _ = cut(stats.weibull_min(1.4, scale=55), 600)
    assert tail_of(passed, 2000).seen > 0.999


@pytest.mark.parametrize(("last", "wins"), [(5, 500), (60, 5), (0, 500)])
def test_of_few_conversions_or_days_nothing_is_said(last, wins):
    found = tail_of(np.linspace(0.5, 1, last + 1), wins)
    assert found is NO_TAIL
    assert found.seen == 1
    assert found.sample(3, np.random.default_rng(1)).tolist() == [1, 1, 1]
    assert found.lengthened(np.array([0.5, 1.0])).tolist() == [0.5, 1.0]


def test_a_year_ahead_is_the_farthest():
    passed, _ = cut(stats.lognorm(1.5, scale=200), 500)
    assert len(tail_of(passed, 300).beyond) == 365
