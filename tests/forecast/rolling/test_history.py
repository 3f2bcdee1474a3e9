"""History of forecasts: kept once, read back, held against what came, safe against its text."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from funnelkit._core.errors import ArgumentError, AssumptionWarning, DataError
from funnelkit.forecast.rolling.drivers import Drivers
from funnelkit.forecast.rolling.history import read_history, remember
from funnelkit.forecast.rolling.record import SHARES, ForecastRecord
from tests.forecast.rolling.made import forecast_of, leads_of

DRAWS = np.random.default_rng(1).poisson([[5.0, 6.0, 7.0]], size=(200, 3))
HOSTILE = "<script>alert(1)</script>=cmd|' /C calc'!A0'; DROP TABLE deals; --\n../../etc \u202e"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "forecasts.jsonl"


def test_what_is_kept_comes_back(path: Path) -> None:
    said = forecast_of(DRAWS, notes=("a note",))
    drivers = Drivers(cells=("web",), entered=[10], eventual=[3], won=[1])
    kept = remember(said, path, drivers=drivers)
    [back] = read_history(path).records
    assert back.plain() == kept.plain()
    assert back.same_as(kept)
    assert list(back.periods) == list(said.periods)
    assert back.notes == ("a note",)
    assert back.drivers is not None
    assert back.drivers.plain() == drivers.plain()
    low, high = said.confidence_interval(0.8)
    assert back.quantile(0.1).tolist() == np.asarray(low).tolist()
    assert back.quantile(0.9).tolist() == np.asarray(high).tolist()
    low, _ = said.confidence_interval(0.95, per="all", cumulative=True)
    assert back.cumulative_quantiles[:, SHARES.index(0.025)].tolist() == np.asarray(low).tolist()


def test_the_same_day_saved_twice_is_one(path: Path) -> None:
    said = forecast_of(DRAWS)
    remember(said, path)
    before = path.read_bytes()
    remember(said, path)
    remember(forecast_of(DRAWS, reason="told otherwise"), path)
    assert path.read_bytes() == before


def test_what_was_said_stands_unless_it_is_revised(path: Path) -> None:
    first, other = forecast_of(DRAWS), forecast_of(DRAWS + 1)
    remember(first, path)
    before = path.read_bytes()
    with pytest.warns(AssumptionWarning, match="another forecast of won deals of 2026-06-30"):
        stands = remember(other, path)
    assert stands.expected.tolist() == first.expected.tolist()
    assert path.read_bytes() == before
    assert remember(other, path, revise=True).revision == 1
    assert remember(other, path, revise=True).revision == 1
    assert path.read_bytes().startswith(before)  # lines are only ever added
    history = read_history(path)
    assert [one.revision for one in history.records] == [0, 1]
    assert len(history) == 1
    assert history.latest[0].expected.tolist() == other.expected.tolist()
    assert len(history.to_frame()) == 3
    assert len(history.to_frame(revisions=True)) == 6
    assert "1 earlier revision" in history.summary()


def test_labels_days_and_things_are_kept_beside_each_other(path: Path) -> None:
    remember(forecast_of(DRAWS), path)
    remember(forecast_of(DRAWS + 2), path, label="adjusted")
    remember(forecast_of(DRAWS, start="2026-08"), path)
    remember(forecast_of(DRAWS, what="leads"), path)
    history = read_history(path)
    assert len(history) == 4
    assert len(history.only(what="won deals", label="")) == 2
    assert len(history.only(label="adjusted")) == 1
    with pytest.raises(ArgumentError, match="nothing was kept of 'bookings'"):
        history.only(what="bookings")
    assert history.summary().startswith("4 forecasts of leads and won deals, made from 2026-06-30")


def test_hostile_text_is_plain_ascii_and_comes_back(path: Path) -> None:
    said = forecast_of(
        DRAWS[:, None, :], what=HOSTILE, by=("source",), segments=((HOSTILE,),), method=HOSTILE
    )
    remember(said, path)
    raw = path.read_bytes()
    assert raw.count(b"\n") == 1
    assert raw.isascii()
    assert b"<" not in raw
    [back] = read_history(path).records
    assert back.what == HOSTILE == back.segments[0][0]
    assert "<script>" not in read_history(path)._repr_html_()
    assert "\n" not in back.summary()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("not json", "it is no JSON, or was cut off"),
        ("[1, 2]", "it is a list, not an object"),
        ("[" * 100_000, "it is no JSON"),
        ('{"version": 1, "n": NaN}', "holds NaN, which is no number"),
        ('{"version": 1}', "`what` is missing; `label` is missing"),
        ('{"version": 2}', "of version 2, and this funnelkit reads version 1"),
        ("__import__('os').system('true')", "it is no JSON"),
    ],
)
def test_lines_that_are_no_forecasts_are_told(path: Path, line: str, message: str) -> None:
    remember(forecast_of(DRAWS), path)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")
    with pytest.raises(
        DataError, match=f"1 line of forecasts.jsonl is no forecast: line 2: .*{message}"
    ):
        read_history(path)
    before = path.read_bytes()
    with pytest.raises(DataError):
        remember(forecast_of(DRAWS, start="2026-09"), path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("expected", [["a", 1, 2]], "`expected` must hold numbers"),
        ("expected", [[1, 2]], "`expected` must be of shape"),
        ("expected", [[1, 2, 10**400]], "`expected` must hold numbers"),
        ("periods", ["x", "y", "z"], "`periods` must be periods"),
        ("periods", [1, 2, 3], "must hold texts"),
        ("freq", "10000000s", "`freq` must be such as M"),
        ("as_of", "yesterday", "`as_of` must be a calendar day"),
        ("unit", "euros", '`unit` must be "count" or "value"'),
        ("revision", -1, "must be at least 0"),
        ("revision", True, "`revision` must be a int"),
        ("segments", [[1]], "`segments` must hold lists of texts"),
        ("segments", [["a"]], "one label for each name in `by`"),
        ("shares", [0.5], "`shares` are not the quantiles"),
        ("drivers", {"cells": ["a"]}, "lack entered, eventual, won"),
        ("drivers", 3, "`drivers` must be an object"),
        ("currency", 3, "`currency` must be a text"),
    ],
)
def test_records_that_cannot_be_are_told(path: Path, name: str, value: Any, message: str) -> None:
    plain = ForecastRecord.of(forecast_of(DRAWS)).plain()
    path.write_text(json.dumps({**plain, name: value}) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_history(path)


def test_half_characters_are_refused(path: Path) -> None:
    with pytest.raises(DataError, match="half a character"):
        remember(forecast_of(DRAWS, method="\udcff"), path)
    assert not path.exists()
    plain = ForecastRecord.of(forecast_of(DRAWS)).plain()
    path.write_text(json.dumps({**plain, "what": "\udcff"}) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 1: a text holds half a character"):
        read_history(path)


def test_many_bad_lines_are_counted(path: Path) -> None:
    path.write_text("x\n" * 9, encoding="utf-8")
    with pytest.raises(DataError, match="9 lines") as caught:
        read_history(path)
    assert str(caught.value).count("line ") == 5


def test_a_line_that_was_cut_off_does_not_swallow_the_next(path: Path) -> None:
    remember(forecast_of(DRAWS), path)
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    remember(forecast_of(DRAWS, start="2026-08"), path)
    assert len(read_history(path)) == 2


@pytest.mark.parametrize("given", [None, 3, "", "a\0b"])
def test_paths_must_be_paths(given: Any) -> None:
    with pytest.raises(ArgumentError, match="`path` must be the path of a file"):
        read_history(given)
    with pytest.raises(ArgumentError, match="`path` must be the path of a file"):
        remember(forecast_of(DRAWS), given)


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"none\.jsonl cannot be read: No such file"):
        read_history(tmp_path / "none.jsonl")
    with pytest.raises(ArgumentError, match="cannot be written: No such file"):
        remember(forecast_of(DRAWS), tmp_path / "nowhere" / "f.jsonl")
    binary = tmp_path / "b.jsonl"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not UTF-8"):
        read_history(binary)
    with pytest.raises(ArgumentError, match="`forecast` must be a Forecast; got int"):
        remember(3, binary)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="`label` must be a text"):
        remember(forecast_of(DRAWS), binary, label=3)  # type: ignore[arg-type]


def test_an_empty_file_is_an_empty_history(path: Path) -> None:
    path.write_text("\n", encoding="utf-8")
    history = read_history(path)
    assert len(history) == 0
    assert history.to_frame().empty
    assert history.summary() == "No forecast is kept in forecasts.jsonl."


def test_what_was_said_stands_beside_what_came(path: Path) -> None:
    draws = np.array([[4.0, 5.0], [6.0, 7.0]])
    remember(forecast_of(draws, start="2025-03"), path)
    came = pd.Series([9, 8, 6], index=pd.PeriodIndex(["2025-01", "2025-02", "2025-03"], freq="M"))
    table = read_history(path).against(came)
    assert table["period"].tolist() == ["2025-03"]  # April is not known yet
    assert table["actual"].tolist() == [6.0]
    assert table["error"].tolist() == [-1.0]
    assert table["covered_80"].tolist() == [True]
    leads = leads_of([9, 8, 6, 12])
    table = read_history(path).against(leads)
    assert table["actual"].tolist() == [6.0, 12.0]
    assert table["covered_95"].tolist() == [True, False]
    assert table["ahead"].tolist() == [1, 2]


def test_series_stand_beside_their_own_and_the_sum(path: Path) -> None:
    draws = np.array([[[1.0], [4.0]], [[3.0], [6.0]]])
    said = forecast_of(draws, start="2025-03", segments=(("fair",), ("web",)))
    remember(said, path)
    leads = leads_of([9, 8, 5], segments=True)  # 3 of the last 5 from the fair, 2 from the web
    table = read_history(path).against(leads)
    assert table["source"].fillna("all").tolist() == ["all", "fair", "web"]
    assert table["actual"].tolist() == [5, 3, 2]
    assert table["expected"].tolist() == [7, 2, 5]
    frame = pd.DataFrame(
        {"period": "2025-03", "source": ["fair", "web"], "value": [3.0, 2.0], "more": 1}
    )
    again = read_history(path).against(frame)
    assert again["actual"].tolist() == [5, 3, 2]
    with pytest.raises(ArgumentError, match="twice"):
        read_history(path).against(pd.concat([frame, frame]))


@pytest.mark.parametrize(
    ("came", "message"),
    [
        (3, "must be leads, a Series by period or a frame"),
        (pd.DataFrame({"period": ["2026-07"]}), "unknown column `value`"),
        (pd.Series([1.0], index=["soon"]), "periods must be such as 2026-07"),
        (pd.Series(["x"], index=["2026-07"]), "values must be numbers"),
        (pd.Series([1, 2], index=["2026-07", "2026-07"]), "2026-07 twice"),
    ],
)
def test_what_came_must_be_of_a_known_form(path: Path, came: Any, message: str) -> None:
    remember(forecast_of(DRAWS), path)
    with pytest.raises(ArgumentError, match=message):
        read_history(path).against(came)


def test_leads_tell_of_wins_and_money_alone(path: Path) -> None:
    remember(forecast_of(DRAWS, what="leads"), path)
    with pytest.raises(ArgumentError, match="the forecast is of 'leads'"):
        read_history(path).against(leads_of([3]))
