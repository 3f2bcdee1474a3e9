"""The reference itself, on cases worked by hand from DESIGN.md, section 6."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.reference import counts
from tests.reference.journeys import (
    LATER,
    NO_STAGE,
    OUT_OF_ORDER,
    Disorder,
    Policy,
    Record,
    journey,
)

STAGES, EXITS = ("lead", "mql", "opp", "won"), ("lost", "disqualified")


def d(day: int) -> dt.date:
    """January has 31 days; larger numbers run on into February and March."""
    return dt.date(2026, 1, 1) + dt.timedelta(day - 1)


def policy(as_of: int = 60, **options: Any) -> Policy:
    return Policy(STAGES, EXITS, d(as_of), **options)


def record(status: str | None = None, **days: int | list[int]) -> Record:
    listed = {s: [of] if isinstance(of, int) else of for s, of in days.items()}
    return Record("r", {s: [d(day) for day in of] for s, of in listed.items()}, status)


def reached(one: Any) -> dict[str, tuple[int | None, bool]]:
    """Stage -> (day, observed)."""
    return {
        stage: (None if at.day is None else (at.day - d(1)).days + 1, at.observed)
        for stage, at in one.stages.items()
    }


def exit_of(one: Any) -> tuple[str | None, int | None]:
    return one.exit, None if one.exit_day is None else (one.exit_day - d(1)).days + 1


def test_first_entry_counts_and_the_future_has_not_happened():
    one = journey(record(lead=[9, 2], mql=[5, 30], won=70), policy())
    assert reached(one) == {"lead": (2, True), "mql": (5, True)}
    assert one.entered_at == "lead"


def test_set_aside():
    assert journey(record(lead=61), policy()) == LATER
    assert journey(record(lost=3), policy()) == NO_STAGE
    assert journey(record(), policy()) == NO_STAGE
    assert journey(record(lead=10, mql=9), policy(out_of_order="drop")) == OUT_OF_ORDER
    with pytest.raises(Disorder):
        journey(record(lead=10, mql=9), policy(out_of_order="error"))


def test_out_of_order_is_clipped_to_the_latest_predecessor():
    one = journey(record(lead=10, mql=4, opp=6, won=12), policy())
    assert reached(one) == {
        "lead": (10, True),
        "mql": (10, False),
        "opp": (10, False),
        "won": (12, True),
    }


def test_skipped_stage_is_filled_from_the_next_one_but_never_the_first():
    one = journey(record(lead=1, won=9), policy())
    assert reached(one) == {
        "lead": (1, True),
        "mql": (9, False),
        "opp": (9, False),
        "won": (9, True),
    }
    late = journey(record(opp=4, won=9), policy())
    assert reached(late) == {"opp": (4, True), "won": (9, True)}
    assert late.entered_at == "opp"
    strict = journey(record(lead=1, won=9), policy(skipped="strict"))
    assert set(strict.stages) == {"lead", "won"}


@pytest.mark.parametrize(
    ("days", "reopened", "expected"),
    [
        ({"lead": 1, "lost": 5}, "last", ("lost", 5)),
        ({"lead": 1, "lost": 5, "mql": 8}, "last", (None, None)),
        ({"lead": 1, "lost": 5, "mql": 8}, "first", ("lost", 5)),
        ({"lead": 1, "lost": 8, "mql": 8}, "last", ("lost", 8)),
        ({"lead": 1, "lost": [5, 20], "mql": 8}, "last", ("lost", 20)),
        ({"lead": [1, 12], "lost": 5}, "last", (None, None)),
        ({"lead": 1, "lost": 9, "disqualified": 7}, "last", ("disqualified", 7)),
        ({"lead": 1, "lost": 7, "disqualified": 7}, "last", ("lost", 7)),
        ({"lead": 4, "lost": 2}, "last", (None, None)),
        ({"lead": 4, "lost": 2}, "first", ("lost", 4)),
    ],
)
def test_exits(days, reopened, expected):
    assert exit_of(journey(record(**days), policy(reopened=reopened))) == expected


def test_reopened_first_ends_the_record():
    one = journey(record(lead=1, lost=5, mql=8, won=9), policy(reopened="first"))
    assert reached(one) == {"lead": (1, True)}


@pytest.mark.parametrize(
    ("lost", "reopened", "won", "exit_"),
    [
        (20, "last", False, ("lost", 20)),
        (9, "last", True, (None, None)),
        (20, "first", True, (None, None)),
        (5, "last", True, (None, None)),
        (5, "first", False, ("lost", 5)),
    ],
)
def test_won_and_lost(lost, reopened, won, exit_):
    one = journey(record(lead=1, opp=5, won=9, lost=lost), policy(reopened=reopened))
    assert ("won" in one.stages) is won
    assert exit_of(one) == exit_


def test_status_without_a_day():
    one = journey(record(lead=3, status="won"), policy())
    assert reached(one) == {
        "lead": (3, True),
        "mql": (None, False),
        "opp": (None, False),
        "won": (None, False),
    }
    lost = journey(record(lead=3, status="lost"), policy())
    assert (exit_of(lost), set(lost.stages)) == (("lost", None), {"lead"})


ROWS = [
    record(lead=1, mql=3, opp=10, won=15),  # won at age 14
    record(lead=2, won=15),  # won at age 13; mql and opp filled
    record(lead=3, mql=2, lost=8),  # mql clipped to day 3; lost at age 5
    record(lead=4, disqualified=9, mql=20),  # reopened: open, censored at 56
    record(opp=5, won=7),  # never was a lead
    record(lead=40),  # February; censored at 20
    record(lead=70),  # after as_of
    record(lead=6, status="won"),  # won on an unknown day
]


def test_triangle_worked_by_hand():
    kept, aside = counts.journeys(ROWS, policy())
    assert aside == {LATER: 1}
    found = counts.triangle(kept, policy(), "lead", "won")
    jan, feb = ((), "2026-01"), ((), "2026-02")
    assert found.entered == {jan: 5, feb: 1}
    assert found.events == {(*jan, "won", 14): 1, (*jan, "won", 13): 1, (*jan, "lost", 5): 1}
    assert found.undated == {(*jan, "won", 54): 1}
    assert found.censored == {(*jan, 56): 1, (*feb, 20): 1}
    assert found.followed == {(*jan, age): 1 for age in (59, 58, 57, 56, 54)} | {(*feb, 20): 1}


def test_filled_start_is_left_out_and_clipped_or_filled_target_is_undated():
    kept, _ = counts.journeys(ROWS, policy())
    to_mql = counts.triangle(kept, policy(), "lead", "mql")
    jan = ((), "2026-01")
    assert to_mql.undated == {
        (*jan, "mql", 13): 1,  # filled: by the win
        (*jan, "mql", 0): 1,  # clipped to its own lead day
        (*jan, "mql", 54): 1,  # won by status: no day at all
    }
    from_mql = counts.triangle(kept, policy(), "mql", "opp")
    assert from_mql.entered == {jan: 3}
    assert from_mql.events == {(*jan, "opp", 7): 1, (*jan, "lost", 5): 1}


def test_recorded_from():
    since = policy(recorded_from=d(3))
    kept, _ = counts.journeys(ROWS, since)
    jan = ((), "2026-01")
    assert counts.triangle(kept, since, "lead", "won").entered[jan] == 3
    late = policy(recorded_from=d(15), before_recording="delayed_entry")
    kept, _ = counts.journeys(ROWS, late)
    found = counts.triangle(kept, late, "lead", "won")
    # The lead lost on day 8 was gone before recording began; the wins on day 15 were not.
    assert found.entered[jan] == 4
    assert found.late == {(*jan, age): 1 for age in (14, 13, 11, 9)}


def test_stays_worked_by_hand():
    kept, _ = counts.journeys(ROWS, policy())
    found = counts.stays(kept, policy())
    assert [found.entered[(), s] for s in STAGES] == [6, 5, 4, 4]
    assert [found.filled[(), s] for s in STAGES] == [0, 2, 2, 0]
    assert [found.moved_on[(), s] for s in STAGES] == [5, 3, 4, 0]
    assert found.left == {((), "mql", "lost"): 1}
    assert [found.still_there[(), s] for s in STAGES] == [1, 1, 0, 0]
    assert found.days == {
        ((), "lead", 2): 1,
        ((), "lead", 16): 1,
        ((), "mql", 7): 1,
        ((), "opp", 5): 1,
        ((), "opp", 2): 1,
    }


def test_flows_worked_by_hand():
    kept, _ = counts.journeys(ROWS, policy())
    entries, undated = counts.flows(kept, policy())
    assert entries[(), "lead", "2026-01"] == 5
    assert entries[(), "won", "2026-01"] == 3
    assert entries[(), "lost", "2026-01"] == 1
    assert undated == {((), "mql"): 2, ((), "opp"): 2, ((), "won"): 1}


def test_account_sums_worked_by_hand():
    rows = [
        Record("a", {"lead": [d(1)], "won": [d(3)]}, account="x"),
        Record("b", {"lead": [d(1)], "won": [d(5)]}, account="x"),
        Record("c", {"lead": [d(2)]}, account="x"),
        Record("e", {"lead": [d(2)], "won": [d(4)]}),
    ]
    kept, _ = counts.journeys(rows, policy())
    (sums,) = counts.account_sums(counts.triangle(kept, policy(), "lead", "won")).values()
    assert (sums["accounts"], sums["nn"]) == (2, 9 + 1)
    assert [sums[f"xn {age}"] for age in (1, 2, 4)] == [0, 3 + 1, 6 + 1]
    assert [sums[f"xx {age}"] for age in (1, 2, 4)] == [0, 1 + 1, 4 + 1]
