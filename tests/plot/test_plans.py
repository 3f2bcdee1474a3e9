"""Plots of plans: what is drawn is counted from the results, and no label stands on another."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from tests.plan import plans_by_hand as by_hand


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\u202f", " ").replace("\n", " ")


def heights(ax: Axes, label: str) -> list[float]:
    """Heights of the bars of one kind."""
    return [
        float(bar.get_height())
        for group in ax.containers
        if group.get_label() == label
        for bar in group
    ]


def test_targets_stand_beside_what_is_stacked() -> None:
    plan = by_hand.plan()
    ax = fk.plot.plan_targets(plan)
    np.testing.assert_allclose(heights(ax, "in flight"), [25_000] * 4)
    np.testing.assert_allclose(heights(ax, "new leads"), plan.new)
    assert heights(ax, "without a lead") == []
    (goal,) = [one for one in ax.collections if one.get_label() == "target"]
    assert [float(one[0, 1]) for one in goal.get_segments()] == by_hand.TARGETS
    assert title(ax).startswith(f"{plan.leads.sum():,.0f} leads give EUR 750,000 by April 2027 a")
    assert "2027-04: target 200,000" in fk.plot.describe(ax)


def test_leads_stand_in_a_panel_for_each_channel_the_largest_first() -> None:
    plan = by_hand.plan()
    ax = fk.plot.leads_needed(plan)
    order = np.argsort(-plan.leads.sum(axis=1), kind="stable")
    drawn = [heights(panel, "leads") for panel in ax.child_axes]
    np.testing.assert_allclose(drawn, plan.leads[order])
    assert len({panel.get_ylim() for panel in ax.child_axes}) == 1
    assert by_hand.HOSTILE in " ".join(text.get_text() for text in ax.texts)


def test_many_channels_share_a_panel_where_there_is_no_room() -> None:
    rates = {f"channel {k}": [0.02 + k / 1000] for k in range(15)}
    plan = fk.plan.reverse(20, fk.plan.stated(rates, stages=["lead", "won"], n_draws=20))
    ax = fk.plot.leads_needed(plan)
    assert len(ax.child_axes) == 12
    whole = sum(sum(heights(panel, "leads")) for panel in ax.child_axes)
    assert whole == plan.leads.sum()
    _, small = plt.subplots(figsize=(3, 2))
    assert len(fk.plot.leads_needed(plan, ax=small).child_axes) < 12


def test_people_stand_beside_those_who_are_needed() -> None:
    found = by_hand.capacity()
    ax = fk.plot.headcount(found)
    names = [text.get_text() for text in ax.texts if text.get_weight() == "bold"]
    seller = ax.child_axes[names.index("seller")]
    np.testing.assert_allclose(heights(seller, "there"), found.ramped_heads[0])
    (needed,) = [line for line in seller.lines if line.get_label() == "needed"]
    np.testing.assert_allclose(needed.get_ydata()[:-1], found.ramped_heads_needed[0])
    assert found.requisitions
    assert title(ax).startswith(f"{found.requisitions[0].number} ")


def test_people_who_suffice_need_no_hire() -> None:
    team = fk.plan.Team(
        roles=[fk.plan.Role(name="seller", people=50, quota=60_000, attainment=0.8)]
    )
    ax = fk.plot.headcount(fk.plan.capacity(team, by_hand.plan()))
    assert title(ax) == "The people suffice in every month"


def test_a_bar_runs_from_the_output_at_one_end_to_that_at_the_other() -> None:
    bars = by_hand.tornado()
    ax = fk.plot.tornado(bars, most=2)
    assert len(bars.inputs) > 2
    for name, ends in (("low", bars.at_low), ("high", bars.at_high)):
        drawn = [
            (float(bar.get_x()), float(bar.get_x() + bar.get_width()))
            for group in ax.containers
            if group.get_label() == f"at its {name} end"
            for bar in group
        ]
        wanted = [tuple(sorted((bars.base, float(end)))) for end in ends[:2]]
        np.testing.assert_allclose(drawn, wanted)
    assert "shorter bar" in ax.get_xlabel().replace("\n", " ")
    assert bars.said[0][2] in fk.plot.describe(ax)


def test_bars_of_one_length_are_told_to_be_so_by_arithmetic() -> None:
    ax = fk.plot.tornado(fk.plan.tornado(by_hand.plan(), output="leads", swing=0.1))
    assert "of one length by arithmetic" in ax.get_xlabel().replace("\n", " ")
    assert title(ax).startswith("What matters most for the leads needed")


def test_a_dot_for_each_plan_and_its_cost() -> None:
    plan = by_hand.plan()
    ax = fk.plot.cost_of_certainty(plan)
    table = plan.option_table().set_index("plan")
    for name in ("P50", "P80", "P90"):
        (dot,) = [line for line in ax.lines if line.get_label() == name]
        assert float(dot.get_ydata()[0]) == table.loc[name, "spend"]
        assert float(dot.get_xdata()[0]) == pytest.approx(table.loc[name, "probability"])
    (line,) = [line for line in ax.lines if line.get_label() == "all leads alike"]
    assert (np.diff(line.get_xdata()) > 0).all()
    assert (np.diff(line.get_ydata()) > 0).all()


def test_several_plans_of_one_goal_are_compared_in_leads_where_no_cost_is_known() -> None:
    given = by_hand.counted().assumptions
    plans = [fk.plan.reverse(40, given, probability=each) for each in (0.5, 0.9)]
    ax = fk.plot.cost_of_certainty(plans)
    dots = {str(line.get_label()): float(line.get_ydata()[0]) for line in ax.lines}
    assert {name: dots[name] for name in ("P50", "P90")} == {
        "P50": plans[0].leads.sum(),
        "P90": plans[1].leads.sum(),
    }
    with pytest.raises(ArgumentError, match="must be of one goal"):
        fk.plot.cost_of_certainty([plans[0], fk.plan.reverse(50, given)])
    with pytest.raises(ArgumentError, match="at least one plan"):
        fk.plot.cost_of_certainty([])


VIEWS: list[tuple[Callable[..., Axes], Callable[[], Any]]] = [
    (fk.plot.plan_targets, by_hand.plan),
    (fk.plot.leads_needed, by_hand.plan),
    (fk.plot.headcount, by_hand.capacity),
    (fk.plot.tornado, by_hand.tornado),
    (fk.plot.cost_of_certainty, by_hand.plan),
]


@pytest.mark.parametrize(("view", "made"), VIEWS, ids=[view.__name__ for view, _ in VIEWS])
@pytest.mark.parametrize("width", [3.5, 9.0])
def test_ticks_do_not_touch_and_letters_are_drawn_as_they_are(
    view: Callable[..., Axes], made: Callable[[], Any], width: float
) -> None:
    figure, ax = plt.subplots(figsize=(width, 4), layout="constrained")
    assert view(made(), ax=ax) is ax
    FigureCanvasAgg(figure).draw()
    for axes in (ax, *ax.child_axes):
        boxes = [text.get_window_extent() for text in axes.get_xticklabels() if text.get_text()]
        assert all(one.x1 < two.x0 for one, two in pairwise(boxes))
        assert all(not text.get_parse_math() for text in (*axes.texts, axes.xaxis.label))


@pytest.mark.parametrize("view", [view for view, _ in VIEWS], ids=[v.__name__ for v, _ in VIEWS])
def test_other_things_are_refused(view: Callable[..., Axes]) -> None:
    with pytest.raises(ArgumentError, match=r"must be what fk\.plan"):
        view(3)


def test_a_tornado_without_a_bar_is_refused() -> None:
    sure = fk.plan.stated([0.2], stages=["lead", "won"], n_draws=20)
    bars = fk.plan.tornado(fk.plan.reverse(40, sure))
    with pytest.raises(ArgumentError, match="no bar to show"):
        fk.plot.tornado(bars)
