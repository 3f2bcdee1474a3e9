"""`fit_cure_times_regression`: covariates on exact times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import Interval
from funnelkit._core.result import Result, frozen
from funnelkit.lag.cure.clocks import Times
from funnelkit.lag.cure.families import FamilyName
from funnelkit.lag.cure.likelihood import Cells, Likelihood
from funnelkit.lag.cure.profile import IntervalMethod
from funnelkit.lag.cure.times import fit_cure_times
from funnelkit.lag.regression.fits import pooled_starts
from funnelkit.lag.regression.formula import Design, Variable, design, levels_of
from funnelkit.lag.regression.search import solved_regression
from funnelkit.lag.regression.solution import RegressionSolution
from funnelkit.lag.regression.tables import coefficient_rows, said_of_terms, term_rows

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def fit_cure_times_regression(
    times: ArrayLike,
    event: ArrayLike,
    covariates: pd.DataFrame | Mapping[str, Any],
    *,
    rate: str = "1",
    scale: str = "1",
    counts: ArrayLike | None = None,
    entry: ArrayLike | None = None,
    family: FamilyName = "weibull",
    starts: int = 4,
) -> CureTimesRegression:
    """Return eventual rates and a pace that follow covariates, from exact times.

    Ages in days are no exact times: use :func:`fit_cure_regression` for them.

    Parameters
    ----------
    times, event, counts, entry, family, starts
        As in :func:`fit_cure_times`.
    covariates
        One column per covariate, one row per time. Numbers and truth values enter as numbers,
        ``C(name)`` makes levels of them; everything else is levels, a blank one of its own.
    rate, scale
        Formulas of the logit of the eventual rate and of the log of the scale, as in
        :func:`fit_cure_regression`.

    Returns
    -------
    CureTimesRegression
        Coefficients, and the rate of each row.

    Raises
    ------
    ArgumentError
        If arrays differ in length or hold impossible values, or a formula cannot be read.
    EvidenceError
        If no event came, or ``scale`` asks for the pace of a level without an event.

    Notes
    -----
    log L = Σ log(p f(t)) over events + Σ log(1 - p F(t)) over the others - Σ log(1 - p F(entry)),
    with logit p = X b and log scale = Z g. A level's reference is the first, in sorted order or
    in that of a categorical column, that has an event.

    References
    ----------
    Farewell (1982), Biometrics 38, 1041-1046; Lambert (2007), The Stata Journal 7, 351-375.

    Examples
    --------
    Of the treated, 60 of 100 have the event, of the others 30; all early, and followed long:

    >>> fit = fit_cure_times_regression(
    ...     [1, 2, 90, 1, 2, 90],
    ...     [1, 1, 0, 1, 1, 0],
    ...     {"treated": [0, 0, 0, 1, 1, 1]},
    ...     rate="treated",
    ...     counts=[15, 15, 70, 30, 30, 40],
    ... )
    >>> fit.to_frame()["ratio"].round(2).tolist()[:2]
    [0.43, 3.5]
    >>> fit.ultimate.round(2).tolist()
    [0.3, 0.3, 0.3, 0.6, 0.6, 0.6]
    """
    whole = fit_cure_times(times, event, counts=counts, entry=entry, family=family, starts=starts)
    t, came = np.atleast_1d(np.asarray(times, float)), np.atleast_1d(np.asarray(event, float))
    number = np.ones(len(t)) if counts is None else np.asarray(counts, float)
    began = np.zeros(len(t)) if entry is None else np.asarray(entry, float)
    variables, labels = _variables(covariates, number * came)
    built = design("rate", rate, variables, labels, len(t))
    _, first, place = np.unique(built.matrix, axis=0, return_index=True, return_inverse=True)
    rate_of = np.asarray(place, np.int64).reshape(-1)
    of_rates = Design(built.matrix[first], built.names, built.terms)
    of_scales = design("scale", scale, variables, labels, len(t))
    open_, late = np.flatnonzero(number * (1 - came)), np.flatnonzero(number * (began > 0))
    both = np.concatenate([open_, late])
    counted = Likelihood(
        family=whole.solution.likelihood.family,
        clock=Times(np.log(np.column_stack([t, np.where(began > 0, began, t)]))),
        converted=np.bincount(rate_of, number * came, len(first)).astype(float),
        dated=np.column_stack([number * came, np.zeros(len(t))]),
        undated=np.zeros((len(t), 2)),
        cells=Cells(
            rate_of[both],
            both,
            np.repeat([0, 1], [len(open_), len(late)]),
            np.concatenate([number[open_], -number[late]]),
        ),
    )
    solution = solved_regression(counted, of_rates, of_scales, pooled=pooled_starts(whole.solution))
    return CureTimesRegression(
        family=family,
        rate=rate,
        scale=scale,
        n=whole.n,
        events=whole.events,
        rate_of=rate_of,
        solution=solution,
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CureTimesRegression(Result):
    """Rates and a pace that follow covariates, from exact times.

    Parameters
    ----------
    family
        Of the time to the event.
    rate, scale
        The formulas.
    n, events
        Units, and those with the event.
    rate_of
        Position of each row's rate in the solution, shape ``(n_rows,)``.
    solution
        Estimates, covariance and likelihood.
    """

    family: FamilyName
    rate: str
    scale: str
    n: int
    events: int
    rate_of: IntArray
    solution: RegressionSolution

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        object.__setattr__(self, "rate_of", frozen(self.rate_of, np.int64))

    @property
    def ultimate(self) -> FloatArray:
        """Share that has the event ever, for each row, shape ``(n_rows,)``."""
        return self.solution.rates[self.rate_of]

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood, with densities per unit of time."""
        return self.solution.top.value

    @property
    def aic(self) -> float:
        """Akaike's criterion, 2 k - 2 log L."""
        return 2 * self.solution.n_parameters - 2 * self.log_likelihood

    @property
    def converged(self) -> bool:
        """Whether the search ended at a top, or at the edge of what is looked at."""
        return self.solution.converged

    @property
    def gradient_norm(self) -> float:
        """Gradient at the end of the search, in log-likelihood per standard error."""
        return self.solution.gradient_norm

    @property
    def left_out(self) -> tuple[str, ...]:
        """Columns of the formulas that are combinations of others, and were left out."""
        return self.solution.left_out

    def rate_at(self, times: ArrayLike) -> FloatArray:
        """Return the share with the event by each time, p F(t), shape ``(n_rows, n_times)``."""
        t = np.atleast_1d(np.asarray(times, float))
        log_t = np.log(np.maximum(t, 1e-300))
        share = self.solution.likelihood.family.values(log_t, self.solution.theta)[0]
        return np.asarray(self.ultimate[:, None] * np.where(t > 0, share, 0.0))

    def confidence_interval(
        self, *, confidence_level: float = 0.95, method: IntervalMethod = "calibrated"
    ) -> Interval:
        """Return the profile-likelihood interval of ``ultimate``, shape ``(n_rows,)``.

        One profile for each different row of the formula: few levels are quick, a number that
        differs in each row is not.
        """
        level = checks.confidence(confidence_level)
        checks.one_of("method", method, ("calibrated", "likelihood"))
        one = np.ones(len(self.solution.rates))
        low, high = self.solution.interval(level, method=method, inflation=one)
        return Interval(low[self.rate_of], high[self.rate_of])

    def to_frame(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per coefficient: columns as in :meth:`CureRegression.to_frame`."""
        return coefficient_rows(self.solution, checks.confidence(confidence_level))

    def terms(self) -> pd.DataFrame:
        """Return one row per term of the formulas: see :meth:`CureRegression.terms`."""
        return term_rows(self.solution)

    def summary(self) -> str:
        """Return the rates, and which terms make them differ."""
        low, high = float(self.ultimate.min()), float(self.ultimate.max())
        text = (
            f"Of {display.plural(self.n, 'unit')}, {display.count(self.events)} have had the "
            f"event; in the end {display.percent_range(low, high, words=True)} do ({self.family})."
        )
        return f"{text} {said_of_terms(self.terms())}".strip()


def _variables(
    covariates: pd.DataFrame | Mapping[str, Any], weight: FloatArray
) -> tuple[dict[str, Variable], dict[str, Variable]]:
    """Return the columns as formulas use them, and those of numbers as levels."""
    import pandas as pd

    try:
        frame = pd.DataFrame(covariates)
    except (TypeError, ValueError):
        raise ArgumentError(
            "`covariates` must be a table, with one row for each of `times`; got "
            f"{type(covariates).__name__}."
        ) from None
    if len(frame) != len(weight):
        raise ArgumentError(
            f"`covariates` must hold {len(weight)} rows, like `times`; got {len(frame)}."
        )
    variables, labels = {}, {}
    for name, column in frame.items():
        if not isinstance(name, str):
            raise ArgumentError(f"`covariates`: names of columns must be words; got {name!r}.")
        if pd.api.types.is_numeric_dtype(column):
            numbers = np.asarray(column, np.float64)
            if not np.isfinite(numbers).all():
                raise ArgumentError(
                    f"`covariates`: `{name}` must be finite numbers; "
                    f"{display.count((~np.isfinite(numbers)).sum())} are not. Leave these rows "
                    "out, or give them a level of their own."
                )
            variables[name] = Variable(numbers, None)
            labels[name] = _sorted_levels([f"{number:.15g}" for number in numbers], numbers, weight)
        else:
            blank = column.isna().to_numpy()
            words = [
                None if none else str(value) for value, none in zip(column, blank, strict=True)
            ]
            given = (
                [str(word) for word in column.cat.categories]
                if hasattr(column, "cat")
                else sorted({word for word in words if word is not None})
            )
            order = {word: k for k, word in enumerate(given)}
            ranks = np.array([len(order) if word is None else order[word] for word in words])
            variables[name] = _sorted_levels(words, ranks, weight)
    return variables, labels


def _sorted_levels(
    words: list[str] | list[str | None], ranks: FloatArray | IntArray, weight: FloatArray
) -> Variable:
    """Return levels in the order of their ranks."""
    order = np.argsort(ranks, kind="stable")
    found = levels_of([words[i] for i in order], weight[order])
    codes = np.empty(len(words))
    codes[order] = found.codes
    return Variable(codes, found.levels)
