"""Whatever goes wrong: one line, the way out, and the right exit code; bars only on terminals."""

import io
import sys

import pytest

from funnelkit.cli import progress
from funnelkit.report import runner


@pytest.fixture
def fails_with(monkeypatch: pytest.MonkeyPatch):
    def set_up(error: BaseException) -> None:
        def fails(name: str, **given: object) -> None:
            raise error

        monkeypatch.setattr(runner, "run", fails)

    return set_up


def test_what_the_system_refuses_is_one_line(command, fails_with) -> None:
    fails_with(PermissionError(13, "Permission denied", "reports"))
    told = command("demo")
    assert (told.code, told.out) == (1, "")
    assert told.err == "funnelkit: Permission denied: reports\n"


def test_a_defect_is_one_line_and_says_how_to_see_more(command, fails_with, monkeypatch) -> None:
    fails_with(KeyError("odd\nsecond line"))
    told = command("demo")
    assert told.code == 1
    assert len(told.err.splitlines()) == 1
    assert "this is a defect of funnelkit, not of your data (KeyError: " in told.err
    monkeypatch.setenv("FUNNELKIT_TRACEBACK", "1")
    with pytest.raises(KeyError):
        command("demo")


def test_a_reader_that_has_seen_enough_is_no_error(command, fails_with) -> None:
    fails_with(BrokenPipeError(32, "Broken pipe"))
    told = command("demo")
    assert (told.code, told.err) == (0, "")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_on_a_terminal_and_taken_away(monkeypatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress.steps(2) as step:
        step("reading")
        step("counting")
    drawn = sys.stderr.getvalue()
    assert "[....................] reading" in drawn
    assert "[##########..........] counting" in drawn
    assert drawn.endswith("\r\x1b[2K")


@pytest.mark.parametrize(("stream", "quiet"), [(io.StringIO(), False), (Terminal(), True)])
def test_else_nothing_is_drawn(monkeypatch, stream, quiet: bool) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with progress.steps(1, quiet=quiet) as step:
        step("reading")
    assert stream.getvalue() == ""
