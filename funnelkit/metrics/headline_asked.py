"""What a headline metric is asked with, and how it is known: of leads, or of a table besides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.measure import Measure
from funnelkit.data.ledgers import Ledger
from funnelkit.metrics.stage_roles import Roles

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

Kind = Literal["leading", "lagging"]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a metric is worked out from.

    Parameters
    ----------
    leads
        The data.
    part
        The roles of the stages.
    level
        Confidence level.
    month
        The month that is told.
    tables
        Kind -> table beside the leads.
    channel
        The one channel that is told; ``None`` for all.
    channels
        Segment of the leads whose values are the channels of the tables.
    """

    leads: Leads
    part: Roles
    level: float
    month: pd.Period
    tables: Mapping[str, Ledger] = field(default_factory=dict)
    channel: str | None = None
    channels: str | None = None

    def table(self, kind: str) -> Ledger:
        """Return a table.

        Raises
        ------
        EvidenceError
            If there is none.
        """
        if kind not in self.tables:
            raise EvidenceError(
                f"it needs a table of {kind}, under `tables` in funnel.yml or as `tables`."
            )
        return self.tables[kind]

    def segment(self) -> str:
        """Return the segment of the leads whose values are channels.

        Raises
        ------
        ArgumentError
            If it is not said, and no segment is called so.
        """
        name = self.channels or "channel"
        if name in self.leads.funnel.groups:
            return name
        raise ArgumentError(
            "which segment of the leads holds the channels is not said: name it as `channel` "
            "(under `tables` in funnel.yml)."
        )


@dataclass(frozen=True)
class Known:
    """How a headline metric is worked out, and what it is.

    Parameters
    ----------
    kind
        Leading or lagging.
    make
        Returns its figures by month.
    share
        Whether it is a share, so that its target lies between 0 and 1.
    estimate
        Whether chance is in it, so that a verdict needs the whole interval; otherwise it is a
        fact of the books, and is compared as it is.
    table
        Kind of the table it needs beside the leads.
    by_channel
        Whether it can be told of one channel.
    lower
        Whether less is better.
    moves
        Whether it may still move both ways while its month is not over.
    percent
        Whether it is written as a percentage though it may exceed 1.
    over
        Returns whether its period is over, where that is not the month.
    words
        Its name in words, where these are not the words of its name.
    """

    kind: Kind
    make: Callable[[Asked], Measure]
    share: bool = False
    estimate: bool = False
    table: str | None = None
    by_channel: bool = False
    lower: bool = False
    moves: bool = False
    percent: bool = False
    over: Callable[[Asked], bool] | None = None
    words: str | None = None
