"""`funnelkit try`: a first look at exports without any configuration, in words or as one page."""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from funnelkit._core.errors import ArgumentError
from funnelkit.cli.parser import Parser, for_machines
from funnelkit.cli.progress import steps
from funnelkit.cli.saying import print_json, said_aloud

if TYPE_CHECKING:
    from funnelkit.cli.parser import Verbs

_WIDEST = 100


def add(verbs: Verbs) -> list[Parser]:
    """Add the command."""
    words = "a first look at exports, without any configuration"
    parser = verbs.add_parser("try", help=words, description=words)
    parser.add_argument("exports", metavar="EXPORT", nargs="+", help="file, pattern or folder")
    words = "write it as one HTML page: a file, or a folder for first_look.html"
    parser.add_argument("--out", metavar="PATH", help=words)
    words = 'look at these records alone, such as "Pipeline=Sales"'
    parser.add_argument(
        "--where", metavar="COLUMN=VALUE", nargs="+", action="extend", default=[], help=words
    )
    words = "look at several businesses, such as pipelines, as one"
    parser.add_argument("--pooled", action="store_true", help=words)
    parser.set_defaults(run=run)
    return [for_machines(parser)]


def run(told: argparse.Namespace) -> int:
    """Look at exports, and say what was found."""
    where = chosen(told.where)
    with steps(6, quiet=told.json) as step, said_aloud():
        from funnelkit.report.trying.first_look import trial

        found = trial(*told.exports, where=where, pooled=told.pooled, step=step)
        page = None if told.out is None else found.write(told.out)
    if told.json:
        print_json({**found.to_dict(), "html": page and page.as_posix()})
    elif page is not None and not sys.stdout.isatty():
        print(page)
    else:
        width = min(shutil.get_terminal_size().columns, _WIDEST)
        print("\n".join([*found.lines(max(width, 40)), "", *_next(told.exports, found.month)]))
        if page is not None:
            print(f"The same as a page: {page}")
    return 0


def chosen(given: Sequence[str]) -> dict[str, list[str | None]]:
    """Return what COLUMN=VALUE says: column -> values.

    Raises
    ------
    ArgumentError
        If a word has no ``=``.

    Examples
    --------
    >>> chosen(["Pipeline=Sales", "Pipeline=Partner", "Deal Type="])
    {'Pipeline': ['Sales', 'Partner'], 'Deal Type': [None]}
    """
    found: dict[str, list[str | None]] = {}
    for word in given:
        name, sign, value = word.partition("=")
        if not sign or not name:
            raise ArgumentError(
                f'`where` must be COLUMN=VALUE, such as "Pipeline=Sales"; got {word!r}.'
            )
        found.setdefault(name, []).append(value or None)
    return found


def _next(exports: Sequence[str], month: str) -> list[str]:
    """Return what to do next, as lines to copy."""
    given = " ".join(shlex.quote(one) for one in exports)
    return [
        "NEXT",
        f"  funnelkit init {given}",
        "  then check the stages in funnel.yml, and",
        f"  funnelkit report monthly --month {month}",
    ]
