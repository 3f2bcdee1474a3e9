"""Days from texts and times: ISO, orders once told, zones against Python's own zoneinfo."""

import datetime as dt
from zoneinfo import ZoneInfo

import ibis
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit.data.iso import iso_counts


def days_of(texts, timezone=None, **options):
    """Return the day that is read from each text."""
    funnel = fk.Funnel(["lead", "won"], id="id", timezone=timezone)
    frame = pd.DataFrame({"id": [f"{k:03}" for k in range(len(texts))], "lead": texts, "won": None})
    leads = fk.from_frame(frame, funnel, as_of="2100-01-01", **options)
    return [day.date() for day in leads.list("lead")["lead"]]


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-09",
        " 2026-03-09 ",
        "2026-03-09T23:59",
        "2026-03-09 23:59:59",
        "2026-03-09T23:59:59.999999",
        "2026-03-09 23:59:59,5",
        "2026-03-09T12:00:00Z",
        "2026-03-09T12:00:00+0000",
        "2026-03-09T12:00:00.000+00:00",
        "2026-03-09 12:00:00 +00",
        "2026-03-09 12:00:00 UTC",
    ],
)
def test_iso(text):
    assert days_of([text]) == [dt.date(2026, 3, 9)]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-09T23:30:00-01:00", 10),
        ("2026-03-09T00:30:00+0530", 8),
        ("2026-03-09 00:30 +05:30", 8),
        ("2026-03-09T23:59:59Z", 9),
    ],
)
def test_offsets_in_utc_where_no_zone_is_named(text, day):
    assert days_of([text]) == [dt.date(2026, 3, day)]


ZONES = ["Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Apia"]


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.datetimes(dt.datetime(2010, 1, 1), dt.datetime(2030, 1, 1)), min_size=1, max_size=20
    ),
    st.sampled_from(ZONES),
    st.integers(-14 * 60, 14 * 60),
)
def test_days_in_a_zone_are_those_of_zoneinfo(moments, zone, offset):
    there = dt.timezone(dt.timedelta(minutes=offset))
    aware = [moment.replace(tzinfo=there) for moment in moments]
    expected = [moment.astimezone(ZoneInfo(zone)).date() for moment in aware]
    assert days_of([moment.isoformat() for moment in aware], timezone=zone) == expected


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        # Clocks go forward in New York on 8 March 2026, at 02:00.
        ("America/New_York", "2026-03-08T04:59:59Z", "2026-03-08T05:00:00Z"),
        # The day after, midnight is an hour earlier in UTC.
        ("America/New_York", "2026-03-09T03:59:59Z", "2026-03-09T04:00:00Z"),
        # In São Paulo midnight itself did not exist on 4 November 2018.
        ("America/Sao_Paulo", "2018-11-04T02:59:59Z", "2018-11-04T03:00:00Z"),
    ],
)
def test_days_on_which_clocks_change(zone, before, after):
    moments = [dt.datetime.fromisoformat(text) for text in (before, after)]
    expected = [moment.astimezone(ZoneInfo(zone)).date() for moment in moments]
    assert expected[0] < expected[1]
    assert days_of([before, after], timezone=zone) == expected
    frame = pd.to_datetime(pd.Series([before, after]))
    assert days_of(frame, timezone=zone) == expected


def test_a_local_time_keeps_its_day():
    texts = ["2026-03-09 00:10", "2026-03-09 23:50"]
    assert days_of(texts, timezone="Asia/Kolkata") == [dt.date(2026, 3, 9)] * 2


@pytest.mark.parametrize(
    ("texts", "options"),
    [
        (["09-03-2026", "31-12-2026"], {"dayfirst": True}),
        (["09/03/2026 14:05", "31/12/2026 00:00"], {"dayfirst": True}),
        (["9.3.26", "31.12.26"], {"dayfirst": True}),
        (["3/9/2026 2:05 PM", "12/31/2026 11:59 AM"], {"dayfirst": False}),
        (["9 Mar 2026", "31 Dec 2026"], {"date_format": "%d %b %Y"}),
        (["March 9, 2026", "December 31, 2026"], {"date_format": {"lead": "%B %d, %Y"}}),
        (["20260309", "20261231"], {"date_format": "%Y%m%d"}),
        (["2026-03-09", "31/12/2026"], {"dayfirst": True}),
    ],
)
def test_orders_once_told(texts, options):
    assert days_of(texts, **options) == [dt.date(2026, 3, 9), dt.date(2026, 12, 31)]


@settings(max_examples=10, deadline=None)
@given(st.lists(st.dates(dt.date(1990, 1, 1), dt.date(2060, 1, 1)), min_size=1, max_size=30))
def test_what_strftime_writes_is_read_back(days):
    for pattern in ("%d/%m/%Y", "%m-%d-%Y", "%d.%m.%Y %H:%M"):
        texts = [dt.datetime.combine(day, dt.time(13, 5)).strftime(pattern) for day in days]
        assert days_of(texts, date_format=pattern) == days


def test_midnights_are_dates():
    frame = pd.DataFrame(
        {"id": ["a", "b"], "lead": ["2026-01-05 00:00:00", "2026-01-09T00:00"], "won": None}
    )
    funnel = fk.Funnel(["lead", "won"], id="id")
    with pytest.warns(fk.FunnelWarning, match="taken as 2026-01-09, the latest date"):
        assert fk.from_frame(frame, funnel).as_of == dt.date(2026, 1, 9)


def test_midnights_of_a_spreadsheet_are_dates():
    frame = pd.DataFrame(
        {"id": ["a", "b"], "lead": ["05-01-2026 00:00", "19-01-2026 00:00"], "won": ""}
    )
    funnel = fk.Funnel(["lead", "won"], id="id")
    with pytest.warns(fk.FunnelWarning, match="taken as 2026-01-19, the latest date"):
        fk.from_frame(frame, funnel, dayfirst=True)


@settings(max_examples=200, deadline=None)
@given(st.text("0123456789-/ T:Zaefintypoch.", min_size=1, max_size=12))
@example("infinity")
@example("-infinity")
@example("epoch")
@example("12026-01-01")
@example("0000-01-01")
@example("2026/03/09")
@example("2026-3-009")
@example("2026-02-30")
@example("2026-03-09")
def test_the_quick_look_takes_iso_days_and_nothing_else(text):
    try:
        real = len(text) == 10 and dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        real = False
    table = ibis.memtable({"day": [text, None]}, schema={"day": "string"})
    found = table.aggregate(**iso_counts(table.day)).execute().iloc[0]
    assert (int(found["text"]), int(found["iso"])) == (1, int(real))
