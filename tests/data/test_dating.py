"""`as_of` where it is not given, and days far from the rest."""

import datetime as dt

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import AssumptionWarning
from funnelkit.data.dating import last_complete_day, outlying_days

START = dt.date(2026, 1, 1)
FUNNEL = fk.Funnel(["lead", "won"], exits=["lost"], id="id")


def run(length, start=START):
    return [start + dt.timedelta(days=k) for k in range(length)]


def test_dates_only():
    found = last_complete_day(run(10), [1] * 10, [False] * 10)
    assert (found.as_of, found.far) == (dt.date(2026, 1, 10), ())
    assert found.why == "the latest date that was reached"


def test_times_mean_a_day_that_may_be_cut_in_half():
    found = last_complete_day(run(10), [1] * 10, [True] * 10)
    assert found.as_of == dt.date(2026, 1, 9)
    # A column of dates beside one of times: what stands on the latest day decides.
    clocked = [True] * 9 + [False]
    assert last_complete_day(run(10), [1] * 10, clocked).as_of == dt.date(2026, 1, 10)


def test_a_single_day_and_an_import():
    assert last_complete_day([START], [5], [True]).as_of == START
    found = last_complete_day([START, START + dt.timedelta(days=30)], [15, 50], [False, True])
    assert found.as_of == dt.date(2026, 1, 31)
    assert found.why == "the latest time, with most of all events on that day"


@pytest.mark.parametrize("far", [1, 5])
def test_a_few_far_days_are_not_believed(far):
    beyond = [dt.date(2060, 1, 1 + k) for k in range(far)]
    found = last_complete_day(run(100) + beyond, [1] * (100 + far), [False] * (100 + far))
    assert found.as_of == run(100)[-1]
    assert found.far == tuple(beyond)


def test_many_days_after_a_gap_are_believed():
    later = run(60, dt.date(2027, 1, 1))
    found = last_complete_day(run(60) + later, [1] * 120, [False] * 120)
    assert (found.as_of, found.far) == (later[-1], ())


def test_a_gap_like_the_others_is_no_reason():
    days = [START + dt.timedelta(days=100 * k) for k in range(60)]
    assert outlying_days(days, [1] * 60) == ((), ())


def test_too_little_to_judge():
    assert outlying_days([START, dt.date(2060, 1, 1)], [10, 1]) == ((), ())


def test_both_ends():
    days = [dt.date(1900, 1, 1), dt.date(1970, 1, 1), *run(200), dt.date(2099, 12, 31)]
    early, late = outlying_days(days, [1] * len(days))
    assert early == (dt.date(1900, 1, 1), dt.date(1970, 1, 1))
    assert late == (dt.date(2099, 12, 31),)


def test_said_aloud_and_in_the_notes():
    frame = pd.DataFrame(
        {"id": [f"{k}" for k in range(50)], "lead": [*run(49), dt.date(2081, 1, 1)], "won": None}
    )
    frame["lost"] = None
    with pytest.warns(AssumptionWarning) as said:
        leads = fk.from_frame(frame, FUNNEL)
    [warning] = [one for one in said if one.category is AssumptionWarning]
    assert str(warning.message) == (
        "`as_of` was taken as 2026-02-18, the latest date that was reached. 1 day far beyond the "
        "rest was not believed: 2081-01-01."
    )
    assert warning.filename == __file__
    assert leads.as_of == dt.date(2026, 2, 18)
    assert leads.accounting().set_index("reason")["rows"].to_dict() == {
        "kept as a record": 49,
        "entered after `as_of`": 1,
    }


def test_nothing_is_said_where_it_is_given(recwarn):
    frame = pd.DataFrame({"id": ["a"], "lead": ["2026-01-05"], "won": None, "lost": None})
    fk.from_frame(frame, FUNNEL, as_of=dt.date(2026, 3, 1))
    assert not [one for one in recwarn if one.category is AssumptionWarning]
