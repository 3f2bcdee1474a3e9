"""`funnelkit archive`: the exports are kept as a snapshot of their day, or the kept are listed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit._core.errors import DefinitionError
from funnelkit.cli.parser import Parser, add_sources, for_machines
from funnelkit.cli.progress import steps
from funnelkit.cli.saying import print_json, said_aloud

if TYPE_CHECKING:
    from funnelkit.cli.parser import Verbs


def add(verbs: Verbs) -> list[Parser]:
    """Add the command."""
    words = "keep the exports as a snapshot of their day, or list those that are kept"
    parser = verbs.add_parser("archive", help=words, description=words)
    add_sources(parser, data="exports to keep")
    words = "the archive; none: the folder archive beside funnel.yml"
    parser.add_argument("--folder", metavar="PATH", help=words)
    parser.add_argument("--as-of", metavar="DAY", help="last day on which they are complete")
    words = "another export may take the place of the one kept for its day"
    parser.add_argument("--overwrite", action="store_true", help=words)
    parser.add_argument("--list", action="store_true", help="only list the snapshots")
    parser.set_defaults(run=run)
    return [for_machines(parser)]


def run(told: argparse.Namespace) -> int:
    """Keep the exports as a snapshot of their day, or list the snapshots."""
    from funnelkit.data.archive import open_archive
    from funnelkit.report.config import FILE_NAME, load_config

    if not told.config and not Path(FILE_NAME).is_file():
        raise DefinitionError(f"there is no {FILE_NAME} here; name it with --config.")
    config = load_config(told.config or FILE_NAME, check_files=told.data is None and not told.list)
    folder = Path(told.folder) if told.folder else config.archive_folder
    with steps(1, quiet=told.json) as step, said_aloud() as said:
        step("keeping the exports")
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
        print_json({"summary": kept.summary(), **shown, "warnings": notes})
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
