"""The heat map: cells are shares counted by hand, and what is immature carries no colour."""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

import funnelkit as fk
from funnelkit.plot.style import LIGHT

Cells = dict[tuple[int, int], Rectangle]


def cells(ax: Axes) -> Cells:
    """Rectangles by (cohort, column)."""
    found = {}
    for one in ax.patches:
        if isinstance(one, Rectangle):
            middle = one.get_x() + one.get_width() / 2, one.get_y() + one.get_height() / 2
            found[round(middle[1]), int(middle[0])] = one
    return found


def printed(ax: Axes) -> dict[tuple[int, int], str]:
    return {
        (round(text.get_position()[1]), int(text.get_position()[0])): text.get_text()
        for text in ax.texts
        if text.get_label() == "_cell"
    }


def states(ax: Axes) -> dict[tuple[int, int], str]:
    return {place: str(one.get_label()).lstrip("_") for place, one in cells(ax).items()}


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\u202f", " ").replace("\n", " ")


def test_cells_are_converted_by_that_age_over_entered(three: fk.Triangle) -> None:
    ax = fk.plot.triangle(three, ages=[0, 5, 20, 60])
    shown = printed(ax)
    # 500 leads: 10, 30, 40, 50 by then; 400 leads: 8, 28, 48.
    assert [shown[0, k] for k in range(4)] == ["2.0", "6.0", "8.0", "10.0"]
    assert [shown[1, k] for k in range(3)] == ["2.0", "7.0", "12.0"]


def test_states_follow_from_how_many_are_that_old(three: fk.Triangle) -> None:
    shown = states(fk.plot.triangle(three, ages=[0, 5, 20, 60]))
    assert [shown[0, k] for k in range(4)] == ["mature"] * 4
    assert [shown[1, k] for k in range(4)] == ["mature"] * 3 + ["blank"]
    # Of the 300 young ones all are 0 days old, 200 are 5, none is 20.
    assert [shown[2, k] for k in range(4)] == ["mature", "immature", "blank", "blank"]


def test_an_immature_cell_is_the_cohorts_own_kaplan_meier_estimate(three: fk.Triangle) -> None:
    # 300 at risk on day 0, 6 convert; 97 leave unconverted... 98 of the 100 that are 3 days old
    # are censored on day 3, so on day 5 8 of the 196 others convert.
    own = 1 - (1 - 6 / 300) * (1 - 8 / 196)
    ax = fk.plot.triangle(three, ages=[0, 5])
    assert printed(ax)[2, 1] == f"{100 * own:.1f}"
    hatched = cells(ax)[2, 1]
    assert hatched.get_hatch()
    assert to_hex(hatched.get_facecolor()) == LIGHT.hatch


def test_colour_rises_with_the_rate_and_text_stays_readable(three: fk.Triangle) -> None:
    ax = fk.plot.triangle(three, ages=[0, 5, 20, 60])
    mature = {place: one for place, one in cells(ax).items() if states(ax)[place] == "mature"}
    steps = {place: LIGHT.heat.index(to_hex(one.get_facecolor())) for place, one in mature.items()}
    rates = {place: float(printed(ax)[place]) for place in mature}
    for one in mature:
        for other in mature:
            assert (rates[one] <= rates[other]) <= (steps[one] <= steps[other])
    inks = {
        (round(text.get_position()[1]), int(text.get_position()[0])): text.get_color()
        for text in ax.texts
        if text.get_label() == "_cell"
    }
    assert all(inks[place] == LIGHT.on_heat[step] for place, step in steps.items())


def test_the_title_compares_the_first_and_the_newest_full_cohort(
    make: Callable[..., fk.Triangle],
) -> None:
    clear = make([[[(1000, 90, {5: 50})], [(1000, 60, {5: 150})], [(1000, 10, {5: 1})]]])
    assert title(fk.plot.triangle(clear)) == (
        "The share that reaches won within 30 days rose from January 2026 (5.0 %) to February "
        "2026 (15.0 %)"
    )
    unclear = make([[[(1000, 90, {5: 50})], [(1000, 60, {5: 55})], [(1000, 10, {5: 1})]]])
    assert title(fk.plot.triangle(unclear)) == (
        "No clear change within 30 days, from January 2026 (5.0 %) to February 2026 (5.5 %)"
    )


def test_one_cohort_compares_with_nothing(make: Callable[..., fk.Triangle]) -> None:
    ax = fk.plot.triangle(make([[[(60, 30, {})]]]))
    assert title(ax) == "No two cohorts can be compared yet at the same age"
    assert set(printed(ax).values()) == {"0.0"}


def test_fewer_than_twenty_leads_leave_a_cell_empty(make: Callable[..., fk.Triangle]) -> None:
    ax = fk.plot.triangle(make([[[(19, 30, {1: 5})]]]))
    assert set(states(ax).values()) == {"blank"}
    assert not printed(ax)


def test_nobody_entered(make: Callable[..., fk.Triangle]) -> None:
    ax = fk.plot.triangle(make([[[], []]]))
    assert title(ax) == "No lead has entered lead yet"
    assert set(states(ax).values()) == {"blank"}


def test_exits_are_no_conversions(make: Callable[..., fk.Triangle]) -> None:
    counts = make([[[(100, 30, {5: 10})]]], exits=("lost",), lost={0: 40})
    assert set(printed(fk.plot.triangle(counts, ages=[7, 30])).values()) == {"10.0"}


def test_segments_are_taken_together(make: Callable[..., fk.Triangle]) -> None:
    counts = make(
        [[[(100, 30, {5: 10})]], [[(100, 30, {5: 30})]]], segments=(("a",), ("b",)), by=("source",)
    )
    ax = fk.plot.triangle(counts, ages=[7])
    assert printed(ax) == {(0, 0): "20.0"}
    assert "All 2 segments together." in ax.get_xlabel().replace("\n", " ")


def test_ages_beyond_the_oldest_lead_are_empty(three: fk.Triangle) -> None:
    shown = states(fk.plot.triangle(three, ages=[60, 365]))
    assert shown[0, 0] == "mature"
    assert shown[0, 1] == "blank"


def test_the_usual_ages_end_with_the_data(three: fk.Triangle) -> None:
    ax = fk.plot.triangle(three)
    heads = [text.get_text() for text in ax.texts]
    assert [head for head in heads if head in {"day 7", "14", "30", "60", "90", "120"}] == [
        *("day 7", "14", "30", "60", "90")
    ]


def test_many_cohorts_show_the_latest_and_say_so(make: Callable[..., fk.Triangle]) -> None:
    ax = fk.plot.triangle(make([[[(50, 30, {1: 5})]] * 50]))
    assert len({row for row, _ in cells(ax)}) == 36
    assert "14 earlier cohorts not shown." in ax.get_xlabel().replace("\n", " ")


def test_a_partial_cohort_is_marked(three: fk.Triangle) -> None:
    part = replace(three, partial=frozenset({pd.Period("2026-03", "M")}))
    assert "2026-03 (part)" in [text.get_text() for text in fk.plot.triangle(part).texts]


@pytest.mark.parametrize("ages", [[], [7.5], ["7"], [-1]])
def test_ages_that_are_no_days_are_refused(three: fk.Triangle, ages: list[int]) -> None:
    with pytest.raises(fk.FunnelError, match=r"^`ages` must be whole numbers of days"):
        fk.plot.triangle(three, ages=ages)


def test_something_else_is_refused() -> None:
    with pytest.raises(fk.FunnelError, match=r"^`triangle` must be what .* got int\.$"):
        fk.plot.triangle(3)  # type: ignore[arg-type]


def test_a_fit_forecasts_what_no_lead_has_reached(three: fk.Triangle) -> None:
    fit = fk.lag.fit_kaplan_meier(three)
    ax = fk.plot.triangle(three, ages=[0, 5, 20, 60], fit=fit)
    shown = states(ax)
    assert [shown[0, k] for k in range(4)] == ["mature"] * 4
    assert [shown[1, k] for k in range(4)] == ["mature"] * 3 + ["forecast"]
    assert [shown[2, k] for k in range(4)] == ["mature", "immature", "forecast", "forecast"]
    rates = fk.lag.adjust(three, fit).adjusted[0]
    maturity = fit.maturity([20, 60])[0, 0]
    # Adjusted rate x maturity at the age, and never less than what came before.
    assert printed(ax)[2, 2] == f"{100 * rates[2] * maturity[0]:.1f}"
    assert printed(ax)[1, 3] == f"{100 * max(rates[1] * maturity[1], 48 / 400):.1f}"
    outlined = cells(ax)[1, 3]
    assert outlined.get_linestyle() != "-"
    assert outlined.get_facecolor()[3] == 0
    assert "forecast" in [text.get_text() for text in ax.get_legend().get_texts()]


def test_a_fit_with_a_tail_adds_what_comes_in_the_end(make: Callable[..., fk.Triangle]) -> None:
    wins = {age: round(40 * 0.95**age) for age in range(80)}
    counts = make([[[(5000, 90, wins)], [(5000, 90, wins)]]])
    fit = fk.lag.fit_cure(counts)
    ax = fk.plot.triangle(counts, ages=[30, 60], fit=fit)
    assert "ever" in [text.get_text() for text in ax.texts]
    assert states(ax)[0, 2] == "forecast"
    assert printed(ax)[0, 2] == f"{100 * fk.lag.adjust(counts, fit).adjusted[0, 0]:.1f}"


def test_a_bound_forecasts_nothing(make: Callable[..., fk.Triangle]) -> None:
    counts = make([[[(500, 60, {5: 10})], [(300, 10, {})]]])
    fit = fk.lag.fit_kaplan_meier(counts, pool=())
    assert fit.verdicts[0, 1] == "bound only"
    ax = fk.plot.triangle(counts, ages=[7, 30], fit=fit)
    assert states(ax)[1, 1] == "blank"
    assert "too short to forecast 1 cohort" in ax.get_xlabel().replace("\n", " ")


def test_forecasts_of_segments_are_weighted_by_their_leads(
    make: Callable[..., fk.Triangle],
) -> None:
    old, young = {5: 40, 50: 40}, {5: 20}
    counts = make(
        [[[(400, 60, old)], [(200, 20, young)]], [[(400, 60, {5: 20})], [(600, 20, {5: 30})]]],
        segments=(("a",), ("b",)),
        by=("source",),
    )
    fit = fk.lag.fit_kaplan_meier(counts, pool="cohorts")
    # Segment a: of 80 of 400, half by day 20, so 20 of 200 come to 40; segment b: 30 of 600.
    expected = (200 * fk.lag.adjust(counts, fit).adjusted[0, 1] + 600 * 0.05) / 800
    ax = fk.plot.triangle(counts, ages=[60], fit=fit)
    assert printed(ax)[1, 0] == f"{100 * expected:.1f}"


def test_a_fit_of_something_else_is_refused(three: fk.Triangle) -> None:
    with pytest.raises(fk.FunnelError, match=r"^`fit` must be what a function"):
        fk.plot.triangle(three, fit=3)  # type: ignore[arg-type]
