"""Calibration: what was found is drawn where it was stated, with intervals known from elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

import funnelkit as fk
from funnelkit._core.errors import ArgumentError

# Newcombe (1998), Statistics in Medicine 17, table I, method 3: 81 of 263 and 15 of 148.
FOUND = pd.DataFrame({"level": [0.3, 0.1], "n": [263, 148], "covered": [81, 15]})


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\u202f", " ").replace("\n", " ")


def said(ax: Axes) -> str:
    return fk.plot.describe(ax).replace("\u202f", " ")


def dots(panel: Axes) -> list[tuple[float, float]]:
    (one,) = [line for line in panel.lines if line.get_label() == "found"]
    return list(zip(np.asarray(one.get_xdata()), np.asarray(one.get_ydata()), strict=True))


def intervals(panel: Axes) -> list[tuple[float, float]]:
    return [
        (float(segment[0, 1]), float(segment[1, 1]))
        for one in panel.collections
        if isinstance(one, LineCollection) and one.get_label() == "interval"
        for segment in one.get_segments()
    ]


def test_shares_and_wilson_intervals() -> None:
    (panel,) = fk.plot.calibration(FOUND).child_axes
    assert np.allclose(dots(panel), [(0.1, 15 / 148), (0.3, 81 / 263)])
    assert np.allclose(intervals(panel), [(0.0624, 0.1605), (0.2553, 0.3662)], atol=1e-4)


def test_the_title_says_whether_bands_are_off() -> None:
    assert title(fk.plot.calibration(FOUND)).startswith("No sign that bands are off")
    narrow = pd.DataFrame({"level": [0.8], "n": [100], "covered": [60]})
    words = title(fk.plot.calibration(narrow))
    assert words.startswith("80 % bands are too narrow: they held 60.0 % of 100")
    wide = title(fk.plot.calibration(narrow.assign(covered=95)))
    assert wide.startswith("80 % bands are too wide: they held 95.0 % of 100")


def test_no_percentage_of_a_few() -> None:
    few = pd.DataFrame({"level": [0.8], "n": [12], "covered": [11]})
    ax = fk.plot.calibration(few)
    assert title(ax) == "No sign that bands are off: those of 80 % held 11 of 12"
    (panel,) = ax.child_axes
    assert not [text for text in panel.texts if "%" in text.get_text()]


def test_ends_that_are_given_are_drawn() -> None:
    given = FOUND.assign(low=[0.2, np.nan], high=[0.4, np.nan])
    (panel,) = fk.plot.calibration(given).child_axes
    assert np.allclose(intervals(panel), [(0.0624, 0.1605), (0.2, 0.4)], atol=1e-4)


def test_each_method_has_a_panel_or_stands_alone() -> None:
    both = pd.concat([FOUND.assign(method=name) for name in ("ours", "$x_1$")])
    ax = fk.plot.calibration(both)
    assert len(ax.child_axes) == 2
    assert "$x_1$, 30 % stated: held 30.8 % of 263 (25.5 to 36.6 %)." in said(ax)
    assert len(fk.plot.calibration(both, method="ours").child_axes) == 1
    with pytest.raises(ArgumentError, match="Did you mean `ours`"):
        fk.plot.calibration(both, method="our")


def test_the_pit_is_a_histogram_in_tenths() -> None:
    # Two numbers in the first tenth, one spread over the fifth and sixth: 2 / 3, 1 / 6 and 1 / 6.
    pit = [(0.05, 0.05), (0.02, 0.02), (0.4, 0.6)]
    ax = fk.plot.calibration(FOUND, pit=pit)
    _, panel = ax.child_axes
    heights = [one.get_height() for one in panel.patches if isinstance(one, Rectangle)]
    assert np.allclose(heights, [2 / 3, 0, 0, 0, 1 / 6, 1 / 6, 0, 0, 0, 0])
    assert "PIT by tenths: 66.7 %, 0.0 %" in said(ax)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"level": 80}, "a level must lie between 0 and 1"),
        ({"covered": 300}, "a count of at most `n`; 2 rows not"),
        ({"covered": 0.5}, "a count of at most `n`"),
        ({"covered": "x"}, "must hold numbers; 2 rows not: 'x', 'x'"),
        ({"n": 0, "covered": 0}, "no forecast whose number has come"),
    ],
)
def test_wrong_frames_are_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        fk.plot.calibration(FOUND.assign(**changed))


@pytest.mark.parametrize("pit", [[2.0], [[0.5, 0.4]], "x", [[[1]]], []])
def test_a_wrong_pit_is_refused(pit: Any) -> None:
    with pytest.raises(ArgumentError, match="`pit` must"):
        fk.plot.calibration(FOUND, pit=pit)


def test_missing_columns_are_all_named() -> None:
    with pytest.raises(ArgumentError, match="2 problems") as caught:
        fk.plot.calibration(FOUND[["level"]])
    assert "`n`" in str(caught.value)
    assert "`covered`" in str(caught.value)
