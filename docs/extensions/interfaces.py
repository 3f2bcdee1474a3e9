"""Pages that the package writes: parameters of every report, the help of every command."""

from __future__ import annotations

import contextlib
import io
import os
import re

from funnelkit import cli
from funnelkit.report.parameters import REPORTS, told

PARAMETERS = """\
# Parameters of the reports

One typed model for each report drives its notebook's `parameters` cell, the options of its command
and this page. A name that is not here is refused with the closest match before anything runs.

"""
COMMANDS = """\
# The command line

What `--help` says. Exit codes: 0 done, 1 failed (or the audit found errors), 2 wrong arguments or
`funnel.yml`.

"""


def plain(text: str) -> str:
    """Text that stays within its cell."""
    return text.replace("|", "\\|")


def parameters() -> str:
    """Return the page of the parameters of every report."""
    parts = [PARAMETERS]
    for name, model in REPORTS.items():
        parts.append(
            f"## {name}\n\n`notebooks/{model.notebook}.ipynb`, `funnelkit report {name}`\n"
        )
        parts.append("| parameter | option | meaning | by default |\n|---|---|---|---|")
        for one in told(model):
            option = f"`--{one.name.replace('_', '-')}`" if one.on_command_line else ""
            cells = (f"`{one.name}`", option, plain(one.words), f"`{one.default!r}`")
            parts.append(f"| {' | '.join(cells)} |")
        parts.append("")
    return "\n".join(parts)


def said(*words: str) -> str:
    """Return what a command prints for `--help`."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        cli.main([*words, "--help"])
    return printed.getvalue()


def names(words: str) -> list[str]:
    """Return the commands that a help lists, in its order."""
    return re.findall(r"^    ([a-z]+)(?:  |$)", words, re.MULTILINE)


def helps() -> dict[str, str]:
    """Return the help of every command and report, by what is typed."""
    os.environ["COLUMNS"] = "88"
    found = {}
    for name in names(said()):
        found[name] = said(name)
    for report in REPORTS:
        found[f"report {report}"] = said("report", report)
    return found


def commands() -> str:
    """Return the page of all commands."""
    parts = [f"## funnelkit {typed}\n\n```text\n{words}```\n" for typed, words in helps().items()]
    return COMMANDS + "\n".join(parts)
