"""Reports side by side: never more than cores or memory allow, and a process that dies is told."""

import sys
import time
from pathlib import Path

import psutil
import pytest

from funnelkit.report.batch import memory, pool
from funnelkit.report.batch.pool import KEPT, Pool

GB = 1e9


class Job:
    """A report that is never done, or that another run has done."""

    settings = type("Settings", (), {"report": "monthly"})

    def __init__(self, *, done: bool = False) -> None:
        self.done = done

    def is_done(self) -> bool:
        return self.done

    def given(self) -> dict:
        return {}


class Worker:
    """Takes a moment for each report; counts how many do so at once."""

    running, most, last = 0, 0, 0
    process, alive = 0, True

    def __init__(self, environment) -> None:
        pass

    def ask(self, line: str) -> dict:
        Worker.running += 1
        Worker.most, Worker.last = max(Worker.most, Worker.running), Worker.running
        time.sleep(0.05)
        Worker.running -= 1
        return {"folder": "x", "warnings": []}

    def leave(self) -> None:
        pass

    end = leave


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch):
    """A function that returns how many reports ran at once, each taking some memory."""
    monkeypatch.setattr(pool, "_Worker", Worker)

    def counted(*, most: int, budget: float, taken: float = 0.0, need: float = GB) -> int:
        Worker.most = 0
        monkeypatch.setattr(memory, "taken_by", lambda process: taken)
        made = Pool(most=most, budget=budget, need=need)
        ended = list(made.answers([Job() for _ in range(8)], tick=lambda running: None))
        assert len(ended) == 8
        return Worker.most

    return counted


def test_as_many_as_cores_where_memory_allows(at_once) -> None:
    assert at_once(most=3, budget=100 * GB) == 3


def test_fewer_where_memory_is_short_and_one_in_any_case(at_once) -> None:
    assert at_once(most=4, budget=2.5 * GB) == 2
    assert at_once(most=4, budget=0.1 * GB) == 1


def test_what_reports_were_seen_to_take_counts_more_than_what_was_expected(at_once) -> None:
    at_once(most=4, budget=4 * GB, taken=3 * GB)
    assert Worker.last == 1
    assert at_once(most=2, budget=4 * GB, taken=1 * GB, need=4 * GB) == 2


def test_what_another_run_has_done_meanwhile_is_not_begun(at_once, monkeypatch) -> None:
    made = Pool(most=1, budget=GB, need=GB)
    done, other = Job(done=True), Job()
    ended = dict(made.answers([done, other], tick=lambda running: None))
    assert ended[done] is KEPT
    assert ended[other]["folder"] == "x"
    again = dict(made.answers([done], again=True, tick=lambda running: None))
    assert again[done]["folder"] == "x"


def test_a_process_that_dies_is_a_failure_with_its_last_words(monkeypatch, tmp_path: Path) -> None:
    script = "import sys; sys.stdin.readline(); print('out of luck', file=sys.stderr); sys.exit(9)"
    real = pool.subprocess.Popen
    monkeypatch.setattr(
        pool.subprocess, "Popen", lambda words, **kept: real([sys.executable, "-c", script], **kept)
    )
    made = Pool(most=1, budget=GB, need=GB)
    ended = list(made.answers([Job(), Job()], tick=lambda running: None))
    assert len(ended) == 2
    for _, answer in ended:
        assert answer["words"].startswith("its process ended with 9 (out of luck).")
        assert "fewer at once" in answer["words"]


def test_a_worker_whose_asker_is_gone_ends(monkeypatch) -> None:
    made = pool._Worker(Pool(most=1, budget=GB, need=GB)._environment())
    process = psutil.Process(made.process)
    assert made.ask('{"report": "monthly", "given": {"month": "2026-13", "demo": true}}\n') == {
        "error": "ArgumentError",
        "words": "`month` must be a month such as 2026-10; got '2026-13'.",
    }
    made.leave()
    made.end()
    assert not process.is_running()


def test_sizes_and_what_a_process_takes() -> None:
    assert memory.budget_of("2GB") == 2e9
    assert 0 < memory.budget_of(None) <= psutil.virtual_memory().total
    assert memory.taken_by(psutil.Process().pid) > 1e7
    assert memory.taken_by(2**30) == 0
