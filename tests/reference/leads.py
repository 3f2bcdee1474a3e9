"""Leads as plain rows, counted into a triangle one by one."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from funnelkit.counts.triangle import AccountSums, Triangle


class Lead(NamedTuple):
    """One lead: followed to an age, with an outcome at an age or still open."""

    followed: int
    outcome: str | None = None
    age: int | None = None
    cohort: int = 0
    segment: str = "all"
    account: str | None = None
    late: int = 0
    undated: bool = False

    @property
    def time(self) -> int:
        """Age at the outcome, or the age to which the open lead was followed."""
        return self.followed if self.outcome is None else int(self.age or 0)


def triangle(
    leads: Sequence[Lead],
    *,
    exits: Sequence[str] = ("lost",),
    cohorts: int | None = None,
    by: bool = False,
) -> Triangle:
    """Return the triangle of leads; cohorts are months from 2026-01 on."""
    names = sorted({lead.segment for lead in leads}) if by else ["all"]
    n_cohorts = cohorts or 1 + max((lead.cohort for lead in leads), default=0)
    n_ages = 1 + max((lead.followed for lead in leads), default=0)
    shape = (len(names), n_cohorts, n_ages)
    outcomes = ("won", *exits)
    events = {name: np.zeros(shape, int) for name in outcomes}
    undated = {name: np.zeros(shape, int) for name in outcomes}
    censored, followed, late = (np.zeros(shape, int) for _ in range(3))
    for lead in leads:
        cell = (names.index(lead.segment) if by else 0, lead.cohort)
        followed[(*cell, lead.followed)] += 1
        if lead.late:
            late[(*cell, lead.late)] += 1
        if lead.outcome is None:
            censored[(*cell, lead.followed)] += 1
        else:
            (undated if lead.undated else events)[lead.outcome][(*cell, lead.time)] += 1
    return Triangle(
        start="lead",
        target="won",
        exits=tuple(exits),
        by=("source",) if by else (),
        segments=tuple((name,) for name in names) if by else ((),),
        cohorts=pd.period_range("2026-01", periods=n_cohorts, freq="M"),
        as_of=dt.date(2027, 1, 1),
        entered=followed.sum(axis=2),
        events=events,
        undated=undated,
        censored=censored,
        followed=followed,
        late=late if late.any() else None,
        accounts=_accounts(leads, names, shape) if any(lead.account for lead in leads) else None,
    )


def _accounts(
    leads: Sequence[Lead], names: Sequence[str], shape: tuple[int, int, int]
) -> AccountSums:
    sums = {name: np.zeros(shape[:2], int) for name in ("accounts", "nn")}
    running = {name: np.zeros(shape, int) for name in ("xn", "xx")}
    cells = {
        (names.index(lead.segment) if len(names) > 1 else 0, lead.cohort, lead.account)
        for lead in leads
    }
    for i, j, account in cells:
        own = [
            lead
            for lead in leads
            if (names.index(lead.segment) if len(names) > 1 else 0, lead.cohort) == (i, j)
            and lead.account == account
        ]
        sums["accounts"][i, j] += 1
        sums["nn"][i, j] += len(own) ** 2
        for age in range(shape[2]):
            x = sum(lead.outcome == "won" and lead.time <= age for lead in own)
            running["xn"][i, j, age] += x * len(own)
            running["xx"][i, j, age] += x * x
    increments = {name: np.diff(cube, axis=2, prepend=0) for name, cube in running.items()}
    return AccountSums(**sums, **increments)


def outcome_counts(leads: Sequence[Lead]) -> Counter[str | None]:
    """Return how many leads had each outcome."""
    return Counter(lead.outcome for lead in leads)
