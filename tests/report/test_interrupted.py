"""A report that is cancelled with Ctrl-C: no half of it, and no temporary file, is left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from funnelkit.report.kernel import execute
from tests.report.stub_notebooks import notebook, texts

pytestmark = [
    pytest.mark.notebook,
    pytest.mark.skipif(os.name == "nt", reason="signals of Unix"),
]


def test_ctrl_c_in_the_midst_of_a_report(tmp_path, root):
    scratch, out = tmp_path / "scratch", tmp_path / "reports"
    scratch.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "funnelkit", "demo", "--out", str(out)],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,  # Ctrl-C in a terminal reaches a whole group
    )
    try:
        end = time.monotonic() + 120
        while not list(scratch.glob("fk-*/funnelkit-*")):  # the kernel reads its data
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        said, words = process.communicate(timeout=120)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert (said, process.returncode) == ("", 130)
    assert words.splitlines()[-1] == "funnelkit: interrupted; nothing was left half-written."
    assert list(scratch.iterdir()) == []
    assert list(out.rglob("*.*")) == []


def test_what_an_engine_spills_in_a_report_goes_with_the_kernel(tmp_path):
    source = (
        "from funnelkit.data import embedded\n"
        "engine = embedded.connect()\n"
        "print(engine.con.execute(\"SELECT current_setting('temp_directory')\").fetchall()[0][0])"
    )
    path = notebook(tmp_path / "in.ipynb", source)
    execute(path, tmp_path / "out.ipynb", {"month": "2018-05"})
    folder = Path(texts(tmp_path / "out.ipynb").strip())
    assert folder.name.startswith("funnelkit-")
    assert folder.parent.name.startswith("fk-")
    assert not folder.parent.exists()
