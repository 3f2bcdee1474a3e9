"""`funnelkit completion`: a script by which bash, zsh or fish completes commands and options."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit.cli.parser import Parser, for_machines
from funnelkit.cli.saying import print_json

if TYPE_CHECKING:
    from funnelkit.cli.parser import Verbs

SHELLS = ("bash", "zsh", "fish")
_HOW = """\
to switch it on, add one line to the start-up file of your shell:
  bash (~/.bashrc)                   eval "$(funnelkit completion bash)"
  zsh  (~/.zshrc)                    eval "$(funnelkit completion zsh)"
  fish (~/.config/fish/config.fish)  funnelkit completion fish | source
"""


@dataclass(frozen=True, kw_only=True)
class Level:
    """One command, or the program itself: what can follow.

    Parameters
    ----------
    path
        Words that lead here, such as ``("report", "monthly")``.
    commands
        Name of each command below -> what it does.
    options
        Name of each option -> (what it means, whether a value follows it).
    """

    path: tuple[str, ...]
    commands: dict[str, str]
    options: dict[str, tuple[str, bool]]


def add(verbs: Verbs, whole: Parser) -> list[Parser]:
    """Add the command.

    Parameters
    ----------
    verbs
        Where commands stand.
    whole
        The parser of the program, which is completed.
    """
    words = "print a script by which a shell completes commands and options"
    parser = verbs.add_parser(
        "completion",
        help=words,
        description=words,
        epilog=_HOW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))

    def run(told: argparse.Namespace) -> int:
        script = {"bash": bash, "zsh": zsh, "fish": fish}[told.shell](levels(whole))
        if told.json:
            print_json({"shell": told.shell, "script": script})
        else:
            print(script, end="")
        return 0

    parser.set_defaults(run=run)
    return [for_machines(parser)]


def levels(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> list[Level]:
    """Return the program and all commands below it, from the top."""
    options: dict[str, tuple[str, bool]] = {}
    commands: dict[str, str] = {}
    below: list[Level] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            commands = {str(one.dest): one.help or "" for one in action._choices_actions}
            for name in commands:
                below += levels(action.choices[name], (*path, name))
        elif not action.option_strings and action.choices is not None:
            commands |= {str(one): "" for one in action.choices}
        for name in action.option_strings:
            if name.startswith("--"):
                options[name] = (action.help or "", action.nargs != 0)
    return [Level(path=path, commands=commands, options=options), *below]


def bash(known: list[Level]) -> str:
    """Return the script for bash: the commands so far decide what can follow; else files."""
    return _FUNCTION.format(cases="\n".join(_cases(known)), values=_values(known), complete=_BASH)


def zsh(known: list[Level]) -> str:
    """Return the script for zsh, which runs the one for bash by its own means."""
    return f"{_ZSH}\n{bash(known)}"


def fish(known: list[Level]) -> str:
    """Return the script for fish."""
    return "\n".join(["complete -c funnelkit -e", *_fish_lines(known)]) + "\n"


_ZSH = """\
(( $+functions[compdef] )) || { autoload -U compinit && compinit; }
autoload -U +X bashcompinit && bashcompinit"""
_BASH = "complete -o default -o bashdefault -F _funnelkit funnelkit"
_FUNCTION = """\
_funnelkit() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}"
  local path="" known="" word number
  for ((number = 1; number < COMP_CWORD; number++)); do
    word="${{COMP_WORDS[number]}}"
    case "$path/$word" in
{values}
    esac
  done
  case "$path" in
{cases}
  esac
  COMPREPLY=()
  case "$before" in
    --*) [[ " $takes " == *" $before "* ]] && return ;;
  esac
  COMPREPLY=($(compgen -W "$known" -- "$current"))
}}
{complete}
"""


def _values(known: list[Level]) -> str:
    lines = [
        f'      "/{"/".join(one.path)}") path="/{"/".join(one.path)}" ;;'
        for one in known
        if one.path
    ]
    return "\n".join(lines)


def _cases(known: list[Level]) -> Iterator[str]:
    for one in known:
        path = "".join(f"/{name}" for name in one.path)
        words = " ".join([*one.commands, *one.options])
        takes = " ".join(name for name, (_, value) in one.options.items() if value)
        yield f'    "{path}") known="{words}"; local takes="{takes}" ;;'


def _fish_lines(known: list[Level]) -> Iterator[str]:
    for one in known:
        if not one.path:
            here = "__fish_use_subcommand"
        else:
            parts = [f"__fish_seen_subcommand_from {name}" for name in one.path]
            if one.commands:
                parts.append(f"not __fish_seen_subcommand_from {' '.join(one.commands)}")
            here = "; and ".join(parts)
        for name, words in one.commands.items():
            yield f"complete -c funnelkit -f -n '{here}' -a {name} -d '{_quoted(words)}'"
        for name, (words, value) in one.options.items():
            takes = " -r" if value else ""
            long = name.removeprefix("--")
            yield f"complete -c funnelkit -n '{here}' -l {long}{takes} -d '{_quoted(words)}'"


def _quoted(words: str) -> str:
    """Return words that can stand in single quotes of a shell."""
    return words.replace("\\", "/").replace("'", "\N{RIGHT SINGLE QUOTATION MARK}")
