"""limits.yml: every mistake with its line, nothing guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from funnelkit._core.errors import DefinitionError
from funnelkit.report.planning.limited import read_limits


def write(folder: Path, text: str) -> Path:
    path = folder / "limits.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_that_may_be_told(tmp_path: Path) -> None:
    text = (
        "ceilings: {web: 900}\nfloors: {web: 1,000}\ncosts: {no: .5}\nramp: {web: 0.25}\n"
        "budget: {2027-Q1: 100_000}\n"
    )
    assert read_limits(write(tmp_path, text.replace("1,000", "'1,000'"))) == {
        "ceilings": {"web": 900.0},
        "floors": {"web": 1000.0},
        "costs": {"no": 0.5},
        "ramp": {"web": 0.25},
        "budget": {"2027-Q1": 100_000.0},
    }
    assert read_limits(write(tmp_path, "ramp: 0.1\nbudget: 5000\n")) == {
        "ramp": 0.1,
        "budget": 5000.0,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ceilings: {web: many}\n", "line 1: `ceilings.web` must be a number of at least 0"),
        ("ceilings: {web: -5}\n", "must be a number of at least 0; got '-5'"),
        ("ceiling: {web: 5}\n", "Did you mean `ceilings`?"),
        ("ceilings: 5\n", "`ceilings` must be a mapping"),
        ("", "limits.yml, "),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        read_limits(write(tmp_path, text))
    assert said in str(raised.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"limits\.yml cannot be read"):
        read_limits(tmp_path / "limits.yml")
