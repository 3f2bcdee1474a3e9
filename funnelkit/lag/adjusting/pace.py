"""`fit_pace`: how quick each civil month was, for leads of all ages at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import Interval
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Triangle
from funnelkit.lag.adjusting import exposure, mixture
from funnelkit.lag.adjusting.cells import curves_of, positions
from funnelkit.lag.adjusting.freedom import freed, taken
from funnelkit.lag.adjusting.penalised import Peak, Slope, peak
from funnelkit.lag.base import LagFit

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.lag.adjusting.amounts import Averaged
    from funnelkit.lag.adjusting.effects import Counts

FloatArray = NDArray[np.float64]
PRIOR_SCALE = 0.3
"""Scale of the half-normal prior of the standard deviation of log pace."""
_GRID = np.geomspace(0.01, 2.0, 23)


def fit_pace(triangle: Triangle, fit: LagFit) -> Pace | None:
    """Return how quick each civil month was beside the timing of a fit.

    Parameters
    ----------
    triangle
        Counts, with dated conversions by civil month.
    fit
        Timing, of the same target, with every segment and cohort of the triangle.

    Returns
    -------
    Pace or None
        ``None`` where the triangle does not hold conversions by civil month.

    Raises
    ------
    ArgumentError
        If the fit is of another target, or lacks a segment or cohort of the triangle.

    Notes
    -----
    Leads of all ages convert exp(b_m) times as fast in month m, by the hazard of those who
    convert at all; b_m are normal with mean 0 and standard deviation τ. A quick month takes from
    those to come. Each segment and cohort has an eventual rate of its own, whatever it is: given
    how many of it have converted so far, the months in which they did are multinomial. So a drift
    of cohorts is not taken for pace, and a cohort within its first month says nothing.

    Age, cohort and calendar effects are not jointly identified: the mean of b is 0, and a timing
    fitted as if months were alike has taken some of b for its own. That is given back: with I the
    information of the fit about its parameters θ, and C the information about θ and b together,
    the log-likelihood of b with θ profiled out is, to second order, that at the fitted timing
    plus b'C'I⁻¹Cb / 2, so that b is less well known, and τ may be larger. (The factors stay those
    beside the timing as fitted, as observed over expected numbers show them.) C'I⁻¹C is the
    variance, over the fit's own draws, of what they add to the slope in b. A timing of each
    cohort by itself takes most of b; one that cohorts share shows it. The likelihood of τ is
    Laplace's; its doubt stays in by averaging over a grid, weighted by the likelihood and a
    half-normal prior of scale 0.3. Cells of which leads came under observation late are left out.

    References
    ----------
    Tierney and Kadane (1986), JASA 81, 82-86; Gelman (2006), Bayesian Analysis 1, 515-534 (the
    prior of τ).

    Examples
    --------
    >>> import datetime as dt
    >>> import pandas as pd
    >>> from funnelkit.lag import fit_kaplan_meier
    >>> counts = Triangle(
    ...     start="lead",
    ...     target="won",
    ...     cohorts=pd.period_range("2026-01-01", periods=1, freq="D"),
    ...     as_of=dt.date(2026, 1, 2),
    ...     entered=[[40]],
    ...     events={"won": [[[8, 8]]]},
    ...     censored=[[[0, 24]]],
    ...     followed=[[[0, 40]]],
    ... )
    >>> fit_pace(counts, fit_kaplan_meier(counts)) is None  # no conversions by civil month
    True
    """
    cells = positions(triangle, fit)
    maturity = curves_of(triangle, fit, cells)
    entries = exposure.entries(triangle, maturity)
    counts = exposure.came(triangle, entries.months, fit.horizon)
    if counts is None:
        return None
    entered = np.asarray(entries.weights.sum(axis=1), float)
    counts = np.where(entered[:, None] > 0, counts, 0.0)
    shares = exposure.Shares(entries, entries.hazards(maturity))
    split = _Split(shares, counts, entered)
    n_months = len(entries.months)
    lost = taken(fit, cells, maturity.shape[1], shares, counts.sum(axis=1))
    at = split(np.zeros(n_months))
    start = np.zeros(n_months)
    means, roots, logs = [], [], []
    for sd in _GRID:
        top = peak(split, np.full(n_months, sd**-2), start)
        free = freed(at, lost, sd)
        means.append(top.mode)
        roots.append(_root(top, n_months, free.covariance))
        # the grid is even in log τ: dτ = τ d log τ
        logs.append(
            top.log_integral + free.log_integral - 0.5 * (sd / PRIOR_SCALE) ** 2 + np.log(sd)
        )
        start = top.mode
    weights = mixture.normalised(np.array(logs))
    observed, expected = split.usual(weights @ np.stack(means))
    return Pace(
        start=triangle.start,
        target=triangle.target,
        months=entries.months,
        n=int(entered.sum()),
        observed=observed,
        expected=expected,
        grid=_GRID,
        weights=weights,
        log_factors=np.stack(means),
        roots=np.stack(roots),
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Pace(Result):
    """How quick each civil month was, and how much months to come may differ.

    Parameters
    ----------
    start, target
        As in the triangle.
    months
        Civil months, shape ``(n_months,)``; the last one up to ``as_of``.
    n
        Leads behind it.
    observed
        Dated conversions in each month.
    expected
        Conversions that a month of usual pace would have brought, given what came before it.
    grid, weights
        Standard deviations of log pace, and how likely each is; sum 1.
    log_factors, roots
        Given each of them, the mean of b, ``(n_grid, n_months)``, and a root of its covariance.
    """

    start: str
    target: str
    months: pd.PeriodIndex
    n: int
    observed: FloatArray
    expected: FloatArray
    grid: FloatArray
    weights: FloatArray
    log_factors: FloatArray
    roots: FloatArray

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("observed", "expected", "grid", "weights", "log_factors", "roots"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def sd(self) -> float:
        """Standard deviation of log pace from month to month: the median of what is likely."""
        return float(np.interp(0.5, np.cumsum(self.weights), self.grid))

    @property
    def predictive_sd(self) -> float:
        """Standard deviation of log pace in a month to come, the doubt about it included."""
        return float(np.sqrt(self.weights @ self.grid**2))

    @property
    def factor(self) -> FloatArray:
        """Pace of each month, 1 for the usual one, shrunk to it by an estimated amount."""
        return np.asarray(np.exp(self.weights @ self.log_factors))

    def sd_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return the interval of ``sd``, from its likelihood and prior.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        tail = (1 - checks.confidence(confidence_level)) / 2
        below = np.cumsum(self.weights)
        return Interval(*(float(np.interp(t, below, self.grid)) for t in (tail, 1 - tail)))

    def confidence_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return the interval of each month's factor, shape ``(n_months,)``.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        tail = (1 - checks.confidence(confidence_level)) / 2
        sds = np.sqrt((self.roots**2).sum(axis=2))
        low, high = (
            np.exp(mixture.quantile(t, self.log_factors, sds, self.weights))
            for t in (tail, 1 - tail)
        )
        return Interval(low, high)

    def sample_factors(
        self,
        n: int,
        months: int | Sequence[pd.Period | str] | pd.PeriodIndex,
        *,
        rng: np.random.Generator | int,
    ) -> FloatArray:
        """Return joint draws of the pace of months.

        Parameters
        ----------
        n
            Number of draws.
        months
            Which months, or how many after that of ``as_of``. Months that were seen are drawn
            from what the counts say of them, others about the usual pace.
        rng
            Generator or seed.

        Returns
        -------
        ndarray
            Factors on the hazard, shape ``(n, n_months)``.

        Raises
        ------
        ArgumentError
            If a number is below 1, or a month is no month.
        """
        generator = np.random.default_rng(rng)
        wanted = self._wanted(months)
        k = generator.choice(len(self.grid), checks.positive_whole("n", n), p=self.weights)
        noise = generator.standard_normal((n, len(self.months)))
        seen = self.log_factors[k] + np.einsum("nij,nj->ni", self.roots[k], noise)
        drawn = self.grid[k][:, None] * generator.standard_normal((n, len(wanted)))
        at = self.months.get_indexer(wanted)
        drawn[:, at >= 0] = seen[:, at[at >= 0]]
        return np.asarray(np.exp(drawn))

    def _wanted(self, months: int | Sequence[pd.Period | str] | pd.PeriodIndex) -> pd.PeriodIndex:
        import pandas as pd

        if isinstance(months, int):
            number = checks.positive_whole("months", months)
            return pd.period_range(self.months[-1] + 1, periods=number, freq="M")
        try:
            return pd.PeriodIndex(list(months), freq="M")
        except (TypeError, ValueError):
            raise ArgumentError(
                "`months` must be a number of months to come, or months such as 2026-10; got "
                f"{months!r}."
            ) from None

    def to_frame(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per month.

        Returns
        -------
        DataFrame
            ``month``, ``observed`` and ``expected`` (conversions), ``factor``, ``factor_low`` and
            ``factor_high``.
        """
        import pandas as pd

        low, high = self.confidence_interval(confidence_level)
        return pd.DataFrame(
            {
                "month": [str(month) for month in self.months],
                "observed": np.round(self.observed).astype(np.int64),
                "expected": self.expected,
                "factor": self.factor,
                "factor_low": low,
                "factor_high": high,
            }
        )

    def summary(self) -> str:
        """Return how much the pace varies, and the quickest and slowest month."""
        low, high = self.sd_interval()
        factor = self.factor
        about = display.percent(self.sd, decimals=0)
        text = (
            f"From month to month the pace at which {display.plural(self.n, 'lead')} that entered "
            f"{self.start} reach {self.target} varies by about {about} "
            f"({display.percent_range(float(low), float(high), words=True)})."
        )
        if len(self.months) < 2:
            return text
        quick, slow = int(factor.argmax()), int(factor.argmin())
        return (
            f"{text} Quickest was {self.months[quick]} ({factor[quick]:.2f} times the usual), "
            f"slowest {self.months[slow]} ({factor[slow]:.2f} times)."
        )


@dataclass(frozen=True, eq=False)
class _Split:
    """Log-likelihood of the months in which the converted of each cell did so."""

    shares: exposure.Shares
    counts: FloatArray
    entered: FloatArray

    def __call__(self, log_factors: FloatArray) -> Slope:
        found = self.shares.expected(log_factors)
        leads = exposure.floored(found.leads, self.entered)
        total = leads.sum(axis=1)
        x, all_of = self.counts, self.counts.sum(axis=1)
        pull = x / leads - (all_of / total)[:, None]
        summed = found.slopes.sum(axis=1)
        flat = found.slopes.reshape(-1, leads.shape[1])
        spread = summed.T @ ((all_of / total**2)[:, None] * summed)

        def squares(weights: FloatArray) -> FloatArray:
            return np.asarray(flat.T @ (weights.reshape(-1, 1) * flat) - spread)

        return Slope(
            value=float((x * np.log(leads)).sum() - all_of @ np.log(total)),
            gradient=np.asarray((pull[..., None] * found.slopes).sum(axis=(0, 1))),
            information=lambda: squares(x / leads**2) - self.shares.bend(log_factors, pull),
            expected=lambda: squares((all_of / total)[:, None] / leads),
        )

    def usual(self, log_factors: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return conversions by month, and those of a usual month after what came before it."""
        still = self.shares.still(log_factors)[1]
        before = np.concatenate([np.ones_like(still[:, :1]), still[:, :-1]], axis=1)
        weights = self.shares.entries.weights
        total = np.asarray(weights @ (1 - still[:, -1]))
        rate = self.counts.sum(axis=1) / np.maximum(total, 1e-9 * np.maximum(self.entered, 1))
        usual = np.asarray(weights @ (before * -np.expm1(-self.shares.hazards)))
        return self.counts.sum(axis=0), rate @ usual


def pace_of(triangle: Triangle, shares: exposure.Shares, counts: Counts, fits: Averaged) -> Pace:
    """Return the pace of months from fits that hold it beside the rates of cells.

    Parameters
    ----------
    triangle
        Counts.
    shares, counts
        Months in which leads convert, and conversions by month.
    fits
        Fits whose last parameters are the log factors of the months.
    """
    n_months = shares.hazards.shape[1]
    order = np.argsort(fits.sds[:, -1], kind="stable")
    tops = [fits.peaks[k] for k in order]
    weights = fits.weights[order]
    means = np.stack([top.mode[-n_months:] for top in tops])
    by_month = np.zeros(shares.size) if counts.by_month is None else counts.by_month
    observed, expected = _Split(shares, by_month, counts.entered).usual(weights @ means)
    return Pace(
        start=triangle.start,
        target=triangle.target,
        months=shares.entries.months,
        n=triangle.n,
        observed=observed,
        expected=expected,
        grid=fits.sds[order, -1],
        weights=weights,
        log_factors=means,
        roots=np.stack([_root(top, n_months) for top in tops]),
    )


def _root(top: Peak, n: int, more: FloatArray | float = 0.0) -> FloatArray:
    """Return a root of the covariance of the last n parameters at a top, and of some more."""
    size = len(top.mode)
    covariance = top.solve(np.eye(size)[:, size - n :])[size - n :] + more
    return np.asarray(np.linalg.cholesky((covariance + covariance.T) / 2))
