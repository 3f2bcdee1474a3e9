"""`cluster_errors`: least squares with standard errors that respect accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit._core.interval import Interval
from funnelkit._core.result import Result, frozen
from funnelkit.experiment.guards.tables import require_frame

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_LEFT = 1e-9


def cluster_errors(
    frame: pd.DataFrame,
    outcome: str,
    covariates: str | Sequence[str],
    *,
    account: str = "account",
    confidence_level: float = 0.95,
) -> ClusterErrors:
    """Return least squares of leads' outcomes, with standard errors by account.

    Parameters
    ----------
    frame
        One row per lead: the outcome, the covariates and the account. A row without an account is
        one of its own.
    outcome, covariates
        Columns of numbers, or of yes and no; an intercept is added.
    account
        Column with the account.
    confidence_level
        Of the intervals in the frame.

    Returns
    -------
    ClusterErrors
        Coefficients with four standard errors each: that of independent leads of one variance,
        HC1, and by account CR1 (known from Stata) and CR2, whose degrees of freedom, p-values and
        intervals are given.

    Raises
    ------
    ArgumentError
        If a column is not there, there are fewer than two accounts, or columns say the same.
    DataError
        If values are missing or no numbers; every column at once.

    Notes
    -----
    With X = QR, residuals e, G accounts and k columns, CR1 is
    G / (G - 1) · (N - 1) / (N - k) Σ (X'e)(X'e)' between (X'X)⁻¹, and CR2 replaces Q'e of an
    account by (I - Q'Q)^(-1/2) Q'e; where an account alone tells a coefficient, the generalised
    inverse is taken. Degrees of freedom for independent leads of one variance.

    References
    ----------
    Cameron and Miller (2015), Journal of Human Resources 50, 317-372; Bell and McCaffrey (2002),
    Survey Methodology 28, 169-181; Imbens and Kolesár (2016), Review of Economics and Statistics
    98, 701-712.

    Examples
    --------
    >>> import pandas as pd
    >>> leads = pd.DataFrame(
    ...     {
    ...         "won": [1, 0, 1, 1, 0, 0, 0, 1],
    ...         "treated": [1, 1, 1, 1, 0, 0, 0, 0],
    ...         "account": ["a", "a", "b", "b", "c", "c", "d", "d"],
    ...     }
    ... )
    >>> found = cluster_errors(leads, "won", "treated")
    >>> found.coefficients.round(3).tolist(), found.degrees_of_freedom.round(3).tolist()
    ([0.25, 0.5], [1.0, 2.0])
    """
    checks.confidence(confidence_level)
    names = (covariates,) if isinstance(covariates, str) else tuple(covariates)
    require_frame("frame", frame, [outcome, *names, account])
    X, y = _matrix(frame, outcome, names)
    codes = _accounts(frame, account)
    groups = int(codes.max(initial=-1)) + 1
    if groups < 2:
        raise ArgumentError(
            f"`account`: standard errors by account need at least two accounts; got {groups}."
        )
    terms = ("intercept", *names)
    n, k = X.shape
    if n <= k:
        raise ArgumentError(f"`frame` must have more rows than terms; got {n} for {k}.")
    Q, R = np.linalg.qr(X)
    size = np.abs(np.diag(R))
    if bad := [terms[j] for j in np.flatnonzero(size < 1e-10 * np.linalg.norm(X, axis=0))]:
        raise ArgumentError(
            f"`covariates`: {display.listed([f'`{display.one_line(one)}`' for one in bad])} can be "
            "told from the columns before; leave it out."
        )
    inverse = np.linalg.inv(R)
    coefficients = inverse @ (Q.T @ y)
    return ClusterErrors(
        outcome=outcome,
        terms=terms,
        coefficients=coefficients,
        leads=n,
        accounts=groups,
        confidence_level=confidence_level,
        **_errors(Q, inverse, y - X @ coefficients, codes),
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ClusterErrors(Result):
    """Coefficients of least squares with standard errors by account; see :func:`cluster_errors`.

    Parameters
    ----------
    outcome
        What was regressed.
    terms
        ``"intercept"``, then the covariates.
    coefficients
        Shape ``(n_terms,)``, as all that follow.
    ols_se, hc1_se, cr1_se, cr2_se
        Standard errors of independent leads of one variance, of independent leads, and by account.
    degrees_of_freedom
        Of the CR2 variance.
    leads, accounts
        How many.
    confidence_level
        Of the intervals in the frame.
    """

    outcome: str
    terms: tuple[str, ...]
    coefficients: FloatArray
    ols_se: FloatArray
    hc1_se: FloatArray
    cr1_se: FloatArray
    cr2_se: FloatArray
    degrees_of_freedom: FloatArray
    leads: int
    accounts: int
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("coefficients", "ols_se", "hc1_se", "cr1_se", "cr2_se", "degrees_of_freedom"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def pvalues(self) -> FloatArray:
        """Two-sided p-values with the CR2 errors and their degrees of freedom."""
        sure = self.cr2_se > 0
        t = np.abs(self.coefficients) / np.where(sure, self.cr2_se, 1.0)
        return np.where(sure, 2 * stats.t.sf(t, self.degrees_of_freedom), np.nan)

    def confidence_interval(self, confidence_level: float | None = None) -> Interval:
        """Return the intervals that belong to the p-values.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        level = self.confidence_level
        if confidence_level is not None:
            level = checks.confidence(confidence_level)
        half = stats.t.isf((1 - level) / 2, self.degrees_of_freedom) * self.cr2_se
        return Interval(self.coefficients - half, self.coefficients + half)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per term.

        Returns
        -------
        DataFrame
            ``term``, ``coefficient``, ``ols_se``, ``hc1_se``, ``cr1_se``, ``cr2_se``,
            ``degrees_of_freedom``, ``pvalue``, ``low``, ``high``.
        """
        import pandas as pd

        low, high = self.confidence_interval()
        return pd.DataFrame(
            {
                "term": self.terms,
                "coefficient": self.coefficients,
                "ols_se": self.ols_se,
                "hc1_se": self.hc1_se,
                "cr1_se": self.cr1_se,
                "cr2_se": self.cr2_se,
                "degrees_of_freedom": self.degrees_of_freedom,
                "pvalue": self.pvalues,
                "low": low,
                "high": high,
            }
        )

    def summary(self) -> str:
        """Return how much wider the intervals are than those of independent leads."""
        ratio = (
            self.cr2_se[1:] / self.ols_se[1:] if len(self.terms) > 1 else self.cr2_se / self.ols_se
        )
        of = f"{display.plural(self.leads, 'lead')} of {display.plural(self.accounts, 'account')}"
        low, high = float(ratio.min()), float(ratio.max())
        times = f"{low:.2f}" if high - low < 0.005 else f"{low:.2f} to {high:.2f}"
        return (
            f"{display.one_line(self.outcome)} of {of}: standard errors by account are {times} "
            "times those of independent leads."
        )


def _matrix(
    frame: pd.DataFrame, outcome: str, names: tuple[str, ...]
) -> tuple[FloatArray, FloatArray]:
    """Return the columns of the regression, an intercept first, and the outcome."""
    import pandas as pd

    problems, columns = [], []
    for name in (outcome, *names):
        found = pd.to_numeric(frame[name], errors="coerce").to_numpy(float, na_value=np.nan)
        if bad := int((~np.isfinite(found)).sum()):
            rows = ", ".join(str(row) for row in np.flatnonzero(~np.isfinite(found))[:5])
            problems.append(
                f"`{display.one_line(name)}` must hold numbers; {display.plural(bad, 'row')} "
                f"{'does' if bad == 1 else 'do'} not (rows {rows}). Leave such leads out, and say "
                "so; a column of words needs a column of 0 and 1 for each word but one."
            )
        columns.append(found)
    if problems:
        raise DataError(problems)
    return np.column_stack([np.ones(len(frame)), *columns[1:]]), columns[0]


def _accounts(frame: pd.DataFrame, account: str) -> NDArray[np.int64]:
    import pandas as pd

    codes, known = pd.factorize(frame[account].to_numpy(dtype=object))
    nameless = codes < 0
    return np.asarray(np.where(nameless, len(known) + np.cumsum(nameless) - 1, codes))


def _errors(
    Q: FloatArray,  # noqa: N803
    inverse: FloatArray,
    residuals: FloatArray,
    codes: NDArray[np.int64],
) -> dict[str, FloatArray]:
    """Return the standard errors, and the degrees of freedom of the last."""
    n, k = Q.shape
    groups = int(codes.max()) + 1
    each = Q * residuals[:, None]
    scores, blocks = np.zeros((groups, k)), np.zeros((groups, k, k))
    np.add.at(scores, codes, each)
    np.add.at(blocks, codes, Q[:, :, None] * Q[:, None, :])
    values, vectors = np.linalg.eigh(blocks)
    own = values < 1 - _LEFT
    root = np.where(own, 1 / np.sqrt(np.where(own, 1 - values, 1.0)), 0.0)
    shrink = np.einsum("gij,gj,gkj->gik", vectors, root, vectors)
    adjusted = np.einsum("gij,gj->gi", shrink, scores)
    meats = {
        "ols_se": float(residuals @ residuals) / (n - k) * np.eye(k),
        "hc1_se": n / (n - k) * each.T @ each,
        "cr1_se": groups / (groups - 1) * (n - 1) / (n - k) * scores.T @ scores,
        "cr2_se": adjusted.T @ adjusted,
    }
    found = {name: np.sqrt(np.diag(inverse @ meat @ inverse.T)) for name, meat in meats.items()}
    freedoms = [_freedom(blocks, shrink, row) for row in inverse]
    return {**found, "degrees_of_freedom": np.array(freedoms)}


def _freedom(blocks: FloatArray, shrink: FloatArray, row: FloatArray) -> float:
    """Return (tr Ω)² / tr Ω² of one coefficient, Ω = D - B B' over the accounts."""
    turned = shrink @ row
    loading = np.einsum("gij,gj->gi", blocks, turned)
    diagonal = np.einsum("gi,gi->g", turned, loading)
    lengths = (loading**2).sum(axis=1)
    trace = float((diagonal - lengths).sum())
    square = (diagonal**2).sum() - 2 * diagonal @ lengths + ((loading.T @ loading) ** 2).sum()
    return trace**2 / max(float(square), 1e-300)
