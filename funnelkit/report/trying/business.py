"""One business of several that are kept apart: the one asked for, else the largest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit.data import journeys
from funnelkit.data.proposing.writing import scalar
from funnelkit.report.trying.facts import Business

if TYPE_CHECKING:
    from funnelkit.data.records import Leads


def one_business(
    leads: Leads, where: Mapping[str, Sequence[str | None]], *, pooled: bool = False
) -> tuple[Leads, Business | None]:
    """Return the leads of one business, and which one; ``None`` where there is only one.

    Parameters
    ----------
    leads
        As drafted.
    where
        Column -> values to look at. Of columns kept apart that are not among them, the values with
        the most records are taken.
    pooled
        Whether to look at several businesses as one.

    Raises
    ------
    ArgumentError
        For an unknown column or value, with the closest match.
    """
    asked = leads.only(**where) if where else leads
    apart = asked.funnel.apart
    if not apart:
        return asked, None
    if pooled:
        return asked.pooled(), None
    counted = _counted(asked, apart)
    if len(counted) < 2:
        return asked.pooled(), None
    (largest, n), *others = counted
    chosen = dict(zip(apart, largest, strict=True))
    return asked.only(**chosen), Business(
        chosen=chosen,
        records=n,
        others=tuple((display.segment_name(values), number) for values, number in others),
    )


def where_lines(
    where: Mapping[str, Sequence[str | None]], business: Business | None
) -> tuple[str, ...]:
    """Return the lines of a funnel.yml that look at the same records."""
    found = {name: list(values) for name, values in where.items()}
    if business is not None:
        found |= {name: [value] for name, value in business.chosen.items()}
    if not found:
        return ()
    why = "  # one business; to look at another, name it here" if business is not None else ""
    lines = [
        f"  {scalar(name)}: [{', '.join(scalar(value or '') for value in values)}]"
        for name, values in found.items()
    ]
    return ("", f"where:{why}", *lines)


def _counted(leads: Leads, apart: Sequence[str]) -> list[tuple[tuple[str | None, ...], int]]:
    table = leads.journeys
    columns = {
        f"apart_{number}": journeys.segment(table, leads.funnel, name)
        for number, name in enumerate(apart)
    }
    picked = table.select(**columns)
    rows = picked.aggregate(by=list(columns), n=picked.count()).execute()
    found = [
        (tuple(value if isinstance(value, str) else None for value in values), int(n))
        for *values, n in rows.itertuples(index=False)
    ]
    return sorted(found, key=lambda one: (-one[1], tuple(value or "" for value in one[0])))
