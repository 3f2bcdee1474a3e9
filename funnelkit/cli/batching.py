"""Options of `funnelkit report` for many reports at once, and for making one again."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from funnelkit.cli.parser import Parser
from funnelkit.cli.saying import print_json, said_aloud

_OPTIONS = ("months", "for_each", "jobs", "memory", "again")


def add_options(parser: Parser) -> None:
    """Add what asks for many reports at once."""
    absent = argparse.SUPPRESS
    many = parser.add_argument_group("many at once")
    words = "months at whose ends to look, one report each; several, or spans"
    many.add_argument("--months", metavar="A..B", nargs="+", default=absent, help=words)
    words = "one report for each value of this segment, on its leads alone"
    many.add_argument("--for-each", metavar="SEGMENT", default=absent, help=words)
    words = "most reports to write at once; none: one for each processor"
    many.add_argument("--jobs", metavar="NUMBER", type=int, default=absent, help=words)
    words = "memory for all of them together, such as 4GB; none: most of what is free"
    many.add_argument("--memory", metavar="SIZE", default=absent, help=words)
    words = "write again what is there already from the same inputs and versions"
    many.add_argument("--again", action="store_true", default=absent, help=words)


def add_verifying(parser: Parser) -> None:
    """Add what makes a report again from its manifest."""
    words = "make a report again from its manifest.json, and say what differs"
    parser.add_argument("--verify", metavar="MANIFEST", help=words)
    words = "with --verify: funnel.yml; none: the one here, or above the manifest"
    absent = argparse.SUPPRESS
    parser.add_argument("--config", metavar="PATH", default=absent, help=words)
    for name, what in (("data", "exports to read"), ("join", "further exports")):
        words = f"with --verify: {what}; none: those that the manifest names"
        parser.add_argument(f"--{name}", metavar="PATH", nargs="+", default=absent, help=words)


def asked(told: argparse.Namespace) -> dict[str, Any]:
    """Return the options for many reports that were given."""
    return {name: getattr(told, name) for name in _OPTIONS if name in told}


def run(told: argparse.Namespace, name: str, given: dict[str, Any]) -> int:
    """Write many reports, and say what became of them; 1 where one failed."""
    from funnelkit.report.batch.running import run_many

    with said_aloud():
        made = run_many(name, **asked(told), **given)
    if told.json:
        reports = [
            {"label": one.label, "folder": one.folder.as_posix(), "state": one.state}
            | ({"error": one.error} if one.error else {})
            | ({"delivered": [file.as_posix() for file in one.delivered]} if one.delivered else {})
            | {"warnings": list(one.warnings)}
            for one in made.reports
        ]
        shown = {"summary": made.summary(), "index": made.index.as_posix()}
        print_json({**shown, "reports": reports, "absent": list(made.absent)})
        return int(bool(made.failed))
    for one in made.failed:
        print(f"failed: {one.label}: {one.error}", file=sys.stderr)
    print(made.summary() if sys.stdout.isatty() or made.failed else made.index)
    return int(bool(made.failed))


def run_verify(told: argparse.Namespace) -> int:
    """Make a report again, and say what differs; 1 where anything of inputs or outputs does."""
    from funnelkit.report.verifying import verify

    with said_aloud():
        given = {name: getattr(told, name, None) for name in ("config", "data", "join")}
        found = verify(told.verify, **given)
    if told.json:
        names = ("inputs", "versions", "kept", "outputs")
        differences = {name: list(getattr(found, name)) for name in names}
        print_json({"summary": found.summary(), "same": found.same, **differences})
    else:
        print(repr(found))
    return int(not found.same)
