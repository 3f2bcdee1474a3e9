"""Stage bars: widths and words are the counts of the table."""

import datetime as dt

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

import funnelkit as fk
from funnelkit.counts.flows import Stays


def stays(**changes: object) -> Stays:
    given = {
        "stages": ("lead", "mql", "won"),
        "exits": ("lost", "disqualified"),
        "by": (),
        "segments": ((),),
        "as_of": dt.date(2026, 12, 31),
        "entered": [[1000, 400, 90]],
        "filled": [[0, 40, 0]],
        "moved_on": [[400, 90, 0]],
        "left": {"lost": [[100, 150, 0]], "disqualified": [[50, 0, 0]]},
        "still_there": [[450, 160, 90]],
        "days": [[[0] * 9 + [400], [0] * 10, [0] * 10]],
    }
    return Stays(**(given | changes))


def parts(ax: Axes) -> list[tuple[int, str, float, float]]:
    """(stage, what became of them, start, width) of each part."""
    return [
        (
            round(one.get_y() + one.get_height() / 2),
            str(one.get_label()).lstrip("_"),
            one.get_x(),
            one.get_width(),
        )
        for one in ax.patches
        if isinstance(one, Rectangle)
    ]


def words(ax: Axes) -> list[str]:
    return [text.get_text().replace("\u202f", " ") for text in ax.texts]


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\u202f", " ").replace("\n", " ")


def test_parts_are_the_counts_one_after_the_other() -> None:
    ax = fk.plot.funnel(stays())
    slit = 1.5 / 648 * 1000
    expected = [
        (0, "moved on", 0, 400),
        (0, "still there", 400, 450),
        (0, "left: lost", 850, 100),
        (0, "left: disqualified", 950, 50),
        (1, "moved on", 0, 90),
        (1, "still there", 90, 160),
        (1, "left: lost", 250, 150),
        (2, "moved on", 0, 90),
    ]
    found = parts(ax)
    assert [one[:3] for one in found] == [one[:3] for one in expected]
    np.testing.assert_allclose([one[3] + slit for one in found], [one[3] for one in expected])


def test_counts_rates_and_days_are_printed() -> None:
    rates = fk.rates.flow(stays())
    printed = words(fk.plot.funnel(rates))
    assert {"lead", "1,000", "mql", "400", "won", "90"} <= {*printed}
    low, high = (100 * np.asarray(end)[0, :2] for end in rates.confidence_interval())
    assert f"40.0 % ({low[0]:.1f}\u2013{high[0]:.1f}) on to mql" in printed
    # 40 of the 400 were filled in: 50 of the 360 others moved on.
    assert f"13.9 % ({low[1]:.1f}\u2013{high[1]:.1f}) on to won" in printed
    assert {"450 still there", "100 lost", "50 disqualified", "160 still there"} <= {*printed}
    assert "moved on after 9 days (median)" in printed
    assert "days not recorded" in printed


def test_the_title_names_the_stage_at_which_the_most_stop() -> None:
    assert title(fk.plot.funnel(stays())) == (
        "More stop at lead than elsewhere: 40.0 % (37.0 to 43.1 %) have gone on to mql so far"
    )


def test_filled_entries_are_said() -> None:
    caption = fk.plot.funnel(stays()).get_xlabel().replace("\n", " ")
    assert (
        "40 entries without a date of their own, known from a later stage, are left out" in caption
    )


def test_two_stages() -> None:
    two = stays(
        stages=("lead", "won"),
        exits=(),
        entered=[[200, 20]],
        filled=[[0, 0]],
        moved_on=[[20, 0]],
        left={},
        still_there=[[180, 20]],
        days=[[[0] * 9 + [20], [0] * 10]],
    )
    assert (
        title(fk.plot.funnel(two)) == "10.0 % (6.6 to 14.9 %) have gone on from lead to won so far"
    )


def test_all_zero() -> None:
    none = np.zeros((1, 3), int)
    left = {"lost": none, "disqualified": none}
    empty = stays(entered=none, filled=none, moved_on=none, left=left, still_there=none)
    ax = fk.plot.funnel(empty)
    assert title(ax) == "Nothing has entered lead yet"
    assert not parts(ax)


def test_few_records_have_counts_and_no_percentage() -> None:
    few = stays(
        entered=[[19, 5, 1]],
        filled=[[0, 0, 0]],
        moved_on=[[5, 1, 0]],
        left={"lost": [[0, 0, 0]], "disqualified": [[0, 0, 0]]},
        still_there=[[14, 4, 1]],
    )
    ax = fk.plot.funnel(few)
    assert title(ax) == "Too few records to say where they stop"
    assert "5 on to mql" in words(ax)
    assert not [text for text in words(ax) if "%" in text]


def test_segments_are_taken_together() -> None:
    def twice(values: list[list[int]]) -> list[list[int]]:
        return values * 2

    one = stays()
    both = stays(
        by=("source",),
        segments=(("a",), ("b",)),
        entered=twice([[1000, 400, 90]]),
        filled=twice([[0, 40, 0]]),
        moved_on=twice([[400, 90, 0]]),
        left={name: np.repeat(counts, 2, axis=0) for name, counts in one.left.items()},
        still_there=twice([[450, 160, 90]]),
        days=np.repeat(one.days, 2, axis=0),
    )
    ax = fk.plot.funnel(fk.rates.flow(both))
    assert {"2,000", "800", "180", "900 still there"} <= {*words(ax)}
    assert "All 2 segments together." in ax.get_xlabel().replace("\n", " ")


def test_something_else_is_refused() -> None:
    with pytest.raises(fk.FunnelError, match=r"^`flow` must be what fk\.rates\.flow .* got str\.$"):
        fk.plot.funnel("leads")  # type: ignore[arg-type]
