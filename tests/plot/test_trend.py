"""Series: lines are the values, and the title claims what the counts allow."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from scipy import stats

import funnelkit as fk


def monthly(values: list[float], name: str | None = "won", freq: str = "M") -> pd.Series:
    return pd.Series(
        values, index=pd.period_range("2018-01", periods=len(values), freq=freq), name=name
    )


def drawn(ax: Axes, label: str) -> np.ndarray:
    (line,) = [one for one in ax.lines if one.get_label() == label]
    return np.asarray(line.get_ydata())


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\u202f", " ").replace("\n", " ")


def caption(ax: Axes) -> str:
    return ax.get_xlabel().replace("\n", " ")


def test_the_line_is_the_series_from_zero() -> None:
    ax = fk.plot.series(monthly([73, 113, 146, 207, 122]))
    assert drawn(ax, "won").tolist() == [73, 113, 146, 207, 122]
    assert ax.get_ylim()[0] == 0
    assert [text.get_text() for text in ax.get_xticklabels()][-1] == "2018-05"
    assert "122" in [text.get_text() for text in ax.texts]


def by_scipy(now: int, before: int) -> str:
    """The interval of now / before - 1 in per cent, its ends by size, from SciPy's exact test."""
    share = stats.binomtest(now, now + before).proportion_ci(method="exact")
    low, high = sorted(abs(end / (1 - end) - 1) for end in share)
    return f"{100 * low:.0f} to {100 * high:.0f} %"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            [207, 122],
            f"won: 122 in February 2018, 41 % ({by_scipy(122, 207)}) fewer than in January 2018",
        ),
        ([1352, 1303], "won: 1,303 in February 2018, no clear change on January 2018 (1,352)"),
        (
            [10, 40],
            f"won: 40 in February 2018, 300 % ({by_scipy(40, 10)}) more than in January 2018",
        ),
        ([0, 30], "won: 30 in February 2018, after none in January 2018"),
        ([0, 0], "won: 0 in February 2018, no clear change on January 2018 (0)"),
        ([7], "won: 7 in January 2018"),
        ([], "There is no full period yet"),
    ],
)
def test_the_title_is_the_change_as_far_as_chance_allows(values: list[float], words: str) -> None:
    assert title(fk.plot.series(monthly(values))) == words


def test_a_series_without_a_name() -> None:
    assert title(fk.plot.series(monthly([7], name=None))) == "7 in January 2018"


def test_an_unfinished_period_is_hollow_dashed_and_left_out_of_the_title() -> None:
    ax = fk.plot.series(monthly([200, 210, 3]), as_of="2018-03-02")
    assert title(ax) == "won: 210 in February 2018, no clear change on January 2018 (200)"
    assert drawn(ax, "won").tolist() == [200, 210]
    (dashed,) = [one for one in ax.lines if one.get_label() == "_unfinished"]
    assert dashed.get_linestyle() == "--"
    (last,) = [one for one in ax.lines if one.get_label() == "_last"]
    assert last.get_markerfacecolor() == "#ffffff"
    assert last.get_ydata().tolist() == [3]
    assert "Hollow: the period is not over." in caption(ax)


def test_the_last_day_of_a_period_ends_it() -> None:
    ax = fk.plot.series(monthly([200, 210]), as_of="2018-02-28")
    assert "Hollow" not in caption(ax)
    assert title(ax).startswith("won: 210 in February 2018")


def test_days_and_quarters_are_named_as_one_says_them() -> None:
    assert title(fk.plot.series(monthly([4], freq="D"))) == "won: 4 on 1 January 2018"
    assert title(fk.plot.series(monthly([4], freq="Q-JAN"))) == "won: 4 in FY2018 Q4"
    assert caption(fk.plot.series(monthly([4], freq="W"))).startswith("By week.")


def test_values_that_are_no_counts_claim_no_change() -> None:
    ax = fk.plot.series(monthly([1.5, np.nan, -2.25, 3.1], name="value"))
    assert title(ax) == "value: 3.1 in April 2018"
    assert ax.get_ylim()[0] <= -2.25
    np.testing.assert_array_equal(drawn(ax, "value"), [1.5, np.nan, -2.25, 3.1])


def test_entries_without_a_day_are_said() -> None:
    series = monthly([5, 6])
    series.attrs["undated"] = 12
    assert "12 entries without a known day are in none." in caption(fk.plot.series(series))


@pytest.fixture
def long() -> pd.DataFrame:
    rows = [
        {"series": f"s{k}", "period": period, "value": 10 * (k + 1) + month}
        for k in range(9)
        for month, period in enumerate(pd.period_range("2018-01", periods=4, freq="M"))
    ]
    return pd.DataFrame(rows)


def test_a_long_frame_shows_its_six_largest_series(long: pd.DataFrame) -> None:
    ax = fk.plot.series(long)
    for k in range(3, 9):
        assert drawn(ax, f"s{k}").tolist() == [10 * (k + 1) + month for month in range(4)]
    assert "3 smaller series not shown." in caption(ax)
    # Of all nine: 10 + 20 + … + 90, and 3 for each.
    assert title(ax) == "s8 brought the most in April 2018: 93 of 477"
    assert {f"s{k} {10 * (k + 1) + 3}" for k in range(3, 9)} <= {t.get_text() for t in ax.texts}


def test_frames_of_rates_by_period_label_are_taken_too(long: pd.DataFrame) -> None:
    ax = fk.plot.series(long.assign(period=long["period"].astype(str)))
    assert drawn(ax, "s8").tolist() == [90, 91, 92, 93]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([1, 2], "got list."),
        (pd.DataFrame({"a": [1]}), "got DataFrame."),
        (pd.Series(["x"], index=pd.period_range("2018", periods=1, freq="Y")), "no numbers."),
        (pd.Series([1, 2], index=["north", "east"]), "periods that are not in order."),
        (
            pd.DataFrame({"series": ["a", "a"], "period": [1, 1], "value": [1, 2]}),
            "several values for a series and period.",
        ),
    ],
)
def test_anything_else_is_refused(given: object, why: str) -> None:
    with pytest.raises(fk.FunnelError, match=r"^`counts` must be a Series by period") as raised:
        fk.plot.series(given)  # type: ignore[arg-type]
    assert str(raised.value).endswith(why)
