"""A parser of command lines: whole words only, and errors of one line with the closest match."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, NoReturn

from funnelkit._core.errors import did_you_mean

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction["Parser"]

MISUSED = 2


class Parser(argparse.ArgumentParser):
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


def for_machines(parser: Parser) -> Parser:
    """Return the parser with the option that every command has."""
    parser.add_argument("--json", action="store_true", help="say it as JSON, for machines")
    return parser


def add_sources(parser: Parser, *, data: str) -> None:
    """Add the options that name a funnel.yml and exports other than its own."""
    parser.add_argument("--config", metavar="PATH", help="funnel.yml; none: the one here")
    for name, words in (("data", data), ("join", "further exports")):
        parser.add_argument(f"--{name}", metavar="PATH", nargs="+", action="extend", help=words)
