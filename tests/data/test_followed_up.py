"""What became of the open records of a day, and of those that entered since, record by record."""

import datetime as dt
from collections import Counter

import pandas as pd

import funnelkit as fk
from funnelkit.data.followed_up import followed_up

ROWS = [
    # id, lead, deal, won, lost, amount, source; seen from 31 January to 28 February, known to March
    ("open, won in time", "2026-01-05", "2026-01-10", "2026-02-03", None, 10, "web"),
    ("open, won late", "2026-01-05", "2026-01-10", "2026-03-03", None, 20, "web"),
    ("open, lost", "2026-01-05", None, None, "2026-02-05", 30, "web"),
    ("open still", "2026-01-05", "2026-03-01", None, None, 40, "web"),
    ("won before", "2026-01-05", "2026-01-10", "2026-01-20", None, 50, "web"),
    ("lost before", "2026-01-05", None, None, "2026-01-20", 60, "web"),
    ("new, won in time", "2026-02-01", "2026-02-02", "2026-02-28", None, 70, None),
    ("new, open", "2026-02-28", None, None, None, 80, None),
    ("later stage, won", None, "2026-02-10", "2026-02-20", None, 90, "web"),
    ("won alone", None, None, "2026-02-20", None, 100, "web"),
    ("too late", "2026-03-01", None, None, None, 110, "web"),
    ("won on the day", "2026-01-05", "2026-01-10", "2026-01-31", None, 120, "web"),
]


def test_every_record_is_where_it_belongs() -> None:
    columns = ["id", "lead", "deal", "won", "lost", "amount", "source"]
    funnel = fk.Funnel(
        ["lead", "deal", "won"], exits=["lost"], id="id", value="amount", segments=["source"]
    )
    leads = fk.from_frame(pd.DataFrame(ROWS, columns=columns), funnel, as_of="2026-03-31")
    found = followed_up(leads, dt.date(2026, 1, 31), dt.date(2026, 2, 28), by=["source"])
    rows = Counter(
        (row.by_0, row.origin, row.stage, row.age, row.won, row.in_time, row.n, float(row.total))
        for row in found.itertuples()
    )
    assert rows == Counter(
        [
            ("web", "in flight", -1, -1, True, True, 1, 10.0),
            ("web", "in flight", -1, -1, True, False, 1, 20.0),
            ("web", "in flight", -1, -1, False, False, 1, 30.0),
            ("web", "in flight", 1, 30, False, False, 1, 40.0),
            ("", "not yet created", -1, -1, True, True, 1, 70.0),
            ("", "not yet created", 0, 31, False, False, 1, 80.0),
            ("web", "without a lead", -1, -1, True, True, 1, 90.0),
            ("web", "otherwise", -1, -1, True, True, 1, 100.0),
        ]
    )


def test_a_funnel_without_money_has_none() -> None:
    frame = pd.DataFrame({"id": ["a"], "lead": ["2026-01-05"], "won": [None]})
    leads = fk.from_frame(frame, fk.Funnel(["lead", "won"], id="id"), as_of="2026-03-31")
    found = followed_up(leads, dt.date(2026, 1, 31), dt.date(2026, 2, 28))
    assert found["origin"].tolist() == ["in flight"]
    assert found["total"].isna().all()
