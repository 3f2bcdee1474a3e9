"""Cohorts against a fit: curves are those of the fits, verdicts those of the intervals."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes

import funnelkit as fk
from tests.olist_figures import read_olist


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\u202f", " ").replace("\n", " ")


def line(panel: Axes, label: str) -> dict[int, float]:
    parts = [one for one in panel.lines if one.get_label() in {label, f"{label}, few"}]
    return {
        int(age): float(rate)
        for one in parts
        for age, rate in zip(one.get_xdata(), one.get_ydata(), strict=True)
    }


def names(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_weight() == "bold"]


def test_each_cohort_stands_over_the_fit(three: fk.Triangle) -> None:
    fit = fk.lag.fit_kaplan_meier(three)
    own = fk.lag.fit_kaplan_meier(three, pool=())
    ax = fk.plot.cohort_fit(three, fit)
    assert names(ax) == ["2026-01", "2026-02", "2026-03"]
    for j, (panel, end) in enumerate(zip(ax.child_axes, (60, 45, 10), strict=True)):
        days = max(line(panel, "fit"))
        ages = np.arange(min(end, days) + 1)
        expected = own.rate_at(ages)[0, j]
        shown = line(panel, "own")
        np.testing.assert_allclose([shown[int(age)] for age in ages], expected)
        fitted = line(panel, "fit")
        np.testing.assert_allclose(list(fitted.values()), fit.rate_at(list(fitted))[0, 0])


def test_ground_is_hatched_where_nobody_is_followed(three: fk.Triangle) -> None:
    ax = fk.plot.cohort_fit(three, fk.lag.fit_kaplan_meier(three))
    spans = [[one.get_x() for one in panel.patches if one.get_hatch()] for panel in ax.child_axes]
    # Followed to day 90, 45 and 10; all that comes has come by day 60.
    assert spans == [[], [45], [10]]


def test_a_cohort_off_the_fit_is_named(make: Callable[..., fk.Triangle]) -> None:
    cells = [[(1000, 60, {5: 100})], [(1000, 50, {5: 100})], [(1000, 40, {5: 30})]]
    triangle = make([cells])
    fit = fk.lag.fit_kaplan_meier(triangle)
    ax = fk.plot.cohort_fit(triangle, fit)
    # 230 of 3,000 in all; 100 and 30 of 1,000 lie more than two standard errors off.
    assert title(ax) == "January 2026 and February 2026 lie above, March 2026 lies below the fit"
    said = fk.plot.describe(ax).splitlines()[-1].replace("\u202f", " ")
    assert said.startswith("2026-03: 1,000 leads; by day 30 3.0 %")
    assert said.endswith("[below the fit].")


def test_cohorts_alike_follow_the_fit(make: Callable[..., fk.Triangle]) -> None:
    triangle = make([[[(500, 60, {5: 50})], [(500, 40, {5: 48})]]])
    ax = fk.plot.cohort_fit(triangle, fk.lag.fit_kaplan_meier(triangle))
    assert title(ax) == "All 2 cohorts follow the fit as far as they are seen"


def test_fewer_than_twenty_leads_have_no_curve(make: Callable[..., fk.Triangle]) -> None:
    triangle = make([[[(500, 60, {5: 50})], [(19, 40, {5: 5})]]])
    ax = fk.plot.cohort_fit(triangle, fk.lag.fit_kaplan_meier(triangle))
    assert line(ax.child_axes[1], "own") == {}
    assert "2026-02: 19 leads; too few" in fk.plot.describe(ax)


def test_no_conversion_is_a_flat_line(make: Callable[..., fk.Triangle]) -> None:
    triangle = make([[[(60, 30, {})]]])
    ax = fk.plot.cohort_fit(triangle, fk.lag.fit_kaplan_meier(triangle))
    assert set(line(ax.child_axes[0], "own").values()) == {0.0}
    assert title(ax) == "January 2026 follows the fit as far as it is seen"


def test_nobody_entered(three: fk.Triangle, make: Callable[..., fk.Triangle]) -> None:
    empty = make([[[], [(30, 20, {1: 3})]]])
    ax = fk.plot.cohort_fit(empty, fk.lag.fit_kaplan_meier(empty))
    assert names(ax) == ["2026-02"]


def test_the_latest_twelve_are_shown(make: Callable[..., fk.Triangle]) -> None:
    triangle = make([[[(50, 100 - k, {1: 5})] for k in range(36)]])
    ax = fk.plot.cohort_fit(triangle, fk.lag.fit_kaplan_meier(triangle))
    assert len(ax.child_axes) == 12
    assert "24 earlier cohorts not shown." in ax.get_xlabel().replace("\n", " ")


def test_segments_together_are_held_against_their_weighted_rates(
    make: Callable[..., fk.Triangle],
) -> None:
    triangle = make(
        [[[(100, 40, {5: 10})]] * 1, [[(300, 40, {5: 90})]]],
        segments=(("a",), ("b",)),
        by=("source",),
    )
    two = make(
        [[[(100, 40, {5: 10})]] * 2, [[(300, 40, {5: 90})]] * 2],
        segments=(("a",), ("b",)),
        by=("source",),
    )
    fit = fk.lag.fit_kaplan_meier(two, pool="cohorts")
    ax = fk.plot.cohort_fit(two, fit)
    # 100 x .1 + 300 x .3 = 100 of 400.
    assert line(ax.child_axes[0], "fit")[30] == pytest.approx(0.25)
    one = fk.plot.cohort_fit(triangle, fk.lag.fit_kaplan_meier(triangle, pool="cohorts"))
    assert names(one) == ["b", "a"]


def test_a_fit_of_other_cohorts_is_refused(three: fk.Triangle) -> None:
    fit = fk.lag.fit_kaplan_meier(three.select(last="2026-01"))
    with pytest.raises(fk.FunnelError, match=r"^`fit` must hold every segment and cohort"):
        fk.plot.cohort_fit(three, fit)
    with pytest.raises(fk.FunnelError, match=r"^`triangle` must be what fk\.triangle returns"):
        fk.plot.cohort_fit(fit, fit)  # type: ignore[arg-type]
    with pytest.raises(fk.FunnelError, match=r"^`fit` must be what a function"):
        fk.plot.cohort_fit(three, three)  # type: ignore[arg-type]


def test_olist_s_may_converts_slower_than_the_fit(shared_data) -> None:
    # README.md beside the data: within 30 days 8.4 % of January, 9.8, 9.8 and 10.9 %; of May 7.1 %.
    leads = read_olist(shared_data).at("2018-05-31")
    triangle = fk.triangle(leads, "mql", "won").select(first="2018-01")
    ax = fk.plot.cohort_fit(triangle, fk.lag.fit_kaplan_meier(triangle))
    assert title(ax) == "May 2018 lies below the fit; the others follow it"
