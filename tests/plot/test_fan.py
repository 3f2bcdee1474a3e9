"""The fan of a forecast and its sum against a target: what is drawn is counted from the draws."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.forecast.result import Forecast
from tests.plot.forecasts_by_hand import DRAWS, by_hand


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\u202f", " ").replace("\n", " ")


def said(ax: Axes) -> str:
    return fk.plot.describe(ax).replace("\u202f", " ")


def bands(ax: Axes) -> dict[str, dict[float, tuple[float, float]]]:
    """Lower and upper end of each band, by place."""
    found = {}
    for one in ax.collections:
        if isinstance(one, PolyCollection):
            corners = one.get_paths()[0].vertices
            places = sorted(set(corners[:, 0].tolist()))
            found[str(one.get_label()).replace("\u202f", " ")] = {
                x: (
                    float(corners[corners[:, 0] == x, 1].min()),
                    float(corners[corners[:, 0] == x, 1].max()),
                )
                for x in places
            }
    return found


def line(ax: Axes, label: str) -> list[tuple[float, float]]:
    (one,) = [each for each in ax.lines if each.get_label() == label and len(each.get_xdata()) > 1]
    return list(zip(np.asarray(one.get_xdata()), np.asarray(one.get_ydata()), strict=True))


def levels(ax: Axes, label: str) -> list[float]:
    """Heights of level lines."""
    return [
        float(segment[0, 1])
        for one in ax.collections
        if isinstance(one, LineCollection) and one.get_label() == label
        for segment in one.get_segments()
    ]


def test_bands_are_quantiles_of_the_sum_of_the_draws() -> None:
    ax = fk.plot.forecast(by_hand(), levels=(0.5, 0.95))
    # Sorted sums by month: 6 7 8 9, 4 6 6 11, 2 3 4 5; a quarter and three quarters of four
    # draws are the first and the third of them.
    assert bands(ax) == {
        "95 % band": {0: (6, 9), 1: (4, 11), 2: (2, 5)},
        "50 % band": {0: (6, 8), 1: (4, 6), 2: (2, 4)},
    }
    assert line(ax, "expected") == [(0, 7.5), (1, 6.75), (2, 3.5)]
    assert line(ax, "came") == [(-2, 10), (-1, 15)]
    assert title(ax) == (
        "About 7.5 won deals in November 2026 (6 to 9), 3.5 in January 2027 (2 to 5)"
    )


def test_summed_up_the_bands_are_those_of_the_sums() -> None:
    ax = fk.plot.forecast(by_hand(), cumulative=True, levels=0.95, target=16)
    assert bands(ax) == {"95 % band": {0: (6, 9), 1: (10, 19), 2: (15, 23)}}
    # 15, 16, 17 and 23: three of four reach 16.
    assert title(ax) == "About 18 won deals by January 2027 (15 to 23): 16 has a 75 % chance"
    assert not [one for one in ax.lines if one.get_label() == "came" and len(one.get_xdata())]
    assert levels(ax, "target") == [16]
    chances = "by 2026-11 less than 1 %, by 2026-12 25 %, by 2027-01 75 %"
    assert f"Chance of 16: {chances}." in said(ax)


@pytest.mark.parametrize(
    "segment", ["web", ["web"], {"source": "web"}], ids=["label", "row", "mapping"]
)
def test_a_segment_is_shown_alone(segment: Any) -> None:
    ax = fk.plot.forecast(by_hand(), segment=segment, levels=0.95)
    assert bands(ax)["95 % band"] == {0: (5, 8), 1: (4, 9), 2: (1, 4)}
    assert line(ax, "came") == [(-2, 10), (-1, 12)]
    assert title(ax).startswith("About 6.5 won deals of web in November 2026 (5 to 8)")


def test_a_blank_segment_is_named_so() -> None:
    ax = fk.plot.forecast(by_hand(), segment={"source": None})
    assert "About 1 won deals of (blank) in November 2026" in title(ax)
    assert "2026-09 \u2013" in said(ax)  # nothing is known of it there


def test_the_running_month_shows_what_it_holds() -> None:
    ahead = by_hand(as_of=dt.date(2026, 11, 15), so_far=[2, 1])
    ax = fk.plot.forecast(ahead)
    (dot,) = [one for one in ax.lines if one.get_label() == "so far"]
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (0, 3)
    (known,) = [one for one in ax.lines if one.get_label() == "known to"]
    assert known.get_xdata()[0] == 0  # half of 30 days
    assert "2026-11: 7.5 expected, 3 so far" in said(ax)
    before = fk.plot.forecast(by_hand())
    assert not [one for one in before.lines if one.get_label() == "so far"]
    (known,) = [one for one in before.lines if one.get_label() == "known to"]
    assert known.get_xdata()[0] == -0.5


def test_history_is_as_long_as_asked() -> None:
    assert len(fk.plot.forecast(by_hand(), history=1).lines[0].get_xdata()) == 1
    ax = fk.plot.forecast(by_hand(), history=0)
    assert "Came" not in said(ax)
    assert "came" not in [text.get_text() for text in ax.get_legend().get_texts()]


def test_money_has_its_currency() -> None:
    draws = 1000 * np.asarray(DRAWS)
    ahead = by_hand(draws=draws, unit="value", currency="EUR", what="bookings")
    ax = fk.plot.forecast(ahead, levels=0.5, target=8000)
    # Interpolated quartiles of 6, 7, 8 and 9: 6.75 and 8.25; of 2, 3, 4 and 5: 2.75 and 4.25.
    assert title(ax) == (
        "About EUR 7,500 of bookings in November 2026 (6,750 to 8,250), EUR 3,500 in January 2027 "
        "(2,750 to 4,250): EUR 8,000 has a 50 % chance in November 2026"
    )
    assert "in EUR" in ax.get_xlabel()


def test_one_month_one_draw_nothing_gone() -> None:
    ahead = by_hand(
        draws=[[[4]]],
        gone=pd.period_range("2026-09", periods=0, freq="M"),
        observed=np.zeros((1, 0)),
    )
    ax = fk.plot.forecast(ahead, levels=0.8)
    assert title(ax) == "About 4 won deals in November 2026 (4 to 4)"
    assert list(bands(ax)["80 % band"].values()) == [(4, 4), (4, 4)]


def test_all_zeros_have_an_axis() -> None:
    ax = fk.plot.forecast(by_hand(draws=np.zeros((3, 1, 4)), observed=[[0, 0]]))
    assert title(ax).startswith("About 0 won deals in November 2026 (0 to 0)")
    assert ax.get_ylim()[1] > 0


def test_notes_and_method_stand_under_it() -> None:
    ax = fk.plot.forecast(by_hand(notes=("October is left out.",)))
    words = ax.get_xlabel().replace("\n", " ")
    assert "Method: counting." in words
    assert "October is left out." in words


def test_every_kind_of_forecast_will_do() -> None:
    class Other(Forecast):
        pass

    one, other = fk.plot.forecast(by_hand()), fk.plot.forecast(by_hand(kind=Other))
    assert said(one) == said(other)


def test_hostile_names_are_drawn_as_they_are() -> None:
    nasty = "$x_1^2$ <script>alert(1)</script>\n\\frac{1}"
    ahead = by_hand(what=nasty, method=nasty, segments=((nasty,), ("b",)), notes=(nasty,))
    for ax in (
        fk.plot.forecast(ahead, segment=nasty),
        fk.plot.attainment(ahead, 10, segment=nasty),
    ):
        FigureCanvasAgg(ax.figure).draw()
        assert "$x_1^2$ <script>alert(1)</script> \\frac{1}" in said(ax)
        assert all(not text.get_parse_math() for text in (*ax.texts, ax.xaxis.label))


@pytest.mark.parametrize("width", [3.0, 9.0])
def test_no_label_stands_on_another(width: float) -> None:
    draws = np.repeat(DRAWS, 6, axis=2) * 123_456
    ahead = by_hand(draws=draws, unit="value", currency="EUR")
    figure, (left, right) = plt.subplots(2, 1, figsize=(width, 8), layout="constrained")
    fk.plot.forecast(ahead, ax=left)
    fk.plot.attainment(ahead, 9e6, ax=right)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    for ax in (left, right):
        boxes = [text.get_window_extent() for text in ax.get_xticklabels() if text.get_text()]
        assert len(boxes) > 1
        assert all(one.x1 < two.x0 for one, two in pairwise(boxes))


def test_what_came_before_counts_from_the_month_that_is_asked() -> None:
    ax = fk.plot.attainment(by_hand(), 41, since="2026-09", levels=0.95)
    # 10 and 15 came; 25 and the sums 15, 16, 17 and 23.
    assert line(ax, "came") == [(-2, 10), (-1, 25)]
    assert bands(ax)["95 % band"][2] == (40, 48)
    assert title(ax) == "About 43 won deals by January 2027 (40 to 48): 41 has a 75 % chance"
    words = [text.get_text().replace("\u202f", " ") for text in ax.get_xticklabels()]
    assert words[-1] == "2027-01\n75 %"


def test_targets_by_date_are_steps_with_their_chances() -> None:
    ax = fk.plot.attainment(by_hand(), {"2027-01": 17, "2026-12": 13})
    assert levels(ax, "target") == [13, 17]
    assert title(ax) == "About 18 won deals by January 2027 (15 to 23): 17 has a 50 % chance"
    assert "13 by December 2026 has a 75 % chance." in said(ax)
    words = [text.get_text().replace("\u202f", " ") for text in ax.get_xticklabels()]
    assert words == ["2026-11\n", "2026-12\n75 %", "2027-01\n50 %"]


def test_a_chance_is_the_one_of_the_forecast() -> None:
    ahead = by_hand()
    for target in (5, 16, 30):
        words = said(fk.plot.attainment(ahead, target))
        for month, name in (("2026-12", "December 2026"), ("2027-01", "January 2027")):
            chance = ahead.probability(target, until=month)
            told = {0.0: "a chance of less than 1 %", 1.0: "a chance of more than 99 %"}.get(
                chance, f"a {100 * chance:.0f} % chance"
            )
            assert f"{target} by {name} has {told}." in words


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"levels": 80}, "`levels` must lie between 0 and 1"),
        ({"levels": ()}, "one to three levels"),
        ({"levels": "80"}, "`levels`"),
        ({"history": -1}, "`history` must be a whole number"),
        ({"history": True}, "`history`"),
        ({"target": "200"}, "`target` must be a number"),
        ({"target": float("nan")}, "`target`"),
        ({"target": -1}, "`target`"),
        ({"segment": "wbe"}, "Did you mean `web`"),
        ({"segment": ("web", "x")}, "a label for each column"),
        ({"segment": {"sorce": "web"}}, "Did you mean `source`"),
        ({"ax": "axes"}, "`ax`"),
    ],
)
def test_wrong_arguments_are_named(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        fk.plot.forecast(by_hand(), **changed)


@pytest.mark.parametrize(
    ("targets", "changed", "words"),
    [
        ({}, {}, "`targets` must hold a target"),
        ({"2027-05": 1}, {}, "periods that are forecast \\(2026-11 to 2027-01\\)"),
        ({"soon": 1}, {}, "must be by period"),
        ({"2026-12": "x"}, {}, "`targets` must be a number"),
        (10, {"since": "2026-01"}, "`since` must be a period from which on all is known"),
        (10, {"since": "x"}, "`since` must be a period"),
    ],
)
def test_wrong_targets_are_named(targets: Any, changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        fk.plot.attainment(by_hand(), targets, **changed)


def test_since_needs_all_that_came() -> None:
    holed = by_hand(observed=[[np.nan, 12], [np.nan, 3]])
    with pytest.raises(ArgumentError, match="from which on all is known"):
        fk.plot.attainment(holed, 10, since="2026-09")
    assert line(fk.plot.attainment(holed, 10, since="2026-10"), "_link") == [(-1, 15), (0, 22.5)]


def test_other_things_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"`forecast` must be what a function of fk\.forecast"):
        fk.plot.forecast(pd.DataFrame())  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="no period to come"):
        fk.plot.forecast(by_hand(draws=np.zeros((1, 1, 0))))


def test_a_level_is_not_rounded_and_a_currency_is_drawn_as_it_is() -> None:
    nasty = "$\\frac{1} (\n<b>"
    ahead = by_hand(draws=1000 * np.asarray(DRAWS), unit="value", currency=nasty)
    ax = fk.plot.forecast(ahead, levels=0.975)
    FigureCanvasAgg(ax.figure).draw()
    assert title(ax).startswith("About $\\frac{1} ( <b> 7,500 of won deals in November 2026 (6,0")
    assert [text.get_text().replace("\u202f", " ") for text in ax.get_legend().get_texts()] == [
        "came",
        "expected",
        "97.5 % band",
    ]
