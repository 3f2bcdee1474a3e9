"""Code in the pages: it runs as a doctest, or is parsed by what would run it."""

import ast
import inspect
import re
import shlex
import textwrap
from pathlib import Path

import pytest
import yaml

import funnelkit as fk
from funnelkit import cli
from tests.docs.pages import PAGES, blocks, name, prose, spans

LANGUAGES = {"python", "py", "sh", "yaml", "text"}
EVERY = pytest.mark.parametrize("page", PAGES, ids=name)
ROOMS = re.compile(r"call, in `fk\.(\w+)`")
BASE = {"stages": ["lead", "mql", "sql", "opportunity", "won"], "exits": ["lost"], "id": "lead_id",
        "segments": ["source", "region"], "value": "amount", "account": "account_id",
        "data": {"files": "leads.csv"}}  # fmt: skip

FILES = {"playbook.yml": "checks:\n  wins_fell: Ask why.\n"}  # what may not be empty


def of(page: Path, language: str) -> list[str]:
    return [textwrap.dedent(body) for words, body in blocks(page) if words == language]


@EVERY
def test_blocks_say_what_they_are(page: Path) -> None:
    strange = [words for words, _ in blocks(page) if words not in LANGUAGES and words[:1] != "{"]
    assert strange == []


@EVERY
def test_python_runs_as_a_doctest_or_is_marked_as_not_run(page: Path) -> None:
    for body in of(page, "python"):
        assert ">>> " in body
        assert body.rstrip(" ").endswith("\n")
    for body in of(page, "py"):  # needs what is not here, such as a warehouse
        ast.parse(body)


@EVERY
def test_a_funnel_yml_is_accepted(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_PASSWORD", "secret")
    for body in of(page, "yaml"):
        said = yaml.safe_load(body)
        whole = said if "stages" in said else BASE | said
        for path in set(re.findall(r"[\w-]+\.(?:csv|yml)", body)) | {"leads.csv"}:
            (tmp_path / path).write_text(FILES.get(path, ""), encoding="utf-8")
        for folder in ("exports", "reports"):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / "leads.csv").touch()
        text = body if "stages" in said else yaml.safe_dump(whole, sort_keys=False)
        (tmp_path / "funnel.yml").write_text(text, encoding="utf-8")
        fk.report.load_config(tmp_path / "funnel.yml")


def commands(page: Path) -> list[str]:
    """The funnelkit commands that a page tells to type, whole."""
    lines = [line for body in of(page, "sh") for line in body.splitlines()]
    typed = [
        line.split("#")[0].removeprefix(".venv/bin/").strip() for line in [*lines, *spans(page)]
    ]
    return [line for line in typed if re.match(r"funnelkit [a-z]+ ?(?!.*(?:…|[A-Z]{4}|\|))", line)]


@EVERY
def test_commands_are_those_of_the_command_line(page: Path) -> None:
    for line in commands(page):
        words = shlex.split(line)[1:]
        if len(words) == 1 and words[0] in {"init", "try", "report"}:  # named, not typed
            words.append("--help")
        assert exit_code(words) == 0, line


def exit_code(words: list[str]) -> object:
    """2 where the command line does not take the words, and 0 where it does; nothing is run."""
    try:
        cli.parse(words)
    except SystemExit as stop:
        return stop.code or 0
    return 0


def test_a_command_that_is_not_there_is_seen() -> None:
    assert exit_code(["reprot", "monthly"]) == 2
    assert exit_code(["report", "monthly", "--moth", "2026-10"]) == 2


def resolved(dotted: str) -> bool:
    found: object = fk
    for part in dotted.split("."):
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return True


@EVERY
def test_every_name_of_the_package_is_there(page: Path) -> None:
    named = {found for span in spans(page) for found in re.findall(r"\bfk\.([\w.]*\w)", span)}
    assert [dotted for dotted in named if not resolved(dotted)] == []


@EVERY
def test_tables_of_calls_name_calls(page: Path) -> None:
    for part in prose(page).split("\n\n"):
        room = ROOMS.search(part)
        if room is None:
            continue
        inside = getattr(fk, room[1])
        rows = part.split("|---|")[-1].splitlines()[1:]
        cells = [row.split("|")[2] for row in rows if row.count("|") >= 3]
        named = [found for cell in cells for found in re.findall(r"`(\w+)(?:\([^`]*)?`", cell)]
        known = {*dir(inside), *methods(inside)}
        assert [one for one in named if one not in known] == [], room[1]


def methods(room: object) -> set[str]:
    """Names of what the classes of a room can be asked for."""
    classes = [found for _, found in inspect.getmembers(room, inspect.isclass)]
    return {one for found in classes for one in dir(found)}
