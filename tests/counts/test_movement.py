"""Pipeline movement: hand-made cases, the law of the bridge, and a slow version beside it."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit import FunnelError
from funnelkit._core.display import MINUS
from funnelkit.counts.bridging import CAUSES, Window
from funnelkit.counts.movement import _bridge
from funnelkit.data.periods import Span
from funnelkit.data.standing import Standing
from tests.reference import movement as slow

JUNE, JULY = "2026-06-30", "2026-07-31"
COLUMNS = ["id", "deal", "won", "lost", "amount", "CloseDate", "rep", "region"]
FUNNEL = fk.Funnel(
    ["deal", "won"],
    exits=["lost"],
    value="amount",
    owner="rep",
    segments=["region"],
    keep=["CloseDate"],
)


def snapshot(day, rows, funnel=FUNNEL):
    """rows: id -> (created, won, lost, amount, close date, rep, region)."""
    frame = pd.DataFrame([(name, *row) for name, row in rows.items()], columns=COLUMNS)
    return fk.from_frame(frame.astype(object).where(frame.notna(), None), funnel, as_of=day)


Q2, Q3, Q4 = "2026-06-20", "2026-09-15", "2026-11-15"
BEFORE = {
    "stays": ("2026-05-01", None, None, 100, Q3, "ann", "north"),
    "raised": ("2026-05-01", None, None, 200, Q3, "ann", "north"),
    "lowered": ("2026-05-01", None, None, 300, Q3, "ann", "north"),
    "pushed": ("2026-05-01", None, None, 400, Q3, "ann", "north"),
    "pulled": ("2026-05-01", None, None, 500, Q4, "ann", "north"),
    "rolled": ("2026-05-01", None, None, 50, Q2, "ann", "north"),
    "out": ("2026-05-01", None, None, 60, Q3, "ann", "north"),
    "lost": ("2026-05-01", None, None, 700, Q3, "ann", "north"),
    "won": ("2026-05-01", None, None, 800, Q3, "ann", "north"),
    "early win": ("2026-05-01", None, None, 90, Q4, "ann", "north"),
    "gone": ("2026-05-01", None, None, 1000, Q3, "ann", "north"),
    "reopened": ("2026-05-01", None, "2026-06-01", 110, Q3, "ann", "north"),
    "moved": ("2026-05-01", None, None, 1200, Q3, "ann", "north"),
    "elsewhere": ("2026-05-01", None, None, 7, Q4, "ann", "north"),
}
AFTER = {
    "stays": ("2026-05-01", None, None, 100, Q3, "ann", "north"),
    "raised": ("2026-05-01", None, None, 230, Q3, "ann", "north"),
    "lowered": ("2026-05-01", None, None, 260, Q3, "ann", "north"),
    "pushed": ("2026-05-01", None, None, 999, Q4, "ann", "north"),
    "pulled": ("2026-05-01", None, None, 510, Q3, "ann", "north"),
    "rolled": ("2026-05-01", None, None, 50, Q3, "ann", "north"),
    "out": ("2026-05-01", None, None, 60, Q2, "ann", "north"),
    "lost": ("2026-05-01", None, "2026-07-10", 0, Q3, "ann", "north"),
    "won": ("2026-05-01", "2026-07-10", None, 777, "2026-07-10", "ann", "north"),
    "early win": ("2026-05-01", "2026-07-11", None, 90, "2026-07-11", "ann", "north"),
    "reopened": ("2026-05-01", None, None, 120, Q3, "ann", "north"),
    "moved": ("2026-05-01", None, None, 1250, Q3, "bob", "south"),
    "elsewhere": ("2026-05-01", None, None, 7, Q4, "ann", "north"),
    "new": ("2026-07-02", None, None, 13, Q3, "ann", "south"),
    "quick win": ("2026-07-02", "2026-07-20", None, 17, "2026-07-20", "ann", "north"),
    "quick loss": ("2026-07-02", None, "2026-07-20", 19, "2026-07-20", "ann", "north"),
    "late entry": ("2026-03-02", None, None, 23, Q3, "ann", "north"),
    "old import": ("2026-01-02", "2026-02-02", None, 29, "2026-02-02", "ann", "north"),
}
QUARTER = {  # by hand
    "start": (9, 4760),
    "created": (3, 49),
    "appeared": (1, 23),
    "reopened": (1, 120),
    "rolled_in": (1, 50),
    "pulled_in": (2, 600),
    "raised": (2, 80),
    "lowered": (2, -63),
    "pulled_out": (1, -60),
    "pushed": (1, -400),
    "gone": (1, -1000),
    "lost": (2, -719),
    "won": (3, -884),
    "end": (9, 2556),
}


def told(found, group=None):
    frame = found.bridge()
    if group is not None:
        frame = frame[frame[found.by[0]] == group]
    return {row.line: (row.deals, row.value) for row in frame.itertuples()}


def test_every_cause_of_a_quarter_by_hand() -> None:
    found = fk.movement(snapshot(JUNE, BEFORE), snapshot(JULY, AFTER), closing="2026-Q3")
    assert told(found) == {line: (n, Decimal(value)) for line, (n, value) in QUARTER.items()}
    frame = found.to_frame()
    assert frame.groupby("id")["cause"].apply(list).to_dict() == {
        "early win": ["pulled_in", "won"],
        "gone": ["gone"],
        "late entry": ["appeared"],
        "lost": ["lost"],
        "lowered": ["lowered"],
        "moved": ["raised"],
        "new": ["created"],
        "out": ["pulled_out"],
        "pulled": ["pulled_in"],
        "pushed": ["pushed"],
        "quick loss": ["created", "lost"],
        "quick win": ["created", "won"],
        "raised": ["raised"],
        "reopened": ["reopened"],
        "rolled": ["rolled_in"],
        "won": ["lowered", "won"],
    }
    pushed = frame[frame["id"] == "pushed"].iloc[0]
    assert (pushed["value_before"], pushed["value_after"]) == (400, 999)
    assert (str(pushed["close_before"]), str(pushed["close_after"])) == (Q3, Q4)
    assert set(frame["exit"].dropna()) == {"lost"}


def test_the_whole_pipeline_has_no_pushes() -> None:
    found = fk.movement(snapshot(JUNE, BEFORE), snapshot(JULY, AFTER))
    lines = told(found)
    assert not {"pushed", "pulled_in", "rolled_in", "pulled_out"} & lines.keys()
    assert lines["start"] == (13, Decimal(5407))
    assert "whole open pipeline" in found.summary()


def test_deals_move_between_segments_and_owners() -> None:
    june, july = snapshot(JUNE, BEFORE), snapshot(JULY, AFTER)
    for by, north, south in (("region", "north", "south"), ("rep", "ann", "bob")):
        found = fk.movement(june, july, by=by, closing="2026-Q3")
        assert told(found, north)["moved_out"] == (1, -1200)
        assert told(found, south)["moved_in"] == (1, 1200)
        assert told(found, south)["raised"] == (1, 50)
    assert told(found, "bob") == {
        "start": (0, 0),
        "moved_in": (1, 1200),
        "raised": (1, 50),
        "end": (1, 1250),
    }


def test_segments_kept_apart_are_never_pooled() -> None:
    funnel = FUNNEL.replace(apart=["region"])
    found = fk.movement(snapshot(JUNE, BEFORE, funnel), snapshot(JULY, AFTER, funnel))
    assert found.by == ("region",)
    assert found.summary().startswith("north: open pipeline went from 5,407 (13 deals)")


def test_the_sentence() -> None:
    rows = {"a": BEFORE["stays"], "b": BEFORE["lost"]}
    after = {"a": BEFORE["stays"], "b": AFTER["lost"], "c": AFTER["new"]}
    found = fk.movement(snapshot(JUNE, rows), snapshot(JULY, after), closing="2026-Q3")
    assert found.summary() == (
        "The open pipeline closing in 2026 Q3 went from 800 (2 deals) on 30 June 2026 to 113 (2) "
        f"on 31 July 2026: +13 created (1), {MINUS}700 lost (1)."
    )


def test_blank_amounts_and_dates_are_said() -> None:
    rows = {"a": ("2026-05-01", None, None, None, None, "ann", "north")}
    found = fk.movement(snapshot(JUNE, rows), snapshot(JULY, rows), closing="2026-Q3")
    assert found.without_close == 1
    assert "1 open deal without a planned close date is in no period." in found.summary()
    assert fk.movement(snapshot(JUNE, rows), snapshot(JULY, rows)).without_amount == 1


def test_without_a_close_date_pushes_are_absent_and_this_is_said() -> None:
    funnel = FUNNEL.replace(keep=[])
    june, july = snapshot(JUNE, BEFORE, funnel), snapshot(JULY, AFTER, funnel)
    assert "No planned close date is kept" in fk.movement(june, july).summary()
    with pytest.raises(FunnelError, match=r"`closing` needs the planned close date"):
        fk.movement(june, july, closing="2026-Q3")


def test_a_stage_from_which_on_it_is_pipeline() -> None:
    funnel = fk.Funnel(["lead", "deal", "won"], exits=["lost"], value="amount")
    columns = ["id", "lead", "deal", "won", "lost", "amount"]

    def on(day, *rows):
        return fk.from_frame(pd.DataFrame(rows, columns=columns), funnel, as_of=day)

    a = ("a", "2026-05-01", None, None, None, 10)
    b = ("b", "2026-05-01", "2026-05-02", None, None, 20)
    never = ("c", "2026-07-01", None, None, "2026-07-02", 5)
    june, july = on(JUNE, a, b), on(JULY, (*a[:2], "2026-07-01", *a[3:]), b, never)
    assert told(fk.movement(june, july, stage="deal")) == {
        "start": (1, 20),
        "created": (1, 10),
        "end": (2, 30),
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"between": (JUNE, JULY)}, "two snapshots have their own days"),
        ({"closing": "Q3 2026"}, r"`closing` must be a period such as 2026-08"),
        ({"by": "regoin"}, r"unknown segment `regoin`.*Did you mean `region`\?"),
        ({"close_date": "Closedate"}, r"unknown kept column `Closedate`.*Did you mean"),
        ({"stage": "del"}, r"unknown stage `del`.*Did you mean `deal`"),
    ],
)
def test_mistakes_are_told(change, message) -> None:
    with pytest.raises(FunnelError, match=message):
        fk.movement(snapshot(JUNE, BEFORE), snapshot(JULY, AFTER), **change)


def test_wrong_pairs_are_told() -> None:
    june, july = snapshot(JUNE, BEFORE), snapshot(JULY, AFTER)
    with pytest.raises(FunnelError, match="must be the earlier snapshot"):
        fk.movement(july, june)
    with pytest.raises(FunnelError, match="differ in `owner`"):
        fk.movement(snapshot(JUNE, BEFORE, FUNNEL.replace(owner=None)), july)
    with pytest.raises(FunnelError, match="`between` must be two days"):
        fk.movement(july)
    with pytest.raises(FunnelError, match="no table of changes"):
        fk.movement(july, between=(JUNE, JULY))
    with pytest.raises(FunnelError, match="no `value`"):
        fk.movement(*(snapshot(day, BEFORE, FUNNEL.replace(value=None)) for day in (JUNE, JULY)))


def test_odd_close_dates_are_told() -> None:
    rows = {"a": ("2026-05-01", None, None, 1, "15.09.2026", "ann", "north")}
    with pytest.raises(FunnelError, match=r"1 of 1 planned close date are not ISO days"):
        fk.movement(snapshot(JUNE, rows), snapshot(JULY, rows))


# --- from a table of changes -----------------------------------------------------------------


def with_changes(leads, rows):
    """Leads with a table of changes: id, field, day, at, old, new."""
    frame = pd.DataFrame(rows, columns=["id", "field", "day", "at", "old", "new"])
    frame["day"] = pd.to_datetime(frame["day"]).dt.date
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    name = leads.engine.create_table(ibis.util.gen_name("changes"), frame, temp=True)
    changes = name.mutate(at=name["at"].cast("timestamp('UTC')"), day=name["day"].cast("date"))
    return type(leads)(
        leads.engine,
        replace(leads.rows, changes=changes),
        leads.funnel,
        as_of=leads.as_of,
        recorded_from=None,
    )


def test_a_table_of_changes_gives_the_same_bridge_as_two_snapshots() -> None:
    rows = {name: row for name, row in AFTER.items() if name not in ("late entry", "old import")}
    rows |= {"reopened": BEFORE["reopened"], "gone": BEFORE["gone"]}
    then = BEFORE
    changes = []
    for name, row in then.items():
        for at, field in ((3, "amount"), (4, "close_date"), (5, "owner"), (6, "region")):
            if row[at] != rows[name][at]:
                pair = (str(row[at]), str(rows[name][at]))
                day, time = "2026-07-09", "2026-07-09T08:00:00Z"
                changes += [(name, field, day, time, pair[0], "passing")]
                changes += [(name, field, "2026-07-09", "2026-07-09T09:00:00Z", "passing", pair[1])]
    changes.append(("stays", "amount", "2026-06-15", None, "1", "100"))
    leads = with_changes(snapshot("2026-08-15", rows), changes)
    for by in (None, "region", "rep"):
        ours = fk.movement(leads, between=(JUNE, JULY), by=by, closing="2026-Q3")
        pair = fk.movement(snapshot(JUNE, then), snapshot(JULY, rows), by=by, closing="2026-Q3")
        pd.testing.assert_frame_equal(ours.bridge(), pair.bridge())
        pd.testing.assert_frame_equal(ours.to_frame(), pair.to_frame())
    assert "not in its history" in ours.summary()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_changes_of_one_moment_are_chained_by_their_values(order) -> None:
    chain = [("10", "20"), ("20", "10"), ("10", "30")]
    rows = [("stays", "amount", "2026-07-05", None, *chain[i]) for i in order]
    leads = with_changes(snapshot(JULY, {"stays": AFTER["stays"]}), rows)
    assert told(fk.movement(leads, between=(JUNE, JULY)))["start"] == (1, 10)


def test_changes_that_lead_back_change_nothing() -> None:
    rows = [("stays", "amount", "2026-07-05", None, *pair) for pair in (("10", "20"), ("20", "10"))]
    leads = with_changes(snapshot(JULY, {"stays": AFTER["stays"]}), rows)
    assert told(fk.movement(leads, between=(JUNE, JULY)))["start"] == (1, 100)
    rows.append(("stays", "amount", "2026-07-06", None, "10", "100"))
    leads = with_changes(snapshot(JULY, {"stays": AFTER["stays"]}), rows)
    assert told(fk.movement(leads, between=(JUNE, JULY)))["start"] == (1, 10)


# --- random histories ------------------------------------------------------------------------

DAY0 = dt.date(2026, 1, 1)
days = st.integers(0, 120).map(lambda n: DAY0 + dt.timedelta(days=n))
amounts = st.none() | st.decimals(
    min_value=-10, max_value=10**12, places=4, allow_nan=False, allow_infinity=False
)


@st.composite
def diaries(draw):
    """Random diaries: a deal is created, changes, closes, is reopened, may be deleted."""
    found = {}
    for number in range(draw(st.integers(0, 7))):
        when = sorted(draw(st.lists(days, min_size=1, max_size=7)))
        first = when[0]
        diary = [(first, "created", None), (first, "amount", draw(amounts))]
        diary += [(first, "close", draw(st.none() | days)), (first, "group", draw(groups))]
        state = "open"
        for day in when[1:]:
            choices = ["amount", "close", "group", "deleted"]
            choices += ["won", "lost"] if state == "open" else ["reopened"]
            what = draw(st.sampled_from(choices))
            value = draw({"amount": amounts, "close": st.none() | days, "group": groups}
                         .get(what, st.none()))  # fmt: skip
            diary.append((day, what, value))
            state = {"won": "closed", "lost": "closed", "reopened": "open"}.get(what, state)
            if what == "deleted":
                break
        found[f"deal {number}"] = diary
    return found


groups = st.sampled_from([None, "north", "south"])


def stood(diary, day):
    seen = slow.replay(diary, day)
    if seen["state"] is None:
        return None
    return Standing(
        state=seen["state"],
        exit="lost" if seen["state"] == "lost" else None,
        amount=seen.get("amount"),
        close=seen.get("close") or (seen["ended"] if seen["state"] != "open" else None),
        entered=seen["born"],
        closed=seen["ended"],
        group=(seen.get("group"),),
    )


@settings(max_examples=150, deadline=None)
@given(diaries(), st.tuples(days, days).filter(lambda two: two[0] < two[1]), st.booleans(),
       st.tuples(days, days).map(sorted))  # fmt: skip
def test_the_bridge_adds_up_and_agrees_with_the_slow_version(found, window, whole, span) -> None:
    start, end = window
    period = None if whole else Span("p", *span)
    was = {name: one for name, diary in found.items() if (one := stood(diary, start))}
    now = {name: one for name, diary in found.items() if (one := stood(diary, end))}
    moved = _bridge(was, now, Window(start=start, end=end, period=period), by=("g",), notes=[])
    frame = moved.bridge()
    for _, rows in frame.groupby("g", dropna=False):
        values = dict(zip(rows["line"], map(Fraction, rows["value"]), strict=True))
        ending = values.pop("end")
        assert sum(values.values()) == ending  # exactly
        deals = dict(zip(rows["line"], rows["deals"], strict=True))
        came = ("start", "created", "appeared", "reopened", "rolled_in", "pulled_in", "moved_in")
        changed = ("raised", "lowered")
        left = set(CAUSES) - set(came) - set(changed)
        assert (
            sum(deals.get(line, 0) for line in came) - sum(deals.get(line, 0) for line in left)
            == deals["end"]
        )
    moves = frame[frame["line"].isin(["moved_in", "moved_out"])]
    assert sum(map(Fraction, moves["value"])) == 0
    lines = moved.to_frame()
    assert not lines.duplicated(["id", "cause"]).any()
    expected = slow.bridge(found, start, end, None if whole else tuple(span))
    ours = {
        (None if pd.isna(row.g) else row.g, row.line): (row.deals, Fraction(row.value))
        for row in frame.itertuples()
    }
    assert ours == expected


def test_a_salesforce_history_tells_it_without_a_second_export() -> None:
    """Two deals, saved again with other amounts and dates, and one that is new: by hand."""
    deals = pd.DataFrame(
        [
            ("006000000000001", "Negotiation", "120", "2026-11-15", "false", "false", "2026-05-01"),
            ("006000000000002", "Closed Won", "80", "2026-07-20", "true", "true", "2026-05-02"),
            ("006000000000003", "Discovery", "30", "2026-09-10", "false", "false", "2026-07-02"),
        ],
        columns=["Id", "StageName", "Amount", "CloseDate", "IsWon", "IsClosed", "CreatedDate"],
    ).assign(CreatedDate=lambda f: f["CreatedDate"] + "T10:00:00.000+0000")
    history = pd.DataFrame(
        [
            ("006000000000001", "Discovery", "100", "2026-09-15", "2026-05-01"),
            ("006000000000001", "Negotiation", "120", "2026-09-15", "2026-07-05"),
            ("006000000000001", "Negotiation", "120", "2026-11-15", "2026-07-15"),
            ("006000000000002", "Discovery", "70", "2026-09-01", "2026-05-02"),
            ("006000000000002", "Closed Won", "80", "2026-07-20", "2026-07-20"),
            ("006000000000003", "Discovery", "30", "2026-09-10", "2026-07-02"),
        ],
        columns=["OpportunityId", "StageName", "Amount", "CloseDate", "CreatedDate"],
    ).assign(CreatedDate=lambda f: f["CreatedDate"] + "T10:00:00.000+0000")
    leads = fk.read_salesforce({"Opportunity": deals, "OpportunityHistory": history}, as_of=JULY)
    assert told(fk.movement(leads, between=(JUNE, JULY), closing="2026-Q3")) == {
        "start": (2, 170),
        "created": (1, 30),
        "raised": (1, 10),
        "pushed": (1, -100),
        "won": (1, -80),
        "end": (1, 30),
    }
