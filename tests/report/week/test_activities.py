"""Activities of a week by kind and person, and which deals nobody touched."""

import pandas as pd

import funnelkit as fk
from funnelkit.report.page.facts import Missing
from funnelkit.report.week.acting import activities_view
from tests.report.week import deals_by_hand as hand
from tests.report.week.spans import week_of

WEEK = week_of("2026-06-22", hand.FUNNEL)
ROWS = [
    # at, kind, rep, record
    ("2026-06-14 09:00", "Call", "Ann", "a"),  # the Sunday before the week before
    ("2026-06-15 09:00", "Call", "Ann", "a"),
    ("2026-06-21 09:00", "Email", "Bo", "b"),
    ("2026-06-22 00:00", "Email", "Bo", "b"),
    ("2026-06-24 09:00", "Email", "Bo", "c"),
    ("2026-06-28 23:59", "Call", "Ann", "b"),
    ("2026-06-29 00:00", "Call", "Ann", "d"),  # after the week
]


def view(rows=ROWS, **columns):
    frame = pd.DataFrame(rows, columns=["at", "kind", "rep", "record"]).assign(**columns)
    return activities_view({"activities": fk.read_activities(frame)}, WEEK)


def test_they_count_in_the_week_and_in_the_week_before() -> None:
    found = view()
    assert found.kinds == {"Email": (1, 2), "Call": (1, 1)}
    assert found.people == {"Bo": (1, 2), "Ann": (1, 1)}
    assert found.total == (2, 3)


def test_the_last_activity_of_each_record() -> None:
    found = {name: day.isoformat() for name, day in view().last.items()}
    assert found == {"a": "2026-06-15", "b": "2026-06-28", "c": "2026-06-24"}


def test_mail_addresses_are_replaced() -> None:
    found = view(rep="ann@example.org")
    assert next(iter(found.people)).startswith("rep ")


def test_tasks_past_their_day() -> None:
    due = ["2026-06-20", "2026-06-27", "2026-06-28", "2026-06-20", None, None, "2026-06-01"]
    done = [None, "2026-06-30", None, "2026-06-21", None, None, None]
    # open on the 28th and due before it: the first two; the last one is not known yet
    assert view(due=due, done=done).overdue == 2


def test_no_table_names_the_key_that_would_fill_it() -> None:
    found = activities_view({}, WEEK)
    assert isinstance(found, Missing)
    assert "`tables` in funnel.yml" in found.needs
