"""Target accounts: how many of a named list were reached, have an opportunity, and were won."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.measure import Measure, Measures
from funnelkit.counts.opened import accounts_by_stage
from funnelkit.data.records import Leads
from funnelkit.metrics.stage_roles import roles

_SHOWN = 5


def target_accounts(
    leads: Leads,
    accounts: Sequence[str] | None = None,
    *,
    segment: tuple[str, str] | None = None,
    opportunity: str | None = None,
    confidence_level: float = 0.95,
) -> Measures:
    """Return the share of target accounts that were reached, have an opportunity, and are won.

    Parameters
    ----------
    leads
        The data, of a funnel with ``account``.
    accounts
        The target accounts by name: the denominator, whether a record has them or not.
    segment
        In place of a list, a segment and its value, such as ``("tier", "A")``; then only accounts
        with a record are known, all of them reached, and no share is told of that.
    opportunity
        The stage; default: the first whose name says opportunity or deal, or else the first.
    confidence_level
        Of the intervals.

    Returns
    -------
    Measures
        Shares of the target accounts, each account counted once; with businesses kept apart once
        in each.

    Raises
    ------
    ArgumentError
        If neither or both are given, the list is empty, or the funnel has no ``account``.
    EvidenceError
        If no record is of the segment.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {
    ...         "id": ["a", "b", "c"],
    ...         "lead": "2026-01-05",
    ...         "deal": ["2026-01-09", None, None],
    ...         "won": None,
    ...         "company": ["Acme", "Acme", "Bolt"],
    ...     }
    ... )
    >>> funnel = fk.Funnel(["lead", "deal", "won"], account="company")
    >>> leads = fk.from_frame(export, funnel, as_of="2026-02-28")
    >>> for share in target_accounts(leads, ["Acme", "Bolt", "Core", "Delta"]):
    ...     print(share.name, share.value)
    target accounts reached 0.5
    target accounts with an opportunity 0.25
    target accounts won 0.0
    """
    if leads.funnel.account is None:
        raise ArgumentError("`leads`: the funnel has no `account` column, so there is no account.")
    if (accounts is None) == (segment is None):
        raise ArgumentError("give either `accounts`, a list of names, or `segment` and its value.")
    checks.confidence(confidence_level)
    names = None if accounts is None else _listed(accounts)
    part = roles(leads.funnel, opportunity=opportunity)
    deal = part.opportunity or leads.funnel.stages[0]
    counted = accounts_by_stage(leads, names, segment=segment, stages=(deal, part.won))
    frame, by, segments = counted
    notes: tuple[str, ...] = ()
    if names is not None:
        whole = np.full((len(segments), 1), float(len(names)))
        seen = set(frame["account"])
        if lost := [name for name in names if name not in seen]:
            shown = ", ".join(display.one_line(name) for name in lost[:_SHOWN])
            more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
            notes = (f"Without a record: {shown}{more}.",)
    else:
        if not len(frame):
            raise EvidenceError(f"`segment`: no account has {segment!r}.")
        whole = np.array([[(frame["group"] == i).sum()] for i in range(len(segments))], float)

    def share(name: str, column: str | None, definition: str) -> Measure:
        hit = frame if column is None else frame[frame[column] > 0]
        found = np.array([[(hit["group"] == i).sum()] for i in range(len(segments))], float)
        return Measure(
            name=name,
            definition=definition,
            unit="share",
            numerator=found,
            denominator=whole,
            numerator_name="accounts",
            denominator_name="target accounts",
            by=by,
            segments=segments,
            notes=notes,
            as_of=leads.as_of,
            confidence_level=confidence_level,
        )

    found = [
        share("target accounts with an opportunity", "stage_0", f"accounts with {deal} / target"),
        share("target accounts won", "stage_1", f"accounts with {part.won} / target"),
    ]
    if names is not None:
        first = share("target accounts reached", None, "accounts with any record / target")
        found.insert(0, first)
    return Measures(measures=tuple(found))


def _listed(accounts: Sequence[str]) -> list[str]:
    if isinstance(accounts, str) or not all(isinstance(name, str) for name in accounts):
        raise ArgumentError("`accounts` must be a list of names of accounts.")
    names = list(dict.fromkeys(name.strip() for name in accounts if name.strip()))
    if not names:
        raise ArgumentError("`accounts` holds no name; there is nothing to divide by.")
    return names
