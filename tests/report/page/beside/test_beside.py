"""Parts of a page: a process beside it makes what the page would."""

import gc
import os
import subprocess
from pathlib import Path

import pandas as pd
import psutil
import pytest

import funnelkit as fk
from funnelkit._core.cores import CORES, MEMORY_LIMIT
from funnelkit.data.simulate import simulate_frame
from funnelkit.report.batch import memory
from funnelkit.report.config import load_config
from funnelkit.report.page.beside import asking, process
from funnelkit.report.page.beside.asking import EVES, Elsewhere, asked_elsewhere
from funnelkit.report.page.beside.foretelling import foretold

CONFIG = """
stages: [lead, mql, sql, opportunity, won]
exits: [lost, disqualified]
id: lead_id
columns: {lead: created_at, mql: mql_at, sql: sql_at, opportunity: opportunity_at, won: won_at,
          lost: lost_at, disqualified: disqualified_at}
segments: [source, region]
as_of: 2026-06-30
data: leads.csv
"""
TOLD = {"month": "2026-06", "start": None, "segment": "region", "confidence_level": 0.95}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    made = simulate_frame(2500, rng=11, start="2025-01-01", months=18)
    made.to_csv(folder)
    (folder / "funnel.yml").write_text(CONFIG, encoding="utf-8")
    return folder / "funnel.yml"


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CORES, "2")
    monkeypatch.delenv(MEMORY_LIMIT, raising=False)


def nowhere() -> None:
    pytest.fail("the other process did not make it")


def test_the_process_makes_what_the_page_would(config: Path) -> None:
    beside = asked_elsewhere(config=config, **TOLD)
    assert beside is not None
    leads = load_config(config).read()
    months = pd.period_range(end="2026-06", periods=EVES, freq="M")
    own = {str(month): foretold(leads, month, confidence_level=0.95) for month in months}
    assert beside.part("eves", nowhere) == own
    assert all(one is not None and one.low < one.value < one.high for one in own.values())
    # parts that came before it are kept, in whatever order they are asked for
    found, alerts = beside.part("today", nowhere)
    assert found == fk.audit(leads).findings
    by_region = fk.monitor.alerts(leads, by="region")
    assert alerts.watched == by_region.watched > 0
    pd.testing.assert_frame_equal(alerts.to_frame(), by_region.to_frame())


def test_what_warns_is_made_where_it_is_heard(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "beside.py"
    script.write_text(
        "import warnings\n"
        "from funnelkit._core.errors import FunnelWarning\n"
        "from funnelkit.report.page.beside import __main__ as process, parts\n"
        "def warned(world):\n"
        "    warnings.warn('look here', FunnelWarning)\n"
        "    return 1\n"
        "parts.PARTS.clear()\n"
        "parts.PARTS.update(today=warned, more=lambda world: 2, eves=lambda world: 1 / 0)\n"
        "process.main()\n",
        encoding="utf-8",
    )
    start = subprocess.Popen
    monkeypatch.setattr(
        process.subprocess, "Popen", lambda words, **told: start([words[0], str(script)], **told)
    )
    beside = asked_elsewhere(config=config, **TOLD)
    assert beside is not None
    assert beside.part("today", lambda: "here") == "here"
    assert beside.part("more", nowhere) == 2
    assert beside.part("eves", lambda: "here too") == "here too"


@pytest.mark.parametrize("own", [{}, {"start": "mql", "segment": "region"}], ids=str)
def test_pages_are_the_same_with_one_core(
    config: Path, monkeypatch: pytest.MonkeyPatch, own: dict[str, str]
) -> None:
    asked = []
    started = Elsewhere.__init__
    monkeypatch.setattr(
        Elsewhere, "__init__", lambda self, told: (asked.append(told), started(self, told))[1]
    )
    with_two = fk.report.monthly(month="2026-06", config=config, **own).to_html()
    assert [one["month"] for one in asked] == ["2026-06"]
    monkeypatch.setenv(CORES, "1")
    assert fk.report.monthly(month="2026-06", config=config, **own).to_html() == with_two
    assert len(asked) == 1


def test_a_process_that_fails_answers_nothing(tmp_path: Path) -> None:
    source = {"config": str(tmp_path / "gone.yml"), "data": None, "join": None, "only": None}
    beside = Elsewhere({"source": source, **TOLD})
    assert beside.part("today", lambda: ()) == ()
    assert beside.part("eves", dict) == {}


def test_a_month_of_which_too_little_is_known_is_none(config: Path) -> None:
    beside = asked_elsewhere(config=config, **TOLD | {"month": "2025-02"})
    assert beside is not None
    assert beside.part("eves", nowhere)["2025-01"] is None


def test_a_process_ends_with_the_page_that_asked(config: Path) -> None:
    beside = asked_elsewhere(config=config, **TOLD)
    assert beside is not None
    other = psutil.Process(beside._process.pid)
    del beside
    gc.collect()
    assert not other.is_running()


def test_a_process_may_start_ahead_of_its_question(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = followed(monkeypatch)
    process.ready()
    process.ready()
    beside = asked_elsewhere(config=config, **TOLD)
    assert beside is not None
    assert len(made) == 1
    assert beside.part("eves", nowhere)["2026-06"] is not None
    # one that started in another folder, or with other settings, is not asked but ended
    for change in (lambda: monkeypatch.chdir(tmp_path), lambda: monkeypatch.setenv(CORES, "3")):
        process.ready()
        waiting = made[-1]
        change()
        assert asked_elsewhere(config=config, **TOLD) is not None
        assert waiting.returncode is not None
    process.ready()
    waiting = made[-1]
    assert asked_elsewhere(config=None, **TOLD) is None
    assert waiting.returncode is not None
    with monkeypatch.context() as wrong:  # a page says so, and nothing before it
        wrong.setenv(CORES, "many")
        process.ready()
    monkeypatch.setenv(CORES, "1")
    before = len(made)
    process.ready()
    assert len(made) == before


def test_a_process_that_is_never_asked_ends_by_itself() -> None:
    process.ready()
    waiting = process.started()
    waiting.question.close()
    assert waiting.answers.read() == b""
    assert waiting.own is not None
    assert waiting.own.wait(60) == 0
    waiting.end()


@pytest.mark.skipif(os.name == "nt", reason="there the kernel starts the process")
def test_a_process_is_handed_over_to_a_kernel(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = followed(monkeypatch)
    with process.handed_over(os.environ) as told:
        copies = [os.dup(one) for one in told["pass_fds"]]  # as the kernel has them
        number, *_ = told["env"][process._HANDED].split()
        monkeypatch.setenv(process._HANDED, " ".join([number, *map(str, copies)]))
        process.ready()
        assert process._HANDED not in os.environ
        beside = asked_elsewhere(config=config, **TOLD)
        assert beside is not None
        assert beside.part("eves", nowhere)["2026-06"] is not None
        assert len(made) == 1
        del beside
        gc.collect()
    assert made[0].returncode is not None
    monkeypatch.setenv(CORES, "1")
    with process.handed_over({"A": "b"}) as told:
        assert told == {"env": {"A": "b"}}
    monkeypatch.setenv(CORES, "many")
    with process.handed_over({}) as told:
        assert told == {"env": {}}


def followed(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Return the list of processes that are started from now on."""
    start, made = subprocess.Popen, []
    monkeypatch.setattr(
        process.subprocess, "Popen", lambda *a, **k: (made.append(start(*a, **k)), made[-1])[1]
    )
    return made


def test_nobody_is_asked_where_it_would_not_help(
    config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert asked_elsewhere(config=None, **TOLD) is None
    assert asked_elsewhere(config=tmp_path / "gone.yml", **TOLD) is None
    assert asked_elsewhere(config=config, data=str(tmp_path / "gone.csv"), **TOLD) is None
    with monkeypatch.context() as one:
        one.setenv(CORES, "1")
        assert asked_elsewhere(config=config, **TOLD) is None
    with monkeypatch.context() as limited:
        limited.setenv(MEMORY_LIMIT, "2GB")
        assert asked_elsewhere(config=config, **TOLD) is None
    with monkeypatch.context() as little:
        little.setattr(memory, "budget_of", lambda given: 1.5 * memory.NEED)
        assert asked_elsewhere(config=config, **TOLD) is None
    warehouse = CONFIG.replace("data: leads.csv", "data: {url: duckdb, table: leads}")
    (tmp_path / "funnel.yml").write_text(warehouse, encoding="utf-8")
    assert asked_elsewhere(config=tmp_path / "funnel.yml", **TOLD) is None


def test_pages_of_another_target_ask_nobody(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "Elsewhere", lambda told: pytest.fail("somebody was asked"))
    fk.report.monthly(month="2026-06", config=config, target="mql")
    fk.report.monthly(leads=fk.make_leads(n=200, rng=1))
