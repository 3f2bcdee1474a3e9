"""The package imports one way, and each outside library stays in its room."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.source import libraries, modules

LINT = "from importlinter.cli import lint_imports_command as lint; lint()"

# The expression over leads: what is asked, and what accounts add. Results know no engine.
EXPRESSIONS = (
    "build",
    "asking",
    "looking",
    "accounts",
    "opened",
    "pipeline",
    "followed",
    "daily",
    "within",
    "arm_sums",
    "came_since",
)
ENGINES = {"data", *(f"counts.{name}" for name in EXPRESSIONS)}
# Library -> where it may be imported. A name without a dot is a room, and all that is in it.
HOMES = {
    "duckdb": ENGINES,
    "ibis": ENGINES,
    "pyarrow": ENGINES,
    "sqlglot": ENGINES,
    "ipywidgets": {"exploring"},
    "matplotlib": {"plot", "report.delivery.drawing"},  # the page's own drawings, as PNG
    "nbclient": {"report"},
    "nbconvert": {"report"},
    "nbformat": {"report"},
    "papermill": {"report"},
    "xlsxwriter": {"report"},
}
CORE = {"numpy", "pandas", "scipy"}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_rooms_import_only_what_stands_before_them(root: Path) -> None:
    result = lint(root)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture
def skeleton(root: Path, tmp_path: Path) -> Path:
    """An empty package with the rooms that are not optional, under the project's contract."""
    shutil.copy(root / "pyproject.toml", tmp_path)
    rooms = ("_core", "data", "counts", "lag", "rates", "plot", "table", "report", "cli")
    for room in (".", *rooms):
        folder = tmp_path / "funnelkit" / room
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").touch()
    return tmp_path


def test_contract_passes_an_empty_package(skeleton: Path) -> None:
    result = lint(skeleton)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("room", "code"),
    [
        ("_core", "from funnelkit.cli import main"),
        ("lag", "from funnelkit import rates"),
        ("plot", "import funnelkit.table"),
        ("counts", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import funnelkit.lag"),
    ],
)
def test_contract_refuses_an_import_against_the_flow(skeleton: Path, room: str, code: str) -> None:
    (skeleton / "funnelkit" / room / "__init__.py").write_text(code, encoding="utf-8")
    assert lint(skeleton).returncode == 1


def test_contract_refuses_a_room_it_does_not_know(skeleton: Path) -> None:
    (skeleton / "funnelkit" / "misc.py").touch()
    assert lint(skeleton).returncode == 1


@pytest.mark.parametrize(("name", "path"), modules().items(), ids=list(modules()))
def test_libraries_stay_in_their_rooms(name: str, path: Path) -> None:
    used = libraries(path)
    room = name.split(".", maxsplit=1)[0]
    strays = {lib for lib in used if lib in HOMES and not {name, room} & HOMES[lib]}
    assert not strays, f"{path.name} imports {sorted(strays)}"
    if room == "_core":
        assert used <= CORE
