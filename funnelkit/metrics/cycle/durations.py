"""Median time to win, and median time in each stage, those still waiting counted."""

from __future__ import annotations

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.dates import Unit, period_label
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.measure import Measure
from funnelkit.counts.pipeline import By, split_by
from funnelkit.counts.triangle import Triangle
from funnelkit.data.records import Leads
from funnelkit.metrics.cycle.medians import half_of_all, half_of_target

_SHOWN = 6


def median_time_to_win(
    leads: Leads | Triangle,
    *,
    start: str | None = None,
    by: By = None,
    every: Unit | None = None,
    confidence_level: float = 0.95,
) -> Measure:
    """Return the first age by which half of those who ever win have won.

    Parameters
    ----------
    leads
        The data, or the counts of a transition (which bring their own segments; their cohorts are
        taken together).
    start
        Stage from whose entry days are counted; default: the first.
    by
        Segment column or columns; segments kept apart are always among them.
    every
        Unit of the period of entry; ``None``: of all time.
    confidence_level
        Of the interval.

    Returns
    -------
    Measure
        Days; the denominator is the wins behind the curve. NaN where nothing was won.

    Raises
    ------
    ArgumentError
        If a stage, segment or unit cannot be used.

    Notes
    -----
    The first age at which the cumulative incidence of the win (Aalen-Johansen, exits competing,
    open deals censored) reaches half of its last value. A cohort that is not followed to the end
    takes the rest of its shape from all cohorts, has no interval, and is named as young.
    The interval holds the middle of 300 draws of the curve (Hjort 1990, Annals of Statistics 18,
    1259-1294).

    References
    ----------
    Aalen and Johansen (1978), Scandinavian Journal of Statistics 5, 141-150.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {"id": ["a", "b", "c"], "deal": "2026-01-01", "won": ["2026-01-03", "2026-01-09", None]}
    ... )
    >>> leads = fk.from_frame(export, fk.Funnel(["deal", "won"]), as_of="2026-01-31")
    >>> median_time_to_win(leads).value
    2.0
    """
    checks.confidence(confidence_level)
    counts = _triangle(leads, start, by, every)
    if counts is None:
        return _nothing(leads, start, by, confidence_level)
    found = half_of_target(counts, by_cohort=every is not None, confidence_level=confidence_level)
    wins = counts.by_age(counts.target).sum(axis=-1)
    notes = []
    if every is not None and found.young.any():
        cohorts = zip(counts.cohorts, np.asarray(found.young.any(axis=0)), strict=True)
        names = [period_label(cohort) for cohort, is_young in cohorts if is_young]
        shown = names if len(names) <= 4 else [names[0], "…", names[-1]]
        notes.append(f"Too young for a shape of their own: {', '.join(shown)}.")
    when = f", by {every} of entry" if every else ""
    return Measure(
        name="median time to win",
        definition=f"first day by which half of those {counts.target} in the end are, from "
        f"{counts.start}{when}",
        unit="days",
        numerator=np.full(wins.shape, np.nan),
        denominator=wins,
        numerator_name="",
        denominator_name=f"{counts.target} records",
        given=found.days,
        low=found.low,
        high=found.high,
        by=counts.by,
        segments=counts.segments,
        periods=None if every is None else tuple(period_label(one) for one in counts.cohorts),
        notes=tuple(notes),
        as_of=counts.as_of,
        confidence_level=confidence_level,
    )


def time_in_stage(
    leads: Leads,
    *,
    by: By = None,
    confidence_level: float = 0.95,
) -> Measure:
    """Return the median days that records stay at each stage, those still waiting counted.

    Parameters
    ----------
    leads
        The data.
    by
        Segment column or columns; segments kept apart are always among them.
    confidence_level
        Of the interval.

    Returns
    -------
    Measure
        Days, split by ``stage`` and ``by``; the denominator is the records with an entry of their
        own to the stage. NaN where fewer than half have left within the days that are known.

    Raises
    ------
    ArgumentError
        If a segment is unknown, or bears the name ``stage``.

    Notes
    -----
    The first age by which half have moved on or left, from the product-limit curve; a record still
    there is censored, not left out. Medians of stages do not add up to that of the whole way.

    References
    ----------
    Kaplan and Meier (1958), JASA 53, 457-481.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {"id": ["a", "b", "c"], "deal": "2026-01-01", "won": ["2026-01-03", "2026-01-09", None]}
    ... )
    >>> leads = fk.from_frame(export, fk.Funnel(["deal", "won"]), as_of="2026-01-31")
    >>> time_in_stage(leads).only(stage="deal").value
    8.0
    """
    checks.confidence(confidence_level)
    names = split_by(leads.funnel, by)
    if "stage" in names:
        raise ArgumentError("`by`: the table has a column `stage` of its own; rename that segment.")
    from funnelkit.counts.build import triangles

    try:
        every = triangles(leads, cohort="year", by=names or None)
    except EvidenceError:
        every = None
    rows: list[tuple[tuple[str | None, ...], float, float, float, int]] = []
    notes = []
    for counts in () if every is None else every.values():
        whole = counts.collapse(cohorts=True)
        found = half_of_all(whole, confidence_level=confidence_level)
        for i, segment in enumerate(whole.segments):
            days, low, high = (float(v[i, 0]) for v in (found.days, found.low, found.high))
            rows.append(((counts.start, *segment), days, low, high, int(whole.entered[i, 0])))
            if np.isnan(days):
                name = display.segment_name((counts.start, *segment))
                notes.append(f"{name}: fewer than half have left in {whole.n_ages - 1} days.")
    if leads.funnel.skipped == "strict":
        notes.append("Records that skipped the next stage count as still waiting.")
    values = np.array([row[1:] for row in rows], float).reshape(len(rows), 4)
    return Measure(
        name="time in stage",
        definition="first day by which half have moved on or left, those still there counted",
        unit="days",
        numerator=np.full((len(rows), 1), np.nan),
        denominator=values[:, 3:4],
        numerator_name="",
        denominator_name="records that entered",
        given=values[:, :1],
        low=values[:, 1:2],
        high=values[:, 2:3],
        by=("stage", *names),
        segments=tuple(row[0] for row in rows),
        notes=tuple(notes[:_SHOWN]),
        as_of=leads.as_of,
        confidence_level=confidence_level,
    )


def _triangle(
    leads: Leads | Triangle, start: str | None, by: By, every: Unit | None
) -> Triangle | None:
    """Return the counts from a stage to the win; ``None`` where nobody entered."""
    if isinstance(leads, Triangle):
        if by is not None or every is not None or start is not None:
            raise ArgumentError("`leads`: counts bring their own start, segments and cohorts.")
        return leads.collapse(cohorts=True)
    from funnelkit.counts.build import triangle

    first = start or leads.funnel.stages[0]
    split = by if by is None or isinstance(by, str) else tuple(by)
    try:
        counts = triangle(leads, first, leads.funnel.won, cohort=every or "year", by=split)
    except EvidenceError:
        return None
    return counts if every is not None else counts.collapse(cohorts=True)


def _nothing(
    leads: Leads | Triangle, start: str | None, by: By, confidence_level: float
) -> Measure:
    """Return the measure of a stage that nobody has entered."""
    first, won, names = start or "", "won", tuple[str, ...]()
    if isinstance(leads, Leads):
        first, won = start or leads.funnel.stages[0], leads.funnel.won
        names = split_by(leads.funnel, by)
    return Measure(
        name="median time to win",
        definition=f"first day by which half of those {won} in the end are, from {first}",
        unit="days",
        numerator=np.zeros((0 if names else 1, 1)),
        denominator=np.zeros((0 if names else 1, 1)),
        numerator_name="",
        denominator_name=f"{won} records",
        by=names,
        segments=() if names else ((),),
        confidence_level=confidence_level,
    )
