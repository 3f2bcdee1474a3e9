"""`check_maturity`: arms that were followed for different times, and what it does to a rate."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from funnelkit._core.errors import ArgumentError
from funnelkit.counts.triangle import Triangle
from funnelkit.experiment.guards.maturities import check_maturity

DAYS = 120


def triangle(rng, ages, *, rates=(0.3, 0.3), scale=30.0, names=("control", "B")):
    """Leads of two arms that were followed for the given days; exponential lags."""
    shape = (len(names), 1, DAYS + 1)
    events, censored, followed = (np.zeros(shape, int) for _ in range(3))
    for i, arm in enumerate(ages):
        when = np.floor(rng.exponential(scale, len(arm))).astype(int)
        came = (rng.random(len(arm)) < rates[i]) & (when <= arm)
        np.add.at(events[i, 0], when[came], 1)
        np.add.at(censored[i, 0], arm[~came], 1)
        np.add.at(followed[i, 0], arm, 1)
    return Triangle(
        start="lead",
        target="won",
        by=("variant",),
        segments=tuple((name,) for name in names),
        cohorts=pd.period_range("2026-01", periods=1, freq="M"),
        as_of=dt.date(2026, 5, 1),
        entered=followed.sum(axis=2),
        events={"won": events},
        censored=censored,
        followed=followed,
    )


def ages(rng, n, *, low=0, high=DAYS):
    return rng.integers(low, high + 1, n)


def test_silent_where_both_arms_filled_at_the_same_time() -> None:
    rng = np.random.default_rng(1)
    noted = 0
    for _ in range(60):
        table = triangle(rng, (ages(rng, 400), ages(rng, 400)), rates=(0.2, 0.35))
        noted += check_maturity(table).level != "ok"
    assert noted <= 3  # 1 % of 60, and three standard deviations


def test_an_arm_that_started_later_is_a_warning_with_what_it_does() -> None:
    rng = np.random.default_rng(2)
    table = triangle(rng, (ages(rng, 3000), ages(rng, 3000, high=60)))
    found = check_maturity(table)
    assert found.level == "warning"
    frame = found.to_frame().set_index("arm")
    # by integration: lags exponential with mean 30, ages even from 0 to 120 and from 0 to 60
    late, early = (1 - (30 / h) * (1 - math.exp(-h / 30)) for h in (60, 120))
    assert frame["naive_off"]["B"] == pytest.approx(0.3 * (late - early), abs=0.02)
    assert frame["mean_days"].tolist() == pytest.approx([60, 30], abs=3)
    assert frame["naive_off"]["control"] == 0.0
    said = found.sentence.replace("\u202f", " ")
    assert said.startswith("B was followed for 29.7 days on average and control for 60.5")
    assert "points with no effect at all" in said


def test_a_short_horizon_makes_both_mature() -> None:
    rng = np.random.default_rng(3)
    table = triangle(rng, (ages(rng, 1500, low=40), ages(rng, 1500, low=40, high=60)), scale=8.0)
    short = check_maturity(table, horizon=30)
    assert short.level == "ok"
    assert short.to_frame()["maturity"].tolist() == pytest.approx([1, 1])
    assert short.sentence.replace("\u202f", " ") == (
        "The arms show about the same share of their conversions: control 100 % and B 100 %."
    )


def test_mean_days_do_where_there_is_no_triangle() -> None:
    found = check_maturity({"control": (400, 60.0, 20.0), "B": (380, 41.0, 18.0)})
    assert found.level == "warning"
    assert found.pvalue == pytest.approx(
        stats.ttest_ind_from_stats(41, 18, 380, 60, 20, 400, equal_var=False).pvalue
    )
    assert "about 31.7\u202f% lower than that of control" in found.sentence
    assert check_maturity({"control": (400, 60.0, 20.0), "B": (380, 59.0, 20.0)}).level == "ok"
    # a difference that is certain and does not matter
    assert check_maturity({"control": (9e6, 60.0, 5.0), "B": (9e6, 60.1, 5.0)}).level == "ok"
    assert check_maturity({"control": (9, 60.0, 0.0), "B": (9, 60.0, 0.0)}).level == "ok"
    assert check_maturity({"control": (9, 60.0, 0.0), "B": (9, 30.0, 0.0)}).level == "warning"


def test_several_treatments_against_the_named_control() -> None:
    moments = {"B": (400, 30.0, 20.0), "C": (400, 60.0, 20.0), "control": (400, 60.0, 20.0)}
    found = check_maturity(moments, control="control")
    assert found.sentence.startswith("B was followed for 30.0 days on average and control for 60.0")
    assert "C was" not in found.sentence
    with pytest.raises(ArgumentError, match="Did you mean `control`"):
        check_maturity(moments, control="controls")


def test_too_little_is_not_checked() -> None:
    rng = np.random.default_rng(4)
    none = triangle(rng, (ages(rng, 50), ages(rng, 50)), rates=(0.0, 0.0))
    assert not check_maturity(none).checked
    assert not check_maturity(triangle(rng, (ages(rng, 50), ages(rng, 0)))).checked
    assert not check_maturity({"control": (1, 5.0, 0.0), "B": (9, 5.0, 1.0)}).checked


def test_what_cannot_be_is_refused() -> None:
    rng = np.random.default_rng(5)
    one = triangle(rng, (ages(rng, 50),), names=("control",))
    with pytest.raises(ArgumentError, match="two or more arms; got 1"):
        check_maturity(one)
    with pytest.raises(ArgumentError, match="a triangle by arm, or"):
        check_maturity([(1, 2, 3)])
    for bad in ((400, 60.0), (400, 60.0, -1.0), (400, math.nan, 1.0), "abc"):
        with pytest.raises(ArgumentError, match=r"\(n, mean days, sd\)"):
            check_maturity({"control": (400, 60.0, 20.0), "B": bad})
