"""The printed query, run on each engine that speaks SQL, gives the counts of the triangle."""

from __future__ import annotations

import datetime as dt

import pytest

import funnelkit as fk
from tests.engines import golden

ZONE = "America/New_York"
DIALECTS = {"duckdb": "duckdb", "postgres": "postgres", "pyspark": "spark"}


def run(connection, statement):
    """Return the rows of a statement, by each engine's own driver."""
    if connection.name == "pyspark":
        return [tuple(row) for row in connection.raw_sql(statement).collect()]
    return connection.raw_sql(statement).fetchall()


@pytest.mark.parametrize("connection", DIALECTS, indirect=True)
def test_the_printed_query(connection, put):
    leads = fk.from_table(put(connection, golden.wide()), golden.funnel(ZONE), as_of=golden.AS_OF)
    statement = fk.triangle_sql(
        leads, "lead", "won", by="source", dialect=DIALECTS[connection.name]
    )
    assert "funnel_rows" in statement
    statement = statement.replace("funnel_rows", leads.rows.table.op().name)
    outcomes = {0: "won", 1: "lost", -1: ""}
    found = {}
    for source, day, outcome, undated, age, month, n in run(connection, statement):
        key = (source or None, f"{day:%Y-%m}", int(age), outcomes[outcome], bool(undated))
        assert (month is not None) == (outcome == 0 and not undated)
        if month is not None:
            assert dt.date(month.year, month.month, 1) == dt.date(*month.timetuple()[:3])
        found[key] = found.get(key, 0) + n
    assert found == golden.expected(ZONE)


def test_an_unknown_dialect():
    leads = fk.from_frame(golden.wide().to_pandas(), golden.funnel(ZONE), as_of=golden.AS_OF)
    with pytest.raises(fk.FunnelError, match=r"`dialect`.*postgrse.*Did you mean `postgres`"):
        fk.triangle_sql(leads, "lead", "won", dialect="postgrse")
    assert "`funnel_rows`" in fk.triangle_sql(leads, "lead", "won", dialect="bigquery")
