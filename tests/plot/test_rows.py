"""Rates as rows: what is drawn and printed is what the frame holds."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

import funnelkit as fk


def line(ax: Axes, label: str) -> Line2D:
    (found,) = [one for one in ax.lines if one.get_label() == label]
    return found


def intervals(ax: Axes, label: str) -> np.ndarray:
    (found,) = [
        one
        for one in ax.collections
        if isinstance(one, LineCollection) and one.get_label() == f"{label}, interval"
    ]
    return np.array([segment[:, 0] for segment in found.get_segments()])


def adjusted(triangle: fk.Triangle) -> fk.lag.AdjustedRates:
    return fk.lag.adjust(triangle, fk.lag.fit_competing(triangle))


def words(ax: Axes) -> list[str]:
    return [text.get_text().replace("\u202f", " ") for text in ax.texts]


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\u202f", " ").replace("\n", " ")


def test_dots_and_intervals_are_those_of_the_frame(three: fk.Triangle) -> None:
    rates = adjusted(three)
    frame = rates.to_frame()
    ax = fk.plot.cohorts(rates)
    for hollow, label in ((False, "estimate"), (True, "immature or small")):
        rows = frame[frame["immature"] == hollow]
        dots = line(ax, label)
        np.testing.assert_array_equal(dots.get_xdata(), rows["adjusted"])
        np.testing.assert_array_equal(dots.get_ydata(), rows.index)
        np.testing.assert_array_equal(
            intervals(ax, label), rows[["adjusted_low", "adjusted_high"]].to_numpy()
        )
    np.testing.assert_array_equal(line(ax, "so far").get_xdata(), frame["rate"])


def test_immature_is_hollow_and_dashed_and_the_rest_filled_and_solid(three: fk.Triangle) -> None:
    ax = fk.plot.cohorts(adjusted(three))
    young, old = line(ax, "immature or small"), line(ax, "estimate")
    assert young.get_markerfacecolor() == "#ffffff"
    assert old.get_markerfacecolor() == old.get_color() == young.get_color()
    dashes = {
        str(one.get_label()): one.get_linestyle()[0][1]
        for one in ax.collections
        if isinstance(one, LineCollection)
    }
    assert dashes["immature or small, interval"] is not None
    assert dashes["estimate, interval"] is None


def test_every_number_is_printed_with_its_maturity(three: fk.Triangle) -> None:
    rates = adjusted(three)
    printed = words(fk.plot.cohorts(rates))
    for row in rates.to_frame().itertuples():
        assert row.cohort in printed
        assert f"n {row.entered}" in printed
        assert f"{100 * row.rate:.1f} %" in printed
        low, high = 100 * row.adjusted_low, 100 * row.adjusted_high
        assert f"{100 * row.adjusted:.1f} % ({low:.1f}\u2013{high:.1f})" in printed
        assert f"{min(100 * row.maturity, 99 + (row.maturity >= 1)):.0f} %" in printed


def test_the_line_of_all_is_converted_over_mature_leads(three: fk.Triangle) -> None:
    rates = adjusted(three)
    ax = fk.plot.cohorts(rates)
    expected = rates.converted.sum() / rates.mature_leads.sum()
    assert line(ax, "all").get_xdata() == [expected, expected]


def test_rates_start_at_zero_and_ticks_are_round(three: fk.Triangle) -> None:
    ax = fk.plot.cohorts(adjusted(three))
    ticks = ax.get_xticks()
    assert ticks[0] == 0
    assert np.ptp(np.diff(ticks)) < 1e-12
    assert [text.get_text() for text in ax.get_xticklabels()][-1].endswith("%")


def test_the_title_says_that_the_latest_cohort_is_young(three: fk.Triangle) -> None:
    rates = adjusted(three)
    last = rates.to_frame().iloc[-1]
    expected = f"expect {100 * last.adjusted_low:.1f} to {100 * last.adjusted_high:.1f} %"
    assert title(fk.plot.cohorts(rates)) == (
        f"March 2026 stands at {100 * last.rate:.1f} % but is young: {expected}"
    )


def test_the_title_of_a_mature_cohort_is_its_rate(make: Callable[..., fk.Triangle]) -> None:
    triangle = make([[[(200, 90, {1: 20})]]])
    rates = adjusted(triangle)
    low, high = (100 * float(np.ravel(end)[0]) for end in rates.confidence_interval())
    assert title(fk.plot.cohorts(rates)) == (
        f"January 2026 comes to 10.0 % ({low:.1f} to {high:.1f} %) within 90 days"
    )


def test_fewer_than_twenty_leads_have_no_percentage(make: Callable[..., fk.Triangle]) -> None:
    ax = fk.plot.cohorts(adjusted(make([[[(19, 90, {1: 9})]]])))
    assert title(ax) == "January 2026: fewer than 20 leads"
    assert not [one for one in ax.lines if one.get_marker() == "o"]
    assert not [text for text in words(ax) if "%" in text and "100 %" not in text]


def test_a_cohort_that_anything_fits_is_called_too_young(make: Callable[..., fk.Triangle]) -> None:
    triangle = make([[[(500, 90, {80: 50})], [(60, 2, {})]]])
    rates = adjusted(triangle)
    assert not rates.own[0, 1]
    ax = fk.plot.cohorts(rates)
    assert title(ax).endswith("within 90 days; February 2026: too young for a rate")
    assert line(ax, "estimate").get_ydata().tolist() == [0]


def test_no_conversion_is_drawn_at_zero(make: Callable[..., fk.Triangle]) -> None:
    rates = adjusted(make([[[(200, 30, {})]]]))
    ax = fk.plot.cohorts(rates)
    (dots,) = [one for one in ax.lines if one.get_marker() == "o" and one.get_label() != "so far"]
    assert dots.get_xdata().tolist() == [0.0]


def test_nobody_entered(make: Callable[..., fk.Triangle]) -> None:
    ax = fk.plot.cohorts(fk.rates.cohort(make([[[], []]])))
    assert title(ax) == "No lead has entered lead yet"
    assert words(ax).count("no leads") == 2


def test_segments_of_one_cohort_are_rows_sorted_by_leads(make: Callable[..., fk.Triangle]) -> None:
    cells = [[[(n, 60, {1: won})]] for n, won in ((200, 20), (900, 90), (500, 200))]
    triangle = make(cells, segments=(("a",), (None,), ("c",)), by=("source",))
    ax = fk.plot.cohorts(fk.lag.adjust(triangle, fk.lag.fit_kaplan_meier(triangle)))
    names = [text for text in words(ax) if text in {"a", "(blank)", "c"}]
    assert names == ["(blank)", "c", "a"]
    assert title(ax) == "c lies above, (blank) and a lie below the 19.4 % of all"


def test_segments_and_cohorts_stand_in_groups(make: Callable[..., fk.Triangle]) -> None:
    cell = [(200, 60, {1: 20})]
    triangle = make([[cell, cell], [cell, cell]], segments=(("a",), ("b",)), by=("source",))
    ax = fk.plot.cohorts(fk.lag.adjust(triangle, fk.lag.fit_kaplan_meier(triangle)))
    assert [text for text in words(ax) if text in {"a", "b", "2026-01", "2026-02"}] == [
        *("a", "b"),
        *("2026-01", "2026-02"),
        *("2026-01", "2026-02"),
    ]
    assert line(ax, "estimate").get_ydata().tolist() == [1, 2, 4, 5]


def test_what_is_left_out_is_said(make: Callable[..., fk.Triangle]) -> None:
    cell = [(200, 60, {1: 20})]
    triangle = make([[cell] * 30] * 12, segments=tuple((f"s{k}",) for k in range(12)), by=("s",))
    ax = fk.plot.cohorts(fk.lag.adjust(triangle, fk.lag.fit_kaplan_meier(triangle)))
    assert len(line(ax, "estimate").get_ydata()) == 36
    assert "324 further rows not shown." in ax.get_xlabel().replace("\n", " ")


def test_thirty_cohorts_are_all_there(make: Callable[..., fk.Triangle]) -> None:
    ax = fk.plot.cohorts(adjusted(make([[[(200, 60, {1: 20})]] * 30])))
    assert len(line(ax, "estimate").get_ydata()) == 30


def test_rates_within_a_window_show_what_is_mature(three: fk.Triangle) -> None:
    rates = fk.rates.cohort(three, within=30)
    frame = rates.to_frame()
    ax = fk.plot.cohorts(rates)
    known = frame[frame["mature"]]
    np.testing.assert_array_equal(line(ax, "estimate").get_xdata(), known["rate"])
    assert "too young for a rate" in words(ax)
    assert title(ax).endswith("within 30 days; 2026-03: too young for a rate")


def test_rates_so_far_are_grey_with_the_age_of_the_youngest(three: fk.Triangle) -> None:
    rates = fk.rates.cohort(three)
    ax = fk.plot.cohorts(rates)
    assert line(ax, "estimate").get_color() == "#75818d"
    for days in rates.followed_days[0]:
        assert f"{days} days" in words(ax)
    assert "its youngest lead 3 days old" in title(ax)


def test_part_of_a_cohort_is_marked(three: fk.Triangle) -> None:
    from dataclasses import replace

    part = replace(three, partial=frozenset({pd.Period("2026-01", "M")}))
    ax = fk.plot.cohorts(adjusted(part))
    assert "2026-01 (part)" in words(ax)
    assert "(part): only a part of the cohort is counted." in ax.get_xlabel().replace("\n", " ")


def test_something_else_is_refused(three: fk.Triangle) -> None:
    with pytest.raises(fk.FunnelError, match=r"^`rates` must be what .* got Triangle\.$"):
        fk.plot.cohorts(three)  # type: ignore[arg-type]


def test_narrow_axes_drop_columns_but_never_maturity(three: fk.Triangle) -> None:
    import matplotlib.pyplot as plt

    _, ax = plt.subplots(figsize=(4.2, 3))
    printed = words(fk.plot.cohorts(adjusted(three), ax=ax))
    assert "maturity" in printed
    assert "so far" not in printed
