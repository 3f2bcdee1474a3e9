"""The command line: `funnelkit init | audit | report | plan | demo` and their like."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import NoReturn

import funnelkit
from funnelkit._core.errors import (
    ArgumentError,
    DefinitionError,
    FunnelError,
    did_you_mean,
)
from funnelkit.report.parameters import REPORTS, add_arguments
from funnelkit.report.planning.asked import PlanParameters

DONE, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130
_EPILOG = """\
examples:
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
    from funnelkit.cli import commands

    try:
        with _terminated_in_good_order():
            return int(getattr(commands, told.command)(told))
    except FunnelError as error:
        return commands.fail(told, error, MISUSED if _misuse(error) else FAILED)
    except KeyboardInterrupt:
        print("funnelkit: interrupted; nothing was left half-written.", file=sys.stderr)
        return INTERRUPTED


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return what a command line says.

    Raises
    ------
    SystemExit
        If it asks for help, or cannot be understood; with the closest match.
    """
    parser = _Parser(
        prog="funnelkit",
        description="B2B funnel analysis: honest rates, lags and reports from a CRM export.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"funnelkit {funnelkit.__version__}")
    verbs = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    options = [
        _init(verbs), *_report(verbs), _plan(verbs), _audit(verbs), _archive(verbs), _demo(verbs)
    ]  # fmt: skip
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


class _Parser(argparse.ArgumentParser):
    """A parser that takes whole words only, and says errors in one line."""

    def __init__(self, **settings: object) -> None:
        super().__init__(**{"allow_abbrev": False, **settings})  # type: ignore[arg-type]

    def option_names(self) -> list[str]:
        """Return the options it knows."""
        return [name for name in self._option_string_actions if name.startswith("--")]

    def error(self, message: str) -> NoReturn:
        """Say what cannot be understood, and where help is."""
        print(f"{self.prog}: {message}\nTry {self.prog} --help.", file=sys.stderr)
        raise SystemExit(MISUSED)

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is not None and value not in action.choices:
            known = [str(one) for one in action.choices]
            hint = did_you_mean(str(value), known)
            words = f"there is no `{value}`; known: {', '.join(known)}.{hint}"
            raise argparse.ArgumentError(None, words)


def _report(verbs: argparse._SubParsersAction[_Parser]) -> list[_Parser]:
    words = "write a report"
    names = verbs.add_parser("report", help=words, description=words).add_subparsers(
        title="reports", dest="report", metavar="REPORT", required=True
    )
    made = []
    for name, model in REPORTS.items():
        words = f"write the {name} report"
        parser = names.add_parser(name, help=words, description=words)
        add_arguments(parser, model)
        made.append(_for_machines(parser))
    return made


def _init(verbs: argparse._SubParsersAction[_Parser]) -> _Parser:
    words = "draft a commented funnel.yml from exports, for a person to check"
    parser = verbs.add_parser("init", help=words, description=words)
    parser.add_argument("exports", metavar="EXPORT", nargs="+", help="file, pattern or folder")
    parser.add_argument("--out", metavar="PATH", help="where to write it; none: funnel.yml here")
    parser.add_argument("--force", action="store_true", help="replace the file that is there")
    return _for_machines(parser)


def _plan(verbs: argparse._SubParsersAction[_Parser]) -> _Parser:
    words = "plan backward from targets: leads, people, money and the chance of the goal"
    parser = verbs.add_parser("plan", help=words, description=words)
    add_arguments(parser, PlanParameters)
    return _for_machines(parser)


def _audit(verbs: argparse._SubParsersAction[_Parser]) -> _Parser:
    words = "say what is wrong with the data, every problem at once"
    parser = verbs.add_parser("audit", help=words, description=words)
    words = "exports to read in place of those that funnel.yml names"
    parser.add_argument("files", metavar="FILE", nargs="*", help=words)
    parser.add_argument("--config", metavar="PATH", help="funnel.yml; none: the one here")
    for name, words in (("data", "as FILE"), ("join", "further exports")):
        parser.add_argument(f"--{name}", metavar="PATH", nargs="+", action="extend", help=words)
    return _for_machines(parser)


def _archive(verbs: argparse._SubParsersAction[_Parser]) -> _Parser:
    words = "keep the exports as a snapshot of their day, or list those that are kept"
    parser = verbs.add_parser("archive", help=words, description=words)
    parser.add_argument("--config", metavar="PATH", help="funnel.yml; none: the one here")
    for name, words in (("data", "exports to keep"), ("join", "further exports")):
        parser.add_argument(f"--{name}", metavar="PATH", nargs="+", action="extend", help=words)
    words = "the archive; none: the folder archive beside funnel.yml"
    parser.add_argument("--folder", metavar="PATH", help=words)
    parser.add_argument("--as-of", metavar="DAY", help="last day on which they are complete")
    words = "another export may take the place of the one kept for its day"
    parser.add_argument("--overwrite", action="store_true", help=words)
    parser.add_argument("--list", action="store_true", help="only list the snapshots")
    return _for_machines(parser)


def _demo(verbs: argparse._SubParsersAction[_Parser]) -> _Parser:
    words = "write the monthly report on simulated data"
    parser = verbs.add_parser("demo", help=words, description=words)
    absent = argparse.SUPPRESS
    parser.add_argument("--out", metavar="PATH", default=absent, help="folder of all reports")
    return _for_machines(parser)


def _for_machines(parser: _Parser) -> _Parser:
    parser.add_argument("--json", action="store_true", help="say it as JSON, for machines")
    return parser


def _misuse(error: FunnelError) -> bool:
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
