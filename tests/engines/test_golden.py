"""One triangle, written by hand, from seven kinds of input: the same to the last byte."""

from __future__ import annotations

import functools
from typing import Any

import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

import funnelkit as fk
from tests.engines import golden
from tests.engines.figures import figures

ZONES = tuple(golden.EXPECTED)
FORMS = ("wide", "log")
CASES = [(zone, form) for zone in ZONES for form in FORMS]
LOG = {"id": "id", "stage": "stage", "time": "at"}


@functools.cache
def of_frame(zone: str, form: str) -> dict[str, bytes]:
    """What a pandas frame gives."""
    return asked(read_frame(zone, form), zone, form)


def asked(leads: Any, zone: str, form: str) -> dict[str, bytes]:
    """Everything, once in each zone and form; else the triangle, and what became of each row."""
    return figures(leads, everything=ZONES.index(zone) == FORMS.index(form))


def read_frame(zone: str, form: str) -> Any:
    if form == "wide":
        return fk.from_frame(golden.wide().to_pandas(), golden.funnel(zone), as_of=golden.AS_OF)
    log = golden.log().to_pandas()
    return fk.from_events(log, golden.funnel(zone), **LOG, as_of=golden.AS_OF)


def assert_same(found: dict[str, bytes], expected: dict[str, bytes]) -> None:
    for name, got in found.items():
        assert got == expected[name], name


def cells(tri: Any) -> dict[Any, int]:
    return {
        (row.source, row.cohort, row.age, row.outcome, bool(row.undated)): row.n
        for row in tri.to_frame().astype({"source": object}).itertuples(index=False)
    }


@pytest.mark.parametrize(("zone", "form"), CASES)
def test_the_triangle_written_by_hand(zone, form):
    tri = fk.triangle(read_frame(zone, form), "lead", "won", by="source")
    found = {
        (source if isinstance(source, str) else None, *rest): n
        for (source, *rest), n in cells(tri).items()
    }
    assert found == golden.expected(zone)


@pytest.mark.parametrize("zone", ZONES)
def test_both_forms_tell_the_same(zone):
    assert of_frame(zone, "wide")["triangle"] == of_frame(zone, "log")["triangle"]


def test_the_zones_do_not_tell_the_same():
    first, second = (of_frame(zone, "wide")["triangle"] for zone in ZONES)
    assert first != second


@pytest.mark.parametrize(("zone", "form"), CASES)
def test_csv(zone, form, tmp_path):
    path = tmp_path / "golden.csv"
    pc.write_csv(getattr(golden, form)(), path)
    funnel = golden.funnel(zone)
    if form == "wide":
        leads = fk.read_csv(path, funnel, as_of=golden.AS_OF)
    else:
        leads = fk.from_events(path, funnel, **LOG, as_of=golden.AS_OF)
    assert_same(asked(leads, zone, form), of_frame(zone, form))


@pytest.mark.parametrize(("zone", "form"), CASES)
def test_parquet(zone, form, tmp_path):
    path = tmp_path / "golden.parquet"
    pq.write_table(getattr(golden, form)(), path)
    funnel = golden.funnel(zone)
    if form == "wide":
        leads = fk.read_parquet(path, funnel, as_of=golden.AS_OF)
    else:
        leads = fk.from_events(path, funnel, **LOG, as_of=golden.AS_OF)
    assert_same(asked(leads, zone, form), of_frame(zone, form))


@pytest.mark.parametrize(("zone", "form"), CASES)
def test_engine(zone, form, connection, put):
    table = put(connection, getattr(golden, form)())
    funnel = golden.funnel(zone)
    if form == "wide":
        leads = fk.from_table(table, funnel, as_of=golden.AS_OF)
    else:
        leads = fk.from_events(table, funnel, **LOG, as_of=golden.AS_OF)
    assert leads.engine is connection
    assert_same(asked(leads, zone, form), of_frame(zone, form))
