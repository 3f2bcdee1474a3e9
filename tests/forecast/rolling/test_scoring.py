"""Scores of draws, against obvious slow versions and literals."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from funnelkit.forecast.rolling import scoring


def slow_crps(draws: list[float], came: float) -> float:
    """Gneiting and Raftery (2007), eq. 21, by all pairs."""
    far = sum(abs(x - came) for x in draws) / len(draws)
    apart = sum(abs(x - y) for x, y in product(draws, draws)) / len(draws) ** 2
    return far - apart / 2


def test_scores_are_those_of_a_slow_version() -> None:
    rng = np.random.default_rng(3)
    draws, came = rng.poisson(6, size=(40, 7)).astype(float), rng.poisson(6, size=7).astype(float)
    found = scoring.scored(draws, came)
    for k in range(7):
        own = sorted(draws[:, k].tolist())
        assert found.crps[k] == pytest.approx(slow_crps(own, came[k]))
        assert found.pit_low[k] == sum(x < came[k] for x in own) / 40
        assert found.pit_high[k] == sum(x <= came[k] for x in own) / 40
        # the smallest draw not exceeded by at least this share of them: 2 of 40, and 38 of 40
        assert found.low[k, scoring.LEVELS.index(0.9)] == own[1]
        assert found.high[k, scoring.LEVELS.index(0.9)] == own[37]
        losses = []
        for share in scoring.SHARES:
            q = own[int(np.ceil(share * 40 - 1e-9)) - 1]
            losses.append(share * (came[k] - q) if came[k] >= q else (1 - share) * (q - came[k]))
        assert found.pinball[k] == pytest.approx(2 * sum(losses) / len(losses))


def test_money_is_interpolated() -> None:
    found = scoring.scored([[0.0], [10.0]], [5.0], unit="value")
    assert found.low[0, scoring.LEVELS.index(0.8)] == pytest.approx(1.0)
    assert found.high[0, scoring.LEVELS.index(0.8)] == pytest.approx(9.0)


def test_what_has_not_come_is_not_scored() -> None:
    found = scoring.scored([[1.0, 1.0], [3.0, 3.0]], [2.0, np.nan])
    assert found.crps[0] == 0.5
    for name in ("crps", "pinball", "pit_low", "pit_high"):
        assert np.isnan(getattr(found, name)[1])
    assert found.median.tolist() == [1.0, 1.0]


def test_a_certain_forecast_has_its_absolute_error() -> None:
    found = scoring.scored(np.full((5, 1), 7.0), [10.0])
    assert found.crps.tolist() == [3.0]
    assert found.low[0].tolist() == found.high[0].tolist() == [7.0] * 4


def test_crps_is_that_of_the_normal_distribution() -> None:
    # Gneiting and Raftery (2007), eq. 5 (p. 367): CRPS(N(0, 1), 0.5) by its closed form
    z = 0.5
    closed = z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi)
    draws = stats.norm.ppf((np.arange(4000) + 0.5) / 4000)[:, None]
    assert scoring.scored(draws, [z], unit="value").crps[0] == pytest.approx(closed, abs=1e-3)


def test_scale_is_the_error_of_the_naive_forecast() -> None:
    # gaps of 2 within 4, 7, 1, 9: |1 - 4|, |9 - 7|
    assert scoring.scale([4.0, 7.0, 1.0, 9.0], 2) == 2.5
    assert np.isnan(scoring.scale([5.0, 5.0, 5.0], 1))
    assert np.isnan(scoring.scale([5.0], 1))
    assert np.isnan(scoring.scale([], 12))
    assert scoring.scale([1.0, np.nan, 3.0, 4.0], 1) == 1.0


def slow_pit(low: list[float], high: list[float], bins: int) -> list[float]:
    """Czado, Gneiting and Held (2009), eqs. 2 and 3, by a fine grid."""
    steps = 20000
    shares = np.zeros(bins)
    for a, b in zip(low, high, strict=True):
        u = a + (np.arange(steps) + 0.5) / steps * (b - a)
        places = np.minimum((u * bins).astype(int), bins - 1)
        shares += np.bincount(places, minlength=bins) / steps
    return (shares / len(low)).tolist()


def test_pit_is_spread_over_the_step_of_a_count() -> None:
    rng = np.random.default_rng(1)
    ends = np.sort(rng.random((30, 2)), axis=1)
    found = scoring.pit_shares(ends[:, 0], ends[:, 1], 7)
    assert found == pytest.approx(slow_pit(ends[:, 0].tolist(), ends[:, 1].tolist(), 7), abs=1e-3)


@pytest.mark.parametrize(
    ("place", "wanted"), [(0.0, [1, 0, 0]), (0.5, [0, 1, 0]), (1.0, [0, 0, 1]), (0.9, [0, 0, 1])]
)
def test_pit_of_a_point_stands_in_one_bin(place: float, wanted: list[float]) -> None:
    assert scoring.pit_shares([place], [place], 3).tolist() == wanted


def test_pit_shares_sum_to_one() -> None:
    rng = np.random.default_rng(2)
    draws, came = rng.poisson(2, size=(50, 30)), rng.poisson(2, size=30)
    found = scoring.scored(draws, came)
    assert scoring.pit_shares(found.pit_low, found.pit_high, 10).sum() == pytest.approx(1.0)


def test_blocks_keep_neighbours_together() -> None:
    found = scoring.blocks(range(6), 6, n=5, rng=np.random.default_rng(0))
    assert (found == 1).all()  # a run as long as the circle holds each origin once
    single = scoring.blocks(range(6), 1, n=4000, rng=np.random.default_rng(0))
    assert (single.sum(axis=1) == 6).all()
    # a draw of 6 with replacement: the count of one origin is binomial(6, 1/6), variance 5/6
    assert single[:, 0].var() == pytest.approx(5 / 6, rel=0.1)
    pairs = scoring.blocks(range(6), 3, n=50, rng=np.random.default_rng(0))
    assert (pairs.sum(axis=1) == 6).all()
    with_next = np.minimum(pairs, np.roll(pairs, -1, axis=1)).sum(axis=1)
    assert (with_next >= 4).all()  # two runs of three have two neighbouring pairs each
