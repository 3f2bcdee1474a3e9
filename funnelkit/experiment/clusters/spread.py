"""Variance of two ratios of sums over accounts, their covariance and its degrees of freedom."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelkit.experiment.clusters.arms import SideBySide
from funnelkit.experiment.clusters.moments import AccountMoments

FloatArray = NDArray[np.float64]
_LEFT = 1e-12


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Two ratios, their variances and covariance, and the degrees of freedom of the difference.

    Parameters
    ----------
    means
        Of control and treatment.
    variances
        Of the two; NaN where nothing can be told.
    covariance
        Of the two; 0 where no account stands in both arms.
    df
        Degrees of freedom of the variance of the difference.
    still
        Whether nothing varies between the accounts of control, of treatment.
    """

    means: tuple[float, float]
    variances: tuple[float, float]
    covariance: float
    df: float
    still: tuple[bool, bool] = (False, False)

    @property
    def effect(self) -> float:
        """Treatment less control."""
        return self.means[1] - self.means[0]

    @property
    def variance(self) -> float:
        """Of the difference."""
        return max(sum(self.variances) - 2 * self.covariance, 0.0)


def linearised(pair: SideBySide) -> Spread:
    """Return the linearised variance, with m / (m - 1) in each arm.

    Notes
    -----
    With u = (x - p n) / Σ n of an account in an arm of m accounts and f = m / (m - 1), the variance
    of p is f Σ u², and the covariance of the arms √(f_c f_t) Σ u_c u_t over the accounts that stand
    in both. Degrees of freedom by Satterthwaite over three groups of accounts, those in control
    alone, in treatment alone and in both; each account counts (m - 1) / m of one. So they are
    Welch's where whole accounts were assigned, and accounts - 1 where every account stands in both
    arms, as in a paired t test.
    """
    means, residuals = _residuals(pair)
    counts = np.array(pair.accounts, float)
    factor = counts / np.maximum(counts - 1, _LEFT)
    scaled = np.sqrt(factor)[:, None] * residuals
    both = pair.inside.all(axis=0)
    groups = [(pair.inside[0] & ~both, 0), (pair.inside[1] & ~both, 1), (both, None)]
    parts, freedoms = [], []
    for group, arm in groups:
        parts.append(float(((scaled[1] - scaled[0])[group] ** 2).sum()))
        own = (1 / factor).min() if arm is None else 1 / factor[arm]
        freedoms.append(float(group.sum() * own))
    return _spread(means, scaled, counts, df=_satterthwaite(parts, freedoms))


def from_moments(control: AccountMoments, treatment: AccountMoments) -> Spread:
    """Return the linearised variance from sums, as :func:`linearised` of whole accounts."""
    arms = (control, treatment)
    variances = [
        math.nan if one.accounts < 2 else one.squares / one.n**2 * one.accounts / (one.accounts - 1)
        for one in arms
    ]
    return Spread(
        means=(control.mean, treatment.mean),
        variances=(variances[0], variances[1]),
        covariance=0.0,
        df=_satterthwaite(variances, [one.accounts - 1.0 for one in arms]),
        still=(variances[0] == 0, variances[1] == 0),
    )


def reduced(pair: SideBySide) -> Spread:
    """Return the bias-reduced linearisation (CR2) with the degrees of freedom that belong to it.

    Notes
    -----
    The regression of a lead's outcome on its arm has one column per arm, so that the adjustment
    (I - H)^(-1/2) of an account turns its residuals' sum in an arm into that sum over
    √(1 - n / Σ n). Under independent leads of one variance, the adjusted sums s of two accounts
    have covariances Ω = D - B B', with D = Σ_arms n / ((1 - n / N) N²) on the diagonal and
    B = n / √(1 - n / N) / N^(3/2) by account and arm, and the degrees of freedom are
    (tr Ω)² / tr Ω².
    """
    means, residuals = _residuals(pair)
    totals = pair.n.sum(axis=1, keepdims=True)
    left = 1 - pair.n / totals
    alone = (left < _LEFT).any(axis=1)
    shrink = 1 / np.sqrt(np.where(left < _LEFT, 1.0, left))
    scaled = shrink * residuals
    diagonal = (shrink**2 * pair.n / totals**2).sum(axis=0)
    loading = (shrink * pair.n / totals**1.5).T
    gram = loading.T @ loading
    square = (diagonal**2).sum() - 2 * (diagonal * (loading**2).sum(axis=1)).sum() + (gram**2).sum()
    df = float((1 / totals).sum() ** 2 / max(float(square), 1e-300))
    counts = np.where(alone, 1.0, np.array(pair.accounts, float))
    return _spread(means, scaled, counts, df=df)


def _residuals(pair: SideBySide) -> tuple[FloatArray, FloatArray]:
    """Return the two ratios, and (x - p n) / Σ n of each account; shape ``(2, n_accounts)``."""
    totals = pair.n.sum(axis=1, keepdims=True)
    means = pair.x.sum(axis=1, keepdims=True) / totals
    residuals = pair.x - means * pair.n
    size = np.abs(pair.x) + np.abs(means) * pair.n
    return means[:, 0], np.where(np.abs(residuals) < _LEFT * size, 0.0, residuals) / totals


def _spread(means: FloatArray, scaled: FloatArray, counts: FloatArray, *, df: float) -> Spread:
    squares = np.where(counts < 2, np.nan, (scaled**2).sum(axis=1))
    return Spread(
        means=(float(means[0]), float(means[1])),
        variances=(float(squares[0]), float(squares[1])),
        covariance=float(scaled[0] @ scaled[1]),
        df=df,
        still=(bool(squares[0] == 0), bool(squares[1] == 0)),
    )


def _satterthwaite(parts: list[float], freedoms: list[float]) -> float:
    """Return the degrees of freedom of a sum of variances; of the larger where all are 0."""
    total = sum(parts)
    if not total > 0:
        return max(*freedoms, 1.0)
    weights = [
        (part / total) ** 2 / freedom
        for part, freedom in zip(parts, freedoms, strict=True)
        if part > 0
    ]
    return 1 / sum(weights)
