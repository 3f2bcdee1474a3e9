"""What is installed without the checkout: code, types, templates and notebooks."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.project.source import PACKAGE, ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_wheel_holds_the_whole_package(names: set[str]) -> None:
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert "funnelkit/py.typed" in wanted
    assert wanted <= names


def test_wheel_holds_the_notebooks(names: set[str]) -> None:
    notebooks = {f"funnelkit/notebooks/{path.name}" for path in ROOT.glob("notebooks/*.ipynb")}
    assert notebooks == {name for name in names if name.endswith(".ipynb")}


def test_wheel_holds_nothing_else(names: set[str]) -> None:
    assert {name.split("/")[0] for name in names} == {"funnelkit"}
    assert not [name for name in names if name.endswith((".pyc", "-checkpoint.ipynb"))]


def test_wheel_runs_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); "
        "import funnelkit; print(funnelkit.__file__); funnelkit.Funnel(['lead', 'won'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)
