"""`from_table` on each engine: kinds of columns, texts, refusals, and what is left behind."""

from __future__ import annotations

import datetime as dt
import gc
from decimal import Decimal

import ibis
import pandas as pd
import pyarrow as pa
import pytest

import funnelkit as fk
from funnelkit.data import engines

FUNNEL = fk.Funnel(["lead", "won"], exits=["lost"], value="amount", segments=["source"])
DAY = dt.date


def table(**columns):
    made = {"id": pa.array(["a", "b", "c"]), "lost": pa.nulls(3, pa.date32())}
    made |= {"amount": pa.nulls(3, pa.int64()), "source": pa.nulls(3, pa.string())}
    return pa.table(made | columns)


def texts(*values):
    return pa.array(values, pa.string())


def days(leads, stage="lead"):
    return [None if pd.isna(day) else pd.Timestamp(day).date() for day in leads.list("lead")[stage]]


def test_dates_times_and_instants(connection, put):
    clock = [dt.datetime(2026, 3, 1, 23, 30), dt.datetime(2026, 3, 2), None]
    raw = table(
        lead=pa.array([DAY(2026, 3, 1), DAY(2026, 3, 2), DAY(2026, 3, 3)]),
        won=pa.array(clock, pa.timestamp("us")),
    )
    leads = fk.from_table(put(connection, raw), FUNNEL, as_of="2026-03-31")
    assert days(leads) == [DAY(2026, 3, 1), DAY(2026, 3, 2), DAY(2026, 3, 3)]
    assert days(leads, "won") == [DAY(2026, 3, 1), DAY(2026, 3, 2), None]


def test_an_instant_falls_on_the_day_of_the_zone(connection, put):
    instants = pa.array(
        [dt.datetime(2026, 3, 2, 4, 59), dt.datetime(2026, 3, 2, 5, 0), None],
        pa.timestamp("us", "UTC"),
    )
    raw = table(lead=instants, won=pa.nulls(3, pa.date32()))
    there = put(connection, raw)
    new_york = fk.from_table(there, FUNNEL.replace(timezone="America/New_York"), as_of="2026-03-31")
    assert days(new_york) == [DAY(2026, 3, 1), DAY(2026, 3, 2)]
    nowhere = fk.from_table(there, FUNNEL, as_of="2026-03-31")
    assert days(nowhere) == [DAY(2026, 3, 2), DAY(2026, 3, 2)]
    assert any("begin and end in UTC" in note for note in nowhere.notes)


def test_iso_texts(connection, put):
    raw = table(
        lead=texts(" 2024-02-29", "2024-03-01 23:59:59.9999999", ""),
        won=texts(None, "2024-03-02T00:00", "2024-03-03"),
    )
    leads = fk.from_table(put(connection, raw), FUNNEL, as_of="2024-03-31")
    assert days(leads) == [DAY(2024, 2, 29), DAY(2024, 3, 1)]
    assert days(leads, "won") == [None, DAY(2024, 3, 2)]


def test_iso_texts_with_an_offset(connection, put):
    raw = table(
        lead=texts(
            "2024-03-02T04:59:59.999+0000", "2024-03-02 05:00Z", "2024-03-02T00:30:00+05:30"
        ),
        won=texts("2024-03-02 04:59 UTC", None, "2024-03-02T23:59:59,9999999-05"),
    )
    there, funnel = put(connection, raw), FUNNEL.replace(timezone="America/New_York")
    if connection.name == "polars":
        with pytest.raises(fk.FunnelError, match=r"3 dates of 3 with an offset. On Polars only"):
            fk.from_table(there, funnel, as_of="2024-03-31")
        return
    leads = fk.from_table(there, funnel, as_of="2024-03-31")
    assert days(leads) == [DAY(2024, 3, 1), DAY(2024, 3, 2), DAY(2024, 3, 1)]
    assert days(leads, "won") == [DAY(2024, 3, 1), None, DAY(2024, 3, 2)]


@pytest.mark.parametrize("odd", ["2023-02-29", "2024-13-01", "31/01/2024", "2024-1-31", "soon"])
def test_texts_that_are_no_iso_days(connection, put, odd):
    raw = table(lead=texts("2024-01-01", odd, None), won=pa.nulls(3, pa.date32()))
    with pytest.raises(fk.FunnelError) as caught:
        fk.from_table(put(connection, raw), FUNNEL, as_of="2024-03-31")
    message = str(caught.value)
    assert "`lead` in `golden`: 1 of 2 dates is not ISO" in message
    assert odd in message
    remedy = "date_format" if odd in ("31/01/2024", "2024-1-31") else "correct them"
    assert (remedy if connection.name == "duckdb" else "Cast the column there") in message


AMOUNTS = {
    "decimals": pa.array([Decimal("0.10"), Decimal("0.20"), Decimal("-3.05")], pa.decimal128(9, 2)),
    "floats": pa.array([0.1, 0.2, -3.05]),
    "texts": texts("0.1", " .2", "-03.050"),
}


@pytest.mark.parametrize("kind", AMOUNTS)
def test_amounts_are_exact(connection, put, kind):
    raw = table(lead=texts(*["2024-01-01"] * 3), won=texts(*["2024-01-05"] * 3))
    raw = raw.drop_columns("amount").append_column("amount", AMOUNTS[kind])
    leads = fk.from_table(put(connection, raw), FUNNEL, as_of="2024-03-31")
    listed = leads.list("won")["amount"]
    assert list(listed) == [Decimal("0.1"), Decimal("0.2"), Decimal("-3.05")]
    assert sum(listed) == Decimal("-2.75")


def test_amounts_too_large(connection, put):
    raw = table(lead=texts(*["2024-01-01"] * 3), won=pa.nulls(3, pa.date32()))
    large = pa.array([float("inf"), 1e300, 5.0])
    raw = raw.drop_columns("amount").append_column("amount", large)
    with pytest.raises(fk.FunnelError, match="2 of 3 amounts are infinite or longer than 18"):
        fk.from_table(put(connection, raw), FUNNEL, as_of="2024-03-31")


def test_white_space_around_texts(connection, put):
    raw = table(lead=texts(*["2024-01-01"] * 3), won=pa.nulls(3, pa.date32()))
    raw = raw.drop_columns(["id", "source"]).append_column("id", texts(" vef ", "\tf\n", "v"))
    raw = raw.append_column("source", texts("ff", "  ", "it's \\v"))
    leads = fk.from_table(put(connection, raw), FUNNEL, as_of="2024-03-31")
    listed = leads.list("lead").set_index("id")["source"]
    assert list(listed.index) == ["f", "v", "vef"]
    assert listed["vef"] == "ff"
    assert pd.isna(listed["f"])
    assert listed["v"] == "it's \\v"
    assert len(leads.only(source="it's \\v")) == 1


def test_joined_tables(connection, put):
    leads = pa.table({"id": texts("a", "b"), "lead": texts("2024-01-01", "2024-01-02"),
                      "source": texts("x", "y")})  # fmt: skip
    deals = pa.table({"id": texts("b", "c"), "won": texts("2024-01-05", "2024-01-06"),
                      "lost": texts(None, None), "amount": pa.array([2, 3])})  # fmt: skip
    found = fk.from_table(
        put(connection, leads, "leads"),
        FUNNEL,
        join=put(connection, deals, "deals"),
        where={"source": ["x", "y"]},
        as_of="2024-03-31",
    )
    assert list(found.list("won")["id"]) == ["b", "c"]
    told = found.accounting().set_index(["file", "reason"])["rows"]
    assert told.to_dict() == {
        ("leads", "kept as a record"): 2,
        ("deals", "kept as a record"): 1,
        ("deals", "joined to a record of an earlier file"): 1,
    }


def test_as_of_is_found(connection, put):
    raw = table(
        lead=pa.array([DAY(2024, 1, 1), DAY(2024, 1, 9), None]), won=pa.nulls(3, pa.date32())
    )
    with pytest.warns(fk.FunnelWarning, match="2024-01-09"):
        leads = fk.from_table(put(connection, raw), FUNNEL)
    assert leads.as_of == DAY(2024, 1, 9)


def test_the_audit(connection, put):
    raw = table(
        lead=texts("2024-01-03", "2024-01-02", "2024-01-05"),
        won=texts("2024-01-01", None, "2024-01-09"),
    )
    raw = raw.drop_columns("amount").append_column("amount", pa.array([-1, 1, 2]))
    raw = pa.concat_tables([raw, raw.slice(1, 1)])
    there = fk.audit(fk.from_table(put(connection, raw), FUNNEL, as_of="2024-03-31")).to_frame()
    here = fk.audit(fk.from_frame(raw.to_pandas(), FUNNEL, as_of="2024-03-31")).to_frame()
    assert "stages_out_of_order" in set(there["rule"])
    pd.testing.assert_frame_equal(
        there.map(lambda text: text.replace("golden", "frame") if isinstance(text, str) else text),
        here,
    )


def names(connection):
    """Return what the package has made in the session of a connection."""
    if connection.name == "duckdb":  # Ibis 12 asks DuckDB 2 for a function that is gone
        rows = connection.raw_sql("SELECT table_name FROM duckdb_tables()").fetchall()
        return {name for (name,) in rows if "fk_" in name}
    return {name for name in connection.list_tables() if "fk_" in name}


def test_an_expression_is_computed_once_and_let_go_of(connection, put):
    raw = table(lead=texts(*["2024-01-01"] * 3), won=pa.nulls(3, pa.date32()))
    chosen = put(connection, raw).filter(lambda t: t.id != "c")
    before = names(connection)
    leads = fk.from_table(chosen, FUNNEL, as_of="2024-03-31")
    assert len(leads) == 2
    assert leads.rows.names == ("table",)
    del leads
    gc.collect()
    once = engines.once(connection, chosen.select("id"))  # lets go of what nobody holds any more
    assert names(connection) - before == {once.op().name}
    if connection.name == "pyspark":
        assert list(connection._fk_frames) == [once.op().name]


# --- refusals -----------------------------------------------------------------------------------


def test_no_table():
    with pytest.raises(fk.FunnelError, match="`table` must be an Ibis table; got DataFrame"):
        fk.from_table(pd.DataFrame(), FUNNEL)
    with pytest.raises(fk.FunnelError, match="`table` is bound to no connection"):
        fk.from_table(ibis.table({"id": "string"}, name="leads"), FUNNEL)


def test_a_table_of_another_connection(duckdb, put):
    raw = table(lead=texts(*["2024-01-01"] * 3), won=pa.nulls(3, pa.date32()))
    elsewhere = ibis.duckdb.connect().create_table("deals", raw)
    with pytest.raises(fk.FunnelError, match=r"`join\[0\]` lies in another connection"):
        fk.from_table(put(duckdb, raw), FUNNEL, join=[elsewhere])


def test_no_rows_and_nested_columns(connection, put):
    raw = table(lead=texts(*["2024-01-01"] * 3), won=pa.nulls(3, pa.date32()))
    with pytest.raises(fk.FunnelError, match="`golden` holds no rows"):
        fk.from_table(put(connection, raw.slice(0, 0)), FUNNEL)
    lists = raw.drop_columns("source").append_column("source", pa.array([["x"], ["y"], None]))
    with pytest.raises(fk.FunnelError, match="`source` in `nested` holds array"):
        fk.from_table(put(connection, lists, "nested"), FUNNEL)
    with pytest.raises(fk.FunnelError, match=r"column `amount`.*is missing"):
        fk.from_table(put(connection, raw.drop_columns("amount"), "fewer"), FUNNEL)


@pytest.mark.parametrize("connection", ["duckdb", "postgres", "pyspark"], indirect=True)
def test_a_table_that_is_gone(connection, put):
    raw = table(lead=texts(*["2024-01-01"] * 3), won=pa.nulls(3, pa.date32()))
    gone = put(connection, raw, "gone")
    drop = connection.drop_view if connection.name == "pyspark" else connection.drop_table
    drop("gone")
    with pytest.raises(fk.FunnelError, match=r"`gone` cannot be read: .* says: "):
        fk.from_table(gone, FUNNEL, as_of="2024-03-31")


def test_zoned_input_on_an_engine_that_nobody_has_tried(monkeypatch, duckdb, put):
    instants = pa.array([dt.datetime(2026, 3, 2)] * 3, pa.timestamp("us", "UTC"))
    there = put(duckdb, table(lead=instants, won=pa.nulls(3, pa.date32())))
    monkeypatch.delitem(engines.ENGINES, "duckdb")
    with pytest.raises(fk.FunnelError, match="`lead` in `golden` holds times with a zone, and how"):
        fk.from_table(there, FUNNEL, as_of="2026-03-31")


def test_infinite_days(postgres):
    with postgres.begin() as cursor:
        cursor.execute("DROP TABLE IF EXISTS endless")
        cursor.execute(
            "CREATE TABLE endless AS SELECT * FROM (VALUES ('a', DATE '2024-01-01', "
            "'infinity'::timestamptz), ('b', DATE 'infinity', NULL)) AS t (id, lead, won)"
        )
    funnel = fk.Funnel(["lead", "won"])
    with pytest.raises(fk.FunnelError) as caught:
        fk.from_table(postgres.table("endless"), funnel, as_of="2024-03-31")
    assert "`lead` in `endless`: 1 of 2 dates is infinite or outside" in str(caught.value)
    assert "`won` in `endless`: 1 of 1 date is infinite or outside" in str(caught.value)
    postgres.drop_table("endless")


def test_a_spark_session_of_another_zone(pyspark, put):
    raw = table(lead=texts(*["2024-01-01"] * 3), won=pa.nulls(3, pa.date32()))
    there = put(pyspark, raw)
    pyspark.raw_sql("SET spark.sql.session.timeZone = Asia/Tokyo")
    try:
        with pytest.raises(fk.FunnelError, match="the Spark session stands in Asia/Tokyo"):
            fk.from_table(there, FUNNEL)
    finally:
        pyspark.raw_sql("SET spark.sql.session.timeZone = UTC")
