"""Centre, season and scatter of a baseline, and what is in doubt about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.result import frozen
from funnelkit.monitor.charts.periods_seen import Observed
from funnelkit.monitor.charts.phases import Phases
from funnelkit.monitor.run_lengths.integral_equations import scales, scales_above

FloatArray = NDArray[np.float64]
Dispersion = Literal["laney", "pearson"]
FEWEST = 6
"""Least number of periods that show how much periods differ."""
_D2 = 1.128
_STEPS = 60
_FARTHEST = 15.0


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """What is expected of each period; arrays of shape ``(n_periods,)``.

    Parameters
    ----------
    mean
        Expected count.
    centre
        Expected value.
    chance
        Variance of the count by chance alone.
    scatter
        Variance by chance and by how much periods differ.
    doubt
        Covariance of the expected counts: of the estimated centre and season, and of the
        maturity; shape ``(n_periods, n_periods)``.
    sigma
        By how much periods vary beside chance, as a ratio of standard deviations.
    freedom
        Degrees of freedom of ``sigma``; infinite where it is given.
    scales
        ``sigma`` over what it may truly be, each with its probability.
    """

    mean: FloatArray
    centre: FloatArray
    chance: FloatArray
    scatter: FloatArray
    doubt: FloatArray
    sigma: float
    freedom: float
    scales: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("mean", "centre", "chance", "scatter", "doubt"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    def shared(self, judged: NDArray[np.bool_]) -> float:
        """Return the mean correlation of the errors of two judged periods, at least 0."""
        at = np.flatnonzero(judged)
        if len(at) < 2:
            return 0.0
        together = self.doubt[np.ix_(at, at)]
        spread = np.sqrt(self.scatter[at] + np.diag(together))
        related = together / np.maximum(np.outer(spread, spread), 1e-300)
        off = (related.sum() - np.trace(related)) / (len(at) * (len(at) - 1))
        return float(np.clip(off, 0.0, 0.95))


def fit_baseline(
    seen: Observed,
    plan: Phases,
    season: FloatArray,
    *,
    centre: float | None,
    dispersion: Dispersion | float | None,
) -> Baseline:
    """Return the baseline of a chart.

    Parameters
    ----------
    seen, plan
        Counts, and which of them set the centre.
    season
        Columns of the season.
    centre
        Level that is known; ``None``: that of the baseline.
    dispersion
        As in :func:`funnelkit.monitor.charts.charting.control_chart`.

    Notes
    -----
    Logit (p) or log (u) of the rate, or the value itself, is a level for each phase plus the
    season; the score is X'(x - μ), so that without a season a level is Σ x / Σ maturity. Its
    covariance is that of the score at the variance that holds, between the inverse of its
    derivative (the sandwich). Periods vary with the variance of chance times σ² where they are
    mature; a cohort that is mature to a share m shows m² of what cohorts differ by.
    """
    based = plan.baseline
    levels = np.eye(int(plan.phase.max(initial=0)) + 1)[plan.phase]
    used = levels[based].any(axis=0)
    columns = np.hstack([levels[:, used], season]) if centre is None else season
    offset = np.zeros(len(based)) if centre is None else np.full(len(based), _link(seen, centre))
    if centre is None and not based.any():
        raise EvidenceError(
            "no period is left to set the centre; name a `baseline`, or give a `centre`."
        )
    # a given centre takes the place of the level, and the season is that about the own level
    full = np.hstack([levels[:, used], season])
    found = _fitted(seen, full, based) if based.any() else np.zeros(full.shape[1])
    kept = found if centre is None else found[int(used.sum()) :]
    predictor = offset + columns @ kept
    mean, slope = _means(seen, predictor)
    chance = _chance(seen, mean)
    own_mean, own_slope = _means(seen, full @ found)
    if centre is None:
        own_mean = mean
    n_season = season.shape[1]
    own_chance = _chance(seen, own_mean)
    raw, freedom = _scatter(
        seen, plan, own_mean, own_chance, n_season=n_season, dispersion=dispersion
    )
    of_counts = seen.kind != "individuals"
    sigma = max(raw, 1.0) if of_counts else raw
    scatter = _scattered(seen, mean, chance, sigma)
    # in steps, so that one limit serves many charts; from 3 on the floor of 1 hardly matters
    covariance = _covariance(full, based, own_slope, _scattered(seen, own_mean, own_chance, sigma))
    if centre is not None:
        covariance = covariance[int(used.sum()) :, int(used.sum()) :]
    moved = slope[:, None] * columns
    timing = mean * seen.doubt
    with np.errstate(invalid="ignore"):
        value = np.where(seen.mature > 0, mean / np.where(seen.mature > 0, seen.mature, 1), np.nan)
    if centre is not None and not n_season:
        value = np.full(len(based), float(centre))
    unknown = np.zeros(len(based), bool) if centre is not None else ~levels[:, used].any(axis=1)
    return Baseline(
        mean=mean,
        centre=np.where(unknown, np.nan, value),
        chance=chance,
        scatter=scatter,
        doubt=moved @ covariance @ moved.T + np.outer(timing, timing),
        sigma=sigma,
        freedom=freedom,
        scales=scales_above(min(round(raw, 1), 3.0), freedom) if of_counts else scales(freedom),
    )


def checked_centre(seen: Observed, centre: float | None) -> float | None:
    """Return a given centre, or say what it must be."""
    if centre is None:
        return None
    if isinstance(centre, bool) or not isinstance(centre, (int, float)) or not np.isfinite(centre):
        raise ArgumentError(f"`centre` must be a number; got {centre!r}.")
    if seen.kind == "p" and not 0 < centre < 1:
        hint = f" Did you mean {centre / 100:g}?" if 1 < centre < 100 else ""
        raise ArgumentError(f"`centre` must be a share between 0 and 1; got {centre!r}.{hint}")
    if seen.kind == "u" and not centre > 0:
        raise ArgumentError(f"`centre` must be above 0; got {centre!r}.")
    return float(centre)


def _link(seen: Observed, value: float) -> float:
    if seen.kind == "p":
        return float(special.logit(value))
    return float(np.log(value)) if seen.kind == "u" else float(value)


def _means(seen: Observed, predictor: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return expected counts and their slopes."""
    if seen.kind == "individuals":
        return predictor, np.ones(len(predictor))
    held = np.clip(predictor, -_FARTHEST, _FARTHEST)
    if seen.kind == "u":
        mean = seen.mature * np.exp(held)
        return mean, mean
    share = special.expit(held)
    return seen.mature * share, seen.mature * share * (1 - share)


def _fitted(seen: Observed, columns: FloatArray, based: NDArray[np.bool_]) -> FloatArray:
    """Return the coefficients of the baseline, by Newton's method with halved steps."""
    x, design = seen.converted[based], columns[based]
    if seen.kind == "individuals":
        return np.asarray(np.linalg.lstsq(design, x, rcond=None)[0])
    mature = seen.mature[based]
    rate = np.clip(x.sum() / mature.sum(), 0.5 / (mature.sum() + 1), None)
    if seen.kind == "p":
        rate = min(rate, 1 - 0.5 / (mature.sum() + 1))
    start = np.zeros(design.shape[1])
    n_levels = int((np.isin(design, (0.0, 1.0)).all(axis=0)).sum()) or 1
    start[:n_levels] = _link(seen, float(rate))
    found = start
    for _ in range(_STEPS):
        mean, slope = _means(seen, columns @ found)
        score = design.T @ (x - mean[based])
        bend = (design * slope[based][:, None]).T @ design + 1e-9 * np.eye(len(found))
        step = np.clip(np.linalg.solve(bend, score), -1.0, 1.0)
        found = np.clip(found + step, -_FARTHEST, _FARTHEST)
        if np.abs(step).max(initial=0.0) < 1e-12:
            break
    # counts of nothing or of everything: half a lead is kept back, so that there is a variance
    for k in range(n_levels):
        mine = design[:, k] > 0
        whole, part = mature[mine].sum(), x[mine].sum()
        if design.shape[1] == n_levels and whole > 0:
            part = max(part, 0.5 * whole / (whole + 1))
            if seen.kind == "p":
                part = min(part, whole * (1 - 0.5 / (whole + 1)))
            found[k] = _link(seen, float(part / whole))
    return np.asarray(found)


def _chance(seen: Observed, mean: FloatArray) -> FloatArray:
    """Return the variance of counts by chance alone."""
    if seen.kind == "individuals":
        return np.ones(len(mean))
    if seen.kind == "u":
        return np.asarray(mean / seen.worth)
    share = mean / np.maximum(seen.entered, 1e-12)
    return np.asarray(np.maximum(mean * (1 - share), 0.0) / seen.worth)


def _scattered(seen: Observed, mean: FloatArray, chance: FloatArray, sigma: float) -> FloatArray:
    """Return the variance by chance and by how much periods differ."""
    if seen.kind != "p":
        return np.asarray(chance * sigma**2)
    share = seen.maturity
    full = np.clip(mean / np.maximum(seen.mature, 1e-12), 0.0, 1.0)
    grown = seen.entered * full * (1 - full) * share**2 / seen.worth
    return np.asarray(chance + (sigma**2 - 1) * grown)


def _covariance(
    columns: FloatArray,
    based: NDArray[np.bool_],
    slope: FloatArray,
    variance: FloatArray,
) -> FloatArray:
    design = columns[based]
    bend = (design * slope[based][:, None]).T @ design
    inverse = np.linalg.pinv(bend)
    return np.asarray(inverse @ ((design * variance[based][:, None]).T @ design) @ inverse)


def _scatter(
    seen: Observed,
    plan: Phases,
    mean: FloatArray,
    chance: FloatArray,
    *,
    n_season: int,
    dispersion: Dispersion | float | None,
) -> tuple[float, float]:
    """Return by how much periods vary beside chance, and its degrees of freedom.

    References
    ----------
    Laney (2002), Quality Engineering 14, 531-537. Cryer and Ryan (1990), Journal of Quality
    Technology 22, 187-192: the variance of a mean moving range.
    """
    given = dispersion is None or not isinstance(dispersion, str)
    if seen.kind == "individuals" and dispersion is None:
        dispersion = "laney"
    elif given:
        sigma = 1.0 if dispersion is None else dispersion
        if isinstance(sigma, bool) or not isinstance(sigma, (int, float)) or not 0 < sigma < np.inf:
            raise ArgumentError(f"`dispersion` must be a number above 0; got {dispersion!r}.")
        if seen.kind != "individuals" and sigma < 1:
            raise ArgumentError(f"`dispersion` of counts must be at least 1; got {dispersion!r}.")
        return float(sigma), float("inf")
    checks.one_of("dispersion", str(dispersion), ("laney", "pearson"))
    at = np.flatnonzero(plan.baseline)
    if len(at) - n_season < FEWEST:
        raise EvidenceError(
            f"a baseline of {len(at)} periods{' with a season' if n_season else ''} does not show "
            f"how much periods differ, which takes {FEWEST + n_season}; take a longer one, or give "
            "`dispersion` (1: chance alone)."
        )
    spread = np.sqrt(np.where(chance[at] > 0, chance[at], 1.0))
    z = (seen.converted[at] - mean[at]) / spread
    n_levels = len(np.unique(plan.phase[at]))
    if dispersion == "pearson":
        freedom = float(len(at) - n_levels - n_season)
        found = float(np.sqrt((z**2).sum() / freedom))
    else:
        together = np.diff(plan.phase[at]) == 0
        ranges = np.abs(np.diff(z))[together]
        number = len(at) - n_season - n_levels + 1
        # what the season has taken out of the ranges is given back
        found = float(ranges.mean() / _D2 * np.sqrt(len(at) / (len(at) - n_season)))
        freedom = (number - 1) ** 2 / (2 * (0.8264 * number - 1.082))
    if seen.kind == "individuals":
        if found <= 0:
            raise EvidenceError(
                "the values of the baseline do not vary, so that nothing is known of how much they "
                "may; give their standard deviation as `dispersion`."
            )
        return found, freedom
    return found, freedom
