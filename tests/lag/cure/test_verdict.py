"""Verdicts of mixture-cure fits: the evidence, and the bound that stands in place of a rate."""

import numpy as np
import pytest

from funnelkit import lag
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import Interval
from funnelkit.lag.choosing.follow_up import maller_zhou
from funnelkit.lag.choosing.showing import Shown, bound_in_words, shown_of
from funnelkit.lag.verdicts import least_certain, lift_of, verdict_of
from tests.reference.leads import Lead, triangle

QUICK = [0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 11]


def mature(n=200):
    """Every conversion came within 11 of 100 days."""
    return triangle([*[Lead(100, "won", age) for age in QUICK], *[Lead(100)] * n])


def young(n=200):
    """Conversions come as fast at the last age as at the first."""
    return triangle([*[Lead(30, "won", age) for age in range(0, 31, 2)], *[Lead(30)] * n])


class TestTheRule:
    def test_a_small_share_seen_alone_mutes_nothing(self):
        assert verdict_of(converted=900, lift=1.3, seen=0.6) == "extrapolated"
        assert verdict_of(converted=900, lift=1.3, seen=0.9) == "measured"

    def test_what_makes_a_bound(self):
        sound = {"converted": 50, "lift": 1.1, "seen": 0.99, "told": 50}
        assert verdict_of(**sound) == "measured"
        for worse in ({"converted": 0}, {"told": 4}, {"lift": 2.1}, {"converged": False}):
            assert verdict_of(**(sound | worse)) == "bound only"
        assert verdict_of(**sound, apart=True) == "extrapolated"

    def test_the_least_certain(self):
        words = np.array([["measured", "bound only"], ["extrapolated", "measured"]])
        assert least_certain(words) == "bound only"
        assert least_certain(words[:, :1]) == "extrapolated"
        assert least_certain(words[:0]) == "measured"

    def test_lift_is_the_larger_factor(self):
        assert lift_of(low=0.05, high=0.3, known_low=0.1, known_high=0.2) == pytest.approx(2.0)
        assert lift_of(low=0.0, high=0.1, known_low=0.0, known_high=0.2) == 1.0


class TestMallerZhou:
    def test_by_hand(self):
        """Ages 2, 3 and 9 convert, followed to 12: N counts ages in (6, 9], one of 20 leads."""
        came = np.bincount([2, 3, 9], minlength=13)
        found = maller_zhou(came, np.bincount([12] * 20))
        assert found.q == pytest.approx(1 / 20)
        assert found.alpha == pytest.approx(0.95**20)
        assert (found.n, found.last_conversion, found.followed_to) == (20, 9, 12)

    def test_its_edges(self):
        assert maller_zhou([0, 0], [0, 5]).alpha == 1.0
        assert maller_zhou([0, 3], [0, 5]).q == 0.0  # the last conversion is as late as can be
        assert maller_zhou([2, 0, 0, 0], [0, 0, 0, 9]).q == pytest.approx(2 / 9)
        assert maller_zhou([0], [0]).followed_to == -1


class TestShown:
    def test_measured(self):
        fit = lag.fit_cure(mature())
        rate, low, high = fit.shown()
        assert fit.verdict == "measured"
        np.testing.assert_array_equal(rate, fit.ultimate)
        np.testing.assert_array_equal((low, high), fit.confidence_interval())
        evidence = fit.evidence
        assert evidence.verdict == "measured"
        assert evidence.converted[0, 0] == len(QUICK)
        assert 1 <= evidence.lift[0, 0] < 1.2
        assert evidence.seen[0, 0] > 0.99
        # the last at 11 days, followed to 100: every conversion is in (-78, 11]
        assert evidence.maller_zhou[0].q == pytest.approx(len(QUICK) / 214)
        assert "Measured, by 214 leads: 14 conversions" in evidence.summary()

    def test_at_least(self):
        fit = lag.fit_cure(young())
        rate, low, high = fit.shown()
        assert fit.verdict == "bound only"
        assert fit.evidence.open_ended.all()
        assert np.isnan(rate).all()
        assert high[0, 0] == 1
        assert low[0, 0] == pytest.approx(fit.confidence_interval().low[0, 0], rel=1e-9)
        assert "at least" in fit.summary()
        assert "nan" not in repr(fit).lower()
        row = fit.to_frame().iloc[0]
        assert np.isnan(row["ultimate"])
        assert row["ultimate_low"] == low[0, 0]
        assert "no upper bound" in fit.evidence.summary()

    def test_one_conversion_tells_no_pace(self):
        """The likeliest pace of one conversion could have brought it on no other day."""
        fit = lag.fit_cure(triangle([Lead(150, "won", 1), *[Lead(150)] * 199]))
        assert fit.seen[0, 0] > 0.99
        assert fit.verdict == "bound only"
        rate, low, high = fit.shown()
        assert np.isnan(rate[0, 0])
        assert 0 < low[0, 0] < 0.005 < high[0, 0] < 0.1

    def test_a_top_that_is_a_spike(self):
        """Few conversions within days: the end far off is climbed to from another top."""
        rng = np.random.default_rng(492)
        begins = rng.uniform(0, 91, 200)
        ends = np.floor(begins + 60 * rng.weibull(0.8, 200))
        came, entry = (rng.random(200) < 0.02) & (ends <= 90), np.floor(begins)
        leads = [
            Lead(int(90 - day), "won" if won else None, int(end - day) if won else None)
            for day, end, won in zip(entry, ends, came, strict=True)
        ]
        fit = lag.fit_cure(triangle(leads))
        for level in (0.5, 0.8, 0.91, 0.95):
            low, high = fit.confidence_interval(confidence_level=level)
            assert 0 < low[0, 0] < fit.ultimate[0, 0] < high[0, 0] <= 1

    def test_a_segment_without_a_conversion_is_bounded_from_above(self):
        leads = [Lead(100, "won", age, segment="ads") for age in QUICK]
        leads += [*[Lead(100, segment="ads")] * 90, *[Lead(100, segment="web")] * 150]
        fit = lag.fit_cure(triangle(leads, by=True))
        rate, low, high = fit.shown()
        assert low[1, 0] == 0
        assert np.isnan(rate[1, 0])
        assert high[1, 0] == pytest.approx(1 - 0.05 ** (1 / 150), rel=1e-3)
        assert fit.evidence.to_frame()["verdict"].tolist() == ["measured", "bound only"]

    def test_levels(self):
        fit = lag.fit_cure(mature())
        assert isinstance(shown_of(fit, 0.8), Shown)
        assert fit.shown(confidence_level=0.5).low[0, 0] > fit.shown().low[0, 0]
        with pytest.raises(ArgumentError, match="confidence_level"):
            fit.shown(confidence_level=95)

    def test_words(self):
        assert bound_in_words(0.1, 1.0).startswith("at least 10.0")
        assert bound_in_words(0.0, 0.1).startswith("at most 10.0")
        assert bound_in_words(0.1, 0.25).startswith("between 10.0 and 25.0")


def test_an_estimate_that_is_shown_is_not_outside_of_its_ends() -> None:
    """The family chosen may be one of small weight; of a bound only, no estimate is shown."""

    class Fit:
        ultimate = np.array([[0.4, 0.4, 0.1, 0.4]])
        verdicts = np.array([["measured", "bound only", "extrapolated", "measured"]])

        def unified_interval(self, *, confidence_level: float) -> Interval:
            return Interval(np.array([[0.1, 0.1, 0.2, 0.3]]), np.array([[0.3, 0.3, 0.3, 0.5]]))

    rate, low, high = shown_of(Fit(), 0.95)
    assert np.isnan(rate[0, 1])
    assert low.tolist() == [[0.1, 0.1, 0.1, 0.3]]
    assert high.tolist() == [[0.4, 0.3, 0.3, 0.5]]
