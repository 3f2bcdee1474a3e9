"""`check_look_ahead`: assigned after conversion, conversions ahead of the data, late starts."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.experiment.guards.look_ahead import check_look_ahead

AS_OF = "2026-03-31"


def dates(n=200):
    return pd.DataFrame(
        {
            "entered": pd.to_datetime(["2026-01-05"] * n),
            "assigned": pd.to_datetime(["2026-01-05"] * n),
            "converted": pd.to_datetime(["2026-02-01", None] * (n // 2)),
        }
    )


def counts(found):
    return dict(zip(*found.to_frame()[["what", "n"]].to_numpy().T, strict=True))


def test_sound_dates_are_quiet() -> None:
    found = check_look_ahead(dates(), as_of=AS_OF, entered="entered")
    assert found.level == "ok"
    assert set(counts(found).values()) == {0}
    assert found.remedy == ""


def test_assignment_on_the_day_of_conversion_is_no_look_ahead() -> None:
    table = dates()
    table["converted"] = pd.Timestamp("2026-01-05 08:00")
    table["assigned"] = pd.Timestamp("2026-01-05 17:00")
    assert check_look_ahead(table, as_of=AS_OF).level == "ok"


def test_each_kind_is_counted_and_said() -> None:
    table = dates()
    table.loc[0, "converted"] = pd.Timestamp("2026-01-02")
    table.loc[2, "converted"] = pd.Timestamp("2026-04-01")
    table.loc[[4, 5, 6], "assigned"] = pd.Timestamp("2026-01-09")
    table.loc[7, "assigned"] = pd.NaT
    table.loc[9, "assigned"] = pd.Timestamp("2026-04-02")
    found = check_look_ahead(table, as_of=dt.date(2026, 3, 31), entered="entered")
    assert counts(found) == {
        "converted before assigned": 1,
        "converted after as_of": 1,
        "assigned after entered": 4,
        "assigned after as_of": 1,
        "not assigned": 1,
    }
    assert found.level == "warning"
    said = found.sentence.replace("\u202f", " ")
    assert "1 of 100 conversions came before the day of assignment (1.0 %)" in said
    assert "4 of 200 leads were assigned after the day from which is counted (2.0 %)" in said
    assert "Count from the day of assignment" in found.remedy


def test_a_few_are_a_note() -> None:
    table = dates(2000)
    table.loc[0, "converted"] = pd.Timestamp("2026-01-02")
    assert check_look_ahead(table, as_of=AS_OF).level == "note"


def test_text_dates_and_zones_are_read_by_their_day() -> None:
    table = pd.DataFrame(
        {
            "assigned": ["2026-01-05T23:30:00+01:00", "2026-01-05", dt.date(2026, 1, 5)],
            "converted": ["2026-01-05 00:10", None, np.nan],
        }
    )
    assert check_look_ahead(table, as_of=AS_OF).level == "ok"
    zoned = dates().assign(assigned=lambda t: t["assigned"].dt.tz_localize("Europe/Berlin"))
    assert check_look_ahead(zoned, as_of=AS_OF).level == "ok"


def test_nobody_converted_yet() -> None:
    table = dates().assign(converted=np.nan)
    assert check_look_ahead(table, as_of=AS_OF).level == "ok"
    assert not check_look_ahead(table[:0], as_of=AS_OF).checked


def test_what_cannot_be_read_is_refused_with_all_its_problems() -> None:
    table = dates(4).assign(
        assigned=["05.01.2026", "soon", "2026-01-05", None], converted=[20260105] * 4
    )
    with pytest.raises(DataError) as error:
        check_look_ahead(table, as_of=AS_OF)
    assert "2 values of the column `assigned`" in str(error.value)
    assert "`converted` must hold dates; it holds numbers" in str(error.value)
    with pytest.raises(ArgumentError, match="`as_of` must be a calendar day"):
        check_look_ahead(dates(), as_of="31.03.2026")
    with pytest.raises(ArgumentError, match="Did you mean `entered`"):
        check_look_ahead(dates(), as_of=AS_OF, entered="entred")
