"""`fit_cure_regression`: rates and pace that follow segments and cohorts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError
from funnelkit.counts.triangle import Triangle
from funnelkit.lag.cure import tables
from funnelkit.lag.cure.clocks import Days
from funnelkit.lag.cure.families import FamilyName
from funnelkit.lag.cure.grouped import fit_cure
from funnelkit.lag.cure.latency import Family
from funnelkit.lag.cure.likelihood import Cells, Likelihood
from funnelkit.lag.cure.result import CureFit
from funnelkit.lag.cure.solution import Solution
from funnelkit.lag.regression.formula import Design, Variable, design, levels_of
from funnelkit.lag.regression.search import solved_regression
from funnelkit.lag.regression.solution import RegressionSolution
from funnelkit.lag.regression.tables import coefficient_rows, said_of_terms, term_rows
from funnelkit.lag.verdicts import verdict_of

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def fit_cure_regression(
    triangle: Triangle,
    *,
    rate: str = "1",
    scale: str = "1",
    family: FamilyName = "weibull",
    starts: int = 4,
) -> CureRegression:
    """Return eventual rates and a pace that follow covariates, by maximum likelihood.

    Parameters
    ----------
    triangle
        Counts of one transition, without leads that left.
    rate
        Formula of the eventual rate on the logit scale, such as ``"source + region"``: names of
        the triangle's segment columns and ``cohort`` (0 for the first, 1 for the next, ...),
        joined by ``+``, ``:`` (interaction) or ``*`` (both and their interaction). ``C(cohort)``
        gives each cohort a level of its own; backticks enclose a name that is no plain word;
        ``"1"`` is one rate for all.
    scale
        Formula of the log of the scale of the time to conversion; ``"1"`` is one pace for all.
    family
        As in :func:`fit_cure`; its shape is shared.
    starts
        From how many points the top without covariates is climbed; with them, from three.

    Returns
    -------
    CureRegression
        Rates by age and ever, shape ``(n_segments, n_cohorts, …)``, and coefficients.

    Raises
    ------
    EvidenceError
        As :func:`fit_cure` does; and if ``scale`` asks for the pace of a level without a
        conversion.
    ArgumentError
        If a formula cannot be read, or names a column that is not there.

    Notes
    -----
    logit p = X b and log scale = Z g. Levels are coded against a reference: the first level, in
    the triangle's order, that has a conversion; a blank is a level of its own, ``(blank)``.
    Nothing in a formula is run as code. The likelihood is that of :func:`fit_cure`.

    A level of the rate in which nobody converted has an odds ratio of 0 and a finite upper end.
    Columns that are combinations of others are left out (``left_out``).

    References
    ----------
    Farewell (1982), Biometrics 38, 1041-1046; Lambert (2007), The Stata Journal 7, 351-375.

    Examples
    --------
    2 of 10 leads from ads and 5 of 10 from the web convert on the day they come in or the next
    one, and the others do not in a year: odds of 2 : 8 against 5 : 5.

    >>> import datetime as dt
    >>> import pandas as pd
    >>> won = np.zeros((2, 1, 366), int)
    >>> won[:, 0, 0], won[:, 0, 1] = [1, 2], [1, 3]
    >>> still = np.zeros((2, 1, 366), int)
    >>> still[:, 0, -1] = [8, 5]
    >>> counts = Triangle(
    ...     start="lead",
    ...     target="won",
    ...     by=("source",),
    ...     segments=(("ads",), ("web",)),
    ...     cohorts=pd.period_range("2026-01-01", periods=1, freq="D"),
    ...     as_of=dt.date(2027, 1, 1),
    ...     entered=[[10], [10]],
    ...     events={"won": won},
    ...     censored=still,
    ...     followed=still + won.sum(axis=2, keepdims=True) * (still > 0),
    ... )
    >>> fit = fit_cure_regression(counts, rate="source")
    >>> fit.to_frame().query("part == 'rate'")[["term", "ratio"]].round(3).to_dict("list")
    {'term': ['intercept', 'source[web]'], 'ratio': [0.25, 4.0]}
    """
    pooled = fit_cure(triangle, family=family, rates=(), starts=starts).solution
    of_rates, rate_of = _design("rate", rate, triangle)
    of_scales, latency_of = _design("scale", scale, triangle)
    counts = _counts(triangle, pooled.likelihood.family, rate_of, latency_of)
    solution = solved_regression(counts, of_rates, of_scales, pooled=pooled_starts(pooled))
    varies = [_varies(rate_of, axis) or _varies(latency_of, axis) for axis in (0, 1)]
    paces = any(_varies(latency_of, axis) for axis in (0, 1))
    return CureRegression(
        start=triangle.start,
        target=triangle.target,
        by=triangle.by,
        segments=triangle.segments,
        cohorts=triangle.cohorts,
        as_of=triangle.as_of,
        family=family,
        rate=rate,
        scale=scale,
        rates=tuple(name for name, own in zip(("segments", "cohorts"), varies, strict=True) if own),
        latency="segments" if paces else "shared",
        entered=triangle.entered,
        converted=triangle.converted,
        followed=triangle.followed,
        rate_of=rate_of,
        latency_of=latency_of,
        accounts=None if triangle.accounts is None else triangle.accounts.up_to(),
        solution=solution,
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CureRegression(CureFit):
    """Rates and a pace that follow covariates; a :class:`~funnelkit.lag.LagFit` with a tail.

    What a :class:`CureFit` answers, this answers too, for each segment and cohort; ``to_frame()``
    holds the coefficients, and :meth:`group_rates` the rates.

    Parameters
    ----------
    rate, scale
        The formulas.
    solution
        Estimates, covariance and likelihood.
    """

    rate: str
    scale: str
    solution: RegressionSolution

    @property
    def left_out(self) -> tuple[str, ...]:
        """Columns of the formulas that are combinations of others, and were left out."""
        return self.solution.left_out

    @cached_property
    def verdicts(self) -> NDArray[np.str_]:
        """Verdict of each rate, shape ``(S, C)``.

        As :attr:`CureFit.verdicts`; but a group without a conversion of its own has a rate where
        the formula gives it one.
        """
        return verdict_of(
            converted=(self.ultimate > 0) & ~self.solution.blind[self.rate_of],
            lift=self.lift,
            seen=self.seen,
            told=self.converted.sum(),
            converged=self.converged,
            apart=self.apart,
        )

    def to_frame(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per coefficient.

        Parameters
        ----------
        confidence_level
            Two-sided level; one-sided where an estimate is infinite.

        Returns
        -------
        DataFrame
            ``part`` (``"rate"``, ``"scale"`` or ``"shape"``), ``term``, ``coefficient`` and
            ``se`` (standard error), ``ratio`` with its interval ``low`` to ``high``, and
            ``pvalue``. The ratio is e to the coefficient: of the rate an odds ratio (of the
            intercept the odds), of the scale a time ratio (of the intercept the scale in days),
            of the shape the shape itself.

        Notes
        -----
        Intervals and p-values both come from the likelihood ratio: everything else is fitted
        anew for each value of a coefficient. With accounts the deviance is divided by the mean
        design effect. Intercepts and shapes have no p-value.
        """
        level = checks.confidence(confidence_level)
        return coefficient_rows(self.solution, level, inflation=self._inflation(level))

    def parameters(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return the coefficients: see :meth:`to_frame`."""
        return self.to_frame(confidence_level=confidence_level)

    def group_rates(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per segment and cohort that differ: columns as in `CureFit.to_frame`."""
        return tables.table(self, checks.confidence(confidence_level))

    def terms(self) -> pd.DataFrame:
        """Return one row per term of the formulas: what the fit loses without it.

        Returns
        -------
        DataFrame
            ``part``, ``term``, ``df``, ``statistic`` (likelihood ratio) and ``pvalue``; terms that
            are part of an interaction in the same formula are not listed.
        """
        return term_rows(self.solution, inflation=self._inflation(0.95))

    def summary(self) -> str:
        """Return the rates, and which terms make them differ."""
        return f"{tables.sentence(self)} {said_of_terms(self.terms())}".strip()

    def _inflation(self, level: float) -> float:
        """Return the mean design effect, weighted by leads."""
        return float(np.average(self._design(level)[self.rate_of], weights=self.entered))


def pooled_starts(pooled: Solution) -> list[tuple[float, FloatArray]]:
    """Return rates and latencies to begin from: the pooled ones, and a quicker and a slower pace.

    Parameters
    ----------
    pooled
        The fit without covariates.
    """
    found = []
    for shift in (0.0, 1.0, -1.0):
        theta = pooled.theta[0].copy()
        theta[0] += shift
        found.append((float(pooled.likelihood.rates(pooled.likelihood.seen(theta))[0]), theta))
    return found


def _design(argument: str, formula: str, triangle: Triangle) -> tuple[Design, IntArray]:
    """Return the different rows of a formula, and which of them each segment and cohort has."""
    if "cohort" in triangle.by:
        raise ArgumentError(
            "`triangle` has a segment column `cohort`, which a formula could not tell from the "
            "cohorts; rename that segment."
        )
    shape = triangle.entered.shape
    rows, columns = (where.ravel() for where in np.indices(shape))
    weight = triangle.converted.ravel().astype(float)
    variables = {
        name: levels_of([triangle.segments[i][k] for i in rows], weight)
        for k, name in enumerate(triangle.by)
    }
    variables["cohort"] = Variable(columns.astype(float), None)
    periods = [period_label(period) for period in triangle.cohorts]
    labels = {"cohort": levels_of([periods[j] for j in columns], weight)}
    built = design(argument, formula, variables, labels, len(rows))
    _, first, place = np.unique(built.matrix, axis=0, return_index=True, return_inverse=True)
    matrix = built.matrix[first]
    return Design(matrix, built.names, built.terms), np.asarray(place, np.int64).reshape(shape)


def _counts(
    triangle: Triangle, family: Family, rate_of: IntArray, latency_of: IntArray
) -> Likelihood:
    """Return the counts as the likelihood takes them."""
    n_rates, n_latencies = int(rate_of.max()) + 1, int(latency_of.max()) + 1
    zero = np.zeros_like(triangle.censored)
    # A lead that came under observation at age b had not converted by age b - 1.
    still = triangle.censored.astype(float)
    if triangle.late is not None:
        still[..., :-1] -= triangle.late[..., 1:]
    pairs, place = np.unique(rate_of * n_latencies + latency_of, return_inverse=True)
    cube = _summed(still, place.reshape(rate_of.shape), len(pairs))
    pair, column = np.nonzero(cube)
    rate, latency = np.divmod(pairs[pair], n_latencies)
    undated = triangle.undated.get(triangle.target, zero)
    return Likelihood(
        family=family,
        clock=Days(triangle.n_ages),
        converted=np.bincount(rate_of.ravel(), triangle.converted.ravel(), n_rates).astype(float),
        dated=_summed(triangle.events[triangle.target], latency_of, n_latencies),
        undated=_summed(undated, latency_of, n_latencies),
        cells=Cells(rate, latency, column, cube[pair, column]),
    )


def _summed(cube: FloatArray | IntArray, group: IntArray, size: int) -> FloatArray:
    found = np.zeros((size, cube.shape[-1]))
    np.add.at(found, group, cube)
    return found


def _varies(place: IntArray, axis: int) -> bool:
    return bool((place != place.take([0], axis=axis)).any())
