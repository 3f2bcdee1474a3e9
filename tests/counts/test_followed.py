"""Records followed for a whole window, beside plain pandas."""

from __future__ import annotations

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.counts.followed import followed


def test_the_counts_are_those_of_the_records() -> None:
    leads = fk.make_leads(n=3000, rng=4)
    found = followed(leads, "mql", "won", within=45, by=["source", "owner"]).to_frame()
    listed = leads.list("mql", start="mql")  # without those filled in
    began, came = (pd.to_datetime(listed[name]) for name in ("mql", "won"))
    old = began <= pd.Timestamp(leads.as_of) - pd.Timedelta(days=45)
    wins = old & ((came - began).dt.days <= 45)
    slow = pd.DataFrame({"entered": old, "converted": wins, "young": ~old})
    keys = [listed["source"], listed["owner"]]
    slow = slow.groupby(keys, dropna=False).sum().astype("int64")
    ours = found.set_index(["source", "owner"])[["entered", "converted", "young"]]
    assert len(ours) == len(slow)
    assert ours.to_dict("index") == slow.to_dict("index")


def test_without_segments_it_is_one_row_and_equals_the_triangle() -> None:
    leads = fk.make_leads(n=2000, rng=4)
    found = followed(leads, "lead", "won", within=30)
    triangle = fk.triangle(leads, "lead", "won", cohort="day")
    rates = fk.rates.cohort(triangle, within=30)
    assert found.segments == ((),)
    assert found.entered.sum() == rates.entered[rates.mature].sum()
    assert found.converted.sum() == rates.converted[rates.mature].sum()
    assert found.young.sum() == rates.entered[~rates.mature].sum()
    assert "at least 30 days before" in found.summary()


def test_leads_from_before_recording_are_left_out() -> None:
    frame = pd.DataFrame(
        {
            "id": ["a", "b", "c"],
            "lead": ["2026-01-05", "2026-02-05", "2026-05-30"],
            "won": ["2026-01-09", "2026-02-09", None],
        }
    )
    funnel = fk.Funnel(["lead", "won"], id="id")
    leads = fk.from_frame(frame, funnel, as_of="2026-06-10", recorded_from="2026-02-01")
    found = followed(leads, "lead", "won", within=20)
    assert (found.entered.sum(), found.converted.sum(), found.young.sum()) == (1, 1, 1)


def test_what_cannot_be_asked() -> None:
    leads = fk.make_leads(n=200, rng=4)
    with pytest.raises(ArgumentError, match="`target` must come after"):
        followed(leads, "won", "lead", within=30)
    with pytest.raises(ArgumentError, match="`within`"):
        followed(leads, "lead", "won", within=0)
    with pytest.raises(ArgumentError, match="`by`"):
        followed(leads, "lead", "won", within=30, by="sorce")
