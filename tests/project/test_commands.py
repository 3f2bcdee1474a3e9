"""The commands that people are told exist, and are the same with and without make."""

import re

import pytest

from tests.project.source import ROOT
from tools.make import ACTIONS

README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z]+):.*##", MAKEFILE, re.MULTILINE)) - {"help"}
# A command stands in code quotes, or alone on the line of a code block.
WITH_MAKE = re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE)
WITHOUT_MAKE = re.findall(r"(?:^|`)python tools/make\.py ([a-z]+)", README, re.MULTILINE)


def test_make_and_the_script_have_the_same_actions() -> None:
    assert set(ACTIONS) == TARGETS


@pytest.mark.parametrize("action", ["report", "test", "lab", "bench", "check", "docs"])
def test_readme_states_each_command_with_and_without_make(action: str) -> None:
    assert action in WITH_MAKE
    assert action in WITHOUT_MAKE


def test_readme_names_no_command_that_is_not_there() -> None:
    assert {*WITH_MAKE, *WITHOUT_MAKE} <= TARGETS


def test_ci_calls_the_test_command_of_the_readme() -> None:
    assert "make test" in README
    assert re.search(r"\bmake test$", CI, re.MULTILINE)


def test_paths_that_the_readme_names_are_there() -> None:
    named = re.findall(
        r"`([\w./-]+\.(?:py|toml|txt|yml|md)|\.ci/run|funnelkit/|notebooks/)`", README
    )
    assert "pyproject.toml" in named
    own = {"funnel.yml", "assumptions.yml", "plan.yml"}  # written by the reader, or by a run
    assert [path for path in named if path not in own and not (ROOT / path).exists()] == []


def test_rooms_that_the_readme_names_are_there() -> None:
    table = README.split("| room | holds |")[1].split("\n\n")[0]
    rooms = re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in table.splitlines()[2:]))
    assert "_core" in rooms
    missing = [
        room
        for room in rooms
        if not (ROOT / "funnelkit" / room).is_dir()
        and not (ROOT / f"funnelkit/{room}.py").is_file()
    ]
    assert missing == []
