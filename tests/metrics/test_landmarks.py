"""Landmarks against naive bands where answers change nothing, and who is in which group."""

import importlib.util

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.interval import share_difference_interval
from funnelkit.metrics import WorkingHours, response_bands


@pytest.fixture(scope="module")
def bench(root):
    """The simulation of the benchmark."""
    spec = importlib.util.spec_from_file_location(
        "response_bands_bench", root / "benchmarks" / "response_bands.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_naive_bands_fall_where_answers_do_nothing_and_landmarks_agree(bench):
    leads = bench.simulated(40_000, rng=1)
    naive = bench.naive_bands(leads)
    assert naive[0] == pytest.approx(0.20, abs=0.015)
    assert naive[-1] == pytest.approx(0.06, abs=0.015)
    found = response_bands(leads, within=30, as_of="2026-06-30")
    low, high = found.confidence_interval(0.99)
    assert (low <= 0).all()
    assert (high >= 0).all()
    assert np.abs(found.difference).max() < 0.012
    assert (high - low).max() < 0.04  # and not because nothing could be told


def test_a_real_difference_is_seen(bench):
    leads = bench.simulated(20_000, rng=2, effect=0.1)
    found = response_bands(leads, within=30, bands=[60], as_of="2026-06-30")
    low, _ = found.confidence_interval()
    assert low[0, 0] > 0.05


LEADS = pd.DataFrame(
    {
        "created": ["2026-01-05T09:00"] * 7 + ["2026-03-01T09:00"],
        "responded": [
            "2026-01-05T10:00",  # at the landmark: answered by then
            "2026-01-05T10:01",
            "2026-01-05T09:10",
            "2026-01-05T09:10",
            None,
            None,
            "2026-01-05T09:10",
            None,
        ],
        "won": [
            "2026-02-04T10:00",  # the last moment of 30 days
            "2026-02-04T10:01",  # a minute too late
            "2026-01-05T09:59",  # decided by then
            None,
            "2026-01-05T10:01",
            None,
            None,
            None,
        ],
        "lost": [None, None, None, "2026-01-05T10:00", None, None, "2026-01-06T10:00", None],
    }
)


def test_who_is_in_which_group():
    found = response_bands(LEADS, bands=[60], within=30, as_of="2026-03-05")
    assert found.leads.tolist() == [7]
    assert found.left_out == 1
    assert found.decided.tolist() == [[2]]
    assert found.open_then.tolist() == [[[2, 3]]]  # first, last lost; second, fifth, sixth
    assert found.won.tolist() == [[[1, 1]]]
    low, high = found.confidence_interval()
    expected = share_difference_interval((1, 3), (1, 2))
    assert (low[0, 0], high[0, 0]) == pytest.approx(tuple(expected))
    frame = found.to_frame()
    assert frame["reading"].tolist() == ["association"]
    assert frame["difference"].tolist() == pytest.approx([1 / 2 - 1 / 3])
    text = found.summary()
    assert "association, not an effect" in text
    assert "1 lead too young" in text
    assert "effect of" not in text


def test_days_of_wins_count_from_their_beginning():
    days = LEADS.assign(
        won=LEADS["won"].str[:10], lost=LEADS["lost"].str[:10], responded=LEADS["responded"]
    )
    found = response_bands(days, bands=[60], within=30, as_of="2026-03-05")
    # Closed on the day of the landmark: third, fourth and fifth.
    assert found.decided.tolist() == [[3]]
    assert found.open_then.tolist() == [[[2, 2]]]
    assert "Only the day of lost and won is known" in found.summary()


def test_closed_before_they_came_are_set_aside():
    odd = LEADS.assign(won=["2026-01-04T10:00", *LEADS["won"][1:]])
    found = response_bands(odd, bands=[60], within=30, as_of="2026-03-05")
    assert found.aside["closed before they were created"] == 1
    assert found.leads.sum() == 6


def test_landmarks_in_business_minutes():
    leads = pd.DataFrame(
        {
            "created": ["2026-03-27T16:50"] * 2,
            "responded": ["2026-03-30T09:05", "2026-03-30T09:30"],
            "won": [None, None],
        }
    )
    hours = WorkingHours(timezone="Europe/Berlin")
    found = response_bands(leads, bands=[20, 60], within=1, hours=hours, as_of="2026-04-30")
    assert found.open_then.tolist() == [[[1, 1], [2, 0]]]
    assert "nobody unanswered and still open" in found.summary()
    assert np.isnan(found.difference[0, 1])


def test_leads_of_businesses_that_are_kept_apart():
    export = pd.DataFrame(
        {
            "id": [f"d{i}" for i in range(6)],
            "created_at": "2026-01-05T09:00",
            "won": ["2026-01-20", None] * 3,
            "pipeline": ["New"] * 4 + ["Renewal"] * 2,
        }
    )
    calls = pd.DataFrame({"record": ["d0", "d1", "d4"], "kind": "call", "at": "2026-01-05T09:03"})
    funnel = fk.Funnel(
        ["deal", "won"],
        columns={"deal": "created_at"},
        keep=["created_at"],
        segments=["pipeline"],
        apart=["pipeline"],
    )
    leads = fk.from_frame(export, funnel, as_of="2026-04-30")
    found = response_bands(leads, calls, bands=[5], within=60)
    assert found.segments == (("New",), ("Renewal",))
    assert found.open_then.tolist() == [[[2, 2]], [[1, 1]]]
    assert "New: at 5 min" in found.summary()
    assert "Renewal: at 5 min" in found.summary()


def test_nobody_followed_long_enough_and_wrong_arguments():
    with pytest.raises(EvidenceError, match="no lead has been followed for 90 days"):
        response_bands(LEADS, as_of="2026-01-31")
    with pytest.raises(ArgumentError, match="nothing says when leads were won"):
        response_bands(LEADS.drop(columns="won"), as_of="2026-06-30")
    with pytest.raises(ArgumentError, match="`within` must be a whole number"):
        response_bands(LEADS, within=0.5)
