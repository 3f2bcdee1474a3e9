"""`design_effect`: how alike the leads of one account are, and what that costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit._core.interval import Interval
from funnelkit._core.result import Result
from funnelkit.experiment.clusters.arms import Columns, one_side

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]


def design_effect(
    accounts: pd.DataFrame | Sequence[ArrayLike],
    *,
    numerator: str = "converted",
    denominator: str = "entered",
    account: str | None = None,
    squares: str | ArrayLike | None = None,
    units: str = "leads",
    groups: str = "accounts",
    confidence_level: float = 0.95,
) -> DesignEffect:
    """Return how alike the leads of one account are, and how many independent ones they are worth.

    Parameters
    ----------
    accounts
        Sums of each account, of one arm or of history: a frame with a row per account, or a pair
        of arrays (numerators, denominators), each of shape ``(n_accounts,)``, or a triple with
        the accounts. Rows of one account are added up.
    numerator, denominator, account
        Columns of a frame; see :func:`compare_clustered`. The denominator counts leads, so that it
        is whole.
    squares
        For money and other values: Σ value² over the leads of each account, a column of the frame
        or an array with a number per row; the numerator then is Σ value. Without it the numerator
        counts conversions.
    units, groups
        Plural nouns of what is counted, and of what holds it together.
    confidence_level
        Of the interval in the frame and the summary.

    Returns
    -------
    DesignEffect
        With :meth:`DesignEffect.planned` for a test whose accounts are of other sizes.

    Raises
    ------
    ArgumentError
        If there are fewer than two accounts.
    DataError
        If numbers cannot be: more converted than entered, negative or missing ones, leads that are
        no whole number.

    Notes
    -----
    The design effect is the linearised variance of Σ x / Σ n over accounts over the variance of as
    many independent leads, p (1 - p) / Σ n. The intraclass correlation is that of the analysis of
    variance, (B - W) / (B + (n₀ - 1) W), with B and W the mean squares between and within accounts
    and n₀ = (N - Σ n² / N) / (m - 1). Its interval is a jackknife over the accounts of log (B / W),
    with t and m - 1 degrees of freedom; it is too narrow below some 20 accounts.

    References
    ----------
    Rao and Scott (1992), Biometrics 48, 577-585 (design effect); Ridout, Demétrio and Firth (1999),
    Biometrics 55, 137-148 (correlation of binary data by analysis of variance); Arvesen and
    Schmitz (1970), Biometrics 26, 677-686 (jackknife of the logarithm).

    Examples
    --------
    Litters of treated rats that survived lactation (Weil 1970; Rao and Scott 1992, table 1):

    >>> survived = [12, 11, 10, 9, 10, 9, 9, 8, 8, 4, 7, 4, 5, 3, 3, 0]
    >>> born = [12, 11, 10, 9, 11, 10, 10, 9, 9, 5, 9, 7, 10, 6, 10, 7]
    >>> round(design_effect((survived, born)).design_effect, 6)
    3.952861
    """
    checks.confidence(confidence_level)
    columns = Columns(
        numerator=numerator, denominator=denominator, account=account, share=squares is None
    )
    x, n = one_side("accounts", accounts, columns=columns)
    if (parts := n[n % 1 != 0]).size:
        raise DataError(
            f"`{denominator}` must count whole {units}; "
            f"{display.plural(parts.size, 'account has', 'accounts have')} a part of one, such as "
            f"{float(parts[0]):g}."
        )
    if n.size < 2:
        raise ArgumentError(
            f"`accounts` must have at least two {groups} that have {units}; got {n.size}. How "
            f"alike the {units} of one are can only be told beside those of others."
        )
    own = x if squares is None else _squares(accounts, squares, columns)
    if own.shape != x.shape or np.any(own * n < x**2 * (1 - 1e-9)):
        raise DataError(
            "`squares` must be Σ value² over the leads of each account, at least (Σ value)² / n, "
            "with a number for each account."
        )
    return _estimated(x, n, own, units=units, groups=groups, confidence_level=confidence_level)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DesignEffect(Result):
    """How alike the leads of one account are, and what that costs; see :func:`design_effect`.

    Parameters
    ----------
    accounts, leads
        How many.
    mean
        Σ x / Σ n.
    design_effect
        Variance over that of independent leads; NaN where all leads show the same.
    icc
        Intraclass correlation, from -1 / (n₀ - 1) to 1; NaN where no account has two leads or all
        leads show the same.
    log_ratio, log_ratio_error
        log (B / W) and its jackknife standard error.
    typical_size
        n₀, a size between the harmonic and the arithmetic mean.
    size_mean, size_sd
        Of the number of leads of an account.
    units, groups
        Plural nouns.
    notes
        What could not be told, and why.
    confidence_level
        Of the interval in the frame and the summary.
    """

    accounts: int
    leads: float
    mean: float
    design_effect: float
    icc: float
    log_ratio: float
    log_ratio_error: float
    typical_size: float
    size_mean: float
    size_sd: float
    units: str = "leads"
    groups: str = "accounts"
    notes: tuple[str, ...] = field(default=())
    confidence_level: float = 0.95

    @property
    def effective(self) -> float:
        """How many independent leads they are worth."""
        return self.leads / self.design_effect

    def confidence_interval(self, confidence_level: float | None = None) -> Interval:
        """Return the interval of the intraclass correlation; all it can be where none is known.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        level = self.confidence_level
        if confidence_level is not None:
            level = checks.confidence(confidence_level)
        if not math.isfinite(self.log_ratio_error):
            return Interval(-1.0 if self.typical_size <= 2 else -1 / (self.typical_size - 1), 1.0)
        half = float(stats.t.isf((1 - level) / 2, self.accounts - 1)) * self.log_ratio_error
        return Interval(*(self._correlation(self.log_ratio + side * half) for side in (-1, 1)))

    def planned(self, size_mean: float, size_sd: float = 0.0) -> float:
        """Return the design effect of a test whose accounts are of other sizes.

        Parameters
        ----------
        size_mean, size_sd
            Mean and standard deviation of the number of leads of an account in the test.

        Returns
        -------
        float
            1 + ((1 + cv²) size - 1) icc, at least 1.

        Raises
        ------
        ArgumentError
            If an account has fewer than one lead in the mean, or the correlation is not known.

        References
        ----------
        Eldridge, Ashby and Kerry (2006), International Journal of Epidemiology 35, 1292-1300.

        Examples
        --------
        >>> history = design_effect(([3, 0, 4, 0, 1], [3, 2, 4, 1, 5]))
        >>> round(history.icc, 3), round(history.planned(10, 5), 2)
        (0.742, 9.54)
        """
        if not size_mean >= 1 or not size_sd >= 0:
            raise ArgumentError(
                "`size_mean` must be at least 1 and `size_sd` at least 0; got "
                f"{size_mean!r} and {size_sd!r}."
            )
        if math.isnan(self.icc):
            raise ArgumentError(f"the intraclass correlation is not known: {' '.join(self.notes)}")
        weighted = size_mean * (1 + (size_sd / size_mean) ** 2)
        return float(max(1.0, 1 + (weighted - 1) * self.icc))

    def to_frame(self) -> pd.DataFrame:
        """Return one row.

        Returns
        -------
        DataFrame
            ``accounts``, ``entered``, ``mean``, ``size_mean``, ``size_sd``, ``design_effect``,
            ``effective``, ``icc``, ``icc_low``, ``icc_high``.
        """
        import pandas as pd

        low, high = self.confidence_interval()
        row = {
            "accounts": self.accounts,
            "entered": self.leads,
            "mean": self.mean,
            "size_mean": self.size_mean,
            "size_sd": self.size_sd,
            "design_effect": self.design_effect,
            "effective": self.effective,
            "icc": self.icc,
            "icc_low": low,
            "icc_high": high,
        }
        return pd.DataFrame([row])

    def summary(self) -> str:
        """Return how many independent leads they are worth."""
        of = f"{display.count(self.leads)} {self.units}"
        of = f"{of} of {display.count(self.accounts)} {self.groups}"
        if math.isnan(self.design_effect):
            return " ".join([f"{of}.", *self.notes])
        low, high = (float(end) for end in self.confidence_interval())
        text = (
            f"{of} are worth {display.expected(self.effective)} independent ones (design effect "
            f"{self.design_effect:.2f})."
        )
        if not math.isnan(self.icc):
            text += f" Intraclass correlation {_short(self.icc)} ({_short(low)} to {_short(high)})."
        return " ".join([text, *self.notes])

    def _correlation(self, log_ratio: float) -> float:
        ratio = math.exp(min(log_ratio, 700.0))
        return (ratio - 1) / (ratio - 1 + self.typical_size)


def _squares(accounts: Any, squares: Any, columns: Columns) -> FloatArray:
    """Return Σ value² of each account, in the order in which its sums come."""
    if isinstance(squares, str):
        if not hasattr(accounts, "columns"):
            raise ArgumentError(
                "`squares` names a column; with arrays it must be an array with a number per row."
            )
        checks.member("squares", "column", squares, [str(name) for name in accounts.columns])
        rows: tuple[Any, ...] | Any = accounts.assign(**{columns.numerator: accounts[squares]})
    elif hasattr(accounts, "columns"):
        rows = accounts.assign(**{columns.numerator: np.asarray(squares, float)})
    else:
        rows = (squares, *accounts[1:])
    return one_side("squares", rows, columns=columns)[0]


def _estimated(
    x: FloatArray,
    n: FloatArray,
    squares: FloatArray,
    *,
    units: str,
    groups: str,
    confidence_level: float,
) -> DesignEffect:
    """Return the estimates from the sums of each account."""
    m, total = n.size, float(n.sum())
    mean = float(x.sum()) / total
    residuals = x - mean * n
    linear = m / (m - 1) * float(residuals @ residuals) / total**2
    alone = (float(squares.sum()) / total - mean**2) / total
    notes = []
    own = np.array([(x**2 / n).sum(), x.sum(), total, n @ n, squares.sum(), m])
    parts = np.stack([x**2 / n, x, n, n**2, squares, np.ones(m)])
    between, within, typical = _mean_squares(own[:, None])
    alike = not alone * total > 1e-12 * max(float(squares.sum()) / total, 1e-300)
    icc = log_ratio = error = math.nan
    if alike:
        worst = float(n @ n) / total
        notes.append(
            f"All {units} show the same, so that nothing tells how alike those of one of the "
            f"{groups} are; the design effect is at most {worst:.2f}."
        )
    elif not total > m:
        notes.append(f"None of the {groups} has two {units}, so that none are alike or unlike.")
    else:
        b, w = float(between[0]), float(within[0])
        icc = (b - w) / (b + (float(typical[0]) - 1) * w)
        log_ratio = math.log(b / w) if b > 0 and w > 0 else math.copysign(math.inf, b - w)
        error = _jackknifed(own[:, None] - parts)
        if not math.isfinite(error):
            notes.append(f"These {groups} are too few, or too alike, for an interval.")
    sizes = float(typical[0])
    return DesignEffect(
        accounts=m,
        leads=total,
        mean=mean,
        design_effect=math.nan if alike else linear / alone,
        icc=icc,
        log_ratio=log_ratio,
        log_ratio_error=error,
        typical_size=sizes,
        size_mean=total / m,
        size_sd=float(n.std(ddof=1)),
        units=units,
        groups=groups,
        notes=tuple(notes),
        confidence_level=confidence_level,
    )


def _mean_squares(sums: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return mean squares between and within accounts and n₀; each column a set of accounts."""
    shares, x, total, nn, squares, m = sums
    between = np.maximum(shares - x**2 / total, 0.0) / np.maximum(m - 1, 1.0)
    left = np.maximum(squares - shares, 0.0)
    within = np.where(left > 1e-12 * squares, left, 0.0) / np.maximum(total - m, 1e-300)
    return between, within, (total - nn / total) / np.maximum(m - 1, 1.0)


def _jackknifed(without: FloatArray) -> float:
    """Return the standard error of log (B / W) over sums that each leave out one account."""
    m = without.shape[1]
    if m < 3 or np.any(without[2] <= without[5]):
        return math.nan
    between, within, _ = _mean_squares(without)
    if np.any(between <= 0) or np.any(within <= 0):
        return math.nan
    logs = np.log(between / within)
    return math.sqrt((m - 1) / m * float(((logs - logs.mean()) ** 2).sum()))


def _short(value: float) -> str:
    return f"{value:.2f}".replace("-", display.MINUS)
