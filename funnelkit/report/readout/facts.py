"""What the readout of an experiment says."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from funnelkit._core.display import NARROW_SPACE
from funnelkit.report.page.facts import Missing

if TYPE_CHECKING:
    from funnelkit.experiment import Comparison, Design, Readout


@dataclass(frozen=True, eq=False, kw_only=True)
class ReadoutFacts:
    """Everything that the page says.

    Parameters
    ----------
    design
        The experiment as it was declared.
    view
        Its read-out, or what it would take to read it.
    as_of
        Last day that is known.
    start
        Stage of entry.
    confidence_level
        Level of every interval.
    segment
        The one column by whose groups the primary metric is told; ``None``: every one.
    title
        Name of the business.
    simulated
        Whether the data are simulated.
    """

    design: Design
    view: Readout | Missing
    as_of: dt.date
    start: str
    confidence_level: float = 0.95
    segment: str | None = None
    title: str | None = None
    simulated: bool = False

    @property
    def level(self) -> str:
        """Confidence level as it is written: ``95 %``."""
        return f"{100 * self.confidence_level:g}{NARROW_SPACE}%"

    def told(self, one: Comparison) -> Comparison:
        """Return a comparison with its interval at the level of the page."""
        return replace(one, confidence_level=self.confidence_level)
