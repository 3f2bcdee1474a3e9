"""A command line that is run in an empty folder, as most tests of commands want it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from funnelkit.cli import main


@dataclass
class Told:
    """What a command line did."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Told]:
    """A function that runs a command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str | Path) -> Told:
        code = main([str(word) for word in words])
        told = capsys.readouterr()
        return Told(code, told.out, told.err)

    return run
