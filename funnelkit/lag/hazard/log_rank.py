"""Tests of whether groups of leads convert alike, from counts by age."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

FloatArray = NDArray[np.float64]


class ChiSquare(NamedTuple):
    """A statistic that follows χ² where there is no difference."""

    statistic: float
    df: int

    @property
    def pvalue(self) -> float:
        """Probability of as large a statistic without any difference; 1 where df is 0."""
        return float(stats.chi2.sf(self.statistic, self.df)) if self.df else 1.0


class LogRank(NamedTuple):
    """What each group has, what it would have if all were alike, and the covariance of both."""

    observed: FloatArray
    expected: FloatArray
    covariance: FloatArray

    def among_all(self, design: float = 1.0) -> ChiSquare:
        """Return the test that no group differs; divided by the design effect of accounts."""
        return quadratic(self.observed - self.expected, self.covariance, design)

    def along(self, scores: FloatArray, design: float = 1.0) -> ChiSquare:
        """Return the test of a trend along scores, with one degree of freedom."""
        away = np.array([scores @ (self.observed - self.expected)])
        return quadratic(away, np.array([[scores @ self.covariance @ scores]]), design)


def log_rank(events: FloatArray, at_risk: FloatArray) -> LogRank:
    """Return the log-rank comparison of groups, within each stratum and over all.

    Parameters
    ----------
    events, at_risk
        Leads with the outcome, and at risk, by stratum, group and age, shape
        ``(n_strata, n_groups, n_ages)``.

    Notes
    -----
    On a day with d events among n at risk, of which n(g) are of group g, the events of the groups
    are hypergeometric if all are alike: d n(g) / n is expected, with the covariance
    d (n - d) / (n - 1) · n(g)/n · (1{g = h} - n(h)/n), exact under ties.

    References
    ----------
    Mantel (1966), Cancer Chemotherapy Reports 50, 163-170; Klein and Moeschberger (2003), Survival
    Analysis, 2nd ed., section 7.3, and 7.4 (trend), 7.5 (strata).
    """
    total, exposed = events.sum(axis=1), at_risk.sum(axis=1)
    share = at_risk / np.maximum(exposed, 1)[:, None]
    spread = np.where(exposed > 1, total * (exposed - total) / np.maximum(exposed - 1, 1), 0.0)
    weighted = share * spread[:, None]
    covariance = np.diag(weighted.sum(axis=(0, 2)))
    covariance = covariance - np.einsum("sga,sha->gh", weighted, share)
    return LogRank(
        observed=np.asarray(events.sum(axis=(0, 2)), float),
        expected=np.asarray((share * total[:, None]).sum(axis=(0, 2))),
        covariance=covariance,
    )


def quadratic(
    away: FloatArray, covariance: FloatArray, design: float, *, size: float = 1.0
) -> ChiSquare:
    """Return away' V⁻ away over a design effect, with the rank of V as degrees of freedom.

    Directions whose variance is nothing but rounding beside ``size`` are left out.
    """
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    kept = values > 1e-9 * max(float(values.max(initial=0.0)), size)
    turned = vectors.T @ away
    statistic = float((turned[kept] ** 2 / values[kept]).sum())
    return ChiSquare(statistic / design, int(kept.sum()))
