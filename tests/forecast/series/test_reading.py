"""Series from any table: each layout gives the same numbers, each fault is told with a remedy."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.forecast.series.reading import read_series

NUMBERS = {"web": [5.0, 7.0, 6.0, 9.0], "fair": [1.0, 0.0, 2.0, 3.0]}
MONTHS = ["2026-01", "2026-02", "2026-03", "2026-04"]


def long_frame() -> pd.DataFrame:
    rows = [(name, m, v) for name, row in NUMBERS.items() for m, v in zip(MONTHS, row, strict=True)]
    return pd.DataFrame(rows, columns=["series", "period", "value"])


def saved(folder: Path, text: str) -> Path:
    path = folder / "series.csv"
    path.write_text(text, encoding="utf-8")
    return path


def as_columns() -> pd.DataFrame:
    return pd.DataFrame({"month": MONTHS, **NUMBERS})


def as_rows() -> pd.DataFrame:
    return pd.DataFrame.from_dict(NUMBERS, orient="index", columns=MONTHS).rename_axis("source")


@pytest.mark.parametrize(
    "source",
    [
        long_frame(),
        long_frame().sample(frac=1, random_state=3),
        long_frame().rename(columns={"series": "channel", "period": "when", "value": "leads"}),
        long_frame().assign(period=pd.PeriodIndex(long_frame()["period"], freq="M")),
        long_frame().assign(period=pd.to_datetime(long_frame()["period"])),
        as_columns(),
        as_columns().set_index("month"),
        as_columns().assign(month=pd.PeriodIndex(MONTHS, freq="M")).set_index("month"),
        as_rows(),
        as_rows().reset_index(),
        {k: pd.Series(v, index=pd.PeriodIndex(MONTHS, freq="M")) for k, v in NUMBERS.items()},
    ],
    ids=lambda one: type(one).__name__,
)
def test_layouts_give_the_same_numbers(source: object) -> None:
    table = read_series(source)  # type: ignore[arg-type]
    found = dict(zip(table.names, table.values.tolist(), strict=True))
    assert found == NUMBERS
    assert (table.labels, table.season, table.unit) == (tuple(MONTHS), 12, "count")


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("frame", [long_frame(), as_columns(), as_rows().reset_index()])
def test_files_give_the_same_numbers(mark: str, frame: pd.DataFrame, tmp_path: Path) -> None:
    path = saved(tmp_path, "\ufeff" + frame.to_csv(index=False, sep=mark))
    table = read_series(path)
    assert dict(zip(table.names, table.values.tolist(), strict=True)) == NUMBERS


@pytest.mark.parametrize("stem", ["V", "", "y_", "step "])
def test_rows_without_dates_end_in_blanks(stem: str, tmp_path: Path) -> None:
    head = ",".join(f"{stem}{k}" for k in range(1, 6))
    path = saved(tmp_path, f"series,category,{head}\nN1,MICRO,4,5,6,,\nN2,MACRO,1,2,3,4,5\n")
    table = read_series(path, season=12)
    assert table.periods is None
    assert table.lengths.tolist() == [3, 5]
    assert table.season == 12
    assert table.notes == ("Not read: `category`.",)
    np.testing.assert_array_equal(table.ended_together()[0], [np.nan, np.nan, 4, 5, 6])


def test_a_first_numbered_column_of_names_is_the_label(tmp_path: Path) -> None:
    path = saved(tmp_path, '"V1","V2","V3","V4"\n"M1",4,5,6\n"M2",1,2,\n')
    table = read_series(path)
    assert table.names == ("M1", "M2")
    assert table.lengths.tolist() == [3, 2]


def test_rows_begin_where_their_columns_say() -> None:
    frame = pd.DataFrame(
        {
            "Series": ["N1", "N2"],
            "N": [3, 2],
            "Starting Year": [1990, 1990],
            "Starting Month": [11, 12],
            "1": [1, 4],
            "2": [2, 5],
            "3": [3, np.nan],
        }
    )
    table = read_series(frame)
    assert table.labels == ("1990-11", "1990-12", "1991-01")
    np.testing.assert_array_equal(table.values, [[1, 2, 3], [np.nan, 4, 5]])
    quarters = frame.rename(columns={"Starting Month": "Starting Quarter"})
    quarters["Starting Quarter"] = [3, 4]
    assert read_series(quarters).labels == ("1990 Q3", "1990 Q4", "1991 Q1")


def test_days_to_begin_with_need_the_length_of_a_period() -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "start": ["2025-11-01", "2026-01-01"]})
    frame = frame.assign(v1=[1, 4], v2=[2, 5], v3=[3, np.nan])
    plain = read_series(frame)
    assert plain.periods is None
    assert "`start` does not say how long a period is" in plain.summary()
    for told in ({"every": "month"}, {"season": 12}):
        table = read_series(frame, **told)  # type: ignore[arg-type]
        assert table.labels == ("2025-11", "2025-12", "2026-01", "2026-02")
    odd = read_series(frame.assign(start=["2025-11", "soon"]))
    assert odd.periods is None
    assert "1 series without a month to begin with that can be read ('b')" in odd.summary()


def test_a_column_that_counts_rows_is_no_series(tmp_path: Path) -> None:
    wide = pd.DataFrame({"a": [5, 7, 6], "b": [1, 0, 2]})
    table = read_series(saved(tmp_path, wide.to_csv()))
    assert (table.names, table.periods) == (("a", "b"), None)
    rows = pd.DataFrame({"id": ["x", "y"], "V1": [5, 7], "V2": [3, 4], "V3": [1, 2]})
    assert read_series(saved(tmp_path, rows.to_csv())).names == ("x", "y")
    long = long_frame().rename(columns={"period": "ds", "value": "y", "series": "unique_id"})
    assert read_series(saved(tmp_path, long.to_csv())).names == ("web", "fair")


def test_one_column_per_series_without_dates() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [np.nan, 5, 6]})
    table = read_series(frame)
    assert table.names == ("a", "b")
    np.testing.assert_array_equal(table.values[1], [np.nan, 5, 6])


def test_plain_numbers_and_positions() -> None:
    assert read_series([3, 1, 2]).values.tolist() == [[3, 1, 2]]
    assert read_series(pd.Series([3.5, 1])).unit == "value"
    placed = pd.DataFrame({"series": ["a", "a", "b"], "time": [2, 1, 1], "y": [7, 8, 9]})
    table = read_series(placed)
    assert table.periods is None
    np.testing.assert_array_equal(table.values, [[8, 7], [9, np.nan]])


def test_counts_of_leads_carry_their_last_day() -> None:
    leads = fk.make_leads(n=400, rng=1)
    alone = read_series(leads.count("lead", every="week"))
    assert alone.as_of == leads.as_of
    assert (alone.season, alone.by, alone.what) == (52, (), "entries to lead")
    split = read_series(leads.count("lead", every="month", by="source"))
    assert (split.by, split.what) == (("source",), "entries to lead")
    assert split.as_of == leads.as_of
    assert split.values.sum() == alone.values.sum() == len(leads.list("lead"))


def test_several_labels_make_segments_within_segments() -> None:
    frame = long_frame().assign(region="eu")
    with pytest.raises(DataError, match=r"Several columns could label.*series="):
        read_series(frame.rename(columns={"series": "channel"}))
    table = read_series(frame, series=["region", "series"])
    assert table.segments == (("eu", "web"), ("eu", "fair"))
    assert table.to_frame().columns.tolist() == ["region", "series", "period", "value"]


def test_days_are_added_up_to_the_unit_that_was_asked_for() -> None:
    frame = pd.DataFrame(
        {"day": ["2026-01-03", "2026-01-09", "2026-02-01", "2026-02-27"], "won": [1, 2, 4, 8]}
    )
    table = read_series(frame, every="month")
    assert table.values.tolist() == [[3, 12]]
    assert table.as_of == dt.date(2026, 2, 27)
    assert "4 rows added up to 2 months" in table.summary()


@pytest.mark.parametrize(
    ("days", "unit"),
    [
        (["2026-01-01", "2026-01-02", "2026-01-03"], 7),
        (["2026-01-05", "2026-01-12", "2026-01-19"], 52),
        (["2026-01-31", "2026-02-28", "2026-03-31"], 12),
        (["2026-03-31", "2026-06-30", "2026-09-30"], 4),
        (["2026 Q1", "2026 Q2", "2026Q3"], 4),
        (["2024", "2025", "2026"], 1),
        (["2026-W01", "2026-W02", "2026-W03"], 52),
        (["2026-01-05T00:00:00Z", "2026-02-05T00:00:00Z"], 12),
    ],
)
def test_the_length_of_a_period_is_read_off_the_dates(days: list[str], unit: int) -> None:
    values = list(range(1, len(days) + 1))
    table = read_series(pd.DataFrame({"date": days, "y": values}))
    assert table.season == unit
    assert table.values.tolist() == [values]


def test_fiscal_quarters_are_the_users() -> None:
    calendar = fk.Calendar(fiscal_year_start=2)
    frame = pd.DataFrame({"quarter": ["FY2027 Q1", "FY2027 Q2"], "y": [1, 2]})
    table = read_series(frame, calendar=calendar)
    assert table.labels == ("FY2027 Q1", "FY2027 Q2")
    assert table.periods is not None
    assert table.periods[0].start_time.date() == dt.date(2026, 2, 1)


# --- what is wrong ------------------------------------------------------------------------


def test_every_problem_is_told_at_once() -> None:
    frame = pd.DataFrame(
        {
            "series": ["a", "a", "a", "b", "b", "b"],
            "month": ["2026-01", "2026-02", "2026-02", "2026-01", "31/02/2026", "2026-04"],
            "value": ["5", "6", "7", "-3", "4", "many"],
            "currency": ["EUR", "EUR", "EUR", "USD", "USD", "USD"],
        }
    )
    with pytest.raises(DataError) as caught:
        read_series(frame)
    text = str(caught.value)
    for told in (
        "1 of 6 values no numbers: 'many'",
        "1 of 4 different dates not ISO",
        "1 period with several numbers of one series: a in 2026-02 (2 times)",
        "1 of 4 numbers below 0: b in 2026-01 (-3)",
        "2 currencies: 3 values in EUR (2026-01 to 2026-02); 1 value in USD (2026-01 to 2026-01)",
    ):
        assert told in text
    assert len(caught.value.problems) == 5


def test_gaps_are_refused_or_filled_as_asked() -> None:
    frame = pd.DataFrame({"month": ["2026-01", "2026-02", "2026-05"], "y": [4, 6, 12]})
    with pytest.raises(DataError, match=r"2 periods without a number.*2026-03; 2026-04.*missing="):
        read_series(frame)
    zero = read_series(frame, missing="zero")
    assert zero.values.tolist() == [[4, 6, 0, 0, 12]]
    assert "2 missing periods of 1 series taken as 0 (2026-03; 2026-04)" in zero.summary()
    line = read_series(frame, missing="interpolate")
    assert line.values.tolist() == [[4, 6, 8, 10, 12]]
    assert "filled in a straight line" in line.summary()


def test_blank_cells_within_a_series_are_gaps() -> None:
    with pytest.raises(DataError, match="1 period without a number within 1 series: position 2"):
        read_series([1, None, 3])  # type: ignore[list-item]


def test_series_that_end_early_are_filled_with_zeros_only_on_request() -> None:
    frame = long_frame().iloc[:-1]
    assert np.isnan(read_series(frame).values[1, -1])
    assert read_series(frame, missing="zero").values[1, -1] == 0


def test_duplicates_are_added_up_on_request() -> None:
    frame = pd.DataFrame({"month": ["2026-01", "2026-01", "2026-02"], "y": [1, 2, 3]})
    with pytest.raises(DataError, match="duplicates="):
        read_series(frame)
    table = read_series(frame, duplicates="sum")
    assert table.values.tolist() == [[3, 3]]
    assert "1 times" in table.summary()


def test_money_below_zero_is_refused_or_taken_as_zero() -> None:
    series = pd.Series([5.5, -2, 3], index=pd.PeriodIndex(MONTHS[:3], freq="M"))
    with pytest.raises(DataError, match=r"1 of 3 numbers below 0: 2026-02 \(-2\).*credits"):
        read_series(series)
    table = read_series(series, negative="zero")
    assert table.values.tolist() == [[5.5, 0, 3]]
    assert "taken as 0" in table.summary()


def test_a_currency_that_changes_half_way_is_refused_or_exchanged() -> None:
    frame = pd.DataFrame({"month": MONTHS, "amount": ["$100", "$110", "€90", "95 €"]})
    with pytest.raises(DataError, match=r"2 currencies: 2 values in \$ \(2026-01 to 2026-02\)"):
        read_series(frame)
    table = read_series(frame, currency="€", exchange={"$": 0.5})
    assert table.values.tolist() == [[50, 55, 90, 95]]
    assert (table.currency, table.unit) == ("€", "value")
    assert "Amounts in $ came into €" in table.summary()
    half = pd.DataFrame({"month": MONTHS, "amount": ["100", "110", "€90", "€95"]})
    with pytest.raises(DataError, match="no currency"):
        read_series(half)


def test_one_currency_is_kept() -> None:
    frame = pd.DataFrame({"month": MONTHS, "amount": [1, 2, 3, 4], "currency": "EUR"})
    assert read_series(frame).currency == "EUR"
    with pytest.raises(DataError, match="`currency` is USD, but the source says EUR"):
        read_series(frame, currency="USD")
    with pytest.raises(DataError, match="`exchange` has no rate for EUR"):
        read_series(frame, currency="USD", exchange={"GBP": 1.3})


@pytest.mark.parametrize(
    ("texts", "hint"),
    [
        (["03/04/2026", "04/05/2026"], 'date_format="%d/%m/%Y" or date_format="%m/%d/%Y"'),
        (["31.01.2026", "28.02.2026"], 'One order reads all of them: date_format="%d.%m.%Y"'),
        (["01/2026", "02/2026"], 'date_format="%m/%Y"'),
        (["soon", "later"], "No usual order reads all of them"),
        (["2026-13", "2026-02"], "'2026-13'"),
    ],
)
def test_dates_are_never_guessed(texts: list[str], hint: str) -> None:
    with pytest.raises(DataError) as caught:
        read_series(pd.DataFrame({"date": texts, "y": [1, 2]}))
    assert hint in str(caught.value)


def test_dates_are_read_as_told() -> None:
    frame = pd.DataFrame({"date": ["03/01/2026", "03/02/2026", "13/03/2026"], "y": [1, 2, 3]})
    first = read_series(frame, dayfirst=True, every="month")
    assert first.labels == ("2026-01", "2026-02", "2026-03")
    told = read_series(frame, date_format="%d/%m/%Y", every="month")
    assert told.labels == first.labels
    with pytest.raises(DataError, match="does not read them either"):
        read_series(frame, date_format="%m/%d/%Y")
    wide = pd.DataFrame({"source": ["web"], "01/2026": [1], "02/2026": [2]})
    assert read_series(wide, date_format="%m/%Y").labels == ("2026-01", "2026-02")


def test_numbers_are_read_as_told() -> None:
    frame = pd.DataFrame({"month": MONTHS[:2], "amount": ["1.234,50", "2.000"]})
    table = read_series(frame, decimal=",", thousands=".")
    assert table.values.tolist() == [[1234.5, 2000]]
    grouped = pd.DataFrame({"month": MONTHS[:2], "amount": ["1,234", "2,000"]})
    with pytest.raises(DataError, match='thousands=","'):
        read_series(grouped)


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    evil = "=cmd|' /C calc'!A0</td><script>alert(1)</script>\t; DROP TABLE leads"
    frame = pd.DataFrame({"series": [evil, evil], "month": MONTHS[:2], "value": [1, 2]})
    table = read_series(frame)
    assert table.segments == ((evil,),)
    assert "<script>" not in table._repr_html_()
    assert "\t" not in table.names[0]
    with pytest.raises(DataError, match="no numbers"):
        read_series(frame.assign(value=[evil, 2]), value="value")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("month,value\n", "holds no rows"),
        ("month,value\n2026-01,1,2\n", "1 row with more cells than the header"),
        ("a,b\nx,y\n", "no column holds numbers"),
        ("month,a,b,value\n2026-01,x,y,1\n", "Several columns could label"),
    ],
)
def test_files_that_are_no_series(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=told):
        read_series(saved(tmp_path, text))


def test_bytes_that_are_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "series.csv"
    path.write_bytes("source,2026-01,2026-02\nMünchen,1,2\n".encode("cp1252"))
    with pytest.raises(DataError, match='encoding="cp1252"'):
        read_series(path)
    assert read_series(path, encoding="cp1252").names == ("München",)


def test_arguments_are_checked() -> None:
    frame = long_frame()
    for wrong, told in (
        ({"missing": "fill"}, "`missing` must be one of"),
        ({"every": "fortnight"}, "`every` must be one of"),
        ({"value": "vlue"}, "Did you mean `value`"),
        ({"season": 0}, "`season` must be a whole number"),
        ({"layout": "wide"}, "`layout` must be one of"),
        ({"exchange": {"USD": 1.0}}, "`exchange` needs `currency`"),
        ({"decimal": ";"}, "`decimal` must be"),
        ({"date_format": "dd.mm"}, "`date_format` must be a pattern"),
    ):
        with pytest.raises(ArgumentError, match=told):
            read_series(frame, **wrong)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="got int"):
        read_series(5)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"nowhere\.csv"):
        read_series("nowhere.csv")


def test_a_series_without_numbers_is_left_out_and_said() -> None:
    frame = pd.DataFrame({"source": ["a", "b"], "2026-01": [1, None], "2026-02": [2, None]})
    table = read_series(frame)
    assert table.names == ("a",)
    assert "Left out: 1 series without a number (b)" in table.summary()


def test_one_number_is_a_series() -> None:
    table = read_series(pd.DataFrame({"month": ["2026-01"], "y": [3]}))
    assert table.labels == ("2026-01",)
    assert table.summary() == "units: 1 series of January 2026 (1 number)."


def test_selected_series_keep_the_order_of_the_table() -> None:
    table = read_series(long_frame())
    assert table.select(["fair"]).values.tolist() == [NUMBERS["fair"]]
    with pytest.raises(ArgumentError, match="Did you mean `web`"):
        table.select("wep")
