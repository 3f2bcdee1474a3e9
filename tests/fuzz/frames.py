"""Frames with the dtypes that notebooks really bring, faithful and not."""

from __future__ import annotations

import contextlib
import datetime as dt
import warnings
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tests.fuzz.plain import Row

Change = Callable[[Random, "pd.Series[Any]"], Any]


def of_rows(rows: list[Row]) -> pd.DataFrame:
    return pd.DataFrame(rows, dtype=object).replace({"": None})


def faithful(random: Random, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the same values in other dtypes."""
    made = frame.copy()
    for name in made.columns:
        kind = random.choice(("object", "string", "arrow", "category", "str"))
        column = made[name]
        if kind == "string":
            made[name] = column.astype("string")
        elif kind == "arrow":
            made[name] = column.astype(pd.ArrowDtype(pa.string()))
        elif kind == "category":
            made[name] = column.astype("category").cat.add_categories(["never"])
        elif kind == "str":
            made[name] = column.astype("str")
    index = random.randrange(4)
    if index == 0:
        made.index = pd.Index([7] * len(made))
    elif index == 1:
        made.index = pd.MultiIndex.from_arrays([["a"] * len(made), range(len(made))])
    elif index == 2:
        made = made[random.sample(list(made.columns), len(made.columns))]
    return made


def odd(random: Random, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame in which a column or two are something else altogether."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what pandas says while such a frame is made
        return _odd(random, frame)


def _odd(random: Random, frame: pd.DataFrame) -> pd.DataFrame:
    made = frame.copy()
    for _ in range(random.choice((1, 1, 2))):
        name = random.choice(list(made.columns))
        try:
            made[name] = random.choice(COLUMNS)(random, made[name])
        except (ValueError, TypeError, OverflowError, pa.ArrowException, AttributeError):
            continue  # pandas itself does not make such a column
    if random.random() < 0.3:
        with contextlib.suppress(UnicodeEncodeError):  # nor such labels
            made = random.choice(LABELS)(random, made)
    return made


def _mixed(random: Random, column: pd.Series[Any]) -> Any:
    values = list(column)
    for place in range(len(values)):
        if random.random() < 0.4:
            values[place] = random.choice(VALUES)
    return pd.Series(values, index=column.index, dtype=object)


def _times(column: pd.Series[Any], **options: Any) -> pd.Series[Any]:
    return pd.to_datetime(column, errors="coerce", format="mixed", **options)


def _some(n: int, values: Any, dtype: Any = None) -> Any:
    return pd.array([values[k % len(values)] for k in range(n)], dtype=dtype)


VALUES = (
    7, -1, 10**40, 3.5, float("nan"), float("inf"), None, pd.NA, pd.NaT, True, b"bytes", b"\xff",
    Decimal("1.5"), Decimal("NaN"), complex(1, 2), dt.date(2026, 1, 5), dt.date(1, 1, 1),
    dt.datetime(2026, 1, 5, 10), dt.datetime(9999, 12, 31), dt.time(10, 0), dt.timedelta(days=3),
    dt.datetime(2026, 1, 5, tzinfo=dt.UTC), pd.Timestamp("2026-01-05", tz="Europe/Berlin"),
    np.datetime64("2026-01-05"), np.datetime64("NaT"), np.float32(1.5), np.int8(3), [1, 2],
    {"a": 1}, {1, 2}, (1, 2), object(), "\ud800", "x\x00y", "2026-01-05", "", " ", "nan",
    np.array([1]),
    pd.Period("2026-01"), pd.Interval(0, 1), lambda: 0, type, "x" * 100_000, pd.Series([1, 2]),
)  # fmt: skip

COLUMNS: tuple[Change, ...] = (
    _mixed,
    _mixed,
    _mixed,
    lambda r, s: _times(s),
    lambda r, s: _times(s).astype("datetime64[s]"),
    lambda r, s: _times(s).astype("datetime64[ns]"),
    lambda r, s: _times(s, utc=True),
    lambda r, s: _times(s, utc=True).dt.tz_convert("Asia/Kathmandu"),
    lambda r, s: _times(s).dt.date,
    lambda r, s: _times(s).dt.to_period("M"),
    lambda r, s: _times(s).dt.time,
    lambda r, s: _times(s) - pd.Timestamp("2026-01-01"),
    lambda r, s: pd.Series(range(len(s)), index=s.index),
    lambda r, s: pd.Series(range(len(s)), index=s.index, dtype="float64"),
    lambda r, s: pd.Series(np.arange(len(s)) + 0.5, index=s.index, dtype="float32"),
    lambda r, s: pd.Series(range(len(s)), index=s.index, dtype="complex128"),
    lambda r, s: pd.Series(_some(len(s), [2**63, 2**64 - 1], "uint64"), index=s.index),
    lambda r, s: pd.Series(_some(len(s), [1, None], "Int64"), index=s.index),
    lambda r, s: pd.Series(_some(len(s), [True, None], "boolean"), index=s.index),
    lambda r, s: pd.Series(_some(len(s), [1.5, None], "Float64"), index=s.index),
    lambda r, s: pd.Series([1.0, np.nan] * len(s), dtype="Sparse[float64]")[: len(s)].array,
    lambda r, s: pd.arrays.IntervalArray.from_breaks(range(len(s) + 1)),
    lambda r, s: pd.Series([b"a"] * len(s), index=s.index),
    lambda r, s: pd.Series([[1]] * len(s), index=s.index),
    lambda r, s: pd.Series(_some(len(s), [1, 2]), index=s.index).astype("category"),
    lambda r, s: _times(s).astype("category"),
    lambda r, s: pd.Series([pd.NaT] * len(s), index=s.index),
    lambda r, s: pd.Series([np.nan] * len(s), index=s.index),
    lambda r, s: pd.Series([None] * len(s), index=s.index, dtype=pd.ArrowDtype(pa.null())),
    lambda r, s: pd.Series(
        [Decimal("1.23")] * len(s), index=s.index, dtype=pd.ArrowDtype(pa.decimal128(38, 20))
    ),
    lambda r, s: pd.Series(
        [Decimal("1.23")] * len(s), index=s.index, dtype=pd.ArrowDtype(pa.decimal256(70, 20))
    ),
    lambda r, s: pd.Series(
        [dt.date(2026, 1, 5)] * len(s), index=s.index, dtype=pd.ArrowDtype(pa.date64())
    ),
    lambda r, s: pd.Series(
        [dt.datetime(2026, 1, 5)] * len(s),
        index=s.index,
        dtype=pd.ArrowDtype(pa.timestamp("ns", tz="America/New_York")),
    ),
    lambda r, s: pd.Series(
        [dt.time(1)] * len(s), index=s.index, dtype=pd.ArrowDtype(pa.time64("us"))
    ),
    lambda r, s: pd.Series(
        [{"a": 1}] * len(s), index=s.index, dtype=pd.ArrowDtype(pa.struct([("a", pa.int64())]))
    ),
    lambda r, s: pd.Series([1.5] * len(s), index=s.index, dtype="float16"),
    lambda r, s: pd.Series([dt.date(2026, 1, 5), dt.datetime(2026, 1, 5)] * len(s))[: len(s)].array,
    lambda r, s: (
        pd.Series(
            [pd.Timestamp("2026-01-05", tz="UTC"), pd.Timestamp("2026-01-05")] * len(s),
            dtype=object,
        )[: len(s)].array
    ),
)

LABELS: tuple[Change, ...] = (
    lambda r, f: pd.concat([f, f], axis=1),
    lambda r, f: f.set_axis(pd.MultiIndex.from_tuples([(c, "x") for c in f.columns]), axis=1),
    lambda r, f: f.set_axis(range(f.shape[1]), axis=1),
    lambda r, f: f.assign(**{"": 1, " id": 2}),
    lambda r, f: f.rename(columns={"note": None}),
    lambda r, f: f.rename(columns={"note": np.nan}),
    lambda r, f: f.rename(columns={"note": ("a", 1)}),
    lambda r, f: f.rename(columns={"note": "ID"}),
    lambda r, f: f.rename(columns={"note": "\ud800"}),
    lambda r, f: f.iloc[:0],
    lambda r, f: pd.DataFrame(index=f.index),
    lambda r, f: pd.DataFrame(),
    lambda r, f: f.set_index(f.columns[0]),
    lambda r, f: f.T,
    lambda r, f: f.drop(columns=f.columns[r.randrange(f.shape[1])]),
)
