"""`fit_shrunken`: eventual rates of segments and cohorts that borrow strength from each other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.counts.triangle import Triangle
from funnelkit.lag.adjusting import effects, exposure
from funnelkit.lag.adjusting.amounts import Averaged, averaged
from funnelkit.lag.adjusting.cells import Cells, curves_of, last_age, positions
from funnelkit.lag.adjusting.dispersion import overdispersion
from funnelkit.lag.adjusting.pace import pace_of
from funnelkit.lag.adjusting.shrunken import ShrunkenFit
from funnelkit.lag.adjusting.timing import maturity_draws
from funnelkit.lag.base import LagFit

if TYPE_CHECKING:
    from funnelkit.lag.cure.families import FamilyName

FloatArray = NDArray[np.float64]
_STEPS = 3
_LONGEST = 3.0


def fit_shrunken(
    triangle: Triangle,
    timing: LagFit | None = None,
    *,
    segments: Literal["exchangeable"] | None = "exchangeable",
    cohorts: Literal["random walk"] | None = "random walk",
    pace: bool = True,
    family: FamilyName = "weibull",
    drift: float = effects.SLOPE_SD,
    wander: float = effects.SCALES["cohorts"],
) -> ShrunkenFit:
    """Return eventual rates that borrow strength from each other by an estimated amount.

    Parameters
    ----------
    triangle
        Counts.
    timing
        A fit whose timing is taken, of the same target, with every segment and cohort of the
        triangle. Default: a mixture-cure fit with a rate of its own for each segment and cohort
        and one latency for all; with exits that compete, one that knows them.
    segments
        ``"exchangeable"``: the logits of the segments' rates are drawn from one normal
        distribution. ``None``: all segments have one rate.
    cohorts
        ``"random walk"``: the logits of neighbouring cohorts' rates are close. ``None``: all
        cohorts have one rate, and intervals allow for more variation than chance.
    pace
        Whether each civil month has a pace of its own, where the triangle counts conversions by
        month; else pace is held at the usual one.
    family
        Of the default timing.
    drift, wander
        Priors of how cohorts change, on the logit scale: the standard deviation of the slope per
        month, and the scale of the half-normal prior of a month's step of the walk. Smaller ones
        hold rates to be steadier unless the counts speak against it.

    Returns
    -------
    ShrunkenFit
        One rate per segment and cohort; the denominator is the leads that entered ``start``.

    Raises
    ------
    EvidenceError
        If nobody converted.
    ArgumentError
        If an argument is unknown, or the timing is of another target or lacks a cell.

    Notes
    -----
    logit p_sc = μ + u_s + v_c + w_sc: u and w normal with standard deviations s_u and s_w, v a
    random walk about a straight line with steps of standard deviation s_v (per month), and
    months with log pace b_m, normal with standard deviation τ (see :func:`fit_pace`). Given the
    timing, the conversions of a cell are binomial with share p Σ F / n, their months multinomial.
    Means and intervals average over s_u, s_v, s_w and τ: each value counts as much as its
    likelihood (Laplace's) and its half-normal prior say, with scales 1, ``wander`` per month,
    0.3 and 0.3. The line's slope is normal about 0 with a standard deviation of ``drift`` per
    month, μ with one of 5. Doubt about the timing enters by draws of it: the top of the likelihood
    is found anew, by Newton steps, for each.

    Age, cohort and calendar effects are not jointly identified: the mean of b is held at 0, and a
    lasting change of pace looks like one of the timing. Cells of which leads came under
    observation late tell nothing here, and go by the others.

    References
    ----------
    Tierney and Kadane (1986), JASA 81, 82-86 (Laplace); Rue, Martino and Chopin (2009), JRSS B 71,
    319-392, section 6.5 (averaging); Gelman (2006), Bayesian Analysis 1, 515-534 (the priors).

    Examples
    --------
    Three cohorts of 200 leads, all followed to the end: 40, 60 and 40 converted. The middle one
    comes closer to its neighbours.

    >>> import datetime as dt
    >>> import pandas as pd
    >>> from funnelkit.lag import fit_kaplan_meier
    >>> won = np.array([[[40, 0], [60, 0], [40, 0]]])
    >>> all_of = np.array([[[0, 200]] * 3])
    >>> counts = Triangle(
    ...     start="lead",
    ...     target="won",
    ...     cohorts=pd.period_range("2026-01", periods=3, freq="M"),
    ...     as_of=dt.date(2026, 6, 30),
    ...     entered=all_of.sum(axis=2),
    ...     events={"won": won},
    ...     censored=all_of - [0, 1] * won.sum(axis=2, keepdims=True),
    ...     followed=all_of,
    ... )
    >>> fit = fit_shrunken(counts, fit_kaplan_meier(counts))
    >>> bool(0.25 < fit.ultimate[0, 1] < 0.30)
    True
    """
    if segments is not None:
        checks.one_of("segments", segments, ("exchangeable",))
    if cohorts is not None:
        checks.one_of("cohorts", cohorts, ("random walk",))
    if not triangle.converted.any():
        raise EvidenceError(
            f"`triangle`: none of {display.plural(triangle.n, 'lead')} has reached "
            f"{triangle.target} by day {triangle.n_ages - 1}, so there is no rate to share. "
            "`fit_kaplan_meier` gives the bound within the days that are followed."
        )
    known = _timing(triangle, family) if timing is None else timing
    if isinstance(known, ShrunkenFit):
        raise ArgumentError(
            "`timing` must be a fit of timing, not one whose rates are shrunken already; its "
            "`.timing` is one."
        )
    cells = positions(triangle, known)
    maturity = curves_of(triangle, known, cells)
    priors = (_positive("drift", drift), _positive("wander", wander))
    joint = _joint(
        triangle, known, maturity, segments=segments, cohorts=cohorts, pace=pace, priors=priors
    )
    fits = averaged(joint)
    matrix = joint.design.matrix
    paced = joint.counts.by_month is not None
    return ShrunkenFit(
        triangle=triangle,
        timing=known,
        cells=cells,
        amounts=joint.design.names,
        sds=fits.sds,
        weights=fits.weights,
        logits=np.stack([joint.design.logits(one.mode) for one in fits.peaks]),
        spreads=np.stack([np.sqrt(one.variance(matrix)) for one in fits.peaks]),
        shifts=_shifts(joint, fits, triangle, known, cells),
        kept=_kept(joint, fits),
        counted=joint.counts.entered.reshape(triangle.entered.shape),
        joint=joint,
        peaks=fits.peaks,
        pace=pace_of(triangle, joint.shares, joint.counts, fits) if paced else None,
    )


def _positive(argument: str, value: float) -> float:
    if isinstance(value, bool) or not 0 < value < np.inf:
        raise ArgumentError(f"`{argument}` must be a number above 0; got {value!r}.")
    return float(value)


def _timing(triangle: Triangle, family: FamilyName) -> LagFit:
    """Return the timing where none is given: rates of their own, so that drift is no timing."""
    from funnelkit.lag.competing.fits import fit_cure_competing
    from funnelkit.lag.cure.grouped import fit_cure

    if any(triangle.reached(name).any() for name in triangle.exits):
        return fit_cure_competing(triangle, family=family, rates=("segments", "cohorts"))
    return fit_cure(triangle, family=family, rates=("segments", "cohorts"))


def _joint(
    triangle: Triangle,
    timing: LagFit,
    maturity: FloatArray,
    *,
    segments: str | None,
    cohorts: str | None,
    pace: bool,
    priors: tuple[float, float] = (effects.SLOPE_SD, effects.SCALES["cohorts"]),
) -> effects.Joint:
    """Return the likelihood of rates and pace given the timing."""
    entries = exposure.entries(triangle, maturity)
    months = exposure.came(triangle, entries.months, timing.horizon) if pace else None
    last = last_age(triangle, timing)
    entered = triangle.entered.ravel().astype(float)
    converted = triangle.by_age(triangle.target)[..., : last + 1].sum(axis=-1).ravel().astype(float)
    worth = np.ones_like(entered)
    if triangle.late is not None:
        worth[triangle.late.any(axis=-1).ravel()] = 0.0
    if triangle.accounts is not None:
        effective = triangle.accounts.up_to(last).effective(
            converted.reshape(triangle.entered.shape), triangle.entered
        )
        worth = worth * effective.ravel() / np.maximum(entered, 1.0)
    if cohorts is None and triangle.n_cohorts > 1:
        worth = worth / overdispersion(triangle, timing).factor
    design = effects.design(
        (triangle.n_segments, triangle.n_cohorts),
        triangle.cohorts,
        segments=segments is not None,
        walk=cohorts is not None,
        n_months=0 if months is None else len(entries.months),
        slope_sd=priors[0],
        step_scale=priors[1],
    )
    scaled = replace(entries, weights=entries.weights.multiply(worth[:, None]).tocsr())
    return effects.Joint(
        design=design,
        shares=exposure.Shares(scaled, entries.hazards(maturity)),
        counts=effects.Counts(
            entered=entered * worth,
            converted=converted * worth,
            by_month=None if months is None else months * worth[:, None],
        ),
    )


def _shifts(
    joint: effects.Joint, fits: Averaged, triangle: Triangle, timing: LagFit, cells: Cells
) -> FloatArray:
    """Return what draws of the timing add to the logits, shape ``(n_draws, n_cells)``.

    Newton steps at the most likely amounts, with the curvature at its top.
    """
    likely = int(fits.weights.argmax())
    top = fits.peaks[likely]
    precision = joint.design.precision(fits.sds[likely])
    ages = np.arange(last_age(triangle, timing) + 1)
    place = np.ix_(*cells)
    before = joint.design.logits(top.mode)
    found = []
    for draw in maturity_draws(timing, ages):
        curves = draw[place].reshape(-1, len(ages))
        moved = replace(
            joint,
            shares=exposure.Shares(joint.shares.entries, joint.shares.entries.hazards(curves)),
        )
        at = top.mode.copy()
        for _ in range(_STEPS):
            step = top.solve(moved(at).gradient - precision * at)
            longest = float(np.abs(step).max())
            at = at + step * min(1.0, _LONGEST / max(longest, 1e-300))
            if longest < 0.01:
                break
        found.append(joint.design.logits(at) - before)
    return np.stack(found)


def _kept(joint: effects.Joint, fits: Averaged) -> FloatArray:
    """Return the share of what is known of each logit that is the cell's own, pace given."""
    matrix = joint.design.matrix[:, : joint.design.n_effects]
    shares = [joint.own_information(one.mode) * one.leading(matrix) for one in fits.peaks]
    return np.asarray(np.clip(fits.weights @ np.stack(shares), 0.0, 1.0))
