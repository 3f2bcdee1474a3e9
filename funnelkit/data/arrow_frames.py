"""Frames of what the embedded engine answers, as Ibis makes them, by a shorter way.

Ibis turns a column with blanks into a list of Python objects first, and each amount into a number
twice: with tens of thousands of rows that takes longer than the question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ibis.backends.duckdb.converter import DuckDBPandasData

if TYPE_CHECKING:
    import ibis
    import pandas as pd
    import pyarrow as pa


def frame_of(found: pa.Table, schema: ibis.Schema) -> pd.DataFrame:
    """Return an Arrow table of a schema, as its expression's ``execute`` would.

    Days are ``datetime64[s]``, amounts are :class:`decimal.Decimal`, blank ones ``None``. Whole
    numbers with blanks are floats, those that are sums too (which Ibis leaves as objects).
    """
    import pandas as pd
    import pyarrow as pa

    columns = {}
    for (name, kind), column in zip(schema.items(), found.columns, strict=True):
        if kind.is_date():
            columns[name] = pd.Series(column.cast(pa.timestamp("s")).to_numpy())
        elif kind.is_decimal():
            columns[name] = pd.Series(column.to_pylist(), dtype=object)
        else:
            plain = pd.Series(column.to_pylist()) if column.null_count else column.to_pandas()
            columns[name] = DuckDBPandasData.convert_column(plain, kind)
    return pd.DataFrame(columns)
