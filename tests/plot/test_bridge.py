"""The bridge of a change, and peers as rows: what is drawn is what the results hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

import funnelkit as fk
from funnelkit._core.errors import ArgumentError

CHANGE = pd.DataFrame(
    {
        "cohort": ["2026-01"] * 2 + ["2026-02"] * 2,
        "source": ["webinar", "ads $x$"] * 2,
        "entered": [500, 500, 200, 800],
        "converted": [100, 25, 36, 44],
    }
)


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\u202f", " ").replace("\n", " ")


def bars(ax: Axes) -> list[Rectangle]:
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def test_the_steps_lead_from_one_rate_to_the_other() -> None:
    change = fk.monitor.decompose(CHANGE, "2026-01", "2026-02", by="source")
    ax = fk.plot.change(change)
    first, *steps, last = bars(ax)
    # 125 of 1,000 and 80 of 1,000.
    assert (first.get_x(), first.get_width()) == (0, pytest.approx(0.125))
    assert (last.get_x(), last.get_width()) == (0, pytest.approx(0.08))
    at = 0.125
    for bar, effect in zip(steps, change.effects.values(), strict=True):
        assert bar.get_width() == pytest.approx(abs(effect))
        assert bar.get_x() == pytest.approx(min(at, at + effect))
        at += effect
    assert at == pytest.approx(0.08)
    filled = [bar.get_facecolor() != bars(ax)[0].get_facecolor() for bar in steps]
    assert filled == [True, True]
    assert title(ax) == "The rate fell from 12.5 % to 8.0 %: most of it by the mix of source"
    assert "add up exactly" in fk.plot.describe(ax)


def test_a_reversal_and_no_clear_change_are_titles_of_their_own() -> None:
    stones = pd.DataFrame(
        {
            "treatment": ["B", "B", "A", "A"],
            "stone": ["small", "large", "small", "large"],
            "entered": [270, 80, 87, 263],
            "converted": [234, 55, 81, 192],
        }
    )
    change = fk.monitor.decompose(stones, "B", "A", by="stone", period="treatment")
    assert title(fk.plot.change(change)).startswith("Within the segments the rates went up")
    little = CHANGE.assign(entered=500, converted=[100, 25, 104, 27])
    change = fk.monitor.decompose(little, "2026-01", "2026-02", by="source")
    assert title(fk.plot.change(change)).startswith("No clear change of the rate")


def test_peers_are_drawn_as_adjusted_and_as_they_stand() -> None:
    counts = pd.DataFrame(
        {
            "rep": ["top", "low", "<b>x</b>", "few", None],
            "entered": [400, 400, 400, 30, 400],
            "converted": [160, 40, 80, 9, 84],
        }
    )
    peers = fk.monitor.compare_peers(counts, "rep")
    ax = fk.plot.peers(peers)
    (seen,) = [one for one in ax.lines if one.get_label() == "as it stands"]
    rates = dict(zip(peers.names, peers.rate, strict=True))
    assert seen.get_xdata() == pytest.approx([rates[name] for name in peers.names])
    (solid,) = [one for one in ax.lines if one.get_label() == "estimate"]
    assert solid.get_xdata() == pytest.approx(peers.adjusted[peers.entered >= 100])
    low, high = peers.confidence_interval()
    spans = [
        segment[:, 0]
        for one in ax.collections
        if isinstance(one, LineCollection) and str(one.get_label()).endswith("interval")
        for segment in one.get_segments()
    ]
    assert sorted(np.ravel(spans)) == pytest.approx(sorted([*low, *high]))
    assert title(ax) == "top stands clearly above the rest; low stands clearly below the rest"
    assert "few: 9 of 30" in fk.plot.describe(ax)


def test_many_peers_are_cut_and_it_is_said() -> None:
    counts = pd.DataFrame(
        {"rep": [f"rep {k}" for k in range(45)], "entered": 50, "converted": [8, 12, 10] * 15}
    )
    ax = fk.plot.peers(fk.monitor.compare_peers(counts, "rep"))
    assert "5 further rows not shown" in fk.plot.describe(ax)


def test_other_things_are_refused() -> None:
    with pytest.raises(ArgumentError, match="decompose"):
        fk.plot.change(CHANGE)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="compare_peers"):
        fk.plot.peers(CHANGE)  # type: ignore[arg-type]
