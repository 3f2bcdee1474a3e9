"""Journeys, case by case: what a record has reached, on which day, and why it is set aside.

The random comparison with a slow reference stands in tests/counts; here each rule of DESIGN.md,
section 6, has one record worked by hand.
"""

import datetime as dt

import pandas as pd
import pytest

import funnelkit as fk

STEPS = ("lead", "mql", "won", "lost", "disqualified")


def day(number):
    return dt.date(2026, 3, number)


def journey(as_of=31, log=False, **given):
    """Return one journey as a mapping; days are days of March 2026."""
    policies = {
        key: given.pop(key) for key in ("skipped", "out_of_order", "reopened") if key in given
    }
    funnel = fk.Funnel(["lead", "mql", "won"], exits=["lost", "disqualified"], id="id", **policies)
    dates = {
        step: [day(one) for one in (numbers if isinstance(numbers, list) else [numbers])]
        for step, numbers in given.items()
    }
    if log:
        events = [("a", step, one) for step, several in dates.items() for one in several]
        frame = pd.DataFrame(events, columns=["id", "stage", "time"])
        leads = fk.from_events(frame, funnel, id="id", stage="stage", time="time", as_of=day(as_of))
    else:
        frame = pd.DataFrame([{"id": "a", **{step: dates.get(step, [None])[0] for step in STEPS}}])
        leads = fk.from_frame(frame, funnel, as_of=day(as_of))
    [row] = leads.derived.execute().to_dict("records")
    return row


def reached(row):
    """Return stage -> (day of March or None, dated, observed) of the stages that were reached."""
    return {
        stage: (
            None if pd.isna(row[f"date_{k}"]) else pd.Timestamp(row[f"date_{k}"]).day,
            bool(row[f"dated_{k}"]),
            bool(row[f"observed_{k}"]),
        )
        for k, stage in enumerate(STEPS[:3])
        if row[f"reached_{k}"]
    }


def exit_of(row):
    """Return (name of the exit, its day of March), or None."""
    if pd.isna(row["exit"]):
        return None
    when = row["exit_date"]
    return STEPS[3 + int(row["exit"])], None if pd.isna(when) else pd.Timestamp(when).day


def test_as_it_should_be():
    row = journey(lead=2, mql=5, won=9)
    assert reached(row) == {
        "lead": (2, True, True),
        "mql": (5, True, True),
        "won": (9, True, True),
    }
    assert (exit_of(row), row["entered_at"], row["furthest"]) == (None, 0, 2)
    assert pd.isna(row["aside"])


def test_same_day_is_in_order():
    assert not journey(lead=5, mql=5, won=5)["out_of_order"]


def test_the_future_has_not_happened():
    row = journey(as_of=6, lead=2, mql=5, won=9, lost=8)
    assert list(reached(row)) == ["lead", "mql"]
    assert exit_of(row) is None
    assert journey(as_of=1, lead=2)["aside"] == "entered after `as_of`"


def test_no_stage():
    assert journey(lost=5)["aside"] == "no stage reached"


def test_first_entry_counts():
    row = journey(log=True, lead=[5, 2], mql=[8, 4], won=[20])
    assert reached(row)["lead"] == (2, True, True)
    assert reached(row)["mql"] == (4, True, True)


def test_a_skipped_stage_is_filled_but_not_observed():
    row = journey(lead=2, won=9)
    assert reached(row)["mql"] == (9, False, False)
    assert row["filled_1"]
    assert list(reached(journey(lead=2, won=9, skipped="strict"))) == ["lead", "won"]


def test_the_first_stage_is_never_filled():
    row = journey(won=9)
    assert (list(reached(row)), row["entered_at"]) == (["won"], 2)
    assert list(reached(journey(mql=4, won=9))) == ["mql", "won"]


def test_a_day_before_its_predecessor_is_clipped():
    row = journey(lead=5, mql=3, won=9)
    assert reached(row)["mql"] == (5, True, False)
    assert reached(row)["won"] == (9, True, True)
    assert row["out_of_order"]
    assert journey(lead=5, mql=3, out_of_order="drop")["aside"] == "stages out of order"
    late = journey(lead=5, mql=8, won=7)
    assert reached(late)["won"] == (8, True, False)


def test_an_exit_competes():
    row = journey(lead=2, mql=5, lost=9)
    assert (list(reached(row)), exit_of(row)) == (["lead", "mql"], ("lost", 9))
    both = journey(lead=2, lost=9, disqualified=7)
    assert exit_of(both) == ("disqualified", 7)


def test_an_exit_on_the_day_of_a_stage_stands():
    assert exit_of(journey(lead=2, mql=9, lost=9)) == ("lost", 9)


def test_an_exit_followed_by_a_stage_was_none():
    row = journey(lead=2, lost=4, mql=9)
    assert (exit_of(row), bool(row["reopened"])) == (None, True)
    first = journey(lead=2, lost=4, mql=9, reopened="first")
    assert (list(reached(first)), exit_of(first)) == (["lead"], ("lost", 4))


def test_lost_again_after_it_was_reopened():
    row = journey(log=True, lead=[2], lost=[4, 20], mql=[9])
    assert (list(reached(row)), exit_of(row)) == (["lead", "mql"], ("lost", 20))


def test_won_and_then_lost_is_reversed():
    row = journey(lead=2, won=5, lost=9)
    assert (list(reached(row)), exit_of(row), bool(row["reversed"])) == (
        ["lead"],
        ("lost", 9),
        True,
    )
    first = journey(lead=2, won=5, lost=9, reopened="first")
    assert (list(reached(first)), exit_of(first)) == (["lead", "mql", "won"], None)


def test_an_exit_before_the_entry():
    assert exit_of(journey(lead=5, lost=3)) is None
    assert exit_of(journey(lead=5, lost=3, reopened="first")) == ("lost", 5)


STATUS = fk.Funnel(
    ["new", "offer", "won"],
    exits=["lost"],
    id="id",
    columns={"new": "created"},
    status="status",
    status_date="closed",
)


@pytest.mark.parametrize(
    ("status", "closed", "stages", "exit_"),
    [
        ("new", None, {"new": 2}, None),
        ("offer", None, {"new": 2, "offer": None}, None),
        ("offer", 20, {"new": 2, "offer": None}, None),  # a plan
        ("won", 20, {"new": 2, "offer": 20, "won": 20}, None),
        ("won", None, {"new": 2, "offer": None, "won": None}, None),
        ("lost", 20, {"new": 2}, ("lost", 20)),
        ("lost", None, {"new": 2}, ("lost", None)),
    ],
)
def test_the_current_status(status, closed, stages, exit_):
    frame = pd.DataFrame(
        [("a", status, day(2), closed and day(closed))],
        columns=["id", "status", "created", "closed"],
    )
    [row] = fk.from_frame(frame, STATUS, as_of=day(31)).derived.execute().to_dict("records")
    found = {
        stage: None if pd.isna(row[f"date_{k}"]) else pd.Timestamp(row[f"date_{k}"]).day
        for k, stage in enumerate(STATUS.stages)
        if row[f"reached_{k}"]
    }
    assert found == stages
    left = None if pd.isna(row["exit"]) else row["exit_date"]
    assert (None if pd.isna(row["exit"]) else "lost") == (exit_ and exit_[0])
    if exit_:
        assert (None if pd.isna(left) else pd.Timestamp(left).day) == exit_[1]


def test_a_change_of_status_is_an_event_where_the_funnel_says_so():
    funnel = fk.Funnel(
        ["new", "offer", "won"],
        columns={"new": "created"},
        status="status",
        status_date="changed",
        status_date_means="change",
    )
    frame = pd.DataFrame(
        [("a", "offer", day(2), day(6))], columns=["id", "status", "created", "changed"]
    )
    leads = fk.from_frame(frame, funnel, as_of=day(31))
    assert leads.list("offer")["offer"].tolist() == [pd.Timestamp(day(6))]
    assert leads.at(day(5)).list("offer").empty
