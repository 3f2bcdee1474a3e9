"""Large inputs: Ctrl-C at once and nothing left, a memory limit that spills, a quiet stdout."""

import gc
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, CapacityError
from funnelkit.data import embedded

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and terminals of Unix")

MANY, FEW = 12_000_000, 300_000  # queries of half a second each, and shorter ones
FUNNEL = """
title: Large
stages: [lead, won]
id: id
segments: [source]
as_of: 2026-12-31
data:
  files: leads.csv
"""
# Says when a query has run for a while; by then it is in the midst of its work.
WATCHED = """
import sys, threading, time
from funnelkit.data import embedded
bar = embedded._Bar
def draw(self):
    if not getattr(self, "told", False) and time.perf_counter() - self._started > 0.2:
        self.told = True
        print("busy", file=sys.__stderr__, flush=True)
embedded._Bar.draw = draw
"""
READ = """
import funnelkit as fk
try:
    fk.read_csv("leads.csv", fk.Funnel(["lead", "won"], segments=["source"]), as_of="2026-12-31")
except KeyboardInterrupt:
    print("as in a notebook", flush=True)
    raise
"""
QUICK = """
import sys
from funnelkit.data import embedded
embedded._PATIENCE, embedded._TICK = 0.0, 0.01
"""
COMMAND = "from funnelkit.cli import main; sys.exit(main(['audit', *sys.argv[1:]]))"


def written(where, rows):
    """Write a large export, and a funnel.yml beside it."""
    duckdb.connect().execute(
        f"""
        COPY (
            SELECT 'r' || range AS id, DATE '2026-01-01' + (range % 300)::INT AS lead,
                CASE WHEN range % 7 = 0 THEN DATE '2026-11-01' + (range % 50)::INT END AS won,
                'source ' || range % 50 AS source
            FROM range({rows})
        ) TO '{where / "leads.csv"}' (HEADER)
        """
    )
    (where / "funnel.yml").write_text(FUNNEL, encoding="utf-8")
    return where


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return written(tmp_path_factory.mktemp("many"), MANY)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    return written(tmp_path_factory.mktemp("few"), FEW)


@pytest.fixture
def started(tmp_path, root):
    """Start Python code in a folder; its temporary files go to a folder of their own."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    processes = []

    def start(folder, code, *words, stderr=subprocess.PIPE, **environment):
        told = {**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": str(root), **environment}
        process = subprocess.Popen(
            [sys.executable, "-c", code, *words],
            cwd=folder,
            env=told,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            encoding="utf-8",
        )
        processes.append(process)
        return process, scratch

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


def interrupted(process, number=signal.SIGINT):
    """Send a signal in the midst of a query; return what was said, and how it ended."""
    said = ""
    while "busy" not in said:
        line = process.stderr.readline()
        assert line, f"ended before it was interrupted: {said}"
        said += line
    process.send_signal(number)
    out, rest = process.communicate(timeout=120)
    return out, rest, process.returncode


def test_ctrl_c_reaches_a_notebook_as_itself(started, folder):
    before = sorted(folder.iterdir())
    process, scratch = started(folder, WATCHED + READ)
    out, said, code = interrupted(process)
    assert out == "as in a notebook\n"
    assert said.splitlines()[-1] == "KeyboardInterrupt"
    assert code == -signal.SIGINT  # 130 in a shell
    assert list(scratch.iterdir()) == []
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_is_cancelled_with_130(started, folder, number):
    before = sorted(folder.iterdir())
    process, scratch = started(folder, WATCHED + COMMAND)
    out, said, code = interrupted(process, number)
    assert (out, code) == ("", 130)
    assert said.splitlines()[-1] == "funnelkit: interrupted; nothing was left half-written."
    assert "Traceback" not in said
    assert list(scratch.iterdir()) == []
    assert sorted(folder.iterdir()) == before


def test_json_alone_on_stdout_and_a_bar_on_a_terminal(started, few):
    """The bar goes to stderr where that is a terminal; stdout is for the answer."""
    ours, theirs = pty.openpty()
    process, scratch = started(few, QUICK + COMMAND, "--json", stderr=theirs, TERM="xterm")
    os.close(theirs)
    shown, out = _drained(ours, process)
    assert json.loads(out)["findings"]
    assert "funnelkit: reading and counting" in shown
    assert "%" in shown
    assert shown.rstrip("\r\n").endswith("\r" + " " * 79)  # taken away at the end
    assert list(scratch.iterdir()) == []


def test_no_bar_without_a_terminal(started, few):
    process, _ = started(few, QUICK + COMMAND, "--json")
    out, said = process.communicate(timeout=300)
    assert json.loads(out)["findings"]
    assert said == ""


def test_a_memory_limit_spills_and_leaves_nothing(started, few):
    code = """
import os, pathlib, funnelkit as fk
leads = fk.make_leads(n=5000, rng=1)
# Far more than the limit, and still there to be counted.
leads.engine.raw_sql("CREATE TEMP TABLE large AS SELECT md5(CAST(range AS VARCHAR)) AS text,"
                     " hash(range) AS number FROM range(5000000)")
spilled = sum(file.stat().st_size for file in pathlib.Path(os.environ["TMPDIR"]).rglob("*.*"))
print(fk.triangle(leads, "lead", "won").n, spilled > 50_000_000)
"""
    process, scratch = started(few, code, FUNNELKIT_MEMORY_LIMIT="150MB")
    out, said = process.communicate(timeout=600)
    assert said == ""
    assert out == f"{fk.triangle(fk.make_leads(n=5000, rng=1), 'lead', 'won').n} True\n"
    assert list(scratch.iterdir()) == []


def test_a_limit_that_does_not_suffice_is_one_sentence(monkeypatch):
    monkeypatch.setenv("FUNNELKIT_MEMORY_LIMIT", "100MB")
    engine = embedded.connect()
    engine.con.execute("SET max_temp_directory_size = '1MB'")
    with pytest.raises(CapacityError, match="memory does not suffice: the engine may") as no:
        engine.raw_sql("CREATE TABLE large AS SELECT range, hash(range) AS h FROM range(50000000)")
    assert "FUNNELKIT_MEMORY_LIMIT" in str(no.value)
    assert "\n" not in str(no.value)


@pytest.mark.parametrize("given", ["4", "a lot", "-1GB", "4GB; DROP TABLE x", "4 GB'--", "80%"])
def test_a_limit_that_is_no_size(monkeypatch, given):
    monkeypatch.setenv("FUNNELKIT_MEMORY_LIMIT", given)
    with pytest.raises(ArgumentError, match="must be a size such as 4GB or 500MB; got"):
        embedded.connect()


@pytest.mark.parametrize(
    ("given", "shown"), [("2GiB", "2.0 GiB"), ("1.5 GB", "1.3 GiB"), ("512mib", "512.0 MiB")]
)
def test_a_limit_is_set(monkeypatch, given, shown):
    monkeypatch.setenv("FUNNELKIT_MEMORY_LIMIT", given)
    engine = embedded.connect()
    [(limit,)] = engine.con.execute("SELECT current_setting('memory_limit')").fetchall()
    assert limit == shown


def test_an_engine_that_goes_takes_its_folder_with_it():
    frame = fk.make_leads(n=50, rng=1)
    [(folder,)] = frame.engine.con.execute("SELECT current_setting('temp_directory')").fetchall()
    assert Path(folder).stat().st_mode & 0o077 == 0  # nobody else may look
    del frame
    gc.collect()
    assert not Path(folder).exists()


def test_queries_in_other_threads_run_where_they_are(monkeypatch):
    from concurrent.futures import ThreadPoolExecutor

    engine = embedded.connect()
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: engine.raw_sql("SELECT 7").fetchall()).result() == [(7,)]


def _drained(terminal, process):
    """Return what a process wrote to a terminal, and to its stdout."""
    shown, out = b"", ""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], 0.1)
        try:
            shown += os.read(terminal, 65536) if ready else b""
        except OSError:  # closed at the other end
            break
        if process.poll() is not None and not ready:
            break
    out = process.communicate(timeout=60)[0]
    os.close(terminal)
    return shown.decode(), out
