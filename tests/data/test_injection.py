"""Names and values are names and values: no text of an export or a funnel is ever run as SQL."""

import datetime as dt

import duckdb
import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot

import funnelkit as fk
from funnelkit.data import sources
from funnelkit.data.delimited import open_csv

CANARY = 'SELECT count(*), min(song) FROM "canary"'
SONG = [(1, "alive")]
ODD = (
    "'; DROP TABLE canary; --",
    '"; DROP TABLE canary; --',
    "x') ; DROP TABLE canary; /*",
    "*/ 1; -- \\",
    "line\nbreak; DROP TABLE canary",
    "$1 ? :name @name %s %(x)s",
    "{} {0} {name} {{ 7*7 }} {% raw %}",
    "\\'; \\x27; E'\\n'",
    "' OR '1'='1",
    'a"b.c"',
    "$$ DROP TABLE canary $$",
    "\u201d; -- \u2019",
)
# Each text stands in each of the names, or values, in one of these turns.
TURNS = range(0, len(ODD), 3)
ROLES = ("id", "lead", "won", "lost", "amount", "owner", "account", "source", "kept")
NUL = "nul\x00'; DROP TABLE canary"


@pytest.fixture(autouse=True)
def canary(monkeypatch):
    """Put a table into each engine that a reader opens, and look at all of them at the end."""
    opened = []
    connect = sources.connect

    def with_canary():
        engine = connect()
        engine.con.execute("CREATE TABLE canary AS SELECT 'alive' AS song")
        engine.con.execute("CREATE TEMP TABLE another AS SELECT 'alive' AS song")
        opened.append(engine)
        return engine

    monkeypatch.setattr(sources, "connect", with_canary)
    yield opened
    for engine in opened:
        assert engine.con.execute(CANARY).fetchall() == SONG
        assert engine.con.execute("SELECT song FROM another").fetchall() == [("alive",)]


def frame(column, value="plain"):
    """Return six leads; `column` says what each column is called."""
    days = [dt.date(2026, 1, 1) + dt.timedelta(7 * k) for k in range(6)]
    return pd.DataFrame(
        {
            column("id"): [f"{value}{k}" for k in range(6)],
            column("lead"): [day.isoformat() for day in days],
            column("won"): [days[k].isoformat() if k % 2 else None for k in range(6)],
            column("lost"): ["2026-03-01", None, None, None, None, None],
            column("amount"): [str(100 * k) for k in range(6)],
            column("owner"): [value, "b"] * 3,
            column("account"): [value, "b", "c"] * 2,
            column("source"): [value, value, "zzz"] * 2,
            column("kept"): [value] * 6,
        }
    )


def funnel(column, **options):
    return fk.Funnel(
        [column("lead"), column("won")],
        exits=[column("lost")],
        id=column("id"),
        value=column("amount"),
        owner=column("owner"),
        account=column("account"),
        segments=[column("source")],
        keep=[column("kept")],
        **options,
    )


def told(leads, column, value="plain"):
    """Return what is found, under plain names."""
    source = column("source")
    triangle = fk.triangle(leads, column("lead"), column("won"), by=[source, "entered_at"])
    found = leads.list(column("won"), **{source: value})
    only = leads.only(**{source: value})
    counts = leads.count(column("lost"), by=source)
    return {
        "entered": triangle.entered.tolist(),
        "events": triangle.events[column("won")].tolist(),
        "left": triangle.events[column("lost")].tolist(),
        "segments": [[*segment].index(value) for segment in triangle.segments if value in segment],
        "ids": [name.removeprefix(value) for name in found[column("id")]],
        "amounts": found[column("amount")].astype(float).tolist(),
        "only": (len(only), only.accounting()["rows"].sum()),
        "counts": counts["value"].tolist(),
        "rows": leads.accounting()["rows"].tolist(),
        "audit": [(one.rule, one.count) for one in fk.audit(leads).findings],
    }


def plain(name):
    return name


PLAIN = {"as_of": "2026-04-30"}


@pytest.fixture(scope="module")
def expected():
    leads = fk.from_frame(frame(plain), funnel(plain), **PLAIN)
    return told(leads, plain)


def turned(turn):
    """Return how columns are called: each role with an odd text of its own."""
    return lambda role: f"{role} {ODD[(ROLES.index(role) + turn) % len(ODD)]}"


@pytest.mark.parametrize("turn", TURNS)
def test_names_of_columns_stages_exits_and_segments(turn, expected, tmp_path):
    column = turned(turn)
    made = frame(column)
    made.to_csv(tmp_path / "leads.csv", index=False)
    made.to_parquet(tmp_path / "leads.parquet")
    of = funnel(column)
    reader = (fk.read_csv, fk.read_parquet)[turn % 2]
    path = tmp_path / ("leads.csv", "leads.parquet")[turn % 2]
    for leads in (fk.from_frame(made, of, **PLAIN), reader(path, of, **PLAIN)):
        assert told(leads, column) == expected


@pytest.mark.parametrize("odd", ODD[:4])
def test_values_of_ids_segments_owners_and_accounts(odd, expected, tmp_path):
    made = frame(plain, odd)
    made.to_csv(tmp_path / "leads.csv", index=False)
    leads = fk.read_csv(tmp_path / "leads.csv", funnel(plain), **PLAIN)
    assert told(leads, plain, odd) == expected
    assert leads.list("lead")["kept"].tolist() == [odd] * 6


def test_every_odd_value_at_once():
    made = pd.DataFrame({"id": ODD, "lead": "2026-01-05", "won": None, "source": ODD})
    leads = fk.from_frame(made, fk.Funnel(["lead", "won"], segments=["source"]), **PLAIN)
    found = leads.list("lead")
    assert sorted(found["id"]) == sorted(ODD)
    assert found["id"].tolist() == found["source"].tolist()
    triangle = fk.triangle(leads, "lead", "won", by="source")
    assert {name for (name,) in triangle.segments} == {*ODD}
    assert len(fk.audit(leads).findings) > 0


@pytest.mark.parametrize("odd", ODD[:8])
def test_where_and_exclude_statuses_and_log_names(odd):
    made = frame(plain, odd)
    picked = fk.from_frame(made, funnel(plain), where={"source": odd}, **PLAIN)
    assert picked.list("lead")["id"].tolist() == [f"{odd}{k}" for k in (0, 1, 3, 4)]
    rest = fk.from_frame(made, funnel(plain), exclude={"source": [odd, "nothing"]}, **PLAIN)
    assert rest.list("lead")["id"].tolist() == [f"{odd}{k}" for k in (2, 5)]
    log = pd.DataFrame(
        {odd: ["1", "1", "2"], f"{odd} stage": [odd, f"{odd} won", odd], f"{odd} at": "2026-01-05"}
    )
    events = fk.Funnel(["a", "b"], columns={"a": odd, "b": [f"{odd} won"]})
    columns = {"id": odd, "stage": f"{odd} stage", "time": f"{odd} at"}
    leads = fk.from_events(log, events, **columns, **PLAIN)
    assert (len(leads), len(leads.list("b"))) == (2, 1)
    statuses = fk.Funnel(
        ["a", "b"], columns={"a": odd}, status=f"{odd} stage", status_values={"a": odd, "b": "w"}
    )
    table = pd.DataFrame({"id": ["1", "2"], odd: "2026-01-05", f"{odd} stage": [odd, "w"]})
    assert len(fk.from_frame(table, statuses, **PLAIN).list("b")) == 1


@pytest.mark.parametrize("odd", [odd for odd in ODD if "/" not in odd][::2])
def test_names_of_files_and_folders(odd, tmp_path):
    folder = tmp_path / odd
    folder.mkdir()
    made = frame(plain)
    made.to_csv(folder / f"{odd}.csv", index=False)
    made.to_csv(folder / f"{odd}.tsv", index=False, encoding="utf-16", sep="\t")
    pq.write_table(pa.Table.from_pandas(made), folder / f"{odd}.parquet")
    for leads in (
        fk.read_csv(folder / f"{odd}.csv", funnel(plain), **PLAIN),
        fk.read_csv(folder / f"{odd}.tsv", funnel(plain), **PLAIN),
        fk.read_parquet(folder / f"{odd}.parquet", funnel(plain), **PLAIN),
        fk.read_parquet([*folder.glob("*.parquet")] * 2, funnel(plain), **PLAIN),
    ):
        assert len(leads) == 6
        assert leads.accounting()["file"].str.startswith(odd).all()


def test_zero_bytes_in_names_and_values(tmp_path, expected):
    with pytest.raises(fk.FunnelError, match="no file"):
        fk.read_csv(tmp_path / NUL, funnel(plain))
    with pytest.raises(fk.FunnelError, match="no file"):
        fk.read_parquet(f"{tmp_path}/{NUL}*", funnel(plain))
    leads = fk.from_frame(frame(plain, NUL), funnel(plain), **PLAIN)
    assert told(leads, plain, NUL) == expected


@pytest.mark.parametrize("odd", [*ODD[::3], NUL])
def test_what_stands_in_dates_and_amounts_is_only_shown(odd, tmp_path):
    made = frame(plain)
    made.loc[2, ["lead", "amount"]] = odd
    with pytest.raises(fk.FunnelError, match=r"`lead` in `frame`: 1 of 6 dates is not ISO"):
        fk.from_frame(made, funnel(plain), **PLAIN)
    with pytest.raises(fk.FunnelError):
        fk.from_frame(made, funnel(plain), date_format={"lead": f"%Y {odd}"}, **PLAIN)
    with pytest.raises(fk.FunnelError):
        fk.from_frame(frame(plain), funnel(plain, timezone=odd), **PLAIN)


@pytest.mark.parametrize("mark", ["'", '"', "\\", "\n", "\x00", "["])
def test_delimiters_and_marks_in_amounts(mark, tmp_path):
    made = frame(plain)
    (tmp_path / "leads.csv").write_text(made.to_csv(index=False, sep="|"), encoding="utf-8")
    for options in ({"delimiter": mark}, {"thousands": mark}, {"decimal": mark}):
        try:
            leads = fk.read_csv(tmp_path / "leads.csv", funnel(plain), **PLAIN, **options)
        except fk.FunnelError:
            continue
        assert len(leads) == 6


@pytest.mark.parametrize("turn", TURNS)
def test_the_printed_query_is_one_statement(turn):
    column = turned(turn)
    leads = fk.from_frame(frame(column, ODD[turn]), funnel(column), **PLAIN)
    names, segments = (column("lead"), column("won")), [column("source"), "entered_at"]
    query = fk.triangle_sql(leads, *names, by=segments)
    assert len(duckdb.extract_statements(query)) == 1
    for dialect in ("postgres", "pyspark"):
        assert len(sqlglot.parse(fk.triangle_sql(leads, *names, by=segments, dialect=dialect),
                                 dialect=dialect.replace("py", ""))) == 1  # fmt: skip
    engine = ibis.duckdb.connect()
    engine.raw_sql("CREATE TABLE canary AS SELECT 'alive' AS song")
    engine.create_table("funnel_rows", leads.rows.table.to_pyarrow())
    counted = engine.con.execute(query).df()
    assert counted["n"].sum() == fk.triangle(leads, *names).n
    assert engine.con.execute(CANARY).fetchall() == SONG


def test_an_engine_of_its_own_reads_no_other_file(tmp_path):
    """A header that is a query stays a header."""
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    name = f"x FROM read_text('{tmp_path}/secret.txt') --"
    (tmp_path / "leads.csv").write_text(f'"{name}",lead\n1,2026-01-05\n', encoding="utf-8")
    engine = sources.connect()
    opened = open_csv(
        engine, tmp_path / "leads.csv", delimiter=None, encoding=None, needed={name, "lead"}
    )
    assert opened.table.execute()[name].tolist() == ["1"]
