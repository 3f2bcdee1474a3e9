"""`funnelkit plan`: a plan is written, and what it takes and where it is are said."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from funnelkit.cli.parser import Parser, for_machines
from funnelkit.cli.progress import steps
from funnelkit.cli.saying import print_json, said_aloud
from funnelkit.report.parameters import add_arguments
from funnelkit.report.parameters import told as told_of
from funnelkit.report.planning.asked import PlanParameters

if TYPE_CHECKING:
    from funnelkit.cli.parser import Verbs


def add(verbs: Verbs) -> list[Parser]:
    """Add the command."""
    words = "plan backward from targets: leads, people, money and the chance of the goal"
    parser = verbs.add_parser("plan", help=words, description=words)
    add_arguments(parser, PlanParameters)
    parser.set_defaults(run=run)
    return [for_machines(parser)]


def run(told: argparse.Namespace) -> int:
    """Write a plan, and say what it takes and where it is."""
    from funnelkit.report.planning.running import run_plan

    known = [one.name for one in told_of(PlanParameters)]
    given: dict[str, Any] = {name: getattr(told, name) for name in known if name in told}
    with steps(1, quiet=told.json) as step, said_aloud() as said:
        step("planning")
        made = run_plan(**given)
    aloud = [str(one.message) for one in said]
    if told.json:
        names = ("folder", "html", "workbook", "assumptions", "record")
        paths = {name: getattr(made, name).as_posix() for name in names}
        notes = [*aloud, *made.warnings]
        print_json({"summary": made.said, **paths, "figures": made.figures, "warnings": notes})
        return 0
    for words in aloud:
        print(f"warning: {words}", file=sys.stderr)
    print(made.summary() if sys.stdout.isatty() else made.html)
    return 0
