"""Tie-out: each cause on a small export counted by hand, and on simulated ones by plain pandas."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit import FunnelError
from funnelkit.data.simulate import simulate_frame
from tests import olist_figures

AS_OF = "2026-09-30"
COLUMNS = ["id", "lead", "mql", "won", "lost", "amount", "source", "planned"]
ROWS = [  # id, lead, mql, won, lost, amount, source, planned
    ("a", "2026-07-05", "2026-07-09", "2026-08-20", None, "100.50", "web", "2026-09-10"),
    ("b", "2026-07-31", None, "2026-09-02", None, "20", "web", "2026-09-11"),
    ("c", "2026-08-01", "2026-08-03", None, "2026-09-05", None, "fair", None),
    ("d", None, "2026-08-15", None, None, "40", None, "2026-12-01"),
    ("e", "2026-09-10", "2026-09-12", "2026-09-20", None, "7.25", "fair", "2026-09-12"),
]


def leads_of(rows=ROWS, as_of=AS_OF, recorded_from=None, **options):
    funnel = fk.Funnel(
        ["lead", "mql", "won"],
        exits=["lost"],
        **({"value": "amount", "segments": ["source"], "keep": ["planned"]} | options),
    )
    frame = pd.DataFrame(rows, columns=COLUMNS[: len(rows[0])])
    return fk.from_frame(frame, funnel, as_of=as_of, recorded_from=recorded_from)


def tied(leads, *entries):
    return fk.tie_out(leads, list(entries))


def parts(found, number=0):
    """Cause -> what it adds, of those taken, with what is left under None."""
    tie = found.ties[number]
    return {**dict(tie.parts), None: tie.unexplained}


def test_all_tie() -> None:
    found = tied(
        leads_of(),
        {"count": "lead", "in": {"2026-07": 2, "2026-08": "1", "2026-09": 1}, "total": 4},
        {"count": "won", "in": {"2026-Q3": 3, "2026": 3, "2026-08-20": 1}},
        {"count": "won", "in": {"2026-Q3": 1}, "where": {"source": "fair"}},
        {"count": "mql", "total": 1, "where": {"source": ["", "none such"]}},
        {"value": "won", "in": {"2026-08": 100.50, "2026-09": "27.25"}, "total": 128},
        {"count": "lost", "total": 1},
    )
    assert found.all_tie
    assert found.summary() == "All 13 control totals tie with the CRM."
    frame = found.to_frame()
    assert frame["ties"].all()
    assert frame["what"].tolist()[7:9] == ["won (source fair)", "mql (source (blank) or none such)"]
    assert frame["period"].tolist()[:4] == ["2026-07", "2026-08", "2026-09", "whole"]
    assert found.causes().empty


@pytest.mark.parametrize(
    ("number", "ties"),
    [
        ("128", True),
        ("127.8", True),
        ("127.75", True),
        ("127.7", True),
        ("127.6", False),
        ("127.74", False),
    ],
)
def test_money_ties_to_the_digits_that_are_told(number, ties) -> None:
    assert tied(leads_of(), {"value": "won", "total": number}).all_tie == ties


def test_a_difference_is_told_with_what_is_not_explained() -> None:
    found = tied(leads_of(), {"count": "won", "in": {"2026-09": 4, "2026-08": 1}})
    assert not found.all_tie
    assert found.summary() == (
        "1 of 2 tie; won in 2026-09: 2 fewer than the CRM's 4 (+2 not explained). Not measured: "
        "the time zone: won came as days, without a time of day."
    )
    row = found.to_frame().iloc[0]
    assert (row["expected"], row["ours"], row["difference"], row["ties"]) == (4, 2, -2, False)
    assert row["causes"] == "+2 not explained"


def test_rows_that_repeat_an_id() -> None:
    rows = [*ROWS, ("b", "2026-07-31", None, "2026-09-03", None, "20", "web", None),
            ("a", "2026-08-02", None, None, None, None, "web", None)]  # fmt: skip
    entries = (
        {"count": "lead", "in": {"2026-07": 3, "2026-08": 2, "2026-09": 1}, "total": 6},
        {"count": "won", "in": {"2026-09": 3, "2026-08": 1}},
        {"value": "won", "in": {"2026-09": "47.25"}},
    )
    found = tied(leads_of(rows), *entries)
    assert {cause for tie in found.ties for cause, _ in tie.parts} == {"rows that repeat an id"}
    assert [tie.unexplained for tie in found.ties] == [0] * 7
    assert [tie.ours for tie in found.ties] == [2, 1, 1, 4, 2, 1, Decimal("27.25")]
    assert "value of won in 2026-09: 20 less than the CRM's 47.25" in found.summary() or (
        found.ties[6].sentence().startswith("value of won in 2026-09: 20 less than the CRM's 47.25")
    )


def test_files_that_are_joined_are_not_repeats() -> None:
    left = pd.DataFrame({"id": ["a", "b"], "lead": ["2026-08-01", "2026-08-02"]})
    right = pd.DataFrame({"id": ["a", "b"], "won": ["2026-09-01", None]})
    funnel = fk.Funnel(["lead", "won"])
    leads = fk.from_frame(left, funnel, join=[right], as_of=AS_OF)
    found = tied(leads, {"count": "lead", "total": 3})
    assert parts(found) == {None: 1}


def test_days_of_another_zone() -> None:
    rows = [
        ("a", "2026-07-31T22:30:00Z", "2026-08-20T12:00:00Z"),
        ("b", "2026-08-31T22:30:00Z", None),
        ("c", "2026-08-31T23:30:00Z", None),
        ("d", "2026-08-15T12:00:00Z", "2026-09-30T21:59:00Z"),
    ]
    funnel = fk.Funnel(["lead", "won"], timezone="Europe/Berlin")
    frame = pd.DataFrame(rows, columns=["id", "lead", "won"])
    log = frame.melt("id", var_name="stage", value_name="time").dropna()
    entries = {"count": "lead", "in": {"2026-07": 1, "2026-08": 3, "2026-09": 0}}
    told = {"id": "id", "stage": "stage", "time": "time", "as_of": AS_OF}
    typed = frame.assign(lead=pd.to_datetime(frame["lead"]), won=pd.to_datetime(frame["won"]))
    for leads in (
        fk.from_frame(frame, funnel, as_of=AS_OF),
        fk.from_frame(typed, funnel, as_of=AS_OF),
        fk.from_events(log, funnel, **told),
    ):
        found = tied(leads, entries)
        assert [tie.ours for tie in found.ties] == [0, 2, 2]
        assert [parts(found, i) for i in range(3)] == [
            {"days of UTC, not of Europe/Berlin": adds, None: 0} for adds in (1, 1, -2)
        ]
        assert found.unmeasured == ()


@pytest.mark.parametrize(
    ("times", "zone", "said"),
    [
        ("2026-08-05T10:00:00", "Europe/Berlin", "the times of lead came without an offset"),
        ("2026-08-05", "Europe/Berlin", "lead came as days, without a time of day"),
        ("2026-08-05T10:00:00Z", None, "no other zone is named"),
    ],
)
def test_a_zone_that_cannot_be_measured_is_told(times, zone, said) -> None:
    frame = pd.DataFrame({"id": ["a"], "lead": [times], "won": [None]})
    leads = fk.from_frame(frame, fk.Funnel(["lead", "won"], timezone=zone), as_of=AS_OF)
    found = tied(leads, {"count": "lead", "total": 2})
    assert said in " ".join(found.unmeasured)
    assert said in found.summary()


def test_rows_set_aside_while_reading_are_named() -> None:
    leads = leads_of([*ROWS, (None, "2026-08-05", *[None] * 6)])
    found = tied(leads, {"count": "lead", "in": {"2026-08": 2}})
    assert "rows set aside while reading, whose dates are not kept (1 no id)" in found.unmeasured


def test_skipped_stages() -> None:
    found = tied(leads_of(), {"count": "mql", "in": {"2026-09": 2, "2026-08": 2}})
    assert parts(found) == {"stages that were skipped": 1, None: 0}  # b, by 2 September
    whole = tied(leads_of(), {"count": "mql", "total": 4})  # a, c, d, e; we fill b
    assert (whole.ties[0].ours, parts(whole)) == (5, {"stages that were skipped": -1, None: 0})


def test_records_that_begin_at_a_later_stage() -> None:
    found = tied(leads_of(), {"count": "lead", "in": {"2026-08": 2}, "total": 5})
    assert parts(found) == {"records that begin at a later stage": 1, None: 0}
    assert parts(found, 1) == {"records that begin at a later stage": 1, None: 0}


def test_records_set_aside_by_a_policy() -> None:
    rows = [*ROWS, ("f", "2026-08-20", "2026-08-10", None, None, "5", "web", None)]
    found = tied(leads_of(rows, out_of_order="drop"), {"count": "mql", "in": {"2026-08": 3}})
    assert parts(found) == {"records set aside: stages out of order": 1, None: 0}


def test_days_that_were_clipped() -> None:
    rows = [*ROWS, ("f", "2026-09-01", "2026-08-30", None, None, "5", "web", None)]
    found = tied(leads_of(rows), {"count": "mql", "in": {"2026-08": 3, "2026-09": 1}})
    name = "days before those of an earlier stage, as recorded"
    assert [parts(found, i) for i in range(2)] == [{name: 1, None: 0}, {name: -1, None: 0}]


def test_reversed_wins_and_reopened_exits() -> None:
    rows = [
        *ROWS,
        ("f", "2026-08-01", None, "2026-08-10", "2026-09-01", "9", "web", None),
        ("g", "2026-07-01", None, "2026-09-21", "2026-08-02", "9", "web", None),
    ]
    found = tied(leads_of(rows), {"count": "won", "in": {"2026-08": 2}})
    assert parts(found) == {"wins that were reversed": 1, None: 0}
    found = tied(leads_of(rows), {"count": "lost", "in": {"2026-08": 1}})
    assert parts(found) == {"exits that were reopened": 1, None: 0}


def test_the_last_entry_and_further_entries() -> None:
    log = pd.DataFrame(
        [("a", "lead", "2026-07-01"), ("a", "mql", "2026-07-05"), ("a", "mql", "2026-08-05"),
         ("b", "lead", "2026-08-01"), ("b", "mql", "2026-08-02")],
        columns=["id", "stage", "time"],
    )  # fmt: skip
    funnel = fk.Funnel(["lead", "mql", "won"])
    leads = fk.from_events(log, funnel, id="id", stage="stage", time="time", as_of=AS_OF)
    found = tied(leads, {"count": "mql", "in": {"2026-07": 0, "2026-08": 2}})
    name = "the last entry, not the first"
    assert [parts(found, i) for i in range(2)] == [{name: -1, None: 0}, {name: 1, None: 0}]
    found = tied(leads, {"count": "mql", "in": {"2026-07": 1, "2026-08": 2}, "total": 3})
    name = "further entries of a record"
    assert parts(found, 1) == parts(found, 2) == {name: 1, None: 0}


def test_before_recorded_from_and_after_as_of() -> None:
    leads = leads_of(recorded_from="2026-07-10")
    found = tied(leads, {"count": "lead", "in": {"2026-07": 1, "2026-08": 1}})
    assert parts(found) == {"records from before 2026-07-10, left out": -1, None: 0}
    found = tied(leads_of(as_of="2026-09-15"), {"count": "won", "in": {"2026-09": 2}})
    assert parts(found) == {"entries after 2026-09-15": 1, None: 0}
    found = tied(leads_of(as_of="2026-08-31"), {"count": "won", "in": {"2026-09": 2, "2026-08": 1}})
    assert found.summary() == ("The one control total ties with the CRM. 1 lies after 2026-08-31.")
    assert pd.isna(found.to_frame()["ours"].iloc[0])


def test_another_date_column() -> None:
    found = tied(leads_of(), {"count": "won", "in": {"2026-07": 2, "2026-09": 1, "2026-08": 0}})
    assert [tie.parts for tie in found.ties] == [
        (("the date of lead", 2),),
        (("the date of lead", -1),),
        (("the date of lead", -1),),
    ]
    found = tied(leads_of(), {"count": "won", "in": {"2026-09": 3, "2026-08": 0}})
    assert parts(found) == {"the date in planned": 1, None: 0}


def test_two_causes_at_once_and_a_rest() -> None:
    rows = [
        *ROWS,
        ("f", "2026-08-01", None, "2026-09-10", "2026-09-21", "9", "web", None),
        ("b", "2026-07-31", None, "2026-09-03", None, "20", "web", None),
        ("e", "2026-09-10", None, "2026-09-03", None, "20", "web", None),
    ]
    found = tied(leads_of(rows), {"count": "won", "in": {"2026-09": 6, "2026-08": 1}})
    assert parts(found) == {"rows that repeat an id": 2, "wins that were reversed": 1, None: 1}
    assert found.ties[0].sentence() == (
        "won in 2026-09: 4 fewer than the CRM's 6 (+2 rows that repeat an id; +1 wins that were "
        "reversed; +1 not explained)"
    )


def test_what_was_measured_is_listed_though_it_is_not_the_reason() -> None:
    found = tied(leads_of(), {"count": "mql", "in": {"2026-07": 7, "2026-09": 1}})
    assert parts(found) == {None: 6}
    others = found.causes()
    assert not others["taken"].any()
    assert set(others["cause"]) == {"the date of won", "the date in planned"}


def test_no_reason_is_made_of_an_empty_column() -> None:
    rows = [(*row[:7], None) for row in ROWS]
    found = tied(leads_of(rows), {"count": "won", "in": {"2026-09": 0}})
    assert parts(found) == {None: -2}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (None, r"`expected` must be a list such as"),
        ([], r"`expected` must be a list such as"),
        ([3], r"`expected` must hold mappings; got 3"),
        ([{"count": "wom", "total": 1}],
         r"`expected\[1\].count` names an unknown stage or exit `wom`.*Did you mean `won`"),
        ([{"cuont": "won", "total": 1}],
         r"`expected\[1\].cuont` is not known. Did you mean `count`"),
        ([{"count": "won"}], r"`expected\[1\]` needs figures"),
        ([{"count": "won", "value": "won", "total": 1}], "`count` or `value`, one of the two"),
        ([{"count": "won", "in": {"Sept": 1}}], r"`expected\[1\].in.Sept` is no period"),
        ([{"count": "won", "in": {"2026-13": 1}}], "is no period"),
        ([{"count": "won", "in": {}}], "must map periods to numbers"),
        ([{"count": "won", "in": {"2026-08": "1,204"}}], r"got '1,204'. Did you mean 1204\?"),
        ([{"count": "won", "in": {"2026-08": 1.5}}], "must be a whole number"),
        ([{"count": "won", "in": {"2026-08": True}}], "must be a number in plain digits"),
        ([{"count": "won", "total": 1, "where": {"sorce": "web"}}],
         r"`expected\[1\].where.sorce` is an unknown segment.*Did you mean `source`"),
        ([{"count": "won", "total": "x"}, {"value": "win", "total": 1}], "2 problems"),
    ],
)  # fmt: skip
def test_mistakes_are_told_all_at_once(entries, message) -> None:
    with pytest.raises(FunnelError, match=message):
        fk.tie_out(leads_of(), entries)


def test_value_needs_amounts() -> None:
    with pytest.raises(FunnelError, match="the funnel has no `value`"):
        tied(leads_of(value=None), {"value": "won", "total": 1})


def by_month(days: pd.Series) -> dict[str, int]:
    days = pd.to_datetime(days.dropna())
    counted = days.dt.to_period("M").value_counts()
    return {str(month): int(n) for month, n in counted.items()}


@pytest.mark.parametrize("rng", range(2))
def test_simulated_totals_of_a_crm_that_counts_rows_are_explained(rng) -> None:
    made = simulate_frame(400, rng=rng, times="date", dirt={"repeated_row": 0.1}, months=6)
    leads = fk.from_frame(made.frame, made.funnel, as_of=made.as_of)
    lead, name = made.funnel.column_of("lead"), made.funnel.id
    frame = made.frame[pd.to_datetime(made.frame[lead]).dt.date <= leads.as_of]
    rows, ids = by_month(frame[lead]), by_month(frame.drop_duplicates(name)[lead])
    assert tied(leads, {"count": "lead", "in": ids}).all_tie
    found = tied(leads, {"count": "lead", "in": rows})
    assert rows != ids
    for tie in found.ties:
        more = rows[tie.total.period] - ids[tie.total.period]
        assert dict(tie.parts) == ({"rows that repeat an id": more} if more else {})
        assert tie.unexplained == 0


def test_olist_ties_with_its_readme(shared_data) -> None:
    leads = olist_figures.read_olist(shared_data)
    months = {month: counts[0] for month, counts in olist_figures.MONTHS.items()}
    found = tied(
        leads,
        {"count": leads.funnel.stages[0], "in": months, "total": 8000},
        {"count": "won", "total": 842},
    )
    assert found.summary() == "All 14 control totals tie with the CRM."
    assert found.as_of == dt.date(2018, 11, 14)
