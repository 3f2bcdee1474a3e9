"""`funnelkit audit`: every problem of the data is said at once, with what to do about it."""

from __future__ import annotations

import argparse
import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit._core.errors import DefinitionError
from funnelkit.cli.parser import Parser, add_sources, for_machines
from funnelkit.cli.progress import steps
from funnelkit.cli.saying import finite, plain, print_json, said_aloud

if TYPE_CHECKING:
    from funnelkit.cli.parser import Verbs


def add(verbs: Verbs) -> list[Parser]:
    """Add the command."""
    words = "say what is wrong with the data, every problem at once"
    parser = verbs.add_parser("audit", help=words, description=words)
    words = "exports to read in place of those that funnel.yml names"
    parser.add_argument("files", metavar="FILE", nargs="*", help=words)
    add_sources(parser, data="as FILE")
    parser.set_defaults(run=run)
    return [for_machines(parser)]


def run(told: argparse.Namespace) -> int:
    """Say what the audit found; 1 where something is in error."""
    import funnelkit as fk
    from funnelkit.report.config import FILE_NAME, load_config

    path = told.config or FILE_NAME
    files = [*told.files, *(told.data or ())] or None
    if not told.config and not Path(FILE_NAME).is_file():
        given = " ".join(shlex.quote(file) for file in files or ("FILE",))
        raise DefinitionError(
            f"there is no {FILE_NAME} here, which says what the columns mean: `funnelkit init "
            f"{given}` writes one to check, or name yours with --config."
        )
    config = load_config(path, check_files=files is None)
    with steps(1, quiet=told.json) as step, said_aloud() as said:
        step("checking every row")
        found = fk.audit(
            config.read(data=files, join=told.join), expected=config.expected, known=config.known
        )
        tables = config.tables.read()
    beside = [finding for table in tables.values() for finding in table.findings]
    errors = sum(finding.severity == "error" for finding in (*found.findings, *beside))
    known = {finding.what for finding in found.findings}
    notes = [str(one.message) for one in said if str(one.message) not in known]
    if told.json:
        content: dict[str, Any] = {
            "summary": found.summary(),
            "findings": _findings(found),
            "warnings": notes,
        }
        told_of = {
            kind: {"summary": table.summary(), "findings": _findings(table)}
            for kind, table in tables.items()
        }
        content |= {"tables": told_of} if told_of else {}
        print_json(content | ({"ties": _ties(found.tied)} if found.tied else {}))
        return int(errors > 0)
    if found.tied:
        print(found.tied.summary())
    for words in notes:
        print(f"note: {words}")
    for finding in found.findings:
        print("\n".join(_lines(finding)))
    print(found.findings_summary())
    for table in tables.values():
        print("\n".join([table.summary(), *(one for f in table.findings for one in _lines(f))]))
    return int(errors > 0)


def _findings(found: Any) -> list[dict[str, Any]]:
    names = ("rule", "severity", "count", "share", "what", "remedy", "examples")
    return [{name: finite(getattr(finding, name)) for name in names} for finding in found.findings]


def _ties(tied: Any) -> list[dict[str, Any]]:
    names = ("what", "period", "expected", "ours", "difference", "ties", "causes")
    rows = zip(*(tied.to_frame()[name] for name in names), strict=True)
    return [dict(zip(names, map(plain, row), strict=True)) for row in rows]


def _lines(finding: Any) -> list[str]:
    """Return a finding as lines: what, how many and which, and what to do."""
    from funnelkit._core import display
    from funnelkit.data.finding import share_shown

    share = share_shown(finding.share).replace(display.NARROW_SPACE, " ")
    many = display.count(finding.count) + (f" ({share})" if math.isfinite(finding.share) else "")
    examples = f", for example: {', '.join(finding.examples)}" if finding.examples else ""
    return [
        f"{finding.severity}: {finding.what} [{finding.rule}]",
        f"    {many}{examples}",
        *([f"    {finding.remedy}"] if finding.remedy else []),
    ]
