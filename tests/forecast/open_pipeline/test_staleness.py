"""What stale records did in the past, against a plain loop over the records."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.counts.opened import stood_beyond
from funnelkit.forecast.open_pipeline.staleness import StalePast, no_past, stale_past
from funnelkit.metrics.cycle.stale import Limit
from tests.forecast.open_pipeline.stand_in import StandIn

END = dt.date(2026, 6, 30)


def slow(frame, stages, limits, since):
    """Follow each record day by day."""
    found = {}
    for _, row in frame.iterrows():
        for k, stage in enumerate(stages[:-1]):
            if pd.isna(row[stage]):
                continue
            entered = pd.Timestamp(row[stage]).date()
            later = [row[name] for name in (*stages[k + 1 :], "lost") if not pd.isna(row[name])]
            left = min((pd.Timestamp(one).date() for one in later), default=None)
            first = max(entered + dt.timedelta(int(limits[k]) + 1), since)
            if first >= END or (left is not None and left <= first):
                continue
            key = (k, (first - entered).days, (END - first).days)
            n, won = found.get(key, (0, 0))
            found[key] = (n + 1, won + (not pd.isna(row[stages[-1]])))
    return found


def test_records_beyond_a_limit_against_a_loop():
    rng = np.random.default_rng(1)
    rows = []
    for i in range(400):
        day = dt.date(2025, 1, 1) + dt.timedelta(int(rng.integers(0, 480)))
        offer = day + dt.timedelta(int(rng.exponential(60))) if rng.random() < 0.6 else None
        last = (offer or day) + dt.timedelta(int(rng.exponential(90)))
        won = last if offer and rng.random() < 0.5 else None
        lost = last if not won and rng.random() < 0.5 else None
        days = [one if one and one <= END else None for one in (day, offer, won, lost)]
        rows.append((f"r{i}", *(one and one.isoformat() for one in days)))
    frame = pd.DataFrame(rows, columns=["id", "deal", "offer", "won", "lost"])
    funnel = fk.Funnel(["deal", "offer", "won"], exits=["lost"], id="id")
    leads = fk.from_frame(frame, funnel, as_of=END)
    since = dt.date(2025, 9, 1)
    told = pd.DataFrame({"stage": [0, 1], "limit": [45.0, 80.0]})
    found = stood_beyond(leads, told, since)
    ours = {
        (row.stage, row.stage_age_days, row.days): (row.n, row.won)
        for row in found.itertuples(index=False)
    }
    assert ours == slow(frame, funnel.stages, [45, 80], since)
    assert sum(n for n, _ in ours.values()) > 100


def test_the_past_counts_each_stale_record_and_its_wins():
    frame = pd.DataFrame(
        [
            ("w", "2024-06-01", "2024-07-01", None),
            ("late", "2025-01-01", "2026-03-01", None),
            ("lost", "2025-01-01", None, "2025-03-01"),
            ("open", "2025-01-01", None, None),
        ],
        columns=["id", "deal", "won", "lost"],
    )
    funnel = fk.Funnel(["deal", "won"], exits=["lost"], id="id")
    leads = fk.from_frame(frame, funnel, as_of=END)
    limit = Limit(business=(), stage="deal", wins=30, days=100.0, longest=100.0)
    model = StandIn(("deal", "won"), {"deal": 0.25}, END)
    past = stale_past(leads, model, [limit], won=leads.list("won"), stages=["deal"])
    # a year back lies before the middle between the first win and the end (729 days): 364 days
    assert past.since == dt.date(2025, 7, 1)
    assert (past.deals[0], past.won[0], past.expected[0]) == (2, 1, 0.5)
    assert past.exposure[0] == 2 * 363


def past_of(deals, won, exposure):
    return StalePast(
        since=dt.date(2025, 6, 30),
        stages=("deal",),
        deals=np.array([deals]),
        won=np.array([won]),
        expected=np.array([won]),
        exposure=np.array([exposure]),
    )


def test_many_stale_records_speak_for_themselves():
    past = past_of(2000.0, 100.0, 2000.0 * 365)
    found = past.chance(np.array([30.0, 60.0]), 4000, np.random.default_rng(2), stages=["deal"])
    assert found.weight[0] == pytest.approx(2000 / 2020)
    assert found.hazard.mean() == pytest.approx(100 / (2000 * 365), rel=0.02)
    assert found.hazard.std() / found.hazard.mean() == pytest.approx(0.1, rel=0.1)  # 1 / √100


def test_few_stale_records_leave_it_to_the_model():
    few = past_of(2.0, 0.0, 700.0)
    found = few.chance(np.array([30.0]), 10, np.random.default_rng(3), stages=["deal"])
    assert found.weight[0] == pytest.approx(2 / 22)
    none = no_past(["deal"]).chance(np.array([30.0]), 5, np.random.default_rng(4), stages=["deal"])
    shares = np.array([[[0.3, 0.4]]])
    assert (none.of(shares, np.array([0]), np.array([True])) == shares).all()


def test_what_is_said_of_them():
    assert past_of(1.0, 0.0, 10.0).told(0) == ""
    said = past_of(30.0, 1.0, 9000.0).told(2)
    assert said.startswith("2 open records are stale and have the chance that such records had")
    assert "of 30 records stale since 30 June 2025, 1 was won after that" in said
    assert "none was in the past" in no_past(["deal"]).told(1)


def test_without_wins_or_time_nothing_is_known():
    frame = pd.DataFrame([("a", "2026-06-01", "2026-06-20"), ("b", "2026-06-01", None)])
    frame.columns = ["id", "deal", "won"]
    leads = fk.from_frame(frame, fk.Funnel(["deal", "won"], id="id"), as_of=END)
    model = StandIn(("deal", "won"), {"deal": 0.25}, END)
    limit = Limit(business=(), stage="deal", wins=30, days=5.0, longest=5.0)
    assert stale_past(leads, model, [limit], won=leads.list("won"), stages=["deal"]).since is None
    assert stale_past(
        leads, model, [], won=leads.list("won").head(0), stages=["deal"]
    ).deals.tolist() == [0.0]
