"""Signs in the records: each planted in an export, found with its day; none in a clean export."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.data.simulate import simulate_frame
from funnelkit.monitor import alerts

FUNNEL = fk.Funnel(
    ["lead", "mql", "won"], exits=["lost"], segments=["source"], owner="owner", value="amount"
)
STAGES = ["lead", "mql", "won", "lost"]


@pytest.fixture(scope="module")
def made():
    return simulate_frame(9000, rng=5, months=18, funnel=FUNNEL, owners=6, skipped=0.0)


def read(made, frame, funnel=FUNNEL, as_of=None):
    return fk.from_frame(frame, funnel, as_of=as_of or made.as_of)


def days(frame, name):
    return pd.to_datetime(frame[name])


def signs(leads, **given):
    found = alerts(leads, by=[], **given)
    return {sign.kind: sign for sign in found.data}, found


class TestSigns:
    def test_none_in_a_clean_export(self, made):
        found, _ = signs(read(made, made.frame))
        assert found == {}

    def test_blank_segments(self, made):
        frame = made.frame.copy()
        late = (days(frame, "lead") >= "2026-05-01") & (np.arange(len(frame)) % 2 == 0)
        frame.loc[late, "source"] = None
        found = alerts(read(made, frame), by="source")
        [sign] = [one for one in found.data if one.kind == "blank"]
        assert (sign.column, sign.since) == ("source", dt.date(2026, 5, 1))
        assert sign.sentence.startswith("`source` is blank for ")
        assert found.summary().startswith("Data or world? `source` is blank")
        entries = [one for one in found.alerts if one.metric.name == "entries to lead" and one.by]
        assert entries
        assert all(one.check == sign.sentence for one in entries)

    def test_a_stage_that_is_no_longer_recorded(self, made):
        frame = made.frame.copy()
        late = (days(frame, "won") >= "2026-04-01") & (np.arange(len(frame)) % 3 > 0)
        frame.loc[late, "mql"] = None
        found, _ = signs(read(made, frame))
        assert found["unrecorded stage"].steps == ("mql",)
        assert found["unrecorded stage"].since == dt.date(2026, 4, 1)

    def test_silent_days(self, made):
        frame = made.frame.copy()
        frame.loc[days(frame, "mql").between("2026-06-08", "2026-06-30"), "mql"] = None
        found, all_of = signs(read(made, frame))
        assert found["silent days"].since == dt.date(2026, 6, 8)
        assert found["silent days"].steps == ("mql",)
        assert "(23 days)" in found["silent days"].sentence
        assert all(
            one.check
            for one in all_of.alerts
            if one.metric.target == "mql" and one.direction == "fell"
        )

    def test_an_owner_who_stopped(self, made):
        frame = made.frame.copy()
        gone = sorted(frame["owner"].dropna().unique())[0]
        last = frame[STAGES].apply(pd.to_datetime).max(axis=1)
        moved = (frame["owner"] == gone) & (last >= "2026-04-15")
        frame.loc[moved, "owner"] = sorted(frame["owner"].dropna().unique())[1]
        found, _ = signs(read(made, frame))
        sign = found["owner stopped"]
        assert sign.sentence.startswith(f"The records of {gone} stop on ")
        assert dt.date(2026, 4, 1) <= sign.since <= dt.date(2026, 4, 14)

    def test_entered_in_bulk(self, made):
        frame = made.frame.copy()
        month = days(frame, "mql").between("2026-05-01", "2026-05-29")
        frame.loc[month & days(frame, "won").isna(), "mql"] = "2026-05-29"
        found, _ = signs(read(made, frame))
        assert found["one date"].since == dt.date(2026, 5, 29)
        assert "bear one date, 29 May 2026" in found["one date"].sentence

    def test_late_entry_by_an_earlier_export(self, made):
        before = made.frame.copy()
        early = days(before, "mql").between("2026-04-10", "2026-05-31")
        before.loc[early & (np.arange(len(before)) % 3 == 0), "mql"] = None
        archived = read(made, before).at("2026-05-31")
        found, _ = signs(read(made, made.frame), archived=archived)
        assert found["late entry"].steps == ("mql",)
        assert "were not yet in the export of 31 May 2026" in found["late entry"].sentence
        same, _ = signs(read(made, made.frame), archived=read(made, made.frame).at("2026-05-31"))
        assert "late entry" not in same

    def test_a_partial_month_is_said_and_harms_nothing(self, made):
        found, all_of = signs(read(made, made.frame).at("2026-06-12"))
        assert found["partial month"].since == dt.date(2026, 6, 1)
        assert not found["partial month"].harm
        assert len(all_of) == 0
        assert all_of.summary().startswith("No alert")
