"""`Leads`: counts and the records behind them, earlier days, the user's calendar."""

import datetime as dt

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.data.simulate import simulate_frame

AS_OF = "2026-04-10"
STAGES = ("lead", "mql", "won")


def toy(**options):
    """Return six leads: two won, one lost, one that enters at `mql`, one skipped, one future."""
    rows = [
        ("a", "2026-01-05", "2026-01-09", "2026-02-20", None, "web", 10),
        ("b", "2026-01-31", None, "2026-04-02", None, "web", 20),
        ("c", "2026-02-01", "2026-02-03", None, "2026-03-05", "event", None),
        ("d", None, "2026-03-15", None, None, None, 40),
        ("e", "2026-04-10", None, None, None, "event", 50),
        ("f", "2026-04-11", None, None, None, "web", 60),
    ]
    columns = ["id", "lead", "mql", "won", "lost", "source", "amount"]
    funnel = fk.Funnel(
        STAGES,
        exits=["lost"],
        id="id",
        value="amount",
        segments=["source"],
        **options,
    )
    return fk.from_frame(pd.DataFrame(rows, columns=columns), funnel, as_of=AS_OF)


def numbers(series):
    return {str(period): int(n) for period, n in series.items()}


def test_count_by_month():
    leads = toy()
    lead = leads.count("lead")
    assert numbers(lead) == {"2026-01": 2, "2026-02": 1, "2026-03": 0, "2026-04": 1}
    assert isinstance(lead.index, pd.PeriodIndex)
    assert (lead.name, lead.attrs["undated"]) == ("lead", 0)
    mql = leads.count("mql")
    assert (int(mql.sum()), mql.attrs["undated"]) == (3, 1)  # one passed it on an unknown day
    assert numbers(leads.count("lost")) == {"2026-03": 1, "2026-04": 0}


def test_count_by_segment():
    frame = toy().count("mql", by="source")
    assert frame.columns.tolist() == ["series", "period", "value"]
    wide = frame.pivot_table(index="period", columns="series", values="value", aggfunc="sum")
    assert wide.sum().to_dict() == {"(blank)": 1, "event": 1, "web": 1}
    assert [str(period) for period in wide.index] == ["2026-01", "2026-02", "2026-03", "2026-04"]
    by_entry = toy().count("won", by="entered_at").groupby("series")["value"].sum().to_dict()
    assert by_entry == {"lead": 2}


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        ("day", 96),
        ("week", 14),
        ("month", 4),
        ("quarter", 2),
        ("year", 1),
    ],
)
def test_count_has_no_gaps(every, expected):
    series = toy().count("lead", every)
    assert (len(series), int(series.sum())) == (expected, 4)


def test_list_has_the_funnels_own_names():
    won = toy().list("won")
    assert won.columns.tolist() == [
        "id",
        "lead",
        "mql",
        "won",
        "lost",
        "source",
        "entered_at",
        "amount",
    ]
    assert won["id"].tolist() == ["a", "b"]


def ids(frame):
    return frame["id"].tolist()


def test_list_selects():
    leads = toy()
    assert ids(leads.list("won", source="web")) == ["a", "b"]
    assert ids(leads.list("mql", source=None)) == ["d"]
    assert ids(leads.list("mql", entered_at="lead")) == ["a", "b", "c"]
    assert ids(leads.list("won", cohort="2026-01")) == ["a", "b"]
    assert ids(leads.list("won", period="2026-04")) == ["b"]
    assert ids(leads.list("won", start="mql", cohort="2026-01")) == ["a"]
    assert ids(leads.list("won", start="mql")) == ["a"]  # b passed it on an unknown day
    assert ids(leads.list("lead", cohort="2026-01-31", every="day")) == ["b"]
    assert ids(leads.list("lost", cohort="2026", every="year")) == ["c"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda leads: leads.list("wom"),
            (
                "`stage`: unknown stage or exit `wom`; known: `lead`, `mql`, `won`, `lost`. Did "
                "you mean `won`?"
            ),
        ),
        (
            lambda leads: leads.count("lead", every="fortnight"),
            '`every` must be one of "day", "week", "month", "quarter", "year"; got \'fortnight\'.',
        ),
        (
            lambda leads: leads.list("won", sorce="web"),
            (
                "`segments`: unknown segment `sorce`; known: `source`, `entered_at`. Did you mean "
                "`source`?"
            ),
        ),
        (
            lambda leads: leads.list("won", cohort="May"),
            "`cohort` must be a month such as 2026-04; got 'May'.",
        ),
        (
            lambda leads: leads.list("won", period=7),
            "`period` must be a month such as 2026-04; got 7.",
        ),
        (
            lambda leads: leads.at("2026-05-01"),
            "`day` must not lie after `as_of` (2026-04-10); got 2026-05-01.",
        ),
    ],
)
def test_what_is_not_there(call, message):
    with pytest.raises(ArgumentError) as refused:
        call(toy())
    assert str(refused.value) == message


def test_counts_and_lists_reconcile_everywhere():
    made = simulate_frame(1500, rng=3, months=6, dirt=0.03)
    leads = fk.from_frame(made.frame, made.funnel, as_of=made.as_of)
    for stage in made.funnel.steps:
        listed = leads.list(stage)
        for every in ("week", "month", "quarter"):
            counts = leads.count(stage, every)
            assert counts.sum() + counts.attrs["undated"] == len(listed)
        by_source = leads.count(stage, by="source")
        for period, n in leads.count(stage).items():
            dated = leads.list(stage, period=str(period))
            own = by_source.loc[by_source["period"] == period].set_index("series")["value"]
            assert own.sum() == n
            assert len(dated) - n == (len(dated) if n == 0 else len(dated) - n)
    sources = leads.count("lead", by="source").groupby("series")["value"].sum()
    for name, n in sources.items():
        value = None if name == "(blank)" else name
        assert len(leads.list("lead", source=value)) == n


def test_an_earlier_day_is_a_shorter_export():
    made = simulate_frame(800, rng=5, months=6)
    leads = fk.from_frame(made.frame, made.funnel, as_of=made.as_of)
    for earlier in ("2025-02-10", "2025-04-30"):
        then = leads.at(earlier)
        cut = made.frame.copy()
        for step in made.funnel.steps:
            column = made.funnel.column_of(step)
            cut[column] = cut[column].where(cut[column] <= pd.Timestamp(earlier))
        short = fk.from_frame(cut, made.funnel, as_of=earlier)
        for step in made.funnel.steps:
            pd.testing.assert_frame_equal(then.list(step), short.list(step))
            days = then.list(step)[list(made.funnel.steps)].max()
            assert not (days > pd.Timestamp(earlier)).any()
        assert then.as_of == dt.date.fromisoformat(earlier)
        assert then.at(earlier).n == then.n


def test_a_fiscal_year_from_february():
    leads = toy(calendar=fk.Calendar(fiscal_year_start=2))
    calendar = leads.funnel.calendar
    quarters = leads.count("lead", "quarter")
    assert [calendar.label(period) for period in quarters.index] == [
        "FY2026 Q4",
        "FY2027 Q1",
    ]
    assert quarters.tolist() == [2, 2]  # 31 January is the last day of the old year
    years = leads.count("lead", "year")
    assert [calendar.label(period) for period in years.index] == ["FY2026", "FY2027"]
    assert ids(leads.list("lead", cohort="FY2027 Q1", every="quarter")) == ["c", "e"]
    assert ids(leads.list("lead", cohort="2027Q1", every="quarter")) == ["c", "e"]
    assert ids(leads.list("lead", cohort="FY2026", every="year")) == ["a", "b"]


def test_weeks_start_where_the_user_says():
    # 1 February 2026 is a Sunday.
    sunday = toy(calendar=fk.Calendar(week_start="sunday"))
    assert ids(sunday.list("lead", cohort="2026-02-01", every="week")) == ["c"]
    monday = toy()
    assert ids(monday.list("lead", cohort="2026-01-26", every="week")) == ["b", "c"]
    week = monday.count("lead", "week").index[3]
    assert ids(monday.list("lead", period=week, every="week")) == ["b", "c"]


def test_a_name_of_a_month_is_no_month_since_nobody_knows_the_year():
    with pytest.raises(ArgumentError):
        toy().list("won", cohort="Feb")


def test_it_shows_itself():
    leads = toy()
    assert repr(leads) == (
        "<Leads lead → mql → won>\n5 records from 6 rows read, 1 set aside; complete up to 10 "
        "April 2026."
    )
    assert "<table" in leads._repr_html_()
    assert len(leads) == leads.n == 5


def test_leads_that_are_empty_still_answer():
    leads = toy().at("2025-01-01")
    assert len(leads) == 0
    assert leads.count("lead").tolist() == [0]
    assert leads.count("lead", by="source").empty
    assert leads.list("won").columns.tolist()[:2] == ["id", "lead"]
    assert leads.accounting()["rows"].sum() == 6
