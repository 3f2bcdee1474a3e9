"""`funnelkit init`: a funnel.yml is drafted, and what came of trying it out is said."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from funnelkit.cli.parser import Parser, for_machines
from funnelkit.cli.progress import steps
from funnelkit.cli.saying import print_json

if TYPE_CHECKING:
    from funnelkit.cli.parser import Verbs


def add(verbs: Verbs) -> list[Parser]:
    """Add the command."""
    words = "draft a commented funnel.yml from exports, for a person to check"
    parser = verbs.add_parser("init", help=words, description=words)
    parser.add_argument("exports", metavar="EXPORT", nargs="+", help="file, pattern or folder")
    parser.add_argument("--out", metavar="PATH", help="where to write it; none: funnel.yml here")
    parser.add_argument("--force", action="store_true", help="replace the file that is there")
    parser.set_defaults(run=run)
    return [for_machines(parser)]


def run(told: argparse.Namespace) -> int:
    """Draft a funnel.yml, and say what came of trying it out; 1 where it cannot be read yet."""
    from funnelkit.report.config import FILE_NAME
    from funnelkit.report.proposal import propose

    with steps(1, quiet=told.json) as step:
        step("looking at the exports, and trying the draft on them")
        made = propose(told.exports, out=told.out or FILE_NAME, force=told.force)
    if told.json:
        facts = {"path": made.path.as_posix(), "readable": made.readable, "tried": made.tried}
        print_json(facts)
        return int(not made.readable)
    for words in made.tried:
        print(words)
    print(f"{made.path} was written; every line in it is a guess to check.")
    return int(not made.readable)
