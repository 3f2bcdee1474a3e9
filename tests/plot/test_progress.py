"""The adjusted series: points, lines and crosses are the figures of the result."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

import funnelkit as fk


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\u202f", " ").replace("\n", " ")


def points(ax: Axes, label: str) -> dict[int, float]:
    return {
        int(at): float(rate)
        for one in ax.lines
        if one.get_label() == label
        for at, rate in zip(one.get_xdata(), one.get_ydata(), strict=True)
    }


def adjusted(triangle: fk.Triangle) -> fk.lag.AdjustedRates:
    return fk.lag.adjust(triangle, fk.lag.fit_kaplan_meier(triangle))


def test_raw_and_adjusted_rates_are_those_of_the_result(three: fk.Triangle) -> None:
    rates = adjusted(three)
    ax = fk.plot.adjusted_series(rates)
    assert points(ax, "so far") == dict(enumerate(rates.rate[0]))
    both = points(ax, "estimate") | points(ax, "immature or small")
    assert both == dict(enumerate(rates.adjusted[0]))
    assert set(points(ax, "immature or small")) == {*np.flatnonzero(rates.immature[0])}


def test_intervals_are_those_of_the_result(three: fk.Triangle) -> None:
    rates = adjusted(three)
    low, high = (end[0] for end in rates.confidence_interval(rates.confidence_level))
    ax = fk.plot.adjusted_series(rates)
    bars = [one for one in ax.collections if "interval" in str(one.get_label())]
    found = {int(path[0, 0]): path[:, 1] for bar in bars for path in bar.get_segments()}
    top = ax.get_ylim()[1]
    for k, ends in found.items():
        np.testing.assert_allclose(ends, [low[k], min(high[k], top)])


def test_immature_cohorts_stand_on_hatched_ground(three: fk.Triangle) -> None:
    rates = adjusted(three)
    ax = fk.plot.adjusted_series(rates)
    (ground,) = [one for one in ax.patches if one.get_label() == "immature"]
    young = np.flatnonzero(rates.immature[0])
    assert ground.get_hatch()
    assert ground.get_x() == young[0] - 0.5
    assert ground.get_x() + ground.get_width() == young[-1] + 0.5


def test_leads_and_maturity_stand_under_each_cohort(three: fk.Triangle) -> None:
    rates = adjusted(three)
    labels = [text.get_text() for text in fk.plot.adjusted_series(rates).get_xticklabels()]
    assert [label.split("\n")[:2] for label in labels] == [
        ["2026-01", "500"],
        ["2026-02", "400"],
        ["2026-03", "300"],
    ]
    assert labels[0].split("\n")[2] == "100\u202f%"


def test_known_rates_are_crosses_by_cohort(three: fk.Triangle) -> None:
    known = pd.Series({"2026-03": 0.11, "2026-01": 0.1}, name="truth")
    ax = fk.plot.adjusted_series(adjusted(three), known=known)
    assert points(ax, "truth") == {0: 0.1, 2: 0.11}
    assert "truth 11.0 %" in fk.plot.describe(ax).replace("\u202f", " ")


def test_a_very_wide_interval_does_not_flatten_the_rest(make: Callable[..., fk.Triangle]) -> None:
    wins = dict.fromkeys(range(100), 2)
    triangle = make([[[(2000, 100, wins)], [(2000, 100, wins)], [(100, 1, {0: 1})]]])
    ax = fk.plot.adjusted_series(adjusted(triangle))
    assert ax.get_ylim()[1] < 0.5
    assert "Arrow: the interval goes on beyond the axis." in ax.get_xlabel().replace("\n", " ")
    assert any(one.get_marker() == "^" for one in ax.lines)


def test_each_segment_has_a_panel_the_largest_first(make: Callable[..., fk.Triangle]) -> None:
    old, young = {5: 10}, {5: 1}
    cells = [[[(100 * k, 90, old)], [(100 * k, 40, young)]] for k in range(1, 9)]
    triangle = make(cells, segments=tuple((f"s{k}",) for k in range(1, 9)), by=("source",))
    rates = adjusted(triangle)
    ax = fk.plot.adjusted_series(rates)
    names = [text.get_text() for text in ax.texts if text.get_weight() == "bold"]
    assert names == [f"s{k}" for k in range(8, 0, -1)]
    for panel, i in zip(ax.child_axes, range(7, -1, -1), strict=True):
        assert points(panel, "so far") == dict(enumerate(rates.rate[i]))
    # 10 against 1 of each segment's leads: of those with at least 200 the interval is clear.
    assert title(ax).startswith("The newest cohort lies off its segment")


def test_segments_with_too_few_leads_say_so(make: Callable[..., fk.Triangle]) -> None:
    triangle = make(
        [[[(500, 60, {5: 50})]] * 2, [[(15, 60, {5: 5})]] * 2],
        segments=(("a",), ("b",)),
        by=("source",),
    )
    ax = fk.plot.adjusted_series(adjusted(triangle))
    assert "too few leads" in [text.get_text() for text in ax.child_axes[1].texts]
    assert title(ax) == "No segment's newest cohort lies clearly off its other cohorts"


def test_one_cohort_and_no_conversion(make: Callable[..., fk.Triangle]) -> None:
    triangle = make([[[(60, 30, {})]]])
    ax = fk.plot.adjusted_series(adjusted(triangle))
    assert points(ax, "so far") == {0: 0.0}
    assert "January 2026" in title(ax)


def test_the_latest_36_cohorts_are_shown(make: Callable[..., fk.Triangle]) -> None:
    triangle = make([[[(200, 100 - k, {1: 20})] for k in range(40)]])
    ax = fk.plot.adjusted_series(adjusted(triangle))
    assert len(points(ax, "so far")) == 36
    assert "4 earlier cohorts not shown." in ax.get_xlabel().replace("\n", " ")
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.get_xticklabels()]
    assert not any(a.overlaps(b) for a, b in pairwise(boxes))


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ([0.1], "`known` must be a Series of rates by cohort; got list"),
        (pd.Series({"2026-01": 12.0}), "`known` must hold shares between 0 and 1"),
        (pd.Series({"spring": 0.1}), "`known` must be indexed by cohorts"),
    ],
)
def test_known_rates_that_cannot_be_used(three: fk.Triangle, known: object, words: str) -> None:
    with pytest.raises(fk.FunnelError, match=f"^{words}"):
        fk.plot.adjusted_series(adjusted(three), known=known)  # type: ignore[arg-type]


def test_what_is_no_series_is_refused(three: fk.Triangle, nasty: fk.Triangle) -> None:
    with pytest.raises(fk.FunnelError, match=r"^`rates` must be what fk\.lag\.adjust returns"):
        fk.plot.adjusted_series(three)  # type: ignore[arg-type]
    with pytest.raises(fk.FunnelError, match=r"^`rates` holds one cohort in several segments"):
        fk.plot.adjusted_series(adjusted(nasty))
