"""The packaged table holds every figure of the issue, and own ranges are checked."""

import math

import numpy as np
import pandas as pd
import pytest

from funnelkit import rates
from funnelkit._core.errors import ArgumentError

# Issue 5, point 2, read by hand: metric, transition or segment, low, high (one figure: twice).
FIGURES = [
    ("visitor", "lead", "", 0.01, 0.05), ("visitor", "lead", "", 0.02, 0.05),
    ("visitor", "lead", "landing page", 0.05, 0.15),
    ("visitor", "lead", "generic home page", 0.01, 0.02),
    ("lead", "mql", "", 0.2, 0.4), ("mql", "sql", "", 0.3, 0.6), ("mql", "sql", "", 0.13, 0.13),
    ("sql", "opportunity", "", 0.4, 0.8),
    ("opportunity", "won", "mid-market", 0.2, 0.3),
    ("opportunity", "won", "enterprise", 0.1, 0.2), ("opportunity", "won", "", 0.2, 0.2),
    ("lead", "won", "", 0.1, 0.15), ("lead", "won", "", 0.1, 0.2), ("lead", "won", "", 0.2, 0.3),
    ("sql", "won", "", 0.3, 0.5),
    ("close rate", "share", "", 0.15, 0.3), ("close rate", "share", "software", 0.22, 0.22),
    ("close rate", "share", "finance", 0.19, 0.19), ("close rate", "share", "biotech", 0.15, 0.15),
    ("conversion rate", "share", "SaaS", 0.011, 0.011),
    ("conversion rate", "share", "legal", 0.074, 0.074),
    ("sales cycle", "months", "SaaS", 2.5, 2.5), ("sales cycle", "months", "", 2.1, 2.1),
    ("sales cycle", "months", "deals over $50k", 3, 3),
    ("closed within 4 months", "share", "", 0.746, 0.746),
    ("annual contract value", "USD", "", 21_000, 21_000),
    ("contracts by annual value", "share", "below $5k", 0.26, 0.26),
    ("contracts by annual value", "share", "$5k to $100k", 0.61, 0.61),
    ("contracts by annual value", "share", "above $100k", 0.13, 0.13),
    ("reps at quota", "share", "", 0.31, 0.31), ("reps at quota", "share", "", 0.66, 0.66),
    ("reps at quota", "share", "", 0.6, 0.7),
    ("calls per rep and day", "calls", "", 50, 50), ("emails opened", "share", "", 0.3, 0.3),
    ("opened emails replied to", "share", "", 0.5, 0.5),
    ("sales cycle", "days", "software", 90, 90), ("sales cycle", "days", "manufacturing", 130, 130),
    ("sales cycle", "days", "healthcare", 125, 125),
    ("sales cycle", "days", "financial services", 98, 98),
    ("sales cycle", "days", "retail", 70, 70),
    ("customer acquisition cost", "money", "SaaS", 205, 205),
    ("customer acquisition cost", "money", "education", 862, 862),
    ("customer acquisition cost", "money", "financial services", 640, 640),
    ("customer acquisition cost", "money", "business consulting", 410, 410),
]  # fmt: skip


def test_every_figure_is_there_and_no_other():
    rows = rates.published_ranges().rows
    names = [(row.start, row.target) if row.start else (row.metric, row.unit) for row in rows]
    found = [(*name, row.segment, *row.ends) for name, row in zip(names, rows, strict=True)]
    assert sorted(found) == sorted(FIGURES)
    assert all(row.source and row.denominator for row in rows)


def test_sources_of_one_thing_have_names_of_their_own():
    frame = rates.published_ranges().to_frame()
    named = frame.groupby(["metric", "start", "target", "segment", "source"]).size()
    assert (named == 1).all()


def test_the_span_is_the_lowest_low_to_the_highest_high():
    assert rates.published_ranges("reps at quota").span[:2] == (0.31, 0.7)
    text = rates.published_ranges("reps at quota").summary()
    assert "31.0 to 70.0" in text
    assert text.count("survey of reps") == 2
    months = rates.published_ranges("sales cycle")
    # 2.1 months of 365.25 / 12 days, and 130 days
    assert (round(months.span.low, 2), months.span.high) == (63.92, 130)
    assert "3 months or more in deals over $50k" in months.summary()


def test_place():
    quota = rates.published_ranges("reps at quota")
    assert quota.place(0.2) == "below"
    assert quota.place(0.2, low=0.1, high=0.35) == "not clearly below"
    assert quota.place(0.5) == "within"
    assert quota.place(0.9, low=0.8) == "above"
    with pytest.raises(ArgumentError, match=r"`value`.*nan"):
        quota.place(math.nan)
    with pytest.raises(ArgumentError, match="one thing"):
        rates.published_ranges().place(0.2)


def test_segments():
    assert len(rates.published_ranges("sales cycle", segment="SOFTWARE").rows) == 2
    with pytest.raises(ArgumentError, match="Did you mean `software`"):
        rates.published_ranges("sales cycle", segment="softwear")
    with pytest.raises(ArgumentError, match="Did you mean `sales cycle`"):
        rates.published_ranges("sale cycle")


class TestOwn:
    def test_ways_to_say_it(self):
        frame = pd.DataFrame(
            {"start": ["lead", "mql"], "target": ["mql", "sql"], "low": [0.2, np.nan],
             "high": [0.4, np.nan], "typical": [np.nan, 0.3], "note": [pd.NA, "of last year"]}
        )  # fmt: skip
        given = {
            "lead -> mql": [0.2, 0.4],
            ("mql", "sql"): {"typical": 0.3, "note": "of last year"},
        }
        rows = [rates.published_ranges(own=one).rows[:2] for one in (frame, given)]
        assert [row.said() for row in rows[0]] == [row.said() for row in rows[1]]
        assert all(row.own and row.unit == "share" for row in rows[0])
        assert rates.published_ranges("sales cycle", own={"sales cycle": 60}).rows[0].unit == "days"

    def test_all_problems_at_once(self):
        given = {
            "lead -> mql": (20, 40),
            "mql -> sql": (0.4, 0.2),
            "sql -> won": ("a", -1),
            "won": {"lowest": 1},
            ("a", "b"): {},
        }
        with pytest.raises(ArgumentError) as raised:
            rates.published_ranges(own=given)
        text = str(raised.value)
        assert "7 problems" in text
        assert "Did you mean 0.2, 0.4?" in text
        assert "`low` must not exceed `high`" in text
        assert "`lowest` is none of" in text
        assert "give `low` and `high`, or `typical`" in text

    @pytest.mark.parametrize("given", [[0.2], "lead", 3, {"lead -> mql": True}, {3: 0.2}])
    def test_what_is_no_range(self, given):
        with pytest.raises(ArgumentError, match="`own`"):
            rates.published_ranges(own=given)

    def test_hostile_names_stay_on_one_line(self):
        row = rates.published_ranges(
            own={"a -> b": {"low": 0.1, "high": 0.2, "source": "x\n<script>"}}
        ).rows[0]
        assert "\n" not in row.said()
        with pytest.raises(ArgumentError, match="own"):
            rates.published_ranges(own=pd.DataFrame({"=cmd()": [1]}))
