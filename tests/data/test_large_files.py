"""Large Parquet files are scanned where they lie, with the same result as a copy of them."""

from __future__ import annotations

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import DataError
from funnelkit.data import holding
from funnelkit.data.simulate import simulate_frame

WIDE = fk.Funnel(["lead", "sql", "won"], exits=["lost"], id="id", segments=["source"])


@pytest.fixture
def large(monkeypatch):
    """Take every file for a large one."""
    monkeypatch.setattr(holding, "LARGE", 0)


def wide_frame(**columns):
    days = ["2026-01-05", "2026-01-09", "2026-01-12", "2026-01-20"]
    frame = {
        "id": ["a", "b", "c", "d"],
        "lead": days,
        "sql": ["2026-01-07", None, "2026-01-13", "2026-01-20"],
        "won": ["2026-02-01", None, None, "2026-01-22"],
        "lost": [None, "2026-01-30", None, None],
        "source": ["web", "event", None, "web"],
    } | columns
    typed = pd.DataFrame(frame)
    dates = ["lead", "sql", "won", "lost"]
    typed[dates] = typed[dates].apply(pd.to_datetime)
    return typed


def written(folder, frame, name="leads.parquet"):
    frame.to_parquet(folder / name)
    return folder / name


def counted(leads):
    return fk.triangle(leads, "lead", "won", by="source").to_frame()


def read(path):
    return fk.read_parquet(path, WIDE, as_of="2026-02-28")


CASES = {
    "ids in order": {},
    "ids repeat": {"id": ["a", "b", "a", "d"]},
    "ids with blanks around": {"id": ["a ", "b", " a", "d\t"]},
    "ids of blanks only": {"id": ["a", "", None, "  "]},
    "numbers for ids": {"id": [10, 11, 10, 13]},
    "segments with blanks around": {"source": [" web", "event ", "", "web"]},
}


@pytest.mark.parametrize("columns", CASES.values(), ids=CASES)
def test_a_large_file_gives_what_a_copy_gives(tmp_path, monkeypatch, columns):
    path = written(tmp_path, wide_frame(**columns))
    copied = read(path)
    assert copied.rows.files == ()
    monkeypatch.setattr(holding, "LARGE", 0)
    found = read(path)
    pd.testing.assert_frame_equal(counted(found), counted(copied))
    pd.testing.assert_frame_equal(found.accounting(), copied.accounting())
    pd.testing.assert_frame_equal(found.list("lead"), copied.list("lead"))
    early = "2026-01-21"
    pd.testing.assert_frame_equal(counted(found.at(early)), counted(copied.at(early)))
    assert str(fk.audit(found)) == str(fk.audit(copied))


def test_a_first_question_looks_through_the_file_and_a_second_derives(tmp_path, large):
    leads = read(written(tmp_path, wide_frame()))
    assert "slim" not in vars(leads)
    first = counted(leads)
    assert "slim" not in vars(leads)
    again = fk.triangle(leads, "lead", "sql", by="source").to_frame()
    assert "slim" in vars(leads)
    several = read(written(tmp_path, wide_frame()))
    fk.triangles(several, [("lead", "sql"), ("lead", "won")], by="source")
    assert "slim" not in vars(several)
    other = read(written(tmp_path, wide_frame()))
    assert len(other) == 4  # derives, so that the first question is not asked of the file
    pd.testing.assert_frame_equal(counted(other), first)
    pd.testing.assert_frame_equal(fk.triangle(other, "lead", "sql", by="source").to_frame(), again)


def test_disorder_in_a_large_file_is_refused_when_it_is_read(tmp_path, large):
    path = written(tmp_path, wide_frame(won=["2026-01-06", None, None, None]))
    with pytest.raises(DataError, match="dated before its predecessor"):
        fk.read_parquet(path, WIDE.replace(out_of_order="error"), as_of="2026-02-28")


def test_only_tidy_typed_files_are_scanned_where_they_lie(tmp_path, large):
    assert len(read(written(tmp_path, wide_frame())).rows.files) == 1
    assert read(written(tmp_path, wide_frame(id=["a ", "b", "c", "d"]))).rows.files == ()
    texts = wide_frame().assign(lead=["2026-01-05"] * 4)
    assert read(written(tmp_path, texts)).rows.files == ()


@pytest.mark.usefixtures("large")
def test_a_large_log(tmp_path):
    made = simulate_frame(300, rng=5, reopened=0.1)
    log = made.to_events(returns=True)
    funnel = made.event_funnel()
    names = {"id": "lead_id", "stage": "stage", "time": "time", "as_of": made.as_of}
    found = fk.from_events(written(tmp_path, log), funnel, **names)
    assert len(found.rows.files) == 1
    copied = fk.from_events(log, funnel, **names)
    ask = {"as_of": ["2025-04-30", made.as_of]}
    for one, other in zip(
        fk.triangle(found, "lead", "won", **ask),
        fk.triangle(copied, "lead", "won", **ask),
        strict=True,
    ):
        pd.testing.assert_frame_equal(one.to_frame(), other.to_frame())
    told = found.accounting()[["reason", "rows"]]
    pd.testing.assert_frame_equal(told, copied.accounting()[["reason", "rows"]])


@pytest.mark.usefixtures("large")
def test_a_file_that_changed_is_refused(tmp_path):
    path = written(tmp_path, wide_frame())
    leads = read(path)
    before = counted(leads)
    written(tmp_path, wide_frame(lost=[None] * 4))
    pd.testing.assert_frame_equal(counted(leads), before)  # what was counted once stays
    for ask in (lambda: leads.at("2026-01-31"), leads.accounting, lambda: fk.audit(leads)):
        with pytest.raises(DataError, match=r"`leads\.parquet` has changed since being read"):
            ask()
    path.unlink()
    with pytest.raises(DataError, match=r"`leads.parquet` .* or gone.* Read them again"):
        leads.at("2026-01-31")


def test_ids_that_do_not_repeat_are_known_to(tmp_path):
    assert read(written(tmp_path, wide_frame())).rows.unique
    assert not read(written(tmp_path, wide_frame(id=["a", "b", "a", "d"]))).rows.unique
    joined = fk.from_frame(
        wide_frame().drop(columns="won"), WIDE, join=[wide_frame()], as_of="2026-02-28"
    )
    assert not joined.rows.unique
    assert joined.n == 4
