"""The lag curve: its line, band, dashes and numbers are those of the fit."""

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

import funnelkit as fk
from funnelkit._core.interval import Interval


def curve(ax: Axes, label: str) -> tuple[np.ndarray, np.ndarray]:
    parts = [one for one in ax.lines if str(one.get_label()).startswith(label)]
    x = np.concatenate([np.asarray(one.get_xdata()) for one in parts])
    y = np.concatenate([np.asarray(one.get_ydata()) for one in parts])
    return x, y


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\u202f", " ").replace("\n", " ")


def caption(ax: Axes) -> str:
    return ax.get_xlabel().replace("\n", " ")


def written(ax: Axes) -> list[str]:
    return [
        text.get_text().replace("\u202f", " ") for text in ax.texts if "day" not in text.get_text()
    ]


def test_line_and_band_are_those_of_the_fit(three: fk.Triangle) -> None:
    fit = fk.lag.fit_kaplan_meier(three)
    ages = np.arange(fit.horizon + 1)
    ax = fk.plot.lag(fit)
    x, y = curve(ax, "all leads")
    by_age = dict(zip(x.astype(int), y, strict=True))
    np.testing.assert_array_equal([by_age[age] for age in ages], fit.rate_at(ages)[0, 0])
    (band,) = [one for one in ax.collections if isinstance(one, PolyCollection)]
    edge = band.get_paths()[0].vertices
    low, high = (end[0, 0] for end in fit.confidence_interval(ages))
    assert {*np.round(low, 12), *np.round(high, 12)} == {*np.round(edge[:, 1], 12)}
    assert all(
        one.get_drawstyle() == "steps-post" for one in ax.lines if one.get_label() in {"all leads"}
    )


def test_the_axis_carries_the_leads_still_followed(three: fk.Triangle) -> None:
    fit = fk.lag.fit_kaplan_meier(three)
    ax = fk.plot.lag(fit)
    labels = [text.get_text() for text in ax.get_xticklabels()]
    assert labels[0] == f"0\n{three.n:,}"
    for label in labels:
        age, followed = label.split("\n")
        assert int(followed.replace(",", "")) == fit.followed[0, 0, int(age)]


def test_it_is_dashed_from_where_fewer_than_one_in_ten_is_followed(
    make: Callable[..., fk.Triangle],
) -> None:
    triangle = make([[[(100, 60, {1: 10}), (900, 20, {1: 90, 15: 9})]]])
    fit = fk.lag.fit_kaplan_meier(triangle)
    first = int(np.flatnonzero(fit.followed[0, 0] < 0.1 * 1000)[0])
    assert first == 21
    ax = fk.plot.lag(fit)
    (dashed,) = [one for one in ax.lines if one.get_label() == "all leads, few followed"]
    assert dashed.get_linestyle() == "--"
    assert dashed.get_xdata()[0] == first
    (solid,) = [one for one in ax.lines if one.get_label() == "all leads"]
    assert solid.get_linestyle() == "-"
    assert solid.get_xdata()[-1] == first


def test_the_title_is_the_pace_counted_by_hand(make: Callable[..., fk.Triangle]) -> None:
    # All 100 are followed to day 50: 10 wins on days 0 to 9, so 5 by day 4 and 9 by day 8.
    triangle = make([[[(100, 50, dict.fromkeys(range(10), 1))]]])
    ax = fk.plot.lag(fk.lag.fit_kaplan_meier(triangle))
    assert title(ax) == (
        "Half of what reaches won within 50 days is there by day 4, nine in ten by day 8"
    )
    assert "half by day 4" in [text.get_text() for text in ax.texts]


def test_no_conversion_gives_a_bound(make: Callable[..., fk.Triangle]) -> None:
    ax = fk.plot.lag(fk.lag.fit_kaplan_meier(make([[[(60, 30, {})]]])))
    assert title(ax) == "None has reached won yet: at most 6.0 % within 30 days"


def test_few_leads_have_no_pace(make: Callable[..., fk.Triangle]) -> None:
    ax = fk.plot.lag(fk.lag.fit_kaplan_meier(make([[[(9, 30, {1: 3})]]])))
    assert title(ax) == "9 leads: too few to tell how fast they convert"
    assert "9 leads only" in [text.get_text() for text in ax.texts]


def test_a_horizon_of_no_days(make: Callable[..., fk.Triangle]) -> None:
    ax = fk.plot.lag(fk.lag.fit_kaplan_meier(make([[[(100, 0, {0: 10})]]])))
    assert curve(ax, "all leads")[1].tolist() == [0.1]


@pytest.fixture
def eight(make: Callable[..., fk.Triangle]) -> fk.Triangle:
    cells = [[[(100 * (k + 1), 10 * (k + 1), {1: 10, 5: 5})]] for k in range(8)]
    return make(cells, segments=tuple((f"s{k}",) for k in range(8)), by=("source",))


def test_the_six_largest_segments_stand_beside_all_leads(eight: fk.Triangle) -> None:
    fit = fk.lag.fit_kaplan_meier(eight)
    ax = fk.plot.lag(fit)
    np.testing.assert_array_equal(
        sorted({*curve(ax, "all leads")[1]}), sorted({*fit.pooled.rate_at(range(81))[0, 0]})
    )
    drawn = {str(one.get_label()).split(",")[0] for one in ax.lines}
    assert {f"s{k}" for k in range(2, 8)} == {name for name in drawn if name.startswith("s")}
    assert "2 further curves not shown." in caption(ax)


def test_a_segment_ends_where_it_is_followed_with_value_and_interval(eight: fk.Triangle) -> None:
    fit = fk.lag.fit_kaplan_meier(eight)
    ax = fk.plot.lag(fit)
    x, y = curve(ax, "s2")
    assert x.max() == fit.followed_to[2, 0] == 30
    low, high = (100 * end[2, 0, 0] for end in fit.confidence_interval([30]))
    said = f"s2 {100 * y[-1]:.1f} % ({low:.1f}\u2013{high:.1f})"
    assert said in [text.get_text().replace("\u202f", " ") for text in ax.texts]


def test_curves_of_cohorts_are_the_latest_ones(make: Callable[..., fk.Triangle]) -> None:
    cells = [[[(100, 90 - 5 * k, {1: 10 + k})] for k in range(9)]]
    ax = fk.plot.lag(fk.lag.fit_kaplan_meier(make(cells), pool=()))
    drawn = {str(one.get_label()) for one in ax.lines}
    assert {f"2026-0{k}" for k in range(4, 10)} <= drawn
    assert "2026-03" not in drawn


def test_names_at_the_end_do_not_cover_each_other(make: Callable[..., fk.Triangle]) -> None:
    cell = [(200, 60, {1: 20})]
    cells = [[[*cell, (50 * k, 59, {})]] for k in range(6)]
    ax = fk.plot.lag(
        fk.lag.fit_kaplan_meier(
            make(cells, segments=tuple((f"s{k}",) for k in range(6)), by=("s",))
        )
    )
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts if "%" in text.get_text()]
    assert len(boxes) == 7
    for k, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[k + 1 :])


class Tailed:
    """A fit with a tail that knows nothing of leads: p (1 - exp(-age / 20))."""

    segments = ((),)
    cohorts = pd.period_range("2026-01", periods=2, freq="M")
    outcomes = ("won",)
    horizon = None
    verdict = "extrapolated"
    high = 0.0
    ultimate = np.full((1, 2), 0.2)

    @property
    def verdicts(self):
        return np.full((1, 2), self.verdict)

    def rate_at(self, ages, *, outcome=None):
        return np.broadcast_to(0.2 * self.maturity(ages), (1, 2, len(np.atleast_1d(ages))))

    def maturity(self, ages):
        return np.broadcast_to(
            1 - np.exp(-np.atleast_1d(ages) / 20), (1, 2, len(np.atleast_1d(ages)))
        )

    def conditional(self, age, horizon=None):
        return self.rate_at(age)

    def sample(self, n, *, rng, outcome=None, ages=None):
        return np.zeros((n, 1, 2, 1))

    def confidence_interval(self, ages=None, *, confidence_level=0.95, outcome=None):
        rate = self.ultimate if ages is None else self.rate_at(ages)
        return Interval(0.9 * rate, np.maximum(rate * 1.1, self.high if self.high == 1 else 0))


def test_a_fit_with_a_tail_is_drawn_until_nearly_all_has_come() -> None:
    ax = fk.plot.lag(Tailed())
    x, y = curve(ax, "all leads")
    assert 0.99 <= y[-1] / 0.2 < 1
    np.testing.assert_allclose(y, 0.2 * (1 - np.exp(-x / 20)))
    assert title(ax) == "18.0 to 22.0 % reach won in the end, if the pace goes on as fitted"
    assert "Extrapolated: follow-up is short." in caption(ax)
    assert "\n" not in ax.get_xticklabels()[0].get_text()
    assert "ever 20.0 % (18.0\u201322.0)" in written(ax)


def test_the_pace_of_a_fit_with_a_tail_is_of_the_eventual_rate() -> None:
    fit = Tailed()
    fit.verdict = "measured"
    # 1 - exp(-a / 20) is .5 at 13.9 days and .9 at 46.1.
    assert title(fk.plot.lag(fit)) == (
        "Half of what reaches won in the end is there by day 14, nine in ten by day 47"
    )


def test_a_bound_is_drawn_in_place_of_a_rate() -> None:
    fit = Tailed()
    fit.verdict, fit.followed_to = "bound only", np.full((1, 2), 25)
    ax = fk.plot.lag(fit)
    assert title(ax) == "Too early for a rate: between 18.0 and 22.0 % reach won in the end"
    assert written(ax) == ["ever between 18.0 and 22.0 %"]
    assert curve(ax, "all leads")[0].max() == 25
    (bound,) = [one for one in ax.collections if one.get_label() == "bound"]
    (segment,) = bound.get_segments()
    np.testing.assert_allclose(segment, [[25, 0.22], [50, 0.22]])
    assert "Nobody is followed beyond day 25." in caption(ax)


def test_an_upper_end_of_one_leaves_the_lower_bound() -> None:
    fit = Tailed()
    fit.verdict, fit.followed_to = "bound only", np.full((1, 2), 25)
    fit.high = 1.0
    ax = fk.plot.lag(fit)
    # The lower end is nine tenths of .2.
    assert title(ax) == "Too early for a rate: at least 18.0 % reach won in the end"
    assert written(ax) == ["ever at least 18.0 %"]


def test_the_ground_is_hatched_beyond_the_oldest_lead(make: Callable[..., fk.Triangle]) -> None:
    # Daily wins fall off with a mean of 30 days: 95 % of them come within 90 days.
    def part(leads: int, age: int) -> tuple[int, int, dict[int, int]]:
        wins = {day: round(leads / 50 * np.exp(-day / 30)) for day in range(age + 1)}
        return leads, age, wins

    fit = fk.lag.fit_cure(make([[[part(500, 90)], [part(400, 45), part(200, 10)]]]), rates=())
    assert fit.verdict == "measured"
    ax = fk.plot.lag(fit)
    (tail,) = [one for one in ax.patches if one.get_label() == "extrapolated"]
    assert tail.get_hatch()
    x, y = curve(ax, "all leads")
    # The oldest of the 500 leads of the first cohort are 90 days old.
    assert (tail.get_x(), tail.get_x() + tail.get_width()) == (90, x.max())
    by_age = dict(zip(x.astype(int), y, strict=True))
    ages = sorted(by_age)
    np.testing.assert_array_equal([by_age[a] for a in ages], fit.rate_at(ages)[0, 0])
    labels = [text.get_text() for text in ax.get_xticklabels()]
    old = {0: 1100, 30: 900, 60: 500, 90: 500}
    for label in labels:
        age, leads = label.split("\n")
        assert int(leads.replace(",", "")) == old.get(int(age), 0)


def test_fits_are_compared_in_grey(three: fk.Triangle) -> None:
    fit, other = fk.lag.fit_cure(three, rates=()), fk.lag.fit_kaplan_meier(three)
    truth = pd.Series(np.linspace(0, 0.1, 201))
    ax = fk.plot.lag(fit, against={"Kaplan-Meier": other, "truth": truth})
    x, y = curve(ax, "Kaplan-Meier")
    steps = dict(zip(x.astype(int), y, strict=True))
    np.testing.assert_array_equal([steps[age] for age in range(91)], other.rate_at(range(91))[0, 0])
    apart = abs(fit.rate_at(range(90)) - truth.iloc[:90].to_numpy()).max()
    assert f"within {100 * apart:.1f} points of all; farthest is truth" in title(ax)
    assert any(text.startswith("truth ") for text in written(ax))


def test_curves_of_segments_are_not_compared(eight: fk.Triangle) -> None:
    fit = fk.lag.fit_kaplan_meier(eight)
    with pytest.raises(fk.FunnelError, match=r"^`against` compares curves of all leads;"):
        fk.plot.lag(fit, against={"same": fit})
    with pytest.raises(fk.FunnelError, match=r"^`against` must hold names and fits"):
        fk.plot.lag(fit, against=fit)  # type: ignore[arg-type]


@pytest.mark.parametrize("index", [["a", "b"], [1, 2]])
def test_a_series_that_is_no_curve_is_refused(three: fk.Triangle, index: list[object]) -> None:
    fit = fk.lag.fit_kaplan_meier(three)
    with pytest.raises(fk.FunnelError, match=r"^`against`: a Series must hold rates by age"):
        fk.plot.lag(fit, against={"odd": pd.Series([0.1, 0.2], index=index)})


def test_segments_with_a_tail_are_told_apart_by_their_intervals(
    make: Callable[..., fk.Triangle],
) -> None:
    wins = [{age: round(k * 10 * np.exp(-age / 15)) for age in range(60)} for k in (1, 2, 1)]
    cells = [[[(1000, 90, each)]] for each in wins]
    ax = fk.plot.lag(fk.lag.fit_cure(make(cells, segments=(("a",), ("b",), ("c",)), by=("s",))))
    assert title(ax).startswith("b (")
    assert " clearly exceeds " in title(ax)
    more = {**wins[2], 70: 1}
    alike = make([[[(1000, 90, wins[0])]], [[(1000, 90, more)]]], segments=(("a",), ("c",)), by="s")
    assert title(fk.plot.lag(fk.lag.fit_cure(alike))) == (
        "No two of 2 curves lie clearly apart in the end"
    )


def test_something_else_is_refused(three: fk.Triangle) -> None:
    with pytest.raises(fk.FunnelError, match=r"^`fit` must be what .* got Triangle\.$"):
        fk.plot.lag(three)  # type: ignore[arg-type]
    assert not plt.get_fignums()


def test_a_shrunken_fit_tells_how_far_its_leads_are_followed(
    make: Callable[..., fk.Triangle],
) -> None:
    wins = {age: round(20 * np.exp(-age / 30)) for age in range(40)}
    triangle = make([[[(1000, 60, wins)], [(1000, 40, wins)]]])
    ax = fk.plot.lag(fk.lag.fit_shrunken(triangle))
    (tail,) = [one for one in ax.patches if one.get_label() == "extrapolated"]
    assert tail.get_x() == 60


def test_curves_that_know_no_followed_leads_do_not_claim_to_end_with_them(
    make: Callable[..., fk.Triangle],
) -> None:
    triangle = make([[[(300, 60, {1: 9, 20: 9})], [(300, 40, {1: 12, 20: 9})]]])
    ax = fk.plot.lag(fk.lag.fit_chain_ladder(triangle))
    assert "no longer followed" not in caption(ax)
