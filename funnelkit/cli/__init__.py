"""The command line: `funnelkit init | audit | report | plan | demo` and their like."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import funnelkit
from funnelkit._core.cores import one_thread
from funnelkit._core.errors import (
    ArgumentError,
    DefinitionError,
    FunnelError,
    ReportError,
    did_you_mean,
)
from funnelkit.cli import (
    archiving,
    auditing,
    completing,
    doctor,
    drafting,
    experimenting,
    forecasting,
    planning,
    reporting,
    trying,
)
from funnelkit.cli.parser import MISUSED, Parser
from funnelkit.cli.saying import fail

DONE, FAILED, INTERRUPTED = 0, 1, 130
TRACEBACK = "FUNNELKIT_TRACEBACK"
_COMMANDS = (
    trying.add, drafting.add, auditing.add, reporting.add, planning.add, forecasting.add,
    experimenting.add, archiving.add, reporting.add_demo,
    doctor.add,
)  # fmt: skip
_EPILOG = """\
examples:
  funnelkit try exports/                                  a first look, nothing configured
  funnelkit demo                                          a report on simulated data
  funnelkit init leads.csv deals.csv                      draft a funnel.yml to check
  funnelkit report monthly --month 2026-10 --config funnel.yml
  funnelkit plan --config funnel.yml --targets targets.csv
  funnelkit audit leads.csv                               what is wrong with the data
  funnelkit archive                                       keep the exports as of their day

exit codes: 0 done, 1 failed (or the audit found errors), 2 wrong arguments or funnel.yml
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit code of a command line: 0 done, 1 failed, 2 wrong arguments or funnel.yml.

    Parameters
    ----------
    argv
        The words after the command's name; by default those of this process.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a console that lacks a character shows a "?"
            stream.reconfigure(errors="replace")
    try:
        told = parse(argv)
    except SystemExit as stop:  # argparse has said why
        return stop.code if isinstance(stop.code, int) else DONE
    os.environ.update(one_thread())  # nothing heavy has been imported yet
    try:
        with _terminated_in_good_order():
            return int(told.run(told))
    except KeyboardInterrupt:
        print("funnelkit: interrupted; nothing was left half-written.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever reads has seen enough, as `head` does
        _say_no_more()
        return DONE
    except Exception as error:
        if os.environ.get(TRACEBACK) and not isinstance(error, FunnelError):
            raise
        return fail(told, said_of(error), MISUSED if _misuse(error) else FAILED)


def said_of(error: Exception) -> FunnelError:
    """Return an error that says what happened in one line, with the way out.

    Examples
    --------
    >>> print(said_of(PermissionError(13, "Permission denied", "reports")))
    Permission denied: reports
    """
    if isinstance(error, FunnelError):
        return error
    first = str(error).partition("\n")[0]
    if isinstance(error, OSError):
        what = error.strerror or first or type(error).__name__
        return ReportError(f"{what}: {error.filename}" if error.filename else what)
    return ReportError(
        f"this is a defect of funnelkit, not of your data ({type(error).__name__}: {first}). Run "
        f"it again with {TRACEBACK}=1 to see where it happened, and report that."
    )


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return what a command line says.

    Raises
    ------
    SystemExit
        If it asks for help, or cannot be understood; with the closest match.
    """
    parser = Parser(
        prog="funnelkit",
        description="B2B funnel analysis: honest rates, lags and reports from a CRM export.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"funnelkit {funnelkit.__version__}")
    verbs = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    options = [parser for command in _COMMANDS for parser in command(verbs)]
    options += completing.add(verbs, parser)
    told, strange = parser.parse_known_args(argv)
    if strange:
        own = [one for one in options if told.command in one.prog.split()]
        known = [name for one in own or options for name in one.option_names()]
        name = strange[0].split("=")[0]
        parser.error(f"unknown argument {strange[0]}.{did_you_mean(name, known)}")
    if told.command is None:
        parser.print_help()
        raise SystemExit(MISUSED)
    return told


def _say_no_more() -> None:
    """Let what is left to be said go nowhere, so that Python does not fail on it at its end."""
    with contextlib.suppress(OSError):
        out = sys.stdout.fileno()
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            os.dup2(nowhere.fileno(), out)


def _misuse(error: Exception) -> bool:
    return isinstance(error, (ArgumentError, DefinitionError))


@contextlib.contextmanager
def _terminated_in_good_order() -> Iterator[None]:
    """Let a request to end (from cron, systemd, a shell's timeout) clean up as Ctrl-C does."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
