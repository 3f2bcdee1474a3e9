"""Back-tests as pictures: what is drawn stands in the table."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

import funnelkit as fk


@pytest.fixture(scope="module")
def leads() -> fk.Leads:
    """Forty leads a day of two sources; 4 convert after 3 days, 4 after 12."""
    days = pd.date_range("2026-01-01", "2026-06-30").repeat(40)
    lags = pd.Series(([3] * 4 + [12] * 4 + [None] * 32) * 181)
    source = ["fair", "web", "web", "web"] * (10 * 181)
    won = (days + pd.to_timedelta(lags.fillna(0), "D")).where(lags.notna().to_numpy())
    export = pd.DataFrame({"id": range(len(days)), "lead": days, "won": won, "source": source})
    funnel = fk.Funnel(["lead", "won"], id="id", segments=["source"])
    return fk.from_frame(export, funnel, as_of="2026-06-30")


@pytest.fixture(scope="module")
def tested(leads: fk.Leads) -> fk.lag.Backtest:
    return fk.lag.backtest(leads, "lead", "won", horizon=30, methods=["adjusted"])


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\u202f", " ").replace("\n", " ")


def points(ax: Axes, *labels: str) -> dict[int, float]:
    return {
        int(at): float(rate)
        for one in ax.lines
        if one.get_label() in labels
        for at, rate in zip(one.get_xdata(), one.get_ydata(), strict=True)
    }


def test_a_panel_for_each_date_holds_the_rows_of_the_table(tested: fk.lag.Backtest) -> None:
    frame = tested.to_frame()
    frame = frame[frame["method"] == "adjusted"]
    ax = fk.plot.backtest(tested)
    dates = sorted(frame["date"].unique())
    assert len(ax.child_axes) == len(dates) > 1
    for panel, date in zip(ax.child_axes, dates, strict=True):
        rows = frame[frame["date"] == date].reset_index(drop=True)
        np.testing.assert_allclose(list(points(panel, "came").values()), rows["actual"])
        np.testing.assert_allclose(
            list(points(panel, "so far").values()), rows["converted"] / rows["entered"]
        )
        found = points(panel, "estimate", "immature or small")
        np.testing.assert_allclose([found[k] for k in sorted(found)], rows["predicted"])


def test_the_title_is_the_mean_error_of_the_method_and_of_the_raw_rate(
    tested: fk.lag.Backtest,
) -> None:
    frame = tested.to_frame()
    error = (100 * (frame["predicted"] - frame["actual"])).abs().groupby(frame["method"]).mean()
    assert title(fk.plot.backtest(tested)) == (
        f"Predictions were off by {error['adjusted']:.1f} points on average, "
        f"the rates so far by {error['raw']:.1f}"
    )


def test_a_method_that_is_no_better_is_called_so(leads: fk.Leads) -> None:
    methods = {"mine": "raw", "other": "adjusted"}
    tested = fk.lag.backtest(leads, "lead", "won", horizon=30, methods=methods)
    frame = tested.to_frame()
    off = (100 * (frame["predicted"] - frame["actual"])).abs()[frame["method"] == "mine"].mean()
    said = title(fk.plot.backtest(tested))
    assert said == f"The rates so far were off by {off:.1f} points on average"


def test_the_caption_counts_the_intervals_that_held(tested: fk.lag.Backtest) -> None:
    frame = tested.to_frame()
    mine = frame[frame["method"] == "adjusted"]
    words = fk.plot.backtest(tested).get_xlabel().replace("\n", " ").replace("\u202f", " ")
    assert f"{mine['covered'].sum()} of {len(mine)} intervals (95 %) held what came." in words


def test_segments_have_panels_as_of_the_latest_date(leads: fk.Leads) -> None:
    tested = fk.lag.backtest(leads, "lead", "won", by="source", horizon=30, methods=["adjusted"])
    ax = fk.plot.backtest(tested)
    names = [text.get_text() for text in ax.texts if text.get_weight() == "bold"]
    assert names == ["web", "fair"]
    latest = max(tested.dates)
    assert f"Shown: as of {latest.day} {latest:%B %Y}." in ax.get_xlabel().replace("\n", " ")


def test_it_is_described(tested: fk.lag.Backtest) -> None:
    ax = fk.plot.backtest(tested)
    said = fk.plot.describe(ax).splitlines()
    assert said[0] == ax.get_title(loc="left").replace("\n", " ")
    assert tested.summary() in said
    assert sum("; came " in line for line in said) == len(tested.dates)


def test_something_else_is_refused(leads: fk.Leads) -> None:
    with pytest.raises(fk.FunnelError, match=r"^`tested` must be what fk\.lag\.backtest returns"):
        fk.plot.backtest(leads)  # type: ignore[arg-type]
