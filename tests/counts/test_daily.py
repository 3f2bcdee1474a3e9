"""Entries by day and how fields are filled in, against plain pandas."""

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.counts.daily import DECIDED, daily, filling

FUNNEL = fk.Funnel(
    ["lead", "mql", "won"], exits=["lost"], segments=["source", "region"], owner="owner"
)


@pytest.fixture(scope="module")
def made():
    from funnelkit.data.simulate import simulate_frame

    return simulate_frame(1500, rng=2, months=10, funnel=FUNNEL, reopened=0, skipped=0.1)


@pytest.fixture(scope="module")
def leads(made):
    return fk.from_frame(made.frame, FUNNEL, as_of=made.as_of)


def test_entries_are_those_of_flows(made, leads):
    counted = daily(leads, [(), ("source",), ("source", "region")])
    came = pd.to_datetime(made.frame["mql"]).value_counts()
    whole = counted[()]
    mine = pd.Series(whole.of("mql")[0], index=whole.days)
    assert mine[mine > 0].to_dict() == came.to_dict()
    by_source = counted[("source",)]
    web = by_source.segments.index(("Event",))
    assert by_source.of("lead")[web].sum() == (
        made.frame.loc[made.frame["source"] == "Event", "lead"].notna().sum()
    )
    assert (counted["source", "region"].entries.sum(axis=0) == whole.entries[0]).all()
    assert (by_source.total().entries == whole.entries).all()


def test_exits_after_the_last_stage_but_one(made, leads):
    frame = made.frame
    near = frame["mql"].notna() & frame["lost"].notna()
    assert daily(leads)[()].of(DECIDED).sum() == near.sum()


def test_frame_and_summary(leads):
    counted = daily(leads, [("source",)])[("source",)]
    frame = counted.to_frame()
    assert frame["entries"].sum() == counted.entries.sum()
    assert list(frame.columns) == ["day", "source", "stage", "entries"]
    assert "dated entries to 4 stages" in counted.summary()
    with pytest.raises(ArgumentError, match="Did you mean `won`"):
        counted.of("wom")


def test_unknown_segment(leads):
    with pytest.raises(ArgumentError, match="Did you mean `source`"):
        daily(leads, [("sorce",)])


def test_filling(made, leads):
    frame = made.frame.copy()
    frame.loc[frame.index % 4 == 0, "source"] = None
    found = filling(fk.from_frame(frame, FUNNEL, as_of=made.as_of))
    assert found.blank["source"].sum() == frame["source"].isna().sum()
    assert found.entered.sum() == len(frame)
    passed = frame[["lead", "mql"]].notna().any(axis=1) & frame["won"].notna()
    assert found.passed["mql"].sum() == passed.sum()
    assert found.skipped["mql"].sum() == (passed & frame["mql"].isna()).sum()
    assert found.undated == {"lead": 0, "mql": 0, "won": 0}
    first = min(found.owners)
    own = frame[frame["owner"] == first]
    last = own[["lead", "mql", "won", "lost"]].apply(pd.to_datetime).max().max()
    assert found.last[first] == last.date()


def test_nothing(leads):
    empty = pd.DataFrame({"id": ["a"], "lead": ["2026-02-01"], "won": [None]})
    table = fk.from_frame(empty, fk.Funnel(["lead", "won"]), as_of="2026-02-01")
    assert daily(table)[()].entries.tolist() == [[[1], [0]]]
    assert filling(table).owners == {}
