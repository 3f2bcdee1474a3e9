"""Lag curves by arm: lines, bands and dots are those of the comparison."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

import funnelkit as fk
from funnelkit.experiment.lagged import compare_lagged
from tests.plot.conftest import NASTY, build


def triangle(
    names: tuple[str | None, str | None] = ("control", "new"), won: int = 20
) -> fk.Triangle:
    """100 leads of either arm: control's 60 days old, the treatment's 20 or 10."""
    return build(
        [[[(100, 60, {5: 10, 30: 5})]], [[(60, 20, {4: won}), (40, 10, {8: 2})]]],
        segments=((names[0],), (names[1],)),
        by=("variant",),
    )


def line(ax: Axes, label: str) -> dict[int, float]:
    parts = [one for one in ax.lines if str(one.get_label()).split(",")[0] == label]
    return {
        int(x): float(y)
        for one in parts
        for x, y in zip(one.get_xdata(), one.get_ydata(), strict=True)
    }


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\u202f", " ").replace("\n", " ")


def test_lines_are_the_rates_of_the_arms_as_far_as_they_are_followed() -> None:
    ax = fk.plot.arms(compare_lagged(triangle()))
    control, new = line(ax, "control"), line(ax, "new")
    assert (max(control), max(new)) == (60, 20)
    assert [control[age] for age in (4, 5, 29, 60)] == pytest.approx([0, 0.1, 0.1, 0.15])
    # 20 of 100 at day 4; 2 of 80 at day 8, so 1 - .8 · 78/80.
    assert [new[age] for age in (3, 4, 20)] == pytest.approx([0, 0.2, 0.22])


def test_bands_are_those_of_the_fit() -> None:
    found = compare_lagged(triangle())
    ax = fk.plot.arms(found)
    fit = fk.lag.fit_competing(found.counts)
    bands = [one for one in ax.collections if isinstance(one, PolyCollection)]
    low, high = fit.confidence_interval([20])
    edges = [np.round(one.get_paths()[0].vertices[:, 1], 12) for one in bands]
    for k in (0, 1):
        ends = {round(float(np.asarray(end)[k, 0, 0]), 12) for end in (low, high)}
        assert any(ends <= set(edge) for edge in edges)


def test_the_horizon_is_marked_and_both_rates_there() -> None:
    found = compare_lagged(triangle(), within=15)
    ax = fk.plot.arms(found)
    dots = {
        (float(one.get_xdata()[0]), round(float(one.get_ydata()[0]), 6))
        for one in ax.lines
        if one.get_marker() == "o"
    }
    assert dots == {(15.0, 0.1), (15.0, 0.22)}
    assert any(text.get_text() == "compared at day 15" for text in ax.texts)
    written = [text.get_text().replace("\u202f", " ") for text in ax.texts]
    assert "new 22.0 % by day 15" in written
    assert title(ax).startswith(
        "Within 15 days more of new than of control reach won: +12.0 points"
    )


def test_the_axis_carries_those_still_followed() -> None:
    ax = fk.plot.arms(compare_lagged(triangle()))
    labels = {
        text.get_text().split("\n")[0]: text.get_text().split("\n")[1:]
        for text in ax.get_xticklabels()
    }
    assert labels["0"] == ["100", "100"]
    assert labels["60"] == ["0", "85"]


def test_no_clear_difference_is_not_called_one() -> None:
    ax = fk.plot.arms(compare_lagged(triangle(won=8)))
    assert title(ax).startswith("No clear difference in won within 20 days")
    assert "No clear difference" in fk.plot.describe(ax)
    assert "The arms are about equally mature" in fk.plot.describe(ax)


def test_arms_that_are_alike_and_arms_without_conversion_are_drawn() -> None:
    alike = build(
        [[[(50, 20, {3: 5})]], [[(50, 20, {3: 5})]]], segments=(("A",), ("B",)), by=("v",)
    )
    ax = fk.plot.arms(compare_lagged(alike, control="A"))
    assert line(ax, "A") == line(ax, "B")
    none = build([[[(50, 20, {})]], [[(50, 20, {})]]], segments=(("A",), ("B",)), by=("v",))
    ax = fk.plot.arms(compare_lagged(none, control="A"))
    assert set(line(ax, "A").values()) == {0.0}


def test_exits_keep_their_place() -> None:
    counts = build(
        [[[(100, 30, {5: 10})]], [[(100, 30, {5: 20})]]],
        segments=(("control",), ("new",)),
        by=("variant",),
        exits=("lost",),
        lost={2: 40},
    )
    ax = fk.plot.arms(compare_lagged(counts))
    assert line(ax, "new")[30] == pytest.approx(0.2)


@pytest.mark.parametrize("name", [name for name in NASTY if name is not None])
def test_names_from_the_data_are_letters_only(name: str) -> None:
    ax = fk.plot.arms(compare_lagged(triangle(("control", name))))
    ax.get_figure(root=True).canvas.draw()


def test_it_draws_on_small_axes() -> None:
    figure, ax = plt.subplots(figsize=(4, 4), layout="constrained")
    fk.plot.arms(compare_lagged(triangle()), ax=ax)
    figure.canvas.draw()
    assert not any("by day" in text.get_text() for text in ax.texts)


def test_something_else_is_refused() -> None:
    with pytest.raises(fk.FunnelError, match=r"`found` must be what fk.experiment.compare_lagged"):
        fk.plot.arms([1])  # type: ignore[arg-type]
