"""`Finding`: what one rule of the audit found."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from funnelkit._core import display

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one rule of the audit found.

    Parameters
    ----------
    rule
        Name of the rule.
    severity
        ``"error"``: figures would be wrong; ``"warning"``: some are, or may be; ``"note"``: good
        to know.
    count
        Rows, records or days concerned.
    share
        That count as a share of all of them; NaN where it is a share of nothing.
    examples
        Up to five ids, days or category names; never what stands in a personal column.
    what
        What was found, in a sentence or two.
    remedy
        What was done about it, or can be.

    Examples
    --------
    >>> finding = Finding(
    ...     rule="ids_missing",
    ...     severity="warning",
    ...     count=3,
    ...     share=0.001,
    ...     what="3 rows have no id.",
    ...     remedy="They were set aside.",
    ... )
    >>> print(finding)
    warning: 3 rows have no id. They were set aside.
    """

    rule: str
    severity: Severity
    count: int
    share: float = math.nan
    examples: tuple[str, ...] = ()
    what: str
    remedy: str

    def __str__(self) -> str:
        """Return the finding as a line of text."""
        new = [example for example in self.examples if example not in self.what]
        shown = f" For example {', '.join(new)}." if new else ""
        return f"{self.severity}: {self.what} {self.remedy}{shown}"


def share_of(part: int, whole: int) -> float:
    """Return a share, NaN of nothing."""
    return part / whole if whole else math.nan


def share_shown(share: float) -> str:
    """Return a share as a percentage that is 0 only where it is none; a dash where of nothing.

    Examples
    --------
    >>> [share_shown(share).replace(display.NARROW_SPACE, " ") for share in (0.25, 1e-5, 0.0)]
    ['25.0 %', '< 0.1 %', '0.0 %']
    """
    return f"< {display.percent(0.001)}" if 0 < share < 0.0005 else display.percent(share)


def were(number: int, noun: str, many: str | None = None) -> str:
    """Return a count, its noun and the verb that goes with it.

    Examples
    --------
    >>> were(1, "row"), were(2, "entry", "entries")
    ('1 row was', '2 entries were')
    """
    return f"{display.plural(number, noun, many)} {'was' if number == 1 else 'were'}"


def have(number: int, noun: str, many: str | None = None) -> str:
    """Return a count, its noun and "has" or "have".

    Examples
    --------
    >>> have(1, "record"), have(2, "record")
    ('1 record has', '2 records have')
    """
    return f"{display.plural(number, noun, many)} {'has' if number == 1 else 'have'}"
