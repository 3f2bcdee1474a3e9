"""The experiments that run, each read as known at the month's end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit.report.page.facts import Missing

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.experiment import Design, Readout


def trials_view(
    leads: Leads, designs: Sequence[Design]
) -> tuple[tuple[str, Readout | Missing], ...]:
    """Return the read-out of each experiment, or what it would take to read it."""
    return tuple((one.name, read_out(leads, one)) for one in designs)


def read_out(leads: Leads, design: Design) -> Readout | Missing:
    """Return the read-out of one experiment, or what it would take to read it."""
    try:
        return design.analyse(leads)
    except EvidenceError as error:
        return Missing(f"It needs more: {error}")
    except (ArgumentError, DataError) as error:  # of this one, not of the report
        return Missing(f"It cannot be read as it is declared: {error}")
