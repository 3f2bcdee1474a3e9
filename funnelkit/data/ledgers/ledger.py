"""`Ledger`: a data table that holds no leads, every row accounted for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.result import Result
from funnelkit.data.accounting import KEPT
from funnelkit.data.finding import SEVERITIES, Finding
from funnelkit.data.ledgers.schemas import Schema

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Ledger(Result):
    """A data table that holds no leads, with its declared columns and every row accounted for.

    Parameters
    ----------
    schema
        Its columns, those that it has.
    table
        Its rows; see :attr:`frame`.
    source
        Name of the file or files, or ``"frame"``.
    rows
        Rows read.
    aside
        Reason -> rows set aside; with the rows of the frame they are the rows read.
    currency
        Of its amounts; ``None`` where it is not known.
    days_only
        Columns of moments that tell no time of day.
    notes
        What was found and decided while reading.
    findings
        What the audit has to say of it, the worst first.

    Examples
    --------
    >>> import pandas as pd
    >>> from funnelkit.data.ledgers import read_spend
    >>> rows = pd.DataFrame({"month": ["2026-01"], "channel": ["web"], "amount": [12_000]})
    >>> spend = read_spend(rows, currency="EUR")
    >>> spend.frame["amount"].sum()
    Decimal('12000.0000')
    >>> spend.summary()
    'Spend: 1 row of 1 read, 0 set aside; amounts in EUR. Nothing was found.'
    """

    schema: Schema
    table: pd.DataFrame
    source: str
    rows: int
    aside: Mapping[str, int]
    currency: str | None = None
    days_only: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        """Copy what could be changed from outside."""
        object.__setattr__(self, "table", self.table.copy())
        object.__setattr__(self, "aside", MappingProxyType(dict(self.aside)))

    @property
    def kind(self) -> str:
        """What kind of table it is, such as ``"spend"``."""
        return self.schema.name

    @property
    def frame(self) -> pd.DataFrame:
        """The kept rows, in the order of the source.

        Columns of the schema by their own names, then those that were kept besides. Texts are
        ``str``, ``None`` where blank; months and periods are of pandas' ``period`` type, days and
        moments of ``datetime64`` (with a zone where the source tells offsets); money is exact, as
        :class:`decimal.Decimal`; numbers are floats, counts ``Int64`` and flags ``boolean``, blank
        as ``<NA>``.
        """
        return self.table.copy()

    def __len__(self) -> int:
        """Return the number of rows kept."""
        return len(self.table)

    def to_frame(self) -> pd.DataFrame:
        """Return the kept rows, as :attr:`frame`."""
        return self.frame

    def accounting(self) -> pd.DataFrame:
        """Return what became of every row: ``file``, ``reason``, ``rows``.

        Rows read = rows kept + rows set aside.
        """
        import pandas as pd

        told = {KEPT: len(self.table), **self.aside}
        rows = [(self.source, reason, number) for reason, number in told.items() if number]
        return pd.DataFrame(rows, columns=["file", "reason", "rows"])

    def summary(self) -> str:
        """Return how many rows there are, the currency, and what was found."""
        text = (
            f"{self.kind.capitalize()}: {display.plural(len(self.table), 'row')} of "
            f"{display.count(self.rows)} read, {display.count(sum(self.aside.values()))} set aside"
        )
        text += f"; amounts in {self.currency}." if self.currency else "."
        counts = [
            display.plural(number, severity)
            for severity in SEVERITIES
            if (number := sum(finding.severity == severity for finding in self.findings))
        ]
        if not counts:
            return f"{text} Nothing was found."
        return f"{text} {display.listed(counts)}. First: {self.findings[0].what}"
