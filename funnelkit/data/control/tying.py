"""`tie_out`: our figures beside the CRM's own totals, and each difference by its causes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Result
from funnelkit.data.control.causes import Cause, causes, unmeasured
from funnelkit.data.control.recount import Recipe, Recount
from funnelkit.data.control.totals import ControlTotal, expected_totals
from funnelkit.data.records import Leads

if TYPE_CHECKING:
    import pandas as pd

_MOST_CAUSES = 3
_MOST_SAID = 3


@dataclass(frozen=True, kw_only=True)
class Tie:
    """One control total beside our figure.

    Parameters
    ----------
    total
        What the CRM says.
    ours
        Our figure; ``None``: the period begins after ``as_of``, so nothing is known of it.
    parts
        (cause, what counting that way too would add), in the order in which they were taken in.
    measured
        (cause, what counting that way alone would add), for the others that would move it.
    """

    total: ControlTotal
    ours: Decimal | None
    parts: tuple[tuple[str, Decimal], ...] = ()
    measured: tuple[tuple[str, Decimal], ...] = ()

    @property
    def compared(self) -> bool:
        """Whether there is anything to compare."""
        return self.ours is not None

    @property
    def ties(self) -> bool:
        """Whether our figure is the CRM's."""
        return self.ours is not None and self.total.ties(self.ours)

    @property
    def difference(self) -> Decimal:
        """Ours less the CRM's."""
        return Decimal(0) if self.ours is None else self.ours - self.total.number

    @property
    def unexplained(self) -> Decimal:
        """What the CRM has beyond ours and the causes; 0 where it ties within what is told."""
        rest = -self.difference - sum((n for _, n in self.parts), Decimal(0))
        return Decimal(0) if abs(rest) <= self.total.slack else rest

    @property
    def why(self) -> str:
        """The causes, and what is left."""
        if self.ties or not self.compared:
            return ""
        told = [f"{_signed(n)} {name}" for name, n in self.parts]
        if self.unexplained:
            told.append(f"{_signed(self.unexplained)} not explained")
        return "; ".join(told)

    def sentence(self) -> str:
        """Return the figure, how far it is off, and why."""
        if self.ours is None:
            return f"{self._head} is not known yet"
        if self.ties:
            return f"{self._head} ties: {figure(self.ours)}"
        way = "fewer" if self.difference < 0 else "more"
        if self.total.measure == "value":
            way = "less" if self.difference < 0 else "more"
        off = figure(abs(self.difference))
        crm = figure(self.total.number)
        return f"{self._head}: {off} {way} than the CRM's {crm} ({self.why})"

    @property
    def _head(self) -> str:
        return f"{self.total.what} in {self.total.period}" if self.total.span else self.total.what


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class TieOut(Result):
    """Whether our figures tie with the CRM's own totals.

    Parameters
    ----------
    ties
        Each control total beside our figure, in the order given.
    unmeasured
        Causes that could not be measured with these data, each with why; empty where all tie.
    as_of
        Last day of the data.
    """

    ties: tuple[Tie, ...]
    unmeasured: tuple[str, ...]
    as_of: dt.date

    @property
    def compared(self) -> tuple[Tie, ...]:
        """Those of which something is known by ``as_of``."""
        return tuple(tie for tie in self.ties if tie.compared)

    @property
    def differing(self) -> tuple[Tie, ...]:
        """Those that do not tie."""
        return tuple(tie for tie in self.compared if not tie.ties)

    @property
    def all_tie(self) -> bool:
        """Whether every one that could be compared ties."""
        return not self.differing

    def to_frame(self) -> pd.DataFrame:
        """Return one row per control total.

        Returns
        -------
        DataFrame
            ``what``, ``period``, ``expected`` (the CRM's), ``ours``, ``difference`` (ours less the
            CRM's), ``ties``, ``causes`` (what would bring ours to the CRM's, and what is not
            explained). ``ours`` is blank for a period that begins after ``as_of``.
        """
        import pandas as pd

        rows = [
            {
                "what": tie.total.what,
                "period": tie.total.period,
                "expected": tie.total.number,
                "ours": tie.ours,
                "difference": tie.difference if tie.compared else None,
                "ties": tie.ties if tie.compared else None,
                "causes": tie.why,
            }
            for tie in self.ties
        ]
        columns = ["what", "period", "expected", "ours", "difference", "ties", "causes"]
        return pd.DataFrame(rows, columns=columns, dtype=object)

    def causes(self) -> pd.DataFrame:
        """Return every cause that was measured, for each control total that does not tie.

        Returns
        -------
        DataFrame
            ``what``, ``period``, ``cause``, ``adds`` (what counting that way would add to ours)
            and ``taken`` (whether it is among the causes of the difference; those that are, are
            counted one after the other).
        """
        import pandas as pd

        rows = [
            (tie.total.what, tie.total.period, name, adds, taken)
            for tie in self.differing
            for taken, found in ((True, tie.parts), (False, tie.measured))
            for name, adds in found
        ]
        return pd.DataFrame(rows, columns=["what", "period", "cause", "adds", "taken"])

    def summary(self) -> str:
        """Return whether all tie, or the first that do not, with their causes."""
        n, off = len(self.compared), self.differing
        later = len(self.ties) - n
        words = []
        if not n:
            words.append(f"No control total begins by {self.as_of.isoformat()}.")
        elif not off:
            all_of = "The one control total ties" if n == 1 else f"All {n} control totals tie"
            words.append(f"{all_of} with the CRM.")
        else:
            said = [tie.sentence() for tie in off[:_MOST_SAID]]
            more = len(off) - len(said)
            said += [f"and {display.plural(more, 'more')}"] if more else []
            head = "The one control total does not tie" if n == 1 else f"{n - len(off)} of {n} tie"
            words.append(f"{head}; {'; '.join(said)}.")
        if later and n:
            verb = "lies" if later == 1 else "lie"
            words.append(f"{later} {verb} after {self.as_of.isoformat()}.")
        if any(tie.unexplained for tie in off) and self.unmeasured:
            words.append(f"Not measured: {'; '.join(self.unmeasured)}.")
        return " ".join(words)


def tie_out(leads: Leads, expected: Sequence[ControlTotal] | Sequence[dict[str, object]]) -> TieOut:
    """Return whether our figures tie with the CRM's own totals, and where not, why.

    Parameters
    ----------
    leads
        The data.
    expected
        Control totals from the CRM's own report, as in funnel.yml: each with ``count`` (a stage
        or exit: records that entered it) or ``value`` (their money); ``in``, period -> number, or
        ``total``; and perhaps ``where``, segment -> value or values. Counts tie when they are
        equal, money when it is within half of the last digit that is told.

    Returns
    -------
    TieOut
        Each figure beside ours; a period that begins after the leads' ``as_of`` is not compared.

    Raises
    ------
    ArgumentError
        With every mistake in ``expected`` at once.

    Notes
    -----
    Each cause is measured by counting again: rows for ids, days of UTC, records set aside, skipped
    stages, reversed wins and reopened exits, days out of order as recorded, last entries, another
    date column, `recorded_from`, entries after `as_of`. A cause is taken for the reason when it
    brings our figures closer to the CRM's and makes none of them differ that tied; one that moves
    every record to another day, only when a figure ties by it that did not. What no cause brings
    is not explained.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {
    ...         "id": ["a", "b", "b"],
    ...         "lead": ["2026-08-05", "2026-08-09", "2026-08-09"],
    ...         "won": ["2026-09-01", None, None],
    ...     }
    ... )
    >>> leads = fk.from_frame(export, fk.Funnel(["lead", "won"]), as_of="2026-09-30")
    >>> fk.tie_out(
    ...     leads,
    ...     [{"count": "lead", "in": {"2026-08": 3}}, {"count": "won", "total": 1}],
    ... ).summary()
    "1 of 2 tie; lead in 2026-08: 1 fewer than the CRM's 3 (+1 rows that repeat an id)."
    """
    if not isinstance(leads, Leads):
        raise ArgumentError(f"`leads` must be Leads; got {type(leads).__name__}.")
    totals = expected_totals(expected, leads.funnel)
    known = [t for t in totals if t.span is None or t.span.first <= leads.as_of]
    counting = Recount(leads, [leads.funnel.steps.index(total.step) for total in known])
    ours = dict(zip(known, counting.figures([(one, Recipe()) for one in known]), strict=True))
    found = {one: Tie(total=one, ours=ours.get(one)) for one in totals}
    if not all(tie.ties for tie in found.values() if tie.compared):
        found |= _explained(leads, counting, ours)
        said = tuple(unmeasured(leads, counting))
    else:
        said = ()
    return TieOut(ties=tuple(found[one] for one in totals), unmeasured=said, as_of=leads.as_of)


def _explained(
    leads: Leads, counting: Recount, ours: dict[ControlTotal, Decimal]
) -> dict[ControlTotal, Tie]:
    """Return each control total with the causes that bring ours to it, taken in one by one."""
    totals = list(ours)
    known = causes(leads, counting)
    recipe, figures = Recipe(), ours
    parts: dict[ControlTotal, list[tuple[str, Decimal]]] = {one: [] for one in totals}
    alone: dict[Cause, dict[ControlTotal, Decimal]] = {}
    taken: list[Cause] = []
    while len(taken) < _MOST_CAUSES:
        left = [one for one in known if one not in taken and not _clash(one, recipe)]
        tried = _tried(counting, left, recipe, figures)
        alone = alone or tried
        best = min(tried, key=lambda one: _score(tried[one]), default=None)
        if best is None or not _serves(best, figures, tried[best]):
            break
        for one in totals:
            if tried[best][one] != figures[one]:
                parts[one].append((best.name, tried[best][one] - figures[one]))
        recipe, figures = best.applied(recipe), tried[best]
        taken.append(best)
        if all(one.ties(figures[one]) for one in totals):
            break
    return {
        one: Tie(
            total=one,
            ours=ours[one],
            parts=() if one.ties(ours[one]) else tuple(parts[one]),
            measured=tuple(
                (cause.name, moved[one] - ours[one])
                for cause, moved in alone.items()
                if cause not in taken and moved[one] != ours[one]
            ),
        )
        for one in totals
    }


def _tried(
    counting: Recount, left: Sequence[Cause], recipe: Recipe, figures: dict[ControlTotal, Decimal]
) -> dict[Cause, dict[ControlTotal, Decimal]]:
    """Return the figures with each of some causes taken in, all counted in one scan."""
    steps = counting.funnel.steps
    asked = [
        (cause, total)
        for cause in left
        for total in figures
        if steps.index(total.step) in cause.steps
    ]
    new = counting.figures([(total, cause.applied(recipe)) for cause, total in asked])
    found = {cause: dict(figures) for cause in left}
    for (cause, total), figure in zip(asked, new, strict=True):
        found[cause][total] = figure
    return found


def _clash(cause: Cause, recipe: Recipe) -> bool:
    """Whether a day was chosen already."""
    return cause.day is not None and recipe.day != Recipe().day


def _score(figures: dict[ControlTotal, Decimal]) -> tuple[int, Decimal]:
    """Return how many figures differ, and by how much relative to the CRM's in all."""
    off = [one for one, ours in figures.items() if not one.ties(ours)]
    rest = sum((abs(figures[t] - t.number) / max(abs(t.number), Decimal(1)) for t in off),
               Decimal(0))  # fmt: skip
    return len(off), rest


def _serves(
    cause: Cause, before: dict[ControlTotal, Decimal], after: dict[ControlTotal, Decimal]
) -> bool:
    """Whether a cause brings the figures closer and makes none differ that tied."""
    if any(one.ties(before[one]) and not one.ties(after[one]) for one in before):
        return False
    (was_off, was), (is_off, now) = _score(before), _score(after)
    if cause.shifts:  # that nothing is left by it is no sign
        return any(one.number and one.ties(after[one]) and not one.ties(before[one])
                   for one in before)  # fmt: skip
    return is_off < was_off or (is_off == was_off and now < was)


def figure(value: Decimal) -> str:
    """Return a count, or money with its cents where it has some."""
    text = f"{value:,.2f}" if value != int(value) else f"{value:,.0f}"
    return text.replace("-", display.MINUS)


def _signed(value: Decimal) -> str:
    return f"{'+' if value > 0 else ''}{figure(value)}"
