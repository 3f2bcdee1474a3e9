"""`fit_stages`: lag and rate of every transition of a funnel."""

from __future__ import annotations

from itertools import combinations, pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING

from funnelkit._core import checks, display
from funnelkit._core.dates import Unit
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.counts.triangle import Triangle
from funnelkit.lag.base import LagFit
from funnelkit.lag.cure.families import FamilyName
from funnelkit.lag.cure.grouped import fit_cure
from funnelkit.lag.nonparametric.product_limit_fits import fit_competing
from funnelkit.lag.transitions.result import Pair, StageLags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelkit.data.records import Leads

_USUAL = 90
"""Days at a stage within which waiting is compared, where nothing else is asked for."""


def fit_stages(
    leads: Leads,
    *,
    by: str | Sequence[str] | None = None,
    cohort: Unit = "month",
    family: FamilyName | None = None,
    horizon: int | None = None,
) -> StageLags:
    """Return how many leads pass each stage, how long it takes, and where they wait longest.

    Parameters
    ----------
    leads
        The data.
    by
        Segment column or columns; each segment has curves of its own.
    cohort
        Unit of the cohorts of the counts; curves are pooled over them.
    family
        Family of the days among those who move on (and, where leads leave, those who do), for
        fits with a tail, as in :func:`~funnelkit.lag.fit_cure` and
        :func:`~funnelkit.lag.fit_cure_competing`. Default: no family, Aalen-Johansen curves.
    horizon
        Days at a stage within which waiting is compared. Default: 90, or fewer where leads are
        not followed that long at some stage.

    Returns
    -------
    StageLags
        One fit for each transition to the next stage, and for any stage to any later one; the
        denominators are the leads that entered the start on a day of their own.

    Raises
    ------
    EvidenceError
        If no transition can be fitted.
    ArgumentError
        If a segment, unit or family is unknown, or the horizon is longer than leads are followed.

    Notes
    -----
    Exits compete at every stage. A lead whose entry to a stage was filled in from a later one is
    left out of the rates and days from that stage, since it passes by construction; a lead that
    entered the funnel at a later stage is in the rates from there on.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {
    ...         "id": ["a", "b", "c", "d"],
    ...         "lead": ["2026-01-01"] * 4,
    ...         "sql": ["2026-01-02", "2026-01-03", None, None],
    ...         "won": ["2026-01-08", None, None, None],
    ...     }
    ... )
    >>> funnel = fk.Funnel(["lead", "sql", "won"], id="id")
    >>> stages = fit_stages(fk.from_frame(export, funnel, as_of="2026-01-09"))
    >>> stages.to_frame()[["start", "target", "entered", "moved_on", "median_days"]]
      start target  entered  moved_on  median_days
    0  lead    sql        4         2          1.0
    1   sql    won        2         1          6.0
    """
    if horizon is not None:
        checks.positive_whole("horizon", horizon)
    pairs = list(combinations(leads.funnel.stages, 2))
    return fit_pairs(leads, pairs, by=by, cohort=cohort, family=family, horizon=horizon)


def fit_pairs(
    leads: Leads,
    pairs: Sequence[Pair],
    *,
    by: str | Sequence[str] | None = None,
    cohort: Unit = "month",
    family: FamilyName | None = None,
    horizon: int | None = None,
) -> StageLags:
    """Return the same as :func:`fit_stages`, of some pairs and the stages in them alone.

    Raises
    ------
    EvidenceError, ArgumentError
        As there.
    """
    from funnelkit.counts.build import triangles as counted

    stages = tuple(name for name in leads.funnel.stages if any(name in pair for pair in pairs))
    split = by if by is None or isinstance(by, str) else tuple(by)
    triangles: dict[Pair, Triangle] = {}
    unfitted: dict[Pair, str] = {}
    try:
        every = counted(leads, pairs, cohort=cohort, by=split)
    except EvidenceError as reason:
        unfitted = dict.fromkeys(pairs, str(reason))
    else:
        triangles = {pair: every[pair] for pair in pairs if pair in every}
        unfitted = {pair: every.missing[pair] for pair in pairs if pair not in every}
    whole = None
    if by:
        together = {pair: counts.collapse(segments=True) for pair, counts in triangles.items()}
        whole = _stage_lags(stages, together, dict(unfitted), family, horizon, whole=None)
    return _stage_lags(stages, triangles, unfitted, family, horizon, whole=whole)


def _stage_lags(
    stages: tuple[str, ...],
    triangles: dict[Pair, Triangle],
    unfitted: dict[Pair, str],
    family: FamilyName | None,
    horizon: int | None,
    *,
    whole: StageLags | None,
) -> StageLags:
    fits: dict[Pair, LagFit] = {}
    for pair, counts in triangles.items():
        try:
            fits[pair] = _fitted(counts, family)
        except EvidenceError as reason:
            unfitted[pair] = str(reason)
    steps = [pair for pair in pairwise(stages) if pair in fits]
    if not steps:
        reasons = display.listed([f"`{a}` to `{b}`" for a, b in pairwise(stages)])
        raise EvidenceError(
            f"`leads`: no transition can be fitted ({reasons}): {next(iter(unfitted.values()))}"
        )
    longest = min((_followed(fits[pair], triangles[pair]), pair[0]) for pair in steps)
    if horizon is not None and horizon > longest[0]:
        raise ArgumentError(
            f"`horizon` must be at most {longest[0]} days, the longest that a lead at "
            f"`{longest[1]}` is followed; got {horizon}."
        )
    return StageLags(
        stages=stages,
        fits=MappingProxyType(fits),
        triangles=MappingProxyType(triangles),
        unfitted=MappingProxyType(unfitted),
        horizon=min(_USUAL, longest[0]) if horizon is None else horizon,
        whole=whole,
    )


def _fitted(counts: Triangle, family: FamilyName | None) -> LagFit:
    if family is None:
        return fit_competing(counts)
    if any(counts.reached(name).any() for name in counts.exits):
        from funnelkit.lag.competing.fits import fit_cure_competing

        return fit_cure_competing(counts, family=family)
    return fit_cure(counts, family=family)


def _followed(fit: LagFit, counts: Triangle) -> int:
    """Return the number of days at the stage that are known."""
    return max(counts.n_ages - 1 if fit.horizon is None else fit.horizon, 1)
