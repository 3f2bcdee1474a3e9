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
    ultimate = np.full((1, 2), 0.2)

    def rate_at(self, ages, *, outcome=None):
        return np.broadcast_to(0.2 * self.maturity(ages), (1, 2, len(np.atleast_1d(ages))))

    def maturity(self, ages):
        return np.broadcast_to(
            1 - np.exp(-np.atleast_1d(ages) / 20), (1, 2, len(np.atleast_1d(ages)))
        )

    def conditional(self, age, horizon=None):
        return self.rate_at(age)

    def sample(self, n, *, rng):
        return np.zeros((n, 1, 2, 1))

    def confidence_interval(self, ages=None, *, confidence_level=0.95):
        rate = self.rate_at(ages)
        return Interval(0.9 * rate, 1.1 * rate)


def test_a_fit_with_a_tail_is_drawn_until_nearly_all_has_come() -> None:
    ax = fk.plot.lag(Tailed())
    x, y = curve(ax, "all leads")
    assert 0.99 <= y[-1] / 0.2 < 1
    np.testing.assert_allclose(y, 0.2 * (1 - np.exp(-x / 20)))
    assert (
        title(ax) == "Half of what reaches won in the end is there by day 14, nine in ten by day 46"
    )
    assert "Extrapolated: follow-up is short." in caption(ax)
    assert "\n" not in ax.get_xticklabels()[0].get_text()


def test_something_else_is_refused(three: fk.Triangle) -> None:
    with pytest.raises(fk.FunnelError, match=r"^`fit` must be what .* got Triangle\.$"):
        fk.plot.lag(three)  # type: ignore[arg-type]
    assert not plt.get_fignums()
