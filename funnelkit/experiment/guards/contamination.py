"""`check_contamination`: units that are in more than one arm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.guards.result import Guard, Level, not_checked, told
from funnelkit.experiment.guards.tables import arm_labels, labels, require_frame

if TYPE_CHECKING:
    import pandas as pd

_NAME = "contamination"
MANY = 0.01
"""Share of units from which what is a note becomes a warning."""
_REMEDY = (
    "Count each of them in the arm it was in first, and say so: to leave them out is safe only if "
    "chance alone put them in two. An arm that saw the other's treatment shows too small an effect."
)


def check_contamination(
    assignments: pd.DataFrame | tuple[int, int],
    *,
    unit: str = "unit",
    arm: str = "arm",
    units: str = "leads",
) -> Guard:
    """Return whether some units are in more than one arm.

    Parameters
    ----------
    assignments
        A table with a row for each unit and arm it was in (rows may repeat), or two numbers: units
        in several arms, and all units.
    unit, arm
        Names of the columns: of the lead, or the account whose leads should share an arm.
    units
        Plural noun of them.

    Returns
    -------
    Guard
        A note where there is any, a warning from 1 in 100 units on; it is a count, not a test.
        Rows whose unit is blank are not counted. Figures: for each combination of arms ``arms``,
        ``units`` and ``share``. The names of the units stay out: ``find_contaminated`` lists them.

    Raises
    ------
    ArgumentError
        For unknown columns, or numbers that cannot be.
    DataError
        If an arm is blank.

    Examples
    --------
    >>> found = check_contamination((3, 1200), units="accounts")
    >>> found.level, float(found.to_frame()["share"][0])
    ('note', 0.0025)
    """
    if isinstance(assignments, tuple):
        several, total = _two_numbers(assignments)
        rows: list[dict[str, Any]] = [{"arms": "more than one", "units": several}]
    else:
        several, total, rows = _of_table(assignments, unit, arm)
    if not total:
        return not_checked(_NAME, f"there are no {units}")
    share = several / total
    level: Level = "ok" if not several else "warning" if share >= MANY else "note"
    if level == "ok":
        sentence = f"None of {display.count(total)} {units} is in more than one arm."
    else:
        verb = "is" if several == 1 else "are"
        sentence = (
            f"{display.count(several)} of {display.count(total)} {units} {verb} in more than one "
            f"arm ({display.percent(share)})."
        )
    return Guard(
        name=_NAME,
        level=level,
        sentence=sentence,
        figures=tuple(row | {"share": row["units"] / total} for row in rows),
        remedy="" if level == "ok" else _REMEDY,
    )


def _two_numbers(given: tuple[Any, ...]) -> tuple[int, int]:
    fits = len(given) == 2 and all(isinstance(k, (int, np.integer)) for k in given)
    if not fits or not 0 <= given[0] <= given[1]:
        raise ArgumentError(
            "`assignments` must be a table, or how many units are in several arms and how many "
            f"there are; got {given!r}."
        )
    return int(given[0]), int(given[1])


def _of_table(table: Any, unit: str, arm: str) -> tuple[int, int, list[dict[str, Any]]]:
    """Return how many units are in several arms, how many there are, and in which arms."""
    import pandas as pd

    frame = require_frame("assignments", table, [unit, arm])
    frame = frame[frame[unit].notna()]
    if frame.empty:
        return 0, 0, []
    arms = arm_labels("assignments", frame[arm])
    pairs = pd.DataFrame({"unit": labels(frame[unit]), "arm": arms}).drop_duplicates()
    order = {name: k for k, name in enumerate(dict.fromkeys(arms))}
    together: dict[Any, list[str]] = {}
    for one, name in zip(pairs["unit"], pairs["arm"], strict=True):
        together.setdefault(one, []).append(name)
    kinds: dict[tuple[str, ...], int] = {}
    for names in together.values():
        key = tuple(sorted(names, key=order.__getitem__))
        kinds[key] = kinds.get(key, 0) + 1
    rows = [
        {"arms": " and ".join(told(name) for name in key), "units": kinds[key]}
        for key in sorted(kinds, key=lambda key: (len(key) < 2, -kinds[key]))
    ]
    several = sum(number for key, number in kinds.items() if len(key) > 1)
    return several, len(together), rows
