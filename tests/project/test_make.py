"""tools/make.py: set-up on a machine that has Python and little else."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools import make


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of two files, and a script that takes it for its own."""
    (tmp_path / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    (tmp_path / "constraints.txt").write_text("a==1\n", encoding="utf-8")
    monkeypatch.setattr(make, "ROOT", tmp_path)
    monkeypatch.setattr(make, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(make, "STAMP", tmp_path / ".venv" / "stamp.txt")
    monkeypatch.setattr(make, "CONSTRAINTS", tmp_path / "constraints.txt")
    return tmp_path


@pytest.fixture
def commands(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What would be run; everything succeeds."""
    ran: list[list[str]] = []

    def record(*command: object) -> int:
        ran.append([str(part) for part in command])
        return 0

    monkeypatch.setattr(make, "run", record)
    return ran


@pytest.mark.parametrize("old", ["0x030A0000", "0x02070000"])
def test_an_old_python_gets_one_line(root: Path, old: str) -> None:
    code = f"import runpy, sys; sys.hexversion = {old}; runpy.run_path('tools/make.py')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("funnelkit needs Python 3.11 or later; this is ")
    assert done.stderr.count("\n") == 1


def test_commands_are_where_each_system_keeps_them() -> None:
    assert make.tool("python", windows=True) == make.VENV / "Scripts" / "python.exe"
    assert make.tool("funnelkit", windows=False) == make.VENV / "bin" / "funnelkit"


def test_stamp_follows_dependencies_pins_python_and_place(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamps = [make.stamp("3.11.2"), make.stamp("3.12.0")]
    for name in ("constraints.txt", "pyproject.toml"):
        with (elsewhere / name).open("a", encoding="utf-8") as file:
            file.write("b==2\n")
        stamps.append(make.stamp("3.11.2"))
    moved = elsewhere / "moved"
    moved.mkdir()
    (elsewhere / "pyproject.toml").rename(moved / "pyproject.toml")
    monkeypatch.setattr(make, "ROOT", moved)
    stamps.append(make.stamp("3.11.2"))
    assert len(set(stamps)) == len(stamps)


def test_a_current_environment_is_left_alone(
    elsewhere: Path, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "environment_python", lambda: "3.11.2")
    make.VENV.mkdir()
    make.STAMP.write_text(make.stamp("3.11.2"), encoding="utf-8")
    assert make.setup() == 0
    assert commands == []


def test_a_stale_environment_is_brought_up_to_date_in_place(
    elsewhere: Path, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "environment_python", lambda: "3.11.2")
    monkeypatch.setattr(make.shutil, "which", lambda name: f"/opt/{name}")
    make.VENV.mkdir()
    make.STAMP.write_text("of another time", encoding="utf-8")
    make.setup()
    [command] = commands
    assert command[1:3] == ["pip", "install"]
    assert "--compile-bytecode" in command
    assert command[-4:] == ["--constraint", str(make.CONSTRAINTS), "--editable", ".[dev]"]
    assert make.is_current()


def test_an_environment_that_does_not_run_is_made_anew(
    elsewhere: Path, commands: list[list[str]]
) -> None:
    make.VENV.mkdir()
    (make.VENV / "rest").touch()
    assert make.environment_python() is None
    make.create()
    assert commands == [[sys.executable, "-m", "venv", str(make.VENV)]]
    assert not make.VENV.exists()


def test_an_interrupted_set_up_is_not_taken_for_done(
    elsewhere: Path, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(make, "environment_python", lambda: "3.11.2")
    monkeypatch.setattr(make, "install", interrupted)
    make.VENV.mkdir()
    make.STAMP.write_text("of another time", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        make.setup()
    assert not make.is_current()


def test_uv_makes_the_environment_where_python_cannot(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[object, ...]] = []
    monkeypatch.setattr(make, "run", lambda *c: ran.append(c) or int("-m" in c))
    monkeypatch.setattr(make.shutil, "which", lambda name: f"/opt/{name}")
    make.create()
    assert ran[1][:2] == ("/opt/uv", "venv")


def test_python_without_venv_or_uv_gets_one_line(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "run", lambda *_: 1)
    monkeypatch.setattr(make.shutil, "which", lambda _: None)
    with pytest.raises(SystemExit, match="python3-venv"):
        make.create()


def test_pip_installs_where_uv_cannot_be_had(
    elsewhere: Path, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make.shutil, "which", lambda _: None)
    make.install()
    wanted, installed = commands
    assert wanted[-1] == "uv"
    assert installed[:4] == [str(make.tool("python")), "-m", "pip", "install"]
    assert installed[-2:] == ["--editable", ".[dev]"]


def test_pip_installs_where_uv_fails(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[object, ...]] = []
    monkeypatch.setattr(make, "run", lambda *c: ran.append(c) or int(c[0] == Path("/opt/uv")))
    monkeypatch.setattr(make.shutil, "which", lambda name: f"/opt/{name}")
    make.install()
    assert ran[-1][:4] == (make.tool("python"), "-m", "pip", "install")


def test_nothing_installed_is_said_in_one_line(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "run", lambda *_: 1)
    monkeypatch.setattr(make.shutil, "which", lambda _: None)
    with pytest.raises(SystemExit, match="could not be installed"):
        make.install()


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["report"], ["report", "monthly", "--demo"]),
        (["report", "--month", "2026-10"], ["report", "monthly", "--month", "2026-10"]),
        (["test", "-k", "triangle"], ["-k", "triangle"]),
        (["lab", "--no-browser"], [*make.LAB, "--no-browser"]),
    ],
)
def test_arguments_reach_the_command(
    commands: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    command: list[str],
) -> None:
    monkeypatch.setattr(make, "setup", lambda: 0)
    assert make.main(arguments) == 0
    assert commands[-1][-len(command) :] == command


def test_check_runs_all_and_fails_if_one_does(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[object, ...]] = []
    monkeypatch.setattr(make, "run", lambda *c: ran.append(c) or int("format" in c))
    assert make.check() == 1
    assert len(ran) == 4


def test_clean_keeps_reports_and_sets_nothing_up(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (".venv/bin", ".mypy_cache", "funnelkit/__pycache__", "reports/2026-10"):
        (elsewhere / name).mkdir(parents=True)
    monkeypatch.setattr(make, "install", lambda: pytest.fail("set up"))
    assert make.main(["clean"]) == 0
    left = {path.relative_to(elsewhere).as_posix() for path in elsewhere.rglob("*")}
    assert left == {
        "constraints.txt", "funnelkit", "pyproject.toml", "reports", "reports/2026-10"
    }  # fmt: skip


def test_the_documentation_s_tools_are_installed_where_they_lack(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[object, ...]] = []
    monkeypatch.setattr(make, "find_uv", lambda: None)
    monkeypatch.setattr(make, "run", lambda *c: ran.append(c) or int("find_spec" in c[2]))
    assert make.docs("-D", "nb_execution_mode=off") == 0
    _, installed, built = ran
    assert installed[-1] == ".[docs]"
    assert built[1:3] == ("-m", "sphinx")
    assert built[-4:] == ("-D", "nb_execution_mode=off", "docs", make.DOCS)
