"""The `plans` key of `funnel.yml`: where the records of earlier plans are kept."""

from __future__ import annotations

from pathlib import Path

from funnelkit.data.document import Section
from funnelkit.report.exports import matching

RECORD = "plan.yml"


def plan_files(root: Section, folder: Path) -> tuple[Path, ...]:
    """Return the records of plans that a key names, and note what is wrong with its line.

    Parameters
    ----------
    root
        Of funnel.yml. ``plans`` names a folder, such as the one into which ``funnelkit plan``
        writes (every plan.yml in it counts, and it may be empty yet), a file, or a pattern.
    folder
        That of funnel.yml.
    """
    given = root.text("plans")
    if given is None:
        return ()
    where = folder / Path(given).expanduser()
    if where.is_dir():
        return tuple(sorted(where.rglob(RECORD)))
    files, problem = matching(given, folder)
    if problem:
        root.note("plans", problem)
    return tuple(files)
