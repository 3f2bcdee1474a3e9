"""`fit_cure_times`: the same model on exact times, as survival analysis has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.interval import Interval
from funnelkit._core.result import Result
from funnelkit.lag.cure.clocks import Times
from funnelkit.lag.cure.families import FamilyName, family_called
from funnelkit.lag.cure.likelihood import Cells, Likelihood
from funnelkit.lag.cure.profile import IntervalMethod
from funnelkit.lag.cure.solution import Solution, solved
from funnelkit.lag.cure.tables import parameter_rows

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]


def fit_cure_times(
    times: ArrayLike,
    event: ArrayLike,
    *,
    counts: ArrayLike | None = None,
    entry: ArrayLike | None = None,
    family: FamilyName = "weibull",
    starts: int = 4,
) -> CureTimesFit:
    """Return the eventual rate and the pace from exact times, by maximum likelihood.

    Ages in days are no exact times: taken for such they bias the eventual rate by one to four
    per cent. Use :func:`fit_cure` for them.

    Parameters
    ----------
    times
        Time of the event, or to which a unit was followed without it; above 0, in any unit.
    event
        Whether the event came.
    counts
        Units at each time; default: one.
    entry
        Time from which a unit was under observation (delayed entry); default: 0.
    family
        As in :func:`fit_cure`.
    starts
        From how many points the top of the likelihood is climbed.

    Returns
    -------
    CureTimesFit
        The denominator of the rate is the units.

    Raises
    ------
    ArgumentError
        If arrays differ in length or hold impossible values.
    EvidenceError
        If no event came.

    Notes
    -----
    log L = Σ log(p f(t)) over events + Σ log(1 - p F(t)) over the others - Σ log(1 - p F(entry)).

    References
    ----------
    Boag (1949), JRSS B 11, 15-53; Meeker (1987), Technometrics 29, 51-65.

    Examples
    --------
    >>> fit = fit_cure_times([1, 2, 3, 30], [1, 1, 1, 0], counts=[4, 3, 3, 90])
    >>> round(fit.ultimate, 4), fit.n
    (0.1, 100)
    """
    t = _numbers("times", times)
    came = _numbers("event", event, len(t))
    number = np.ones(len(t)) if counts is None else _numbers("counts", counts, len(t))
    began = np.zeros(len(t)) if entry is None else _numbers("entry", entry, len(t))
    if not (t > 0).all():
        raise ArgumentError("`times` must be above 0; days that may be 0 go to `fit_cure`.")
    if not np.isin(came, (0, 1)).all():
        raise ArgumentError("`event` must be true or false.")
    if (number < 0).any():
        raise ArgumentError("`counts` must be at least 0.")
    if ((began < 0) | (began >= t)).any():
        raise ArgumentError("`entry` must be at least 0 and before the unit's time.")
    total, found = float(number.sum()), float((number * came).sum())
    if not found:
        raise EvidenceError(
            f"`event`: none of {display.plural(total, 'unit')} had it, so nothing is known of the "
            "pace."
        )
    columns, place = np.unique(np.concatenate([t, began[began > 0]]), return_inverse=True)
    dated = np.bincount(place[: len(t)], number * came, len(columns))
    still = np.bincount(place[: len(t)], number * (1 - came), len(columns))
    still = still - np.bincount(place[len(t) :], number[began > 0], len(columns))
    where = np.flatnonzero(still)
    zero = np.zeros_like(where)
    likelihood = Likelihood(
        family=family_called(family),
        clock=Times(np.log(columns)),
        converted=np.array([found]),
        dated=np.asarray(dated[None], np.float64),
        undated=np.zeros((1, len(columns))),
        cells=Cells(zero, zero, where, np.asarray(still[where], np.float64)),
    )
    checks.positive_whole("starts", starts)
    solution = solved(likelihood, days=columns, climbs=starts)
    return CureTimesFit(family=family, n=round(total), events=round(found), solution=solution)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CureTimesFit(Result):
    """The eventual rate of one population, and its pace, from exact times.

    Parameters
    ----------
    family
        Of the time to the event.
    n, events
        Units, and those with the event.
    solution
        Estimates, covariance and likelihood.
    """

    family: FamilyName
    n: int
    events: int
    solution: Solution

    @property
    def ultimate(self) -> float:
        """Share that has the event ever."""
        return float(self.solution.rates[0])

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

    def rate_at(self, times: ArrayLike) -> FloatArray:
        """Return the share with the event by each time, p F(t)."""
        t = _numbers("times", times)
        log_t = np.log(np.maximum(t, 1e-300))
        found = self.solution
        share = found.likelihood.family.values(log_t, found.theta)[0][0]
        return np.asarray(self.ultimate * np.where(t > 0, share, 0.0))

    def confidence_interval(
        self, *, confidence_level: float = 0.95, method: IntervalMethod = "calibrated"
    ) -> Interval:
        """Return the profile-likelihood interval of ``ultimate``: see :class:`CureFit`."""
        level = checks.confidence(confidence_level)
        checks.one_of("method", method, ("calibrated", "likelihood"))
        low, high = self.solution.interval(level, method=method, inflation=np.ones(1))
        return Interval(float(low[0]), float(high[0]))

    def parameters(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per parameter: columns as in :meth:`CureFit.parameters`."""
        low, high = self.confidence_interval(confidence_level=confidence_level)
        return parameter_rows(
            self.solution,
            groups=["all"],
            paces=["all"],
            low=np.array([low]),
            high=np.array([high]),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the parameters."""
        return self.parameters()

    def summary(self) -> str:
        """Return the eventual rate with its interval and what it rests on."""
        low, high = self.confidence_interval()
        return (
            f"Of {display.plural(self.n, 'unit')}, {display.percent(self.ultimate)} "
            f"({display.percent_range(float(low), float(high), words=True)}) have the event in "
            f"the end ({self.family}); {display.count(self.events)} so far."
        )


def _numbers(argument: str, values: ArrayLike, size: int | None = None) -> FloatArray:
    """Return finite numbers in a row, of a length."""
    try:
        found = np.atleast_1d(np.asarray(values, float))
    except (TypeError, ValueError):
        found = np.array([np.nan])
    if found.ndim > 1 or not np.isfinite(found).all():
        raise ArgumentError(f"`{argument}` must be finite numbers in a row; got {values!r}.")
    if size is not None and len(found) != size:
        raise ArgumentError(
            f"`{argument}` must hold {size} values, like `times`; got {len(found)}."
        )
    return found
