"""Between marketing and sales: what is accepted, what is rejected, what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.clusters import ClusterSums
from funnelkit._core.dates import Unit
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.measure import Measure, Measures
from funnelkit.data.journeys import group_names
from funnelkit.data.records import Leads
from funnelkit.data.returning import returned
from funnelkit.metrics.cells import Cells, cells
from funnelkit.metrics.people.activity_kinds import texts
from funnelkit.metrics.plain import names_of
from funnelkit.metrics.response.waiting import Waiting
from funnelkit.metrics.roster import told_by_business
from funnelkit.metrics.stage_roles import roles

if TYPE_CHECKING:
    import pandas as pd

_ID, _LEFT, _BACK, _LATEST = "\0id", "\0left", "\0back", "\0latest"  # names no column has
_NOTE = (
    "Of the decided alone the quick decisions count most; the open ones are in the denominator of "
    "the other rate, and may yet be decided."
)
_SEEN = (
    "Seen is only what dates show, a later day of a stage under the same id; an exit that was "
    "overwritten is not."
)


def acceptance(
    leads: Leads,
    handed_over: str | None = None,
    *,
    accepted: str | None = None,
    rejected: str | Sequence[str] | None = None,
    by: str | Sequence[str] | None = None,
    every: Unit | None = None,
    confidence_level: float = 0.95,
) -> Measures:
    """Return how many leads that marketing handed over sales accepted and rejected, and how fast.

    Parameters
    ----------
    leads
        The data.
    handed_over
        Stage at which marketing hands over; default: the first that is named qualified, or MQL.
    accepted
        Stage that says sales took it; default: the one after.
    rejected
        Exits that are rejections; default: all.
    by
        Segments, or the owner.
    every
        Split by the period of handing over.
    confidence_level
        Of the intervals.

    Returns
    -------
    Measures
        ``"accepted of decided"`` (accepted / accepted and rejected), ``"accepted of handed over"``
        (the open ones in the denominator), ``"rejected of handed over"`` and ``"days to decision"``
        (the median, open ones counted as waiting).

    Raises
    ------
    ArgumentError
        If a stage or exit is not there.
    EvidenceError
        If nobody was handed over.

    Notes
    -----
    A lead is rejected if it left by one of the exits without reaching ``accepted``; by another exit
    it is neither, and counts as handed over. Intervals are Wilson's, where the funnel has accounts
    with the effective number of leads.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {
    ...         "id": ["a", "b", "c", "d"],
    ...         "mql": "2026-01-05",
    ...         "sql": ["2026-01-06", "2026-01-09", None, None],
    ...         "won": None,
    ...         "lost": [None, None, "2026-01-20", None],
    ...     }
    ... )
    >>> funnel = fk.Funnel(["mql", "sql", "won"], exits=["lost"])
    >>> found = acceptance(fk.from_frame(export, funnel, as_of="2026-02-28"), "mql")
    >>> round(found["accepted of decided"].value, 3), found["accepted of handed over"].value
    (0.667, 0.5)
    >>> found["days to decision"].value
    4.0
    """
    checks.confidence(confidence_level)
    funnel = _funnel_of(leads)
    start = handed_over or roles(funnel).qualified or funnel.stages[0]
    k = funnel.stage("handed_over", start)
    if k + 1 >= len(funnel.stages):
        raise ArgumentError(f"`handed_over` must come before `{start}`, which ends the funnel.")
    target = accepted or funnel.stages[k + 1]
    if funnel.stage("accepted", target) <= k:
        raise ArgumentError(f"`accepted` must come after `{start}`; got `{target}`.")
    exits = (
        funnel.exits
        if rejected is None
        else ((rejected,) if isinstance(rejected, str) else tuple(rejected))
    )
    for name in exits:
        checks.member("rejected", "exit", name, funnel.exits)
    names = group_names(funnel, names_of("by", by))
    listed = leads.list(start, start=start)
    if not len(listed):
        raise EvidenceError(f"nobody was handed over at `{start}`.")
    reached = listed[funnel.id].isin(set(leads.list(target, start=start)[funnel.id]))
    took = reached.to_numpy(dtype=bool)
    left = np.zeros(len(listed), dtype=bool)
    for name in exits:
        out = set(leads.list(name, start=start)[funnel.id])
        left |= listed[funnel.id].isin(out).to_numpy(dtype=bool) & ~took
    place = cells(
        listed,
        names,
        days=_days_of(listed, start) if every else None,
        every=every,
        calendar=funnel.calendar,
    )
    accounts = texts(listed[funnel.account]) if funnel.account else None
    share = _Shares(leads, place, accounts, confidence_level)
    decided, everyone = took | left, np.ones(len(listed), dtype=bool)
    open_ = _open(place, ~decided, funnel.apart)
    told = [_NOTE] if open_ else []
    if len(exits) < len(funnel.exits):
        other = [name for name in funnel.exits if name not in exits]
        told.append(f"Leads that left by {display.listed(list(other))} are neither.")
    return Measures(
        measures=(
            share(
                "accepted of decided",
                f"reached {target} / reached {target} or rejected",
                of=(took, decided),
                words=("accepted", f"decided of {start}"),
                notes=told,
            ),
            share(
                "accepted of handed over",
                f"reached {target} / entered {start}, open ones included",
                of=(took, everyone),
                words=("accepted", f"that entered {start}"),
                notes=open_,
            ),
            share(
                "rejected of handed over",
                f"left without reaching {target} / entered {start}, open ones included",
                of=(left, everyone),
                words=("rejected", f"that entered {start}"),
            ),
            _days_to_decision(
                leads,
                listed,
                place,
                start=start,
                target=target,
                exits=exits,
                decided=(took, left),
                confidence_level=confidence_level,
            ),
        )
    )


def recycled(
    leads: Leads,
    *,
    by: str | Sequence[str] | None = None,
    every: Unit | None = None,
    confidence_level: float = 0.95,
) -> Measures:
    """Return how many leads that had left came back, and what became of them.

    Parameters
    ----------
    leads
        The data.
    by
        Segments, or the owner.
    every
        Split by the period of first leaving.
    confidence_level
        Of the intervals.

    Returns
    -------
    Measures
        ``"came back"`` (leads with a day of a stage after their first exit / leads that ever left),
        ``"won after coming back"`` (won / came back, the open ones included), and where the funnel
        names accounts ``"came back as a new record"`` (accounts' further leads: left, and the
        account entered again later).

    Raises
    ------
    ArgumentError
        If a segment is not there.
    EvidenceError
        If nothing says who left, or nobody did.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {
    ...         "id": ["a", "b", "c"],
    ...         "lead": "2026-01-05",
    ...         "lost": ["2026-01-20", "2026-01-20", None],
    ...         "won": ["2026-02-20", None, "2026-02-20"],
    ...     }
    ... )
    >>> leads = fk.from_frame(
    ...     export, fk.Funnel(["lead", "won"], exits=["lost"]), as_of="2026-03-31"
    ... )
    >>> found = recycled(leads)
    >>> found["came back"].value, found["won after coming back"].value
    (0.5, 1.0)
    """
    import pandas as pd

    checks.confidence(confidence_level)
    funnel = _funnel_of(leads)
    names = group_names(funnel, names_of("by", by))
    gone = returned(leads).rename(columns={"id": _ID, "left": _LEFT, "back": _BACK})
    if not len(gone):
        raise EvidenceError("nobody ever left, so nobody can have come back.")
    parts = [leads.list(step) for step in funnel.steps]
    rows = pd.concat(parts, ignore_index=True).drop_duplicates(funnel.id)
    rows = gone.merge(rows, left_on=_ID, right_on=funnel.id, how="inner")
    days = pd.DatetimeIndex(rows[_LEFT])
    place = cells(rows, names, days=days if every else None, every=every, calendar=funnel.calendar)
    back = rows[_BACK].to_numpy(dtype=bool)
    won = rows[funnel.id].isin(set(parts[len(funnel.stages) - 1][funnel.id])).to_numpy(dtype=bool)
    accounts = texts(rows[funnel.account]) if funnel.account else None
    share = _Shares(leads, place, accounts, confidence_level)
    ever = np.ones(len(rows), dtype=bool)
    gone_again = rows[list(funnel.exits)].notna().any(axis=1).to_numpy(dtype=bool)
    notes = [_SEEN]
    if funnel.reopened == "first":
        notes.append(
            'With reopened="first" an exit ended each of them, and no win after it counts.'
        )
    found = [
        share(
            "came back",
            "leads with a day of a stage after their first exit / leads that ever left",
            of=(back, ever),
            words=("came back", "leads that left"),
            notes=notes,
        ),
        share(
            "won after coming back",
            "won / came back, those still open included",
            of=(back & won, back),
            words=("won", "that came back"),
            notes=_open(place, back & ~won & ~gone_again, funnel.apart),
        ),
    ]
    if funnel.account is not None:
        again, known = _new_records(parts[0], rows, funnel.stages[0], funnel.account, funnel.apart)
        found.append(
            share(
                "came back as a new record",
                "left, and the account entered again after that / left, of accounts that are known",
                of=(again & ~back, known),
                words=("came back as a new record", "leads that left"),
            )
        )
    return Measures(measures=tuple(found))


class _Shares:
    """Shares over the cells of one set of leads, with accounts where there are any."""

    def __init__(
        self, leads: Leads, place: Cells, accounts: list[str | None] | None, level: float
    ) -> None:
        self._leads, self._place, self._level = leads, place, level
        self._accounts = accounts

    def __call__(
        self,
        name: str,
        definition: str,
        *,
        of: tuple[Any, Any],
        words: tuple[str, str],
        notes: Sequence[str] = (),
    ) -> Measure:
        place, (part, base) = self._place, of
        x, n = place.count(part & base), place.count(base)
        effective = None
        if self._accounts is not None:
            sums = account_sums(place, self._accounts, part & base, base)
            effective = sums.effective(x, n, confidence_level=self._level)
        return Measure(
            name=name,
            definition=definition,
            unit="share",
            numerator=x,
            denominator=n,
            effective=effective,
            numerator_name=words[0],
            denominator_name=words[1],
            by=place.by,
            segments=place.segments,
            periods=place.periods,
            notes=tuple(notes),
            as_of=self._leads.as_of,
            confidence_level=self._level,
        )


def account_sums(place: Cells, accounts: Sequence[str | None], hit: Any, base: Any) -> ClusterSums:
    """Return the sums over the accounts of each cell; a lead without one is one of its own."""
    found = {name: np.zeros(place.shape) for name in ("accounts", "nn", "xn", "xx")}
    groups: dict[tuple[int, int, str], list[int]] = {}
    for number, (i, j, name) in enumerate(zip(place.row, place.column, accounts, strict=True)):
        if base[number] and i >= 0 and j >= 0:
            key = (int(i), int(j), f"\0{number}" if name is None else name)
            own = groups.setdefault(key, [0, 0])
            own[0] += 1
            own[1] += int(hit[number])
    for (i, j, _), (n, x) in groups.items():
        for name, value in (("accounts", 1), ("nn", n * n), ("xn", x * n), ("xx", x * x)):
            found[name][i, j] += value
    return ClusterSums(**found)


def _days_to_decision(
    leads: Leads,
    listed: pd.DataFrame,
    place: Cells,
    *,
    start: str,
    target: str,
    exits: Sequence[str],
    decided: tuple[Any, Any],
    confidence_level: float,
) -> Measure:
    import pandas as pd

    entered = listed[start]
    took, left = decided
    ended = listed[target].where(took)
    for name in exits:
        ended = ended.where(~(left & listed[name].notna().to_numpy()), listed[name])
    age = (ended - entered).dt.days.to_numpy(dtype=float)
    followed = (pd.Timestamp(leads.as_of) - entered).dt.days.to_numpy(dtype=float)
    done = (took | left) & np.isfinite(age) & (age >= 0)
    usable = done | (~(took | left) & np.isfinite(followed))
    waited = np.where(done, age, followed)
    shape = place.shape
    median, low, high = (np.full(shape, np.nan) for _ in range(3))
    for (i, j), rows in place.groups():
        inside = rows[usable[rows]]
        if len(inside):
            wait = Waiting(minutes=waited[inside], answered=done[inside])
            median[i, j] = wait.quantile(0.5)
            low[i, j], high[i, j] = wait.quantile_interval(0.5, confidence_level)
    unknown = int((~usable).sum())
    notes = ["Open leads count as waiting."]
    if unknown:
        notes.append(f"{display.plural(unknown, 'decision')} on an unknown day left out.")
    if np.isnan(median).any():
        notes.append("Where less than half is decided there is no median yet.")
    return Measure(
        name="days to decision",
        definition=f"median days from {start} to {target} or rejection",
        unit="days",
        numerator=np.full(shape, np.nan),
        denominator=place.count(usable),
        given=median,
        low=low,
        high=high,
        numerator_name="days",
        denominator_name=f"leads that entered {start}",
        by=place.by,
        segments=place.segments,
        periods=place.periods,
        notes=tuple(notes),
        as_of=leads.as_of,
        confidence_level=confidence_level,
    )


def _new_records(
    entries: pd.DataFrame, rows: pd.DataFrame, first: str, account: str, apart: Sequence[str]
) -> tuple[Any, Any]:
    """Return whose account entered again after it had left, and whose account is known."""
    keys = [account, *apart]
    latest = entries.dropna(subset=[account]).groupby(keys, dropna=False)[first].max()
    joined = rows[[*keys, _LEFT]].merge(latest.rename(_LATEST).reset_index(), how="left", on=keys)
    known = rows[account].notna().to_numpy(dtype=bool)
    again = (joined[_LATEST] > joined[_LEFT]).to_numpy(dtype=bool)
    return again & known, known


def _open(place: Cells, where: Any, apart: Sequence[str]) -> list[str]:
    """Return how many leads are still open, of each business that is kept apart."""
    counted = place.count(where)
    if not counted.sum():
        return []
    told = told_by_business(place.by, place.segments, apart, counted)
    return [f"Still open: {told}; so it may change."]


def _days_of(listed: pd.DataFrame, stage: str) -> pd.DatetimeIndex:
    import pandas as pd

    return pd.DatetimeIndex(listed[stage])


def _funnel_of(leads: Any) -> Any:
    if not isinstance(leads, Leads):
        raise ArgumentError(f"`leads` must be Leads; got {type(leads).__name__}.")
    return leads.funnel
