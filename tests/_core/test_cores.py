"""How many processors are used."""

import os

import pytest

from funnelkit._core.cores import CORES, cores, one_thread
from funnelkit._core.errors import ArgumentError
from funnelkit.data import embedded


def test_all_processors_of_the_process_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CORES, raising=False)
    assert 1 <= cores() <= (os.cpu_count() or 1)
    monkeypatch.setenv(CORES, " 3 ")
    assert cores() == 3


@pytest.mark.parametrize("given", ["0", "-1", "two", "1.5"])
def test_a_number_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv(CORES, given)
    with pytest.raises(ArgumentError, match="`FUNNELKIT_CORES` must be a number of processors"):
        cores()


def test_the_engine_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CORES, "1")
    engine = embedded.connect()
    assert engine.con.execute("SELECT current_setting('threads')").fetchall() == [(1,)]


def test_linear_algebra_takes_one_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    assert one_thread() == {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    monkeypatch.setenv("MKL_NUM_THREADS", "4")
    assert one_thread() == {"OPENBLAS_NUM_THREADS": "1"}
