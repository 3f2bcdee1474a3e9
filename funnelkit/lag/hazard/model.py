"""The generalised linear model of one outcome's daily hazard by age, segment and cohort."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.errors import ArgumentError, EvidenceError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Link = Literal["cloglog", "logit"]
_WEIGHT = 0.5
_FAR = 12.0
_BINS = 30
_FEWEST = 5
_WIDE = 7


class Factor(NamedTuple):
    """Effects of segments or of cohorts: a column for each effect, and the level of each cell."""

    columns: FloatArray
    level: IntArray
    levels: int


@dataclass(frozen=True, eq=False, kw_only=True)
class HazardModel:
    """Daily hazards of one outcome, fitted.

    Parameters
    ----------
    starts
        First age of each bin, shape ``(n_bins,)``.
    fixed
        Hazard of bins in which nobody, or everybody, had the outcome: 0 or 1; NaN for the others.
    coefficients
        One for each bin that is not fixed, then those of the effects.
    covariance
        Of the coefficients.
    effects
        Value of each effect in each cell, shape ``(n_cells, n_effects)``.
    link
        ``"cloglog"`` or ``"logit"``.
    penalised
        Levels of segments and cohorts that were given half an event at the pooled hazard.
    """

    starts: IntArray
    fixed: FloatArray
    coefficients: FloatArray
    covariance: FloatArray
    effects: FloatArray
    link: Link
    penalised: int

    @property
    def free(self) -> IntArray:
        """Bins that are not fixed."""
        return np.flatnonzero(np.isnan(self.fixed))

    def hazards(self, coefficients: FloatArray) -> FloatArray:
        """Return hazards by cell and bin from coefficients, shape ``(..., n_cells, n_bins)``."""
        free = self.free
        bins = coefficients[..., None, : len(free)]
        moved = coefficients[..., None, len(free) :] * self.effects
        predictor = bins + moved.sum(axis=-1)[..., None]
        found = np.broadcast_to(self.fixed, (*predictor.shape[:-1], len(self.fixed))).copy()
        found[..., free] = inverse(predictor, self.link)
        return found

    def slopes(self) -> FloatArray:
        """Return the derivative of each hazard by its linear predictor, ``(n_cells, n_bins)``."""
        h = self.hazards(self.coefficients)
        inside = np.clip(h, 1e-300, 1 - 1e-16)
        found = -(1 - inside) * np.log1p(-inside) if self.link == "cloglog" else h * (1 - h)
        return np.where(np.isnan(self.fixed), found, 0.0)

    def draws(self, n: int, rng: np.random.Generator, *, design: float) -> FloatArray:
        """Return draws of the coefficients, shape ``(n, n_coefficients)``."""
        if not len(self.coefficients):
            return np.zeros((n, 0))
        values, vectors = np.linalg.eigh(self.covariance * design)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        return np.asarray(self.coefficients + rng.standard_normal((n, len(values))) @ root.T)


def inverse(predictor: FloatArray, link: Link) -> FloatArray:
    """Return the hazard of a linear predictor."""
    kept = np.clip(predictor, -700, 30)
    if link == "cloglog":
        return np.asarray(-np.expm1(-np.exp(kept)))
    return np.asarray(1 / (1 + np.exp(-kept)))


def starts_of(
    ages: Literal["day"] | Sequence[int] | None, events: IntArray, *, horizon: int
) -> IntArray:
    """Return the first age of each bin.

    Parameters
    ----------
    ages
        ``"day"``, first ages, or ``None`` for bins chosen from the events.
    events
        Leads of all cells with the outcome by age, up to the horizon.
    horizon
        Last age.

    Notes
    -----
    A chosen bin ends on the first day by which it holds a thirtieth of the events and at least
    five, or any event after a week or an eighth of the age at which it began, whichever is longer:
    hazards fall, and leads at risk thin out, so that one over many ages would be too high at
    their end. Days after the last event join the last bin.

    Raises
    ------
    ArgumentError
        If ages are not whole days that increase, within the horizon.
    """
    if ages is None:
        enough = max(_FEWEST, events.sum() / _BINS)
        starts, held = [0], 0
        for age, number in enumerate(events.tolist()):
            held += number
            long = age + 1 - starts[-1] >= max(_WIDE, starts[-1] / 8)
            if (held >= enough or (held and long)) and events[age + 1 :].any():
                starts.append(age + 1)
                held = 0
        return np.array(starts, np.int64)
    if isinstance(ages, str):
        if ages != "day":
            raise ArgumentError(
                f'`ages` must be "day", the first ages of bins such as [0, 7, 30], or None; got '
                f"{ages!r}."
            )
        return np.arange(horizon + 1)
    try:
        given = np.asarray(ages, float)
    except (TypeError, ValueError):
        given = np.array([np.nan])
    whole = given.ndim == 1 and given.size and np.array_equal(given, np.floor(given))
    if not whole or given[0] < 0 or given[-1] > horizon or (np.diff(given) <= 0).any():
        raise ArgumentError(
            f"`ages` must be whole days that increase, from 0 to {horizon}; got {ages!r}."
        )
    return np.unique(np.append(0, given)).astype(np.int64)


def fitted(
    events: FloatArray,
    at_risk: FloatArray,
    *,
    starts: IntArray,
    factors: Sequence[Factor],
    link: Link,
) -> HazardModel:
    """Return the model of one outcome.

    Parameters
    ----------
    events, at_risk
        Leads with the outcome, and days of leads at risk, by cell and bin,
        ``(n_cells, n_bins)``.
    starts
        First age of each bin.
    factors
        Effects beside age.
    link
        ``"cloglog"`` or ``"logit"``.

    Raises
    ------
    EvidenceError
        If the fit does not settle.
    """
    total, exposed = events.sum(axis=0), at_risk.sum(axis=0)
    everybody = (total >= exposed) & (exposed > 0)
    fixed = np.where(total <= 0, 0.0, np.where(everybody, 1.0, np.nan))
    free = np.flatnonzero(np.isnan(fixed))
    effects = np.concatenate([factor.columns for factor in factors], axis=1)
    if not len(free):
        none = np.zeros(0)
        return HazardModel(
            starts=starts,
            fixed=fixed,
            coefficients=np.zeros(effects.shape[1]),
            covariance=np.zeros((effects.shape[1],) * 2),
            effects=effects,
            link=link,
            penalised=len(none),
        )
    d, n = events[:, free], at_risk[:, free]
    bare = [_without_events(factor, d, n) for factor in factors]
    for levels in (bare, [np.arange(factor.levels) for factor in factors]):
        rows = _rows(d, n, factors, levels)
        found = _glm(rows, link=link, effects=effects.shape[1])
        if found is not None:
            return HazardModel(
                starts=starts,
                fixed=fixed,
                coefficients=found[0],
                covariance=found[1],
                effects=effects,
                link=link,
                penalised=sum(len(each) for each in levels),
            )
    raise EvidenceError(
        "`triangle`: the hazard model does not settle on these counts; take fewer bins (`ages`), "
        "or leave cohort effects out (`cohorts=False`)."
    )


def _without_events(factor: Factor, d: FloatArray, n: FloatArray) -> IntArray:
    """Return the levels of a factor in which nobody, or everybody, had the outcome."""
    if not factor.columns.shape[1] or factor.levels < 2:
        return np.zeros(0, np.int64)
    seen = np.bincount(factor.level, d.sum(axis=1), factor.levels)
    left = np.bincount(factor.level, (n - d).sum(axis=1), factor.levels)
    return np.flatnonzero((seen <= 0) | (left <= 0))


def _rows(
    d: FloatArray, n: FloatArray, factors: Sequence[Factor], levels: Sequence[IntArray]
) -> tuple[FloatArray, FloatArray]:
    """Return events and days without, and the design: a column per bin, then the effects."""
    effects = np.concatenate([factor.columns for factor in factors], axis=1)
    cell, column = np.nonzero(n > 0)
    bins = np.eye(d.shape[1])
    counts = [np.column_stack([d[cell, column], (n - d)[cell, column]])]
    design = [np.concatenate([bins[column], effects[cell]], axis=1)]
    total, exposed = d.sum(axis=0), n.sum(axis=0)
    share = _WEIGHT / total.sum()
    leads = n.sum(axis=1)
    average = leads @ effects / leads.sum()
    first = 0
    for factor, chosen in zip(factors, levels, strict=True):
        width = factor.columns.shape[1]
        for level in chosen if width else ():
            place = np.tile(average, (len(total), 1))
            place[:, first : first + width] = factor.columns[np.argmax(factor.level == level)]
            counts.append(share * np.column_stack([total, exposed - total]))
            design.append(np.concatenate([bins, place], axis=1))
        first += width
    return np.concatenate(counts), np.concatenate(design)


def _glm(
    rows: tuple[FloatArray, FloatArray], *, link: Link, effects: int
) -> tuple[FloatArray, FloatArray] | None:
    """Return coefficients and covariance, or ``None`` where an effect runs away."""
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.families.links import CLogLog, Logit
    from statsmodels.genmod.generalized_linear_model import GLM

    family = Binomial(link=CLogLog() if link == "cloglog" else Logit())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        done = GLM(*rows, family=family).fit(maxiter=200, tol=1e-10, tol_criterion="params")
    beta, covariance = np.asarray(done.params, float), np.asarray(done.cov_params(), float)
    sound = np.isfinite(beta).all() and np.isfinite(covariance).all()
    moved = beta[len(beta) - effects :]
    if not sound or not done.converged or (effects and np.abs(moved).max() > _FAR):
        return None
    return beta, covariance
