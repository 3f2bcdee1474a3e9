"""What each command does, and how it says so: in words, or as JSON for machines."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import shlex
import sys
import warnings
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit._core.errors import DefinitionError, FunnelError, FunnelWarning
from funnelkit.report.parameters import REPORTS
from funnelkit.report.parameters import told as told_of
from funnelkit.report.planning.asked import PlanParameters

if TYPE_CHECKING:
    from funnelkit.report.runner import ReportRun


def report(told: argparse.Namespace) -> int:
    """Write a report and say where it is."""
    known = [one.name for one in told_of(REPORTS[told.report])]
    return _written(
        told, told.report, {name: getattr(told, name) for name in known if name in told}
    )


def demo(told: argparse.Namespace) -> int:
    """Write the monthly report on simulated data."""
    given = {"out": told.out} if "out" in told else {}
    return _written(told, "monthly", {"demo": True, **given})


def plan(told: argparse.Namespace) -> int:
    """Write a plan, and say what it takes and where it is."""
    from funnelkit.report.planning.running import run_plan

    known = [one.name for one in told_of(PlanParameters)]
    given: dict[str, Any] = {name: getattr(told, name) for name in known if name in told}
    with _said_aloud() as said:
        made = run_plan(**given)
    aloud = [str(one.message) for one in said]
    if told.json:
        names = ("folder", "html", "workbook", "assumptions", "record")
        paths = {name: getattr(made, name).as_posix() for name in names}
        notes = [*aloud, *made.warnings]
        _print_json({"summary": made.said, **paths, "figures": made.figures, "warnings": notes})
        return 0
    for words in aloud:
        print(f"warning: {words}", file=sys.stderr)
    print(made.summary() if sys.stdout.isatty() else made.html)
    return 0


def init(told: argparse.Namespace) -> int:
    """Draft a funnel.yml, and say what came of trying it out; 1 where it cannot be read yet."""
    from funnelkit.report.config import FILE_NAME
    from funnelkit.report.proposal import propose

    made = propose(told.exports, out=told.out or FILE_NAME, force=told.force)
    if told.json:
        facts = {"path": made.path.as_posix(), "readable": made.readable, "tried": made.tried}
        _print_json(facts)
        return int(not made.readable)
    for words in made.tried:
        print(words)
    print(f"{made.path} was written; every line in it is a guess to check.")
    return int(not made.readable)


def audit(told: argparse.Namespace) -> int:
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
    with _said_aloud() as said:
        found = fk.audit(config.read(data=files, join=told.join), expected=config.expected)
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
        _print_json(content | ({"ties": _ties(found.tied)} if found.tied else {}))
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


def archive(told: argparse.Namespace) -> int:
    """Keep the exports as a snapshot of their day, or list the snapshots."""
    from funnelkit.data.archive import open_archive
    from funnelkit.report.config import FILE_NAME, load_config

    if not told.config and not Path(FILE_NAME).is_file():
        raise DefinitionError(f"there is no {FILE_NAME} here; name it with --config.")
    config = load_config(told.config or FILE_NAME, check_files=told.data is None and not told.list)
    folder = Path(told.folder) if told.folder else config.archive_folder
    with _said_aloud() as said:
        if told.list:
            kept = open_archive(folder, config.funnel)
        else:
            kept = config.archive(
                folder=folder, data=told.data, join=told.join, as_of=told.as_of,
                overwrite=told.overwrite,
            )  # fmt: skip
    days = [one.as_of.isoformat() for one in kept.snapshots]
    rows = {one.as_of.isoformat(): one.rows for one in kept.snapshots}
    if told.json:
        notes = [str(one.message) for one in said]
        shown = {"folder": folder.as_posix(), "changed": kept.changed, "snapshots": rows}
        _print_json({"summary": kept.summary(), **shown, "warnings": notes})
        return 0
    for one in said:
        print(f"note: {one.message}", file=sys.stderr)
    if told.list:
        for day in days:
            print(f"{day}  {rows[day]:>12,} rows")
    elif not kept.changed:
        print("Nothing changed: this export is kept already.")
    print(kept.summary())
    return 0


def fail(told: argparse.Namespace, error: FunnelError, code: int) -> int:
    """Say an error, and return the exit code."""
    if told.json:
        problems = getattr(error, "problems", (str(error),))
        _print_json({"error": type(error).__name__, "problems": list(problems)})
    else:
        print(f"funnelkit: {error}", file=sys.stderr)
    return code


def _written(told: argparse.Namespace, name: str, given: dict[str, Any]) -> int:
    from funnelkit.report.runner import run

    with _said_aloud() as said:
        made = run(name, **given)
    if told.json:
        _print_json(_facts(made))
        return 0
    aloud = [str(one.message) for one in said]
    for words in aloud:
        print(f"warning: {words}", file=sys.stderr)
    if sys.stdout.isatty():
        for words in (words for words in made.warnings if words not in aloud):
            print(f"note: {words}", file=sys.stderr)
        print(f"{made.summary()} Beside it: {_others(made)}.")
    else:
        print(made.html)
    return 0


@contextlib.contextmanager
def _said_aloud() -> Iterator[list[warnings.WarningMessage]]:
    """Collect funnelkit's own warnings; those of libraries are not for the user of a command."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", FunnelWarning)
        yield said


def _others(made: ReportRun) -> str:
    files = (made.workbook, made.notebook, made.manifest)
    return ", ".join(file.name for file in files if file is not None)


def _facts(made: ReportRun) -> dict[str, Any]:
    files = ("folder", "html", "workbook", "notebook", "manifest")
    paths = {name: getattr(made, name) for name in files}
    shown = {name: path and path.as_posix() for name, path in paths.items()}
    return {**shown, "warnings": list(made.warnings)}


def _findings(found: Any) -> list[dict[str, Any]]:
    names = ("rule", "severity", "count", "share", "what", "remedy", "examples")
    return [{name: _known(getattr(finding, name)) for name in names} for finding in found.findings]


def _ties(tied: Any) -> list[dict[str, Any]]:
    names = ("what", "period", "expected", "ours", "difference", "ties", "causes")
    rows = zip(*(tied.to_frame()[name] for name in names), strict=True)
    return [dict(zip(names, map(_plain, row), strict=True)) for row in rows]


def _plain(value: Any) -> Any:
    """Return an exact number as JSON has it."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == int(value) else float(value)


def _known(value: Any) -> Any:
    """Return a value as JSON can hold it; a share that is not known is null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


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


def _print_json(content: dict[str, Any]) -> None:
    print(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False, default=str))
