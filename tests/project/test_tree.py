"""What is in the repository can be checked out, read and trusted on every system."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.project.source import PACKAGE, ROOT

RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
}
FORBIDDEN = re.compile(r'[<>:"\\|?*\x00-\x1f]|[ .]$')
LOCKS = {"uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "package-lock.json", "yarn.lock"}
HOMES = re.compile(r"(?<![\w.])/(?:home|root|Users)/\w|[A-Z]:\\Users\\|(?<![\w.])/(?:tmp|work)/\w")
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc"}


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """The files that git keeps, or would keep."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            encoding="utf-8",
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).exists()]


def texts(tracked: list[Path]) -> dict[str, str]:
    found = {}
    for path in tracked:
        raw = path.read_bytes()
        if b"\0" not in raw:
            found[path.relative_to(ROOT).as_posix()] = raw.decode("utf-8")
    return found


def test_names_are_legal_on_windows(tracked: list[Path]) -> None:
    for path in tracked:
        for part in path.relative_to(ROOT).parts:
            assert not FORBIDDEN.search(part), path
            assert part.split(".")[0].lower() not in RESERVED, path
        assert len(path.relative_to(ROOT).as_posix()) < 150, path


def test_names_differ_by_more_than_case(tracked: list[Path]) -> None:
    lower = [str(path).lower() for path in tracked]
    assert len(lower) == len(set(lower))


def test_there_are_no_symlinks(tracked: list[Path]) -> None:
    assert [path for path in tracked if path.is_symlink()] == []


def test_there_are_no_lock_files(tracked: list[Path]) -> None:
    assert [path for path in tracked if path.name in LOCKS] == []


def test_text_is_utf_8_with_plain_line_ends(tracked: list[Path]) -> None:
    assert [
        name for name, text in texts(tracked).items() if "\r" in text and ".csv" not in name
    ] == []


def test_no_file_names_a_place_on_one_machine(tracked: list[Path]) -> None:
    own = Path(__file__).relative_to(ROOT).as_posix()
    found = {name for name, text in texts(tracked).items() if HOMES.search(text)}
    assert found - {own} == set()


def test_notebooks_are_kept_without_outputs(tracked: list[Path]) -> None:
    for path in tracked:
        if path.suffix == ".ipynb" and path.is_relative_to(ROOT / "notebooks"):
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            code = [cell for cell in cells if cell["cell_type"] == "code"]
            assert not [c for c in code if c["outputs"] or c["execution_count"]], path.name


def test_modules_have_names_that_say_something() -> None:
    assert [path for path in PACKAGE.rglob("*") if path.stem in VAGUE] == []


def test_modules_stay_readable() -> None:
    sizes = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in PACKAGE.rglob("*.py")
    }
    assert {name: size for name, size in sizes.items() if size > 450} == {}
