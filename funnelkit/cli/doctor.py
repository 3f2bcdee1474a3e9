"""`funnelkit doctor`: whether everything is there, and funnel.yml is right."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.cli.parser import Parser, for_machines
from funnelkit.cli.progress import steps
from funnelkit.cli.saying import print_json

if TYPE_CHECKING:
    from funnelkit.cli.parser import Verbs

_SIGNS = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}


def add(verbs: Verbs) -> list[Parser]:
    """Add the command."""
    words = "check the installation and the configuration, and say what to do"
    parser = verbs.add_parser("doctor", help=words, description=words)
    parser.add_argument("--config", metavar="PATH", help="funnel.yml; none: the one here, if any")
    parser.set_defaults(run=run)
    return [for_machines(parser)]


def run(told: argparse.Namespace) -> int:
    """Say what is in order and what is not; 1 where there is a problem."""
    place = Path(told.config) if told.config else Path()
    if told.config and not place.exists():
        raise ArgumentError(f"`--config`: there is no file or folder {told.config!r}.")
    with steps(3, quiet=told.json) as step:
        from funnelkit.cli import checkup

        step("looking at the installation")
        parts = {"installation": [*checkup.installation(), *checkup.settings()]}
        step("looking for what is optional")
        parts["optional"] = list(checkup.options())
        step("reading the configuration")
        parts["configuration"] = list(checkup.configuration(place))
    problems = sum(one.level == "problem" for part in parts.values() for one in part)
    if told.json:
        shown = {name: [vars(one) for one in part] for name, part in parts.items()}
        print_json({"problems": problems, **shown})
        return int(problems > 0)
    for name, part in parts.items():
        print(name.capitalize())
        for one in part:
            print(f"  {_SIGNS[one.level]}  {one.what}: {display.one_line(one.found)}")
            if one.remedy:
                print(f"           {display.one_line(one.remedy)}")
    what = f"{display.plural(problems, 'problem')}." if problems else "Everything is in order."
    print(what)
    return int(problems > 0)
