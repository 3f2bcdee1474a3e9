"""The counts that peers are compared by: of a table, or of leads that are equally mature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, DataError, numbered

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.counts.triangle import Triangle
    from funnelkit.data.records import Leads

COUNTS = ("entered", "converted")
_SEEN = 0.9
"""Share of the conversions that come which must be in for the window of leads."""
_STILL = 0.1
"""Share of the leads that must be followed to an age for its rate to count."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Gathered:
    """Counts of each combination of columns, and what is said of them.

    Parameters
    ----------
    table
        The columns, as texts with ``None`` for blank, then ``entered`` and ``converted``; one row
        per combination that somebody entered.
    what
        What was counted: ``"lead records within 60 days"``.
    notes
        Sentences that belong with the counts.
    worth
        Independent records that one record is worth.
    """

    table: pd.DataFrame
    what: str = "records"
    notes: tuple[str, ...] = ()
    worth: float = 1.0


def gathered(
    counts: Leads | pd.DataFrame,
    columns: tuple[str, ...],
    *,
    start: str | None,
    target: str | None,
    within: int | None,
) -> Gathered:
    """Return the counts by the columns, the first of which holds the peers.

    Raises
    ------
    ArgumentError
        For an unknown column or stage, or options of leads with a table.
    DataError
        If counts of a table cannot be.
    """
    import pandas as pd

    if not isinstance(counts, pd.DataFrame):
        if not hasattr(counts, "funnel"):
            raise ArgumentError(f"`counts` must be leads or a table; got {type(counts).__name__}.")
        return _of_leads(counts, columns, start=start, target=target, within=within)
    options = {"start": start, "target": target, "within": within}
    if given := [name for name, value in options.items() if value is not None]:
        raise ArgumentError(f"`{given[0]}` is for leads; a table holds its counts already.")
    return Gathered(table=_checked(counts, columns))


def _checked(counts: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    import pandas as pd

    known = [str(column) for column in counts.columns]
    for name in (*columns, *COUNTS):
        checks.member("counts", "column", name, known)
    numbers = counts[list(COUNTS)].apply(pd.to_numeric, errors="coerce")
    entered, converted = (numbers[name].to_numpy(float) for name in COUNTS)
    tests = {
        "hold no number": ~(np.isfinite(entered) & np.isfinite(converted)),
        "are negative": (entered < 0) | (converted < 0),
        "have more converted than entered": converted > entered,
    }
    problems = [
        f"{display.plural(int(bad.sum()), 'row')} {what}, such as row "
        f"{counts.index[np.flatnonzero(bad)[0]]}"
        for what, bad in tests.items()
        if bad.any()
    ]
    if problems:
        raise DataError(numbered(problems))
    summed: dict[tuple[str | None, ...], list[float]] = {}
    keys = zip(*(counts[name] for name in columns), strict=True)
    for key, n, x in zip(keys, entered, converted, strict=True):
        named = tuple(None if pd.isna(value) else str(value) for value in key)
        cell = summed.setdefault(named, [0.0, 0.0])
        cell[0], cell[1] = cell[0] + n, cell[1] + x
    rows = [(*key, *cell) for key, cell in summed.items() if cell[0] > 0]
    table = pd.DataFrame(rows, columns=[*columns, *COUNTS])
    return table.astype({name: object if name in columns else float for name in table.columns})


def _of_leads(
    leads: Leads,
    columns: tuple[str, ...],
    *,
    start: str | None,
    target: str | None,
    within: int | None,
) -> Gathered:
    from funnelkit.counts.build import triangle
    from funnelkit.counts.followed import followed

    first, last = start or leads.funnel.stages[0], target or leads.funnel.won
    notes: tuple[str, ...] = ()
    if columns[0] == leads.funnel.owner:
        owned = leads.owned_at(first)
        notes, leads = owned.notes[len(leads.notes) :], owned
    pooled = triangle(leads, first, last, cohort="year").collapse(segments=True, cohorts=True)
    chosen = _most_are_in(pooled) if within is None else within
    counted = followed(leads, first, last, within=chosen, by=columns)
    if extra := [name for name in counted.by if name not in columns]:
        raise ArgumentError(
            f"{display.listed(extra)} keeps businesses apart; name it in `mix`, choose one with "
            "`leads.only(…)`, or pool them with `leads.pooled()`."
        )
    worth = 1.0
    if pooled.accounts is not None:
        converted = pooled.by_age(last)[..., : chosen + 1].sum(axis=-1)
        effective = pooled.accounts.up_to(chosen).effective(converted, pooled.entered)
        worth = float(np.ravel(effective)[0] / max(int(pooled.entered.sum()), 1))
    if young := int(counted.young.sum()):
        notes += (f"{display.count(young)} younger {'is' if young == 1 else 'are'} left out.",)
    return Gathered(
        table=_checked(counted.to_frame(), columns),
        what=f"{first} records within {display.plural(chosen, 'day')}",
        notes=notes,
        worth=worth,
    )


def _most_are_in(pooled: Triangle) -> int:
    """Return the age by which nine in ten of the conversions that come are in."""
    from funnelkit.lag import fit_competing

    fit = fit_competing(pooled)
    rate = np.ravel(fit.rate_at(np.arange(fit.horizon + 1)))
    followed = np.cumsum(pooled.followed.sum(axis=(0, 1))[::-1])[::-1]
    held = followed[: len(rate)] >= _STILL * pooled.entered.sum()
    return max(1, int(np.argmax(rate >= _SEEN * float(rate[held][-1]))))
