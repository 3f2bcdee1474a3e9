"""What cannot be rewound, and which of it a back-test uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit.data.definition import ENTERED_AT

if TYPE_CHECKING:
    from funnelkit.data.definition import Funnel


def leaks_of(funnel: Funnel, *, by: tuple[str, ...], changed: int) -> tuple[str, ...]:
    """Return, a sentence each, what is as exported although the dates are rewound.

    Parameters
    ----------
    funnel
        The definition.
    by
        Segments in use.
    changed
        Leads that the counts of an earlier date hold in another cohort than today's, or not.
    """
    found = []
    if names := exported(by):
        found.append(
            f"{display.listed([f'`{name}`' for name in names])} {_are(names)} as exported: a lead "
            "stands on every date in the segment in which it stands now."
        )
    if funnel.account is not None:
        found.append(
            f"`{funnel.account}` is as exported; it decides how wide intervals are, and no rate."
        )
    undated = [name for name in funnel.steps if funnel.column_of(name) is None]
    if undated:
        found.append(
            f"{display.listed([f'`{name}`' for name in undated])} {_has(undated)} no column of "
            f"dates, and what is known from a status without a date is not known on an earlier "
            "date."
        )
    found.append("Leads that were deleted or merged since are missing on every date.")
    if changed:
        found.append(
            f"{display.plural(changed, 'lead')} {'stands' if changed == 1 else 'stand'} in "
            "another cohort than on the earlier dates, as records were corrected later."
        )
    if unused := [name for name in (funnel.value, funnel.owner) if name is not None]:
        found.append(
            f"{display.listed([f'`{name}`' for name in unused])} {_are(unused)} as exported too, "
            "but not used here."
        )
    return tuple(found)


def exported(by: tuple[str, ...]) -> list[str]:
    """Return the segments that are as exported; the stage of entry is known on every date."""
    return [name for name in by if name != ENTERED_AT]


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _has(names: list[str]) -> str:
    return "has" if len(names) == 1 else "have"
