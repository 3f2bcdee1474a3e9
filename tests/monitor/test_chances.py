"""Tails, windows and budgets against SciPy, simulation and hand counts."""

import numpy as np
import pytest
from scipy import stats

from funnelkit.monitor.board.chances import adjusted, chance_of_any, count_tails, held
from funnelkit.monitor.board.scores import Counted, Season, season_of, windows


class TestTails:
    def test_poisson(self):
        low, high = count_tails(np.array([3.0]), np.array([7.5]), np.array([7.5]))
        assert low[0] == pytest.approx(stats.poisson.cdf(3, 7.5))
        assert high[0] == pytest.approx(stats.poisson.sf(2, 7.5))

    def test_negative_binomial(self):
        low, high = count_tails(np.array([3.0]), np.array([8.0]), np.array([20.0]))
        law = stats.nbinom(64 / 12, 0.4)  # mean 8, variance 20
        assert (law.mean(), law.var()) == pytest.approx((8, 20))
        assert (low[0], high[0]) == pytest.approx((law.cdf(3), law.sf(2)))

    def test_binomial(self):
        low, high = count_tails(np.array([3.0, 12.0]), np.array([6.0, 6.0]), np.array([3.0, 3.0]))
        law = stats.binom(12, 0.5)
        assert (low[0], high[0]) == pytest.approx((law.cdf(3), law.sf(2)))
        assert (low[1], high[1]) == pytest.approx((1, 0.5**12))


class TestAny:
    def test_a_bound_that_is_near_the_simulated_chance(self):
        rng = np.random.default_rng(1)
        spread = np.sqrt(np.array([1.0, 2.0, 3.5, 5.0]))
        walk = np.cumsum(rng.standard_normal((200_000, 4)) * np.sqrt([1, 1, 1.5, 1.5]), axis=1)
        for z in (2.0, 3.0):
            share = (np.abs(walk / spread) > z).any(axis=1).mean()
            bound = float(chance_of_any(np.array([z]), spread[None])[0])
            assert share * 0.97 < bound < share * 1.12

    def test_held_and_adjusted_agree(self):
        chances = np.array([0.2, 0.004, 0.03, 0.0121, 0.5])
        assert held(chances, 0.05).tolist() == [False, True, False, True, False]  # .01, .0125, …
        assert (adjusted(chances) <= 0.05).tolist() == held(chances, 0.05).tolist()
        assert held(np.zeros(0), 0.05).tolist() == []


def rate(observed, entered, mature=None):
    mature = np.asarray(entered, float) * (1 if mature is None else np.asarray(mature))
    observed = np.asarray(observed, float)
    usual = observed.sum(axis=1, keepdims=True) / mature.sum(axis=1, keepdims=True)
    base = usual * mature
    share = np.clip(base / np.asarray(entered, float), 0, 0.98)
    return Counted(
        observed=observed, base=base, chance=(1 - share) / np.maximum(base, 1e-9), share=share
    )


PLACES = (np.arange(18.0) % 12, np.arange(18.0) % 3)


class TestWindows:
    def test_calibrated_where_nothing_changed(self):
        """Far fewer than stated stand out: doubt about level and noise is in each prediction."""
        rng = np.random.default_rng(3)
        entered = np.full((400, 18), 300.0)
        mature = np.ones(18)
        mature[-3:] = (0.9, 0.6, 0.3)
        series = rate(rng.binomial(300, 0.2 * mature, (400, 18)), entered, mature)
        found = windows(series, Season(), PLACES, longest=6)
        least = 2 * np.minimum(found.low, found.high)
        for share in (0.01, 0.05):
            assert (least < share).mean() < 1.3 * share
        scores = found.scores[:, 6:]
        assert abs(scores.mean()) < 0.05
        assert 0.85 < scores.std() < 1.05

    def test_a_drop_lies_where_it_began(self):
        rng = np.random.default_rng(4)
        share = np.where(np.arange(18) >= 15, 0.12, 0.2)
        series = rate(rng.binomial(500, share, (50, 18)), np.full((50, 18), 500.0))
        found = windows(series, Season(), PLACES, longest=6)
        assert np.median(found.low.argmin(axis=1)) == 2  # three months
        ratio = (found.observed / found.expected)[:, 2]
        assert ratio.mean() == pytest.approx(0.6, abs=0.03)

    def test_unknown_months_say_nothing(self):
        rng = np.random.default_rng(5)
        entered = np.full((1, 18), 300.0)
        series = rate(rng.binomial(300, 0.2, (1, 18)), entered)
        base = series.base.copy()
        base[:, :5] = 0
        some = Counted(
            observed=series.observed, base=base, chance=series.chance, share=series.share
        )
        odd = series.observed.copy()
        odd[:, :5] = 10_000
        other = Counted(observed=odd, base=base, chance=series.chance, share=series.share)
        one, two = (windows(each, Season(), PLACES, longest=4) for each in (some, other))
        assert np.allclose(one.low, two.low)
        assert np.isnan(one.scores[0, :5]).all()

    def test_a_quarter_end_is_learned_and_is_no_drop(self):
        rng = np.random.default_rng(6)
        share = np.where(np.arange(18) % 3 == 2, 0.8, 0.5)
        series = rate(rng.binomial(400, share[:16], (1, 16)), np.full((1, 16), 400.0))
        places = (PLACES[0][:16], PLACES[1][:16])
        season = season_of(series, places, 12, 12)
        assert season.quarter >= 0.2
        found = windows(series, season, places, longest=4)
        assert found.low.min() > 0.05
        assert season_of(series, places, 12, 5) == Season()
