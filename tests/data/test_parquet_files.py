"""Several Parquet files at once: what may differ between them, and what is refused."""

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import funnelkit as fk
from funnelkit._core.errors import DataError

FUNNEL = fk.Funnel(["lead", "won"], id="id", value="amount", segments=["source"])
DAYS = [dt.date(2026, 1, 5), dt.date(2026, 1, 9)]


def frame(number, **changed):
    """Return two leads, the second of them won."""
    columns = {
        "id": pa.array([f"{number}a", f"{number}b"]),
        "lead": pa.array(DAYS),
        "won": pa.array([None, dt.date(2026, 2, 1)]),
        "amount": pa.array([10, 20]),
        "source": pa.array(["web", None]),
    }
    return pa.table({name: of for name, of in (columns | changed).items() if of is not None})


@pytest.fixture
def read(tmp_path):
    def stacked(*tables, funnel=FUNNEL):
        for number, table in enumerate(tables):
            pq.write_table(table, tmp_path / f"part-{number}.parquet")
        return fk.read_parquet(tmp_path / "part-*.parquet", funnel, as_of="2026-03-31")

    return stacked


def test_columns_that_nobody_reads_may_differ_or_be_missing(read):
    odd = frame(1, note=pa.array([{"x": 1}, None]))
    leads = read(frame(0, note=pa.array(["a", "b"])), odd, frame(2).select([4, 3, 2, 1, 0]))
    assert len(leads) == 6
    assert leads.list("won")["id"].tolist() == ["0b", "1b", "2b"]
    assert leads.accounting()["rows"].sum() == 6


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": pa.array([10.0, 20.0])},
        {"amount": pa.array([10, 20], pa.int16())},
        {"amount": pa.array([10, 20], pa.decimal128(9, 2))},
        {"lead": pa.array([dt.datetime.combine(day, dt.time()) for day in DAYS])},
        {"lead": pa.array(DAYS, pa.date64())},
        {"source": pa.array(["web", None]).dictionary_encode()},
        {"source": pa.array(["web", None], pa.large_string())},
    ],
)
def test_types_that_mean_the_same_are_read_alike(read, changed):
    leads = read(frame(0), frame(1, **changed), frame(2))
    found = leads.list("lead")
    assert found["id"].tolist() == ["0a", "0b", "1a", "1b", "2a", "2b"]
    assert found["amount"].astype(float).tolist() == [10, 20] * 3
    assert found["lead"].dt.date.tolist() == DAYS * 3
    assert found["source"].fillna("-").tolist() == ["web", "-"] * 3


def test_a_column_that_is_blank_in_one_file(read):
    blank = frame(1, won=pa.nulls(2), source=pa.nulls(2), amount=pa.nulls(2))
    leads = read(blank, frame(0))
    assert leads.list("won")["id"].tolist() == ["0b"]
    assert leads.list("lead")["source"].fillna("-").tolist() == ["web", "-", "-", "-"]
    assert len(read(frame(0, won=pa.nulls(2)), frame(1, won=pa.nulls(2)))) == 4


def test_what_differs_in_kind_is_refused_all_at_once(read):
    odd = frame(1, lead=pa.array(["2026-01-05", "2026-01-09"]), amount=pa.array(["10", "20"]))
    with pytest.raises(DataError) as refused:
        read(frame(0), odd)
    assert refused.value.problems == (
        (
            "`lead` holds days in `part-0.parquet` and texts in `part-1.parquet`; write all files "
            "with one type."
        ),
        (
            "`amount` holds whole numbers in `part-0.parquet` and texts in `part-1.parquet`; "
            "write all files with one type."
        ),
    )


def test_ids_are_never_made_floating(read):
    plain = fk.Funnel(["lead", "won"], id="id")
    with pytest.raises(DataError, match="long ids lose digits in floating numbers"):
        read(frame(0, id=pa.array([1, 2])), frame(1, id=pa.array([2.0**60, 4.0])), funnel=plain)


def test_times_with_and_without_a_zone(read):
    zoned = pa.array([dt.datetime(2026, 1, 5, tzinfo=dt.UTC)] * 2, pa.timestamp("us", "UTC"))
    with pytest.raises(DataError, match=r"`lead` holds days in .* and times with a zone in"):
        read(frame(0), frame(1, lead=zoned))


def test_a_column_that_is_missing_in_one_file(read):
    with pytest.raises(DataError) as refused:
        read(frame(0), frame(1, won=None))
    assert str(refused.value) == (
        "`part-1.parquet` and `part-0.parquet` do not both have `won`; files in one list hold "
        "rows of the same kind. For files of different kinds that share the id use `join=[…]`."
    )


def test_one_of_many_is_damaged(tmp_path):
    for number in range(3):
        pq.write_table(frame(number), tmp_path / f"part-{number}.parquet")
    whole = (tmp_path / "part-1.parquet").read_bytes()
    (tmp_path / "part-1.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"`part-1\.parquet` cannot be read as Parquet: "):
        fk.read_parquet(tmp_path / "*.parquet", FUNNEL)


def test_damage_that_shows_only_when_the_values_are_read(tmp_path):
    path = tmp_path / "leads.parquet"
    pq.write_table(frame(0), path)
    content = bytearray(path.read_bytes())
    content[4:60] = bytes(56)  # the first column's page, not the description at the end
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"`leads\.parquet` cannot be read as Parquet: "):
        fk.read_parquet(path, FUNNEL, as_of="2026-03-31")


def test_columns_in_the_names_of_folders(tmp_path):
    for region in ("north", "south"):
        (tmp_path / f"region={region}").mkdir()
        pq.write_table(frame(region), tmp_path / f"region={region}" / "part.parquet")
    funnel = fk.Funnel(["lead", "won"], id="id", segments=["region"])
    leads = fk.read_parquet(tmp_path / "*" / "*.parquet", funnel, as_of="2026-03-31")
    assert leads.list("won")["region"].tolist() == ["north", "south"]


def test_marks_of_patterns_in_names_are_names(tmp_path):
    """`a[1].parquet` is a file, and not the pattern that `a1.parquet` follows."""
    for name, number in (("a[1]", 1), ("a1", 2), ("a?", 3), ("ab", 4)):
        pq.write_table(frame(number), tmp_path / f"{name}.parquet")
        text = f"id,lead,won,amount,source\n{number}a,2026-01-05,,1,web\n"
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    for name, number in (("a[1]", 1), ("a?", 3)):
        for reader, end in ((fk.read_parquet, "parquet"), (fk.read_csv, "csv")):
            leads = reader(tmp_path / f"{name}.{end}", FUNNEL, as_of="2026-03-31")
            assert leads.list("lead")["id"].tolist()[0] == f"{number}a"


def test_many_files_of_text_are_rows_of_one_kind(tmp_path):
    for number in range(120):  # more than one statement can hold
        extra = ",note" if number % 2 else ""
        text = f"id,lead,won{extra}\n{number},2026-01-05,{',x' if extra else ''}\n"
        (tmp_path / f"{number:03d}.csv").write_text(text, encoding="utf-8")
    leads = fk.read_csv(tmp_path / "*.csv", fk.Funnel(["lead", "won"]), as_of="2026-03-31")
    assert sorted(leads.list("lead")["id"], key=int) == [str(number) for number in range(120)]
    assert leads.accounting()["rows"].tolist() == [120]
