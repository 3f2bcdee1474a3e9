"""`funnelkit report` and `funnelkit demo`: a report is written, and where it is is said."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from funnelkit._core.errors import ArgumentError
from funnelkit.cli import batching
from funnelkit.cli.parser import Parser, for_machines
from funnelkit.cli.saying import print_json, said_aloud
from funnelkit.report.delivery.asked import DeliveryParameters
from funnelkit.report.parameters import REPORTS, add_arguments, model_of
from funnelkit.report.parameters import told as told_of

if TYPE_CHECKING:
    from funnelkit.cli.parser import Verbs
    from funnelkit.report.runner import ReportRun


def add(verbs: Verbs) -> list[Parser]:
    """Add the command, with a command of its own for each report."""
    words = "write a report, or many at once, or make one again and compare"
    whole = verbs.add_parser("report", help=words, description=words)
    batching.add_verifying(whole)
    whole.set_defaults(run=run_without_a_name)
    names = whole.add_subparsers(title="reports", dest="report", metavar="REPORT")
    made = [for_machines(whole)]
    for name, model in REPORTS.items():
        words = f"write the {name} report"
        parser = names.add_parser(name, aliases=[model.notebook], help=words, description=words)
        add_arguments(parser, model)
        add_arguments(parser.add_argument_group("delivery"), DeliveryParameters)
        batching.add_options(parser)
        parser.set_defaults(run=run)
        made.append(for_machines(parser))
    return made


def add_demo(verbs: Verbs) -> list[Parser]:
    """Add the command."""
    words = "write the monthly report on simulated data"
    parser = verbs.add_parser("demo", help=words, description=words)
    absent = argparse.SUPPRESS
    parser.add_argument("--out", metavar="PATH", default=absent, help="folder of all reports")
    add_arguments(parser.add_argument_group("delivery"), DeliveryParameters)
    parser.set_defaults(run=run_demo)
    return [for_machines(parser)]


def run(told: argparse.Namespace) -> int:
    """Write a report and say where it is."""
    known = [one.name for one in told_of(model_of(told.report))]
    given = {name: getattr(told, name) for name in known if name in told}
    given |= _delivery(told)
    if batching.asked(told):
        return batching.run(told, told.report, given)
    return _written(told, told.report, given)


def run_without_a_name(told: argparse.Namespace) -> int:
    """Make a report again from its manifest.

    Raises
    ------
    ArgumentError
        If no manifest is named either.
    """
    if told.verify is None:
        raise ArgumentError(
            "report: required: REPORT, or --verify MANIFEST. Try funnelkit report --help."
        )
    return batching.run_verify(told)


def run_demo(told: argparse.Namespace) -> int:
    """Write the monthly report on simulated data."""
    given = {"out": told.out} if "out" in told else {}
    return _written(told, "monthly", {"demo": True, **given, **_delivery(told)})


def _delivery(told: argparse.Namespace) -> dict[str, Any]:
    """Return what is said of mail, slides and PDF."""
    known = [one.name for one in told_of(DeliveryParameters)]
    return {name: getattr(told, name) for name in known if name in told}


def _written(told: argparse.Namespace, name: str, given: dict[str, Any]) -> int:
    from funnelkit.report.runner import run

    with said_aloud() as said:
        made = run(name, **given)
    aloud = [str(one.message) for one in said]
    if told.json:
        print_json(_facts(made, aloud))
        return 0
    for words in aloud:
        print(f"warning: {words}", file=sys.stderr)
    if sys.stdout.isatty():
        for words in (words for words in made.warnings if words not in aloud):
            print(f"note: {words}", file=sys.stderr)
        print(f"{made.summary()} Beside it: {_others(made)}.")
    else:
        print(made.html)
    return 0


def _others(made: ReportRun) -> str:
    files = (made.workbook, made.notebook, made.manifest)
    names = [file.name for file in files if file is not None]
    return ", ".join([*names, *(str(file) for file in made.delivered)])


def _facts(made: ReportRun, aloud: list[str]) -> dict[str, Any]:
    files = ("folder", "html", "workbook", "notebook", "manifest")
    paths = {name: getattr(made, name) for name in files}
    shown = {name: path and path.as_posix() for name, path in paths.items()}
    delivered = [path.as_posix() for path in made.delivered]
    notes = list(dict.fromkeys([*made.warnings, *aloud]))
    return {**shown, **({"delivered": delivered} if delivered else {}), "warnings": notes}
