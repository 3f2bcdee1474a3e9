"""Business hours: against a slow count minute by minute, over days on which clocks change."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from funnelkit._core.errors import ArgumentError
from funnelkit.metrics import WorkingHours

UTC = dt.UTC
BERLIN = WorkingHours(
    timezone="Europe/Berlin",
    exceptions={"friday": ("09:00", "15:00")},
    holidays=(dt.date(2026, 4, 3), dt.date(2026, 4, 6)),
)
ROUND_THE_CLOCK = WorkingHours(
    opens="00:00",
    closes="24:00",
    weekdays=("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    timezone="Europe/Berlin",
)


def slow_minutes(hours: WorkingHours, start: dt.datetime, end: dt.datetime) -> int:
    """Every minute of UTC looked at on the wall clock."""
    zone, count, moment = ZoneInfo(hours.timezone), 0, start
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    while moment < end:
        wall = moment.astimezone(zone)
        name = names[wall.weekday()]
        opens, closes = hours.exceptions.get(name, (hours.opens, hours.closes))
        if name in hours.weekdays and wall.date() not in hours.holidays:
            count += opens <= wall.strftime("%H:%M") < closes
        moment += dt.timedelta(minutes=1)
    return count


def as_64(moment: dt.datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")


@pytest.mark.parametrize("around", ["2026-03-27T00:00", "2026-10-23T00:00", "2026-04-01T00:00"])
def test_minutes_as_counted_one_by_one(around):
    rng = np.random.default_rng(7)
    base = dt.datetime.fromisoformat(around).replace(tzinfo=UTC)
    for _ in range(6):
        start = base + dt.timedelta(minutes=int(rng.integers(0, 5 * 1440)))
        end = start + dt.timedelta(minutes=int(rng.integers(0, 4 * 1440)))
        for hours in (BERLIN, ROUND_THE_CLOCK):
            found = float(hours.minutes_between(as_64(start), as_64(end)))
            assert found == slow_minutes(hours, start, end), (start, end)


def test_days_on_which_clocks_change():
    def day(text):
        zone = ZoneInfo("Europe/Berlin")
        start = dt.datetime.fromisoformat(text).replace(tzinfo=zone)
        return as_64(start), as_64(start + dt.timedelta(days=1))

    # 29 March 2026 has 23 hours in Berlin, 25 October 2026 has 25.
    assert float(ROUND_THE_CLOCK.minutes_between(*day("2026-03-29"))) == 23 * 60
    assert float(ROUND_THE_CLOCK.minutes_between(*day("2026-10-25"))) == 25 * 60
    # Monday 30 March, 9 to 17 on the wall, is 7 to 15 in UTC; a week before it was 8 to 16.
    monday = np.datetime64("2026-03-30T00:00", "us"), np.datetime64("2026-03-30T07:30", "us")
    assert float(BERLIN.minutes_between(*monday)) == 30
    before = np.datetime64("2026-03-23T00:00", "us"), np.datetime64("2026-03-23T08:30", "us")
    assert float(BERLIN.minutes_between(*before)) == 30


@pytest.mark.parametrize("minutes", [0.5, 5, 30, 60, 480, 2880])
def test_after_undoes_minutes_between(minutes):
    rng = np.random.default_rng(3)
    start = np.datetime64("2026-03-20T00:00", "us") + rng.integers(0, 20 * 1440, 50).astype(
        "timedelta64[m]"
    )
    moment = BERLIN.after(start, minutes)
    assert np.allclose(BERLIN.minutes_between(start, moment), minutes)
    earlier = moment - np.timedelta64(1, "s")
    assert (BERLIN.minutes_between(start, np.maximum(earlier, start)) < minutes).all()


def test_blank_moments_stay_blank():
    none = np.array(["NaT"], dtype="datetime64[us]")
    some = np.array(["2026-03-20T00:00"], dtype="datetime64[us]")
    assert np.isnan(BERLIN.minutes_between(none, some)).all()
    assert np.isnat(BERLIN.after(none, 5)).all()


def test_days_of_work():
    # 30 March to 12 April 2026: ten weekdays, Good Friday and Easter Monday off.
    assert BERLIN.days_between(dt.date(2026, 3, 30), dt.date(2026, 4, 12)) == 8
    assert BERLIN.days_between(dt.date(2026, 4, 4), dt.date(2026, 4, 5)) == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"opens": "9 am"}, "`opens` must be a clock time"),
        ({"closes": "24:01"}, "`closes` must be a clock time"),
        ({"opens": "22:00", "closes": "06:00"}, "`opens` must come before `closes`"),
        ({"weekdays": ()}, "at least one day"),
        ({"weekdays": ("mondy",)}, "Did you mean `monday`"),
        ({"timezone": "Europe/Berln"}, "Did you mean `Europe/Berlin`"),
        ({"timezone": None}, "IANA name"),
        ({"holidays": ("Easter",)}, "`holidays` must be a calendar day"),
        ({"exceptions": {"sunday": ("09:00", "10:00")}}, "no day of work"),
        ({"exceptions": {"friday": "09:00"}}, "two clock times"),
    ],
)
def test_hours_that_cannot_be(given, said):
    with pytest.raises(ArgumentError, match=said):
        WorkingHours(**given)
