"""Counts from leads: real exports against ../shared/data/README.md, odd cases by hand."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.counts import build
from tests.olist_figures import MONTHS, ORIGINS, read_olist


@pytest.fixture(scope="module")
def olist(shared_data):
    return read_olist(shared_data)


def test_olist_by_month(olist):
    triangle = fk.triangle(olist, "mql", "won")
    reached = np.cumsum(triangle.by_age("won")[0], axis=1)
    found = {
        str(cohort): (
            int(triangle.entered[0, j]),
            int(triangle.converted[0, j]),
            *(int(reached[j, age]) for age in (30, 60, 90)),
        )
        for j, cohort in enumerate(triangle.cohorts)
    }
    assert found == MONTHS
    assert (triangle.n, int(triangle.converted.sum())) == (8000, 842)
    assert int(triangle.undated["won"].sum()) == 1


def test_olist_by_origin(olist):
    triangle = fk.triangle(olist, "mql", "won", by="origin").collapse(cohorts=True)
    found = {
        segment[0]: (int(triangle.entered[i, 0]), int(triangle.converted[i, 0]))
        for i, segment in enumerate(triangle.segments)
    }
    assert found == ORIGINS


def test_several_dates_in_one_call(olist):
    triangles = fk.triangle(olist, "mql", "won", as_of=["2018-04-30", "2018-05-31"])
    assert [triangle.as_of for triangle in triangles] == [
        dt.date(2018, 4, 30),
        dt.date(2018, 5, 31),
    ]
    # ../shared/data/README.md: won so far 137/131/140/154/70 of the cohorts of 2018.
    won = triangles[1].select(first="2018-01").converted[0]
    assert won.tolist() == [137, 131, 140, 154, 70]


def test_recorded_from_leaves_earlier_leads_out_and_marks_the_straddling_cohort(shared_data):
    folder = shared_data / "olist"
    funnel = fk.Funnel(
        ["mql", "won"],
        id="mql_id",
        columns={"mql": "first_contact_date", "won": "won_date"},
        out_of_order="drop",
    )
    leads = fk.read_csv(
        folder / "olist_marketing_qualified_leads_dataset.csv",
        funnel,
        join=[folder / "olist_closed_deals_dataset.csv"],
        as_of="2018-11-14",
        recorded_from="2017-12-05",
    )
    triangle = fk.triangle(leads, "mql", "won")
    raw = pd.read_csv(
        folder / "olist_marketing_qualified_leads_dataset.csv", parse_dates=["first_contact_date"]
    )
    later = (raw["first_contact_date"] >= "2017-12-05").sum()
    assert triangle.n == later - 1  # the negative lag is dropped
    assert {str(cohort) for cohort in triangle.partial} == {"2017-12"}


ODD = pd.DataFrame(
    [
        # id, lead, mql, won, lost, account, amount
        ("a", "2026-01-05", "2026-01-10", "2026-02-01", None, "x", "100.10"),
        ("b", "2026-01-20", None, "2026-02-10", None, "x", "200.20"),  # mql skipped
        ("c", None, "2026-01-08", "2026-03-01", None, "y", "0"),  # never a lead
        ("d", "2026-02-03", "2026-02-01", None, None, "y", None),  # mql before lead
        ("e", "2026-02-10", None, None, "2026-02-20", None, None),  # lost
        ("f", "2026-02-10", "2026-02-25", None, "2026-02-20", None, None),  # reopened
        ("g", "2026-01-02", "2026-01-03", "2026-01-04", "2026-01-09", None, "5"),  # reversed
    ],
    columns=["id", "lead", "mql", "won", "lost", "account", "amount"],
)


def odd_leads(**policy):
    funnel = fk.Funnel(
        ["lead", "mql", "won"],
        exits=["lost"],
        id="id",
        account="account",
        value="amount",
        **policy,
    )
    return fk.from_frame(ODD, funnel, as_of="2026-03-31")


def test_odd_records_lead_to_won():
    triangle = fk.triangle(odd_leads(), "lead", "won")
    assert triangle.n == 6  # c was never a lead
    assert triangle.events["won"].sum(axis=(0, 1)).nonzero()[0].tolist() == [21, 27]
    assert triangle.reached("lost").sum() == 2  # e, and g whose win was reversed
    assert triangle.open.sum() == 2  # d and f


def test_a_skipped_target_is_undated_at_the_age_of_the_next_stage():
    triangle = fk.triangle(odd_leads(), "lead", "mql")
    # a 5, f 15, g 1 observed; b by age 21 (its win); d clipped to age 0
    assert triangle.events["mql"].sum(axis=(0, 1)).nonzero()[0].tolist() == [1, 5, 15]
    assert triangle.undated["mql"].sum(axis=(0, 1)).nonzero()[0].tolist() == [0, 21]


def test_a_filled_start_is_left_out_of_the_triangle():
    triangle = fk.triangle(odd_leads(), "mql", "won")
    assert triangle.n == 5  # a, c, d, f, g; not b, whose mql was filled


def test_strict_does_not_fill():
    stays = build.stays(odd_leads(skipped="strict"))
    assert stays.entered.tolist() == [[6, 5, 3]]
    assert build.stays(odd_leads()).entered.tolist() == [[6, 6, 3]]


def test_stays_add_up():
    stays = build.stays(odd_leads())
    assert stays.moved_on.tolist() == [[5, 3, 0]]
    assert stays.left["lost"].tolist() == [[1, 1, 0]]
    assert stays.still_there.tolist() == [[0, 2, 0]]
    assert stays.filled.tolist() == [[0, 1, 0]]
    assert stays.days[0, 0].nonzero()[0].tolist() == [1, 5, 15]


def test_first_policy_keeps_the_exit():
    triangle = fk.triangle(odd_leads(reopened="first"), "lead", "won")
    assert triangle.reached("lost").sum() == 2  # e and f
    assert triangle.converted.sum() == 3  # a, b and g, whose win stands


def test_accounts_by_hand():
    sums = fk.triangle(odd_leads(), "lead", "won").accounts
    # January: account x has a and b (both won), g is its own; February: y has d, e and f alone
    assert sums.accounts.tolist() == [[2, 3]]
    assert sums.nn.tolist() == [[4 + 1, 1 + 1 + 1]]
    assert sums.xn[0, 0].sum() == 2 * 2
    assert np.cumsum(sums.xx[0, 0])[[20, 21, 26, 27]].tolist() == [0, 1, 1, 4]


def test_accounts_over_a_quarter_gather_all_its_months():
    sums = fk.triangle(odd_leads(), "lead", "won", cohort="quarter").accounts
    assert sums.accounts.tolist() == [[5]]
    assert sums.nn.tolist() == [[4 + 1 + 1 + 1 + 1]]


def test_money_is_exact_and_zero_is_unknown():
    moments = build.moments(odd_leads())
    assert moments.n.sum() == 3
    assert moments.known.sum() == 2
    assert sum(moments.total.ravel()) == Decimal("300.30")
    with pytest.raises(ArgumentError, match="no `value` column"):
        build.moments(fk.from_frame(ODD, fk.Funnel(["lead", "won"], id="id"), as_of="2026-03-31"))


def test_flows_count_observed_days_only():
    flows = build.flows(odd_leads())
    assert flows.steps == ("lead", "mql", "won", "lost")
    assert flows.entries[0, 1].tolist() == [3, 2, 0]  # a, c, g in January; d clipped, f in February
    assert flows.undated[0].tolist() == [0, 1, 0, 0]


def test_delayed_entry():
    funnel = fk.Funnel(["lead", "won"], id="id")
    leads = fk.from_frame(
        ODD,
        funnel,
        as_of="2026-03-31",
        recorded_from="2026-02-05",
        before_recording="delayed_entry",
    )
    triangle = fk.triangle(leads, "lead", "won")
    # a won before recording began (its record would be missing), and so did g; b entered on
    # 20 January and is seen from age 16 on; d from age 2
    assert triangle.n == 4
    assert triangle.late.sum(axis=(0, 1)).nonzero()[0].tolist() == [2, 16]
    assert triangle.at_risk.sum(axis=(0, 1))[[0, 1, 2, 16, 21]].tolist() == [2, 2, 3, 4, 4]


def test_a_fiscal_year_from_february():
    funnel = fk.Funnel(["lead", "won"], id="id", calendar=fk.Calendar(fiscal_year_start=2))
    leads = fk.from_frame(ODD, funnel, as_of="2026-03-31")
    frame = fk.triangle(leads, "lead", "won", cohort="quarter").to_frame()
    assert set(frame["cohort"]) == {"FY2026 Q4", "FY2027 Q1"}
    assert set(fk.triangle(leads, "lead", "won", cohort="year").to_frame()["cohort"]) == {
        "FY2026",
        "FY2027",
    }


def test_weeks_start_where_the_user_says():
    funnel = fk.Funnel(["lead", "won"], id="id", calendar=fk.Calendar(week_start="sunday"))
    leads = fk.from_frame(ODD, funnel, as_of="2026-03-31")
    frame = fk.triangle(leads, "lead", "won", cohort="week").to_frame()
    assert all(dt.date.fromisoformat(day).strftime("%A") == "Sunday" for day in frame["cohort"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("won", "lead"), "`target` must come after `start`; got `won` -> `lead`"),
        (("lead", "wno"), "unknown stage `wno`.*Did you mean `won`"),
    ],
)
def test_impossible_questions(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        fk.triangle(odd_leads(), *arguments)
    with pytest.raises(ArgumentError, match="unknown segment `sorce`"):
        fk.triangle(odd_leads(), "lead", "won", by="sorce")
    with pytest.raises(ArgumentError, match=r"`cohort` must be one of .*got 'moth'"):
        fk.triangle(odd_leads(), "lead", "won", cohort="moth")


def test_nobody_entered():
    with pytest.raises(EvidenceError, match="no record entered `lead` on a recorded day"):
        fk.triangle(odd_leads(), "lead", "won", as_of="2026-01-01")


def test_the_query_can_be_printed_and_run():
    import duckdb

    leads = odd_leads()
    query = fk.triangle_sql(leads, "lead", "won")
    connection = duckdb.connect()
    rows = leads.rows.table.drop("account_no")  # nobody else has it
    connection.register("funnel_rows", rows.to_pyarrow())
    found = connection.sql(query).df()
    frame = fk.triangle(leads, "lead", "won").to_frame()
    assert found["n"].sum() == frame["n"].sum()
    won = frame.loc[frame["outcome"] == "won", ["age", "n"]].to_numpy().tolist()
    assert sorted(found.loc[found["outcome"] == 0, ["age", "n"]].to_numpy().tolist()) == sorted(won)
