"""A notebook in a kernel of this interpreter, wherever it is started from."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from funnelkit import FunnelError
from funnelkit.report.kernel import CellError, execute
from tests.report.stub_notebooks import notebook, texts

pytestmark = pytest.mark.notebook


def test_it_runs_here_in_this_interpreter_with_the_values_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    awkward = tmp_path / "a {month} folder's é"
    awkward.mkdir()
    monkeypatch.chdir(awkward)
    monkeypatch.setenv("MPLBACKEND", "no such backend")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    source = (
        "import json, os, sys, funnelkit\n"
        "print(json.dumps([sys.executable, os.getcwd(), month, data, demo, segment,"
        " funnelkit.__file__, sys.flags.utf8_mode]))"
    )
    executed = awkward / "executed {demo}.ipynb"
    hostile = "a\"b'c\\d\n{e}\t=1+1 é\u2028"
    given = {"month": "2018-05", "data": ["a.csv", hostile], "demo": True, "segment": None}
    execute(notebook(awkward / "in {x}.ipynb", source), executed, given)
    import funnelkit

    assert json.loads(texts(executed)) == [
        sys.executable,
        str(awkward),
        "2018-05",
        ["a.csv", hostile],
        True,
        None,
        funnelkit.__file__,
        1,
    ]
    assert sorted(one.name for one in awkward.iterdir()) == [
        "executed {demo}.ipynb",
        "in {x}.ipynb",
    ]


@pytest.mark.parametrize(("told", "expected"), [(None, "1"), ("3", "3")])
def test_linear_algebra_takes_one_thread_unless_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str | None, expected: str
) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    if told:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", told)
    source = 'import os\nprint(os.environ["OPENBLAS_NUM_THREADS"])'
    executed = tmp_path / "executed.ipynb"
    execute(notebook(tmp_path / "in.ipynb", source), executed, {})
    assert texts(executed).strip() == expected


def test_a_cell_that_fails_is_named_and_kept(tmp_path: Path) -> None:
    source = notebook(tmp_path / "in.ipynb", "print('before')", "1 / 0", "print('after')")
    with pytest.raises(CellError) as caught:
        execute(source, tmp_path / "out.ipynb", {"month": "2018-05"})
    error = caught.value
    assert (error.number, error.kind, error.message) == (4, "ZeroDivisionError", "division by zero")
    assert texts(tmp_path / "out.ipynb") == "before\n"


def test_a_kernel_that_dies_is_one_sentence(tmp_path: Path) -> None:
    source = notebook(tmp_path / "in.ipynb", "import os; os._exit(9)")
    with pytest.raises(FunnelError, match=r"the notebook's kernel died.*memory"):
        execute(source, tmp_path / "out.ipynb", {})


def test_papermill_is_spared_the_grammar() -> None:
    code = (
        "import sys, funnelkit.report.kernel as kernel\n"
        "kernel._papermill()\n"
        "assert 'papermill' in sys.modules\n"
        "assert not {'lark', 'rfc3987_syntax'} & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


@pytest.mark.skipif(os.name == "nt", reason="processes are looked up in the POSIX way")
def test_the_kernel_does_not_outlive_a_killed_run(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    source = f"import os, pathlib, time\npathlib.Path({str(pid)!r}).write_text(str(os.getpid()))\n"
    path = notebook(tmp_path / "in.ipynb", source + "time.sleep(60)")
    code = (
        "import pathlib, sys\nfrom funnelkit.report.kernel import execute\n"
        "execute(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), {})"
    )
    run = subprocess.Popen([sys.executable, "-c", code, path, tmp_path / "out.ipynb"])
    until(lambda: pid.is_file() and pid.read_text(encoding="utf-8"))
    run.kill()
    run.wait()
    kernel = int(pid.read_text(encoding="utf-8"))
    until(lambda: not alive(kernel))


def until(condition) -> None:
    for _ in range(300):
        if condition():
            return
        time.sleep(0.1)
    pytest.fail("waited half a minute")


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")  # an ended child that nobody has asked after
    return not (status.is_file() and ") Z " in status.read_text(encoding="utf-8"))
