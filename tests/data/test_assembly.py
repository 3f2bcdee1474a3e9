"""From several raw sources to one record per id: which file says what."""

import datetime as dt
from decimal import Decimal

import pandas as pd

import funnelkit as fk

FUNNEL = fk.Funnel(
    ["lead", "mql", "won"],
    exits=["lost"],
    id="id",
    value="amount",
    owner="rep",
    account="company",
    segments=["source"],
)


def frame(columns, *rows):
    return pd.DataFrame(rows, columns=columns.split())


def read(*frames, funnel=FUNNEL, **options):
    first, *others = frames
    return fk.from_frame(first, funnel, join=others, as_of="2026-12-31", **options)


LEADS = frame(
    "id lead mql source rep company",
    ("a", "2026-01-05", "2026-01-09", "web", "kim", "x"),
    ("b", "2026-01-06", None, None, "lee", "y"),
    ("c", "2026-01-07", None, "event", None, "y"),
)


def test_columns_of_either_file():
    deals = frame(
        "id won lost amount", ("a", "2026-03-01", None, "9.5"), ("z", None, "2026-04-01", 1)
    )
    leads = read(LEADS, deals)
    won = leads.list("won").iloc[0]
    assert (won["id"], won["source"], won["rep"], won["amount"]) == (
        "a",
        "web",
        "kim",
        Decimal("9.5"),
    )
    assert len(leads) == 3
    assert leads.accounting().to_dict("records") == [
        {"file": "frame", "reason": "kept as a record", "rows": 3},
        {"file": "join[0]", "reason": "no stage reached", "rows": 1},
        {"file": "join[0]", "reason": "joined to a record of an earlier file", "rows": 1},
    ]


def test_a_column_in_both_files_is_read_in_both():
    deals = frame(
        "id won lost amount source",
        ("a", None, "2026-03-01", 1, "other"),
        ("b", None, None, 2, "fair"),
        ("z", "2026-03-02", None, 3, "direct"),
    )
    both = LEADS.assign(lost=[None, None, "2026-02-02"])
    leads = read(both, deals)
    assert leads.list("lost")["id"].tolist() == ["a", "c"]
    everyone = leads.list("mql").set_index("id")["source"].to_dict()
    assert everyone == {"a": "web"}
    # The earliest row that has a segment says it: b's own is blank, z has one row.
    assert leads.list("lead").set_index("id")["source"].to_dict() == {
        "a": "web",
        "b": "fair",
        "c": "event",
    }
    assert leads.list("won")["source"].tolist() == ["direct"]
    assert "`lost` stands in `frame`, `join[0]`; both were read." in leads.notes


def test_a_deal_is_not_made_into_a_lead_by_a_column_of_that_name():
    deals = frame("id lead won lost amount", ("z", "2026-02-01", "2026-03-02", None, 3))
    leads = read(LEADS, deals)
    assert leads.list("won")["entered_at"].tolist() == ["won"]
    assert "z" not in leads.list("lead")["id"].tolist()
    assert (
        "`lead` stands in `frame`, `join[0]`; as the entry it was read from `frame` only."
    ) in leads.notes


def test_three_files():
    mqls = frame("id mql", ("b", "2026-01-20"), ("q", "2026-01-21"))
    deals = frame("id won lost amount", ("b", "2026-02-20", None, 5), ("q", "2026-02-21", None, 6))
    leads = read(LEADS.drop(columns="mql"), mqls, deals)
    assert leads.list("won")["entered_at"].tolist() == ["lead", "mql"]
    assert leads.accounting().to_dict("records") == [
        {"file": "frame", "reason": "kept as a record", "rows": 3},
        {"file": "join[0]", "reason": "kept as a record", "rows": 1},
        {"file": "join[0]", "reason": "joined to a record of an earlier file", "rows": 1},
        {"file": "join[1]", "reason": "joined to a record of an earlier file", "rows": 2},
    ]


def test_repeated_rows_give_the_first_days_and_the_earliest_attributes():
    rows = frame(
        "id lead mql won lost source rep company amount",
        ("a", "2026-01-09", None, None, None, "late", None, "x", None),
        ("a", "2026-01-05", None, "2026-02-05", None, None, "kim", "x", 7),
        ("a", "2026-01-07", None, "2026-02-01", None, "mid", "lee", "x", 8),
    )
    listed = read(rows).list("won").iloc[0]
    assert listed["lead"].date() == dt.date(2026, 1, 5)
    assert listed["won"].date() == dt.date(2026, 2, 1)
    assert (listed["source"], listed["rep"], listed["amount"]) == ("mid", "kim", Decimal(7))


def test_where_and_exclude():
    deals = frame(
        "id won lost amount kind",
        ("a", "2026-03-01", None, 1, "new"),
        ("b", "2026-03-02", None, 2, "renewal"),
        ("z", "2026-03-03", None, 3, "new"),
    )
    by_deal = read(LEADS, deals, where={"kind": "new"})
    assert by_deal.list("lead")["id"].tolist() == ["a", "b", "c"]  # leads have no kind
    assert by_deal.list("won")["id"].tolist() == ["a", "z"]
    by_lead = read(LEADS, deals, exclude={"rep": ["lee", "max"]})
    assert by_lead.list("lead")["id"].tolist() == ["a", "c"]
    assert by_lead.list("won")["id"].tolist() == ["a", "z"]  # b's deal goes with b
    assert "`exclude`: no row has `max` in `rep`." in by_lead.notes
    both = read(LEADS, deals, where={"source": ["web", "event"]}, exclude={"kind": "renewal"})
    assert both.list("won")["id"].tolist() == ["a", "z"]
    numbers = LEADS.assign(size=[1, 2, 3], won=None, lost=None, amount=None)
    assert read(numbers, where={"size": 2}).list("lead")["id"].tolist() == ["b"]


def test_a_log_takes_attributes_from_the_first_event_that_has_them():
    log = frame(
        "case step at source amount rep company",
        ("a", "won", "2026-02-05", "late", 7, "kim", "x"),
        ("a", "lead", "2026-01-05", None, None, None, "x"),
        ("a", "MQL", "2026-01-06", "web", None, None, "x"),
        ("a", "mql!", "2026-01-08", "x", None, None, "x"),
    )
    funnel = fk.Funnel(
        FUNNEL.stages,
        exits=["lost"],
        columns={"mql": ["MQL", "mql!"]},
        value="amount",
        owner="rep",
        account="company",
        segments=["source"],
    )
    leads = fk.from_events(log, funnel, id="case", stage="step", time="at", as_of="2026-12-31")
    row = leads.list("won").iloc[0]
    assert row["mql"].date() == dt.date(2026, 1, 6)
    assert (row["source"], row["amount"], row["rep"]) == ("web", Decimal(7), "kim")
